package powershell

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// line is the command line that runs a script.
func line(script string) string {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(script)) {
		encoded = binary.LittleEndian.AppendUint16(encoded, unit)
	}
	return "pwsh.exe -NoProfile -NonInteractive -EncodedCommand " + base64.StdEncoding.EncodeToString(encoded)
}

func newMachine() *Machine { return NewMachine(map[string]string{"pwsh.exe": "7.4.6"}) }

func run(t *testing.T, m *Machine, script, stdin string) (stdout, stderr string, exitCode int) {
	t.Helper()
	var out, errs bytes.Buffer
	code := m.Exec(t.Context(), line(script), strings.NewReader(stdin), &out, &errs)
	return strings.ReplaceAll(out.String(), "\r\n", "\n"), strings.ReplaceAll(errs.String(), "\r\n", "\n"), code
}

func TestScriptsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`'it''s'; "a $(1 + 2) b"`:                                "it's\na 3 b\n",
		`$x = 'v'; "<$x> $($x + 'w') ` + "`$x" + `"`:             "<v> vw $x\n",
		`if ($null) { 1 } elseif ('x' -eq 'X') { 2 } else { 3 }`: "2\n",
		`if ('x' -ceq 'X') { 1 } else { 2 }`:                     "2\n",
		`foreach ($i in @(1, 2)) { $i }`:                         "1\n2\n",
		`function F([string] $A, $B) { "$A/$B" }; F 1 -B 2`:      "1/2\n",
		`function F { return 5; 6 }; F; 7`:                       "5\n7\n",
		`$p = @{ Depth = 3; Compress = $true }; ConvertTo-Json -InputObject ([ordered]@{ b = 1; a = @(); c = $null; "d" = $true }) @p`: `{"b":1,"a":[],"c":null,"d":true}` + "\n",
		`(ConvertFrom-Json -InputObject '{"a":{"b":[1,"x"]}}').a.b[1]`:                                                                 "x\n",
		`try { throw 'no' } catch { "caught $($_.Exception.Message)" } finally { 'end' }`:                                              "caught no\nend\n",
		`try { [Convert]::FromBase64String('%') } catch [System.FormatException] { 'format' }`:                                         "format\n",
		`try { Nonsense } catch { $_.FullyQualifiedErrorId }`:                                                                          "CommandNotFoundException\n",
		`$script:s = 1; function F { $script:s = 2; $l = 3 }; F; "$s $l"`:                                                              "2 \n",
		`$t = @{ w = @() }; function F { $t.w += @{ a = 1 } }; F; $null = F; ConvertTo-Json $t.w -Compress`:                            `[{"a":1},{"a":1}]` + "\n",
		`[guid] '{0C0FFEE0-0000-4000-8000-000000000000}'`:                                                                              "0c0ffee0-0000-4000-8000-000000000000\n",
		`[bool] ''; [int] '42'; -not 1; 2 * 3 - 1; 1 -lt 2 -and 2 -ge 2`:                                                               "False\n42\nFalse\n5\nTrue\n",
		`"$($PSVersionTable.PSVersion)"`:                                                                                               "7.4.6\n",
		`& ([scriptblock]::Create('param($A) "got $A"')) 'x'`:                                                                          "got x\n",
		`$e = @('a'); $e += 'b'; "$e"`:                                                                                                 "a b\n",
		`$x = 1 # comment` + "\n# another\n$x":                                                                                         "1\n",
		`exit 0; 'never'`:                                                                                                              "",
		`$f = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'x.pfx'); [System.IO.File]::WriteAllBytes($f, [Convert]::FromBase64String('YQ==')); Test-Path -LiteralPath $f -PathType Leaf; [System.IO.Directory]::GetFiles([System.IO.Path]::GetTempPath(), '*.pfx'); [System.IO.File]::Delete($f); Test-Path $f`: "True\n" + `C:\Users\svc-terraform\AppData\Local\Temp\x.pfx` + "\nFalse\n",
	} {
		out, errs, code := run(t, newMachine(), script, "")
		if out != want || errs != "" || code != 0 {
			t.Errorf("%s\ngave %q, %q, %d; want %q", script, out, errs, code, want)
		}
	}
}

