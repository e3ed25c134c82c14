package vbopowershell

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashicorp/go-version"
)

// CmdletError is a failure of the script on the server.
type CmdletError struct {
	// Target is the [Transport] in words.
	Target string
	Kind   CmdletErrorKind
	// Cmdlet is what failed; empty if no cmdlet is to blame.
	Cmdlet string
	// Message is PowerShell's error text, and ID its fully qualified error id.
	Message, ID string
	// PowerShell is the version that ran the script.
	PowerShell string
}

// CmdletErrorKind classifies a [CmdletError]. Unknown kinds are to be treated as [CmdletFailed].
type CmdletErrorKind string

// The kinds of a [CmdletError].
const (
	// CmdletFailed: a cmdlet ended with an error.
	CmdletFailed CmdletErrorKind = "cmdlet"
	// ModuleMissing: there is no module at the path given.
	ModuleMissing CmdletErrorKind = "moduleMissing"
	// Busy: another run held the lock all the time.
	Busy CmdletErrorKind = "busy"
	// Changed: the settings were not those expected; nothing was changed.
	Changed CmdletErrorKind = "changed"
)

// Error implements error.
func (e *CmdletError) Error() string {
	if e.Cmdlet == "" {
		return fmt.Sprintf("%s: %s", e.Target, e.Message)
	}
	return fmt.Sprintf("%s: %s: %s", e.Target, e.Cmdlet, e.Message)
}

// leastVersion is the PowerShell that product 8 needs.
var leastVersion = version.Must(version.NewVersion("7.4.2"))

// OldPowerShell tells that a version older than product 8 needs ran the script.
func (e *CmdletError) OldPowerShell() bool {
	ran, err := version.NewVersion(e.PowerShell)
	return err == nil && ran.LessThan(leastVersion)
}

// OutcomeUnknownError is a change that failed, after which nobody could find out
// what became of the settings.
type OutcomeUnknownError struct {
	// Err is why the change failed, and ReadBack why the look afterwards did.
	Err, ReadBack error
}

// Error implements error.
func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("%v\nWhat became of the settings is not known: %v", e.Err, e.ReadBack)
}

// Unwrap returns why the change failed, for that is what is to be explained: that
// the look afterwards changed nothing says nothing of the change.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// ShellError is a command that ended without an answer of the script.
type ShellError struct {
	// Target is the [Transport] in words.
	Target   string
	Reason   ShellErrorReason
	ExitCode int
	// Output is what the command wrote, shortened, without formatting.
	Output string
}

// ShellErrorReason classifies a [ShellError].
type ShellErrorReason string

// The reasons of a [ShellError].
const (
	// ShellNoExecutable: the server has no such program.
	ShellNoExecutable ShellErrorReason = "no executable"
	// ShellUnexpected: anything else.
	ShellUnexpected ShellErrorReason = "unexpected"
)

// Error implements error.
func (e *ShellError) Error() string {
	if e.Output == "" {
		return fmt.Sprintf("%s: PowerShell ended with exit code %d and wrote nothing", e.Target, e.ExitCode)
	}
	return fmt.Sprintf("%s: PowerShell ended with exit code %d and wrote: %s", e.Target, e.ExitCode, e.Output)
}

// notRecognized is how cmd.exe, PowerShell and Unix shells say that there is no
// such program.
var notRecognized = regexp.MustCompile(`(?i)is not recognized as|cannot find the path specified|command not found|No such file or directory`)

// newShellError describes a command that ended without an answer.
func newShellError(target string, output Output) *ShellError {
	text := plainText(output.Stderr)
	if text == "" {
		text = plainText(output.Stdout)
	}
	e := &ShellError{Target: target, Reason: ShellUnexpected, ExitCode: output.ExitCode, Output: shorten(text)}
	if notRecognized.MatchString(text) {
		e.Reason = ShellNoExecutable
	}
	return e
}

const maxQuoted = 1000

// shorten keeps the beginning of a text that is too long for a diagnostic.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxQuoted {
		return string(runes[:maxQuoted]) + " …"
	}
	return text
}

// clixmlMark begins PowerShell's serialized objects, into which it packs its
// error stream where it takes its caller for another PowerShell.
const clixmlMark = "#< CLIXML"

var (
	ansiSequence = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)
	// clixmlEscape is how CLIXML writes UTF-16 units that XML cannot hold.
	clixmlEscape = regexp.MustCompile(`_x([0-9A-Fa-f]{4})_`)
)

// plainText returns what people would have read on a console: CLIXML is
// unpacked, and colors and control characters are left out.
func plainText(raw []byte) string {
	var text strings.Builder
	rest := string(raw)
	for {
		before, after, found := strings.Cut(rest, clixmlMark)
		text.WriteString(before)
		if !found {
			break
		}
		end := strings.Index(after, "</Objs>")
		if end < 0 {
			break
		}
		end += len("</Objs>")
		text.WriteString(clixmlText(after[:end]))
		rest = after[end:]
	}
	cleaned := ansiSequence.ReplaceAllString(text.String(), "")
	cleaned = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, cleaned)
	return strings.TrimSpace(cleaned)
}

// clixmlText returns the texts of the error and warning streams. Progress, which
// fills most of CLIXML, is left out.
func clixmlText(document string) string {
	var objects struct {
		Texts []struct {
			Stream string `xml:"S,attr"`
			Text   string `xml:",chardata"`
		} `xml:"S"`
	}
	if err := xml.Unmarshal([]byte(document), &objects); err != nil {
		return ""
	}
	var text strings.Builder
	for _, line := range objects.Texts {
		if strings.EqualFold(line.Stream, "error") || strings.EqualFold(line.Stream, "warning") {
			text.WriteString(clixmlEscape.ReplaceAllStringFunc(line.Text, func(escape string) string {
				unit, _ := strconv.ParseUint(escape[2:6], 16, 16) // four hexadecimal digits
				return string(rune(unit))
			}))
		}
	}
	return text.String()
}
