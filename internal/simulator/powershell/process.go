package powershell

import (
	"context"
	"errors"
	"io"
	"strings"
)

// Signals that statements end with.
type (
	returned struct{}
	broken   struct{ again bool } // break; again is continue
	exited   struct{ code int }
	killed   struct{}
)

// ErrKilled is returned by cmdlets whose process is to end as if it were killed:
// nothing of the script runs any more.
var ErrKilled error = killed{}

func (returned) Error() string { return "return" }
func (broken) Error() string   { return "break" }
func (exited) Error() string   { return "exit" }
func (killed) Error() string   { return "the process was killed" }

// process is a run of PowerShell.
type process struct {
	ctx       context.Context //nolint:containedctx // the life of the process is its context's
	machine   *Machine
	version   string
	functions map[string]*function
	modules   map[string]*Cmdlet
	stdin     *lineReader
	stdout    io.Writer
	stderr    io.Writer
	// serialized writes the error stream as CLIXML.
	serialized bool
	mutexes    []*mutex

	global *scope
	// guarded counts the try blocks around what runs.
	guarded int
	// caught are the errors whose handlers run.
	caught []*Error
	depth  int
	// failed tells that the last statement ended with an error.
	failed bool
}

// core tells PowerShell 7 from Windows PowerShell.
func (p *process) core() bool { return !strings.HasPrefix(p.version, "5.") }

// sink takes what is written to the pipeline.
type sink func(any) error

func discard(any) error { return nil }

// collect returns a sink and what it took.
func collect() (sink, *[]any) {
	output := new([]any)
	return func(value any) error {
		*output = append(*output, value)
		return nil
	}, output
}

// writeAll writes a value to the pipeline: arrays are taken apart.
func writeAll(out sink, value any) error {
	if all, ok := elementsOf(value); ok {
		for _, element := range all {
			if err := out(element); err != nil {
				return err
			}
		}
		return nil
	}
	return out(value)
}

// slot is a variable. What it is assigned is cast to its type, if it has one.
type slot struct {
	value    any
	typeName string
}

// scope holds variables. Reading looks outwards, writing stays inside.
type scope struct {
	variables map[string]*slot
	outer     *scope
}

func newScope(outer *scope) *scope { return &scope{variables: map[string]*slot{}, outer: outer} }

func (s *scope) find(name string) *slot {
	for ; s != nil; s = s.outer {
		if found, ok := s.variables[name]; ok {
			return found
		}
	}
	return nil
}

func (s *scope) get(name string) any {
	if found := s.find(name); found != nil {
		return found.value
	}
	return nil
}

func (s *scope) set(name string, value any) {
	if present, ok := s.variables[name]; ok {
		present.value = value
		return
	}
	s.variables[name] = &slot{value: value}
}

// frame is what a statement runs in.
type frame struct {
	*process

	scope *scope
	out   sink
}

// with returns the frame with another sink.
func (f *frame) with(out sink) *frame { return &frame{f.process, f.scope, out} }

// within returns the frame with another scope.
func (f *frame) within(s *scope) *frame { return &frame{f.process, s, f.out} }

// block runs statements one after the other. An error ends the statement only,
// unless it was thrown, a try is around it, or the script asks for an end.
func (f *frame) block(statements body) error {
	for _, s := range statements {
		if f.ctx.Err() != nil {
			return killed{}
		}
		f.failed = false
		err := s.run(f)
		if err == nil {
			continue
		}
		failure, ok := errors.AsType[*Error](err)
		if !ok {
			return err
		}
		f.failed = true
		if failure.where.source == nil {
			failure.where = s.position()
		}
		if failure.thrown || f.guarded > 0 || f.preference("") == actionStop {
			failure.thrown = true
			return failure
		}
		f.report(failure)
	}
	return nil
}

// Actions that preferences and -ErrorAction name.
const (
	actionContinue = "continue"
	actionIgnore   = "ignore"
	actionSilent   = "silentlycontinue"
	actionStop     = "stop"
)

// preference is what is to be done about an error: what the cmdlet was told, or
// the preference variable.
func (f *frame) preference(told string) string {
	if told != "" {
		return told
	}
	if set, ok := f.scope.get("erroractionpreference").(string); ok {
		return strings.ToLower(set)
	}
	return actionContinue
}

// report writes an error that does not end the script, unless that is silenced.
func (f *frame) report(e *Error) {
	switch f.preference("") {
	case actionSilent, actionIgnore:
	default:
		f.writeError(e)
	}
}

// maxDepth is how deep calls may be nested.
const maxDepth = 200

// enter counts calls that are nested.
func (p *process) enter() error {
	p.depth++
	if p.depth > maxDepth {
		return &Error{
			Message: "The script failed due to call depth overflow.", ID: "CallDepthOverflow", Category: "InvalidOperation", thrown: true,
		}
	}
	return nil
}

func (p *process) leave() { p.depth-- }
