package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrapBreaksBetweenWords(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		text string
		want []string
	}{
		"a text that fits":              {"one two", []string{"one two"}},
		"a text that does not":          {"one two three", []string{"one two", "three"}},
		"a word that is too long":       {"one underestimated two", []string{"one", "underestimated", "two"}},
		"characters count, not bytes":   {"äöü äöü", []string{"äöü äöü"}},
		"the line is as wide as it can": {"1234 6789 123", []string{"1234 6789", "123"}},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, wrap(test.text, 9)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStyleIsLeftOutOfPlainText(t *testing.T) {
	t.Parallel()

	var coloured, plain strings.Builder

	(&narrator{w: &coloured, colour: true}).done("%s", "built")
	(&narrator{w: &plain}).done("%s", "built")

	if want := "  \x1b[32m✓\x1b[0m built\n"; coloured.String() != want {
		t.Errorf("got %q, want %q", coloured.String(), want)
	}

	if want := "  ✓ built\n"; plain.String() != want {
		t.Errorf("got %q, want %q", plain.String(), want)
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	// A character device, as terminals are.
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()

	file, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	tests := map[string]struct {
		file          *os.File
		term, noColor string
		want          bool
	}{
		"a terminal":              {terminal, "xterm", "", true},
		"a terminal and NO_COLOR": {terminal, "xterm", "1", false},
		"a dumb terminal":         {terminal, "dumb", "", false},
		"a file":                  {file, "xterm", "", false},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TERM", test.term)
			t.Setenv("NO_COLOR", test.noColor)

			if got := colours(test.file); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestBlankLinesDoNotAddUp(t *testing.T) {
	t.Parallel()

	var out strings.Builder

	n := &narrator{w: &out}
	n.blank()
	n.say("One.")
	n.blank()
	n.say("Two.")

	if want := "\nOne.\n\nTwo.\n\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
