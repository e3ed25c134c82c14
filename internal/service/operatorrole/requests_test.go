package operatorrole_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
)

// cost counts requests by what they ask.
type cost struct{ tokens, roleLists, entries, listings, lookUps, organizations, writes, others int }

var (
	singleObject = regexp.MustCompile(`(?i)^/Organizations/[^/]+/(Users|Groups|Sites|Teams)/`)
	listing      = regexp.MustCompile(`(?i)^/Organizations/[^/]+/(Users|Groups|Sites|Teams)$`)
	entryList    = regexp.MustCompile(`(?i)^/RbacRoles/[^/]+/(operators|selectedItems|excludedItems)$`)
)

func costOf(env *acctest.Env) cost {
	var c cost
	for _, r := range env.Requests() {
		switch {
		case r.Token != nil:
			c.tokens++
		case r.Method != http.MethodGet:
			c.writes++
		case strings.EqualFold(r.Path, "/RbacRoles"):
			c.roleLists++
		case entryList.MatchString(r.Path):
			c.entries++
		case listing.MatchString(r.Path):
			c.listings++
		case singleObject.MatchString(r.Path):
			c.lookUps++
		case strings.EqualFold(r.Path, "/Organizations"):
			c.organizations++
		default:
			c.others++
		}
	}
	return c
}

// manyRoles declares n roles over the three customers, every third one of which
// is of the entire organization, each with an operator group of its own.
func manyRoles(n int) string {
	var b strings.Builder
	for i := range n {
		customer := fmt.Sprintf("c000000%d", i%3+1)
		scope := object("managed_objects", set("users", user(i%10+1)), set("groups", group(i%10+2)))
		if i%3 == 0 {
			scope = entire
		}
		config := strings.Replace(role(fmt.Sprintf("Role %d", i), object("operators", set("groups", group(i%11+1))), scope), `"this"`,
			fmt.Sprintf(`"r%d"`, i), 1)
		b.WriteString(strings.ReplaceAll(config, "c0000001", customer))
	}
	return b.String()
}

func TestAccPlansOverUnchangedRolesCostWhatTheyMust(t *testing.T) {
	env := start(t)
	const n = 30
	entireRoles := n / 3
	run(t, env,
		resource.TestStep{Config: manyRoles(n)},
		resource.TestStep{
			PreConfig: env.ResetRequests, Config: manyRoles(n), PlanOnly: true,
		},
	)
	// The destroy at the end refreshes, too: only the plan's own requests are looked at below.
	w := env.Workspace(t, manyRoles(n))
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	env.ResetRequests()
	w.MustRun(t, "plan", "-no-color", "-detailed-exitcode")
	want := cost{tokens: 1, roleLists: 1, entries: 3*n - entireRoles, others: 1} // other: which versions are served
	if got := costOf(env); got != want {
		t.Errorf("a plan over %d roles cost %+v, want %+v", n, got, want)
	}
	if most := env.MaxInFlight(); most > 16 {
		t.Errorf("%d requests were in flight, want 16 at most", most)
	}
}

func TestAccChecksAtPlanTimeCostOneListingPerOrganizationAndKindOrLess(t *testing.T) {
	env := start(t)
	const n = 30
	w := env.Workspace(t, manyRoles(n))
	env.ResetRequests()
	w.MustRun(t, "plan", "-no-color")
	got := costOf(env)
	// Three organizations; two of them name users and groups, one groups only.
	if got.listings+got.lookUps > 5 || got.tokens != 1 || got.roleLists != 1 || got.organizations != 1 || got.writes != 0 || got.entries != 0 || got.others > 1 {
		t.Errorf("a checked plan of %d new roles cost %+v, want 5 listings or look-ups at most", n, got)
	}

	env.ResetRequests()
	w = env.Workspace(t, role("One", object("operators", set("groups", group(helpdeskGroup))), object("managed_objects", set("users", user(alex)))))
	w.MustRun(t, "plan", "-no-color")
	if got := costOf(env); got.listings+got.lookUps > 2 {
		t.Errorf("a checked plan of one role with two objects cost %+v, want two requests for them", got)
	}
}

func TestAccApplyingManyRolesListsRolesOnceAndNothingTwice(t *testing.T) {
	env := start(t)
	const n = 12
	w := env.Workspace(t, manyRoles(n))
	w.MustRun(t, "plan", "-no-color", "-out=plan")
	env.ResetRequests()
	w.MustRun(t, "apply", "-no-color", "plan")
	got := costOf(env)
	if got.tokens != 1 || got.roleLists != 1 || got.writes != n || got.listings+got.lookUps > 5 {
		t.Errorf("applying %d roles cost %+v", n, got)
	}
}

func TestAccAnUnchangedPlanAsksNothingAboutObjects(t *testing.T) {
	env := start(t)
	run(t, env,
		resource.TestStep{Config: specific()},
		resource.TestStep{
			PreConfig: env.ResetRequests, Config: specific(),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
	if got := costOf(env); got.listings+got.lookUps+got.organizations != 0 {
		t.Errorf("unchanged roles cost %+v", got)
	}
}
