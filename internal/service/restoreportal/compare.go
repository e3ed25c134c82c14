package restoreportal

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// hostOf returns the host of an address, without its port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// difference is an attribute that is not as declared, in words.
type difference struct{ attribute, have, want string }

func (d difference) String() string {
	return fmt.Sprintf("%s is %s on the server, and %s in the configuration", d.attribute, orNone(d.have), orNone(d.want))
}

func orNone(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

// differences collects what is not as declared.
type differences []difference

func (d differences) compare(attribute, have, want string) differences {
	if have == want {
		return d
	}
	return append(d, difference{attribute, have, want})
}

func (d differences) compareCertificate(attribute string, have vbopowershell.Certificate, want *vbopowershell.PFX) differences {
	if want == nil || sameThumbprint(have.Thumbprint, want.Thumbprint) {
		return d
	}
	return append(d, difference{attribute, have.Thumbprint, want.Thumbprint})
}

func (d differences) texts() []string {
	texts := make([]string, len(d))
	for i, difference := range d {
		texts[i] = difference.String()
	}
	return texts
}

func onOff(enabled bool) string {
	if enabled {
		return "on"
	}
	return "off"
}

// fromREST tells what REST shows not to be as declared.
func (d declared) fromREST(have vb365.PortalSettings) differences {
	var found differences
	found = found.compare("enabled", onOff(have.IsEnabled), onOff(d.on()))
	found = found.compare("application_id", strings.ToLower(have.ApplicationID), d.applicationID)
	if have.TellsPortalURI {
		found = found.compare("portal_uri", have.PortalURI, d.portalURI)
	}
	if implied := regionsOf(have.AuthorityURI); len(implied) > 0 {
		region := implied[0]
		for _, other := range implied {
			if other == d.region {
				region = other
			}
		}
		found = found.compare("region", region, d.region)
	}
	return found
}

// portalFrom tells what of the portal's own settings is not as declared.
func (d declared) portalFrom(have vbopowershell.RestorePortal) differences {
	var found differences
	found = found.compare("enabled", onOff(have.Enabled), switchText(d.enabled))
	found = found.compare("application_id", strings.ToLower(have.ApplicationID), d.applicationID)
	found = found.compare("portal_uri", have.PortalURI, d.portalURI)
	found = found.compare("region", have.Region, d.region)
	found = found.compareCertificate("certificate", have.Certificate, d.certificate)
	return found
}

func (d declared) authenticationFrom(a *authentication, have vbopowershell.Settings) differences {
	var found differences
	want, ok := d.authentications[a.attribute]
	if !ok {
		return nil
	}
	found = found.compare(a.attribute+".enabled", onOff(a.have(have).Enabled), onOff(want.enabled))
	found = found.compareCertificate(a.attribute+".certificate", a.have(have).Certificate, want.certificate)
	return found
}

// restAPIFrom tells what of the REST service is not as declared; the portal needs
// the service.
func (d declared) restAPIFrom(have vbopowershell.RESTAPI) differences {
	var found differences
	if d.on() {
		found = found.compare("the REST service", onOff(have.Enabled), onOff(true))
	}
	if d.restAPIPort != 0 {
		found = found.compare("rest_api_port", strconv.Itoa(have.HTTPSPort), strconv.Itoa(d.restAPIPort))
	}
	return found
}

// fromShell tells all that is not as declared.
func (d declared) fromShell(have vbopowershell.Settings) differences {
	found := d.restAPIFrom(have.RESTAPI)
	for _, a := range authentications {
		found = append(found, d.authenticationFrom(a, have)...)
	}
	return append(found, d.portalFrom(have.RestorePortal)...)
}

// changes are the cmdlets that make the server as declared, in the order in
// which they work: what the portal needs is turned on before it, and off after it.
func (d declared) changes(have vbopowershell.Settings) []vbopowershell.Change {
	var portal, others []vbopowershell.Change
	if len(d.portalFrom(have.RestorePortal)) > 0 {
		// All values, not those alone that differ: of two runs at once, one wins whole.
		change := d.portalChange()
		if d.certificate != nil && sameThumbprint(have.RestorePortal.Certificate.Thumbprint, d.certificate.Thumbprint) {
			change.Certificate = nil
		}
		portal = append(portal, change)
	}
	if len(d.restAPIFrom(have.RESTAPI)) > 0 {
		change := vbopowershell.SetRESTAPI{Enabled: have.RESTAPI.Enabled || d.on(), HTTPSPort: have.RESTAPI.HTTPSPort}
		if d.restAPIPort != 0 {
			change.HTTPSPort = d.restAPIPort
		}
		others = append(others, change)
	}
	for _, a := range authentications {
		if len(d.authenticationFrom(a, have)) > 0 {
			want := d.authentications[a.attribute]
			if want.certificate != nil && sameThumbprint(a.have(have).Certificate.Thumbprint, want.certificate.Thumbprint) {
				want.certificate = nil
			}
			others = append(others, a.change(want.enabled, want.certificate))
		}
	}
	if d.on() {
		return append(others, portal...)
	}
	return append(portal, others...)
}

func (d declared) portalChange() vbopowershell.SetRestorePortal {
	return vbopowershell.SetRestorePortal{
		Enabled: d.on(), ApplicationID: d.applicationID, PortalURI: d.portalURI, Region: d.region, Certificate: d.certificate,
	}
}

// unverifiedChanges are the cmdlets for an administrator to run, where only REST
// tells what the server has: everything that is declared about the portal, and
// when it is to be turned on also what it needs.
func (d declared) unverifiedChanges(have vb365.PortalSettings) []vbopowershell.Change {
	portal := d.portalChange()
	if have.IsEnabled && strings.EqualFold(have.ApplicationID, d.applicationID) {
		portal.Certificate = nil // the present one serves this application
	}
	var changes []vbopowershell.Change
	if d.on() && !have.IsEnabled {
		for _, a := range authentications {
			if want, ok := d.authentications[a.attribute]; ok {
				changes = append(changes, a.change(want.enabled, want.certificate))
			}
		}
	}
	return append(changes, portal)
}
