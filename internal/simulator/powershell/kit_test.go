package powershell

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
)

// encoded is a script in the form of -EncodedCommand.
func encoded(script string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(script)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// line is the command line that runs a script.
func line(script string) string {
	return "pwsh.exe -NoProfile -NonInteractive -EncodedCommand " + encoded(script)
}

func newMachine() *Machine {
	return NewMachine(map[string]string{"pwsh.exe": "7.4.6", "powershell.exe": "5.1.17763.5458"})
}

// result is what a process left.
type result struct {
	stdout, stderr string
	exitCode       int
}

// exec runs a command line; ends of lines are made plain.
func exec(ctx context.Context, m *Machine, commandLine, stdin string) result {
	var out, errs bytes.Buffer
	code := m.Exec(ctx, commandLine, strings.NewReader(stdin), &out, &errs)
	return result{strings.ReplaceAll(out.String(), "\r\n", "\n"), strings.ReplaceAll(errs.String(), "\r\n", "\n"), code}
}

func run(t *testing.T, m *Machine, script, stdin string) result {
	t.Helper()
	return exec(t.Context(), m, line(script), stdin)
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// open is an input that never ends.
func open(t *testing.T) io.Reader {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() })
	return r
}
