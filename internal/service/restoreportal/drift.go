package restoreportal

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// drift says in words what changed on the server between a state and what is
// there now. What the state did not know is no change.
func drift(ctx context.Context, was, is model, diags *diag.Diagnostics) []string {
	var changes []string
	changed := func(attribute, before, after string) {
		if before != "" && before != after {
			changes = append(changes, fmt.Sprintf("%s was %s and is %s, changed outside Terraform", attribute, before, orNone(after)))
		}
	}
	changed("enabled", switchText(was.Enabled), switchText(is.Enabled))
	changed("application_id", was.ApplicationID.ValueString(), is.ApplicationID.ValueString())
	changed("portal_uri", was.PortalURI.ValueString(), is.PortalURI.ValueString())
	changed("region", was.Region.ValueString(), is.Region.ValueString())
	changed("the portal's certificate", was.CertificateThumbprint.ValueString(), is.CertificateThumbprint.ValueString())
	for _, a := range authentications {
		before, known := a.read(ctx, &was, diags)
		after, _ := a.read(ctx, &is, diags)
		if !known {
			continue
		}
		changed(a.attribute+".enabled", switchText(before.Enabled), switchText(after.Enabled))
		changed("the certificate of "+a.attribute, before.CertificateThumbprint.ValueString(), after.CertificateThumbprint.ValueString())
	}
	changed("rest_api_port", portText(was.RESTAPIPort), portText(is.RESTAPIPort))
	return changes
}

// switchText is empty for a switch that is not known.
func switchText(b types.Bool) string {
	if b.IsNull() || b.IsUnknown() {
		return ""
	}
	return onOff(b.ValueBool())
}

// portText is empty for a port that is not known.
func portText(port types.Int64) string {
	if port.IsNull() || port.IsUnknown() {
		return ""
	}
	return strconv.FormatInt(port.ValueInt64(), 10)
}

// warnOfDrift reports changes in one warning.
func warnOfDrift(diags *diag.Diagnostics, changes []string) {
	if len(changes) > 0 {
		diags.AddWarning(titleDrift, tfkit.Bullets(changes)+"\n\n"+tfkit.PutBack)
	}
}

// warnOfTakeover says what the creation of the resource changes on a server that
// has a portal already: the plan of a creation shows no difference.
func (d declared) warnOfTakeover(have vbopowershell.RestorePortal, diags *diag.Diagnostics) {
	differ := d.portalFrom(have)
	if !isConfigured(have.ApplicationID) || len(differ) == 0 {
		return
	}
	for i := range differ {
		differ[i].want = cmp.Or(differ[i].want, "not known before apply")
	}
	consents := ""
	if !strings.EqualFold(have.ApplicationID, d.applicationID) {
		consents = "Operators can log in to another application only when their tenants have consented to it. "
	}
	diags.AddWarning(titleTakeover, "Applying changes it:\n"+tfkit.Bullets(differ.texts())+"\n\n"+consents+
		"To see each change as a difference, import the portal first:\n  import {\n    to = vb365_restore_portal.<name>\n    id = \"any\"\n  }")
}

// warnOfDestroy says that a destroy will fail, while there is time. It asks
// nobody: destroying costs no request before it is carried out.
func (r *portalResource) warnOfDestroy(state model, diags *diag.Diagnostics) {
	if r.Connections != nil && !r.Connections.HasPowerShell() && state.Enabled.ValueBool() {
		diags.AddWarning(titleRunThese, "Unless somebody turns the portal off on the server first, destroying it will fail. "+turnOff())
	}
}

// turnOff tells an administrator how to turn the portal off.
func turnOff() string {
	return toRun("The portal is on, and destroying turns it off.", "run the destroy again",
		vbopowershell.Commands("", vbopowershell.SetRestorePortal{Enabled: false})) +
		"\nTo leave the portal on and have Terraform forget it, use terraform state rm, or a removed block."
}
