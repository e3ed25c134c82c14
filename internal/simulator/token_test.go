package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestTokensAreIssuedForFormsAndForJSON(t *testing.T) {
	t.Parallel()

	bodies := map[string]func(c *client) answer{
		"form": func(c *client) answer { return c.token(c.password()) },
		"json": func(c *client) answer {
			body := map[string]any{
				"grant_type": "password", "username": simulator.DefaultUsername, "password": simulator.DefaultPassword,
			}
			if c.version != "v6" {
				body["disable_antiforgery_token"] = true
			}

			return c.do(http.MethodPost, "/token", body)
		},
	}

	for name, call := range bodies {
		for _, version := range versions() {
			t.Run(name+" "+version, func(t *testing.T) {
				t.Parallel()

				now := newClock()
				sim := start(t, simulator.Options{Clock: now.read, TokenLifetime: 30 * time.Minute})
				c := newClient(t, sim, version)
				got := call(c).wants(http.StatusOK).object()

				want := map[string]any{
					"access_token":  got["access_token"],
					"refresh_token": got["refresh_token"],
					"token_type":    "bearer",
					"expires_in":    1800.0,
					"userName":      simulator.DefaultUsername,
					".issued":       "2026-05-01T10:00:00Z",
					".expires":      "2026-05-01T10:30:00Z",
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}

				c.access, _ = got["access_token"].(string)
				c.get("/ServiceInstance").wants(http.StatusOK)
			})
		}
	}
}

func TestBodiesOfTokenCallsThatAreRefused(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})

	tests := map[string]struct {
		version     string
		contentType string
		body        string
		status      int
	}{
		"no grant":                          {"v8", "application/x-www-form-urlencoded", "username=a&password=b", 400},
		"unknown grant":                     {"v8", "application/x-www-form-urlencoded", "grant_type=client_credentials", 400},
		"integration, which v8 has no more": {"v8", "application/x-www-form-urlencoded", "grant_type=integration", 400},
		"integration, which is not set up":  {"v7", "application/x-www-form-urlencoded", "grant_type=integration", 401},
		"tenant authentication that is off": {
			"v8", "application/x-www-form-urlencoded", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer", 401,
		},
		"a form that is none":                 {"v8", "application/x-www-form-urlencoded", "grant_type=%zz", 400},
		"JSON that is none":                   {"v8", "application/json", "{", 400},
		"a flag that is text in JSON":         {"v8", "application/json", `{"grant_type":"password","disable_antiforgery_token":"true"}`, 400},
		"a flag that is no boolean":           {"v8", "application/x-www-form-urlencoded", "grant_type=password&disable_antiforgery_token=maybe", 400},
		"XML":                                 {"v8", "application/xml", "<a/>", 415},
		"no media type":                       {"v8", "", "grant_type=password", 415},
		"a refresh token that was not issued": {"v8", "application/x-www-form-urlencoded", "grant_type=refresh_token&refresh_token=x", 401},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := newClient(t, sim, test.version)
			c.send(http.MethodPost, "/token", test.contentType, "", strings.NewReader(test.body)).wants(test.status)
		})
	}
}

func TestWrongPasswordsAreRefusedInEveryShape(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		knob   simulator.BadLogin
		status int
		check  func(t *testing.T, version string, a answer)
	}{
		"error object": {simulator.BadLoginJSON, 401, func(_ *testing.T, version string, a answer) {
			a.wantsError(version, 401, "ResourceAccessDenied")
		}},
		"unknown code": {simulator.BadLoginUnknownCode, 401, func(t *testing.T, _ string, a answer) {
			if a.object()["errorCode"] != "LoginFailed" {
				t.Error(string(a.body))
			}
		}},
		"OAuth error": {simulator.BadLoginOAuth, 400, func(t *testing.T, _ string, a answer) {
			if body := a.object(); body["error"] != "invalid_grant" || body["error_description"] == "" {
				t.Error(string(a.body))
			}
		}},
		"empty": {simulator.BadLoginEmpty, 401, func(_ *testing.T, _ string, a answer) { a.wantsEmpty(401) }},
		"page": {simulator.BadLoginHTML, 500, func(t *testing.T, _ string, a answer) {
			if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.HasPrefix(string(a.body), "<!DOCTYPE") {
				t.Error(string(a.body))
			}
		}},
	}
	for name, test := range tests {
		for _, version := range versions() {
			t.Run(name+" "+version, func(t *testing.T) {
				t.Parallel()

				sim := start(t, simulator.Options{BadLogin: test.knob})
				c := newClient(t, sim, version)

				for _, field := range []string{"username", "password"} {
					form := c.password()
					form.Set(field, "wrong")

					refused := c.token(form)
					refused.wants(test.status)
					test.check(t, version, refused)
				}
			})
		}
	}
}

