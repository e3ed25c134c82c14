package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/objectvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// Environment variables that stand in for the attributes of powershell.
const (
	envPowerShellExecutable = "VB365_POWERSHELL_EXECUTABLE"
	envPowerShellModule     = "VB365_POWERSHELL_MODULE_PATH"

	envSSHHost       = "VB365_SSH_HOST"
	envSSHPort       = "VB365_SSH_PORT"
	envSSHUsername   = "VB365_SSH_USERNAME"
	envSSHPassword   = "VB365_SSH_PASSWORD"
	envSSHKey        = "VB365_SSH_PRIVATE_KEY"
	envSSHPassphrase = "VB365_SSH_PRIVATE_KEY_PASSPHRASE"
	envSSHUseAgent   = "VB365_SSH_USE_AGENT"
	envSSHHostKey    = "VB365_SSH_HOST_KEY"
	envSSHAgent      = "SSH_AUTH_SOCK"

	envWinRMHost           = "VB365_WINRM_HOST"
	envWinRMPort           = "VB365_WINRM_PORT"
	envWinRMUsername       = "VB365_WINRM_USERNAME"
	envWinRMPassword       = "VB365_WINRM_PASSWORD"
	envWinRMAuthentication = "VB365_WINRM_AUTHENTICATION"
	envWinRMCA             = "VB365_WINRM_CA_CERTIFICATE_PEM"
	envWinRMPin            = "VB365_WINRM_CERTIFICATE_SHA256"
)

const (
	powerShellAttribute = "powershell"
	sshAttribute        = "powershell.ssh"
	winRMAttribute      = "powershell.winrm"

	highestPort      = 65535
	defaultSSHPort   = 22
	defaultWinRMPort = 5986
)

func powerShellSchema() schema.SingleNestedAttribute {
	// The environment may name the way instead: that there is one is seen later.
	oneWay := objectvalidator.ConflictsWith(
		path.MatchRelative().AtParent().AtName("ssh"), path.MatchRelative().AtParent().AtName("winrm"))
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How to reach PowerShell on the VB365 server, which alone can change the restore portal's settings: `ssh` or " +
			"`winrm`. Parameters and secrets travel on the command's standard input, never on its command line. Left out (and without " +
			"`" + envSSHHost + "` or `" + envWinRMHost + "` in the environment), `vb365_restore_portal` verifies the settings over REST and " +
			"tells an administrator what to run.",
		Attributes: map[string]schema.Attribute{
			"ssh": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "OpenSSH on the server.",
				Validators:          []validator.Object{oneWay},
				Attributes:          sshSchema(),
			},
			"winrm": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Windows Remote Management over HTTPS.",
				Validators:          []validator.Object{oneWay},
				Attributes:          winRMSchema(),
			},
			"executable": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "PowerShell on the server; default `" + vbopowershell.DefaultExecutable + "`. Product 8 needs PowerShell " +
					"7.4.2 or newer; earlier products work with `powershell.exe`." + orEnvironment(envPowerShellExecutable),
				Validators: []validator.String{checkExecutable()},
			},
			"module_path": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The manifest of VB365's module on the server, if it is not where setup puts it: `" +
					vbopowershell.DefaultModulePath + "`." + orEnvironment(envPowerShellModule),
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
		},
	}
}

func sshSchema() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": hostAttribute(envSSHHost),
		"port": portAttribute(defaultSSHPort, envSSHPort),
		"username": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "A local administrator of the server: `user`, or `DOMAIN\\user`." +
				orEnvironment(envSSHUsername),
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"password": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "The account's password." + orEnvironment(envSSHPassword),
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"private_key": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "A private key that the server accepts, in PEM or OpenSSH's form." + orEnvironment(envSSHKey),
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"private_key_passphrase": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "The passphrase of `private_key`, if it has one." + orEnvironment(envSSHPassphrase),
		},
		"use_agent": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether to log in with the keys of the SSH agent that `" + envSSHAgent + "` names; default `false`." +
				orEnvironment(envSSHUseAgent),
		},
		"host_key": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The server's public host key, which is required: what `ssh-keyscan` prints once you have compared it, the " +
				"content of `ssh_host_ed25519_key.pub`, or a fingerprint such as `SHA256:…`. Several, one a line, are alternatives." +
				orEnvironment(envSSHHostKey),
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
	}
}

