package examples_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

// The examples of the provider's ways to PowerShell are complete: the provider
// asks for no setting that they leave out.
func TestAccPowerShellExamplesReachTheMachine(t *testing.T) {
	t.Parallel()

	for _, transport := range []string{"ssh", "winrm"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()

			env := threeCustomers(t)
			m := env.StartMachine(t, machine.Options{})
			shell := m.SSH.Environment()
			text := adapted(t, env, filepath.Join("provider-"+transport, "provider.tf"))

			if transport == "winrm" {
				shell = m.WinRM.Environment()
				_, winRM, _ := strings.Cut(text, "winrm")
				text = strings.ReplaceAll(text, valueOf(t, winRM, "certificate_sha256"), shell["VB365_WINRM_CERTIFICATE_SHA256"])
			} else {
				text = strings.ReplaceAll(text, valueOf(t, text, "host_key"), shell["VB365_SSH_HOST_KEY"])
			}

			prefix := "VB365_" + strings.ToUpper(transport) + "_"
			for _, name := range []string{"PORT", "PASSWORD"} { // what the example leaves to the environment
				env.Settings[prefix+name] = shell[prefix+name]
			}

			text = strings.ReplaceAll(text, `"vb365.example.com"`, `"`+shell[prefix+"HOST"]+`"`)

			// Nothing is changed: it would be an error if PowerShell were not reached.
			workspace := env.Workspace(t, text+"resource \"vb365_restore_portal\" \"this\" {\n"+
				"application_id = \"2b1d4885-989e-4cba-b8bd-3b13520358b8\"\nportal_uri = \""+env.Portal().URI+"\"\n}\n")
			out, _ := workspace.Run(t, "plan", "-input=false", "-no-color")

			if len(m.CommandLines()) != 1 || strings.Contains(out, "not checked") {
				t.Errorf("PowerShell ran %d times:\n%s", len(m.CommandLines()), out)
			}
		})
	}
}

// valueOf returns the text that an attribute has.
func valueOf(t *testing.T, text, attribute string) string {
	t.Helper()

	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && strings.TrimSpace(name) == attribute {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}

	t.Fatalf("there is no %s", attribute)

	return ""
}

func TestAccPortalExampleAppliesAndPlansEmpty(t *testing.T) {
	t.Parallel()

	env := threeCustomers(t)
	env.SetPortal(simulator.PortalSettings{})
	env.Over(env.StartMachine(t, machine.Options{}), "ssh")
	startEntra(t).Use(env)
	env.Settings["TF_VAR_pfx_password"] = "example"

	workspace := env.Workspace(t, "")
	text := adapted(t, env, filepath.Join("restore-portal", "main.tf"))
	workspace.Write(t, "main.tf", strings.ReplaceAll(text, ":4443", env.URL()[strings.LastIndex(env.URL(), ":"):]))
	writeCertificates(t, workspace, "example")

	applied := workspace.MustRun(t, "apply", "-auto-approve", "-input=false", "-no-color")
	if !strings.Contains(applied, "6 added") {
		t.Errorf("apply did not create application, portal, two consents and two roles:\n%s", applied)
	}

	workspace.MustRun(t, "plan", "-detailed-exitcode", "-input=false", "-no-color")
}

func TestAccConsentExamplesPlan(t *testing.T) {
	t.Parallel()

	for _, example := range []string{"consent", "consent-watched"} {
		env := acctest.Start(t, simulator.Options{})
		addConsent(t, env)

		workspace := env.Workspace(t, read(t, filepath.Join(example, "main.tf")))
		workspace.MustRun(t, "plan", "-input=false", "-no-color")
	}
}
