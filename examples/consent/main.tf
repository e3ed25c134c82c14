locals {
  customers = {
    contoso  = "contoso.onmicrosoft.com"
    fabrikam = "fabrikam.onmicrosoft.com"
    adatum   = "adatum.onmicrosoft.com"
  }
}

resource "vb365_tenant_consent" "portal" {
  for_each       = local.customers
  tenant_id      = each.value
  application_id = "65415bb1-9267-4313-bbf5-ae259732ee12"
}
