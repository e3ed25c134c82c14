package tenantconsent

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

var (
	_ resource.ResourceWithConfigure   = (*consentResource)(nil)
	_ resource.ResourceWithIdentity    = (*consentResource)(nil)
	_ resource.ResourceWithImportState = (*consentResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*consentResource)(nil)
)

type consentResource struct{ tfkit.Resource }

func newResource() resource.Resource { return &consentResource{} }

func (r *consentResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName
}

func (r *consentResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

func (r *consentResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identitySchema()
}

// reader returns the way to the tenant that m names.
func (r *consentResource) reader(m model, graphID string) (reader, error) {
	client, err := r.Connections.Entra()
	if err != nil {
		return reader{}, err
	}
	return newReader(client, m.TenantID.ValueString(), m.ApplicationID.ValueString(), graphID)
}

func (r *consentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	fate := fateSubject(plan)
	defer r.Connections.Notes.Alone(fate)()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	doing := "consenting to " + describe(plan)
	reader, err := r.reader(plan, "")
	if err != nil {
		r.addError(&resp.Diagnostics, doing, plan, err)
		return
	}
	w := &work{reader: reader, record: new(provenance)}
	w.progress = func() {
		// From here on something is in the tenant: whatever happens, the state knows it.
		resp.Diagnostics.Append(resp.State.Set(ctx, newModel(plan, w.client, w.facts))...)
		resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{plan.TenantID, plan.ApplicationID})...)
		resp.Diagnostics.Append(w.record.save(ctx, resp.Private)...)
	}
	err = w.establish(limited)
	if err == nil {
		err = w.finish(limited, plan.AccountEnabled.ValueBool())
	}
	r.conclude(&resp.Diagnostics, doing, plan, w, err)
	if err == nil {
		r.Connections.Notes.Claim(fate)
		warnOfAssignment(&resp.Diagnostics, plan.TenantID.ValueString(), w.facts.principal)
	}
}

// finish brings everything but the service principal's existence in order.
func (w *work) finish(ctx context.Context, enabled bool) error {
	if err := w.enable(ctx, enabled); err != nil {
		return err
	}
	if err := w.consent(ctx); err != nil {
		return err
	}
	w.progress()
	return nil
}

// conclude reports what an apply met.
func (r *consentResource) conclude(diags *diag.Diagnostics, doing string, m model, w *work, err error) {
	for _, warning := range w.warnings {
		diags.AddWarning("It is not clear who created what in tenant "+m.TenantID.ValueString(), warning)
	}
	if !w.record.WrittenAt.IsZero() {
		r.Connections.Notes.Note(writtenSubject(m.TenantID, m.ApplicationID), w.record.WrittenAt.Format(time.RFC3339Nano))
	}
	if err != nil {
		r.addError(diags, doing, m, err)
		return
	}
	warnOfObstacles(diags, m.TenantID.ValueString(), w.facts.principal)
}

// fateSubject is what the run's ledger says whether it is kept or destroyed of.
func fateSubject(m model) string {
	return "consent " + consentID(m.TenantID.ValueString(), m.ApplicationID.ValueString())
}

// writtenSubject is what the run's ledger says the time of the last write of.
func writtenSubject(tenant, app types.String) string {
	return "consent written " + consentID(tenant.ValueString(), app.ValueString())
}

func (r *consentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Read(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	kept, diags := req.Private.GetKey(ctx, provenanceKey)
	resp.Diagnostics.Append(diags...)
	record, diags := parseProvenance(kept)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	imported := state.ServicePrincipalID.IsNull()
	doing := "reading the consent to " + describe(state)
	report := func(err error) {
		// An import must not pass in silence; a refresh need not repeat what is wrong with the connection.
		if !imported && r.Connections.IsKnownTrouble(doing, err) {
			return
		}
		r.addError(&resp.Diagnostics, doing, state, err)
	}
	reader, err := r.reader(state, record.GraphID)
	if err != nil {
		report(err)
		return
	}
	expected := state.expects
	if imported {
		expected = facts.complete
	}
	seen, err := reader.settled(limited, record.WrittenAt, expected)
	if err != nil {
		report(err)
		return
	}
	tenant := state.TenantID.ValueString()
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{state.TenantID, state.ApplicationID})...)
	if seen.principal == nil {
		reader.reportAbsence(limited, &resp.Diagnostics, imported)
		if !imported {
			resp.State.RemoveResource(ctx)
		}
		return
	}
	if imported {
		warnOfAssignment(&resp.Diagnostics, tenant, seen.principal)
	} else {
		warnOfDrift(&resp.Diagnostics, tenant, drift(state, seen))
	}
	warnOfObstacles(&resp.Diagnostics, tenant, seen.principal)
	record.GraphID = seen.graphID
	record.forget(seen)
	resp.Diagnostics.Append(record.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, newModel(state, reader.client, seen))...)
}

// reportAbsence says that the application is not in the tenant, and whether it
// can be restored.
func (r reader) reportAbsence(ctx context.Context, diags *diag.Diagnostics, imported bool) {
	if imported {
		diags.AddError("There is no such consent",
			fmt.Sprintf("Tenant %s has no service principal of application %s. Without the import, the next apply creates it.", r.tenant.ID(), r.appID))
		return
	}
	next := "Applying creates it again, and consents again."
	// Whether it can be restored only makes the warning better.
	if id, err := r.tenant.DeletedServicePrincipal(ctx, r.appID); err == nil && id != "" {
		next = fmt.Sprintf("It can still be restored: applying restores it (%s) and consents again.", id)
	}
	diags.AddWarning(fmt.Sprintf("The portal's application was removed from tenant %s outside Terraform", r.tenant.ID()),
		fmt.Sprintf("The service principal of application %s was deleted. %s", r.appID, next))
}

