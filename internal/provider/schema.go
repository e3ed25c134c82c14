package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// Environment variables that stand in for attributes. Configuration wins.
const (
	envEndpoint    = "VB365_ENDPOINT"
	envUsername    = "VB365_USERNAME"
	envPassword    = "VB365_PASSWORD"
	envAPIVersion  = "VB365_API_VERSION"
	envCA          = "VB365_CA_CERTIFICATE_PEM"
	envPin         = "VB365_CERTIFICATE_SHA256"
	envInsecure    = "VB365_INSECURE_SKIP_VERIFY"
	envTimeout     = "VB365_REQUEST_TIMEOUT"
	envRetries     = "VB365_MAX_RETRIES"
	envConcurrency = "VB365_MAX_CONCURRENT_REQUESTS"
	envValidate    = "VB365_VALIDATE_AT_PLAN"
)

const (
	maxRetriesLimit     = 20
	maxConcurrencyLimit = 256
)

func providerSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Declares who may restore what through the Restore Portal of " +
			"Veeam Backup for Microsoft 365 (VB365): restore operator roles, drift-detected and reviewed like any other code. " +
			"The server is contacted when something needs it, and not before.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Base URL of the REST service that administers roles, such as `https://vb365.example.com:4443`; " +
					"HTTPS, without path or API version." + orEnvironment(envEndpoint),
				Validators: []validator.String{checkEndpoint()},
			},
			"username": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "A local administrator of the server, or an account with the role Veeam Backup Administrator: " +
					"`DOMAIN\\user`, `MACHINE\\user` or a local name. REST cannot answer multi-factor authentication: mark the account " +
					"in VB365 as *This is a service account*." + orEnvironment(envUsername),
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"password": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "The account's password." + orEnvironment(envPassword),
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"api_version": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "`v8`, `v7` or `v6`. Left out, the newest that the server serves is used. Product builds 8.0 and " +
					"later serve all three." + orEnvironment(envAPIVersion),
				Validators: []validator.String{stringvalidator.OneOf("v8", "v7", "v6")},
			},
			"ca_certificate_pem": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "PEM certificates of issuers to trust beside the system's. The server's certificate needs a subject " +
					"alternative name then; VB365's self-signed ones often have none: pin those with `certificate_sha256`." + orEnvironment(envCA),
				Validators: []validator.String{checkPEM()},
			},
			"certificate_sha256": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "SHA-256 fingerprint of the server's own certificate (64 hexadecimal digits, colons allowed). Exactly " +
					"this certificate is trusted, even self-signed and without a subject alternative name." + orEnvironment(envPin),
				Validators: []validator.String{checkPin()},
			},
			"insecure_skip_verify": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Trust any certificate. Whoever is on the way can then read the password: a last resort, warned of " +
					"at every run. Prefer `certificate_sha256`." + orEnvironment(envInsecure),
			},
			"request_timeout": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: fmt.Sprintf("How long one request may take, such as `90s` or `2m`; default `%s`. Listings of users, groups, "+
					"sites and teams may take ten times as long."+orEnvironment(envTimeout), "60s"),
				Validators: []validator.String{checkDuration()},
			},
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: fmt.Sprintf("How often a request that may be repeated is repeated after a lost connection or an answer 408, "+
					"429, 500, 502, 503 or 504; default %d. Requests that create something are never repeated blindly."+
					orEnvironment(envRetries), vb365.DefaultMaxRetries),
				Validators: []validator.Int64{int64validator.Between(0, maxRetriesLimit)},
			},
			"max_concurrent_requests": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: fmt.Sprintf("How many requests may be in flight at once; default %d. With hundreds of roles over a slow "+
					"line, 32 shortens plans."+orEnvironment(envConcurrency), vb365.DefaultMaxConcurrentRequests),
				Validators: []validator.Int64{int64validator.Between(1, maxConcurrencyLimit)},
			},
			"validate_at_plan": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether plans ask the server if what they newly name exists (organizations, operators, objects, the " +
					"portal), and Microsoft Entra whether the tenants of new consents can be entered; default `true`. What does not " +
					"change is not asked about." + orEnvironment(envValidate),
			},
			"entra":      entraSchema(),
			"powershell": powerShellSchema(),
		},
	}
}

func orEnvironment(name string) string {
	return fmt.Sprintf(" Environment variable: `%s`.", name)
}
