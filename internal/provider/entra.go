package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// Environment variables that stand in for the attributes of entra. Those that
// begin with ARM_ are the azuread provider's, so that one set serves both, but for
// ARM_CLIENT_ID beside ARM_USE_MSI: there it is the identity's own.
const (
	envEntraEnvironment   = "ARM_ENVIRONMENT"
	envEntraTenant        = "ARM_TENANT_ID"
	envEntraClient        = "ARM_CLIENT_ID"
	envEntraClientFile    = "ARM_CLIENT_ID_FILE_PATH"
	envEntraSecret        = "ARM_CLIENT_SECRET"
	envEntraSecretFile    = "ARM_CLIENT_SECRET_FILE_PATH"
	envEntraPFX           = "ARM_CLIENT_CERTIFICATE"
	envEntraPFXFile       = "ARM_CLIENT_CERTIFICATE_PATH"
	envEntraPFXPassword   = "ARM_CLIENT_CERTIFICATE_PASSWORD"
	envEntraUseOIDC       = "ARM_USE_OIDC"
	envEntraOIDCToken     = "ARM_OIDC_TOKEN"
	envEntraOIDCTokenFile = "ARM_OIDC_TOKEN_FILE_PATH"
	envEntraUseCLI        = "ARM_USE_CLI"
	envEntraUseMSI        = "ARM_USE_MSI"
	envEntraMSIClient     = "VB365_ENTRA_MSI_CLIENT_ID"
	envEntraAuthority     = "VB365_ENTRA_AUTHORITY_HOST"
	envEntraGraph         = "VB365_ENTRA_GRAPH_ENDPOINT"
	envEntraCA            = "VB365_ENTRA_CA_CERTIFICATE_PEM"

	// Where CI systems and Kubernetes say how to get an OIDC token.
	envOIDCRequestURL     = "ARM_OIDC_REQUEST_URL"
	envOIDCRequestToken   = "ARM_OIDC_REQUEST_TOKEN"
	envGitHubRequestURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	envGitHubRequestToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
	envWorkloadTokenFile  = "AZURE_FEDERATED_TOKEN_FILE"
)

const entraAttribute = "entra"

func entraSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How to log in to Microsoft Entra, for tenant consents and the portal's application. One multi-tenant " +
			"application enters all customers' tenants: each resource names its own. Exactly one way to log in is needed: `client_secret`, " +
			"`client_certificate`, `use_oidc`, `use_msi` or `use_cli`. If any of them is written here, those of the environment do not count.",
		Attributes: map[string]schema.Attribute{
			"environment": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Microsoft's cloud: `Worldwide` (default), `USGovernment` (GCC High), `USDefence` (DoD) or `China` " +
					"(21Vianet). The portal's application and the customers' tenants must be in the same one." + orEnvironment(envEntraEnvironment),
				Validators: []validator.String{stringvalidator.OneOf(
					string(entra.Worldwide), string(entra.USGovernment), string(entra.USDefence), string(entra.China))},
			},
			"tenant_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The home tenant, where the portal's application is registered: a GUID or a verified domain." +
					orEnvironment(envEntraTenant),
				Validators: []validator.String{tfkit.TenantID},
			},
			"client_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "The application that logs in. Not needed with `use_cli`." + orEnvironment(envEntraClient),
				Validators:          []validator.String{tfkit.ApplicationID},
			},
			"client_secret": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "A client secret of the application." + orEnvironment(envEntraSecret),
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"client_certificate": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "A certificate of the application with its private key: a PFX file in base64, such as " +
					"`filebase64(\"client.pfx\")` gives." + orEnvironment(envEntraPFX),
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"client_certificate_password": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "The password of the PFX file." + orEnvironment(envEntraPFXPassword),
			},
			"use_oidc": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Log in with a token of another issuer that the application trusts: the one given, that of a Kubernetes " +
					"workload identity, or GitHub Actions' own." + orEnvironment(envEntraUseOIDC),
			},
			"oidc_token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "The token for `use_oidc`." + orEnvironment(envEntraOIDCToken),
			},
			"oidc_token_file_path": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "A file that holds the token for `use_oidc`; read anew at each login." + orEnvironment(envEntraOIDCTokenFile),
			},
			"use_cli": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Log in as whom `az login` did, with that person's rights in each tenant." + orEnvironment(envEntraUseCLI),
			},
			"use_msi": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Let the managed identity of this Azure machine vouch for the application `client_id`, which must trust it " +
					"(a federated credential): by itself it cannot enter other tenants. azuread's `client_id` is the identity's instead; here " +
					"`" + envEntraMSIClient + "` chooses among several identities." + orEnvironment(envEntraUseMSI),
			},
			"authority_host": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The login service of a private cloud, such as `https://login.example.com`." +
					orEnvironment(envEntraAuthority),
				Validators: []validator.String{checkHost()},
			},
			"graph_endpoint": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Microsoft Graph of a private cloud, such as `https://graph.example.com`." + orEnvironment(envEntraGraph),
				Validators:          []validator.String{checkHost()},
			},
			"ca_certificate_pem": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "PEM certificates of issuers to trust beside the system's." + orEnvironment(envEntraCA),
				Validators:          []validator.String{checkPEM()},
			},
		},
	}
}

