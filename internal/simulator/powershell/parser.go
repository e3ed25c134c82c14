package powershell

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// SyntaxError is a script that cannot be parsed.
type SyntaxError struct {
	Line    int
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("ParserError: line %d: %s", e.Line, e.Message)
}

// parser reads a script from left to right. PowerShell reads words otherwise at
// the beginning of a statement than in an expression, so that there is no
// sequence of tokens to be had beforehand.
type parser struct {
	text []rune
	at   int
}

// parse returns the function that a script is.
func parse(script string) (parsed *function, err error) {
	p := &parser{text: []rune(strings.ReplaceAll(script, "\r\n", "\n"))}
	defer func() {
		if failure := recover(); failure != nil {
			syntax, ok := failure.(*SyntaxError)
			if !ok {
				panic(failure)
			}
			parsed, err = nil, syntax
		}
	}()
	parsed = &function{}
	p.skipLines()
	if p.keyword("param") {
		parsed.parameters = p.parameterList()
	}
	parsed.body = p.statements(0)
	return parsed, nil
}

func (p *parser) fail(format string, values ...any) {
	line := 1 + strings.Count(string(p.text[:min(p.at, len(p.text))]), "\n")
	panic(&SyntaxError{Line: line, Message: fmt.Sprintf(format, values...)})
}

func (p *parser) peek() rune { return p.peekAt(0) }

func (p *parser) peekAt(offset int) rune {
	if p.at+offset >= len(p.text) {
		return 0
	}
	return p.text[p.at+offset]
}

// skip passes blanks and continued lines.
func (p *parser) skip() {
	for {
		switch {
		case p.peek() == ' ' || p.peek() == '\t' || p.peek() == '\r':
			p.at++
		case p.peek() == '`' && p.peekAt(1) == '\n':
			p.at += 2
		default:
			return
		}
	}
}

// skipLines passes blanks, line ends, semicolons and comments.
func (p *parser) skipLines() {
	for {
		p.skip()
		switch {
		case p.peek() == '\n' || p.peek() == ';':
			p.at++
		case p.peek() == '#':
			p.skipComment()
		default:
			return
		}
	}
}

func (p *parser) skipComment() {
	for p.peek() != '\n' && p.peek() != 0 {
		p.at++
	}
}

// accept passes a text if it comes next.
func (p *parser) accept(text string) bool {
	p.skip()
	if !p.next(text) {
		return false
	}
	p.at += len([]rune(text))
	return true
}

func (p *parser) next(text string) bool {
	for i, r := range []rune(text) {
		if unicode.ToLower(p.peekAt(i)) != r {
			return false
		}
	}
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail("Missing '%s' before '%s'.", text, p.rest())
	}
}

// rest quotes what comes next.
func (p *parser) rest() string {
	if p.at >= len(p.text) {
		return "the end of the script"
	}
	line, _, _ := strings.Cut(string(p.text[p.at:min(len(p.text), p.at+20)]), "\n")
	return line
}

// keyword passes a word if it comes next and ends there.
func (p *parser) keyword(word string) bool {
	p.skip()
	if !p.next(word) || isNameRune(p.peekAt(len(word))) || p.peekAt(len(word)) == '-' {
		return false
	}
	p.at += len(word)
	return true
}

func isNameRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func (p *parser) word(also string) string {
	from := p.at
	for isNameRune(p.peek()) || p.peek() != 0 && strings.ContainsRune(also, p.peek()) {
		p.at++
	}
	return string(p.text[from:p.at])
}

// statements reads up to a closing bracket, or to the end if there is none.
func (p *parser) statements(closing rune) []any {
	var all []any
	for {
		p.skipLines()
		if p.peek() == closing {
			if closing != 0 {
				p.at++
			}
			return all
		}
		if p.peek() == 0 {
			p.fail("Missing closing '%c' in statement block.", closing)
		}
		all = append(all, p.statement())
		p.skip()
		if r := p.peek(); r != '\n' && r != ';' && r != '#' && r != closing && r != 0 && p.text[p.at-1] != '}' {
			p.fail("Unexpected token '%s' in expression or statement.", p.rest())
		}
	}
}

