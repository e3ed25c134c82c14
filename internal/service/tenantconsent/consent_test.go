package tenantconsent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/acctest/entratest"
	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

const (
	home     = "aaaaaaaa-0000-4000-8000-000000000001"
	customer = "bbbbbbbb-0000-4000-8000-000000000002"
	app      = "65415bb1-9267-4313-bbf5-ae259732ee12"
	user     = "dddddddd-0000-4000-8000-000000000004"
)

// consented is what the customer's tenant holds when all is well.
const consented = "enabled; graph: User.Read; application: access_as_user"

// scene is a portal's application, a customer's tenant, and this package's way to it.
type scene struct {
	*entratest.Server

	t      *testing.T
	client *entra.Client
	record *provenance
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Server: entratest.Start(t, home), t: t, record: new(provenance)}
	s.Add(home, entratest.Applications, entratest.Object{"appId": app, "displayName": "Portal", "signInAudience": "AzureADMultipleOrgs"})
	s.client = s.newClient()
	return s
}

func (s *scene) newClient() *entra.Client {
	s.t.Helper()
	client, err := entra.New(entra.Config{
		TenantID: home, ClientID: entratest.ClientID, Credential: entra.ClientSecret{Secret: entratest.Secret},
		AuthorityHost: s.URL, GraphEndpoint: s.URL, CACertificatePEM: s.CA(), Clock: s.Clock,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

func (s *scene) reader() reader {
	s.t.Helper()
	r, err := newReader(s.client, customer, app, s.record.GraphID)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// apply does what Create does.
func (s *scene) apply(enabled bool) (*work, error) {
	s.t.Helper()
	w := &work{reader: s.reader(), record: s.record, progress: func() {}}
	err := w.establish(s.t.Context())
	if err == nil {
		err = w.finish(s.t.Context(), enabled)
	}
	return w, err
}

// repair does what Update does after the state was refreshed.
func (s *scene) repair(enabled bool) error {
	s.t.Helper()
	w := &work{reader: s.reader(), record: s.record, progress: func() {}}
	var err error
	if w.facts, err = w.look(s.t.Context(), 1); err != nil {
		return err
	}
	return w.finish(s.t.Context(), enabled)
}

func (s *scene) destroy(onDestroy string, managedEnabled bool) (*removal, error) {
	s.t.Helper()
	r := &removal{reader: s.reader(), record: s.record}
	err := r.run(s.t.Context(), onDestroy, managedEnabled)
	return r, err
}

// principal puts the application into the customer's tenant, as others did.
func (s *scene) principal(changes entratest.Object) string {
	sp := entratest.Object{"appId": app, "displayName": "Portal", "accountEnabled": true}
	maps.Copy(sp, changes)
	return s.Add(customer, entratest.Principals, sp)
}

func (s *scene) grant(client, resource, scope string) {
	s.Add(customer, entratest.Grants, entratest.Object{
		"clientId": client, "resourceId": resource, "consentType": "AllPrincipals", "principalId": nil, "scope": scope,
	})
}

func (s *scene) userGrant(client, resource, scope string) {
	s.Add(customer, entratest.Grants, entratest.Object{
		"clientId": client, "resourceId": resource, "consentType": "Principal", "principalId": user, "scope": scope,
	})
}

// shows describes what the customer's tenant really holds.
func (s *scene) shows() string {
	var parts []string
	for _, sp := range s.List(customer, entratest.Principals) {
		if sp["accountEnabled"] == true {
			parts = append(parts, "enabled")
		} else {
			parts = append(parts, "disabled")
		}
	}
	graph := s.GraphID(customer)
	for _, name := range []string{"graph", "application", "users"} {
		for _, g := range s.List(customer, entratest.Grants) {
			of := "application"
			switch {
			case g["consentType"] != "AllPrincipals":
				of = "users"
			case g["resourceId"] == graph:
				of = "graph"
			}
			if of == name {
				parts = append(parts, fmt.Sprintf("%s: %s", of, g["scope"]))
			}
		}
	}
	return strings.Join(parts, "; ")
}

func (s *scene) want(shows string) {
	s.t.Helper()
	if got := s.shows(); got != shows {
		s.t.Errorf("the tenant shows\n  %s\nwant\n  %s", got, shows)
	}
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestConsentIsGivenAndTakenBackWhateverTheLag(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 10 * time.Second, 30 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.Lag = lag
			for range 2 { // the second time right after the first was destroyed
				w, err := s.apply(true)
				s.must(err)
				s.want(consented)
				if !w.facts.complete() || s.record.PrincipalID != w.facts.principal.ID {
					t.Errorf("the answers to the writes say %+v, recorded is %+v", w.facts, s.record)
				}
				// A refresh in another process, right away.
				state := newModel(model{TenantID: types.StringValue(customer), ApplicationID: types.StringValue(app)}, s.client, w.facts)
				s.client = s.newClient()
				seen, err := s.reader().settled(t.Context(), s.record.WrittenAt, state.expects)
				s.must(err)
				if !state.expects(seen) || len(drift(state, seen)) > 0 {
					t.Errorf("a refresh right away sees %+v", seen)
				}
				_, err = s.destroy(onDestroyRevert, true)
				s.must(err)
				s.want("")
				s.record = new(provenance)
			}
		})
	}
}

func TestANoOpRefreshCostsTwoRequests(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	w, err := s.apply(true)
	s.must(err)
	state := newModel(model{TenantID: types.StringValue(customer), ApplicationID: types.StringValue(app)}, s.client, w.facts)
	s.Calls()
	s.client = s.newClient()
	_, err = s.reader().settled(t.Context(), s.record.WrittenAt, state.expects)
	s.must(err)
	if calls := s.Calls(); !slices.Equal(calls, []string{"GET servicePrincipals(appId)", "GET oauth2PermissionGrants"}) {
		t.Errorf("asked %v", calls)
	}
}

func TestWhatIsThereIsAdopted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before  func(s *scene)
		after   string
		reverts string
	}{
		"a service principal alone": {
			func(s *scene) { s.principal(nil) }, consented, "enabled",
		},
		"one that is disabled": {
			func(s *scene) { s.principal(entratest.Object{"accountEnabled": false}) }, consented, "disabled",
		},
		"all of it": {
			func(s *scene) {
				sp := s.principal(nil)
				s.grant(sp, s.GraphID(customer), "User.Read")
				s.grant(sp, sp, "access_as_user")
			}, consented, consented,
		},
		"all of it, in other words": {
			func(s *scene) {
				sp := s.principal(nil)
				s.grant(sp, s.GraphID(customer), "  openid  user.READ profile")
				s.grant(sp, sp, " Access_As_User ")
			},
			"enabled; graph:   openid  user.READ profile; application:  Access_As_User ",
			"enabled; graph:   openid  user.READ profile; application:  Access_As_User ",
		},
		"grants with other scopes": {
			func(s *scene) {
				sp := s.principal(nil)
				s.grant(sp, s.GraphID(customer), " openid Mail.Read")
				s.grant(sp, sp, "other")
			},
			"enabled; graph: Mail.Read openid User.Read; application: access_as_user other",
			"enabled; graph: Mail.Read openid; application: other",
		},
		"the scopes at the wrong API": {
			func(s *scene) {
				sp := s.principal(nil)
				s.grant(sp, s.GraphID(customer), "User.Read access_as_user")
			},
			"enabled; graph: User.Read access_as_user; application: access_as_user",
			"enabled; graph: User.Read access_as_user",
		},
		"consent of a single user": {
			func(s *scene) {
				sp := s.principal(nil)
				s.userGrant(sp, s.GraphID(customer), "User.Read")
			},
			consented + "; users: User.Read", "enabled; users: User.Read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			tc.before(s)
			_, err := s.apply(true)
			s.must(err)
			s.want(tc.after)
			s.Clock.Pass(time.Hour)
			_, err = s.destroy(onDestroyRevert, true)
			s.must(err)
			s.want(tc.reverts)
		})
	}
}

