package powershell

import (
	"strings"
	"unicode"
)

// parser builds the tree of a script.
type parser struct{ lexer }

// parse returns the function that a script is. The error is a [SyntaxError].
func parse(script string, core bool) (parsed *function, err error) {
	text := strings.ReplaceAll(script, "\r\n", "\n")
	p := &parser{lexer{source: &source{[]rune(text), core}}}
	defer func() {
		if failure := recover(); failure != nil {
			syntax, ok := failure.(*SyntaxError)
			if !ok {
				panic(failure)
			}
			parsed, err = nil, syntax
		}
	}()
	return p.function(0), nil
}

// function reads what a script or a script block holds, up to its closing bracket.
func (p *parser) function(closing rune) *function {
	begin := p.at
	f := &function{}
	p.separators()
	p.attributes()
	if p.keyword("param") {
		p.blanks()
		f.parameters = p.parameterList()
	}
	for p.separators(); p.block(f); p.separators() {
		f.hasBlocks = true
	}
	if f.hasBlocks {
		p.close(closing)
	} else {
		f.end = p.statements(closing)
	}
	f.text = string(p.text[begin:max(begin, p.at-closingLength(closing))])
	return f
}

func closingLength(closing rune) int {
	if closing == 0 {
		return 0
	}
	return 1
}

// block reads one of the named blocks of a function.
func (p *parser) block(f *function) bool {
	for word, into := range map[string]*body{"begin": &f.begin, "process": &f.process, "end": &f.end} {
		mark := p.at
		if p.keyword(word) {
			p.lines()
			if p.peek() == '{' {
				*into = p.body()
				return true
			}
			p.at = mark
		}
	}
	return false
}

// attributes passes [CmdletBinding()] before param.
func (p *parser) attributes() {
	mark := p.at
	if p.accept("[cmdletbinding(") {
		for !p.done() && p.peek() != ')' {
			p.at++
		}
		p.expect(")", "MissingEndParenthesisInExpression")
		p.expect("]", "MissingEndSquareBracket")
		p.lines()
		if p.follows("param") {
			return
		}
		p.at = mark
	}
}

func (p *parser) expect(text, id string) {
	p.lines()
	if !p.accept(text) {
		p.fail(id, "Missing '"+text+"' in expression or statement.")
	}
}

func (p *parser) from(start int) extent { return extent{p.source, start, p.at} }

// close passes the bracket that ends a block, or nothing at the end of the script.
func (p *parser) close(closing rune) {
	p.separators()
	if closing == 0 {
		if !p.done() {
			p.unexpected()
		}
		return
	}
	if p.peek() != closing {
		p.missing(closing)
	}
	p.at++
}

func (p *parser) missing(closing rune) {
	if !p.done() {
		p.unexpected()
	}
	if closing == ')' {
		p.fail("MissingEndParenthesisInExpression", "Missing closing ')' in expression.")
	}
	p.fail("MissingEndCurlyBrace", "Missing closing '}' in statement block or type definition.")
}

// statements reads up to a closing bracket, or to the end if there is none.
func (p *parser) statements(closing rune) body {
	var all body
	for {
		p.separators()
		if p.done() || p.peek() == '}' || p.peek() == ')' {
			p.close(closing)
			return all
		}
		all = append(all, p.statement())
		p.blanks()
		if !p.endsStatement() && p.text[p.at-1] != '}' {
			p.unexpected()
		}
	}
}

func (p *parser) body() body {
	p.lines()
	if !p.accept("{") {
		p.fail("MissingStatementBlock", "Missing statement block.")
	}
	return p.statements('}')
}

// reserved are the keywords that the stand-in does not know.
var reserved = []string{
	"class", "configuration", "data", "dynamicparam", "enum", "filter", "inlinescript", "parallel", "sequence", "trap", "using", "workflow",
}

func (p *parser) statement() statement {
	start := p.at
	for _, word := range reserved {
		if p.keyword(word) {
			p.failAt(start, "NotSupported", "The stand-in for PowerShell does not know '"+word+"'.")
		}
	}
	for _, word := range []string{"return", "exit", "break", "continue"} {
		if p.keyword(word) {
			value := p.optional()
			return &leave{p.from(start), word, value}
		}
	}
	switch {
	case p.keyword("if"):
		return p.conditional(start)
	case p.keyword("foreach"):
		return p.foreach(start)
	case p.keyword("while"):
		return p.while(start)
	case p.keyword("do"):
		return p.do(start)
	case p.keyword("for"):
		return p.counted(start)
	case p.keyword("switch"):
		return p.selection(start)
	case p.keyword("try"):
		return p.attempt(start)
	case p.keyword("function"):
		return p.definition(start)
	case p.keyword("throw"):
		value := p.optional()
		return &throw{p.from(start), value}
	}
	return p.pipelineOrAssignment()
}