func (r *consentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	kept, diags := req.Private.GetKey(ctx, provenanceKey)
	resp.Diagnostics.Append(diags...)
	record, diags := parseProvenance(kept)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{plan.TenantID, plan.ApplicationID})...)
	if plan.declares(state) {
		// Only settings that the tenant does not know changed, such as on_destroy.
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	doing := "consenting to " + describe(plan)
	reader, err := r.reader(plan, record.GraphID)
	if err != nil {
		r.addError(&resp.Diagnostics, doing, plan, err)
		return
	}
	w := &work{reader: reader, record: record}
	w.progress = func() {
		m := newModel(plan, w.client, w.facts)
		// Should others have added or removed one since the plan, the next plan says so.
		m.UnmanagedScopes = plan.UnmanagedScopes
		resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
		resp.Diagnostics.Append(w.record.save(ctx, resp.Private)...)
	}
	w.facts, err = reader.settled(limited, record.WrittenAt, state.expects)
	if err == nil && (w.facts.principal == nil || !strings.EqualFold(w.facts.principal.ID, state.ServicePrincipalID.ValueString())) {
		err = errGone
	}
	if err == nil {
		err = w.finish(limited, plan.AccountEnabled.ValueBool())
	}
	r.conclude(&resp.Diagnostics, doing, plan, w, err)
}

func (r *consentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	kept, diags := req.Private.GetKey(ctx, provenanceKey)
	resp.Diagnostics.Append(diags...)
	record, diags := parseProvenance(kept)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || worthless(record, state.OnDestroy.ValueString()) {
		return
	}
	fate := fateSubject(state)
	defer r.Connections.Notes.Alone(fate)()
	if !r.Connections.Notes.Destroy(fate) {
		resp.Diagnostics.AddWarning("The consent was kept", fmt.Sprintf("The consent to %s was to be taken back, but another resource of "+
			"this configuration, or the replacement of this one, declares it and has found it in this run. What this resource had added "+
			"counts as added by others from now on: a later destroy takes it back only with on_destroy = \"revoke\".", describe(state)))
		return
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	doing := "taking back the consent to " + describe(state)
	reader, err := r.reader(state, record.GraphID)
	if err != nil {
		r.addError(&resp.Diagnostics, doing, state, err)
		return
	}
	take := &removal{reader: reader, record: record}
	err = take.run(limited, state.OnDestroy.ValueString())
	for _, warning := range take.warnings {
		resp.Diagnostics.AddWarning("A service principal was kept in tenant "+state.TenantID.ValueString(), warning)
	}
	if err != nil {
		r.addError(&resp.Diagnostics, doing, state, err)
	}
}

// ImportState takes "tenant_id/application_id", or the identity of the two.
func (r *consentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	var given identity
	if req.ID == "" && req.Identity != nil {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &given)...)
	} else {
		tenant, app, _ := strings.Cut(req.ID, "/")
		given = identity{types.StringValue(tenant), types.StringValue(app)}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !tfkit.TenantID.Valid(given.TenantID.ValueString()) || !vb365.IsGUID(given.ApplicationID.ValueString()) {
		resp.Diagnostics.AddError("Malformed import id", fmt.Sprintf("%q cannot be imported. Import a consent by "+
			"\"tenant_id/application_id\", such as \"contoso.onmicrosoft.com/00000000-0000-0000-0000-000000000000\".",
			cmp.Or(req.ID, given.TenantID.ValueString()+"/"+given.ApplicationID.ValueString())))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("tenant_id"), given.TenantID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("application_id"), given.ApplicationID)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, given)...)
}

func describe(m model) string {
	return fmt.Sprintf("application %s in tenant %s", m.ApplicationID.ValueString(), m.TenantID.ValueString())
}

// addError adds a diagnostic for an error of this package or of the client. What
// an administrator of the tenant can do by hand is said along.
func (r *consentResource) addError(diags *diag.Diagnostics, doing string, m model, err error) {
	diags.AddError(explain(r.Connections, doing, m.TenantID.ValueString(), m.ApplicationID.ValueString(), err))
}

func explain(connections *tfkit.Connections, doing, tenant, app string, err error) (title, detail string) {
	var unreadable *unreadableError
	switch {
	case errors.Is(err, errGone):
		return "The tenant changed since the plan was made", fmt.Sprintf("While %s: %s.", doing, err)
	case errors.As(err, &unreadable):
		return "The service principal cannot be seen", fmt.Sprintf("While %s: %s.\n\nEither another application of the tenant uses one of its "+
			"names (identifier URIs), or Entra takes longer than usual to spread the news: run again in some minutes.", doing, err)
	}
	title, detail = tfkit.Explain(doing, err)
	client, clientErr := connections.Entra()
	if clientErr != nil {
		return title, detail
	}
	var login *entra.LoginError
	if errors.As(err, &login) && login.Reason == entra.NotInTenant && login.ClientID != "" {
		detail += "\n\nThe link with which an administrator of the tenant consents to the application that Terraform logs in with:\n  " +
			client.AdminConsentURL(tenant, login.ClientID)
	}
	if errors.As(err, &login) && login.Reason == entra.NotInTenant || errors.Is(err, entra.ErrForbidden) {
		detail += "\n\nOr an administrator of the tenant consents to the portal's application by hand (admin_consent_url):\n  " +
			client.AdminConsentURL(tenant, app)
	}
	return title, detail
}
