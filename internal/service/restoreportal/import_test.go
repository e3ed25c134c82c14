package restoreportal_test

import (
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

const importBlock = "import {\n  to = vb365_restore_portal.this\n  id = \"any\"\n}\n"

// An import may not know the region. What it does not know, no declaration differs
// from.
func TestAccWithoutPowerShellWhateverRESTShowsCanBeImported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options  simulator.Options
		version  string
		settings simulator.PortalSettings
		lines    []string
	}{
		"an authority of two regions": {
			settings: simulator.PortalSettings{Enabled: true, Region: simulator.USDefence}, lines: []string{`region = "USDefence"`},
		},
		"the other of the two": {
			settings: simulator.PortalSettings{Enabled: true, Region: simulator.USGovernment}, lines: []string{`region = "USGovernment"`},
		},
		"v6": {settings: simulator.PortalSettings{Enabled: true}, version: "v6"},
		"v6 with an authority": {
			options: simulator.Options{AuthorityInV6: true}, settings: simulator.PortalSettings{Enabled: true}, version: "v6",
		},
		"a portal that is off and hides most": {
			options: simulator.Options{HideAuthorityWhileOff: true, HideURIWhileOff: true}, lines: []string{"enabled = false"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := acctest.Start(t, c.options)
			if c.version != "" {
				env.Settings["VB365_API_VERSION"] = c.version
			}
			c.settings.ApplicationID, c.settings.URI = application, portalURI
			env.SetPortal(c.settings)
			w := env.Workspace(t, importBlock+wanted(c.lines...))
			w.MustRun(t, "apply", "-auto-approve")
			w.MustRun(t, "plan", "-detailed-exitcode")
			// And without an import: it is adopted.
			w = env.Workspace(t, wanted(c.lines...))
			w.MustRun(t, "apply", "-auto-approve")
			w.MustRun(t, "plan", "-detailed-exitcode")
		})
	}
}

func TestAccWithPowerShellAnImportConverges(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	env.Workspace(t, full(env, portal, operators)).MustRun(t, "apply", "-auto-approve")
	w := env.Workspace(t, importBlock+full(env, portal, operators))
	w.MustRun(t, "apply", "-auto-approve")
	w.MustRun(t, "plan", "-detailed-exitcode")
}

// An address that somebody empties is drift, too.
func TestAccWithoutPowerShellAnEmptiedAddressIsSeen(t *testing.T) {
	t.Parallel()
	env := startVerified(t)
	w := env.Workspace(t, wanted())
	w.MustRun(t, "apply", "-auto-approve")
	setPortal(env, func(s *simulator.PortalSettings) { s.URI = "" })
	says(t, w.MustRun(t, "plan", "-no-color"), "portal_uri was "+portalURI+" and is empty, changed outside Terraform")
}

// An ordinary plan precedes every destroy, and has other resources to plan.
func TestAccAnInstalledCertificateThatExpiredStopsNoPlan(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	portal, expired := newPFX(t, "portal", year), newPFX(t, "expired", -year)
	env.SetPortal(simulator.PortalSettings{
		Enabled: true, ApplicationID: application, URI: uriOf(env), Region: simulator.Worldwide,
		Certificate: simulator.Certificate{Thumbprint: expired.thumbprint, Expires: expired.notAfter},
	})
	service := env.Service()
	service.OperatorAuthentication = simulator.AuthenticationSettings{
		Enabled: true, Certificate: simulator.Certificate{Thumbprint: portal.thumbprint, Expires: portal.notAfter},
	}
	env.SetService(service)
	w := env.Workspace(t, importBlock+full(env, expired, portal))
	says(t, w.MustRun(t, "apply", "-auto-approve", "-no-color"), "Warning: The certificate has expired")
	w.MustRun(t, "plan", "-detailed-exitcode")
	w.MustRun(t, "destroy", "-auto-approve")
	if env.Portal().Enabled {
		t.Error("the portal is on")
	}
}
