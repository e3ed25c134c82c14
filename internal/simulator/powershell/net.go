package powershell

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// netObject is an object of .NET with methods and properties.
type netObject interface {
	// typeName is the full name of its type.
	typeName() string
	// get returns a property, named in lower case; ok is false if there is none.
	get(name string) (value any, ok bool)
	// call calls a method, named in lower case; it returns errNoMethod if there is
	// none that takes so many arguments.
	call(p *process, name string, arguments []any) (any, error)
}

var errNoMethod = errors.New("no such method")

func (n *member) value(f *frame) (any, error) {
	target, err := n.target.value(f)
	if err != nil {
		return nil, err
	}
	name, err := n.name.value(f)
	if err != nil {
		return nil, err
	}
	return property(plain(target), Text(name))
}

// property returns a property. Of an array, it is that of the elements.
func property(target any, name string) (any, error) {
	key := strings.ToLower(name)
	switch t := target.(type) {
	case nil:
		if key == "count" || key == "length" {
			return int64(0), nil
		}
		return nil, nil //nolint:nilnil // members of nothing are nothing
	case *Object:
		return t.property(key, name), nil
	case string:
		if key == "length" {
			return int64(len(utf16.Encode([]rune(t)))), nil
		}
	case *SecureString:
		if key == "length" {
			return int64(len(t.units)), nil
		}
	case time.Time:
		if value, ok := timeProperty(t, key); ok {
			return value, nil
		}
	case netObject:
		if value, ok := t.get(key); ok {
			return value, nil
		}
	}
	if all, ok := elementsOf(target); ok {
		return propertyOfAll(all, key, name)
	}
	if key == "count" || key == "length" {
		return int64(1), nil
	}
	return nil, &Error{
		Message: "The property '" + name + "' cannot be found on this object. Verify that the property exists. The stand-in for PowerShell knows none of [" +
			typeOf(target) + "].", ID: "PropertyNotFoundStrict", Category: "InvalidOperation",
	}
}

// property returns an element of a hashtable, or a property; $null if there is
// none.
func (o *Object) property(key, name string) any {
	if o.Has(name) {
		return o.Get(name)
	}
	switch {
	case key == "count" && o.Hashtable:
		return int64(len(o.names))
	case key == "keys" && o.Hashtable:
		keys := []any{}
		for _, name := range o.names {
			keys = append(keys, name)
		}
		return keys
	case key == "values" && o.Hashtable:
		values := []any{}
		for _, name := range o.names {
			values = append(values, o.Get(name))
		}
		return values
	case key == "count" || key == "length":
		return int64(1)
	}
	return nil
}

func propertyOfAll(all []any, key, name string) (any, error) {
	if key == "count" || key == "length" {
		return int64(len(all)), nil
	}
	found := []any{}
	for _, element := range all {
		value, err := property(element, name)
		if err != nil {
			return nil, err
		}
		if value != nil {
			found = append(found, elements(value)...)
		}
	}
	return unrolled(found), nil
}

func timeProperty(t time.Time, key string) (any, bool) {
	switch key {
	case "year":
		return int64(t.Year()), true
	case "month":
		return int64(t.Month()), true
	case "day":
		return int64(t.Day()), true
	case "hour":
		return int64(t.Hour()), true
	case "minute":
		return int64(t.Minute()), true
	case "second":
		return int64(t.Second()), true
	case "kind":
		if t.Location() == time.UTC {
			return "Utc", true
		}
		return "Local", true
	}
	return nil, false
}

func (f *frame) values(nodes []expression) ([]any, error) {
	values := make([]any, len(nodes))
	for i, node := range nodes {
		value, err := node.value(f)
		if err != nil {
			return nil, err
		}
		values[i] = plain(value)
	}
	return values, nil
}

func (n *call) value(f *frame) (any, error) {
	target, err := n.target.value(f)
	if err != nil {
		return nil, err
	}
	name, err := n.name.value(f)
	if err != nil {
		return nil, err
	}
	arguments, err := f.values(n.arguments)
	if err != nil {
		return nil, err
	}
	target = plain(target)
	if target == nil {
		return nil, &Error{Message: "You cannot call a method on a null-valued expression.", ID: "InvokeMethodOnNull", Category: "InvalidOperation"}
	}
	if script, ok := target.(*function); ok && strings.HasPrefix(strings.ToLower(Text(name)), "invoke") {
		out, output := collect()
		err := f.with(out).call(script, invocation{positional: arguments}, nil)
		return unrolled(*output), err
	}
	value, err := f.callMethod(target, strings.ToLower(Text(name)), arguments)
	return invoked(value, err, Text(name), typeOf(target), len(arguments))
}

