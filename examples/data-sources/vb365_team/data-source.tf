data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_team" "board" {
  organization_id = data.vb365_organization.contoso.id
  name            = "Board"
}
