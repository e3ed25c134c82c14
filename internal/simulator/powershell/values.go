package powershell

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values are nil, bool, int64, string, []any, [GUID], [SecureString], [time.Time],
// []byte, *[Object], and what implements [netObject].

// GUID is a GUID in lower case.
type GUID string

// SecureString is a string that is not shown.
type SecureString struct{ runes []rune }

// Reveal returns what the string holds.
func (s *SecureString) Reveal() string { return string(s.runes) }

// Object is a hashtable or an object with properties. The case of names does not
// count.
type Object struct {
	// Hashtable tells a hashtable from a custom object.
	Hashtable bool

	names  []string
	values map[string]any
}

// NewObject returns an object of pairs of name and value.
func NewObject(pairs ...any) *Object {
	o := &Object{values: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(fmt.Sprint(pairs[i]), pairs[i+1])
	}
	return o
}

// Get returns the value of a property, nil if there is none.
func (o *Object) Get(name string) any { return o.values[strings.ToLower(name)] }

// Has tells whether there is a property.
func (o *Object) Has(name string) bool {
	_, ok := o.values[strings.ToLower(name)]
	return ok
}

// Set sets a property.
func (o *Object) Set(name string, value any) {
	key := strings.ToLower(name)
	if _, ok := o.values[key]; !ok {
		o.names = append(o.names, name)
	}
	o.values[key] = value
}

// Names are the names of the properties in the order in which they were set.
func (o *Object) Names() []string { return o.names }

// Error is an error of a script, as catch sees it.
type Error struct {
	// Message is the text, and ID the fully qualified error id.
	Message, ID string
	// Type is the .NET type of the exception, in lower case without "system.".
	Type string
}

func (e *Error) Error() string { return e.Message }

// Fail returns an error with a text, as cmdlets make them.
func Fail(id, format string, values ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, values...), ID: id, Type: "exception"}
}

// asError turns what a cmdlet or method returned into an error of a script.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Fail("System.Exception", "%s", err)
}

// truth is what conditions make of a value.
func truth(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 1 || len(v) == 1 && truth(v[0])
	}
	return true
}

// Text is what a string makes of a value.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case GUID:
		return string(v)
	case time.Time:
		return v.Format("01/02/2006 15:04:05")
	case []any:
		texts := make([]string, len(v))
		for i, element := range v {
			texts[i] = Text(element)
		}
		return strings.Join(texts, " ")
	case *Object:
		if v.Hashtable {
			return "System.Collections.Hashtable"
		}
		pairs := make([]string, len(v.names))
		for i, name := range v.names {
			pairs[i] = name + "=" + Text(v.Get(name))
		}
		return "@{" + strings.Join(pairs, "; ") + "}"
	case *SecureString:
		return "System.Security.SecureString"
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprintf("%T", value)
}

// conversionError is that of a cast or a parameter.
func conversionError(value any, typeName string) *Error {
	return &Error{
		Message: fmt.Sprintf(`Cannot convert value "%s" to type "System.%s".`, Text(value), typeName),
		ID:      "InvalidCast", Type: "management.automation.runtimeexception",
	}
}

// convert casts a value to a type, named in lower case without "system.".
func convert(value any, typeName string) (any, error) {
	switch typeName {
	case "", "object":
		return value, nil
	case "string":
		return Text(value), nil
	case "bool":
		return truth(value), nil
	case "int":
		switch v := value.(type) {
		case nil:
			return int64(0), nil
		case int64:
			return v, nil
		case string:
			if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 32); err == nil {
				return n, nil
			}
		}
		return nil, conversionError(value, "Int32")
	case "guid":
		if id, ok := value.(GUID); ok {
			return id, nil
		}
		return parseGUID(Text(value))
	case "hashtable":
		if o, ok := value.(*Object); ok && o.Hashtable {
			return o, nil
		}
		return nil, conversionError(value, "Collections.Hashtable")
	}
	return nil, &Error{Message: fmt.Sprintf("Unable to find type [%s].", typeName), ID: "TypeNotFound", Type: "management.automation.runtimeexception"}
}

func parseGUID(text string) (any, error) {
	digits := strings.ToLower(strings.Trim(text, "{}"))
	groups := strings.Split(digits, "-")
	lengths := make([]int, len(groups))
	for i, group := range groups {
		lengths[i] = len(group)
	}
	if !slices.Equal(lengths, []int{8, 4, 4, 4, 12}) || strings.Trim(digits, "0123456789abcdef-") != "" {
		return nil, conversionError(text, "Guid")
	}
	return GUID(digits), nil
}

// compare carries out -eq and the like: the right value becomes what the left is.
func compare(operator string, left, right any) (bool, error) {
	if _, isArray := left.([]any); isArray {
		return false, Fail("NotSupported", "The stand-in for PowerShell compares no arrays.")
	}
	sensitive := strings.HasPrefix(operator, "c")
	if n, ok := left.(int64); ok {
		m, err := convert(right, "int")
		if err != nil {
			return operator == "ne", nil //nolint:nilerr // what is no number differs from one
		}
		number, _ := m.(int64) // an int is what convert returns
		return order(operator, n, number)
	}
	if left == nil || right == nil {
		return equality(operator, left == nil && right == nil)
	}
	if l, ok := left.(bool); ok {
		return equality(operator, l == truth(right))
	}
	a, b := Text(left), Text(right)
	if !sensitive {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	return equality(operator, a == b)
}

func equality(operator string, equal bool) (bool, error) {
	switch strings.TrimPrefix(operator, "c") {
	case "eq":
		return equal, nil
	case "ne":
		return !equal, nil
	}
	return false, Fail("NotSupported", "The stand-in for PowerShell cannot compare so: -%s.", operator)
}

func order(operator string, n, m int64) (bool, error) {
	switch operator {
	case "gt":
		return n > m, nil
	case "lt":
		return n < m, nil
	case "ge":
		return n >= m, nil
	case "le":
		return n <= m, nil
	}
	return equality(operator, n == m)
}

// add carries out + and +=.
func add(left, right any) (any, error) {
	switch l := left.(type) {
	case nil:
		return right, nil
	case string:
		return l + Text(right), nil
	case int64:
		r, err := convert(right, "int")
		if err != nil {
			return nil, err
		}
		number, _ := r.(int64) // an int is what convert returns
		return l + number, nil
	case []any:
		if r, ok := right.([]any); ok {
			return append(slices.Clone(l), r...), nil
		}
		return append(slices.Clone(l), right), nil
	}
	return nil, Fail("MethodNotFound", "Method invocation failed because [%s] does not contain a method named 'op_Addition'.", Text(left))
}

// unrolled is what a pipeline's output is as a value.
func unrolled(output []any) any {
	switch len(output) {
	case 0:
		return nil
	case 1:
		return output[0]
	}
	return output
}
