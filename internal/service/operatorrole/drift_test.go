package operatorrole_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// specific is a role with something in every list.
func specific() string {
	return role("Helpdesk", `description = "as declared"`,
		object("operators", set("users", user(adele)), set("groups", group(helpdeskGroup))),
		object("managed_objects", set("users", user(alex)), set("groups", group(finance)), set("sites", site(1)), set("teams", team(1))),
		object("excluded_objects", set("users", user(eve)), set("groups", group(executives)), set("sites", site(2)), set("teams", team(2))))
}

// entries are Contoso's objects as entries of roles.
type entries struct{ users, groups, sites, teams []simulator.Entry }

func entriesOf(env *acctest.Env) entries {
	return entries{
		users: asEntries(env.Users(contoso), simulator.UserEntry), groups: asEntries(env.Groups(contoso), simulator.GroupEntry),
		sites: asEntries(env.Sites(contoso), simulator.SiteEntry), teams: asEntries(env.Teams(contoso), simulator.TeamEntry),
	}
}

func asEntries[T any](objects []T, entry func(T) simulator.Entry) []simulator.Entry {
	var all []simulator.Entry
	for _, o := range objects {
		all = append(all, entry(o))
	}
	return all
}

func without(entries []simulator.Entry, id string) []simulator.Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e simulator.Entry) bool { return e.ObjectID() == id })
}

