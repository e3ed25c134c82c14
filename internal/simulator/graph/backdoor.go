package graph

import (
	"fmt"
	"slices"
	"strings"
)

// behind writes as someone else did long ago: every replica knows it.
func (s *Server) behind() writer {
	return writer{at: s.Options().Clock(), settled: true}
}

// AddTenant adds a tenant, which has nothing but Microsoft Graph's own service
// principal, and returns it; an empty id is made up.
func (s *Server) AddTenant(added Tenant) Tenant {
	return read(s.state, func() Tenant { return clone(s.state.addTenant(added).Tenant) })
}

// Tenants lists the tenants.
func (s *Server) Tenants() []Tenant {
	return read(s.state, func() []Tenant {
		tenants := make([]Tenant, 0, len(s.state.tenants))
		for _, t := range s.state.tenants {
			tenants = append(tenants, clone(t.Tenant))
		}

		return tenants
	})
}

// Tenant finds a tenant by its id or a domain.
func (s *Server) Tenant(name string) (Tenant, bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()

	known, found := s.state.tenant(name)
	if !found {
		return Tenant{}, false
	}

	return clone(known.Tenant), true
}

// SetHome names the provider's own tenant, which [Server.Environment] tells.
func (s *Server) SetHome(tenantID string) {
	s.state.write(func() { s.state.home = s.state.mustTenant(tenantID).ID })
}

// AddUser adds a person to a tenant and returns it; an empty id is made up.
func (s *Server) AddUser(tenantID string, user User) User {
	s.state.write(func() {
		if user.ID == "" {
			user.ID = newGUID()
		}

		s.state.mustTenant(tenantID).users[key(user.ID)] = user
	})

	return user
}

// AddApplication registers an application in a tenant and returns it. Ids that
// are empty are made up, and so is the audience: many organizations.
func (s *Server) AddApplication(tenantID string, app Application) Application {
	app = clone(app)

	for _, id := range []*string{&app.ID, &app.AppID} {
		if *id == "" {
			*id = newGUID()
		}
	}

	if app.SignInAudience == "" {
		app.SignInAudience = MultipleOrganizations
	}

	s.state.write(func() {
		put(s.behind(), &s.state.mustTenant(tenantID).applications, key(app.ID), &app, created)
	})

	return clone(app)
}

// Applications are the applications that are registered in a tenant.
func (s *Server) Applications(tenantID string) []Application {
	return read(s.state, func() []Application { return copies(s.state.mustTenant(tenantID).applications.all()) })
}

// UpdateApplication changes an application, which is found by its application
// id. Its service principals follow it in all tenants.
func (s *Server) UpdateApplication(appID string, change func(*Application)) {
	s.state.write(func() {
		home, app := s.state.application(appID)
		if app == nil {
			panic(fmt.Sprintf("graph: there is no application %q", appID))
		}

		changed := clone(*app)
		change(&changed)
		put(s.behind(), &home.applications, key(app.ID), &changed, patched)
		s.state.spread(s.behind(), &changed)
	})
}

// DeleteApplication deletes an application, which is found by its application
// id, and its service principal in its home tenant, so that they can be restored.
func (s *Server) DeleteApplication(appID string) {
	s.state.write(func() {
		if home, app := s.state.application(appID); app != nil {
			home.buryApplication(s.behind(), app)
		}
	})
}

// Owners are the ids of the owners of an application.
func (s *Server) Owners(appID string) []string {
	return read(s.state, func() []string {
		home, app := s.state.application(appID)
		if app == nil {
			return nil
		}

		return home.ownersOf(app.ID)
	})
}

// SetOwners replaces the owners of an application.
func (s *Server) SetOwners(appID string, owners ...string) {
	s.state.write(func() {
		home, app := s.state.application(appID)
		if app == nil {
			panic(fmt.Sprintf("graph: there is no application %q", appID))
		}

		put(s.behind(), &home.owners, key(app.ID), new(slices.Clone(owners)), patched)
	})
}

