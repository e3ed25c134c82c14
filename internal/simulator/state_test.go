package simulator_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestObjectsAreFoundByIdsAndNames(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	id := simulator.ContosoID
	user, group, site, team := sim.Users(id)[3], sim.Groups(id)[3], sim.Sites(id)[3], sim.Teams(id)[3]

	for _, key := range []string{user.ID, user.ObjectID, user.Name, "eve adams"} {
		if got, known := sim.User(id, key); !known || got.ID != user.ID {
			t.Errorf("user %q: %v", key, got)
		}
	}

	for _, key := range []string{group.ID, group.ObjectID, group.Name, group.DisplayName} {
		if got, known := sim.Group(id, key); !known || got.ID != group.ID {
			t.Errorf("group %q: %v", key, got)
		}
	}

	for _, key := range []string{site.ID, site.URL, site.Title} {
		if got, known := sim.Site(id, key); !known || got.ID != site.ID {
			t.Errorf("site %q: %v", key, got)
		}
	}

	for _, key := range []string{team.ID, team.Mail, team.DisplayName} {
		if got, known := sim.Team(id, key); !known || got.ID != team.ID {
			t.Errorf("team %q: %v", key, got)
		}
	}

	if _, known := sim.User(simulator.FabrikamID, user.ID); known {
		t.Error("another organization has the user")
	}

	if _, known := sim.Organization("nobody"); known || sim.Users("nobody") != nil {
		t.Error("nobody has a directory")
	}

	if got, known := sim.Organization("fabrikam.onmicrosoft.com"); !known || got.ID != simulator.FabrikamID {
		t.Error("an organization is not found by name")
	}
}

