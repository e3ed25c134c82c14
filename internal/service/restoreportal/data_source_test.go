package restoreportal_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestMain(m *testing.M) { acctest.Main(m) }

func at(name string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.vb365_restore_portal.this", tfjsonpath.New(name), check)
}

func portal(t *testing.T, env *acctest.Env, checks ...statecheck.StateCheck) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{{
		Config: `data "vb365_restore_portal" "this" {}`, ConfigStateChecks: checks,
	}}})
}

func TestAccPortalIsReadWithoutCredentialsEvenFromAHostForOperators(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v6", "v7", "v8", ""} {
		for _, operatorOnly := range []bool{false, true} {
			name := version + " host for everything"
			if operatorOnly {
				name = version + " host for operators"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				env := acctest.Start(t, simulator.Options{OperatorOnly: operatorOnly})
				env.Seed(simulator.ThreeCustomers())
				env.Settings["VB365_API_VERSION"] = version
				env.Settings["VB365_USERNAME"], env.Settings["VB365_PASSWORD"] = "", ""
				uri := knownvalue.StringExact("https://portal.example.com:4443")
				checks := []statecheck.StateCheck{
					at("enabled", knownvalue.Bool(true)), at("configured", knownvalue.Bool(true)),
					at("application_id", knownvalue.StringExact("2b1d4885-989e-4cba-b8bd-3b13520358b8")), at("portal_uri", uri),
				}
				if version == "v6" {
					checks[3] = at("portal_uri", knownvalue.Null())
				}
				portal(t, env, checks...)
				for _, r := range env.Requests() {
					if r.Bearer || r.Token != nil {
						t.Errorf("%s %s was sent with or for a token", r.Method, r.Path)
					}
				}
			})
		}
	}
}

func TestAccAPortalThatWasNeverSetUpSaysSo(t *testing.T) {
	t.Parallel()
	env := acctest.Start(t, simulator.Options{})
	portal(t, env, at("enabled", knownvalue.Bool(false)), at("configured", knownvalue.Bool(false)), at("application_id", knownvalue.Null()))
}
