package portalapplication_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph/graphtest"
)

// registerLike registers what a run does in its first request, as a client does:
// replicas hear of it late.
func registerLike(t *testing.T, s *acctest.Entra) *entra.Tenant {
	t.Helper()
	client, err := entra.New(entra.Config{
		TenantID: home, ClientID: graph.DefaultClientID, Credential: entra.ClientSecret{Secret: graphtest.Secret},
		AuthorityHost: s.URL(), GraphEndpoint: s.URL(), CACertificatePEM: s.CertificatePEM(), Clock: s.Clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := client.Tenant(home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tenant.CreateApplication(t.Context(), entra.ApplicationChange{
		DisplayName: new("Restore Portal"), SignInAudience: new("AzureADMultipleOrgs"), RedirectURIs: &[]string{portal},
		Scopes: &[]entra.Scope{{ID: "11111111-2222-4333-8444-555555555555", Value: "access_as_user", Enabled: true, AdminOnly: true}},
	}); err != nil {
		t.Fatal(err)
	}
	return tenant
}

func TestAccAnApplicationThatWasRegisteredAMomentAgoIsAdopted(t *testing.T) {
	t.Parallel()
	c := issue(t, "portal")
	// Replicas answer by turns: either the one that knows it is asked first, or the other.
	for between := range 2 {
		t.Run(fmt.Sprintf("%d requests later", between), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Configure(func(o *graph.Options) { o.Flap = true })
			s.Behind(30 * time.Second)
			tenant := registerLike(t, s)
			for range between {
				if _, err := tenant.ApplicationsNamed(t.Context(), "Other"); err != nil {
					t.Fatal(err)
				}
			}
			config := application(c, fmt.Sprintf("owners = [%q]", alice))
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
				{Config: config, Check: func(*terraform.State) error { return wholly(s, registered(t, s)) }},
				{Config: config, PlanOnly: true},
			}})
		})
	}
}

func TestAccAnApplicationThatIsListedAloneIsAdopted(t *testing.T) {
	t.Parallel()
	s := start(t)
	leaveRegistered(s, portal)
	app := registered(t, s)
	s.AddServicePrincipal(home, app.AppID)
	s.SetOwners(app.AppID, alice)
	unknown := s.Inject(graph.Fault{
		Method: http.MethodGet, Path: `^/applications\(appId=`, Times: 3, Status: http.StatusNotFound,
		Body: `{"error":{"code":"Request_ResourceNotFound","message":"Resource does not exist.","innerError":{}}}`,
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{{
		Config: application(issue(t, "portal"), fmt.Sprintf("owners = [%q]", alice)),
		Check: func(*terraform.State) error {
			if calls := s.Calls(); slices.ContainsFunc(calls, func(call string) bool { return strings.HasPrefix(call, http.MethodPost) }) {
				return fmt.Errorf("what was there was made again: %v", calls)
			}
			return wholly(s, registered(t, s))
		},
	}}})
	if unknown.Hits() != 3 {
		t.Errorf("it was asked for %d times", unknown.Hits())
	}
}

// TestAccAnApplicationIsReplaced has Terraform delete the application and register
// another of its name, while Entra goes on showing the first for a while.
func TestAccAnApplicationIsReplaced(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 30 * time.Second} {
		s := start(t)
		s.Behind(lag)
		c := issue(t, "portal")
		var first string
		moved := strings.Replace(application(c), portal, "https://moved.example.com:4443", 1)
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
			{Config: application(c), Check: func(*terraform.State) error { first = registered(t, s).AppID; return nil }},
			{
				PreConfig: func() { s.Clock.Pass(time.Hour) }, Config: moved, Taint: []string{address},
				ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate),
				Check: func(*terraform.State) error {
					if again := registered(t, s); again.AppID == first {
						return fmt.Errorf("the application %s was not replaced", first)
					}
					return nil
				},
			},
			{Config: moved, PlanOnly: true},
		}})
	}
}
