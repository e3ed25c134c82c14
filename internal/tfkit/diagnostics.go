package tfkit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// ErrNotConfigured is a bug of the caller: a client was wanted before the provider was configured.
var ErrNotConfigured = errors.New("the provider is not configured yet")

// SettingError is a setting that the provider needs and does not have.
type SettingError struct {
	Attribute, Environment string
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("the provider has no %s; set it in the provider block or with the environment variable %s",
		e.Attribute, e.Environment)
}

// UnknownSettingError is a setting of the provider that depends on something that is yet to be created.
type UnknownSettingError struct{ Attribute string }

func (e *UnknownSettingError) Error() string {
	return fmt.Sprintf("the provider's %s is not known before apply", e.Attribute)
}

// InvalidSettingError is a setting of the provider that cannot be used.
type InvalidSettingError struct {
	Attribute string
	Err       error
}

func (e *InvalidSettingError) Error() string {
	return fmt.Sprintf("the provider's %s cannot be used: %v", e.Attribute, e.Err)
}

func (e *InvalidSettingError) Unwrap() error { return e.Err }

// Titles of diagnostics about the connection. They are part of the documentation:
// people search for them.
const (
	TitleOutOfOrder      = "The provider is out of order"
	TitleOutOfTime       = "The operation ran out of time"
	TitleNotChecked      = "The plan was not checked against the server"
	TitleNotCheckedEntra = "The plan was not checked against Microsoft Entra"
	TitleInvalidSetting  = "A setting of the provider cannot be used"
	TitleUnknownSetting  = "A setting of the provider is not known yet"
	TitleMissingSetting  = "The provider is not told how to reach VB365"
	TitleUnreachable     = "The VB365 server cannot be reached"
	TitleCertificate     = "The VB365 server's certificate is not trusted"
	TitleLogin           = "The VB365 server refused the login"
	TitleNotVB365        = "The endpoint is not a VB365 REST service"
	TitleOperatorsOnly   = "The endpoint serves restore operators only"
	TitleVersion         = "The VB365 server does not serve this API version"
	TitleRefused         = "The VB365 server refused the request"
	TitleServerTrouble   = "The VB365 server is in trouble"
	TitleUnexpectedReply = "The VB365 server's answer cannot be understood"
)

// logsHint says where the server's side of a failure is written down.
const logsHint = "On the server, see %ProgramData%\\Veeam\\Backup365\\Logs\\Veeam.Archiver.REST_*.log."

// Explain returns title and text of a diagnostic for an error of a client: what
// was asked, what came back, what to do next.
func Explain(doing string, err error) (title, detail string) {
	title, advice := explain(err)
	return title, fmt.Sprintf("While %s: %s.\n\n%s", doing, strings.TrimRight(err.Error(), "."), advice)
}

func explain(err error) (title, advice string) {
	if unknown, ok := errors.AsType[*vbopowershell.OutcomeUnknownError](err); ok {
		title, _ = explain(unknown.Err)
		return title, "Some of it may have been done. Plan again: the settings are read first, and what is missing is planned."
	}
	if errors.Is(err, context.Canceled) {
		return "The run was interrupted", "Run the same command again: what was done is recorded, what was not is planned again."
	}
	if title, advice, ok := explainPowerShell(err); ok {
		return title, advice
	}
	// Single requests that take too long have errors of their own: this is the end of the operation's time.
	if errors.Is(err, context.DeadlineExceeded) {
		return TitleOutOfTime, "What was done is recorded. Run the same command again, with a longer time in the resource's timeouts " +
			"if it needs one: right after a change in Microsoft Entra, confirming that something is missing takes up to two minutes. " +
			"If it ends like this every time, a server or the network does not answer."
	}
	if title, advice, ok := explainEntra(err); ok {
		return title, advice
	}
	var (
		setting     *SettingError
		unknown     *UnknownSettingError
		invalid     *InvalidSettingError
		certificate *vb365.CertificateError
		unreachable *vb365.UnreachableError
		login       *vb365.LoginError
		endpoint    *vb365.EndpointError
		response    *vb365.ResponseError
	)
	switch {
	case errors.As(err, &setting) && strings.HasPrefix(setting.Attribute, "entra."):
		return TitleEntraSetting, "Write it into the entra attribute of the provider, or set the environment variable."
	case errors.As(err, &setting) && strings.HasPrefix(setting.Attribute, "powershell."):
		return TitlePowerShellSetting, "Write it into the powershell attribute of the provider, or set the environment variable."
	case errors.As(err, &setting), errors.Is(err, vb365.ErrNoCredentials):
		return TitleMissingSetting, "The provider needs endpoint, username and password, in the provider block or as " +
			"VB365_ENDPOINT, VB365_USERNAME and VB365_PASSWORD."
	case errors.As(err, &invalid):
		return TitleInvalidSetting, "Correct it in the provider block, or in the environment variable that stands in for it."
	case errors.As(err, &unknown):
		return TitleUnknownSetting, "Apply what this value comes from first, for example with -target, or give the value literally."
	case errors.As(err, &certificate):
		return TitleCertificate, explainCertificate(certificate)
	case errors.As(err, &login):
		return TitleLogin, explainLogin(login)
	case errors.As(err, &endpoint):
		return explainEndpoint(endpoint)
	case errors.As(err, new(tls.RecordHeaderError)):
		return TitleNotVB365, notVB365
	case errors.As(err, &unreachable):
		return TitleUnreachable, "Check that endpoint names the host and port of the REST service (4443 unless it was changed), " +
			"that the service \"Veeam Backup for Microsoft 365 RESTful API Service\" runs, and that no firewall is between."
	case errors.As(err, &response):
		return explainResponse(response)
	}
	return TitleUnexpectedReply, "If the endpoint is right, please report this with the log of TF_LOG=DEBUG. " + logsHint
}

