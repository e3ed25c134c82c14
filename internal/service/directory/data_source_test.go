package directory_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestMain(m *testing.M) { acctest.Main(m) }

const (
	contoso  = simulator.ContosoID
	zeroGUID = "00000000-0000-0000-0000-000000000000"
	adele    = "c0000001-0002-4000-8000-000000000001"
	helpdesk = "c0000001-0003-4000-8000-000000000002"
)

func start(t *testing.T, version string) *acctest.Env {
	t.Helper()
	t.Parallel()
	env := acctest.Start(t, simulator.Options{})
	env.Seed(simulator.ThreeCustomers())
	if version != "" {
		env.Settings["VB365_API_VERSION"] = version
	}
	return env
}

func run(t *testing.T, env *acctest.Env, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: steps})
}

// data returns a data source of an organization's objects.
func data(kind string, arguments ...string) string {
	return fmt.Sprintf("data %q \"this\" {\n  organization_id = %q\n  %s\n}\n", "vb365_"+kind, contoso, strings.Join(arguments, "\n  "))
}

func has(kind, attribute, value string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.vb365_"+kind+".this", tfjsonpath.New(attribute), knownvalue.StringExact(value))
}

func count(kind, list string, n int) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.vb365_"+kind+".this", tfjsonpath.New(list), knownvalue.ListSizeExact(n))
}

func TestAccOneObjectIsFoundInEveryWayOnEveryVersion(t *testing.T) {
	t.Parallel()
	cases := []struct{ kind, argument, attribute, want string }{
		{"user", `name = "Adele.Vance@contoso.com"`, "id", adele + zeroGUID},
		{"user", `display_name = "adele vance"`, "name", "adele.vance@contoso.com"},
		{"user", `object_id = "` + adele + `"`, "display_name", "Adele Vance"},
		{"user", `id = "` + adele + zeroGUID + `"`, "object_id", adele},
		{"user", `name = "invoices@contoso.com"`, "type", "Shared"},
		{"group", `name = "Helpdesk"`, "id", helpdesk + zeroGUID},
		{"group", `name = "helpdesk@contoso.com"`, "display_name", "Helpdesk"},
		{"group", `object_id = "` + strings.ToUpper(helpdesk) + `"`, "name", "helpdesk@contoso.com"},
		{"group", `id = "` + helpdesk + `"`, "object_id", helpdesk},
		{"site", `url = "https://contoso.sharepoint.com/sites/Finance/"`, "title", "Finance"},
		{"site", `title = "apollo"`, "url", "https://contoso.sharepoint.com/sites/projects/apollo"},
		{"site", `url = "https://contoso-my.sharepoint.com/personal/adele_vance_contoso_com"`, "title", "Adele Vance"},
		{"team", `name = "Board"`, "mail", "team.board@contoso.com"},
		{"team", `name = "team.board@contoso.com"`, "display_name", "Board"},
	}
	var config strings.Builder
	var checks []statecheck.StateCheck
	for i, tc := range cases {
		config.WriteString(strings.Replace(data(tc.kind, tc.argument), `"this"`, fmt.Sprintf(`"n%d"`, i), 1))
		checks = append(checks, statecheck.ExpectKnownValue(fmt.Sprintf("data.vb365_%s.n%d", tc.kind, i),
			tfjsonpath.New(tc.attribute), knownvalue.StringExact(tc.want)))
	}
	for _, version := range []string{"v6", "v7", "v8"} {
		t.Run(version, func(t *testing.T) {
			env := start(t, version)
			run(t, env, resource.TestStep{Config: config.String(), ConfigStateChecks: checks})
		})
	}
}

func TestAccOrganizationsAreFoundOnEveryVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v6", "v7", "v8"} {
		t.Run(version, func(t *testing.T) {
			env := start(t, version)
			for i := range 28 { // 31 with the three that are there: more than a page of v8's default
				env.AddOrganization(simulator.Organization{Name: fmt.Sprintf("customer%02d.onmicrosoft.com", i)})
			}
			byTenant := `data "vb365_organization" "this" { tenant_id = "c0000001-0001-4000-8000-000000000001" }`
			tenant := resource.TestStep{Config: byTenant, ConfigStateChecks: []statecheck.StateCheck{has("organization", "id", contoso)}}
			if version != "v8" {
				tenant = resource.TestStep{Config: byTenant, ExpectError: regexp.MustCompile(`tenant_id\s+needs\s+API\s+version\s+v8`)}
			}
			run(t, env,
				resource.TestStep{
					Config: `data "vb365_organizations" "this" {}`, ConfigStateChecks: []statecheck.StateCheck{count("organizations", "organizations", 31)},
				},
				resource.TestStep{
					Config:            `data "vb365_organizations" "this" { name = "customer0?.*" }`,
					ConfigStateChecks: []statecheck.StateCheck{count("organizations", "organizations", 10)},
				},
				resource.TestStep{
					Config: `data "vb365_organization" "this" { name = "Contoso.onmicrosoft.com" }`,
					ConfigStateChecks: []statecheck.StateCheck{
						has("organization", "id", contoso),
						statecheck.ExpectKnownValue("data.vb365_organization.this", tfjsonpath.New("app_only_authentication"), knownvalue.Bool(true)),
					},
				},
				tenant,
				resource.TestStep{
					Config:      `data "vb365_organization" "this" { name = "contosso.onmicrosoft.com" }`,
					ExpectError: regexp.MustCompile(`(?s)No such organization.*"contoso\.onmicrosoft\.com"`),
				},
			)
		})
	}
}

func TestAccListsAreReadWhole(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v6", "v7", "v8"} {
		for _, n := range []int{31, 10001} {
			t.Run(fmt.Sprintf("%s %d groups", version, n), func(t *testing.T) {
				env := start(t, version)
				org := env.AddOrganization(simulator.Organization{Name: "big.onmicrosoft.com"})
				for i := range n {
					env.AddGroup(org.ID, simulator.Group{DisplayName: fmt.Sprintf("Group %05d", i), Name: fmt.Sprintf("g%d@big.com", i)})
				}
				w := env.Workspace(t, `
data "vb365_groups" "all" { organization_id = "`+org.ID+`" }
data "vb365_group" "last" {
  organization_id = "`+org.ID+`"
  name = "Group `+fmt.Sprintf("%05d", n-1)+`"
}
output "found" { value = "${length(data.vb365_groups.all.groups)} groups, ${length(data.vb365_groups.all.ids)} ids" }
output "last" { value = data.vb365_group.last.name }
`)
				out := w.MustRun(t, "apply", "-auto-approve", "-no-color")
				for _, want := range []string{fmt.Sprintf("%d groups, %d ids", n, n), fmt.Sprintf("g%d@big.com", n-1)} {
					if !strings.Contains(out, want) {
						t.Errorf("the output lacks %q:\n%s", want, out)
					}
				}
				pages := 0
				for _, r := range env.Requests() {
					if strings.HasSuffix(strings.ToLower(r.Path), "/groups") {
						pages++
					}
				}
				if want := n/10000 + 1; pages != want {
					t.Errorf("%d requests for two data sources, want %d pages once", pages, want)
				}
			})
		}
	}
}

