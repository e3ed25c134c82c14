package restoreportal_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

// says looks for texts wherever Terraform breaks lines.
func says(t *testing.T, out string, want ...string) {
	t.Helper()
	plain := strings.Join(strings.FieldsFunc(out, func(r rune) bool { return r == '│' || r == '\n' || r == ' ' }), " ")
	for _, text := range want {
		if !strings.Contains(plain, text) {
			t.Errorf("the output lacks %q:\n%s", text, out)
		}
	}
}

func TestAccThePlanOfANewPortalSaysWhatItTakesOver(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	env.SetPortal(simulator.PortalSettings{
		Enabled: true, ApplicationID: "00000000-1111-4000-8000-000000000000", URI: uriOf(env),
		Certificate: simulator.Certificate{Thumbprint: "AAAA"},
	})
	w := env.Workspace(t, full(env, newPFX(t, "portal", year), newPFX(t, "operators", year)))
	says(t, w.MustRun(t, "plan", "-no-color"), "The server has a restore portal already",
		"application_id is 00000000-1111-4000-8000-000000000000 on the server, and "+application, "certificate is AAAA on the server",
		`import { to = vb365_restore_portal.<name>`)
	// Likewise where the application is yet to be registered.
	w.Write(t, "main.tf", acctest.Requires+strings.Replace(full(env, newPFX(t, "portal", year), newPFX(t, "operators", year)),
		strconv.Quote(application), "terraform_data.application.output", 1)+
		fmt.Sprintf("resource \"terraform_data\" \"application\" {\n  input = %q\n}\n", application))
	says(t, w.MustRun(t, "plan", "-no-color"), "The server has a restore portal already",
		"application_id is 00000000-1111-4000-8000-000000000000 on the server, and not known before apply")
	// And where the switch is not known yet, it is not taken for off.
	w.Write(t, "main.tf", acctest.Requires+full(env, newPFX(t, "portal", year), newPFX(t, "operators", year), "enabled = terraform_data.on.output")+
		"resource \"terraform_data\" \"on\" {\n  input = true\n}\n")
	says(t, w.MustRun(t, "plan", "-no-color"), "enabled is on on the server, and not known before apply") //nolint:dupword // the first is its value
}

func TestAccDriftOfThePortalIsSaidInWords(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	portal := newPFX(t, "portal", year)
	w := env.Workspace(t, full(env, portal, newPFX(t, "operators", year)))
	if out := w.MustRun(t, "apply", "-auto-approve", "-no-color"); strings.Contains(out, "already") || strings.Contains(out, "outside") {
		t.Errorf("the first apply warns:\n%s", out)
	}
	setPortal(env, func(s *simulator.PortalSettings) {
		s.URI, s.Certificate = "https://evil.example.com:1", simulator.Certificate{}
	})
	service := env.Service()
	service.OperatorAuthentication.Enabled = false
	env.SetService(service)
	says(t, w.MustRun(t, "plan", "-no-color"), "The restore portal was changed outside Terraform",
		"portal_uri was "+uriOf(env)+" and is https://evil.example.com:1,", "the portal's certificate was "+portal.thumbprint+" and is empty,",
		"operator_authentication.enabled was on and is off,", "An apply puts back what the configuration says")
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	if out := w.MustRun(t, "plan", "-detailed-exitcode", "-no-color"); strings.Contains(out, "outside Terraform") {
		t.Errorf("the repair is drift, too:\n%s", out)
	}
}

func TestAccWithoutPowerShellThePlanOfADestroySaysWhatToRun(t *testing.T) {
	t.Parallel()
	env := startVerified(t)
	w := env.Workspace(t, wanted())
	w.MustRun(t, "apply", "-auto-approve", "-no-color")
	const cmdlet = "Set-VBORestorePortalSettings -EnableService:$false"
	says(t, w.MustRun(t, "plan", "-destroy", "-no-color"), "destroying it will fail", cmdlet)
	out, _ := w.Run(t, "destroy", "-auto-approve", "-no-color")
	says(t, out, "The portal is on, and destroying turns it off", cmdlet)
}

func TestAccATroubleInsideAnAttributeSaysInWhich(t *testing.T) {
	t.Parallel()
	env := acctest.Start(t, simulator.Options{})
	expired := newPFX(t, "expired", -year)
	w := env.Workspace(t, wanted("operator_authentication = {\n"+expired.block("certificate")+"\n}",
		"certificate = {\n pfx_base64_wo = base64encode(\"-----BEGIN CERTIFICATE-----\")\n}"))
	out, _ := w.Run(t, "plan", "-no-color")
	says(t, out, "In operator_authentication.certificate.pfx_base64_wo: The certificate "+expired.thumbprint+" was valid until",
		"In certificate.pfx_base64_wo: This is a file in PEM", "openssl pkcs12 -export")
}
