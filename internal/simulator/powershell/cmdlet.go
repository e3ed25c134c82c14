package powershell

import (
	"errors"
	"slices"
	"strings"
)

// commonParameters are those that every cmdlet has. Those with a value do
// something here, or nothing that scripts could see.
var commonParameters = []Parameter{
	{Name: "ErrorAction", Kind: String, Values: []string{"Break", "Continue", "Ignore", "Inquire", "SilentlyContinue", "Stop", "Suspend"}},
	{Name: "ErrorVariable", Kind: String},
	{Name: "WarningAction", Kind: String, Values: []string{"Break", "Continue", "Ignore", "Inquire", "SilentlyContinue", "Stop", "Suspend"}},
	{Name: "WarningVariable", Kind: String},
	{Name: "InformationAction", Kind: String},
	{Name: "InformationVariable", Kind: String},
	{Name: "OutVariable", Kind: String},
	{Name: "OutBuffer", Kind: Int},
	{Name: "PipelineVariable", Kind: String},
	{Name: "Verbose", Kind: Switch},
	{Name: "Debug", Kind: Switch},
}

// commonSynonyms are the short names of common parameters.
var commonSynonyms = map[string]string{
	"ea": "ErrorAction", "ev": "ErrorVariable", "wa": "WarningAction", "wv": "WarningVariable", "infa": "InformationAction",
	"iv": "InformationVariable", "ov": "OutVariable", "ob": "OutBuffer", "pv": "PipelineVariable", "vb": "Verbose", "db": "Debug",
}

// cmdletStage is a call of a cmdlet, which gathers what the pipeline brings.
type cmdletStage struct {
	call  *Call
	input []any
	// refused tells that the cmdlet takes nothing from the pipeline.
	refused bool
	// common are the arguments of the common parameters.
	common map[string]any
}

func (f *frame) openCmdlet(cmdlet *Cmdlet, arguments invocation, piped bool) (stage, error) {
	s := &cmdletStage{
		call: &Call{Bound: map[string]any{}, cmdlet: cmdlet, frame: f, piped: piped}, common: map[string]any{},
	}
	if err := s.bind(arguments); err != nil {
		s.call.complete(err)
		return nil, err
	}
	action, _ := s.common["ErrorAction"].(string)
	s.call.action = strings.ToLower(action)
	quiet, _ := s.common["WarningAction"].(string)
	s.call.quiet = strings.ToLower(quiet)
	for _, untold := range []string{"OutVariable", "PipelineVariable", "InformationVariable", "OutBuffer"} {
		if _, given := s.common[untold]; given {
			return nil, notSupported("-%s", untold)
		}
	}
	return s, nil
}

// bind gives the parameters of a cmdlet their values, cast to their types.
func (s *cmdletStage) bind(arguments invocation) *Error {
	cmdlet := s.call.cmdlet
	all := slices.Concat(cmdlet.Parameters, commonParameters)
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name
	}
	positional := arguments.positional
	for _, a := range arguments.named {
		name := a.name
		if full, ok := commonSynonyms[strings.ToLower(name)]; ok {
			name = full
		}
		found, err := abbreviated(cmdlet.Name, names, name)
		if err != nil {
			return asError(err)
		}
		parameter := all[slices.Index(names, found)]
		if parameter.Kind == Switch && a.given && !a.attached {
			a.given = false
			positional = append([]any{a.value}, positional...)
		}
		if err := s.set(parameter, a); err != nil {
			return err
		}
	}
	for _, parameter := range cmdlet.Parameters {
		_, bound := s.call.Bound[parameter.Name]
		if len(positional) > 0 && !bound && parameter.Kind != Switch && !parameter.Named {
			if err := s.set(parameter, namedArgument{parameter.Name, positional[0], true, true}); err != nil {
				return err
			}
			positional = positional[1:]
		}
	}
	if len(positional) > 0 {
		return bindingError(cmdlet.Name, "PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", Text(positional[0]))
	}
	return s.missing()
}