func TestWhatIsHandedOutIsACopy(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	role := addRole(t, sim)
	before := sim.Snapshot()

	role.Operators[0].Group.DisplayName = "changed"
	sim.Roles()[0].SelectedItems[0].ID = "changed"
	sim.Organizations()[0].ExchangeOnline.ApplicationOnly = false
	sim.Groups(simulator.ContosoID)[0].MemberIDs[0] = "changed"

	if diff := cmp.Diff(before, sim.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

func TestEntriesOfDirectoryObjects(t *testing.T) {
	t.Parallel()

	text := func(s string) *string { return &s }
	yes, no := true, false
	got := []simulator.Entry{
		simulator.UserEntry(simulator.User{ID: "u", DisplayName: "Eve", Name: "eve@c", Type: simulator.UserMailbox, OnPremisesSID: "S-1"}),
		simulator.UserEntry(simulator.User{ID: "s", Type: simulator.SharedMailbox}),
		simulator.UserEntry(simulator.User{ID: "p", Type: simulator.PublicMailbox}),
		simulator.GroupEntry(simulator.Group{ID: "g", DisplayName: "Sales", Name: "sales@c", Type: simulator.SecurityGroup, OnPremisesSID: "S-2"}),
		simulator.SiteEntry(simulator.Site{ID: "w", URL: "https://w", Title: "W", ParentURL: "https://v", Personal: true}),
		simulator.TeamEntry(simulator.Team{ID: "t", DisplayName: "Board", Description: "Top", Mail: "board@c"}),
	}
	want := []simulator.Entry{
		{Type: "User", User: &simulator.EntryUser{ID: "u", DisplayName: "Eve", Name: "eve@c", Type: text("User"), OnPremisesSID: "S-1"}},
		{Type: "User", User: &simulator.EntryUser{ID: "s", Type: text("SharedMailbox")}},
		{Type: "User", User: &simulator.EntryUser{ID: "p", Type: text("PublicMailbox")}},
		{Type: "Group", Group: &simulator.EntryGroup{
			ID: "g", DisplayName: "Sales", Name: text("sales@c"), Type: text("Security"), OnPremisesSID: "S-2",
		}},
		{Type: "Site", Site: &simulator.EntrySite{
			ID: "w", URL: text("https://w"), Title: "W", ParentURL: "https://v", IsCloud: &yes, IsPersonal: &yes,
		}},
		{Type: "Team", Team: &simulator.EntryTeam{ID: "t", DisplayName: "Board", Description: "Top", Mail: "board@c"}},
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	if local := simulator.SiteEntry(simulator.Site{OnPremises: true}); *local.Site.IsCloud != no {
		t.Error("a local site is in the cloud")
	}
}

func TestRolesBehindTheClientsBackObeyNoRules(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	empty := sim.AddRole(simulator.Role{OrganizationID: simulator.ContosoID, Name: "Empty"})

	if empty.ID == "" || empty.Type != simulator.EntireOrganization {
		t.Errorf("%+v", empty)
	}

	odd := simulator.Entry{Type: "PersonalSites"}
	specific := sim.AddRole(simulator.Role{Name: "Odd", SelectedItems: []simulator.Entry{odd, odd}})

	if specific.Type != simulator.SpecificObjects || specific.SelectedItems[0].ID == "" ||
		specific.SelectedItems[0].ID == specific.SelectedItems[1].ID {
		t.Errorf("%+v", specific)
	}

	if replaced := sim.AddRole(simulator.Role{ID: empty.ID, Name: "Replaced"}); replaced.ID != empty.ID || len(sim.Roles()) != 2 {
		t.Errorf("%+v", sim.Roles())
	}

	if found, known := sim.RoleByName("", "Odd"); !known || found.ID != specific.ID {
		t.Error("the role is not found by name")
	}

	if sim.UpdateRole("nobody", func(*simulator.Role) {}) || sim.DeleteRole("nobody") {
		t.Error("a role that is none was changed")
	}

	sim.UpdateRole(empty.ID, func(r *simulator.Role) { r.ID, r.Description = "other", "changed" })

	if changed, known := sim.Role(empty.ID); !known || changed.Description != "changed" {
		t.Errorf("%+v", changed)
	}

	if !sim.DeleteRole(empty.ID) || len(sim.Roles()) != 1 {
		t.Error("the role was not deleted")
	}
}

func TestChangesCanLookAtTheServer(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	role := addRole(t, sim)

	sim.UpdateRole(role.ID, func(r *simulator.Role) { r.Name = sim.Users(simulator.ContosoID)[0].DisplayName })
	sim.UpdateOrganization(simulator.ContosoID, func(o *simulator.Organization) { o.ID, o.Name = "", sim.Roles()[0].Name })
	sim.Configure(func(o *simulator.Options) { o.ProductVersion = sim.Options().ProductVersion + ".1" })

	if got, _ := sim.Organization(simulator.ContosoID); got.Name != "Adele Vance" || sim.Options().ProductVersion != "8.4.0.1457.1" {
		t.Errorf("%+v", got)
	}
}

func TestChangesAtTheSameTimeAreNotLost(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	role := addRole(t, sim)
	calls := 0

	sim.UpdateRole(role.ID, func(r *simulator.Role) {
		calls++

		if calls == 1 {
			sim.UpdateRole(role.ID, func(other *simulator.Role) { other.Description = "changed meanwhile" })
		}

		r.Name = "Changed"
	})

	if got, _ := sim.Role(role.ID); calls != 2 || got.Name != "Changed" || got.Description != "changed meanwhile" {
		t.Errorf("%d calls: %+v", calls, got)
	}
}

func TestOrganizationsCanBeReplacedAndRemoved(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())

	sim.AddOrganization(simulator.Organization{ID: simulator.ContosoID, Name: "contoso"})

	if got := sim.Organizations(); len(got) != 3 || got[0].Name != "contoso" || len(sim.Users(simulator.ContosoID)) != 12 {
		t.Errorf("%+v", got)
	}

	if !sim.RemoveOrganization(simulator.ContosoID) || sim.RemoveOrganization(simulator.ContosoID) || len(sim.Organizations()) != 2 {
		t.Error("the organization was not removed once")
	}

	if sim.UpdateOrganization(simulator.ContosoID, func(*simulator.Organization) {}) {
		t.Error("an organization that is none was changed")
	}

	defer func() {
		if recover() == nil {
			t.Error("a user was added to an organization that is none")
		}
	}()

	sim.AddUser(simulator.ContosoID, simulator.User{})
}

func TestDirectoryObjectsCanBeReplacedRenamedAndRemoved(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	id := simulator.ContosoID

	first := sim.Users(id)[0]
	replaced := first
	replaced.DisplayName = "Replaced"

	if got := sim.AddUser(id, replaced); got.ETag <= first.ETag || len(sim.Users(id)) != 12 || sim.Users(id)[0].DisplayName != "Replaced" {
		t.Errorf("%+v", got)
	}

	for _, object := range []string{first.ID, sim.Groups(id)[0].ID, sim.Sites(id)[0].ID, sim.Teams(id)[0].ID} {
		if !sim.RenameObject(id, object, "Renamed") || !sim.RemoveObject(id, object) || sim.RemoveObject(id, object) ||
			sim.RenameObject(id, object, "Again") || sim.RenameObject("nobody", object, "Again") {
			t.Errorf("%s was not renamed and removed once", object)
		}
	}

	if last, known := sim.User(id, sim.Users(id)[10].ID); !known || last.DisplayName != "Newsletter" {
		t.Errorf("%+v", last)
	}
}

func TestTheServerCanBeUsedFromEverywhereAtOnce(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{ShuffleLists: true, RefreshDisplayNames: true})
	f := newFixture(t, sim)
	c := login(t, sim, "v8")

	var group sync.WaitGroup

	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				role := f.role()
				role = with(role, "name", fmt.Sprint(i, j))
				id, _ := c.do(http.MethodPost, contosoRoles, role).object()["id"].(string)
				c.get("/RbacRoles")
				c.get("/RbacRoles/" + id + "/selectedItems")
				c.get(contosoPath + "/Users?dataSource=PreferLocalResynced")
				sim.UpdateRole(id, func(r *simulator.Role) { r.Description = fmt.Sprint(len(sim.Roles())) })
				sim.RenameObject(simulator.ContosoID, nestedID(f.user), fmt.Sprint(j))
				sim.AddGroup(simulator.ContosoID, simulator.Group{DisplayName: "New"})
				sim.Configure(func(o *simulator.Options) { o.PageDefault = 10 + j })
				sim.Snapshot()
				c.delete("/RbacRoles/" + id).wants(http.StatusNoContent)
			}
		})
	}

	group.Wait()

	if got := len(sim.Roles()); got != 0 {
		t.Errorf("%d roles are left", got)
	}
}

