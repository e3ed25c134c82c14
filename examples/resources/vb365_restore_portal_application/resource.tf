resource "vb365_restore_portal_application" "portal" {
  display_name    = "Restore Portal"
  portal_uris     = ["https://portal.example.com:4443"]
  certificate_pem = file("portal.pem") # the public certificate alone
}

# Users of the provider's own tenant need consent like all others.
resource "vb365_tenant_consent" "home" {
  tenant_id      = "provider.onmicrosoft.com"
  application_id = vb365_restore_portal_application.portal.application_id
}
