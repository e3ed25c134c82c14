package powershell

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// typeNames are the types that a script can name, in lower case and without
// "system.", with their full names. Exceptions are in exceptionTypes.
var typeNames = map[string]string{
	"array":                            "System.Array",
	"bool":                             "System.Boolean",
	"byte":                             "System.Byte",
	"byte[]":                           "System.Byte[]",
	"char":                             "System.Char",
	"collections.arraylist":            "System.Collections.ArrayList",
	"collections.generic.list[object]": "System.Collections.Generic.List`1[System.Object]",
	"collections.specialized.ordereddictionary": "System.Collections.Specialized.OrderedDictionary",
	"console":               "System.Console",
	"convert":               "System.Convert",
	"datetime":              "System.DateTime",
	"double":                "System.Double",
	"environment":           "System.Environment",
	"guid":                  "System.Guid",
	"hashtable":             "System.Collections.Hashtable",
	"int":                   "System.Int32",
	"io.directory":          "System.IO.Directory",
	"io.file":               "System.IO.File",
	"io.path":               "System.IO.Path",
	"long":                  "System.Int64",
	"math":                  "System.Math",
	"object":                "System.Object",
	"object[]":              "System.Object[]",
	"ordered":               "System.Collections.Specialized.OrderedDictionary",
	"pscustomobject":        "System.Management.Automation.PSCustomObject",
	"scriptblock":           "System.Management.Automation.ScriptBlock",
	"security.securestring": "System.Security.SecureString",
	"string":                "System.String",
	"string[]":              "System.String[]",
	"switch":                "System.Management.Automation.SwitchParameter",
	"text.encoding":         "System.Text.Encoding",
	"threading.mutex":       "System.Threading.Mutex",
	"threading.thread":      "System.Threading.Thread",
	"version":               "System.Version",
	"void":                  "System.Void",
}

// typeSynonyms are other names of the same types.
var typeSynonyms = map[string]string{
	"boolean": "bool", "int32": "int", "int64": "long", "single": "double", "float": "double", "psobject": "pscustomobject",
	"collections.hashtable": "hashtable", "management.automation.scriptblock": "scriptblock", "securestring": "security.securestring",
	"management.automation.psobject": "pscustomobject", "management.automation.pscustomobject": "pscustomobject",
	"management.automation.switchparameter": "switch", "switchparameter": "switch", "collections.generic.list[system.object]": "collections.generic.list[object]",
}

// normalizeType returns the name of a type in lower case, without "system.".
func normalizeType(name string) string {
	name = strings.TrimPrefix(name, "system.")
	if synonym, ok := typeSynonyms[name]; ok {
		return synonym
	}
	return name
}

// fullTypeName returns the name that .NET has for a type.
func fullTypeName(name string) (full string, ok bool) {
	if full, ok = typeNames[name]; ok {
		return full, true
	}
	full, ok = exceptionNames[name]
	return full, ok
}

func unknownType(name string) *Error {
	return &Error{Message: "Unable to find type [" + name + "].", ID: "TypeNotFound", Category: "InvalidOperation"}
}

// typeOf returns the full name of a value's type.
func typeOf(value any) string {
	switch v := value.(type) {
	case bool:
		return "System.Boolean"
	case int64:
		if v > math.MaxInt32 || v < math.MinInt32 {
			return "System.Int64"
		}
		return "System.Int32"
	case float64:
		return "System.Double"
	case string:
		return "System.String"
	case Char:
		return "System.Char"
	case GUID:
		return "System.Guid"
	case time.Time:
		return "System.DateTime"
	case []byte:
		return "System.Byte[]"
	case []any:
		return "System.Object[]"
	case *SecureString:
		return "System.Security.SecureString"
	case *function:
		return "System.Management.Automation.ScriptBlock"
	case *Object:
		switch {
		case v.ordered:
			return "System.Collections.Specialized.OrderedDictionary"
		case v.Hashtable:
			return "System.Collections.Hashtable"
		}
		return "System.Management.Automation.PSCustomObject"
	case netObject:
		return v.typeName()
	}
	return fmt.Sprintf("%T", value)
}

