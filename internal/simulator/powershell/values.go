package powershell

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Values are nil, bool, int64, float64, string, [Char], [GUID], [time.Time],
// *[SecureString], []any for arrays, []byte, *[Object], *function for script
// blocks, typeLiteral for types, and what implements netObject. One type stands
// for all integers.

// void is what methods return that return nothing.
type void struct{}

// GUID is a GUID in lower case.
type GUID string

// Char is a character: a UTF-16 unit.
type Char uint16

// SecureString is a string that is not shown.
type SecureString struct{ units []uint16 }

// NewSecureString returns a secure string that holds a text.
func NewSecureString(text string) *SecureString {
	return &SecureString{utf16.Encode([]rune(text))}
}

// Reveal returns what the string holds.
func (s *SecureString) Reveal() string { return string(utf16.Decode(s.units)) }

// Object is an object with properties, or a hashtable. The case of names does
// not count.
type Object struct {
	// Hashtable tells a hashtable from an object.
	Hashtable bool

	ordered bool
	names   []string
	values  map[string]any
}

// NewObject returns an object of pairs of name and value.
func NewObject(pairs ...any) *Object {
	o := &Object{values: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(fmt.Sprint(pairs[i]), pairs[i+1])
	}
	return o
}

func newHashtable() *Object {
	o := NewObject()
	o.Hashtable = true
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

// Remove removes a property, if there is one.
func (o *Object) Remove(name string) {
	delete(o.values, strings.ToLower(name))
	o.names = slices.DeleteFunc(o.names, func(other string) bool { return strings.EqualFold(other, name) })
}

// Names are the names of the properties in the order in which they were set.
// Hashtables of .NET have no order; scripts must not rely on this one.
func (o *Object) Names() []string { return slices.Clone(o.names) }

// truth is what conditions make of a value.
func truth(value any) bool {
	switch v := value.(type) {
	case nil, void:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case Char:
		return v != 0
	case string:
		return v != ""
	case []byte:
		return len(v) > 1 || len(v) == 1 && v[0] != 0
	case *genericList:
		return truth(v.items)
	case []any:
		return len(v) > 1 || len(v) == 1 && truth(v[0])
	}
	return true
}

// Text is what a string in double quotes makes of a value.
func Text(value any) string {
	switch v := value.(type) {
	case nil, void:
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
	case float64:
		return strings.ReplaceAll(strconv.FormatFloat(v, 'G', -1, 64), "+Inf", "∞")
	case Char:
		return string(utf16.Decode([]uint16{uint16(v)}))
	case GUID:
		return string(v)
	case time.Time:
		return v.Format("01/02/2006 15:04:05")
	case *function:
		return v.text
	case *Object:
		return v.text()
	}
	if elements, ok := elementsOf(value); ok {
		texts := make([]string, len(elements))
		for i, element := range elements {
			texts[i] = Text(element)
		}
		return strings.Join(texts, " ")
	}
	if shown, ok := value.(fmt.Stringer); ok {
		return shown.String()
	}
	return typeOf(value)
}

func (o *Object) text() string {
	if o.Hashtable {
		return typeOf(o)
	}
	pairs := make([]string, len(o.names))
	for i, name := range o.names {
		pairs[i] = name + "=" + Text(o.Get(name))
	}
	return "@{" + strings.Join(pairs, "; ") + "}"
}

// elementsOf returns the elements of a value that pipelines take apart.
func elementsOf(value any) (elements []any, ok bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case *genericList:
		return v.items, true
	case []byte:
		elements = make([]any, len(v))
		for i, b := range v {
			elements[i] = int64(b)
		}
		return elements, true
	}
	return nil, false
}

// elements returns what a loop goes through: nothing of nothing, and a single
// value once.
func elements(value any) []any {
	if value == nil {
		return nil
	}
	if _, isVoid := value.(void); isVoid {
		return nil
	}
	if all, ok := elementsOf(value); ok {
		return all
	}
	return []any{value}
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

// plain is the value of an expression where void is nothing.
func plain(value any) any {
	if _, isVoid := value.(void); isVoid {
		return nil
	}
	return value
}
