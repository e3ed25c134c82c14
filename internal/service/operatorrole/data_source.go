package operatorrole

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// DataSources returns the data sources of this package.
func DataSources() []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &roleDataSource{} },
		func() datasource.DataSource { return &rolesDataSource{} },
	}
}

// roleModel is a role in the data sources' states.
type roleModel struct {
	ID                 types.String `tfsdk:"id"`
	OrganizationID     types.String `tfsdk:"organization_id"`
	Name               types.String `tfsdk:"name"`
	Description        types.String `tfsdk:"description"`
	RoleType           types.String `tfsdk:"role_type"`
	EntireOrganization types.Bool   `tfsdk:"entire_organization"`
	Operators          types.Object `tfsdk:"operators"`
	ManagedObjects     types.Object `tfsdk:"managed_objects"`
	ExcludedObjects    types.Object `tfsdk:"excluded_objects"`
	UnmanagedObjects   types.Set    `tfsdk:"unmanaged_objects"`
}

func newRoleModel(ctx context.Context, is shown) roleModel {
	m := newModel(nullModel(ctx), is.role, is.entries)
	return roleModel{
		ID: m.ID, OrganizationID: m.OrganizationID, Name: m.Name, Description: m.Description, RoleType: m.RoleType,
		EntireOrganization: types.BoolValue(m.EntireOrganization.ValueBool()),
		Operators:          m.Operators, ManagedObjects: m.ManagedObjects, ExcludedObjects: m.ExcludedObjects,
		UnmanagedObjects: m.UnmanagedObjects,
	}
}

func roleAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":              schema.StringAttribute{Computed: true, MarkdownDescription: "VB365's id of the role."},
		"organization_id": schema.StringAttribute{Computed: true, MarkdownDescription: "VB365's id of the organization."},
		"name":            schema.StringAttribute{Computed: true, MarkdownDescription: "The role's name."},
		"description":     schema.StringAttribute{Computed: true, MarkdownDescription: "The role's description."},
		"role_type":       schema.StringAttribute{Computed: true, MarkdownDescription: "`EntireOrganization` or `SpecificObjects`."},
		"entire_organization": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether operators may restore everything of the organization but what is excluded.",
		},
		"operators":        shownSets("Who may restore.", operatorKinds),
		"managed_objects":  shownSets("What may be restored; null for the entire organization.", objectKinds),
		"excluded_objects": shownSets("What may not be restored; null when nothing is excluded.", objectKinds),
		"unmanaged_objects": schema.SetAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Entries of kinds that this provider does not know; null when there are none.",
		},
	}
}

func shownSets(describes string, kinds []*kind) schema.Attribute {
	sets := make(map[string]schema.Attribute, len(kinds))
	for _, k := range kinds {
		sets[k.attribute] = schema.SetAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: "VB365's ids of " + k.attribute + ".",
		}
	}
	return schema.SingleNestedAttribute{Computed: true, MarkdownDescription: describes, Attributes: sets}
}

// roleDataSource is the data source of one role.
type roleDataSource struct{ tfkit.DataSource }

func (d *roleDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName
}

func (d *roleDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := roleAttributes()
	attributes["id"] = schema.StringAttribute{
		Optional: true, Computed: true, Validators: []validator.String{tfkit.GUID},
		MarkdownDescription: "VB365's id of the role. Exactly one of this and `name` is needed.",
	}
	attributes["name"] = schema.StringAttribute{
		Optional: true, Computed: true, MarkdownDescription: "The role's name, which needs `organization_id` beside it.",
		Validators: []validator.String{
			stringvalidator.LengthAtLeast(1), stringvalidator.AlsoRequires(path.MatchRoot("organization_id")),
		},
	}
	attributes["organization_id"] = schema.StringAttribute{
		Optional: true, Computed: true, MarkdownDescription: "VB365's id of the organization.",
		Validators: []validator.String{tfkit.GUID},
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A restore operator role that exists on the server, asked for by id or by name. It costs two or three " +
			"requests beside the list of roles, which all share.",
		Attributes: attributes,
	}
}

// ConfigValidators demands an id or a name.
func (d *roleDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name"))}
}

