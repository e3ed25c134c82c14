package simulator_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestPortalSettingsAreOpenToEverybody(t *testing.T) {
	t.Parallel()

	const applicationID = "2b1d4885-989e-4cba-b8bd-3b13520358b8"

	configured := simulator.PortalSettings{Enabled: true, ApplicationID: applicationID, URI: "https://portal.abc.com:4443"}
	region := func(region simulator.Region) simulator.PortalSettings {
		settings := configured
		settings.Region = region

		return settings
	}
	custom := configured
	custom.AuthorityURI = "https://login.example.com/tenant"

	shown := func(authority string) map[string]any {
		return map[string]any{
			"applicationId": applicationID, "isEnabled": true,
			"msalAuthorityUri": authority, "restorePortalUri": "https://portal.abc.com:4443",
		}
	}

	tests := map[string]struct {
		settings simulator.PortalSettings
		want     map[string]any
	}{
		"never configured": {simulator.PortalSettings{}, map[string]any{
			"applicationId": zeroGUID, "isEnabled": false, "msalAuthorityUri": "", "restorePortalUri": "",
		}},
		"no region":     {configured, shown("https://login.microsoftonline.com/organizations")},
		"Worldwide":     {region(simulator.Worldwide), shown("https://login.microsoftonline.com/organizations")},
		"USGovernment":  {region(simulator.USGovernment), shown("https://login.microsoftonline.us/organizations")},
		"USDefence":     {region(simulator.USDefence), shown("https://login.microsoftonline.us/organizations")},
		"China":         {region(simulator.China), shown("https://login.partner.microsoftonline.cn/organizations")},
		"own authority": {custom, shown("https://login.example.com/tenant")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			sim.SetPortal(test.settings)

			if diff := cmp.Diff(test.settings, sim.Portal()); diff != "" {
				t.Error(diff)
			}

			for _, version := range versions() {
				want := test.want

				// v6 shows neither addresses.
				if version == "v6" {
					want = map[string]any{"applicationId": want["applicationId"], "isEnabled": want["isEnabled"]}
				}

				wantMap(t, newClient(t, sim, version).get("/RestorePortalSettings"), want)
				wantMap(t, login(t, sim, version).get("/RestorePortalSettings"), want)
			}
		})
	}
}

func TestPortalSettingsIgnoreBadTokens(t *testing.T) {
	t.Parallel()

	c := newClient(t, start(t, simulator.Options{}), "v8")
	c.access = "nonsense"
	c.get("/RestorePortalSettings").wants(http.StatusOK)
}

func TestServiceInstances(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{ProductVersion: "8.1.0.305", InstallationID: "0a0b0c0d-0000-4000-8000-000000000001"})

	for _, version := range versions() {
		newClient(t, sim, version).get("/ServiceInstance").wantsEmpty(http.StatusUnauthorized)
		wantMap(t, login(t, sim, version).get("/ServiceInstance"), map[string]any{
			"version": "8.1.0.305", "installationId": "0a0b0c0d-0000-4000-8000-000000000001",
		})
	}
}

func TestHealthIsOpenToEverybody(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := newClient(t, sim, "v8")

	healthy := map[string]any{"status": "Healthy"}
	wantMap(t, c.get("/Health"), map[string]any{
		"status": "Healthy", "entries": map[string]any{"NATS": healthy, "PostgreSQL": healthy},
	})

	sim.Configure(func(o *simulator.Options) { o.Unhealthy = true })
	wantMap(t, c.get("/Health"), map[string]any{"status": "Unhealthy", "entries": map[string]any{
		"NATS":       healthy,
		"PostgreSQL": map[string]any{"status": "Unhealthy", "description": "The database server does not answer."},
	}})
}
