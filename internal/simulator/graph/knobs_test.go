package graph_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

// lags are the two ways to be behind, and what passes them.
func lags() map[string]struct {
	lag  graph.Lag
	pass func(c *client, look func())
} {
	return map[string]struct {
		lag  graph.Lag
		pass func(c *client, look func())
	}{
		"by reads": {graph.Lag{Reads: 2}, func(_ *client, look func()) {
			look()
			look()
		}},
		"by time": {graph.Lag{Duration: 30 * time.Second}, func(c *client, look func()) {
			for range 5 {
				look()
			}

			c.clock.pass(30 * time.Second)
		}},
	}
}

func TestNewServicePrincipalsAreSeenLater(t *testing.T) {
	t.Parallel()

	for name, tc := range lags() {
		for shape, look := range map[string]func(c *client, sp string){
			"by its key": func(c *client, _ string) { c.want(c.get(byApp(app)), http.StatusNotFound, "Request_ResourceNotFound") },
			"by its id":  func(c *client, sp string) { c.want(c.get("/servicePrincipals/"+sp), http.StatusNotFound) },
			"in a list": func(c *client, _ string) {
				if n := len(c.want(c.get("/servicePrincipals?$filter=appId eq '"+app+"'"), http.StatusOK).items()); n != 0 {
					c.t.Errorf("the list has %d", n)
				}
			},
			"by its grants": func(c *client, sp string) { c.want(c.get(bySP(sp)), http.StatusNotFound, "Request_ResourceNotFound") },
			"to be changed": func(c *client, sp string) {
				c.want(c.ask(http.MethodPatch, "/servicePrincipals/"+sp, map[string]any{"accountEnabled": false}), http.StatusNotFound)
			},
		} {
			t.Run(name+", "+shape, func(t *testing.T) {
				t.Parallel()

				c := connect(t, graph.Options{LagCreate: tc.lag})
				sp := c.principal()
				tc.pass(c, func() { look(c, sp) })
				c.want(c.get(byApp(app)), http.StatusOK)
				c.clean()
			})
		}
	}
}

func TestASecondCreationIsAConflictBeforeItIsSeen(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{LagCreate: graph.Lag{Duration: time.Minute}})
	c.principal()
	c.want(c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": app}), http.StatusConflict)
}

func TestGrantsBetweenUnknownObjectsAreRefusedInTwoWays(t *testing.T) {
	t.Parallel()

	for knob, want := range map[graph.MissingReference][]string{
		graph.MissingReferenceAlternates: {"Request_ResourceNotFound", "Request_BadRequest"},
		graph.MissingReferenceNotFound:   {"Request_ResourceNotFound", "Request_ResourceNotFound"},
		graph.MissingReferenceBadRequest: {"Request_BadRequest", "Request_BadRequest"},
	} {
		c := connect(t, graph.Options{MissingReference: knob, LagCreate: graph.Lag{Reads: 2}})
		sp := c.principal()

		for _, code := range want {
			a := c.grant(sp, sp, "access_as_user")
			if a.code() != code || !strings.Contains(a.message(), "does not exist or one of its queried reference-property objects") {
				t.Errorf("%q: answered %s, want %s", knob, a.raw, code)
			}
		}

		c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated)
	}
}

func TestNewGrantsAreSeenLater(t *testing.T) {
	t.Parallel()

	for name, tc := range lags() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := connect(t, graph.Options{LagGrant: tc.lag})
			sp := c.principal()
			id := c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated).text("id")
			byID := true

			tc.pass(c, func() {
				if byID = !byID; byID {
					c.want(c.get("/oauth2PermissionGrants/"+id), http.StatusNotFound, "Request_ResourceNotFound")

					return
				}

				if n := len(c.want(c.get(bySP(sp)), http.StatusOK).items()); n != 0 {
					t.Errorf("the list has %d", n)
				}
			})

			c.want(c.get("/oauth2PermissionGrants/"+id), http.StatusOK)
		})
	}
}

func TestChangesAreSeenLater(t *testing.T) {
	t.Parallel()

	for name, tc := range lags() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := connect(t, graph.Options{LagPatch: tc.lag})
			sp := c.principal()
			path := "/oauth2PermissionGrants/" + c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated).text("id")
			c.want(c.ask(http.MethodPatch, path, map[string]any{"scope": "access_as_user more"}), http.StatusNoContent)

			tc.pass(c, func() {
				if a := c.get(path); a.text("scope") != "access_as_user" {
					t.Errorf("the scope is %q", a.text("scope"))
				}
			})

			if a := c.get(path); a.text("scope") != "access_as_user more" {
				t.Errorf("in the end the scope is %q", a.text("scope"))
			}
		})
	}
}

