data "vb365_organization" "this" {
  name = var.organization
}

locals {
  # Everybody who is named anywhere, so that each is looked up once.
  named  = flatten([for role in var.roles : [for list in [role.operators, role.managed_objects, role.excluded_objects] : list if list != null]])
  users  = toset(flatten([for list in local.named : [for name in list.users : name]]))
  groups = toset(flatten([for list in local.named : [for name in list.groups : name]]))
}

data "vb365_user" "this" {
  for_each = local.users

  organization_id = data.vb365_organization.this.id
  name            = each.value
}

data "vb365_group" "this" {
  for_each = local.groups

  organization_id = data.vb365_organization.this.id
  name            = each.value
}

resource "vb365_restore_operator_role" "this" {
  for_each = var.roles

  organization_id     = data.vb365_organization.this.id
  name                = each.key
  description         = each.value.description
  entire_organization = each.value.entire_organization

  operators = {
    users  = [for name in each.value.operators.users : data.vb365_user.this[name].id]
    groups = [for name in each.value.operators.groups : data.vb365_group.this[name].id]
  }

  managed_objects = each.value.managed_objects == null ? null : {
    users  = [for name in each.value.managed_objects.users : data.vb365_user.this[name].id]
    groups = [for name in each.value.managed_objects.groups : data.vb365_group.this[name].id]
  }

  excluded_objects = each.value.excluded_objects == null ? null : {
    users  = [for name in each.value.excluded_objects.users : data.vb365_user.this[name].id]
    groups = [for name in each.value.excluded_objects.groups : data.vb365_group.this[name].id]
  }
}
