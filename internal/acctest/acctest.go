// Package acctest runs the provider in the real Terraform binary against a
// simulated VB365 server, for tests.
package acctest

import (
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/vb365/terraform-provider-vb365/internal/provider"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/openapitest"
)

// Password is the password of the simulated server's account. It is odd enough
// to be found wherever it should not be.
const Password = "Zx9-not-to-be-seen-Qk4"

// Main runs the tests of a package with an environment in which Terraform
// depends on nothing of the user's.
func Main(m *testing.M) {
	_ = os.Unsetenv("TF_CLI_CONFIG_FILE")
	_ = os.Setenv("CHECKPOINT_DISABLE", "1")
	code := m.Run()
	if binaries.dir != "" {
		_ = os.RemoveAll(binaries.dir)
	}
	os.Exit(code)
}

// Env is a simulated server and the provider's way to it.
type Env struct {
	*simulator.Server

	// Settings are the environment variables that the provider sees. Tests
	// change them before the provider is first used.
	Settings map[string]string
}

// Start starts a simulated server. When the test ends, it is stopped, and what
// the server noticed of bad manners fails the test.
func Start(t *testing.T, options simulator.Options) *Env {
	t.Helper()
	options.Password = Password
	options.Middleware = openapitest.FromEnv(t)
	sim, err := simulator.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, v := range sim.Violations() {
			t.Errorf("the provider misbehaved towards the server: %s", v)
		}
		sim.Close()
	})
	username := options.Username
	if username == "" {
		username = simulator.DefaultUsername
	}
	return &Env{Server: sim, Settings: map[string]string{
		"VB365_ENDPOINT":           sim.URL(),
		"VB365_USERNAME":           username,
		"VB365_PASSWORD":           Password,
		"VB365_CERTIFICATE_SHA256": sim.CertificateSHA256(),
	}}
}

// Providers returns the provider under test for resource.TestCase.
func (e *Env) Providers() map[string]func() (tfprotov6.ProviderServer, error) {
	getenv := func(name string) string { return e.Settings[name] }
	return map[string]func() (tfprotov6.ProviderServer, error){
		"vb365": providerserver.NewProtocol6WithError(provider.NewWithEnvironment("test", getenv)()),
	}
}

// Configured returns a provider server that is configured from the environment
// alone, for what the installed Terraform is too old to ask.
func (e *Env) Configured(t *testing.T) tfprotov6.ProviderServer {
	t.Helper()
	return configured(t, e.Providers()["vb365"])
}

func configured(t *testing.T, start func() (tfprotov6.ProviderServer, error)) tfprotov6.ProviderServer {
	t.Helper()
	server, err := start()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	configType := schema.Provider.ValueType()
	attributes := map[string]tftypes.Value{}
	for _, a := range schema.Provider.Block.Attributes {
		attributes[a.Name] = tftypes.NewValue(a.ValueType(), nil)
	}
	config, err := tfprotov6.NewDynamicValue(configType, tftypes.NewValue(configType, attributes))
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range response.Diagnostics {
		t.Fatalf("%s: %s", d.Summary, d.Detail)
	}
	return server
}
