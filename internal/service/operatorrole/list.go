package operatorrole

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

var (
	_ list.ListResource              = (*roleLister)(nil)
	_ list.ListResourceWithConfigure = (*roleLister)(nil)
)

// roleLister finds existing roles, so that they can be imported in bulk.
type roleLister struct{ roleResource }

// ListResources returns the list resources of this package.
func ListResources() []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return &roleLister{} }}
}

// listModel is the configuration of a listing.
type listModel struct {
	OrganizationID types.String `tfsdk:"organization_id"`
}

func (l *roleLister) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the restore operator roles of the server, for `terraform query` (Terraform 1.14 and later).",
		Attributes: map[string]schema.Attribute{
			"organization_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Only the roles of the organization with this id of VB365's.",
				Validators:          []validator.String{tfkit.GUID},
			},
		},
	}
}

func (l *roleLister) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config listModel
	diags := req.Config.Get(ctx, &config)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	const doing = "listing the restore operator roles"
	client, err := l.Connections.VB365()
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(diag.Diagnostics{tfkit.Error(doing, err)})
		return
	}
	all, err := client.Roles(ctx)
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(diag.Diagnostics{tfkit.Error(doing, err)})
		return
	}
	organizations := l.organizationNames(ctx, client)
	stream.Results = func(push func(list.ListResult) bool) {
		var pushed int64
		for _, role := range all {
			if wanted := config.OrganizationID.ValueString(); wanted != "" && !strings.EqualFold(wanted, role.OrganizationID) {
				continue
			}
			if req.Limit > 0 && pushed == req.Limit {
				return
			}
			pushed++
			if !push(result(ctx, client, req, role, organizations[strings.ToLower(role.OrganizationID)])) {
				return
			}
		}
	}
}

// organizationNames maps the ids of organizations to names. The names only help
// reading: without them ids are shown.
func (l *roleLister) organizationNames(ctx context.Context, client *vb365.Client) map[string]string {
	organizations, err := client.Organizations(ctx)
	if err != nil {
		return nil
	}
	names := make(map[string]string, len(organizations))
	for i := range organizations {
		names[strings.ToLower(organizations[i].ID)] = organizations[i].Name
	}
	return names
}

func result(ctx context.Context, client *vb365.Client, req list.ListRequest, role vb365.Role, organization string) list.ListResult {
	out := req.NewListResult(ctx)
	if organization == "" {
		organization = role.OrganizationID
	}
	out.DisplayName = organization + "/" + role.Name
	out.Diagnostics.Append(out.Identity.Set(ctx, identity{types.StringValue(role.ID)})...)
	if !req.IncludeResource {
		return out
	}
	entries, err := client.RoleEntries(ctx, role)
	if err != nil {
		out.Diagnostics.Append(tfkit.Error(fmt.Sprintf("reading the restore operator role %q (id %s)", role.Name, role.ID), err))
		return out
	}
	m := newModel(nullModel(ctx), role, entries)
	out.Diagnostics.Append(out.Resource.Set(ctx, m)...)
	return out
}