func TestUserNamesIgnoreCase(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{Username: `VB365\Admin`, Password: "Secret"})
	c := newClient(t, sim, "v8")

	form := c.password()
	form.Set("username", `vb365\ADMIN`)
	c.token(form).wants(http.StatusOK)

	form.Set("password", "secret")
	c.token(form).wants(http.StatusUnauthorized)
}

func TestAccessTokensExpire(t *testing.T) {
	t.Parallel()

	now := newClock()
	sim := start(t, simulator.Options{Clock: now.read})
	c := login(t, sim, "v8")

	now.advance(time.Hour - time.Second)
	c.get("/ServiceInstance").wants(http.StatusOK)
	now.advance(time.Second)
	c.get("/ServiceInstance").wantsEmpty(http.StatusUnauthorized)

	c.accept(c.token(c.refreshing()), http.StatusOK)
	c.get("/ServiceInstance").wants(http.StatusOK)
}

func TestRefreshTokensWorkOnceAndEndTheOldPair(t *testing.T) {
	t.Parallel()

	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			c := login(t, sim, version)
			old, form := c.access, c.refreshing()

			c.accept(c.token(form), http.StatusOK)
			c.get("/ServiceInstance").wants(http.StatusOK)

			if c.access == old || form.Get("refresh_token") == c.refresh {
				t.Error("the refresh returned a token of the old pair")
			}

			c.send(http.MethodGet, "/ServiceInstance", "", old, nil).wantsEmpty(http.StatusUnauthorized)
			c.token(form).wants(http.StatusUnauthorized)
		})
	}
}

func TestRefreshCanBeRefused(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := login(t, sim, "v8")

	sim.Configure(func(o *simulator.Options) { o.RefreshRefused = true })
	c.token(c.refreshing()).wantsError("v8", http.StatusUnauthorized, "ResourceAccessDenied")
	c.token(c.password()).wants(http.StatusOK)

	sim.Configure(func(o *simulator.Options) { o.RefreshRefused = false })
	c.token(c.refreshing()).wants(http.StatusOK)
}

func TestSessionsCanBeEndedBehindTheClientsBack(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := login(t, sim, "v8")

	sim.ExpireTokens()
	c.get("/RbacRoles").wantsEmpty(http.StatusUnauthorized)
	c.accept(c.token(c.refreshing()), http.StatusOK)
	c.get("/RbacRoles").wants(http.StatusOK)

	sim.RevokeRefreshTokens()
	c.get("/RbacRoles").wants(http.StatusOK)
	c.token(c.refreshing()).wants(http.StatusUnauthorized)
}

func TestTokensWithoutTheFlagAreUselessWhereTheAntiforgeryTokenIsRequired(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		version string
		knob    simulator.Switch
		useless bool
	}{
		"v8 by default": {"v8", simulator.Default, true},
		"v7 by default": {"v7", simulator.Default, false},
		"v6 by default": {"v6", simulator.Default, false},
		"v8 if on":      {"v8", simulator.On, true},
		"v7 if on":      {"v7", simulator.On, true},
		"v6 if on":      {"v6", simulator.On, false},
		"v8 if off":     {"v8", simulator.Off, false},
		"v7 if off":     {"v7", simulator.Off, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sim := startUnchecked(t, simulator.Options{RequireAntiforgery: test.knob})
			c := newClient(t, sim, test.version)

			form := c.password()
			form.Del("disable_antiforgery_token")
			c.accept(c.token(form), http.StatusOK)

			if !test.useless {
				c.get("/ServiceInstance").wants(http.StatusOK)
				c.token(c.refreshing()).wants(http.StatusOK)

				return
			}

			c.get("/ServiceInstance").wantsEmpty(http.StatusBadRequest)
			c.get("/RestorePortalSettings").wants(http.StatusOK)
			c.token(c.refreshing()).wantsEmpty(http.StatusBadRequest)
		})
	}
}

