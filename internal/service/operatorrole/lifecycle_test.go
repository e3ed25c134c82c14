package operatorrole_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// emptyPlan checks that applying changed everything that it had to.
var emptyPlan = resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}

func updates() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// holds checks what the server holds of the only role.
func holds(env *acctest.Env, check func(simulator.Role) string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		roles := env.Roles()
		if len(roles) != 1 {
			return fmt.Errorf("the server has %d roles, want one", len(roles))
		}
		if problem := check(roles[0]); problem != "" {
			return fmt.Errorf("%s: %+v", problem, roles[0])
		}
		return nil
	}
}

func sorted(entries []simulator.Entry) string {
	all := strings.Split(ids(entries), "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// list compares a role's list with kinds and ids in any order.
func list(entries []simulator.Entry, want ...string) string {
	slices.Sort(want)
	if got := sorted(entries); got != strings.Join(want, "\n") {
		return fmt.Sprintf("the list holds\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	return ""
}

func TestAccRoleIsCreatedUpdatedInPlaceAndDeletedOnEveryVersion(t *testing.T) {
	for _, version := range []string{"v6", "v7", "v8"} {
		t.Run(version, func(t *testing.T) {
			env := start(t)
			env.Settings["VB365_API_VERSION"] = version
			objects := object("managed_objects", set("users", user(adele)), set("groups", group(finance)), set("sites", site(2)))
			if version != "v6" {
				objects = object("managed_objects", set("users", user(adele)), set("groups", group(finance)),
					set("sites", site(2)), set("teams", team(5)))
			}
			run(t, env,
				resource.TestStep{
					Config: role("Helpdesk", object("operators", set("groups", group(helpdeskGroup))), entire,
						object("excluded_objects", set("groups", group(executives)))),
					ConfigPlanChecks: emptyPlan,
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(address, tfjsonpath.New("role_type"), knownvalue.StringExact("EntireOrganization")),
						statecheck.ExpectKnownValue(address, tfjsonpath.New("description"), knownvalue.StringExact("")),
					},
					Check: holds(env, func(r simulator.Role) string {
						return list(r.Operators, "Group "+group(helpdeskGroup)) + list(r.ExcludedItems, "Group "+group(executives))
					}),
				},
				resource.TestStep{
					Config: role("Helpdesk 2", `description = "for finance"`,
						object("operators", set("users", user(alex), user(eve)), set("groups", group(backupOperators))), objects),
					ConfigPlanChecks: updates(),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(address, tfjsonpath.New("role_type"), knownvalue.StringExact("SpecificObjects")),
					},
					Check: holds(env, func(r simulator.Role) string {
						wantItems := []string{"User " + user(adele), "Group " + group(finance), "Site " + site(2)}
						if version != "v6" {
							wantItems = append(wantItems, "Team "+team(5))
						}
						return list(r.Operators, "User "+user(alex), "User "+user(eve), "Group "+group(backupOperators)) +
							list(r.SelectedItems, wantItems...)
					}),
				},
				resource.TestStep{
					Config:           role("Helpdesk 2", object("operators", set("users", user(alex))), entire),
					ConfigPlanChecks: updates(),
					Check: holds(env, func(r simulator.Role) string {
						return list(r.Operators, "User "+user(alex))
					}),
				},
			)
			if left := env.Roles(); len(left) > 0 {
				t.Errorf("destroy left %d roles", len(left))
			}
		})
	}
}

func TestAccRoleTakesMailboxesOfEveryType(t *testing.T) {
	env := start(t)
	run(t, env, resource.TestStep{
		Config: role("Mailboxes", object("operators", set("users", user(adele))),
			object("managed_objects", set("users", user(invoices), user(newsletter), user(alex)))),
		ConfigPlanChecks: emptyPlan,
	})
}

func TestAccRoleUnderstandsEntraObjectIDsAndLetterCase(t *testing.T) {
	env := start(t)
	withEntra := role("Ids", object("operators", set("groups", entraGroup(helpdeskGroup)), set("users", strings.ToUpper(entraUser(eve)))),
		object("managed_objects", set("groups", group(finance))))
	withBoth := role("Ids", object("operators", set("groups", group(helpdeskGroup)), set("users", user(eve))),
		object("managed_objects", set("groups", entraGroup(finance))))
	run(t, env,
		resource.TestStep{
			Config: withEntra, ConfigPlanChecks: emptyPlan,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("operators").AtMapKey("groups"),
					knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact(entraGroup(helpdeskGroup))})),
			},
			Check: holds(env, func(r simulator.Role) string {
				return list(r.Operators, "Group "+group(helpdeskGroup), "User "+user(eve))
			}),
		},
		resource.TestStep{
			// The same objects in other spellings are no difference.
			Config:           withBoth,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
}

func TestAccRoleThatMovesToAnotherOrganizationIsReplaced(t *testing.T) {
	env := start(t)
	config := func(org string) string {
		operator := strings.ReplaceAll(user(adele), "c0000001", org[:8])
		return fmt.Sprintf(`resource "vb365_restore_operator_role" "this" {
			organization_id     = %q
			name                = "Moving"
			operators           = { users = [%q] }
			entire_organization = true
		}`, org, operator)
	}
	run(t, env,
		resource.TestStep{Config: config(contoso)},
		resource.TestStep{
			Config: config(simulator.FabrikamID),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
			}},
		},
		resource.TestStep{
			// The letter case of an id means nothing.
			Config:           config(strings.ToUpper(simulator.FabrikamID)[:8] + simulator.FabrikamID[8:]),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
}

func TestAccRoleIsImportedByIDAndByName(t *testing.T) {
	env := start(t)
	step := resource.TestStep{
		Config: role("Help/desk", `description = "with a slash"`, object("operators", set("groups", group(helpdeskGroup))),
			object("managed_objects", set("sites", site(1)), set("teams", team(1))), object("excluded_objects", set("users", user(adele)))),
	}
	run(t, env, step,
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateVerify: true},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateId: "contoso.onmicrosoft.com/Help/desk",
		},
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: contoso + "/Help/desk"},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "contoso.onmicrosoft.com/Nobody",
			ExpectError: regexp.MustCompile(`has no role named "Nobody"`),
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "nowhere.example.com/Help/desk",
			ExpectError: regexp.MustCompile(`no organization named`),
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "Help",
			ExpectError: regexp.MustCompile(`Malformed import id`),
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "11111111-2222-3333-4444-555555555555",
			ExpectError: regexp.MustCompile(`no such restore operator role`),
		},
	)
}

func TestAccRoleTimeoutsAndOptInsAloneCostNoWrite(t *testing.T) {
	env := start(t)
	base := []string{object("operators", set("users", user(adele))), entire}
	run(t, env,
		resource.TestStep{Config: role("Settings", base...)},
		resource.TestStep{
			PreConfig: env.ResetRequests,
			Config:    role("Settings", append(base, "overwrite_unmanaged_objects = true", "timeouts {\n    create = \"5m\"\n  }")...),
			Check: func(*terraform.State) error {
				for _, r := range env.Requests() {
					if r.Write() {
						return fmt.Errorf("%s %s was sent", r.Method, r.Path)
					}
				}
				return nil
			},
			ConfigPlanChecks: emptyPlan,
		},
	)
}
