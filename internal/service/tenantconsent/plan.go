package tenantconsent

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// ModifyPlan makes the plan exact. What is to be in the tenant is known; a tenant
// that a consent is new to is asked once in a run whether it can be entered.
func (r *consentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
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
	replacing := len(resp.RequiresReplace) > 0
	if replacing {
		state = model{}
	}
	plan = r.exactPlan(plan, state, creating || replacing)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if !creating {
		return // a replacement is planned once more, as a creation
	}
	r.checkTenant(ctx, plan, &resp.Diagnostics)
	if r.Connections == nil || plan.ID.IsUnknown() {
		return
	}
	if _, first := r.Connections.Notes.Note("planned consent "+plan.ID.ValueString(), "planned"); !first {
		resp.Diagnostics.AddAttributeError(path.Root("application_id"), "The consent is declared twice",
			fmt.Sprintf("Two resources of this configuration declare the consent of tenant %s to application %s. Declare it once.",
				plan.TenantID.ValueString(), plan.ApplicationID.ValueString()))
	}
}

// checkTenant finds out whether the provider can log in to the tenant and read
// it, by what an apply needs first: Microsoft Graph's own service principal.
func (r *consentResource) checkTenant(ctx context.Context, plan model, diags *diag.Diagnostics) {
	if r.Connections == nil || !r.Connections.ValidateAtPlan || plan.TenantID.IsUnknown() {
		return
	}
	id := plan.TenantID.ValueString()
	if _, first := r.Connections.Notes.Note("checked tenant "+strings.ToLower(id), "checked"); !first {
		return
	}
	client, err := r.Connections.Entra()
	if err == nil {
		var tenant *entra.Tenant
		if tenant, err = client.Tenant(id); err == nil {
			_, err = tenant.Graph(ctx)
		}
	}
	if err != nil {
		doing := "checking the plan in tenant " + id
		title, detail := explain(r.Connections, doing, id, plan.ApplicationID.ValueString(), err)
		r.Connections.ReportUnchecked(diags, path.Root("tenant_id"), doing, err, title, detail)
	}
}

// exactPlan writes down what is known before apply.
func (r *consentResource) exactPlan(plan, state model, creating bool) model {
	if sameText(plan.TenantID, state.TenantID) {
		plan.TenantID = state.TenantID
	}
	if sameText(plan.ApplicationID, state.ApplicationID) {
		plan.ApplicationID = state.ApplicationID
	}
	plan.ID, plan.AdminConsentURL = types.StringUnknown(), state.AdminConsentURL
	if creating {
		plan.AdminConsentURL = types.StringUnknown()
	}
	if !plan.TenantID.IsUnknown() && !plan.ApplicationID.IsUnknown() {
		plan.ID = types.StringValue(consentID(plan.TenantID.ValueString(), plan.ApplicationID.ValueString()))
		// Settings that are not known yet, or not there, are complained about where they are needed.
		if client, err := r.Connections.Entra(); err == nil {
			plan.AdminConsentURL = consentURL(client, plan)
		}
	}
	plan.GrantedScopes = scopesObject(func(a *api) []string { return a.required })
	plan.ServicePrincipalID, plan.UnmanagedScopes = state.ServicePrincipalID, state.UnmanagedScopes
	if creating {
		plan.ServicePrincipalID, plan.UnmanagedScopes = types.StringUnknown(), types.ObjectUnknown(scopesTypes())
	}
	return plan
}

func sameText(a, b types.String) bool {
	return !a.IsUnknown() && !b.IsNull() && strings.EqualFold(a.ValueString(), b.ValueString())
}

// replaceUnlessSameID replaces the resource when the text means something else.
func replaceUnlessSameID() planmodifier.String {
	const describes = "Changing this replaces the consent; the case of letters does not count."
	return stringplanmodifier.RequiresReplaceIf(
		func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
			resp.RequiresReplace = !sameText(req.PlanValue, req.StateValue)
		}, describes, describes)
}