func TestDestroyingTakesNoMoreThanWasAdded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		onDestroy string
		between   func(s *scene, sp string)
		after     string
		warns     bool
	}{
		"what was created goes": {onDestroyRevert, func(*scene, string) {}, "", false},
		"what others added stays, and the service principal with it": {onDestroyRevert, func(s *scene, sp string) {
			s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
				if g["scope"] == "User.Read" {
					g["scope"] = "openid User.Read Mail.Read"
				}
				return g
			})
		}, "enabled; graph: Mail.Read openid", true},
		"a user's own consent keeps the service principal": {onDestroyRevert, func(s *scene, sp string) {
			s.userGrant(sp, s.GraphID(customer), "User.Read")
		}, "enabled; users: User.Read", true},
		"revoking takes all consent for all users": {onDestroyRevoke, func(s *scene, sp string) {
			s.userGrant(sp, s.GraphID(customer), "User.Read")
			s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
				if g["consentType"] == "AllPrincipals" {
					g["scope"] = fmt.Sprint(g["scope"], " more")
				}
				return g
			})
		}, "enabled; users: User.Read", true},
		"what is gone is no error": {onDestroyRevert, func(s *scene, _ string) {
			s.Edit(customer, entratest.Principals, func(entratest.Object) entratest.Object { return nil })
		}, "", false},
		"one that others made anew is not touched": {onDestroyRevert, func(s *scene, _ string) {
			s.Edit(customer, entratest.Principals, func(entratest.Object) entratest.Object { return nil })
			sp := s.principal(nil)
			s.grant(sp, s.GraphID(customer), "User.Read")
		}, "enabled; graph: User.Read", false},
		"a grant that others made anew goes no further than its scope": {onDestroyRevert, func(s *scene, sp string) {
			s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
				if g["scope"] == "User.Read" {
					g["scope"] = "Mail.Read"
				}
				return g
			})
		}, "enabled; graph: Mail.Read", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			w, err := s.apply(true)
			s.must(err)
			s.Clock.Pass(time.Hour)
			tc.between(s, w.facts.principal.ID)
			r, err := s.destroy(tc.onDestroy, true)
			s.must(err)
			s.want(tc.after)
			if len(r.warnings) > 0 != tc.warns {
				t.Errorf("warned: %q", r.warnings)
			}
		})
	}
}

