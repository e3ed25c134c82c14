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
// means anything to cmd.exe or PowerShell, whichever is the server's shell.
//
// A path with blanks or parentheses is quoted, which only cmd.exe takes for a
// command; with PowerShell as OpenSSH's default shell, its short form does, such
// as C:\PROGRA~1\PowerShell\7\pwsh.exe. An error wraps [ErrConfig].
func CommandLine(executable, encoded string) (string, error) {
	if executable == "" {
		return "", fmt.Errorf("%w: the executable is empty", ErrConfig)
	}
	for _, r := range executable {
		if !isPlain(r) {
			return "", fmt.Errorf("%w: the executable %q holds %q, which a shell may take for itself", ErrConfig, executable, r)
		}
	}
	if strings.ContainsAny(executable[:1], "-/~+ ") || strings.HasSuffix(executable, " ") ||
		strings.HasSuffix(executable, `\`) || strings.HasSuffix(executable, "/") {
		return "", fmt.Errorf("%w: the executable %q is not a program's name or path", ErrConfig, executable)
	}
	if i := strings.IndexFunc(encoded, func(r rune) bool { return !isBase64(r) }); i >= 0 {
		return "", fmt.Errorf("%w: the script is not encoded in base64", ErrConfig)
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

// isPlain tells whether a character of a path means only itself to cmd.exe and to
// PowerShell, which among others takes curly quotes and long dashes for plain ones.
func isPlain(r rune) bool {
	if r == unicode.ReplacementChar {
		return false // also what is not UTF-8
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(`\/:. _-+~()`, r)
}

func isBase64(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+/=", r)
}
