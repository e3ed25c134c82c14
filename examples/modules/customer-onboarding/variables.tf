variable "organization" {
  description = "Name of the customer's organization in VB365, such as contoso.onmicrosoft.com."
  type        = string
}

variable "roles" {
  description = <<-EOT
    The customer's restore operator roles by name. People and groups are given by
    name: users by their user principal name, groups by display name or address.
    A role is for what `managed_objects` names or, written out, for the entire
    organization; `excluded_objects` are never restored.
  EOT
  type = map(object({
    description         = optional(string, "")
    entire_organization = optional(bool)

    operators = object({
      users  = optional(set(string), [])
      groups = optional(set(string), [])
    })
    managed_objects = optional(object({
      users  = optional(set(string), [])
      groups = optional(set(string), [])
    }))
    excluded_objects = optional(object({
      users  = optional(set(string), [])
      groups = optional(set(string), [])
    }))
  }))

  validation {
    condition     = alltrue([for role in var.roles : (role.entire_organization == true) != (role.managed_objects != null)])
    error_message = "Each role needs exactly one of entire_organization = true and managed_objects."
  }
}
