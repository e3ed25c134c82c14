package simulator

import (
	"encoding/json"
	"mime"
	"slices"
)

// jsonObject is a JSON object whose members are not decoded yet, which tells an
// omitted member from one that is null.
type jsonObject map[string]json.RawMessage

// has tells whether the member is there and not null.
func (o jsonObject) has(name string) bool {
	raw, present := o[name]

	return present && string(raw) != "null"
}

// requireJSON refuses a body of another media type.
func (x *exchange) requireJSON() error {
	contentType := x.request.Header.Get("Content-Type")

	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "application/json" {
		return unsupportedMediaType(contentType)
	}

	return nil
}

// roleBody is the body of the creation or update of a role.
func (x *exchange) roleBody() (jsonObject, error) {
	if err := x.requireJSON(); err != nil {
		return nil, err
	}

	var body jsonObject
	if err := json.Unmarshal(x.body, &body); err != nil || body == nil {
		return nil, invalid("The request body must be a JSON object.")
	}

	return body, nil
}

// entriesBody is the body of an addition to a list of a role.
func (x *exchange) entriesBody() ([]json.RawMessage, error) {
	if err := x.requireJSON(); err != nil {
		return nil, err
	}

	var body []json.RawMessage
	if err := json.Unmarshal(x.body, &body); err != nil || body == nil {
		return nil, invalid("The request body must be a JSON array.")
	}

	return body, nil
}

// text reads a string member. Omitted and null are empty.
func (o jsonObject) text(name string) (string, error) {
	if !o.has(name) {
		return "", nil
	}

	var value string
	if err := json.Unmarshal(o[name], &value); err != nil {
		return "", invalid("The property %s must be a string.", name)
	}

	return value, nil
}

// property describes a member of an object within an entry.
type property struct {
	name string
	// required members have to be present.
	required bool
	// nullable members may be null.
	nullable bool
	// isBool is set for members that are not strings.
	isBool bool
	// guid members have to hold a GUID.
	guid bool
	// values are the words that the member may say; any if there are none.
	values []string
}

// entryProperties are the members of the object of an entry, by kind.
func entryProperties(kind string, version apiVersion) []property {
	onPremisesSID := property{name: "onPremisesSid", nullable: kind == KindGroup && version >= v8}

	switch kind {
	case KindUser:
		return []property{
			{name: "id", required: true},
			{name: "displayName", required: true},
			{name: "name", required: true},
			{name: "type", required: true, nullable: true, values: []string{"User", "SharedMailbox", "PublicMailbox"}},
			onPremisesSID,
		}
	case KindGroup:
		return []property{
			{name: "id", required: true},
			{name: "displayName", required: true},
			{name: "name", required: true, nullable: version >= v8},
			{
				name: "type", required: true, nullable: true,
				values: []string{"Office365", "Security", "Distribution", "DynamicDistribution", "Unknown"},
			},
			onPremisesSID,
		}
	case KindSite:
		return []property{
			{name: "id", required: true},
			{name: "url", required: true, nullable: true},
			{name: "title", required: true},
			{name: "parentUrl"},
			{name: "isCloud", required: true, nullable: true, isBool: true},
			{name: "isPersonal", required: true, nullable: true, isBool: true},
		}
	case KindTeam:
		return []property{
			{name: "id", required: true, guid: true},
			{name: "displayName", required: true},
			{name: "description", required: true},
			{name: "mail", required: true},
		}
	default:
		return nil
	}
}

// check reports a member that is missing or holds what it may not hold.
func (p property) check(object jsonObject, where string) error {
	raw, present := object[p.name]

	switch {
	case !present && p.required:
		return invalid("%s: the property %s is required.", where, p.name)
	case !present:
		return nil
	case string(raw) == "null" && p.nullable:
		return nil
	case string(raw) == "null":
		return invalid("%s: the property %s must not be null.", where, p.name)
	case p.isBool:
		var value bool
		if err := json.Unmarshal(raw, &value); err != nil {
			return invalid("%s: the property %s must be a boolean.", where, p.name)
		}

		return nil
	default:
		return p.checkText(raw, where)
	}
}

func (p property) checkText(raw json.RawMessage, where string) error {
	var value string
	if err := json.Unmarshal(raw, &value); err != nil {
		return invalid("%s: the property %s must be a string.", where, p.name)
	}

	switch {
	case p.name == "id" && value == "":
		return invalid("%s: the property id must not be empty.", where)
	case p.guid && !isGUID(value):
		return invalid("%s: the value %q is not valid for %s.", where, value, p.name)
	case len(p.values) > 0 && !slices.Contains(p.values, value):
		return invalid("%s: the value %q is not valid for %s.", where, value, p.name)
	default:
		return nil
	}
}
