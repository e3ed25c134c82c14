package portalapplication_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"reflect"
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
	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

func TestMain(m *testing.M) { acctest.Main(m) }

const (
	home    = "aaaaaaaa-0000-4000-8000-000000000001"
	alice   = "dddddddd-0000-4000-8000-000000000001"
	bob     = "dddddddd-0000-4000-8000-000000000002"
	address = "vb365_restore_portal_application.portal"
	portal  = "https://portal.example.com:4443"
)

// issued is a certificate and the name that Entra gives it.
type issued struct{ pem, thumbprint string }

func issue(t *testing.T, name string) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(der)
	return issued{
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), strings.ToUpper(hex.EncodeToString(sum[:])),
	}
}

func start(t *testing.T) *acctest.Entra {
	t.Helper()
	s := acctest.StartEntra(t, graph.Options{}, graph.Tenants(home))
	s.AddUser(home, graph.User{ID: alice, DisplayName: "Alice"})
	s.AddUser(home, graph.User{ID: bob, DisplayName: "Bob"})
	return s
}

func application(c issued, more ...string) string {
	return fmt.Sprintf("resource \"vb365_restore_portal_application\" \"portal\" {\n  display_name = \"Restore Portal\"\n"+
		"  portal_uris = [%q]\n  certificate_pem = <<EOT\n%sEOT\n  %s\n}\n", portal, c.pem, strings.Join(more, "\n  "))
}

// registered returns the one application of the home tenant.
func registered(t *testing.T, s *acctest.Entra) graph.Application {
	t.Helper()
	all := s.Applications(home)
	if len(all) != 1 {
		t.Fatalf("there are %d applications, want 1: %v", len(all), all)
	}
	return all[0]
}

// thumbprints returns the names of an application's certificates, sorted.
func thumbprints(app graph.Application) []string {
	var names []string
	for _, key := range app.KeyCredentials {
		names = append(names, strings.ToUpper(hex.EncodeToString(key.CustomKeyIdentifier)))
	}
	slices.Sort(names)
	return names
}

func sorted(values ...string) []string {
	slices.Sort(values)
	return values
}

func planned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

func TestAccTheApplicationIsRegisteredOnceAndCertifiedWithoutAGap(t *testing.T) {
	t.Parallel()
	first, second, third := issue(t, "first"), issue(t, "second"), issue(t, "third")
	for _, lag := range []time.Duration{0, 30 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Behind(lag)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: s.Providers(),
				CheckDestroy: func(*terraform.State) error {
					if n := len(s.Applications(home)) + len(s.ServicePrincipals(home)); n > 0 {
						return fmt.Errorf("%d objects are left", n)
					}
					return nil
				},
				Steps: []resource.TestStep{
					{
						Config: application(first, fmt.Sprintf("owners = [%q]", alice)),
						Check: resource.ComposeAggregateTestCheckFunc(
							resource.TestCheckResourceAttr(address, "sign_in_audience", "AzureADMultipleOrgs"),
							resource.TestCheckResourceAttr(address, "certificate_thumbprint", first.thumbprint),
							resource.TestCheckResourceAttr(address, "requested_scopes.#", "2"),
							resource.TestCheckResourceAttrSet(address, "service_principal_id"),
							resource.TestCheckResourceAttrSet(address, "access_as_user_scope_id"),
							resource.TestMatchResourceAttr(address, "identifier_uri", regexp.MustCompile(`^api://[0-9a-f-]{36}$`)),
							func(*terraform.State) error { return wholly(s, registered(t, s)) },
						),
					},
					{Config: application(first, fmt.Sprintf("owners = [%q]", alice)), PlanOnly: true},
					{Config: application(second, fmt.Sprintf("owners = [%q]", bob)), Check: certified(t, s, first, second)},
					{Config: application(third), Check: certified(t, s, second, third)},
					{Config: application(third), PlanOnly: true},
					{
						ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "application_id",
						ImportStateIdFunc: func(*terraform.State) (string, error) { return registered(t, s).AppID, nil },
						// What is not Entra's to tell.
						ImportStateVerifyIgnore: []string{"certificate_pem", "certificate_thumbprint"},
					},
				},
			})
		})
	}
}

// wholly checks what the portal needs of its application.
func wholly(s *acctest.Entra, app graph.Application) error {
	encoded, err := json.Marshal(app)
	if err != nil {
		return err
	}
	text := string(encoded) + strings.Join(s.Owners(app.AppID), " ")
	for _, part := range []string{
		"api://" + app.AppID, portal, `"value":"access_as_user"`, `"type":"Admin"`, `"resourceAppId":"` + app.AppID,
		`"resourceAppId":"` + graph.MicrosoftGraphAppID, graph.UserReadID, `"usage":"Verify"`, "AsymmetricX509Cert",
		`"enableAccessTokenIssuance":false`, alice,
	} {
		if !strings.Contains(text, part) {
			return fmt.Errorf("the application lacks %q: %s", part, text)
		}
	}
	return nil
}