func TestWhatWasNotAddedNeedsNoRequestToBeKept(t *testing.T) {
	t.Parallel()
	record := &provenance{GraphID: "g", WrittenAt: time.Now()}
	record.meet(&entra.ServicePrincipal{Enabled: true})
	if !worthless(record, onDestroyRevert, true) || !worthless(&provenance{PrincipalID: "p"}, onDestroyRetain, true) {
		t.Error("there is something to do where nothing is")
	}
	if worthless(record, onDestroyRevoke, true) || worthless(&provenance{PrincipalID: "p"}, onDestroyRevert, true) ||
		worthless(record, onDestroyRevert, false) {
		t.Error("there is nothing to do where something is")
	}
}

func TestADeletedServicePrincipalIsRestored(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 30 * time.Second} {
		s := newScene(t)
		sp := s.principal(nil)
		s.Edit(customer, entratest.Principals, func(entratest.Object) entratest.Object { return nil })
		s.Lag = lag
		w, err := s.apply(true)
		s.must(err)
		s.want(consented)
		if w.facts.principal.ID != sp || slices.Contains(s.Calls(), "POST servicePrincipals") {
			t.Errorf("lag %s: the service principal is %s, was %s", lag, w.facts.principal.ID, sp)
		}
		_, err = s.destroy(onDestroyRevert, true)
		s.must(err)
		s.want("")
	}
}