func TestDeletedObjectsAreSeenForAWhileAndStandInTheWay(t *testing.T) {
	t.Parallel()

	for name, tc := range lags() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := connect(t, graph.Options{LagDelete: tc.lag})
			sp := c.principal()
			path := "/oauth2PermissionGrants/" + c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated).text("id")
			c.want(c.ask(http.MethodDelete, path), http.StatusNoContent)
			tc.pass(c, func() { c.want(c.grant(sp, sp, "access_as_user"), http.StatusConflict) })
			c.want(c.get(path), http.StatusNotFound)

			c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+sp), http.StatusNoContent)
			tc.pass(c, func() {
				c.want(c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": app}), http.StatusConflict)
			})
			c.want(c.get(byApp(app)), http.StatusNotFound)
			c.principal()
			c.clean()
		})
	}
}

func TestReplicasTakeTurns(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{Flap: true, LagCreate: graph.Lag{Duration: time.Hour}})
	c.principal()

	var statuses []int
	for range 4 {
		statuses = append(statuses, c.get(byApp(app)).status)
	}

	if statuses[0] == statuses[1] || statuses[0] != statuses[2] || statuses[1] != statuses[3] {
		t.Errorf("answered %v", statuses)
	}
}

func TestEveryNthRequestIsThrottled(t *testing.T) {
	t.Parallel()

	for style, want := range map[graph.RetryAfterStyle]string{
		graph.RetryAfterSeconds: "7", graph.RetryAfterDate: "Sun, 01 Mar 2026 12:00:07 GMT", graph.RetryAfterNone: "",
	} {
		c := connect(t, graph.Options{ThrottleEvery: 2, RetryAfter: 7 * time.Second, RetryAfterStyle: style})
		c.want(c.get("/servicePrincipals"), http.StatusOK)

		a := c.want(c.get("/servicePrincipals"), http.StatusTooManyRequests, "TooManyRequests")
		if a.header.Get("Retry-After") != want || a.header.Get("X-Ms-Throttle-Information") == "" {
			t.Errorf("%q: answered %v", style, a.header)
		}
	}
}

func TestFaultsHitBothServices(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	c.Inject(graph.Fault{Path: "/oauth2/v2.0/token$", Status: http.StatusServiceUnavailable, Body: "<html>", Times: 1})

	if a := c.login(customer, c.secret()); a.status != http.StatusServiceUnavailable || a.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("answered %d %v", a.status, a.header)
	}

	c.enter(customer)

	// Carried out, and the answer lost in two ways.
	lost := c.Inject(graph.Fault{Method: http.MethodPost, Path: "^/servicePrincipals$", Cut: wire.CutAfter, Times: 1})
	if a, err := c.trySend(http.MethodPost, "/v1.0/servicePrincipals", `{"appId":"`+app+`"}`,
		http.Header{"Authorization": {"Bearer " + c.token}}); err == nil {
		t.Errorf("answered %s", a.raw)
	}

	sp := c.want(c.get(byApp(app)), http.StatusOK).text("id")
	c.Inject(graph.Fault{Path: "^/oauth2PermissionGrants$", Status: http.StatusGatewayTimeout, CarryOut: true, Times: 1})
	c.want(c.grant(sp, sp, "access_as_user"), http.StatusGatewayTimeout)

	if len(c.Grants(customer)) != 1 || lost.Hits() != 1 || len(c.Faults()) != 3 {
		t.Errorf("there are %d grants", len(c.Grants(customer)))
	}

	c.ClearFaults()
	c.want(c.grant(sp, sp, "access_as_user"), http.StatusConflict)
}

