package simulator_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

const zeroGUID = "00000000-0000-0000-0000-000000000000"

func TestIdsOfDirectoryObjects(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	id := sim.AddOrganization(simulator.Organization{Name: "contoso", Type: simulator.Hybrid}).ID

	cloud := sim.AddUser(id, simulator.User{DisplayName: "Cloud"})
	if len(cloud.ID) != 72 || cloud.ID != cloud.ObjectID+zeroGUID {
		t.Errorf("cloud user %s", cloud.ID)
	}

	synchronized := sim.AddGroup(id, simulator.Group{DisplayName: "Synced", LocationType: simulator.InHybrid})
	if len(synchronized.ID) != 72 || strings.HasSuffix(synchronized.ID, zeroGUID) || synchronized.ID[:36] != synchronized.ObjectID {
		t.Errorf("synchronized group %s", synchronized.ID)
	}

	local := sim.AddUser(id, simulator.User{DisplayName: "Local", LocationType: simulator.InOnPremises})
	if !strings.HasPrefix(local.ID, zeroGUID) {
		t.Errorf("local user %s", local.ID)
	}

	if site := sim.AddSite(id, simulator.Site{Title: "Site"}); site.ID != site.SiteID+site.WebID || len(site.ID) != 72 {
		t.Errorf("site %s", site.ID)
	}

	if team := sim.AddTeam(id, simulator.Team{DisplayName: "Team"}); len(team.ID) != 36 {
		t.Errorf("team %s", team.ID)
	}

	given := strings.Repeat("a", 36) + strings.Repeat("b", 36)
	if user := sim.AddUser(id, simulator.User{ID: given}); user.ID != given || user.ObjectID != given[:36] {
		t.Errorf("given id %s", user.ID)
	}

	c := login(t, sim, "v8")
	if got := c.get("/Organizations/" + id + "/Users/" + local.ID).wants(http.StatusOK).object(); got["msid"] != nil {
		t.Errorf("a local user has the msid %v", got["msid"])
	}
}

func TestMembersOfDirectoryObjectsByVersion(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	id := sim.AddOrganization(simulator.Organization{Name: "contoso"}).ID
	user := sim.AddUser(id, simulator.User{
		DisplayName: "Eve", Name: "eve@contoso.com", OnPremisesSID: "S-1-5", Office: "Bern", DataLocation: "CHE",
		Licenses: []simulator.License{{SKUID: zeroGUID, SKUPartNumber: "E3", DetectedSKUType: "Other"}},
	})
	group := sim.AddGroup(id, simulator.Group{
		DisplayName: "Sales", Name: "sales@contoso.com", ManagedBy: "eve", Site: "https://contoso.sharepoint.com/sites/sales",
		OnPremisesSID: "S-1-5", DataLocation: "CHE", MemberIDs: []string{user.ID},
	})
	site := sim.AddSite(id, simulator.Site{
		Title: "Sales", URL: "https://contoso.sharepoint.com/sites/sales", SiteCollectionError: "locked", DataLocation: "CHE",
	})
	team := sim.AddTeam(id, simulator.Team{DisplayName: "Sales", Description: "Sellers", Mail: "team@contoso.com", DataLocation: "CHE"})

	tests := map[string]struct {
		path               string
		v6, fromV7, fromV8 []string
	}{
		"user": {
			"/Users/" + user.ID,
			[]string{"id", "displayName", "name", "type", "locationType", "_links"},
			[]string{"onPremisesSid", "office"},
			[]string{"msid", "dataLocation", "eTag", "assignedLicenses"},
		},
		"group": {
			"/Groups/" + group.ID,
			[]string{"id", "displayName", "name", "managedBy", "site", "type", "locationType", "_links"},
			[]string{"onPremisesSid"},
			[]string{"msid", "dataLocation", "eTag"},
		},
		"site": {
			"/Sites/" + site.ID,
			[]string{
				"id", "url", "parentUrl", "name", "isCloud", "isPersonal", "title", "isAvailable", "siteCollectionError", "_links",
			},
			nil,
			[]string{"msid", "dataLocation", "eTag"},
		},
		"team": {
			"/Teams/" + team.ID,
			[]string{"id", "displayName", "description", "mail", "_links"},
			nil,
			[]string{"msid", "dataLocation", "eTag"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for version, names := range map[string][]string{
				"v6": test.v6,
				"v7": slices.Concat(test.v6, test.fromV7),
				"v8": slices.Concat(test.v6, test.fromV7, test.fromV8),
			} {
				want := make(map[string]bool)
				for _, name := range names {
					want[name] = true
				}

				c := login(t, sim, version)
				got := c.get("/Organizations/" + id + test.path).wants(http.StatusOK).object()

				if diff := cmp.Diff(want, keys(got)); diff != "" {
					t.Errorf("%s: %s", version, diff)
				}

				listed := c.get("/Organizations/" + id + test.path[:strings.LastIndex(test.path, "/")]).results()
				if diff := cmp.Diff([]map[string]any{got}, listed); diff != "" {
					t.Errorf("%s: listed and single object differ: %s", version, diff)
				}
			}
		})
	}
}

