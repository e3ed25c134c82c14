package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestBadMannersAreNoticed(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		version string
		do      func(c *client, f *fixture)
		want    string
	}{
		"token without flag": {"v8", func(c *client, _ *fixture) {
			form := c.password()
			form.Del("disable_antiforgery_token")
			c.token(form)
		}, "lacks disable_antiforgery_token"},
		"token with a flag that is off": {"v7", func(c *client, _ *fixture) {
			form := c.password()
			form.Set("disable_antiforgery_token", "false")
			c.token(form)
		}, "lacks disable_antiforgery_token"},
		"token without flag in v6, which has none": {"v6", func(c *client, _ *fixture) { c.token(c.password()) }, ""},
		"token with bearer": {"v8", func(c *client, _ *fixture) {
			c.send(http.MethodPost, "/token", "application/x-www-form-urlencoded", c.access, strings.NewReader(c.password().Encode()))
		}, "carries an access token"},
		"refresh with bearer": {"v8", func(c *client, _ *fixture) {
			c.send(http.MethodPost, "/token", "application/x-www-form-urlencoded", c.access, strings.NewReader(c.refreshing().Encode()))
		}, "carries an access token"},
		"update without a list": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPut, "/RbacRoles/"+f.sim.Roles()[0].ID, without(f.role(), "excludedItems"))
		}, "lacks excludedItems"},
		"update with a list that is null": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPut, "/RbacRoles/"+f.sim.Roles()[0].ID, with(f.role(), "excludedItems", nil))
		}, "lacks excludedItems"},
		"update without a description": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPut, "/RbacRoles/"+f.sim.Roles()[0].ID, without(f.role(), "description"))
		}, "lacks description"},
		"creation without a list": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPost, contosoRoles, without(f.role(), "excludedItems"))
		}, "lacks excludedItems"},
		"creation with an id": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPost, contosoRoles, with(f.role(), "id", simulator.ContosoID))
		}, "has an id"},
		"links sent back": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPut, "/RbacRoles/"+f.sim.Roles()[0].ID, with(f.role(), "_links", map[string]any{}))
		}, "has _links"},
		"links of an entry sent back": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPost, contosoRoles, with(f.role(), "operators", []any{with(f.user, "_links", map[string]any{})}))
		}, "an entry has _links"},
		"SID in v6": {"v6", func(c *client, f *fixture) {
			c.do(http.MethodPost, contosoRoles, with(f.role(), "operators", []any{edited(f.user, "onPremisesSid", "S-1")}))
		}, "onPremisesSid"},
		"SID in v7": {"v7", func(c *client, f *fixture) {
			c.do(http.MethodPost, contosoRoles, with(f.role(), "operators", []any{edited(f.user, "onPremisesSid", "S-1")}))
		}, ""},
		"data source in v6":        {"v6", func(c *client, _ *fixture) { c.get(contosoPath + "/Groups?dataSource=Production") }, "no query parameter datasource"},
		"a filter of the old days": {"v8", func(c *client, _ *fixture) { c.get(contosoPath + "/Groups?name=x") }, "no query parameter name"},
		"a set of organizations":   {"v8", func(c *client, _ *fixture) { c.get("/Organizations?setId=" + zeroGUID) }, "no query parameter setid"},
		"v6 without its parameter": {"v6", func(c *client, _ *fixture) { c.get("/Organizations") }, "wants extendedView"},
		"v7 without its parameter": {"v7", func(c *client, _ *fixture) { c.get("/Organizations") }, ""},
		"a path that is none":      {"v8", func(c *client, _ *fixture) { c.get(contosoPath + "/Groups/a/b/c") }, "no such resource"},
		"logout of v6, which is none": {"v6", func(c *client, _ *fixture) {
			c.send(http.MethodPost, "/token/logout", "", c.access, nil)
		}, "no such resource"},
		"a version that is not served": {"v5", func(c *client, _ *fixture) { c.get("/ServiceInstance") }, ""},
		"a page without its set":       {"v8", func(c *client, _ *fixture) { c.get(contosoPath + "/Groups?limit=5&offset=5") }, "without the setId"},
		"a page behind the end": {"v8", func(c *client, _ *fixture) {
			set, _ := c.get(contosoPath + "/Groups?limit=12").object()["setId"].(string)
			c.get(contosoPath + "/Groups?limit=12&offset=12&setId=" + set)
		}, "behind the last of 12"},
		"organizations behind the end": {"v8", func(c *client, _ *fixture) { c.get("/Organizations?offset=30") }, "behind the last of 3"},
		"a loop that does not end": {"v8", func(c *client, _ *fixture) {
			set, _ := c.get(contosoPath + "/Groups?limit=5").object()["setId"].(string)
			for range 11 {
				c.get(contosoPath + "/Groups?limit=5&offset=5&setId=" + set)
			}
		}, "more than 10 times"},
		"a page that had to be repeated": {"v8", func(c *client, _ *fixture) {
			set, _ := c.get(contosoPath + "/Groups?limit=5").object()["setId"].(string)
			for range 10 {
				c.get(contosoPath + "/Groups?limit=5&offset=5&setId=" + set)
			}
		}, ""},
		"nothing wrong": {"v8", func(c *client, f *fixture) {
			c.do(http.MethodPost, contosoRoles, f.role())
			walk(c.t, c, contosoPath+"/Groups", 5)
			c.token(c.refreshing())
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sim := startUnchecked(t, simulator.Options{Middleware: unvalidated})
			f := newFixture(t, sim)
			addRole(t, sim)

			c := newClient(t, sim, test.version)
			if test.version != "v5" {
				c = login(t, sim, test.version)
			}

			test.do(c, f)

			got := sim.Violations()
			if test.want == "" && len(got) == 0 {
				return
			}

			if len(got) != 1 || test.want == "" || !strings.Contains(got[0], test.want) {
				t.Errorf("violations %q, want one with %q", got, test.want)
			}

			sim.ResetViolations()

			if len(sim.Violations()) != 0 {
				t.Error("the violations were not forgotten")
			}
		})
	}
}

func TestViolationsNameTheRequest(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{})
	login(t, sim, "v8").get("/Nonsense")

	if got := fmt.Sprint(sim.Violations()); got != "[GET /v8/Nonsense: v8 has no such resource]" {
		t.Error(got)
	}
}
