package simulator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// fixture is a server with three customers and the entries that tests need.
type fixture struct {
	sim      *simulator.Server
	user     map[string]any
	user2    map[string]any
	shared   map[string]any
	group    map[string]any
	group2   map[string]any
	site     map[string]any
	team     map[string]any
	operator map[string]any
}

func newFixture(t *testing.T, sim *simulator.Server) *fixture {
	t.Helper()
	sim.Seed(simulator.ThreeCustomers())

	id := simulator.ContosoID
	users, groups, sites, teams := sim.Users(id), sim.Groups(id), sim.Sites(id), sim.Teams(id)

	return &fixture{
		sim:    sim,
		user:   userEntry(users[0], "User"),
		user2:  userEntry(users[1], "User"),
		shared: userEntry(users[10], "SharedMailbox"),
		group:  groupEntry(groups[0]),
		group2: groupEntry(groups[1]),
		site: map[string]any{"type": "Site", "site": map[string]any{
			"id": sites[0].ID, "url": sites[0].URL, "title": sites[0].Title, "parentUrl": "", "isCloud": true, "isPersonal": false,
		}},
		team: map[string]any{"type": "Team", "team": map[string]any{
			"id": teams[0].ID, "displayName": teams[0].DisplayName, "description": "", "mail": teams[0].Mail,
		}},
		operator: groupEntry(groups[2]),
	}
}

func userEntry(user simulator.User, kind string) map[string]any {
	return map[string]any{"type": "User", "user": map[string]any{
		"id": user.ID, "displayName": user.DisplayName, "name": user.Name, "type": kind,
	}}
}

func groupEntry(group simulator.Group) map[string]any {
	return map[string]any{"type": "Group", "group": map[string]any{
		"id": group.ID, "displayName": group.DisplayName, "name": group.Name, "type": string(group.Type),
	}}
}

// role is the body of a valid role over chosen objects.
func (f *fixture) role() map[string]any {
	return map[string]any{
		"organizationId": simulator.ContosoID,
		"name":           "Helpdesk",
		"description":    "First line",
		"roleType":       "SpecificObjects",
		"operators":      []any{f.operator, f.user},
		"selectedItems":  []any{f.group, f.site},
		"excludedItems":  []any{f.user2},
	}
}

// with returns the body with one member replaced.
func with(body map[string]any, name string, value any) map[string]any {
	changed := maps.Clone(body)
	changed[name] = value

	return changed
}

// without returns the body without a member.
func without(body map[string]any, name string) map[string]any {
	changed := with(body, name, nil)
	delete(changed, name)

	return changed
}

const contosoRoles = "/Organizations/" + simulator.ContosoID + "/RbacRoles"

func TestRolesAreCreatedReadAndDeleted(t *testing.T) {
	t.Parallel()

	for version, created := range map[string]int{"v6": http.StatusOK, "v7": http.StatusOK, "v8": http.StatusCreated} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			f := newFixture(t, sim)
			c := login(t, sim, version)

			role := c.do(http.MethodPost, contosoRoles, f.role()).wants(created).object()
			id, _ := role["id"].(string)
			path := "/" + version + "/rbacRoles/" + id
			href := func(suffix string) map[string]any { return map[string]any{"href": path + suffix} }

			want := map[string]any{
				"id": id, "organizationId": simulator.ContosoID, "name": "Helpdesk", "description": "First line",
				"roleType": "SpecificObjects",
				"_links": map[string]any{
					"self":          href(""),
					"organization":  map[string]any{"href": "/" + version + "/organizations/" + simulator.ContosoID},
					"operators":     href("/operators"),
					"selectedItem":  href("/selectedItems"),
					"excludedItems": href("/excludedItems"),
				},
			}
			for _, shown := range []map[string]any{
				role, c.get("/RbacRoles/" + id).wants(http.StatusOK).object(),
				c.get("/RbacRoles").wants(http.StatusOK).objects()[0],
				c.get(contosoRoles).wants(http.StatusOK).objects()[0],
			} {
				if diff := cmp.Diff(want, shown); diff != "" {
					t.Error(diff)
				}
			}

			if got := c.get("/Organizations/" + simulator.FabrikamID + "/RbacRoles").objects(); len(got) != 0 {
				t.Errorf("another organization has the role: %v", got)
			}

			c.delete("/RbacRoles/" + id).wantsEmpty(http.StatusNoContent)
			c.get("/RbacRoles/"+id).wantsError(version, http.StatusNotFound, "ResourceNotFound")
			c.delete("/RbacRoles/"+id).wantsError(version, http.StatusNotFound, "ResourceNotFound")
		})
	}
}

