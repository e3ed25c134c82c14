package entratest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// tenant holds the history of each object, by collection and id.
type tenant map[string]map[string][]version

// version is what an object is from a moment on; nil is gone.
type version struct {
	since time.Time
	value Object
}

func (s *Server) tenant(name string) tenant {
	t, known := s.tenants[name]
	if !known {
		t = tenant{}
		s.tenants[name] = t
		t.put(Principals, Object{
			"id": uuid.NewString(), "appId": GraphAppID, "displayName": "Microsoft Graph", "accountEnabled": true,
		}, s.Clock.Now().Add(-time.Hour))
	}
	return t
}

func (t tenant) put(collection string, o Object, since time.Time) {
	if t[collection] == nil {
		t[collection] = map[string][]version{}
	}
	id := str(o["id"])
	t[collection][id] = append(t[collection][id], version{since, o})
}

// remove deletes an object; a service principal takes its grants along and can be restored.
func (t tenant) remove(collection string, o Object, since time.Time) {
	id := str(o["id"])
	if since.Before(t[collection][id][len(t[collection][id])-1].since) {
		t[collection][id] = nil
	}
	t[collection][id] = append(t[collection][id], version{since, nil})
	switch collection {
	case Principals:
		t.put(Deleted, o, since)
		for _, g := range t.list(Grants, since.Add(time.Hour*24)) {
			if g["clientId"] == id || g["resourceId"] == id {
				t.remove(Grants, g, since)
			}
		}
	case Applications:
		if sp := t.byApp(Principals, str(o["appId"]), since.Add(time.Hour*24)); sp != nil {
			t.remove(Principals, sp, since)
		}
	}
}

func (t tenant) get(collection, id string, when time.Time) Object {
	var o Object
	for _, v := range t[collection][id] {
		if !v.since.After(when) {
			o = v.value
		}
	}
	return o
}

func (t tenant) list(collection string, when time.Time) []Object {
	var all []Object
	for _, id := range slices.Sorted(maps.Keys(t[collection])) {
		if o := t.get(collection, id, when); o != nil {
			all = append(all, o)
		}
	}
	return all
}

func (t tenant) byApp(collection, appID string, when time.Time) Object {
	for _, o := range t.list(collection, when) {
		if strings.EqualFold(str(o["appId"]), appID) {
			return o
		}
	}
	return nil
}

const (
	codeDuplicate = "Request_MultipleObjectsWithSameKeyValue"
	codeBad       = "Request_BadRequest"
)

