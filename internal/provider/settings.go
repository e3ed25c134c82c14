package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/trust"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// model is the provider block.
type model struct {
	Endpoint              types.String `tfsdk:"endpoint"`
	Username              types.String `tfsdk:"username"`
	Password              types.String `tfsdk:"password"`
	APIVersion            types.String `tfsdk:"api_version"`
	CACertificatePEM      types.String `tfsdk:"ca_certificate_pem"`
	CertificateSHA256     types.String `tfsdk:"certificate_sha256"`
	InsecureSkipVerify    types.Bool   `tfsdk:"insecure_skip_verify"`
	RequestTimeout        types.String `tfsdk:"request_timeout"`
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Int64  `tfsdk:"max_concurrent_requests"`
	ValidateAtPlan        types.Bool   `tfsdk:"validate_at_plan"`
	Entra                 types.Object `tfsdk:"entra"`
	PowerShell            types.Object `tfsdk:"powershell"`
}

// settings are what configuration and environment say together.
type settings struct {
	client         vb365.Config
	entra          entraSettings
	powerShell     powerShellSettings
	validateAtPlan bool
	// unknown names the attributes whose values are not known before apply.
	unknown []string
}

// resolver reads attributes, falling back to the environment, and collects what is wrong.
type resolver struct {
	getenv func(string) string
	diags  *diag.Diagnostics
	// parent is the attribute that those which are read are nested in, if any,
	// such as "powershell.ssh".
	parent  string
	unknown []string
}

func resolve(ctx context.Context, config model, getenv func(string) string, diags *diag.Diagnostics) settings {
	r := &resolver{getenv: getenv, diags: diags}
	s := settings{
		client: vb365.Config{
			Endpoint: r.text("endpoint", config.Endpoint, envEndpoint, checkEndpoint().Test),
			Username: r.text("username", config.Username, envUsername, nil),
			Password: r.text("password", config.Password, envPassword, nil),
			TLS: trust.Config{
				CACertificatePEM:   r.text("ca_certificate_pem", config.CACertificatePEM, envCA, checkPEM().Test),
				CertificateSHA256:  r.text("certificate_sha256", config.CertificateSHA256, envPin, checkPin().Test),
				InsecureSkipVerify: r.flag("insecure_skip_verify", config.InsecureSkipVerify, envInsecure, false),
			},
			MaxRetries:            r.number("max_retries", config.MaxRetries, envRetries, vb365.DefaultMaxRetries, 0, maxRetriesLimit),
			MaxConcurrentRequests: r.number("max_concurrent_requests", config.MaxConcurrentRequests, envConcurrency, vb365.DefaultMaxConcurrentRequests, 1, maxConcurrencyLimit),
		},
		validateAtPlan: r.flag("validate_at_plan", config.ValidateAtPlan, envValidate, true),
	}
	if text := r.text("api_version", config.APIVersion, envAPIVersion, checkVersion); text != "" {
		s.client.APIVersion, _ = vb365.ParseVersion(text) // checked by r.text
	}
	if text := r.text("request_timeout", config.RequestTimeout, envTimeout, checkDuration().Test); text != "" {
		s.client.RequestTimeout, _ = time.ParseDuration(text) // checked by r.text
	}
	if s.client.MaxRetries == 0 {
		s.client.MaxRetries = -1 // zero would mean the default
	}
	s.unknown = r.unknown
	s.entra = resolveEntra(ctx, config.Entra, s.client, getenv, diags)
	s.powerShell = resolvePowerShell(ctx, config.PowerShell, getenv, diags)
	if s.client.TLS.InsecureSkipVerify {
		diags.AddAttributeWarning(path.Root("insecure_skip_verify"), "The server's certificate is not verified",
			"Whoever is between this machine and the server can read the password and change what is restored to whom. "+
				"Pin the certificate with certificate_sha256 instead.")
	}
	return s
}

func checkVersion(s string) error {
	_, err := vb365.ParseVersion(s)
	return err
}

