package operatorrole_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

var (
	simple  = role("Faults", object("operators", set("users", user(adele))), entire)
	changed = role("Faults", object("operators", set("users", user(adele), user(alex))), entire)
)

const (
	rolePath    = `^/RbacRoles/[0-9a-f-]+$`
	rolesPath   = `/RbacRoles$`
	entriesPath = `/RbacRoles/.*/(operators|selectedItems|excludedItems)$`
)

// survives runs a create, an update and a delete, with a fault that is injected
// before one of them, and checks that none of them noticed.
func survives(t *testing.T, fault simulator.Fault) {
	t.Helper()
	env := start(t)
	inject := func(method string) func() {
		return func() {
			if fault.Method == method {
				env.Inject(fault)
			}
		}
	}
	run(t, env,
		resource.TestStep{PreConfig: inject(http.MethodPost), Config: simple, ConfigPlanChecks: emptyPlan, Check: oneRole(env)},
		resource.TestStep{PreConfig: inject(http.MethodPut), Config: changed, ConfigPlanChecks: emptyPlan, Check: oneRole(env)},
		resource.TestStep{PreConfig: inject(http.MethodGet), Config: changed, ConfigPlanChecks: emptyPlan, Check: oneRole(env)},
		resource.TestStep{PreConfig: inject(http.MethodDelete), Config: changed, Destroy: true},
	)
	if left := env.Roles(); len(left) > 0 {
		t.Errorf("%d roles are left", len(left))
	}
	for _, f := range env.Faults() {
		if f.Hits() == 0 {
			t.Errorf("the fault %+v never struck", f.Fault())
		}
	}
}

func oneRole(env *acctest.Env) resource.TestCheckFunc {
	return holds(env, func(simulator.Role) string { return "" })
}

func TestAccPassingTroubleIsNotNoticed(t *testing.T) {
	t.Parallel()
	busy := map[string]string{"Retry-After": "1"}
	writes := map[string]string{http.MethodPost: rolesPath, http.MethodPut: rolePath, http.MethodDelete: rolePath, http.MethodGet: entriesPath}
	for name, fault := range map[string]simulator.Fault{
		"429 with Retry-After": {Status: http.StatusTooManyRequests, Header: busy, Times: 2},
		"429 without":          {Status: http.StatusTooManyRequests, Times: 1},
		"503 with Retry-After": {Status: http.StatusServiceUnavailable, Header: busy, Times: 2},
		"503 with a page":      {Status: http.StatusServiceUnavailable, Body: "<html>busy</html>", Times: 1},
		"504":                  {Status: http.StatusGatewayTimeout, Times: 1},
		"401":                  {Status: http.StatusUnauthorized, Times: 1},
		"a connection that is cut before the request is carried out": {Cut: simulator.CutBefore, Times: 1},
		"a connection that is cut after it":                          {Cut: simulator.CutAfter, Times: 1},
		"an answer that breaks off":                                  {Cut: simulator.CutMidBody, Times: 1},
	} {
		for method, path := range writes {
			if fault.Cut == simulator.CutMidBody && (method == http.MethodPut || method == http.MethodDelete) {
				continue // their answers have no body
			}
			fault.Method, fault.Path = method, path
			t.Run(name+" at "+method, func(t *testing.T) { survives(t, fault) })
		}
	}
}

func TestAccTokensThatExpireInTheMiddleAreRenewed(t *testing.T) {
	t.Run("by themselves", func(t *testing.T) {
		env := start(t, func(o *simulator.Options) { o.TokenLifetime = 2 * time.Second })
		run(t, env, resource.TestStep{Config: simple}, resource.TestStep{Config: changed, ConfigPlanChecks: emptyPlan})
	})
	t.Run("and renewal is refused", func(t *testing.T) {
		env := start(t, func(o *simulator.Options) {
			o.TokenLifetime = 2 * time.Second
			o.RefreshRefused = true
		})
		run(t, env, resource.TestStep{Config: simple}, resource.TestStep{Config: changed, ConfigPlanChecks: emptyPlan})
	})
	t.Run("because the server forgot them", func(t *testing.T) {
		env := start(t)
		w := env.Workspace(t, simple)
		// The role's users are looked up, then the tokens go, then the role is created.
		fault := env.Inject(simulator.Fault{Method: http.MethodPost, Path: rolesPath, Delay: 300 * time.Millisecond, Times: 1})
		go func() {
			for fault.Hits() == 0 {
				time.Sleep(time.Millisecond)
			}
			env.ExpireTokens()
		}()
		w.MustRun(t, "apply", "-auto-approve", "-no-color")
		onlyRole(t, env)
	})
}

