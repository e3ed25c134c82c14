package simulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// manyGroups adds an organization with n groups and returns the path of the
// listing.
func manyGroups(sim *simulator.Server, n int) string {
	id := sim.AddOrganization(simulator.Organization{Name: "contoso"}).ID
	for i := range n {
		sim.AddGroup(id, simulator.Group{DisplayName: fmt.Sprintf("Group %05d", i)})
	}

	return "/Organizations/" + id + "/Groups"
}

// walk pages through a listing the way that a good client does, and returns the
// names and the number of requests.
func walk(t *testing.T, c *client, path string, limit int) (names []string, requests int) {
	t.Helper()

	type page struct {
		SetID   string                       `json:"setId"`
		Links   map[string]map[string]string `json:"_links"`
		Results []struct {
			DisplayName string `json:"displayName"`
		} `json:"results"`
	}

	query := fmt.Sprintf("limit=%d", limit)

	for {
		got := decode[page](c.get(path + "?" + query).wants(http.StatusOK))
		requests++

		for _, result := range got.Results {
			names = append(names, result.DisplayName)
		}

		if got.Links["next"] == nil {
			return names, requests
		}

		query = fmt.Sprintf("limit=%d&offset=%d&setId=%s", limit, len(names), got.SetID)
	}
}

func TestPagesHoldThirtyByDefault(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	path := manyGroups(sim, 31)

	for _, version := range versions() {
		first := login(t, sim, version).get(path).wants(http.StatusOK)

		if got := len(first.results()); got != 30 {
			t.Errorf("%s: %d groups", version, got)
		}

		page := first.object()
		if page["offset"] != 0.0 || page["limit"] != 30.0 {
			t.Errorf("%s: offset %v, limit %v", version, page["offset"], page["limit"])
		}

		// v8 counts no more.
		if total, present := page["totalCount"]; present == (version == "v8") || present && total != 31.0 {
			t.Errorf("%s: totalCount %v", version, total)
		}
	}
}

func TestPagesCanBeWalked(t *testing.T) {
	t.Parallel()

	tests := []struct{ total, limit, requests int }{
		{0, 10, 1}, {1, 10, 1}, {9, 10, 1}, {10, 10, 1}, {11, 10, 2}, {31, 30, 2}, {30, 7, 5}, {10_001, 10_000, 2}, {10_001, 1_000, 11},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%d by %d", test.total, test.limit), func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			path := manyGroups(sim, test.total)

			for _, version := range versions() {
				names, requests := walk(t, login(t, sim, version), path, test.limit)

				if len(names) != test.total || len(slices.Compact(slices.Sorted(slices.Values(names)))) != test.total {
					t.Errorf("%s: %d groups", version, len(names))
				}

				if requests != test.requests {
					t.Errorf("%s: %d requests, want %d", version, requests, test.requests)
				}
			}
		})
	}
}

func TestLinksOfPages(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	path := manyGroups(sim, 25)
	organization := sim.Organizations()[0].ID
	at := func(offset, limit int) string {
		return fmt.Sprintf("/v7/organizations/%s/groups?offset=%d&limit=%d", organization, offset, limit)
	}
	c := login(t, sim, "v7")

	tests := map[string]map[string]string{
		"limit=10":             {"self": at(0, 10), "next": at(10, 10)},
		"limit=10&offset=10":   {"first": at(0, 10), "prev": at(0, 10), "self": at(10, 10), "next": at(20, 10)},
		"limit=10&offset=5":    {"first": at(0, 10), "prev": at(0, 10), "self": at(5, 10), "next": at(15, 10)},
		"limit=10&offset=15":   {"first": at(0, 10), "prev": at(5, 10), "self": at(15, 10)},
		"limit=10&offset=20":   {"first": at(0, 10), "prev": at(10, 10), "self": at(20, 10)},
		"limit=25":             {"self": at(0, 25)},
		"limit=10&offset=1000": {"first": at(0, 10), "prev": at(990, 10), "self": at(1000, 10)},
	}
	for query, want := range tests {
		wantLinks(t, c.get(path+"?"+query).wants(http.StatusOK), want)
	}
}

