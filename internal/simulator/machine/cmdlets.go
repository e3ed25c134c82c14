package machine

import (
	"crypto/sha1" //nolint:gosec // Windows names certificates by it
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/powershell"
)

const zeroGUID = "00000000-0000-0000-0000-000000000000"

// Names of parameters and properties.
const (
	enableService        = "EnableService"
	enableAuthentication = "EnableAuthentication"
	certificateFilePath  = "CertificateFilePath"
	certificatePassword  = "CertificatePassword"
	authTokenLifeTime    = "AuthTokenLifeTime"
	httpsPort            = "HTTPSPort"
	enableSwaggerUI      = "EnableSwaggerUI"
	operatorsOnly        = "EnableOperatorAuthenticationOnly"
	applicationID        = "ApplicationId"
	portalURI            = "PortalUri"
	region               = "Region"
)

func certificateParameters(others ...powershell.Parameter) []powershell.Parameter {
	return append(others, powershell.Parameter{Name: certificateFilePath, Kind: powershell.String},
		powershell.Parameter{Name: certificatePassword, Kind: powershell.Secret})
}

// class is where the module has its cmdlets, and enums its enumerations.
const (
	class = "Veeam.Archiver.PowerShell.Cmdlets."
	enums = "Veeam.Archiver.PowerShell.Model.Enums."
)

// cmdlets are those of the module that have to do with the restore portal.
func (m *Machine) cmdlets() []*powershell.Cmdlet {
	list := []*powershell.Cmdlet{
		{Name: "Get-VBORestorePortalSettings", Run: m.getPortal},
		{Name: "Get-VBORestAPISettings", Run: m.getRESTAPI},
		{Name: "Get-VBOOperatorAuthenticationSettings", Run: m.getAuthentication(operators)},
		{Name: "Get-VBOTenantAuthenticationSettings", Run: m.getAuthentication(tenants)},
		{
			Name: "Set-VBORestorePortalSettings", Run: m.setPortalSettings,
			Parameters: certificateParameters(
				powershell.Parameter{Name: enableService, Kind: powershell.Switch},
				powershell.Parameter{Name: applicationID, Kind: powershell.ID},
				powershell.Parameter{Name: portalURI, Kind: powershell.String},
				powershell.Parameter{Name: region, Kind: powershell.String, Enum: enums + "VBOOffice365Region", Values: []string{
					string(simulator.Worldwide), string(simulator.Germany), string(simulator.China),
					string(simulator.USDefence), string(simulator.USGovernment),
				}}),
		},
		{
			Name: "Set-VBORestAPISettings", Run: m.setRESTAPI,
			Parameters: certificateParameters(m.restAPIParameters()...),
		},
		{
			Name: "Set-VBOOperatorAuthenticationSettings", Run: m.setAuthentication(operators),
			Parameters: certificateParameters(powershell.Parameter{Name: enableAuthentication, Kind: powershell.Switch}),
		},
		{
			Name: "Set-VBOTenantAuthenticationSettings", Run: m.setAuthentication(tenants),
			Parameters: certificateParameters(powershell.Parameter{Name: enableAuthentication, Kind: powershell.Switch}),
		},
		{Name: "Get-VBOVersion", Run: func(c *powershell.Call) error {
			return c.Write(powershell.NewObject("ProductVersion", m.sim.Options().ProductVersion))
		}},
		{Name: "Connect-VBOServer", Run: m.connect, Parameters: []powershell.Parameter{
			{Name: "Server", Kind: powershell.String}, {Name: "Port", Kind: powershell.Int}, {Name: "Credential", Kind: powershell.Any},
		}},
		{Name: "Disconnect-VBOServer", Run: func(*powershell.Call) error { return nil }},
	}
	for _, c := range list {
		c.Class = class + strings.ReplaceAll(c.Name, "-", "")
		c.Run = m.guarded(c.Name, c.Run)
	}
	return list
}

// restAPIParameters are those that the product's version has.
func (m *Machine) restAPIParameters() []powershell.Parameter {
	all := []powershell.Parameter{
		{Name: enableService, Kind: powershell.Switch}, {Name: authTokenLifeTime, Kind: powershell.Int}, {Name: httpsPort, Kind: powershell.Int},
	}
	if m.product() < leastCore {
		return all
	}
	return append(all, powershell.Parameter{Name: enableSwaggerUI, Kind: powershell.Switch},
		powershell.Parameter{Name: operatorsOnly, Kind: powershell.Switch})
}

// connect is for other machines: sessions on the server itself need it not.
func (*Machine) connect(c *powershell.Call) error {
	server, given := c.Bound["Server"].(string)
	if given && !strings.EqualFold(server, "VB365") {
		return powershell.Fail("ConnectionFailed", "Failed to connect to the server %s.", server)
	}
	return nil
}