func TestAccFiltersNarrowLists(t *testing.T) {
	env := start(t, "")
	run(t, env,
		resource.TestStep{Config: data("users", `display_name = "a*"`), ConfigStateChecks: []statecheck.StateCheck{count("users", "users", 2)}},
		resource.TestStep{Config: data("users", `name = "EVE.ADAMS@contoso.com"`), ConfigStateChecks: []statecheck.StateCheck{count("users", "users", 1)}},
		resource.TestStep{Config: data("groups", `display_name = "All *"`), ConfigStateChecks: []statecheck.StateCheck{count("groups", "groups", 2)}},
		resource.TestStep{Config: data("sites"), ConfigStateChecks: []statecheck.StateCheck{count("sites", "sites", 11)}},
		resource.TestStep{Config: data("sites", "include_personal_sites = true"), ConfigStateChecks: []statecheck.StateCheck{count("sites", "sites", 12)}},
		resource.TestStep{Config: data("sites", `parent_id = "root"`), ConfigStateChecks: []statecheck.StateCheck{count("sites", "sites", 9)}},
		resource.TestStep{Config: data("teams", `display_name = "F*"`), ConfigStateChecks: []statecheck.StateCheck{count("teams", "teams", 3)}},
		resource.TestStep{Config: data("teams", `data_source = "Production"`), ConfigStateChecks: []statecheck.StateCheck{count("teams", "teams", 12)}},
	)
}

func TestAccWhatIsNotOneObjectIsAnErrorWithCandidates(t *testing.T) {
	env := start(t, "")
	twin := env.AddGroup(contoso, simulator.Group{DisplayName: "Helpdesk", Name: "helpdesk2@contoso.com"})
	run(t, env,
		resource.TestStep{
			Config: data("group", `name = "Helpdesk"`), ExpectError: regexp.MustCompile(`(?s)Several groups match.*` + twin.ID + `.*` + helpdesk),
		},
		resource.TestStep{
			Config: data("group", `name = "Helpdisk"`), ExpectError: regexp.MustCompile(`(?s)No such group.*"Helpdesk" \(helpdesk@contoso\.com\), id `),
		},
		resource.TestStep{
			Config:      data("user", `name = "Adele Vance"`),
			ExpectError: regexp.MustCompile(`(?s)No such user.*This is a display_name: write display_name = "Adele\s+Vance"`),
		},
		resource.TestStep{
			Config:      data("user", `object_id = "99999999-9999-4999-8999-999999999999"`),
			ExpectError: regexp.MustCompile(`(?s)No such user.*data_source = "Production"`),
		},
		resource.TestStep{
			Config:      strings.ReplaceAll(data("users"), contoso, "99999999-9999-4999-8999-999999999999"),
			ExpectError: regexp.MustCompile(`(?s)No such organization.*"contoso\.onmicrosoft\.com"`),
		},
		resource.TestStep{Config: data("user"), ExpectError: regexp.MustCompile(`(?s)Exactly one of these attributes`)},
		resource.TestStep{
			Config:      data("user", `id = "`+adele+`"`, `name = "adele"`),
			ExpectError: regexp.MustCompile(`(?s)Exactly one of these attributes`),
		},
		resource.TestStep{Config: data("user", `id = "adele"`), ExpectError: regexp.MustCompile(`Malformed id`)},
	)
}

func TestAccArgumentsThatV6DoesNotKnowAreRefused(t *testing.T) {
	env := start(t, "v6")
	run(t, env,
		resource.TestStep{Config: data("sites", `keyword = "fin"`), ExpectError: regexp.MustCompile(`keyword\s+needs\s+API\s+version\s+v7`)},
		resource.TestStep{Config: data("groups", `data_source = "Production"`), ExpectError: regexp.MustCompile(`data_source\s+needs\s+API\s+version\s+v7`)},
	)
}

func TestAccAnObjectIsAskedForOnceHoweverManyDataSourcesWantIt(t *testing.T) {
	env := start(t, "")
	var config strings.Builder
	for i := range 10 {
		fmt.Fprintf(&config, "data \"vb365_group\" \"g%d\" {\n  organization_id = %q\n  object_id = \"c0000001-0003-4000-8000-%012x\"\n}\n", i, contoso, i+1)
		fmt.Fprintf(&config, "data \"vb365_organization\" \"o%d\" { name = \"contoso.onmicrosoft.com\" }\n", i)
	}
	w := env.Workspace(t, config.String())
	w.MustRun(t, "plan", "-no-color")
	if requests := env.Requests(); len(requests) > 4 {
		t.Errorf("%d requests, want a version, a token, a listing of organizations and one of groups: %+v", len(requests), requests)
	}
}
