package powershell

import (
	"strings"
	"unicode"
)

// binaryOperators are the levels of the operators between two values, from the
// loosest to the tightest. Words are written behind a dash, and all comparisons
// of words also with c for "case counts" and i for "case does not count".
var binaryOperators = operatorTable(
	[]string{"and", "or", "xor"},
	[]string{"band", "bor", "bxor"},
	[]string{
		"eq", "ne", "gt", "lt", "ge", "le", "like", "notlike", "match", "notmatch", "contains", "notcontains", "in", "notin",
		"replace", "split", "join", "is", "isnot", "as",
	},
	[]string{"+", "-"},
	[]string{"*", "/", "%"},
	[]string{"f"},
	[]string{".."},
)

// loosest is the level of -and, and comparing that of -eq.
const (
	loosest   = 0
	comparing = 2
	additive  = 3
	formatted = 5
	tightest  = 6
)

func operatorTable(levels ...[]string) map[string]int {
	all := map[string]int{}
	for level, operators := range levels {
		for _, operator := range operators {
			all[operator] = level
			if level == comparing && operator != "is" && operator != "isnot" && operator != "as" && operator != "join" {
				all["c"+operator], all["i"+operator] = level, level
			}
		}
	}
	return all
}

// expression reads an expression, with commas.
func (p *parser) expression() expression { return p.level(loosest, true) }

// operand reads an expression that ends at a comma, as arguments of methods do.
func (p *parser) operand() expression { return p.level(loosest, false) }

func (p *parser) level(n int, commas bool) expression {
	if n > tightest {
		return p.commas(commas)
	}
	left := p.level(n+1, commas)
	for {
		operator := p.operator(n)
		if operator == "" {
			return left
		}
		p.lines()
		left = &operation{operator, left, p.level(n+1, commas)}
	}
}

// operator passes an operator of a level, if one comes next.
func (p *parser) operator(level int) string {
	mark := p.at
	p.blanks()
	if level == formatted || level <= comparing {
		if p.peek() == '-' && unicode.IsLetter(p.peekAt(1)) {
			p.at++
			word := strings.ToLower(p.name(""))
			if at, ok := binaryOperators[word]; ok && at == level {
				return word
			}
		}
		p.at = mark
		return ""
	}
	for operator, at := range binaryOperators {
		if at == level && p.follows(operator) && !p.assigns(len(operator)) {
			p.at += len(operator)
			return operator
		}
	}
	p.at = mark
	return ""
}

// assigns tells whether a sign is part of += or ++, or the dash of a word.
func (p *parser) assigns(length int) bool {
	sign, next := p.peek(), p.peekAt(length)
	return next == '=' || next == sign && strings.ContainsRune("+-", sign) || sign == '-' && isOperatorWord(p.wordAt(length))
}

func (p *parser) wordAt(offset int) string {
	end := p.at + offset
	for end < len(p.text) && isNameRune(p.text[end]) {
		end++
	}
	return string(p.text[p.at+offset : end])
}

// commas reads values with commas between them.
func (p *parser) commas(allowed bool) expression {
	p.blanks()
	if allowed && p.accept(",") {
		p.lines()
		return &list{[]expression{p.unary()}}
	}
	first := p.unary()
	if !allowed {
		return first
	}
	elements := []expression{first}
	for {
		mark := p.at
		p.blanks()
		if !p.accept(",") {
			p.at = mark
			break
		}
		p.lines()
		elements = append(elements, p.unary())
	}
	if len(elements) == 1 {
		return first
	}
	return &list{elements}
}

// unaryWords are the operators before one value, in front of which is a dash.
var unaryWords = []string{"not", "bnot", "join", "split", "isplit", "csplit"}

