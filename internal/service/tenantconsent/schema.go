// Package tenantconsent offers consent to the restore portal's application in a
// customer's tenant to Terraform.
package tenantconsent

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// typeName is the resource's and the data source's name without the provider's.
const typeName = "_tenant_consent"

// What destroying does.
const (
	onDestroyRevert = "revert"
	onDestroyRevoke = "revoke"
	onDestroyRetain = "retain"
)

const (
	describeTenant = "The customer's tenant: its GUID or one of its verified domains."
	describeApp    = "The application (client) id of the Restore Portal's application, which is alike in all tenants."
	describeURL    = "The page on which an administrator of the tenant can give the same consent by hand. Whoever is not allowed to " +
		"change the tenant can send this link to whom is."
	describeScopes = "delegated permissions of Microsoft Graph (`graph`) and of the portal's application itself (`application`)"
)

func resourceSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Consent to the Restore Portal's application in a customer's tenant: the application's service principal exists " +
			"and is enabled, and is consented to for all users with Microsoft Graph `User.Read` and the application's own `access_as_user`. " +
			"Without it restore operators read \"Azure AD application doesn't have the required permissions\".\n\n" +
			"What is there already is adopted, and what others consented to beyond this is shown and kept. Changes that take something away " +
			"are named when they are found, planned, and put right by the next apply. Destroying takes back what this resource added and " +
			"nothing else.\n\n" +
			"The application that Terraform logs in with needs, in the customer's tenant, the Microsoft Graph application permissions " +
			"`Application.ReadWrite.All` and `DelegatedPermissionGrant.ReadWrite.All`; to find drift only, `Application.Read.All` and " +
			"`Directory.Read.All` do.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "`tenant_id/application_id`.",
			},
			"tenant_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: describeTenant + " Changing it replaces the consent.",
				Validators:          []validator.String{tfkit.TenantID},
				PlanModifiers:       []planmodifier.String{replaceUnlessSameID()},
			},
			"application_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: describeApp + " Changing it replaces the consent.",
				Validators:          []validator.String{tfkit.ApplicationID},
				PlanModifiers:       []planmodifier.String{replaceUnlessSameID()},
			},
			"account_enabled": schema.BoolAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Whether users of the tenant may sign in to the portal; default `true`. Where a customer decides that " +
					"alone, put this into `ignore_changes`.",
				Default: booldefault.StaticBool(true),
			},
			"on_destroy": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "What destroying does: `revert` (default) takes back what this resource added; `revoke` also deletes what " +
					"others had consented to between the application and the two APIs for all users; `retain` changes nothing. What was " +
					"imported was added by others: `revert` leaves it.",
				Default:    stringdefault.StaticString(onDestroyRevert),
				Validators: []validator.String{stringvalidator.OneOf(onDestroyRevert, onDestroyRevoke, onDestroyRetain)},
			},
			"service_principal_id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Object id of the application's service principal in the tenant.",
			},
			"granted_scopes": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "Those scopes that the portal needs and that are granted for all users: " + describeScopes + ".",
				Attributes:          scopeSets(),
			},
			"unmanaged_scopes": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What others added for all users, which is kept: " + describeScopes + ".",
				Attributes:          scopeSets(),
			},
			"admin_consent_url": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: describeURL,
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeoutOptions()),
		},
	}
}

func timeoutOptions() timeouts.Opts {
	return timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}
}

func scopeSets() map[string]schema.Attribute {
	sets := make(map[string]schema.Attribute, len(apis))
	for _, a := range apis {
		sets[a.attribute] = schema.SetAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: "Delegated permissions of " + a.noun + ".",
		}
	}
	return sets
}

func dataSourceSchema() datasourceschema.Schema {
	sets := make(map[string]datasourceschema.Attribute, len(apis))
	for _, a := range apis {
		sets[a.attribute] = datasourceschema.SetAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: "Delegated permissions of " + a.noun + ".",
		}
	}
	return datasourceschema.Schema{
		MarkdownDescription: "Whether a customer's tenant has consented to the Restore Portal's application. Missing consent is an answer and " +
			"no error, so that a `check` block can watch a tenant that Terraform may not change. Needs the Microsoft Graph permissions " +
			"`Application.Read.All` and `Directory.Read.All` in the tenant.",
		Attributes: map[string]datasourceschema.Attribute{
			"id": datasourceschema.StringAttribute{Computed: true, MarkdownDescription: "`tenant_id/application_id`."},
			"tenant_id": datasourceschema.StringAttribute{
				Required: true, MarkdownDescription: describeTenant, Validators: []validator.String{tfkit.TenantID},
			},
			"application_id": datasourceschema.StringAttribute{
				Required: true, MarkdownDescription: describeApp, Validators: []validator.String{tfkit.ApplicationID},
			},
			"granted": datasourceschema.BoolAttribute{
				Computed:            true,
				MarkdownDescription: "Whether all that the portal needs is consented to for all users. Sign-in may still be off: see `enabled`.",
			},
			"enabled": datasourceschema.BoolAttribute{
				Computed:            true,
				MarkdownDescription: "Whether the application's service principal exists and users may sign in to it.",
			},
			"service_principal_id": datasourceschema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Object id of the application's service principal in the tenant; null if there is none.",
			},
			"granted_scopes": datasourceschema.SingleNestedAttribute{
				Computed: true, Attributes: sets,
				MarkdownDescription: "Those scopes that the portal needs and that are granted for all users: " + describeScopes + ".",
			},
			"missing_scopes": datasourceschema.SingleNestedAttribute{
				Computed: true, Attributes: sets,
				MarkdownDescription: "Those scopes that the portal needs and that are not granted for all users. Consent of single users does " +
					"not count.",
			},
			"unmanaged_scopes": datasourceschema.SingleNestedAttribute{
				Computed: true, Attributes: sets,
				MarkdownDescription: "Other scopes that are granted for all users.",
			},
			"admin_consent_url": datasourceschema.StringAttribute{Computed: true, MarkdownDescription: describeURL},
		},
	}
}

func identitySchema() identityschema.Schema {
	return identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"tenant_id": identityschema.StringAttribute{
				RequiredForImport: true, Description: "The customer's tenant: its GUID or one of its verified domains.",
			},
			"application_id": identityschema.StringAttribute{
				RequiredForImport: true, Description: "The application (client) id of the Restore Portal's application.",
			},
		},
	}
}

// identity is the resource's identity.
type identity struct {
	TenantID      types.String `tfsdk:"tenant_id"`
	ApplicationID types.String `tfsdk:"application_id"`
}

// Resources returns the resources of this package.
func Resources() []func() resource.Resource {
	return []func() resource.Resource{newResource}
}

// DataSources returns the data sources of this package.
func DataSources() []func() datasource.DataSource {
	return []func() datasource.DataSource{newDataSource}
}
