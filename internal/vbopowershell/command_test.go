package vbopowershell_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

const arguments = " -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand "

func TestProgramsAreNamedOrRefused(t *testing.T) {
	t.Parallel()
	for executable, want := range map[string]string{
		"pwsh":                              "pwsh",
		"pwsh.exe":                          "pwsh.exe",
		`C:\PROGRA~1\PowerShell\7\pwsh.exe`: `C:\PROGRA~1\PowerShell\7\pwsh.exe`,
		`C:\Programme für Žluť\pwsh.exe`:    `"C:\Programme für Žluť\pwsh.exe"`,
		`\\server\share\pwsh.exe`:           `\\server\share\pwsh.exe`,
		`C:/Tools/pwsh.exe`:                 `C:/Tools/pwsh.exe`,
		"\u201cpwsh\u201d":                  "", // PowerShell's other quotes
		"\u2018pwsh\u2019":                  "",
		"pwsh \u2013Command":                "", // and its other dashes
		"pwsh\u00a0-Command":                "",
		"pwsh\u202eexe":                     "", // text that runs backwards
		"pwsh\x00":                          "",
		"pwsh\r\n":                          "",
		"pwsh\xff":                          "",
		`"pwsh.exe"`:                        "",
		"'x'":                               "",
		"pwsh & calc":                       "",
		"pwsh;calc":                         "",
		"pwsh^":                             "",
		"%COMSPEC%":                         "",
		"!x!":                               "",
		"$(calc)":                           "",
		"`calc`":                            "",
		"":                                  "",
		"-pwsh":                             "",
		" pwsh":                             "",
		"a,b":                               "",
		"a=b":                               "",
		"@pwsh":                             "",
		"#pwsh":                             "",
		"{pwsh}":                            "",
		"~\\pwsh":                           "",
		`C:\Program Files\`:                 "",
		"C:/Tools/":                         "",
		"pwsh ":                             "",
		"/c calc":                           "",
		"C:\\Tools\\" + strings.Repeat("x", 8191): "",
	} {
		line, err := vbopowershell.CommandLine(executable, "QQ==")
		switch {
		case want == "" && !errors.Is(err, vbopowershell.ErrConfig):
			t.Errorf("%q was taken: %q, %v", executable, line, err)
		case want != "" && (err != nil || line != want+arguments+"QQ=="):
			t.Errorf("%q gives %q, %v", executable, line, err)
		}
	}
}

func TestOnlyBase64FollowsTheProgram(t *testing.T) {
	t.Parallel()
	for _, encoded := range []string{"QQ== & calc", "QQ==\n", "`", "“"} {
		if line, err := vbopowershell.CommandLine("pwsh", encoded); !errors.Is(err, vbopowershell.ErrConfig) {
			t.Errorf("%q gives %q, %v", encoded, line, err)
		}
	}
}

func TestCommandLinesHaveTheLengthThatCmdTakes(t *testing.T) {
	t.Parallel()
	room := 8191 - len("pwsh"+arguments)
	if line, err := vbopowershell.CommandLine("pwsh", strings.Repeat("A", room)); err != nil || len(line) != 8191 {
		t.Errorf("%d characters, %v", len(line), err)
	}
	if _, err := vbopowershell.CommandLine("pwsh", strings.Repeat("A", room+1)); !errors.Is(err, vbopowershell.ErrConfig) {
		t.Error("a longer one was taken")
	}
}

func FuzzCommandLine(f *testing.F) {
	for _, executable := range []string{"pwsh.exe", `C:\Program Files (x86)\pwsh.exe`, `"; calc`, "%x%", "a\nb", "“", "-x", "\xff"} {
		f.Add(executable)
	}
	f.Fuzz(func(t *testing.T, executable string) {
		line, err := vbopowershell.CommandLine(executable, "QQ==")
		if err != nil {
			if line != "" || !errors.Is(err, vbopowershell.ErrConfig) {
				t.Errorf("%q gives %q, %v", executable, line, err)
			}
			return
		}
		program, found := strings.CutSuffix(line, arguments+"QQ==")
		quoted := strings.HasPrefix(program, `"`)
		if quoted {
			program = strings.TrimSuffix(program[1:], `"`)
		}
		if !found || program != executable || len(line) > 8191 {
			t.Errorf("%q gives %q", executable, line)
		}
		// What the shells take for themselves: cmd.exe, PowerShell, and both where nothing is quoted.
		if strings.ContainsAny(program, "\"%!^&|<>`$;'*?,=@#{}[]\r\n\t\x00‘’‚‛“”„–—―") || !quoted && strings.ContainsAny(program, " ()") {
			t.Errorf("%q gives %q, which shells do not take as it is", executable, line)
		}
	})
}
