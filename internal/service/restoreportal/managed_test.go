package restoreportal_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

// startManaged starts a server whose portal was never set up, and its machine.
func startManaged(t *testing.T, transport string, options machine.Options) (*acctest.Env, *acctest.Machine) {
	t.Helper()
	env := acctest.Start(t, simulator.Options{})
	m := env.StartMachine(t, options)
	env.Over(m, transport)
	return env, m
}

// full declares everything, on the port of the server.
func full(env *acctest.Env, portal, operators pfxFile, more ...string) string {
	return declare(application, uriOf(env), append([]string{
		portal.block("certificate"), "operator_authentication = {\n" + operators.block("certificate") + "\n}",
	}, more...)...)
}

// uriOf is the portal's address on the port of the REST service.
func uriOf(env *acctest.Env) string { return "https://portal.example.com:" + strconv.Itoa(env.Port()) }

func noChange() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

func update() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)}
}

// TestAccAPortalThatIsOffMayHideItsAuthority has the server show it while the
// portal is on only, which is not known of the real one.
func TestAccAPortalThatIsOffMayHideItsAuthority(t *testing.T) {
	t.Parallel()
	env := acctest.Start(t, simulator.Options{HideAuthorityWhileOff: true})
	env.Over(env.StartMachine(t, machine.Options{}), "ssh")
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	on, off := full(env, portal, operators), full(env, portal, operators, "enabled = false")
	authority := func(want string) resource.TestCheckFunc {
		return resource.TestCheckResourceAttr(address, "authority_uri", want)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: env.Providers(),
		Steps: []resource.TestStep{
			{Config: off},
			{Config: on, ConfigPlanChecks: update(), Check: authority("https://login.microsoftonline.com/organizations")},
			{Config: off, ConfigPlanChecks: update()},
			{Config: off, ConfigPlanChecks: noChange(), Check: resource.TestCheckNoResourceAttr(address, "authority_uri")},
			{Config: on, ConfigPlanChecks: update(), Check: authority("https://login.microsoftonline.com/organizations")},
		},
	})
}

func TestAccAPortalIsSetUpChangedAndTurnedOff(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"ssh", "winrm"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			env, m := startManaged(t, transport, machine.Options{})
			portal, operators, next := newPFX(t, "portal", year), newPFX(t, "operators", year), newPFX(t, "next", year)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: env.Providers(),
				CheckDestroy: func(*terraform.State) error {
					if s := env.Portal(); s.Enabled || s.ApplicationID != application || s.Certificate.Thumbprint != next.thumbprint ||
						!env.Service().OperatorAuthentication.Enabled {
						return fmt.Errorf("destroying left %+v, %+v", s, env.Service())
					}
					return nil
				},
				Steps: []resource.TestStep{
					{
						Config: full(env, portal, operators),
						Check: resource.ComposeAggregateTestCheckFunc(
							resource.TestCheckResourceAttr(address, "certificate_thumbprint", portal.thumbprint),
							resource.TestCheckResourceAttr(address, "certificate_expires_at", portal.notAfter.UTC().Format(time.RFC3339)),
							resource.TestCheckResourceAttr(address, "operator_authentication.certificate_thumbprint", operators.thumbprint),
							resource.TestCheckResourceAttr(address, "rest_api_port", strconv.Itoa(env.Port())),
							resource.TestCheckResourceAttr(address, "authority_uri", "https://login.microsoftonline.com/organizations"),
							resource.TestCheckNoResourceAttr(address, "certificate.pfx_base64_wo"),
							resource.TestCheckNoResourceAttr(address, "certificate.password_wo"),
						),
					},
					{Config: full(env, portal, operators), PlanOnly: true},
					{Config: full(env, next, operators, `tenant_authentication = { enabled = false }`), ConfigPlanChecks: update()},
					{
						ResourceName: address, ImportState: true, ImportStateId: "any", ImportStateVerify: true,
						ImportStateVerifyIgnore: []string{
							"timeouts", "certificate.%", "operator_authentication.%", "operator_authentication.enabled",
							"operator_authentication.certificate.%", "operator_authentication.certificate_thumbprint",
							"operator_authentication.certificate_expires_at", "tenant_authentication.%", "tenant_authentication.enabled",
						},
					},
				},
			})
			for _, secret := range []string{pfxPassword, portal.base64, operators.base64, next.base64} {
				if place := m.Find(secret); place != "" {
					t.Errorf("a secret is in %s", place)
				}
			}
		})
	}
}

const year = 365 * 24 * time.Hour