func TestAccRefusedLoginsAreReportedOnceAndClearly(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		shape simulator.BadLogin
		want  string
	}{
		"401 with an error":        {simulator.BadLoginJSON, "refused the login"},
		"401 with an unknown code": {simulator.BadLoginUnknownCode, "refused the login"},
		"400 of OAuth":             {simulator.BadLoginOAuth, "invalid_grant"},
		"401 without a body":       {simulator.BadLoginEmpty, "without a reason"},
		"500 with a page":          {simulator.BadLoginHTML, "is in trouble"},
	} {
		t.Run(name, func(t *testing.T) {
			env := start(t, func(o *simulator.Options) { o.BadLogin = tc.shape })
			env.Settings["VB365_PASSWORD"] = acctest.Password + "-wrong"
			env.Settings["VB365_MAX_RETRIES"] = "1"
			w := env.Workspace(t, strings.ReplaceAll(simple, `"this"`, `"one"`)+
				strings.ReplaceAll(strings.ReplaceAll(simple, `"this"`, `"two"`), "Faults", "Faults 2"))
			out, code := w.Run(t, "apply", "-auto-approve", "-no-color")
			if code == 0 || !strings.Contains(unwrap(out), tc.want) {
				t.Errorf("apply ended with %d and does not say %q:\n%s", code, tc.want, out)
			}
			if strings.Contains(out, acctest.Password) {
				t.Errorf("the password is shown:\n%s", out)
			}
			if n := strings.Count(out, "Error: "); n > 1 && tc.shape != simulator.BadLoginHTML {
				t.Errorf("%d errors, want one:\n%s", n, out)
			}
		})
	}
}

func TestAccA404OfSomethingElseDoesNotDropTheRole(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"empty": "", "a page": "<html>not here</html>"} {
		t.Run(name, func(t *testing.T) {
			env := start(t)
			run(t, env,
				resource.TestStep{Config: simple},
				resource.TestStep{
					PreConfig: func() {
						env.Inject(simulator.Fault{Method: http.MethodGet, Path: entriesPath, Status: http.StatusNotFound, Body: body})
					},
					Config: simple, PlanOnly: true,
					ExpectError: regexp.MustCompile(`does not come from VB365`),
				},
				resource.TestStep{
					PreConfig: env.ClearFaults, Config: simple,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				},
			)
		})
	}
}

func TestAccUpdatesWorkWhateverTheServerDoesWithLists(t *testing.T) {
	t.Parallel()
	for name, knob := range map[string]func(*simulator.Options){
		"clears omitted lists":           func(o *simulator.Options) { o.PutOmittedLists = simulator.OmittedListsClear },
		"keeps omitted lists":            func(o *simulator.Options) { o.PutOmittedLists = simulator.OmittedListsKeep },
		"refuses omitted lists":          func(o *simulator.Options) { o.PutOmittedLists = simulator.OmittedListsReject },
		"ignores lists":                  func(o *simulator.Options) { o.PutIgnoresLists = true },
		"wants entry ids":                func(o *simulator.Options) { o.OuterIDRequired = true },
		"ignores lists, wants entry ids": func(o *simulator.Options) { o.PutIgnoresLists, o.OuterIDRequired = true, true },
		"refuses duplicate names":        func(o *simulator.Options) { o.DuplicateRoleName = simulator.DuplicateRoleNameConflict },
		"refuses duplicate entries":      func(o *simulator.Options) { o.DuplicateEntry = simulator.DuplicateEntryConflict },
		"forgives unknown entries":       func(o *simulator.Options) { o.DeleteUnknownID = simulator.DeleteUnknownIDIgnore },
		"writes null":                    func(o *simulator.Options) { o.NullStyle = simulator.NullWrite },
		"writes null everywhere":         func(o *simulator.Options) { o.NullStyle = simulator.NullEverywhere },
		"gives small pages":              func(o *simulator.Options) { o.PageMax = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			env := start(t, knob)
			// Every object moves: between the lists, in and out.
			run(t, env,
				resource.TestStep{Config: specific(), ConfigPlanChecks: emptyPlan},
				resource.TestStep{
					Config: role("Helpdesk",
						object("operators", set("users", user(alex)), set("groups", group(backupOperators))),
						object("managed_objects", set("users", user(eve)), set("groups", group(executives), group(finance))),
						object("excluded_objects", set("users", user(alex)), set("sites", site(1)))),
					ConfigPlanChecks: updates(),
					Check: holds(env, func(r simulator.Role) string {
						return list(r.Operators, "User "+user(alex), "Group "+group(backupOperators)) +
							list(r.SelectedItems, "User "+user(eve), "Group "+group(executives), "Group "+group(finance)) +
							list(r.ExcludedItems, "User "+user(alex), "Site "+site(1))
					}),
				},
				resource.TestStep{
					Config:           role("Helpdesk", object("operators", set("users", user(alex))), object("managed_objects", set("groups", group(finance)))),
					ConfigPlanChecks: updates(),
				},
			)
		})
	}
}

