package main

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The types below carry Terraform's JSON names for a schema and its parts.
type (
	document struct {
		FormatVersion   string                    `json:"format_version"`
		ProviderSchemas map[string]providerSchema `json:"provider_schemas"`
	}

	providerSchema struct {
		Provider     schema                    `json:"provider"`
		Resources    map[string]schema         `json:"resource_schemas"`
		DataSources  map[string]schema         `json:"data_source_schemas"`
		ListResource map[string]schema         `json:"list_resource_schemas"`
		Identities   map[string]identitySchema `json:"resource_identity_schemas"`
	}

	schema struct {
		Version int64 `json:"version"`
		Block   block `json:"block"`
	}

	block struct {
		Attributes      map[string]attribute   `json:"attributes,omitempty"`
		Blocks          map[string]nestedBlock `json:"block_types,omitempty"`
		Description     string                 `json:"description,omitempty"`
		DescriptionKind string                 `json:"description_kind"`
		Deprecated      bool                   `json:"deprecated,omitempty"`
	}

	nestedBlock struct {
		NestingMode string `json:"nesting_mode"`
		Block       block  `json:"block"`
		MinItems    int64  `json:"min_items,omitempty"`
		MaxItems    int64  `json:"max_items,omitempty"`
	}

	attribute struct {
		Type            tftypes.Type `json:"type,omitempty"`
		NestedType      *object      `json:"nested_type,omitempty"`
		Description     string       `json:"description,omitempty"`
		DescriptionKind string       `json:"description_kind"`
		Deprecated      bool         `json:"deprecated,omitempty"`
		Required        bool         `json:"required,omitempty"`
		Optional        bool         `json:"optional,omitempty"`
		Computed        bool         `json:"computed,omitempty"`
		Sensitive       bool         `json:"sensitive,omitempty"`
		WriteOnly       bool         `json:"write_only,omitempty"`
	}

	object struct {
		Attributes  map[string]attribute `json:"attributes"`
		NestingMode string               `json:"nesting_mode"`
	}

	identitySchema struct {
		Version    int64                        `json:"version"`
		Attributes map[string]identityAttribute `json:"attributes"`
	}

	identityAttribute struct {
		Type              tftypes.Type `json:"type"`
		Description       string       `json:"description,omitempty"`
		RequiredForImport bool         `json:"required_for_import,omitempty"`
		OptionalForImport bool         `json:"optional_for_import,omitempty"`
	}
)

func newProviderSchema(
	schemas *tfprotov6.GetProviderSchemaResponse,
	identities *tfprotov6.GetResourceIdentitySchemasResponse,
) providerSchema {
	result := providerSchema{
		Provider:     newSchema(schemas.Provider),
		Resources:    newSchemas(schemas.ResourceSchemas),
		DataSources:  newSchemas(schemas.DataSourceSchemas),
		ListResource: newSchemas(schemas.ListResourceSchemas),
		Identities:   make(map[string]identitySchema, len(identities.IdentitySchemas)),
	}
	for name, identity := range identities.IdentitySchemas {
		result.Identities[name] = newIdentitySchema(identity)
	}

	return result
}

func newSchemas(from map[string]*tfprotov6.Schema) map[string]schema {
	result := make(map[string]schema, len(from))
	for name, one := range from {
		result[name] = newSchema(one)
	}

	return result
}

func newSchema(from *tfprotov6.Schema) schema {
	return schema{Version: from.Version, Block: newBlock(from.Block)}
}

func newBlock(from *tfprotov6.SchemaBlock) block {
	result := block{
		Attributes:      newAttributes(from.Attributes),
		Blocks:          make(map[string]nestedBlock, len(from.BlockTypes)),
		Description:     from.Description,
		DescriptionKind: lower(from.DescriptionKind),
		Deprecated:      from.Deprecated,
	}
	for _, nested := range from.BlockTypes {
		result.Blocks[nested.TypeName] = nestedBlock{
			NestingMode: lower(nested.Nesting),
			Block:       newBlock(nested.Block),
			MinItems:    nested.MinItems,
			MaxItems:    nested.MaxItems,
		}
	}

	return result
}

func newAttributes(from []*tfprotov6.SchemaAttribute) map[string]attribute {
	result := make(map[string]attribute, len(from))
	for _, one := range from {
		result[one.Name] = attribute{
			Type:            one.Type,
			NestedType:      newObject(one.NestedType),
			Description:     one.Description,
			DescriptionKind: lower(one.DescriptionKind),
			Deprecated:      one.Deprecated,
			Required:        one.Required,
			Optional:        one.Optional,
			Computed:        one.Computed,
			Sensitive:       one.Sensitive,
			WriteOnly:       one.WriteOnly,
		}
	}

	return result
}

func newObject(from *tfprotov6.SchemaObject) *object {
	if from == nil {
		return nil
	}

	return &object{Attributes: newAttributes(from.Attributes), NestingMode: lower(from.Nesting)}
}

func newIdentitySchema(from *tfprotov6.ResourceIdentitySchema) identitySchema {
	result := identitySchema{Version: from.Version, Attributes: make(map[string]identityAttribute, len(from.IdentityAttributes))}
	for _, one := range from.IdentityAttributes {
		result.Attributes[one.Name] = identityAttribute{
			Type:              one.Type,
			Description:       one.Description,
			RequiredForImport: one.RequiredForImport,
			OptionalForImport: one.OptionalForImport,
		}
	}

	return result
}

// lower spells a constant of the protocol as Terraform's JSON does.
func lower(constant interface{ String() string }) string {
	return strings.ToLower(constant.String())
}
