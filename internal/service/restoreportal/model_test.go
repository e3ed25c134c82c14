package restoreportal

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// A REST service that does not come back after a change leaves the state with what
// PowerShell read back.
func TestWhatPowerShellToldCountsWhereRESTTellsNothing(t *testing.T) {
	t.Parallel()
	after := vbopowershell.Settings{RestorePortal: vbopowershell.RestorePortal{
		Enabled: true, ApplicationID: "2b1d4885-989e-4cba-b8bd-3b13520358b8", PortalURI: "https://new.example.com:4443", Region: "Worldwide",
	}}
	before := model{
		Enabled: types.BoolValue(false), ApplicationID: types.StringValue("another"), PortalURI: types.StringValue("https://old.example.com:4443"),
		Region: types.StringValue("China"),
	}
	var diags diag.Diagnostics
	is := facts{rest: toldBy(after.RestorePortal), shell: &after}.apply(t.Context(), before, &diags)
	if diags.HasError() || !is.Enabled.ValueBool() || is.ApplicationID.ValueString() != after.RestorePortal.ApplicationID ||
		is.PortalURI.ValueString() != after.RestorePortal.PortalURI || is.Region.ValueString() != after.RestorePortal.Region {
		t.Errorf("%v: %+v", diags, is)
	}
}
