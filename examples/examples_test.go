// Package examples_test plans every example against the simulator with its
// three customers, so that what the documentation shows works.
package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

// What the examples say of the server, and the simulator has otherwise.
const (
	endpoint = "https://vb365.example.com:4443"
	pin      = "8E:4C:61:0B:D3:5A:F7:29:90:1E:C8:44:7B:A2:36:DF:05:9D:E1:73:2C:B8:56:FA:18:CB:40:97:6E:D2:83:3F"
)

// portal is the application id of the restore portal in the examples.
const portal = "65415bb1-9267-4313-bbf5-ae259732ee12"

func TestMain(m *testing.M) { acctest.Main(m) }

func TestAccDataSourceExamplesPlan(t *testing.T) {
	t.Parallel()

	planEach(t, "data-sources/*/data-source*.tf", func(t *testing.T, env *acctest.Env) {
		t.Helper()
		addHelpdesk(t, env)
		addConsent(t, env)
	})
}

func TestAccResourceExamplesPlan(t *testing.T) {
	t.Parallel()

	planEach(t, "resources/*/resource*.tf", func(t *testing.T, env *acctest.Env) {
		t.Helper()
		startEntra(t, "6b1f6a7e-3d0c-4f0c-9d2b-5a1c3e7f9b24").Use(env)
	})
}

// planEach plans each file that matches the pattern by itself, on a server of its
// own that was prepared for it.
func planEach(t *testing.T, pattern string, prepare func(*testing.T, *acctest.Env)) {
	t.Helper()

	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s matches no examples (%v)", pattern, err)
	}

	for _, file := range files {
		t.Run(filepath.ToSlash(file), func(t *testing.T) {
			t.Parallel()

			env := threeCustomers(t)
			prepare(t, env)

			env.Settings["TF_VAR_portal_pfx_password"] = "example"

			workspace := env.Workspace(t, read(t, file))
			writeCertificates(t, workspace, "example")
			workspace.MustRun(t, "plan", "-input=false", "-no-color")
		})
	}
}

func TestAccImportExampleFindsTheRole(t *testing.T) {
	t.Parallel()

	const example = "resources/vb365_restore_operator_role/"

	env := threeCustomers(t)
	addHelpdesk(t, env)

	workspace := env.Workspace(t, read(t, example+"resource.tf")+read(t, example+"import-by-string-id.tf"))

	plan := workspace.MustRun(t, "plan", "-input=false", "-no-color")
	if !strings.Contains(plan, "1 to import") {
		t.Errorf("the role of the example is not imported:\n%s", plan)
	}
}

func TestAccProviderExampleReachesTheServer(t *testing.T) {
	t.Parallel()

	env := threeCustomers(t)
	workspace := env.Workspace(t, "")
	workspace.Write(t, "main.tf", adapted(t, env, "provider/provider.tf")+`data "vb365_organizations" "all" {}`)
	workspace.MustRun(t, "plan", "-input=false", "-no-color")
}

