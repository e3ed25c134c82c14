package restoreportal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

const (
	// defaultTimeout limits operations that the configuration does not limit.
	defaultTimeout = 15 * time.Minute
	// restartTime is how long a restart of the REST service may take.
	restartTime = 3 * time.Minute
)

var (
	_ resource.ResourceWithConfigure   = (*portalResource)(nil)
	_ resource.ResourceWithImportState = (*portalResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*portalResource)(nil)
)

type portalResource struct{ tfkit.Resource }

// What the run's ledger speaks of: the server's one portal, and that this run has
// turned it off.
const (
	subject    = "restore portal"
	subjectOff = "restore portal that was turned off"
)

func (r *portalResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName
}

func (r *portalResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// ImportState takes any id: a server has one portal.
func (r *portalResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

// look asks the server for all that is to be had. Where both sides differ,
// somebody may have changed the settings between the two questions: they are
// asked once more.
func (r *portalResource) look(ctx context.Context, client *vb365.Client) (facts, error) {
	if !r.Connections.HasPowerShell() {
		rest, err := client.RefreshPortalSettings(ctx)
		return facts{rest: rest}, err
	}
	server, err := r.Connections.PowerShell()
	if err != nil {
		return facts{}, err
	}
	seen, err := lookAtBoth(ctx, client, server)
	if err == nil && len(disagreement(seen.rest, seen.shell.RestorePortal)) > 0 {
		server.Forget()
		seen, err = lookAtBoth(ctx, client, server)
	}
	return seen, err
}

func lookAtBoth(ctx context.Context, client *vb365.Client, server *vbopowershell.Server) (facts, error) {
	rest, err := client.RefreshPortalSettings(ctx)
	if err != nil {
		return facts{}, err
	}
	outcome, err := server.Settings(ctx)
	return facts{rest: rest, shell: &outcome.Settings}, err
}

func (r *portalResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	const doing = "setting up the restore portal"
	client, err := r.Connections.VB365()
	var instance vb365.ServiceInstance
	if err == nil {
		// First, so that an account that is no good is noticed before anything changes.
		instance, err = client.ServiceInstance(ctx)
	}
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	defer r.Connections.Notes.Alone(subject)()
	// What a failed creation has changed so far is found by the next one. A state
	// would have Terraform turn the portal off to create it anew.
	found, ok := r.establish(ctx, client, plan, config, model{}, doing, &resp.Diagnostics)
	if !ok {
		return
	}
	m := keepPlanned(found.apply(ctx, plan, &resp.Diagnostics), plan)
	m.ID = types.StringValue(instance.InstallationID)
	r.Connections.Notes.Claim(subject)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(newRecord(plan).save(ctx, resp.Private)...)
}

func (r *portalResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, config, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	const doing = "changing the restore portal"
	client, err := r.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	found, ok := r.establish(ctx, client, plan, config, state, doing, &resp.Diagnostics)
	if !ok {
		if found != nil { // what was done so far
			resp.Diagnostics.Append(resp.State.Set(ctx, found.apply(ctx, state, &resp.Diagnostics))...)
		}
		return
	}
	m := keepPlanned(found.apply(ctx, plan, &resp.Diagnostics), plan)
	m.ID = state.ID
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	resp.Diagnostics.Append(newRecord(plan).save(ctx, resp.Private)...)
}

// keepPlanned keeps what the plan has for what nobody declares: should somebody
// have changed it since, the next plan shows it.
func keepPlanned(m, plan model) model {
	keep := func(value *types.String, planned types.String) {
		if !planned.IsUnknown() {
			*value = planned
		}
	}
	keep(&m.AuthorityURI, plan.AuthorityURI)
	keep(&m.CertificateThumbprint, plan.CertificateThumbprint)
	keep(&m.CertificateExpiresAt, plan.CertificateExpiresAt)
	if !plan.RESTAPIPort.IsUnknown() {
		m.RESTAPIPort = plan.RESTAPIPort
	}
	for _, a := range authentications {
		if planned := *a.of(&plan); !planned.IsUnknown() && !hasUnknown(planned) {
			*a.of(&m) = planned
		}
	}
	return m
}

func hasUnknown(object types.Object) bool {
	for _, value := range object.Attributes() {
		if value.IsUnknown() {
			return true
		}
	}
	return false
}

// establish makes the server as declared, or verifies that it is. What it found
// in the end is nil if it is not known. When it is not ok, the diagnostics say why.
func (r *portalResource) establish(
	ctx context.Context, client *vb365.Client, plan, config, state model, doing string, diags *diag.Diagnostics,
) (found *facts, ok bool) {
	want := newDeclared(ctx, plan, config, diags)
	if diags.HasError() {
		return nil, false
	}
	seen, err := r.look(ctx, client)
	if err != nil {
		diags.Append(tfkit.Error(doing, err))
		return nil, false
	}
	if seen.ofTwoMachines(client, diags) {
		return nil, false
	}
	if seen.shell == nil {
		if differ := want.fromREST(seen.rest); len(differ) > 0 {
			diags.AddError(titleRunThese, runThese(differ, want.commands(seen.rest)))
			return &seen, false
		}
		warnOfUnseen(plan, state, seen.rest, diags)
		return &seen, true
	}
	return r.manage(ctx, client, want, *seen.shell, doing, diags)
}

// manage changes what is not as declared, and sees to it that it is done.
func (r *portalResource) manage(
	ctx context.Context, client *vb365.Client, want declared, have vbopowershell.Settings, doing string, diags *diag.Diagnostics,
) (found *facts, ok bool) {
	after, ok := r.change(ctx, have, want.changes(have), doing, diags)
	if after == nil {
		return nil, false
	}
	if differ := want.fromShell(*after); ok && len(differ) > 0 {
		diags.AddError(titleNotDone, fmt.Sprintf("While %s: the cmdlets succeeded, but afterwards\n%s\n\n"+
			"On the server, see %%ProgramData%%\\Veeam\\Backup365\\Logs. Plan again: it shows what the server has.", doing, tfkit.Bullets(differ.texts())))
		ok = false
	}
	// The service may have restarted, on another port.
	client.FollowPort(have.RESTAPI.HTTPSPort, after.RESTAPI.HTTPSPort)
	rest, err := r.await(ctx, client, *after)
	if err != nil {
		diags.Append(tfkit.Error("waiting for the REST service after "+doing, err))
		return &facts{rest: toldBy(after.RestorePortal), shell: after}, false
	}
	found = &facts{rest: rest, shell: after}
	return found, !found.ofTwoMachines(client, diags) && ok
}

// toldBy are the settings that REST shows of a portal, as far as PowerShell
// tells them.
func toldBy(portal vbopowershell.RestorePortal) vb365.PortalSettings {
	return vb365.PortalSettings{
		ApplicationID: portal.ApplicationID, IsEnabled: portal.Enabled, PortalURI: portal.PortalURI, TellsPortalURI: true,
	}
}

// change runs cmdlets, and returns what the server has afterwards; nil if that
// is not known.
func (r *portalResource) change(
	ctx context.Context, have vbopowershell.Settings, changes []vbopowershell.Change, doing string, diags *diag.Diagnostics,
) (after *vbopowershell.Settings, ok bool) {
	if len(changes) == 0 {
		return &have, true
	}
	server, err := r.Connections.PowerShell()
	if err != nil {
		diags.Append(tfkit.Error(doing, err))
		return nil, false
	}
	outcome, read, err := server.Change(ctx, have, changes...)
	if len(outcome.Warnings) > 0 {
		var lines []string
		for _, w := range outcome.Warnings {
			lines = append(lines, w.Cmdlet+" wrote: "+w.Message)
		}
		diags.AddWarning(titleWarning, fmt.Sprintf("While %s:\n%s", doing, tfkit.Bullets(lines)))
	}
	if err != nil {
		diags.Append(tfkit.Error(doing, err))
	}
	if !read {
		return nil, false
	}
	return &outcome.Settings, err == nil
}

// await waits until REST shows what PowerShell shows, as long as a restart may
// take. What it shows in the end is returned whatever it is.
func (r *portalResource) await(ctx context.Context, client *vb365.Client, settings vbopowershell.Settings) (vb365.PortalSettings, error) {
	// What was done is done: the end is to be known even if the run is interrupted
	// or out of time.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restartTime)
	defer cancel()
	return client.AwaitPortalSettings(ctx, func(shown vb365.PortalSettings) bool {
		return len(disagreement(shown, settings.RestorePortal)) == 0
	})
}

// disagreement tells where REST shows other settings than PowerShell.
func disagreement(rest vb365.PortalSettings, shell vbopowershell.RestorePortal) differences {
	var found differences
	found = found.compare("enabled", onOff(rest.IsEnabled), onOff(shell.Enabled))
	if isConfigured(rest.ApplicationID) || isConfigured(shell.ApplicationID) {
		found = found.compare("application_id", strings.ToLower(rest.ApplicationID), strings.ToLower(shell.ApplicationID))
	}
	if rest.PortalURI != "" {
		found = found.compare("portal_uri", rest.PortalURI, shell.PortalURI)
	}
	return found
}

// ofTwoMachines reports as an error that the two sides show different portals:
// nothing may be changed then.
func (f facts) ofTwoMachines(client *vb365.Client, diags *diag.Diagnostics) bool {
	if f.shell == nil {
		return false
	}
	differ := disagreement(f.rest, f.shell.RestorePortal)
	if len(differ) > 0 {
		diags.AddError(titleTwoMachines, twoMachines(client, differ))
	}
	return len(differ) > 0
}

func twoMachines(client *vb365.Client, differ differences) string {
	var lines []string
	for _, d := range differ {
		lines = append(lines, fmt.Sprintf("%s is %s over REST, and %s in PowerShell", d.attribute, orNone(d.have), orNone(d.want)))
	}
	return fmt.Sprintf("%s and the server's PowerShell show different settings of the portal:\n%s\n\n"+
		"A REST service on a machine of its own has its own settings, which only its configuration program changes "+
		"(Veeam.Archiver.REST.Configurator.exe there). Point endpoint and powershell at the same machine; or leave powershell out, to verify "+
		"the portal that endpoint serves.", client.Endpoint(), tfkit.Bullets(lines))
}

func (r *portalResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Read(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	const doing = "reading the restore portal's settings"
	imported := state.ApplicationID.IsNull()
	client, err := r.Connections.VB365()
	var seen facts
	if err == nil {
		seen, err = r.look(ctx, client)
	}
	if err == nil && imported {
		var instance vb365.ServiceInstance
		instance, err = client.ServiceInstance(ctx)
		state.ID = types.StringValue(instance.InstallationID)
	}
	if err != nil {
		r.Connections.ReportTrouble(&resp.Diagnostics, doing, err)
		return
	}
	if seen.shell != nil {
		if differ := disagreement(seen.rest, seen.shell.RestorePortal); len(differ) > 0 {
			resp.Diagnostics.AddWarning(titleTwoMachines, twoMachines(client, differ))
		}
	}
	m := seen.apply(ctx, state, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
	if imported {
		resp.Diagnostics.Append(newRecord(m).save(ctx, resp.Private)...)
	} else {
		warnOfDrift(&resp.Diagnostics, drift(ctx, state, m, &resp.Diagnostics))
	}
}

// Delete turns the portal off, and changes nothing else.
func (r *portalResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer r.Connections.Notes.Alone(subject)()
	if !r.Connections.Notes.Destroy(subject) {
		resp.Diagnostics.AddWarning(titleKept, "A destroy turns the portal off. It was left on, because another resource of this configuration, "+
			"or the replacement of this one, declares the server's portal and has set it up in this run.")
		return
	}
	const doing = "turning the restore portal off"
	client, err := r.Connections.VB365()
	var seen facts
	if err == nil {
		seen, err = r.look(ctx, client)
	}
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	if seen.ofTwoMachines(client, &resp.Diagnostics) {
		return
	}
	off := vbopowershell.SetRestorePortal{Enabled: false}
	if seen.shell == nil {
		if seen.rest.IsEnabled {
			resp.Diagnostics.AddError(titleRunThese, turnOff())
		}
		return
	}
	if !seen.shell.RestorePortal.Enabled {
		return
	}
	after, ok := r.change(ctx, *seen.shell, []vbopowershell.Change{off}, doing, &resp.Diagnostics)
	switch {
	case !ok:
	case after.RestorePortal.Enabled:
		resp.Diagnostics.AddError(titleNotDone, fmt.Sprintf("While %s: the cmdlet succeeded, but the portal is still on. "+
			"On the server, see %%ProgramData%%\\Veeam\\Backup365\\Logs.", doing))
	default:
		// The next run is not to meet a service that restarts.
		rest, err := r.await(ctx, client, *after)
		if err != nil {
			resp.Diagnostics.Append(tfkit.Error("waiting for the REST service after "+doing, err))
			return
		}
		facts{rest: rest, shell: after}.ofTwoMachines(client, &resp.Diagnostics)
		r.Connections.Notes.Note(subjectOff, doing)
	}
}

// recordKey is where the record is kept in private state.
const recordKey = "applied"

// record is what was last declared. The state cannot tell: a refresh puts what
// the server has in its place.
type record struct {
	// Region is empty if an import could not tell it.
	Region        string `json:"region"`
	ApplicationID string `json:"applicationId"`
}

func newRecord(m model) record {
	return record{Region: m.Region.ValueString(), ApplicationID: m.ApplicationID.ValueString()}
}

func (r record) save(ctx context.Context, to tfkit.Private) diag.Diagnostics {
	return tfkit.Record(ctx, to, recordKey, r, "What was declared")
}