// invoked turns what went wrong in a method into an error of the script.
func invoked(value any, err error, name, typeName string, arguments int) (any, error) {
	if errors.Is(err, errNoMethod) {
		return nil, &Error{
			Message: fmt.Sprintf("Method invocation failed because [%s] does not contain a method named '%s' with %d arguments; none that the stand-in "+
				"for PowerShell knows.", typeName, name, arguments),
			ID: "MethodNotFound", Category: "InvalidOperation",
		}
	}
	failure, ok := errors.AsType[*Error](err)
	if ok && failure.Type != "" && failure.ID != "NotSupported" {
		return nil, invocationError(name, arguments, failure)
	}
	return value, err
}

func (p *process) callMethod(target any, name string, arguments []any) (any, error) {
	switch {
	case name == "tostring" && len(arguments) == 0:
		return Text(target), nil
	case name == "equals" && len(arguments) == 1:
		return sameValue(target, arguments[0]), nil
	case name == "gettype" && len(arguments) == 0:
		full := typeOf(target)
		return typeObject{normalizeType(strings.ToLower(full)), full}, nil
	}
	switch t := target.(type) {
	case netObject:
		return t.call(p, name, arguments)
	case time.Time:
		return timeMethod(t, name, arguments)
	case string:
		return p.stringMethod(t, name, arguments)
	case int64:
		if name == "tostring" && len(arguments) == 1 {
			return formatValue(t, Text(arguments[0]))
		}
	case *Object:
		return t.method(name, arguments)
	case *SecureString:
		return p.secureMethod(t, name, arguments)
	}
	return nil, errNoMethod
}

// sameValue is Object.Equals: of the same type, case counts.
func sameValue(a, b any) bool {
	switch a.(type) {
	case string, bool, int64, float64, Char, GUID, versionObject:
		return a == b
	case *Object, *SecureString, *function:
		return a == b
	}
	return false
}

func timeMethod(t time.Time, name string, arguments []any) (any, error) {
	switch {
	case name == "touniversaltime" && len(arguments) == 0:
		return t.UTC(), nil
	case name == "tolocaltime" && len(arguments) == 0:
		return t.Local(), nil //nolint:gosmopolitan // as .NET does
	case name == "tostring" && len(arguments) == 1:
		return formatTime(t, Text(arguments[0]))
	case name == "adddays" && len(arguments) == 1:
		if days, ok := arguments[0].(int64); ok {
			return t.AddDate(0, 0, int(days)), nil
		}
	}
	return nil, errNoMethod
}

// stringMethod calls a method of a string; positions count UTF-16 units.
func (p *process) stringMethod(s, name string, arguments []any) (any, error) {
	if len(arguments) == 0 {
		switch name {
		case "tochararray":
			characters := []any{}
			for _, unit := range utf16.Encode([]rune(s)) {
				characters = append(characters, Char(unit))
			}
			return characters, nil
		case "trim":
			return strings.TrimSpace(s), nil
		case "tolower", "tolowerinvariant":
			return strings.ToLower(s), nil
		case "toupper", "toupperinvariant":
			return strings.ToUpper(s), nil
		}
		return nil, errNoMethod
	}
	text := Text(arguments[0])
	if len(arguments) == 1 {
		switch name {
		case "startswith":
			return strings.HasPrefix(s, text), nil
		case "endswith":
			return strings.HasSuffix(s, text), nil
		case "contains":
			return strings.Contains(s, text), nil
		case "indexof":
			return int64(strings.Index(s, text)), nil
		case "trim", "trimstart", "trimend":
			return trim(name, s, text), nil
		case "split":
			parts := []any{}
			for part := range strings.SplitSeq(s, text) {
				parts = append(parts, part)
			}
			return parts, nil
		}
	}
	switch {
	case name == "replace" && len(arguments) == 2:
		return strings.ReplaceAll(s, text, Text(arguments[1])), nil
	case name == "substring" && len(arguments) <= 2:
		return p.substring(s, arguments)
	}
	return nil, errNoMethod
}

func trim(name, s, cut string) string {
	switch name {
	case "trimstart":
		return strings.TrimLeft(s, cut)
	case "trimend":
		return strings.TrimRight(s, cut)
	}
	return strings.Trim(s, cut)
}