func TestScopesAreShownInManyWays(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		turn  func(o *graph.Options)
		shown func(scope string) bool
	}{
		"with a blank in front": {func(o *graph.Options) { o.LeadingSpace = true }, func(s string) bool { return s == " User.Read Mail.Read" }},
		"twice":                 {func(o *graph.Options) { o.DuplicateScopes = true }, func(s string) bool { return s == "User.Read Mail.Read User.Read" }},
		"with more":             {func(o *graph.Options) { o.ExtraScopes = []string{"openid"} }, func(s string) bool { return s == "User.Read Mail.Read openid" }},
		"in any order": {func(o *graph.Options) { o.ShuffleScopes = true }, func(s string) bool {
			words := strings.Fields(s)
			slices.Sort(words)

			return slices.Equal(words, []string{"Mail.Read", "User.Read"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := connect(t, graph.Options{})
			c.Configure(tc.turn)
			sp := c.principal()

			a := c.want(c.grant(sp, c.MicrosoftGraphID(customer), "User.Read Mail.Read"), http.StatusCreated)
			listed := c.want(c.get(bySP(sp)), http.StatusOK).items()[0]["scope"].(string)

			if !tc.shown(a.text("scope")) || !tc.shown(listed) {
				t.Errorf("created as %q, listed as %q", a.text("scope"), listed)
			}
		})
	}
}

func TestSomebodyMayBeFaster(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{RaceCreates: 2, RaceScope: "Mail.Read"})
	c.want(c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": app}), http.StatusConflict)
	sp := c.want(c.get(byApp(app)), http.StatusOK).text("id")
	c.want(c.grant(sp, c.MicrosoftGraphID(customer), "User.Read"), http.StatusConflict)

	if got := scopes(c.Grants(customer)); !slices.Equal(got, []string{"Mail.Read"}) {
		t.Errorf("the grants are %q", got)
	}

	c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated)
}

func TestWhatIsNotDocumentedIsAKnob(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		turn    func(o *graph.Options)
		act     func(c *client, sp, grant string) answer
		off, on int
		looks   func(c *client) bool
	}{
		"scopes that the resource does not offer": {
			turn: func(o *graph.Options) { o.UnknownScopes = graph.UnknownScopesReject },
			act: func(c *client, _, grant string) answer {
				return c.ask(http.MethodPatch, "/oauth2PermissionGrants/"+grant, map[string]any{"scope": "access_as_user Made.Up"})
			},
			off: http.StatusNoContent, on: http.StatusBadRequest,
		},
		"an empty scope that is kept": {
			turn: func(o *graph.Options) { o.EmptyScope = graph.EmptyScopeKeep },
			act: func(c *client, _, grant string) answer {
				return c.ask(http.MethodPatch, "/oauth2PermissionGrants/"+grant, map[string]any{"scope": ""})
			},
			off: http.StatusBadRequest, on: http.StatusNoContent,
			looks: func(c *client) bool { return slices.Equal(scopes(c.Grants(customer)), []string{""}) },
		},
		"an empty scope that deletes": {
			turn: func(o *graph.Options) { o.EmptyScope = graph.EmptyScopeDelete },
			act: func(c *client, _, grant string) answer {
				return c.ask(http.MethodPatch, "/oauth2PermissionGrants/"+grant, map[string]any{"scope": ""})
			},
			off: http.StatusBadRequest, on: http.StatusNoContent,
			looks: func(c *client) bool { return len(c.Grants(customer)) == 0 },
		},
		"creating while one is deleted": {
			turn: func(o *graph.Options) { o.CreateWhileDeleted = graph.CreateWhileDeletedConflict },
			act: func(c *client, sp, _ string) answer {
				c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+sp), http.StatusNoContent)

				return c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": app})
			},
			off: http.StatusCreated, on: http.StatusConflict,
		},
		"grants that do not come back": {
			turn: func(o *graph.Options) { o.GrantsAfterRestore = graph.GrantsAfterRestoreGone },
			act: func(c *client, sp, _ string) answer {
				c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+sp), http.StatusNoContent)

				return c.ask(http.MethodPost, "/directory/deletedItems/"+sp+"/restore")
			},
			off: http.StatusOK, on: http.StatusOK,
			looks: func(c *client) bool { return len(c.Grants(customer)) == 0 },
		},
		"restoring takes a role": {
			turn: func(o *graph.Options) { o.RestoreForbidden = true },
			act: func(c *client, sp, _ string) answer {
				c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+sp), http.StatusNoContent)

				return c.ask(http.MethodPost, "/directory/deletedItems/"+sp+"/restore")
			},
			off: http.StatusOK, on: http.StatusForbidden,
		},
		"a list for an unknown client": {
			turn: func(o *graph.Options) { o.UnknownClient = graph.UnknownClientEmpty },
			act:  func(c *client, _, _ string) answer { return c.get(bySP(user)) },
			off:  http.StatusNotFound, on: http.StatusOK,
		},
		"a property that is too new": {
			turn: func(o *graph.Options) { o.UnknownProperties = []string{"isDisabled"} },
			act:  func(c *client, _, _ string) answer { return c.get(byApp(app) + "?$select=id,isDisabled") },
			off:  http.StatusOK, on: http.StatusBadRequest,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, on := range []bool{false, true} {
				c := connect(t, graph.Options{})
				want := tc.off

				if on {
					c.Configure(tc.turn)

					want = tc.on
				}

				sp := c.principal()
				grant := c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated).text("id")
				c.want(tc.act(c, sp, grant), want)

				if tc.looks != nil && tc.looks(c) != on {
					t.Errorf("with the knob %v, the grants are %q", on, scopes(c.Grants(customer)))
				}
			}
		})
	}
}

