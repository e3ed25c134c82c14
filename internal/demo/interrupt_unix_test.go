//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAccInterruptLeavesNothingBehind(t *testing.T) {
	prompt := "$ " + filepath.Base(needTerraform(t)) + " "

	program := filepath.Join(t.TempDir(), "demo")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}

	tests := map[string]struct {
		after   string
		signals []os.Signal
	}{
		"Ctrl-C while the provider is built":  {"… building the provider", []os.Signal{syscall.SIGINT}},
		"Ctrl-C in the first apply":           {prompt + "apply roles.tfplan", []os.Signal{syscall.SIGINT}},
		"an impatient Ctrl-C":                 {prompt + "apply roles.tfplan", []os.Signal{syscall.SIGINT, syscall.SIGINT, syscall.SIGINT}},
		"SIGTERM in the plan after the drift": {prompt + "plan -detailed-exitcode", []os.Signal{syscall.SIGTERM}},
		"the terminal is closed in destroy":   {prompt + "destroy", []os.Signal{syscall.SIGHUP}},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := stage(t)
			command := exec.CommandContext(t.Context(), program)
			command.Env = append(os.Environ(), "TMPDIR="+dir)

			var complaints bytes.Buffer

			command.Stderr = &complaints

			output, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}

			if err := command.Start(); err != nil {
				t.Fatal(err)
			}

			told, found := readUntil(output, test.after)
			if !found {
				t.Errorf("%q is not told", test.after)
			}

			for _, signal := range test.signals {
				// It may have ended after the first of many.
				_ = command.Process.Signal(signal)
			}

			rest, err := io.ReadAll(output)
			if err != nil {
				t.Error(err)
			}

			if err := command.Wait(); command.ProcessState.ExitCode() != exitInterrupted {
				t.Errorf("it ended with %v", err)
			}

			if !strings.Contains(complaints.String(), "Interrupted.") || strings.Contains(complaints.String(), "Error") {
				t.Errorf("it says %q", complaints.String())
			}

			for _, process := range processesOf(t, dir) {
				t.Errorf("this process is left behind: %s", process)
			}

			if t.Failed() {
				t.Log(told + string(rest))
			}
		})
	}
}

// readUntil reads up to a line that begins with a text.
func readUntil(r io.Reader, text string) (told string, found bool) {
	for lines := bufio.NewScanner(r); lines.Scan() && !found; {
		told += lines.Text() + "\n"
		found = strings.HasPrefix(strings.TrimSpace(lines.Text()), text)
	}

	return told, found
}

// processesOf lists the processes that have a directory in their environment,
// where the system has /proc.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()

	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}

	var processes []string

	for _, environment := range environments {
		text, err := os.ReadFile(environment)
		if errors.Is(err, os.ErrNotExist) || !bytes.Contains(text, []byte("="+dir)) {
			continue
		}

		name, _ := os.ReadFile(filepath.Join(filepath.Dir(environment), "cmdline"))
		processes = append(processes, string(bytes.ReplaceAll(name, []byte{0}, []byte{' '})))
	}

	return processes
}
