package tenantconsent

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// model is the resource in plans and states.
type model struct {
	ID                 types.String   `tfsdk:"id"`
	TenantID           types.String   `tfsdk:"tenant_id"`
	ApplicationID      types.String   `tfsdk:"application_id"`
	AccountEnabled     types.Bool     `tfsdk:"account_enabled"`
	OnDestroy          types.String   `tfsdk:"on_destroy"`
	ServicePrincipalID types.String   `tfsdk:"service_principal_id"`
	GrantedScopes      types.Object   `tfsdk:"granted_scopes"`
	UnmanagedScopes    types.Object   `tfsdk:"unmanaged_scopes"`
	AdminConsentURL    types.String   `tfsdk:"admin_consent_url"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

// dataModel is the data source.
type dataModel struct {
	ID                 types.String `tfsdk:"id"`
	TenantID           types.String `tfsdk:"tenant_id"`
	ApplicationID      types.String `tfsdk:"application_id"`
	Granted            types.Bool   `tfsdk:"granted"`
	Enabled            types.Bool   `tfsdk:"enabled"`
	ServicePrincipalID types.String `tfsdk:"service_principal_id"`
	GrantedScopes      types.Object `tfsdk:"granted_scopes"`
	MissingScopes      types.Object `tfsdk:"missing_scopes"`
	UnmanagedScopes    types.Object `tfsdk:"unmanaged_scopes"`
	AdminConsentURL    types.String `tfsdk:"admin_consent_url"`
}

// newModel returns the state of a consent as the tenant shows it, or as the
// answers to writes tell.
func newModel(prior model, client *entra.Client, f facts) model {
	m := prior
	m.ID = types.StringValue(consentID(prior.TenantID.ValueString(), prior.ApplicationID.ValueString()))
	m.AdminConsentURL = consentURL(client, prior)
	if m.OnDestroy.IsNull() {
		m.OnDestroy = types.StringValue(onDestroyRevert) // an import
	}
	m.ServicePrincipalID = types.StringValue(f.principal.ID)
	m.AccountEnabled = types.BoolValue(f.principal.Enabled)
	m.GrantedScopes = scopesObject(f.granted)
	m.UnmanagedScopes = scopesObject(f.unmanaged)
	return m
}

func newDataModel(config dataModel, client *entra.Client, f facts) dataModel {
	m := config
	tenant, app := config.TenantID.ValueString(), config.ApplicationID.ValueString()
	m.ID = types.StringValue(consentID(tenant, app))
	m.AdminConsentURL = types.StringValue(client.AdminConsentURL(tenant, app))
	m.Granted = types.BoolValue(f.complete())
	m.Enabled = types.BoolValue(f.principal != nil && usable(f.principal))
	m.ServicePrincipalID = types.StringNull()
	if f.principal != nil {
		m.ServicePrincipalID = types.StringValue(f.principal.ID)
	}
	m.GrantedScopes = scopesObject(f.granted)
	m.MissingScopes = scopesObject(f.missing)
	m.UnmanagedScopes = scopesObject(f.unmanaged)
	return m
}

// usable tells whether users can sign in.
func usable(sp *entra.ServicePrincipal) bool {
	return sp.Enabled && !sp.Deactivated && sp.DisabledByMicrosoft == ""
}

// consentID is the id of a consent; both halves are alike in any spelling.
func consentID(tenant, app string) string { return strings.ToLower(tenant + "/" + app) }

func consentURL(client *entra.Client, m model) types.String {
	return types.StringValue(client.AdminConsentURL(m.TenantID.ValueString(), m.ApplicationID.ValueString()))
}

func scopesObject(of func(*api) []string) types.Object {
	attributes := make(map[string]attr.Value, len(apis))
	for _, a := range apis {
		scopes := []attr.Value{}
		for _, scope := range of(a) {
			scopes = append(scopes, types.StringValue(scope))
		}
		attributes[a.attribute] = types.SetValueMust(types.StringType, scopes)
	}
	return types.ObjectValueMust(scopesTypes(), attributes)
}

func scopesTypes() map[string]attr.Type {
	attributes := make(map[string]attr.Type, len(apis))
	for _, a := range apis {
		attributes[a.attribute] = types.SetType{ElemType: types.StringType}
	}
	return attributes
}

// scopesOf returns the scopes that a state holds for an API.
func scopesOf(value types.Object, a *api) []string {
	set, ok := value.Attributes()[a.attribute].(types.Set)
	if !ok {
		return nil
	}
	var scopes []string
	for _, element := range set.Elements() {
		if scope, ok := element.(types.String); ok {
			scopes = append(scopes, scope.ValueString())
		}
	}
	return scopes
}

// declares tells whether two models say the same about the tenant.
func (m model) declares(other model) bool {
	return m.AccountEnabled.Equal(other.AccountEnabled) && m.GrantedScopes.Equal(other.GrantedScopes)
}

// expects tells whether facts hold all that a state says. What is beyond it is
// news that can be believed at once.
func (m model) expects(f facts) bool {
	if f.principal == nil || !strings.EqualFold(f.principal.ID, m.ServicePrincipalID.ValueString()) ||
		f.principal.Enabled != m.AccountEnabled.ValueBool() {
		return false
	}
	for _, a := range apis {
		if len(entra.RemoveScopes(scopesOf(m.GrantedScopes, a), f.scopes(a))) > 0 {
			return false
		}
	}
	return true
}
