package powershell

import (
	"errors"
	"regexp"
	"strings"
)

func (n *pipeline) run(f *frame) error {
	if len(n.stages) == 0 {
		value, err := n.first.value(f)
		if err != nil {
			return err
		}
		if _, isVoid := value.(void); isVoid {
			return nil
		}
		if _, counts := n.first.(*step); counts {
			return nil
		}
		return writeAll(f.out, value)
	}
	return f.pipe(n)
}

// output returns the output of a statement as a value. An expression is not
// taken apart on the way: an array stays one, however short.
func (f *frame) output(s statement) (any, error) {
	if line, ok := s.(*pipeline); ok && len(line.stages) == 0 {
		value, err := line.first.value(f)
		return plain(value), err
	}
	if inner, ok := s.(*assignment); ok { // ($a = 1)
		if err := inner.run(f); err != nil {
			return nil, err
		}
		return inner.targets[0].value(f)
	}
	out, collected := collect()
	err := s.run(f.with(out))
	return unrolled(*collected), err
}

func (n *conditional) run(f *frame) error {
	for _, b := range n.branches {
		value, err := f.output(b.condition)
		if err != nil {
			return err
		}
		if truth(value) {
			return f.block(b.body)
		}
	}
	return f.block(n.otherwise)
}

// passed tells what a loop makes of the end of its body.
func passed(err error) (ends bool, result error) {
	if jump, ok := errors.AsType[broken](err); ok {
		return !jump.again, nil
	}
	return err != nil, err
}

func (n *foreach) run(f *frame) error {
	over, err := f.output(n.over)
	if err != nil {
		return err
	}
	for _, element := range elements(over) {
		f.scope.set(n.name, element)
		if ends, err := passed(f.block(n.body)); ends {
			return err
		}
	}
	return nil
}

func (n *loop) run(f *frame) error {
	if n.initial != nil {
		if err := n.initial.run(f.with(discard)); err != nil {
			return err
		}
	}
	for first := true; ; first = false {
		if f.ctx.Err() != nil {
			return killed{}
		}
		if !first || !n.late {
			if goesOn, err := n.holds(f); err != nil || !goesOn {
				return err
			}
		}
		if ends, err := passed(f.block(n.body)); ends {
			return err
		}
		if n.next != nil {
			if err := n.next.run(f.with(discard)); err != nil {
				return err
			}
		}
	}
}

func (n *loop) holds(f *frame) (bool, error) {
	if n.condition == nil {
		return true, nil
	}
	value, err := f.output(n.condition)
	return truth(value) != n.until, err
}

func (n *selection) run(f *frame) error {
	over, err := f.output(n.over)
	if err != nil {
		return err
	}
	for _, element := range elements(over) {
		if ends, err := passed(n.choose(f, element)); ends {
			return err
		}
	}
	return nil
}

// choose runs all cases that match, or the default.
func (n *selection) choose(f *frame, element any) error {
	before := f.scope.get("_")
	f.scope.set("_", element)
	defer f.scope.set("_", before)
	matched := false
	for _, c := range n.choices {
		if c.condition == nil {
			continue
		}
		matches, err := n.matches(f, c.condition, element)
		if err != nil {
			return err
		}
		if matches {
			matched = true
			if err := f.block(c.body); err != nil {
				return err
			}
		}
	}
	for _, c := range n.choices {
		if c.condition == nil && !matched {
			return f.block(c.body)
		}
	}
	return nil
}

func (n *selection) matches(f *frame, condition expression, element any) (bool, error) {
	value, err := condition.value(f)
	if err != nil {
		return false, err
	}
	if test, ok := value.(*function); ok {
		out, output := collect()
		err := f.with(out).call(test, invocation{}, nil)
		return truth(unrolled(*output)), err
	}
	operator := map[string]string{"exact": "eq", "wildcard": "like", "regex": "match"}[n.mode]
	if n.caseSensitive {
		operator = "c" + operator
	}
	result, err := f.compareOne(operator, element, value)
	return result, err
}

func (n *attempt) run(f *frame) error {
	f.guarded++
	err := f.block(n.body)
	f.guarded--
	if failure, ok := errors.AsType[*Error](err); ok {
		err = n.handle(f, failure)
	}
	if _, dead := errors.AsType[killed](err); dead || f.ctx.Err() != nil {
		return killed{} // nothing runs in a process that is no more
	}
	if after := f.block(n.finally); after != nil {
		return after
	}
	return err
}

func (n *attempt) handle(f *frame, failure *Error) error {
	for _, h := range n.handlers {
		catches, err := failure.caughtBy(h.types)
		if err != nil {
			return err
		}
		if !catches {
			continue
		}
		f.failed = false
		before := f.scope.variables["_"]
		f.scope.variables["_"] = &slot{value: &errorRecord{failure}}
		f.caught = append(f.caught, failure)
		err = f.block(h.body)
		f.caught = f.caught[:len(f.caught)-1]
		delete(f.scope.variables, "_")
		if before != nil {
			f.scope.variables["_"] = before
		}
		return err
	}
	return failure
}

func (n *definition) run(f *frame) error {
	f.functions[strings.ToLower(n.name)] = n.function
	return nil
}

func (n *leave) run(f *frame) error {
	switch n.keyword {
	case "break":
		return broken{}
	case "continue":
		return broken{again: true}
	case "return":
		if n.value != nil {
			if err := n.value.run(f); err != nil {
				return err
			}
		}
		return returned{}
	}
	if n.value == nil {
		return exited{}
	}
	value, err := f.output(n.value)
	if err != nil {
		return err
	}
	code, err := f.convert(value, "int")
	if err != nil {
		return exited{} // exit 'text' ends with zero
	}
	number, _ := code.(int64)
	return exited{int(number)}
}