func TestDataLocationsCameWithProduct84(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{ProductVersion: "8.3.0.1"})
	sim.Seed(simulator.ThreeCustomers())
	user := sim.AddUser(simulator.ContosoID, simulator.User{DisplayName: "Geo", DataLocation: "CHE"})
	path := "/Organizations/" + simulator.ContosoID + "/Users/" + user.ID
	c := login(t, sim, "v8")

	if got := c.get(path).object()["dataLocation"]; got != nil {
		t.Errorf("8.3: %v", got)
	}

	for _, build := range []string{"7.9.0.1", "8", "eight.four"} {
		sim.Configure(func(o *simulator.Options) { o.ProductVersion = build })

		if got := c.get(path).object()["dataLocation"]; got != nil {
			t.Errorf("%s: %v", build, got)
		}
	}

	for _, build := range []string{"8.4.0.1", "8.10.0.1", "9.0.0.1"} {
		sim.Configure(func(o *simulator.Options) { o.ProductVersion = build })

		if got := c.get(path).object()["dataLocation"]; got != "CHE" {
			t.Errorf("%s: %v", build, got)
		}
	}
}

func TestUnknownDirectoryObjects(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	contoso, eve := "/Organizations/"+simulator.ContosoID, sim.Users(simulator.ContosoID)[3]

	for _, version := range versions() {
		c := login(t, sim, version)

		for _, path := range []string{
			"/Users/nobody", "/Groups/" + eve.ID, "/Sites/x", "/Teams/" + simulator.ContosoID, "/Groups/x/Members",
			// The half that Microsoft Entra knows is not an id here.
			"/Users/" + eve.ObjectID,
			"/Users/" + url.PathEscape("a/b c?d#e"),
		} {
			c.get(contoso+path).wantsError(version, http.StatusNotFound, "ResourceNotFound")
		}

		c.get("/Organizations/"+simulator.FabrikamID+"/Users/"+eve.ID).wantsError(version, http.StatusNotFound, "ResourceNotFound")
		c.get(contoso+"/Teams/x").wantsError(version, http.StatusBadRequest, "ParameterValidationFailure")
		c.get(contoso + "/Users/" + strings.ToUpper(eve.ID)).wants(http.StatusOK)
	}
}

// filterFixture is an organization with something for every filter.
func filterFixture(t *testing.T, sim *simulator.Server) string {
	t.Helper()

	id := sim.AddOrganization(simulator.Organization{Name: "contoso", Type: simulator.Hybrid}).ID

	for _, location := range []simulator.LocationType{simulator.InCloud, simulator.InOnPremises, simulator.InHybrid} {
		sim.AddGroup(id, simulator.Group{DisplayName: "Group " + string(location), Name: string(location) + "@contoso.com", LocationType: location})
		sim.AddUser(id, simulator.User{DisplayName: "User " + string(location), Name: string(location) + "@contoso.com", LocationType: location})
	}

	sim.AddUser(id, simulator.User{
		DisplayName: "Pupil [1]", Name: "pupil@contoso.com", Licenses: []simulator.License{{SKUID: zeroGUID, DetectedSKUType: "Education"}},
	})
	sim.AddTeam(id, simulator.Team{DisplayName: "Finance", Mail: "finance@contoso.com"})
	sim.AddTeam(id, simulator.Team{DisplayName: "Field", Mail: "field@contoso.com"})

	root := sim.AddSite(id, simulator.Site{ID: siteID(1), Title: "Root", URL: "https://contoso/sites/root"})
	sim.AddSite(id, simulator.Site{ID: siteID(2), Title: "Child", URL: root.URL + "/child", ParentURL: root.URL})
	sim.AddSite(id, simulator.Site{Title: "Personal", URL: "https://contoso/personal/eve", Personal: true})
	sim.AddSite(id, simulator.Site{Title: "Search", URL: "https://contoso/search", Search: true})
	sim.AddSite(id, simulator.Site{Title: "Local", URL: "https://local/sites/a", OnPremises: true})

	return id
}

