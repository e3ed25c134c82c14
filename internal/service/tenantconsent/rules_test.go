package tenantconsent_test

import (
	"errors"
	"fmt"
	"net/http"
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
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph/graphtest"
)

const user = "dddddddd-0000-4000-8000-000000000004"

// writes are the requests so far that changed a tenant.
func writes(s *acctest.Entra) []string {
	var names []string
	for _, request := range s.Requests() {
		if request.Write() {
			names = append(names, request.Name())
		}
	}
	return names
}

// TestAccConsentOfOthersIsReadAndKept has consent in the tenant before the
// resource comes, in all the forms in which Entra has it.
func TestAccConsentOfOthersIsReadAndKept(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		grants func(s *acctest.Entra, sp, microsoft string) []graph.Grant
		writes []string
		during []string
	}{
		"split, as it should be": {
			func(_ *acctest.Entra, sp, microsoft string) []graph.Grant {
				return []graph.Grant{{ResourceID: microsoft, Scope: "User.Read"}, {ResourceID: sp, Scope: "access_as_user"}}
			}, nil, []string{"User.Read", "access_as_user"},
		},
		"other orders, cases and blanks, doubled": {
			func(_ *acctest.Entra, sp, microsoft string) []graph.Grant {
				return []graph.Grant{
					{ResourceID: microsoft, Scope: "  profile user.READ  openid User.Read"}, {ResourceID: sp, Scope: " more Access_As_User "},
				}
			}, nil, []string{"  profile user.READ  openid User.Read", " more Access_As_User "},
		},
		"both scopes in one grant": {
			func(_ *acctest.Entra, _, microsoft string) []graph.Grant {
				return []graph.Grant{{ResourceID: microsoft, Scope: "User.Read access_as_user"}}
			}, []string{"POST /oauth2PermissionGrants"}, []string{"User.Read access_as_user", "access_as_user"},
		},
		"both scopes in each grant": {
			func(_ *acctest.Entra, sp, microsoft string) []graph.Grant {
				return []graph.Grant{
					{ResourceID: microsoft, Scope: "access_as_user User.Read"}, {ResourceID: sp, Scope: "User.Read access_as_user"},
				}
			}, nil, []string{"User.Read access_as_user", "access_as_user User.Read"},
		},
		"a single user's": {
			func(_ *acctest.Entra, sp, microsoft string) []graph.Grant {
				return []graph.Grant{
					{ResourceID: microsoft, Scope: "User.Read", ConsentType: graph.Principal, PrincipalID: new(user)},
					{ResourceID: sp, Scope: "access_as_user", ConsentType: graph.Principal, PrincipalID: new(user)},
				}
			},
			[]string{"POST /oauth2PermissionGrants", "POST /oauth2PermissionGrants"},
			[]string{"User.Read", "User.Read", "access_as_user", "access_as_user"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			sp := s.AddServicePrincipal(customer, app).ID
			for _, g := range tc.grants(s, sp, s.MicrosoftGraphID(customer)) {
				g.ClientID = sp
				s.AddGrant(customer, g)
			}
			before := grants(s, customer)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: s.Providers(),
				CheckDestroy: func(*terraform.State) error {
					if after := grants(s, customer); !slices.Equal(after, before) {
						return fmt.Errorf("the grants were %q and are %q", before, after)
					}
					return nil
				},
				Steps: []resource.TestStep{
					{
						Config: consent(),
						Check: func(*terraform.State) error {
							if made := writes(s); !slices.Equal(made, tc.writes) {
								return fmt.Errorf("the tenant was changed by %q, want %q", made, tc.writes)
							}
							return granted(s, tc.during...)
						},
					},
					{PreConfig: func() { s.Clock.Pass(time.Hour) }, Config: consent(), PlanOnly: true},
				},
			})
		})
	}
}

