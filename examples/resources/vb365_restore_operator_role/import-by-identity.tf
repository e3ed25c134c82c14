import {
  to = vb365_restore_operator_role.helpdesk
  identity = {
    id = "5b7b13ba-a04e-4e05-8eab-0084ae5410a0"
  }
}