func (p *parser) unary() expression {
	p.blanks()
	if p.peek() == '-' {
		for _, word := range unaryWords {
			if p.keyword("-" + word) {
				return &unary{word, p.unaryOperand()}
			}
		}
	}
	switch {
	case p.accept("++"), p.accept("--"):
		by := int64(1)
		if p.text[p.at-1] == '-' {
			by = -1
		}
		return &step{p.unaryOperand(), by, true}
	case p.accept("!"):
		return &unary{"not", p.unaryOperand()}
	case p.peek() == '-' || p.peek() == '+':
		sign := string(p.peek())
		p.at++
		return &unary{sign, p.unaryOperand()}
	case p.peek() == '[':
		return p.castOrType()
	}
	return p.postfix()
}

func (p *parser) unaryOperand() expression {
	p.lines()
	return p.unary()
}

// castOrType reads [type] and what follows: a member of the type, a value to be
// cast, or nothing.
func (p *parser) castOrType() expression {
	mark := p.at
	p.at++
	name := p.typeName()
	if p.follows("::") || p.peek() == '.' {
		p.at = mark
		return p.postfix()
	}
	p.blanks()
	if !p.beginsValue() {
		return &typeLiteral{name}
	}
	operand := p.unary()
	if literal, ok := operand.(*table); ok && name == "ordered" {
		literal.ordered = true
		return literal
	}
	return &cast{name, operand}
}

func (p *parser) beginsValue() bool {
	r := p.peek()
	return !p.done() && (strings.ContainsRune("$@([{!", r) || isSingleQuote(r) || isDoubleQuote(r) || unicode.IsDigit(r) ||
		r == '-' && unicode.IsDigit(p.peekAt(1)) || p.follows("-not"))
}

// postfix reads a value and the members, calls and indexes behind it.
func (p *parser) postfix() expression {
	value := p.primary()
	for {
		switch {
		case p.peek() == '.' && p.peekAt(1) != '.' && !unicode.IsSpace(p.peekAt(1)) && !p.at1IsEnd():
			p.at++
			value = p.member(value)
		case p.peek() == '[':
			p.at++
			p.lines()
			key := p.expression()
			p.expect("]", "EndSquareBracketExpected")
			value = &index{value, key}
		case p.follows("++"), p.follows("--"):
			by := int64(1)
			if p.peek() == '-' {
				by = -1
			}
			p.at += 2
			value = &step{value, by, false}
		default:
			return value
		}
	}
}

func (p *parser) at1IsEnd() bool { return p.at+1 >= len(p.text) }

// member reads what follows the dot behind a value.
func (p *parser) member(target expression) expression {
	var name expression
	switch {
	case isNameRune(p.peek()):
		name = &literal{p.name("")}
	case p.peek() == '$' || p.peek() == '(' || isSingleQuote(p.peek()) || isDoubleQuote(p.peek()):
		name = p.primary()
	default:
		p.fail("MissingPropertyName", "Missing property name after reference operator.")
	}
	if p.peek() == '(' {
		return &call{target, name, p.arguments()}
	}
	return &member{target, name}
}

func (p *parser) arguments() []expression {
	all := []expression{}
	p.at++
	for {
		p.lines()
		if p.accept(")") {
			return all
		}
		all = append(all, p.operand())
		p.lines()
		if !p.accept(",") && p.peek() != ')' {
			p.fail("MissingEndParenthesisInMethodCall", "Missing ')' in method call.")
		}
	}
}

func (p *parser) primary() expression {
	switch r := p.peek(); {
	case p.done():
		p.unexpected()
	case isSingleQuote(r):
		return &literal{p.singleQuoted()}
	case isDoubleQuote(r):
		return p.doubleQuoted()
	case r == '@':
		return p.atSign()
	case p.accept("$("):
		return &subexpression{p.statements(')')}
	case r == '$':
		return p.variable()
	case r == '(':
		p.at++
		p.lines()
		inner := p.pipelineOrAssignment()
		p.lines()
		if p.peek() != ')' {
			p.missing(')')
		}
		p.at++
		return &paren{inner}
	case r == '{':
		p.at++
		return &block{p.function('}')}
	case r == '[':
		return p.static()
	case unicode.IsDigit(r):
		return &literal{p.number()}
	}
	p.unexpected()
	return nil
}

