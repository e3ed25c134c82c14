package portalapplication

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// model is the resource in plans and states.
type model struct {
	DisplayName           types.String   `tfsdk:"display_name"`
	PortalURIs            types.Set      `tfsdk:"portal_uris"`
	CertificatePEM        types.String   `tfsdk:"certificate_pem"`
	SignInAudience        types.String   `tfsdk:"sign_in_audience"`
	Owners                types.Set      `tfsdk:"owners"`
	ApplicationID         types.String   `tfsdk:"application_id"`
	ObjectID              types.String   `tfsdk:"object_id"`
	ServicePrincipalID    types.String   `tfsdk:"service_principal_id"`
	IdentifierURI         types.String   `tfsdk:"identifier_uri"`
	AccessAsUserScopeID   types.String   `tfsdk:"access_as_user_scope_id"`
	RequestedScopes       types.Set      `tfsdk:"requested_scopes"`
	CertificateThumbprint types.String   `tfsdk:"certificate_thumbprint"`
	Timeouts              timeouts.Value `tfsdk:"timeouts"`
}

// The delegated permissions that the portal needs.
const (
	userRead     = "User.Read"
	accessAsUser = "access_as_user"
)

// requestedScopes are all that the application is to ask consent for.
func requestedScopes() []string { return []string{userRead, accessAsUser} }

// facts are what Entra shows of the application.
type facts struct {
	app *entra.Application
	// principalID is the service principal's object id; empty if there is none.
	principalID string
	owners      []string
}

// identifierURI is the name of an application as an API.
func identifierURI(appID string) string { return "api://" + appID }

// scope returns the application's permission access_as_user, if it offers it.
func (f facts) scope() (entra.Scope, bool) {
	for _, s := range f.app.Scopes {
		if strings.EqualFold(s.Value, accessAsUser) {
			return s, true
		}
	}
	return entra.Scope{}, false
}

// requires tells whether the application asks consent for a delegated permission.
func (f facts) requires(resourceAppID, id string) bool {
	return slices.ContainsFunc(f.app.Required, func(r entra.RequiredAccess) bool {
		return strings.EqualFold(r.ResourceAppID, resourceAppID) && strings.EqualFold(r.ID, id) &&
			strings.EqualFold(r.Type, entra.DelegatedPermission)
	})
}

func (f facts) requested() []string {
	var scopes []string
	if f.requires(entra.GraphAppID, entra.GraphUserRead) {
		scopes = append(scopes, userRead)
	}
	if own, offered := f.scope(); offered && f.requires(f.app.AppID, own.ID) {
		scopes = append(scopes, accessAsUser)
	}
	return scopes
}

func (f facts) certified(thumbprint string) bool {
	return slices.ContainsFunc(f.app.Certificates, func(c entra.Certificate) bool {
		return strings.EqualFold(c.Thumbprint, thumbprint)
	})
}

// newModel returns the state of the application as Entra shows it. What is gone
// is null, so that the plan shows it coming back.
func newModel(prior model, f facts) model {
	m := prior
	m.DisplayName = types.StringValue(f.app.DisplayName)
	m.SignInAudience = types.StringValue(f.app.SignInAudience)
	m.PortalURIs = texts(f.app.RedirectURIs)
	m.ApplicationID = types.StringValue(f.app.AppID)
	m.ObjectID = types.StringValue(f.app.ID)
	m.ServicePrincipalID = types.StringNull()
	if f.principalID != "" {
		m.ServicePrincipalID = types.StringValue(f.principalID)
	}
	m.IdentifierURI = types.StringNull()
	if uri := identifierURI(f.app.AppID); slices.ContainsFunc(f.app.IdentifierURIs, func(u string) bool { return strings.EqualFold(u, uri) }) {
		m.IdentifierURI = types.StringValue(uri)
	}
	m.AccessAsUserScopeID = types.StringNull()
	if scope, offered := f.scope(); offered && scope.Enabled {
		m.AccessAsUserScopeID = types.StringValue(scope.ID)
	}
	m.RequestedScopes = texts(f.requested())
	m.CertificateThumbprint = types.StringNull()
	if c, err := parseCertificate(prior.CertificatePEM.ValueString()); err == nil && f.certified(c.thumbprint) {
		m.CertificateThumbprint = types.StringValue(c.thumbprint)
	} else {
		m.CertificatePEM = types.StringNull()
	}
	if declared := textsOf(prior.Owners); len(declared) > 0 {
		m.Owners = texts(slices.DeleteFunc(declared, func(id string) bool { return !containsFold(f.owners, id) }))
	}
	return m
}

// expects tells whether facts hold all that a state says.
func (m model) expects(f facts) bool {
	if f.app == nil {
		return false
	}
	is := newModel(m, f)
	return is.DisplayName.Equal(m.DisplayName) && is.SignInAudience.Equal(m.SignInAudience) && is.PortalURIs.Equal(m.PortalURIs) &&
		is.ServicePrincipalID.Equal(m.ServicePrincipalID) && is.IdentifierURI.Equal(m.IdentifierURI) &&
		is.AccessAsUserScopeID.Equal(m.AccessAsUserScopeID) && is.RequestedScopes.Equal(m.RequestedScopes) &&
		is.CertificateThumbprint.Equal(m.CertificateThumbprint) && is.Owners.Equal(m.Owners)
}

// wholly tells whether all that an application is recognized by is known.
func (m model) wholly() bool {
	return !m.DisplayName.IsUnknown() && !m.SignInAudience.IsUnknown() && !m.PortalURIs.IsUnknown() &&
		!slices.ContainsFunc(m.PortalURIs.Elements(), attr.Value.IsUnknown)
}

// declares tells whether two models say the same about the application.
func (m model) declares(other model) bool {
	return m.DisplayName.Equal(other.DisplayName) && m.SignInAudience.Equal(other.SignInAudience) &&
		m.PortalURIs.Equal(other.PortalURIs) && m.CertificateThumbprint.Equal(other.CertificateThumbprint) &&
		m.Owners.Equal(other.Owners) && m.ServicePrincipalID.Equal(other.ServicePrincipalID) &&
		m.IdentifierURI.Equal(other.IdentifierURI) && m.AccessAsUserScopeID.Equal(other.AccessAsUserScopeID) &&
		m.RequestedScopes.Equal(other.RequestedScopes)
}

func texts(values []string) types.Set {
	elements := make([]attr.Value, 0, len(values))
	for _, v := range values {
		elements = append(elements, types.StringValue(v))
	}
	return types.SetValueMust(types.StringType, elements)
}

func textsOf(set types.Set) []string {
	var values []string
	for _, element := range set.Elements() {
		if s, ok := element.(types.String); ok && !s.IsUnknown() {
			values = append(values, s.ValueString())
		}
	}
	slices.Sort(values)
	return values
}

func containsFold(values []string, wanted string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, wanted) })
}
