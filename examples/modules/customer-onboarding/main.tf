data "vb365_organization" "this" {
  name = var.organization
}

locals {
  # Each role with all of its keys.
  roles = {
    for name, role in var.roles : name =>
    merge({ description = null, entire_organization = null, managed_objects = null, excluded_objects = null }, role)
  }

  lists = flatten([for role in local.roles : [role.operators, role.managed_objects, role.excluded_objects]])

  # The names of everything that the roles name, by kind, so that each is looked
  # up once.
  named = {
    for kind in ["users", "groups", "sites", "teams"] :
    kind => toset(flatten([for list in local.lists : try([for name in list[kind] : name], [])]))
  }

  # What the server knows of all of them, by kind and name.
  found = {
    users  = { for name, user in data.vb365_user.this : name => { id = user.id, label = user.display_name } }
    groups = { for name, group in data.vb365_group.this : name => { id = group.id, label = group.display_name } }
    sites  = { for url, site in data.vb365_site.this : url => { id = site.id, label = site.title } }
    teams  = { for name, team in data.vb365_team.this : name => { id = team.id, label = team.display_name } }
  }
}

data "vb365_user" "this" {
  for_each = local.named.users

  organization_id = data.vb365_organization.this.id
  name            = each.key
}

data "vb365_group" "this" {
  for_each = local.named.groups

  organization_id = data.vb365_organization.this.id
  name            = each.key
}

data "vb365_site" "this" {
  for_each = local.named.sites

  organization_id = data.vb365_organization.this.id
  url             = each.key
}

data "vb365_team" "this" {
  for_each = local.named.teams

  organization_id = data.vb365_organization.this.id
  name            = each.key
}

resource "vb365_restore_operator_role" "this" {
  for_each = local.roles

  organization_id     = data.vb365_organization.this.id
  name                = each.key
  description         = each.value.description
  entire_organization = each.value.entire_organization

  operators = {
    for kind, names in each.value.operators :
    kind => [for name in names : local.found[kind][name].id] if names != null
  }

  managed_objects = each.value.managed_objects == null ? null : {
    for kind, names in each.value.managed_objects :
    kind => [for name in names : local.found[kind][name].id] if names != null
  }

  excluded_objects = each.value.excluded_objects == null ? null : {
    for kind, names in each.value.excluded_objects :
    kind => [for name in names : local.found[kind][name].id] if names != null
  }
}