func TestOneThatMayNotBeRestoredIsCreatedAnew(t *testing.T) {
	t.Parallel()
	for name, forbidden := range map[string]string{
		"looking is forbidden":   "GET directory/deletedItems/graph.servicePrincipal",
		"restoring is forbidden": "POST directory/deletedItems/{id}/restore",
	} {
		s := newScene(t)
		s.principal(nil)
		s.Edit(customer, entratest.Principals, func(entratest.Object) entratest.Object { return nil })
		s.Meet = forbid(forbidden)
		if _, err := s.apply(true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.want(consented)
	}
}

func forbid(name string) func(http.ResponseWriter, entratest.Call, func(http.ResponseWriter)) {
	return func(w http.ResponseWriter, c entratest.Call, next func(http.ResponseWriter)) {
		if c.Name == name {
			entratest.Fail(w, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
			return
		}
		next(w)
	}
}

// fault spoils the first requests of one kind.
type fault struct {
	name  string
	spoil func(w http.ResponseWriter, next func(http.ResponseWriter))
}

func faults() []fault {
	status := func(code int, contentType, body, retryAfter string) func(http.ResponseWriter, func(http.ResponseWriter)) {
		return func(w http.ResponseWriter, _ func(http.ResponseWriter)) {
			w.Header().Set("Content-Type", contentType)
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	return []fault{
		{"429 with a time", status(429, "application/json", `{"error":{"code":"TooManyRequests","message":"m"}}`, "7")},
		{"429 without", status(429, "application/json", `{"error":{"code":"TooManyRequests","message":"m"}}`, "")},
		{"503 with a page", status(503, "text/html", "<html>", "")},
		{"504 with nothing", status(504, "", "", "")},
		{"the answer is lost", func(_ http.ResponseWriter, next func(http.ResponseWriter)) {
			next(httptest.NewRecorder())
			panic(http.ErrAbortHandler)
		}},
		{"503 although it was done", func(w http.ResponseWriter, next func(http.ResponseWriter)) {
			next(httptest.NewRecorder())
			w.WriteHeader(http.StatusServiceUnavailable)
		}},
	}
}

func TestEveryCallSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	everything := []string{
		"GET servicePrincipals(appId)", "GET oauth2PermissionGrants", "GET oauth2PermissionGrants/{id}",
		"GET directory/deletedItems/graph.servicePrincipal", "POST directory/deletedItems/{id}/restore",
		"POST servicePrincipals", "PATCH servicePrincipals/{id}", "DELETE servicePrincipals/{id}",
		"POST oauth2PermissionGrants", "PATCH oauth2PermissionGrants/{id}", "DELETE oauth2PermissionGrants/{id}",
	}
	for _, call := range everything {
		for _, f := range faults() {
			for _, lag := range []time.Duration{0, 20 * time.Second} {
				t.Run(fmt.Sprintf("%s/%s/%s", call, f.name, lag), func(t *testing.T) {
					t.Parallel()
					s := newScene(t)
					if strings.Contains(call, "deletedItems/{id}") {
						s.principal(nil)
						s.Edit(customer, entratest.Principals, func(entratest.Object) entratest.Object { return nil })
					}
					s.Lag = lag
					met := s.spoil(call, f)
					w, err := s.apply(true)
					s.must(err)
					s.want(consented)
					if !w.facts.complete() {
						t.Errorf("the state would hold %+v", w.facts)
					}
					// One scope lost and sign-in off, so that all calls are made.
					s.Clock.Pass(time.Hour)
					s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
						if g["scope"] == "User.Read" {
							g["scope"] = "Mail.Read"
						}
						return g
					})
					s.Edit(customer, entratest.Principals, func(sp entratest.Object) entratest.Object {
						sp["accountEnabled"] = false
						return sp
					})
					s.must(s.repair(true))
					s.want("enabled; graph: Mail.Read User.Read; application: access_as_user")
					s.Clock.Pass(time.Hour)
					s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
						if g["scope"] == "Mail.Read User.Read" {
							g["scope"] = "User.Read"
						}
						return g
					})
					_, err = s.destroy(onDestroyRevert, true)
					s.must(err)
					// Whose a service principal is whose creation got no answer cannot be told.
					left := ""
					if len(w.warnings) > 0 {
						left = "enabled"
					}
					s.want(left)
					if !met() {
						t.Error("the call was not made")
					}
				})
			}
		}
	}
}

