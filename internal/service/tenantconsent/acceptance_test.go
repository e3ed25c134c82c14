package tenantconsent_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

func TestMain(m *testing.M) { acctest.Main(m) }

const (
	home     = "aaaaaaaa-0000-4000-8000-000000000001"
	customer = "bbbbbbbb-0000-4000-8000-000000000002"
	app      = graph.PortalAppID
	address  = "vb365_tenant_consent.acme"
)

func start(t *testing.T, tenants ...string) *acctest.Entra {
	t.Helper()
	return startWith(t, graph.Options{}, tenants...)
}

// startWith starts an Entra in which the portal's application is registered.
func startWith(t *testing.T, options graph.Options, tenants ...string) *acctest.Entra {
	t.Helper()
	return acctest.StartEntra(t, options, graph.Tenants(home, append(tenants, customer)...).WithPortal())
}

func consent(more ...string) string {
	return fmt.Sprintf("resource \"vb365_tenant_consent\" \"acme\" {\n  tenant_id      = %q\n  application_id = %q\n  %s\n}\n",
		customer, app, strings.Join(more, "\n  "))
}

func grants(s *acctest.Entra, tenant string) []string {
	var scopes []string
	for _, g := range s.Grants(tenant) {
		scopes = append(scopes, g.Scope)
	}
	slices.Sort(scopes)
	return scopes
}

func wantGrants(t *testing.T, s *acctest.Entra, want ...string) {
	t.Helper()
	if got := grants(s, customer); !slices.Equal(got, want) {
		t.Errorf("the tenant's grants are %q, want %q", got, want)
	}
}

// nothingLeft checks that a destroy left nothing in the tenants.
func nothingLeft(s *acctest.Entra, tenants ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		for _, tenant := range tenants {
			if n := len(s.ServicePrincipals(tenant)); n > 0 || len(grants(s, tenant)) > 0 {
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
			s.Behind(lag)
			later := func(change func()) func() {
				return func() {
					s.Clock.Pass(time.Hour)
					change()
				}
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: s.Providers(),
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
							resource.TestCheckResourceAttr(address, "admin_consent_url", s.URL()+"/"+customer+"/adminconsent?client_id="+app),
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
							s.Rescope(customer, "User.Read", " openid Mail.Read")
							s.Rescope(customer, "access_as_user", "")
							s.UpdateServicePrincipal(customer, app, func(sp *graph.ServicePrincipal) { sp.AccountEnabled = false })
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
							s.Rescope(customer, "Mail.Read openid User.Read", "User.Read")
							s.DeleteServicePrincipal(customer, app)
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
	var tenants []string
	for i := range 100 {
		tenants = append(tenants, fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012d", 1000+i))
	}
	s := startWith(t, graph.Options{ThrottleEvery: 3, RetryAfter: 4 * time.Second}, tenants...)
	s.Behind(30 * time.Second)
	config := fmt.Sprintf("resource \"vb365_tenant_consent\" \"all\" {\n  count          = 100\n"+
		"  tenant_id      = format(\"bbbbbbbb-0000-4000-8000-%%012d\", 1000 + count.index)\n  application_id = %q\n}\n", app)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
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
	s.Consent(customer, app)
	s.Rescope(customer, "User.Read", " openid User.Read")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
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
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{
			Config: consent(), ResourceName: address, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(want),
		}}})
	}
}

func TestAccAnotherTenantIsAnotherConsent(t *testing.T) {
	t.Parallel()
	const other = "contoso.onmicrosoft.com"
	s := start(t, other)
	s.Behind(30 * time.Second)
	elsewhere := strings.Replace(consent(), customer, other, 1)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
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
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{
		Config:      consent() + strings.Replace(consent(), "acme", "again", 1),
		ExpectError: regexp.MustCompile("The consent is declared twice"),
	}}})
}

func TestAccTheDataSourceTellsWithoutFailing(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Behind(30 * time.Second)
	data := func(more string) string {
		return fmt.Sprintf("data \"vb365_tenant_consent\" \"acme\" {\n  tenant_id      = %q\n  application_id = %q\n%s}\n", customer, app, more)
	}
	const address = "data.vb365_tenant_consent.acme"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{
			Config: data(""),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "granted", "false"),
				resource.TestCheckResourceAttr(address, "enabled", "false"),
				resource.TestCheckResourceAttr(address, "missing_scopes.graph.0", "User.Read"),
				resource.TestCheckResourceAttr(address, "missing_scopes.application.0", "access_as_user"),
				resource.TestCheckNoResourceAttr(address, "service_principal_id"),
				resource.TestCheckResourceAttr(address, "admin_consent_url", s.URL()+"/"+customer+"/adminconsent?client_id="+app),
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
	delete(s.Settings, "ARM_CLIENT_SECRET")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{
		Config: consent(), ExpectError: regexp.MustCompile(`not\s+told\s+how\s+to\s+log\s+in\s+to\s+Microsoft\s+Entra`),
	}}})
	if len(s.Calls()) > 0 {
		t.Error("Graph was contacted")
	}
}
