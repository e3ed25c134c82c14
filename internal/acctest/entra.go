package acctest

import (
	"maps"
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
	return map[string]func() (tfprotov6.ProviderServer, error){
		"vb365": providerserver.NewProtocol6WithError(provider.NewIn("test", surroundings)()),
	}
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
