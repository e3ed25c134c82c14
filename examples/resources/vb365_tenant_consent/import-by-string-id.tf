import {
  to = vb365_tenant_consent.contoso
  id = "contoso.onmicrosoft.com/65415bb1-9267-4313-bbf5-ae259732ee12"
}
