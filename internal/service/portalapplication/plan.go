package portalapplication

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan makes the plan exact. It asks nobody.
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
}

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
