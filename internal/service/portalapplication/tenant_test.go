package portalapplication_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

const (
	otherTenant = "bbbbbbbb-0000-4000-8000-000000000002"
	homeDomain  = "provider.example.com"
)

// startTwo starts two tenants, the first of which the provider is set to.
func startTwo(t *testing.T) *acctest.Entra {
	t.Helper()
	seed := graph.Tenants(home, otherTenant)
	seed.Tenants[0].Domains = []string{homeDomain}
	return acctest.StartEntra(t, graph.Options{}, seed)
}

// setTo sets the provider to another tenant, some time later.
func setTo(s *acctest.Entra, tenant string) func() {
	return func() {
		s.Clock.Pass(time.Hour)
		s.Settings["ARM_TENANT_ID"] = tenant
	}
}

func TestAccAnApplicationIsNotTakenForDeletedInAnotherTenant(t *testing.T) {
	t.Parallel()
	s := startTwo(t)
	config := application(issue(t, "portal"))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{Config: config},
		{
			PreConfig: setTo(s, otherTenant), Config: config,
			ExpectError: regexp.MustCompile(`(?s)The application is in another tenant.*` + home + `.*` + otherTenant),
		},
		{
			PreConfig: setTo(s, home), Config: config, PlanOnly: true,
		},
		{
			Config: config,
			Check: func(*terraform.State) error {
				registered(t, s)
				return nil
			},
		},
	}})
	if n := len(s.Applications(otherTenant)); n > 0 {
		t.Errorf("%d applications were registered in the other tenant", n)
	}
}

func TestAccATenantMayBeNamedByGUIDAndByDomain(t *testing.T) {
	t.Parallel()
	s := startTwo(t)
	config := application(issue(t, "portal"))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{Config: config},
		{PreConfig: setTo(s, homeDomain), Config: config, ConfigPlanChecks: planned(plancheck.ResourceActionNoop)},
		{
			PreConfig: func() {
				s.Clock.Pass(time.Hour)
				s.DeleteApplication(registered(t, s).AppID)
			},
			Config: config, ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
		},
	}})
}

// Without a refresh before, changing and deleting have to notice it themselves.
func TestAnotherTenantIsNoticedWhateverIsDone(t *testing.T) {
	t.Parallel()
	const appID, typeName = "abcdefab-9267-4313-bbf5-ae259732ee12", "vb365_restore_portal_application"
	s := startTwo(t)
	s.AddApplication(home, graph.Application{AppID: appID, DisplayName: "Restore Portal", SignInAudience: graph.MultipleOrganizations})
	provider := s.Configured(t)
	imported, err := provider.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: appID})
	if err != nil || len(imported.ImportedResources) != 1 {
		t.Fatal(imported, err)
	}
	is := imported.ImportedResources[0]
	read, err := provider.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: typeName, CurrentState: is.State, Private: is.Private, CurrentIdentity: is.Identity,
	})
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := provider.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	kind := schemas.ResourceSchemas[typeName].ValueType()
	for name, change := range map[string]func(map[string]tftypes.Value) tftypes.Value{
		"changing": func(values map[string]tftypes.Value) tftypes.Value {
			values = maps.Clone(values)
			values["display_name"] = tftypes.NewValue(tftypes.String, "Renamed")
			values["certificate_pem"] = tftypes.NewValue(tftypes.String, issue(t, "portal").pem)
			return tftypes.NewValue(kind, values)
		},
		"deleting": func(map[string]tftypes.Value) tftypes.Value { return tftypes.NewValue(kind, nil) },
	} {
		setTo(s, otherTenant)()
		state, err := read.NewState.Unmarshal(kind)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]tftypes.Value{}
		if err := state.As(&values); err != nil {
			t.Fatal(err)
		}
		plan, err := tfprotov6.NewDynamicValue(kind, change(values))
		if err != nil {
			t.Fatal(err)
		}
		applied, err := s.Configured(t).ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: typeName, PriorState: read.NewState, PlannedState: &plan, Config: &plan, PlannedPrivate: read.Private,
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(applied.Diagnostics, func(d *tfprotov6.Diagnostic) bool {
			return d.Summary == "The application is in another tenant" && strings.Contains(d.Detail, home) && strings.Contains(d.Detail, otherTenant)
		}) {
			t.Errorf("%s: got %v", name, applied.Diagnostics)
		}
	}
}
