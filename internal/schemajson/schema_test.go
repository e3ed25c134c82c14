package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const examples = "../../examples"

func TestEveryPageHasItsExample(t *testing.T) {
	t.Parallel()

	provider, err := load(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	wanted := []string{"provider/provider.tf"}
	for name := range provider.Resources {
		wanted = append(wanted, "resources/"+name+"/resource.tf", "resources/"+name+"/import.sh", "resources/"+name+"/import-by-string-id.tf")
	}

	for name := range provider.Identities {
		wanted = append(wanted, "resources/"+name+"/import-by-identity.tf")
	}

	for name := range provider.DataSources {
		wanted = append(wanted, "data-sources/"+name+"/data-source.tf")
	}

	for name := range provider.ListResource {
		wanted = append(wanted, "list-resources/"+name+"/list-resource.tfquery.hcl")
	}

	for _, file := range slices.Sorted(slices.Values(wanted)) {
		if _, err := os.Stat(filepath.Join(examples, file)); err != nil {
			t.Errorf("an example is missing: %v", err)
		}
	}
}

func TestEverySchemaAndAttributeIsDescribed(t *testing.T) {
	t.Parallel()

	provider, err := load(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	var bare []string

	bare = append(bare, undescribed("provider", provider.Provider.Block)...)

	for kind, schemas := range map[string]map[string]schema{
		"resource":      provider.Resources,
		"data source":   provider.DataSources,
		"list resource": provider.ListResource,
	} {
		for name, one := range schemas {
			bare = append(bare, undescribed(kind+" "+name, one.Block)...)
		}
	}

	for name, identity := range provider.Identities {
		for attribute, one := range identity.Attributes {
			if one.Description == "" {
				bare = append(bare, fmt.Sprintf("identity of %s: %s", name, attribute))
			}
		}
	}

	for _, what := range slices.Sorted(slices.Values(bare)) {
		t.Errorf("has no description: %s", what)
	}
}

// undescribed lists the block, and what is in it, as far as it lacks a description.
func undescribed(where string, b block) []string {
	var bare []string
	if b.Description == "" {
		bare = append(bare, where)
	}

	bare = append(bare, undescribedAttributes(where, b.Attributes)...)

	for name, nested := range b.Blocks {
		// The one block is that of the timeouts library, which describes its attributes alone.
		bare = append(bare, undescribedAttributes(where+"."+name, nested.Block.Attributes)...)
	}

	return bare
}

func undescribedAttributes(where string, attributes map[string]attribute) []string {
	var bare []string

	for name, one := range attributes {
		path := where + "." + name
		if one.Description == "" {
			bare = append(bare, path)
		}

		if one.NestedType != nil {
			bare = append(bare, undescribedAttributes(path, one.NestedType.Attributes)...)
		}
	}

	return bare
}