func siteID(n int) string {
	return strings.Repeat(string(rune('0'+n)), 36) + strings.Repeat("f", 36)
}

func TestFiltersOfListings(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	id := filterFixture(t, sim)

	tests := map[string]struct {
		path  string
		query url.Values
		want  string
		// since is the first version with the filter; earlier ones ignore it.
		since string
	}{
		"whole display name":              {"/Groups", url.Values{"displayName": {"group cloud"}}, "Group Cloud", "v6"},
		"a part is not enough":            {"/Groups", url.Values{"displayName": {"Group"}}, "", "v6"},
		"asterisk":                        {"/Groups", url.Values{"displayName": {"*prem*"}}, "Group OnPremises", "v6"},
		"question mark":                   {"/Teams", url.Values{"displayName": {"F?eld"}}, "Field", "v6"},
		"asterisk alone":                  {"/Teams", url.Values{"displayName": {"*"}}, "Finance Field", "v6"},
		"characters of other patterns":    {"/Users", url.Values{"displayName": {"Pupil [1]"}}, "Pupil [1]", "v6"},
		"dots are dots":                   {"/Teams", url.Values{"displayName": {"F.eld"}}, "", "v6"},
		"group name":                      {"/Groups", url.Values{"groupName": {"CLOUD@contoso.com"}}, "Group Cloud", "v6"},
		"group name has no wildcards":     {"/Groups", url.Values{"groupName": {"*"}}, "", "v6"},
		"user name":                       {"/Users", url.Values{"userName": {"Hybrid@contoso.com"}}, "User Hybrid", "v6"},
		"two filters":                     {"/Users", url.Values{"userName": {"Hybrid@contoso.com"}, "displayName": {"User Cloud"}}, "", "v6"},
		"names of parameters ignore case": {"/Users", url.Values{"USERNAME": {"Hybrid@contoso.com"}}, "User Hybrid", "v6"},
		"education":                       {"/Users", url.Values{"detectedSkuType": {"Education"}}, "Pupil [1]", "v8"},
		"cloud":                           {"/Groups", url.Values{"locationFilter": {"Cloud"}}, "Group Cloud", "v6"},
		"on premises":                     {"/Groups", url.Values{"locationFilter": {"OnPremises"}}, "Group OnPremises", "v6"},
		"hybrid":                          {"/Groups", url.Values{"locationFilter": {"Hybrid"}}, "Group Hybrid", "v6"},
		"cloud or hybrid":                 {"/Groups", url.Values{"locationFilter": {"CloudOrHybrid"}}, "Group Cloud Group Hybrid", "v6"},
		"on premises or hybrid":           {"/Groups", url.Values{"locationFilter": {"OnPremisesOrHybrid"}}, "Group OnPremises Group Hybrid", "v6"},
		"anywhere":                        {"/Groups", url.Values{"locationFilter": {"Any"}}, "Group Cloud Group OnPremises Group Hybrid", "v6"},
		"sites in the cloud":              {"/Sites", url.Values{"locationFilter": {"Cloud"}, "filter": {"o"}, "includeSearchSites": {"false"}, "parentId": {"root"}}, "Root", "v8"},
		"sites on premises":               {"/Sites", url.Values{"locationFilter": {"OnPremises"}}, "Local", "v6"},
		"keyword in the title":            {"/Sites", url.Values{"filter": {"chil"}}, "Child", "v7"},
		"keyword in the address":          {"/Sites", url.Values{"filter": {"LOCAL/"}}, "Local", "v7"},
		"subsites":                        {"/Sites", url.Values{"parentId": {siteID(1)}}, "Child", "v6"},
		"top-level sites":                 {"/Sites", url.Values{"parentId": {"root"}, "locationFilter": {"Any"}, "includeSearchSites": {"true"}}, "Root Search Local", "v6"},
		"personal sites":                  {"/Sites", url.Values{"includePersonalSites": {"true"}, "parentId": {"root"}, "includeSearchSites": {"true"}}, "Root Personal Search Local", "v6"},
		"no search sites":                 {"/Sites", url.Values{"includeSearchSites": {"false"}}, "Root Child Local", "v8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, version := range versions() {
				if version < test.since {
					continue
				}

				c := login(t, sim, version)
				found := c.get("/Organizations/" + id + test.path + "?" + test.query.Encode()).wants(http.StatusOK).results()

				names := pick(found, "displayName")
				if test.path == "/Sites" {
					names = pick(found, "title")
				}

				if got := strings.Join(names, " "); got != test.want {
					t.Errorf("%s: %q, want %q", version, got, test.want)
				}
			}
		})
	}
}

