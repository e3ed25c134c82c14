package restoreportal

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// model is the resource in configurations, plans and states.
type model struct {
	ID                     types.String   `tfsdk:"id"`
	Enabled                types.Bool     `tfsdk:"enabled"`
	ApplicationID          types.String   `tfsdk:"application_id"`
	PortalURI              types.String   `tfsdk:"portal_uri"`
	Region                 types.String   `tfsdk:"region"`
	Certificate            types.Object   `tfsdk:"certificate"`
	CertificateThumbprint  types.String   `tfsdk:"certificate_thumbprint"`
	CertificateExpiresAt   types.String   `tfsdk:"certificate_expires_at"`
	OperatorAuthentication types.Object   `tfsdk:"operator_authentication"`
	TenantAuthentication   types.Object   `tfsdk:"tenant_authentication"`
	RESTAPIPort            types.Int64    `tfsdk:"rest_api_port"`
	AuthorityURI           types.String   `tfsdk:"authority_uri"`
	Timeouts               timeouts.Value `tfsdk:"timeouts"`
}

// authenticationModel is operator_authentication or tenant_authentication.
type authenticationModel struct {
	Enabled               types.Bool   `tfsdk:"enabled"`
	Certificate           types.Object `tfsdk:"certificate"`
	CertificateThumbprint types.String `tfsdk:"certificate_thumbprint"`
	CertificateExpiresAt  types.String `tfsdk:"certificate_expires_at"`
}

// authentication is one of the two ways to log in.
type authentication struct {
	attribute string
	of        func(*model) *types.Object
	have      func(vbopowershell.Settings) vbopowershell.Authentication
	change    func(enabled bool, certificate *vbopowershell.PFX) vbopowershell.Change
	cmdlet    string
}

// authentications are both, in the order in which they are turned on.
var authentications = []*authentication{
	{
		attribute: "operator_authentication",
		of:        func(m *model) *types.Object { return &m.OperatorAuthentication },
		have: func(s vbopowershell.Settings) vbopowershell.Authentication {
			return s.OperatorAuthentication
		},
		change: func(enabled bool, certificate *vbopowershell.PFX) vbopowershell.Change {
			return vbopowershell.SetOperatorAuthentication{Enabled: enabled, Certificate: certificate}
		},
		cmdlet: "Get-VBOOperatorAuthenticationSettings",
	},
	{
		attribute: "tenant_authentication",
		of:        func(m *model) *types.Object { return &m.TenantAuthentication },
		have: func(s vbopowershell.Settings) vbopowershell.Authentication {
			return s.TenantAuthentication
		},
		change: func(enabled bool, certificate *vbopowershell.PFX) vbopowershell.Change {
			return vbopowershell.SetTenantAuthentication{Enabled: enabled, Certificate: certificate}
		},
		cmdlet: "Get-VBOTenantAuthenticationSettings",
	},
}

func certificateTypes() map[string]attr.Type {
	return map[string]attr.Type{"pfx_base64_wo": types.StringType, "password_wo": types.StringType}
}

func authenticationTypes() map[string]attr.Type {
	return map[string]attr.Type{
		"enabled":                types.BoolType,
		"certificate":            types.ObjectType{AttrTypes: certificateTypes()},
		"certificate_thumbprint": types.StringType,
		"certificate_expires_at": types.StringType,
	}
}

// read returns the attribute's content; ok is false if it is not declared, or
// not known.
func (a *authentication) read(ctx context.Context, m *model, diags *diag.Diagnostics) (content authenticationModel, ok bool) {
	value := *a.of(m)
	if value.IsNull() || value.IsUnknown() {
		return content, false
	}
	diags.Append(value.As(ctx, &content, basetypes.ObjectAsOptions{})...)
	return content, true
}

// write replaces the attribute's content.
func (a *authentication) write(m *model, content authenticationModel) {
	*a.of(m) = types.ObjectValueMust(authenticationTypes(), map[string]attr.Value{
		"enabled":                content.Enabled,
		"certificate":            content.Certificate,
		"certificate_thumbprint": content.CertificateThumbprint,
		"certificate_expires_at": content.CertificateExpiresAt,
	})
}

// declared is what a configuration wants the server to be, in plain words.
type declared struct {
	// enabled may not be known yet: see declared.on.
	enabled                          types.Bool
	applicationID, portalURI, region string
	certificate                      *vbopowershell.PFX
	// authentications are those that are declared, by attribute.
	authentications map[string]declaredAuthentication
	// restAPIPort is zero if it is not declared.
	restAPIPort int
}

// on tells whether the portal is to be on, which is not known while a plan is open.
func (d declared) on() bool { return d.enabled.ValueBool() }

type declaredAuthentication struct {
	enabled     bool
	certificate *vbopowershell.PFX
}