// spoil spoils the first call of a name.
func (s *scene) spoil(name string, f fault) (met func() bool) {
	var mu sync.Mutex
	done := false
	s.Meet = func(w http.ResponseWriter, c entratest.Call, next func(http.ResponseWriter)) {
		mu.Lock()
		now := c.Name == name && !done
		done = done || now
		mu.Unlock()
		if now {
			f.spoil(w, next)
			return
		}
		next(w)
	}
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return done
	}
}

func TestAGrantWhoseAnswerWasLostIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		s := newScene(t)
		s.principal(nil)
		s.Lag = 20 * time.Second
		s.Clock.Pass(time.Minute)
		met := s.spoil("POST oauth2PermissionGrants", f)
		_, err := s.apply(true)
		s.must(err)
		_, err = s.destroy(onDestroyRevert, true)
		s.must(err)
		s.want("enabled")
		if !met() {
			t.Errorf("%s: the call was not made", f.name)
		}
	}
}

func TestAChangeThatIsNotReplicatedIsNoDrift(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.principal(entratest.Object{"accountEnabled": false})
	s.Lag = 30 * time.Second
	w, err := s.apply(true)
	s.must(err)
	state := newModel(model{TenantID: types.StringValue(customer), ApplicationID: types.StringValue(app)}, s.client, w.facts)
	seen, err := s.reader().settled(t.Context(), s.record.WrittenAt, state.expects)
	s.must(err)
	if changes := drift(state, seen); len(changes) > 0 {
		t.Errorf("said %q", changes)
	}
}

func TestSomebodyElseMayBeFaster(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	var once, again sync.Once
	s.Meet = func(w http.ResponseWriter, c entratest.Call, next func(http.ResponseWriter)) {
		switch c.Name {
		case "POST servicePrincipals":
			once.Do(func() { s.principal(nil) })
		case "POST oauth2PermissionGrants":
			again.Do(func() {
				for _, sp := range s.List(customer, entratest.Principals) {
					s.grant(sp["id"].(string), s.GraphID(customer), "Mail.Read")
				}
			})
		}
		next(w)
	}
	w, err := s.apply(true)
	s.must(err)
	s.want("enabled; graph: Mail.Read User.Read; application: access_as_user")
	if len(s.List(customer, entratest.Principals)) != 1 || len(w.warnings) > 0 {
		t.Errorf("warned %q", w.warnings)
	}
	s.Clock.Pass(time.Hour)
	_, err = s.destroy(onDestroyRevert, true)
	s.must(err)
	s.want("enabled; graph: Mail.Read")
}

