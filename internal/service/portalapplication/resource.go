package portalapplication

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

const (
	// defaultTimeout limits operations that the configuration does not limit.
	defaultTimeout = 20 * time.Minute
	// restless is how long to wait between attempts at what a replica does not know yet.
	restless = 5 * time.Second
)

var (
	_ resource.ResourceWithConfigure   = (*applicationResource)(nil)
	_ resource.ResourceWithIdentity    = (*applicationResource)(nil)
	_ resource.ResourceWithImportState = (*applicationResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*applicationResource)(nil)
)

type applicationResource struct{ tfkit.Resource }

func newResource() resource.Resource { return &applicationResource{} }

func (r *applicationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName
}

func (r *applicationResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

func (r *applicationResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identitySchema()
}

// home returns the way to the provider's own tenant.
func (r *applicationResource) home() (*entra.Client, *entra.Tenant, error) {
	client, err := r.Connections.Entra()
	if err != nil {
		return nil, nil, err
	}
	if client.HomeTenantID() == "" {
		return nil, nil, &tfkit.SettingError{Attribute: "entra.tenant_id", Environment: "ARM_TENANT_ID"}
	}
	tenant, err := client.Tenant(client.HomeTenantID())
	return client, tenant, err
}

func (r *applicationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	doing := fmt.Sprintf("registering the portal's application %q", plan.DisplayName.ValueString())
	client, tenant, err := r.home()
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	want, err := newDesired(plan)
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	w := &work{client: client, tenant: tenant, record: &record{TenantID: tenant.ID()}, others: r.others, claim: r.claim}
	w.progress = func() {
		// From here on the application exists: whatever happens, the state knows it.
		m := newModel(plan, w.facts)
		resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
		resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{m.ApplicationID})...)
		resp.Diagnostics.Append(w.record.save(ctx, resp.Private)...)
	}
	adopted, err := w.establish(limited, want)
	if err == nil && adopted {
		err = w.meet(limited, plan)
	}
	if err == nil {
		err = w.finish(limited, want)
	}
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	if adopted {
		resp.Diagnostics.AddAttributeWarning(path.Root("display_name"), "An existing application was adopted",
			fmt.Sprintf("The tenant already had the application %q (%s), with these addresses and this audience: it is managed from now on, "+
				"and no second one was registered. This is expected after an apply that was cut off. %s",
				plan.DisplayName.ValueString(), w.facts.app.AppID, adoption))
	}
}

func (r *applicationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Read(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	kept, diags := req.Private.GetKey(ctx, recordKey)
	resp.Diagnostics.Append(diags...)
	done, diags := parseRecord(kept)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	imported := state.ObjectID.IsNull()
	r.noteManaged(state.ApplicationID)
	doing := "reading the portal's application " + state.ApplicationID.ValueString()
	client, tenant, err := r.home()
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	expected := state.expects
	if imported {
		expected = func(f facts) bool { return f.app != nil }
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{state.ApplicationID})...)
	seen, err := settled(ctx, client, tenant, state, done.WrittenAt, expected)
	switch {
	case err != nil && imported:
		addError(&resp.Diagnostics, doing, err)
		return
	case err != nil:
		r.Connections.ReportTrouble(&resp.Diagnostics, doing, err)
		return
	case seen.app == nil && imported:
		resp.Diagnostics.AddError("There is no such application",
			fmt.Sprintf("Tenant %s has no application %s. Import the portal's application by its application (client) id.",
				tenant.ID(), state.ApplicationID.ValueString()))
		return
	case seen.app == nil && done.elsewhere(tenant) != nil:
		addError(&resp.Diagnostics, doing, done.elsewhere(tenant))
		return
	case seen.app == nil:
		resp.Diagnostics.AddWarning(
			fmt.Sprintf("The portal's application %q was deleted outside Terraform", state.DisplayName.ValueString()),
			"Applying registers a new one, with another application id, to which every customer has to consent anew. Entra keeps a deleted "+
				"application for 30 days: to restore it instead, do so in Entra's portal (App registrations, Deleted applications) and "+
				"run again.")
		resp.State.RemoveResource(ctx)
		return
	}
	is := newModel(state, seen)
	if !imported {
		warnOfDrift(&resp.Diagnostics, state.DisplayName.ValueString(), drift(state, is))
	}
	done.TenantID = tenant.ID()
	resp.Diagnostics.Append(done.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, is)...)
}

