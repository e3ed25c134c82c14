terraform {
  required_version = ">= 1.11" # for write-only and ephemeral values

  required_providers {
    vb365 = {
      source  = "vb365/vb365"
      version = "~> 0.1"
    }
  }
}

# The environment says where the server is and who logs in: VB365_ENDPOINT,
# VB365_CERTIFICATE_SHA256, VB365_USERNAME and VB365_PASSWORD; for the portal
# VB365_SSH_HOST and the like, for Entra ARM_TENANT_ID, ARM_CLIENT_ID and
# ARM_CLIENT_SECRET.
provider "vb365" {}

module "customer" {
  source   = "../modules/customer-onboarding"
  for_each = local.customers

  organization = each.value.organization
  roles        = each.value.roles
}

output "who_may_restore_what" {
  description = "Every role in a sentence, by customer and name."
  value       = { for key, customer in module.customer : key => customer.who_may_restore_what }
}
