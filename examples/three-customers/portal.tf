# The Restore Portal itself, which the server has one of. Its settings can only
# be changed by PowerShell on the server: see the provider's powershell attribute,
# or VB365_SSH_HOST and the like in the environment. Without a way to it, this
# resource verifies, and says what an administrator has to run.
variable "portal_uri" {
  description = "The portal's address: the name by which operators reach the server, and the port of the REST service."
  type        = string
  default     = "https://portal.example.com:4443"
}

variable "portal_application_id" {
  description = "Id of the portal's application in Entra."
  type        = string
  default     = "2b1d4885-989e-4cba-b8bd-3b13520358b8"
}

variable "pfx_password" {
  description = "Password of portal.pfx and operators.pfx. It reaches neither plan nor state."
  type        = string
  ephemeral   = true
}

resource "vb365_restore_portal" "this" {
  application_id = var.portal_application_id
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