func (r *applicationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	kept, diags := req.Private.GetKey(ctx, recordKey)
	resp.Diagnostics.Append(diags...)
	done, diags := parseRecord(kept)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{plan.ApplicationID})...)
	if plan.declares(state) {
		// Only settings that Entra does not know changed, such as timeouts.
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	doing := fmt.Sprintf("changing the portal's application %q (%s)", state.DisplayName.ValueString(), state.ApplicationID.ValueString())
	client, tenant, err := r.home()
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	want, err := newDesired(plan)
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	seen, err := settled(limited, client, tenant, withOwners(state, plan), done.WrittenAt, state.expects)
	if err == nil && seen.app == nil {
		err = cmp.Or(done.elsewhere(tenant), errGone)
	}
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	done.TenantID = tenant.ID()
	w := &work{client: client, tenant: tenant, facts: seen, record: done, previousOwners: textsOf(state.Owners)}
	w.progress = func() {
		resp.Diagnostics.Append(resp.State.Set(ctx, newModel(plan, w.facts))...)
		resp.Diagnostics.Append(w.record.save(ctx, resp.Private)...)
	}
	if err := w.finish(limited, want); err != nil {
		addError(&resp.Diagnostics, doing, err)
	}
}

// withOwners returns state with some owners if either side declares some, so that they are asked for.
func withOwners(state, plan model) model {
	if len(textsOf(state.Owners)) == 0 {
		state.Owners = plan.Owners
	}
	return state
}

// errGone is returned where the application vanished between plan and apply.
var errGone = errors.New("the application was deleted since the plan was made; run the plan again")

func (r *applicationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	kept, diags := req.Private.GetKey(ctx, recordKey)
	resp.Diagnostics.Append(diags...)
	done, diags := parseRecord(kept)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r.noteManaged(state.ApplicationID)
	if !r.Connections.Notes.Destroy(fateSubject(state.ApplicationID.ValueString())) {
		resp.Diagnostics.AddWarning("The portal's application was kept",
			fmt.Sprintf("The application %q (%s) was to be deleted, but another resource of this configuration, or the replacement of this one, "+
				"declares exactly the same one and has adopted it in this run.",
				state.DisplayName.ValueString(), state.ApplicationID.ValueString()))
		return
	}
	doing := fmt.Sprintf("deleting the portal's application %q (%s)", state.DisplayName.ValueString(), state.ApplicationID.ValueString())
	client, tenant, err := r.home()
	if err == nil {
		err = remove(ctx, client, tenant, state.ObjectID.ValueString(), done)
	}
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
	}
}

// remove deletes the application. That it is not found means that it is gone or,
// soon after it was written, that a replica has not heard of it yet.
func remove(ctx context.Context, client *entra.Client, tenant *entra.Tenant, id string, done *record) error {
	end := done.WrittenAt.Add(entra.ReplicationWindow)
	for {
		err := tenant.DeleteApplication(ctx, id)
		if !errors.Is(err, entra.ErrNotFound) {
			return err
		}
		if client.Now().After(end) {
			return done.elsewhere(tenant)
		}
		if err := client.Sleep(ctx, restless); err != nil {
			return err
		}
	}
}

// ImportState takes the application id, or the identity.
func (r *applicationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	given := identity{types.StringValue(req.ID)}
	if req.ID == "" && req.Identity != nil {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &given)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !vb365.IsGUID(given.ApplicationID.ValueString()) {
		resp.Diagnostics.AddError("Malformed import id", fmt.Sprintf("%q cannot be imported. Import the portal's application by its "+
			"application (client) id, a GUID.", given.ApplicationID.ValueString()))
		return
	}
	// Entra writes ids in lower case, and an identity must not change with the first read.
	given.ApplicationID = types.StringValue(strings.ToLower(given.ApplicationID.ValueString()))
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("application_id"), given.ApplicationID)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, given)...)
}

// addError adds a diagnostic for an error of this package or of the client.
func addError(diags *diag.Diagnostics, doing string, err error) {
	var (
		namesake  *namesakeError
		elsewhere *elsewhereError
	)
	switch {
	case errors.As(err, &namesake):
		diags.AddAttributeError(path.Root("display_name"), "An application of this name exists",
			fmt.Sprintf("The tenant already has an application named %q (%s), and it is not as declared here:\n%s\n\n"+
				"To manage it, import it; the next plan then shows what would change:\n"+
				"  import {\n    to = vb365_restore_portal_application.<name>\n    id = %q\n  }\n"+
				"To keep it beside a new one, give the new one another name.",
				namesake.app.DisplayName, namesake.app.AppID, tfkit.Bullets(namesake.differences), namesake.app.AppID))
	case errors.As(err, &elsewhere):
		diags.AddError("The application is in another tenant", fmt.Sprintf("While %s: %s.\n\n"+
			"Set the provider (entra.tenant_id or ARM_TENANT_ID) back to %s.\n"+
			"If the application was deleted there, or is to stay there unmanaged, let Terraform forget it:\n"+
			"  terraform state rm vb365_restore_portal_application.<name>", doing, err, elsewhere.found))
	case errors.Is(err, errGone):
		diags.AddError("The application changed since the plan was made", fmt.Sprintf("While %s: %s.", doing, err))
	default:
		diags.Append(tfkit.Error(doing, err))
	}
}
