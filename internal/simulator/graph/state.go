package graph

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// state is everything that the service knows.
type state struct {
	mu      sync.Mutex
	tenants []*tenant
	clients map[string]Client
	// home is the tenant of the provider whose environment is exported.
	home   string
	tokens map[string]token
	issued []string
	// served counts requests to Graph, missing the grants between unknown objects.
	served, missing, races int
}

// token is a login that succeeded.
type token struct {
	tenant      string
	client      string
	permissions []string
	expires     time.Time
}

// tenant is a directory and who may enter it.
type tenant struct {
	Tenant

	users        map[string]User
	principals   table[ServicePrincipal]
	grants       table[Grant]
	applications table[Application]
	owners       table[[]string]
	deleted      table[deletedItem]
	// makers are the clients that created objects, by the objects' ids.
	makers map[string]string
	// admitted are permissions that differ from those that a client asks for; nil
	// means that it is not known.
	admitted map[string][]string
	refusal  string
	logins   int
	// turn counts requests, for replicas that take turns.
	turn int
}

// deletedItem is an object that can be restored, with the grants that were
// deleted along with a service principal.
type deletedItem struct {
	principal   *ServicePrincipal
	application *Application
	grants      []*Grant
}

func newState() *state {
	return &state{clients: make(map[string]Client), tokens: make(map[string]token)}
}

func (s *state) write(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()

	change()
}

func read[T any](s *state, look func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()

	return look()
}

// tenant finds a tenant by its id or one of its domains.
func (s *state) tenant(name string) (*tenant, bool) {
	for _, candidate := range s.tenants {
		if strings.EqualFold(candidate.ID, name) {
			return candidate, true
		}

		for _, domain := range candidate.Domains {
			if strings.EqualFold(domain, name) {
				return candidate, true
			}
		}
	}

	return nil, false
}

// mustTenant is for the back door, where an unknown tenant is a mistake.
func (s *state) mustTenant(name string) *tenant {
	known, found := s.tenant(name)
	if !found {
		panic(fmt.Sprintf("graph: there is no tenant %q", name))
	}

	return known
}

func (s *state) addTenant(added Tenant) *tenant {
	if added.ID == "" {
		added.ID = newGUID()
	}

	t := &tenant{
		Tenant:       clone(added),
		users:        make(map[string]User),
		principals:   newTable[ServicePrincipal](),
		grants:       newTable[Grant](),
		applications: newTable[Application](),
		owners:       newTable[[]string](),
		deleted:      newTable[deletedItem](),
		makers:       make(map[string]string),
		admitted:     make(map[string][]string),
	}
	s.tenants = append(s.tenants, t)

	microsoft := microsoftGraph()
	put(writer{settled: true}, &t.principals, key(microsoft.ID), &microsoft, created)

	return t
}

// microsoftGraph is Microsoft Graph's own service principal, which has another
// id in each tenant.
func microsoftGraph() ServicePrincipal {
	scope := func(id, value string) PermissionScope {
		return PermissionScope{ID: id, Value: value, Type: "User", IsEnabled: true}
	}

	const microsoft = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

	return ServicePrincipal{
		ID:                     newGUID(),
		AccountEnabled:         true,
		AppID:                  MicrosoftGraphAppID,
		AppDisplayName:         "Microsoft Graph",
		DisplayName:            "Microsoft Graph",
		AppOwnerOrganizationID: new(microsoft),
		ServicePrincipalType:   "Application",
		SignInAudience:         MultipleOrganizations,
		ServicePrincipalNames:  []string{MicrosoftGraphAppID, "https://graph.microsoft.com"},
		OAuth2PermissionScopes: []PermissionScope{
			scope(UserReadID, "User.Read"),
			scope("37f7f235-527c-4136-accd-4a02d197296e", "openid"),
			scope("14dad69e-099b-42c9-810b-d002981feec1", "profile"),
			scope("64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", "email"),
			scope("7427e0e9-2fba-42fe-b0c0-848c9e6a8182", "offline_access"),
			scope("570282fd-fa5c-430d-a7fd-fc8dc98a9dca", "Mail.Read"),
		},
	}
}

