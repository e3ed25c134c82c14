package powershell

import (
	"fmt"
	"strings"
)

// aliases are other names of commands.
var aliases = map[string]string{
	"%": "foreach-object", "foreach": "foreach-object", "?": "where-object", "where": "where-object",
	"echo": "write-output", "write": "write-output", "ipmo": "import-module", "rm": "remove-item", "del": "remove-item",
}

// utility is the beginning of the classes of many cmdlets.
const utility = "Microsoft.PowerShell.Commands."

var (
	pathTypes = []string{"Any", "Container", "Leaf"}
	plainPath = []Parameter{{Name: "Path", Kind: Strings}, {Name: "LiteralPath", Kind: Strings, Named: true}}
)

// builtins are the cmdlets that PowerShell brings along, but for those that
// treat objects one by one.
var builtins = cmdletTable(
	&Cmdlet{
		Name: "ConvertFrom-Json", Class: utility + "ConvertFromJsonCommand", Input: "InputObject", Run: convertFromJSON,
		Parameters: []Parameter{{Name: "InputObject", Kind: Strings, Mandatory: true}, {Name: "AsHashtable", Kind: Switch}},
	},
	&Cmdlet{
		Name: "ConvertTo-Json", Class: utility + "ConvertToJsonCommand", Input: "InputObject", Run: convertToJSON,
		Parameters: []Parameter{
			{Name: "InputObject", Kind: Any, Mandatory: true}, {Name: "Depth", Kind: Int, Named: true}, {Name: "Compress", Kind: Switch},
		},
	},
	&Cmdlet{
		Name: "ConvertTo-SecureString", Class: utility + "ConvertToSecureStringCommand", Run: convertToSecureString,
		Parameters: []Parameter{{Name: "String", Kind: String, Mandatory: true}, {Name: "AsPlainText", Kind: Switch}, {Name: "Force", Kind: Switch}},
	},
	&Cmdlet{
		Name: "Import-Module", Class: utility + "ImportModuleCommand", Run: importModule,
		Parameters: []Parameter{
			{Name: "Name", Kind: String, Mandatory: true},
			{Name: "DisableNameChecking", Kind: Switch},
			{Name: "Force", Kind: Switch},
			{Name: "Global", Kind: Switch},
		},
	},
	&Cmdlet{
		Name: "New-Object", Class: utility + "NewObjectCommand", Run: newObject,
		Parameters: []Parameter{{Name: "TypeName", Kind: String, Mandatory: true}, {Name: "ArgumentList", Kind: Any}, {Name: "Property", Kind: Any, Named: true}},
	},
	&Cmdlet{
		Name: "Remove-Item", Class: utility + "RemoveItemCommand", Run: removeItem,
		Parameters: append([]Parameter{{Name: "Force", Kind: Switch}}, plainPath...),
	},
	&Cmdlet{
		Name: "Test-Path", Class: utility + "TestPathCommand", Run: testPath,
		Parameters: append([]Parameter{{Name: "PathType", Kind: String, Values: pathTypes, Enum: utility + "TestPathType", Named: true}}, plainPath...),
	},
	&Cmdlet{
		Name: "Write-Error", Class: utility + "WriteErrorCommand", Run: writeError,
		Parameters: []Parameter{{Name: "Message", Kind: String, Mandatory: true}, {Name: "ErrorId", Kind: String, Named: true}},
	},
	&Cmdlet{
		Name: "Write-Output", Class: utility + "WriteOutputCommand", Input: "InputObject",
		Parameters: []Parameter{{Name: "InputObject", Kind: Any, Mandatory: true}, {Name: "NoEnumerate", Kind: Switch}},
		Run: func(c *Call) error {
			if c.Bound["NoEnumerate"] == true {
				return c.frame.out(c.Bound["InputObject"])
			}
			return c.Write(c.Bound["InputObject"])
		},
	},
	&Cmdlet{
		Name: "Write-Warning", Class: utility + "WriteWarningCommand", Parameters: []Parameter{{Name: "Message", Kind: String, Mandatory: true}},
		Run: func(c *Call) error {
			c.Warn(Text(c.Bound["Message"]))
			return nil
		},
	},
	silent("Write-Verbose"), silent("Write-Debug"), silent("Write-Progress"), silent("Write-Information"),
)

