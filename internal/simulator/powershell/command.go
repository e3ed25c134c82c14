package powershell

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is the type of a cmdlet's parameter.
type Kind string

// The types of parameters.
const (
	String  Kind = "String"
	Strings Kind = "String[]"
	Int     Kind = "Int32"
	Switch  Kind = "SwitchParameter"
	Secret  Kind = "SecureString"
	ID      Kind = "Guid"
	Block   Kind = "ScriptBlock"
	Any     Kind = "Object"
)

// kindTypes are the types that arguments are cast to, as scripts name them.
var kindTypes = map[Kind]string{
	String: "string", Strings: "string[]", Int: "int", Switch: "switch", Secret: "security.securestring", ID: "guid", Block: "scriptblock", Any: "object",
}

// Parameter is one of a cmdlet's.
type Parameter struct {
	Name string
	Kind Kind
	// Values are those of an enumeration, and Enum its name in .NET; any string if
	// there are none.
	Values []string
	Enum   string
	// Mandatory parameters have to be given.
	Mandatory bool
	// Named parameters cannot be given by position.
	Named bool
}

// Cmdlet is a command that is written in Go.
type Cmdlet struct {
	// Name is the name, and Class that of the .NET class, which ids of errors show;
	// the name when empty.
	Name, Class string
	Parameters  []Parameter
	// Input names the parameter that takes what comes out of the pipeline, all at
	// once; the cmdlet takes nothing when empty.
	Input string
	// Run carries the cmdlet out. Errors become those of the script.
	Run func(*Call) error
}

// Call is one call of a cmdlet.
type Call struct {
	// Bound are the arguments by the names of their parameters, of the types string,
	// []string, int64, bool, *SecureString, GUID, or any.
	Bound map[string]any

	cmdlet   *Cmdlet
	frame    *frame
	piped    bool
	warnings []any
	errs     []any
	action   string // -ErrorAction
	quiet    string // -WarningAction
}

// Write writes an object to the pipeline. An error is to be returned by the
// cmdlet.
func (c *Call) Write(value any) error { return writeAll(c.frame.out, value) }

// Warn writes a warning.
func (c *Call) Warn(text string) {
	c.warnings = append(c.warnings, warningRecord(text))
	action := c.quiet
	if set, ok := c.frame.scope.get("warningpreference").(string); ok && action == "" {
		action = strings.ToLower(set)
	}
	if action != actionSilent && action != actionIgnore {
		c.frame.writeStream("Warning", "WARNING: "+text+"\n")
	}
}

// Fault writes an error after which the cmdlet goes on, unless the script wants
// to stop: then the cmdlet has to return what Fault returns.
func (c *Call) Fault(e *Error) error {
	c.complete(e)
	c.errs = append(c.errs, &errorRecord{e})
	c.frame.failed = true
	switch action := c.frame.preference(c.action); action {
	case actionStop:
		e.thrown = true
		return e
	case actionSilent, actionIgnore:
	default:
		c.frame.writeError(e)
	}
	return nil
}

// complete adds the name of the cmdlet to an error.
func (c *Call) complete(e *Error) {
	e.name(c.cmdlet.Name, c.cmdlet.class())
}

// name adds what failed to an error that does not tell yet.
func (e *Error) name(command, class string) {
	if e.command == "" || e.command == command {
		e.command = command
		if !strings.Contains(e.ID, ",") {
			e.ID += "," + class
		}
	}
}

func (c *Cmdlet) class() string {
	if c.Class == "" {
		return c.Name
	}
	return c.Class
}

// Machine is the machine that the cmdlet runs on.
func (c *Call) Machine() *Machine { return c.frame.machine }

// Version is the version of PowerShell that the cmdlet runs in.
func (c *Call) Version() string { return c.frame.version }

// Killed is closed when the process is killed.
func (c *Call) Killed() <-chan struct{} { return c.frame.ctx.Done() }

// Given tells whether a parameter was bound.
func (c *Call) Given(name string) bool {
	_, ok := c.Bound[name]
	return ok
}

// warningRecord is a warning as -WarningVariable has it.
type warningRecord string

func (warningRecord) typeName() string { return "System.Management.Automation.WarningRecord" }

func (w warningRecord) String() string { return string(w) }

func (w warningRecord) get(name string) (any, bool) { return string(w), name == "message" }

func (warningRecord) call(*process, string, []any) (any, error) { return nil, errNoMethod }

// invocation is a command's arguments.
type invocation struct {
	named      []namedArgument
	positional []any
}

type namedArgument struct {
	name  string
	value any
	// given tells a parameter with a value from one without, and attached one whose
	// value belongs to it even if it is a switch.
	given, attached bool
}