func TestAccEveryAttributeDriftsVisiblyAndByName(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(entries, *simulator.Role)
		warns  string
		shows  string // in the plan
	}{
		"name": {
			func(_ entries, r *simulator.Role) { r.Name = "Other" },
			`the role was renamed from "Helpdesk" to "Other" outside Terraform`, `"Other" -> "Helpdesk"`,
		},
		"description": {
			func(of entries, r *simulator.Role) { r.Description = "changed" },
			`its description was changed from "as declared" to "changed" outside Terraform`, `"changed" -> "as declared"`,
		},
		"scope": {
			func(of entries, r *simulator.Role) {
				r.Type = "EntireOrganization"
				r.SelectedItems = nil
			},
			`its scope was widened from the managed objects to the entire organization outside Terraform`,
			`"EntireOrganization" -> "SpecificObjects"`,
		},
		"operator user added": {
			func(of entries, r *simulator.Role) { r.Operators = append(r.Operators, of.users[eve-1]) },
			`operator "Eve Adams" (eve.adams@contoso.com) was added outside Terraform`, `- "` + user(eve),
		},
		"operator user removed": {
			func(of entries, r *simulator.Role) { r.Operators = without(r.Operators, user(adele)) },
			`operator "Adele Vance" (adele.vance@contoso.com) was removed outside Terraform`, `+ "` + user(adele),
		},
		"operator group added": {
			func(of entries, r *simulator.Role) { r.Operators = append(r.Operators, of.groups[legal-1]) },
			`operator "Legal" (legal@contoso.com) was added outside Terraform`, `- "` + group(legal),
		},
		"managed user added": {
			func(of entries, r *simulator.Role) {
				r.SelectedItems = append(r.SelectedItems, of.users[adele-1])
			},
			`managed object "Adele Vance" (adele.vance@contoso.com) was added outside Terraform`, `- "` + user(adele),
		},
		"managed group replaced": {
			func(of entries, r *simulator.Role) {
				r.SelectedItems = append(without(r.SelectedItems, group(finance)), of.groups[legal-1])
			},
			`managed object "Finance" (finance@contoso.com) was removed outside Terraform`, `- "` + group(legal),
		},
		"managed site removed": {
			func(of entries, r *simulator.Role) { r.SelectedItems = without(r.SelectedItems, site(1)) },
			`managed object "Intranet" (https://contoso.sharepoint.com/sites/intranet) was removed outside Terraform`, `+ "` + site(1),
		},
		"managed site added": {
			func(of entries, r *simulator.Role) {
				r.SelectedItems = append(r.SelectedItems, of.sites[3-1])
			},
			`managed object "Marketing" (https://contoso.sharepoint.com/sites/marketing) was added outside Terraform`, `- "` + site(3),
		},
		"managed team added": {
			func(of entries, r *simulator.Role) {
				r.SelectedItems = append(r.SelectedItems, of.teams[3-1])
			},
			`managed object "Facilities" (team.facilities@contoso.com) was added outside Terraform`, `- "` + team(3),
		},
		"excluded user removed": {
			func(of entries, r *simulator.Role) { r.ExcludedItems = without(r.ExcludedItems, user(eve)) },
			`excluded object "Eve Adams" (eve.adams@contoso.com) was removed outside Terraform`, `+ "` + user(eve),
		},
		"excluded group removed": {
			func(of entries, r *simulator.Role) {
				r.ExcludedItems = without(r.ExcludedItems, group(executives))
			},
			`excluded object "Executives" (executives@contoso.com) was removed outside Terraform`, `+ "` + group(executives),
		},
		"excluded site and team removed": {
			func(of entries, r *simulator.Role) {
				r.ExcludedItems = without(without(r.ExcludedItems, site(2)), team(2))
			},
			`excluded object "Engineering" (team.engineering@contoso.com) was removed outside Terraform`, `+ "` + site(2),
		},
		"all exclusions removed": {
			func(of entries, r *simulator.Role) { r.ExcludedItems = nil },
			`excluded object "Executives" (executives@contoso.com) was removed outside Terraform`, `+ "` + group(executives),
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := start(t)
			w := env.Workspace(t, specific())
			w.MustRun(t, "apply", "-auto-approve", "-no-color")
			before := onlyRole(t, env)
			directory := entriesOf(env)
			env.UpdateRole(before.ID, func(r *simulator.Role) { tc.change(directory, r) })
			plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode")
			if code != 2 {
				t.Fatalf("plan ended with %d, want 2 (a difference):\n%s", code, plan)
			}
			for _, want := range []string{`Restore operator role "Helpdesk" was changed outside Terraform`, tc.warns, tc.shows} {
				if !strings.Contains(plan, want) && !strings.Contains(unwrap(plan), want) {
					t.Errorf("the plan lacks %q:\n%s", want, plan)
				}
			}
			if n := strings.Count(plan, "was changed outside Terraform\n"); n != 1 {
				t.Errorf("%d warnings, want one per role", n)
			}
			w.MustRun(t, "apply", "-auto-approve", "-no-color")
			after := onlyRole(t, env)
			if after.Name != before.Name || after.Description != before.Description || after.Type != before.Type ||
				sorted(after.Operators) != sorted(before.Operators) || sorted(after.SelectedItems) != sorted(before.SelectedItems) ||
				sorted(after.ExcludedItems) != sorted(before.ExcludedItems) {
				t.Errorf("apply did not put the role right:\n%+v\nwant\n%+v", after, before)
			}
			if plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode"); code != 0 {
				t.Errorf("the plan after the repair is not empty:\n%s", plan)
			}
		})
	}
}

// unwrap joins the lines that Terraform wraps in diagnostics.
func unwrap(output string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " ")
}

func TestAccARoleOfTheEntireOrganizationThatIsNarrowedIsADifference(t *testing.T) {
	env := start(t)
	config := role("Wide", object("operators", set("users", user(adele))), entire)
	run(t, env,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				directory := entriesOf(env)
				env.UpdateRole(onlyRole(t, env).ID, func(r *simulator.Role) {
					r.Type = "SpecificObjects"
					r.SelectedItems = directory.users[:1]
				})
			},
			Config: config, ConfigPlanChecks: updates(),
		},
	)
}

