data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_group" "helpdesk" {
  organization_id = data.vb365_organization.contoso.id
  name            = "Helpdesk"
}

data "vb365_group" "sales" {
  organization_id = data.vb365_organization.contoso.id
  name            = "Sales"
}

data "vb365_user" "director" {
  organization_id = data.vb365_organization.contoso.id
  name            = "adele.vance@contoso.com"
}

# The helpdesk restores for the members of Sales, but not for the director.
resource "vb365_restore_operator_role" "helpdesk" {
  organization_id = data.vb365_organization.contoso.id
  name            = "Helpdesk"
  description     = "First-level support"

  operators = {
    groups = [data.vb365_group.helpdesk.id]
  }

  managed_objects = {
    groups = [data.vb365_group.sales.id]
  }

  excluded_objects = {
    users = [data.vb365_user.director.id]
  }
}

# Wide access is always written out.
resource "vb365_restore_operator_role" "everything" {
  organization_id     = data.vb365_organization.contoso.id
  name                = "Everything but the director"
  entire_organization = true

  operators = {
    groups = [data.vb365_group.helpdesk.id]
  }

  excluded_objects = {
    users = [data.vb365_user.director.id]
  }
}
