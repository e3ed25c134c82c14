package operatorrole

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// model is the resource in plans and states.
type model struct {
	ID                        types.String   `tfsdk:"id"`
	OrganizationID            types.String   `tfsdk:"organization_id"`
	Name                      types.String   `tfsdk:"name"`
	Description               types.String   `tfsdk:"description"`
	Operators                 types.Object   `tfsdk:"operators"`
	EntireOrganization        types.Bool     `tfsdk:"entire_organization"`
	ManagedObjects            types.Object   `tfsdk:"managed_objects"`
	ExcludedObjects           types.Object   `tfsdk:"excluded_objects"`
	RoleType                  types.String   `tfsdk:"role_type"`
	UnmanagedObjects          types.Set      `tfsdk:"unmanaged_objects"`
	OverwriteUnmanagedObjects types.Bool     `tfsdk:"overwrite_unmanaged_objects"`
	Timeouts                  timeouts.Value `tfsdk:"timeouts"`
}

// kind is a kind of object that a role can name.
type kind struct {
	attribute string
	entry     vb365.EntryKind
	noun      string
	describes string
	form      tfkit.IDForm
	// same tells whether two ids mean the same object.
	same func(a, b string) bool
}

const principalIDs = "an Entra object id (36 characters) or VB365's own (72 characters); both mean the same."

// The kinds of objects, in the order in which they are spoken of.
var (
	users = &kind{
		"users", vb365.KindUser, "user", "Ids of users and mailboxes: " + principalIDs,
		tfkit.PrincipalID, vb365.SameObject,
	}
	groups = &kind{
		"groups", vb365.KindGroup, "group", "Ids of groups, which stand for their members: " + principalIDs,
		tfkit.PrincipalID, vb365.SameObject,
	}
	sites = &kind{
		"sites", vb365.KindSite, "site", "Ids of SharePoint sites: VB365's own (72 characters).",
		tfkit.SiteID, strings.EqualFold,
	}
	teams = &kind{
		"teams", vb365.KindTeam, "team", "Ids of teams: the Entra object id of the team's group. Needs API version v7 or later.",
		tfkit.GUID, strings.EqualFold,
	}

	operatorKinds = []*kind{users, groups}
	objectKinds   = []*kind{users, groups, sites, teams}
)

// roleList is one of the three lists of a role.
type roleList struct {
	attribute string
	entries   vb365.EntryList
	noun      string // of one entry
	kinds     []*kind
}

var (
	operators = &roleList{"operators", vb365.Operators, "operator", operatorKinds}
	managed   = &roleList{"managed_objects", vb365.SelectedItems, "managed object", objectKinds}
	excluded  = &roleList{"excluded_objects", vb365.ExcludedItems, "excluded object", objectKinds}

	lists = []*roleList{operators, managed, excluded}
)

// of returns the model's value of the list.
func (l *roleList) of(m *model) *types.Object {
	switch l.entries {
	case vb365.Operators:
		return &m.Operators
	case vb365.SelectedItems:
		return &m.ManagedObjects
	case vb365.ExcludedItems:
	}
	return &m.ExcludedObjects
}

// ofSpec returns the specification's entries of the list.
func (l *roleList) ofSpec(e *vb365.RoleEntries) *[]vb365.Entry {
	switch l.entries {
	case vb365.Operators:
		return &e.Operators
	case vb365.SelectedItems:
		return &e.Selected
	case vb365.ExcludedItems:
	}
	return &e.Excluded
}

// manages tells whether an entry of the list is of a kind that can be declared there.
func (l *roleList) manages(e vb365.Entry) bool {
	return e.Known() && slices.ContainsFunc(l.kinds, func(k *kind) bool { return k.entry == e.Kind })
}

func (l *roleList) attributeTypes() map[string]attr.Type {
	set := types.SetType{ElemType: types.StringType}
	attributes := make(map[string]attr.Type, len(l.kinds))
	for _, k := range l.kinds {
		attributes[k.attribute] = set
	}
	return attributes
}

// idsOf returns the known ids of one kind in a list's value, and whether all of them are known.
func idsOf(value types.Object, k *kind) (ids []string, whole bool) {
	if value.IsUnknown() {
		return nil, false
	}
	set, ok := value.Attributes()[k.attribute].(types.Set)
	if !ok {
		return nil, true // the whole list is null
	}
	whole = !set.IsUnknown()
	for _, element := range set.Elements() {
		id, ok := element.(types.String)
		if !ok || id.IsUnknown() || id.IsNull() {
			whole = false
			continue
		}
		ids = append(ids, id.ValueString())
	}
	slices.Sort(ids)
	return ids, whole
}

// empty tells whether the list's value surely names nothing.
func empty(value types.Object, l *roleList) bool {
	for _, k := range l.kinds {
		if ids, whole := idsOf(value, k); len(ids) > 0 || !whole {
			return false
		}
	}
	return true
}