func winRMSchema() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": hostAttribute(envWinRMHost),
		"port": portAttribute(defaultWinRMPort, envWinRMPort),
		"username": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "A local administrator of the server: `DOMAIN\\user`, `MACHINE\\user` or a local name." +
				orEnvironment(envWinRMUsername),
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"password": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "The account's password." + orEnvironment(envWinRMPassword),
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"authentication": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "`ntlm` (default) or `basic`, which hands the password to the server, inside TLS." +
				orEnvironment(envWinRMAuthentication),
			Validators: []validator.String{stringvalidator.OneOf(winRMMethods()...)},
		},
		"ca_certificate_pem": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "PEM certificates of issuers to trust beside the system's." + orEnvironment(envWinRMCA),
			Validators:          []validator.String{checkPEM()},
		},
		"certificate_sha256": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "SHA-256 fingerprint of the listener's own certificate. Exactly this certificate is trusted, even " +
				"self-signed." + orEnvironment(envWinRMPin),
			Validators: []validator.String{checkPin()},
		},
	}
}

func hostAttribute(env string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: "Name or address of the VB365 server." + orEnvironment(env),
		Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
	}
}

func portAttribute(otherwise int, env string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional:            true,
		MarkdownDescription: fmt.Sprintf("TCP port; default %d.", otherwise) + orEnvironment(env),
		Validators:          []validator.Int64{int64validator.Between(1, highestPort)},
	}
}

func checkExecutable() tfkit.Check {
	return tfkit.NewCheck("must be a program's name or path", "Invalid PowerShell executable", func(s string) error {
		_, err := vbopowershell.CommandLine(s, "")
		return err
	})
}

func winRMMethods() []string {
	return []string{string(vbopowershell.NTLM), string(vbopowershell.Basic)}
}

func checkWinRMMethod(s string) error {
	if slices.Contains(winRMMethods(), s) {
		return nil
	}
	return fmt.Errorf("%q is none of %v", s, winRMMethods())
}

// powerShellModel is the attribute powershell.
type powerShellModel struct {
	SSH        types.Object `tfsdk:"ssh"`
	WinRM      types.Object `tfsdk:"winrm"`
	Executable types.String `tfsdk:"executable"`
	ModulePath types.String `tfsdk:"module_path"`
}

type sshModel struct {
	Host                 types.String `tfsdk:"host"`
	Port                 types.Int64  `tfsdk:"port"`
	Username             types.String `tfsdk:"username"`
	Password             types.String `tfsdk:"password"`
	PrivateKey           types.String `tfsdk:"private_key"`
	PrivateKeyPassphrase types.String `tfsdk:"private_key_passphrase"`
	UseAgent             types.Bool   `tfsdk:"use_agent"`
	HostKey              types.String `tfsdk:"host_key"`
}

type winRMModel struct {
	Host              types.String `tfsdk:"host"`
	Port              types.Int64  `tfsdk:"port"`
	Username          types.String `tfsdk:"username"`
	Password          types.String `tfsdk:"password"`
	Authentication    types.String `tfsdk:"authentication"`
	CACertificatePEM  types.String `tfsdk:"ca_certificate_pem"`
	CertificateSHA256 types.String `tfsdk:"certificate_sha256"`
}

// powerShellSettings are what configuration and environment say about the
// server's PowerShell.
type powerShellSettings struct {
	// transport makes the way to the server; nil if there is none.
	transport func() (vbopowershell.Transport, error)
	config    vbopowershell.Config
	unknown   []string
}

