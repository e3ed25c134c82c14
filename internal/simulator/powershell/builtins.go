package powershell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// builtins are the cmdlets that PowerShell brings along.
var builtins = cmdletTable(
	&Cmdlet{Name: "ConvertFrom-Json", Parameters: []Parameter{{Name: "InputObject", Kind: String}}, Run: convertFromJSON},
	&Cmdlet{
		Name: "ConvertTo-Json", Run: convertToJSON,
		Parameters: []Parameter{{Name: "InputObject", Kind: Any}, {Name: "Depth", Kind: Int}, {Name: "Compress", Kind: Switch}},
	},
	&Cmdlet{
		Name: "Test-Path", Parameters: []Parameter{{Name: "LiteralPath", Kind: String}, {Name: "PathType", Kind: String, Values: []string{"Leaf"}}},
		Run: func(c *Call) error {
			_, exists := c.Machine().ReadFile(Text(c.Bound["LiteralPath"]))
			c.Write(exists)
			return nil
		},
	},
	&Cmdlet{
		Name: "Import-Module", Parameters: []Parameter{{Name: "Name", Kind: String}, {Name: "DisableNameChecking", Kind: Switch}},
		Run: importModule,
	},
)

func cmdletTable(cmdlets ...*Cmdlet) map[string]*Cmdlet {
	table := make(map[string]*Cmdlet, len(cmdlets))
	for _, c := range cmdlets {
		table[strings.ToLower(c.Name)] = c
	}
	return table
}

func importModule(c *Call) error {
	path := Text(c.Bound["Name"])
	module, ok := c.Machine().module(path)
	if !ok {
		return &Error{
			Message: fmt.Sprintf("The specified module '%s' was not loaded because no valid module file was found in any module directory.", path),
			ID:      "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand", Type: "io.filenotfoundexception",
		}
	}
	if module.Load != nil {
		if err := module.Load(c.process.version); err != nil {
			return err
		}
	}
	for _, cmdlet := range module.Cmdlets {
		c.process.modules[strings.ToLower(cmdlet.Name)] = cmdlet
	}
	return nil
}

func convertFromJSON(c *Call) error {
	decoder := json.NewDecoder(strings.NewReader(Text(c.Bound["InputObject"])))
	decoder.UseNumber()
	value, err := decodeJSON(decoder)
	if err != nil {
		return &Error{
			Message: "Conversion from JSON failed with error: " + err.Error(),
			ID:      "System.ArgumentException,Microsoft.PowerShell.Commands.ConvertFromJsonCommand", Type: "argumentexception",
		}
	}
	c.Write(value)
	return nil
}

// decodeJSON reads a value, with the members of objects in their order.
func decodeJSON(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		n, err := t.Int64()
		return n, err
	case json.Delim:
		if t == '{' {
			return decodeObject(decoder)
		}
		return decodeArray(decoder)
	}
	return token, nil
}

func decodeObject(decoder *json.Decoder) (any, error) {
	object := NewObject()
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := decodeJSON(decoder)
		if err != nil {
			return nil, err
		}
		object.Set(fmt.Sprint(name), value)
	}
	_, err := decoder.Token()
	return object, err
}

func decodeArray(decoder *json.Decoder) (any, error) {
	list := []any{}
	for decoder.More() {
		value, err := decodeJSON(decoder)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := decoder.Token()
	return list, err
}

func convertToJSON(c *Call) error {
	depth := int64(2)
	if given, ok := c.Bound["Depth"].(int64); ok {
		depth = given
	}
	if compress, _ := c.Bound["Compress"].(bool); !compress {
		return Fail("NotSupported", "The stand-in for PowerShell writes compressed JSON only.")
	}
	var text bytes.Buffer
	if err := encodeJSON(&text, c.Bound["InputObject"], depth); err != nil {
		return err
	}
	c.Write(text.String())
	return nil
}

// encodeJSON writes a value; what is deeper than depth becomes its text.
func encodeJSON(text *bytes.Buffer, value any, depth int64) error {
	switch v := value.(type) {
	case *Object:
		if depth < 0 {
			return encodeText(text, Text(v))
		}
		text.WriteByte('{')
		for i, name := range v.Names() {
			if i > 0 {
				text.WriteByte(',')
			}
			if err := encodeText(text, name); err != nil {
				return err
			}
			text.WriteByte(':')
			if err := encodeJSON(text, v.Get(name), depth-1); err != nil {
				return err
			}
		}
		text.WriteByte('}')
		return nil
	case []any:
		if depth < 0 {
			return encodeText(text, Text(v))
		}
		text.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				text.WriteByte(',')
			}
			if err := encodeJSON(text, element, depth-1); err != nil {
				return err
			}
		}
		text.WriteByte(']')
		return nil
	case nil, bool, int64:
		plain, err := json.Marshal(v)
		text.Write(plain)
		return err
	}
	return encodeText(text, Text(value))
}

func encodeText(text *bytes.Buffer, s string) error {
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return err
	}
	text.Truncate(text.Len() - 1) // the encoder ends the line
	return nil
}
