package powershell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Signals that statements end with.
type (
	returned struct{}
	exited   struct{ code int }
	killed   struct{}
)

// ErrKilled is returned by cmdlets that notice the end of their process.
var ErrKilled error = killed{}

func (returned) Error() string { return "return" }
func (exited) Error() string   { return "exit" }
func (killed) Error() string   { return "the process was killed" }

// scope holds variables. Reading looks outwards, writing stays inside.
type scope struct {
	variables map[string]any
	outer     *scope
}

func (s *scope) inner() *scope { return &scope{variables: map[string]any{}, outer: s} }

func (s *scope) get(name string) any {
	for ; s != nil; s = s.outer {
		if value, ok := s.variables[name]; ok {
			return value
		}
	}
	return nil
}

func (s *scope) outermost() *scope {
	for s.outer != nil {
		s = s.outer
	}
	return s
}

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
	mutexes   []*mutex
}

// emitter takes what is written to the pipeline.
type emitter func(any)

// collect returns an emitter and what it took.
func collect() (emitter, *[]any) {
	output := new([]any)
	return func(value any) { *output = append(*output, value) }, output
}

// emitAll writes a value to the pipeline: arrays are taken apart.
func emitAll(emit emitter, value any) {
	if list, ok := value.([]any); ok {
		for _, element := range list {
			emit(element)
		}
		return
	}
	emit(value)
}

