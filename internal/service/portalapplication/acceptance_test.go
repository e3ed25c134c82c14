package portalapplication_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
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

func providers(s *entratest.Server) map[string]func() (tfprotov6.ProviderServer, error) {
	settings := s.Settings()
	surroundings := provider.Surroundings{Getenv: func(name string) string { return settings[name] }, Clock: s.Clock}
	return map[string]func() (tfprotov6.ProviderServer, error){
		"vb365": providerserver.NewProtocol6WithError(provider.NewIn("test", surroundings)()),
	}
}

func application(c issued, more ...string) string {
	return fmt.Sprintf("resource \"vb365_restore_portal_application\" \"portal\" {\n  display_name = \"Restore Portal\"\n"+
		"  portal_uris = [%q]\n  certificate_pem = <<EOT\n%sEOT\n  %s\n}\n", portal, c.pem, strings.Join(more, "\n  "))
}

// registered returns the one application of the home tenant.
func registered(t *testing.T, s *entratest.Server) entratest.Object {
	t.Helper()
	all := s.List(home, entratest.Applications)
	if len(all) != 1 {
		t.Fatalf("there are %d applications, want 1: %v", len(all), all)
	}
	return all[0]
}

// thumbprints returns the names of an application's certificates, sorted.
func thumbprints(t *testing.T, app entratest.Object) []string {
	t.Helper()
	var names []string
	keys, _ := app["keyCredentials"].([]any)
	for _, key := range keys {
		raw, err := base64.StdEncoding.DecodeString(key.(entratest.Object)["customKeyIdentifier"].(string))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.ToUpper(hex.EncodeToString(raw)))
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
			s := entratest.Start(t, home)
			s.Lag = lag
			certified := func(want ...string) resource.TestCheckFunc {
				return func(*terraform.State) error {
					if got := thumbprints(t, registered(t, s)); !slices.Equal(got, sorted(want...)) {
						return fmt.Errorf("the certificates are %v, want %v", got, want)
					}
					return nil
				}
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: providers(s),
				CheckDestroy: func(*terraform.State) error {
					if n := len(s.List(home, entratest.Applications)) + len(s.List(home, entratest.Principals)); n > 0 {
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
							func(*terraform.State) error { return wholly(registered(t, s)) },
						),
					},
					{Config: application(first, fmt.Sprintf("owners = [%q]", alice)), PlanOnly: true},
					{Config: application(second, fmt.Sprintf("owners = [%q]", bob)), Check: certified(first.thumbprint, second.thumbprint)},
					{Config: application(third), Check: certified(second.thumbprint, third.thumbprint)},
					{Config: application(third), PlanOnly: true},
					{
						ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "application_id",
						ImportStateIdFunc: func(*terraform.State) (string, error) { return registered(t, s)["appId"].(string), nil },
						// What is not Entra's to tell.
						ImportStateVerifyIgnore: []string{"certificate_pem", "certificate_thumbprint"},
					},
				},
			})
		})
	}
}

// wholly checks what the portal needs of its application.
func wholly(app entratest.Object) error {
	appID := app["appId"].(string)
	text := fmt.Sprint(app)
	for _, part := range []string{
		"api://" + appID, portal, "value:access_as_user", "type:Admin", "resourceAppId:" + appID, "resourceAppId:" + entratest.GraphAppID,
		"e1fe6dd8-ba31-4d61-89e7-88639da4683d", "usage:Verify", "AsymmetricX509Cert", "enableAccessTokenIssuance:false", alice,
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
	for name, change := range map[string]func(entratest.Object) entratest.Object{
		"name":     func(a entratest.Object) entratest.Object { a["displayName"] = "Other"; return a },
		"audience": func(a entratest.Object) entratest.Object { a["signInAudience"] = "AzureADMyOrg"; return a },
		"address added": func(a entratest.Object) entratest.Object {
			a["spa"] = entratest.Object{"redirectUris": []string{portal, "https://evil.example.com"}}
			return a
		},
		"address removed": func(a entratest.Object) entratest.Object {
			a["spa"] = entratest.Object{"redirectUris": []string{}}
			return a
		},
		"certificate":     func(a entratest.Object) entratest.Object { a["keyCredentials"] = []any{}; return a },
		"identifier URI":  func(a entratest.Object) entratest.Object { a["identifierUris"] = []any{}; return a },
		"scope":           func(a entratest.Object) entratest.Object { a["api"] = entratest.Object{}; return a },
		"asked-for scope": func(a entratest.Object) entratest.Object { a["requiredResourceAccess"] = []any{}; return a },
		"owner":           func(a entratest.Object) entratest.Object { a["owners"] = []entratest.Object{}; return a },
		"all of it":       func(entratest.Object) entratest.Object { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := entratest.Start(t, home)
			config := application(c, fmt.Sprintf("owners = [%q]", alice))
			action := plancheck.ResourceActionUpdate
			if name == "all of it" {
				action = plancheck.ResourceActionCreate
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{
				{Config: config},
				{
					PreConfig: func() {
						s.Clock.Pass(time.Hour)
						s.Edit(home, entratest.Applications, change)
					},
					Config: config, ConfigPlanChecks: planned(action),
					Check: func(*terraform.State) error { return wholly(registered(t, s)) },
				},
			}})
		})
	}
}

