package powershell

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// source is the text of a script.
type source struct {
	text []rune
	// core tells PowerShell 7 from Windows PowerShell.
	core bool
}

// line returns the number of the line that holds a position, beginning with 1,
// its text, and the position's column in it, beginning with 0.
func (s *source) line(at int) (number int, text string, column int) {
	at = min(at, len(s.text))
	begin := at
	for begin > 0 && s.text[begin-1] != '\n' {
		begin--
	}
	end := at
	for end < len(s.text) && s.text[end] != '\n' {
		end++
	}
	return 1 + strings.Count(string(s.text[:at]), "\n"), string(s.text[begin:end]), at - begin
}

// SyntaxError is a script that cannot be parsed.
type SyntaxError struct {
	// Message is PowerShell's text, and ID its name.
	Message, ID string
	// Line is where it was found, beginning with 1.
	Line int

	where extent
}

// Error implements error.
func (e *SyntaxError) Error() string { return e.Message }

// lexer reads a script from left to right. How a word is read depends on what
// may come next, so that the parser asks for one kind of token or the other.
type lexer struct {
	*source

	at int
}

// fail ends parsing. It is caught by parse.
func (l *lexer) fail(id, message string) {
	l.failAt(l.at, id, message)
}

func (l *lexer) failAt(at int, id, message string) {
	number, _, _ := l.line(at)
	panic(&SyntaxError{Message: message, ID: id, Line: number, where: extent{l.source, at, at + 1}})
}

// unexpected fails because of what comes next.
func (l *lexer) unexpected() {
	if l.done() {
		l.fail("MissingEndOfInput", "An expression was expected at the end of the script.")
	}
	l.fail("UnexpectedToken", "Unexpected token '"+l.rest()+"' in expression or statement.")
}

// rest quotes what comes next.
func (l *lexer) rest() string {
	end := l.at + 1
	for end < len(l.text) && !unicode.IsSpace(l.text[end]) {
		end++
	}
	return string(l.text[l.at:end])
}

func (l *lexer) done() bool { return l.at >= len(l.text) }

// peek returns the next character, zero at the end.
func (l *lexer) peek() rune { return l.peekAt(0) }

func (l *lexer) peekAt(offset int) rune {
	if l.at+offset >= len(l.text) || l.at+offset < 0 {
		return 0
	}
	return l.text[l.at+offset]
}

// follows tells whether a text comes next. Case does not count.
func (l *lexer) follows(text string) bool {
	for i, r := range []rune(text) {
		if unicode.ToLower(l.peekAt(i)) != r {
			return false
		}
	}
	return true
}

// accept passes a text if it comes next.
func (l *lexer) accept(text string) bool {
	if !l.follows(text) {
		return false
	}
	l.at += len([]rune(text))
	return true
}

// blanks passes blanks, block comments and continued lines.
func (l *lexer) blanks() {
	for {
		switch {
		case l.done():
			return
		case l.peek() != '\n' && unicode.IsSpace(l.peek()):
			l.at++
		case l.peek() == '`' && l.peekAt(1) == '\n':
			l.at += 2
		case l.follows("<#"):
			l.blockComment()
		default:
			return
		}
	}
}

// lines passes blanks, comments and the ends of lines.
func (l *lexer) lines() {
	for {
		l.blanks()
		switch l.peek() {
		case '\n':
			l.at++
		case '#':
			l.comment()
		default:
			return
		}
	}
}

// separators passes what may stand between statements.
func (l *lexer) separators() {
	for l.lines(); l.peek() == ';'; l.lines() {
		l.at++
	}
}

func (l *lexer) comment() {
	for !l.done() && l.peek() != '\n' {
		l.at++
	}
}

func (l *lexer) blockComment() {
	begin := l.at
	for !l.follows("#>") {
		if l.done() {
			l.failAt(begin, "MissingTerminatorMultiLineComment", "The terminator '#>' is missing from the multiline comment.")
		}
		l.at++
	}
	l.at += 2
}