// isType tells whether a value is of a type.
func isType(value any, name string) (bool, error) {
	full, ok := fullTypeName(name)
	if !ok {
		return false, unknownType(name)
	}
	switch name {
	case "object":
		return value != nil, nil
	case "long":
		_, isInteger := value.(int64)
		return isInteger, nil
	case "array":
		_, isArray := value.([]any)
		return isArray, nil
	}
	if exception, isException := value.(*exceptionObject); isException {
		return exception.err.is(name), nil
	}
	return value != nil && typeOf(value) == full, nil
}

// conversionError is that of a cast or a parameter.
func conversionError(value any, typeName, reason string) *Error {
	message := fmt.Sprintf(`Cannot convert value "%s" to type "%s".`, Text(value), typeName)
	if value == nil {
		message = fmt.Sprintf(`Cannot convert null to type "%s".`, typeName)
	}
	if reason != "" {
		message += ` Error: "` + reason + `"`
	}
	return &Error{Message: message, ID: "InvalidCast", Type: "System.Management.Automation.PSInvalidCastException", Category: "InvalidArgument"}
}

// convert casts a value to a type, as the engine's version does it.
func (p *process) convert(value any, name string) (any, error) {
	value = plain(value)
	full, ok := fullTypeName(name)
	if !ok && name != "" {
		return nil, unknownType(name)
	}
	switch name {
	case "", "object":
		return value, nil
	case "void":
		return void{}, nil
	case "string":
		return Text(value), nil
	case "bool":
		return truth(value), nil
	case "switch":
		return toSwitch(value)
	case "int":
		return p.toInteger(value, full, math.MinInt32, math.MaxInt32)
	case "long":
		return p.toInteger(value, full, math.MinInt64, math.MaxInt64)
	case "byte":
		return p.toInteger(value, full, 0, math.MaxUint8)
	case "double":
		return toDouble(value)
	case "guid":
		return p.toGUID(value)
	case "char":
		return toChar(value)
	case "datetime":
		return toDateTime(value)
	case "version":
		return toVersion(value)
	}
	return p.convertWhole(value, name, full)
}

// convertWhole casts to types that hold other values.
func (p *process) convertWhole(value any, name, full string) (any, error) {
	switch name {
	case "hashtable", "pscustomobject", "collections.specialized.ordereddictionary":
		return toObject(value, name, full)
	case "array", "object[]":
		if value == nil {
			return nil, nil //nolint:nilnil // $null stays so
		}
		return elements(value), nil
	case "string[]":
		texts := []any{}
		for _, element := range elements(value) {
			texts = append(texts, Text(element))
		}
		return texts, nil
	case "byte[]":
		return p.toBytes(value)
	case "collections.generic.list[object]", "collections.arraylist":
		return &genericList{name: full, items: slices.Clone(elements(value))}, nil
	}
	if value == nil || typeOf(value) == full {
		return value, nil
	}
	return nil, conversionError(value, full, "")
}

func toSwitch(value any) (any, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case int64:
		return v != 0, nil
	}
	return nil, &Error{
		Message: fmt.Sprintf(`Cannot convert value "%s" to type "System.Management.Automation.SwitchParameter". Boolean parameters accept only `+
			`Boolean values and numbers, such as $True, $False, 1 or 0.`, typeOfOrNull(value)),
		ID: "InvalidCast", Category: "InvalidArgument",
	}
}

func typeOfOrNull(value any) string {
	if value == nil {
		return ""
	}
	return typeOf(value)
}

