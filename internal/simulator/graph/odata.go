package graph

import (
	"encoding/base64"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// collection says how objects of a kind are read.
type collection struct {
	// name is the one in addresses and contexts, kind that of the type.
	name, kind string
	// filterable are the properties that can be compared.
	filterable []string
	// hidden are left out unless they are asked for.
	hidden []string
}

var (
	principalCollection = collection{
		name: "servicePrincipals", kind: "servicePrincipal",
		filterable: []string{"id", "appId", "displayName", "servicePrincipalType", "accountEnabled"},
	}
	applicationCollection = collection{
		name: "applications", kind: "application",
		filterable: []string{"id", "appId", "displayName", "signInAudience"},
	}
	grantCollection = collection{
		name: "oauth2PermissionGrants", kind: "oAuth2PermissionGrant",
		filterable: []string{"clientId", "consentType", "principalId", "resourceId"},
	}
	ownerCollection = collection{name: "directoryObjects", kind: "directoryObject", filterable: []string{"id"}}
)

// condition is one comparison of a filter.
type condition struct{ property, value string }

var (
	conjunction = regexp.MustCompile(`(?i)^\s+and\s+`)
	comparison  = regexp.MustCompile(`^\s*(\w+)\s+(?i:eq)\s+('(?:[^']|'')*'|true|false)`)
)

// filter reads the comparisons of $filter: equality, joined by "and".
func (x *exchange) filter(c collection) ([]condition, error) {
	rest := x.query.Get("$filter")
	if rest == "" {
		return nil, nil
	}

	var conditions []condition

	for {
		parts := comparison.FindStringSubmatch(rest)
		if parts == nil {
			return nil, unsupported("Invalid filter clause: %s", rest)
		}

		if !slices.Contains(c.filterable, parts[1]) {
			return nil, unsupported("Filter is invalid. %s", parts[1])
		}

		value := strings.ReplaceAll(strings.Trim(parts[2], "'"), "''", "'")
		conditions = append(conditions, condition{property: parts[1], value: value})
		rest = rest[len(parts[0]):]

		if strings.TrimSpace(rest) == "" {
			return conditions, nil
		}

		joint := conjunction.FindString(rest)
		if joint == "" {
			return nil, unsupported("Invalid filter clause: %s", rest)
		}

		rest = rest[len(joint):]
	}
}

// holds tells whether an object meets the comparisons.
func holds(object map[string]any, conditions []condition) bool {
	for _, c := range conditions {
		actual := ""

		switch value := object[c.property].(type) {
		case string:
			actual = value
		case bool:
			actual = strconv.FormatBool(value)
		}

		if !strings.EqualFold(actual, c.value) {
			return false
		}
	}

	return true
}

// knownOptions are the query options that Graph has here.
var knownOptions = []string{"$filter", "$select", "$top", "$count", "$skiptoken", "$orderby", "$expand", "$search"}

// checkOptions refuses query options that are unknown or not supported.
func (x *exchange) checkOptions() error {
	for name := range x.query {
		if strings.HasPrefix(name, "$") && !slices.Contains(knownOptions, name) {
			return badRequest("The query parameter '%s' is not supported.", name)
		}
	}

	for _, name := range []string{"$expand", "$search"} {
		if x.query.Has(name) {
			return unsupported("%s is not supported for current query.", name)
		}
	}

	if x.query.Has("$orderby") && !x.advanced() {
		return unsupported("Sorting not supported for current query.")
	}

	return nil
}

// advanced tells whether the client accepts that the answer is behind.
func (x *exchange) advanced() bool {
	return strings.EqualFold(x.request.Header.Get("Consistencylevel"), "eventual") && x.query.Get("$count") == "true"
}

// selection reads $select; nil selects everything.
func selection[T any](x *exchange) ([]string, error) {
	if !x.query.Has("$select") {
		return nil, nil
	}

	var names []string

	properties := propertiesOf[T]()

	for name := range strings.SplitSeq(x.query.Get("$select"), ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(properties, name) || slices.Contains(x.knobs.UnknownProperties, name) {
			return nil, badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.",
				name, strings.TrimSuffix(x.route.pattern[0], "s"))
		}

		names = append(names, name)
	}

	return names, nil
}

// propertiesOf are the names of a type's members in JSON.
func propertiesOf[T any]() []string {
	var names []string

	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}

	return names
}

// shown is what an answer has of an object.
func shown(x *exchange, c collection, object map[string]any, selected []string) map[string]any {
	for _, name := range x.knobs.UnknownProperties {
		delete(object, name)
	}

	if selected != nil {
		maps.DeleteFunc(object, func(name string, _ any) bool { return !slices.Contains(selected, name) })
	}

	for _, name := range c.hidden {
		if !slices.Contains(selected, name) {
			delete(object, name)
		}
	}

	return object
}

// entity answers with one object.
func entity[T any](x *exchange, c collection, status int, value *T, selected []string) reply {
	body := shown(x, c, asMap(value), selected)
	context := x.base + "/$metadata#" + c.name

	if selected != nil {
		context += "(" + strings.Join(selected, ",") + ")"
	}

	body["@odata.context"] = context + "/$entity"

	return reply{status: status, body: body}
}

// list answers with the objects that meet the request's filter, page by page.
func list[T any](x *exchange, c collection, items []*T) (reply, error) {
	if err := x.checkOptions(); err != nil {
		return reply{}, err
	}

	conditions, err := x.filter(c)
	if err != nil {
		return reply{}, err
	}

	selected, err := selection[T](x)
	if err != nil {
		return reply{}, err
	}

	found := []map[string]any{}

	for _, item := range items {
		if object := asMap(item); holds(object, conditions) {
			found = append(found, shown(x, c, object, selected))
		}
	}

	return x.page(c, found)
}

// page answers with the part of a list that the request asks for.
func (x *exchange) page(c collection, found []map[string]any) (reply, error) {
	size := x.knobs.PageDefault

	if x.query.Has("$top") {
		top, err := strconv.Atoi(x.query.Get("$top"))
		if err != nil || top < 1 || top > x.knobs.PageMax {
			return reply{}, badRequest("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.",
				x.query.Get("$top"), x.knobs.PageMax)
		}

		size = top
	}

	body := map[string]any{"@odata.context": x.base + "/$metadata#" + c.name}
	if x.advanced() {
		body["@odata.count"] = len(found)
	}

	offset := 0

	if x.query.Has("$skiptoken") {
		var err error
		if offset, err = readSkipToken(x.query.Get("$skiptoken")); err != nil || offset > len(found) {
			return reply{}, badRequest("Invalid skip token.")
		}
	} else if x.knobs.EmptyPageWithNextLink {
		size = 0
	}

	end := min(offset+size, len(found))
	body["value"] = found[offset:end]

	if end < len(found) || size == 0 {
		body["@odata.nextLink"] = x.nextLink(end)
	}

	return reply{status: 200, body: body}, nil
}

const skipTokenPrefix = "page-from:"

func (x *exchange) nextLink(offset int) string {
	query := url.Values{}
	maps.Copy(query, x.query)
	query.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte(skipTokenPrefix+strconv.Itoa(offset))))

	path, _ := graphPath(x.request.URL.EscapedPath())

	return x.base + path + "?" + strings.ReplaceAll(query.Encode(), "%24", "$")
}

func readSkipToken(token string) (int, error) {
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}

	return strconv.Atoi(strings.TrimPrefix(string(decoded), skipTokenPrefix))
}
