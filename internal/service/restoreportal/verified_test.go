package restoreportal_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// startVerified starts a server whose portal is as wanted declares it.
func startVerified(t *testing.T) *acctest.Env {
	t.Helper()
	env := acctest.Start(t, simulator.Options{})
	env.Seed(simulator.ThreeCustomers())
	return env
}

func TestAccWithoutPowerShellAPortalAsDeclaredIsAdopted(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v6", "v7", "v8"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			env := startVerified(t)
			env.Settings["VB365_API_VERSION"] = version
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
				{
					Config: wanted(),
					Check: resource.ComposeAggregateTestCheckFunc(
						resource.TestCheckResourceAttrSet(address, "id"),
						resource.TestCheckResourceAttr(address, "enabled", "true"),
						resource.TestCheckResourceAttr(address, "region", "Worldwide"),
						resource.TestCheckResourceAttr(address, "portal_uri", portalURI),
						resource.TestCheckNoResourceAttr(address, "rest_api_port"),
						resource.TestCheckNoResourceAttr(address, "certificate_thumbprint"),
					),
				},
				{Config: wanted(), PlanOnly: true},
				{
					ResourceName: address, ImportState: true, ImportStateId: "any", ImportStateVerify: version != "v6",
					ImportStateVerifyIgnore: []string{"timeouts"},
				},
				{Config: wanted(), PreConfig: func() {
					setPortal(env, func(s *simulator.PortalSettings) { s.Enabled = false })
				}, Destroy: true},
			}})
		})
	}
}

// The next plan is empty once an administrator has run what the error says.
func TestAccWithoutPowerShellTheErrorSaysWhatToRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*simulator.PortalSettings)
		want   []string
	}{
		"turned off": {
			func(s *simulator.PortalSettings) { s.Enabled = false },
			[]string{`enabled is off on the server, and on in the configuration`, `-EnableService:\$true -ApplicationId '` + application},
		},
		"another application": {
			func(s *simulator.PortalSettings) { s.ApplicationID = "00000000-1111-4000-8000-000000000000" },
			[]string{`application_id is 00000000-1111`, `-ApplicationId '` + application + `'`},
		},
		"another address": {
			func(s *simulator.PortalSettings) { s.URI = "https://other.example.com:4443" },
			[]string{`portal_uri is https://other.example.com:4443`, `-PortalUri '` + portalURI + `'`},
		},
		"another region": {
			func(s *simulator.PortalSettings) { s.Region = simulator.China },
			[]string{`region is China`, `-Region 'Worldwide'`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := startVerified(t)
			right := env.Portal()
			var steps []resource.TestStep
			for _, want := range append(c.want, "Import-Module", `the next plan|plan again`) {
				steps = append(steps, resource.TestStep{
					PreConfig: func() { setPortal(env, c.change) }, Config: wanted(), ExpectError: unwrapped(want),
				})
			}
			steps = append(steps,
				resource.TestStep{PreConfig: func() { env.SetPortal(right) }, Config: wanted()},
				resource.TestStep{
					PreConfig: func() { setPortal(env, c.change) }, Config: wanted(), PlanOnly: true, ExpectNonEmptyPlan: true,
					ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: planned(plancheck.ResourceActionUpdate)},
				},
				resource.TestStep{Config: wanted(), ExpectError: unwrapped(c.want[0])},
				resource.TestStep{
					PreConfig: func() { env.SetPortal(right) }, Config: wanted(),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				},
				resource.TestStep{Config: wanted(), Destroy: true, ExpectError: unwrapped(`-EnableService:\$false`)},
				resource.TestStep{
					PreConfig: func() { setPortal(env, func(s *simulator.PortalSettings) { s.Enabled = false }) },
					Config:    wanted(), Destroy: true,
				})
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: steps})
		})
	}
}

// unwrapped is an expression that matches wherever Terraform breaks lines.
func unwrapped(expression string) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(expression, " ", `[\s│]+`))
}

func TestAccWithoutPowerShellWhatRESTDoesNotShowIsSaidOnce(t *testing.T) {
	t.Parallel()
	env := startVerified(t)
	first, second := newPFX(t, "first", 300*24*time.Hour), newPFX(t, "second", 300*24*time.Hour)
	declared := func(f pfxFile) string {
		return wanted(f.block("certificate"), "rest_api_port = 4443",
			"operator_authentication = {\n"+f.block("certificate")+"\n}", "tenant_authentication = { enabled = false }")
	}
	w := env.Workspace(t, declared(first))
	told := func(out string, want ...string) {
		t.Helper()
		plain := strings.Join(strings.FieldsFunc(out, func(r rune) bool { return r == '│' || r == '\n' || r == ' ' }), " ")
		for _, text := range want {
			if !strings.Contains(plain, text) {
				t.Errorf("the output lacks %q:\n%s", text, out)
			}
		}
		if len(want) == 0 && strings.Contains(plain, "not verified") {
			t.Errorf("the output tells of what is not verified once more:\n%s", out)
		}
		if strings.Contains(out, first.base64[:40]) || strings.Contains(out, pfxPassword) {
			t.Error("the output holds a secret")
		}
	}
	told(w.MustRun(t, "apply", "-auto-approve", "-no-color"), "certificate, with the thumbprint "+first.thumbprint,
		"operator_authentication", "tenant_authentication", "rest_api_port, 4443", "Get-VBORestorePortalSettings")
	told(w.MustRun(t, "apply", "-auto-approve", "-no-color"))
	w.Write(t, "main.tf", acctest.Requires+declared(second))
	out := w.MustRun(t, "apply", "-auto-approve", "-no-color")
	told(out, fmt.Sprintf("%q -> %q", first.thumbprint, second.thumbprint), "certificate, with the thumbprint "+second.thumbprint)
}

func TestAccWithoutPowerShellPlansSayWhatAnApplyWouldFailWith(t *testing.T) {
	t.Parallel()
	env := acctest.Start(t, simulator.Options{}) // a portal that was never set up
	w := env.Workspace(t, wanted())
	out := w.MustRun(t, "plan", "-no-color")
	for _, want := range []string{"application_id is 00000000-0000", "Set-VBORestorePortalSettings -EnableService:$true"} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan lacks %q:\n%s", want, out)
		}
	}
}
