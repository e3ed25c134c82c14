package tenantconsent_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph/graphtest"
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

// imported is a block that imports the consent.
func imported(id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, id)
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

// TestAccAPlanCostsWhatItMust runs the real binary, which is one process for each
// of these commands, and counts.
func TestAccAPlanCostsWhatItMust(t *testing.T) {
	t.Parallel()
	const tenants, applications = 15, 2
	var names []string
	for i := range tenants {
		names = append(names, fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012d", 1000+i))
	}
	s := startWith(t, graph.Options{Clock: time.Now}, names...)
	other := s.AddApplication(home, graph.Portal("65415bb1-9267-4313-bbf5-ae259732ee12")).AppID
	w := s.Workspace(t, fmt.Sprintf("resource \"vb365_tenant_consent\" \"all\" {\n  count          = %d\n"+
		"  tenant_id      = format(\"bbbbbbbb-0000-4000-8000-%%012d\", 1000 + floor(count.index / 2))\n"+
		"  application_id = count.index %% 2 == 0 ? %q : %q\n}\n", tenants*applications, app, other))
	for runs, command := range []string{"plan -out=tfplan", "apply tfplan", "plan -detailed-exitcode"} {
		w.MustRun(t, strings.Fields(command)...)
		microsoft, requests := map[string]int{}, 0
		for _, request := range s.Requests() {
			if request.Graph() {
				requests++
			}
			if strings.Contains(request.Path, graph.MicrosoftGraphAppID) {
				microsoft[request.Tenant]++
			}
		}
		for _, tenant := range names {
			if microsoft[tenant] > 1 {
				t.Errorf("%s: Microsoft Graph's service principal was looked up %d times in tenant %s", command, microsoft[tenant], tenant)
			}
			if s.Logins(tenant) != runs+1 {
				t.Errorf("after %s, tenant %s was logged in to %d times, want %d", command, tenant, s.Logins(tenant), runs+1)
			}
		}
		most := map[string]int{"plan -out=tfplan": tenants, "plan -detailed-exitcode": 2 * tenants * applications}
		if limit, counted := most[command]; counted && requests > limit {
			t.Errorf("%s of %d consents made %d requests to Graph, want %d at most", command, tenants*applications, requests, limit)
		}
		s.ResetRequests()
	}
}

// TestAccSecretsAppearNowhere runs the real binary, with everything logged.
func TestAccSecretsAppearNowhere(t *testing.T) {
	t.Parallel()
	s := startWith(t, graph.Options{Clock: time.Now})
	w := s.Workspace(t, consent())
	w.Trace(t, "validate")
	w.Trace(t, "plan", "-out=plan1", "-no-color")
	w.Trace(t, "apply", "-no-color", "plan1")
	s.UpdateServicePrincipal(customer, app, func(sp *graph.ServicePrincipal) { sp.Description = new("drift") })
	s.ExpireTokens()
	s.Inject(graph.Fault{Method: http.MethodGet, Path: "^/oauth2PermissionGrants$", Status: http.StatusServiceUnavailable, Times: 1})
	s.Inject(graph.Fault{Path: "/token$", Status: http.StatusServiceUnavailable, Times: 1})
	w.Trace(t, "plan", "-out=plan2", "-no-color")
	w.Trace(t, "show", "-json", "plan2")
	w.Trace(t, "state", "pull")
	s.SetClient(graph.Client{ID: graph.DefaultClientID})
	w.Trace(t, "plan", "-no-color")
	s.SetClient(graph.Client{
		ID: graph.DefaultClientID, Secrets: []graph.Secret{{Value: graphtest.Secret}}, Permissions: graph.ConsentPermissions(),
	})
	w.Trace(t, "destroy", "-auto-approve", "-no-color")
	w.HoldsNone(t, append(s.IssuedTokens(), graphtest.Secret))
	if len(s.IssuedTokens()) < 4 {
		t.Errorf("only %d tokens were issued", len(s.IssuedTokens()))
	}
	trace, err := os.ReadFile(filepath.Join(w.Dir, acctest.TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"@module=vb365.http", "method=GET", "path=/v1.0/servicePrincipals", "status=200", "took_ms=", "tenant=" + customer} {
		if !strings.Contains(string(trace), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

// TestAccEveryCredentialLogsIn logs in with each proof that the login service
// checks.
func TestAccEveryCredentialLogsIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	pfx := acctest.NewPFX(t, "client", "secret of the file", 365*24*time.Hour)
	s.SetClient(graph.Client{
		ID: graph.DefaultClientID, Secrets: []graph.Secret{{Value: graphtest.Secret}}, CertificatesPEM: []string{pfx.PEM},
		FederatedTokens: []graph.Secret{{Value: "of-the-ci"}}, Permissions: graph.ConsentPermissions(),
	})
	for proof, settings := range map[string]map[string]string{
		"secret":      {"ARM_CLIENT_SECRET": graphtest.Secret},
		"certificate": {"ARM_CLIENT_CERTIFICATE": classic(t, pfx.Data, "secret of the file"), "ARM_CLIENT_CERTIFICATE_PASSWORD": "secret of the file"},
		"federated":   {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "of-the-ci"},
	} {
		delete(s.Settings, "ARM_CLIENT_SECRET")
		maps.Copy(s.Settings, settings)
		s.ResetRequests()
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{Config: consent()}}})
		for _, request := range s.Requests() {
			if request.Login != nil && request.Login.Proof != proof {
				t.Errorf("logged in with a %s, want a %s", request.Login.Proof, proof)
			}
		}
		for name := range settings {
			delete(s.Settings, name)
		}
	}
}

// classic encrypts a PFX file anew, as Azure's libraries read it, in base64.
func classic(t *testing.T, pfx []byte, password string) string {
	t.Helper()
	key, certificate, err := pkcs12.Decode(pfx, password)
	if err != nil {
		t.Fatal(err)
	}
	data, err := pkcs12.LegacyDES.Encode(key, certificate, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(data)
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
				Config: consent() + imported(customer+"/"+app), ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
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
			Config: consent() + imported(id), ExpectError: regexp.MustCompile(want),
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
