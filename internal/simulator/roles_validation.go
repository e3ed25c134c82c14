package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// roleCheck holds a role against the server's rules.
type roleCheck struct {
	x      *exchange
	tables *tables
	rules  *invariants
}

// create builds the role that the body describes.
func (c roleCheck) create(organizationID string, body jsonObject) (Role, error) {
	role, err := c.scalars(Role{OrganizationID: organizationID}, body)
	if err != nil {
		return Role{}, err
	}

	for _, l := range roleLists() {
		if err := c.replace(&role, l, body); err != nil {
			return Role{}, err
		}
	}

	return role, consistent(role)
}

// update builds what the stored role becomes.
func (c roleCheck) update(stored Role, body jsonObject) (Role, error) {
	updated, err := c.scalars(stored, body)
	if err != nil {
		return Role{}, err
	}

	for _, l := range roleLists() {
		if err := c.updateList(&updated, l, body); err != nil {
			return Role{}, err
		}
	}

	if err := consistent(updated); err != nil {
		return Role{}, err
	}

	if c.x.knobs.PutIgnoresLists {
		updated.Operators = stored.Operators
		updated.SelectedItems = stored.SelectedItems
		updated.ExcludedItems = stored.ExcludedItems
	}

	return updated, nil
}

// updateList replaces a list, or does with an omitted one what the knobs say.
func (c roleCheck) updateList(role *Role, l roleList, body jsonObject) error {
	_, present := body[l.name]

	switch {
	case body.has(l.name):
	case present && c.x.knobs.PutKeepsNull, c.x.knobs.PutOmittedLists == OmittedListsKeep:
		return nil
	case c.x.knobs.PutOmittedLists == OmittedListsReject:
		return invalid("The property %s is required.", l.name)
	}

	return c.replace(role, l, body)
}

// scalars reads everything of the body but the lists.
func (c roleCheck) scalars(role Role, body jsonObject) (Role, error) {
	organization, known := c.tables.tenant(role.OrganizationID)
	if !known {
		return Role{}, notFound("organization", role.OrganizationID)
	}

	if !organization.modernAppOnly() {
		return Role{}, invalid(
			"The organization %s does not use modern app-only authentication.", organization.Name)
	}

	values := make(map[string]string)

	for _, name := range []string{"organizationId", "name", "description", "roleType"} {
		value, err := body.text(name)
		if err != nil {
			return Role{}, err
		}

		values[name] = value
	}

	role.Name, role.Description, role.Type = values["name"], values["description"], RoleType(values["roleType"])

	switch {
	case values["organizationId"] != "" && !sameID(values["organizationId"], role.OrganizationID):
		return Role{}, invalid("The organization in the request body is not the organization of the role.")
	case strings.TrimSpace(role.Name) == "":
		return Role{}, invalid("The property name must not be empty.")
	case role.Type != EntireOrganization && role.Type != SpecificObjects:
		return Role{}, invalid("The value %q is not valid for roleType.", role.Type)
	case c.x.knobs.DuplicateRoleName == DuplicateRoleNameConflict &&
		c.tables.nameTaken(role.OrganizationID, role.Name, role.ID):
		return Role{}, conflict("A restore operator role with the name %s exists already.", role.Name)
	default:
		return role, nil
	}
}

// replace reads a list of the body. Omitted and null are an empty list.
func (c roleCheck) replace(role *Role, l roleList, body jsonObject) error {
	*l.of(role) = nil

	if !body.has(l.name) {
		return nil
	}

	var raw []json.RawMessage
	if err := json.Unmarshal(body[l.name], &raw); err != nil {
		return invalid("The property %s must be an array.", l.name)
	}

	return c.add(role, l, raw)
}

// extend appends entries to a list of an existing role.
func (c roleCheck) extend(role *Role, l roleList, raw []json.RawMessage) error {
	if l.name == selectedList().name && role.Type == EntireOrganization && len(raw) > 0 {
		return invalid("A restore operator role of the type EntireOrganization must not have selected items.")
	}

	if err := c.add(role, l, raw); err != nil {
		return err
	}

	return disjoint(*role)
}

// add appends entries to a list.
func (c roleCheck) add(role *Role, l roleList, raw []json.RawMessage) error {
	entries := l.of(role)

	for i, text := range raw {
		where := fmt.Sprintf("%s[%d]", l.name, i)

		added, err := c.entry(role.OrganizationID, l, text, where)
		if err != nil {
			return err
		}

		if !slices.ContainsFunc(*entries, added.sameObject) {
			*entries = append(*entries, added)

			continue
		}

		switch c.x.knobs.DuplicateEntry {
		case DuplicateEntryConflict:
			return conflict("%s: the role has this entry already.", where)
		case DuplicateEntryReject:
			return invalid("%s: the role has this entry already.", where)
		case DuplicateEntryIgnore:
		}
	}

	return nil
}

