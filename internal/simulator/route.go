package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// audience says who may call a route.
type audience int

const (
	forAdministrators audience = iota
	forOperators
	forEverybody
)

// route is an operation of the API.
type route struct {
	method   string
	pattern  []string
	since    apiVersion
	audience audience
	// query names the parameters that the operation has in some version.
	query  []parameter
	handle func(*exchange) (reply, error)
}

// parameter is a query parameter and the first version that has it.
type parameter struct {
	name  string
	since apiVersion
}

func since(version apiVersion, names ...string) []parameter {
	parameters := make([]parameter, 0, len(names))
	for _, name := range names {
		parameters = append(parameters, parameter{name: strings.ToLower(name), since: version})
	}

	return parameters
}

// template is the route's path as the API's reference writes it.
func (r route) template() string {
	return "/" + strings.Join(r.pattern, "/")
}

// match compares the segments of a path with the route's, without regard to
// case, and returns the values of its parameters.
func (r route) match(version apiVersion, segments []string) (map[string]string, bool) {
	if version < r.since || len(segments) != len(r.pattern) {
		return nil, false
	}

	var params map[string]string

	for i, expected := range r.pattern {
		if name, isParameter := strings.CutPrefix(expected, "{"); isParameter && segments[i] != "" {
			if params == nil {
				params = make(map[string]string)
			}

			params[strings.TrimSuffix(name, "}")] = segments[i]
		} else if !strings.EqualFold(expected, segments[i]) {
			return nil, false
		}
	}

	return params, true
}

// knows tells whether the version of the operation has the query parameter.
func (r route) knows(name string, version apiVersion) bool {
	return slices.ContainsFunc(r.query, func(p parameter) bool { return p.name == name && version >= p.since })
}

// pathSegments splits an escaped path and decodes its segments.
func pathSegments(escapedPath string) ([]string, error) {
	var segments []string

	for raw := range strings.SplitSeq(strings.TrimPrefix(escapedPath, "/"), "/") {
		segment, err := url.PathUnescape(raw)
		if err != nil {
			return nil, fmt.Errorf("path segment %q: %w", raw, err)
		}

		segments = append(segments, segment)
	}

	return segments, nil
}

// routeTable lists the operations. Where two patterns match a path, the first
// wins.
func (f *restFace) routeTable() []route {
	return slices.Concat(
		f.serverRoutes(), f.organizationRoutes(), f.directoryRoutes(), f.syncRoutes(), f.roleRoutes(),
	)
}

func operation(method, path string, handle func(*exchange) (reply, error)) route {
	return route{
		method:  method,
		pattern: strings.Split(strings.TrimPrefix(path, "/"), "/"),
		since:   v6,
		handle:  handle,
	}
}

func get(path string, handle func(*exchange) (reply, error)) route {
	return operation(http.MethodGet, path, handle)
}

// from limits the route to a version and its successors.
func (r route) from(version apiVersion) route {
	r.since = version

	return r
}

// open says who may call the route.
func (r route) open(to audience) route {
	r.audience = to

	return r
}

// with adds query parameters.
func (r route) with(parameters ...[]parameter) route {
	r.query = slices.Concat(parameters...)

	return r
}

// serverRoutes are the operations about the server and the caller.
func (f *restFace) serverRoutes() []route {
	return []route{
		operation(http.MethodPost, "/token", f.postToken).open(forEverybody),
		operation(http.MethodPost, "/token/logout", f.postLogout).from(v7).open(forOperators),
		operation(http.MethodPost, "/token/AuthCode", f.postAuthCode).from(v7).open(forOperators),
		get("/Health", f.getHealth).from(v8).open(forEverybody),
		get("/ServiceInstance", f.getServiceInstance),
		get("/RestorePortalSettings", f.getPortalSettings).open(forEverybody),
		get("/Organization/LoggedInUser", f.getLoggedInUser).open(forOperators),
		get("/Organization/LoggedInUser/OperatorInfo", f.getOperatorInfo).open(forOperators),
		get("/Organization/LoggedInUser/EffectiveScope", f.getEffectiveScope).open(forOperators),
	}
}

func (f *restFace) organizationRoutes() []route {
	return []route{
		get("/Organizations", f.getOrganizations).with(
			since(v6, "extendedView"),
			since(v8, "msid", "backedUpOrganizationId", "limit", "offset"),
		),
		get("/Organizations/SyncState", f.getSyncStates).from(v8),
		get("/Organizations/{organizationId}", f.getOrganization).with(since(v6, "extendedView")),
	}
}

func (f *restFace) directoryRoutes() []route {
	page := since(v6, "limit", "offset", "setId")
	source := since(v7, "dataSource")
	organization := "/Organizations/{organizationId}"

	return []route{
		get(organization+"/Groups", f.getGroups).with(
			page, source, since(v6, "displayName", "groupName", "locationFilter")),
		get(organization+"/Groups/{groupId}", f.getGroup).with(source),
		get(organization+"/Groups/{groupId}/Members", f.getMembers).with(page, source),
		get(organization+"/Users", f.getUsers).with(
			page, source, since(v6, "userName", "displayName", "locationFilter"), since(v8, "detectedSkuType")),
		get(organization+"/Users/{userId}", f.getUser).with(source),
		get(organization+"/Sites", f.getSites).with(
			page, source, since(v6, "includePersonalSites", "parentId", "locationFilter"),
			since(v7, "filter"), since(v8, "includeSearchSites")),
		get(organization+"/Sites/{siteId}", f.getSite).with(source),
		get(organization+"/Teams", f.getTeams).with(page, source, since(v6, "displayName")),
		get(organization+"/Teams/{teamId}", f.getTeam).with(source),
	}
}

func (f *restFace) syncRoutes() []route {
	return []route{
		get("/Organizations/{organizationId}/SyncState", f.getSyncState).from(v7),
		operation(http.MethodPost, "/Organizations/{organizationId}/Sync", f.postSync).from(v7),
	}
}

func (f *restFace) roleRoutes() []route {
	role := "/RbacRoles/{roleId}"

	return slices.Concat(
		[]route{
			get("/RbacRoles", f.getRoles),
			get("/Organizations/{organizationId}/RbacRoles", f.getOrganizationRoles),
			operation(http.MethodPost, "/Organizations/{organizationId}/RbacRoles", f.postRole),
			get(role, f.getRole),
			operation(http.MethodPut, role, f.putRole),
			operation(http.MethodDelete, role, f.deleteRole),
		},
		f.entryRoutes(role, operatorList()),
		f.entryRoutes(role, selectedList()),
		f.entryRoutes(role, excludedList()),
	)
}

func (f *restFace) entryRoutes(role string, l roleList) []route {
	path := role + "/" + l.name

	return []route{
		get(path, f.getEntries(l)),
		operation(http.MethodPost, path, f.postEntries(l)),
		operation(http.MethodDelete, path, f.deleteEntries(l)).with(since(v6, "ids")),
		get(path+"/{entryId}", f.getEntry(l)),
	}
}
