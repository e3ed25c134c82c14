package powershell

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func convertFromJSON(c *Call) error {
	lines := []string{}
	for _, line := range elements(c.Bound["InputObject"]) {
		lines = append(lines, Text(line))
	}
	reader := &jsonReader{decoder: json.NewDecoder(strings.NewReader(strings.Join(lines, "\n"))), core: c.frame.core(), tables: c.Bound["AsHashtable"] == true}
	reader.decoder.UseNumber()
	value, err := reader.value()
	if err == nil {
		if _, after := reader.decoder.Token(); !errors.Is(after, io.EOF) {
			err = errors.New("additional text encountered after finished reading JSON content")
		}
	}
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure
	}
	if err != nil {
		return &Error{
			Message: "Conversion from JSON failed with error: " + err.Error(), ID: argumentError, Type: argumentError,
		}
	}
	if reader.core {
		return c.Write(value)
	}
	return c.frame.out(value) // Windows PowerShell writes arrays as they are
}

// jsonReader reads JSON, with the members of objects in their order.
type jsonReader struct {
	decoder *json.Decoder
	// core tells PowerShell 7, which takes texts that look like dates for dates.
	core   bool
	tables bool
}

func (r *jsonReader) value() (any, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return n, nil
		}
		return t.Float64()
	case json.Delim:
		if t == '{' {
			return r.object()
		}
		return r.array()
	case string:
		return r.text(t), nil
	}
	return token, nil
}

// timestamp is how texts look that PowerShell 7 takes for dates.
var timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?$`)

func (r *jsonReader) text(text string) any {
	if !r.core || !timestamp.MatchString(text) {
		return text
	}
	for _, layout := range []string{time.RFC3339Nano, sortable} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return text
}

func (r *jsonReader) object() (any, error) {
	object := NewObject()
	object.Hashtable = r.tables
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // what stands there in JSON
		if object.Has(name) {
			return nil, &Error{
				Message: fmt.Sprintf("Cannot convert the JSON string because a dictionary that was converted from the string contains the duplicated key '%s'.", name),
				ID:      "DuplicateKeysInJsonString", Type: "System.InvalidOperationException", Category: "InvalidOperation",
			}
		}
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		object.Set(name, value)
	}
	_, err := r.decoder.Token()
	return object, err
}

func (r *jsonReader) array() (any, error) {
	list := []any{}
	for r.decoder.More() {
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := r.decoder.Token()
	return list, err
}

const (
	defaultDepth = 2
	maxJSONDepth = 100
)

func convertToJSON(c *Call) error {
	w := &jsonWriter{core: c.frame.core(), depth: defaultDepth}
	if given, ok := c.Bound["Depth"].(int64); ok {
		if given < 0 || given > maxJSONDepth {
			return bindingError("ConvertTo-Json", "ParameterArgumentValidationError", "Cannot validate argument on parameter 'Depth'. The %d argument is out of range.", given)
		}
		w.depth = given
	}
	value := c.Bound["InputObject"]
	if c.piped { // objects come one by one; one alone is no array
		value = unrolled(elements(value))
	}
	if err := w.write(value, 0); err != nil {
		return err
	}
	text := w.text.String()
	if compress, _ := c.Bound["Compress"].(bool); !compress {
		var indented bytes.Buffer
		indent := "  "
		if !w.core {
			indent = "    "
		}
		if err := json.Indent(&indented, w.text.Bytes(), "", indent); err != nil {
			return err
		}
		text = strings.ReplaceAll(indented.String(), "\n", "\r\n")
	}
	if w.truncated && w.core {
		c.Warn(fmt.Sprintf("Resulting JSON is truncated as serialization has exceeded the set depth of %d.", w.depth))
	}
	return c.Write(text)
}

// jsonWriter writes JSON; what is deeper than depth becomes its text.
type jsonWriter struct {
	text      bytes.Buffer
	core      bool
	depth     int64
	truncated bool
}

func (w *jsonWriter) write(value any, level int64) error {
	value = plain(value)
	_, isObject := value.(*Object)
	all, isArray := elementsOf(value)
	if (isObject || isArray) && level > w.depth {
		w.truncated = true
		w.quote(Text(value))
		return nil
	}
	switch v := value.(type) {
	case nil:
		w.text.WriteString("null")
	case bool:
		w.text.WriteString(strconv.FormatBool(v))
	case int64:
		w.text.WriteString(strconv.FormatInt(v, 10))
	case float64:
		number := strconv.FormatFloat(v, 'G', -1, 64)
		if w.core && !strings.ContainsAny(number, ".EN") {
			number += ".0"
		}
		w.text.WriteString(number)
	case time.Time:
		w.time(v)
	case *Object:
		return w.object(v, level)
	case string, Char, GUID:
		w.quote(Text(v))
	default:
		if !isArray {
			return notSupported("how [%s] is written as JSON", typeOf(value))
		}
		return w.array(all, level)
	}
	return nil
}

func (w *jsonWriter) time(t time.Time) {
	if w.core {
		w.quote(t.Format("2006-01-02T15:04:05.999999999Z07:00"))
		return
	}
	fmt.Fprintf(&w.text, `"\/Date(%d)\/"`, t.UnixMilli())
}

func (w *jsonWriter) object(o *Object, level int64) error {
	w.text.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			w.text.WriteByte(',')
		}
		w.quote(name)
		w.text.WriteByte(':')
		if err := w.write(o.Get(name), level+1); err != nil {
			return err
		}
	}
	w.text.WriteByte('}')
	return nil
}

func (w *jsonWriter) array(all []any, level int64) error {
	w.text.WriteByte('[')
	for i, element := range all {
		if i > 0 {
			w.text.WriteByte(',')
		}
		if err := w.write(element, level+1); err != nil {
			return err
		}
	}
	w.text.WriteByte(']')
	return nil
}

// jsonEscapes are the characters with an escape of their own.
var jsonEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// quote writes a string as the version of PowerShell does: Windows PowerShell
// escapes also what could harm HTML.
func (w *jsonWriter) quote(s string) {
	w.text.WriteByte('"')
	for _, r := range s {
		escaped, ok := jsonEscapes[r]
		switch {
		case ok:
			w.text.WriteString(escaped)
		case r < ' ', r == '\u0085', r == '\u2028', r == '\u2029', !w.core && strings.ContainsRune("<>&'", r):
			fmt.Fprintf(&w.text, `\u%04x`, r)
		default:
			w.text.WriteString(string(utf8.AppendRune(nil, r)))
		}
	}
	w.text.WriteByte('"')
}