func (n *throw) run(f *frame) error {
	if n.value == nil {
		if len(f.caught) > 0 {
			return f.caught[len(f.caught)-1]
		}
		return &Error{Message: "ScriptHalted", ID: "ScriptHalted", Category: "OperationStopped", thrown: true, where: n.extent}
	}
	value, err := f.output(n.value)
	if err != nil {
		return err
	}
	switch v := value.(type) {
	case *errorRecord:
		v.err.thrown = true
		return v.err
	case *exceptionObject:
		again := *v.err
		again.thrown = true
		return &again
	}
	text := Text(value)
	return &Error{Message: text, ID: text, Category: "OperationStopped", Target: text, payload: value, thrown: true, where: n.extent}
}

func (n *assignment) run(f *frame) error {
	value, err := f.output(n.source)
	if err != nil {
		return err
	}
	if n.operator != "" {
		before, err := n.targets[0].value(f)
		if err != nil {
			return err
		}
		if value, err = f.arithmetic(n.operator, plain(before), value); err != nil {
			return err
		}
	}
	if len(n.targets) == 1 {
		return f.assign(n.targets[0], value)
	}
	all := elements(value)
	for i, target := range n.targets {
		var share any
		switch {
		case i < len(all) && i == len(n.targets)-1:
			share = unrolled(all[i:])
		case i < len(all):
			share = all[i]
		}
		if err := f.assign(target, share); err != nil {
			return err
		}
	}
	return nil
}

func (f *frame) assign(target expression, value any) error {
	switch t := target.(type) {
	case *cast:
		converted, err := f.convert(value, t.typeName)
		if err != nil {
			return asError(err)
		}
		if v, ok := t.operand.(*variable); ok {
			return f.assignVariable(v, converted, t.typeName)
		}
		return f.assign(t.operand, converted)
	case *variable:
		return f.assignVariable(t, value, "")
	case *member:
		owner, err := t.target.value(f)
		if err != nil {
			return err
		}
		name, err := t.name.value(f)
		if err != nil {
			return err
		}
		return setProperty(plain(owner), Text(name), value)
	case *index:
		return f.assignElement(t, value)
	case *staticMember:
		if (t.typeName == "console") && strings.HasSuffix(strings.ToLower(t.name), "encoding") {
			return nil // all of the machine's consoles are UTF-8
		}
	}
	return notSupported("an assignment to this")
}

// readOnly are the variables that scripts cannot change.
var readOnly = regexp.MustCompile(`^(true|false|psversiontable|host|pid|home|shellid|\?)$`)

func (f *frame) assignVariable(v *variable, value any, typeName string) error {
	if v.name == "null" {
		return nil
	}
	if readOnly.MatchString(v.name) {
		return &Error{
			Message: "Cannot overwrite variable " + v.name + " because it is read-only or constant.", ID: "VariableNotWritable",
			Type: "System.Management.Automation.RuntimeException", Category: "WriteError",
		}
	}
	s, err := f.scopeOf(v)
	if err != nil {
		return err
	}
	present := s.variables[v.name]
	if typeName == "" && present != nil && present.typeName != "" {
		if value, err = f.convert(value, present.typeName); err != nil {
			return asError(err)
		}
	}
	if present == nil || typeName != "" {
		s.variables[v.name] = &slot{value, typeName}
		return nil
	}
	present.value = value
	return nil
}

// scopeOf returns the scope that a variable is written to. All scripts run from a
// command line, where the scope of the script is the global one.
func (f *frame) scopeOf(v *variable) (*scope, error) {
	switch v.scope {
	case "", "local", "private":
		return f.scope, nil
	case "script", "global":
		return f.global, nil
	}
	return nil, notSupported("the drive '%s:'", v.scope)
}

func setProperty(owner any, name string, value any) error {
	if o, ok := owner.(*Object); ok && (o.Hashtable || o.Has(name)) {
		o.Set(name, value)
		return nil
	}
	return &Error{
		Message: "The property '" + name + "' cannot be found on this object. Verify that the property exists and can be set.",
		ID:      "PropertyNotFound", Category: "InvalidOperation",
	}
}

func (f *frame) assignElement(t *index, value any) error {
	owner, err := t.target.value(f)
	if err != nil {
		return err
	}
	key, err := t.key.value(f)
	if err != nil {
		return err
	}
	if o, ok := owner.(*Object); ok && o.Hashtable {
		o.Set(Text(key), value)
		return nil
	}
	var items []any
	switch o := owner.(type) {
	case []any:
		items = o
	case *genericList:
		items = o.items
	case nil:
		return &Error{Message: "Cannot index into a null array.", ID: "NullArray", Category: "InvalidOperation"}
	default:
		return &Error{Message: "Unable to index into an object of type " + typeOf(owner) + ".", ID: "CannotIndex", Category: "InvalidOperation"}
	}
	i, ok := key.(int64)
	if ok && i < 0 {
		i += int64(len(items))
	}
	if !ok || i < 0 || i >= int64(len(items)) {
		return &Error{
			Message: "Index was outside the bounds of the array.", ID: "System.IndexOutOfRangeException", Category: "OperationStopped",
		}
	}
	items[i] = value
	return nil
}