// endsStatement tells whether a statement may end here.
func (l *lexer) endsStatement() bool {
	return l.done() || strings.ContainsRune("\n;)}#", l.peek())
}

func isNameRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// name reads letters, digits and underscores, and other characters that are
// allowed; it may be empty.
func (l *lexer) name(also string) string {
	begin := l.at
	for isNameRune(l.peek()) || !l.done() && strings.ContainsRune(also, l.peek()) {
		l.at++
	}
	return string(l.text[begin:l.at])
}

// keyword passes a word if it comes next and ends there.
func (l *lexer) keyword(word string) bool {
	length := len(word)
	if !l.follows(word) || isNameRune(l.peekAt(length)) || l.peekAt(length) == '-' {
		return false
	}
	l.at += length
	return true
}

// wordEnds are the characters that end an argument which is not quoted.
const wordEnds = ";|&(){},<>'\"$@`‘’‚‛“”„"

// word reads a name of a command or an argument that is not quoted.
func (l *lexer) word() string {
	begin := l.at
	for !l.done() && !unicode.IsSpace(l.peek()) && (l.at == begin || !strings.ContainsRune(wordEnds, l.peek())) {
		l.at++
	}
	if !l.done() && strings.ContainsRune("$`'\"@", l.peek()) {
		l.fail("NotSupported", "The stand-in for PowerShell does not expand words; put it into double quotes.")
	}
	return string(l.text[begin:l.at])
}