func (p *parser) body() []any {
	p.skipLines()
	p.expect("{")
	return p.statements('}')
}

func (p *parser) statement() any {
	switch {
	case p.keyword("if"):
		return p.conditional()
	case p.keyword("foreach"):
		return p.loop()
	case p.keyword("try"):
		return p.attempt()
	case p.keyword("function"):
		p.skip()
		name := p.word("-")
		f := &function{}
		if p.accept("(") {
			p.at--
			f.parameters = p.parameterList()
		}
		f.body = p.body()
		return definition{name, f}
	case p.keyword("return"):
		return leave{p.optionalPipeline()}
	case p.keyword("throw"):
		return throw{p.optionalPipeline()}
	case p.keyword("exit"):
		return exit{p.optionalPipeline()}
	}
	return p.pipelineOrAssignment()
}

func (p *parser) optionalPipeline() any {
	p.skip()
	if r := p.peek(); r == '\n' || r == ';' || r == '}' || r == 0 {
		return nil
	}
	return p.pipelineOrAssignment()
}

func (p *parser) parameterList() []parameter {
	var list []parameter
	p.expect("(")
	for {
		p.skipLines()
		if p.accept(")") {
			return list
		}
		var one parameter
		if p.accept("[") {
			one.typeName = p.typeName()
			p.skip()
		}
		p.expect("$")
		one.name = p.word("")
		list = append(list, one)
		p.skipLines()
		if !p.accept(",") && p.peek() != ')' {
			p.fail("Missing ')' in function parameter list.")
		}
	}
}

func (p *parser) typeName() string {
	name := p.word(".")
	p.expect("]")
	return strings.ToLower(strings.TrimPrefix(strings.ToLower(name), "system."))
}

func (p *parser) conditional() any {
	var c conditional
	for {
		p.expect("(")
		condition := p.pipelineOrAssignment()
		p.expect(")")
		c.branches = append(c.branches, branch{condition, p.body()})
		mark := p.at
		p.skipLines()
		if p.keyword("elseif") {
			continue
		}
		if p.keyword("else") {
			c.otherwise = p.body()
			return c
		}
		p.at = mark
		return c
	}
}

func (p *parser) loop() any {
	p.expect("(")
	p.expect("$")
	name := p.word("")
	p.skip()
	if !p.keyword("in") {
		p.fail("Missing 'in' after variable in foreach loop.")
	}
	over := p.pipelineOrAssignment()
	p.expect(")")
	return loop{name, over, p.body()}
}

func (p *parser) attempt() any {
	a := attempt{body: p.body()}
	for {
		mark := p.at
		p.skipLines()
		switch {
		case p.keyword("catch"):
			var h handler
			for p.accept("[") {
				h.types = append(h.types, p.typeName())
				p.accept(",")
			}
			h.body = p.body()
			a.handlers = append(a.handlers, h)
			continue
		case p.keyword("finally"):
			a.finally = p.body()
		default:
			p.at = mark
		}
		if a.handlers == nil && a.finally == nil {
			p.fail("The Try statement is missing its Catch or Finally block.")
		}
		return a
	}
}

func (p *parser) pipelineOrAssignment() any {
	p.skip()
	if p.isCommand() {
		return p.command()
	}
	expression := p.expression()
	switch {
	case p.accept("+="):
		return assignment{expression, true, p.assigned()}
	case p.peek() == '=' && p.peekAt(1) != '=':
		p.at++
		return assignment{expression, false, p.assigned()}
	case p.accept(","):
		elements := []any{expression}
		for more := true; more; more = p.accept(",") {
			p.skipLines()
			elements = append(elements, p.expression())
		}
		return write{list{elements}}
	case p.accept("|"):
		p.fail("The stand-in for PowerShell has no pipelines.")
	}
	return write{expression}
}

func (p *parser) assigned() any {
	p.skipLines()
	return p.pipelineOrAssignment()
}

// isCommand tells a command from an expression by how it begins.
func (p *parser) isCommand() bool {
	r := p.peek()
	return r == '&' || r == '.' && p.peekAt(1) == ' ' || unicode.IsLetter(r)
}