func TestSearchSitesAreListedByOlderVersions(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	id := filterFixture(t, sim)

	for version, want := range map[string]string{
		"v6": "Root Child Search Local", "v7": "Root Child Search Local", "v8": "Root Child Local",
	} {
		got := strings.Join(pick(login(t, sim, version).get("/Organizations/"+id+"/Sites").results(), "title"), " ")
		if got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

func TestParametersThatAreRefused(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	id := filterFixture(t, sim)
	c := login(t, sim, "v8")

	for _, request := range []string{
		"/Groups?locationFilter=Moon", "/Sites?locationFilter=Hybrid", "/Users?detectedSkuType=Private",
		"/Users?dataSource=Nowhere", "/Sites?includePersonalSites=1", "/Sites?includeSearchSites=x",
		"/Groups?limit=0", "/Groups?limit=-1", "/Groups?limit=many", "/Groups?offset=-1", "/Groups?offset=1.5",
		"/Groups?limit=99999999999",
	} {
		c.get("/Organizations/"+id+request).wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
	}

	c.get("/Organizations/"+id+"/Sites?parentId=nowhere").wantsError("v8", http.StatusNotFound, "ResourceNotFound")
	c.get("/Organizations?limit=0").wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
}

func TestMembersOfGroups(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	id := sim.AddOrganization(simulator.Organization{Name: "contoso", Type: simulator.Hybrid}).ID
	eve := sim.AddUser(id, simulator.User{DisplayName: "Eve", Name: "eve@contoso.com"})
	local := sim.AddUser(id, simulator.User{DisplayName: "Local", Name: "local@contoso.com", LocationType: simulator.InOnPremises})
	nested := sim.AddGroup(id, simulator.Group{DisplayName: "Nested", Name: "nested@contoso.com"})
	group := sim.AddGroup(id, simulator.Group{DisplayName: "Group", MemberIDs: []string{eve.ID, local.ID, nested.ID, "gone"}})

	for _, version := range versions() {
		c := login(t, sim, version)
		members := c.get("/Organizations/" + id + "/Groups/" + group.ID + "/Members").wants(http.StatusOK).results()

		for i := range members {
			if members[i]["groupId"] != group.ID {
				t.Errorf("groupId %v", members[i]["groupId"])
			}

			delete(members[i], "groupId")
			delete(members[i], "_links")
		}

		if diff := cmp.Diff([]map[string]any{
			{"name": "Eve", "login": "eve@contoso.com", "type": "User", "isCloud": true},
			{"name": "Local", "login": "local@contoso.com", "type": "User", "isCloud": false},
			{"name": "Nested", "login": "nested@contoso.com", "type": "Group", "isCloud": true},
			{"name": "gone", "login": "", "type": "Unknown", "isCloud": true},
		}, members); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}

		if got := c.get("/Organizations/" + id + "/Groups/" + group.ID + "/Members?limit=3").results(); len(got) != 3 {
			t.Errorf("%s: %d members on a page of 3", version, len(got))
		}
	}
}

func TestAbsentValues(t *testing.T) {
	t.Parallel()

	for _, version := range versions() {
		sim := start(t, simulator.Options{})
		id := sim.AddOrganization(simulator.Organization{Name: "contoso"}).ID
		group := sim.AddGroup(id, simulator.Group{DisplayName: "Group"})
		team := sim.AddTeam(id, simulator.Team{DisplayName: "Team", Mail: "t@contoso.com"})
		c := login(t, sim, version)

		name := func() (value any, present bool) {
			value, present = c.get("/Organizations/" + id + "/Groups/" + group.ID).object()["name"]

			return value, present
		}
		description := func() (value any, present bool) {
			value, present = c.get("/Organizations/" + id + "/Teams/" + team.ID).object()["description"]

			return value, present
		}

		// A group without a name has none in v8 and an empty one before.
		if value, present := name(); present != (version != "v8") || present && value != "" {
			t.Errorf("%s omits: %v %v", version, value, present)
		}

		sim.Configure(func(o *simulator.Options) { o.NullStyle = simulator.NullWrite })

		if value, present := name(); !present || (value == nil) != (version == "v8") {
			t.Errorf("%s writes null: %v %v", version, value, present)
		}

		if _, present := description(); present {
			t.Errorf("%s: a description that may not be null is there", version)
		}

		sim.Configure(func(o *simulator.Options) { o.NullStyle = simulator.NullEverywhere })

		if value, present := description(); !present || value != nil {
			t.Errorf("%s writes null everywhere: %v %v", version, value, present)
		}
	}
}