// optional reads the statement behind return and the like, nil if there is none.
func (p *parser) optional() statement {
	p.blanks()
	if p.endsStatement() {
		return nil
	}
	return p.pipelineOrAssignment()
}

func (p *parser) definition(start int) statement {
	p.blanks()
	name := p.name("-")
	if name == "" {
		p.fail("MissingNameAfterKeyword", "Missing name after function keyword.")
	}
	p.lines()
	var parameters []parameter
	if p.peek() == '(' {
		parameters = p.parameterList()
		p.lines()
	}
	if !p.accept("{") {
		p.fail("MissingFunctionBody", "Missing function body in function declaration.")
	}
	f := p.function('}')
	if parameters != nil {
		f.parameters = parameters
	}
	return &definition{p.from(start), name, f}
}

func (p *parser) parameterList() []parameter {
	list := []parameter{}
	p.expect("(", "MissingOpenParenthesisInParameterList")
	for {
		p.lines()
		if p.accept(")") {
			return list
		}
		list = append(list, p.parameter())
		p.lines()
		if !p.accept(",") && p.peek() != ')' {
			p.fail("MissingEndParenthesisInFunctionParameterList", "Missing ')' in function parameter list.")
		}
	}
}

func (p *parser) parameter() parameter {
	var one parameter
	for p.accept("[") {
		if p.accept("parameter(") {
			one.mandatory = one.mandatory || p.parameterAttribute()
		} else {
			one.typeName = p.typeName()
		}
		p.lines()
	}
	if !p.accept("$") {
		p.fail("MissingExpressionAfterToken", "Missing the name of a parameter in function parameter list.")
	}
	if one.name = p.name(""); one.name == "" {
		p.unexpected()
	}
	p.lines()
	if p.accept("=") {
		p.lines()
		one.fallback = p.operand()
	}
	return one
}

// parameterAttribute reads the rest of [Parameter(…)], of which the stand-in
// knows Mandatory.
func (p *parser) parameterAttribute() (mandatory bool) {
	p.lines()
	if p.keyword("mandatory") {
		mandatory = true
		p.lines()
		if p.accept("=") {
			p.lines()
			mandatory = p.keyword("$true")
			if !mandatory && !p.keyword("$false") {
				p.unexpected()
			}
		}
	}
	p.expect(")", "MissingEndParenthesisInExpression")
	p.expect("]", "MissingEndSquareBracket")
	return mandatory
}

// condition reads ( … ).
func (p *parser) condition() statement {
	p.expect("(", "MissingOpenParenthesisAfterKeyword")
	p.lines()
	inner := p.pipelineOrAssignment()
	p.expect(")", "MissingEndParenthesisAfterStatement")
	return inner
}

func (p *parser) conditional(start int) statement {
	var c conditional
	for {
		condition := p.condition()
		c.branches = append(c.branches, branch{condition, p.body()})
		mark := p.at
		p.lines()
		switch {
		case p.keyword("elseif"):
			continue
		case p.keyword("else"):
			c.otherwise = p.body()
		default:
			p.at = mark
		}
		c.extent = p.from(start)
		return &c
	}
}

func (p *parser) foreach(start int) statement {
	p.expect("(", "MissingOpenParenthesisAfterKeyword")
	p.lines()
	if !p.accept("$") {
		p.fail("MissingVariableNameAfterForeach", "Missing variable name after foreach.")
	}
	name := p.name("")
	p.lines()
	if !p.keyword("in") {
		p.fail("MissingInInForeach", "Missing 'in' after variable in foreach loop.")
	}
	p.lines()
	over := p.pipelineOrAssignment()
	p.expect(")", "MissingEndParenthesisAfterForeach")
	inner := p.body()
	return &foreach{p.from(start), strings.ToLower(name), over, inner}
}

func (p *parser) while(start int) statement {
	condition := p.condition()
	inner := p.body()
	return &loop{extent: p.from(start), condition: condition, body: inner}
}

func (p *parser) do(start int) statement {
	l := &loop{late: true, body: p.body()}
	p.lines()
	l.until = p.keyword("until")
	if !l.until && !p.keyword("while") {
		p.fail("MissingWhileOrUntilInDoWhile", "Missing while or until keyword in do loop.")
	}
	l.condition = p.condition()
	l.extent = p.from(start)
	return l
}