// AddServicePrincipal brings an application into a tenant, as a login to it does,
// changes it as is wanted, and returns it. An application that is registered
// nowhere is one of an unknown tenant.
func (s *Server) AddServicePrincipal(tenantID, appID string, changes ...func(*ServicePrincipal)) ServicePrincipal {
	return read(s.state, func() ServicePrincipal {
		t := s.state.mustTenant(tenantID)

		home, app := s.state.application(appID)
		if app == nil {
			home, app = t, &Application{AppID: appID, DisplayName: appID, SignInAudience: MultipleOrganizations}
		}

		sp := newPrincipal(home, app)
		for _, change := range changes {
			change(&sp)
		}

		put(s.behind(), &t.principals, key(sp.ID), &sp, created)

		return clone(sp)
	})
}

// ServicePrincipals are the service principals of a tenant, apart from Microsoft
// Graph's own.
func (s *Server) ServicePrincipals(tenantID string) []ServicePrincipal {
	return read(s.state, func() []ServicePrincipal {
		return slices.DeleteFunc(copies(s.state.mustTenant(tenantID).principals.all()), func(sp ServicePrincipal) bool {
			return sp.AppID == MicrosoftGraphAppID
		})
	})
}

// DeletedServicePrincipals are those that can be restored.
func (s *Server) DeletedServicePrincipals(tenantID string) []ServicePrincipal {
	return read(s.state, func() []ServicePrincipal {
		var principals []ServicePrincipal

		for _, item := range s.state.mustTenant(tenantID).deleted.all() {
			if item.principal != nil {
				principals = append(principals, clone(*item.principal))
			}
		}

		return principals
	})
}

// MicrosoftGraphID is the object id of Microsoft Graph's own service principal
// in a tenant.
func (s *Server) MicrosoftGraphID(tenantID string) string {
	return read(s.state, func() string { return s.state.mustTenant(tenantID).principal(MicrosoftGraphAppID).ID })
}

// UpdateServicePrincipal changes the service principal of an application. It
// tells whether there is one.
func (s *Server) UpdateServicePrincipal(tenantID, appID string, change func(*ServicePrincipal)) bool {
	return s.withPrincipal(tenantID, appID, func(t *tenant, sp *ServicePrincipal) {
		changed := clone(*sp)
		change(&changed)
		put(s.behind(), &t.principals, key(sp.ID), &changed, patched)
	})
}

// DeleteServicePrincipal deletes the service principal of an application so that
// it can be restored. It tells whether there was one.
func (s *Server) DeleteServicePrincipal(tenantID, appID string) bool {
	return s.withPrincipal(tenantID, appID, func(t *tenant, sp *ServicePrincipal) { t.buryPrincipal(s.behind(), sp) })
}

// PurgeServicePrincipal deletes the service principal of an application for good,
// also one that was deleted before. It tells whether there was an active one.
func (s *Server) PurgeServicePrincipal(tenantID, appID string) bool {
	found := s.DeleteServicePrincipal(tenantID, appID)

	s.state.write(func() {
		t := s.state.mustTenant(tenantID)
		for _, item := range t.deleted.all() {
			if item.principal != nil && strings.EqualFold(item.principal.AppID, appID) {
				put(s.behind(), &t.deleted, key(item.principal.ID), nil, deleted)
			}
		}
	})

	return found
}

func (s *Server) withPrincipal(tenantID, appID string, do func(*tenant, *ServicePrincipal)) bool {
	return read(s.state, func() bool {
		t := s.state.mustTenant(tenantID)

		sp := t.principal(appID)
		if sp != nil {
			do(t, sp)
		}

		return sp != nil
	})
}

// AddGrant adds a grant to a tenant and returns it with the id that Entra gives
// it.
func (s *Server) AddGrant(tenantID string, grant Grant) Grant {
	grant = clone(grant)
	grant.ID = GrantID(grant.ClientID, grant.ResourceID, text(grant.PrincipalID))

	if grant.ConsentType == "" {
		grant.ConsentType = AllPrincipals
	}

	s.state.write(func() { put(s.behind(), &s.state.mustTenant(tenantID).grants, grant.ID, &grant, granted) })

	return clone(grant)
}

// Grants are the grants of a tenant.
func (s *Server) Grants(tenantID string) []Grant {
	return read(s.state, func() []Grant { return copies(s.state.mustTenant(tenantID).grants.all()) })
}

