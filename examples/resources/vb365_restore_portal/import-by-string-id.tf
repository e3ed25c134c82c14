import {
  to = vb365_restore_portal.this
  id = "any"
}
