package tenantconsent_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/acctest/entratest"
	"github.com/vb365/terraform-provider-vb365/internal/provider"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestMain(m *testing.M) { acctest.Main(m) }

const (
	home     = "aaaaaaaa-0000-4000-8000-000000000001"
	customer = "bbbbbbbb-0000-4000-8000-000000000002"
	app      = "65415bb1-9267-4313-bbf5-ae259732ee12"
	address  = "vb365_tenant_consent.acme"
)

func start(t *testing.T) *entratest.Server {
	t.Helper()
	s := entratest.Start(t, home)
	s.Add(home, entratest.Applications, entratest.Object{"appId": app, "displayName": "Portal", "signInAudience": "AzureADMultipleOrgs"})
	return s
}

func providers(s *entratest.Server) map[string]func() (tfprotov6.ProviderServer, error) {
	settings := s.Settings()
	surroundings := provider.Surroundings{Getenv: func(name string) string { return settings[name] }, Clock: s.Clock}
	return map[string]func() (tfprotov6.ProviderServer, error){
		"vb365": providerserver.NewProtocol6WithError(provider.NewIn("test", surroundings)()),
	}
}

func consent(more ...string) string {
	return fmt.Sprintf("resource \"vb365_tenant_consent\" \"acme\" {\n  tenant_id      = %q\n  application_id = %q\n  %s\n}\n",
		customer, app, strings.Join(more, "\n  "))
}

func grants(s *entratest.Server, tenant string) []string {
	var scopes []string
	for _, g := range s.List(tenant, entratest.Grants) {
		scopes = append(scopes, fmt.Sprint(g["scope"]))
	}
	slices.Sort(scopes)
	return scopes
}

func wantGrants(t *testing.T, s *entratest.Server, want ...string) {
	t.Helper()
	if got := grants(s, customer); !slices.Equal(got, want) {
		t.Errorf("the tenant's grants are %q, want %q", got, want)
	}
}

// nothingLeft checks that a destroy left nothing in the tenants.
func nothingLeft(s *entratest.Server, tenants ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		for _, tenant := range tenants {
			if n := len(s.List(tenant, entratest.Principals)); n > 0 || len(grants(s, tenant)) > 0 {
				return fmt.Errorf("in tenant %s are %d service principals and the grants %v", tenant, n, grants(s, tenant))
			}
		}
		return nil
	}
}

func planned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

func TestAccConsentLivesThroughDriftUnderAnyLag(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 30 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Lag = lag
			later := func(change func()) func() {
				return func() {
					s.Clock.Pass(time.Hour)
					change()
				}
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: providers(s),
				CheckDestroy:             nothingLeft(s, customer),
				Steps: []resource.TestStep{
					{
						Config: consent(),
						Check: resource.ComposeAggregateTestCheckFunc(
							resource.TestCheckResourceAttr(address, "id", customer+"/"+app),
							resource.TestCheckResourceAttr(address, "account_enabled", "true"),
							resource.TestCheckResourceAttr(address, "on_destroy", "revert"),
							resource.TestCheckResourceAttr(address, "granted_scopes.graph.0", "User.Read"),
							resource.TestCheckResourceAttr(address, "granted_scopes.application.0", "access_as_user"),
							resource.TestCheckResourceAttr(address, "unmanaged_scopes.graph.#", "0"),
							resource.TestCheckResourceAttr(address, "admin_consent_url", s.URL+"/"+customer+"/adminconsent?client_id="+app),
						),
					},
					{PreConfig: func() { s.Calls() }, Config: consent(), PlanOnly: true},
					{
						PreConfig: func() {
							if n := len(s.Calls()); n > 4 { // a refresh and a plan, in processes of their own
								t.Errorf("a plan right after the apply made %d requests", n)
							}
						},
						Config: consent(`on_destroy = "revoke"`), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
					},
					{Config: consent(), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate)},
					{
						PreConfig: later(func() {
							s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
								if g["scope"] == "User.Read" {
									g["scope"] = " openid Mail.Read"
									return g
								}
								return nil
							})
							s.Edit(customer, entratest.Principals, func(sp entratest.Object) entratest.Object {
								sp["accountEnabled"] = false
								return sp
							})
						}),
						Config: consent(), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
						Check: resource.ComposeAggregateTestCheckFunc(
							resource.TestCheckResourceAttr(address, "unmanaged_scopes.graph.#", "2"),
							func(*terraform.State) error {
								wantGrants(t, s, "Mail.Read openid User.Read", "access_as_user")
								return nil
							},
						),
					},
					{
						PreConfig: later(func() {
							s.Edit(customer, entratest.Grants, func(g entratest.Object) entratest.Object {
								if g["scope"] != "access_as_user" {
									g["scope"] = "User.Read"
								}
								return g
							})
							s.Edit(customer, entratest.Principals, func(entratest.Object) entratest.Object { return nil })
						}),
						Config: consent(), ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
					},
					{Config: consent("account_enabled = false"), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate)},
					{
						ResourceName: address, ImportState: true, ImportStateId: strings.ToUpper(customer) + "/" + app, ImportStateVerify: true,
						ImportStateVerifyIgnore: []string{"tenant_id", "admin_consent_url"},
					},
				},
			})
		})
	}
}

