package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// edited returns an entry with one member of its object replaced; nil removes
// the member.
func edited(entry map[string]any, name string, value any) map[string]any {
	kind, _ := entry["type"].(string)
	key := strings.ToLower(kind)
	object, _ := entry[key].(map[string]any)

	if value == nil {
		return with(entry, key, without(object, name))
	}

	return with(entry, key, with(object, name, value))
}

// null stands for a member that is null.
type null struct{}

func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func TestRolesThatAreRefused(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	f := newFixture(t, sim)
	fabrikam := groupEntry(sim.Groups(simulator.FabrikamID)[0])
	role := f.role()
	items := func(entries ...any) map[string]any { return with(role, "selectedItems", entries) }
	everything := with(with(role, "roleType", "EntireOrganization"), "selectedItems", []any{})

	tests := map[string]struct {
		body   any
		status int
	}{
		"an empty body":                      {"", 400},
		"a body that is no JSON":             {"{", 400},
		"null":                               {"null", 400},
		"an array":                           {"[]", 400},
		"text":                               {`"role"`, 400},
		"something behind the body":          {"{} {}", 400},
		"no name":                            {without(role, "name"), 400},
		"a name that is null":                {with(role, "name", null{}), 400},
		"a name that is empty":               {with(role, "name", ""), 400},
		"a name of blanks":                   {with(role, "name", " \t"), 400},
		"a name that is a number":            {with(role, "name", 7), 400},
		"a description that is a number":     {with(role, "description", 7), 400},
		"no type":                            {without(role, "roleType"), 400},
		"a type that is null":                {with(role, "roleType", null{}), 400},
		"an unknown type":                    {with(role, "roleType", "Everything"), 400},
		"a type in lower case":               {with(role, "roleType", "specificobjects"), 400},
		"another organization in the body":   {with(role, "organizationId", simulator.FabrikamID), 400},
		"no operators":                       {with(role, "operators", []any{}), 400},
		"operators that are missing":         {without(role, "operators"), 400},
		"operators that are no array":        {with(role, "operators", f.operator), 400},
		"operators that are no objects":      {with(role, "operators", []any{"Eve"}), 400},
		"an operator that is null":           {with(role, "operators", []any{null{}}), 400},
		"a site as operator":                 {with(role, "operators", []any{f.site}), 400},
		"a team as operator":                 {with(role, "operators", []any{f.team}), 400},
		"no items":                           {items(), 400},
		"items that are missing":             {without(role, "selectedItems"), 400},
		"items although everything is meant": {with(role, "roleType", "EntireOrganization"), 400},
		"an item that is excluded too":       {with(role, "excludedItems", []any{f.site}), 400},
		"an excluded item that is an operator is allowed, an unknown kind is not": {
			with(role, "excludedItems", []any{with(f.user, "type", "PersonalSites")}), 400,
		},
		"an entry without type":                {items(without(f.group, "type")), 400},
		"an entry of unknown type":             {items(with(f.group, "type", "Folder")), 400},
		"an entry of a type in lower case":     {items(with(f.group, "type", "group")), 400},
		"an entry of another type":             {items(with(f.group, "type", "User")), 400},
		"an entry without object":              {items(map[string]any{"type": "User"}), 400},
		"an entry with two objects":            {items(with(f.group, "user", f.user["user"])), 400},
		"an object that is text":               {items(map[string]any{"type": "User", "user": "Eve"}), 400},
		"a user without id":                    {items(edited(f.user, "id", nil)), 400},
		"a user with an empty id":              {items(edited(f.user, "id", "")), 400},
		"a user without display name":          {items(edited(f.user, "displayName", nil)), 400},
		"a user whose display name is null":    {items(edited(f.user, "displayName", null{})), 400},
		"a user without name":                  {items(edited(f.user, "name", nil)), 400},
		"a user without type":                  {items(edited(f.user, "type", nil)), 400},
		"a user of the directory's word":       {items(edited(f.shared, "type", "Shared")), 400},
		"a public mailbox likewise":            {items(edited(f.shared, "type", "Public")), 400},
		"a user that only Entra knows":         {items(edited(f.user, "id", nestedID(f.user)[:36])), 404},
		"a user that nobody knows":             {items(edited(f.user, "id", strings.Repeat("0", 72))), 404},
		"a user whose id is a number":          {items(edited(f.user, "id", 5)), 400},
		"a user's SID that is null":            {items(edited(f.user, "onPremisesSid", null{})), 400},
		"a group as user":                      {items(edited(f.user, "id", nestedID(f.group))), 404},
		"a group of another organization":      {items(fabrikam), 404},
		"a group without name":                 {items(edited(f.group, "name", nil)), 400},
		"a group without type":                 {items(edited(f.group, "type", nil)), 400},
		"a group of unknown type":              {items(edited(f.group, "type", "Mail")), 400},
		"a site without address":               {items(edited(f.site, "url", nil)), 400},
		"a site without title":                 {items(edited(f.site, "title", nil)), 400},
		"a site whose title is null":           {items(edited(f.site, "title", null{})), 400},
		"a site that may be in the cloud":      {items(edited(f.site, "isCloud", nil)), 400},
		"a site that may be personal":          {items(edited(f.site, "isPersonal", nil)), 400},
		"a site whose flag is text":            {items(edited(f.site, "isCloud", "true")), 400},
		"a site that nobody knows":             {items(edited(f.site, "id", "x")), 404},
		"a team without description":           {items(edited(f.team, "description", nil)), 400},
		"a team whose description is null":     {items(edited(f.team, "description", null{})), 400},
		"a team without address":               {items(edited(f.team, "mail", nil)), 400},
		"a team without display name":          {items(edited(f.team, "displayName", nil)), 400},
		"a team whose id is none":              {items(edited(f.team, "id", "x")), 400},
		"a team that nobody knows":             {items(edited(f.team, "id", simulator.ContosoID)), 404},
		"the first bad entry of the last list": {with(everything, "excludedItems", []any{f.user2, edited(f.group, "type", "Mail")}), 400},
	}

	existing := addRole(t, sim)

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, version := range versions() {
				c := login(t, sim, version)

				status, code := test.status, "ParameterValidationFailure"
				if status == http.StatusNotFound {
					code = "ResourceNotFound"
				}

				// v6 knows no teams at all.
				if version == "v6" && strings.HasPrefix(name, "a team") {
					status, code = http.StatusBadRequest, "ParameterValidationFailure"
				}

				c.do(http.MethodPost, contosoRoles, test.body).wantsError(version, status, code)
				c.do(http.MethodPut, "/RbacRoles/"+existing.ID, test.body).wantsError(version, status, code)
			}
		})
	}

	t.Cleanup(func() {
		if diff := cmp.Diff([]simulator.Role{existing}, sim.Roles()); diff != "" {
			t.Errorf("a refused request changed a role: %s", diff)
		}
	})
}