func TestEntriesKeepWhatTheClientSentAndGetIdsOfTheirOwn(t *testing.T) {
	t.Parallel()

	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			f := newFixture(t, sim)
			c := login(t, sim, version)

			user, _ := f.user["user"].(map[string]any)
			user["displayName"] = "As the client calls her"
			body := with(f.role(), "selectedItems", []any{f.group, f.site, f.shared})

			if version != "v6" {
				body = with(body, "selectedItems", []any{f.group, f.site, f.shared, f.team})
			}

			c.do(http.MethodPost, contosoRoles, body)
			path := "/RbacRoles/" + sim.Roles()[0].ID

			for list, sent := range map[string][]any{
				"operators": {f.operator, f.user}, "selectedItems": body["selectedItems"].([]any), "excludedItems": {f.user2},
			} {
				got := c.get(path + "/" + list).wants(http.StatusOK).objects()
				if len(got) != len(sent) {
					t.Fatalf("%s: %v", list, got)
				}

				for i, entry := range got {
					outer, _ := entry["id"].(string)
					nested := nestedID(entry)

					if len(outer) != 36+len(nested) || !strings.HasSuffix(outer, nested) {
						t.Errorf("%s: the entry's id is %s", list, outer)
					}

					if diff := cmp.Diff(map[string]any{
						"self": map[string]any{"href": "/" + version + "/rbacRoles/" + sim.Roles()[0].ID + "/" + list + "/" + outer},
						"role": map[string]any{"href": "/" + version + "/rbacRoles/" + sim.Roles()[0].ID},
					}, entry["_links"]); diff != "" {
						t.Error(diff)
					}

					single := c.get(path + "/" + list + "/" + outer).wants(http.StatusOK).object()
					if diff := cmp.Diff(entry, single); diff != "" {
						t.Error(diff)
					}

					delete(entry, "id")
					delete(entry, "_links")

					if diff := cmp.Diff(sent[i], entry); diff != "" {
						t.Errorf("%s: %s", list, diff)
					}

					c.get(path+"/"+list+"/"+nested).wantsError(version, http.StatusNotFound, "ResourceNotFound")
				}
			}
		})
	}
}

// nestedID is the id of the object of an entry.
func nestedID(entry map[string]any) string {
	kind, _ := entry["type"].(string)
	object, _ := entry[strings.ToLower(kind)].(map[string]any)
	id, _ := object["id"].(string)

	return id
}

func TestPrefixesOfEntryIdsAreTheSameForAKind(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	f := newFixture(t, sim)
	c := login(t, sim, "v8")
	c.do(http.MethodPost, contosoRoles, with(f.role(), "selectedItems", []any{f.group, f.site, f.shared, f.team})).wants(http.StatusCreated)

	prefixes := make(map[string]string)
	role := sim.Roles()[0]

	for _, entry := range slices.Concat(role.Operators, role.SelectedItems, role.ExcludedItems) {
		if known, seen := prefixes[entry.Type]; seen && known != entry.ID[:36] {
			t.Errorf("%s has the prefixes %s and %s", entry.Type, known, entry.ID[:36])
		}

		prefixes[entry.Type] = entry.ID[:36]
	}

	if len(prefixes) != 4 {
		t.Errorf("prefixes %v", prefixes)
	}
}