func (p *process) toInteger(value any, full string, least, most int64) (any, error) {
	var n int64
	switch v := value.(type) {
	case nil:
	case bool:
		if v {
			n = 1
		}
	case int64:
		n = v
	case Char:
		n = int64(v)
	case float64:
		if math.IsNaN(v) || v < float64(least)-0.5 || v > float64(most)+0.5 {
			return nil, tooLarge(value, full)
		}
		n = int64(math.RoundToEven(v))
	case string:
		parsed, ok := parseNumber(strings.TrimSpace(v))
		if strings.TrimSpace(v) == "" {
			parsed, ok = int64(0), true
		}
		if !ok {
			reason := "Input string was not in a correct format."
			if p.core() {
				reason = fmt.Sprintf("The input string '%s' was not in a correct format.", v)
			}
			return nil, conversionError(value, full, reason)
		}
		return p.toInteger(parsed, full, least, most)
	default:
		return nil, conversionError(value, full, "")
	}
	if n < least || n > most {
		return nil, tooLarge(value, full)
	}
	return n, nil
}

func tooLarge(value any, full string) *Error {
	name := full[strings.LastIndexByte(full, '.')+1:]
	return conversionError(value, full, "Value was either too large or too small for an "+name+".")
}

func toDouble(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return float64(0), nil
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			return f, nil
		}
	}
	return nil, conversionError(value, "System.Double", "Input string was not in a correct format.")
}

func (p *process) toGUID(value any) (any, error) {
	if id, ok := value.(GUID); ok {
		return id, nil
	}
	text := strings.TrimSpace(Text(value))
	digits := strings.ToLower(text)
	if len(digits) == 38 && (digits[0] == '{' && digits[37] == '}' || digits[0] == '(' && digits[37] == ')') {
		digits = digits[1:37]
	}
	if len(digits) == 32 {
		digits = strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
	}
	lengths := []int{}
	for group := range strings.SplitSeq(digits, "-") {
		lengths = append(lengths, len(group))
	}
	if !slices.Equal(lengths, []int{8, 4, 4, 4, 12}) || strings.Trim(digits, "0123456789abcdef-") != "" {
		reason := "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
		if p.core() {
			reason = "Unrecognized Guid format."
		}
		return nil, conversionError(value, "System.Guid", reason)
	}
	return GUID(digits), nil
}

func toChar(value any) (any, error) {
	switch v := value.(type) {
	case Char:
		return v, nil
	case int64:
		if v >= 0 && v <= math.MaxUint16 {
			return Char(v), nil
		}
	case string:
		if units := utf16.Encode([]rune(v)); len(units) == 1 {
			return Char(units[0]), nil
		}
	}
	return nil, conversionError(value, "System.Char", "String must be exactly one character long.")
}

func toDateTime(value any) (any, error) {
	switch v := value.(type) {
	case time.Time:
		return v, nil
	case string:
		for _, layout := range []string{time.RFC3339Nano, sortable, "2006-01-02", "01/02/2006 15:04:05", "01/02/2006"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t, nil
			}
		}
	}
	return nil, conversionError(value, "System.DateTime", "String was not recognized as a valid DateTime.")
}

func toVersion(value any) (any, error) {
	if v, ok := value.(versionObject); ok {
		return v, nil
	}
	v := versionObject(Text(value))
	if n := len(v.parts()); n < 2 || n > 4 {
		return nil, conversionError(value, "System.Version", "Version string portion was too short or too long.")
	}
	return v, nil
}

func toObject(value any, name, full string) (any, error) {
	o, ok := value.(*Object)
	switch {
	case value == nil && name == "hashtable":
		return nil, nil //nolint:nilnil // $null stays so
	case !ok && name == "pscustomobject":
		return value, nil // a wrapper that scripts do not see
	case !ok || !o.Hashtable:
		if name == "pscustomobject" {
			return value, nil
		}
		return nil, conversionError(value, full, "")
	case name != "pscustomobject":
		return o, nil
	}
	converted := NewObject()
	for _, key := range o.names {
		converted.Set(key, o.Get(key))
	}
	return converted, nil
}

func (p *process) toBytes(value any) (any, error) {
	if data, ok := value.([]byte); ok || value == nil {
		return data, nil
	}
	data := []byte{}
	for _, element := range elements(value) {
		n, err := p.toInteger(element, "System.Byte", 0, math.MaxUint8)
		if err != nil {
			return nil, err
		}
		b, _ := n.(int64)
		data = append(data, byte(b)) //nolint:gosec // toInteger has seen to it
	}
	return data, nil
}
