package main

import (
	"regexp"
	"strings"
)

var (
	escapePattern = regexp.MustCompile("\x1b\\[[0-9;]*m")

	// Lines by which Terraform's output is told apart.
	blockBegin = regexp.MustCompile(`^  # .* (will be|must be) `)
	blockEnd   = regexp.MustCompile(`^    }`)
	progress   = regexp.MustCompile(`^- Installed |: (Creation|Modifications|Destruction) complete after `)
	planned    = regexp.MustCompile(`^Plan: `)
	summary    = regexp.MustCompile(`^(Apply complete!|Destroy complete!|No changes\.|.* has been successfully initialized!)`)
	warning    = regexp.MustCompile(`^│ Warning: `)
	finding    = regexp.MustCompile(`^│ +- `)

	// What blocks repeat, and what is not known yet.
	noise = regexp.MustCompile(`^ +[+-]? *(id|role_type) += |# \(\d+ unchanged|description += ""|= \(known after apply\)$`)

	// What makes lines long and says nothing: the id after progress, values that
	// will be told later, and the second half of an id of a cloud object.
	longParts = regexp.MustCompile(` \[id=[^]]*\]| -> (?:\x1b\[\d+m)*\(known after apply\)|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// outputLine is a line of Terraform's with the colours that it was shown in.
type outputLine struct {
	plain    string
	coloured string
}

// split returns the lines of an output. Each has the sequences that began before
// it and hold on in it, so that lines can be left out.
func split(output string) []outputLine {
	var (
		lines  []outputLine
		active string
	)

	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		coloured := active + line

		for _, sequence := range escapePattern.FindAllString(line, -1) {
			active += sequence
			if sequence == string(reset) {
				active = ""
			}
		}

		if active != "" {
			coloured += string(reset)
		}

		lines = append(lines, outputLine{plain: escapePattern.ReplaceAllString(line, ""), coloured: coloured})
	}

	return lines
}

// view says what of a plan's blocks is shown.
type view struct {
	// changes shows what is planned, wholeChanges is how many of it are shown
	// with their attributes and not only by name.
	changes      bool
	wholeChanges int
	// warnings shows warnings, outputs the configuration's outputs.
	warnings bool
	outputs  bool
}

// trim returns what matters of Terraform's output: what is to change, what has
// changed, the provider's warnings, and what it comes to.
func trim(output string, v view) []outputLine {
	t := trimmer{view: v}
	for _, line := range split(output) {
		t.take(line)
	}

	return t.kept
}

// section is a part of Terraform's output that is more than a line.
type section int

const (
	nowhere section = iota
	inBlock
	inHiddenBlock
	inDiagnostic
	inOutputs
)

type trimmer struct {
	view    view
	section section
	blocks  int
	kept    []outputLine
}

func (t *trimmer) take(line outputLine) {
	switch t.section {
	case inBlock:
		if !noise.MatchString(line.plain) {
			t.keep(line)
		}

		if blockEnd.MatchString(line.plain) {
			t.keepBlank()

			t.section = nowhere
		}
	case inHiddenBlock:
		if blockEnd.MatchString(line.plain) {
			t.section = nowhere
		}
	case inDiagnostic:
		t.takeOfDiagnostic(line)
	case inOutputs:
		if line.plain != "" {
			t.keep(line)
		}
	case nowhere:
		t.begin(line)
	}
}

// takeOfDiagnostic keeps the title of a warning and its findings, without the
// place and the advice, which is the same each time.
func (t *trimmer) takeOfDiagnostic(line outputLine) {
	switch {
	case strings.HasPrefix(line.plain, "╵"):
		t.section = nowhere
	case t.view.warnings && (warning.MatchString(line.plain) || finding.MatchString(line.plain)):
		t.keep(line)
	}
}

// begin takes a line outside of all sections.
func (t *trimmer) begin(line outputLine) {
	switch {
	case blockBegin.MatchString(line.plain):
		t.beginBlock(line)
	case strings.HasPrefix(line.plain, "╷"):
		if t.view.warnings {
			t.keepBlank()
		}

		t.section = inDiagnostic
	case line.plain == "Outputs:" && t.view.outputs:
		t.keepBlank()
		t.keep(line)
		t.section = inOutputs
	case planned.MatchString(line.plain) && t.view.changes, summary.MatchString(line.plain):
		t.keepBlank()
		t.keep(line)
	case progress.MatchString(line.plain):
		t.keep(line)
	}
}

func (t *trimmer) beginBlock(line outputLine) {
	t.section = inHiddenBlock

	if !t.view.changes {
		return
	}

	t.keep(line)

	t.blocks++
	if t.blocks <= t.view.wholeChanges {
		t.section = inBlock
	}
}

func (t *trimmer) keep(line outputLine) {
	t.kept = append(t.kept, outputLine{plain: shorten(line.plain), coloured: shorten(line.coloured)})
}

// keepBlank sets off what comes from what is kept already.
func (t *trimmer) keepBlank() {
	if len(t.kept) > 0 && t.kept[len(t.kept)-1].plain != "" {
		t.keep(outputLine{})
	}
}

func shorten(text string) string {
	return longParts.ReplaceAllStringFunc(text, func(part string) string {
		if strings.HasPrefix(part, " ") {
			return ""
		}

		return part[:len(part)/2] + "…"
	})
}