func checkHost() tfkit.Check {
	return tfkit.NewCheck("must be an https URL without a path", "Invalid address of a cloud", func(s string) error {
		_, err := entra.ParseHost(s)
		return err
	})
}

// entraModel is the attribute entra.
type entraModel struct {
	Environment               types.String `tfsdk:"environment"`
	TenantID                  types.String `tfsdk:"tenant_id"`
	ClientID                  types.String `tfsdk:"client_id"`
	ClientSecret              types.String `tfsdk:"client_secret"`
	ClientCertificate         types.String `tfsdk:"client_certificate"`
	ClientCertificatePassword types.String `tfsdk:"client_certificate_password"`
	UseOIDC                   types.Bool   `tfsdk:"use_oidc"`
	OIDCToken                 types.String `tfsdk:"oidc_token"`
	OIDCTokenFilePath         types.String `tfsdk:"oidc_token_file_path"`
	UseCLI                    types.Bool   `tfsdk:"use_cli"`
	UseMSI                    types.Bool   `tfsdk:"use_msi"`
	AuthorityHost             types.String `tfsdk:"authority_host"`
	GraphEndpoint             types.String `tfsdk:"graph_endpoint"`
	CACertificatePEM          types.String `tfsdk:"ca_certificate_pem"`
}

// entraSettings are what configuration and environment say about Entra.
type entraSettings struct {
	config entra.Config
	// problem is why no client can be made, told when one is wanted.
	problem error
	unknown []string
}

// resolveEntra reads the attribute entra. What is missing is not complained
// about here: a configuration may have nothing to do with Entra.
func resolveEntra(
	ctx context.Context, value types.Object, shared vb365.Config, getenv func(string) string, diags *diag.Diagnostics,
) entraSettings {
	if value.IsUnknown() {
		return entraSettings{unknown: []string{entraAttribute}}
	}
	var m entraModel
	if !value.IsNull() {
		diags.Append(value.As(ctx, &m, basetypes.ObjectAsOptions{})...)
	}
	r := &resolver{getenv: getenv, diags: diags, parent: entraAttribute}
	s := entraSettings{config: entra.Config{
		TenantID:              r.text("tenant_id", m.TenantID, envEntraTenant, nil),
		ClientID:              r.orFile(r.text("client_id", m.ClientID, envEntraClient, nil), "client_id", envEntraClientFile),
		AuthorityHost:         r.text("authority_host", m.AuthorityHost, envEntraAuthority, checkHost().Test),
		GraphEndpoint:         r.text("graph_endpoint", m.GraphEndpoint, envEntraGraph, checkHost().Test),
		CACertificatePEM:      r.text("ca_certificate_pem", m.CACertificatePEM, envEntraCA, checkPEM().Test),
		RequestTimeout:        shared.RequestTimeout,
		MaxRetries:            shared.MaxRetries,
		MaxConcurrentRequests: shared.MaxConcurrentRequests,
	}}
	if name := r.text("environment", m.Environment, envEntraEnvironment, checkEnvironment); name != "" {
		s.config.Environment, _ = entra.ParseEnvironment(name) // checked by r.text
	}
	s.config.Credential, s.problem = r.credential(m)
	s.unknown = r.unknown
	return s
}

func checkEnvironment(name string) error {
	_, err := entra.ParseEnvironment(name)
	return err
}

// errManyCredentials is returned when several ways to log in are asked for.
var errManyCredentials = errors.New("several ways to log in to Entra are set")

// credential chooses the way to log in. One that is written in the configuration
// rules out those of the environment.
func (r *resolver) credential(m entraModel) (entra.Credential, error) {
	from, done := r.without(!m.ClientSecret.IsNull() || !m.ClientCertificate.IsNull() ||
		m.UseOIDC.ValueBool() || m.UseCLI.ValueBool() || m.UseMSI.ValueBool())
	defer done()
	var ways []string
	var credential entra.Credential
	offer := func(way string, c entra.Credential) {
		ways = append(ways, way)
		credential = c
	}
	if secret := from.orFile(from.text("client_secret", m.ClientSecret, envEntraSecret, nil), "client_secret", envEntraSecretFile); secret != "" {
		offer("client_secret", entra.ClientSecret{Secret: secret})
	}
	if pfx := from.orBinaryFile(from.text("client_certificate", m.ClientCertificate, envEntraPFX, nil)); pfx != "" {
		password := r.text("client_certificate_password", m.ClientCertificatePassword, envEntraPFXPassword, nil)
		offer("client_certificate", entra.ClientCertificate{PFX: pfx, Password: password})
	}
	if from.flag("use_oidc", m.UseOIDC, envEntraUseOIDC, false) {
		offer("use_oidc", r.federated(m))
	}
	if from.flag("use_msi", m.UseMSI, envEntraUseMSI, false) {
		offer("use_msi", entra.ManagedIdentity{ClientID: r.getenv(envEntraMSIClient)})
	}
	if from.flag("use_cli", m.UseCLI, envEntraUseCLI, false) {
		offer("use_cli", entra.AzureCLI{})
	}
	switch len(ways) {
	case 0:
		return nil, entra.ErrNoCredential
	case 1:
		return credential, nil
	}
	return nil, fmt.Errorf("%w: %s; keep one", errManyCredentials, strings.Join(ways, ", "))
}