// missing tells of mandatory parameters that were not given.
func (s *cmdletStage) missing() *Error {
	var names []string
	for _, p := range s.call.cmdlet.Parameters {
		_, bound := s.call.Bound[p.Name]
		if p.Mandatory && !bound && (!s.call.piped || s.call.cmdlet.Input != p.Name) {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return bindingError(s.call.cmdlet.Name, "MissingMandatoryParameter",
		"Cannot process command because of one or more missing mandatory parameters: %s.", strings.Join(names, " "))
}

func (s *cmdletStage) set(parameter Parameter, a namedArgument) *Error {
	cmdlet := s.call.cmdlet.Name
	into := s.call.Bound
	if slices.ContainsFunc(commonParameters, func(p Parameter) bool { return p.Name == parameter.Name }) {
		into = s.common
	}
	if _, twice := into[parameter.Name]; twice {
		return boundTwice(cmdlet, parameter.Name)
	}
	if !a.given && parameter.Kind != Switch {
		return bindingError(cmdlet, "MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type 'System.%s' and try again.",
			parameter.Name, parameter.Kind)
	}
	value, err := parameter.convert(s.call.frame.process, a)
	if err != nil {
		return bindingError(cmdlet, "CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. %s", parameter.Name, err)
	}
	into[parameter.Name] = value
	return nil
}

func (parameter Parameter) convert(p *process, a namedArgument) (any, error) {
	if parameter.Kind == Switch && !a.given {
		return true, nil
	}
	if parameter.Kind == Secret && a.value != nil {
		if _, ok := a.value.(*SecureString); !ok {
			return nil, conversionError(typeOf(a.value), "System.Security.SecureString", "")
		}
	}
	value, err := p.convert(a.value, kindTypes[parameter.Kind])
	if err != nil || len(parameter.Values) == 0 {
		return value, err
	}
	i := slices.IndexFunc(parameter.Values, func(v string) bool { return strings.EqualFold(v, strings.TrimSpace(Text(value))) })
	if i < 0 {
		return nil, conversionError(value, parameter.enum(), "Unable to match the identifier name "+Text(value)+
			" to a valid enumerator name. Specify one of the following enumerator names and try again:\n"+strings.Join(parameter.Values, ", "))
	}
	return parameter.Values[i], nil
}

func (parameter Parameter) enum() string {
	if parameter.Enum == "" {
		return "System.Management.Automation.ActionPreference"
	}
	return parameter.Enum
}

func (s *cmdletStage) take(value any) error {
	cmdlet := s.call.cmdlet
	if cmdlet.Input == "" || s.call.Given(cmdlet.Input) {
		s.refused = true
		return s.call.Fault(&Error{
			Message: "The input object cannot be bound to any parameters for the command either because the command does not take pipeline input " +
				"or the input and its properties do not match any of the parameters that take pipeline input.",
			ID: "InputObjectNotBound", Type: bindingException, Category: "InvalidArgument", Target: Text(value),
		})
	}
	s.input = append(s.input, value)
	return nil
}

// end runs the cmdlet. What it was given is written into the module log.
func (s *cmdletStage) end() error {
	c := s.call
	if s.refused {
		return nil
	}
	if c.piped && c.cmdlet.Input != "" && !c.Given(c.cmdlet.Input) {
		c.Bound[c.cmdlet.Input] = append([]any{}, s.input...)
	}
	c.frame.machine.logCall(c.cmdlet.Name, c.Bound)
	err := c.cmdlet.Run(c)
	if name, ok := s.common["WarningVariable"]; ok {
		s.keep(name, c.warnings)
	}
	if err != nil && !isSignal(err) {
		failure := asError(err)
		c.complete(failure)
		c.errs = append(c.errs, &errorRecord{failure})
		err = failure
	}
	if name, ok := s.common["ErrorVariable"]; ok {
		s.keep(name, c.errs)
	}
	return err
}

// keep sets the variable of -WarningVariable or -ErrorVariable; with a plus sign
// it is added to.
func (s *cmdletStage) keep(variable any, records []any) {
	name, adds := strings.CutPrefix(strings.ToLower(Text(variable)), "+")
	kept := &genericList{name: "System.Collections.ArrayList"}
	if adds {
		kept.items = append(kept.items, elements(s.call.frame.scope.get(name))...)
	}
	kept.items = append(kept.items, records...)
	s.call.frame.scope.set(name, kept)
}

// isSignal tells ends of statements from errors.
func isSignal(err error) bool {
	var (
		end   exited
		death killed
		back  returned
		jump  broken
	)
	return errors.As(err, &end) || errors.As(err, &death) || errors.As(err, &back) || errors.As(err, &jump)
}