func TestRolesThatAreAccepted(t *testing.T) {
	t.Parallel()

	// Some of these are forbidden by the description and allowed by its absence
	// of required members.
	sim := startUnchecked(t, simulator.Options{Middleware: unvalidated})
	f := newFixture(t, sim)
	role := f.role()
	items := func(entries ...any) map[string]any { return with(role, "selectedItems", entries) }

	tests := map[string]struct {
		body  any
		since string
	}{
		"all kinds":                            {items(f.user, f.group, f.site, f.team), "v7"},
		"a shared mailbox":                     {items(f.shared), "v6"},
		"a group without a name":               {items(edited(f.group, "name", null{})), "v8"},
		"a user of no type":                    {items(edited(f.user, "type", null{})), "v6"},
		"a group of no type":                   {items(edited(f.group, "type", null{})), "v6"},
		"a group of a type that is unknown":    {items(edited(f.group, "type", "Unknown")), "v6"},
		"a site of unknown location":           {items(edited(f.site, "isCloud", null{})), "v6"},
		"a site without parent":                {items(edited(f.site, "parentUrl", nil)), "v6"},
		"other objects that are null":          {items(with(f.user, "group", null{})), "v6"},
		"entries with an id that is not used":  {items(with(f.user, "id", "mine")), "v6"},
		"members that nobody knows":            {with(role, "color", "red"), "v6"},
		"no organization in the body":          {without(role, "organizationId"), "v6"},
		"no description":                       {without(role, "description"), "v6"},
		"no excluded items":                    {without(role, "excludedItems"), "v6"},
		"an operator who is a selected item":   {with(role, "operators", []any{f.group}), "v6"},
		"an operator who is excluded":          {with(role, "excludedItems", []any{f.user}), "v6"},
		"a dynamic distribution group":         {items(groupEntry(sim.Groups(simulator.ContosoID)[11])), "v6"},
		"a personal site":                      {items(edited(edited(f.site, "isPersonal", true), "id", sim.Sites(simulator.ContosoID)[11].ID)), "v6"},
		"an organization's id in upper case":   {with(role, "organizationId", strings.ToUpper(simulator.ContosoID)), "v6"},
		"the id of an object in upper case":    {items(edited(f.user, "id", strings.ToUpper(nestedID(f.user)))), "v6"},
		"a role id, which is the server's":     {with(role, "id", simulator.ContosoID), "v6"},
		"a second role with the same name":     {role, "v6"},
		"an entry twice, which is stored once": {items(f.user, f.user), "v6"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, version := range versions() {
				c := login(t, sim, version)

				got := c.do(http.MethodPost, contosoRoles, test.body)
				if version < test.since {
					got.wantsError(version, http.StatusBadRequest, "ParameterValidationFailure")

					continue
				}

				if got.status != http.StatusOK && got.status != http.StatusCreated {
					t.Errorf("%s: status %d: %s", version, got.status, got.body)

					continue
				}

				id, _ := got.object()["id"].(string)
				if id == simulator.ContosoID {
					t.Error("the client chose the id")
				}

				stored, _ := sim.Role(id)
				for _, entry := range stored.SelectedItems {
					if entry.ID == "mine" {
						t.Error("the client chose the id of an entry")
					}
				}

				if name == "an entry twice, which is stored once" && len(stored.SelectedItems) != 1 {
					t.Errorf("%d entries", len(stored.SelectedItems))
				}
			}
		})
	}
}

