package powershell

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind is the type of a cmdlet's parameter.
type Kind string

// The types of parameters.
const (
	String Kind = "String"
	Int    Kind = "Int32"
	Switch Kind = "SwitchParameter"
	Secret Kind = "SecureString"
	ID     Kind = "Guid"
	Any    Kind = "Object"
)

// Parameter is one of a cmdlet's.
type Parameter struct {
	Name string
	Kind Kind
	// Values are those of an enumeration; any if there are none.
	Values []string
}

// Cmdlet is a command that is written in Go.
type Cmdlet struct {
	Name       string
	Parameters []Parameter
	// Run carries the cmdlet out. Errors become those of the script.
	Run func(*Call) error
}

// Call is one call of a cmdlet.
type Call struct {
	// Bound are the arguments by the names of their parameters: string, int64,
	// bool, *SecureString, GUID or any value.
	Bound map[string]any
	// Process is the process that calls.
	process *process

	emit     emitter
	warnings []any
}

// Write writes an object to the pipeline.
func (c *Call) Write(value any) { c.emit(value) }

// Warn writes a warning.
func (c *Call) Warn(text string) { c.warnings = append(c.warnings, text) }

// Machine is the machine that the cmdlet runs on.
func (c *Call) Machine() *Machine { return c.process.machine }

// Killed is closed when the process is killed.
func (c *Call) Killed() <-chan struct{} { return c.process.ctx.Done() }

// Given tells whether a parameter was bound.
func (c *Call) Given(name string) bool {
	_, ok := c.Bound[name]
	return ok
}

// invocation is a command with its arguments evaluated.
type invocation struct {
	named      []namedArgument
	positional []any
}

type namedArgument struct {
	name  string
	value any
	// given tells a parameter with a value from one without.
	given bool
}

func (p *process) command(n command, s *scope, emit emitter) error {
	name, err := p.value(n.name, s)
	if err != nil {
		return err
	}
	var arguments invocation
	for _, a := range n.arguments {
		if err := p.argument(a, s, &arguments); err != nil {
			return err
		}
	}
	if f, ok := name.(*function); ok {
		return p.invoke(f, arguments, s, emit)
	}
	key := strings.ToLower(Text(name))
	if f, ok := p.functions[key]; ok {
		return p.invoke(f, arguments, s, emit)
	}
	for _, cmdlets := range []map[string]*Cmdlet{builtins, p.modules} {
		if c, ok := cmdlets[key]; ok {
			return p.run(c, arguments, s, emit)
		}
	}
	return &Error{
		Message: fmt.Sprintf("The term '%s' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"+
			"Check the spelling of the name, or if a path was included, verify that the path is correct and try again.", Text(name)),
		ID: "CommandNotFoundException", Type: "management.automation.commandnotfoundexception",
	}
}

func (p *process) argument(a argument, s *scope, into *invocation) error {
	if a.splat != "" {
		table, ok := s.get(strings.ToLower(a.splat)).(*Object)
		if !ok {
			return Fail("NotSupported", "The stand-in for PowerShell splats hashtables only, and @%s is none.", a.splat)
		}
		for _, name := range table.Names() {
			into.named = append(into.named, namedArgument{name, table.Get(name), true})
		}
		return nil
	}
	if a.value == nil {
		into.named = append(into.named, namedArgument{name: a.parameter})
		return nil
	}
	value, err := p.value(a.value, s)
	if err != nil {
		return err
	}
	if a.parameter == "" {
		into.positional = append(into.positional, value)
		return nil
	}
	into.named = append(into.named, namedArgument{a.parameter, value, true})
	return nil
}

