terraform import vb365_restore_portal.this any