func TestOrganizationsThatCanHaveNoRoles(t *testing.T) {
	t.Parallel()

	appOnly := &simulator.ConnectionSettings{ApplicationOnly: true}
	legacy := &simulator.ConnectionSettings{}

	tests := map[string]struct {
		organization simulator.Organization
		accepted     bool
	}{
		"modern":              {simulator.Organization{Name: "a"}, true},
		"Exchange alone":      {simulator.Organization{Name: "a", ExchangeOnline: appOnly}, true},
		"hybrid":              {simulator.Organization{Name: "a", Type: simulator.Hybrid}, true},
		"legacy":              {simulator.Organization{Name: "a", ExchangeOnline: legacy, SharePointOnline: legacy}, false},
		"legacy SharePoint":   {simulator.Organization{Name: "a", ExchangeOnline: appOnly, SharePointOnline: legacy}, false},
		"legacy hybrid":       {simulator.Organization{Name: "a", Type: simulator.Hybrid, ExchangeOnline: legacy}, false},
		"on-premises":         {simulator.Organization{Name: "a", Type: simulator.OnPremises}, false},
		"on-premises, really": {simulator.Organization{Name: "a", Type: simulator.OnPremises, ExchangeOnline: appOnly}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			id := sim.AddOrganization(test.organization).ID
			entry := groupEntry(sim.AddGroup(id, simulator.Group{DisplayName: "Group", Name: "g@a"}))
			body := map[string]any{
				"organizationId": id, "name": "Role", "description": "", "roleType": "EntireOrganization",
				"operators": []any{entry}, "selectedItems": []any{}, "excludedItems": []any{},
			}
			role := sim.AddRole(simulator.Role{OrganizationID: id, Name: "Old", Operators: []simulator.Entry{
				simulator.GroupEntry(sim.Groups(id)[0]),
			}})
			c := login(t, sim, "v8")

			created := c.do(http.MethodPost, "/Organizations/"+id+"/RbacRoles", body)
			updated := c.do(http.MethodPut, "/RbacRoles/"+role.ID, body)

			if test.accepted {
				created.wants(http.StatusCreated)
				updated.wants(http.StatusNoContent)

				return
			}

			created.wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
			updated.wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
			c.delete("/RbacRoles/" + role.ID).wants(http.StatusNoContent)
		})
	}

	t.Run("without services", func(t *testing.T) {
		t.Parallel()

		sim := start(t, simulator.Options{})
		f := newFixture(t, sim)
		sim.UpdateOrganization(simulator.ContosoID, func(o *simulator.Organization) { o.ExchangeOnline, o.SharePointOnline = nil, nil })
		login(t, sim, "v8").do(http.MethodPost, contosoRoles, f.role()).wants(http.StatusBadRequest)
	})
}