func TestAccAHundredConsentsUnderThrottlingAndLag(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes its time")
	}
	s := start(t)
	s.Lag = 30 * time.Second
	var count atomic.Int64
	s.Meet = func(w http.ResponseWriter, _ entratest.Call, next func(http.ResponseWriter)) {
		if count.Add(1)%3 == 0 {
			w.Header().Set("Retry-After", "4")
			entratest.Fail(w, http.StatusTooManyRequests, "TooManyRequests", "Too many requests")
			return
		}
		next(w)
	}
	var tenants []string
	for i := range 100 {
		tenants = append(tenants, fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012d", i))
	}
	config := fmt.Sprintf("resource \"vb365_tenant_consent\" \"all\" {\n  count          = 100\n"+
		"  tenant_id      = format(\"bbbbbbbb-0000-4000-8000-%%012d\", count.index)\n  application_id = %q\n}\n", app)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: providers(s),
		CheckDestroy:             nothingLeft(s, tenants...),
		Steps: []resource.TestStep{
			{Config: config},
			{Config: config, PlanOnly: true},
		},
	})
}

func TestAccConsentThatIsThereIsImportedAndLeft(t *testing.T) {
	t.Parallel()
	s := start(t)
	sp := s.Add(customer, entratest.Principals, entratest.Object{"appId": app, "displayName": "Portal", "accountEnabled": true})
	for resourceID, scope := range map[string]string{s.GraphID(customer): " openid User.Read", sp: "access_as_user"} {
		s.Add(customer, entratest.Grants, entratest.Object{
			"clientId": sp, "resourceId": resourceID, "consentType": "AllPrincipals", "scope": scope,
		})
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: providers(s),
		CheckDestroy: func(*terraform.State) error {
			wantGrants(t, s, " openid User.Read", "access_as_user")
			return nil
		},
		Steps: []resource.TestStep{
			{
				Config: consent(), ResourceName: address, ImportState: true, ImportStateId: customer + "/" + app, ImportStatePersist: true,
			},
			{PreConfig: func() { s.Calls() }, Config: consent(), PlanOnly: true},
		},
	})
	for _, call := range s.Calls() {
		if !strings.HasPrefix(call, "GET ") {
			t.Errorf("the tenant was changed: %s", call)
		}
	}
}

func TestAccWhatCannotBeImportedIsSaid(t *testing.T) {
	t.Parallel()
	s := start(t)
	for id, want := range map[string]string{
		"nonsense":           "Malformed import id",
		customer:             "Malformed import id",
		customer + "/" + app: "There is no such consent",
	} {
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{{
			Config: consent(), ResourceName: address, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(want),
		}}})
	}
}

