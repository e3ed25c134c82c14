package simulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// everyView is the query that v6 wants and the others understand.
const everyView = "?extendedView=false"

func TestOrganizationsAreAnArrayUpToV7AndPagesFromV8On(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	for i := range 31 {
		sim.AddOrganization(simulator.Organization{Name: fmt.Sprintf("customer%02d", i)})
	}

	for _, version := range []string{"v6", "v7"} {
		if got := len(login(t, sim, version).get("/Organizations" + everyView).wants(http.StatusOK).objects()); got != 31 {
			t.Errorf("%s: %d organizations", version, got)
		}
	}

	c := login(t, sim, "v8")
	page := c.get("/Organizations" + everyView).wants(http.StatusOK)

	if got := len(page.results()); got != 30 {
		t.Errorf("v8: %d organizations on the first page", got)
	}

	wantLinks(t, page, map[string]string{
		"self": "/v8/organizations?offset=0&limit=30",
		"next": "/v8/organizations?offset=30&limit=30",
	})

	if _, present := page.object()["setId"]; present {
		t.Error("a page of organizations has a setId")
	}

	second := c.get("/Organizations?offset=30&limit=30")
	if got := pick(second.results(), "name"); len(got) != 1 || got[0] != "customer30" {
		t.Errorf("second page %v", got)
	}

	wantLinks(t, second, map[string]string{
		"self":  "/v8/organizations?offset=30&limit=30",
		"first": "/v8/organizations?offset=0&limit=30",
		"prev":  "/v8/organizations?offset=0&limit=30",
	})
}

func TestOrganizationsAreFoundByTenantFromV8On(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	fabrikam, _ := sim.Organization(simulator.FabrikamID)
	c := login(t, sim, "v8")

	for name, query := range map[string]string{
		"tenant":       "msid=" + fabrikam.TenantID,
		"upper case":   "MSID=" + strings.ToUpper(fabrikam.TenantID),
		"backed-up id": "backedUpOrganizationId=" + fabrikam.BackedUpOrganizationID,
	} {
		if got := pick(c.get("/Organizations?"+query).results(), "name"); !slices.Equal(got, []string{fabrikam.Name}) {
			t.Errorf("%s: %v", name, got)
		}
	}

	if got := c.get("/Organizations?msid=" + simulator.ContosoID).results(); len(got) != 0 {
		t.Errorf("unknown tenant: %v", got)
	}

	c.get("/Organizations?msid=contoso").wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")

	if got := len(login(t, sim, "v7").get("/Organizations?msid=" + fabrikam.TenantID).objects()); got != 3 {
		t.Errorf("v7 filtered by a parameter that it does not have: %d", got)
	}
}

func TestMembersOfAnOrganizationByVersion(t *testing.T) {
	t.Parallel()

	common := []string{
		"type", "region", "id", "name", "officeName", "isExchangeOnline", "isSharePointOnline", "isTeamsOnline",
		"isTeamsChatsOnline", "exchangeOnlineSettings", "sharePointOnlineSettings", "_links", "_actions",
	}
	further := map[string][]string{
		"v6": nil,
		"v7": {"description"},
		"v8": {"description", "msid", "backedUpOrganizationId"},
	}

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())

	for version, names := range further {
		c := login(t, sim, version)
		got := c.get("/Organizations/" + simulator.ContosoID + everyView).wants(http.StatusOK).object()

		want := make(map[string]bool)
		for _, name := range slices.Concat(common, names) {
			want[name] = true
		}

		if diff := cmp.Diff(want, keys(got)); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}

		links, _ := got["_links"].(map[string]any)
		if diff := cmp.Diff(map[string]any{
			"self":      map[string]any{"href": "/" + version + "/organizations/" + simulator.ContosoID},
			"groups":    map[string]any{"href": "/" + version + "/organizations/" + simulator.ContosoID + "/groups"},
			"users":     map[string]any{"href": "/" + version + "/organizations/" + simulator.ContosoID + "/users"},
			"sites":     map[string]any{"href": "/" + version + "/organizations/" + simulator.ContosoID + "/sites"},
			"rbacRoles": map[string]any{"href": "/" + version + "/organizations/" + simulator.ContosoID + "/rbacRoles"},
		}, links); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
}

