// Package directory offers what VB365 knows of organizations and their users,
// groups, sites and teams to Terraform, as data sources.
package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// noun is a kind of thing that a data source offers, alone and by the list.
type noun[T any] struct {
	one, many  string // as in the names of data sources: group, groups
	properties []property[T]
	// arguments are how one is asked for, beside its organization.
	arguments []argument[T]
	// filters are how the list is narrowed.
	filters []filter
	// all lists the things that the filters leave.
	all func(ctx context.Context, client *vb365.Client, organizationID string, f filtered) ([]T, error)
	// widest are the filters that leave everything, where the server's default does not.
	widest filtered
	// find looks one up by its id, or by its Entra object id where it has one;
	// nil where all are listed anyway.
	find func(ctx context.Context, client *vb365.Client, organizationID, id string) (T, bool, error)
	// label names one for people, id is VB365's id of it.
	label, id func(T) string
	// needsOrganization tells that the things belong to an organization.
	needsOrganization bool
	// note is what else a user should know.
	note string
}

// property is what is told of a thing. Empty texts are null: the API version
// does not tell, or there is nothing to tell.
type property[T any] struct {
	name, describes string
	text            func(T) string
	flag            func(T) *bool // set where text is not
}

func (p property[T]) attribute() schema.Attribute {
	if p.flag != nil {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: p.describes}
	}
	return schema.StringAttribute{Computed: true, MarkdownDescription: p.describes}
}

func (p property[T]) attrType() attr.Type {
	if p.flag != nil {
		return types.BoolType
	}
	return types.StringType
}

func (p property[T]) value(of T) attr.Value {
	if p.flag != nil {
		return types.BoolPointerValue(p.flag(of))
	}
	if text := p.text(of); text != "" {
		return types.StringValue(text)
	}
	return types.StringNull()
}

// argument is a way to ask for one thing. Its name is that of a property too.
type argument[T any] struct {
	name, describes string
	form            form
	// byID tells that find takes the value.
	byID bool
	// matches tells whether the thing is the one that the value means.
	matches func(T, string) bool
	// notBefore is the first API version that tells what is matched; zero is any.
	notBefore vb365.Version
}

// form is a form that values may need to have.
type form int

const (
	anyText form = iota
	guid
	principalID
	siteID
)

func (n noun[T]) object() types.ObjectType {
	attributes := make(map[string]attr.Type, len(n.properties))
	for _, p := range n.properties {
		attributes[p.name] = p.attrType()
	}
	return types.ObjectType{AttrTypes: attributes}
}

func (n noun[T]) value(of T) attr.Value {
	values := make(map[string]attr.Value, len(n.properties))
	for _, p := range n.properties {
		values[p.name] = p.value(of)
	}
	return types.ObjectValueMust(n.object().AttrTypes, values)
}

// sorted returns things in an order that does not change between runs.
func (n noun[T]) sorted(all []T) []T {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int {
		if c := strings.Compare(strings.ToLower(n.label(a)), strings.ToLower(n.label(b))); c != 0 {
			return c
		}
		return strings.Compare(n.id(a), n.id(b))
	})
	return all
}

// described names a thing with its id.
func (n noun[T]) described(of T) string { return fmt.Sprintf("%s, id %s", n.label(of), n.id(of)) }
