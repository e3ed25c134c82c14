package powershell

import (
	"strings"
)

func (n *literal) value(*frame) (any, error) { return n.constant, nil }

func (n *variable) value(f *frame) (any, error) {
	switch n.scope {
	case "env":
		return f.machine.environment(n.name), nil
	case "":
	default:
		s, err := f.scopeOf(n)
		if err != nil {
			return nil, err
		}
		if found, ok := s.variables[n.name]; ok {
			return found.value, nil
		}
		return nil, nil //nolint:nilnil // a variable that is not set is $null
	}
	switch n.name {
	case "null":
		return nil, nil //nolint:nilnil // $null
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "psitem":
		return f.scope.get("_"), nil
	case "psversiontable":
		edition := "Desktop"
		if f.core() {
			edition = "Core"
		}
		table := newHashtable()
		table.Set("PSVersion", versionObject(f.version))
		table.Set("PSEdition", edition)
		return table, nil
	case "?", "^", "$", "error", "host", "myinvocation", "executioncontext", "pscmdlet", "psboundparameters", "matches", "lastexitcode":
		return nil, notSupported("the automatic variable $%s", n.name)
	}
	return f.scope.get(n.name), nil
}

func (n *expandable) value(f *frame) (any, error) {
	var text strings.Builder
	for _, part := range n.parts {
		value, err := part.value(f)
		if err != nil {
			return nil, err
		}
		text.WriteString(Text(value))
	}
	return text.String(), nil
}

func (n *paren) value(f *frame) (any, error) { return f.output(n.inner) }

func (n *subexpression) value(f *frame) (any, error) {
	out, collected := collect()
	err := f.with(out).block(n.statements)
	return unrolled(*collected), err
}

func (n *array) value(f *frame) (any, error) {
	out, collected := collect()
	err := f.with(out).block(n.statements)
	return append([]any{}, *collected...), err
}

func (n *list) value(f *frame) (any, error) {
	values := make([]any, len(n.elements))
	for i, element := range n.elements {
		value, err := element.value(f)
		if err != nil {
			return nil, err
		}
		values[i] = plain(value)
	}
	return values, nil
}

func (n *table) value(f *frame) (any, error) {
	t := newHashtable()
	t.ordered = n.ordered
	for i, key := range n.keys {
		name, err := key.value(f)
		if err != nil {
			return nil, err
		}
		if plain(name) == nil {
			return nil, &Error{Message: "A null key is not allowed in a hash literal.", ID: "InvalidNullKey", Category: "InvalidOperation"}
		}
		value, err := f.output(n.values[i])
		if err != nil {
			return nil, err
		}
		t.Set(Text(name), value)
	}
	return t, nil
}

func (n *block) value(*frame) (any, error) { return n.function, nil }

func (n *typeLiteral) value(*frame) (any, error) {
	full, ok := fullTypeName(n.typeName)
	if !ok {
		return nil, unknownType(n.typeName)
	}
	return typeObject{n.typeName, full}, nil
}

func (n *cast) value(f *frame) (any, error) {
	operand, err := n.operand.value(f)
	if err != nil {
		return nil, err
	}
	return f.convert(operand, n.typeName)
}

func (n *unary) value(f *frame) (any, error) {
	operand, err := n.operand.value(f)
	if err != nil {
		return nil, err
	}
	operand = plain(operand)
	switch n.operator {
	case "not":
		return !truth(operand), nil
	case "join":
		return f.join(operand, "")
	case "-":
		return f.arithmetic("-", int64(0), operand)
	case "+":
		return f.arithmetic("+", int64(0), operand)
	}
	if n.operator == "bnot" {
		number, err := f.convert(operand, "long")
		if err != nil {
			return nil, err
		}
		bits, _ := number.(int64)
		return ^bits, nil
	}
	return f.split(n.operator, operand, " ")
}