// newDeclared reads a plan, and from the configuration the certificates, which
// plans do not hold.
func newDeclared(ctx context.Context, plan, config model, diags *diag.Diagnostics) declared {
	d := declared{
		enabled:         plan.Enabled,
		applicationID:   strings.ToLower(plan.ApplicationID.ValueString()),
		portalURI:       plan.PortalURI.ValueString(),
		region:          plan.Region.ValueString(),
		restAPIPort:     int(config.RESTAPIPort.ValueInt64()),
		certificate:     openCertificate(ctx, config.Certificate, path.Root("certificate"), diags).pfx,
		authentications: map[string]declaredAuthentication{},
	}
	for _, a := range authentications {
		content, ok := a.read(ctx, &plan, diags)
		secret, _ := a.read(ctx, &config, diags)
		if ok {
			d.authentications[a.attribute] = declaredAuthentication{
				enabled:     content.Enabled.ValueBool(),
				certificate: openCertificate(ctx, secret.Certificate, path.Root(a.attribute).AtName("certificate"), diags).pfx,
			}
		}
	}
	return d
}

// facts are what is known of the server.
type facts struct {
	rest vb365.PortalSettings
	// shell is nil where the server's PowerShell is not within reach.
	shell *vbopowershell.Settings
}

// apply writes the facts into a state that has the shape of m: what nobody
// declared to be managed stays out, and what the facts do not tell stays as it is.
func (f facts) apply(ctx context.Context, m model, diags *diag.Diagnostics) model {
	m.Enabled = types.BoolValue(f.rest.IsEnabled)
	m.ApplicationID = keepCase(m.ApplicationID, f.rest.ApplicationID)
	if f.rest.TellsPortalURI {
		m.PortalURI = types.StringValue(f.rest.PortalURI)
	}
	m.AuthorityURI = text(f.rest.AuthorityURI)
	if f.shell == nil {
		m.Region = impliedRegion(f.rest.AuthorityURI, m.Region)
		return f.applyUnseen(ctx, m, diags)
	}
	if f.rest.PortalURI == "" {
		m.PortalURI = types.StringValue(f.shell.RestorePortal.PortalURI)
	}
	m.Region = types.StringValue(f.shell.RestorePortal.Region)
	m.RESTAPIPort = types.Int64Value(int64(f.shell.RESTAPI.HTTPSPort))
	certificate := newCertificateState(f.shell.RestorePortal.Certificate)
	m.CertificateThumbprint, m.CertificateExpiresAt = certificate.thumbprint, certificate.expires
	for _, a := range authentications {
		content, ok := a.read(ctx, &m, diags)
		if !ok {
			continue
		}
		have := a.have(*f.shell)
		certificate := newCertificateState(have.Certificate)
		content.Enabled = types.BoolValue(have.Enabled)
		content.CertificateThumbprint, content.CertificateExpiresAt = certificate.thumbprint, certificate.expires
		a.write(&m, content)
	}
	return m
}

// applyUnseen settles what REST does not show: what is not known yet stays
// unknown to the state too.
func (f facts) applyUnseen(ctx context.Context, m model, diags *diag.Diagnostics) model {
	settle := func(s types.String) types.String {
		if s.IsUnknown() {
			return types.StringNull()
		}
		return s
	}
	m.PortalURI = settle(m.PortalURI)
	m.CertificateThumbprint, m.CertificateExpiresAt = settle(m.CertificateThumbprint), settle(m.CertificateExpiresAt)
	if m.RESTAPIPort.IsUnknown() {
		m.RESTAPIPort = types.Int64Null()
	}
	for _, a := range authentications {
		if content, ok := a.read(ctx, &m, diags); ok {
			content.CertificateThumbprint, content.CertificateExpiresAt = settle(content.CertificateThumbprint), settle(content.CertificateExpiresAt)
			a.write(&m, content)
		}
	}
	return m
}

// keepCase returns known where it names the same id as the server's.
func keepCase(known types.String, id string) types.String {
	if strings.EqualFold(known.ValueString(), id) {
		return known
	}
	return types.StringValue(id)
}

// impliedRegion returns the region that an authority stands for. Two regions
// share one authority: then, and where the authority is an unknown one, known
// counts, as long as it may be right; the region is null if that is not known
// either.
func impliedRegion(authority string, known types.String) types.String {
	implied := regionsOf(authority)
	settled := !known.IsNull() && !known.IsUnknown()
	switch {
	case settled && (len(implied) == 0 || slices.Contains(implied, known.ValueString())):
		return known
	case settled || len(implied) == 1:
		return types.StringValue(implied[0])
	}
	return types.StringNull()
}

// regionsOf returns the regions whose operators log in at an authority.
func regionsOf(authority string) []string {
	switch hostOf(authority) {
	case "login.microsoftonline.com":
		return []string{regionWorldwide}
	case "login.microsoftonline.us":
		return []string{regionUSGovernment, regionUSDefence}
	case "login.partner.microsoftonline.cn", "login.chinacloudapi.cn":
		return []string{regionChina}
	case "login.microsoftonline.de":
		return []string{regionGermany}
	}
	return nil
}
