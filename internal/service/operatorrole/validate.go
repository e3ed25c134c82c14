package operatorrole

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// ValidateConfig checks what can be known without a server.
func (r *roleResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	validateScope(&config, &resp.Diagnostics)
	if !config.Operators.IsNull() && empty(config.Operators, operators) {
		resp.Diagnostics.AddAttributeError(path.Root("operators"), "A role needs operators",
			"Name at least one user or group who may restore: operators = { groups = [\"…\"] }.")
	}
	for _, l := range lists {
		for _, k := range l.kinds {
			validateUnique(&config, l, k, &resp.Diagnostics)
		}
	}
	for _, k := range objectKinds {
		validateOverlap(&config, k, &resp.Diagnostics)
	}
}

// validateScope demands exactly one scope, written out.
func validateScope(config *model, diags *diag.Diagnostics) {
	if config.EntireOrganization.IsUnknown() || config.ManagedObjects.IsUnknown() {
		return
	}
	entire := config.EntireOrganization.ValueBool()
	chosen := !config.ManagedObjects.IsNull()
	switch {
	case entire && chosen:
		diags.AddAttributeError(path.Root("managed_objects"), "A role has one scope",
			"entire_organization = true and managed_objects exclude each other: keep the one that is meant.")
	case !entire && !chosen:
		diags.AddAttributeError(path.Root("managed_objects"), "A role needs a scope",
			"Name the objects that may be restored, managed_objects = { groups = [\"…\"] }, or write out that everything of the "+
				"organization may be: entire_organization = true.")
	case chosen && empty(config.ManagedObjects, managed):
		diags.AddAttributeError(path.Root("managed_objects"), "A role needs a scope",
			"managed_objects names no user, group, site or team.")
	}
}

// validateUnique finds an object that is named in both forms of its id.
func validateUnique(config *model, l *roleList, k *kind, diags *diag.Diagnostics) {
	ids, _ := idsOf(*l.of(config), k)
	for i, id := range ids {
		if containsObject(ids[:i], id, k) {
			tfkit.AddAttributeError(diags, reference{l, k, id}.path(), "An object is named twice",
				fmt.Sprintf("%s means a %s that the set names in another spelling too.", id, k.noun))
		}
	}
}

func validateOverlap(config *model, k *kind, diags *diag.Diagnostics) {
	chosen, _ := idsOf(config.ManagedObjects, k)
	without, _ := idsOf(config.ExcludedObjects, k)
	for _, id := range without {
		if containsObject(chosen, id, k) {
			tfkit.AddAttributeError(diags, reference{excluded, k, id}.path(), "An object is managed and excluded",
				fmt.Sprintf("The %s %s stands in managed_objects and in excluded_objects. VB365 refuses that: to keep it from being "+
					"restored, leave it out of managed_objects.", k.noun, id))
		}
	}
}

// notBlank refuses names of nothing but blanks.
func notBlank() validator.String { return notBlankValidator{} }

type notBlankValidator struct{}

func (notBlankValidator) Description(context.Context) string { return "must not be blank" }

func (v notBlankValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (notBlankValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if text != "" && strings.TrimSpace(text) == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "A role needs a name", "The name consists of blanks only.")
	}
}

// replaceUnlessSameID replaces the role when its organization's id changes, but not for a change of letter case.
func replaceUnlessSameID() planmodifier.String {
	const describes = "a role cannot move to another organization"
	return stringplanmodifier.RequiresReplaceIf(
		func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
			resp.RequiresReplace = !sameText(req.StateValue, req.PlanValue)
		}, describes, describes)
}

func sameText(a, b types.String) bool {
	return !a.IsUnknown() && !b.IsUnknown() && strings.EqualFold(a.ValueString(), b.ValueString())
}
