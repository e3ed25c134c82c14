// Package restoreportal offers the restore portal of a VB365 server to Terraform.
package restoreportal

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// typeName is the resource's and the data source's name without the provider's.
const typeName = "_restore_portal"

// Microsoft's clouds, in the words of the cmdlets.
const (
	regionWorldwide    = "Worldwide"
	regionUSGovernment = "USGovernment"
	regionUSDefence    = "USDefence"
	regionChina        = "China"
	regionGermany      = "Germany"
)

const highestPort = 65535

// DataSources returns the data sources of this package.
func DataSources() []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &portalDataSource{} }}
}

// Resources returns the resources of this package.
func Resources() []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &portalResource{} }}
}

func resourceSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "The Restore Portal of a VB365 server: whether it is on, its Entra application, web address, region and " +
			"certificate, and the authentication of operators and tenants that it needs. A server has one portal: declare it once.\n\n" +
			"REST only reads these settings. With `powershell` in the provider's configuration, the resource **manages** them: it adopts what " +
			"the server has, changes what differs, and sees what is changed on the server. Without it, the resource **verifies**: where the " +
			"server is not as declared, the plan shows the difference, and the apply fails with the cmdlets for an administrator to run; when " +
			"they have, the next plan is empty. REST does not show certificates, the authentication settings, the REST port, and with API " +
			"version v6 the web address: that these are not verified is said when they are declared or changed.\n\n" +
			"Destroying turns the portal off and changes nothing else.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the VB365 installation."},
			"enabled": schema.BoolAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Whether the portal is on; default `true`. It needs operator authentication.",
				Default:             booldefault.StaticBool(true),
			},
			"application_id": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Application (client) id of the portal's Entra application, such as that of " +
					"`vb365_restore_portal_application`.",
				Validators: []validator.String{tfkit.ApplicationID},
			},
			"portal_uri": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "The portal's web address: `https`, a DNS name or an IPv4 address, and the port of the REST service, such as " +
					"`https://portal.example.com:4443`. It must be a redirect URI of the application, letter by letter.",
				Validators: []validator.String{checkPortalURI()},
			},
			"region": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Microsoft's cloud: `Worldwide` (default), `USGovernment` (GCC High), `USDefence` (DoD) or `China`. Another " +
					"region needs another application.",
				Default: stringdefault.StaticString(regionWorldwide),
				Validators: []validator.String{
					checkRegion(),
					stringvalidator.OneOf(regionWorldwide, regionUSGovernment, regionUSDefence, regionChina, regionGermany),
				},
			},
			"certificate": certificateAttribute("The portal's certificate, which is a key credential of the application. Left out, the " +
				"server's stays as it is."),
			"certificate_thumbprint": thumbprintAttribute(),
			"certificate_expires_at": expiresAttribute(),
			"operator_authentication": authenticationAttribute("How restore operators log in, which the portal needs. Left out, the server's " +
				"settings stay as they are."),
			"tenant_authentication": authenticationAttribute("How the organizations' own administrators log in; for a server with several " +
				"organizations, together with `operator_authentication`. Left out, the server's settings stay as they are."),
			"rest_api_port": schema.Int64Attribute{
				Optional: true, Computed: true,
				MarkdownDescription: "TCP port of the REST service, which serves the portal too. Left out, it stays as it is. A change restarts the " +
					"service, and is followed within the run; afterwards the provider's `endpoint` must name the new port. Null where it is not " +
					"known, without `powershell`.",
				Validators: []validator.Int64{int64validator.Between(1, highestPort)},
			},
			"authority_uri": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Where operators log in, such as `https://login.microsoftonline.com/…`.",
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}),
		},
	}
}

func certificateAttribute(description string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: description + " The file reaches neither plan nor state, and is removed from the server once it was read. " +
			"Needs Terraform 1.11 or later.",
		Attributes: map[string]schema.Attribute{
			"pfx_base64_wo": schema.StringAttribute{
				Required: true, WriteOnly: true, Sensitive: true,
				MarkdownDescription: "A PFX file with certificate and private key, in base64, such as `filebase64(\"portal.pfx\")` gives. A " +
					"changed certificate is planned as a changed thumbprint.",
			},
			"password_wo": schema.StringAttribute{
				Optional: true, WriteOnly: true, Sensitive: true,
				MarkdownDescription: "The password of the PFX file.",
			},
		},
	}
}

func authenticationAttribute(description string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"enabled": schema.BoolAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Whether it is on; default `true`.",
				Default:             booldefault.StaticBool(true),
			},
			"certificate":            certificateAttribute("Its certificate. Left out, the server's stays as it is."),
			"certificate_thumbprint": thumbprintAttribute(),
			"certificate_expires_at": expiresAttribute(),
		},
	}
}

func thumbprintAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "SHA-1 thumbprint of the certificate: the server's, or without `powershell` in the provider that of the declared " +
			"file, unverified.",
	}
}

func expiresAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "When the certificate expires (RFC 3339, UTC).",
	}
}