func TestAccARoleThatStaysOtherwiseIsAnErrorThatNamesTheDifference(t *testing.T) {
	env := start(t, func(o *simulator.Options) { o.PutIgnoresLists = true })
	run(t, env,
		resource.TestStep{Config: simple},
		resource.TestStep{
			PreConfig: func() {
				// Entries cannot be added: the server says yes and does nothing.
				env.Inject(simulator.Fault{Method: http.MethodPost, Path: entriesPath, Status: http.StatusNoContent})
			},
			Config:      changed,
			ExpectError: regexp.MustCompile(`(?s)is not as declared.*operator\s+"Alex Wilber"\s+\(alex\.wilber@contoso\.com\)\s+is\s+missing`),
		},
		resource.TestStep{PreConfig: env.ClearFaults, Config: changed, ConfigPlanChecks: updates()},
	)
}

func TestAccTimeThatRunsOutIsNotTheServersFault(t *testing.T) {
	env := start(t)
	env.Settings["VB365_VALIDATE_AT_PLAN"] = "false"
	run(t, env, resource.TestStep{
		Config:      role("Faults", object("operators", set("users", user(adele))), entire, "timeouts {\n    create = \"1ns\"\n  }"),
		ExpectError: regexp.MustCompile(`The operation ran out of time`),
	})
}

func TestAccARoleOfTheSameNameIsAdoptedOrRefused(t *testing.T) {
	existing := func(t *testing.T, env *acctest.Env, operator int) {
		t.Helper()
		env.AddRole(simulator.Role{
			OrganizationID: contoso, Name: "Faults", Type: "EntireOrganization",
			Operators: entriesOf(env).users[operator-1 : operator],
		})
	}
	t.Run("adopted when it is exactly as declared", func(t *testing.T) {
		env := start(t)
		existing(t, env, adele)
		w := env.Workspace(t, simple)
		if plan := w.MustRun(t, "plan", "-no-color"); !strings.Contains(unwrap(plan), "will be adopted") {
			t.Errorf("the plan does not tell of the adoption:\n%s", plan)
		}
		if out := w.MustRun(t, "apply", "-auto-approve", "-no-color"); !strings.Contains(unwrap(out), "was adopted") {
			t.Errorf("apply does not tell of the adoption:\n%s", out)
		}
		onlyRole(t, env)
	})
	t.Run("refused at plan time when it is not", func(t *testing.T) {
		env := start(t)
		existing(t, env, alex)
		run(t, env, resource.TestStep{
			Config: simple, PlanOnly: true,
			ExpectError: regexp.MustCompile(`(?s)of this name exists.*import \{`),
		})
	})
	t.Run("refused at apply time when plans are not checked", func(t *testing.T) {
		env := start(t)
		env.Settings["VB365_VALIDATE_AT_PLAN"] = "false"
		existing(t, env, alex)
		run(t, env, resource.TestStep{Config: simple, ExpectError: regexp.MustCompile(`of this name exists`)})
		onlyRole(t, env)
	})
}

func TestAccARoleThatChangesItsAddressIsNotLost(t *testing.T) {
	env := start(t)
	moved := strings.Replace(simple, `"this"`, `"moved"`, 1)
	run(t, env,
		resource.TestStep{Config: simple},
		resource.TestStep{
			// Destroying the one and creating the other happen in any order, or at once.
			Config:           moved,
			Check:            oneRole(env),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
}

func TestAccAReplacementThatCreatesFirstKeepsTheRole(t *testing.T) {
	env := start(t)
	w := env.Workspace(t, role("Faults", object("operators", set("users", user(adele))), entire,
		"lifecycle {\n    create_before_destroy = true\n  }"))
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	w.MustRun(t, "apply", "-auto-approve", "-no-color", "-replace=vb365_restore_operator_role.this")
	onlyRole(t, env)
	if plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode"); code != 0 {
		t.Errorf("the plan is not empty:\n%s", plan)
	}
}

func TestAccARoleDeclaredTwiceIsRefused(t *testing.T) {
	env := start(t)
	run(t, env, resource.TestStep{
		Config:      simple + strings.Replace(simple, `"this"`, `"again"`, 1),
		PlanOnly:    true,
		ExpectError: regexp.MustCompile(`declared twice`),
	})
}

func TestAccAnUpdateOfARoleThatIsGoneSaysSo(t *testing.T) {
	env := start(t)
	w := env.Workspace(t, simple)
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	w.Write(t, "override.tf", `resource "vb365_restore_operator_role" "this" { description = "new" }`)
	w.MustRun(t, "plan", "-no-color", "-out=plan")
	env.DeleteRole(onlyRole(t, env).ID)
	if out, code := w.Run(t, "apply", "-no-color", "plan"); code != 1 || !strings.Contains(out, "The restore operator role is gone") {
		t.Errorf("apply ended with %d:\n%s", code, out)
	}
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	onlyRole(t, env)
}
