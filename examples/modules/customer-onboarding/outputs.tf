output "organization_id" {
  description = "VB365's id of the customer's organization."
  value       = data.vb365_organization.this.id
}

output "role_ids" {
  description = "Ids of the roles by name."
  value       = { for name, role in vb365_restore_operator_role.this : name => role.id }
}

locals {
  # The display names of each list of a role.
  labels = {
    for role, is in local.roles : role => {
      for list in ["operators", "managed_objects", "excluded_objects"] : list => flatten([
        for kind, names in local.found : [for name in try([for name in is[list][kind] : name], []) : names[name].label]
      ])
    }
  }
}

output "who_may_restore_what" {
  description = "Every role in a sentence, by name."
  value = {
    for role, lists in local.labels : role => join("", [
      join(" and ", lists.operators),
      " may restore ",
      local.roles[role].entire_organization == true ? "everything" : join(", ", lists.managed_objects),
      length(lists.excluded_objects) == 0 ? "" : ", but not ${join(", ", lists.excluded_objects)}",
    ])
  }
}