func (p *process) block(body []any, s *scope, emit emitter) error {
	for _, statement := range body {
		if p.ctx.Err() != nil {
			return killed{}
		}
		if err := p.statement(statement, s, emit); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) statement(node any, s *scope, emit emitter) error {
	switch n := node.(type) {
	case write:
		value, err := p.value(n.expression, s)
		if err == nil && (value != nil || !isMethodCall(n.expression)) {
			emitAll(emit, value)
		}
		return err
	case command:
		return p.command(n, s, emit)
	case assignment:
		return p.assign(n, s)
	case conditional:
		return p.conditional(n, s, emit)
	case loop:
		return p.loop(n, s, emit)
	case attempt:
		return p.attempt(n, s, emit)
	case definition:
		p.functions[strings.ToLower(n.name)] = n.function
		return nil
	case leave:
		return errors.Join(p.output(n.value, s, emit), returned{})
	case throw:
		return p.throw(n, s)
	case exit:
		value, err := p.pipeline(n.value, s)
		if err != nil {
			return err
		}
		code, err := convert(value, "int")
		if err != nil {
			return err
		}
		return exited{int(code.(int64))} //nolint:forcetypeassert // an int is what convert returns
	}
	return fmt.Errorf("no statement: %T", node)
}

// isMethodCall tells calls, which write nothing when they return nothing.
func isMethodCall(node any) bool {
	_, ok := node.(call)
	return ok
}

// output writes the output of an optional statement.
func (p *process) output(statement any, s *scope, emit emitter) error {
	if statement == nil {
		return nil
	}
	return p.statement(statement, s, emit)
}

// pipeline returns the output of an optional statement as a value.
func (p *process) pipeline(statement any, s *scope) (any, error) {
	if w, ok := statement.(write); ok {
		return p.value(w.expression, s) // an array stays one, however short
	}
	emit, output := collect()
	err := p.output(statement, s, emit)
	return unrolled(*output), err
}

func (p *process) conditional(n conditional, s *scope, emit emitter) error {
	for _, b := range n.branches {
		value, err := p.pipeline(b.condition, s)
		if err != nil {
			return err
		}
		if truth(value) {
			return p.block(b.body, s, emit)
		}
	}
	return p.block(n.otherwise, s, emit)
}

func (p *process) loop(n loop, s *scope, emit emitter) error {
	over, err := p.pipeline(n.over, s)
	if err != nil {
		return err
	}
	list, ok := over.([]any)
	if !ok && over != nil {
		list = []any{over}
	}
	for _, element := range list {
		s.variables[strings.ToLower(n.name)] = element
		if err := p.block(n.body, s, emit); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) throw(n throw, s *scope) error {
	value, err := p.pipeline(n.value, s)
	if err != nil {
		return err
	}
	return &Error{Message: Text(value), ID: Text(value), Type: "management.automation.runtimeexception"}
}

func (p *process) attempt(n attempt, s *scope, emit emitter) error {
	err := p.block(n.body, s, emit)
	if failure, ok := errors.AsType[*Error](err); ok {
		err = p.handle(n.handlers, failure, s, emit)
	}
	if _, dead := errors.AsType[killed](err); dead {
		return err // nothing runs in a process that is no more
	}
	if after := p.block(n.finally, s, emit); after != nil {
		return after
	}
	return err
}

func (p *process) handle(handlers []handler, failure *Error, s *scope, emit emitter) error {
	for _, h := range handlers {
		catches := len(h.types) == 0
		for _, typeName := range h.types {
			catches = catches || typeName == failure.Type || typeName == "exception"
		}
		if !catches {
			continue
		}
		before := s.variables["_"]
		s.variables["_"] = NewObject("Exception", NewObject("Message", failure.Message), "FullyQualifiedErrorId", failure.ID)
		err := p.block(h.body, s, emit)
		s.variables["_"] = before
		return err
	}
	return failure
}

func (p *process) assign(n assignment, s *scope) error {
	value, err := p.pipeline(n.value, s)
	if err != nil {
		return err
	}
	if n.add {
		before, err := p.value(n.target, s)
		if err != nil {
			return err
		}
		if value, err = add(before, value); err != nil {
			return err
		}
	}
	switch target := n.target.(type) {
	case variable:
		switch {
		case target.name == "null":
		case target.scope == "script":
			s.outermost().variables[target.name] = value
		default:
			s.variables[target.name] = value
		}
		return nil
	case member:
		owner, err := p.value(target.target, s)
		if err != nil {
			return err
		}
		object, ok := owner.(*Object)
		if !ok || !object.Hashtable && !object.Has(target.name) {
			return Fail("PropertyNotFound", "The property '%s' cannot be found on this object. Verify that the property exists and can be set.", target.name)
		}
		object.Set(target.name, value)
		return nil
	}
	return Fail("InvalidLeftHandSide", "The assignment expression is not valid.")
}

// value evaluates an expression.
func (p *process) value(node any, s *scope) (any, error) {
	switch n := node.(type) {
	case literal:
		return n.value, nil
	case variable:
		return p.variable(n, s), nil
	case expandable:
		return p.expand(n, s)
	case paren:
		return p.pipeline(n.statement, s)
	case subexpression:
		emit, output := collect()
		err := p.block(n.body, s, emit)
		return unrolled(*output), err
	case array:
		emit, output := collect()
		err := p.block(n.body, s, emit)
		return append([]any{}, *output...), err
	case list:
		values := make([]any, len(n.elements))
		for i, element := range n.elements {
			var err error
			if values[i], err = p.value(element, s); err != nil {
				return nil, err
			}
		}
		return values, nil
	case hashtable:
		return p.hashtable(n, s)
	case block:
		return n.function, nil
	case cast:
		operand, err := p.value(n.operand, s)
		if err != nil {
			return nil, err
		}
		return convert(operand, n.typeName)
	case unary:
		operand, err := p.value(n.operand, s)
		return !truth(operand), err
	case operation:
		return p.operation(n, s)
	case member, index, call, staticMember:
		return p.access(n, s)
	}
	return nil, fmt.Errorf("no expression: %T", node)
}

func (p *process) variable(n variable, s *scope) any {
	switch n.name {
	case "null":
		return nil
	case "true":
		return true
	case "false":
		return false
	case "psversiontable":
		return NewObject("PSVersion", p.version)
	}
	if n.scope == "script" {
		return s.outermost().variables[n.name]
	}
	return s.get(n.name)
}

func (p *process) expand(n expandable, s *scope) (any, error) {
	var text strings.Builder
	for _, part := range n.parts {
		value, err := p.value(part, s)
		if err != nil {
			return nil, err
		}
		text.WriteString(Text(value))
	}
	return text.String(), nil
}

func (p *process) hashtable(n hashtable, s *scope) (any, error) {
	table := NewObject()
	table.Hashtable = true
	for i, key := range n.keys {
		name, err := p.value(key, s)
		if err != nil {
			return nil, err
		}
		value, err := p.pipeline(n.values[i], s)
		if err != nil {
			return nil, err
		}
		table.Set(Text(name), value)
	}
	return table, nil
}

func (p *process) operation(n operation, s *scope) (any, error) {
	left, err := p.value(n.left, s)
	if err != nil {
		return nil, err
	}
	switch n.operator {
	case "and":
		if !truth(left) {
			return false, nil
		}
	case "or":
		if truth(left) {
			return true, nil
		}
	}
	right, err := p.value(n.right, s)
	if err != nil {
		return nil, err
	}
	switch n.operator {
	case "and", "or":
		return truth(right), nil
	case "+":
		return add(left, right)
	case "*", "minus":
		a, err := convert(left, "int")
		if err != nil {
			return nil, err
		}
		b, err := convert(right, "int")
		if err != nil {
			return nil, err
		}
		if n.operator == "*" {
			return a.(int64) * b.(int64), nil //nolint:forcetypeassert // ints are what convert returns
		}
		return a.(int64) - b.(int64), nil //nolint:forcetypeassert // ints are what convert returns
	}
	return compare(n.operator, left, right)
}