// newModel returns the state of a role as the server shows it. Where the
// server's answer means what prior says, prior's wording stays: the spelling of
// ids, and whether an empty list is written as absent or as empty.
func newModel(prior model, role vb365.Role, entries vb365.RoleEntries) model {
	m := prior
	m.ID = types.StringValue(role.ID)
	if !strings.EqualFold(prior.OrganizationID.ValueString(), role.OrganizationID) {
		m.OrganizationID = types.StringValue(role.OrganizationID)
	}
	m.Name = types.StringValue(role.Name)
	m.Description = types.StringValue(role.Description)
	m.RoleType = types.StringValue(string(role.Type))
	entire := role.Type == vb365.EntireOrganization
	switch {
	case entire:
		m.EntireOrganization = types.BoolValue(true)
	case prior.EntireOrganization.ValueBool():
		m.EntireOrganization = types.BoolValue(false)
	}
	var unmanaged []attr.Value
	for _, l := range lists {
		shown := l.ofSpec(&entries)
		*l.of(&m) = newList(*l.of(&prior), l, *shown)
		for _, e := range *shown {
			if !l.manages(e) {
				unmanaged = append(unmanaged, types.StringValue(unmanagedText(l, e)))
			}
		}
	}
	m.UnmanagedObjects = types.SetNull(types.StringType)
	if len(unmanaged) > 0 {
		m.UnmanagedObjects = types.SetValueMust(types.StringType, unmanaged)
	}
	return m
}

// unmanagedText describes an entry of an unknown kind.
func unmanagedText(l *roleList, e vb365.Entry) string {
	return fmt.Sprintf("%s: %s %s", l.attribute, e.Kind, e.ID)
}

func newList(prior types.Object, l *roleList, entries []vb365.Entry) types.Object {
	attributes := make(map[string]attr.Value, len(l.kinds))
	nothing := true
	for _, k := range l.kinds {
		priorSet, ok := prior.Attributes()[k.attribute].(types.Set)
		if !ok {
			priorSet = types.SetNull(types.StringType)
		}
		set := newSet(priorSet, k, entries)
		nothing = nothing && len(set.Elements()) == 0
		attributes[k.attribute] = set
	}
	if nothing && (prior.IsNull() || prior.IsUnknown()) {
		return types.ObjectNull(l.attributeTypes())
	}
	return types.ObjectValueMust(l.attributeTypes(), attributes)
}

func newSet(prior types.Set, k *kind, entries []vb365.Entry) types.Set {
	var ids []attr.Value
	for _, e := range entries {
		if !e.Known() || e.Kind != k.entry {
			continue
		}
		id := types.StringValue(spelling(prior, k, e.ObjectID()))
		if !slices.ContainsFunc(ids, id.Equal) { // servers may hold an entry twice
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 && prior.IsNull() {
		return prior
	}
	return types.SetValueMust(types.StringType, ids)
}

// spelling returns the element of prior that means the same object as id, or id itself.
func spelling(prior types.Set, k *kind, id string) string {
	for _, element := range prior.Elements() {
		if s, ok := element.(types.String); ok && k.same(s.ValueString(), id) {
			return s.ValueString()
		}
	}
	return id
}

// sameSet tells whether two sets are fully known and name the same objects.
func sameSet(a, b types.Set, k *kind) bool {
	if a.IsUnknown() || b.IsUnknown() || a.IsNull() != b.IsNull() || len(a.Elements()) != len(b.Elements()) {
		return false
	}
	for _, element := range a.Elements() {
		id, ok := element.(types.String)
		if !ok || id.IsUnknown() {
			return false
		}
		if !slices.ContainsFunc(b.Elements(), func(other attr.Value) bool {
			s, ok := other.(types.String)
			return ok && !s.IsUnknown() && k.same(s.ValueString(), id.ValueString())
		}) {
			return false
		}
	}
	return true
}

// declaredRole returns the role that a plan declares, without entries.
func (m model) declaredRole() vb365.Role {
	roleType := vb365.SpecificObjects
	if m.EntireOrganization.ValueBool() {
		roleType = vb365.EntireOrganization
	}
	return vb365.Role{
		ID: m.ID.ValueString(), OrganizationID: m.OrganizationID.ValueString(),
		Name: m.Name.ValueString(), Description: m.Description.ValueString(), Type: roleType,
	}
}

// declares tells whether two models say the same about the role on the server.
func (m model) declares(other model) bool {
	if m.declaredRole() != other.declaredRole() {
		return false
	}
	for _, l := range lists {
		for _, k := range l.kinds {
			mine, _ := idsOf(*l.of(&m), k)
			theirs, _ := idsOf(*l.of(&other), k)
			if !slices.EqualFunc(mine, theirs, k.same) {
				return false
			}
		}
	}
	return m.UnmanagedObjects.Equal(other.UnmanagedObjects)
}

// nullModel returns a model that says nothing, as importing and listing begin with.
func nullModel(ctx context.Context) model {
	var m model
	for _, l := range lists {
		*l.of(&m) = types.ObjectNull(l.attributeTypes())
	}
	m.UnmanagedObjects = types.SetNull(types.StringType)
	m.Timeouts = timeouts.Value{Object: types.ObjectNull(timeoutTypes(ctx))}
	return m
}

func timeoutTypes(ctx context.Context) map[string]attr.Type {
	block, ok := timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}).Type().(timeouts.Type)
	if !ok {
		return nil
	}
	return block.AttrTypes
}
