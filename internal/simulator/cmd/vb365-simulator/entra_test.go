package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

func TestEntraIsThereWhenItIsAskedFor(t *testing.T) {
	t.Parallel()

	set, err := parse([]string{"--entra", "127.0.0.1:0"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}

	e, err := startEntra(set.entra)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()

	script := e.environment.script()
	for _, want := range []string{
		"export ARM_TENANT_ID='" + graph.ProviderTenant + "'", "export ARM_CLIENT_ID='", "export ARM_CLIENT_SECRET='",
		"export VB365_ENTRA_AUTHORITY_HOST='" + e.server.URL(), "export VB365_ENTRA_GRAPH_ENDPOINT='" + e.server.URL(),
		"export VB365_ENTRA_CA_CERTIFICATE_PEM='-----BEGIN CERTIFICATE-----",
	} {
		if !strings.Contains(script, want) {
			t.Errorf("the environment lacks %q:\n%s", want, script)
		}
	}

	if n := len(e.server.Applications(graph.ProviderTenant)); n != 1 || len(e.server.Tenants()) != 4 {
		t.Errorf("there are %d applications and %d tenants", n, len(e.server.Tenants()))
	}
}

func TestEntraStartsFromAnySeed(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "seed.json")
	text := `{"home": "northwind.com", "tenants": [{"id": "", "domains": ["northwind.com"], "displayName": "Northwind"}]}`

	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	for seed, tenants := range map[string]int{file: 1, seedEmpty: 0, seedThreeCustomers: 4} {
		e, err := startEntra(entraSettings{listen: "127.0.0.1:0", seed: seed})
		if err != nil {
			t.Fatal(err)
		}

		if n := len(e.server.Tenants()); n != tenants {
			t.Errorf("%s has %d tenants, want %d", seed, n, tenants)
		}

		e.close()
	}

	for seed, want := range map[string]error{"/nonexistent": os.ErrNotExist, os.Args[0]: nil} {
		if _, err := startEntra(entraSettings{listen: "127.0.0.1:0", seed: seed}); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", seed, err)
		}
	}

	if e, err := startEntra(entraSettings{}); err != nil || e.server != nil || len(e.environment) > 0 {
		t.Errorf("nobody asked for Entra: %+v (%v)", e, err)
	}

	if _, err := startEntra(entraSettings{listen: "nowhere", seed: seedEmpty}); !errors.Is(err, graph.ErrOptions) {
		t.Errorf("an address that is none: %v", err)
	}
}