func TestAccEveryAttributeOfTheApplicationDriftsVisibly(t *testing.T) {
	t.Parallel()
	c := issue(t, "portal")
	edit := func(change func(*graph.Application)) func(*acctest.Entra, string) {
		return func(s *acctest.Entra, appID string) { s.UpdateApplication(appID, change) }
	}
	for name, change := range map[string]func(s *acctest.Entra, appID string){
		"name":     edit(func(a *graph.Application) { a.DisplayName = "Other" }),
		"audience": edit(func(a *graph.Application) { a.SignInAudience = graph.SingleOrganization }),
		"address added": edit(func(a *graph.Application) {
			a.SPA.RedirectURIs = append(a.SPA.RedirectURIs, "https://evil.example.com")
		}),
		"address removed": edit(func(a *graph.Application) { a.SPA.RedirectURIs = nil }),
		"certificate":     edit(func(a *graph.Application) { a.KeyCredentials = nil }),
		"identifier URI":  edit(func(a *graph.Application) { a.IdentifierURIs = nil }),
		"scope":           edit(func(a *graph.Application) { a.API = graph.APIApplication{} }),
		"asked-for scope": edit(func(a *graph.Application) { a.RequiredResourceAccess = nil }),
		"owner":           func(s *acctest.Entra, appID string) { s.SetOwners(appID) },
		"all of it":       func(s *acctest.Entra, appID string) { s.DeleteApplication(appID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			config := application(c, fmt.Sprintf("owners = [%q]", alice))
			action := plancheck.ResourceActionUpdate
			if name == "all of it" {
				action = plancheck.ResourceActionCreate
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
				{Config: config},
				{
					PreConfig: func() {
						s.Clock.Pass(time.Hour)
						change(s, registered(t, s).AppID)
					},
					Config: config, ConfigPlanChecks: planned(action),
					Check: func(*terraform.State) error { return wholly(s, registered(t, s)) },
				},
			}})
		})
	}
}

func TestAccTheCaseOfAnAddressCounts(t *testing.T) {
	t.Parallel()
	s := start(t)
	upper := application(issue(t, "portal"))
	upper, lower := strings.Replace(upper, portal, portal+"/Portal", 1), strings.Replace(upper, portal, portal+"/portal", 1)
	redirects := func(want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := registered(t, s).SPA.RedirectURIs; !slices.Equal(got, []string{portal + want}) {
				return fmt.Errorf("the addresses are %v, want %s", got, portal+want)
			}
			return nil
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{Config: upper, Check: redirects("/Portal")},
		{Config: lower, ConfigPlanChecks: planned(plancheck.ResourceActionUpdate), Check: redirects("/portal")},
		{
			PreConfig: func() {
				s.Clock.Pass(time.Hour)
				s.UpdateApplication(registered(t, s).AppID, func(a *graph.Application) { a.SPA.RedirectURIs = []string{portal + "/PORTAL"} })
			},
			Config: lower, ConfigPlanChecks: planned(plancheck.ResourceActionUpdate), Check: redirects("/portal"),
		},
	}})
	warned := s.Warnings()
	for _, want := range []string{portal + "/portal was removed outside", portal + "/PORTAL was added outside"} {
		if !strings.Contains(warned, want) {
			t.Errorf("nobody was warned that %s: %s", want, warned)
		}
	}
}

func TestAccAServicePrincipalThatIsGoneComesBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	config := application(issue(t, "portal"))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{Config: config},
		{
			PreConfig: func() {
				s.Clock.Pass(time.Hour)
				s.DeleteServicePrincipal(home, registered(t, s).AppID)
			},
			Config: config, ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
		},
	}})
}

func TestAccWhatOthersAddedToTheApplicationStays(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, second := issue(t, "first"), issue(t, "second")
	theirs := graph.KeyCredential{
		KeyID: "99999999-0000-4000-8000-000000000009", CustomKeyIdentifier: make([]byte, 20), DisplayName: new("theirs"),
		Type: "AsymmetricX509Cert", Usage: "Verify", StartDateTime: new(time.Now()), EndDateTime: new(time.Now().Add(time.Hour)),
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{Config: application(first)},
		{
			PreConfig: func() {
				s.UpdateApplication(registered(t, s).AppID, func(a *graph.Application) {
					a.KeyCredentials = append(a.KeyCredentials, theirs)
					a.IdentifierURIs = append(a.IdentifierURIs, "api://theirs")
					a.RequiredResourceAccess = append(a.RequiredResourceAccess, graph.RequiredResourceAccess{
						ResourceAppID:  "99999999-0000-4000-8000-000000000001",
						ResourceAccess: []graph.ResourceAccess{{ID: "99999999-0000-4000-8000-000000000002", Type: "Role"}},
					})
				})
			},
			Config: application(first), PlanOnly: true,
		},
		{
			Config: application(second),
			Check: func(*terraform.State) error {
				encoded, err := json.Marshal(registered(t, s))
				for _, part := range []string{`"displayName":"theirs"`, "api://theirs", "99999999-0000-4000-8000-000000000002"} {
					if !strings.Contains(string(encoded), part) {
						return fmt.Errorf("%s is lost: %s", part, encoded)
					}
				}
				return err
			},
		},
	}})
}