// counted reads for (…; …; …) { … }.
func (p *parser) counted(start int) statement {
	l := &loop{}
	p.expect("(", "MissingOpenParenthesisAfterKeyword")
	for i, part := range []*statement{&l.initial, &l.condition, &l.next} {
		p.lines()
		if p.peek() != ';' && p.peek() != ')' {
			*part = p.pipelineOrAssignment()
		}
		p.lines()
		if i < 2 && !p.accept(";") {
			break
		}
	}
	p.expect(")", "MissingEndParenthesisAfterStatement")
	l.body = p.body()
	l.extent = p.from(start)
	return l
}

func (p *parser) selection(start int) statement {
	s := &selection{mode: "exact"}
	for p.blanks(); p.accept("-"); p.blanks() {
		switch option := strings.ToLower(p.name("")); option {
		case "exact", "wildcard", "regex":
			s.mode = option
		case "casesensitive":
			s.caseSensitive = true
		default:
			p.fail("InvalidSwitchFlag", "The parameter -"+option+" is not a valid parameter for the switch statement.")
		}
	}
	s.over = p.condition()
	p.expect("{", "MissingCurlyBraceInSwitchStatement")
	for {
		p.separators()
		if p.accept("}") {
			s.extent = p.from(start)
			return s
		}
		if p.done() {
			p.missing('}')
		}
		var c choice
		if !p.keyword("default") {
			c.condition = p.argumentValue()
		}
		c.body = p.body()
		s.choices = append(s.choices, c)
	}
}

func (p *parser) attempt(start int) statement {
	a := &attempt{body: p.body()}
	for {
		mark := p.at
		p.lines()
		if p.keyword("catch") {
			a.handlers = append(a.handlers, p.handler())
			continue
		}
		if p.keyword("finally") {
			a.finally = p.body()
		} else {
			p.at = mark
		}
		if a.handlers == nil && a.finally == nil {
			p.fail("MissingCatchOrFinally", "The Try statement is missing its Catch or Finally block.")
		}
		a.extent = p.from(start)
		return a
	}
}

func (p *parser) handler() handler {
	var h handler
	for p.lines(); p.accept("["); p.lines() {
		h.types = append(h.types, p.typeName())
		p.lines()
		p.accept(",")
	}
	h.body = p.body()
	return h
}

// compoundAssignments are the operators that assign, without their equals sign.
var compoundAssignments = []string{"+", "-", "*", "/", "%", ""}

func (p *parser) pipelineOrAssignment() statement {
	p.blanks()
	start := p.at
	if p.isCommand() {
		return p.pipeline(start, nil)
	}
	first := p.expression()
	p.blanks()
	for _, operator := range compoundAssignments {
		if p.accept(operator + "=") {
			p.lines()
			source := p.assigned()
			return &assignment{p.from(start), p.targets(start, first), operator, source}
		}
	}
	return p.pipeline(start, first)
}

// assigned reads the right side of an assignment, which may be any statement.
func (p *parser) assigned() statement {
	if p.endsStatement() {
		p.fail("ExpectedValueExpression", "You must provide a value expression following the '=' operator.")
	}
	return p.statement()
}

// targets returns what an assignment assigns to.
func (p *parser) targets(start int, left expression) []expression {
	all := []expression{left}
	if several, ok := left.(*list); ok {
		all = several.elements
	}
	for _, target := range all {
		inner := target
		if typed, ok := target.(*cast); ok {
			inner = typed.operand
		}
		switch inner.(type) {
		case *variable, *member, *index, *staticMember:
		default:
			p.failAt(start, "InvalidLeftHandSide", "The assignment expression is not valid. The input to an assignment operator must be an object that is "+
				"able to accept assignments, such as a variable or a property.")
		}
	}
	return all
}

func (p *parser) pipeline(start int, first expression) statement {
	line := &pipeline{first: first}
	if first == nil {
		line.stages = append(line.stages, p.command())
	}
	for {
		p.blanks()
		if p.follows("||") || p.follows("&&") || p.peek() == '>' || p.peek() == '<' || p.peek() == '&' {
			p.fail("NotSupported", "The stand-in for PowerShell does not know '"+string(p.peek())+"' here: no redirection, no chains, no jobs.")
		}
		if !p.accept("|") {
			line.extent = p.from(start)
			return line
		}
		p.lines()
		if !p.isCommand() {
			p.fail("ExpressionsMustBeFirstInPipeline", "Expressions are only allowed as the first element of a pipeline.")
		}
		line.stages = append(line.stages, p.command())
	}
}

// isCommand tells a command from an expression by how it begins.
func (p *parser) isCommand() bool {
	r := p.peek()
	return r == '&' || r == '.' && unicode.IsSpace(p.peekAt(1)) || unicode.IsLetter(r) || r == '_' || r == '\\' ||
		(r == '%' || r == '?') && unicode.IsSpace(p.peekAt(1))
}
