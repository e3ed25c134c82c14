package powershell

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// splitCommandLine splits a command line as CommandLineToArgvW does: at blanks
// outside of quotation marks; backslashes are plain unless they stand before a
// quotation mark.
func splitCommandLine(line string) []string {
	var arguments []string
	var current strings.Builder
	quoted, inside := false, false
	backslashes := 0
	flush := func(n int) {
		current.WriteString(strings.Repeat(`\`, n))
		backslashes = 0
	}
	for _, r := range line {
		switch {
		case r == '\\':
			backslashes++
			inside = true
		case r == '"' && backslashes%2 == 1:
			flush(backslashes / 2)
			current.WriteRune(r)
		case r == '"':
			flush(backslashes / 2)
			quoted, inside = !quoted, true
		case (r == ' ' || r == '\t') && !quoted:
			flush(backslashes)
			if inside {
				arguments = append(arguments, current.String())
				current.Reset()
			}
			inside = false
		default:
			flush(backslashes)
			current.WriteRune(r)
			inside = true
		}
	}
	flush(backslashes)
	if inside {
		arguments = append(arguments, current.String())
	}
	return arguments
}

// meansMore tells whether a command line means more to cmd.exe than one program
// with its arguments.
func meansMore(line string) bool {
	if strings.ContainsAny(line, "%\r\n") {
		return true
	}
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 0 && strings.ContainsAny(part, "&|<>^") {
			return true
		}
	}
	return false
}

// engineParameter is a parameter of PowerShell's own command line. Its name may be
// abbreviated to least characters.
type engineParameter struct {
	name  string
	least int
	value bool
}

var engineParameters = []engineParameter{
	{"nologo", 3, false},
	{"noprofile", 3, false},
	{"noninteractive", 4, false},
	{"executionpolicy", 2, true},
	{"ep", 2, true},
	{"outputformat", 1, true},
	{"of", 2, true},
	{"inputformat", 3, true},
	{"encodedcommand", 1, true},
	{"ec", 2, true},
	{"command", 1, true},
	{"file", 1, true},
}

// engineCall is what PowerShell's own command line asks for.
type engineCall struct {
	script string
	// fromInput reads the script from standard input.
	fromInput bool
	// file is the file of the script, with arguments.
	file      string
	arguments []string
	// serialized writes the error stream as CLIXML.
	serialized bool
}

// usageError is a command line that PowerShell does not understand.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(text string) error { return &usageError{text} }

func notAScript(argument string) error {
	return usage("The argument '" + argument + "' is not recognized as the name of a script file. Check the spelling of the name, or if a " +
		"path was included, verify that the path is correct and try again.")
}

// parseEngineCall reads PowerShell's own command line.
func parseEngineCall(arguments []string) (engineCall, error) {
	var c engineCall
	for len(arguments) > 0 {
		parameter, ok := findEngineParameter(arguments[0])
		if !ok {
			return c, notAScript(arguments[0])
		}
		rest := arguments[1:]
		if parameter.value && len(rest) == 0 {
			return c, usage("Cannot process the command because of a missing parameter. A command must follow -" + parameter.name + ".")
		}
		switch parameter.name {
		case "command":
			c.script, c.fromInput = strings.Join(rest, " "), rest[0] == "-"
			return c, nil
		case "file":
			c.file, c.arguments = rest[0], rest[1:]
			return c, nil
		case "encodedcommand", "ec":
			script, err := decodeCommand(rest[0])
			if err != nil {
				return c, err
			}
			c.script = script
		case "outputformat", "of":
			c.serialized = strings.EqualFold(rest[0], "xml")
		}
		if parameter.value {
			rest = rest[1:]
		}
		arguments = rest
	}
	if c.script == "" {
		return c, errInteractive
	}
	return c, nil
}

// errInteractive is returned for PowerShell without anything to do: it would read
// commands from standard input, which the stand-in does not know.
var errInteractive = errors.New("there is no script: the stand-in for PowerShell has no prompt")

func findEngineParameter(argument string) (engineParameter, bool) {
	if len(argument) < 2 || argument[0] != '-' && argument[0] != '/' {
		return engineParameter{}, false
	}
	name := strings.ToLower(strings.TrimPrefix(argument[1:], "-"))
	for _, p := range engineParameters {
		if len(name) >= p.least && strings.HasPrefix(p.name, name) {
			return p, true
		}
	}
	return engineParameter{}, false
}

func decodeCommand(encoded string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(data)%2 != 0 {
		return "", usage("Cannot process the command because the value specified with -EncodedCommand is not properly encoded. " +
			"The value must be Base64 encoded.")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units)), nil
}