func explainCertificate(e *vb365.CertificateError) string {
	return fmt.Sprintf("It showed a certificate for %q with the SHA-256 fingerprint\n  %s\n"+
		"Compare this with the certificate on the server. Its thumbprint is in General Options, REST API; in PowerShell there:\n"+
		"  (Get-ChildItem Cert:\\LocalMachine\\My | Where-Object Thumbprint -eq '<thumbprint>').GetCertHashString('SHA256')\n"+
		"If it is the server's own, either pin it (or set VB365_CERTIFICATE_SHA256):\n"+
		"  certificate_sha256 = %q\nor trust its issuer with ca_certificate_pem. If it is not, somebody else answers.",
		e.Subject, colons(e.SHA256), colons(e.SHA256))
}

// colons writes a fingerprint as certificate dialogs do.
func colons(hex string) string {
	var pairs []string
	for i := 0; i+2 <= len(hex); i += 2 {
		pairs = append(pairs, strings.ToUpper(hex[i:i+2]))
	}
	return strings.Join(pairs, ":")
}

func explainLogin(e *vb365.LoginError) string {
	if e.Status == http.StatusForbidden {
		return "The account needs the role Veeam Backup Administrator, or to be a local administrator of the server. " +
			"It is not asked again in this run."
	}
	return "Check username (DOMAIN\\user, MACHINE\\user or a local name) and password. REST cannot answer multi-factor " +
		"authentication: where that is on, the account must be marked in VB365 as \"This is a service account\". " +
		"So that the account is not locked out, the login is not tried again in this run."
}

func explainEndpoint(e *vb365.EndpointError) (title, advice string) {
	switch e.Reason {
	case vb365.OperatorsOnly:
		return TitleOperatorsOnly, "This REST host has \"Enable restore operator authentication only\" on, so that it administers " +
			"nothing. Point endpoint at a REST host of the same server without that setting, usually the VB365 server itself."
	case vb365.VersionNotServed:
		return TitleVersion, "Leave api_version out to use the newest that the server serves, or choose one of those."
	case vb365.NotVB365:
	}
	return TitleNotVB365, notVB365
}

const notVB365 = "Check host and port: the REST service listens on port 4443 unless that was changed " +
	"(General Options, REST API), the console's port is another. A proxy on the way may answer too."

func explainResponse(e *vb365.ResponseError) (title, advice string) {
	switch {
	case e.Status == http.StatusNotFound && !e.FromVB365:
		return TitleRefused, "This 404 does not come from VB365's REST service itself, so nothing is concluded from it. " +
			"A proxy, a restarting service, or an API version that is no longer served are possible."
	case e.Code == "ProxyOffline":
		return TitleServerTrouble, "A backup proxy is offline. Bring it back or wait, and run again. " + logsHint
	case e.Status == http.StatusTooManyRequests:
		return TitleServerTrouble, "It asked for fewer requests, again and again. Lower max_concurrent_requests or raise max_retries."
	case e.Status >= http.StatusInternalServerError:
		return TitleServerTrouble, "Repetitions did not help. " + logsHint
	case e.Status == http.StatusForbidden:
		return TitleRefused, "The account needs the role Veeam Backup Administrator, or to be a local administrator of the server."
	}
	return TitleRefused, logsHint
}