func TestWhatThePowerShellDoesNotKnowIsAnError(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`if (1) { 2`:                   "Missing closing '}'",
		`'open`:                        "missing the terminator",
		`Get-Nonsense`:                 "'Get-Nonsense' is not recognized",
		`Invoke-Expression 'calc'`:     "'Invoke-Expression' is not recognized",
		`1 | Out-Null`:                 "no pipelines",
		`[Diagnostics.Process]::Start`: "knows no [diagnostics.process]",
		`[guid] 'x'`:                   `Cannot convert value "x"`,
		`Test-Path -Nonsense 1`:        "matches parameter name 'Nonsense'",
		`$null.Call()`:                 "null-valued expression",
		`try { throw 'a' } catch [System.IO.IOException] { 1 }`: "a",
		`ConvertFrom-Json '{'`: "Conversion from JSON failed",
	} {
		out, errs, code := run(t, newMachine(), script, "")
		if !strings.Contains(errs, want) || code != 1 {
			t.Errorf("%s\ngave %q, %q, %d; want the error %q", script, out, errs, code, want)
		}
	}
	var out, errs bytes.Buffer
	if code := newMachine().Exec(t.Context(), `powershell.exe -EncodedCommand x`, strings.NewReader(""), &out, &errs); code != 1 ||
		!strings.Contains(errs.String(), "'powershell.exe' is not recognized as an internal or external command") {
		t.Errorf("an unknown program: %d, %q", code, errs.String())
	}
	if code := newMachine().Exec(t.Context(), `"C:\Program Files\PowerShell\7\pwsh.exe" -Nonsense`, strings.NewReader(""), &out, &errs); code != 64 {
		t.Errorf("an unknown argument: %d", code)
	}
}

// What is killed leaves its files and its mutexes, and nothing of it runs any more.
func TestAKilledProcessLeavesWhatItHad(t *testing.T) {
	t.Parallel()
	m := newMachine()
	ctx, cancel := context.WithCancel(t.Context())
	script := `$m = [System.Threading.Mutex]::new($false, 'Global\x'); $null = $m.WaitOne(1000)
try { [System.IO.File]::WriteAllBytes([System.IO.Path]::GetTempPath() + 'left', [Convert]::FromBase64String('YQ=='))
  [Console]::Out.WriteLine('ready'); [Console]::In.ReadLine() } finally { [System.IO.File]::Delete([System.IO.Path]::GetTempPath() + 'left') }`
	var errs bytes.Buffer
	ready := writer(func(p []byte) (int, error) { cancel(); return len(p), nil })
	reader, _ := newPipe(t)
	if code := m.Exec(ctx, line(script), reader, ready, &errs); code == 0 {
		t.Error("a killed process succeeded")
	}
	if left := m.TemporaryFiles(); len(left) != 1 {
		t.Errorf("the files are %q", left)
	}
	out, stderr, _ := run(t, m, `$m = [System.Threading.Mutex]::new($false, 'Global\x')
try { $m.WaitOne(0) } catch [System.Threading.AbandonedMutexException] { 'abandoned' }; $m.ReleaseMutex()
[System.Threading.Mutex]::new($false, 'Global\x').WaitOne(0)`, "")
	if out != "abandoned\nTrue\n" {
		t.Errorf("the mutex: %q, %q", out, stderr)
	}
}

func TestMutexesKeepProcessesApart(t *testing.T) {
	t.Parallel()
	m := newMachine()
	m.lock(t.Context(), `global\x`, 0) //nolint:errcheck // it is free
	if out, _, _ := run(t, m, `[System.Threading.Mutex]::new($false, 'Global\x').WaitOne(1)`, ""); out != "False\n" {
		t.Errorf("a mutex that is owned: %q", out)
	}
}

func TestLogsHoldWhatWindowsWouldWriteDown(t *testing.T) {
	t.Parallel()
	m := newMachine()
	run(t, m, `$s = [System.Security.SecureString]::new(); foreach ($c in 'geheim'.ToCharArray()) { $s.AppendChar($c) }; ConvertTo-Json -InputObject $s -Compress`, "")
	run(t, m, `ConvertFrom-Json -InputObject '"shown"'`, "")
	calls := strings.Join(m.ModuleLog(), "\n")
	if strings.Contains(calls, "geheim") || !strings.Contains(calls, `value="System.Security.SecureString"`) || !strings.Contains(calls, "shown") {
		t.Errorf("the module log is %s", calls)
	}
	if len(m.ScriptLog()) != 2 || len(m.CommandLines()) != 2 {
		t.Errorf("the logs have %d scripts and %d commands", len(m.ScriptLog()), len(m.CommandLines()))
	}
}