func TestDriftIsNamed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(s *scene, sp string)
		says   []string
		after  string
	}{
		"nothing": {func(*scene, string) {}, nil, consented},
		"sign-in off": {func(s *scene, _ string) {
			s.Edit(customer, entratest.Principals, func(sp entratest.Object) entratest.Object {
				sp["accountEnabled"] = false
				return sp
			})
		}, []string{"sign-in was switched off outside Terraform"}, consented},
		"a grant gone": {func(s *scene, _ string) {
			s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
				if g["scope"] == "User.Read" {
					return nil
				}
				return g
			})
		}, []string{"the consent for all users to User.Read of Microsoft Graph was revoked outside Terraform"}, consented},
		"a grant gone, a user's own left": {func(s *scene, sp string) {
			s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
				if g["scope"] == "User.Read" {
					return nil
				}
				return g
			})
			s.userGrant(sp, s.GraphID(customer), "User.Read")
		}, []string{"the consent for all users to User.Read of Microsoft Graph was revoked (one user consented alone, which is not enough) outside Terraform"}, consented + "; users: User.Read"},
		"a scope gone, another there": {func(s *scene, _ string) {
			s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
				if g["scope"] == "access_as_user" {
					g["scope"] = "more openid"
				}
				return g
			})
		}, []string{
			"the scope access_as_user of the portal's application was removed from the consent for all users outside Terraform",
			"the scope more of the portal's application was added, which is kept, outside Terraform",
		}, "enabled; graph: User.Read; application: access_as_user more openid"},
		"a scope more": {func(s *scene, _ string) {
			s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
				if g["scope"] == "User.Read" {
					g["scope"] = "Mail.Read profile User.Read"
				}
				return g
			})
		}, []string{"the scope Mail.Read of Microsoft Graph was added, which is kept, outside Terraform"}, "enabled; graph: Mail.Read profile User.Read; application: access_as_user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			w, err := s.apply(true)
			s.must(err)
			state := newModel(model{TenantID: types.StringValue(customer), ApplicationID: types.StringValue(app)}, s.client, w.facts)
			s.Clock.Pass(time.Hour)
			tc.change(s, w.facts.principal.ID)
			seen, err := s.reader().settled(t.Context(), s.record.WrittenAt, state.expects)
			s.must(err)
			if got := drift(state, seen); !slices.Equal(got, tc.says) {
				t.Errorf("said\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.says, "\n  "))
			}
			refreshed := newModel(state, s.client, seen)
			planned := (&consentResource{tfkit.Resource{Connections: s.connections()}}).exactPlan(stateAsConfig(refreshed), refreshed, false)
			if same := planned.declares(refreshed); same != (len(tc.says) == 0 || strings.Contains(name, "more")) {
				t.Errorf("a plan shows a difference: %v", !same)
			}
			s.must(s.repair(true))
			s.want(tc.after)
		})
	}
}

// stateAsConfig is what a plan holds before it is made exact, for the same configuration.
func stateAsConfig(state model) model {
	m := state
	m.AccountEnabled = types.BoolValue(true)
	m.GrantedScopes, m.UnmanagedScopes = types.ObjectUnknown(scopesTypes()), types.ObjectUnknown(scopesTypes())
	return m
}

func (s *scene) connections() *tfkit.Connections {
	return tfkit.NewConnections(tfkit.Connectors{
		VB365: func() (*vb365.Client, error) { return nil, errors.New("not here") },
		Entra: func() (*entra.Client, error) { return s.client, nil },
	}, true, s.Clock.Now)
}

