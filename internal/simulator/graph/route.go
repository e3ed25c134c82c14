package graph

import (
	"net/http"
	"regexp"
	"strings"
)

// route is an operation of Graph.
type route struct {
	method  string
	pattern []string
	// needs are the permissions, one of which the caller has to have.
	needs  []string
	handle func(*exchange) (reply, error)
}

// template is the route's path, such as "/servicePrincipals/{id}".
func (r route) template() string {
	return "/" + strings.Join(r.pattern, "/")
}

// byAppIDPattern is a segment that names an object by its application id.
var byAppIDPattern = regexp.MustCompile(`^(\w+)\((?i:appId)='([^']*)'\)$`)

// alternateKey is how patterns write such a segment.
const alternateKey = "(appId='{appId}')"

// match compares the segments of a path with the route's, without regard to
// case, and returns the values of its parameters.
func (r route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(r.pattern) {
		return nil, false
	}

	params := make(map[string]string)

	for i, expected := range r.pattern {
		if collection, isKey := strings.CutSuffix(expected, alternateKey); isKey {
			parts := byAppIDPattern.FindStringSubmatch(segments[i])
			if len(parts) == 0 || !strings.EqualFold(parts[1], collection) {
				return nil, false
			}

			params["appId"] = parts[2]
		} else if name, isParameter := strings.CutPrefix(expected, "{"); isParameter && segments[i] != "" {
			params[strings.TrimSuffix(name, "}")] = segments[i]
		} else if !strings.EqualFold(expected, segments[i]) {
			return nil, false
		}
	}

	return params, true
}

// find looks the operation up.
func (x *exchange) find(routes []route, path string) error {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	known := false

	for _, candidate := range routes {
		params, matches := candidate.match(segments)
		known = known || matches

		if matches && candidate.method == x.request.Method {
			x.route, x.params = candidate, params

			return nil
		}
	}

	if known {
		x.rules.reportf(x.request, "there is no such operation")

		return &refusal{
			status: http.StatusMethodNotAllowed, code: codeBadRequest,
			message: "Specified HTTP method is not allowed for the request target.",
		}
	}

	x.rules.reportf(x.request, "there is no such resource")

	return &refusal{
		status: http.StatusBadRequest, code: "BadRequest",
		message: "Resource not found for the segment '" + segments[len(segments)-1] + "'.",
	}
}

// The permissions that operations need; one of each list is enough.
var (
	readObjects = []string{
		ApplicationReadAll, ApplicationReadWriteAll, ApplicationReadWriteOwnedBy, DirectoryReadAll, DirectoryReadWriteAll,
	}
	writeObjects = []string{ApplicationReadWriteOwnedBy, ApplicationReadWriteAll, DirectoryReadWriteAll}
	registerApps = []string{ApplicationReadWriteOwnedBy, AppRegistrationCreate, ApplicationReadWriteAll, DirectoryReadWriteAll}
	readGrants   = []string{DirectoryReadAll, DelegatedPermissionGrantReadWAll, DirectoryReadWriteAll}
	writeGrants  = []string{DelegatedPermissionGrantReadWAll, DirectoryReadWriteAll}
)

func operation(method, path string, needs []string, handle func(*exchange) (reply, error)) route {
	return route{method: method, pattern: strings.Split(strings.Trim(path, "/"), "/"), needs: needs, handle: handle}
}

// routeTable lists the operations. Where two patterns match a path, the first
// wins.
func (f *face) routeTable() []route {
	var routes []route

	for _, item := range []string{"/servicePrincipals" + alternateKey, "/servicePrincipals/{id}"} {
		routes = append(routes,
			operation(http.MethodGet, item, readObjects, getPrincipal),
			operation(http.MethodPatch, item, writeObjects, patchPrincipal),
			operation(http.MethodDelete, item, writeObjects, deletePrincipal),
			operation(http.MethodGet, item+"/oauth2PermissionGrants", readGrants, listPrincipalGrants),
			operation(http.MethodPost, item+"/oauth2PermissionGrants", readGrants, refuseNavigation),
			operation(http.MethodPatch, item+"/oauth2PermissionGrants/{grantId}", readGrants, refuseNavigation),
			operation(http.MethodDelete, item+"/oauth2PermissionGrants/{grantId}", readGrants, refuseNavigation),
		)
	}

	for _, item := range []string{"/applications" + alternateKey, "/applications/{id}"} {
		routes = append(routes,
			operation(http.MethodGet, item, readObjects, getApplication),
			operation(http.MethodPatch, item, writeObjects, patchApplication),
			operation(http.MethodDelete, item, writeObjects, deleteApplication),
			operation(http.MethodGet, item+"/owners", readObjects, listOwners),
			operation(http.MethodPost, item+"/owners/$ref", writeObjects, addOwner),
			operation(http.MethodDelete, item+"/owners/{ownerId}/$ref", writeObjects, removeOwner),
		)
	}

	return append(routes,
		operation(http.MethodGet, "/servicePrincipals", readObjects, listPrincipals),
		operation(http.MethodPost, "/servicePrincipals", writeObjects, createPrincipal),
		operation(http.MethodGet, "/oauth2PermissionGrants", readGrants, listGrants),
		operation(http.MethodPost, "/oauth2PermissionGrants", writeGrants, createGrant),
		operation(http.MethodGet, "/oauth2PermissionGrants/{id}", readGrants, getGrant),
		operation(http.MethodPatch, "/oauth2PermissionGrants/{id}", writeGrants, patchGrant),
		operation(http.MethodDelete, "/oauth2PermissionGrants/{id}", writeGrants, deleteGrant),
		operation(http.MethodGet, "/applications", readObjects, listApplications),
		operation(http.MethodPost, "/applications", registerApps, createApplication),
		operation(http.MethodGet, "/directory/deletedItems/{id}", readObjects, getDeleted),
		operation(http.MethodDelete, "/directory/deletedItems/{id}", writeObjects, purge),
		operation(http.MethodPost, "/directory/deletedItems/{id}/restore", writeObjects, restore),
	)
}
