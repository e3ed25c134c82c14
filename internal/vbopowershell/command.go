package vbopowershell

import (
	"fmt"
	"strings"
	"unicode"
)

// maxCommandLine is how long a command line may be for cmd.exe, which both SSH
// and WinRM start commands with.
const maxCommandLine = 8191

// CommandLine returns the command line that starts PowerShell, by its name or
// path, with a script in the form of its parameter -EncodedCommand. Nothing in it
// means anything to cmd.exe or PowerShell, whichever is the server's shell; with
// blanks in the path, it has to be cmd.exe. An error wraps [ErrConfig].
func CommandLine(executable, encoded string) (string, error) {
	if executable == "" {
		return "", fmt.Errorf("%w: the executable is empty", ErrConfig)
	}
	for _, r := range executable {
		if unicode.IsControl(r) || strings.ContainsRune("\"'%!^&|<>`$;*?", r) {
			return "", fmt.Errorf("%w: the executable %q holds %q, which no program's path has", ErrConfig, executable, r)
		}
	}
	if strings.ContainsAny(executable[:1], "-/ ") {
		return "", fmt.Errorf("%w: the executable %q does not begin like a program's path", ErrConfig, executable)
	}
	if strings.ContainsAny(executable, " ()") {
		executable = `"` + executable + `"`
	}
	line := executable + " -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand " + encoded
	if len(line) > maxCommandLine {
		return "", fmt.Errorf("%w: the path of the executable is too long", ErrConfig)
	}
	return line, nil
}