// stage is a command of a pipeline that waits for objects.
type stage interface {
	take(value any) error
	end() error
}

// pipe runs commands, each of which takes what the one before it writes.
func (f *frame) pipe(n *pipeline) error {
	out := f.out
	stages := make([]stage, len(n.stages))
	for i := len(n.stages) - 1; i >= 0; i-- {
		piped := i > 0 || n.first != nil
		s, err := f.with(out).open(n.stages[i], piped)
		if err != nil {
			return located(err, n.stages[i].extent)
		}
		stages[i] = s
		where := n.stages[i].extent
		out = func(value any) error { return located(s.take(value), where) }
	}
	if n.first != nil {
		value, err := n.first.value(f)
		if err != nil {
			return err
		}
		if _, isVoid := value.(void); !isVoid {
			if err := writeAll(out, value); err != nil {
				return err
			}
		}
	}
	for i, s := range stages {
		if err := s.end(); err != nil {
			return located(err, n.stages[i].extent)
		}
	}
	return nil
}

// located puts the place of a command into its error.
func located(err error, where extent) error {
	if failure, ok := errors.AsType[*Error](err); ok && failure.where.source == nil {
		failure.where = where
	}
	return err
}

// open finds a command and evaluates its arguments.
func (f *frame) open(c *command, piped bool) (stage, error) {
	name, err := c.name.value(f)
	if err != nil {
		return nil, err
	}
	var arguments invocation
	for _, a := range c.arguments {
		if err := f.argument(a, &arguments); err != nil {
			return nil, err
		}
	}
	if script, ok := name.(*function); ok {
		return f.openFunction("", script, arguments, c.dot)
	}
	key := strings.ToLower(Text(name))
	if full, ok := aliases[key]; ok {
		key = full
	}
	if script, ok := f.functions[key]; ok {
		return f.openFunction(Text(name), script, arguments, c.dot)
	}
	if open, ok := openStreaming(key); ok {
		return open(f, arguments)
	}
	for _, cmdlets := range []map[string]*Cmdlet{f.modules, builtins} {
		if found, ok := cmdlets[key]; ok {
			return f.openCmdlet(found, arguments, piped)
		}
	}
	return nil, f.notFound(Text(name))
}

func (p *process) notFound(name string) *Error {
	what := "cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
	text := "The term '" + name + "' is not recognized as the name of a " + what
	if p.core() {
		text = "The term '" + name + "' is not recognized as a name of a cmdlet, function, script file, or executable program.\n" +
			"Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
	}
	return &Error{
		Message: text, ID: "CommandNotFoundException", Type: "System.Management.Automation.CommandNotFoundException", Category: "ObjectNotFound",
		Target: name, command: name,
	}
}

func (f *frame) argument(a argument, into *invocation) error {
	if a.splat != "" {
		return f.splat(a.splat, into)
	}
	if a.value == nil {
		into.named = append(into.named, namedArgument{name: a.parameter})
		return nil
	}
	value, err := a.value.value(f)
	if err != nil {
		return err
	}
	if a.parameter == "" {
		into.positional = append(into.positional, plain(value))
		return nil
	}
	into.named = append(into.named, namedArgument{a.parameter, plain(value), true, a.attached})
	return nil
}

// splat adds the elements of a hashtable as parameters, and those of an array as
// values by position.
func (f *frame) splat(name string, into *invocation) error {
	switch v := f.scope.get(name).(type) {
	case *Object:
		if !v.Hashtable {
			return notSupported("how to splat @%s, which is no hashtable and no array", name)
		}
		for _, key := range v.names {
			into.named = append(into.named, namedArgument{key, v.Get(key), true, true})
		}
	default:
		into.positional = append(into.positional, elements(v)...)
	}
	return nil
}

func bindingError(command, id, format string, values ...any) *Error {
	return &Error{
		Message: fmt.Sprintf(format, values...), ID: id, Type: bindingException, Category: "InvalidArgument", command: command,
	}
}

// functionStage is a call of a function or a script block.
type functionStage struct {
	*frame

	script *function
	input  []any
	begun  bool
}

// openFunction binds the parameters of a function, in a scope inside the caller's.
func (f *frame) openFunction(name string, script *function, arguments invocation, dot bool) (stage, error) {
	inner := f
	if !dot {
		inner = f.within(newScope(f.scope))
	}
	if err := inner.bind(name, script, arguments); err != nil {
		if failure, ok := errors.AsType[*Error](err); ok && name != "" {
			failure.name(name, name)
		}
		return nil, err
	}
	return &functionStage{frame: inner, script: script}, nil
}

