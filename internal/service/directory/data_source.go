package directory

import (
	"context"
	"errors"
	"fmt"
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

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// DataSources returns the data sources of this package.
func DataSources() []func() datasource.DataSource {
	return []func() datasource.DataSource{
		single(organizations), plural(organizations),
		single(users), plural(users),
		single(groups), plural(groups),
		single(sites), plural(sites),
		single(teams), plural(teams),
	}
}

const organizationIDText = "VB365's id of the organization; `data.vb365_organization` finds it by name or tenant."

// oneOf is the data source of one thing.
type oneOf[T any] struct {
	tfkit.DataSource

	noun noun[T]
}

func single[T any](n noun[T]) func() datasource.DataSource {
	return func() datasource.DataSource { return &oneOf[T]{noun: n} }
}

func (d *oneOf[T]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.noun.one
}

func (d *oneOf[T]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for _, p := range d.noun.properties {
		attributes[p.name] = p.attribute()
	}
	var names []string
	for _, a := range d.noun.arguments {
		attributes[a.name] = schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: a.describes, Validators: a.form.validators(),
		}
		names = append(names, "`"+a.name+"`")
	}
	what := "The " + d.noun.one
	if d.noun.needsOrganization {
		attributes["organization_id"] = organizationID()
		what = "A " + d.noun.one + " of an organization"
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: strings.TrimSpace(fmt.Sprintf("%s, asked for by exactly one of %s. None or several are an error that names candidates. %s",
			what, strings.Join(names, ", "), d.noun.note)),
		Attributes: attributes,
	}
}

func organizationID() schema.Attribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: organizationIDText, Validators: []validator.String{tfkit.GUID}}
}

func (f form) validators() []validator.String {
	switch f {
	case guid:
		return []validator.String{tfkit.GUID}
	case principalID:
		return []validator.String{tfkit.PrincipalID}
	case siteID:
		return []validator.String{tfkit.SiteID}
	case anyText:
	}
	return []validator.String{stringvalidator.LengthAtLeast(1)}
}

// ConfigValidators demands exactly one argument.
func (d *oneOf[T]) ConfigValidators(context.Context) []datasource.ConfigValidator {
	var paths []path.Expression
	for _, a := range d.noun.arguments {
		paths = append(paths, path.MatchRoot(a.name))
	}
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(paths...)}
}

func (d *oneOf[T]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	q := query[T]{noun: d.noun, diags: &resp.Diagnostics}
	if d.noun.needsOrganization {
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("organization_id"), &q.organizationID)...)
	}
	for _, a := range d.noun.arguments {
		var value types.String
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(a.name), &value)...)
		if !value.IsNull() {
			q.argument, q.value = a, value.ValueString()
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	doing := fmt.Sprintf("looking for the %s with the %s %q", d.noun.one, q.argument.name, q.value)
	client, err := d.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	found, ok, err := q.ask(ctx, client)
	if err != nil {
		addError(ctx, client, &resp.Diagnostics, doing, q.organizationID, err)
	}
	if !ok || err != nil {
		return
	}
	for _, p := range d.noun.properties {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(p.name), p.value(found))...)
	}
	if d.noun.needsOrganization {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("organization_id"), q.organizationID)...)
	}
	if q.argument.byID {
		// An id may have been asked for in another spelling: what was asked for stays as it is written.
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(q.argument.name), q.value)...)
	}
}

// manyOf is the data source of a list of things.
type manyOf[T any] struct {
	tfkit.DataSource

	noun noun[T]
}

func plural[T any](n noun[T]) func() datasource.DataSource {
	return func() datasource.DataSource { return &manyOf[T]{noun: n} }
}

func (d *manyOf[T]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.noun.many
}

