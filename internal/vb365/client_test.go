package vb365

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
)

func TestEndpointsThatCannotBeRightAreRefused(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://vb365.example.com:4443":      "",
		"https://vb365.example.com:4443/":     "",
		"https://[2001:db8::1]:4443":          "",
		"http://vb365.example.com:4443":       "https://",
		"vb365.example.com:4443":              "https://",
		"https://":                            "no host",
		"https://vb365.example.com:4443/v8":   "path",
		"https://user:pw@vb365.example.com":   "user name",
		"https://vb365.example.com:4443?x=1":  "query",
		"https://vb365.example.com:notaport/": "not a URL",
	} {
		_, err := ParseEndpoint(endpoint)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("ParseEndpoint(%q) = %v, want an error with %q", endpoint, err, want)
		}
	}
}

func TestTheNewestServedVersionIsFoundOnce(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /ServiceInstance": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/v7") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(http.StatusNotFound)
		},
	})
	c := f.client(t, func(cfg *Config) { cfg.APIVersion = 0 })
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if v, err := c.Version(t.Context()); v != V7 || err != nil {
				t.Errorf("Version() = %v, %v; want v7", v, err)
			}
		})
	}
	wg.Wait()
	if n := f.count("GET /ServiceInstance"); n != 2 {
		t.Errorf("asked %d times for ServiceInstance, want 2 (v8, v7)", n)
	}
}

func TestEndpointsThatAreNotVB365AreToldFromHostsForOperators(t *testing.T) {
	t.Parallel()
	settings := answer(http.StatusOK, map[string]any{"applicationId": zeroGUID, "isEnabled": true})
	for name, tc := range map[string]struct {
		handlers map[string]http.HandlerFunc
		want     EndpointReason
	}{
		"a web site that has none of this": {map[string]http.HandlerFunc{
			"GET /ServiceInstance": text(http.StatusNotFound, "text/html", "<html>nothing here</html>"),
		}, NotVB365},
		"a web site that answers everything with a page": {map[string]http.HandlerFunc{
			"GET /ServiceInstance": text(http.StatusOK, "text/html", "<html>welcome</html>"),
		}, NotVB365},
		"a host that sends elsewhere": {map[string]http.HandlerFunc{
			"GET /ServiceInstance": func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusFound)
			},
		}, NotVB365},
		"a REST host for operators only": {map[string]http.HandlerFunc{
			"GET /ServiceInstance":       text(http.StatusNotFound, "", ""),
			"GET /RestorePortalSettings": settings,
		}, OperatorsOnly},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newFakeServer(t, tc.handlers).client(t, func(cfg *Config) { cfg.APIVersion = 0 })
			_, err := c.Roles(t.Context())
			var endpoint *EndpointError
			if !errors.As(err, &endpoint) || endpoint.Reason != tc.want {
				t.Errorf("got %v, want an EndpointError for reason %d", err, tc.want)
			}
		})
	}
}

func TestAPinnedVersionThatIsNotServedNamesThoseThatAre(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"POST /token": text(http.StatusNotFound, "", ""),
		"GET /ServiceInstance": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/v8") {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.WriteHeader(http.StatusUnauthorized)
		},
	})
	_, err := f.client(t).Roles(t.Context())
	var endpoint *EndpointError
	if !errors.As(err, &endpoint) || endpoint.Reason != VersionNotServed || !strings.Contains(endpoint.Detail, "v7, v6") {
		t.Errorf("got %v, want VersionNotServed that names v7 and v6", err)
	}
}

func TestCertificatesAreTrustedByPinAndOtherwiseExplained(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{"GET /RbacRoles": answer(http.StatusOK, []Role{})})
	if _, err := f.client(t).Roles(t.Context()); err != nil {
		t.Fatalf("with the right pin: %v", err)
	}
	for name, tls := range map[string]trust.Config{
		"no trust at all": {},
		"another pin":     {CertificateSHA256: strings.Repeat("ab", 32)},
	} {
		_, err := f.client(t, func(cfg *Config) { cfg.TLS = tls }).Roles(t.Context())
		var untrusted *CertificateError
		if !errors.As(err, &untrusted) || len(untrusted.SHA256) != 64 {
			t.Errorf("%s: got %v, want a CertificateError with a fingerprint", name, err)
		}
	}
	if f.count("POST /token") != 1 {
		t.Error("a password was sent to a server that is not trusted")
	}
}

