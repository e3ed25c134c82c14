data "vb365_restore_portal" "this" {}

check "portal_is_on" {
  assert {
    condition     = data.vb365_restore_portal.this.enabled
    error_message = "The Restore Portal is off: operators cannot log in."
  }
}
