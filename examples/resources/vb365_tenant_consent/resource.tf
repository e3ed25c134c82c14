# The portal's application, which every customer's tenant lets in.
variable "portal_application_id" {
  type    = string
  default = "65415bb1-9267-4313-bbf5-ae259732ee12"
}

# One customer, one consent. The provider enters each tenant with the one
# application of its entra attribute.
resource "vb365_tenant_consent" "contoso" {
  tenant_id      = "contoso.onmicrosoft.com"
  application_id = var.portal_application_id
}

# A customer who decides alone whether users may sign in, and whose consent
# stays when the contract ends.
resource "vb365_tenant_consent" "fabrikam" {
  tenant_id      = "6b1f6a7e-3d0c-4f0c-9d2b-5a1c3e7f9b24"
  application_id = var.portal_application_id
  on_destroy     = "retain"

  lifecycle {
    ignore_changes = [account_enabled]
  }
}

# What an administrator of the tenant can open instead.
output "contoso_admin_consent_url" {
  value = vb365_tenant_consent.contoso.admin_consent_url
}