func (p *parser) command() any {
	var c command
	if p.accept("&") {
		p.skip()
		c.name = p.primary()
	} else {
		c.name = literal{p.word("-_.\\:")}
	}
	for {
		p.skip()
		switch r := p.peek(); {
		case r == 0 || strings.ContainsRune("\n;)}#,", r):
			return c
		case r == '|' || r == '>' || r == '<':
			p.fail("The stand-in for PowerShell has no pipelines and no redirection.")
		case r == '-' && unicode.IsLetter(p.peekAt(1)):
			p.at++
			a := argument{parameter: p.word("")}
			if p.peek() == ':' {
				p.at++
			}
			p.skip()
			if p.beginsValue() {
				a.value = p.commandValue()
			}
			c.arguments = append(c.arguments, a)
		case r == '@' && unicode.IsLetter(p.peekAt(1)):
			p.at++
			c.arguments = append(c.arguments, argument{splat: p.word("")})
		default:
			c.arguments = append(c.arguments, argument{value: p.commandValue()})
		}
	}
}

// beginsValue tells whether a parameter's value follows, and not another parameter.
func (p *parser) beginsValue() bool {
	r := p.peek()
	return r != 0 && !strings.ContainsRune("\n;)}#-|", r) && (r != '@' || !unicode.IsLetter(p.peekAt(1)))
}

func (p *parser) commandValue() any {
	if r := p.peek(); unicode.IsLetter(r) {
		return literal{p.word("-_.\\:/")} // a bare word
	}
	return p.primary()
}

// precedences are the binary operators, from the loosest to the tightest.
var precedences = [][]string{
	{"-and", "-or"},
	{"-eq", "-ne", "-ceq", "-cne", "-gt", "-lt", "-ge", "-le"},
	{"+", "-"},
	{"*"},
}

func (p *parser) expression() any { return p.level(0) }

func (p *parser) level(n int) any {
	if n == len(precedences) {
		return p.unary()
	}
	left := p.level(n + 1)
	for {
		operator := p.operator(precedences[n])
		if operator == "" {
			return left
		}
		p.skipLines()
		left = operation{strings.TrimPrefix(operator, "-"), left, p.level(n + 1)}
	}
}

func (p *parser) operator(candidates []string) string {
	p.skip()
	for _, candidate := range candidates {
		if len(candidate) > 1 && p.keyword(candidate) {
			return candidate
		}
		if len(candidate) == 1 && p.next(candidate) && p.peekAt(1) != '=' && !unicode.IsLetter(p.peekAt(1)) {
			p.at++
			if candidate == "-" {
				return "minus"
			}
			return candidate
		}
	}
	return ""
}

func (p *parser) unary() any {
	p.skip()
	if p.keyword("-not") || p.peek() == '!' {
		p.accept("!")
		return unary{p.unary()}
	}
	if p.peek() == '[' {
		mark := p.at
		p.at++
		name := p.typeName()
		if p.next("::") {
			p.at = mark
			return p.primary()
		}
		p.skip()
		operand := p.unary()
		if table, ok := operand.(hashtable); ok && name == "ordered" {
			table.ordered = true
			return table
		}
		return cast{name, operand}
	}
	return p.primary()
}

// primary reads a value and the members, calls and indexes behind it.
func (p *parser) primary() any {
	p.skip()
	value := p.atom()
	for {
		switch {
		case p.peek() == '.' && isNameRune(p.peekAt(1)):
			p.at++
			name := p.word("")
			if p.peek() == '(' {
				value = call{target: value, name: name, arguments: p.arguments()}
				continue
			}
			value = member{value, name}
		case p.peek() == '[':
			p.at++
			key := p.expression()
			p.expect("]")
			value = index{value, key}
		default:
			return value
		}
	}
}

func (p *parser) arguments() []any {
	var all []any
	p.expect("(")
	for {
		p.skipLines()
		if p.accept(")") {
			return all
		}
		all = append(all, p.expression())
		p.skipLines()
		if !p.accept(",") && p.peek() != ')' {
			p.fail("Missing ')' in method call.")
		}
	}
}

