package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestPathsIgnoreCase(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())

	for _, version := range []string{"v8", "V7", "v6"} {
		c := login(t, sim, strings.ToLower(version))
		c.version = version

		for _, path := range []string{
			"/rbacroles", "/RBACROLES", "/RbacRoles", "/serviceinstance", "/restorePortalSettings",
			"/organizations/" + simulator.ContosoID + "/groups",
			"/ORGANIZATIONS/" + strings.ToUpper(simulator.ContosoID) + "/GROUPS",
		} {
			if got := c.get(path).status; got != http.StatusOK {
				t.Errorf("%s %s: status %d", version, path, got)
			}
		}
	}
}

func TestVersionsThatAreNotServedAreNotFound(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{Versions: []string{"v7"}})

	for version, status := range map[string]int{
		"v5": http.StatusNotFound, "v6": http.StatusNotFound, "v7": http.StatusUnauthorized,
		"v8": http.StatusNotFound, "v9": http.StatusNotFound, "api": http.StatusNotFound,
	} {
		c := newClient(t, sim, version)
		c.get("/ServiceInstance").wantsEmpty(status)
	}

	newClient(t, sim, "v8").get("/RestorePortalSettings").wantsEmpty(http.StatusNotFound)
	newClient(t, sim, "v8").token(newClient(t, sim, "v8").password()).wantsEmpty(http.StatusNotFound)
}

func TestPathsThatNoVersionHasAreNotFound(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	contoso := "/Organizations/" + simulator.ContosoID

	for _, version := range versions() {
		c := login(t, sim, version)

		for _, path := range []string{
			"/", "", "/Nonsense", "/RbacRoles/", "//RbacRoles", "/RbacRoles/a/b/c/d", contoso + "/Groups/a/Members/b",
			contoso + "/Groups/" + "with/slash", "/Organization", "/token/refresh",
		} {
			c.get(path).wantsEmpty(http.StatusNotFound)
		}
	}
}

func TestResourcesThatAVersionLacksAreNotFound(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	contoso := "/Organizations/" + simulator.ContosoID

	tests := map[string]struct {
		version, method, path string
		status                int
	}{
		"v6 has no health":                     {"v6", http.MethodGet, "/Health", 404},
		"v7 has no health":                     {"v7", http.MethodGet, "/Health", 404},
		"v8 has":                               {"v8", http.MethodGet, "/Health", 200},
		"v6 has no synchronization state":      {"v6", http.MethodGet, contoso + "/SyncState", 404},
		"v7 has":                               {"v7", http.MethodGet, contoso + "/SyncState", 200},
		"v6 has no synchronization":            {"v6", http.MethodPost, contoso + "/Sync", 404},
		"v6 has no authorization codes":        {"v6", http.MethodPost, "/token/AuthCode", 404},
		"v8 has all synchronization states":    {"v8", http.MethodGet, "/Organizations/SyncState", 200},
		"to v7 SyncState is a wrong id":        {"v7", http.MethodGet, "/Organizations/SyncState", 400},
		"roles cannot be patched":              {"v8", http.MethodPatch, "/RbacRoles/" + simulator.ContosoID, 405},
		"lists of a role cannot be replaced":   {"v8", http.MethodPut, "/RbacRoles/" + simulator.ContosoID + "/operators", 405},
		"roles are not created without parent": {"v8", http.MethodPost, "/RbacRoles", 405},
		"portal settings cannot be written":    {"v8", http.MethodPut, "/RestorePortalSettings", 405},
		"organizations cannot be deleted":      {"v8", http.MethodDelete, contoso, 405},
		"tokens cannot be read":                {"v8", http.MethodGet, "/token", 405},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := login(t, sim, test.version)

			got := c.send(test.method, test.path, "", c.access, nil).wants(test.status)
			if test.status == http.StatusNotFound || test.status == http.StatusMethodNotAllowed {
				got.wantsEmpty(test.status)
			}
		})
	}
}

func TestLongRequestLinesAreRefused(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	role := addRole(t, sim)
	c := login(t, sim, "v8")

	c.delete("/RbacRoles/" + role.ID + "/operators?ids=" + strings.Repeat("x", 8<<10)).wantsEmpty(http.StatusRequestURITooLong)
	c.delete("/RbacRoles/" + role.ID + "/operators?ids=" + strings.Repeat("x", 4<<10)).wants(http.StatusNotFound)

	sim.Configure(func(o *simulator.Options) { o.MaxRequestLine = 1 << 10 })
	c.delete("/RbacRoles/" + role.ID + "/operators?ids=" + strings.Repeat("x", 4<<10)).wantsEmpty(http.StatusRequestURITooLong)
}

func TestBothProtocolsAreServed(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := login(t, sim, "v8")

	if got := c.get("/ServiceInstance").proto; got != "HTTP/2.0" {
		t.Errorf("%s, want HTTP/2", got)
	}

	c = newClient(t, sim, "v8")
	c.oldProtocol()
	c.accept(c.token(c.password()), http.StatusOK)

	if got := c.get("/ServiceInstance").proto; got != "HTTP/1.1" {
		t.Errorf("%s, want HTTP/1.1", got)
	}
}

// addRole gives Contoso a role with one operator, one selected and one excluded
// item.
func addRole(t *testing.T, sim *simulator.Server) simulator.Role {
	t.Helper()

	users, groups := sim.Users(simulator.ContosoID), sim.Groups(simulator.ContosoID)

	return sim.AddRole(simulator.Role{
		OrganizationID: simulator.ContosoID,
		Name:           "Helpdesk",
		Description:    "First line",
		Operators:      []simulator.Entry{simulator.GroupEntry(groups[0])},
		SelectedItems:  []simulator.Entry{simulator.GroupEntry(groups[3])},
		ExcludedItems:  []simulator.Entry{simulator.UserEntry(users[0])},
	})
}
