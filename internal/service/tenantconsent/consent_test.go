package tenantconsent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph/graphtest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
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
	*graphtest.Server

	t      *testing.T
	client *entra.Client
	record *provenance
}

func newScene(t *testing.T) *scene {
	t.Helper()
	return newSceneWith(t, graph.Options{})
}

func newSceneWith(t *testing.T, options graph.Options) *scene {
	t.Helper()
	s := &scene{Server: graphtest.Start(t, options), t: t, record: new(provenance)}
	s.AddTenant(graph.Tenant{ID: home})
	s.AddTenant(graph.Tenant{ID: customer})
	s.AddApplication(home, graph.Portal(app))
	s.client = s.newClient()
	return s
}

func (s *scene) newClient() *entra.Client {
	s.t.Helper()
	client, err := entra.New(entra.Config{
		TenantID: home, ClientID: graph.DefaultClientID, Credential: entra.ClientSecret{Secret: graphtest.Secret},
		AuthorityHost: s.URL(), GraphEndpoint: s.URL(), CACertificatePEM: s.CertificatePEM(), Clock: s.Clock,
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

func (s *scene) destroy(onDestroy string) (*removal, error) {
	s.t.Helper()
	r := &removal{reader: s.reader(), record: s.record}
	err := r.run(s.t.Context(), onDestroy)
	return r, err
}

// principal puts the application into the customer's tenant, as others did.
func (s *scene) principal(changes ...func(*graph.ServicePrincipal)) string {
	return s.AddServicePrincipal(customer, app, changes...).ID
}

func (s *scene) grant(client, resource, scope string) {
	s.AddGrant(customer, graph.Grant{ClientID: client, ResourceID: resource, Scope: scope})
}

func (s *scene) userGrant(client, resource, scope string) {
	s.AddGrant(customer, graph.Grant{
		ClientID: client, ResourceID: resource, ConsentType: graph.Principal, PrincipalID: new(user), Scope: scope,
	})
}

// disable switches sign-in off, as others did.
func (s *scene) disable() { s.UpdateServicePrincipal(customer, app, disabled) }

func disabled(sp *graph.ServicePrincipal) { sp.AccountEnabled = false }

// shows describes what the customer's tenant really holds.
func (s *scene) shows() string {
	var parts []string
	for _, sp := range s.ServicePrincipals(customer) {
		if sp.AccountEnabled {
			parts = append(parts, "enabled")
		} else {
			parts = append(parts, "disabled")
		}
	}
	microsoft := s.MicrosoftGraphID(customer)
	for _, name := range []string{"graph", "application", "users"} {
		for _, g := range s.Grants(customer) {
			of := "application"
			switch {
			case g.ConsentType != graph.AllPrincipals:
				of = "users"
			case g.ResourceID == microsoft:
				of = "graph"
			}
			if of == name {
				parts = append(parts, fmt.Sprintf("%s: %s", of, g.Scope))
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
			s.Behind(lag)
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
				_, err = s.destroy(onDestroyRevert)
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
	if calls := s.Calls(); !slices.Equal(calls, []string{"GET /servicePrincipals(appId='{appId}')", "GET /oauth2PermissionGrants"}) {
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
			func(s *scene) { s.principal() }, consented, "enabled",
		},
		"one that is disabled": {
			func(s *scene) { s.principal(disabled) }, consented, "disabled",
		},
		"all of it": {
			func(s *scene) {
				sp := s.principal()
				s.grant(sp, s.MicrosoftGraphID(customer), "User.Read")
				s.grant(sp, sp, "access_as_user")
			}, consented, consented,
		},
		"all of it, in other words": {
			func(s *scene) {
				sp := s.principal()
				s.grant(sp, s.MicrosoftGraphID(customer), "  openid  user.READ profile")
				s.grant(sp, sp, " Access_As_User ")
			},
			"enabled; graph:   openid  user.READ profile; application:  Access_As_User ",
			"enabled; graph:   openid  user.READ profile; application:  Access_As_User ",
		},
		"grants with other scopes": {
			func(s *scene) {
				sp := s.principal()
				s.grant(sp, s.MicrosoftGraphID(customer), " openid Mail.Read")
				s.grant(sp, sp, "other")
			},
			"enabled; graph: Mail.Read openid User.Read; application: access_as_user other",
			"enabled; graph: Mail.Read openid; application: other",
		},
		"the scopes at the wrong API": {
			func(s *scene) {
				sp := s.principal()
				s.grant(sp, s.MicrosoftGraphID(customer), "User.Read access_as_user")
			},
			"enabled; graph: User.Read access_as_user; application: access_as_user",
			"enabled; graph: User.Read access_as_user",
		},
		"consent of a single user": {
			func(s *scene) {
				sp := s.principal()
				s.userGrant(sp, s.MicrosoftGraphID(customer), "User.Read")
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
			_, err = s.destroy(onDestroyRevert)
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
			s.Rescope(customer, "User.Read", "openid User.Read Mail.Read")
		}, "enabled; graph: Mail.Read openid", true},
		"a user's own consent keeps the service principal": {onDestroyRevert, func(s *scene, sp string) {
			s.userGrant(sp, s.MicrosoftGraphID(customer), "User.Read")
		}, "enabled; users: User.Read", true},
		"revoking takes all consent for all users": {onDestroyRevoke, func(s *scene, sp string) {
			s.userGrant(sp, s.MicrosoftGraphID(customer), "User.Read")
			s.Rescope(customer, "access_as_user", "access_as_user more")
			for _, g := range s.Grants(customer) {
				if g.ConsentType == graph.AllPrincipals && g.Scope == "User.Read" {
					s.UpdateGrant(customer, g.ID, func(g *graph.Grant) { g.Scope += " more" })
				}
			}
		}, "enabled; users: User.Read", true},
		"what is gone is no error": {onDestroyRevert, func(s *scene, _ string) {
			s.DeleteServicePrincipal(customer, app)
		}, "", false},
		"one that others made anew is not touched": {onDestroyRevert, func(s *scene, _ string) {
			s.DeleteServicePrincipal(customer, app)
			sp := s.principal()
			s.grant(sp, s.MicrosoftGraphID(customer), "User.Read")
		}, "enabled; graph: User.Read", false},
		"a grant that others made anew goes no further than its scope": {onDestroyRevert, func(s *scene, sp string) {
			s.Rescope(customer, "User.Read", "Mail.Read")
		}, "enabled; graph: Mail.Read", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			w, err := s.apply(true)
			s.must(err)
			s.Clock.Pass(time.Hour)
			tc.between(s, w.facts.principal.ID)
			r, err := s.destroy(tc.onDestroy)
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
	record := &provenance{GraphID: "g", WrittenAt: time.Now(), SignIn: &signIn{PrincipalID: "p", Before: true, Set: true}}
	if !worthless(record, onDestroyRevert) || !worthless(&provenance{PrincipalID: "p"}, onDestroyRetain) {
		t.Error("there is something to do where nothing is")
	}
	switched := &provenance{SignIn: &signIn{PrincipalID: "p", Set: true}}
	if worthless(record, onDestroyRevoke) || worthless(&provenance{PrincipalID: "p"}, onDestroyRevert) || worthless(switched, onDestroyRevert) {
		t.Error("there is nothing to do where something is")
	}
}

// fresh forgets all that was recorded, as a new resource has nothing.
func (s *scene) fresh() {
	s.record = new(provenance)
	s.client = s.newClient()
}

// Reads are behind: what was taken back a moment ago must not be taken for granted.
func TestConsentIsGivenAnewRightAfterItWasTakenBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before func(s *scene)
		during string
	}{
		"to one that was created": {func(*scene) {}, consented},
		"to one that was found":   {func(s *scene) { s.principal() }, consented},
		"beside scopes of others": {
			func(s *scene) {
				sp := s.principal()
				s.grant(sp, s.MicrosoftGraphID(customer), "openid")
				s.grant(sp, sp, "other")
			}, "enabled; graph: openid User.Read; application: access_as_user other",
		},
	} {
		for _, flap := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, flapping %t", name, flap), func(t *testing.T) {
				t.Parallel()
				s := newSceneWith(t, graph.Options{Flap: flap})
				tc.before(s)
				before := s.shows()
				s.Behind(30 * time.Second)
				for range 2 {
					s.fresh()
					_, err := s.apply(true)
					s.must(err)
					s.want(tc.during)
					s.Clock.Pass(time.Hour)
					_, err = s.destroy(onDestroyRevert)
					s.must(err)
					s.want(before)
				}
			})
		}
	}
}

func TestWhatOthersAddAtTheSameTimeIsTheirs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	sp := s.principal()
	s.grant(sp, s.MicrosoftGraphID(customer), "openid")
	s.grant(sp, sp, "access_as_user")
	w := &work{reader: s.reader(), record: s.record, progress: func() {}}
	s.must(w.establish(t.Context()))
	s.Rescope(customer, "openid", "openid User.Read") // an administrator was faster
	s.must(w.finish(t.Context(), true))
	s.Clock.Pass(time.Hour)
	_, err := s.destroy(onDestroyRevert)
	s.must(err)
	s.want("enabled; graph: openid User.Read; application: access_as_user")
}

// An administrator adds a scope between the listing and the removal.
func TestWhatOthersAddDuringTheRemovalStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	_, err := s.apply(true)
	s.must(err)
	s.Clock.Pass(time.Hour)
	r := &removal{reader: s.reader(), record: s.record}
	r.facts, err = r.look(t.Context(), 0)
	s.must(err)
	s.Rescope(customer, "User.Read", "User.Read Mail.Read")
	for _, a := range apis {
		for _, g := range r.facts.tenantWide(a) {
			s.must(r.revert(t.Context(), a, g))
		}
	}
	s.want("enabled; graph: Mail.Read")
}