// Error returns an error diagnostic for an error of a client.
func Error(doing string, err error) diag.Diagnostic {
	title, detail := Explain(doing, err)
	return diag.NewErrorDiagnostic(title, detail)
}

// AddAttributeError adds an error about an attribute. Terraform shows which
// attribute that is only where it belongs to the resource itself: of one that is
// inside another, the text says it.
func AddAttributeError(diags *diag.Diagnostics, at path.Path, title, detail string) {
	diags.AddAttributeError(at, title, within(at)+detail)
}

// AddAttributeWarning is [AddAttributeError] for a warning.
func AddAttributeWarning(diags *diag.Diagnostics, at path.Path, title, detail string) {
	diags.AddAttributeWarning(at, title, within(at)+detail)
}

func within(at path.Path) string {
	var names []string
	for _, step := range at.Steps() {
		if name, ok := step.(path.PathStepAttributeName); ok {
			names = append(names, string(name))
		}
	}
	if len(names) < 2 {
		return ""
	}
	return "In " + strings.Join(names, ".") + ": "
}

// IsConnectionTrouble tells whether err says something about the connection as
// a whole and nothing about what was asked.
func IsConnectionTrouble(err error) bool {
	var (
		setting     *SettingError
		unknown     *UnknownSettingError
		invalid     *InvalidSettingError
		certificate *vb365.CertificateError
		unreachable *vb365.UnreachableError
		login       *vb365.LoginError
		endpoint    *vb365.EndpointError
	)
	return errors.As(err, &invalid) || isEntraTrouble(err) || isPowerShellTrouble(err) || errors.As(err, &setting) || errors.As(err, &unknown) || errors.As(err, &certificate) ||
		errors.As(err, &unreachable) || errors.As(err, &login) || errors.As(err, &endpoint) ||
		errors.Is(err, vb365.ErrNoCredentials)
}

// IsPassing tells errors that another time may not meet from those that stay: a
// plan that could not be checked because of one is a plan nevertheless.
func IsPassing(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if transport, ok := errors.AsType[*vbopowershell.TransportError](err); ok {
		return transport.Reason == vbopowershell.ReasonUnreachable || transport.Reason == vbopowershell.ReasonLost
	}
	if _, ok := errors.AsType[*UnknownSettingError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*entra.UnreachableError](err); ok {
		return true
	}
	if response, ok := errors.AsType[*entra.ResponseError](err); ok {
		return response.Status == http.StatusTooManyRequests || response.Status >= http.StatusInternalServerError
	}
	_, ok := errors.AsType[*vb365.UnreachableError](err)
	return ok
}

// ReportTrouble adds an error for err, but says what is wrong with the
// connection as a whole only once in a run: the first resource that meets it
// fails the run, and the same text from hundreds of others would bury it. It
// tells whether something was added.
func (c *Connections) ReportTrouble(diags *diag.Diagnostics, doing string, err error) bool {
	if c.IsKnownTrouble(doing, err) {
		return false
	}
	diags.Append(Error(doing, err))
	return true
}

// IsKnownTrouble tells whether err is trouble with the connection as a whole that
// this run reported before; if it did not, it has now.
func (c *Connections) IsKnownTrouble(doing string, err error) bool {
	if !IsConnectionTrouble(err) {
		return false
	}
	_, first := c.Notes.Note("trouble: "+err.Error(), doing)
	return !first
}

// ReportUnchecked reports that a plan could not be checked in Microsoft Entra:
// as an error, or as a warning if an apply may fare better. The texts are those
// of err. What is not known before apply is no trouble.
func (c *Connections) ReportUnchecked(diags *diag.Diagnostics, at path.Path, doing string, err error, title, detail string) {
	_, unknown := errors.AsType[*UnknownSettingError](err)
	switch {
	case unknown, c.IsKnownTrouble(doing, err):
	case IsPassing(err):
		diags.AddWarning(TitleNotCheckedEntra, title+". "+detail)
	default:
		diags.AddAttributeError(at, title, detail)
	}
}

// PutBack says what follows from a change that somebody made outside Terraform.
const PutBack = "An apply puts back what the configuration says; one with -refresh-only does not. To keep a change, write it into the " +
	"configuration."

// Bullets writes texts as a list for a diagnostic. Terraform does not wrap lines
// that are indented.
func Bullets(texts []string) string { return "  - " + strings.Join(texts, "\n  - ") }
