terraform {
  required_version = ">= 1.5"

  required_providers {
    vb365 = {
      source  = "vb365/vb365"
      version = "~> 0.1"
    }
  }
}

# The account comes from the environment: VB365_USERNAME and VB365_PASSWORD.
provider "vb365" {
  endpoint           = "https://vb365.example.com:4443"
  certificate_sha256 = "8E:4C:61:0B:D3:5A:F7:29:90:1E:C8:44:7B:A2:36:DF:05:9D:E1:73:2C:B8:56:FA:18:CB:40:97:6E:D2:83:3F"
}

locals {
  # One file is one customer, whose key is the file's name.
  customers = {
    for file in fileset("${path.module}/customers", "*.yaml") :
    trimsuffix(file, ".yaml") => yamldecode(file("${path.module}/customers/${file}"))
  }
}

module "customer" {
  source   = "../modules/customer-onboarding"
  for_each = local.customers

  organization = each.value.organization
  roles        = each.value.roles
}

output "roles" {
  description = "Ids of all roles, by customer and name."
  value       = { for customer, result in module.customer : customer => result.role_ids }

  # What is misspelt must not be overlooked. The module looks at the roles' keys.
  precondition {
    condition     = alltrue(flatten([for customer in local.customers : [for key in keys(customer) : contains(["organization", "roles"], key)]]))
    error_message = "A customer's file has organization and roles, and nothing else."
  }
}
