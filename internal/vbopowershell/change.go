package vbopowershell

import (
	"strconv"
	"strings"
)

// Names of the cmdlets that change settings.
const (
	cmdletRESTAPI       = "Set-VBORestAPISettings"
	cmdletOperators     = "Set-VBOOperatorAuthenticationSettings"
	cmdletTenants       = "Set-VBOTenantAuthenticationSettings"
	cmdletRestorePortal = "Set-VBORestorePortalSettings"
)

// Change is a call of one cmdlet: [SetRESTAPI], [SetOperatorAuthentication],
// [SetTenantAuthentication] or [SetRestorePortal].
type Change interface {
	// Cmdlet is the name of the cmdlet.
	Cmdlet() string

	values() changeValues
	pfx() *PFX
	// file names the certificate's file for people.
	file() string
	parameters() []parameter
}

// changeValues is a change as the script takes it.
type changeValues struct {
	Settings      string `json:"settings"`
	Enabled       bool   `json:"enabled"`
	HTTPSPort     int    `json:"httpsPort,omitempty"`
	ApplicationID string `json:"applicationId,omitempty"`
	PortalURI     string `json:"portalUri,omitempty"`
	Region        string `json:"region,omitempty"`
	Certificate   bool   `json:"certificate"`
}

// SetRESTAPI enables or disables the REST service, on a port. The service
// restarts.
type SetRESTAPI struct {
	Enabled   bool
	HTTPSPort int
}

// SetOperatorAuthentication enables or disables the authentication of restore
// operators. Without a certificate, the present one stays.
type SetOperatorAuthentication struct {
	Enabled     bool
	Certificate *PFX
}

// SetTenantAuthentication enables or disables the authentication of tenants.
// Without a certificate, the present one stays.
type SetTenantAuthentication struct {
	Enabled     bool
	Certificate *PFX
}

// SetRestorePortal enables or disables the portal. What is empty stays as it is.
type SetRestorePortal struct {
	Enabled                          bool
	ApplicationID, PortalURI, Region string
	Certificate                      *PFX
}

// Cmdlet implements [Change].
func (SetRESTAPI) Cmdlet() string { return cmdletRESTAPI }

// Cmdlet implements [Change].
func (SetOperatorAuthentication) Cmdlet() string { return cmdletOperators }

// Cmdlet implements [Change].
func (SetTenantAuthentication) Cmdlet() string { return cmdletTenants }

// Cmdlet implements [Change].
func (SetRestorePortal) Cmdlet() string { return cmdletRestorePortal }

func (c SetRESTAPI) values() changeValues {
	return changeValues{Settings: "restApi", Enabled: c.Enabled, HTTPSPort: c.HTTPSPort}
}

func (c SetOperatorAuthentication) values() changeValues {
	return changeValues{Settings: "operatorAuthentication", Enabled: c.Enabled, Certificate: c.Certificate != nil}
}

func (c SetTenantAuthentication) values() changeValues {
	return changeValues{Settings: "tenantAuthentication", Enabled: c.Enabled, Certificate: c.Certificate != nil}
}

func (c SetRestorePortal) values() changeValues {
	return changeValues{
		Settings: "restorePortal", Enabled: c.Enabled, ApplicationID: c.ApplicationID, PortalURI: c.PortalURI,
		Region: c.Region, Certificate: c.Certificate != nil,
	}
}

func (SetRESTAPI) pfx() *PFX                  { return nil }
func (c SetOperatorAuthentication) pfx() *PFX { return c.Certificate }
func (c SetTenantAuthentication) pfx() *PFX   { return c.Certificate }
func (c SetRestorePortal) pfx() *PFX          { return c.Certificate }

func (SetRESTAPI) file() string                { return "" }
func (SetOperatorAuthentication) file() string { return "operators" }
func (SetTenantAuthentication) file() string   { return "tenants" }
func (SetRestorePortal) file() string          { return "portal" }

// parameter is a parameter of a cmdlet with its value as PowerShell text.
type parameter struct{ name, value string }

func (c SetRESTAPI) parameters() []parameter {
	return []parameter{{"EnableService", truth(c.Enabled)}, {"HTTPSPort", strconv.Itoa(c.HTTPSPort)}}
}

func (c SetOperatorAuthentication) parameters() []parameter {
	return []parameter{{"EnableAuthentication", truth(c.Enabled)}}
}

func (c SetTenantAuthentication) parameters() []parameter {
	return []parameter{{"EnableAuthentication", truth(c.Enabled)}}
}

func (c SetRestorePortal) parameters() []parameter {
	parameters := []parameter{{"EnableService", truth(c.Enabled)}}
	for _, p := range []parameter{{"ApplicationId", c.ApplicationID}, {"PortalUri", c.PortalURI}, {"Region", c.Region}} {
		if p.value != "" {
			parameters = append(parameters, parameter{p.name, Quote(p.value)})
		}
	}
	return parameters
}

func truth(b bool) string {
	if b {
		return "$true"
	}
	return "$false"
}

// Quote writes s as a PowerShell string that stands for exactly s, whatever it
// holds. PowerShell takes typographic quotation marks for plain ones.
func Quote(s string) string {
	var quoted strings.Builder
	quoted.WriteByte('\'')
	for _, r := range s {
		switch r {
		case '\'', '‘', '’', '‚', '‛':
			quoted.WriteRune(r)
		}
		quoted.WriteRune(r)
	}
	quoted.WriteByte('\'')
	return quoted.String()
}

// Commands writes the changes as PowerShell for an administrator to paste into a
// session on the server. Where there is a certificate, the text names a file to
// put the PFX into and asks for the password: it holds no secret.
func Commands(modulePath string, changes ...Change) string {
	if modulePath == "" {
		modulePath = DefaultModulePath
	}
	// One block: of lines pasted one by one, Read-Host would take the next for the
	// password.
	lines := []string{"& {", "    Import-Module " + Quote(modulePath)}
	for _, c := range changes {
		words := []string{c.Cmdlet()}
		for _, p := range c.parameters() {
			separator := " "
			if strings.HasPrefix(p.value, "$") {
				separator = ":" // a switch takes its value so only
			}
			words = append(words, "-"+p.name+separator+p.value)
		}
		if c.pfx() != nil {
			words = append(words, `-CertificateFilePath 'C:\path\to\`+c.file()+`.pfx'`,
				"-CertificatePassword (Read-Host -AsSecureString -Prompt 'Password of "+c.file()+".pfx')")
		}
		lines = append(lines, "    "+strings.Join(words, " "))
	}
	return strings.Join(append(lines, "}"), "\n")
}
