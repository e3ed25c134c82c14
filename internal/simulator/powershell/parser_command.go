package powershell

import (
	"strings"
	"unicode"
)

func (p *parser) command() *command {
	start := p.at
	c := &command{}
	switch {
	case p.accept("&"):
		p.blanks()
		c.name = p.postfix()
	case p.peek() == '.' && unicode.IsSpace(p.peekAt(1)):
		p.at++
		p.blanks()
		c.dot = true
		c.name = p.postfix()
	default:
		c.name = &literal{p.word()}
	}
	for {
		p.blanks()
		if p.endsCommand() {
			c.extent = p.from(start)
			return c
		}
		c.arguments = append(c.arguments, p.argument())
	}
}

func (p *parser) endsCommand() bool {
	return p.endsStatement() || strings.ContainsRune("|&><", p.peek())
}

func (p *parser) argument() argument {
	switch {
	case p.peek() == '-' && (unicode.IsLetter(p.peekAt(1)) || p.peekAt(1) == '_'):
		return p.namedArgument()
	case p.follows("--"):
		p.fail("NotSupported", "The stand-in for PowerShell does not know '--'.")
	case p.peek() == '@' && isNameRune(p.peekAt(1)):
		p.at++
		return argument{splat: strings.ToLower(p.name(""))}
	}
	return argument{value: p.argumentList()}
}

func (p *parser) namedArgument() argument {
	p.at++
	a := argument{parameter: p.name("")}
	if p.accept(":") {
		a.attached = true
		p.blanks()
		if p.endsCommand() {
			p.fail("ParameterRequiresArgument", "The parameter '"+a.parameter+"' requires an argument.")
		}
		a.value = p.argumentList()
		return a
	}
	p.blanks()
	isParameter := p.peek() == '-' && (unicode.IsLetter(p.peekAt(1)) || p.peekAt(1) == '_')
	isSplat := p.peek() == '@' && isNameRune(p.peekAt(1))
	if !p.endsCommand() && !isParameter && !isSplat {
		a.value = p.argumentList()
	}
	return a
}

// argumentList reads a value, or values between commas.
func (p *parser) argumentList() expression {
	first := p.argumentValue()
	elements := []expression{first}
	for {
		mark := p.at
		p.blanks()
		if !p.accept(",") {
			p.at = mark
			break
		}
		p.lines()
		elements = append(elements, p.argumentValue())
	}
	if len(elements) == 1 {
		return first
	}
	return &list{elements}
}

// argumentValue reads a value as it stands in a command: words need no quotes.
func (p *parser) argumentValue() expression {
	r := p.peek()
	if strings.ContainsRune("$(@{", r) || isSingleQuote(r) || isDoubleQuote(r) {
		value := p.postfix()
		if !p.done() && !unicode.IsSpace(p.peek()) && !strings.ContainsRune(";|&(){},<>", p.peek()) {
			p.fail("NotSupported", "The stand-in for PowerShell does not put words together; put this into double quotes.")
		}
		return value
	}
	word := p.word()
	if word == "" {
		p.unexpected()
	}
	if number, ok := parseNumber(word); ok {
		return &literal{number}
	}
	return &literal{word}
}