// silent is a cmdlet that writes to a stream that nobody sees.
func silent(name string) *Cmdlet {
	return &Cmdlet{Name: name, Parameters: []Parameter{{Name: "Message", Kind: String, Mandatory: true}}, Run: func(*Call) error { return nil }}
}

func cmdletTable(cmdlets ...*Cmdlet) map[string]*Cmdlet {
	table := make(map[string]*Cmdlet, len(cmdlets))
	for _, c := range cmdlets {
		table[strings.ToLower(c.Name)] = c
	}
	return table
}

func importModule(c *Call) error {
	name := Text(c.Bound["Name"])
	module, ok := c.Machine().module(name)
	if !ok {
		return &Error{
			Message: fmt.Sprintf("The specified module '%s' was not loaded because no valid module file was found in any module directory.", name),
			ID:      "Modules_ModuleNotFound", Type: "System.IO.FileNotFoundException", Category: "ResourceUnavailable", Target: name,
		}
	}
	if module.Load != nil {
		if err := module.Load(c.frame.version); err != nil {
			return err
		}
	}
	for _, cmdlet := range module.Cmdlets {
		c.frame.modules[strings.ToLower(cmdlet.Name)] = cmdlet
	}
	return nil
}

// paths are those that a cmdlet was given. Wildcards work in -Path only.
func (c *Call) paths() ([]string, error) {
	var paths []string
	for _, element := range elements(c.Bound["LiteralPath"]) {
		paths = append(paths, Text(element))
	}
	for _, element := range elements(c.Bound["Path"]) {
		if strings.ContainsAny(Text(element), "*?[") {
			return nil, notSupported("wildcards in paths")
		}
		paths = append(paths, Text(element))
	}
	if len(paths) == 0 {
		return nil, bindingError(c.cmdlet.Name, "MissingMandatoryParameter",
			"Cannot process command because of one or more missing mandatory parameters: Path.")
	}
	return paths, nil
}

func testPath(c *Call) error {
	paths, err := c.paths()
	if err != nil {
		return err
	}
	for _, name := range paths {
		_, isFile := c.Machine().ReadFile(name)
		isFolder := c.Machine().folderExists(name)
		exists := isFile || isFolder
		switch c.Bound["PathType"] {
		case "Leaf":
			exists = isFile
		case "Container":
			exists = isFolder
		}
		if err := c.Write(exists); err != nil {
			return err
		}
	}
	return nil
}

func removeItem(c *Call) error {
	paths, err := c.paths()
	if err != nil {
		return err
	}
	for _, name := range paths {
		if _, exists := c.Machine().ReadFile(name); exists {
			c.Machine().RemoveFile(name)
			continue
		}
		if err := c.Fault(&Error{
			Message: fmt.Sprintf("Cannot find path '%s' because it does not exist.", name), ID: "PathNotFound",
			Type: "System.Management.Automation.ItemNotFoundException", Category: "ObjectNotFound", Target: name,
		}); err != nil {
			return err
		}
	}
	return nil
}

func convertToSecureString(c *Call) error {
	if c.Bound["AsPlainText"] != true {
		return &Error{Message: "Input string was not in a correct format.", ID: "ImportSecureString_InvalidArgument_CannotConvert", Type: "System.FormatException"}
	}
	if c.Bound["Force"] != true && !c.frame.core() {
		return &Error{
			Message: "The system cannot protect plain text input. To suppress this warning and convert the plain text to a SecureString, reissue the " +
				"command specifying the Force parameter.", ID: "ImportSecureString_ForceRequired", Type: argumentError,
		}
	}
	return c.Write(NewSecureString(Text(c.Bound["String"])))
}

func newObject(c *Call) error {
	name := normalizeType(strings.ToLower(Text(c.Bound["TypeName"])))
	arguments := elements(c.Bound["ArgumentList"])
	if name == "pscustomobject" && len(arguments) == 0 {
		value, err := c.frame.convert(c.Bound["Property"], "pscustomobject")
		if value == nil {
			value = NewObject()
		}
		if err != nil {
			return err
		}
		return c.Write(value)
	}
	if c.Given("Property") {
		return notSupported("New-Object %s -Property", name)
	}
	value, err := c.frame.callStatic(name, "new", arguments)
	if err != nil {
		return err
	}
	return c.frame.out(value)
}