func TestExtendedViewsShowBackupsAndNeedTheProxy(t *testing.T) {
	t.Parallel()

	// v6 is said to require extendedView, and to have a default for it.
	sim := startUnchecked(t, simulator.Options{Middleware: unvalidated})
	organization := sim.AddOrganization(simulator.Organization{
		Name: "contoso", BackedUp: true, FirstBackup: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	})
	path := "/Organizations/" + organization.ID

	for version, byDefault := range map[string]bool{"v6": true, "v7": false, "v8": false} {
		c := login(t, sim, version)

		for query, extended := range map[string]bool{
			"": byDefault, "?extendedView=true": true, "?extendedView=false": false, "?ExtendedView=True": true,
		} {
			got := c.get(path + query).wants(http.StatusOK).object()
			if _, present := got["isBackedup"]; present != extended {
				t.Errorf("%s %q: isBackedup present: %v", version, query, present)
			}

			if extended && got["firstBackuptime"] != "2026-01-02T03:04:05+00:00" {
				t.Errorf("%s: firstBackuptime %v", version, got["firstBackuptime"])
			}
		}

		c.get(path+"?extendedView=perhaps").wantsError(version, http.StatusBadRequest, "ParameterValidationFailure")
		c.get("/Organizations?extendedView=perhaps").wantsError(version, http.StatusBadRequest, "ParameterValidationFailure")
	}

	sim.UpdateOrganization(organization.ID, func(o *simulator.Organization) { o.ProxyOffline = true })

	for _, version := range versions() {
		c := login(t, sim, version)

		for _, resource := range []string{path, "/Organizations"} {
			c.get(resource + "?extendedView=false").wants(http.StatusOK)
			c.get(resource+"?extendedView=true").wantsError(version, http.StatusInternalServerError, "ProxyOffline")
		}
	}
}

func TestUnknownOrganizations(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})

	for _, version := range versions() {
		c := login(t, sim, version)

		for _, path := range []string{"", "/Groups", "/Users", "/Sites", "/Teams", "/RbacRoles", "/Groups/x", "/Groups/x/Members"} {
			query := ""
			if path == "" {
				query = everyView
			}

			c.get("/Organizations/"+simulator.ContosoID+path+query).wantsError(version, http.StatusNotFound, "ResourceNotFound")
			c.get("/Organizations/contoso"+path+query).wantsError(version, http.StatusBadRequest, "ParameterValidationFailure")
		}
	}
}

func TestKindsOfOrganizations(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := login(t, sim, "v8")

	show := func(o simulator.Organization) map[string]any {
		return c.get("/Organizations/" + sim.AddOrganization(o).ID + everyView).wants(http.StatusOK).object()
	}
	settings := func(o map[string]any, name string) map[string]any {
		value, _ := o[name].(map[string]any)

		return value
	}

	legacy := show(simulator.Organization{Name: "legacy", ExchangeOnline: &simulator.ConnectionSettings{Account: "admin@legacy"}})
	if diff := cmp.Diff(map[string]any{
		"useApplicationOnlyAuth": false, "officeOrganizationName": "legacy", "account": "admin@legacy",
		"grantAdminAccess": true, "useMfa": false, "useCustomVeeamAADApplication": true,
	}, settings(legacy, "exchangeOnlineSettings")); diff != "" {
		t.Error(diff)
	}

	if legacy["isSharePointOnline"] != false || legacy["sharePointOnlineSettings"] != nil {
		t.Errorf("SharePoint Online is off: %v", legacy)
	}

	hybrid := show(simulator.Organization{Name: "hybrid", Type: simulator.Hybrid, ExchangeServer: &simulator.OnPremisesSettings{ServerName: "ex"}})
	if hybrid["isExchange"] != true || hybrid["isExchangeOnline"] != true || hybrid["isSharepoint"] != false {
		t.Errorf("hybrid: %v", hybrid)
	}

	local := show(simulator.Organization{Name: "local", Type: simulator.OnPremises})
	for _, name := range []string{"region", "msid", "isExchangeOnline", "exchangeOnlineSettings", "isTeamsOnline"} {
		if _, present := local[name]; present {
			t.Errorf("an on-premises organization has %s", name)
		}
	}

	if settings(local, "exchangeSettings")["skipCAverification"] != false {
		t.Errorf("on-premises: %v", local)
	}
}

func TestNoSecretOfAnOrganizationIsShown(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{NullStyle: simulator.NullEverywhere})
	sim.Seed(simulator.ThreeCustomers())

	body := string(login(t, sim, "v8").get("/Organizations" + everyView).body)
	for _, secret := range []string{"password", "Password", "applicationSecret", `"applicationCertificate"`} {
		if strings.Contains(body, secret) {
			t.Errorf("the answer has %s", secret)
		}
	}
}

// wantLinks compares the links of a page.
func wantLinks(t *testing.T, page answer, want map[string]string) {
	t.Helper()

	links := decode[struct {
		Links map[string]struct {
			Href string `json:"href"`
		} `json:"_links"`
	}](page)

	got := make(map[string]string)
	for name, link := range links.Links {
		got[name] = link.Href
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
