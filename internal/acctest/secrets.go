package acctest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TraceFile is the file of a [Workspace] that [Workspace.Trace] logs to.
const TraceFile = "trace.log"

// Trace runs a command with the log of everything on, and keeps what it printed
// in a file. Only plans may fail.
func (w *Workspace) Trace(t *testing.T, arguments ...string) {
	t.Helper()
	command := w.Command(t.Context(), []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + filepath.Join(w.Dir, TraceFile)}, arguments...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	w.Write(t, strings.Join(arguments, "_")+".out", out.String())
	if err != nil && arguments[0] != "plan" {
		t.Fatalf("terraform %v: %v\n%s", arguments, err, out.String())
	}
}

// HoldsNone fails the test for every file of the workspace that holds a secret:
// states, plans, logs, and what was printed. Files that are to hold them, such as
// the configuration, are left out by name.
func (w *Workspace) HoldsNone(t *testing.T, secrets []string, but ...string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.Dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil || strings.Contains(" "+strings.Join(but, " ")+" ", " "+filepath.Base(file)+" ") {
			continue // a directory, or meant to hold secrets
		}
		looked++
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret", filepath.Base(file))
			}
		}
	}
	if looked < 3 {
		t.Fatalf("only %d files were looked at: the test looks for nothing", looked)
	}
}
