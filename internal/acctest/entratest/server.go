// Package entratest is a small Microsoft Entra for tests: a login service and
// the part of Microsoft Graph that consents need, for many tenants, in memory.
// Reads can be behind writes by any time, of a clock that tests turn.
package entratest

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The application that logs in, and its secret, which must show up nowhere.
const (
	ClientID = "cccccccc-0000-4000-8000-000000000003"
	Secret   = "Qz7-entra-not-to-be-seen"
)

// GraphAppID is the application id of Microsoft Graph.
const GraphAppID = "00000003-0000-0000-c000-000000000000"

// Collections of objects.
const (
	Principals   = "servicePrincipals"
	Grants       = "oauth2PermissionGrants"
	Applications = "applications"
	Deleted      = "deletedItems"
)

// Object is an object as Graph writes it.
type Object = map[string]any

// Server is the login service and Graph.
type Server struct {
	*httptest.Server

	// Clock is what the server goes by; give it to the client too.
	Clock *Clock
	// Home is the tenant that applications are registered in.
	Home string
	// Lag is how far reads are behind writes.
	Lag time.Duration
	// Refuse tells, by tenant, why logins are refused.
	Refuse map[string]string
	// Meet, if set, handles requests; next gives the real answer.
	Meet func(w http.ResponseWriter, call Call, next func(http.ResponseWriter))

	mu      sync.Mutex
	tenants map[string]tenant
	calls   []Call
	logins  map[string]int
}

// Call is a request to Graph.
type Call struct {
	Tenant string
	// Name is the method and the kind of path, such as "GET servicePrincipals/{id}".
	Name string
	Body string
}

// Start starts a server, which ends with the test.
func Start(t *testing.T, home string) *Server {
	t.Helper()
	s := &Server{
		Clock: &Clock{now: time.Now()}, Home: home, Refuse: map[string]string{},
		tenants: map[string]tenant{}, logins: map[string]int{},
	}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

// CA returns the server's certificate in PEM.
func (s *Server) CA() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// Settings are the environment variables with which the provider reaches the server.
func (s *Server) Settings() map[string]string {
	return map[string]string{
		"ARM_TENANT_ID": s.Home, "ARM_CLIENT_ID": ClientID, "ARM_CLIENT_SECRET": Secret,
		"VB365_ENTRA_AUTHORITY_HOST": s.URL, "VB365_ENTRA_GRAPH_ENDPOINT": s.URL, "VB365_ENTRA_CA_CERTIFICATE_PEM": s.CA(),
	}
}

// Clock passes time without waiting.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets d pass.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.Pass(d)
	return nil
}

// Pass lets d pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if first != "v1.0" {
		s.login(w, first, rest)
		return
	}
	name, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer token-of-")
	if !found {
		Fail(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty.")
		return
	}
	call := Call{Tenant: name, Name: r.Method + " " + kindOf(rest), Body: string(body)}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	next := func(w http.ResponseWriter) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.serveGraph(w, r, name, rest, body)
	}
	if s.Meet != nil {
		s.Meet(w, call, next)
		return
	}
	next(w)
}

// kindOf replaces ids in a path.
func kindOf(path string) string {
	if before, _, found := strings.Cut(path, "(appId="); found {
		return before + "(appId)"
	}
	parts := strings.Split(path, "/")
	for i := 1; i < len(parts); i++ {
		if i == 1 && parts[0] == "directory" || parts[i] == "restore" || parts[i] == "graph.servicePrincipal" ||
			parts[i] == "owners" || parts[i] == "$ref" {
			continue
		}
		parts[i] = "{id}"
	}
	return strings.Join(parts, "/")
}

func (s *Server) login(w http.ResponseWriter, tenant, rest string) {
	base := s.URL + "/" + tenant
	if strings.HasSuffix(rest, "openid-configuration") {
		Answer(w, http.StatusOK, Object{
			"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "issuer": base + "/v2.0",
		})
		return
	}
	s.mu.Lock()
	s.logins[tenant]++
	refusal := s.Refuse[tenant]
	s.mu.Unlock()
	if refusal != "" {
		Answer(w, http.StatusBadRequest, Object{"error": "invalid_client", "error_description": refusal + " Trace ID: 1"})
		return
	}
	Answer(w, http.StatusOK, Object{"token_type": "Bearer", "expires_in": 3599, "access_token": "token-of-" + tenant})
}

// Logins returns how often a tenant was logged in to.
func (s *Server) Logins(tenant string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins[tenant]
}

// Calls returns the names of the requests since the last time.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, c := range s.calls {
		names = append(names, c.Name)
	}
	s.calls = nil
	return names
}

// Add adds an object that has been there for long, and returns its id.
func (s *Server) Add(name, collection string, o Object) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o["id"] == nil {
		o["id"] = uuid.NewString()
	}
	if collection == Grants {
		o["id"] = grantID(o)
	}
	s.tenant(name).put(collection, o, s.Clock.Now().Add(-time.Hour))
	return str(o["id"])
}

// Edit changes what is in a collection, apart from Microsoft Graph's own service
// principal; nil deletes. It is as if it had happened long ago.
func (s *Server) Edit(name, collection string, edit func(Object) Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenant(name)
	past := s.Clock.Now().Add(-time.Hour)
	for _, o := range t.list(collection, s.Clock.Now()) {
		if o["appId"] == GraphAppID {
			continue
		}
		changed := edit(maps.Clone(o))
		if changed == nil {
			t.remove(collection, o, past)
			continue
		}
		t[collection][str(o["id"])] = []version{{past, changed}}
	}
}

// List returns what really is in a collection, apart from Microsoft Graph's own service principal.
func (s *Server) List(name, collection string) []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(s.tenant(name).list(collection, s.Clock.Now()), func(o Object) bool { return o["appId"] == GraphAppID })
}

// GraphID returns the object id of Microsoft Graph's own service principal.
func (s *Server) GraphID(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return str(s.tenant(name).byApp(Principals, GraphAppID, s.Clock.Now())["id"])
}

// Answer writes o as Graph does.
func Answer(w http.ResponseWriter, status int, o any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(o) //nolint:errchkjson // what tests give can be encoded
}

// Fail writes an error as Graph does.
func Fail(w http.ResponseWriter, status int, code, message string) {
	Answer(w, status, Object{"error": Object{
		"code": code, "message": message, "innerError": Object{"request-id": "5f6a3e1c-0000-4000-8000-00000000000f"},
	}})
}

func str(value any) string {
	s, _ := value.(string)
	return s
}