func (p *parser) atom() any {
	switch r := p.peek(); {
	case r == '\'' || r == '‘' || r == '’' || r == '‚' || r == '‛':
		return literal{p.singleQuoted()}
	case r == '"':
		return p.doubleQuoted()
	case r == '$' && p.peekAt(1) == '(':
		p.at += 2
		return subexpression{p.statements(')')}
	case r == '$':
		p.at++
		return p.variable()
	case r == '(':
		p.at++
		p.skipLines()
		statement := p.pipelineOrAssignment()
		p.skipLines()
		p.expect(")")
		return paren{statement}
	case r == '@' && p.peekAt(1) == '(':
		p.at += 2
		return array{p.statements(')')}
	case r == '@' && p.peekAt(1) == '{':
		p.at += 2
		return p.hashtable()
	case r == '{':
		p.at++
		return block{&function{body: p.statements('}')}}
	case r == '[':
		return p.static()
	case unicode.IsDigit(r):
		number, err := strconv.ParseInt(p.word(""), 10, 64)
		if err != nil {
			p.fail("The numeric constant is not valid.")
		}
		return literal{number}
	}
	p.fail("Unexpected token '%s' in expression or statement.", p.rest())
	return nil
}

func (p *parser) static() any {
	p.at++
	name := p.typeName()
	p.expect("::")
	memberName := p.word("")
	if p.peek() == '(' {
		return call{typeName: name, name: memberName, arguments: p.arguments()}
	}
	return staticMember{name, memberName}
}

func (p *parser) variable() any {
	name := p.word("")
	if p.peek() == ':' && isNameRune(p.peekAt(1)) {
		p.at++
		return variable{strings.ToLower(name), strings.ToLower(p.word(""))}
	}
	if name == "" {
		p.fail("Unexpected token '$' in expression or statement.")
	}
	return variable{name: strings.ToLower(name)}
}

func isSingleQuote(r rune) bool { return strings.ContainsRune("'‘’‚‛", r) && r != 0 }

func (p *parser) singleQuoted() string {
	p.at++
	var text strings.Builder
	for {
		switch r := p.peek(); {
		case r == 0:
			p.fail("The string is missing the terminator: '.")
		case isSingleQuote(r) && isSingleQuote(p.peekAt(1)):
			text.WriteRune(p.peekAt(1))
			p.at += 2
			continue
		case isSingleQuote(r):
			p.at++
			return text.String()
		}
		text.WriteRune(p.peek())
		p.at++
	}
}

// escapes are the characters behind a backtick that mean another one.
var escapes = map[rune]rune{'n': '\n', 'r': '\r', 't': '\t', '0': 0}

func (p *parser) doubleQuoted() any {
	p.at++
	var parts []any
	var text strings.Builder
	flush := func(part any) {
		parts = append(parts, literal{text.String()}, part)
		text.Reset()
	}
	for {
		switch r := p.peek(); {
		case r == 0:
			p.fail("The string is missing the terminator: \".")
		case r == '"' && p.peekAt(1) == '"':
			text.WriteRune('"')
			p.at += 2
		case r == '"':
			p.at++
			return expandable{append(parts, literal{text.String()})}
		case r == '`':
			escaped := p.peekAt(1)
			if meant, ok := escapes[escaped]; ok {
				escaped = meant
			}
			text.WriteRune(escaped)
			p.at += 2
		case r == '$' && p.peekAt(1) == '(':
			p.at += 2
			flush(subexpression{p.statements(')')})
		case r == '$' && isNameRune(p.peekAt(1)):
			p.at++
			flush(p.variable())
		default:
			text.WriteRune(r)
			p.at++
		}
	}
}

func (p *parser) hashtable() any {
	var table hashtable
	for {
		p.skipLines()
		if p.accept("}") {
			return table
		}
		var key any
		if isNameRune(p.peek()) {
			key = literal{p.word("")}
		} else {
			key = p.primary()
		}
		p.expect("=")
		p.skipLines()
		table.keys = append(table.keys, key)
		table.values = append(table.values, p.pipelineOrAssignment())
		p.skip()
		if r := p.peek(); r != '\n' && r != ';' && r != '}' && r != '#' {
			p.fail("Missing '}' in hash literal.")
		}
	}
}