// entry reads and checks one entry.
func (c roleCheck) entry(organizationID string, l roleList, text json.RawMessage, where string) (Entry, error) {
	var body jsonObject
	if err := json.Unmarshal(text, &body); err != nil || body == nil {
		return Entry{}, invalid("%s must be a JSON object.", where)
	}

	kind, err := body.text("type")
	if err != nil {
		return Entry{}, err
	}

	if err := c.kind(l, kind, where); err != nil {
		return Entry{}, err
	}

	if c.x.knobs.OuterIDRequired && !body.has("id") {
		return Entry{}, invalid("%s: the property id is required.", where)
	}

	if err := c.object(body, kind, where); err != nil {
		return Entry{}, err
	}

	// The entry's own id is the server's to give.
	object := strings.ToLower(kind)

	var entry Entry
	if err := remarshal(jsonObject{"type": body["type"], object: body[object]}, &entry); err != nil {
		return Entry{}, invalid("%s is not valid.", where)
	}

	return entry, c.exists(organizationID, entry, where)
}

// kind checks the type of an entry.
func (c roleCheck) kind(l roleList, kind, where string) error {
	kinds := []string{KindUser, KindGroup}

	if !l.operators {
		kinds = append(kinds, KindSite)
	}

	if !l.operators && c.x.version >= v7 {
		kinds = append(kinds, KindTeam)
	}

	if !slices.Contains(kinds, kind) {
		return invalid("%s: the value %q is not valid for type.", where, kind)
	}

	return nil
}

// object checks that the entry holds the object that its type announces, and no
// other.
func (c roleCheck) object(body jsonObject, kind, where string) error {
	expected := strings.ToLower(kind)

	for _, name := range []string{"user", "group", "site", "team"} {
		if body.has(name) != (name == expected) {
			return invalid("%s: an entry of the type %s must have the object %s and no other.", where, kind, expected)
		}
	}

	var object jsonObject
	if err := json.Unmarshal(body[expected], &object); err != nil {
		return invalid("%s: the property %s must be a JSON object.", where, expected)
	}

	c.rules.checkEntry(c.x, body, object)

	for _, p := range entryProperties(kind, c.x.version) {
		if err := p.check(object, where+"."+expected); err != nil {
			return err
		}
	}

	return nil
}

// exists checks that the organization has the object, and that a role may name
// it.
func (c roleCheck) exists(organizationID string, entry Entry, where string) error {
	organization, known := c.tables.tenant(organizationID)
	if !known {
		return notFound("organization", organizationID)
	}

	if entry.Type == KindTeam && organization.Region == China {
		return invalid("%s: teams are not supported for organizations of the region China.", where)
	}

	inCloud, known := organization.locate(entry)

	switch {
	case !known && c.x.knobs.AcceptUnknownIDs:
		return nil
	case !known:
		return notFound(strings.ToLower(entry.Type), entry.ObjectID())
	case !inCloud:
		return invalid("%s: only Microsoft 365 objects can be added to a restore operator role.", where)
	default:
		return nil
	}
}

// locate tells whether the directory has the object of an entry, and whether
// that is an object of Microsoft 365.
func (t *tenant) locate(entry Entry) (inCloud, known bool) {
	switch entry.Type {
	case KindUser:
		user, known := t.users.get(entry.ObjectID())

		return user.LocationType != InOnPremises, known
	case KindGroup:
		group, known := t.groups.get(entry.ObjectID())

		return group.LocationType != InOnPremises, known
	case KindSite:
		site, known := t.sites.get(entry.ObjectID())

		return !site.OnPremises, known
	default:
		_, known := t.teams.get(entry.ObjectID())

		return true, known
	}
}

// consistent checks the rules that hold between a role's type and its lists.
func consistent(role Role) error {
	if role.Type == EntireOrganization && len(role.SelectedItems) > 0 {
		return invalid("A restore operator role of the type EntireOrganization must not have selected items.")
	}

	for _, l := range roleLists() {
		if err := l.complete(role); err != nil {
			return err
		}
	}

	return disjoint(role)
}

// complete checks that the list holds what the role cannot be without.
func (l roleList) complete(role Role) error {
	switch {
	case l.name == operatorList().name && len(role.Operators) == 0:
		return invalid("A restore operator role must have at least one operator.")
	case l.name == selectedList().name && role.Type == SpecificObjects && len(role.SelectedItems) == 0:
		return invalid("A restore operator role of the type SpecificObjects must have at least one selected item.")
	default:
		return nil
	}
}

// disjoint checks that no object is both selected and excluded.
func disjoint(role Role) error {
	for _, excluded := range role.ExcludedItems {
		if slices.ContainsFunc(role.SelectedItems, excluded.sameObject) {
			return invalid("The object %s is both selected and excluded.", excluded.ObjectID())
		}
	}

	return nil
}

// remarshal decodes a JSON object that was taken apart before.
func remarshal(body jsonObject, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}

	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}

	return nil
}