func TestRolesOverTheWholeOrganization(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	f := newFixture(t, sim)
	body := with(with(f.role(), "roleType", "EntireOrganization"), "selectedItems", []any{})

	for _, version := range versions() {
		c := login(t, sim, version)
		c.do(http.MethodPost, contosoRoles, body)

		id := sim.Roles()[len(sim.Roles())-1].ID
		if got := c.get("/RbacRoles/" + id + "/selectedItems").objects(); len(got) != 0 {
			t.Errorf("%s: %v", version, got)
		}

		if got := c.get("/RbacRoles/" + id + "/excludedItems").objects(); len(got) != 1 {
			t.Errorf("%s: %v", version, got)
		}

		c.do(http.MethodPost, "/RbacRoles/"+id+"/selectedItems", []any{f.group}).
			wantsError(version, http.StatusBadRequest, "ParameterValidationFailure")
	}
}

func TestUpdatesReplaceTheRole(t *testing.T) {
	t.Parallel()

	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			f := newFixture(t, sim)
			c := login(t, sim, version)
			c.do(http.MethodPost, contosoRoles, f.role())
			before := sim.Roles()[0]

			c.do(http.MethodPut, "/RbacRoles/"+before.ID, map[string]any{
				"organizationId": simulator.ContosoID, "name": "Renamed", "description": "", "roleType": "EntireOrganization",
				"operators": []any{f.user2}, "selectedItems": []any{}, "excludedItems": []any{f.group, f.site},
			}).wantsEmpty(http.StatusNoContent)

			after, _ := sim.Role(before.ID)
			if after.Name != "Renamed" || after.Description != "" || after.Type != simulator.EntireOrganization {
				t.Errorf("%+v", after)
			}

			if got := objectIDs(after.Operators, after.SelectedItems, after.ExcludedItems); !slices.Equal(got, []string{
				nestedID(f.user2), nestedID(f.group), nestedID(f.site),
			}) {
				t.Errorf("entries %v", got)
			}

			c.do(http.MethodPut, "/RbacRoles/"+before.ID, f.role()).wantsEmpty(http.StatusNoContent)

			if again, _ := sim.Role(before.ID); cmp.Diff(before, again) != "" {
				t.Error(cmp.Diff(before, again))
			}

			c.do(http.MethodPut, "/RbacRoles/"+simulator.ContosoID, f.role()).
				wantsError(version, http.StatusNotFound, "ResourceNotFound")
		})
	}
}

func objectIDs(lists ...[]simulator.Entry) []string {
	var ids []string

	for _, list := range lists {
		for _, entry := range list {
			ids = append(ids, entry.ObjectID())
		}
	}

	return ids
}

func TestWhatUpdatesDoWithListsThatAreMissing(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		options simulator.Options
		// missing and null are the number of excluded items, 1 before, after an
		// update without them and with null for them; -1 is a refusal.
		missing, null int
	}{
		"clear":                      {simulator.Options{}, 0, 0},
		"keep":                       {simulator.Options{PutOmittedLists: simulator.OmittedListsKeep}, 1, 1},
		"reject":                     {simulator.Options{PutOmittedLists: simulator.OmittedListsReject}, -1, -1},
		"clear, but null keeps":      {simulator.Options{PutKeepsNull: true}, 0, 1},
		"reject, but null keeps":     {simulator.Options{PutOmittedLists: simulator.OmittedListsReject, PutKeepsNull: true}, -1, 1},
		"lists are ignored entirely": {simulator.Options{PutIgnoresLists: true}, 1, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			// The description of the API has no nullable lists.
			test.options.Middleware = unvalidated
			sim := startUnchecked(t, test.options)
			f := newFixture(t, sim)
			c := login(t, sim, "v8")

			for body, left := range map[string]int{"missing": test.missing, "null": test.null} {
				role := addRole(t, sim)
				update := with(f.role(), "excludedItems", nil)

				if body == "missing" {
					update = without(f.role(), "excludedItems")
				}

				got := c.do(http.MethodPut, "/RbacRoles/"+role.ID, update)
				after, _ := sim.Role(role.ID)

				if left < 0 {
					got.wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")

					if diff := cmp.Diff(role, after); diff != "" {
						t.Error(diff)
					}

					continue
				}

				got.wantsEmpty(http.StatusNoContent)

				if len(after.ExcludedItems) != left {
					t.Errorf("%s: %d excluded items, want %d", body, len(after.ExcludedItems), left)
				}
			}
		})
	}
}

