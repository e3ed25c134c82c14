package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// grantOperator logs a restore operator in. client_id is the user's Entra
// object id and the tenant's id with a dot between them; the assertion, an
// access token for the portal's application, only has to be there.
func (f *restFace) grantOperator(x *exchange, call tokenCall) (session, error) {
	userID, tenantID, _ := strings.Cut(call.ClientID, ".")

	var granted *session

	f.state.read(func(t *tables) {
		for _, owner := range t.tenants {
			if !sameID(owner.TenantID, tenantID) {
				continue
			}

			user, known := owner.userByObjectID(userID)
			if known && len(t.rolesOf(owner, user)) > 0 {
				granted = &session{user: user.Name, operator: &operator{organizationID: owner.ID, userID: user.ID}}
			}
		}
	})

	if granted == nil || call.Assertion == "" {
		return session{}, x.badLogin()
	}

	return *granted, nil
}

func (t *tenant) userByObjectID(objectID string) (User, bool) {
	return first(t.users.all(), func(u User) bool { return sameID(u.ObjectID, objectID) })
}

// rolesOf are the roles that the user operates, directly or as a member of a
// group.
func (t *tables) rolesOf(owner *tenant, user User) []*Role {
	var operated []*Role

	for _, role := range t.roles {
		if !sameID(role.OrganizationID, owner.ID) {
			continue
		}

		if slices.ContainsFunc(role.Operators, func(e Entry) bool { return owner.covers(e, user.ID) }) {
			operated = append(operated, role)
		}
	}

	return operated
}

// covers tells whether the entry is the user, or a group with the user in it.
func (t *tenant) covers(entry Entry, userID string) bool {
	if entry.Type == KindUser {
		return sameID(entry.ObjectID(), userID)
	}

	group, known := t.groups.get(entry.ObjectID())

	return known && entry.Type == KindGroup &&
		slices.ContainsFunc(group.MemberIDs, func(id string) bool { return sameID(id, userID) })
}

// getLoggedInUser answers GET /Organization/LoggedInUser.
func (f *restFace) getLoggedInUser(x *exchange) (reply, error) {
	id := x.session.user
	if x.session.operator != nil {
		id = x.session.operator.userID
	}

	body := x.object()
	body.set("id", id)
	body.set("name", x.session.user)

	return reply{status: http.StatusOK, body: body}, nil
}

// getOperatorInfo answers GET /Organization/LoggedInUser/OperatorInfo.
func (f *restFace) getOperatorInfo(x *exchange) (reply, error) {
	body := x.object()
	body.set("isOperator", x.session.operator != nil)
	body.set("_links", &object{})

	return reply{status: http.StatusOK, body: body}, nil
}

// getEffectiveScope answers GET /Organization/LoggedInUser/EffectiveScope: what
// the caller's roles let him restore.
func (f *restFace) getEffectiveScope(x *exchange) (reply, error) {
	var scope []Entry

	if caller := x.session.operator; caller != nil {
		f.state.read(func(t *tables) {
			owner, known := t.tenant(caller.organizationID)
			if !known {
				return
			}

			user, known := owner.users.get(caller.userID)
			if !known {
				return
			}

			for _, role := range t.rolesOf(owner, user) {
				scope = append(scope, owner.scope(*role)...)
			}
		})
	}

	body := x.object()
	body.set("users", x.scoped(scope, KindUser))
	body.set("sites", x.scoped(scope, KindSite))

	if x.version >= v7 {
		body.set("teams", x.scoped(scope, KindTeam))
	}

	return reply{status: http.StatusOK, body: body}, nil
}

// scope lists the users, sites and teams that a role covers.
func (t *tenant) scope(role Role) []Entry {
	selected := role.SelectedItems
	if role.Type == EntireOrganization {
		selected = t.everything()
	}

	excluded := t.expand(role.ExcludedItems)

	return slices.DeleteFunc(t.expand(selected), func(e Entry) bool {
		return slices.ContainsFunc(excluded, e.sameObject)
	})
}

func (t *tenant) everything() []Entry {
	return slices.Concat(
		transform(t.users.all(), UserEntry),
		transform(t.sites.all(), SiteEntry),
		transform(t.teams.all(), TeamEntry),
	)
}

// expand replaces groups by the users in them.
func (t *tenant) expand(entries []Entry) []Entry {
	var expanded []Entry

	for _, entry := range entries {
		if entry.Type != KindGroup {
			expanded = append(expanded, entry.withID())

			continue
		}

		group, _ := t.groups.get(entry.ObjectID())

		for _, id := range group.MemberIDs {
			if user, known := t.users.get(id); known {
				expanded = append(expanded, UserEntry(user).withID())
			}
		}
	}

	return expanded
}

// scoped renders the entries of one kind, each object once.
func (x *exchange) scoped(entries []Entry, kind string) []*object {
	rendered := []*object{}
	shown := make(map[string]bool)

	for _, entry := range entries {
		if entry.Type != kind || shown[entry.ID] {
			continue
		}

		shown[entry.ID] = true

		body := x.object()
		body.set("type", entry.Type)

		switch kind {
		case KindUser:
			body.set("user", x.entryUser(*entry.User))
		case KindSite:
			body.set("site", x.entrySite(*entry.Site))
		default:
			body.set("team", x.entryTeam(*entry.Team))
		}

		body.set("id", entry.ID)

		rendered = append(rendered, body)
	}

	return rendered
}
