# The Restore Portal: its application in the service provider's own Entra tenant,
# the portal on the VB365 server, and consent in each customer's tenant.
#
# The portal's settings can only be changed by PowerShell on the server: see the
# provider's powershell attribute, or VB365_SSH_HOST and the like. Without a way to
# it, the portal is verified, and an administrator is told what to run.
variable "portal_uri" {
  description = "The portal's address: the name by which operators reach the server, and the port of the REST service."
  type        = string
  default     = "https://portal.example.com:4443"
}

variable "pfx_password" {
  description = "Password of portal.pfx and operators.pfx. It reaches neither plan nor state."
  type        = string
  ephemeral   = true
}

resource "vb365_restore_portal_application" "this" {
  display_name    = "Restore Portal"
  portal_uris     = [var.portal_uri]
  certificate_pem = file("portal.pem")
}

resource "vb365_restore_portal" "this" {
  application_id = vb365_restore_portal_application.this.application_id
  portal_uri     = var.portal_uri

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
}

resource "vb365_tenant_consent" "customer" {
  for_each = local.customers

  tenant_id      = each.value.organization
  application_id = vb365_restore_portal_application.this.application_id
}