// guarded puts what the knobs say around a cmdlet.
func (m *Machine) guarded(name string, run func(*powershell.Call) error) func(*powershell.Call) error {
	return func(c *powershell.Call) error {
		options := m.Options()
		if options.Before != nil {
			if err := options.Before(name); err != nil {
				return err
			}
		}
		if options.KillBefore == name && m.kills() {
			return powershell.ErrKilled
		}
		select {
		case <-c.Killed():
		case <-time.After(options.delay(name)):
		}
		select { // both may be true
		case <-c.Killed():
			return powershell.ErrKilled
		default:
		}
		if err := m.refusal(name, options); err != nil {
			return err
		}
		if strings.HasPrefix(name, "Set-") && options.Warning != "" {
			c.Warn(options.Warning)
		}
		var err error
		if options.Empty != name {
			err = run(c)
		}
		if options.After != nil {
			options.After(name)
		}
		if options.KillAfter == name && err == nil && m.kills() {
			return powershell.ErrKilled
		}
		return err
	}
}

// kills tells whether the process is to die once more.
func (m *Machine) kills() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.killed++
	return m.options.KillTimes == 0 || m.killed <= m.options.KillTimes
}

func (m *Machine) refusal(name string, options Options) error {
	switch {
	case options.MultiFactor:
		return powershell.Fail("LoginFailed", "Multi-factor authentication is enabled for this account. "+
			"Non-interactive sessions are not supported.")
	case options.NoRights:
		return powershell.Fail("AccessDenied", "Access denied. The user account does not have sufficient permissions to perform this operation.")
	case options.Fail != name:
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if options.FailTimes > 0 && m.failed >= options.FailTimes {
		return nil
	}
	m.failed++
	return powershell.Fail("Failure", "%s", options.FailMessage)
}

// object adds what a certificate shows to an object.
func (m *Machine) object(certificate simulator.Certificate, pairs ...any) *powershell.Object {
	var expires any = certificate.Expires.Local() //nolint:gosmopolitan // as .NET does
	if certificate.Thumbprint == "" {
		expires = time.Time{}
		if m.Options().NullDates {
			expires = nil
		}
	}
	return powershell.NewObject(append(pairs,
		"CertificateThumbprint", certificate.Thumbprint, "CertificateIssuedTo", certificate.IssuedTo,
		"CertificateIssuedBy", certificate.IssuedBy, "CertificateFriendlyName", "", "CertificateExpirationDate", expires)...)
}

func (m *Machine) getPortal(c *powershell.Call) error {
	s := m.portal()
	id := s.ApplicationID
	if id == "" {
		id = zeroGUID
	}
	shown := s.Region
	if shown == "" {
		shown = simulator.Worldwide
	}
	return c.Write(m.object(s.Certificate, "IsServiceEnabled", s.Enabled, region, string(shown), applicationID, powershell.GUID(id), portalURI, s.URI))
}

func (m *Machine) getRESTAPI(c *powershell.Call) error {
	s := m.sim.Service()
	shown := m.object(s.Certificate, "IsServiceEnabled", !s.Disabled, httpsPort, int64(m.sim.Port()),
		authTokenLifeTime, int64(m.sim.Options().TokenLifetime.Minutes()))
	if m.product() >= leastCore {
		shown.Set(enableSwaggerUI, s.SwaggerUI)
		shown.Set(operatorsOnly, m.sim.Options().OperatorOnly)
	}
	return c.Write(shown)
}

// A login is one of the two ways to log in to the REST service.
type login func(*simulator.ServiceSettings) *simulator.AuthenticationSettings

func operators(s *simulator.ServiceSettings) *simulator.AuthenticationSettings {
	return &s.OperatorAuthentication
}

func tenants(s *simulator.ServiceSettings) *simulator.AuthenticationSettings {
	return &s.TenantAuthentication
}

func (m *Machine) getAuthentication(of login) func(*powershell.Call) error {
	return func(c *powershell.Call) error {
		service := m.sim.Service()
		s := of(&service)
		return c.Write(m.object(s.Certificate, "AuthenticationEnabled", s.Enabled))
	}
}

func (m *Machine) setAuthentication(of login) func(*powershell.Call) error {
	return func(c *powershell.Call) error {
		service := m.sim.Service()
		s := of(&service)
		m.flip(c, enableAuthentication, &s.Enabled)
		if err := m.takeCertificate(c, &s.Certificate); err != nil {
			return err
		}
		if s.Enabled && s.Certificate.Thumbprint == "" {
			return powershell.Fail("InvalidOperation", "A certificate must be specified to enable authentication.")
		}
		return m.save(c, false, func() { m.sim.SetService(service) })
	}
}

func (m *Machine) setPortalSettings(c *powershell.Call) error {
	s := m.portal()
	m.flip(c, enableService, &s.Enabled)
	if id, ok := c.Bound[applicationID].(powershell.GUID); ok {
		s.ApplicationID = string(id)
	}
	if uri, ok := c.Bound[portalURI].(string); ok {
		if parsed, err := url.Parse(uri); err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" {
			return powershell.Fail("ArgumentException", "The Restore Portal URI is invalid: %s", uri)
		}
		s.URI = uri
	}
	if name, ok := c.Bound[region].(string); ok {
		s.Region = simulator.Region(name)
	}
	if err := m.takeCertificate(c, &s.Certificate); err != nil {
		return err
	}
	service := m.sim.Service()
	switch {
	case !s.Enabled:
	case s.ApplicationID == "" || s.Certificate.Thumbprint == "":
		return powershell.Fail("InvalidOperation", "An application ID and a certificate must be specified to enable Restore Portal.")
	case m.Options().PortalWithoutOperators:
	case service.Disabled:
		return powershell.Fail("InvalidOperation", "The REST API service must be enabled to use Restore Portal.")
	case !service.OperatorAuthentication.Enabled:
		return powershell.Fail("InvalidOperation", "Restore operator authentication must be enabled to use Restore Portal.")
	}
	return m.save(c, false, func() { m.setPortal(s) })
}