func (d *roleDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config roleModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	const doing = "reading a restore operator role"
	client, err := d.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	id := config.ID.ValueString()
	if config.ID.IsNull() {
		if id, err = findRole(ctx, client, config, &resp.Diagnostics); err != nil {
			resp.Diagnostics.Append(tfkit.Error(doing, err))
		}
		if resp.Diagnostics.HasError() {
			return
		}
	}
	is, err := read(ctx, client, id)
	if errors.Is(err, vb365.ErrNotFound) {
		resp.Diagnostics.AddAttributeError(path.Root("id"), "No such restore operator role",
			fmt.Sprintf("The server has no role with the id %s.", id))
		return
	}
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	m := newRoleModel(ctx, is)
	if !config.OrganizationID.IsNull() {
		if !sameText(config.OrganizationID, m.OrganizationID) {
			resp.Diagnostics.AddAttributeError(path.Root("organization_id"), "The role belongs to another organization",
				fmt.Sprintf("The role %s belongs to the organization %s.", id, m.OrganizationID.ValueString()))
			return
		}
		m.OrganizationID = config.OrganizationID
	}
	if !config.ID.IsNull() {
		m.ID = config.ID
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// findRole returns the id of the one role of the organization with the name.
func findRole(ctx context.Context, client *vb365.Client, config roleModel, diags *diag.Diagnostics) (string, error) {
	all, err := client.Roles(ctx)
	if err != nil {
		return "", err
	}
	wanted := vb365.Role{OrganizationID: config.OrganizationID.ValueString(), Name: config.Name.ValueString()}
	matches := namesakes(all, wanted)
	if len(matches) == 1 {
		return matches[0].ID, nil
	}
	var candidates []string
	for _, role := range all {
		if strings.EqualFold(role.OrganizationID, wanted.OrganizationID) && (len(matches) == 0 || role.Name == wanted.Name) {
			candidates = append(candidates, fmt.Sprintf("%q, id %s", role.Name, role.ID))
		}
	}
	slices.Sort(candidates)
	title, detail := "No such restore operator role", fmt.Sprintf("The organization %s has no role named %q.", wanted.OrganizationID, wanted.Name)
	if len(matches) > 1 {
		title, detail = "Several restore operator roles match", fmt.Sprintf("The organization %s has %d roles named %q. Ask by id.",
			wanted.OrganizationID, len(matches), wanted.Name)
	}
	if len(candidates) > 0 {
		detail += " It has:\n" + tfkit.Bullets(candidates)
	}
	diags.AddAttributeError(path.Root("name"), title, detail)
	return "", nil
}

// rolesDataSource is the data source of a list of roles.
type rolesDataSource struct{ tfkit.DataSource }

// rolesModel is a list of roles in states.
type rolesModel struct {
	OrganizationID types.String `tfsdk:"organization_id"`
	Name           types.String `tfsdk:"name"`
	IncludeEntries types.Bool   `tfsdk:"include_entries"`
	Roles          []roleModel  `tfsdk:"roles"`
	IDs            types.List   `tfsdk:"ids"`
}

func (d *rolesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName + "s"
}

func (d *rolesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The restore operator roles of the server or of one organization, ordered by organization and name. The list " +
			"costs one request; `include_entries` adds two or three for each role.",
		Attributes: map[string]schema.Attribute{
			"organization_id": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Only roles of the organization with this id of VB365's.",
				Validators: []validator.String{tfkit.GUID},
			},
			"name": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Only roles of exactly this name.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"include_entries": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether operators, managed and excluded objects are read too; default `false`, which leaves them null.",
			},
			"roles": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The roles.", NestedObject: schema.NestedAttributeObject{Attributes: roleAttributes()},
			},
			"ids": schema.ListAttribute{
				Computed: true, ElementType: types.StringType, MarkdownDescription: "The roles' ids, in the same order.",
			},
		},
	}
}

func (d *rolesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m rolesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	const doing = "listing the restore operator roles"
	client, err := d.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	all, err := client.Roles(ctx)
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	wanted := chosen(all, m)
	entries := make([]vb365.RoleEntries, len(wanted))
	if m.IncludeEntries.ValueBool() {
		if entries, err = entriesOf(ctx, client, wanted); err != nil {
			resp.Diagnostics.Append(tfkit.Error(doing, err))
			return
		}
	}
	m.Roles = make([]roleModel, 0, len(wanted))
	ids := make([]attr.Value, 0, len(wanted))
	for i, role := range wanted {
		m.Roles = append(m.Roles, newRoleModel(ctx, shown{role, entries[i]}))
		ids = append(ids, types.StringValue(role.ID))
	}
	m.IDs = types.ListValueMust(types.StringType, ids)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// chosen returns the roles that the filters leave, in a stable order.
func chosen(all []vb365.Role, filters rolesModel) []vb365.Role {
	wanted := slices.DeleteFunc(slices.Clone(all), func(r vb365.Role) bool {
		return !filters.OrganizationID.IsNull() && !strings.EqualFold(r.OrganizationID, filters.OrganizationID.ValueString()) ||
			!filters.Name.IsNull() && r.Name != filters.Name.ValueString()
	})
	slices.SortFunc(wanted, func(a, b vb365.Role) int {
		return strings.Compare(a.OrganizationID+"\x00"+a.Name+"\x00"+a.ID, b.OrganizationID+"\x00"+b.Name+"\x00"+b.ID)
	})
	return wanted
}

// entriesOf reads the entries of all roles, side by side as far as the client allows.
func entriesOf(ctx context.Context, client *vb365.Client, wanted []vb365.Role) ([]vb365.RoleEntries, error) {
	entries := make([]vb365.RoleEntries, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	for i, role := range wanted {
		group.Go(func() (err error) {
			entries[i], err = client.RoleEntries(ctx, role)
			return err
		})
	}
	err := group.Wait()
	return entries, err
}
