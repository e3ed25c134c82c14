// Command floor is a provider whose one resource has the shape of
// vb365_restore_operator_role and does nothing. The time that Terraform takes
// with it is Terraform's own: no provider can be faster.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return floorProvider{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/vb365/floor"})
	if err != nil {
		log.Fatal(err)
	}
}

type floorProvider struct{}

func (floorProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "floor"
}

func (floorProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (floorProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (floorProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return roleResource{} }}
}

func (floorProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

type roleResource struct{}

func (roleResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "floor_restore_operator_role"
}

func (roleResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":                  computed(),
			"organization_id":     schema.StringAttribute{Required: true},
			"name":                schema.StringAttribute{Required: true},
			"description":         schema.StringAttribute{Optional: true},
			"operators":           schema.SingleNestedAttribute{Required: true, Attributes: idSets("users", "groups")},
			"entire_organization": schema.BoolAttribute{Optional: true},
			"managed_objects":     schema.SingleNestedAttribute{Optional: true, Attributes: idSets("users", "groups", "sites", "teams")},
			"excluded_objects":    schema.SingleNestedAttribute{Optional: true, Attributes: idSets("users", "groups", "sites", "teams")},
			"role_type":           computed(),
		},
	}
}

func computed() schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func idSets(kinds ...string) map[string]schema.Attribute {
	sets := make(map[string]schema.Attribute, len(kinds))
	for _, kind := range kinds {
		sets[kind] = schema.SetAttribute{Optional: true, ElementType: types.StringType}
	}

	return sets
}

// Create makes the plan the state, with values for what is computed.
func (roleResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "floor")...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("role_type"), "floor")...)
}

// Read leaves the state as it is, and so do Update and Delete, which are never asked for.
func (roleResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (roleResource) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (roleResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