func TestErrorsAreWrittenInManyWays(t *testing.T) {
	t.Parallel()

	for style, want := range map[graph.ErrorStyle]string{
		graph.ErrorStyleDirectory:  `"details":[{`,
		graph.ErrorStyleDocumented: `"details":{`,
		graph.ErrorStyleLegacy:     `"message":{"lang":"en","value":"The appId`,
	} {
		c := connect(t, graph.Options{ErrorStyle: style})

		a := c.want(c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": user}), http.StatusBadRequest)
		if !strings.Contains(a.raw, want) || strings.Contains(a.raw, "innererror") != (style == graph.ErrorStyleDocumented) {
			t.Errorf("%q: answered %s", style, a.raw)
		}
	}
}

func TestWhatAdministratorsAndUsersDoIsSeenAtOnce(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{}.WithLag(graph.Lag{Duration: time.Hour}))
	c.AdminConsent(customer, app)

	if got := scopes(c.Grants(customer)); !slices.Equal(got, []string{"User.Read openid profile offline_access", "access_as_user"}) {
		t.Errorf("consented to %q", got)
	}

	sp := c.want(c.get(byApp(app)), http.StatusOK).text("id")
	c.UserConsent(customer, app, user, "User.Read")
	c.UpdateGrant(customer, graph.GrantID(sp, sp, ""), func(g *graph.Grant) { g.Scope += " more" })
	c.UpdateServicePrincipal(customer, app, func(sp *graph.ServicePrincipal) {
		sp.AccountEnabled, sp.AppRoleAssignmentRequired = false, true
		sp.DisabledByMicrosoftStatus, sp.IsDisabled = new(graph.DisabledByMicrosoft), new(true)
	})

	a := c.get(byApp(app))
	if a.body["accountEnabled"] != false || a.body["appRoleAssignmentRequired"] != true || a.body["isDisabled"] != true ||
		a.text("disabledByMicrosoftStatus") != graph.DisabledByMicrosoft {
		t.Errorf("shown is %s", a.raw)
	}

	if n := len(c.get(bySP(sp)).items()); n != 3 {
		t.Errorf("there are %d grants", n)
	}

	// Words that nobody asks for are lost, and users' consent is not touched.
	c.AdminConsent(customer, app)

	if got := scopes(c.Grants(customer)); !slices.Equal(got, []string{"User.Read", "User.Read openid profile offline_access", "access_as_user"}) {
		t.Errorf("consented to %q", got)
	}

	c.DeleteGrant(customer, graph.GrantID(sp, sp, ""))
	c.DeleteServicePrincipal(customer, app)
	c.want(c.get(byApp(app)), http.StatusNotFound)

	if n := len(c.DeletedServicePrincipals(customer)); n != 1 {
		t.Errorf("%d can be restored", n)
	}

	c.PurgeServicePrincipal(customer, app)

	if n := len(c.DeletedServicePrincipals(customer)); n != 0 {
		t.Errorf("%d can still be restored", n)
	}
}

func TestKnobsAreTextAndBack(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{LagCreate: graph.Lag{Reads: 3, Duration: time.Minute}, RetryAfter: 5 * time.Second})

	encoded, err := json.Marshal(c.Options())
	if err != nil || !strings.Contains(string(encoded), `"lagCreate":{"reads":3,"duration":"1m0s"}`) {
		t.Fatalf("%s (%v)", encoded, err)
	}

	back := graph.Options{}
	if err := json.Unmarshal(encoded, &back); err != nil || back.LagCreate != c.Options().LagCreate || back.RetryAfter != 5*time.Second {
		t.Errorf("%+v (%v)", back, err)
	}

	for _, text := range []string{`{"colour": "red"}`, `{"lagCreate": 3}`, `{"retryAfter": 3}`} {
		if err := json.Unmarshal([]byte(text), &back); !errors.Is(err, graph.ErrOptions) {
			t.Errorf("%s is %v", text, err)
		}
	}

	for name, options := range map[string]graph.Options{
		"a negative lag": {LagPatch: graph.Lag{Reads: -1}},
		"a negative size": {
			PageMax: -1,
		},
		"no such position": {EmptyScope: "maybe"},
		"no address":       {Listen: "nowhere"},
	} {
		if sim, err := graph.Start(options); !errors.Is(err, graph.ErrOptions) {
			t.Errorf("%s is %v", name, err)

			if err == nil {
				sim.Close()
			}
		}
	}
}