// application finds an active application in any tenant, with its home.
func (s *state) application(appID string) (*tenant, *Application) {
	for _, t := range s.tenants {
		for _, app := range t.applications.all() {
			if strings.EqualFold(app.AppID, appID) {
				return t, app
			}
		}
	}

	return nil, nil
}

// principal finds the active service principal of an application.
func (t *tenant) principal(appID string) *ServicePrincipal {
	return byAppID(t.principals.all(), appID)
}

func byAppID(principals []*ServicePrincipal, appID string) *ServicePrincipal {
	for _, sp := range principals {
		if strings.EqualFold(sp.AppID, appID) {
			return sp
		}
	}

	return nil
}

// newPrincipal is what becomes of an application in a tenant.
func newPrincipal(home *tenant, app *Application) ServicePrincipal {
	sp := ServicePrincipal{
		ID:                     newGUID(),
		AccountEnabled:         true,
		AppOwnerOrganizationID: new(home.ID),
		ServicePrincipalType:   "Application",
	}
	follow(&sp, app)

	return sp
}

// follow copies what a service principal has of its application.
func follow(sp *ServicePrincipal, app *Application) {
	source := clone(*app)
	sp.AppID = source.AppID
	sp.AppDisplayName = source.DisplayName
	sp.DisplayName = source.DisplayName
	sp.SignInAudience = source.SignInAudience
	sp.ServicePrincipalNames = slices.Concat(source.IdentifierURIs, []string{source.AppID})
	sp.ReplyURLs = slices.Concat(source.Web.RedirectURIs, source.SPA.RedirectURIs, source.PublicClient.RedirectURIs)
	sp.OAuth2PermissionScopes = source.API.OAuth2PermissionScopes
	sp.AppRoles = source.AppRoles
	sp.Info = source.Info
}

// spread lets the service principals of an application follow it.
func (s *state) spread(w writer, app *Application) {
	for _, t := range s.tenants {
		if sp := t.principal(app.AppID); sp != nil {
			changed := clone(*sp)
			follow(&changed, app)
			put(w, &t.principals, key(sp.ID), &changed, patched)
		}
	}
}

// buryPrincipal deletes a service principal and its grants so that they can be
// restored.
func (t *tenant) buryPrincipal(w writer, sp *ServicePrincipal) {
	gone := clone(*sp)
	gone.DeletedDateTime = new(w.at)
	item := deletedItem{principal: &gone}

	for _, g := range t.grants.all() {
		if strings.EqualFold(g.ClientID, sp.ID) || strings.EqualFold(g.ResourceID, sp.ID) {
			item.grants = append(item.grants, g)
			put(w, &t.grants, g.ID, nil, deleted)
		}
	}

	put(w, &t.principals, key(sp.ID), nil, deleted)
	put(w, &t.deleted, key(sp.ID), &item, deleted)
}

// buryApplication deletes an application, and its service principal in its home
// tenant, so that they can be restored.
func (t *tenant) buryApplication(w writer, app *Application) {
	gone := clone(*app)
	gone.DeletedDateTime = new(w.at)

	put(w, &t.applications, key(app.ID), nil, deleted)
	put(w, &t.deleted, key(app.ID), &deletedItem{application: &gone}, deleted)

	if sp := t.principal(app.AppID); sp != nil {
		t.buryPrincipal(w, sp)
	}
}

// revive restores what was deleted.
func (t *tenant) revive(w writer, id string, item *deletedItem, withGrants bool) {
	put(w, &t.deleted, key(id), nil, deleted)

	if item.application != nil {
		app := clone(*item.application)
		app.DeletedDateTime = nil
		put(w, &t.applications, key(id), &app, created)

		return
	}

	sp := clone(*item.principal)
	sp.DeletedDateTime = nil
	put(w, &t.principals, key(id), &sp, created)

	if !withGrants {
		return
	}

	for _, g := range item.grants {
		put(w, &t.grants, g.ID, g, granted)
	}
}
