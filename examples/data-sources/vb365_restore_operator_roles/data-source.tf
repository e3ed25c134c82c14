# All roles of the server.
data "vb365_restore_operator_roles" "all" {}

output "roles" {
  value = { for role in data.vb365_restore_operator_roles.all.roles : role.id => role.name }
}

# The roles of one organization, with their operators and objects.
data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_restore_operator_roles" "contoso" {
  organization_id = data.vb365_organization.contoso.id
  include_entries = true
}

output "contoso_operators" {
  value = { for role in data.vb365_restore_operator_roles.contoso.roles : role.name => role.operators }
}
