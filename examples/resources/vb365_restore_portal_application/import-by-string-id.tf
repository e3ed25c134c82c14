import {
  to = vb365_restore_portal_application.portal
  id = "65415bb1-9267-4313-bbf5-ae259732ee12"
}