func TestSignInIsOnlySwitchedBackIfItWasSwitched(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before  []func(*graph.ServicePrincipal)
		between func(s *scene)
		after   string
	}{
		"it was off, and is again":     {[]func(*graph.ServicePrincipal){disabled}, func(*scene) {}, "disabled"},
		"the customer switched it off": {nil, (*scene).disable, "disabled"},
		"the customer switched it off after this resource switched it on": {
			[]func(*graph.ServicePrincipal){disabled}, (*scene).disable, "disabled",
		},
		"it was off, and the customer made another": {
			[]func(*graph.ServicePrincipal){disabled}, func(s *scene) {
				s.DeleteServicePrincipal(customer, app)
				s.PurgeServicePrincipal(customer, app)
				s.principal()
				s.must(s.repair(true))
			}, "enabled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.principal(tc.before...)
			_, err := s.apply(true)
			s.must(err)
			s.Clock.Pass(time.Hour)
			tc.between(s)
			s.Clock.Pass(time.Hour)
			_, err = s.destroy(onDestroyRevert)
			s.must(err)
			s.want(tc.after)
		})
	}
}

// The restored service principal stays hidden: the record knows it all the same.
func TestARestoredServicePrincipalThatIsNotShownIsRecorded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.principal()
	s.DeleteServicePrincipal(customer, app)
	s.Behind(time.Hour)
	w, err := s.apply(true)
	if err == nil {
		t.Fatal("a service principal that is not shown was taken for one")
	}
	if s.record.PrincipalID != id || w.facts.principal == nil || w.facts.principal.ID != id || s.record.WrittenAt.IsZero() {
		t.Errorf("the record is %+v, after %v", s.record, err)
	}
}