func TestAccScopesThatAnAdministratorAddsAreKeptAndNoDifference(t *testing.T) {
	t.Parallel()
	s := start(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
		CheckDestroy:             func(*terraform.State) error { return granted(s, "Mail.Read openid") },
		Steps: []resource.TestStep{
			{Config: consent()},
			{
				PreConfig: func() {
					s.Clock.Pass(time.Hour)
					s.Rescope(customer, "User.Read", " openid Mail.Read User.Read")
				},
				Config: consent(), PlanOnly: true,
			},
			{
				PreConfig: func() {
					if heard := s.Warnings(); !strings.Contains(heard, "Mail.Read of Microsoft Graph was added, which is kept") {
						t.Errorf("warned of %q", heard)
					}
					s.ResetRequests()
				},
				Config: consent(),
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckTypeSetElemAttr(address, "unmanaged_scopes.graph.*", "Mail.Read"),
					func(*terraform.State) error {
						if made := writes(s); len(made) > 0 {
							return fmt.Errorf("the tenant was changed by %q", made)
						}
						return granted(s, " openid Mail.Read User.Read", "access_as_user")
					},
				),
			},
		},
	})
}

func TestAccTheLinkForAdministratorsTakesScopesAwayAndTheyComeBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.UpdateApplication(app, func(a *graph.Application) { a.RequiredResourceAccess = a.RequiredResourceAccess[:1] })
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
		Steps: []resource.TestStep{
			{Config: consent()},
			{
				PreConfig: func() {
					s.Clock.Pass(time.Hour)
					s.AdminConsent(customer, app)
				},
				Config: consent(), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check: func(*terraform.State) error {
					return granted(s, "User.Read openid profile offline_access", "access_as_user")
				},
			},
		},
	})
}

func TestAccConsentOfASingleUserIsNotEnoughAndSaidSo(t *testing.T) {
	t.Parallel()
	s := start(t)
	data := fmt.Sprintf("data \"vb365_tenant_consent\" \"acme\" {\n  tenant_id      = %q\n  application_id = %q\n}\n", customer, app)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
		Steps: []resource.TestStep{
			{Config: consent()},
			{
				PreConfig: func() {
					s.Clock.Pass(time.Hour)
					s.DeleteGrant(customer, graph.GrantID(s.ServicePrincipals(customer)[0].ID, s.MicrosoftGraphID(customer), ""))
					s.UserConsent(customer, app, user, "User.Read")
				},
				Config: data,
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckResourceAttr("data.vb365_tenant_consent.acme", "granted", "false"),
					resource.TestCheckResourceAttr("data.vb365_tenant_consent.acme", "missing_scopes.graph.0", "User.Read"),
				),
			},
		},
	})
	if heard := s.Warnings(); !strings.Contains(heard, "one user consented alone, which is not enough") {
		t.Errorf("warned of %q", heard)
	}
}

// inWords matches a text however Terraform breaks its lines.
func inWords(text string) string {
	return strings.Join(strings.Fields(regexp.QuoteMeta(text)), `[\s│]+`)
}

