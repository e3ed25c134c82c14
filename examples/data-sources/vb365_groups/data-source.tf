data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

# All groups whose display name begins with "All".
data "vb365_groups" "all_of_something" {
  organization_id = data.vb365_organization.contoso.id
  display_name    = "All *"
}

output "group_ids" {
  value = { for group in data.vb365_groups.all_of_something.groups : group.display_name => group.id }
}