func TestKnobsThatDoNotExist(t *testing.T) {
	t.Parallel()

	tests := map[string]simulator.Options{
		"version":         {Versions: []string{"v5"}},
		"antiforgery":     {RequireAntiforgery: "yes"},
		"teams":           {HideTeamsInV6: "no"},
		"login":           {BadLogin: "teapot"},
		"lists":           {PutOmittedLists: "forget"},
		"names":           {DuplicateRoleName: "400"},
		"entries":         {DuplicateEntry: "500"},
		"removal":         {DeleteUnknownID: "200"},
		"null":            {NullStyle: "undefined"},
		"certificate":     {TLSStyle: "none"},
		"address":         {Listen: "nowhere"},
		"negative time":   {Latency: -time.Second},
		"negative number": {PageMax: -1},
	}
	for name, options := range tests {
		if _, err := simulator.Start(options); !errors.Is(err, simulator.ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}

	sim := start(t, simulator.Options{})
	before := sim.Options()
	err := sim.TryConfigure(func(o *simulator.Options) { o.ProductVersion, o.BadLogin = "9", "teapot" })

	if after := sim.Options(); !errors.Is(err, simulator.ErrOptions) || after.ProductVersion != before.ProductVersion {
		t.Errorf("%v: %+v", err, after)
	}

	defer func() {
		if recover() == nil {
			t.Error("a knob was put in a position that it does not have")
		}
	}()

	sim.Configure(func(o *simulator.Options) { o.BadLogin = "teapot" })
}

func TestVersionsCanChangeWhileTheServerRuns(t *testing.T) {
	t.Parallel()

	given := []string{"v7"}
	sim := start(t, simulator.Options{Versions: given})
	sim.Configure(func(o *simulator.Options) { o.Versions[0] = "v8" })

	if given[0] != "v7" || !slices.Equal(sim.Options().Versions, []string{"v8"}) {
		t.Errorf("given %v, now %v", given, sim.Options().Versions)
	}
}