func TestAccErrorsNameWhatIsMissingAndWhatElseHelps(t *testing.T) {
	t.Parallel()
	permissions := func(names ...string) func(*acctest.Entra) {
		return func(s *acctest.Entra) { s.SetPermissions(customer, graph.DefaultClientID, names...) }
	}
	for name, tc := range map[string]struct {
		arrange func(s *acctest.Entra)
		says    []string
		link    string
	}{
		"an application that is unknown": {
			func(s *acctest.Entra) { s.DeleteApplication(app) },
			[]string{"The application cannot be used in this tenant", "the application id is not right"},
			"",
		},
		"an application that is not multi-tenant": {
			func(s *acctest.Entra) {
				s.UpdateApplication(app, func(a *graph.Application) { a.SignInAudience = graph.SingleOrganization })
			},
			[]string{"The application cannot be used in this tenant", "sign_in_audience must be AzureADMultipleOrgs"},
			"",
		},
		"no permission": {
			permissions(), []string{"A permission is missing in the tenant", "Microsoft Graph permission Application.Read.All"}, app,
		},
		"no permission to create": {
			permissions(graph.ApplicationReadAll, graph.DirectoryReadAll), []string{"Microsoft Graph permission Application.ReadWrite.All"}, app,
		},
		"no permission to consent": {
			permissions(graph.ApplicationReadWriteAll), []string{"Microsoft Graph permission DelegatedPermissionGrant.ReadWrite.All"}, app,
		},
		"no permission to read consent": {func(s *acctest.Entra) {
			s.AddServicePrincipal(customer, app)
			permissions(graph.ApplicationReadWriteAll)(s)
		}, []string{"Microsoft Graph permission Directory.Read.All"}, app},
		"own applications alone": {
			permissions(graph.ApplicationReadWriteOwnedBy, graph.DelegatedPermissionGrantReadWAll),
			[]string{"Application.ReadWrite.OwnedBy is not enough", "Application.ReadWrite.All"},
			app,
		},
		"a tenant that there is not": {
			func(s *acctest.Entra) { s.RefuseLogins(customer, "AADSTS90002") }, []string{"There is no such tenant", "tenant_id"}, "",
		},
		"a tenant that does not know the login": {
			func(s *acctest.Entra) { s.Expel(customer, graph.DefaultClientID) },
			[]string{"is not known in the tenant"},
			graph.DefaultClientID,
		},
		"no consent to the login": {
			func(s *acctest.Entra) { s.RefuseLogins(customer, "AADSTS65001") },
			[]string{"is not known in the tenant"},
			graph.DefaultClientID,
		},
		"a secret that has expired": {func(s *acctest.Entra) {
			s.SetClient(graph.Client{ID: graph.DefaultClientID, Secrets: []graph.Secret{{Value: graphtest.Secret, Expires: s.Clock.Now()}}})
		}, []string{"has expired", "AADSTS7000222"}, ""},
		"a secret that is wrong": {
			func(s *acctest.Entra) { s.Settings["ARM_CLIENT_SECRET"] = "Wr9-not-to-be-seen" },
			[]string{"refused the login", "AADSTS7000215"},
			"",
		},
		"Conditional Access": {
			func(s *acctest.Entra) { s.RefuseLogins(customer, "AADSTS53003") }, []string{"Conditional Access"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			tc.arrange(s)
			words := []string{}
			for _, text := range tc.says {
				words = append(words, inWords(text))
			}
			if tc.link != "" {
				words = append(words, regexp.QuoteMeta(s.URL()+"/"+customer+"/adminconsent?client_id="+tc.link))
			}
			steps := []resource.TestStep{{Config: consent(), ExpectError: regexp.MustCompile(`(?s)` + strings.Join(words, `.*`))}}
			if len(tc.says) == 1 && strings.Contains(tc.says[0], "DelegatedPermissionGrant") {
				// What was begun is finished by the next apply.
				steps = append(steps, resource.TestStep{
					PreConfig: func() { permissions(graph.ConsentPermissions()...)(s) },
					Config:    consent(), Check: func(*terraform.State) error { return granted(s, "User.Read", "access_as_user") },
				})
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: s.Providers(), Steps: steps, CheckDestroy: func(*terraform.State) error { return granted(s) },
			})
		})
	}
}

func TestAccTimeThatRunsOutIsNotTheServersFault(t *testing.T) {
	t.Parallel()
	s := start(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{
		Config:      consent("timeouts {\n create = \"1ns\"\n }"),
		ExpectError: regexp.MustCompile(`(?s)ran out of time.*While consenting to application.*Run the same\s+command again`),
	}}})
}

// TestAccATenantThatIsNowhere asks the login service for a tenant that it does
// not have, which it refuses before it is asked for a token.
func TestAccATenantThatIsNowhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{
		Config:      strings.Replace(consent(), customer, "99999999-0000-4000-8000-000000000009", 1),
		ExpectError: regexp.MustCompile("There is no such tenant"),
	}}})
}

