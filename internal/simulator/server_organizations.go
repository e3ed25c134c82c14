package simulator

import (
	"fmt"
	"slices"
	"strings"
)

// AddOrganization adds an organization, or replaces what is known about the one
// with the same id, and returns it with everything filled in. An organization
// without an id gets one, and one without services gets Exchange Online and
// SharePoint Online with modern app-only authentication.
func (s *Server) AddOrganization(organization Organization) Organization {
	organization = organization.clone().withDefaults()
	now := s.Options().Clock()

	s.state.write(func(t *tables) {
		if known, exists := t.tenant(organization.ID); exists {
			known.Organization = organization

			return
		}

		t.addTenant(organization, syncState{last: syncRun{kind: syncFull, started: now, ended: now}})
	})

	return organization.clone()
}

// Organizations lists the organizations in the order of their addition.
func (s *Server) Organizations() []Organization {
	var organizations []Organization

	s.state.read(func(t *tables) {
		for _, owner := range t.tenants {
			organizations = append(organizations, owner.clone())
		}
	})

	return organizations
}

// Organization finds an organization by its id or name.
func (s *Server) Organization(idOrName string) (Organization, bool) {
	return first(s.Organizations(), func(o Organization) bool { return sameID(o.ID, idOrName) || o.Name == idOrName })
}

// UpdateOrganization changes an organization behind the clients' backs. It
// reports whether the organization exists. If the server changes meanwhile,
// change is called again with the organization as it is then.
func (s *Server) UpdateOrganization(id string, change func(*Organization)) bool {
	get := func(t *tables) (Organization, bool) {
		owner, known := t.tenant(id)
		if !known {
			return Organization{}, false
		}

		return owner.clone(), true
	}

	return amend(s.state, get, change, func(t *tables, changed Organization) {
		owner, _ := t.tenant(id)

		// The id is what the organization is known by.
		changed.ID = owner.ID
		owner.Organization = changed.clone()
	})
}

// RemoveOrganization removes an organization with its directory. Its roles stay.
func (s *Server) RemoveOrganization(id string) bool {
	found := false

	s.state.write(func(t *tables) {
		before := len(t.tenants)
		t.tenants = slices.DeleteFunc(t.tenants, func(owner *tenant) bool { return sameID(owner.ID, id) })
		found = len(t.tenants) < before
	})

	return found
}

// AddUser adds a user to an organization, or replaces the one with the same id,
// and returns the user with everything filled in. Like every addition to a
// directory, it panics if there is no such organization.
func (s *Server) AddUser(organizationID string, user User) User {
	user = user.clone().withDefaults()

	s.within(organizationID, func(t *tables, owner *tenant) {
		user.ETag = t.nextETag()
		owner.users.put(user)
	})

	return user.clone()
}

// AddGroup adds a group to an organization, or replaces the one with the same id.
func (s *Server) AddGroup(organizationID string, group Group) Group {
	group = group.clone().withDefaults()

	s.within(organizationID, func(t *tables, owner *tenant) {
		group.ETag = t.nextETag()
		owner.groups.put(group)
	})

	return group.clone()
}

// AddSite adds a site to an organization, or replaces the one with the same id.
func (s *Server) AddSite(organizationID string, site Site) Site {
	site = site.withDefaults()

	s.within(organizationID, func(t *tables, owner *tenant) {
		site.ETag = t.nextETag()
		owner.sites.put(site)
	})

	return site
}

// AddTeam adds a team to an organization, or replaces the one with the same id.
func (s *Server) AddTeam(organizationID string, team Team) Team {
	team = team.withDefaults()

	s.within(organizationID, func(t *tables, owner *tenant) {
		team.ETag = t.nextETag()
		owner.teams.put(team)
	})

	return team
}

// within changes the directory of an organization.
func (s *Server) within(organizationID string, change func(*tables, *tenant)) {
	known := false

	s.state.write(func(t *tables) {
		var owner *tenant
		if owner, known = t.tenant(organizationID); known {
			change(t, owner)
		}
	})

	if !known {
		panic(fmt.Sprintf("simulator: there is no organization with the id %q", organizationID))
	}
}

// Users lists the users of an organization in the order of their addition.
func (s *Server) Users(organizationID string) []User {
	return listed(s, organizationID, usersOf, User.clone)
}

// Groups lists the groups of an organization in the order of their addition.
func (s *Server) Groups(organizationID string) []Group {
	return listed(s, organizationID, groupsOf, Group.clone)
}