func TestADeletedServicePrincipalIsRestored(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 30 * time.Second} {
		s := newScene(t)
		sp := s.principal()
		s.DeleteServicePrincipal(customer, app)
		s.Behind(lag)
		w, err := s.apply(true)
		s.must(err)
		s.want(consented)
		if w.facts.principal.ID != sp || slices.Contains(s.Calls(), "POST /servicePrincipals") {
			t.Errorf("lag %s: the service principal is %s, was %s", lag, w.facts.principal.ID, sp)
		}
		_, err = s.destroy(onDestroyRevert)
		s.must(err)
		s.want("")
	}
}

func TestOneThatMayNotBeRestoredIsCreatedAnew(t *testing.T) {
	t.Parallel()
	for name, forbidden := range map[string]call{
		"looking is forbidden":   listDeleted,
		"restoring is forbidden": restoreDeleted,
	} {
		s := newScene(t)
		s.principal()
		s.DeleteServicePrincipal(customer, app)
		s.forbid(forbidden)
		if _, err := s.apply(true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.want(consented)
	}
}

// call is a kind of requests to Graph.
type call struct{ method, path string }

// The requests of a consent's life.
var (
	getPrincipal    = call{http.MethodGet, `^/servicePrincipals\(appId='`}
	createPrincipal = call{http.MethodPost, `^/servicePrincipals$`}
	changePrincipal = call{http.MethodPatch, `^/servicePrincipals/[^/]+$`}
	deletePrincipal = call{http.MethodDelete, `^/servicePrincipals/[^/]+$`}
	listGrants      = call{http.MethodGet, `^/oauth2PermissionGrants$`}
	getGrant        = call{http.MethodGet, `^/oauth2PermissionGrants/[^/]+$`}
	createGrant     = call{http.MethodPost, `^/oauth2PermissionGrants$`}
	changeGrant     = call{http.MethodPatch, `^/oauth2PermissionGrants/[^/]+$`}
	deleteGrant     = call{http.MethodDelete, `^/oauth2PermissionGrants/[^/]+$`}
	listDeleted     = call{http.MethodGet, `^/directory/deletedItems/graph\.servicePrincipal$`}
	restoreDeleted  = call{http.MethodPost, `^/directory/deletedItems/[^/]+/restore$`}
)

func (s *scene) forbid(c call) { s.Inject(graphtest.Forbidden(c.method, c.path)) }

// faults are what the first requests of one kind can meet.
func faults() map[string]graph.Fault {
	const busy = `{"error":{"code":"TooManyRequests","message":"m"}}`
	return map[string]graph.Fault{
		"429 with a time":          {Status: 429, Body: busy, Header: map[string]string{"Retry-After": "7"}},
		"429 without":              {Status: 429, Body: busy},
		"503 with a page":          {Status: 503, Body: "<html>"},
		"504 with nothing":         {Status: 504},
		"the answer is lost":       {Cut: wire.CutAfter},
		"the answer breaks off":    {Cut: wire.CutMidBody},
		"503 although it was done": {Status: 503, CarryOut: true},
	}
}

// spoil lets the first call of a kind meet a fault.
func (s *scene) spoil(c call, f graph.Fault) *wire.InjectedFault {
	f.Method, f.Path, f.Times = c.method, c.path, 1
	return s.Inject(f)
}

func TestEveryCallSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	everything := []call{
		getPrincipal, listGrants, getGrant, listDeleted, restoreDeleted, createPrincipal, changePrincipal, deletePrincipal,
		createGrant, changeGrant, deleteGrant,
	}
	for _, call := range everything {
		for name, f := range faults() {
			for _, lag := range []time.Duration{0, 20 * time.Second} {
				t.Run(fmt.Sprintf("%s %s/%s/%s", call.method, call.path, name, lag), func(t *testing.T) {
					t.Parallel()
					s := newScene(t)
					if call == restoreDeleted {
						s.principal()
						s.DeleteServicePrincipal(customer, app)
					}
					s.Behind(lag)
					met := s.spoil(call, f)
					w, err := s.apply(true)
					s.must(err)
					s.want(consented)
					if !w.facts.complete() {
						t.Errorf("the state would hold %+v", w.facts)
					}
					// One scope lost and sign-in off, so that all calls are made.
					s.Clock.Pass(time.Hour)
					s.Rescope(customer, "User.Read", "Mail.Read")
					s.disable()
					s.must(s.repair(true))
					s.want("enabled; graph: Mail.Read User.Read; application: access_as_user")
					s.Clock.Pass(time.Hour)
					s.Rescope(customer, "Mail.Read User.Read", "User.Read")
					_, err = s.destroy(onDestroyRevert)
					s.must(err)
					// Whose a service principal is whose creation got no answer cannot be told:
					// it stays, as it was before the repair.
					left := ""
					if len(w.warnings) > 0 {
						left = "disabled"
					}
					s.want(left)
					if met.Hits() == 0 {
						t.Error("the call was not made")
					}
				})
			}
		}
	}
}

func TestAGrantWhoseAnswerWasLostIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, f := range faults() {
		s := newScene(t)
		s.principal()
		s.Behind(20 * time.Second)
		s.Clock.Pass(time.Minute)
		met := s.spoil(createGrant, f)
		_, err := s.apply(true)
		s.must(err)
		_, err = s.destroy(onDestroyRevert)
		s.must(err)
		s.want("enabled")
		if met.Hits() == 0 {
			t.Errorf("%s: the call was not made", name)
		}
	}
}

func TestAChangeThatIsNotReplicatedIsNoDrift(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.principal(disabled)
	s.Behind(30 * time.Second)
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
	s.Configure(func(o *graph.Options) { o.RaceCreates, o.RaceScope = 2, "Mail.Read" })
	w, err := s.apply(true)
	s.must(err)
	s.want("enabled; graph: Mail.Read User.Read; application: access_as_user")
	if len(s.ServicePrincipals(customer)) != 1 || len(w.warnings) > 0 {
		t.Errorf("warned %q", w.warnings)
	}
	s.Clock.Pass(time.Hour)
	_, err = s.destroy(onDestroyRevert)
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
			s.disable()
		}, []string{"sign-in was switched off outside Terraform"}, consented},
		"a grant gone": {func(s *scene, _ string) {
			s.Rescope(customer, "User.Read", "")
		}, []string{"the consent for all users to User.Read of Microsoft Graph was revoked outside Terraform"}, consented},
		"a grant gone, a user's own left": {func(s *scene, sp string) {
			s.Rescope(customer, "User.Read", "")
			s.userGrant(sp, s.MicrosoftGraphID(customer), "User.Read")
		}, []string{"the consent for all users to User.Read of Microsoft Graph was revoked (one user consented alone, which is not enough) outside Terraform"}, consented + "; users: User.Read"},
		"a scope gone, another there": {func(s *scene, _ string) {
			s.Rescope(customer, "access_as_user", "more openid")
		}, []string{
			"the scope access_as_user of the portal's application was removed from the consent for all users outside Terraform",
			"the scope more of the portal's application was added, which is kept, outside Terraform",
		}, "enabled; graph: User.Read; application: access_as_user more openid"},
		"a scope more": {func(s *scene, _ string) {
			s.Rescope(customer, "User.Read", "Mail.Read profile User.Read")
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
			s.DeleteApplication(app)
		}, tfkit.TitleEntraApplication, []string{"not right", "AzureADMultipleOrgs", "cloud"}},
		"an application of one tenant": {func(s *scene) {
			s.UpdateApplication(app, func(a *graph.Application) { a.SignInAudience = graph.SingleOrganization })
		}, tfkit.TitleEntraApplication, []string{"AzureADMultipleOrgs"}},
		"no permission to read": {
			func(s *scene) { s.forbid(getPrincipal) },
			tfkit.TitleEntraPermission,
			[]string{"permission Application.Read.All", "/adminconsent?client_id=" + app},
		},
		"no permission to create": {
			func(s *scene) { s.forbid(createPrincipal) },
			tfkit.TitleEntraPermission,
			[]string{"permission Application.ReadWrite.All", "/adminconsent?client_id=" + app},
		},
		"no permission to list grants": {func(s *scene) {
			s.principal()
			s.forbid(listGrants)
		}, tfkit.TitleEntraPermission, []string{"permission Directory.Read.All"}},
		"no permission to consent": {
			func(s *scene) { s.forbid(createGrant) },
			tfkit.TitleEntraPermission,
			[]string{"permission DelegatedPermissionGrant.ReadWrite.All", "/adminconsent?client_id=" + app},
		},
		"own applications only": {func(s *scene) {
			s.SetPermissions(customer, graph.DefaultClientID, graph.ApplicationReadWriteOwnedBy)
		}, tfkit.TitleEntraPermission, []string{"Application.ReadWrite.OwnedBy is not enough", "Application.ReadWrite.All"}},
		"another tenant": {
			func(s *scene) { s.RefuseLogins(customer, "AADSTS90002") },
			tfkit.TitleEntraNoTenant,
			[]string{"tenant_id"},
		},
		"a login that is not let in": {
			func(s *scene) { s.Expel(customer, graph.DefaultClientID) },
			tfkit.TitleEntraNotInTenant,
			[]string{"/adminconsent?client_id=" + graph.DefaultClientID, "/adminconsent?client_id=" + app},
		},
		"an expired secret": {
			func(s *scene) {
				s.SetClient(graph.Client{ID: graph.DefaultClientID, Secrets: []graph.Secret{{Value: graphtest.Secret, Expires: s.Clock.Now()}}})
			},
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
			for _, secret := range append(s.IssuedTokens(), graphtest.Secret) {
				if strings.Contains(title+detail, secret) {
					t.Error("it shows a secret")
				}
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
	ctx, interrupt := context.WithCancel(t.Context())
	s := newSceneWith(t, graph.Options{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/servicePrincipals") {
				interrupt()
			}
			next.ServeHTTP(w, r)
		})
	}})
	w := &work{reader: s.reader(), record: s.record}
	kept := ""
	w.progress = func() { kept = w.record.PrincipalID }
	if err := w.establish(ctx); err == nil {
		t.Error("the interrupt passed unnoticed")
	}
	made := s.ServicePrincipals(customer)
	if len(made) != 1 || kept != made[0].ID {
		t.Errorf("kept is %q of %v", kept, made)
	}
}
