package graph

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// maxScope is how long the scope of a grant may be.
const maxScope = 3850

// showGrant is a grant as it is shown: its scopes in any order, with blanks.
func (x *exchange) showGrant(g *Grant) *Grant {
	display := clone(*g)
	words := strings.Fields(display.Scope)

	if x.knobs.DuplicateScopes && len(words) > 0 {
		words = append(words, words[0])
	}

	if x.knobs.ShuffleScopes {
		rand.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] }) //nolint:gosec // no secret
	}

	if x.knobs.DuplicateScopes || x.knobs.ShuffleScopes {
		display.Scope = strings.Join(words, " ")
	}

	if x.knobs.LeadingSpace {
		display.Scope = " " + display.Scope
	}

	return &display
}

func (x *exchange) showGrants(grants []*Grant) []*Grant {
	displayed := make([]*Grant, 0, len(grants))
	for _, g := range grants {
		displayed = append(displayed, x.showGrant(g))
	}

	return displayed
}

func listGrants(x *exchange) (reply, error) {
	conditions, err := x.filter(grantCollection)
	if err != nil {
		return reply{}, err
	}

	for _, c := range conditions {
		if c.property == "clientId" && x.tenant.principals.seen(x.view, key(c.value)) == nil &&
			x.knobs.UnknownClient == UnknownClientNotFound {
			return reply{}, notFound("")
		}
	}

	return list(x, grantCollection, x.showGrants(x.tenant.grants.allSeen(x.view)))
}

func listPrincipalGrants(x *exchange) (reply, error) {
	sp, err := x.seenPrincipal()
	if err != nil {
		return reply{}, err
	}

	own := slices.DeleteFunc(x.tenant.grants.allSeen(x.view), func(g *Grant) bool { return !strings.EqualFold(g.ClientID, sp.ID) })

	return list(x, grantCollection, x.showGrants(own))
}

// seenGrant finds the grant that the path names, as the replica knows it.
func (x *exchange) seenGrant() (*Grant, error) {
	id := x.params["id"]
	if !isGrantID(id) {
		return nil, unsupported("Filter is invalid. id")
	}

	if g := x.tenant.grants.seen(x.view, id); g != nil {
		return g, nil
	}

	return nil, notFound(id)
}

// ownGrant finds the grant that the path names for a write: the replica has to
// know it, and it has to exist.
func (x *exchange) ownGrant() (*Grant, error) {
	seen, err := x.seenGrant()
	if err != nil {
		return nil, err
	}

	x.rules.checkGrant(x.request, seen.ConsentType)

	g := x.tenant.grants.get(seen.ID)
	if g == nil {
		return nil, notFound(seen.ID)
	}

	return g, nil
}

func getGrant(x *exchange) (reply, error) {
	selected, err := selection[Grant](x)
	if err != nil {
		return reply{}, err
	}

	g, err := x.seenGrant()
	if err != nil {
		return reply{}, err
	}

	return entity(x, grantCollection, http.StatusOK, x.showGrant(g), selected), nil
}

func createGrant(x *exchange) (reply, error) {
	g, err := x.newGrant()
	if err != nil {
		return reply{}, err
	}

	x.rules.checkGrant(x.request, g.ConsentType)

	if err := x.checkReferences(g); err != nil {
		return reply{}, err
	}

	if x.beaten() {
		other := g
		if x.knobs.RaceScope != "" {
			other.Scope = x.knobs.RaceScope
		}

		put(writer{settled: true}, &x.tenant.grants, other.ID, &other, granted)
	}

	// One that was deleted a moment ago still stands in the way as long as the
	// replica knows it.
	if x.tenant.grants.get(g.ID) != nil || x.tenant.grants.seen(x.view, g.ID) != nil {
		return reply{}, conflict("Permission entry already exists.")
	}

	if err := x.checkScope(g); err != nil {
		return reply{}, err
	}

	if g.ConsentType == AllPrincipals && g.ResourceID == x.tenant.principal(MicrosoftGraphAppID).ID {
		g.Scope = strings.Join(append([]string{g.Scope}, x.knobs.ExtraScopes...), " ")
	}

	put(x.writer(), &x.tenant.grants, g.ID, &g, granted)

	answer := entity(x, grantCollection, http.StatusCreated, x.showGrant(&g), nil)
	answer.location = x.base + "/oauth2PermissionGrants/" + g.ID

	return answer, nil
}