func TestAccOnboardingExampleAppliesAndPlansEmpty(t *testing.T) {
	t.Parallel()

	env := threeCustomers(t)
	workspace := env.Workspace(t, "")

	for _, pattern := range []string{"customer-onboarding/*.tf", "customer-onboarding/customers/*", "modules/*/*.tf"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s matches no files (%v)", pattern, err)
		}

		for _, file := range files {
			if err := os.MkdirAll(filepath.Join(workspace.Dir, filepath.Dir(file)), 0o750); err != nil {
				t.Fatal(err)
			}

			workspace.Write(t, file, adapted(t, env, file))
		}
	}

	const root = "-chdir=customer-onboarding"

	workspace.MustRun(t, root, "get")

	applied := workspace.MustRun(t, root, "apply", "-auto-approve", "-input=false", "-no-color")
	if !strings.Contains(applied, "4 added") {
		t.Errorf("apply did not create the four roles of the three customers:\n%s", applied)
	}

	workspace.MustRun(t, root, "plan", "-detailed-exitcode", "-input=false", "-no-color")

	// A role that is imported is as the module declares it.
	const role = `module.customer["contoso"].vb365_restore_operator_role.this["Helpdesk"]`

	workspace.MustRun(t, root, "state", "rm", role)
	workspace.Write(t, "customer-onboarding/import.tf", "import {\n  to = "+role+"\n  id = \"contoso.onmicrosoft.com/Helpdesk\"\n}\n")

	if plan := workspace.MustRun(t, root, "plan", "-input=false", "-no-color"); !strings.Contains(plan, "1 to import, 0 to add, 0 to change") {
		t.Errorf("the import is not what the module declares:\n%s", plan)
	}

	// What is misspelt is not overlooked.
	const file = "customer-onboarding/customers/contoso.yaml"

	contoso := adapted(t, env, file)
	for right, wrong := range map[string]string{
		"    excluded_objects:": "    exclude_objects:", "      users:": "      user:", "\nroles:": "\nexcluded_objects: {}\nroles:",
	} {
		workspace.Write(t, file, strings.Replace(contoso, right, wrong, 1))

		if plan, code := workspace.Run(t, root, "plan", "-input=false", "-no-color"); code != 1 || !strings.Contains(plan, "and nothing else") {
			t.Errorf("%q instead of %q ended with %d:\n%s", wrong, right, code, plan)
		}
	}
}

func threeCustomers(t *testing.T) *acctest.Env {
	t.Helper()

	env := acctest.Start(t, simulator.Options{})
	env.Seed(simulator.ThreeCustomers())

	return env
}

// addConsent adds a Microsoft Entra in which Contoso has consented to the portal.
func addConsent(t *testing.T, env *acctest.Env) {
	t.Helper()

	microsoft := startEntra(t)
	microsoft.Use(env)
	microsoft.AddApplication(graph.ProviderTenant, graph.Portal(portal))
	microsoft.Consent(graph.ContosoTenant, portal)
}

// startEntra starts a Microsoft Entra with the tenants of the three customers, and
// others.
func startEntra(t *testing.T, others ...string) *acctest.Entra {
	t.Helper()

	seed := graph.ThreeCustomers()
	for _, id := range others {
		seed.Tenants = append(seed.Tenants, graph.SeedTenant{Tenant: graph.Tenant{ID: id, DisplayName: id}})
	}

	return acctest.StartEntra(t, graph.Options{}, seed)
}

// writeCertificates writes those that examples read.
func writeCertificates(t *testing.T, workspace *acctest.Workspace, password string) {
	t.Helper()

	for _, name := range []string{"portal", "operators"} {
		pfx := acctest.NewPFX(t, name, password, 365*24*time.Hour)
		workspace.Write(t, name+".pfx", string(pfx.Data))
		workspace.Write(t, name+".pem", pfx.PEM)
	}
}

// addHelpdesk adds the role that examples ask for or import.
func addHelpdesk(t *testing.T, env *acctest.Env) {
	t.Helper()

	operators, ok := env.Group(simulator.ContosoID, "Helpdesk")
	if !ok {
		t.Fatal("Contoso has no helpdesk")
	}

	env.AddRole(simulator.Role{
		OrganizationID: simulator.ContosoID,
		Name:           "Helpdesk",
		Type:           simulator.EntireOrganization,
		Operators:      []simulator.Entry{simulator.GroupEntry(operators)},
	})
}

// adapted returns a file of an example with the simulator for the server that it names.
func adapted(t *testing.T, env *acctest.Env, file string) string {
	t.Helper()

	return strings.NewReplacer(endpoint, env.URL(), pin, env.CertificateSHA256()).Replace(read(t, file))
}

func read(t *testing.T, file string) string {
	t.Helper()

	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}

	return string(text)
}