func (s *functionStage) start() error {
	if s.begun {
		return nil
	}
	s.begun = true
	return s.part(s.script.begin)
}

func (s *functionStage) take(value any) error {
	if err := s.start(); err != nil {
		return err
	}
	if s.script.process == nil {
		s.input = append(s.input, value)
		return nil
	}
	s.scope.set("_", value)
	return s.part(s.script.process)
}

func (s *functionStage) end() error {
	if err := s.start(); err != nil {
		return err
	}
	s.scope.set("input", append([]any{}, s.input...))
	return s.part(s.script.end)
}

func (s *functionStage) part(statements body) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	err := s.block(statements)
	if errors.Is(err, returned{}) {
		return nil
	}
	return err
}

// call runs a script block, with $_ if a value is given.
func (f *frame) call(script *function, arguments invocation, item *any) error {
	inner := f.within(newScope(f.scope))
	if item != nil {
		inner.scope.set("_", *item)
	}
	if err := inner.bind("", script, arguments); err != nil {
		return err
	}
	s := &functionStage{frame: inner, script: script}
	return s.end()
}

// bind gives the parameters of a function their values.
func (f *frame) bind(name string, script *function, arguments invocation) error {
	given, rest, err := f.match(name, script, arguments)
	if err != nil {
		return err
	}
	for _, parameter := range script.parameters {
		key := strings.ToLower(parameter.name)
		value, ok := given[key]
		switch {
		case !ok && parameter.mandatory:
			return bindingError(name, "MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters: %s.", parameter.name)
		case !ok && parameter.fallback != nil:
			if value, err = parameter.fallback.value(f); err != nil {
				return err
			}
		case !ok && (parameter.typeName == "switch" || parameter.typeName == "bool"):
			value = false
		}
		if !ok && value == nil && parameter.typeName != "string" && parameter.typeName != "int" && parameter.typeName != "long" {
			f.scope.variables[key] = &slot{nil, parameter.typeName}
			continue
		}
		converted, err := f.convert(plain(value), parameter.typeName)
		if err != nil {
			return &Error{
				Message: fmt.Sprintf("Cannot process argument transformation on parameter '%s'. %s", parameter.name, err),
				ID:      "ParameterArgumentTransformationError," + name, Category: "InvalidData", command: name,
				Type: "System.Management.Automation.ParameterBindingArgumentTransformationException",
			}
		}
		f.scope.variables[key] = &slot{converted, parameter.typeName}
	}
	f.scope.set("args", rest)
	return nil
}

// match finds the parameters that arguments are for.
func (f *frame) match(name string, script *function, arguments invocation) (given map[string]any, rest []any, err error) {
	names := make([]string, len(script.parameters))
	switches := map[string]bool{}
	for i, p := range script.parameters {
		names[i] = p.name
		switches[strings.ToLower(p.name)] = p.typeName == "switch"
	}
	given = map[string]any{}
	positional := arguments.positional
	for _, a := range arguments.named {
		found, err := abbreviated(name, names, a.name)
		if err != nil {
			return nil, nil, err
		}
		key := strings.ToLower(found)
		if _, twice := given[key]; twice {
			return nil, nil, boundTwice(name, found)
		}
		switch {
		case switches[key] && a.given && !a.attached:
			given[key] = true
			positional = append([]any{a.value}, positional...)
		case switches[key] && !a.given:
			given[key] = true
		case !a.given:
			return nil, nil, bindingError(name, "MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type 'System.Object' and try again.", found)
		default:
			given[key] = a.value
		}
	}
	for _, candidate := range names {
		key := strings.ToLower(candidate)
		if _, ok := given[key]; !ok && len(positional) > 0 && !switches[key] {
			given[key], positional = positional[0], positional[1:]
		}
	}
	return given, positional, nil
}

func boundTwice(command, parameter string) *Error {
	return bindingError(command, "ParameterAlreadyBound", "Cannot bind parameter because parameter '%s' is specified more than once. "+
		"To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, \"-parameter value1,value2,value3\".", parameter)
}

// abbreviated finds the one parameter that a name, or its beginning, means.
func abbreviated(command string, names []string, name string) (string, error) {
	var found []string
	for _, candidate := range names {
		if strings.EqualFold(candidate, name) {
			return candidate, nil
		}
		if len(candidate) >= len(name) && strings.EqualFold(candidate[:len(name)], name) {
			found = append(found, candidate)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", bindingError(command, "NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", name)
	}
	return "", bindingError(command, "AmbiguousParameter", "Parameter cannot be processed because the parameter name '%s' is ambiguous. "+
		"Possible matches include: -%s.", name, strings.Join(found, " -"))
}