// multipliers are the suffixes of numbers.
var multipliers = map[string]int64{"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}

// number reads a number of an expression.
func (l *lexer) number() any {
	begin := l.at
	if l.follows("0x") {
		l.at += 2
		l.name("")
	} else {
		l.name("")
		if l.peek() == '.' && unicode.IsDigit(l.peekAt(1)) {
			l.at++
			l.name("")
		}
	}
	value, ok := parseNumber(string(l.text[begin:l.at]))
	if !ok {
		l.failAt(begin, "BadNumericConstant", "The numeric constant "+string(l.text[begin:l.at])+" is not valid.")
	}
	return value
}

// parseNumber reads a number as scripts write them.
func parseNumber(text string) (value any, ok bool) {
	text = strings.ToLower(text)
	if digits, isHex := strings.CutPrefix(text, "0x"); isHex {
		n, err := strconv.ParseInt(digits, 16, 64)
		return n, err == nil
	}
	suffix := ""
	for candidate := range multipliers {
		if candidate != "" && strings.HasSuffix(text, candidate) {
			suffix = candidate
		}
	}
	digits := strings.TrimSuffix(strings.TrimSuffix(text, suffix), "l")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		if factor := multipliers[suffix]; n <= math.MaxInt64/factor && n >= math.MinInt64/factor {
			return n * factor, true
		}
	}
	if strings.Trim(digits, "0123456789.e+-") != "" || digits == "" {
		return nil, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	return f * float64(multipliers[suffix]), err == nil
}

// isSingleQuote and isDoubleQuote: PowerShell takes typographic quotation marks
// for plain ones.
func isSingleQuote(r rune) bool { return r != 0 && strings.ContainsRune("'‘’‚‛", r) }

func isDoubleQuote(r rune) bool { return r != 0 && strings.ContainsRune("\"“”„", r) }

// singleQuoted reads a string in which nothing is expanded.
func (l *lexer) singleQuoted() string {
	begin := l.at
	l.at++
	var text strings.Builder
	for {
		switch r := l.peek(); {
		case l.done():
			l.failAt(begin, "TerminatorExpectedAtEndOfString", "The string is missing the terminator: '.")
		case isSingleQuote(r) && isSingleQuote(l.peekAt(1)):
			text.WriteRune(r)
			l.at += 2
		case isSingleQuote(r):
			l.at++
			return text.String()
		default:
			text.WriteRune(r)
			l.at++
		}
	}
}

// hereString reads the text of a here-string up to its end, without expanding.
func (l *lexer) hereString(terminator string) string {
	begin := l.at
	l.at += 2
	l.blanks()
	if l.peek() != '\n' {
		l.fail("UnexpectedCharactersAfterHereStringHeader", "No characters are allowed after a here-string header but before the end of the line.")
	}
	l.at++
	var lines []string
	for !l.done() {
		if l.accept(terminator) {
			return strings.Join(lines, "\n")
		}
		from := l.at
		l.comment()
		lines = append(lines, string(l.text[from:l.at]))
		l.at++
	}
	l.failAt(begin, "TerminatorExpectedAtEndOfString", "The string is missing the terminator: "+terminator+".")
	return ""
}

// escapes are the characters behind a backtick that mean another one.
var escapes = map[rune]rune{'0': 0, 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// escape reads what a backtick and the character behind it mean.
func (l *lexer) escape() string {
	if l.done() || l.at+1 >= len(l.text) {
		l.fail("TerminatorExpectedAtEndOfString", "The string is missing the terminator: \".")
	}
	r := l.peekAt(1)
	l.at += 2
	switch {
	case r == 'e' && l.core:
		return "\x1b"
	case r == 'u' && l.core && l.peek() == '{':
		return l.codePoint()
	case r == '\n':
		return ""
	}
	if meant, ok := escapes[r]; ok {
		return string(meant)
	}
	return string(r)
}

// codePoint reads the rest of `u{…}.
func (l *lexer) codePoint() string {
	begin := l.at
	l.at++
	digits := l.name("")
	n, err := strconv.ParseInt(digits, 16, 32)
	if err != nil || n > unicode.MaxRune || !l.accept("}") {
		l.failAt(begin, "InvalidUnicodeEscapeSequence", "The Unicode escape sequence is not valid. A valid sequence is `u{ followed by one to six hex digits and a closing '}'.")
	}
	return string(rune(n))
}

// variableName reads what follows a dollar sign. It is empty if that is no name.
func (l *lexer) variableName() (scope, name string) {
	if l.accept("{") {
		begin := l.at
		for l.peek() != '}' {
			if l.done() {
				l.failAt(begin, "IncompleteDollarBraceVariableReference", "The braced variable reference is missing its closing brace.")
			}
			l.at++
		}
		l.at++
		name = string(l.text[begin : l.at-1])
		if before, after, found := strings.Cut(name, ":"); found {
			return strings.ToLower(before), after
		}
		return "", name
	}
	if l.peek() == '?' || l.peek() == '^' || l.peek() == '$' {
		l.at++
		return "", string(l.text[l.at-1])
	}
	name = l.name("")
	if l.peek() != ':' || l.peekAt(1) == ':' || name == "" {
		return "", name
	}
	if !isNameRune(l.peekAt(1)) {
		l.fail("InvalidVariableReferenceWithDrive",
			"Variable reference is not valid. ':' was not followed by a valid variable name character. Consider using ${} to delimit the name.")
	}
	l.at++
	return strings.ToLower(name), l.name("")
}

// typeName reads the name of a type up to its closing bracket, in lower case and
// without "system.".
func (l *lexer) typeName() string {
	begin := l.at
	depth := 1
	for ; ; l.at++ {
		r := l.peek()
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == 0 || !isNameRune(r) && !strings.ContainsRune(".,`+ ", r):
			l.fail("EndSquareBracketExpectedAtEndOfType", "Missing ] at end of type token.")
		}
		if depth == 0 {
			break
		}
	}
	name := strings.ReplaceAll(strings.ToLower(string(l.text[begin:l.at])), " ", "")
	l.at++
	if name == "" {
		l.failAt(begin, "MissingTypename", "Missing type name after '['.")
	}
	return normalizeType(name)
}

func isOperatorWord(word string) bool {
	_, ok := binaryOperators[strings.ToLower(word)]
	return ok
}