// lookup returns the attribute's environment variable where the attribute is not
// set; ok tells that there is a value in the environment.
func (r *resolver) lookup(name string, value attr.Value, env string) (fromEnv string, ok bool) {
	if value.IsUnknown() {
		r.unknown = append(r.unknown, r.label(name))
		return "", false
	}
	if !value.IsNull() {
		return "", false
	}
	fromEnv = r.getenv(env)
	return fromEnv, fromEnv != ""
}

func (r *resolver) text(name string, value types.String, env string, test func(string) error) string {
	fromEnv, ok := r.lookup(name, value, env)
	if !ok {
		return value.ValueString()
	}
	if test != nil {
		if err := test(fromEnv); err != nil {
			r.reject(name, env, err)
		}
	}
	return fromEnv
}

func (r *resolver) flag(name string, value types.Bool, env string, otherwise bool) bool {
	fromEnv, ok := r.lookup(name, value, env)
	if !ok {
		if value.IsNull() || value.IsUnknown() {
			return otherwise
		}
		return value.ValueBool()
	}
	parsed, err := strconv.ParseBool(fromEnv)
	if err != nil {
		r.reject(name, env, fmt.Errorf("%q is neither true nor false", fromEnv))
	}
	return parsed
}

func (r *resolver) number(name string, value types.Int64, env string, otherwise, least, most int) int {
	fromEnv, ok := r.lookup(name, value, env)
	if !ok {
		if value.IsNull() || value.IsUnknown() {
			return otherwise
		}
		return int(value.ValueInt64())
	}
	parsed, err := strconv.Atoi(fromEnv)
	if err != nil || parsed < least || parsed > most {
		r.reject(name, env, fmt.Errorf("%q is not a whole number from %d to %d", fromEnv, least, most))
		return otherwise
	}
	return parsed
}

func (r *resolver) reject(name, env string, err error) {
	r.diags.AddAttributeError(r.path(name), "Invalid environment variable "+env,
		fmt.Sprintf("%s stands in for the attribute %s: %s.", env, r.label(name), err))
}

func (r *resolver) path(name string) path.Path {
	first, rest, nested := strings.Cut(r.label(name), ".")
	p := path.Root(first)
	for nested {
		first, rest, nested = strings.Cut(rest, ".")
		p = p.AtName(first)
	}
	return p
}

func (r *resolver) label(name string) string {
	if r.parent == "" {
		return name
	}
	return r.parent + "." + name
}

// connector returns a function that makes the client, or says which setting is missing.
func (s settings) connector(version string) func() (*vb365.Client, error) {
	return func() (*vb365.Client, error) {
		if len(s.unknown) > 0 {
			return nil, &tfkit.UnknownSettingError{Attribute: s.unknown[0]}
		}
		if s.client.Endpoint == "" {
			return nil, &tfkit.SettingError{Attribute: "endpoint", Environment: envEndpoint}
		}
		cfg := s.client
		cfg.UserAgent = "terraform-provider-vb365/" + version
		cfg.Observe = logExchange
		return vb365.New(cfg)
	}
}

// logSubsystem is the name of the log of HTTP requests; its level can be set
// apart with TF_LOG_PROVIDER_VB365_HTTP.
const logSubsystem = "http"

// logExchange logs an attempt: never a body, a header or a token.
func logExchange(ctx context.Context, e vb365.Exchange) {
	ctx = tflog.NewSubsystem(ctx, logSubsystem, tflog.WithLevelFromEnv("TF_LOG_PROVIDER_VB365", logSubsystem))
	fields := map[string]any{
		"method": e.Method, "path": e.Path, "took_ms": e.Took.Milliseconds(),
	}
	if e.Err != nil {
		fields["error"] = e.Err.Error()
		tflog.SubsystemWarn(ctx, logSubsystem, "VB365 did not answer", fields)
		return
	}
	fields["status"] = e.Status
	tflog.SubsystemDebug(ctx, logSubsystem, "VB365 answered", fields)
}
