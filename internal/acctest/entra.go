package acctest

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/vb365/terraform-provider-vb365/internal/provider"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph/graphtest"
)

// Entra is a simulated Microsoft Entra, the provider's way to it, and the clock
// that both go by.
type Entra struct {
	*graphtest.Server

	// Settings are the environment variables that the provider sees. Tests change
	// them before the provider is first used.
	Settings map[string]string

	listener listener
}

// StartEntra starts a simulated Microsoft Entra with the tenants of a seed. When
// the test ends, it is stopped, and what it noticed of bad manners fails the test.
func StartEntra(t *testing.T, options graph.Options, seed graph.Seed) *Entra {
	t.Helper()
	sim := graphtest.Start(t, options)
	sim.Seed(seed)
	return &Entra{Server: sim, Settings: sim.Environment()}
}

// Providers returns the provider under test for resource.TestCase. It waits by
// the clock of the server.
func (e *Entra) Providers() map[string]func() (tfprotov6.ProviderServer, error) {
	surroundings := provider.Surroundings{Getenv: func(name string) string { return e.Settings[name] }, Clock: e.Clock}
	factory := providerserver.NewProtocol6WithError(provider.NewIn("test", surroundings)())
	return map[string]func() (tfprotov6.ProviderServer, error){
		"vb365": func() (tfprotov6.ProviderServer, error) {
			server, err := factory()
			return listening{server, &e.listener}, err
		},
	}
}

// Configured returns the provider under test, ready for calls that
// resource.TestCase does not make.
func (e *Entra) Configured(t *testing.T) tfprotov6.ProviderServer {
	t.Helper()
	return configured(t, e.Providers()["vb365"])
}

// Warnings are what the providers warned of since the last time, which
// resource.TestCase does not show.
func (e *Entra) Warnings() string {
	e.listener.mu.Lock()
	defer e.listener.mu.Unlock()
	heard := strings.Join(e.listener.heard, "\n")
	e.listener.heard = nil
	return heard
}

// listener collects warnings.
type listener struct {
	mu    sync.Mutex
	heard []string
}

func (l *listener) hear(diagnostics []*tfprotov6.Diagnostic) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			l.heard = append(l.heard, d.Summary+": "+d.Detail)
		}
	}
}

// listening is a provider whose warnings are collected.
type listening struct {
	tfprotov6.ProviderServer

	listener *listener
}

// ReadResource implements [tfprotov6.ProviderServer].
func (s listening) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := s.ProviderServer.ReadResource(ctx, req)
	if err == nil {
		s.listener.hear(resp.Diagnostics)
	}
	return resp, err
}

// PlanResourceChange implements [tfprotov6.ProviderServer].
func (s listening) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := s.ProviderServer.PlanResourceChange(ctx, req)
	if err == nil {
		s.listener.hear(resp.Diagnostics)
	}
	return resp, err
}

// ApplyResourceChange implements [tfprotov6.ProviderServer].
func (s listening) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := s.ProviderServer.ApplyResourceChange(ctx, req)
	if err == nil {
		s.listener.hear(resp.Diagnostics)
	}
	return resp, err
}

// Workspace is a directory in which Terraform uses the provider's real binary,
// which waits by the clock of the machine.
func (e *Entra) Workspace(t *testing.T, configuration string) *Workspace {
	t.Helper()
	return newWorkspace(t, e.Settings, configuration)
}

// Use lets the provider of env reach Entra too.
func (e *Entra) Use(env *Env) {
	maps.Copy(env.Settings, e.Settings)
}
