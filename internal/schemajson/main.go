// Command schemajson prints the provider's schema in the form of
// `terraform providers schema -json`, for the documentation generator.
//
// It asks the provider itself, because a Terraform older than 1.14 would leave
// out identities and list resources: the pages would depend on the version
// that happens to be installed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/vb365/terraform-provider-vb365/internal/provider"
)

// address is the only one that tfplugindocs looks for in a schema file.
const address = "registry.terraform.io/hashicorp/vb365"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	schema, err := load(ctx)
	if err != nil {
		return err
	}

	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")

	return out.Encode(document{
		FormatVersion:   "1.0",
		ProviderSchemas: map[string]providerSchema{address: schema},
	})
}

// load asks the provider for all its schemas.
func load(ctx context.Context) (providerSchema, error) {
	server, err := providerserver.NewProtocol6WithError(provider.New("dev")())()
	if err != nil {
		return providerSchema{}, fmt.Errorf("start the provider: %w", err)
	}

	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err == nil {
		err = firstError(schemas.Diagnostics)
	}
	if err != nil {
		return providerSchema{}, fmt.Errorf("read the provider's schema: %w", err)
	}

	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err == nil {
		err = firstError(identities.Diagnostics)
	}
	if err != nil {
		return providerSchema{}, fmt.Errorf("read the identity schemas: %w", err)
	}

	return newProviderSchema(schemas, identities), nil
}

func firstError(diagnostics []*tfprotov6.Diagnostic) error {
	for _, diagnostic := range diagnostics {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
		}
	}

	return nil
}
