# By name, as VB365 shows it:
data "vb365_organization" "contoso" {
  name = "contoso.onmicrosoft.com"
}

# By Entra tenant id (API version v8):
data "vb365_organization" "fabrikam" {
  tenant_id = "c0000002-0001-4000-8000-000000000001"
}

output "organization_ids" {
  value = [data.vb365_organization.contoso.id, data.vb365_organization.fabrikam.id]
}