// newGrant reads the grant of a body.
func (x *exchange) newGrant() (Grant, error) {
	body, err := x.object()
	if err != nil {
		return Grant{}, err
	}

	for _, name := range []string{"clientId", "consentType", "resourceId", "scope"} {
		if given(body, name) == "" {
			return Grant{}, badRequest("Missing property: %s", name)
		}
	}

	g, err := change(Grant{}, body, []string{"clientId", "consentType", "principalId", "resourceId", "scope"})
	if err != nil {
		return Grant{}, err
	}

	switch {
	case g.ConsentType == Principal && text(g.PrincipalID) == "":
		return Grant{}, badRequest("Missing property: principalId")
	case g.ConsentType == AllPrincipals && text(g.PrincipalID) != "":
		return Grant{}, badRequest("Invalid value specified for property 'principalId' of resource 'OAuth2PermissionGrant'.")
	case g.ConsentType != Principal && g.ConsentType != AllPrincipals:
		return Grant{}, badRequest("Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.")
	}

	g.ID = GrantID(g.ClientID, g.ResourceID, text(g.PrincipalID))

	return g, nil
}

// checkReferences refuses a grant between service principals that the replica
// does not know, or that are gone.
func (x *exchange) checkReferences(g Grant) error {
	for _, id := range []string{g.ClientID, g.ResourceID} {
		if x.tenant.principals.seen(x.view, key(id)) != nil && x.tenant.principals.get(key(id)) != nil {
			continue
		}

		x.state.missing++

		refused := notFound(id)
		if x.knobs.MissingReference == MissingReferenceBadRequest ||
			x.knobs.MissingReference == MissingReferenceAlternates && x.state.missing%2 == 0 {
			refused = badRequest("%s", missingObject(id))
		}

		return refused
	}

	return nil
}

// checkScope refuses scopes that cannot be.
func (x *exchange) checkScope(g Grant) error {
	if len(g.Scope) > maxScope {
		return badRequest("Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'.")
	}

	if x.knobs.UnknownScopes == UnknownScopesAccept {
		return nil
	}

	resource := x.tenant.principals.get(key(g.ResourceID))
	if resource == nil {
		return nil
	}

	for word := range strings.FieldsSeq(g.Scope) {
		offered := slices.ContainsFunc(resource.OAuth2PermissionScopes, func(s PermissionScope) bool {
			return s.IsEnabled && strings.EqualFold(s.Value, word)
		})
		if !offered {
			return badRequest("The permission scope '%s' does not exist on resource '%s'.", word, resource.AppID)
		}
	}

	return nil
}

func patchGrant(x *exchange) (reply, error) {
	g, err := x.ownGrant()
	if err != nil {
		return reply{}, err
	}

	body, err := x.object()
	if err != nil {
		return reply{}, err
	}

	changed, err := change(*g, body, []string{"scope"})
	if err != nil {
		return reply{}, err
	}

	if err := x.checkScope(changed); err != nil {
		return reply{}, err
	}

	if strings.TrimSpace(changed.Scope) == "" {
		switch x.knobs.EmptyScope {
		case EmptyScopeReject:
			return reply{}, badRequest("Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'.")
		case EmptyScopeDelete:
			put(x.writer(), &x.tenant.grants, g.ID, nil, deleted)

			return noContent(), nil
		case EmptyScopeKeep:
		}
	}

	put(x.writer(), &x.tenant.grants, g.ID, &changed, patched)

	return noContent(), nil
}

func deleteGrant(x *exchange) (reply, error) {
	g, err := x.ownGrant()
	if err != nil {
		return reply{}, err
	}

	put(x.writer(), &x.tenant.grants, g.ID, nil, deleted)

	return noContent(), nil
}