func TestObjectsOnPremisesAreRefused(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	id := sim.AddOrganization(simulator.Organization{Name: "hybrid", Type: simulator.Hybrid}).ID
	cloud := sim.AddGroup(id, simulator.Group{DisplayName: "Cloud", Name: "c@h"})
	synced := sim.AddGroup(id, simulator.Group{DisplayName: "Synced", Name: "s@h", LocationType: simulator.InHybrid})
	group := sim.AddGroup(id, simulator.Group{DisplayName: "Local", Name: "l@h", LocationType: simulator.InOnPremises})
	user := sim.AddUser(id, simulator.User{DisplayName: "Local", Name: "u@h", LocationType: simulator.InOnPremises})
	site := sim.AddSite(id, simulator.Site{Title: "Local", URL: "https://local", OnPremises: true})
	siteEntry := map[string]any{"type": "Site", "site": map[string]any{
		"id": site.ID, "url": site.URL, "title": site.Title, "parentUrl": "", "isCloud": false, "isPersonal": false,
	}}
	c := login(t, sim, "v8")
	body := map[string]any{
		"organizationId": id, "name": "Role", "description": "", "roleType": "SpecificObjects",
		"operators": []any{groupEntry(cloud)}, "selectedItems": []any{groupEntry(synced)}, "excludedItems": []any{},
	}
	path := "/Organizations/" + id + "/RbacRoles"

	for name, changed := range map[string]map[string]any{
		"operator": with(body, "operators", []any{groupEntry(group)}),
		"item":     with(body, "selectedItems", []any{userEntry(user, "User")}),
		"excluded": with(body, "excludedItems", []any{siteEntry}),
	} {
		if got := c.do(http.MethodPost, path, changed).status; got != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, got)
		}
	}

	c.do(http.MethodPost, path, body).wants(http.StatusCreated)
}

func TestTeamsOfChineseOrganizationsAreRefused(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	f := newFixture(t, sim)
	c := login(t, sim, "v8")
	body := with(f.role(), "selectedItems", []any{f.team})

	sim.UpdateOrganization(simulator.ContosoID, func(o *simulator.Organization) { o.Region = simulator.China })
	c.do(http.MethodPost, contosoRoles, body).wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")
	sim.UpdateOrganization(simulator.ContosoID, func(o *simulator.Organization) { o.Region = simulator.USGovernment })
	c.do(http.MethodPost, contosoRoles, body).wants(http.StatusCreated)
}

func TestAdditionsThatAreRefused(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	f := newFixture(t, sim)
	role := addRole(t, sim)
	selected := groupEntry(sim.Groups(simulator.ContosoID)[3])
	excluded := userEntry(sim.Users(simulator.ContosoID)[0], "User")

	tests := map[string]struct {
		list   string
		body   any
		status int
	}{
		"one entry instead of an array": {"operators", f.user, 400},
		"null":                          {"operators", "null", 400},
		"no JSON":                       {"operators", "[", 400},
		"a site as operator":            {"operators", []any{f.site}, 400},
		"a selected item that is one of the excluded":  {"selectedItems", []any{excluded}, 400},
		"an excluded item that is one of the selected": {"excludedItems", []any{selected}, 400},
		"a good entry and a bad one":                   {"operators", []any{f.user, edited(f.user2, "type", "Shared")}, 400},
		"an unknown object":                            {"selectedItems", []any{edited(f.user, "id", "x")}, 404},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, version := range versions() {
				code := "ParameterValidationFailure"
				if test.status == http.StatusNotFound {
					code = "ResourceNotFound"
				}

				c := login(t, sim, version)
				c.do(http.MethodPost, "/RbacRoles/"+role.ID+"/"+test.list, test.body).wantsError(version, test.status, code)
				c.do(http.MethodPost, "/RbacRoles/"+simulator.ContosoID+"/"+test.list, test.body).
					wantsError(version, http.StatusNotFound, "ResourceNotFound")
			}
		})
	}

	t.Cleanup(func() {
		if after, _ := sim.Role(role.ID); cmp.Diff(role, after) != "" {
			t.Errorf("a refused addition changed the role: %s", cmp.Diff(role, after))
		}
	})
}

