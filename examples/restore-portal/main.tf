terraform {
  required_providers {
    vb365 = {
      source = "vb365/vb365"
    }
  }
}

variable "pfx_password" {
  type      = string
  ephemeral = true
}

locals {
  portal_uri = "https://portal.example.com:4443"

  customers = {
    contoso  = { organization = "contoso.onmicrosoft.com", tenant = "c0000001-0001-4000-8000-000000000001" }
    fabrikam = { organization = "fabrikam.onmicrosoft.com", tenant = "c0000002-0001-4000-8000-000000000001" }
  }
}

# 1. The application, once.
resource "vb365_restore_portal_application" "this" {
  display_name    = "Restore Portal"
  portal_uris     = [local.portal_uri]
  certificate_pem = file("portal.pem")
}

# 2. The portal, once.
resource "vb365_restore_portal" "this" {
  application_id = vb365_restore_portal_application.this.application_id
  portal_uri     = local.portal_uri

  certificate = {
    pfx_base64_wo = filebase64("portal.pfx")
    password_wo   = var.pfx_password
  }

  operator_authentication = {
    certificate = {
      pfx_base64_wo = filebase64("operators.pfx")
      password_wo   = var.pfx_password
    }
  }

  tenant_authentication = {
    certificate = {
      pfx_base64_wo = filebase64("operators.pfx")
      password_wo   = var.pfx_password
    }
  }

  lifecycle {
    # The portal and the application must know the same certificate.
    postcondition {
      condition     = self.certificate_thumbprint == vb365_restore_portal_application.this.certificate_thumbprint
      error_message = "portal.pfx and portal.pem hold different certificates."
    }
  }
}

# 3. and 4. For each customer: consent, and who may restore.
resource "vb365_tenant_consent" "customer" {
  for_each       = local.customers
  tenant_id      = each.value.tenant
  application_id = vb365_restore_portal_application.this.application_id
}

data "vb365_organization" "customer" {
  for_each = local.customers
  name     = each.value.organization
}

data "vb365_group" "helpdesk" {
  for_each        = local.customers
  organization_id = data.vb365_organization.customer[each.key].id
  name            = "Helpdesk"
}

resource "vb365_restore_operator_role" "helpdesk" {
  for_each            = local.customers
  organization_id     = data.vb365_organization.customer[each.key].id
  name                = "Helpdesk"
  operators           = { groups = [data.vb365_group.helpdesk[each.key].id] }
  entire_organization = true
}