func TestErrorsSayWhatIsMissingAndWhatElseHelps(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(s *scene)
		title   string
		says    []string
	}{
		"an unknown application": {func(s *scene) {
			s.Edit(home, entratest.Applications, func(entratest.Object) entratest.Object { return nil })
		}, tfkit.TitleEntraApplication, []string{"not right", "AzureADMultipleOrgs", "cloud"}},
		"an application of one tenant": {func(s *scene) {
			s.Edit(home, entratest.Applications, func(a entratest.Object) entratest.Object {
				a["signInAudience"] = "AzureADMyOrg"
				return a
			})
		}, tfkit.TitleEntraApplication, []string{"AzureADMultipleOrgs"}},
		"no permission to read": {
			func(s *scene) { s.Meet = forbid("GET servicePrincipals(appId)") },
			tfkit.TitleEntraPermission,
			[]string{"permission Application.Read.All", "/adminconsent?client_id=" + app},
		},
		"no permission to create": {
			func(s *scene) { s.Meet = forbid("POST servicePrincipals") },
			tfkit.TitleEntraPermission,
			[]string{"permission Application.ReadWrite.All", "/adminconsent?client_id=" + app},
		},
		"no permission to list grants": {func(s *scene) {
			s.principal(nil)
			s.Meet = forbid("GET oauth2PermissionGrants")
		}, tfkit.TitleEntraPermission, []string{"permission Directory.Read.All"}},
		"no permission to consent": {
			func(s *scene) { s.Meet = forbid("POST oauth2PermissionGrants") },
			tfkit.TitleEntraPermission,
			[]string{"permission DelegatedPermissionGrant.ReadWrite.All", "/adminconsent?client_id=" + app},
		},
		"own applications only": {func(s *scene) {
			s.Meet = func(w http.ResponseWriter, c entratest.Call, next func(http.ResponseWriter)) {
				if c.Name == "POST servicePrincipals" {
					entratest.Fail(w, http.StatusForbidden, "Authorization_RequestDenied", "When using this permission, the backing "+
						"application of the service principal being created must in the local tenant")
					return
				}
				next(w)
			}
		}, tfkit.TitleEntraPermission, []string{"Application.ReadWrite.OwnedBy is not enough", "Application.ReadWrite.All"}},
		"another tenant": {
			func(s *scene) { s.Refuse[customer] = "AADSTS90002: Tenant not found." },
			tfkit.TitleEntraNoTenant,
			[]string{"tenant_id"},
		},
		"a login that is not let in": {
			func(s *scene) { s.Refuse[customer] = "AADSTS700016: Application was not found in the directory." },
			tfkit.TitleEntraNotInTenant,
			[]string{"/adminconsent?client_id=" + entratest.ClientID, "/adminconsent?client_id=" + app},
		},
		"an expired secret": {
			func(s *scene) { s.Refuse[customer] = "AADSTS7000222: The provided client secret keys are expired." },
			tfkit.TitleEntraExpired,
			[]string{"new client secret"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			tc.arrange(s)
			_, err := s.apply(true)
			if err == nil {
				t.Fatal("it works")
			}
			title, detail := explain(s.connections(), "consenting", customer, app, err)
			if title != tc.title {
				t.Errorf("the title is %q, want %q", title, tc.title)
			}
			for _, text := range tc.says {
				if !strings.Contains(detail, text) {
					t.Errorf("the detail lacks %q:\n%s", text, detail)
				}
			}
			if strings.Contains(title+detail, entratest.Secret) || strings.Contains(detail, "token-of-") {
				t.Error("it shows a secret")
			}
			if n := s.Logins(customer); n != 1 {
				t.Errorf("logged in %d times", n)
			}
		})
	}
}

func TestObstaclesAreTold(t *testing.T) {
	t.Parallel()
	for want, sp := range map[string]entra.ServicePrincipal{
		"":                   {Enabled: true, Scopes: []string{"Access_as_user"}},
		"Microsoft disabled": {Enabled: true, DisabledByMicrosoft: "DisabledDueToViolationOfServicesAgreement"},
		"deactivated":        {Enabled: true, Deactivated: true},
		"offers no enabled":  {Enabled: true, Scopes: []string{"other"}},
		"Only some users":    {Enabled: true, AssignmentRequired: true},
	} {
		var diags diag.Diagnostics
		warnOfObstacles(&diags, customer, &sp)
		warnOfAssignment(&diags, customer, &sp)
		said := ""
		for _, d := range diags {
			said += d.Summary() + d.Detail()
		}
		if want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	}
}

func TestAnInterruptLosesNothingThatWasReached(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx, interrupt := context.WithCancel(t.Context())
	s.Meet = func(w http.ResponseWriter, c entratest.Call, next func(http.ResponseWriter)) {
		if c.Name == "POST servicePrincipals" {
			interrupt()
		}
		next(w)
	}
	w := &work{reader: s.reader(), record: s.record}
	kept := ""
	w.progress = func() { kept = w.record.PrincipalID }
	if err := w.establish(ctx); err == nil {
		t.Error("the interrupt passed unnoticed")
	}
	made := s.List(customer, entratest.Principals)
	if len(made) != 1 || kept != made[0]["id"] {
		t.Errorf("kept is %q of %v", kept, made)
	}
}