// Each attribute is changed on the server, and put right.
func TestAccWithPowerShellEveryAttributeDriftsVisibly(t *testing.T) {
	t.Parallel()
	portal, operators, other := newPFX(t, "portal", year), newPFX(t, "operators", year), newPFX(t, "other", year)
	foreign := simulator.Certificate{Thumbprint: other.thumbprint, IssuedTo: "other", Expires: other.notAfter}
	service := func(change func(*simulator.ServiceSettings)) func(*acctest.Env) {
		return func(env *acctest.Env) {
			s := env.Service()
			change(&s)
			env.SetService(s)
		}
	}
	portalSettings := func(change func(*simulator.PortalSettings)) func(*acctest.Env) {
		return func(env *acctest.Env) { setPortal(env, change) }
	}
	for name, drift := range map[string]func(*acctest.Env){
		"enabled":                portalSettings(func(s *simulator.PortalSettings) { s.Enabled = false }),
		"application_id":         portalSettings(func(s *simulator.PortalSettings) { s.ApplicationID = "00000000-1111-4000-8000-000000000000" }),
		"portal_uri":             portalSettings(func(s *simulator.PortalSettings) { s.URI = "https://other.example.com:1" }),
		"region":                 portalSettings(func(s *simulator.PortalSettings) { s.Region = simulator.USDefence }),
		"certificate_thumbprint": portalSettings(func(s *simulator.PortalSettings) { s.Certificate = foreign }),
		"operator_authentication.enabled": service(func(s *simulator.ServiceSettings) {
			s.OperatorAuthentication.Enabled = false
		}),
		"operator_authentication.certificate_thumbprint": service(func(s *simulator.ServiceSettings) {
			s.OperatorAuthentication.Certificate = foreign
		}),
		"tenant_authentication.enabled": service(func(s *simulator.ServiceSettings) {
			s.TenantAuthentication.Enabled = false
		}),
		"tenant_authentication.certificate_thumbprint": service(func(s *simulator.ServiceSettings) {
			s.TenantAuthentication.Certificate = foreign
		}),
		"rest_api_port": func(env *acctest.Env) {
			_ = env.Restart(freePort(t), 0)
			env.Settings["VB365_ENDPOINT"] = env.URL()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, _ := startManaged(t, "ssh", machine.Options{})
			port := env.Port()
			config := full(env, portal, operators, "tenant_authentication = {\n"+operators.block("certificate")+"\n}",
				"rest_api_port = "+strconv.Itoa(port))
			var before, after string
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
				{Config: config, Check: remember(name, &before)},
				{
					PreConfig: func() { drift(env) }, Config: config, ConfigPlanChecks: update(),
					Check: resource.ComposeTestCheckFunc(remember(name, &after), func(*terraform.State) error {
						// Where the port has changed, the next run has to be told.
						env.Settings["VB365_ENDPOINT"] = env.URL()
						return nil
					}),
				},
				{Config: config, ConfigPlanChecks: noChange()},
			}})
			if before == "" || before != after {
				t.Errorf("%s was %q and is %q after the repair", name, before, after)
			}
			if env.Port() != port {
				t.Errorf("the REST service is on port %d", env.Port())
			}
		})
	}
}

// remember keeps the value of an attribute.
func remember(attribute string, value *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		*value = s.RootModule().Resources[address].Primary.Attributes[attribute]
		return nil
	}
}

func TestAccPlansFindWhatWouldFail(t *testing.T) {
	t.Parallel()
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	on := "operator_authentication = {\n" + operators.block("certificate") + "\n}"
	for name, c := range map[string]struct {
		config func(env *acctest.Env) string
		want   string
	}{
		"a port that is not the REST service's": {
			func(*acctest.Env) string {
				return declare(application, "https://portal.example.com:9", portal.block("certificate"), on)
			}, `served on the port of the REST service, \d+, and portal_uri names 9`,
		},
		"no operator authentication": {
			func(env *acctest.Env) string { return declare(application, uriOf(env), portal.block("certificate")) },
			`Declare operator_authentication with enabled = true`,
		},
		"operator authentication that is off": {
			func(env *acctest.Env) string {
				return declare(application, uriOf(env), portal.block("certificate"), "operator_authentication = { enabled = false }")
			}, `The portal needs operator authentication`,
		},
		"no certificate of the portal": {
			func(env *acctest.Env) string { return declare(application, uriOf(env), on) }, `The portal needs a certificate to be on`,
		},
		"no certificate of operator authentication": {
			func(env *acctest.Env) string {
				return declare(application, uriOf(env), portal.block("certificate"), "operator_authentication = {}")
			}, `Operator authentication needs a certificate to be on`,
		},
		"Germany": {
			func(env *acctest.Env) string { return declare(application, uriOf(env), `region = "Germany"`) }, `Cloud Germany, which was closed`,
		},
		"a path": {
			func(*acctest.Env) string { return declare(application, "https://portal.example.com:4443/") }, `more than a host and a port`,
		},
		"no port": {
			func(*acctest.Env) string { return declare(application, "https://portal.example.com") }, `names no port`,
		},
		"IPv6": {
			func(*acctest.Env) string { return declare(application, "https://[::1]:4443") }, `an IPv6 address`,
		},
		"http": {
			func(*acctest.Env) string { return declare(application, "http://portal.example.com:4443") }, `does not begin with https`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, _ := startManaged(t, "ssh", machine.Options{})
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
				{Config: c.config(env), PlanOnly: true, ExpectError: unwrapped(c.want)},
			}})
			if strings.Contains(fmt.Sprint(env.Requests()), "POST /RestorePortal") || env.Portal() != (simulator.PortalSettings{}) {
				t.Error("a plan changed the portal")
			}
		})
	}
}
