terraform import vb365_tenant_consent.contoso contoso.onmicrosoft.com/65415bb1-9267-4313-bbf5-ae259732ee12
