package tenantconsent

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

var _ datasource.DataSourceWithConfigure = (*consentDataSource)(nil)

type consentDataSource struct{ tfkit.DataSource }

func newDataSource() datasource.DataSource { return &consentDataSource{} }

func (d *consentDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName
}

func (d *consentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema()
}

// Read tells what the tenant shows. Missing consent is believed as late as by the
// resource: a check must not fail because Entra is behind.
func (d *consentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config dataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	tenant, app := config.TenantID.ValueString(), config.ApplicationID.ValueString()
	client, err := d.Connections.Entra()
	var seen facts
	if err == nil {
		var r reader
		if r, err = newReader(client, tenant, app, ""); err == nil {
			seen, err = r.settled(ctx, d.written(config), facts.complete)
		}
	}
	if err != nil {
		doing := fmt.Sprintf("reading the consent to application %s in tenant %s", app, tenant)
		resp.Diagnostics.AddError(explain(d.Connections, doing, tenant, app, err))
		return
	}
	if users := seen.singleUsers(); users > 0 && !seen.complete() {
		resp.Diagnostics.AddWarning("Single users of tenant "+tenant+" consented for themselves",
			fmt.Sprintf("%d of them did. That is not enough: restore operators need consent for all users.", users))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, newDataModel(config, client, seen))...)
}

// written returns when this run last wrote to the consent, if it did.
func (d *consentDataSource) written(config dataModel) time.Time {
	noted, _ := d.Connections.Notes.Known(writtenSubject(config.TenantID, config.ApplicationID))
	at, _ := time.Parse(time.RFC3339Nano, noted) // zero where nothing was noted
	return at
}
