output "organization_id" {
  description = "VB365's id of the customer's organization."
  value       = data.vb365_organization.this.id
}

output "role_ids" {
  description = "Ids of the roles by name."
  value       = { for name, role in vb365_restore_operator_role.this : name => role.id }
}
