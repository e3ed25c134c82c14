data "vb365_tenant_consent" "contoso" {
  tenant_id      = "contoso.onmicrosoft.com"
  application_id = "65415bb1-9267-4313-bbf5-ae259732ee12"
}

# Watches a tenant that Terraform may not change.
check "contoso_has_consented" {
  assert {
    condition     = data.vb365_tenant_consent.contoso.granted && data.vb365_tenant_consent.contoso.enabled
    error_message = "Ask an administrator of Contoso to open this link, or to turn sign-in on again: ${data.vb365_tenant_consent.contoso.admin_consent_url}"
  }
}