func (n *step) value(f *frame) (any, error) {
	before, err := n.target.value(f)
	if err != nil {
		return nil, err
	}
	if before == nil {
		before = int64(0)
	}
	after, err := f.arithmetic("+", before, n.by)
	if err != nil {
		return nil, err
	}
	if err := f.assign(n.target, after); err != nil {
		return nil, err
	}
	if n.prefix {
		return after, nil
	}
	return before, nil
}

func (n *operation) value(f *frame) (any, error) {
	left, err := n.left.value(f)
	if err != nil {
		return nil, err
	}
	left = plain(left)
	switch {
	case n.operator == "and" && !truth(left):
		return false, nil
	case n.operator == "or" && truth(left):
		return true, nil
	}
	if n.operator == "is" || n.operator == "isnot" || n.operator == "as" {
		return n.typed(f, left)
	}
	right, err := n.right.value(f)
	if err != nil {
		return nil, err
	}
	right = plain(right)
	switch n.operator {
	case "and", "or":
		return truth(right), nil
	case "xor":
		return truth(left) != truth(right), nil
	case "+", "-", "*", "/", "%":
		return f.arithmetic(n.operator, left, right)
	case "band", "bor", "bxor":
		return f.bits(n.operator, left, right)
	case "..":
		return f.interval(left, right)
	case "f":
		return f.format(Text(left), elements(right))
	case "join":
		return f.join(left, Text(right))
	}
	return f.compare(n.operator, left, right)
}

// typed carries out -is, -isnot and -as.
func (n *operation) typed(f *frame, left any) (any, error) {
	right, err := n.right.value(f)
	if err != nil {
		return nil, err
	}
	name := normalizeType(strings.ToLower(Text(right)))
	if t, ok := right.(typeObject); ok {
		name = t.name
	}
	if n.operator == "as" {
		converted, err := f.convert(left, name)
		if err != nil {
			if _, known := fullTypeName(name); known {
				return nil, nil //nolint:nilnil // what cannot be cast is $null
			}
		}
		return converted, err
	}
	is, err := isType(left, name)
	return is == (n.operator == "is"), err
}

func (n *index) value(f *frame) (any, error) {
	target, err := n.target.value(f)
	if err != nil {
		return nil, err
	}
	key, err := n.key.value(f)
	if err != nil {
		return nil, err
	}
	if keys, several := key.([]any); several {
		picked := []any{}
		for _, k := range keys {
			value, err := element(target, k)
			if err != nil {
				return nil, err
			}
			picked = append(picked, value)
		}
		return picked, nil
	}
	return element(target, key)
}

// element returns one element of a value; what is out of bounds is nothing.
func element(target, key any) (any, error) {
	switch t := target.(type) {
	case nil:
		return nil, &Error{Message: "Cannot index into a null array.", ID: "NullArray", Category: "InvalidOperation"}
	case *Object:
		if i, isNumber := key.(int64); isNumber && t.ordered {
			if i >= 0 && i < int64(len(t.names)) {
				return t.Get(t.names[i]), nil
			}
			return nil, nil //nolint:nilnil // out of bounds
		}
		if t.Hashtable {
			return t.Get(Text(key)), nil
		}
	case string:
		all := []any{}
		for _, unit := range NewSecureString(t).units {
			all = append(all, Char(unit))
		}
		return pick(all, key)
	}
	if all, ok := elementsOf(target); ok {
		return pick(all, key)
	}
	return nil, &Error{Message: "Unable to index into an object of type \"" + typeOf(target) + "\".", ID: "CannotIndex", Category: "InvalidOperation"}
}

func pick(all []any, key any) (any, error) {
	i, ok := key.(int64)
	if !ok {
		return nil, conversionError(key, "System.Int32", "Input string was not in a correct format.")
	}
	if i < 0 {
		i += int64(len(all))
	}
	if i < 0 || i >= int64(len(all)) {
		return nil, nil //nolint:nilnil // out of bounds
	}
	return all[i], nil
}
