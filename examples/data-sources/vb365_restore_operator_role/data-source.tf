data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_restore_operator_role" "helpdesk" {
  organization_id = data.vb365_organization.contoso.id
  name            = "Helpdesk"
}

output "helpdesk_operators" {
  value = data.vb365_restore_operator_role.helpdesk.operators
}