// atSign reads @( … ), @{ … } and here-strings.
func (p *parser) atSign() expression {
	switch next := p.peekAt(1); {
	case next == '(':
		p.at += 2
		return &array{p.statements(')')}
	case next == '{':
		p.at += 2
		return p.table()
	case isSingleQuote(next):
		return &literal{p.hereString("'@")}
	case isDoubleQuote(next):
		text := p.hereString(`"@`)
		inner := &parser{lexer{source: &source{[]rune(text), p.core}}}
		return &expandable{inner.parts(func() bool { return inner.done() })}
	case isNameRune(next):
		p.fail("SplattingNotPermitted", "The splatting operator '@' cannot be used to reference variables in an expression. '@"+p.wordAt(1)+
			"' can be used only as an argument to a command.")
	}
	p.unexpected()
	return nil
}

func (p *parser) static() expression {
	p.at++
	name := p.typeName()
	if !p.accept("::") {
		return &typeLiteral{name}
	}
	memberName := p.name("")
	if memberName == "" {
		p.fail("MissingPropertyName", "Missing property name after reference operator.")
	}
	if p.peek() == '(' {
		return &staticCall{name, memberName, p.arguments()}
	}
	return &staticMember{name, memberName}
}

func (p *parser) variable() expression {
	p.at++
	scope, name := p.variableName()
	if name == "" {
		p.at--
		p.unexpected()
	}
	return &variable{scope, strings.ToLower(name)}
}

func (p *parser) doubleQuoted() expression {
	begin := p.at
	p.at++
	parts := p.parts(func() bool {
		if p.done() {
			p.failAt(begin, "TerminatorExpectedAtEndOfString", "The string is missing the terminator: \".")
		}
		return isDoubleQuote(p.peek()) && !isDoubleQuote(p.peekAt(1))
	})
	p.at++
	return &expandable{parts}
}

// parts reads what a string in double quotes holds, until it ends.
func (p *parser) parts(ends func() bool) []expression {
	var all []expression
	var text strings.Builder
	add := func(part expression) {
		if text.Len() > 0 {
			all = append(all, &literal{text.String()})
			text.Reset()
		}
		all = append(all, part)
	}
	for !ends() {
		switch r := p.peek(); {
		case isDoubleQuote(r) && isDoubleQuote(p.peekAt(1)):
			text.WriteRune(r)
			p.at += 2
		case r == '`':
			text.WriteString(p.escape())
		case p.accept("$("):
			add(&subexpression{p.statements(')')})
		case r == '$' && (isNameRune(p.peekAt(1)) || p.peekAt(1) == '{'):
			add(p.variable())
		default:
			text.WriteRune(r)
			p.at++
		}
	}
	if text.Len() > 0 {
		all = append(all, &literal{text.String()})
	}
	return all
}

func (p *parser) table() expression {
	t := &table{}
	seen := map[string]bool{}
	for {
		p.separators()
		if p.accept("}") {
			return t
		}
		key := p.tableKey()
		if constant, ok := key.(*literal); ok {
			name := strings.ToLower(Text(constant.constant))
			if seen[name] {
				p.fail("DuplicateKeyInHashLiteral", "Duplicate keys '"+Text(constant.constant)+"' are not allowed in hash literals.")
			}
			seen[name] = true
		}
		p.blanks()
		if !p.accept("=") {
			p.fail("MissingEqualsInHashLiteral", "Missing '=' operator after key in hash literal.")
		}
		p.lines()
		t.keys = append(t.keys, key)
		t.values = append(t.values, p.statement())
		p.blanks()
		if !p.done() && !strings.ContainsRune("\n;}#", p.peek()) {
			p.fail("MissingEndCurlyBrace", "Missing closing '}' in statement block or type definition.")
		}
	}
}

func (p *parser) tableKey() expression {
	if isNameRune(p.peek()) && !unicode.IsDigit(p.peek()) {
		return &literal{p.name("")}
	}
	return p.unary()
}
