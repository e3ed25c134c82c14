data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

# By user principal name or address:
data "vb365_user" "adele" {
  organization_id = data.vb365_organization.contoso.id
  name            = "adele.vance@contoso.com"
}

# By Entra object id:
data "vb365_user" "eve" {
  organization_id = data.vb365_organization.contoso.id
  object_id       = "c0000001-0002-4000-8000-000000000004"
}
