data "vb365_organizations" "all" {}

# Those that can have restore operator roles, by name.
output "can_have_roles" {
  value = {
    for organization in data.vb365_organizations.all.organizations :
    organization.name => organization.id if organization.app_only_authentication
  }
}