func writeError(c *Call) error {
	id := Text(c.Bound["ErrorId"])
	if id == "" {
		id = "Microsoft.PowerShell.Commands.WriteErrorException"
	}
	return c.Fault(&Error{
		Message: Text(c.Bound["Message"]), ID: id, Type: "Microsoft.PowerShell.Commands.WriteErrorException",
	})
}

// openStreaming finds the cmdlets that treat objects one by one as they come.
func openStreaming(name string) (open func(*frame, invocation) (stage, error), ok bool) {
	switch name {
	case "foreach-object":
		return openForEach, true
	case "where-object":
		return openWhere, true
	case "out-null":
		return func(*frame, invocation) (stage, error) { return sinkStage(discard), nil }, true
	case "select-object":
		return openSelect, true
	}
	return nil, false
}

// sinkStage is a stage that treats each object alike.
type sinkStage func(any) error

func (s sinkStage) take(value any) error { return s(value) }

func (sinkStage) end() error { return nil }

// only returns the one argument that a cmdlet takes.
func only(cmdlet, parameter string, arguments invocation) (any, error) {
	all := arguments.positional
	for _, a := range arguments.named {
		if _, err := abbreviated(cmdlet, []string{parameter}, a.name); err != nil {
			return nil, err
		}
		all = append(all, a.value)
	}
	if len(all) != 1 {
		return nil, bindingError(cmdlet, "MissingMandatoryParameter",
			"Cannot process command because of one or more missing mandatory parameters: %s.", parameter)
	}
	return all[0], nil
}

func openForEach(f *frame, arguments invocation) (stage, error) {
	argument, err := only("ForEach-Object", "Process", arguments)
	if err != nil {
		return nil, err
	}
	script, isBlock := argument.(*function)
	return sinkStage(func(value any) error {
		if !isBlock {
			found, err := property(value, Text(argument))
			if err != nil {
				return err
			}
			return writeAll(f.out, found)
		}
		return f.apply(script, value)
	}), nil
}

// apply runs a script block for an object, in the scope of its caller.
func (f *frame) apply(script *function, value any) error {
	before := f.scope.variables["_"]
	f.scope.variables["_"] = &slot{value: value}
	defer func() {
		delete(f.scope.variables, "_")
		if before != nil {
			f.scope.variables["_"] = before
		}
	}()
	s := &functionStage{frame: f, script: script}
	return s.part(script.end)
}

func openWhere(f *frame, arguments invocation) (stage, error) {
	argument, err := only("Where-Object", "FilterScript", arguments)
	if err != nil {
		return nil, err
	}
	script, ok := argument.(*function)
	if !ok {
		return nil, notSupported("Where-Object without a script block")
	}
	return sinkStage(func(value any) error {
		out, result := collect()
		if err := f.with(out).apply(script, value); err != nil {
			return err
		}
		if truth(unrolled(*result)) {
			return f.out(value)
		}
		return nil
	}), nil
}

// openSelect is Select-Object with -ExpandProperty or properties.
func openSelect(f *frame, arguments invocation) (stage, error) {
	if len(arguments.named) == 1 && len(arguments.positional) == 0 {
		if _, err := abbreviated("Select-Object", []string{"ExpandProperty"}, arguments.named[0].name); err == nil {
			name := Text(arguments.named[0].value)
			return sinkStage(func(value any) error {
				found, err := property(value, name)
				if err != nil {
					return err
				}
				return writeAll(f.out, found)
			}), nil
		}
	}
	argument, err := only("Select-Object", "Property", arguments)
	if err != nil {
		return nil, err
	}
	return sinkStage(func(value any) error {
		picked := NewObject()
		for _, name := range elements(argument) {
			found, err := property(value, Text(name))
			if err != nil {
				return err
			}
			picked.Set(Text(name), found)
		}
		return f.out(picked)
	}), nil
}
