package simulator_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestTheThreeCustomersAreAlwaysTheSame(t *testing.T) {
	t.Parallel()

	first, second := simulator.ThreeCustomers(), simulator.ThreeCustomers()
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}

	ids := make(map[string]bool)

	for _, organization := range first.Organizations {
		if len(organization.Users) != 12 || len(organization.Groups) != 12 || len(organization.Sites) != 12 || len(organization.Teams) != 12 {
			t.Errorf("%s does not have a dozen of each", organization.Name)
		}

		ids[organization.ID] = true

		for _, user := range organization.Users {
			ids[user.ID] = true
		}

		for _, group := range organization.Groups {
			ids[group.ID] = true
		}

		for _, site := range organization.Sites {
			ids[site.ID] = true
		}

		for _, team := range organization.Teams {
			ids[team.ID] = true
		}
	}

	if len(ids) != 3*(1+4*12) {
		t.Errorf("%d different ids", len(ids))
	}

	eve := first.Organizations[0].Users[3]
	if eve.DisplayName != "Eve Adams" || eve.ID != "c0000001-0002-4000-8000-000000000004"+zeroGUID {
		t.Errorf("examples name %+v", eve)
	}
}

func TestSnapshotsMakeTheSameServerAgain(t *testing.T) {
	t.Parallel()

	original := start(t, simulator.Options{})
	original.Seed(simulator.ThreeCustomers())
	addRole(t, original)
	original.AddRole(simulator.Role{OrganizationID: simulator.FabrikamID, Name: "Odd", SelectedItems: []simulator.Entry{
		{Type: "PersonalSites", Extra: map[string]json.RawMessage{"all": json.RawMessage("true")}},
	}})
	original.AddOrganization(simulator.Organization{
		Name: "hybrid", Type: simulator.Hybrid, BackedUp: true, FirstBackup: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	})

	seed, err := simulator.ParseSeed([]byte(encoded(t, original.Snapshot())))
	if err != nil {
		t.Fatal(err)
	}

	again := start(t, simulator.Options{})
	again.Seed(seed)

	if diff := cmp.Diff(original.Snapshot(), again.Snapshot(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestSeedsInFull(t *testing.T) {
	t.Parallel()

	seed, err := simulator.ParseSeed([]byte(`{
		"organizations": [{
			"id": "c0000001-0000-4000-8000-000000000000",
			"name": "contoso.onmicrosoft.com",
			"users": [{"displayName": "Eve Adams", "name": "eve@contoso.com", "objectId": "c0000001-0002-4000-8000-000000000001"}],
			"groups": [{"displayName": "Sales", "type": "Office365"}],
			"sites": [{"title": "Intranet", "url": "https://contoso.sharepoint.com"}],
			"teams": [{"displayName": "Board", "mail": "board@contoso.com"}],
			"roles": [{
				"name": "Helpdesk",
				"operators": [{"type": "User", "user": {"id": "c0000001-0002-4000-8000-000000000001", "displayName": "Eve", "name": "eve", "type": "User"}}]
			}]
		}],
		"portal": {"enabled": true, "applicationId": "2b1d4885-989e-4cba-b8bd-3b13520358b8", "portalUri": "https://portal.contoso.com:4443"}
	}`))
	if err != nil {
		t.Fatal(err)
	}

	sim := start(t, simulator.Options{})
	sim.Seed(seed)

	id := sim.Organizations()[0].ID
	if len(sim.Users(id)) != 1 || len(sim.Groups(id)) != 1 || len(sim.Sites(id)) != 1 || len(sim.Teams(id)) != 1 {
		t.Errorf("%+v", sim.Snapshot())
	}

	if role := sim.Roles()[0]; role.OrganizationID != id || role.Type != simulator.EntireOrganization || role.Operators[0].ID == "" {
		t.Errorf("%+v", role)
	}

	if portal := sim.Portal(); !portal.Enabled || portal.URI != "https://portal.contoso.com:4443" {
		t.Errorf("%+v", portal)
	}
}

func TestSeedsThatAreRefused(t *testing.T) {
	t.Parallel()

	for text, reason := range map[string]string{
		`{`:                     "unexpected EOF",
		`{"organisations": []}`: "unknown field",
		`{"organizations": [{"id": "c0000001-0000-4000-8000-000000000000"}]}`: "has no name",
		`{"organizations": [{"name": "a", "id": "contoso"}]}`:                 "is not a GUID",
		`{"organizations": [{"name": "a", "firstBackup": "yesterday"}]}`:      "yesterday",
	} {
		_, err := simulator.ParseSeed([]byte(text))
		if !errors.Is(err, simulator.ErrSeed) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOptionsAsJSON(t *testing.T) {
	t.Parallel()

	options := simulator.Options{Password: "secret", Latency: 90 * time.Second, PutIgnoresLists: true, Listen: "127.0.0.1:1"}
	text := encoded(t, options)

	if strings.Contains(text, "secret") || !strings.Contains(text, `"latency":"1m30s"`) {
		t.Error(text)
	}

	var again simulator.Options
	if err := json.Unmarshal([]byte(text), &again); err != nil {
		t.Fatal(err)
	}

	if again.Latency != options.Latency || !again.PutIgnoresLists || again.Password != "" {
		t.Errorf("%+v", again)
	}

	patch := `{"password":"new","tokenLifetime":"5m","badLogin":"empty401","versions":["v7"]}`
	if err := json.Unmarshal([]byte(patch), &options); err != nil {
		t.Fatal(err)
	}

	if options.Password != "new" || options.TokenLifetime != 5*time.Minute || options.BadLogin != simulator.BadLoginEmpty ||
		options.Latency != 90*time.Second || options.Listen != "127.0.0.1:1" || options.Versions[0] != "v7" {
		t.Errorf("%+v", options)
	}

	for _, bad := range []string{`{"latenzy":"1s"}`, `{"latency":5}`, `{"latency":"soon"}`, `{"badLogin":401}`, `[]`} {
		before := options.Latency
		if err := json.Unmarshal([]byte(bad), &options); !errors.Is(err, simulator.ErrOptions) || options.Latency != before {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
