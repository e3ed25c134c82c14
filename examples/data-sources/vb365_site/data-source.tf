data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

data "vb365_site" "finance" {
  organization_id = data.vb365_organization.contoso.id
  url             = "https://contoso.sharepoint.com/sites/finance"
}
