variable "organization" {
  description = "Name of the customer's organization in VB365, such as contoso.onmicrosoft.com."
  type        = string
}

variable "roles" {
  description = <<-EOT
    The customer's restore operator roles by name, each with

      description          optional
      operators            users and groups who may restore
      entire_organization  true, or instead
      managed_objects      users, groups, sites and teams that may be restored
      excluded_objects     optional: users, groups, sites and teams that are never restored

    Users are given by user principal name, groups and teams by name, sites by URL.
  EOT
  # Not an object type, which would drop a misspelt key without a word, and with
  # it perhaps an exclusion.
  type = any

  validation {
    condition = alltrue(flatten([
      for role in var.roles : [for key in keys(role) : contains(
        ["description", "operators", "entire_organization", "managed_objects", "excluded_objects"], key
      )]
    ]))
    error_message = "A role has description, operators, entire_organization, managed_objects and excluded_objects, and nothing else."
  }

  validation {
    condition = alltrue(flatten([
      for role in var.roles : [
        for list, kinds in {
          operators        = ["users", "groups"]
          managed_objects  = ["users", "groups", "sites", "teams"]
          excluded_objects = ["users", "groups", "sites", "teams"]
        } : [for kind in try(keys(role[list]), []) : contains(kinds, kind)]
      ]
    ]))
    error_message = "Operators are users and groups; managed and excluded objects are users, groups, sites and teams; and nothing else."
  }

  validation {
    condition = alltrue([
      for role in var.roles : (try(role.entire_organization, null) == true) != (try(role.managed_objects, null) != null)
    ])
    error_message = "Each role needs exactly one of entire_organization = true and managed_objects."
  }
}