func TestAccOrderAndNamesAreNoDifference(t *testing.T) {
	env := start(t, func(o *simulator.Options) {
		o.ShuffleLists = true
		o.RefreshDisplayNames = true
	})
	w := env.Workspace(t, specific())
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	for _, id := range []string{user(adele), group(finance), site(1), team(1)} {
		if !env.RenameObject(contoso, id, "Renamed "+id[:8]) {
			t.Fatalf("%s cannot be renamed", id)
		}
	}
	for range 3 {
		plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode")
		if code != 0 || strings.Contains(plan, "outside") {
			t.Fatalf("the plan is not empty:\n%s", plan)
		}
	}
}

func TestAccARoleThatWasDeletedIsSaidToBeAndMadeAnew(t *testing.T) {
	env := start(t)
	w := env.Workspace(t, specific())
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	env.DeleteRole(onlyRole(t, env).ID)
	plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode")
	if code != 2 || !strings.Contains(plan, `Restore operator role "Helpdesk" was deleted outside Terraform`) ||
		!strings.Contains(plan, "1 to add, 0 to change, 0 to destroy") {
		t.Fatalf("plan ended with %d:\n%s", code, plan)
	}
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	onlyRole(t, env)
}

func TestAccEntriesOfUnknownKindsSurviveUntilTheyAreToGo(t *testing.T) {
	env := start(t)
	keeping := []string{object("operators", set("users", user(adele))), object("managed_objects", set("sites", site(1)))}
	more := []string{object("operators", set("users", user(adele), user(alex))), object("managed_objects", set("sites", site(1), site(3)))}
	renamed := append([]string{`description = "new"`}, more...)
	personal := func() bool {
		return slices.ContainsFunc(onlyRole(t, env).SelectedItems, func(e simulator.Entry) bool { return e.Type == "PersonalSites" })
	}
	w := env.Workspace(t, role("Sites", keeping...))
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	env.UpdateRole(onlyRole(t, env).ID, func(r *simulator.Role) {
		r.SelectedItems = append(r.SelectedItems, simulator.Entry{
			Type: "PersonalSites", Extra: map[string]json.RawMessage{"personalSites": json.RawMessage(`{"all":true}`)},
		})
	})
	apply := func(configuration string) (string, int) {
		w.Write(t, "role.tf", configuration)
		return w.Run(t, "apply", "-auto-approve", "-no-color")
	}
	// The role moves to a file of its own, so that it can be changed.
	w.Write(t, "main.tf", acctest.Requires)
	w.Write(t, "role.tf", role("Sites", keeping...))

	plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode")
	if code != 0 || !strings.Contains(plan, "holds entries of unknown kinds") || !strings.Contains(plan, "PersonalSites") {
		t.Fatalf("want an empty plan with a warning; it ended with %d:\n%s", code, plan)
	}
	if out, code := apply(role("Sites", more...)); code != 0 || !personal() || len(onlyRole(t, env).SelectedItems) != 3 {
		t.Fatalf("changing the lists lost the entry, or failed with %d:\n%s\n%+v", code, out, onlyRole(t, env))
	}
	if out, code := apply(role("Sites", renamed...)); code != 1 || !personal() || !strings.Contains(out, "Entries of unknown kinds would be lost") {
		t.Fatalf("replacing the role was not refused (%d):\n%s", code, out)
	}
	if out, code := apply(role("Sites", append(renamed, "overwrite_unmanaged_objects = true")...)); code != 0 || personal() {
		t.Fatalf("the entry was to go; apply ended with %d:\n%s", code, out)
	}
	if plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode"); code != 0 {
		t.Fatalf("the plan after that is not empty:\n%s", plan)
	}
}

func TestAccAnEmptyListMeansWhatAnAbsentOneDoes(t *testing.T) {
	env := start(t)
	operators := object("operators", set("users", user(adele)), "groups = []")
	run(t, env,
		resource.TestStep{Config: role("Empty", operators, entire, "excluded_objects = {}"), ConfigPlanChecks: emptyPlan},
		resource.TestStep{Config: role("Empty", operators, entire, "excluded_objects = { users = [] }"), ConfigPlanChecks: emptyPlan},
		resource.TestStep{
			Config: role("Empty", operators, entire),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
		},
	)
}