// errTwoWays is returned when the environment names two ways to PowerShell.
var errTwoWays = errors.New("the environment names both " + envSSHHost + " and " + envWinRMHost + "; choose one, or write ssh or winrm")

func resolvePowerShell(
	ctx context.Context, value types.Object, getenv func(string) string, diags *diag.Diagnostics,
) powerShellSettings {
	var m powerShellModel
	r := &resolver{getenv: getenv, diags: diags, parent: powerShellAttribute}
	if value.IsUnknown() {
		r.unknown = append(r.unknown, powerShellAttribute)
	} else if !value.IsNull() {
		diags.Append(value.As(ctx, &m, basetypes.ObjectAsOptions{})...)
	}
	s := powerShellSettings{config: vbopowershell.Config{
		Executable: r.text("executable", m.Executable, envPowerShellExecutable, checkExecutable().Test),
		ModulePath: r.text("module_path", m.ModulePath, envPowerShellModule, nil),
		Observe:    logScript,
	}}
	written := !m.SSH.IsNull() || !m.WinRM.IsNull()
	ssh := !m.SSH.IsNull() || !written && getenv(envSSHHost) != ""
	winRM := !m.WinRM.IsNull() || !written && getenv(envWinRMHost) != ""
	switch {
	case ssh && winRM:
		s.transport = func() (vbopowershell.Transport, error) { return nil, errTwoWays }
	case ssh:
		s.transport = r.ssh(ctx, m.SSH)
	case winRM:
		s.transport = r.winRM(ctx, m.WinRM)
	case !value.IsNull():
		s.transport = func() (vbopowershell.Transport, error) {
			return nil, &tfkit.SettingError{Attribute: "powershell.ssh or powershell.winrm", Environment: envSSHHost}
		}
	}
	s.unknown = r.unknown
	return s
}

// nested reads an attribute of powershell into a model, and returns a resolver
// for what is in it.
func (r *resolver) nested(ctx context.Context, parent string, value types.Object, into any) *resolver {
	inner := &resolver{getenv: r.getenv, diags: r.diags, parent: parent}
	if value.IsUnknown() {
		r.unknown = append(r.unknown, parent)
	} else if !value.IsNull() {
		r.diags.Append(value.As(ctx, into, basetypes.ObjectAsOptions{})...)
	}
	return inner
}

func (r *resolver) ssh(ctx context.Context, value types.Object) func() (vbopowershell.Transport, error) {
	var m sshModel
	in := r.nested(ctx, sshAttribute, value, &m)
	// Secrets that are written rule out those of the environment.
	secrets := in
	if anySet(m.Password, m.PrivateKey) || m.UseAgent.ValueBool() {
		secrets = &resolver{getenv: func(string) string { return "" }, diags: r.diags, parent: sshAttribute}
	}
	cfg := vbopowershell.SSHConfig{
		Host:                 in.text("host", m.Host, envSSHHost, nil),
		Port:                 in.number("port", m.Port, envSSHPort, defaultSSHPort, 1, highestPort),
		Username:             in.text("username", m.Username, envSSHUsername, nil),
		Password:             secrets.text("password", m.Password, envSSHPassword, nil),
		PrivateKey:           secrets.text("private_key", m.PrivateKey, envSSHKey, nil),
		PrivateKeyPassphrase: in.text("private_key_passphrase", m.PrivateKeyPassphrase, envSSHPassphrase, nil),
		HostKey:              in.text("host_key", m.HostKey, envSSHHostKey, nil),
	}
	if secrets.flag("use_agent", m.UseAgent, envSSHUseAgent, false) {
		cfg.AgentSocket = r.getenv(envSSHAgent)
	}
	r.unknown = append(r.unknown, in.unknown...)
	if secrets != in {
		r.unknown = append(r.unknown, secrets.unknown...)
	}
	return func() (vbopowershell.Transport, error) {
		if err := firstMissing(sshAttribute,
			need{"host", cfg.Host, envSSHHost}, need{"username", cfg.Username, envSSHUsername},
			need{"host_key", cfg.HostKey, envSSHHostKey},
			need{"password, private_key or use_agent", cfg.Password + cfg.PrivateKey + cfg.AgentSocket, envSSHPassword},
		); err != nil {
			return nil, err
		}
		return vbopowershell.NewSSH(cfg)
	}
}

