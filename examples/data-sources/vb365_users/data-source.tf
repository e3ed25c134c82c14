data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_users" "all" {
  organization_id = data.vb365_organization.contoso.id
}

output "shared_mailboxes" {
  value = [for user in data.vb365_users.all.users : user.name if user.type == "Shared"]
}