func missing(w http.ResponseWriter, id string) {
	Fail(w, http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

var (
	pathByApp = regexp.MustCompile(`^(servicePrincipals|applications)\(appId='([^']+)'\)$`)
	equals    = regexp.MustCompile(`^(\w+) eq '(.*)'$`)
)

func (s *Server) serveGraph(w http.ResponseWriter, r *http.Request, name, path string, body []byte) {
	t := s.tenant(name)
	seen := s.Clock.Now().Add(-s.Lag)
	var in Object
	_ = json.Unmarshal(body, &in)
	delete(in, "@odata.type")
	if m := pathByApp.FindStringSubmatch(path); m != nil {
		if o := t.byApp(m[1], m[2], seen); o != nil {
			Answer(w, http.StatusOK, o)
			return
		}
		missing(w, m[2])
		return
	}
	parts := strings.Split(path, "/")
	switch {
	case path == "directory/deletedItems/graph.servicePrincipal":
		s.serveList(w, t.list(Deleted, seen), r.URL.Query())
	case len(parts) == 4 && parts[3] == "restore":
		s.restore(w, t, parts[2])
	case len(parts) == 1 && r.Method == http.MethodGet:
		if client := equals.FindStringSubmatch(r.URL.Query().Get("$filter")); len(client) == 3 && client[1] == "clientId" &&
			t.get(Principals, client[2], seen) == nil {
			missing(w, "")
			return
		}
		s.serveList(w, t.list(parts[0], seen), r.URL.Query())
	case len(parts) == 1 && r.Method == http.MethodPost:
		s.create(w, name, parts[0], in, seen)
	case len(parts) == 2:
		s.serveItem(w, r.Method, t, parts[0], parts[1], in, seen)
	case len(parts) >= 3 && parts[2] == "owners":
		s.serveOwners(w, r.Method, t, parts, in)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *Server) serveList(w http.ResponseWriter, all []Object, query url.Values) {
	m := equals.FindStringSubmatch(query.Get("$filter"))
	value := []Object{}
	for _, o := range all {
		if len(m) != 3 || strings.EqualFold(str(o[m[1]]), m[2]) {
			value = append(value, o)
		}
	}
	Answer(w, http.StatusOK, Object{"value": value})
}

func (s *Server) restore(w http.ResponseWriter, t tenant, id string) {
	now := s.Clock.Now()
	o := t.get(Deleted, id, now)
	if o == nil {
		missing(w, id)
		return
	}
	t[Deleted][id] = append(t[Deleted][id], version{now, nil})
	t.put(Principals, o, now)
	Answer(w, http.StatusOK, Object{"@odata.type": "#microsoft.graph.servicePrincipal", "id": id})
}

func (s *Server) create(w http.ResponseWriter, name, collection string, in Object, seen time.Time) {
	t, now := s.tenant(name), s.Clock.Now()
	switch collection {
	case Principals:
		app := s.tenant(s.Home).byApp(Applications, str(in["appId"]), seen)
		switch {
		case t.byApp(Principals, str(in["appId"]), now) != nil:
			Fail(w, http.StatusConflict, codeDuplicate, "The service principal cannot be created, updated, or restored because "+
				"the service principal name "+str(in["appId"])+" is already in use.")
			return
		case app == nil, app["signInAudience"] != "AzureADMultipleOrgs" && name != s.Home:
			Fail(w, http.StatusBadRequest, codeBad,
				"The appId '"+str(in["appId"])+"' of the service principal does not reference a valid application object.")
			return
		}
		in["id"], in["accountEnabled"], in["displayName"] = uuid.NewString(), true, app["displayName"]
		if api, ok := app["api"].(Object); ok {
			in["oauth2PermissionScopes"] = api["oauth2PermissionScopes"]
		}
	case Grants:
		for _, id := range []string{str(in["clientId"]), str(in["resourceId"])} {
			if t.get(Principals, id, seen) == nil {
				missing(w, id)
				return
			}
		}
		in["id"] = grantID(in)
		if t.get(Grants, str(in["id"]), now) != nil {
			Fail(w, http.StatusConflict, codeDuplicate, "Permission entry already exists.")
			return
		}
	case Applications:
		in["id"], in["appId"] = uuid.NewString(), uuid.NewString()
	}
	t.put(collection, in, now)
	Answer(w, http.StatusCreated, in)
}

func (s *Server) serveItem(w http.ResponseWriter, method string, t tenant, collection, id string, in Object, seen time.Time) {
	now := s.Clock.Now()
	current, shown := t.get(collection, id, now), t.get(collection, id, seen)
	switch {
	case method == http.MethodGet && shown != nil:
		Answer(w, http.StatusOK, shown)
	case method == http.MethodPatch && current != nil && shown != nil:
		t.put(collection, merged(current, in), now)
		w.WriteHeader(http.StatusNoContent)
	case method == http.MethodDelete && current != nil:
		t.remove(collection, current, now)
		w.WriteHeader(http.StatusNoContent)
	default:
		missing(w, id)
	}
}

func (s *Server) serveOwners(w http.ResponseWriter, method string, t tenant, parts []string, in Object) {
	now := s.Clock.Now()
	app := t.get(Applications, parts[1], now)
	if app == nil {
		missing(w, parts[1])
		return
	}
	owners, _ := app["owners"].([]Object)
	switch method {
	case http.MethodGet:
		Answer(w, http.StatusOK, Object{"value": owners})
		return
	case http.MethodPost:
		link := str(in["@odata.id"])
		owners = append(slices.Clone(owners), Object{"@odata.type": "#microsoft.graph.user", "id": link[strings.LastIndex(link, "/")+1:]})
	case http.MethodDelete:
		owners = slices.DeleteFunc(slices.Clone(owners), func(o Object) bool { return o["id"] == parts[3] })
	}
	t.put(Applications, merged(app, Object{"owners": owners}), now)
	w.WriteHeader(http.StatusNoContent)
}

// merged applies a PATCH: what is sent replaces, and within an object too.
func merged(current, change Object) Object {
	out := maps.Clone(current)
	for key, value := range change {
		inner, isObject := value.(Object)
		if before, wasObject := out[key].(Object); isObject && wasObject {
			value = merged(before, inner)
		}
		out[key] = value
	}
	return out
}

// grantID makes an id up as Entra does.
func grantID(grant Object) string {
	var id []byte
	for _, key := range []string{"clientId", "resourceId", "principalId"} {
		g, err := uuid.Parse(fmt.Sprint(grant[key]))
		if err != nil {
			continue
		}
		id = append(id, g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6])
		id = append(id, g[8:]...)
	}
	return base64.RawURLEncoding.EncodeToString(id)
}