func TestClearedListsCanMakeAnUpdateInvalid(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	f := newFixture(t, sim)
	c := login(t, sim, "v8")
	role := addRole(t, sim)

	for _, list := range []string{"operators", "selectedItems"} {
		c.do(http.MethodPut, "/RbacRoles/"+role.ID, without(f.role(), list)).
			wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
	}

	if after, _ := sim.Role(role.ID); cmp.Diff(role, after) != "" {
		t.Error(cmp.Diff(role, after))
	}
}

func TestUpdatesThatIgnoreListsChangeTheRest(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{PutIgnoresLists: true})
	f := newFixture(t, sim)
	c := login(t, sim, "v8")
	role := addRole(t, sim)
	path := "/RbacRoles/" + role.ID

	c.do(http.MethodPut, path, with(with(f.role(), "roleType", "EntireOrganization"), "selectedItems", []any{})).
		wantsEmpty(http.StatusNoContent)

	after, _ := sim.Role(role.ID)
	if after.Type != simulator.EntireOrganization || len(after.SelectedItems) != 1 || len(after.Operators) != 1 {
		t.Errorf("%+v", after)
	}

	// The client can put it right with the lists' own operations.
	c.do(http.MethodPost, path+"/operators", []any{f.user}).wantsEmpty(http.StatusNoContent)
	c.delete(path + "/selectedItems?ids=" + after.SelectedItems[0].ID).wantsEmpty(http.StatusNoContent)

	c.do(http.MethodPut, path, f.role()).wantsEmpty(http.StatusNoContent)
	c.do(http.MethodPost, path+"/selectedItems", []any{f.group2}).wantsEmpty(http.StatusNoContent)

	if after, _ := sim.Role(role.ID); after.Type != simulator.SpecificObjects || len(after.SelectedItems) != 1 || len(after.Operators) != 2 {
		t.Errorf("%+v", after)
	}
}

func TestEntriesAreAddedAndRemoved(t *testing.T) {
	t.Parallel()

	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			f := newFixture(t, sim)
			c := login(t, sim, version)
			role := addRole(t, sim)
			path := "/RbacRoles/" + role.ID

			for list, entries := range map[string][]any{
				"operators": {f.user, f.user2}, "selectedItems": {f.site, f.shared}, "excludedItems": {f.group2, f.user2},
			} {
				c.do(http.MethodPost, path+"/"+list, entries).wantsEmpty(http.StatusNoContent)

				added := c.get(path + "/" + list).objects()
				if len(added) != 3 || nestedID(added[1]) != nestedID(entries[0].(map[string]any)) {
					t.Errorf("%s: %v", list, added)
				}

				// Both ids at once, by the entries' own ids.
				ids := pick(added[1:], "id")
				c.delete(path + "/" + list + "?ids=" + strings.Join(ids, ",")).wantsEmpty(http.StatusNoContent)

				if left := c.get(path + "/" + list).objects(); len(left) != 1 || left[0]["id"] != added[0]["id"] {
					t.Errorf("%s: %v", list, left)
				}
			}

			if after, _ := sim.Role(role.ID); cmp.Diff(role, after) != "" {
				t.Error(cmp.Diff(role, after))
			}
		})
	}
}

