package operatorrole_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestAccConfigurationsThatCannotBeRightAreRefusedWithoutAServer(t *testing.T) {
	t.Parallel()
	operator := object("operators", set("users", user(adele)))
	for name, tc := range map[string]struct{ config, want string }{
		"no scope":                 {role("R", operator), "needs a scope"},
		"both scopes":              {role("R", operator, entire, object("managed_objects", set("users", user(alex)))), "has one scope"},
		"entire false and nothing": {role("R", operator, "entire_organization = false"), "needs a scope"},
		"an empty scope":           {role("R", operator, "managed_objects = { users = [] }"), "needs a scope"},
		"no operators":             {role("R", "operators = {}", entire), "needs operators"},
		"empty operators":          {role("R", "operators = { users = [], groups = [] }", entire), "needs operators"},
		"operators left out":       {role("R", entire), `"operators" is required`},
		"an empty name":            {role("", operator, entire), "string length must be at least 1"},
		"a blank name":             {role("  ", operator, entire), "needs a name"},
		"a malformed user id":      {role("R", object("operators", set("users", "adele@contoso.com")), entire), "Malformed id"},
		"a malformed site id":      {role("R", operator, object("managed_objects", set("sites", entraUser(1)))), "Malformed id"},
		"a malformed team id":      {role("R", operator, object("managed_objects", set("teams", user(1)))), "Malformed id"},
		"a malformed organization": {strings.Replace(role("R", operator, entire), contoso, "contoso", 1), "Malformed id"},
		"an overlap": {
			role("R", operator, object("managed_objects", set("users", user(alex))), object("excluded_objects", set("users", user(alex)))),
			"managed and excluded",
		},
		"an overlap in two spellings": {
			role("R", operator, object("managed_objects", set("groups", group(finance))), object("excluded_objects", set("groups", entraGroup(finance)))),
			"managed and excluded",
		},
		"an object twice in two spellings": {
			role("R", object("operators", set("groups", group(finance), entraGroup(finance))), entire), "named twice",
		},
		"an attribute that does not exist": {role("R", operator, entire, `permissions = "all"`), "Unsupported argument"},
	} {
		t.Run(name, func(t *testing.T) {
			env := start(t)
			run(t, env, resource.TestStep{Config: tc.config, PlanOnly: true, ExpectError: regexp.MustCompile(tc.want)})
			if n := len(env.Requests()); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestAccPlansAreCheckedAgainstTheServer(t *testing.T) {
	t.Parallel()
	const nobody = "99999999-9999-4999-8999-999999999999"
	operator := object("operators", set("users", user(adele)))
	slip := strings.Replace(group(helpdeskGroup), "0003-4000", "0003-4001", 1)
	for name, tc := range map[string]struct {
		config  string
		prepare func(*testing.T, *simulator.Server)
		want    string
	}{
		"an organization that does not exist": {
			config: strings.Replace(role("R", operator, entire), contoso, nobody, 1),
			want:   `(?s)No such organization.*contoso\.onmicrosoft\.com`,
		},
		"a tenant id in place of the organization's": {
			config: strings.Replace(role("R", operator, entire), contoso, "c0000001-0001-4000-8000-000000000001", 1),
			want:   `(?s)Entra\s+tenant\s+id\s+of\s+"contoso\.onmicrosoft\.com"`,
		},
		"an organization with legacy authentication": {
			config: role("R", operator, entire),
			prepare: func(_ *testing.T, s *simulator.Server) {
				s.UpdateOrganization(contoso, func(o *simulator.Organization) {
					o.ExchangeOnline.ApplicationOnly = false
				})
			},
			want: `modern\s+app-only\s+authentication`,
		},
		"an on-premises organization": {
			config: role("R", operator, entire),
			prepare: func(_ *testing.T, s *simulator.Server) {
				s.UpdateOrganization(contoso, func(o *simulator.Organization) { o.Type = simulator.OnPremises })
			},
			want: `on-premises\s+organization`,
		},
		"an operator that does not exist": {
			config: role("R", object("operators", set("users", nobody)), entire),
			want:   `(?s)No such object.*has no\s+user\s+with\s+the\s+id\s+` + nobody,
		},
		"a slip of the pen": {
			config: role("R", object("operators", set("groups", slip)), entire),
			want:   `(?s)Did\s+you\s+mean\s+"Helpdesk"\s+\(helpdesk@contoso\.com\)`,
		},
		"a group among the users": {
			config: role("R", object("operators", set("users", entraGroup(legal))), entire),
			want:   `(?s)that\s+of\s+the\s+group\s+"Legal".*operators\.groups`,
		},
		"an object of another customer": {
			config: role("R", operator, object("managed_objects", set("sites", strings.ReplaceAll(site(1), "c0000001", "c0000002")))),
			want:   `(?s)No such object.*site`,
		},
		"an excluded team that does not exist": {
			config: role("R", operator, entire, object("excluded_objects", set("teams", nobody))),
			want:   `(?s)No such object.*team`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := start(t)
			if tc.prepare != nil {
				tc.prepare(t, env.Server)
			}
			run(t, env, resource.TestStep{Config: tc.config, PlanOnly: true, ExpectError: regexp.MustCompile(tc.want)})
			for _, r := range env.Requests() {
				if r.Write() {
					t.Errorf("the plan sent %s %s", r.Method, r.Path)
				}
			}
		})
	}
}

func TestAccTeamsNeedV7(t *testing.T) {
	env := start(t)
	env.Settings["VB365_API_VERSION"] = "v6"
	run(t, env, resource.TestStep{
		Config:   role("R", object("operators", set("users", user(adele))), object("managed_objects", set("teams", team(1)))),
		PlanOnly: true, ExpectError: regexp.MustCompile(`Teams need API version v7`),
	})
}

func TestAccHybridOrganizationsTakeObjectsOfMicrosoft365Only(t *testing.T) {
	env := start(t)
	env.UpdateOrganization(contoso, func(o *simulator.Organization) { o.Type = simulator.Hybrid })
	local := env.AddGroup(contoso, simulator.Group{
		DisplayName: "Local", Name: "local@contoso.com", LocationType: simulator.InOnPremises,
		ObjectID: zeroGUID, OnPremisesID: "12345678-1111-4111-8111-111111111111",
	})
	synced := env.AddGroup(contoso, simulator.Group{
		DisplayName: "Synced", Name: "synced@contoso.com", LocationType: simulator.InHybrid,
		ObjectID: "aaaaaaaa-1111-4111-8111-111111111111", OnPremisesID: "bbbbbbbb-1111-4111-8111-111111111111",
	})
	run(t, env,
		resource.TestStep{
			Config:   role("R", object("operators", set("groups", local.ID)), entire),
			PlanOnly: true, ExpectError: regexp.MustCompile(`on-premises\s+only`),
		},
		resource.TestStep{
			// The Entra object id of a synchronized group is not the whole of its VB365 id.
			Config:           role("R", object("operators", set("groups", synced.ObjectID)), entire),
			ConfigPlanChecks: emptyPlan,
			Check: holds(env, func(r simulator.Role) string {
				return list(r.Operators, "Group "+synced.ID)
			}),
		},
	)
}

func TestAccADynamicDistributionGroupIsWarnedOf(t *testing.T) {
	env := start(t)
	w := env.Workspace(t, role("R", object("operators", set("groups", group(allManagers))), entire))
	if plan := w.MustRun(t, "plan", "-no-color"); !strings.Contains(unwrap(plan), "dynamic distribution group") {
		t.Errorf("the plan does not warn:\n%s", plan)
	}
}

func TestAccAnUnreachableServerLeavesThePlanUncheckedAndIsSaidOnce(t *testing.T) {
	env := start(t)
	env.Inject(simulator.Fault{Cut: simulator.CutBefore})
	env.Settings["VB365_MAX_RETRIES"] = "0"
	var config string
	for i := range 3 {
		config += strings.Replace(role(fmt.Sprintf("R%d", i), object("operators", set("users", user(adele))), entire),
			`"this"`, fmt.Sprintf(`"r%d"`, i), 1)
	}
	w := env.Workspace(t, config)
	plan := w.MustRun(t, "plan", "-no-color")
	if n := strings.Count(plan, "was not checked against the server"); n != 1 || !strings.Contains(plan, "3 to add") {
		t.Errorf("%d warnings, want one, and three roles to add:\n%s", n, plan)
	}
}

func TestAccPlansAskNothingWhereTheyAreToldNotTo(t *testing.T) {
	env := start(t)
	env.Settings["VB365_VALIDATE_AT_PLAN"] = "false"
	w := env.Workspace(t, role("R", object("operators", set("users", "99999999-9999-4999-8999-999999999999")), entire))
	w.MustRun(t, "plan", "-no-color")
	if n := len(env.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
	out, code := w.Run(t, "apply", "-auto-approve", "-no-color")
	if code != 1 || !strings.Contains(unwrap(out), "No such object in the organization") {
		t.Errorf("apply ended with %d:\n%s", code, out)
	}
}

func TestAccUnknownValuesAreLeftToApply(t *testing.T) {
	env := start(t)
	config := `
resource "terraform_data" "operator" { input = "` + user(adele) + `" }
resource "vb365_restore_operator_role" "this" {
  organization_id     = "` + contoso + `"
  name                = "Unknown"
  operators           = { users = [terraform_data.operator.output] }
  entire_organization = true
}
`
	run(t, env, resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan, Check: oneRole(env)})
}

func TestAccEndpointsThatCannotBeUsedAreExplained(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(*simulator.Options)
		setting map[string]string
		want    string
	}{
		"no endpoint at all":        {setting: map[string]string{"VB365_ENDPOINT": ""}, want: `(?s)endpoint.*VB365_ENDPOINT`},
		"no password":               {setting: map[string]string{"VB365_PASSWORD": ""}, want: `not told how to reach`},
		"http":                      {setting: map[string]string{"VB365_ENDPOINT": "http://127.0.0.1:4443"}, want: `does\s+not\s+begin\s+with\s+https`},
		"a path":                    {setting: map[string]string{"VB365_ENDPOINT": "https://127.0.0.1:4443/v8"}, want: `path`},
		"another certificate":       {setting: map[string]string{"VB365_CERTIFICATE_SHA256": strings.Repeat("ab", 32)}, want: `(?s)not trusted.*certificate_sha256`},
		"a malformed pin":           {setting: map[string]string{"VB365_CERTIFICATE_SHA256": "abc"}, want: `64\s+hexadecimal`},
		"no trust":                  {setting: map[string]string{"VB365_CERTIFICATE_SHA256": ""}, want: `(?s)not trusted.*fingerprint`},
		"a version not served":      {prepare: func(o *simulator.Options) { o.Versions = []string{"v7", "v6"} }, setting: map[string]string{"VB365_API_VERSION": "v8"}, want: `(?s)the\s+server\s+serves\s+v7,\s+v6`},
		"an unknown version":        {setting: map[string]string{"VB365_API_VERSION": "v5"}, want: `v8, v7 or v6`},
		"a host for operators only": {prepare: func(o *simulator.Options) { o.OperatorOnly = true }, want: `serves restore operators only`},
		"a pinned host for operators only": {
			prepare: func(o *simulator.Options) { o.OperatorOnly = true }, setting: map[string]string{"VB365_API_VERSION": "v8"},
			want: `serves restore operators only`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := start(t, func(o *simulator.Options) {
				if tc.prepare != nil {
					tc.prepare(o)
				}
			})
			maps.Copy(env.Settings, tc.setting)
			run(t, env, resource.TestStep{
				Config: role("R", object("operators", set("users", user(adele))), entire), PlanOnly: true,
				ExpectError: regexp.MustCompile(tc.want),
			})
		})
	}
}

func TestAccAnEndpointThatIsNotVB365IsSaidToBe(t *testing.T) {
	env := start(t)
	env.Inject(simulator.Fault{Status: http.StatusOK, Body: "<html>It works!</html>", Header: map[string]string{"Content-Type": "text/html"}})
	run(t, env, resource.TestStep{
		Config: simple, PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)not a VB365 REST service.*text/html`),
	})
}

func TestAccServersAreTrustedByPinByIssuerOrNotAtAll(t *testing.T) {
	t.Parallel()
	trusted := func(change func()) resource.TestStep {
		return resource.TestStep{PreConfig: change, Config: simple, PlanOnly: true, ExpectNonEmptyPlan: true}
	}
	refused := func(change func(), want string) resource.TestStep {
		return resource.TestStep{PreConfig: change, Config: simple, PlanOnly: true, ExpectError: regexp.MustCompile(want)}
	}
	for name, tc := range map[string]struct {
		style    simulator.TLSStyle
		byIssuer string // the error when the issuer is trusted; empty where that works
	}{
		"with a subject alternative name": {simulator.TLSWithSAN, ""},
		"with a common name only":         {simulator.TLSCommonNameOnly, `(?s)not trusted.*certificate_sha256`},
		"expired":                         {simulator.TLSExpired, `(?s)expired.*certificate_sha256`},
	} {
		t.Run(name, func(t *testing.T) {
			env := start(t, func(o *simulator.Options) { o.TLSStyle = tc.style })
			byIssuer := func() {
				env.Settings["VB365_CERTIFICATE_SHA256"] = ""
				env.Settings["VB365_CA_CERTIFICATE_PEM"] = env.CertificatePEM()
			}
			steps := []resource.TestStep{trusted(nil)}
			if tc.byIssuer == "" {
				steps = append(steps, trusted(byIssuer))
			} else {
				steps = append(steps, refused(byIssuer, tc.byIssuer))
			}
			steps = append(steps, trusted(func() {
				env.Settings["VB365_CA_CERTIFICATE_PEM"] = ""
				env.Settings["VB365_INSECURE_SKIP_VERIFY"] = "true"
			}))
			run(t, env, steps...)
		})
	}
}