func TestOnlyWhatMayBeRepeatedIsRepeated(t *testing.T) {
	t.Parallel()
	busy := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	role := answer(http.StatusOK, Role{ID: "r1"})
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /RbacRoles/r1":               inTurn(cut, busy, role),
		"DELETE /RbacRoles/r1":            inTurn(busy, text(http.StatusNoContent, "", "")),
		"POST /Organizations/o/RbacRoles": busy,
	})
	c := f.client(t)
	if _, err := c.RefreshRole(t.Context(), "r1"); err != nil {
		t.Errorf("a read was not repeated: %v", err)
	}
	if err := c.DeleteRole(t.Context(), "r1"); err != nil {
		t.Errorf("a delete was not repeated: %v", err)
	}
	_, err := c.CreateRole(t.Context(), RoleSpec{Role: Role{OrganizationID: "o", Name: "n"}})
	if !MayHaveHappened(err) {
		t.Errorf("got %v for a create that was answered 503, want an error that says that it may have happened", err)
	}
	if n := f.count("POST /Organizations/o/RbacRoles"); n != 1 {
		t.Errorf("the create was sent %d times, want once", n)
	}
}

func TestACreateWhoseConnectionIsCutMayHaveHappened(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{"POST /Organizations/o/RbacRoles": cut})
	_, err := f.client(t).CreateRole(t.Context(), RoleSpec{Role: Role{OrganizationID: "o", Name: "n"}})
	if !MayHaveHappened(err) {
		t.Errorf("got %v, want an error that says that it may have happened", err)
	}
}

func TestNoMoreRequestsAreInFlightThanAllowed(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	f := newFakeServer(t, map[string]http.HandlerFunc{})
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		f.handlers["GET /RbacRoles/"+id] = func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(20 * time.Millisecond)
			now.Add(-1)
			answer(http.StatusOK, Role{ID: id})(w, r)
		}
	}
	c := f.client(t, func(cfg *Config) { cfg.MaxConcurrentRequests = 2 })
	var wg sync.WaitGroup
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		wg.Go(func() {
			if _, err := c.RefreshRole(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("%d requests were in flight, want 2 at most", most.Load())
	}
}

func TestOnlyVB365sOwn404MeansThatAnObjectIsGone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		gone    bool
	}{
		"VB365 v8":    {answer(http.StatusNotFound, map[string]any{"message": "Role not found", "errorCode": "ResourceNotFound"}), true},
		"VB365 v6":    {answer(http.StatusNotFound, map[string]any{"message": "Role not found"}), true},
		"empty":       {text(http.StatusNotFound, "", ""), false},
		"a proxy":     {text(http.StatusNotFound, "text/html", "<html>404</html>"), false},
		"other JSON":  {answer(http.StatusNotFound, map[string]any{"status": 404}), false},
		"JSON string": {answer(http.StatusNotFound, "not found"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, map[string]http.HandlerFunc{"GET /RbacRoles/r": tc.handler})
			if _, err := f.client(t).RefreshRole(t.Context(), "r"); errors.Is(err, ErrNotFound) != tc.gone {
				t.Errorf("errors.Is(%v, ErrNotFound) = %t, want %t", err, !tc.gone, tc.gone)
			}
		})
	}
}

func TestAServerThatWantsEntryIDsGetsThemFromTheSecondRequestOn(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"POST /RbacRoles/r/operators": func(w http.ResponseWriter, r *http.Request) {
			body := make([]byte, r.ContentLength)
			_, _ = r.Body.Read(body)
			if !strings.Contains(string(body), `"id":"u1","user"`) {
				answer(http.StatusBadRequest, map[string]any{"message": "id is required"})(w, r)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		},
	})
	c := f.client(t)
	entry := User{ID: "u1", DisplayName: "U", Name: "u@x", Type: "User"}.Entry()
	for range 2 {
		if err := c.AddEntries(t.Context(), "r", Operators, []Entry{entry}); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.count("POST /RbacRoles/r/operators"); n != 3 {
		t.Errorf("%d requests, want 3: refused, with ids, with ids at once", n)
	}
}

func TestACreateThatDoesNotTellWhatItCreatedMayHaveHappened(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"no body":     text(http.StatusCreated, "", ""),
		"another one": answer(http.StatusOK, map[string]any{"status": "done"}),
	} {
		f := newFakeServer(t, map[string]http.HandlerFunc{"POST /Organizations/o/RbacRoles": handler})
		_, err := f.client(t).CreateRole(t.Context(), RoleSpec{Role: Role{OrganizationID: "o", Name: "n"}})
		if !MayHaveHappened(err) {
			t.Errorf("%s: got %v, want an error that says that it may have happened", name, err)
		}
	}
}
