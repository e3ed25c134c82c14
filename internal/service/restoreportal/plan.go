package restoreportal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// ModifyPlan makes the plan exact, and asks the server whether it can be carried
// out. A portal that does not change costs nothing.
func (r *portalResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan, config, state model
	creating := req.State.Raw.IsNull()
	if !creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		r.warnOfDestroy(state, &resp.Diagnostics)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.checkDeclaredOnce(creating, &resp.Diagnostics)
	plan, open := r.exactPlan(ctx, plan, config, state, creating, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if resp.Diagnostics.HasError() || r.Connections == nil || !creating && plan.declares(state) {
		return
	}
	kept, diags := req.Private.GetKey(ctx, recordKey)
	resp.Diagnostics.Append(diags...)
	checkRegionChange(plan, kept, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.Connections.ValidateAtPlan || open && !creating {
		return
	}
	want := newDeclared(ctx, plan, config, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		r.askServer(ctx, want, creating, open, &resp.Diagnostics)
	}
}

// checkDeclaredOnce refuses a second declaration of the server's one portal.
func (r *portalResource) checkDeclaredOnce(creating bool, diags *diag.Diagnostics) {
	if r.Connections == nil || !creating {
		return
	}
	if _, first := r.Connections.Notes.Note("planned restore portal", "planned"); !first {
		diags.AddError("The restore portal is declared twice",
			"A server has one restore portal, and two resources of this configuration declare it. Declare it once.")
	}
}

// exactPlan writes down what is known before apply. It is open if something that
// the configuration declares is not known yet.
func (r *portalResource) exactPlan(
	ctx context.Context, plan, config, state model, creating bool, diags *diag.Diagnostics,
) (exact model, open bool) {
	if creating {
		unknown := types.StringUnknown()
		state.ID, state.CertificateThumbprint, state.CertificateExpiresAt, state.AuthorityURI = unknown, unknown, unknown, unknown
		state.RESTAPIPort = types.Int64Unknown()
	}
	plan.ID = state.ID
	if strings.EqualFold(plan.ApplicationID.ValueString(), state.ApplicationID.ValueString()) && !plan.ApplicationID.IsUnknown() && !creating {
		plan.ApplicationID = state.ApplicationID
	}
	if config.RESTAPIPort.IsNull() {
		plan.RESTAPIPort = state.RESTAPIPort
	}
	p := path.Root("certificate")
	certificate := openCertificate(ctx, config.Certificate, p, diags)
	known := certificateState{state.CertificateThumbprint, state.CertificateExpiresAt}
	r.checkValidity(certificate, known, p, diags)
	certificate.plan(&plan.CertificateThumbprint, &plan.CertificateExpiresAt, known)
	open = certificate.unknown || slices.ContainsFunc(
		[]attr.Value{plan.Enabled, plan.ApplicationID, plan.PortalURI, plan.Region, config.RESTAPIPort},
		func(v attr.Value) bool { return v.IsUnknown() })
	for _, a := range authentications {
		open = r.exactAuthentication(ctx, a, &plan, &config, &state, diags) || open
	}
	plan.AuthorityURI = state.AuthorityURI
	if !plan.ApplicationID.Equal(state.ApplicationID) || !plan.Region.Equal(state.Region) || !plan.Enabled.Equal(state.Enabled) ||
		state.AuthorityURI.IsNull() && !plan.declares(state) {
		plan.AuthorityURI = types.StringUnknown()
	}
	return plan, open
}

func (r *portalResource) exactAuthentication(
	ctx context.Context, a *authentication, plan, config, state *model, diags *diag.Diagnostics,
) (open bool) {
	content, ok := a.read(ctx, plan, diags)
	if !ok {
		return a.of(plan).IsUnknown()
	}
	secret, _ := a.read(ctx, config, diags)
	known := certificateState{types.StringUnknown(), types.StringUnknown()}
	if before, ok := a.read(ctx, state, diags); ok {
		known = certificateState{before.CertificateThumbprint, before.CertificateExpiresAt}
	}
	p := path.Root(a.attribute).AtName("certificate")
	certificate := openCertificate(ctx, secret.Certificate, p, diags)
	r.checkValidity(certificate, known, p, diags)
	certificate.plan(&content.CertificateThumbprint, &content.CertificateExpiresAt, known)
	a.write(plan, content)
	return certificate.unknown || content.Enabled.IsUnknown()
}

func (r *portalResource) checkValidity(
	certificate declaredCertificate, known certificateState, p path.Path, diags *diag.Diagnostics,
) {
	if r.Connections != nil {
		certificate.checkValidity(known, p, r.Connections.Now(), diags)
	}
}

// declares tells whether the plan wants what the state has.
func (m model) declares(state model) bool {
	return m.Enabled.Equal(state.Enabled) && m.ApplicationID.Equal(state.ApplicationID) && m.PortalURI.Equal(state.PortalURI) &&
		m.Region.Equal(state.Region) && m.CertificateThumbprint.Equal(state.CertificateThumbprint) &&
		m.OperatorAuthentication.Equal(state.OperatorAuthentication) &&
		m.TenantAuthentication.Equal(state.TenantAuthentication) && m.RESTAPIPort.Equal(state.RESTAPIPort)
}

// checkRegionChange refuses another region for the same application. A region
// that somebody changed on the server can be put right.
func checkRegionChange(plan model, kept []byte, diags *diag.Diagnostics) {
	var applied record
	if len(kept) == 0 || json.Unmarshal(kept, &applied) != nil || plan.Region.IsUnknown() || plan.ApplicationID.IsUnknown() {
		return
	}
	if applied.Region != "" && plan.Region.ValueString() != applied.Region && strings.EqualFold(plan.ApplicationID.ValueString(), applied.ApplicationID) {
		diags.AddAttributeError(path.Root("region"), titleRegion, fmt.Sprintf(
			"The region is to change from %s to %s, but an application belongs to one of Microsoft's clouds. Register an application in the "+
				"other cloud, and change application_id along.", applied.Region, plan.Region.ValueString()))
	}
}

// askServer finds what would keep an apply from succeeding, and what one that
// creates replaces, even if what is declared is partly open. A server that does
// not answer leaves the plan unchecked.
func (r *portalResource) askServer(ctx context.Context, want declared, creating, open bool, diags *diag.Diagnostics) {
	const doing = "checking the plan of the restore portal"
	client, err := r.Connections.VB365()
	var seen facts
	if err == nil {
		seen, err = r.look(ctx, client)
	}
	switch {
	case err != nil && tfkit.IsPassing(err):
		title, detail := tfkit.Explain(doing, err)
		diags.AddWarning(tfkit.TitleNotChecked, title+". "+detail)
	case err != nil:
		r.Connections.ReportTrouble(diags, doing, err)
	case open:
		if seen.shell != nil {
			want.warnOfTakeover(seen.shell.RestorePortal, diags)
		}
	case seen.shell == nil:
		want.checkVerified(client, seen.rest, diags)
	case seen.ofTwoMachines(client, diags):
	default:
		if _, ours := r.Connections.Notes.Known(subjectOff); creating && !ours {
			want.warnOfTakeover(seen.shell.RestorePortal, diags)
		}
		want.checkManaged(*seen.shell, diags)
		want.checkOrganizations(ctx, client, *seen.shell, diags)
	}
}

// checkVerified says what an apply would fail with, while there is time to run
// the cmdlets first.
func (d declared) checkVerified(client *vb365.Client, have vb365.PortalSettings, diags *diag.Diagnostics) {
	if differ := d.fromREST(have); len(differ) > 0 {
		diags.AddWarning(titleRunThese, "Until this is done, an apply will fail. "+runThese(differ, d.commands(have)))
	}
	// A REST service behind a proxy or a forwarded port listens on another port than this.
	if hostOf(client.Endpoint()) == hostOf(d.portalURI) && portOf(client.Endpoint()) != portOf(d.portalURI) {
		diags.AddAttributeWarning(path.Root("portal_uri"), titlePort, fmt.Sprintf(
			"The portal is served on the port of the REST service, and endpoint is %s.", client.Endpoint()))
	}
}

// checkManaged compares the declaration with what the server has that is not declared.
func (d declared) checkManaged(have vbopowershell.Settings, diags *diag.Diagnostics) {
	if !d.on() {
		return
	}
	port := d.restAPIPort
	if port == 0 {
		port = have.RESTAPI.HTTPSPort
	}
	if portOf(d.portalURI) != port {
		diags.AddAttributeError(path.Root("portal_uri"), titlePort, fmt.Sprintf(
			"The portal is served on the port of the REST service, %d, and portal_uri names %d. Correct portal_uri, or set rest_api_port.",
			port, portOf(d.portalURI)))
	}
	if d.certificate == nil && have.RestorePortal.Certificate.Thumbprint == "" {
		diags.AddAttributeError(path.Root("certificate"), titleCertificate,
			"The portal needs a certificate to be on. The server has none for it yet, and none is declared.")
	}
	operators := authentications[0]
	want, ok := d.authentications[operators.attribute]
	switch {
	case !ok && !have.OperatorAuthentication.Enabled, ok && !want.enabled:
		diags.AddAttributeError(path.Root(operators.attribute), titleOperators,
			"Restore operators cannot log in to the portal while operator authentication is off, as it is on the server or in this plan. "+
				"Declare operator_authentication with enabled = true and a certificate.")
	case ok && want.certificate == nil && have.OperatorAuthentication.Certificate.Thumbprint == "":
		diags.AddAttributeError(path.Root(operators.attribute), titleCertificate,
			"Operator authentication needs a certificate to be on. The server has none for it yet, and none is declared.")
	}
}

// checkOrganizations warns where the portal would not serve the organizations of
// the server. An account that may not list them is complained about elsewhere.
func (d declared) checkOrganizations(
	ctx context.Context, client *vb365.Client, have vbopowershell.Settings, diags *diag.Diagnostics,
) {
	organizations, err := client.Organizations(ctx)
	if err != nil || !d.on() {
		return
	}
	var served int
	var elsewhere []string
	for _, o := range organizations {
		if !o.ModernAppOnly() {
			continue
		}
		served++
		if o.Region != "" && o.Region != d.region {
			elsewhere = append(elsewhere, fmt.Sprintf("%s: %s", o.Name, o.Region))
		}
	}
	if len(elsewhere) > 0 {
		diags.AddAttributeWarning(path.Root("region"), titleRegions, fmt.Sprintf(
			"The portal is for %s, but these organizations are elsewhere:\n%s\n\nTheir operators need a REST service of its own, with an "+
				"application of that region.", d.region, tfkit.Bullets(elsewhere)))
	}
	tenants := authentications[1]
	on := have.TenantAuthentication.Enabled
	if want, ok := d.authentications[tenants.attribute]; ok {
		on = want.enabled
	}
	if served > 1 && !on {
		diags.AddAttributeWarning(path.Root(tenants.attribute), titleTenants, fmt.Sprintf(
			"The server has %d organizations whose operators can use the portal. Veeam's user guide wants tenant authentication on as well "+
				"then: declare tenant_authentication.", served))
	}
}