func TestAccAServicePrincipalThatIsGoneComesBack(t *testing.T) {
	t.Parallel()
	s := entratest.Start(t, home)
	config := application(issue(t, "portal"))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{
		{Config: config},
		{
			PreConfig: func() {
				s.Clock.Pass(time.Hour)
				s.Edit(home, entratest.Principals, func(entratest.Object) entratest.Object { return nil })
			},
			Config: config, ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
		},
	}})
}

func TestAccWhatOthersAddedToTheApplicationStays(t *testing.T) {
	t.Parallel()
	s := entratest.Start(t, home)
	first, second := issue(t, "first"), issue(t, "second")
	theirs := entratest.Object{
		"keyId": "99999999-0000-4000-8000-000000000009", "customKeyIdentifier": base64.StdEncoding.EncodeToString(make([]byte, 20)),
		"displayName": "theirs", "type": "AsymmetricX509Cert", "usage": "Verify", "key": nil,
		"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z",
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{
		{Config: application(first)},
		{
			PreConfig: func() {
				s.Edit(home, entratest.Applications, func(a entratest.Object) entratest.Object {
					a["keyCredentials"] = append(a["keyCredentials"].([]any), theirs)
					a["identifierUris"] = append(a["identifierUris"].([]any), "api://theirs")
					a["requiredResourceAccess"] = append(a["requiredResourceAccess"].([]any), entratest.Object{
						"resourceAppId":  "99999999-0000-4000-8000-000000000001",
						"resourceAccess": []any{entratest.Object{"id": "99999999-0000-4000-8000-000000000002", "type": "Role"}},
					})
					return a
				})
			},
			Config: application(first), PlanOnly: true,
		},
		{
			Config: application(second),
			Check: func(*terraform.State) error {
				app := registered(t, s)
				for _, part := range []string{"displayName:theirs", "api://theirs", "99999999-0000-4000-8000-000000000002"} {
					if !strings.Contains(fmt.Sprint(app), part) {
						return fmt.Errorf("%s is lost: %v", part, app)
					}
				}
				return nil
			},
		},
	}})
}

func TestAccARegistrationSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	c := issue(t, "portal")
	lose := func(w http.ResponseWriter, next func(http.ResponseWriter)) {
		next(httptest.NewRecorder())
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	busy := func(w http.ResponseWriter, _ func(http.ResponseWriter)) { w.WriteHeader(http.StatusServiceUnavailable) }
	throttle := func(w http.ResponseWriter, _ func(http.ResponseWriter)) {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	for _, call := range []string{
		"GET applications", "POST applications", "PATCH applications/{id}", "POST servicePrincipals", "POST applications/{id}/owners/$ref",
		"GET applications(appId)",
	} {
		for name, fault := range map[string]func(http.ResponseWriter, func(http.ResponseWriter)){"lost": lose, "busy": busy, "throttled": throttle} {
			t.Run(call+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := entratest.Start(t, home)
				s.Lag = 20 * time.Second
				var once sync.Once
				s.Meet = func(w http.ResponseWriter, c entratest.Call, next func(http.ResponseWriter)) {
					spoilt := false
					if c.Name == call {
						once.Do(func() { spoilt = true })
					}
					if spoilt {
						fault(w, next)
						return
					}
					next(w)
				}
				config := application(c, fmt.Sprintf("owners = [%q]", alice))
				resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{
					{Config: config, Check: func(*terraform.State) error { return wholly(registered(t, s)) }},
					{Config: config, PlanOnly: true},
				}})
			})
		}
	}
}

func TestAccAnApplicationOfThisNameIsAdoptedOrNamed(t *testing.T) {
	t.Parallel()
	c := issue(t, "portal")
	other := entratest.Start(t, home)
	other.Add(home, entratest.Applications, entratest.Object{
		"appId": "65415bb1-9267-4313-bbf5-ae259732ee12", "displayName": "Restore Portal", "signInAudience": "AzureADMyOrg",
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(other), Steps: []resource.TestStep{{
		Config: application(c), ExpectError: regexp.MustCompile(`(?s)An application of this name exists.*65415bb1`),
	}}})
	// What a run that was cut off after its first request leaves.
	same := entratest.Start(t, home)
	same.Add(home, entratest.Applications, entratest.Object{
		"appId": "65415bb1-9267-4313-bbf5-ae259732ee12", "displayName": "Restore Portal", "signInAudience": "AzureADMultipleOrgs",
		"spa": entratest.Object{"redirectUris": []any{portal}},
		"api": entratest.Object{"oauth2PermissionScopes": []any{entratest.Object{
			"id": "11111111-2222-4333-8444-555555555555", "value": "access_as_user", "type": "Admin", "isEnabled": true,
		}}},
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(same), Steps: []resource.TestStep{
		{Config: application(c), Check: resource.TestCheckResourceAttr(address, "access_as_user_scope_id", "11111111-2222-4333-8444-555555555555")},
	}})
}

func TestAccWhatTheApplicationCannotBeIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := entratest.Start(t, home)
	good := application(issue(t, "portal"))
	for name, tc := range map[string]struct{ from, to, want string }{
		"plain HTTP":    {portal, "http://portal.example.com", "Invalid address of the portal"},
		"no address":    {fmt.Sprintf("[%q]", portal), "[]", "at least 1"},
		"a private key": {"-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----", "private key"},
	} {
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers(s), Steps: []resource.TestStep{{
			Config: strings.Replace(good, tc.from, tc.to, 1), ExpectError: regexp.MustCompile(tc.want),
		}}})
		if calls := s.Calls(); len(calls) > 0 {
			t.Errorf("%s: Graph was asked %v", name, calls)
		}
	}
}
