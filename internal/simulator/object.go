package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// object is a JSON object under construction. It keeps the order of its
// members, and knows how absent values are written.
type object struct {
	nulls   NullStyle
	members []member
}

type member struct {
	name  string
	value any
}

// set writes the member whatever its value is.
func (o *object) set(name string, value any) {
	o.members = append(o.members, member{name: name, value: value})
}

// nullable writes a member that the schema allows to be null.
func (o *object) nullable(name string, value any) {
	switch {
	case !absent(value):
		o.set(name, value)
	case o.nulls != NullOmit:
		o.set(name, nil)
	}
}

// optional writes a member that may be left out but not be null.
func (o *object) optional(name string, value any) {
	switch {
	case !absent(value):
		o.set(name, value)
	case o.nulls == NullEverywhere:
		o.set(name, nil)
	}
}

// text writes a string that may be empty but neither left out nor null.
func (o *object) text(name, value string) {
	if value == "" && o.nulls == NullEverywhere {
		o.set(name, nil)

		return
	}

	o.set(name, value)
}

func absent(value any) bool {
	return value == nil || reflect.ValueOf(value).IsZero()
}

// encode writes JSON without escaping what is special in HTML only.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer

	if err := write(&text, value); err != nil {
		return nil, err
	}

	return text.Bytes(), nil
}

// write appends a value as JSON. Objects are written in place: as
// [json.Marshaler] they would be read again at every level of nesting.
func write(text *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case *object:
		return v.write(text)
	case []*object:
		return writeArray(text, v)
	}

	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode: %w", err)
	}

	// The encoder ends every value with a new line.
	text.Truncate(text.Len() - 1)

	return nil
}

func writeArray(text *bytes.Buffer, objects []*object) error {
	text.WriteByte('[')

	for i, o := range objects {
		if i > 0 {
			text.WriteByte(',')
		}

		if err := o.write(text); err != nil {
			return err
		}
	}

	text.WriteByte(']')

	return nil
}

func (o *object) write(text *bytes.Buffer) error {
	text.WriteByte('{')

	for i, m := range o.members {
		if i > 0 {
			text.WriteByte(',')
		}

		fmt.Fprintf(text, "%q:", m.name)

		if err := write(text, m.value); err != nil {
			return err
		}
	}

	text.WriteByte('}')

	return nil
}

// links are the relative links of a resource, in the order of writing.
type links []member

// link adds a link below the version's prefix.
func (x *exchange) link(l links, name, format string, arguments ...any) links {
	href := "/" + x.version.String() + fmt.Sprintf(format, arguments...)

	return append(l, member{name: name, value: &object{members: []member{{name: "href", value: href}}}})
}

func (l links) object() *object {
	return &object{members: l}
}