// invoke runs a function in a scope inside the caller's.
func (p *process) invoke(f *function, arguments invocation, caller *scope, emit emitter) error {
	s := caller.inner()
	positional := arguments.positional
	for _, parameter := range f.parameters {
		key := strings.ToLower(parameter.name)
		value := any(nil)
		i := slices.IndexFunc(arguments.named, func(a namedArgument) bool { return strings.EqualFold(a.name, key) })
		switch {
		case i >= 0:
			value = arguments.named[i].value
			arguments.named = slices.Delete(slices.Clone(arguments.named), i, i+1)
		case len(positional) > 0:
			value, positional = positional[0], positional[1:]
		}
		converted, err := convert(value, parameter.typeName)
		if err != nil {
			return err
		}
		s.variables[key] = converted
	}
	if len(positional) > 0 || len(arguments.named) > 0 {
		return &Error{
			Message: "A positional parameter cannot be found that accepts the argument given.", ID: "PositionalParameterNotFound",
			Type: "management.automation.parameterbindingexception",
		}
	}
	err := p.block(f.body, s, emit)
	if isReturn(err) {
		return nil
	}
	return err
}

// isReturn tells a plain return from one whose value failed.
func isReturn(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return false
	}
	errs := joined.Unwrap()
	return len(errs) == 1 && errors.Is(errs[0], returned{})
}

// run calls a cmdlet. What it was given is written into the module log.
func (p *process) run(c *Cmdlet, arguments invocation, s *scope, emit emitter) error {
	call := &Call{Bound: map[string]any{}, process: p, emit: func(value any) { emitAll(emit, value) }}
	var warningVariable string
	for _, a := range arguments.named {
		switch strings.ToLower(a.name) {
		case "erroraction", "warningaction":
			continue
		case "warningvariable":
			warningVariable = strings.ToLower(Text(a.value))
			continue
		}
		if err := call.bind(c, a); err != nil {
			return err
		}
	}
	for i, value := range arguments.positional {
		if i >= len(c.Parameters) {
			return bindingError(c, "PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", Text(value))
		}
		if err := call.bind(c, namedArgument{c.Parameters[i].Name, value, true}); err != nil {
			return err
		}
	}
	p.machine.logCall(c.Name, call.Bound)
	err := c.Run(call)
	if warningVariable != "" {
		s.variables[warningVariable] = append([]any{}, call.warnings...)
	}
	if err == nil || isSignal(err) {
		return err
	}
	return asError(err)
}

func isSignal(err error) bool {
	switch err.(type) { //nolint:errorlint // signals are never wrapped
	case killed, exited:
		return true
	}
	return false
}

func bindingError(c *Cmdlet, id, format string, values ...any) *Error {
	return &Error{
		Message: fmt.Sprintf(format, values...), ID: id + "," + c.Name, Type: "management.automation.parameterbindingexception",
	}
}

// bind gives a parameter its value, converted to its type.
func (c *Call) bind(cmdlet *Cmdlet, a namedArgument) error {
	i := slices.IndexFunc(cmdlet.Parameters, func(p Parameter) bool { return strings.EqualFold(p.Name, a.name) })
	if i < 0 {
		return bindingError(cmdlet, "NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", a.name)
	}
	parameter := cmdlet.Parameters[i]
	if !a.given && parameter.Kind != Switch {
		return bindingError(cmdlet, "MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type 'System.%s' and try again.",
			parameter.Name, parameter.Kind)
	}
	value, err := parameter.convert(a)
	if err != nil {
		return bindingError(cmdlet, "CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. %s", parameter.Name, err)
	}
	c.Bound[parameter.Name] = value
	return nil
}

func (p Parameter) convert(a namedArgument) (any, error) {
	switch p.Kind {
	case Switch:
		return !a.given || truth(a.value), nil
	case Int:
		return convert(a.value, "int")
	case ID:
		return convert(a.value, "guid")
	case Secret:
		if secret, ok := a.value.(*SecureString); ok {
			return secret, nil
		}
		return nil, conversionError(a.value, "Security.SecureString")
	case String:
		if len(p.Values) == 0 {
			return Text(a.value), nil
		}
		i := slices.IndexFunc(p.Values, func(v string) bool { return strings.EqualFold(v, Text(a.value)) })
		if i < 0 {
			return nil, Fail("", `Cannot convert value "%s" to the enumeration. Specify one of the following values: "%s".`,
				Text(a.value), strings.Join(p.Values, ", "))
		}
		return p.Values[i], nil
	case Any:
	}
	return a.value, nil
}
