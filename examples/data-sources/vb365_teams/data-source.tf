data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_teams" "all" {
  organization_id = data.vb365_organization.contoso.id
}

output "team_ids" {
  value = { for team in data.vb365_teams.all.teams : team.display_name => team.id }
}
