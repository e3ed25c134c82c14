package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// The values of the parameters of directory listings.
const (
	sourcePreferLocal = "PreferLocal"
	sourceProduction  = "Production"
	sourceResynced    = "PreferLocalResynced"

	rootSites = "root"
)

// tenantView is the directory of an organization as a request sees it.
type tenantView struct {
	id string
	// all includes objects that the local cache does not hold yet.
	all bool
}

// view finds the organization that the path names, and decides where its
// objects are read from: the local cache, which only organizations with modern
// app-only authentication have, or Microsoft 365.
func (f *restFace) view(x *exchange) (tenantView, error) {
	id, err := x.guidParam("organizationId")
	if err != nil {
		return tenantView{}, err
	}

	source, err := x.oneOf("dataSource", sourcePreferLocal, sourceProduction, sourceResynced)
	if err != nil {
		return tenantView{}, err
	}

	v := tenantView{id: id}

	return v, f.state.try(func(t *tables) error {
		owner, known := t.tenant(id)
		if !known {
			return notFound("organization", id)
		}

		now := x.knobs.Clock()
		owner.settle(now, x.knobs.SyncDuration)

		if source == sourceResynced && owner.modernAppOnly() {
			owner.startSync(syncIncremental, now)
			owner.finishSync(now)
		}

		v.all = source == sourceProduction || !owner.modernAppOnly() || owner.syncing()

		return nil
	})
}

// pick copies the objects of an organization that keep lets pass.
func pick[T any](f *restFace, v tenantView, from func(*tenant) *collection[T], keep func(T) bool) ([]T, error) {
	var (
		kept []T
		err  error
	)

	f.state.read(func(t *tables) {
		owner, known := t.tenant(v.id)
		if !known {
			err = notFound("organization", v.id)

			return
		}

		for _, item := range from(owner).all() {
			if keep(item) {
				kept = append(kept, item)
			}
		}
	})

	return kept, err
}

// one finds a single object of an organization.
func one[T any](f *restFace, v tenantView, kind, id string, from func(*tenant) *collection[T], unsynced func(T) bool) (T, error) {
	var (
		found T
		known bool
	)

	f.state.read(func(t *tables) {
		if owner, exists := t.tenant(v.id); exists {
			found, known = from(owner).get(id)
		}
	})

	if !known || unsynced(found) && !v.all {
		return found, notFound(kind, id)
	}

	return found, nil
}

func groupsOf(t *tenant) *collection[Group] { return &t.groups }
func usersOf(t *tenant) *collection[User]   { return &t.users }
func sitesOf(t *tenant) *collection[Site]   { return &t.sites }
func teamsOf(t *tenant) *collection[Team]   { return &t.teams }

// locations reads locationFilter and returns a test for it.
func (x *exchange) locations() (func(LocationType) bool, error) {
	wanted := map[string][]LocationType{
		"Cloud":              {InCloud},
		"OnPremises":         {InOnPremises},
		"Hybrid":             {InHybrid},
		"CloudOrHybrid":      {InCloud, InHybrid},
		"OnPremisesOrHybrid": {InOnPremises, InHybrid},
		"Any":                {InCloud, InOnPremises, InHybrid},
	}

	filter := x.param("locationFilter")
	if filter == "" {
		filter = "Any"
	}

	accepted, known := wanted[filter]
	if !known {
		return nil, invalid("The value %q is not valid for locationFilter.", filter)
	}

	return func(location LocationType) bool { return slices.Contains(accepted, location) }, nil
}

// getGroups answers GET /Organizations/{organizationId}/Groups.
func (f *restFace) getGroups(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	located, err := x.locations()
	if err != nil {
		return reply{}, err
	}

	displayed, name := matcher(x.param("displayName")), x.param("groupName")

	return list(f, x, listing[Group]{
		path: "/organizations/" + v.id + "/groups",
		collect: func() ([]Group, error) {
			groups, err := pick(f, v, groupsOf, func(g Group) bool {
				return (v.all || !g.Unsynced) && located(g.LocationType) && displayed(g.DisplayName) &&
					(name == "" || strings.EqualFold(g.Name, name))
			})

			return shuffled(x, groups, func(g Group) string { return g.ID }), err
		},
		render: func(g Group) *object { return x.group(v.id, g) },
	})
}

// getGroup answers GET /Organizations/{organizationId}/Groups/{groupId}.
func (f *restFace) getGroup(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	group, err := one(f, v, "group", x.params["groupId"], groupsOf, func(g Group) bool { return g.Unsynced })
	if err != nil {
		return reply{}, err
	}

	return reply{status: http.StatusOK, body: x.group(v.id, group)}, nil
}

// getUsers answers GET /Organizations/{organizationId}/Users.
func (f *restFace) getUsers(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	located, err := x.locations()
	if err != nil {
		return reply{}, err
	}

	sku, err := x.oneOf("detectedSkuType", "Other", "Education")
	if err != nil {
		return reply{}, err
	}

	displayed, name := matcher(x.param("displayName")), x.param("userName")

	return list(f, x, listing[User]{
		path: "/organizations/" + v.id + "/users",
		collect: func() ([]User, error) {
			users, err := pick(f, v, usersOf, func(u User) bool {
				return (v.all || !u.Unsynced) && located(u.LocationType) && displayed(u.DisplayName) &&
					(name == "" || strings.EqualFold(u.Name, name)) && (sku == "" || u.licensed(sku))
			})

			return shuffled(x, users, func(u User) string { return u.ID }), err
		},
		render: func(u User) *object { return x.user(v.id, u) },
	})
}

func (u User) licensed(sku string) bool {
	return slices.ContainsFunc(u.Licenses, func(l License) bool { return l.DetectedSKUType == sku })
}

// getUser answers GET /Organizations/{organizationId}/Users/{userId}.
func (f *restFace) getUser(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	user, err := one(f, v, "user", x.params["userId"], usersOf, func(u User) bool { return u.Unsynced })
	if err != nil {
		return reply{}, err
	}

	return reply{status: http.StatusOK, body: x.user(v.id, user)}, nil
}

// getTeams answers GET /Organizations/{organizationId}/Teams.
func (f *restFace) getTeams(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	displayed := matcher(x.param("displayName"))

	return list(f, x, listing[Team]{
		path: "/organizations/" + v.id + "/teams",
		collect: func() ([]Team, error) {
			teams, err := pick(f, v, teamsOf, func(t Team) bool {
				return (v.all || !t.Unsynced) && displayed(t.DisplayName)
			})

			return shuffled(x, teams, func(t Team) string { return t.ID }), err
		},
		render: func(t Team) *object { return x.team(v.id, t) },
	})
}

// getTeam answers GET /Organizations/{organizationId}/Teams/{teamId}.
func (f *restFace) getTeam(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	id, err := x.guidParam("teamId")
	if err != nil {
		return reply{}, err
	}

	team, err := one(f, v, "team", id, teamsOf, func(t Team) bool { return t.Unsynced })
	if err != nil {
		return reply{}, err
	}

	return reply{status: http.StatusOK, body: x.team(v.id, team)}, nil
}
