data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

# By display name:
data "vb365_group" "helpdesk" {
  organization_id = data.vb365_organization.contoso.id
  name            = "Helpdesk"
}

# By Entra object id, which the azuread provider knows as well:
data "vb365_group" "executives" {
  organization_id = data.vb365_organization.contoso.id
  object_id       = "c0000001-0003-4000-8000-000000000003"
}