// TestAccConsentThatAnAdministratorGivesAnewIsTheirs loses the consent, and has an
// administrator give it again before the next apply.
func TestAccConsentThatAnAdministratorGivesAnewIsTheirs(t *testing.T) {
	t.Parallel()
	s := start(t)
	sp := s.AddServicePrincipal(customer, app).ID
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
		CheckDestroy:             func(*terraform.State) error { return granted(s, "User.Read", "access_as_user") },
		Steps: []resource.TestStep{
			{Config: consent()},
			{
				PreConfig: func() {
					s.Clock.Pass(time.Hour)
					for _, g := range s.Grants(customer) {
						s.DeleteGrant(customer, g.ID)
					}
				},
				RefreshState: true, ExpectNonEmptyPlan: true,
			},
			{
				PreConfig: func() {
					s.Clock.Pass(time.Hour)
					s.AddGrant(customer, graph.Grant{ClientID: sp, ResourceID: s.MicrosoftGraphID(customer), Scope: "User.Read"})
					s.AddGrant(customer, graph.Grant{ClientID: sp, ResourceID: sp, Scope: "access_as_user"})
				},
				Config: consent(),
			},
		},
	})
}

// TestAccSignInThatTheCustomerSwitchedOffStaysOff destroys a consent whose state
// has seen it.
func TestAccSignInThatTheCustomerSwitchedOffStaysOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.AddServicePrincipal(customer, app)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
		CheckDestroy: func(*terraform.State) error {
			if slices.ContainsFunc(s.ServicePrincipals(customer), func(sp graph.ServicePrincipal) bool {
				return sp.AppID == app && sp.AccountEnabled
			}) {
				return errors.New("destroying switched sign-in on")
			}
			return nil
		},
		Steps: []resource.TestStep{
			{Config: consent()},
			{
				PreConfig: func() {
					s.Clock.Pass(time.Hour)
					s.UpdateServicePrincipal(customer, app, func(sp *graph.ServicePrincipal) { sp.AccountEnabled = false })
				},
				RefreshState: true, ExpectNonEmptyPlan: true,
			},
		},
	})
}

// TestAccAPlanFindsWhatKeepsItOutOfTheTenant has the provider fail before
// anything is changed, and only where an apply would fail too.
func TestAccAPlanFindsWhatKeepsItOutOfTheTenant(t *testing.T) {
	t.Parallel()
	nowhere := strings.Replace(consent(), customer, "99999999-0000-4000-8000-000000000009", 1)
	for name, c := range map[string]struct {
		config string
		change func(*acctest.Entra)
		want   string
	}{
		"no credential": {consent(), func(s *acctest.Entra) { s.Settings["ARM_CLIENT_SECRET"] = "" }, "not told how to log in to Microsoft Entra"},
		"no tenant":     {nowhere, func(*acctest.Entra) {}, "There is no such tenant"},
		"no right to read": {consent(), func(s *acctest.Entra) {
			s.SetClient(graph.Client{ID: graph.DefaultClientID, Secrets: []graph.Secret{{Value: graphtest.Secret}}})
		}, "A permission is missing in the tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c.change(s)
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
				{Config: c.config, PlanOnly: true, ExpectError: regexp.MustCompile(strings.ReplaceAll(c.want, " ", `\s+`))},
			}})
		})
	}
	t.Run("not where plans are not to be checked", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		s.Settings["VB365_VALIDATE_AT_PLAN"] = "false"
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
			{Config: nowhere, PlanOnly: true, ExpectNonEmptyPlan: true},
		}})
		if n := len(s.Requests()); n > 0 {
			t.Errorf("the plan made %d requests", n)
		}
	})
	t.Run("not where the tenant does not answer", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		s.Inject(graph.Fault{Path: "^/servicePrincipals", Status: http.StatusServiceUnavailable})
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
			{Config: consent(), PlanOnly: true, ExpectNonEmptyPlan: true},
		}})
		if heard := s.Warnings(); !strings.Contains(heard, "The plan was not checked against Microsoft Entra") {
			t.Errorf("the plan warned of %q", heard)
		}
	})
}
