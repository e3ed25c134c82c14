package powershell

import (
	"fmt"
	"strings"
)

// describe writes an error that nobody caught, as the engine's version does.
func (p *process) describe(e *Error) string {
	if p.core() {
		return concise(e)
	}
	return categorized(e)
}

// concise is PowerShell 7's view of an error.
func concise(e *Error) string {
	prefix := e.command
	if prefix == "" {
		name := e.exceptionType()
		prefix = name[strings.LastIndexByte(name, '.')+1:]
		if e.thrown && e.Type == "" {
			prefix = "Exception"
		}
		if e.Category == "ParserError" {
			prefix = "ParserError"
		}
	}
	if e.where.source == nil {
		return prefix + ": " + e.Message + "\n"
	}
	number, text, column := e.where.source.line(e.where.start)
	if number == 1 && e.Category != "ParserError" {
		return prefix + ": " + e.Message + "\n"
	}
	return fmt.Sprintf("%s: \nLine |\n%4d |  %s\n     |  %s%s\n     | %s\n", prefix, number, text, strings.Repeat(" ", column),
		strings.Repeat("~", underlined(e, text, column)), e.Message)
}

// underlined is how much of a line an error is about.
func underlined(e *Error, text string, column int) int {
	return max(1, min(e.where.end-e.where.start, len([]rune(text))-column))
}

// categorized is Windows PowerShell's view of an error.
func categorized(e *Error) string {
	var text strings.Builder
	if e.command != "" {
		text.WriteString(e.command + " : ")
	}
	text.WriteString(e.Message + "\n")
	if e.where.source != nil {
		number, line, column := e.where.source.line(e.where.start)
		fmt.Fprintf(&text, "At line:%d char:%d\n+ %s\n+ %s%s\n", number, column+1, line, strings.Repeat(" ", column),
			strings.Repeat("~", underlined(e, line, column)))
	}
	reason := e.exceptionType()
	target := ":"
	if e.Target != "" {
		target = e.Target + ":String"
	}
	fmt.Fprintf(&text, "    + CategoryInfo          : %s: (%s) [%s], %s\n    + FullyQualifiedErrorId : %s\n \n", e.category(), target, e.command,
		reason[strings.LastIndexByte(reason, '.')+1:], e.ID)
	return text.String()
}

// clixmlEscapes are the characters that XML cannot hold, or that would be lost.
var clixmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "_x000D_", "\n", "_x000A_", "\x1b", "_x001B_", "_x", "_x005F_x")

// clixml is text of the error stream as PowerShell serializes it, with the record
// of progress that it likes to put in front.
func clixml(stream, text string) string {
	var lines strings.Builder
	for line := range strings.Lines(text) {
		fmt.Fprintf(&lines, `<S S="%s">%s</S>`, stream, clixmlEscapes.Replace(strings.TrimRight(line, "\r\n")+"\r\n"))
	}
	return "#< CLIXML\r\n" + `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj S="progress" RefId="0"><TN RefId="0">` +
		`<T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><I64 N="SourceId">1</I64><PR N="Record">` +
		`<AV>Preparing modules for first use.</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>` +
		lines.String() + "</Objs>"
}

// writeError writes an error to the error stream.
func (p *process) writeError(e *Error) {
	p.writeStream("Error", p.describe(e))
}

// writeStream writes text to the error stream, as text or serialized.
func (p *process) writeStream(stream, text string) {
	if p.serialized {
		fmt.Fprint(p.stderr, clixml(stream, text))
		return
	}
	fmt.Fprint(p.stderr, strings.ReplaceAll(text, "\n", "\r\n"))
}

// show writes an object to the console.
func (p *process) show(value any) error {
	text := Text(value)
	if o, ok := value.(*Object); ok {
		text = o.list()
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	if _, err := fmt.Fprint(p.stdout, text+"\r\n"); err != nil {
		return killed{} // nobody is there to read
	}
	return nil
}

// list shows an object as a list, which PowerShell does for those that are no
// table.
func (o *Object) list() string {
	width := 0
	for _, name := range o.names {
		width = max(width, len([]rune(name)))
	}
	lines := []string{""}
	for _, name := range o.names {
		lines = append(lines, fmt.Sprintf("%-*s : %s", width, name, Text(o.Get(name))))
	}
	return strings.Join(append(lines, ""), "\n")
}
