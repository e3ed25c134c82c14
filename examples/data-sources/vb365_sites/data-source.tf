data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_sites" "all" {
  organization_id = data.vb365_organization.contoso.id
}

output "site_ids" {
  value = { for site in data.vb365_sites.all.sites : site.url => site.id }
}
