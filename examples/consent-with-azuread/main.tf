# Configured once for each customer, as a provider cannot be repeated.
provider "azuread" {
  alias     = "contoso"
  tenant_id = "c0000001-0001-4000-8000-000000000001"
}

resource "azuread_service_principal" "contoso" {
  provider     = azuread.contoso
  client_id    = "65415bb1-9267-4313-bbf5-ae259732ee12"
  use_existing = true
}

data "azuread_service_principal" "contoso_graph" {
  provider  = azuread.contoso
  client_id = "00000003-0000-0000-c000-000000000000"
}

resource "azuread_service_principal_delegated_permission_grant" "contoso_graph" {
  provider                             = azuread.contoso
  service_principal_object_id          = azuread_service_principal.contoso.object_id
  resource_service_principal_object_id = data.azuread_service_principal.contoso_graph.object_id
  claim_values                         = ["User.Read"]
}

resource "azuread_service_principal_delegated_permission_grant" "contoso_portal" {
  provider                             = azuread.contoso
  service_principal_object_id          = azuread_service_principal.contoso.object_id
  resource_service_principal_object_id = azuread_service_principal.contoso.object_id
  claim_values                         = ["access_as_user"]
}