func (m *Machine) setRESTAPI(c *powershell.Call) error {
	service := m.sim.Service()
	enabled := !service.Disabled
	m.flip(c, enableService, &enabled)
	service.Disabled = !enabled
	m.flip(c, enableSwaggerUI, &service.SwaggerUI)
	only := m.sim.Options().OperatorOnly
	m.flip(c, operatorsOnly, &only)
	if err := m.takeCertificate(c, &service.Certificate); err != nil {
		return err
	}
	lifetime := m.sim.Options().TokenLifetime
	if given, ok := c.Bound[authTokenLifeTime].(int64); ok {
		if given < 1 {
			return powershell.Fail("ArgumentOutOfRange", "The lifetime of tokens %d is out of range.", given)
		}
		lifetime = time.Duration(given) * time.Minute
	}
	port := m.sim.Port()
	if given, ok := c.Bound[httpsPort].(int64); ok {
		if given < 1 || given > 65535 {
			return powershell.Fail("ArgumentOutOfRange", "The port number %d is out of range.", given)
		}
		port = int(given)
	}
	return m.save(c, true, func() {
		m.sim.SetService(service)
		m.sim.Configure(func(o *simulator.Options) { o.OperatorOnly, o.TokenLifetime = only, lifetime })
		m.restart(port)
	})
}

// flip sets a setting to what a switch says.
func (m *Machine) flip(c *powershell.Call, name string, setting *bool) {
	value, given := c.Bound[name].(bool)
	if given {
		*setting = value
	} else if m.Options().OmittedSwitchIsOff {
		*setting = false
	}
}

// save applies a change, as the knobs allow it.
func (m *Machine) save(_ *powershell.Call, restarts bool, apply func()) error {
	options := m.Options()
	if options.IgnoreChanges {
		return nil
	}
	apply()
	if !restarts && options.RestartAlways {
		m.restart(m.sim.Port())
	}
	return nil
}

func (m *Machine) restart(port int) {
	options := m.Options()
	// A port that is taken is the real server's trouble too: the service stays where it is.
	_ = m.sim.Restart(port, options.RestDown)
	if !options.KeepTokens {
		m.sim.ExpireTokens()
		m.sim.RevokeRefreshTokens()
	}
}

func cryptographic(text string) *powershell.Error {
	return &powershell.Error{
		Message: text, ID: "System.Security.Cryptography.CryptographicException", Type: "System.Security.Cryptography.CryptographicException",
	}
}

// takeCertificate reads the file of a certificate, if one is given.
func (m *Machine) takeCertificate(c *powershell.Call, into *simulator.Certificate) error {
	path, given := c.Bound[certificateFilePath].(string)
	if !given {
		return nil
	}
	data, exists := m.ReadFile(path)
	if !exists {
		return &powershell.Error{
			Message: fmt.Sprintf("Could not find file '%s'.", path), ID: fileNotFound, Type: fileNotFound,
		}
	}
	var password string
	if secret, ok := c.Bound[certificatePassword].(*powershell.SecureString); ok {
		password = secret.Reveal()
	} else if m.Options().RefuseEmptyPassword {
		return powershell.Fail("ArgumentException", "A password for the certificate must be specified.")
	}
	key, certificate, _, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return cryptographic("The specified network password is not correct.")
	case err != nil && strings.Contains(err.Error(), "private key"):
		return cryptographic("The certificate has no private key.")
	case err != nil || key == nil:
		return cryptographic("Cannot find the requested object.")
	}
	sum := sha1.Sum(certificate.Raw) //nolint:gosec // a name
	*into = simulator.Certificate{
		Thumbprint: strings.ToUpper(hex.EncodeToString(sum[:])), Expires: certificate.NotAfter,
		IssuedTo: certificate.Subject.CommonName, IssuedBy: certificate.Issuer.String(),
	}
	return nil
}
