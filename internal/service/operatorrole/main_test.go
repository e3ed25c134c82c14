package operatorrole_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestMain(m *testing.M) { acctest.Main(m) }

const (
	address  = "vb365_restore_operator_role.this"
	zeroGUID = "00000000-0000-0000-0000-000000000000"
	contoso  = simulator.ContosoID
)

// The ids of Contoso's objects, as the simulator's three customers have them.
func entraUser(n int) string  { return fmt.Sprintf("c0000001-0002-4000-8000-%012x", n) }
func entraGroup(n int) string { return fmt.Sprintf("c0000001-0003-4000-8000-%012x", n) }
func user(n int) string       { return entraUser(n) + zeroGUID }
func group(n int) string      { return entraGroup(n) + zeroGUID }
func team(n int) string       { return fmt.Sprintf("c0000001-0006-4000-8000-%012x", n) }

func site(n int) string {
	return fmt.Sprintf("c0000001-0004-4000-8000-%012xc0000001-0005-4000-8000-%012x", n, n)
}

// Numbers of Contoso's objects that tests speak of.
const (
	adele      = 1
	alex       = 2
	eve        = 4
	invoices   = 11 // a shared mailbox
	newsletter = 12 // a public mailbox

	backupOperators = 1
	helpdeskGroup   = 2
	executives      = 3
	finance         = 4
	humanResources  = 5
	legal           = 6
	allManagers     = 12 // a dynamic distribution group
)

// start starts a server with three customers.
func start(t *testing.T, options ...func(*simulator.Options)) *acctest.Env {
	t.Helper()
	t.Parallel()
	var o simulator.Options
	for _, change := range options {
		change(&o)
	}
	env := acctest.Start(t, o)
	env.Seed(simulator.ThreeCustomers())
	return env
}

// role returns a role's configuration with the given arguments.
func role(name string, arguments ...string) string {
	return fmt.Sprintf("resource \"vb365_restore_operator_role\" \"this\" {\n  organization_id = %q\n  name = %q\n  %s\n}\n",
		contoso, name, strings.Join(arguments, "\n  "))
}

// set returns a set argument of quoted values.
func set(name string, values ...string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return name + " = [" + strings.Join(quoted, ", ") + "]"
}

// object returns an argument that is an object of sets.
func object(name string, sets ...string) string {
	return name + " = { " + strings.Join(sets, ", ") + " }"
}

const entire = "entire_organization = true"

// run runs steps against the environment.
func run(t *testing.T, env *acctest.Env, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: steps})
}

// onlyRole returns Contoso's only role.
func onlyRole(t *testing.T, env *acctest.Env) simulator.Role {
	t.Helper()
	roles := env.Roles()
	if len(roles) != 1 {
		t.Fatalf("the server has %d roles, want one: %+v", len(roles), roles)
	}
	return roles[0]
}

// ids returns the objects' ids of a role's list, with their kinds.
func ids(entries []simulator.Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Type+" "+e.ObjectID())
	}
	return strings.Join(all, "\n")
}
