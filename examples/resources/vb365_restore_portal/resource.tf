# Neither the files nor their password reach plan or state. Ephemeral resources,
# such as those of secret stores, can stand in for both.
variable "portal_pfx_password" {
  type      = string
  ephemeral = true
}

resource "vb365_restore_portal" "this" {
  application_id = "2b1d4885-989e-4cba-b8bd-3b13520358b8"
  portal_uri     = "https://portal.example.com:4443"

  certificate = {
    pfx_base64_wo = filebase64("portal.pfx")
    password_wo   = var.portal_pfx_password
  }

  # The portal needs this one on; several organizations need the other as well.
  operator_authentication = {
    certificate = {
      pfx_base64_wo = filebase64("operators.pfx")
      password_wo   = var.portal_pfx_password
    }
  }

  tenant_authentication = {
    certificate = {
      pfx_base64_wo = filebase64("operators.pfx")
      password_wo   = var.portal_pfx_password
    }
  }
}
