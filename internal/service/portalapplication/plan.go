package portalapplication

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// ModifyPlan makes the plan exact, and looks for an application that a new one
// would stand beside. One that is managed already costs nothing.
func (r *applicationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // a destroy
	}
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	creating := req.State.Raw.IsNull()
	if !creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, exactPlan(plan, state, creating))...)
	switch {
	case r.Connections == nil || resp.Diagnostics.HasError():
	case !creating:
		r.noteManaged(state.ApplicationID)
	case r.Connections.ValidateAtPlan:
		r.checkNamesakes(ctx, plan, &resp.Diagnostics)
	}
}

// noteManaged remembers that an application is in the state: one that is to
// replace it does not stand beside it.
func (r *applicationResource) noteManaged(id types.String) {
	r.Connections.Notes.Note(managedSubject(id.ValueString()), "managed")
}

func managedSubject(appID string) string { return "managed application " + strings.ToLower(appID) }

// fateSubject is what the run's ledger says whether it is kept or destroyed of.
func fateSubject(appID string) string { return "application " + strings.ToLower(appID) }

// claim takes an application for a resource of this run, so that no other one
// deletes it, unless one does already.
func (r *applicationResource) claim(app *entra.Application) bool {
	return r.Connections.Notes.Claim(fateSubject(app.AppID))
}

// others returns the applications that this run does not know to be in the
// state, or to have been a moment ago: Entra goes on listing what was deleted.
func (r *applicationResource) others(found []*entra.Application) []*entra.Application {
	return slices.DeleteFunc(found, func(app *entra.Application) bool {
		_, managed := r.Connections.Notes.Known(managedSubject(app.AppID))
		return managed
	})
}

// checkNamesakes finds what an apply would adopt or fail with.
func (r *applicationResource) checkNamesakes(ctx context.Context, plan model, diags *diag.Diagnostics) {
	const doing = "checking the plan of the portal's application"
	_, tenant, err := r.home()
	var found []*entra.Application
	if err == nil && !plan.DisplayName.IsUnknown() {
		found, err = tenant.ApplicationsNamed(ctx, plan.DisplayName.ValueString())
		found = r.others(found)
	}
	if err != nil {
		title, detail := tfkit.Explain(doing, err)
		r.Connections.ReportUnchecked(diags, path.Root("display_name"), doing, err, title, detail)
		return
	}
	want, err := newDesired(plan)
	if err != nil || len(found) == 0 || !plan.wholly() {
		return // apply compares
	}
	app, adopted := choose(found, want)
	if !adopted {
		addError(diags, doing, &namesakeError{app, want.differences(app)})
		return
	}
	diags.AddAttributeWarning(path.Root("display_name"), "An existing application will be adopted",
		fmt.Sprintf("The tenant already has the application %q (%s), with these addresses and this audience. Applying does not register a "+
			"second one but manages this one from then on. %s", app.DisplayName, app.AppID, adoption))
}

// adoption is what follows from an adoption.
const adoption = "What it lacks, such as the certificate, is added. Destroying the resource deletes the application; to keep it, use " +
	"terraform state rm, or a removed block."

// exactPlan writes down what is known before apply: the thumbprint follows from
// the certificate, and what exists keeps its ids.
func exactPlan(plan, state model, creating bool) model {
	plan.RequestedScopes = texts(requestedScopes())
	plan.CertificateThumbprint = types.StringUnknown()
	if c, err := parseCertificate(plan.CertificatePEM.ValueString()); err == nil {
		plan.CertificateThumbprint = types.StringValue(c.thumbprint)
	}
	plan.ApplicationID, plan.ObjectID, plan.IdentifierURI = state.ApplicationID, state.ObjectID, types.StringUnknown()
	if creating {
		plan.ApplicationID, plan.ObjectID = types.StringUnknown(), types.StringUnknown()
	} else {
		plan.IdentifierURI = types.StringValue(identifierURI(state.ApplicationID.ValueString()))
	}
	plan.ServicePrincipalID = orUnknown(state.ServicePrincipalID)
	plan.AccessAsUserScopeID = orUnknown(state.AccessAsUserScopeID)
	return plan
}

// orUnknown returns what the state knows; what it lacks is found out by the apply.
func orUnknown(known types.String) types.String {
	if known.IsNull() {
		return types.StringUnknown()
	}
	return known
}