func (d *manyOf[T]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	properties := map[string]schema.Attribute{}
	for _, p := range d.noun.properties {
		properties[p.name] = p.attribute()
	}
	attributes := map[string]schema.Attribute{
		d.noun.many: schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "The " + d.noun.many + ", ordered by name.",
			NestedObject: schema.NestedAttributeObject{Attributes: properties},
		},
		// A list, since checking a set of ten thousand for doubles takes a minute.
		"ids": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "VB365's ids of the " + d.noun.many + ", in the same order. A role takes them as they are.",
		},
	}
	for _, f := range d.noun.filters {
		attributes[f.name] = f.attribute()
	}
	what := "The " + d.noun.many + " of the server"
	if d.noun.needsOrganization {
		attributes["organization_id"] = organizationID()
		what = "The " + d.noun.many + " of an organization"
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: strings.TrimSpace(what + ", all of them or those that the filters leave. " + d.noun.note),
		Attributes:          attributes,
	}
}

func (d *manyOf[T]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.State.Raw = req.Config.Raw.Copy()
	var organizationID string
	if d.noun.needsOrganization {
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("organization_id"), &organizationID)...)
	}
	filters := filtered{}
	for _, f := range d.noun.filters {
		value, diags := f.read(ctx, req)
		resp.Diagnostics.Append(diags...)
		if value != "" {
			filters[f.name] = value
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	doing := "listing the " + d.noun.many
	client, err := d.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	if err := d.refuseTooNew(ctx, client, filters, &resp.Diagnostics); err != nil || resp.Diagnostics.HasError() {
		if err != nil {
			resp.Diagnostics.Append(tfkit.Error(doing, err))
		}
		return
	}
	all, err := d.noun.all(ctx, client, organizationID, filters)
	if err != nil {
		addError(ctx, client, &resp.Diagnostics, doing, organizationID, err)
		return
	}
	objects, ids := []attr.Value{}, []attr.Value{}
	for _, of := range d.noun.sorted(all) {
		objects = append(objects, d.noun.value(of))
		ids = append(ids, types.StringValue(d.noun.id(of)))
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(d.noun.many), types.ListValueMust(d.noun.object(), objects))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("ids"), types.ListValueMust(types.StringType, ids))...)
}

func (f filter) read(ctx context.Context, req datasource.ReadRequest) (string, diag.Diagnostics) {
	if f.isBool {
		var value types.Bool
		diags := req.Config.GetAttribute(ctx, path.Root(f.name), &value)
		if value.ValueBool() {
			return "true", diags
		}
		return "", diags
	}
	var value types.String
	diags := req.Config.GetAttribute(ctx, path.Root(f.name), &value)
	return value.ValueString(), diags
}

// refuseTooNew reports filters that the API version in use does not know.
func (d *manyOf[T]) refuseTooNew(ctx context.Context, client *vb365.Client, given filtered, diags *diag.Diagnostics) error {
	for _, f := range d.noun.filters {
		if given[f.name] == "" || f.notBefore == 0 {
			continue
		}
		version, err := client.Version(ctx)
		if err != nil {
			return err
		}
		if version < f.notBefore {
			tooNew(diags, f.name, f.notBefore, version)
		}
	}
	return nil
}

func tooNew(diags *diag.Diagnostics, name string, needs, has vb365.Version) {
	diags.AddAttributeError(path.Root(name), "The API version does not know this argument",
		fmt.Sprintf("%s needs API version %s; the provider uses %s. Use a server that serves %s, or leave api_version out.", name, needs, has, needs))
}

// addError adds a diagnostic, which is about the organization if the server does not have it.
func addError(ctx context.Context, client *vb365.Client, diags *diag.Diagnostics, doing, organizationID string, err error) {
	if !errors.Is(err, vb365.ErrNotFound) || organizationID == "" {
		diags.Append(tfkit.Error(doing, err))
		return
	}
	organization, lookErr := client.Organization(ctx, organizationID)
	if lookErr != nil || organization != nil {
		diags.Append(tfkit.Error(doing, err))
		return
	}
	all, _ := client.Organizations(ctx) // known by now
	var names []string
	for _, o := range organizations.sorted(all) {
		names = append(names, organizations.described(o))
	}
	diags.AddAttributeError(path.Root("organization_id"), "No such organization",
		fmt.Sprintf("The server has no organization with the id %s. It has:\n%s", organizationID, tfkit.Bullets(names)))
}