func TestBodiesOfOtherMediaTypesAreRefused(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	newFixture(t, sim)
	role := addRole(t, sim)
	c := login(t, sim, "v8")

	for method, path := range map[string]string{
		http.MethodPut:  "/RbacRoles/" + role.ID,
		http.MethodPost: "/RbacRoles/" + role.ID + "/operators",
	} {
		for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json+patch"} {
			got := c.send(method, path, contentType, c.access, strings.NewReader("{}"))
			got.wantsError("v8", http.StatusUnsupportedMediaType, "HttpError")
		}
	}

	c.send(http.MethodPost, "/RbacRoles/"+role.ID+"/operators", "application/json; charset=utf-8", c.access, strings.NewReader("[]")).
		wantsEmpty(http.StatusNoContent)
}

func TestKnobsOfCreation(t *testing.T) {
	t.Parallel()

	t.Run("role names can be unique", func(t *testing.T) {
		t.Parallel()

		sim := start(t, simulator.Options{DuplicateRoleName: simulator.DuplicateRoleNameConflict})
		f := newFixture(t, sim)
		c := login(t, sim, "v8")

		c.do(http.MethodPost, contosoRoles, f.role()).wants(http.StatusCreated)
		c.do(http.MethodPost, contosoRoles, with(f.role(), "name", "HELPDESK")).wantsError("v8", http.StatusConflict, "OperationConflict")
		c.do(http.MethodPut, "/RbacRoles/"+sim.Roles()[0].ID, f.role()).wants(http.StatusNoContent)
		c.do(http.MethodPost, contosoRoles, with(f.role(), "name", "Other")).wants(http.StatusCreated)
		c.do(http.MethodPut, "/RbacRoles/"+sim.Roles()[1].ID, f.role()).wants(http.StatusConflict)
	})

	t.Run("entries can need ids of their own", func(t *testing.T) {
		t.Parallel()

		sim := start(t, simulator.Options{OuterIDRequired: true})
		f := newFixture(t, sim)
		c := login(t, sim, "v8")

		c.do(http.MethodPost, contosoRoles, f.role()).wantsError("v8", http.StatusBadRequest, "ParameterValidationFailure")

		body := f.role()
		for _, list := range []string{"operators", "selectedItems", "excludedItems"} {
			var entries []any
			for _, entry := range body[list].([]any) {
				entries = append(entries, with(entry.(map[string]any), "id", nestedID(entry.(map[string]any))))
			}

			body = with(body, list, entries)
		}

		c.do(http.MethodPost, contosoRoles, body).wants(http.StatusCreated)
	})

	t.Run("objects of two kinds can have the same id", func(t *testing.T) {
		t.Parallel()

		sim := start(t, simulator.Options{AcceptUnknownIDs: true})
		f := newFixture(t, sim)
		body := with(with(f.role(), "selectedItems", []any{edited(f.user, "id", "x")}), "excludedItems", []any{edited(f.group, "id", "x")})
		login(t, sim, "v8").do(http.MethodPost, contosoRoles, body).wants(http.StatusCreated)
	})

	t.Run("unknown objects can be accepted", func(t *testing.T) {
		t.Parallel()

		sim := start(t, simulator.Options{AcceptUnknownIDs: true})
		f := newFixture(t, sim)
		body := with(f.role(), "operators", []any{edited(f.user, "id", "unknown")})
		login(t, sim, "v8").do(http.MethodPost, contosoRoles, body).wants(http.StatusCreated)
	})

	for knob, status := range map[simulator.DuplicateEntry]int{
		simulator.DuplicateEntryIgnore: 204, simulator.DuplicateEntryConflict: 409, simulator.DuplicateEntryReject: 400,
	} {
		t.Run("duplicate entries "+string(knob), func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{DuplicateEntry: knob})
			newFixture(t, sim)
			role := addRole(t, sim)
			twice := groupEntry(sim.Groups(simulator.ContosoID)[3])

			login(t, sim, "v8").do(http.MethodPost, "/RbacRoles/"+role.ID+"/selectedItems", []any{twice}).wants(status)

			if after, _ := sim.Role(role.ID); len(after.SelectedItems) != 1 {
				t.Errorf("%d entries", len(after.SelectedItems))
			}
		})
	}
}
