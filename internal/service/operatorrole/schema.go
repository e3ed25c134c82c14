// Package operatorrole offers restore operator roles to Terraform: who may
// restore what of an organization in the restore portal.
package operatorrole

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// typeName is the resource's and the singular data source's name without the provider's.
const typeName = "_restore_operator_role"

func resourceSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A restore operator role: users and groups (the *operators*) who may restore an organization's data in the " +
			"Restore Portal, for the entire organization or for chosen users, groups, sites and teams, without those that are excluded.\n\n" +
			"Changes that are made outside Terraform are named when they are found, planned, and put right by the next apply. " +
			"A group stands for its members, as operator and as object; a group's own mailbox cannot be restored in the portal.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "VB365's id of the role.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"organization_id": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "VB365's id of the organization (not the Entra tenant id; `data.vb365_organization` finds it by name or " +
					"tenant). The organization must be a Microsoft 365 or hybrid one that uses modern app-only authentication. " +
					"A role cannot move to another organization: changing this replaces it.",
				Validators:    []validator.String{tfkit.GUID},
				PlanModifiers: []planmodifier.String{replaceUnlessSameID()},
			},
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The role's name. It must be the only one of its name in the organization.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), notBlank()},
			},
			"description": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "The role's description; default empty.",
				Default:             stringdefault.StaticString(""),
			},
			"operators": schema.SingleNestedAttribute{
				Required:            true,
				MarkdownDescription: "Who may restore: at least one user or group. In a hybrid organization they must exist in Microsoft 365.",
				Attributes:          idSets(operatorKinds),
			},
			"entire_organization": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "`true` lets the operators restore everything of the organization but what is excluded (with API version " +
					"v6: except teams). There is no default: wide access is always written out. Exactly one of this and `managed_objects` is needed.",
			},
			"managed_objects": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "What may be restored: at least one user, group, site or team. Exactly one of this and " +
					"`entire_organization = true` is needed.",
				Attributes: idSets(objectKinds),
			},
			"excluded_objects": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "What may not be restored, although a group, or the entire organization, would include it. An object cannot " +
					"be managed and excluded at once.",
				Attributes: idSets(objectKinds),
			},
			"role_type": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "`EntireOrganization` or `SpecificObjects`.",
			},
			"unmanaged_objects": schema.SetAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Entries of kinds that this provider does not know, such as *all personal sites* added with PowerShell. " +
					"They take part in the role, are warned of, and stay as they are unless `overwrite_unmanaged_objects` is set.",
			},
			"overwrite_unmanaged_objects": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "`true` removes entries of unknown kinds (see `unmanaged_objects`), so that the role is exactly what is " +
					"declared here.",
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}),
		},
	}
}

// idSets returns one attribute per kind of object.
func idSets(kinds []*kind) map[string]schema.Attribute {
	sets := make(map[string]schema.Attribute, len(kinds))
	for _, k := range kinds {
		sets[k.attribute] = schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: k.describes,
			Validators:          []validator.Set{setvalidator.ValueStringsAre(k.form)},
		}
	}
	return sets
}

func identitySchema() identityschema.Schema {
	return identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				RequiredForImport: true,
				Description:       "VB365's id of the role.",
			},
		},
	}
}

// identity is the resource's identity.
type identity struct {
	ID types.String `tfsdk:"id"`
}

// Resources returns the resources of this package.
func Resources() []func() resource.Resource {
	return []func() resource.Resource{newResource}
}
