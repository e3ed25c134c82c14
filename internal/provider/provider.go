// Package provider is the Terraform provider itself: its configuration, and the
// services that it offers.
package provider

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/service/directory"
	"github.com/vb365/terraform-provider-vb365/internal/service/operatorrole"
	"github.com/vb365/terraform-provider-vb365/internal/service/portalapplication"
	"github.com/vb365/terraform-provider-vb365/internal/service/restoreportal"
	"github.com/vb365/terraform-provider-vb365/internal/service/server"
	"github.com/vb365/terraform-provider-vb365/internal/service/tenantconsent"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// Address is where the provider is found in the registry.
const Address = "registry.terraform.io/vb365/vb365"

var (
	_ provider.Provider                  = (*vb365Provider)(nil)
	_ provider.ProviderWithListResources = (*vb365Provider)(nil)
)

type vb365Provider struct {
	version      string
	surroundings Surroundings
}

// Surroundings are what a provider takes from where it runs.
type Surroundings struct {
	// Getenv returns environment variables.
	Getenv func(string) string
	// Clock passes the time that Entra needs to replicate, and tells which
	// certificates have expired; nil is the system's.
	Clock entra.Clock
}

func (s Surroundings) now() time.Time {
	if s.Clock == nil {
		return time.Now()
	}
	return s.Clock.Now()
}

// New returns a function that makes a provider of this version, as the plugin
// framework wants it.
func New(version string) func() provider.Provider {
	return NewWithEnvironment(version, os.Getenv)
}

// NewWithEnvironment is like [New] for a provider that takes environment
// variables from getenv, so that several with different ones can run side by side.
func NewWithEnvironment(version string, getenv func(string) string) func() provider.Provider {
	return NewIn(version, Surroundings{Getenv: getenv})
}

// NewIn is like [New] for a provider in other surroundings than this process.
func NewIn(version string, surroundings Surroundings) func() provider.Provider {
	return func() provider.Provider { return &vb365Provider{version: version, surroundings: surroundings} }
}

func (p *vb365Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "vb365"
	resp.Version = p.version
}

func (p *vb365Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

// Configure reads the configuration and the environment. It contacts nothing:
// what a configuration does not use need not be reachable.
func (p *vb365Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	settings := resolve(ctx, config, p.surroundings.Getenv, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	settings.entra.config.Clock = p.surroundings.Clock
	connections := tfkit.NewConnections(tfkit.Connectors{
		VB365:      settings.connector(p.version),
		Entra:      settings.entra.connector(p.version),
		PowerShell: settings.powerShell.connector(),
	}, settings.validateAtPlan, p.surroundings.now)
	resp.ResourceData = connections
	resp.DataSourceData = connections
	resp.ListResourceData = connections
}

func (p *vb365Provider) Resources(context.Context) []func() resource.Resource {
	return slices.Concat(
		operatorrole.Resources(), portalapplication.Resources(), restoreportal.Resources(), tenantconsent.Resources(),
	)
}

func (p *vb365Provider) DataSources(context.Context) []func() datasource.DataSource {
	return slices.Concat(
		directory.DataSources(), operatorrole.DataSources(), restoreportal.DataSources(), server.DataSources(),
		tenantconsent.DataSources(),
	)
}

func (p *vb365Provider) ListResources(context.Context) []func() list.ListResource {
	return operatorrole.ListResources()
}
