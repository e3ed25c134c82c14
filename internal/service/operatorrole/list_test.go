package operatorrole_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// query asks the provider's list resource, as `terraform query` does.
func query(t *testing.T, env *acctest.Env, organization any, limit int64, withResource bool) []tfprotov6.ListResourceResult {
	t.Helper()
	server := env.Configured(t)
	lister, ok := server.(tfprotov6.ListResourceServer)
	if !ok {
		t.Fatal("the provider does not list resources")
	}
	configType := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"organization_id": tftypes.String}}
	config, err := tfprotov6.NewDynamicValue(configType, tftypes.NewValue(configType, map[string]tftypes.Value{
		"organization_id": tftypes.NewValue(tftypes.String, organization),
	}))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := lister.ListResource(t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: "vb365_restore_operator_role", Config: &config, Limit: limit, IncludeResource: withResource,
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(stream.Results)
}

func names(results []tfprotov6.ListResourceResult) string {
	var all []string
	for _, r := range results {
		all = append(all, r.DisplayName)
	}
	slices.Sort(all)
	return fmt.Sprint(all)
}

func TestRolesAreListedForQueries(t *testing.T) {
	env := start(t)
	directory := entriesOf(env)
	for i, org := range []string{contoso, contoso, simulator.FabrikamID} {
		env.AddRole(simulator.Role{
			OrganizationID: org, Name: fmt.Sprintf("Role %d", i), Type: "EntireOrganization", Operators: directory.users[:1],
		})
	}
	if got, want := names(query(t, env, nil, 0, false)),
		"[contoso.onmicrosoft.com/Role 0 contoso.onmicrosoft.com/Role 1 fabrikam.onmicrosoft.com/Role 2]"; got != want {
		t.Errorf("all roles: %s, want %s", got, want)
	}
	if got := query(t, env, contoso, 1, false); len(got) != 1 || got[0].Resource != nil {
		t.Errorf("a limit of one: %d results", len(got))
	}
	results := query(t, env, simulator.FabrikamID, 0, true)
	if len(results) != 1 || results[0].Resource == nil || results[0].Identity == nil {
		t.Fatalf("with resources: %+v", results)
	}
	for _, d := range results[0].Diagnostics {
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
}

func TestAFailedListingSaysSo(t *testing.T) {
	env := start(t)
	env.Settings["VB365_PASSWORD"] = "wrong"
	results := query(t, env, nil, 0, false)
	if len(results) != 1 || len(results[0].Diagnostics) != 1 || results[0].Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("got %+v, want one error", results)
	}
}