// without returns r, or one that knows no environment if configured; done
// gives r what that one found to be unknown.
func (r *resolver) without(configured bool) (from *resolver, done func()) {
	if !configured {
		return r, func() {}
	}
	from = &resolver{getenv: func(string) string { return "" }, diags: r.diags, parent: r.parent}
	return from, func() { r.unknown = append(r.unknown, from.unknown...) }
}

// federated returns where tokens for use_oidc come from. A token or a file that
// is written in the configuration rules out all of the environment's.
func (r *resolver) federated(m entraModel) entra.FederatedToken {
	from, done := r.without(!m.OIDCToken.IsNull() || !m.OIDCTokenFilePath.IsNull())
	defer done()
	first := func(names ...string) string {
		for _, name := range names {
			if value := from.getenv(name); value != "" {
				return value
			}
		}
		return ""
	}
	token := entra.FederatedToken{
		Token:        from.text("oidc_token", m.OIDCToken, envEntraOIDCToken, nil),
		TokenFile:    from.text("oidc_token_file_path", m.OIDCTokenFilePath, envEntraOIDCTokenFile, nil),
		RequestURL:   first(envOIDCRequestURL, envGitHubRequestURL),
		RequestToken: first(envOIDCRequestToken, envGitHubRequestToken),
	}
	if token.TokenFile == "" {
		token.TokenFile = from.getenv(envWorkloadTokenFile)
	}
	return token
}

// orFile returns value, or the content of the file that a variable names.
func (r *resolver) orFile(value, name, env string) string {
	file := r.getenv(env)
	if value != "" || file == "" {
		return value
	}
	data, err := os.ReadFile(file)
	if err != nil {
		r.reject(name, env, err)
	}
	return strings.TrimSpace(string(data))
}

// orBinaryFile returns value, or the PFX file that the environment names, in base64.
func (r *resolver) orBinaryFile(value string) string {
	file := r.getenv(envEntraPFXFile)
	if value != "" || file == "" {
		return value
	}
	data, err := os.ReadFile(file)
	if err != nil {
		r.reject("client_certificate", envEntraPFXFile, err)
	}
	return base64.StdEncoding.EncodeToString(data)
}

// connector returns a function that makes the client, or says which setting is missing.
func (s entraSettings) connector(version string) func() (*entra.Client, error) {
	return func() (*entra.Client, error) {
		if len(s.unknown) > 0 {
			return nil, &tfkit.UnknownSettingError{Attribute: s.unknown[0]}
		}
		cfg := s.config
		cfg.UserAgent = "terraform-provider-vb365/" + version
		cfg.Observe = logGraphExchange
		client, err := (*entra.Client)(nil), s.problem
		if err == nil {
			client, err = entra.New(cfg)
		}
		if err != nil && !errors.Is(err, entra.ErrNoCredential) && !errors.Is(err, entra.ErrNoClientID) {
			err = &tfkit.InvalidSettingError{Attribute: entraAttribute, Err: err}
		}
		return client, err
	}
}

// logGraphExchange logs an attempt: never a body, a header or a token.
func logGraphExchange(ctx context.Context, e entra.Exchange) {
	ctx = tflog.NewSubsystem(ctx, logSubsystem, tflog.WithLevelFromEnv("TF_LOG_PROVIDER_VB365", logSubsystem))
	fields := map[string]any{
		"host": e.Host, "method": e.Method, "path": e.Path, "took_ms": e.Took.Milliseconds(),
	}
	if e.Tenant != "" {
		fields["tenant"] = e.Tenant
	}
	if e.Err != nil {
		fields["error"] = e.Err.Error()
		tflog.SubsystemWarn(ctx, logSubsystem, "Microsoft did not answer", fields)
		return
	}
	fields["status"] = e.Status
	if e.RequestID != "" {
		fields["request_id"] = e.RequestID
	}
	tflog.SubsystemDebug(ctx, logSubsystem, "Microsoft answered", fields)
}
