package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// width is where prose is wrapped and rules end.
const width = 80

// style is an ANSI "select graphic rendition" sequence.
type style string

const (
	bold   style = "\x1b[1m"
	dim    style = "\x1b[2m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	cyan   style = "\x1b[36m"
	reset  style = "\x1b[0m"
)

// narrator tells the story.
type narrator struct {
	w      io.Writer
	colour bool
	// lost is called when nobody reads any longer, as after `make demo | head`.
	lost func(error)
	// atBlank tells whether the last line is blank.
	atBlank bool
}

// colours tells whether a file is a terminal that is to be coloured.
func colours(file *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}

	info, err := file.Stat()

	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (n *narrator) print(text string) {
	if _, err := io.WriteString(n.w, text); err != nil {
		n.lost(fmt.Errorf("nobody reads the output: %w", err))
	}
}

func (n *narrator) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	n.print(text + "\n")
	n.atBlank = text == ""
}

// blank leaves a line blank, unless the last one is.
func (n *narrator) blank() {
	if !n.atBlank {
		n.line("")
	}
}

// in returns the text in a style, or as it is where there are no colours.
func (n *narrator) in(s style, text string) string {
	if !n.colour {
		return text
	}

	return string(s) + text + string(reset)
}

// title begins the story.
func (n *narrator) title(text string) {
	n.blank()
	n.line("%s", n.in(bold+cyan, text))
	n.line("%s", n.in(cyan, strings.Repeat("═", len([]rune(text)))))
	n.blank()
}

// chapter begins a chapter.
func (n *narrator) chapter(number, of int, title string) {
	head := fmt.Sprintf("── %d of %d · ", number, of)
	rule := strings.Repeat("─", max(0, width-len([]rune(head))-len([]rune(title))-1))

	n.blank()
	n.line("%s%s %s", n.in(cyan, head), n.in(bold, title), n.in(cyan, rule))
	n.blank()
}

// say tells a paragraph.
func (n *narrator) say(text string) {
	for _, line := range wrap(text, width) {
		n.line("%s", line)
	}

	n.blank()
}

// done tells of something that was done.
func (n *narrator) done(format string, args ...any) {
	n.line("  %s %s", n.in(green, "✓"), fmt.Sprintf(format, args...))
}

// command shows what is run, as it would be typed.
func (n *narrator) command(text string) {
	n.line("%s %s", n.in(green, "$"), n.in(bold, text))
	n.blank()
}

// aside tells what is good to know and not important.
func (n *narrator) aside(format string, args ...any) {
	for _, line := range wrap(fmt.Sprintf(format, args...), width) {
		n.line("%s", n.in(dim, line))
	}
}

// code shows a configuration, its comments dimmed.
func (n *narrator) code(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			line = n.in(dim, line)
		}

		n.line("  %s", line)
	}

	n.blank()
}

// wrap breaks a text into lines of at most that many characters, where words
// allow it.
func wrap(text string, most int) []string {
	var (
		lines []string
		line  string
	)

	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > most {
			lines = append(lines, line)
			line = ""
		}

		if line != "" {
			line += " "
		}

		line += word
	}

	return append(lines, line)
}