func (r *resolver) winRM(ctx context.Context, value types.Object) func() (vbopowershell.Transport, error) {
	var m winRMModel
	in := r.nested(ctx, winRMAttribute, value, &m)
	cfg := vbopowershell.WinRMConfig{
		Host:              in.text("host", m.Host, envWinRMHost, nil),
		Port:              in.number("port", m.Port, envWinRMPort, defaultWinRMPort, 1, highestPort),
		Username:          in.text("username", m.Username, envWinRMUsername, nil),
		Password:          in.text("password", m.Password, envWinRMPassword, nil),
		CACertificatePEM:  in.text("ca_certificate_pem", m.CACertificatePEM, envWinRMCA, checkPEM().Test),
		CertificateSHA256: in.text("certificate_sha256", m.CertificateSHA256, envWinRMPin, checkPin().Test),
		Authentication: vbopowershell.WinRMAuthentication(
			in.text("authentication", m.Authentication, envWinRMAuthentication, checkWinRMMethod)),
	}
	r.unknown = append(r.unknown, in.unknown...)
	return func() (vbopowershell.Transport, error) {
		if err := firstMissing(winRMAttribute,
			need{"host", cfg.Host, envWinRMHost}, need{"username", cfg.Username, envWinRMUsername},
			need{"password", cfg.Password, envWinRMPassword},
		); err != nil {
			return nil, err
		}
		return vbopowershell.NewWinRM(cfg)
	}
}

// need is a setting that must not be empty.
type need struct{ name, value, env string }

func firstMissing(parent string, needs ...need) error {
	for _, n := range needs {
		if n.value == "" {
			return &tfkit.SettingError{Attribute: parent + "." + n.name, Environment: n.env}
		}
	}
	return nil
}

func anySet(values ...attr.Value) bool {
	for _, v := range values {
		if !v.IsNull() {
			return true
		}
	}
	return false
}

// connector returns a function that makes the client, or says which setting is
// missing; nil if there is no way to PowerShell.
func (s powerShellSettings) connector() func() (*vbopowershell.Server, error) {
	if s.transport == nil {
		return nil
	}
	return func() (*vbopowershell.Server, error) {
		if len(s.unknown) > 0 {
			return nil, &tfkit.UnknownSettingError{Attribute: s.unknown[0]}
		}
		cfg := s.config
		var err error
		var server *vbopowershell.Server
		if cfg.Transport, err = s.transport(); err == nil {
			server, err = vbopowershell.New(cfg)
		}
		if _, missing := errors.AsType[*tfkit.SettingError](err); err != nil && !missing {
			err = &tfkit.InvalidSettingError{Attribute: powerShellAttribute, Err: err}
		}
		return server, err
	}
}

// logScript logs a run of a script: never what it was given or wrote.
func logScript(ctx context.Context, run vbopowershell.Run) {
	const subsystem = "powershell"
	ctx = tflog.NewSubsystem(ctx, subsystem, tflog.WithLevelFromEnv("TF_LOG_PROVIDER_VB365", subsystem))
	fields := map[string]any{"cmdlets": run.Cmdlets, "took_ms": run.Took.Milliseconds()}
	if run.Err != nil {
		fields["error"] = run.Err.Error()
		tflog.SubsystemWarn(ctx, subsystem, "PowerShell failed", fields)
		return
	}
	tflog.SubsystemDebug(ctx, subsystem, "PowerShell ran", fields)
}
