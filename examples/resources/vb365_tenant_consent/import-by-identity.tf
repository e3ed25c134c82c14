import {
  to = vb365_tenant_consent.contoso
  identity = {
    tenant_id      = "contoso.onmicrosoft.com"
    application_id = "65415bb1-9267-4313-bbf5-ae259732ee12"
  }
}