func TestAccAnotherTenantIsAnotherConsent(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Lag = 30 * time.Second
	const other = "contoso.onmicrosoft.com"
	elsewhere := strings.Replace(consent(), customer, other, 1)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: providers(s),
		CheckDestroy:             nothingLeft(s, customer, other),
		Steps: []resource.TestStep{
			{Config: consent()},
			{Config: strings.Replace(consent(), customer, strings.ToUpper(customer), 1), PlanOnly: true},
			{
				Config: elsewhere, ConfigPlanChecks: planned(plancheck.ResourceActionReplace),
				Check: resource.ComposeAggregateTestCheckFunc(nothingLeft(s, customer),
					resource.TestCheckResourceAttr(address, "id", other+"/"+app)),
			},
		},
	})
}

func TestAccAConsentIsDeclaredOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{{
		Config:      consent() + strings.Replace(consent(), "acme", "again", 1),
		ExpectError: regexp.MustCompile("The consent is declared twice"),
	}}})
}

func TestAccTheDataSourceTellsWithoutFailing(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Lag = 30 * time.Second
	data := func(more string) string {
		return fmt.Sprintf("data \"vb365_tenant_consent\" \"acme\" {\n  tenant_id      = %q\n  application_id = %q\n%s}\n", customer, app, more)
	}
	const address = "data.vb365_tenant_consent.acme"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{
		{
			Config: data(""),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "granted", "false"),
				resource.TestCheckResourceAttr(address, "enabled", "false"),
				resource.TestCheckResourceAttr(address, "missing_scopes.graph.0", "User.Read"),
				resource.TestCheckResourceAttr(address, "missing_scopes.application.0", "access_as_user"),
				resource.TestCheckNoResourceAttr(address, "service_principal_id"),
				resource.TestCheckResourceAttr(address, "admin_consent_url", s.URL+"/"+customer+"/adminconsent?client_id="+app),
			),
		},
		{
			Config: consent() + data("depends_on = [vb365_tenant_consent.acme]\n"),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "granted", "true"),
				resource.TestCheckResourceAttr(address, "enabled", "true"),
				resource.TestCheckResourceAttr(address, "missing_scopes.graph.#", "0"),
				resource.TestCheckResourceAttrSet(address, "service_principal_id"),
			),
		},
	}})
}

func TestAccNothingIsContactedThatIsNotNeeded(t *testing.T) {
	t.Parallel()
	s := start(t)
	settings := s.Settings()
	delete(settings, "ARM_CLIENT_SECRET")
	getenv := func(name string) string { return settings[name] }
	factories := map[string]func() (tfprotov6.ProviderServer, error){
		"vb365": providerserver.NewProtocol6WithError(provider.NewWithEnvironment("test", getenv)()),
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{{
		Config: consent(), ExpectError: regexp.MustCompile(`not\s+told\s+how\s+to\s+log\s+in\s+to\s+Microsoft\s+Entra`),
	}}})
	if len(s.Calls()) > 0 {
		t.Error("Graph was contacted")
	}
}

// TestAccNoSecretIsWrittenDown runs the real binary, with everything logged.
func TestAccNoSecretIsWrittenDown(t *testing.T) {
	t.Parallel()
	s := start(t)
	env := acctest.Start(t, simulator.Options{})
	maps.Copy(env.Settings, s.Settings())
	w := env.Workspace(t, consent())
	log := filepath.Join(w.Dir, "trace.log")
	command := w.Command(t.Context(), []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + log}, "apply", "-auto-approve", "-no-color")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	state, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	trace, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(trace, []byte("Microsoft answered")) {
		t.Error("requests are not logged")
	}
	for name, text := range map[string][]byte{"the output": output, "the state": state, "the log": trace} {
		for _, secret := range []string{entratest.Secret, "token-of-"} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
}