func TestLimitsAreClamped(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{PageMax: 20, PageDefault: 5})
	path := manyGroups(sim, 25)
	c := login(t, sim, "v8")

	page := c.get(path + "?limit=1000").wants(http.StatusOK)
	if got := page.object()["limit"]; len(page.results()) != 20 || got != 20.0 {
		t.Errorf("%d results, limit %v", len(page.results()), got)
	}

	if got := len(c.get(path).results()); got != 5 {
		t.Errorf("%d results by default", got)
	}

	sim.Configure(func(o *simulator.Options) { o.PageMax = 0 })

	if got := c.get(path + "?limit=2000000").object()["limit"]; got != 10_000.0 {
		t.Errorf("limit %v without the knob", got)
	}
}

func TestResultSetsAreFrozen(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	path := manyGroups(sim, 15)
	organization := sim.Organizations()[0].ID
	c := login(t, sim, "v8")

	first := c.get(path + "?limit=10").object()
	set, _ := first["setId"].(string)

	groups := sim.Groups(organization)
	sim.RemoveObject(organization, groups[0].ID)
	sim.RenameObject(organization, groups[12].ID, "Renamed")
	sim.AddGroup(organization, simulator.Group{DisplayName: "New"})

	second := pick(c.get(path+"?limit=10&offset=10&setId="+set).results(), "displayName")
	if !slices.Equal(second, []string{"Group 00010", "Group 00011", "Group 00012", "Group 00013", "Group 00014"}) {
		t.Errorf("second page %v", second)
	}

	again := pick(c.get(path).results(), "displayName")
	if again[0] != "Group 00001" || again[11] != "Renamed" || again[14] != "New" {
		t.Errorf("new set %v", again)
	}
}

func TestUnknownResultSets(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	contoso, fabrikam := "/Organizations/"+simulator.ContosoID, "/Organizations/"+simulator.FabrikamID

	for _, version := range versions() {
		c := login(t, sim, version)
		set, _ := c.get(contoso + "/Groups").object()["setId"].(string)

		c.get(contoso + "/Groups?setId=" + set).wants(http.StatusOK)

		for _, path := range []string{
			contoso + "/Groups?setId=" + simulator.ContosoID, contoso + "/Users?setId=" + set, fabrikam + "/Groups?setId=" + set,
		} {
			c.get(path).wantsError(version, http.StatusNotFound, "ResourceNotFound")
		}

		sim.ExpireResultSets()
		c.get(contoso+"/Groups?setId="+set).wantsError(version, http.StatusNotFound, "ResourceNotFound")
	}
}

func TestOnlyTheNewestResultSetsAreRemembered(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	path := manyGroups(sim, 1)
	c := login(t, sim, "v8")

	oldest, _ := c.get(path).object()["setId"].(string)

	var newest string
	for range 200 {
		newest, _ = c.get(path).object()["setId"].(string)
	}

	c.get(path + "?setId=" + newest).wants(http.StatusOK)
	c.get(path + "?setId=" + oldest).wants(http.StatusNotFound)
}

func TestShuffledListsHoldTheSame(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{ShuffleLists: true})
	sim.Seed(simulator.ThreeCustomers())
	role := addRole(t, sim)
	sim.UpdateRole(role.ID, func(r *simulator.Role) {
		for _, user := range sim.Users(simulator.ContosoID) {
			r.Operators = append(r.Operators, simulator.UserEntry(user))
		}
	})

	for i := range 12 {
		sim.AddRole(simulator.Role{OrganizationID: simulator.ContosoID, Name: fmt.Sprint(i)})
	}

	c := login(t, sim, "v7")

	for _, path := range []string{
		"/RbacRoles", "/RbacRoles/" + role.ID + "/operators", "/Organizations/" + simulator.ContosoID + "/RbacRoles",
	} {
		first, orders := pick(c.get(path).objects(), "id"), 0

		for range 5 {
			next := pick(c.get(path).objects(), "id")
			if !slices.Equal(first, next) {
				orders++
			}

			if !slices.Equal(slices.Sorted(slices.Values(first)), slices.Sorted(slices.Values(next))) {
				t.Errorf("%s: the list changed", path)
			}
		}

		if orders == 0 {
			t.Errorf("%s: the order never changed", path)
		}
	}

	names, _ := walk(t, c, "/Organizations/"+simulator.ContosoID+"/Users", 5)
	if len(slices.Compact(slices.Sorted(slices.Values(names)))) != 12 {
		t.Errorf("pages of a shuffled set overlap: %v", names)
	}
}