func (p *process) substring(s string, arguments []any) (any, error) {
	units := utf16.Encode([]rune(s))
	bounds := []int64{0, int64(len(units))}
	for i, argument := range arguments {
		n, err := p.convert(argument, "int")
		if err != nil {
			return nil, err
		}
		bounds[i], _ = n.(int64)
		if i == 0 {
			bounds[1] -= bounds[0]
		}
	}
	if bounds[0] < 0 || bounds[1] < 0 || bounds[0]+bounds[1] > int64(len(units)) {
		return nil, &Error{
			Message: "Index and length must refer to a location within the string. (Parameter 'length')", Type: "System.ArgumentOutOfRangeException",
		}
	}
	return string(utf16.Decode(units[bounds[0] : bounds[0]+bounds[1]])), nil
}

func (o *Object) method(name string, arguments []any) (any, error) {
	if !o.Hashtable {
		return nil, errNoMethod
	}
	switch {
	case (name == "containskey" || name == "contains") && len(arguments) == 1:
		return o.Has(Text(arguments[0])), nil
	case name == "remove" && len(arguments) == 1:
		o.Remove(Text(arguments[0]))
		return void{}, nil
	case name == "add" && len(arguments) == 2:
		if o.Has(Text(arguments[0])) {
			return nil, &Error{
				Message: fmt.Sprintf("Item has already been added. Key in dictionary: '%[1]s'  Key being added: '%[1]s'", Text(arguments[0])),
				Type:    argumentError,
			}
		}
		o.Set(Text(arguments[0]), arguments[1])
		return void{}, nil
	}
	return nil, errNoMethod
}

func (p *process) secureMethod(s *SecureString, name string, arguments []any) (any, error) {
	switch {
	case name == "appendchar" && len(arguments) == 1:
		character, err := p.convert(arguments[0], "char")
		if err != nil {
			return nil, err
		}
		unit, _ := character.(Char)
		s.units = append(s.units, uint16(unit))
		return void{}, nil
	case (name == "dispose" || name == "makereadonly") && len(arguments) == 0:
		return void{}, nil
	}
	return nil, errNoMethod
}

// genericList is a list that grows.
type genericList struct {
	name  string
	items []any
}

func (l *genericList) typeName() string { return l.name }

func (l *genericList) get(name string) (any, bool) { return int64(len(l.items)), name == "count" }

func (l *genericList) call(_ *process, name string, arguments []any) (any, error) {
	switch {
	case name == "add" && len(arguments) == 1:
		l.items = append(l.items, arguments[0])
		if l.name == "System.Collections.ArrayList" {
			return int64(len(l.items) - 1), nil
		}
		return void{}, nil
	case name == "addrange" && len(arguments) == 1:
		l.items = append(l.items, elements(arguments[0])...)
		return void{}, nil
	case name == "clear" && len(arguments) == 0:
		l.items = nil
		return void{}, nil
	case name == "toarray" && len(arguments) == 0:
		return slices.Clone(l.items), nil
	}
	return nil, errNoMethod
}

// typeObject is a type as a value.
type typeObject struct{ name, full string }

func (typeObject) typeName() string { return "System.RuntimeType" }

func (t typeObject) String() string { return t.full }

func (t typeObject) get(name string) (any, bool) {
	switch name {
	case "fullname":
		return t.full, true
	case "name":
		return t.full[strings.LastIndexByte(t.full, '.')+1:], true
	}
	return nil, false
}

func (typeObject) call(*process, string, []any) (any, error) { return nil, errNoMethod }

// versionObject is a version such as 7.4.6.
type versionObject string

func (versionObject) typeName() string { return "System.Version" }

func (v versionObject) String() string { return string(v) }

// parts are the numbers of the version, none if it is no version.
func (v versionObject) parts() []int {
	var parts []int
	for text := range strings.SplitSeq(string(v), ".") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil
		}
		parts = append(parts, n)
	}
	return parts
}

func (v versionObject) get(name string) (any, bool) {
	for i, known := range []string{"major", "minor", "build", "revision"} {
		parts := v.parts()
		switch {
		case name != known && (name != "patch" || known != "build"):
		case i < len(parts):
			return int64(parts[i]), true
		default:
			return int64(-1), true
		}
	}
	return nil, false
}

func (versionObject) call(*process, string, []any) (any, error) { return nil, errNoMethod }