// UpdateGrant changes a grant. It tells whether there is one.
func (s *Server) UpdateGrant(tenantID, id string, change func(*Grant)) bool {
	return s.withGrant(tenantID, id, func(t *tenant, g *Grant) {
		changed := clone(*g)
		change(&changed)
		put(s.behind(), &t.grants, id, &changed, patched)
	})
}

// DeleteGrant deletes a grant. It tells whether there was one.
func (s *Server) DeleteGrant(tenantID, id string) bool {
	return s.withGrant(tenantID, id, func(t *tenant, _ *Grant) { put(s.behind(), &t.grants, id, nil, deleted) })
}

func (s *Server) withGrant(tenantID, id string, do func(*tenant, *Grant)) bool {
	return read(s.state, func() bool {
		t := s.state.mustTenant(tenantID)

		g := t.grants.get(id)
		if g != nil {
			do(t, g)
		}

		return g != nil
	})
}

// AdminConsent is what happens when an administrator of the tenant opens the
// link to consent to an application: it comes into the tenant, and its grants for
// all users become what the application asks for, with the words that the page
// adds. Scopes that it does not ask for are lost.
func (s *Server) AdminConsent(tenantID, appID string) {
	s.state.write(func() {
		w := s.behind()
		t := s.state.mustTenant(tenantID)

		home, app := s.state.application(appID)
		if app == nil {
			panic(fmt.Sprintf("graph: there is no application %q", appID))
		}

		sp := t.principal(appID)
		if sp == nil {
			sp = new(newPrincipal(home, app))
			put(w, &t.principals, key(sp.ID), sp, created)
		}

		for _, g := range t.grants.all() {
			if g.ClientID == sp.ID && g.ConsentType == AllPrincipals {
				put(w, &t.grants, g.ID, nil, deleted)
			}
		}

		for resource, scopes := range t.asked(app) {
			g := Grant{
				ID: GrantID(sp.ID, resource, ""), ClientID: sp.ID, ResourceID: resource,
				ConsentType: AllPrincipals, Scope: strings.Join(scopes, " "),
			}
			put(w, &t.grants, g.ID, &g, granted)
		}
	})
}

// asked are the scopes that an application asks for, by the object id of the
// service principal that offers them.
func (t *tenant) asked(app *Application) map[string][]string {
	scopes := make(map[string][]string)

	for _, required := range app.RequiredResourceAccess {
		resource := t.principal(required.ResourceAppID)
		if resource == nil {
			continue
		}

		for _, access := range required.ResourceAccess {
			for _, offered := range resource.OAuth2PermissionScopes {
				if access.Type == "Scope" && strings.EqualFold(offered.ID, access.ID) {
					scopes[resource.ID] = append(scopes[resource.ID], offered.Value)
				}
			}
		}

		if required.ResourceAppID == MicrosoftGraphAppID {
			scopes[resource.ID] = append(scopes[resource.ID], "openid", "profile", "offline_access")
		}
	}

	return scopes
}

// UserConsent is what happens when a single user consents to an application:
// Microsoft Graph's scopes are granted to that user alone. It returns the grant.
func (s *Server) UserConsent(tenantID, appID, userID, scope string) Grant {
	if !s.withPrincipal(tenantID, appID, func(*tenant, *ServicePrincipal) {}) {
		s.AddServicePrincipal(tenantID, appID)
	}

	client := read(s.state, func() string { return s.state.mustTenant(tenantID).principal(appID).ID })

	return s.AddGrant(tenantID, Grant{
		ClientID: client, ResourceID: s.MicrosoftGraphID(tenantID), ConsentType: Principal,
		PrincipalID: new(userID), Scope: scope,
	})
}

func (t *tenant) ownersOf(id string) []string {
	owners := t.owners.get(key(id))
	if owners == nil {
		return nil
	}

	return slices.Clone(*owners)
}

func copies[T any](items []*T) []T {
	copied := make([]T, 0, len(items))
	for _, item := range items {
		copied = append(copied, clone(*item))
	}

	return copied
}

func text(value *string) string {
	if value == nil {
		return ""
	}

	return *value
}