func TestRemovalsThatAreRefused(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	newFixture(t, sim)
	role := addRole(t, sim)
	other := strings.Repeat("1", 36) + role.Operators[0].ObjectID()

	for _, version := range versions() {
		c := login(t, sim, version)
		path := "/RbacRoles/" + role.ID

		for request, refusal := range map[string]struct {
			status int
			code   string
		}{
			"/operators":              {400, "ParameterValidationFailure"},
			"/operators?ids=":         {400, "ParameterValidationFailure"},
			"/operators?ids=,%20,":    {400, "ParameterValidationFailure"},
			"/operators?ids=" + other: {404, "ResourceNotFound"},
			"/operators?ids=" + role.Operators[0].ObjectID():        {404, "ResourceNotFound"},
			"/operators?ids=" + role.SelectedItems[0].ID:            {404, "ResourceNotFound"},
			"/operators?ids=" + role.Operators[0].ID:                {400, "ParameterValidationFailure"},
			"/selectedItems?ids=" + role.SelectedItems[0].ID:        {400, "ParameterValidationFailure"},
			"/excludedItems?ids=" + role.ExcludedItems[0].ID + ",x": {404, "ResourceNotFound"},
		} {
			c.delete(path+request).wantsError(version, refusal.status, refusal.code)
		}

		c.delete("/RbacRoles/"+simulator.ContosoID+"/operators?ids=x").wantsError(version, 404, "ResourceNotFound")
		c.delete("/RbacRoles/x/operators?ids=x").wantsError(version, 400, "ParameterValidationFailure")

		if after, _ := sim.Role(role.ID); cmp.Diff(role, after) != "" {
			t.Errorf("a refused removal changed the role: %s", cmp.Diff(role, after))
		}
	}
}

func TestKnobsOfRemovals(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{DeleteUnknownID: simulator.DeleteUnknownIDIgnore, AcceptNestedIDs: true})
	f := newFixture(t, sim)
	c := login(t, sim, "v8")
	role := addRole(t, sim)
	path := "/RbacRoles/" + role.ID

	c.delete(path + "/operators?ids=unknown").wantsEmpty(http.StatusNoContent)
	c.do(http.MethodPost, path+"/operators", []any{f.user}).wants(http.StatusNoContent)
	c.get(path + "/operators/" + nestedID(f.user)).wants(http.StatusOK)
	c.delete(path + "/operators?ids=unknown," + nestedID(f.user)).wantsEmpty(http.StatusNoContent)

	if after, _ := sim.Role(role.ID); cmp.Diff(role, after) != "" {
		t.Error(cmp.Diff(role, after))
	}
}

func TestTeamsInV6(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	f := newFixture(t, sim)
	role := addRole(t, sim)
	path := "/RbacRoles/" + role.ID

	login(t, sim, "v7").do(http.MethodPost, path+"/selectedItems", []any{f.team}).wants(http.StatusNoContent)

	c := login(t, sim, "v6")
	team, _ := sim.Role(role.ID)
	teamEntry := team.SelectedItems[1].ID

	if got := c.get(path + "/selectedItems").objects(); len(got) != 1 {
		t.Errorf("v6 shows %v", got)
	}

	c.get(path+"/selectedItems/"+teamEntry).wantsError("v6", http.StatusNotFound, "")
	c.do(http.MethodPost, path+"/selectedItems", []any{f.team}).wantsError("v6", http.StatusBadRequest, "")
	c.do(http.MethodPost, contosoRoles, with(f.role(), "excludedItems", []any{f.team})).wantsError("v6", http.StatusBadRequest, "")

	if got := login(t, sim, "v8").get(path + "/selectedItems").objects(); len(got) != 2 {
		t.Errorf("v8 shows %v", got)
	}

	sim.Configure(func(o *simulator.Options) { o.HideTeamsInV6 = simulator.Off })

	if got := c.get(path + "/selectedItems").objects(); len(got) != 2 || got[1]["type"] != "Team" {
		t.Errorf("v6 with the knob off shows %v", got)
	}
}