func TestARefreshWithoutTheFlagMakesUselessTokens(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	c := login(t, sim, "v8")

	form := c.refreshing()
	form.Del("disable_antiforgery_token")
	c.accept(c.token(form), http.StatusOK)
	c.get("/ServiceInstance").wantsEmpty(http.StatusBadRequest)
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()

	for version, status := range map[string]int{"v7": http.StatusOK, "v8": http.StatusNoContent} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			c := login(t, start(t, simulator.Options{}), version)

			c.send(http.MethodPost, "/token/logout", "", c.access, nil).wantsEmpty(status)
			c.get("/ServiceInstance").wantsEmpty(http.StatusUnauthorized)
			c.token(c.refreshing()).wants(http.StatusUnauthorized)
		})
	}

	t.Run("v6 has none", func(t *testing.T) {
		t.Parallel()

		c := login(t, startUnchecked(t, simulator.Options{}), "v6")
		c.send(http.MethodPost, "/token/logout", "", c.access, nil).wantsEmpty(http.StatusNotFound)
	})
}

func TestAuthCodesAreIssued(t *testing.T) {
	t.Parallel()

	c := login(t, start(t, simulator.Options{}), "v8")
	code, _ := c.send(http.MethodPost, "/token/AuthCode", "", c.access, nil).wants(http.StatusOK).object()["authCode"].(string)

	if code == "" {
		t.Error("no code")
	}
}

func TestExpiresInCanBeText(t *testing.T) {
	t.Parallel()

	c := newClient(t, start(t, simulator.Options{ExpiresInAsString: true}), "v8")

	if got := c.token(c.password()).object()["expires_in"]; got != "3600" {
		t.Errorf("expires_in is %v", got)
	}
}

func TestRequestsWithoutAGoodTokenGetAnEmpty401(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.Seed(simulator.ThreeCustomers())
	c := login(t, sim, "v8")

	for name, header := range map[string]string{
		"no header":     "",
		"other scheme":  "Basic " + c.access,
		"unknown token": "Bearer nonsense",
		"no scheme":     c.access,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, path := range []string{"/ServiceInstance", "/Organizations", "/RbacRoles", "/Organization/LoggedInUser"} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sim.URL()+"/v8"+path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}

				if header != "" {
					request.Header.Set("Authorization", header)
				}

				response, err := c.http.Do(request)
				if err != nil {
					t.Fatal(err)
				}

				response.Body.Close()

				if response.StatusCode != http.StatusUnauthorized || response.ContentLength != 0 {
					t.Errorf("%s: status %d, %d bytes", path, response.StatusCode, response.ContentLength)
				}
			}
		})
	}
}

func TestOperatorOnlyMode(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{OperatorOnly: true})
	sim.Seed(simulator.ThreeCustomers())
	c := newClient(t, sim, "v8")

	c.token(c.password()).wantsError("v8", http.StatusForbidden, "ResourceAccessDenied")
	c.get("/RestorePortalSettings").wants(http.StatusOK)
	c.get("/Health").wants(http.StatusOK)
	c.get("/Organization/LoggedInUser").wantsEmpty(http.StatusUnauthorized)

	for _, path := range []string{"/ServiceInstance", "/Organizations", "/RbacRoles", "/Organizations/" + simulator.ContosoID + "/Groups"} {
		c.get(path).wantsEmpty(http.StatusNotFound)
	}
}

