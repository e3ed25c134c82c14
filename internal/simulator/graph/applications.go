package graph

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// writableApplication are the properties that clients may set.
var writableApplication = []string{
	"addIns", "api", "appRoles", "description", "displayName", "groupMembershipClaims", "identifierUris", "info",
	"isFallbackPublicClient", "keyCredentials", "notes", "publicClient", "requiredResourceAccess", "signInAudience", "spa",
	"tags", "web",
}

// seenApplication finds the application that the path names, as the replica
// knows it.
func (x *exchange) seenApplication() (*Application, error) {
	if appID, byApp := x.params["appId"]; byApp {
		for _, app := range x.tenant.applications.allSeen(x.view) {
			if strings.EqualFold(app.AppID, appID) {
				return app, nil
			}
		}

		return nil, notFound(appID)
	}

	if app := x.tenant.applications.seen(x.view, key(x.params["id"])); app != nil {
		return app, nil
	}

	return nil, notFound(x.params["id"])
}

// ownApplication finds the application that the path names for a write. One that
// the replica does not know yet is not found or, by turns, in conflict.
func (x *exchange) ownApplication() (*Application, error) {
	seen, err := x.seenApplication()
	if err != nil {
		x.state.missing++

		if x.tenant.applications.get(key(x.params["id"])) != nil && x.state.missing%2 == 0 {
			return nil, &refusal{
				status: http.StatusConflict, code: codeConcurrency,
				message: "Conflicting object with one or more of the specified property values is present in the directory.",
			}
		}

		return nil, err
	}

	app := x.tenant.applications.get(key(seen.ID))
	if app == nil {
		return nil, notFound(seen.ID)
	}

	if !x.mayChange(app.ID) {
		return nil, denied()
	}

	return app, nil
}

// showApplication leaves the certificates' bytes out, which are shown only where
// they are asked for alone.
func showApplication(app *Application, withKeys bool) *Application {
	display := clone(*app)

	for i := range display.KeyCredentials {
		if !withKeys {
			display.KeyCredentials[i].Key = nil
		}
	}

	return &display
}

func listApplications(x *exchange) (reply, error) {
	var displayed []*Application

	for _, app := range x.tenant.applications.allSeen(x.view) {
		displayed = append(displayed, showApplication(app, false))
	}

	return list(x, applicationCollection, displayed)
}

func getApplication(x *exchange) (reply, error) {
	selected, err := selection[Application](x)
	if err != nil {
		return reply{}, err
	}

	app, err := x.seenApplication()
	if err != nil {
		return reply{}, err
	}

	displayed := showApplication(app, slices.Contains(selected, "keyCredentials"))

	return entity(x, applicationCollection, http.StatusOK, displayed, selected), nil
}

func createApplication(x *exchange) (reply, error) {
	body, err := x.object()
	if err != nil {
		return reply{}, err
	}

	if given(body, "displayName") == "" {
		return reply{}, badRequest("Missing property: displayName")
	}

	fresh := Application{
		ID: newGUID(), AppID: newGUID(), SignInAudience: SingleOrganization, CreatedDateTime: new(x.now.UTC()),
	}
	if len(x.tenant.Domains) > 0 {
		fresh.PublisherDomain = new(x.tenant.Domains[0])
	}

	app, err := x.changed(&fresh, body)
	if err != nil {
		return reply{}, err
	}

	x.tenant.makers[key(app.ID)] = x.token.client
	put(x.writer(), &x.tenant.applications, key(app.ID), app, created)

	answer := entity(x, applicationCollection, http.StatusCreated, showApplication(app, false), nil)
	answer.location = x.base + "/directoryObjects/" + app.ID

	return answer, nil
}

func patchApplication(x *exchange) (reply, error) {
	app, err := x.ownApplication()
	if err != nil {
		return reply{}, err
	}

	body, err := x.object()
	if err != nil {
		return reply{}, err
	}

	changed, err := x.changed(app, body)
	if err != nil {
		return reply{}, err
	}

	put(x.writer(), &x.tenant.applications, key(app.ID), changed, patched)
	x.state.spread(x.writer(), changed)

	return noContent(), nil
}

// changed applies a body to an application, as far as the rules allow.
func (x *exchange) changed(app *Application, body map[string]any) (*Application, error) {
	changed, err := change(*app, body, writableApplication)
	if err != nil {
		return nil, err
	}

	if !slices.Contains([]string{
		SingleOrganization, MultipleOrganizations, "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount",
	}, changed.SignInAudience) {
		return nil, badRequest("Invalid value specified for property 'signInAudience' of resource 'Application'.")
	}

	if err := x.checkIdentifiers(app, &changed); err != nil {
		return nil, err
	}

	if err := checkScopes(app.API.OAuth2PermissionScopes, changed.API.OAuth2PermissionScopes); err != nil {
		return nil, err
	}

	if changed.KeyCredentials, err = credentials(app.KeyCredentials, changed.KeyCredentials); err != nil {
		return nil, err
	}

	return &changed, nil
}

