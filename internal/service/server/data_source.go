// Package server offers what the VB365 server says of itself to Terraform, as a
// data source.
package server

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// DataSources returns the data sources of this package.
func DataSources() []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &serverDataSource{} }}
}

type serverDataSource struct{ tfkit.DataSource }

// model is the server in states.
type model struct {
	InstallationID types.String `tfsdk:"installation_id"`
	Build          types.String `tfsdk:"build"`
	APIVersion     types.String `tfsdk:"api_version"`
	APIVersions    []string     `tfsdk:"api_versions"`
	Health         *health      `tfsdk:"health"`
}

type health struct {
	Status  string            `tfsdk:"status"`
	Entries map[string]string `tfsdk:"entries"`
}

func (d *serverDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_server"
}

func (d *serverDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The VB365 server that the provider is connected to.",
		Attributes: map[string]schema.Attribute{
			"installation_id": schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the installation."},
			"build":           schema.StringAttribute{Computed: true, MarkdownDescription: "Product build, such as `8.4.0.1457`."},
			"api_version": schema.StringAttribute{
				Computed: true, MarkdownDescription: "API version that the provider uses: the newest that is served, unless `api_version` pins one.",
			},
			"api_versions": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "API versions that the server serves and the provider speaks, newest first.",
			},
			"health": schema.SingleNestedAttribute{
				Computed: true, MarkdownDescription: "State of the services behind the REST service; null before API version v8.",
				Attributes: map[string]schema.Attribute{
					"status": schema.StringAttribute{Computed: true, MarkdownDescription: "`Healthy` or `Unhealthy`."},
					"entries": schema.MapAttribute{
						Computed: true, ElementType: types.StringType, MarkdownDescription: "State of each service, by its name.",
					},
				},
			},
		},
	}
}

func (d *serverDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	const doing = "reading the server's own data"
	client, err := d.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	m, err := read(ctx, client)
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func read(ctx context.Context, client *vb365.Client) (*model, error) {
	instance, err := client.ServiceInstance(ctx)
	if err != nil {
		return nil, err
	}
	version, err := client.Version(ctx)
	if err != nil {
		return nil, err
	}
	served, err := client.ServedVersions(ctx)
	if err != nil {
		return nil, err
	}
	state, err := client.Health(ctx)
	if err != nil {
		return nil, err
	}
	m := &model{
		InstallationID: types.StringValue(instance.InstallationID), Build: types.StringValue(instance.Version),
		APIVersion: types.StringValue(version.String()),
	}
	for _, v := range served {
		m.APIVersions = append(m.APIVersions, v.String())
	}
	if state != nil {
		m.Health = &health{Status: state.Status, Entries: map[string]string{}}
		for name, entry := range state.Entries {
			m.Health.Entries[name] = entry.Status
		}
	}
	return m, nil
}
