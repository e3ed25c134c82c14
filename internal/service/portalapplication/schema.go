// Package portalapplication offers the registration of the restore portal's
// application, in the provider's own tenant, to Terraform.
package portalapplication

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// typeName is the resource's name without the provider's.
const typeName = "_restore_portal_application"

// Who may sign in to the application.
const (
	audienceManyTenants = "AzureADMultipleOrgs"
	audienceHomeTenant  = "AzureADMyOrg"
)

func resourceSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "The Restore Portal's application, registered in the provider's own tenant (`entra.tenant_id`): once, however often " +
			"it is applied. It asks for Microsoft Graph `User.Read` and offers `access_as_user`; customers' tenants let it in with " +
			"`vb365_tenant_consent`.\n\n" +
			"Settings that the portal does not need are left as they are found, further certificates, permissions and identifier URIs included. " +
			"Destroying deletes the application, which ends the portal in all tenants; Entra keeps it for 30 days.\n\n" +
			"The application that Terraform logs in with needs the Microsoft Graph application permission " +
			"`Application.ReadWrite.OwnedBy` (`Application.ReadWrite.All` for an imported one that it does not own) in the provider's tenant.",
		Attributes: map[string]schema.Attribute{
			"display_name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The application's name, which consent screens show.",
				Validators:          []validator.String{stringvalidator.LengthBetween(1, 120)},
			},
			"portal_uris": schema.SetAttribute{
				Required: true, ElementType: types.StringType,
				MarkdownDescription: "The addresses of the portal, such as `https://portal.example.com:4443`: the redirect URIs of the " +
					"single-page application platform. Others are removed.",
				Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(portalURI())},
			},
			"certificate_pem": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "The public certificate, in PEM, whose private key the VB365 server holds. When it changes, the new one is " +
					"added and the one before it stays until the next change, so that the server can follow without a gap; certificates that " +
					"others added stay as well.",
				Validators: []validator.String{certificateText()},
			},
			"sign_in_audience": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: fmt.Sprintf("`%s` (default): users of all tenants that consent; `%s`: of the provider's own tenant alone.",
					audienceManyTenants, audienceHomeTenant),
				Default:    stringdefault.StaticString(audienceManyTenants),
				Validators: []validator.String{stringvalidator.OneOf(audienceManyTenants, audienceHomeTenant)},
			},
			"owners": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Object ids of users and service principals that are to be owners. Further owners stay.",
				Validators:          []validator.Set{setvalidator.ValueStringsAre(tfkit.DirectoryID)},
			},
			"application_id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The application (client) id, alike in all tenants.",
			},
			"object_id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Object id of the registration.",
			},
			"service_principal_id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Object id of the application's service principal in the provider's own tenant.",
			},
			"identifier_uri": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The name of the application as an API: `api://application_id`.",
			},
			"access_as_user_scope_id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Id of the delegated permission `access_as_user` that the application offers.",
			},
			"requested_scopes": schema.SetAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Those delegated permissions that the portal needs and that the application asks consent for: `User.Read` " +
					"of Microsoft Graph and its own `access_as_user`.",
			},
			"certificate_thumbprint": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "SHA-1 of the certificate in upper-case hexadecimal, as Entra and VB365 show it.",
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}),
		},
	}
}

func identitySchema() identityschema.Schema {
	return identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"application_id": identityschema.StringAttribute{
				RequiredForImport: true, Description: "The application (client) id.",
			},
		},
	}
}

// identity is the resource's identity.
type identity struct {
	ApplicationID types.String `tfsdk:"application_id"`
}

// Resources returns the resources of this package.
func Resources() []func() resource.Resource {
	return []func() resource.Resource{newResource}
}
