package restoreportal

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// Titles of the resource's own diagnostics. They are part of the documentation:
// people search for them.
const (
	titleRunThese    = "The restore portal has to be changed on the server"
	titleUnseen      = "Settings that REST does not show were not verified"
	titleTwoMachines = "The REST service is not that of the machine that PowerShell runs on"
	titleNotDone     = "The server did not do what it was asked to"
	titlePort        = "The portal's port is not the REST service's"
	titleOperators   = "The portal needs operator authentication"
	titleCertificate = "A certificate is missing"
	titleRegion      = "Another region needs another application"
	titleTenants     = "The authentication of tenants or operators is off"
	titleRegions     = "Organizations are in another region than the portal"
	titleUnreadable  = "The certificate cannot be read"
	titleDrift       = "The restore portal was changed outside Terraform"
	titleKept        = "The restore portal was left on"
	titleTakeover    = "The server has a restore portal already"
	titleWarning     = "A cmdlet on the VB365 server warned"
)

// runThese tells an administrator how to make the server as declared.
func runThese(found differences, commands string) string {
	return toRun("It found:\n"+tfkit.Bullets(found.texts()), "plan again", commands)
}

// toRun says why cmdlets are to be run on the server, and what to do then.
func toRun(why, then, commands string) string {
	return fmt.Sprintf("The provider has no way to PowerShell on the server (its powershell attribute), so that it can only verify. "+
		"%s\n\nRun this on the VB365 server, in PowerShell 7 (with VB365 7 and older: in Windows PowerShell) as administrator, and %s:\n\n%s\n",
		why, then, indent(commands))
}

// indent keeps Terraform from wrapping lines.
func indent(lines string) string { return "    " + strings.ReplaceAll(lines, "\n", "\n    ") }

// commands are the cmdlets that make the server as declared.
func (d declared) commands(have vb365.PortalSettings) string {
	return vbopowershell.Commands("", d.unverifiedChanges(have)...)
}

// warnOfUnseen says which of the declared settings REST does not show, unless
// the state has them already, so that each is said once.
func warnOfUnseen(plan, state model, have vb365.PortalSettings, diags *diag.Diagnostics) {
	var unseen []string
	cmdlets := map[string]bool{}
	tell := func(cmdlet, format string, values ...any) {
		unseen = append(unseen, fmt.Sprintf(format, values...))
		cmdlets[cmdlet] = true
	}
	const portalCmdlet = "Get-VBORestorePortalSettings"
	if !have.TellsPortalURI && !plan.PortalURI.Equal(state.PortalURI) {
		tell(portalCmdlet, "portal_uri, %s", plan.PortalURI.ValueString())
	}
	if len(regionsOf(have.AuthorityURI)) != 1 && !plan.Region.Equal(state.Region) {
		tell(portalCmdlet, "region, %s", plan.Region.ValueString())
	}
	if !plan.Certificate.IsNull() && !plan.CertificateThumbprint.Equal(state.CertificateThumbprint) {
		tell(portalCmdlet, "certificate, with the thumbprint %s", plan.CertificateThumbprint.ValueString())
	}
	for _, a := range authentications {
		if value := *a.of(&plan); !value.IsNull() && !value.Equal(*a.of(&state)) {
			tell(a.cmdlet, "%s", a.attribute)
		}
	}
	if port := plan.RESTAPIPort; portText(port) != "" && !port.Equal(state.RESTAPIPort) {
		tell("Get-VBORestAPISettings", "rest_api_port, %d", port.ValueInt64())
	}
	if len(unseen) == 0 {
		return
	}
	lines := []string{"Import-Module " + vbopowershell.Quote(vbopowershell.DefaultModulePath)}
	for _, cmdlet := range []string{
		portalCmdlet, "Get-VBOOperatorAuthenticationSettings", "Get-VBOTenantAuthenticationSettings", "Get-VBORestAPISettings",
	} {
		if cmdlets[cmdlet] {
			lines = append(lines, cmdlet)
		}
	}
	diags.AddWarning(titleUnseen, fmt.Sprintf("Without powershell in the provider's configuration, these are taken as declared, and changes "+
		"of them on the server are not seen:\n%s\n\nCompare once on the VB365 server:\n\n%s\n",
		tfkit.Bullets(unseen), indent(strings.Join(lines, "\n"))))
}