// checkIdentifiers refuses identifier URIs that are not the tenant's to give, or
// that another application has.
func (x *exchange) checkIdentifiers(before, after *Application) error {
	for _, uri := range after.IdentifierURIs {
		if contains(before.IdentifierURIs, uri) {
			continue
		}

		if !x.knobs.OpenIdentifierURIs && !x.ownIdentifier(uri, after.AppID) {
			return badRequest("Failed to add identifier URI %s. All newly added URIs must contain a tenant verified domain, "+
				"tenant ID, or app ID, as per the default tenant policy of your organization.", uri)
		}

		for _, t := range x.state.tenants {
			for _, other := range t.applications.all() {
				if other.ID != after.ID && contains(other.IdentifierURIs, uri) {
					return badRequest("Another object with the same value for property identifierUris already exists.")
				}
			}
		}
	}

	return nil
}

// ownIdentifier tells whether an identifier URI names the application, the tenant
// or one of its domains.
func (x *exchange) ownIdentifier(uri, appID string) bool {
	names := append([]string{appID, x.tenant.ID}, x.tenant.Domains...)

	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && strings.Contains(strings.ToLower(uri), strings.ToLower(name))
	})
}

// maxScopeValue is how long the name of a permission may be.
const maxScopeValue = 120

// checkScopes refuses permissions that cannot be, and changes to enabled ones.
func checkScopes(before, after []PermissionScope) error {
	seen := make(map[string]bool)

	for _, scope := range after {
		if !isGUID(scope.ID) || scope.Value == "" || len(scope.Value) > maxScopeValue || strings.ContainsAny(scope.Value, " \t\n") {
			return badRequest("Invalid value specified for property 'oauth2PermissionScopes' of resource 'Application'.")
		}

		if seen[key(scope.ID)] || seen[key(scope.Value)] {
			return badRequest("It contains duplicate value. Please Provide unique value.")
		}

		seen[key(scope.ID)], seen[key(scope.Value)] = true, true
	}

	for _, old := range before {
		if old.IsEnabled && !slices.ContainsFunc(after, func(scope PermissionScope) bool {
			return strings.EqualFold(scope.ID, old.ID) && sameDefinition(old, scope)
		}) {
			return &refusal{
				status: http.StatusBadRequest, code: codeEnabled,
				message: "Permission (scope or role) cannot be deleted or updated unless disabled first.",
			}
		}
	}

	return nil
}

// sameDefinition tells whether two permissions of one id differ at most in whether
// they are enabled. A text that is missing is another one than an empty text:
// nobody knows whether Entra minds, so that clients are held to the stricter.
func sameDefinition(a, b PermissionScope) bool {
	a.ID, a.IsEnabled = b.ID, b.IsEnabled

	return reflect.DeepEqual(a, b)
}

func deleteApplication(x *exchange) (reply, error) {
	app, err := x.ownApplication()
	if err != nil {
		return reply{}, err
	}

	x.tenant.buryApplication(x.writer(), app)

	return noContent(), nil
}

// seenOwners are the owners of an application as the replica knows them.
func (x *exchange) seenOwners(id string) []string {
	if owners := x.tenant.owners.seen(x.view, key(id)); owners != nil {
		return *owners
	}

	return nil
}

func listOwners(x *exchange) (reply, error) {
	app, err := x.seenApplication()
	if err != nil {
		return reply{}, err
	}

	if err := x.checkOptions(); err != nil {
		return reply{}, err
	}

	selected := strings.Split(x.query.Get("$select"), ",")
	found := []map[string]any{}

	for _, id := range x.seenOwners(app.ID) {
		owner := map[string]any{"id": id, "displayName": x.tenant.users[key(id)].DisplayName}

		for name := range owner {
			if x.query.Has("$select") && !slices.Contains(selected, name) {
				delete(owner, name)
			}
		}

		owner["@odata.type"] = "#microsoft.graph.user"
		found = append(found, owner)
	}

	return x.page(ownerCollection, found)
}

func addOwner(x *exchange) (reply, error) {
	app, err := x.ownApplication()
	if err != nil {
		return reply{}, err
	}

	body, err := x.object()
	if err != nil {
		return reply{}, err
	}

	link := given(body, "@odata.id")
	id := link[strings.LastIndex(link, "/")+1:]

	if !isGUID(id) {
		return reply{}, badRequest("Invalid URL format specified in @odata.id for resource reference.")
	}

	_, isUser := x.tenant.users[key(id)]
	if !isUser && x.tenant.principals.seen(x.view, key(id)) == nil {
		return reply{}, notFound(id)
	}

	owners := x.tenant.ownersOf(app.ID)
	if contains(owners, id) {
		return reply{}, badRequest("One or more added object references already exist for the following modified properties: 'owners'.")
	}

	put(x.writer(), &x.tenant.owners, key(app.ID), new(append(owners, id)), patched)

	return noContent(), nil
}

func removeOwner(x *exchange) (reply, error) {
	app, err := x.ownApplication()
	if err != nil {
		return reply{}, err
	}

	owners := x.tenant.ownersOf(app.ID)
	rest := slices.DeleteFunc(slices.Clone(owners), func(id string) bool { return strings.EqualFold(id, x.params["ownerId"]) })

	if len(rest) == len(owners) {
		return reply{}, notFound(x.params["ownerId"])
	}

	put(x.writer(), &x.tenant.owners, key(app.ID), &rest, patched)

	return noContent(), nil
}