func TestIssuedTokensAreKnownToTests(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := login(t, sim, "v8")

	if diff := cmp.Diff([]string{c.access, c.refresh}, sim.IssuedTokens()); diff != "" {
		t.Error(diff)
	}
}

func TestRestoreOperatorsSeeTheirScopeAndNothingElse(t *testing.T) {
	t.Parallel()

	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{OperatorOnly: true})
			sim.Seed(simulator.ThreeCustomers())
			eve, _ := sim.User(simulator.ContosoID, "Eve Adams")
			contoso, _ := sim.Organization(simulator.ContosoID)
			addScopedRole(t, sim, eve)

			c := newClient(t, sim, version)
			form := c.password()
			form.Set("grant_type", "operator")
			form.Del("username")
			form.Del("password")
			form.Set("client_id", eve.ObjectID+"."+contoso.TenantID)

			c.token(form).wants(http.StatusUnauthorized)
			form.Set("assertion", "token of Microsoft Entra")
			c.accept(c.token(form), http.StatusOK)

			wantMap(t, c.get("/Organization/LoggedInUser"), map[string]any{"id": eve.ID, "name": eve.Name})
			wantMap(t, c.get("/Organization/LoggedInUser/OperatorInfo"), map[string]any{"isOperator": true, "_links": map[string]any{}})

			scope := decode[map[string][]map[string]any](c.get("/Organization/LoggedInUser/EffectiveScope"))
			if len(scope["users"]) != 1 || len(scope["sites"]) != 1 {
				t.Errorf("scope %v", scope)
			}

			if _, teams := scope["teams"]; teams != (version != "v6") {
				t.Errorf("teams in the scope: %v", teams)
			}

			sim.Configure(func(o *simulator.Options) { o.OperatorOnly = false })
			c.get("/RbacRoles").wantsError(version, http.StatusForbidden, "ResourceAccessDenied")

			form.Set("client_id", "c0000001-0002-4000-8000-000000000001."+contoso.TenantID)
			c.token(form).wants(http.StatusUnauthorized)
		})
	}
}

// addScopedRole gives the members of the group Executives, of whom the user has
// to be one, a role over the two members of Helpdesk less one, a site and a team.
func addScopedRole(t *testing.T, sim *simulator.Server, user simulator.User) {
	t.Helper()

	executives := sim.AddGroup(simulator.ContosoID, simulator.Group{DisplayName: "Portal", MemberIDs: []string{user.ID}})
	helpdesk, _ := sim.Group(simulator.ContosoID, "Helpdesk")
	excluded, _ := sim.User(simulator.ContosoID, helpdesk.MemberIDs[0])
	site, _ := sim.Site(simulator.ContosoID, "Intranet")
	team, _ := sim.Team(simulator.ContosoID, "Board")

	sim.AddRole(simulator.Role{
		OrganizationID: simulator.ContosoID,
		Name:           "Scoped",
		Operators:      []simulator.Entry{simulator.GroupEntry(executives)},
		SelectedItems:  []simulator.Entry{simulator.GroupEntry(helpdesk), simulator.SiteEntry(site), simulator.TeamEntry(team)},
		ExcludedItems:  []simulator.Entry{simulator.UserEntry(excluded)},
	})
}

func wantMap(t *testing.T, a answer, want map[string]any) {
	t.Helper()

	if diff := cmp.Diff(want, a.wants(http.StatusOK).object()); diff != "" {
		t.Error(diff)
	}
}

func TestAdministratorsAreNoRestoreOperators(t *testing.T) {
	t.Parallel()

	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			c := login(t, start(t, simulator.Options{}), version)

			if c.get("/Organization/LoggedInUser").wants(http.StatusOK).object()["name"] != simulator.DefaultUsername {
				t.Error("wrong name")
			}

			if c.get("/Organization/LoggedInUser/OperatorInfo").object()["isOperator"] != false {
				t.Error("the administrator is an operator")
			}

			if scope := decode[map[string][]any](c.get("/Organization/LoggedInUser/EffectiveScope")); len(scope["users"]) != 0 {
				t.Error("the administrator has a scope")
			}
		})
	}
}