func TestNamesOfEntriesCanFollowTheDirectory(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	newFixture(t, sim)
	role := addRole(t, sim)
	sim.UpdateRole(role.ID, func(r *simulator.Role) {
		r.SelectedItems = append(r.SelectedItems,
			simulator.UserEntry(sim.Users(simulator.ContosoID)[10]),
			simulator.SiteEntry(sim.Sites(simulator.ContosoID)[0]),
			simulator.TeamEntry(sim.Teams(simulator.ContosoID)[0]),
		)
	})
	role, _ = sim.Role(role.ID)

	for _, entry := range role.SelectedItems {
		if !sim.RenameObject(simulator.ContosoID, entry.ObjectID(), "Renamed") {
			t.Errorf("%s was not renamed", entry.Type)
		}
	}

	c := login(t, sim, "v8")
	shown := func() []string {
		var names []string

		for _, entry := range c.get("/RbacRoles/" + role.ID + "/selectedItems").objects() {
			kind, _ := entry["type"].(string)
			object, _ := entry[strings.ToLower(kind)].(map[string]any)

			name, isNamed := object["displayName"].(string)
			if !isNamed {
				name, _ = object["title"].(string)
			}

			names = append(names, name)
		}

		return names
	}

	if got := shown(); !slices.Equal(got, []string{"Finance", "Invoices", "Intranet", "Board"}) {
		t.Errorf("names %v", got)
	}

	sim.Configure(func(o *simulator.Options) { o.RefreshDisplayNames = true })

	if got := shown(); !slices.Equal(got, []string{"Renamed", "Renamed", "Renamed", "Renamed"}) {
		t.Errorf("refreshed names %v", got)
	}

	sim.RemoveObject(simulator.ContosoID, role.SelectedItems[0].ObjectID())

	if got := shown(); got[0] != "Finance" {
		t.Errorf("an entry without object has the name %v", got[0])
	}
}

func TestMembersOfEntriesByVersion(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	newFixture(t, sim)
	role := addRole(t, sim)
	kind := "Security"
	sim.UpdateRole(role.ID, func(r *simulator.Role) {
		r.Operators = []simulator.Entry{
			{Type: "User", User: &simulator.EntryUser{ID: "u", OnPremisesSID: "S-1"}},
			{Type: "Group", Group: &simulator.EntryGroup{ID: "g", Type: &kind, OnPremisesSID: "S-2"}},
		}
	})

	for version, want := range map[string][]any{
		"v6": {nil, nil, ""}, "v7": {"S-1", "S-2", ""}, "v8": {"S-1", "S-2", nil},
	} {
		shown := login(t, sim, version).get("/RbacRoles/" + role.ID + "/operators").objects()
		user, _ := shown[0]["user"].(map[string]any)
		group, _ := shown[1]["group"].(map[string]any)

		// A group without name has an empty one before v8.
		name, present := group["name"]
		if got := []any{user["onPremisesSid"], group["onPremisesSid"], name}; cmp.Diff(want, got) != "" || !present {
			t.Errorf("%s: %v", version, got)
		}
	}
}

func TestEntriesOfUnknownKindsAreShown(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	f := newFixture(t, sim)
	role := addRole(t, sim)
	sim.UpdateRole(role.ID, func(r *simulator.Role) {
		r.SelectedItems = append(r.SelectedItems, simulator.Entry{
			Type: "PersonalSites", Extra: map[string]json.RawMessage{"scope": json.RawMessage(`{"all":true}`)},
		})
	})

	for _, version := range versions() {
		got := login(t, sim, version).get("/RbacRoles/" + role.ID + "/selectedItems").wants(http.StatusOK).objects()
		if len(got) != 2 || got[1]["type"] != "PersonalSites" || got[1]["id"] == "" {
			t.Errorf("%s: %v", version, got)
		}

		if diff := cmp.Diff(map[string]any{"all": true}, got[1]["scope"]); diff != "" {
			t.Error(diff)
		}
	}

	// Whoever replaces the role loses the entry.
	login(t, sim, "v8").do(http.MethodPut, "/RbacRoles/"+role.ID, f.role()).wants(http.StatusNoContent)

	if after, _ := sim.Role(role.ID); len(after.SelectedItems) != 2 || after.SelectedItems[1].Type != "Site" {
		t.Errorf("%+v", after.SelectedItems)
	}
}