func TestAccScopesOfOthersKeepTheTextsThatTheyLack(t *testing.T) {
	t.Parallel()
	s := start(t)
	theirs := graph.PermissionScope{
		ID: "99999999-0000-4000-8000-000000000003", Value: "theirs", Type: "User", IsEnabled: true, UserConsentDisplayName: new("Theirs"),
	}
	config := application(issue(t, "portal"))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{Config: config},
		{
			PreConfig: func() {
				s.Clock.Pass(time.Hour)
				s.UpdateApplication(registered(t, s).AppID, func(a *graph.Application) { a.API.OAuth2PermissionScopes = []graph.PermissionScope{theirs} })
			},
			Config: config,
			Check: func(*terraform.State) error {
				if got := registered(t, s).API.OAuth2PermissionScopes; len(got) != 2 || !reflect.DeepEqual(got[0], theirs) {
					return fmt.Errorf("the scopes are %+v", got)
				}
				return nil
			},
		},
	}})
}

func TestAccARegistrationSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	c := issue(t, "portal")
	faults := map[string]graph.Fault{
		"lost":      {Cut: wire.CutAfter},
		"busy":      {Status: http.StatusServiceUnavailable},
		"throttled": {Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "5"}},
	}
	for call, path := range map[string]string{
		"GET list": "^/applications$", "POST": "^/applications$", "PATCH": "^/applications/[^/]+$",
		"POST principal": "^/servicePrincipals$", "POST owner": `^/applications/[^/]+/owners/\$ref$`, "GET": `^/applications\(appId=`,
	} {
		for name, fault := range faults {
			t.Run(call+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := start(t)
				s.Behind(20 * time.Second)
				fault.Method, _, _ = strings.Cut(call, " ")
				fault.Path, fault.Times = path, 1
				injected := s.Inject(fault)
				config := application(c, fmt.Sprintf("owners = [%q]", alice))
				resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
					{Config: config, Check: func(*terraform.State) error { return wholly(s, registered(t, s)) }},
					{Config: config, PlanOnly: true},
				}})
				if injected.Hits() != 1 {
					t.Errorf("the fault hit %d requests", injected.Hits())
				}
			})
		}
	}
}

// leaveRegistered leaves what a run does that was cut off after its first request.
func leaveRegistered(s *acctest.Entra, address string) {
	s.AddApplication(home, graph.Application{
		AppID: "65415bb1-9267-4313-bbf5-ae259732ee12", DisplayName: "Restore Portal", SignInAudience: graph.MultipleOrganizations,
		SPA: graph.RedirectURIs{RedirectURIs: []string{address}},
		API: graph.APIApplication{OAuth2PermissionScopes: []graph.PermissionScope{{
			ID: "11111111-2222-4333-8444-555555555555", Value: "access_as_user", Type: "Admin", IsEnabled: true,
		}}},
	})
}

func TestAccAnApplicationOfThisNameIsAdoptedOrNamed(t *testing.T) {
	t.Parallel()
	c := issue(t, "portal")
	other := start(t)
	other.AddApplication(home, graph.Application{
		AppID: "65415bb1-9267-4313-bbf5-ae259732ee12", DisplayName: "Restore Portal", SignInAudience: graph.SingleOrganization,
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: other.Providers(), Steps: []resource.TestStep{{
		Config: application(c), PlanOnly: true,
		ExpectError: regexp.MustCompile(`(?s)An application of this name exists.*65415bb1.*sign_in_audience is AzureADMyOrg.*portal_uris are none`),
	}}})
	// Redirect URIs are compared exactly.
	shouting := start(t)
	leaveRegistered(shouting, strings.ToUpper(portal))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: shouting.Providers(), Steps: []resource.TestStep{{
		Config: application(c), ExpectError: regexp.MustCompile(`(?s)An application of this name exists.*65415bb1`),
	}}})
	same := start(t)
	leaveRegistered(same, portal)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: same.Providers(), Steps: []resource.TestStep{
		{Config: application(c), Check: resource.TestCheckResourceAttr(address, "access_as_user_scope_id", "11111111-2222-4333-8444-555555555555")},
	}})
	if heard := same.Warnings(); !strings.Contains(heard, "application will be adopted") || !strings.Contains(heard, "application was adopted") {
		t.Errorf("the adoption is told of as %q", heard)
	}
}

func TestAccWhatTheApplicationCannotBeIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	good := application(issue(t, "portal"))
	for name, tc := range map[string]struct{ from, to, want string }{
		"plain HTTP":    {portal, "http://portal.example.com", "Invalid address of the portal"},
		"no address":    {fmt.Sprintf("[%q]", portal), "[]", "at least 1"},
		"a private key": {"-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----", "private key"},
	} {
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{
			Config: strings.Replace(good, tc.from, tc.to, 1), ExpectError: regexp.MustCompile(tc.want),
		}}})
		if calls := s.Calls(); len(calls) > 0 {
			t.Errorf("%s: Graph was asked %v", name, calls)
		}
	}
}