// Sites lists the sites of an organization in the order of their addition.
func (s *Server) Sites(organizationID string) []Site {
	return listed(s, organizationID, sitesOf, func(site Site) Site { return site })
}

// Teams lists the teams of an organization in the order of their addition.
func (s *Server) Teams(organizationID string) []Team {
	return listed(s, organizationID, teamsOf, func(team Team) Team { return team })
}

func listed[T any](s *Server, organizationID string, from func(*tenant) *collection[T], clone func(T) T) []T {
	var items []T

	s.state.read(func(t *tables) {
		if owner, known := t.tenant(organizationID); known {
			for _, item := range from(owner).all() {
				items = append(items, clone(item))
			}
		}
	})

	return items
}

// User finds a user by VB365 id, Entra object id, name or display name. If
// several have the name, it is the one that was added first.
func (s *Server) User(organizationID, key string) (User, bool) {
	return search(s.Users(organizationID), key, func(u User) []string {
		return []string{u.ID, u.ObjectID, u.Name, u.DisplayName}
	})
}

// Group finds a group by VB365 id, Entra object id, name or display name.
func (s *Server) Group(organizationID, key string) (Group, bool) {
	return search(s.Groups(organizationID), key, func(g Group) []string {
		return []string{g.ID, g.ObjectID, g.Name, g.DisplayName}
	})
}

// Site finds a site by id, URL or title.
func (s *Server) Site(organizationID, key string) (Site, bool) {
	return search(s.Sites(organizationID), key, func(site Site) []string {
		return []string{site.ID, site.URL, site.Title}
	})
}

// Team finds a team by id, e-mail address or display name.
func (s *Server) Team(organizationID, key string) (Team, bool) {
	return search(s.Teams(organizationID), key, func(t Team) []string {
		return []string{t.ID, t.Mail, t.DisplayName}
	})
}

func search[T any](items []T, key string, keys func(T) []string) (T, bool) {
	return first(items, func(item T) bool {
		return slices.ContainsFunc(keys(item), func(k string) bool { return strings.EqualFold(k, key) })
	})
}

// RenameObject gives a user, group or team another display name, or a site
// another title, as an administrator of Microsoft 365 would. Roles that name the
// object are not touched. It reports whether the organization has the object.
func (s *Server) RenameObject(organizationID, objectID, name string) bool {
	renamed := false

	s.state.write(func(t *tables) {
		owner, known := t.tenant(organizationID)
		if !known {
			return
		}

		renamed = rename(&owner.users, objectID, func(u *User) { u.DisplayName, u.ETag = name, t.nextETag() }) ||
			rename(&owner.groups, objectID, func(g *Group) { g.DisplayName, g.ETag = name, t.nextETag() }) ||
			rename(&owner.sites, objectID, func(o *Site) { o.Title, o.Name, o.ETag = name, name, t.nextETag() }) ||
			rename(&owner.teams, objectID, func(o *Team) { o.DisplayName, o.ETag = name, t.nextETag() })
	})

	return renamed
}

func rename[T any](c *collection[T], id string, change func(*T)) bool {
	item, known := c.get(id)
	if !known {
		return false
	}

	change(&item)
	c.put(item)

	return true
}

// RemoveObject removes a user, group, site or team from an organization. Roles
// that name the object keep their entries. It reports whether the organization
// had the object.
func (s *Server) RemoveObject(organizationID, objectID string) bool {
	removed := false

	s.state.write(func(t *tables) {
		if owner, known := t.tenant(organizationID); known {
			removed = owner.users.remove(objectID) || owner.groups.remove(objectID) ||
				owner.sites.remove(objectID) || owner.teams.remove(objectID)
		}
	})

	return removed
}

// Portal returns the settings of the restore portal.
func (s *Server) Portal() PortalSettings {
	var settings PortalSettings

	s.state.read(func(t *tables) { settings = t.portal })

	return settings
}

// SetPortal changes the settings of the restore portal, which the REST service
// can only show.
func (s *Server) SetPortal(settings PortalSettings) {
	s.state.write(func(t *tables) { t.portal = settings })
}

// Service returns the settings of the REST service that it does not show.
func (s *Server) Service() ServiceSettings {
	var settings ServiceSettings

	s.state.read(func(t *tables) { settings = t.service })

	return settings
}

// SetService changes the settings of the REST service that it does not show.
func (s *Server) SetService(settings ServiceSettings) {
	s.state.write(func(t *tables) { t.service = settings })
}
