package restoreportal

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

type portalDataSource struct{ tfkit.DataSource }

// dataModel is the portal's settings as the data source shows them.
type dataModel struct {
	Enabled       types.Bool   `tfsdk:"enabled"`
	Configured    types.Bool   `tfsdk:"configured"`
	ApplicationID types.String `tfsdk:"application_id"`
	PortalURI     types.String `tfsdk:"portal_uri"`
	AuthorityURI  types.String `tfsdk:"authority_uri"`
}

// neverConfigured is the application id of a portal that was never set up.
const neverConfigured = "00000000-0000-0000-0000-000000000000"

func isConfigured(applicationID string) bool {
	return applicationID != "" && applicationID != neverConfigured
}

func newDataModel(s vb365.PortalSettings) dataModel {
	m := dataModel{
		Enabled:       types.BoolValue(s.IsEnabled),
		Configured:    types.BoolValue(isConfigured(s.ApplicationID)),
		ApplicationID: types.StringNull(),
		PortalURI:     text(s.PortalURI),
		AuthorityURI:  text(s.AuthorityURI),
	}
	if m.Configured.ValueBool() {
		m.ApplicationID = types.StringValue(s.ApplicationID)
	}
	return m
}

func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func (d *portalDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName
}

func (d *portalDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The restore portal's settings as the REST host at the provider's `endpoint` shows them. Needs no user name " +
			"and password, and works on hosts that serve restore operators only. Certificates and region are not shown by REST.",
		Attributes: map[string]schema.Attribute{
			"enabled":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the portal is on."},
			"configured": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the portal was ever set up."},
			"application_id": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Id of the portal's Entra application; null when the portal was never set up.",
			},
			"portal_uri": schema.StringAttribute{
				Computed: true, MarkdownDescription: "The portal's web address; null with API version v6, which does not tell.",
			},
			"authority_uri": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Where operators log in, such as `https://login.microsoftonline.com/…`.",
			},
		},
	}
}

func (d *portalDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	const doing = "reading the restore portal's settings"
	client, err := d.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	settings, err := client.PortalSettings(ctx)
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, newDataModel(settings))...)
}
