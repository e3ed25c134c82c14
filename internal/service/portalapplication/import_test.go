package portalapplication_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

// Terraform before 1.12 knows no identities, so that the provider is asked in its place.
func TestAnApplicationIsImportedHoweverItsIDIsWritten(t *testing.T) {
	t.Parallel()
	const appID, typeName = "abcdefab-9267-4313-bbf5-ae259732ee12", "vb365_restore_portal_application"
	s := acctest.StartEntra(t, graph.Options{}, graph.Tenants(home))
	s.AddApplication(home, graph.Application{AppID: appID, DisplayName: "Restore Portal", SignInAudience: graph.MultipleOrganizations})
	provider := s.Configured(t)
	identityType := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"application_id": tftypes.String}}
	identity := func(id string) tftypes.Value {
		return tftypes.NewValue(identityType, map[string]tftypes.Value{"application_id": tftypes.NewValue(tftypes.String, id)})
	}
	given, err := tfprotov6.NewDynamicValue(identityType, identity(strings.ToUpper(appID)))
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string]tfprotov6.ImportResourceStateRequest{
		"by id":       {TypeName: typeName, ID: strings.ToUpper(appID)},
		"by identity": {TypeName: typeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &given}},
	} {
		imported, err := provider.ImportResourceState(t.Context(), &request)
		if err != nil || len(imported.ImportedResources) != 1 {
			t.Fatalf("%s: %v %v", name, imported, err)
		}
		is := imported.ImportedResources[0]
		for range 2 {
			read, err := provider.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
				TypeName: typeName, CurrentState: is.State, Private: is.Private, CurrentIdentity: is.Identity,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range read.Diagnostics {
				t.Errorf("%s: %s: %s", name, d.Summary, d.Detail)
			}
			is.State, is.Private, is.Identity = read.NewState, read.Private, read.NewIdentity
		}
		if got, err := is.Identity.IdentityData.Unmarshal(identityType); err != nil || !got.Equal(identity(appID)) {
			t.Errorf("%s: the identity is %v (%v)", name, got, err)
		}
	}
}
