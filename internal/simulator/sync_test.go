package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

const contosoPath = "/Organizations/" + simulator.ContosoID

func TestObjectsThatAreNotSynchronizedAreSeenInProductionOnly(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	id := simulator.ContosoID
	paths := map[string]string{
		"user":  "/Users/" + sim.AddUser(id, simulator.User{DisplayName: "New", Unsynced: true}).ID,
		"group": "/Groups/" + sim.AddGroup(id, simulator.Group{DisplayName: "New", Unsynced: true}).ID,
		"site":  "/Sites/" + sim.AddSite(id, simulator.Site{Title: "New", URL: "https://new", Unsynced: true}).ID,
		"team":  "/Teams/" + sim.AddTeam(id, simulator.Team{DisplayName: "New", Mail: "n@c", Unsynced: true}).ID,
	}

	for _, version := range versions() {
		c := login(t, sim, version)

		for kind, path := range paths {
			c.get(contosoPath+path).wantsError(version, http.StatusNotFound, "ResourceNotFound")
			c.get(contosoPath+path+"?dataSource=PreferLocal").wantsError(version, http.StatusNotFound, "ResourceNotFound")

			production := c.get(contosoPath + path + "?dataSource=Production")
			// v6 does not know the parameter.
			if found := production.status == http.StatusOK; found != (version != "v6") {
				t.Errorf("%s %s: status %d", version, kind, production.status)
			}
		}
	}

	c := login(t, sim, "v8")

	for listing, local := range map[string]int{"/Users": 12, "/Groups": 12, "/Sites": 11, "/Teams": 12} {
		if got := len(c.get(contosoPath + listing).results()); got != local {
			t.Errorf("%s: %d locally", listing, got)
		}

		if got := len(c.get(contosoPath + listing + "?dataSource=Production").results()); got != local+1 {
			t.Errorf("%s: %d in production", listing, got)
		}
	}

	c.get(contosoPath + paths["team"] + "?dataSource=PreferLocalResynced").wants(http.StatusOK)
	c.get(contosoPath + paths["user"]).wants(http.StatusOK)
}

func TestOrganizationsWithoutLocalCacheAreReadFromProduction(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	id := sim.AddOrganization(simulator.Organization{Name: "legacy", ExchangeOnline: &simulator.ConnectionSettings{}}).ID
	user := sim.AddUser(id, simulator.User{DisplayName: "New", Unsynced: true})
	c := login(t, sim, "v8")

	c.get("/Organizations/" + id + "/Users/" + user.ID).wants(http.StatusOK)
	c.get("/Organizations/"+id+"/SyncState").wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
	c.do(http.MethodPost, "/Organizations/"+id+"/Sync", map[string]string{"type": "Full"}).
		wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
	c.get("/Organizations/"+simulator.ContosoID+"/SyncState").wantsError("v8", http.StatusNotFound, "ResourceNotFound")
}

func TestSynchronizationsRunForAWhile(t *testing.T) {
	t.Parallel()

	now := newClock()
	sim := start(t, simulator.Options{Clock: now.read, SyncDuration: 10 * time.Minute, TokenLifetime: 24 * time.Hour})
	sim.Seed(simulator.ThreeCustomers())
	user := sim.AddUser(simulator.ContosoID, simulator.User{DisplayName: "New", Unsynced: true})
	c, old := login(t, sim, "v8"), login(t, sim, "v7")
	links := map[string]any{"organization": map[string]any{"href": "/v8/organizations/" + simulator.ContosoID}}
	oldLinks := map[string]any{"organization": map[string]any{"href": "/v7/organizations/" + simulator.ContosoID}}
	first := map[string]any{
		"type": "Full", "result": "Success", "startTime": "2026-05-01T10:00:00+00:00", "endTime": "2026-05-01T10:00:00+00:00",
	}

	wantMap(t, c.get(contosoPath+"/SyncState"), map[string]any{
		"organizationId": simulator.ContosoID, "lastSyncState": first, "_links": links,
	})

	now.advance(time.Hour)
	c.do(http.MethodPost, contosoPath+"/Sync", map[string]string{"type": "Incremental"}).wantsEmpty(http.StatusNoContent)
	c.do(http.MethodPost, contosoPath+"/Sync", map[string]string{"type": "Full"}).
		wantsError("v8", http.StatusConflict, "OperationConflict")

	wantMap(t, c.get(contosoPath+"/SyncState"), map[string]any{
		"organizationId": simulator.ContosoID, "lastSyncState": first, "_links": links,
		"currentSyncState": map[string]any{
			"type": "Incremental", "status": "Running",
			"scheduledTime": "2026-05-01T11:00:00+00:00", "startTime": "2026-05-01T11:00:00+00:00",
		},
	})

	// While it runs, the local cache is bypassed.
	c.get(contosoPath + "/Users/" + user.ID).wants(http.StatusOK)

	now.advance(10 * time.Minute)

	finished := map[string]any{
		"organizationId": simulator.ContosoID, "_links": links,
		"lastSyncState": map[string]any{
			"type": "Incremental", "result": "Success",
			"startTime": "2026-05-01T11:00:00+00:00", "endTime": "2026-05-01T11:10:00+00:00",
		},
	}
	wantMap(t, c.get(contosoPath+"/SyncState"), finished)
	wantMap(t, old.get(contosoPath+"/SyncState"), map[string]any{
		"type": "Incremental", "status": "Success", "lastSyncTime": "2026-05-01T11:10:00+00:00", "_links": oldLinks,
	})
	c.get(contosoPath + "/Users/" + user.ID).wants(http.StatusOK)

	states := c.get("/Organizations/SyncState").objects()
	if len(states) != 3 || cmp.Diff(finished, states[0]) != "" {
		t.Errorf("states %v", states)
	}

	old.do(http.MethodPost, contosoPath+"/Sync", map[string]string{"type": "Full"}).wantsEmpty(http.StatusOK)
}

func TestSynchronizationsThatAreRefused(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	c := login(t, sim, "v8")

	for _, body := range []string{"", "[]", "{}", `{"type":"Partial"}`, `{"type":1}`} {
		c.do(http.MethodPost, contosoPath+"/Sync", body).wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
	}
}
