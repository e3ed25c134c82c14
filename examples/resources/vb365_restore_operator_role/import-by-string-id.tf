import {
  to = vb365_restore_operator_role.helpdesk
  id = "contoso.onmicrosoft.com/Helpdesk"
}
