package graph

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// seenPrincipal finds the service principal that the path names, as the replica
// knows it.
func (x *exchange) seenPrincipal() (*ServicePrincipal, error) {
	if appID, byApp := x.params["appId"]; byApp {
		if sp := byAppID(x.tenant.principals.allSeen(x.view), appID); sp != nil {
			return sp, nil
		}

		return nil, notFound(appID)
	}

	if sp := x.tenant.principals.seen(x.view, key(x.params["id"])); sp != nil {
		return sp, nil
	}

	return nil, notFound(x.params["id"])
}

// ownPrincipal finds the service principal that the path names for a write: the
// replica has to know it, and it has to exist.
func (x *exchange) ownPrincipal() (*ServicePrincipal, error) {
	seen, err := x.seenPrincipal()
	if err != nil {
		return nil, err
	}

	x.rules.checkPrincipal(x.request, seen.AppID)

	sp := x.tenant.principals.get(key(seen.ID))
	if sp == nil {
		return nil, notFound(seen.ID)
	}

	if !x.mayChange(sp.ID) {
		return nil, denied()
	}

	return sp, nil
}

func listPrincipals(x *exchange) (reply, error) {
	return list(x, principalCollection, x.tenant.principals.allSeen(x.view))
}

func getPrincipal(x *exchange) (reply, error) {
	selected, err := selection[ServicePrincipal](x)
	if err != nil {
		return reply{}, err
	}

	sp, err := x.seenPrincipal()
	if err != nil {
		return reply{}, err
	}

	return entity(x, principalCollection, http.StatusOK, sp, selected), nil
}

// writablePrincipal are the properties that clients may set.
var writablePrincipal = []string{
	"accountEnabled", "appRoleAssignmentRequired", "description", "displayName", "loginUrl", "logoutUrl", "notes", "tags", "homepage",
}

func createPrincipal(x *exchange) (reply, error) {
	body, err := x.object()
	if err != nil {
		return reply{}, err
	}

	appID := given(body, "appId")
	if appID == "" {
		return reply{}, badRequest("Missing property: appId")
	}

	x.rules.checkPrincipal(x.request, appID)

	home, app := x.state.application(appID)

	if app != nil && x.beaten() {
		other := newPrincipal(home, app)
		put(writer{settled: true}, &x.tenant.principals, key(other.ID), &other, created)
	}

	if err := x.checkNames(appID, app); err != nil {
		return reply{}, err
	}

	if app == nil || app.SignInAudience == SingleOrganization && home != x.tenant {
		return reply{}, noBackingApplication(appID)
	}

	if home != x.tenant && !x.permitted([]string{ApplicationReadWriteAll, DirectoryReadWriteAll}) {
		return reply{}, &refusal{
			status: http.StatusForbidden, code: codeDenied, message: "When using this permission, the backing application of " +
				"the service principal being created must in the local tenant",
		}
	}

	delete(body, "appId")

	sp, err := change(newPrincipal(home, app), body, writablePrincipal)
	if err != nil {
		return reply{}, err
	}

	x.tenant.makers[key(sp.ID)] = x.token.client
	put(x.writer(), &x.tenant.principals, key(sp.ID), &sp, created)

	answer := entity(x, principalCollection, http.StatusCreated, &sp, nil)
	answer.location = x.base + "/directoryObjects/" + sp.ID

	return answer, nil
}

// beaten tells whether somebody else is faster with a creation.
func (x *exchange) beaten() bool {
	if x.state.races >= x.knobs.RaceCreates {
		return false
	}

	x.state.races++

	return true
}

// checkNames refuses a second service principal of a name. One that was deleted a
// moment ago still stands in the way as long as the replica knows it.
func (x *exchange) checkNames(appID string, app *Application) error {
	names := []string{appID}
	if app != nil {
		names = append(names, app.IdentifierURIs...)
	}

	for _, existing := range slices.Concat(x.tenant.principals.all(), x.tenant.principals.allSeen(x.view)) {
		for _, name := range names {
			if contains(existing.ServicePrincipalNames, name) {
				return nameInUse(name)
			}
		}
	}

	if x.knobs.CreateWhileDeleted == CreateWhileDeletedConflict {
		for _, item := range x.tenant.deleted.all() {
			if item.principal != nil && strings.EqualFold(item.principal.AppID, appID) {
				return nameInUse(appID)
			}
		}
	}

	return nil
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(existing string) bool { return strings.EqualFold(existing, name) })
}

func nameInUse(name string) *refusal {
	return conflict(fmt.Sprintf("The service principal cannot be created, updated, or restored because "+
		"the service principal name %s is already in use.", name))
}

func noBackingApplication(appID string) *refusal {
	refused := badRequest("The appId '%s' of the service principal does not reference a valid application object.", appID)
	refused.details = []map[string]string{{"code": "NoBackingApplicationObject", "target": "appId", "message": refused.message}}

	return refused
}

func patchPrincipal(x *exchange) (reply, error) {
	sp, err := x.ownPrincipal()
	if err != nil {
		return reply{}, err
	}

	body, err := x.object()
	if err != nil {
		return reply{}, err
	}

	changed, err := change(*sp, body, writablePrincipal)
	if err != nil {
		return reply{}, err
	}

	put(x.writer(), &x.tenant.principals, key(sp.ID), &changed, patched)

	return noContent(), nil
}

// change applies a body that may hold certain properties only.
func change[T any](current T, body map[string]any, writable []string) (T, error) {
	known := propertiesOf[T]()

	for name := range body {
		if !slices.Contains(known, name) {
			return current, badRequest("Property '%s' does not exist as a declared property or extension property.", name)
		}

		if !slices.Contains(writable, name) {
			return current, badRequest("Property cannot be updated: %s", name)
		}
	}

	return patch(current, body)
}

func deletePrincipal(x *exchange) (reply, error) {
	sp, err := x.ownPrincipal()
	if err != nil {
		return reply{}, err
	}

	x.tenant.buryPrincipal(x.writer(), sp)

	return noContent(), nil
}

// refuseNavigation answers writes to the grants of a service principal, which can
// be read there alone.
func refuseNavigation(x *exchange) (reply, error) {
	x.rules.reportf(x.request, "grants are written to under /oauth2PermissionGrants alone")

	return reply{}, &refusal{
		status: http.StatusBadRequest, code: "BadRequest",
		message: "Write requests are only supported on contained entities or navigation properties with bindings.",
	}
}
