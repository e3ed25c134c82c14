variable "organization" {
  description = "Name of the customer's organization in VB365, such as contoso.onmicrosoft.com."
  type        = string
}

variable "roles" {
  description = <<-EOT
    The customer's restore operator roles by name. Each restores what its
    `managed_objects` name or, written out, the `entire_organization`, and never
    its `excluded_objects`. Users are given by user principal name, groups and
    teams by name, sites by URL.
  EOT
  type = map(object({
    description = optional(string)

    operators = object({
      users  = optional(set(string))
      groups = optional(set(string))
    })

    entire_organization = optional(bool)
    managed_objects = optional(object({
      users  = optional(set(string))
      groups = optional(set(string))
      sites  = optional(set(string))
      teams  = optional(set(string))
    }))

    excluded_objects = optional(object({
      users  = optional(set(string))
      groups = optional(set(string))
      sites  = optional(set(string))
      teams  = optional(set(string))
    }))
  }))

  validation {
    condition     = alltrue([for role in var.roles : (role.entire_organization == true) != (role.managed_objects != null)])
    error_message = "Each role needs exactly one of entire_organization = true and managed_objects."
  }
}
