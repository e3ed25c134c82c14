package tenantconsent

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan makes the plan exact. It asks nobody: what is to be in the tenant is
// known.
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
	if !creating || r.Connections == nil || plan.ID.IsUnknown() {
		return // a replacement is planned once more, as a creation
	}
	if _, first := r.Connections.Notes.Note("planned consent "+plan.ID.ValueString(), "planned"); !first {
		resp.Diagnostics.AddAttributeError(path.Root("application_id"), "The consent is declared twice",
			fmt.Sprintf("Two resources of this configuration declare the consent of tenant %s to application %s. Declare it once.",
				plan.TenantID.ValueString(), plan.ApplicationID.ValueString()))
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
		plan.ServicePrincipalID = types.StringUnknown()
	}
	if creating || !plan.declares(state) {
		// The apply looks again at what others added.
		plan.UnmanagedScopes = types.ObjectUnknown(scopesTypes())
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
