package powershell

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
)

func TestCommandLinesAreReadAsWindowsReadsThem(t *testing.T) {
	t.Parallel()
	for commandLine, want := range map[string][]string{
		`pwsh.exe  -a	b`:          {"pwsh.exe", "-a", "b"},
		`"C:\Program Files\x" ""`: {`C:\Program Files\x`, ""},
		`a\b\ c\\"d e\"f\\"`:      {`a\b\`, `c\d e"f\`},
		`a"b c"d`:                 {"ab cd"},
		``:                        nil,
	} {
		if got := splitCommandLine(commandLine); !slices.Equal(got, want) {
			t.Errorf("%s gave %q, want %q", commandLine, got, want)
		}
	}
}

func TestProgramsAreFoundAndTheirParametersUnderstood(t *testing.T) {
	t.Parallel()
	script := encoded(`"$($PSVersionTable.PSVersion)"`)
	for commandLine, want := range map[string]result{
		"pwsh -e " + script: {stdout: "7.4.6\n"},
		`"C:\Program Files\PowerShell\7\pwsh.exe" -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand ` + script: {stdout: "7.4.6\n"},
		`C:\Windows\System32\WindowsPowerShell\v1.0\POWERSHELL.EXE -nop -noni -ep Bypass -enc ` + script:                                                   {stdout: "5.1.17763.5458\n"},
		`pwsh -Command 'a' + "'b c'"`:                         {stdout: "ab c\n"},
		`pwsh -Command -`:                                     {stdout: "from input\n"},
		`pwsh -File C:\s.ps1 x`:                               {stdout: "file x\n"},
		`pwsh.cmd -e ` + script:                               {stderr: "'pwsh.cmd' is not recognized as an internal or external command,\noperable program or batch file.\n", exitCode: 1},
		`C:\Program Files\PowerShell\7\pwsh.exe -e ` + script: {stderr: "The system cannot find the path specified.\n", exitCode: 1},
		`D:\pwsh.exe -e ` + script:                            {stderr: "The system cannot find the path specified.\n", exitCode: 1},
		`pwsh -Nonsense`: {
			stderr: "The argument '-Nonsense' is not recognized as the name of a script file. Check the spelling of the name, or if a path was included, " +
				"verify that the path is correct and try again.\n", exitCode: 64,
		},
		`pwsh -EncodedCommand`: {stderr: "Cannot process the command because of a missing parameter. A command must follow -encodedcommand.\n", exitCode: 64},
		`pwsh -EncodedCommand !`: {
			stderr: "Cannot process the command because the value specified with -EncodedCommand is not properly encoded. The value must be Base64 encoded.\n", exitCode: 64,
		},
		`pwsh -File C:\none.ps1`: {
			stderr:   "The argument 'C:\\none.ps1' to the -File parameter does not exist. Provide the path to an existing '.ps1' file as an argument to the -File parameter.\n",
			exitCode: 64,
		},
		`pwsh -e ` + script + ` & calc`: {stderr: "The stand-in for cmd.exe runs one program, and nothing else.\n", exitCode: 1},
		`pwsh -Command %PATH%`:          {stderr: "The stand-in for cmd.exe runs one program, and nothing else.\n", exitCode: 1},
		`pwsh`:                          {stderr: "there is no script: the stand-in for PowerShell has no prompt\n", exitCode: 1},
		`pwsh -Command exit 7`:          {exitCode: 7},
		``:                              {},
	} {
		m := newMachine()
		m.WriteFile(`C:\s.ps1`, []byte(`param($X) "file $X"`))
		if got := exec(t.Context(), m, commandLine, "'from input'"); got != want {
			t.Errorf("%s\ngave %+v\nwant %+v", commandLine, got, want)
		}
	}
}

// What is killed leaves its files, and nothing of it runs any more.
func TestAKilledProcessLeavesItsFiles(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]string{
		"reading": `[Console]::In.ReadLine()`, "sleeping": `[System.Threading.Thread]::Sleep(1000000)`, "busy": `while ($true) { }`,
		"waiting": `[System.Threading.Mutex]::new($false, 'Global\taken').WaitOne()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine()
			if release, ok := m.Lock(`Global\taken`); ok {
				t.Cleanup(release)
			}
			ctx, cancel := context.WithCancel(t.Context())
			script := `$f = [System.IO.Path]::GetTempPath() + 'left'; [System.IO.File]::WriteAllText($f, 'x')
try { [Console]::Out.WriteLine('ready'); ` + wait + ` } catch { 'caught' } finally { [System.IO.File]::Delete($f) }; [Console]::Error.Write('went on')`
			var errs bytes.Buffer
			ready := writer(func(p []byte) (int, error) { cancel(); return len(p), nil })
			if code := m.Exec(ctx, line(script), open(t), ready, &errs); code == 0 {
				t.Error("a killed process succeeded")
			}
			if left := m.TemporaryFiles(); len(left) != 1 || errs.Len() > 0 {
				t.Errorf("the files are %q, the errors %s", left, errs.String())
			}
		})
	}
}

const waitForMutex = `$m = [System.Threading.Mutex]::new($false, 'Global\x'); [Console]::Out.WriteLine('open')
try { if ($m.WaitOne(100000)) { 'free' } else { 'busy' } } catch [System.Threading.AbandonedMutexException] { 'abandoned' }
$m.ReleaseMutex(); $m.Dispose()`

func TestAMutexOfAKilledProcessIsAbandonedForThoseWhoWait(t *testing.T) {
	t.Parallel()
	m := newMachine()
	ctx, kill := context.WithCancel(t.Context())
	owns := make(chan struct{})
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		m.Exec(ctx, line(`$m = [System.Threading.Mutex]::new($false, 'Global\x'); $null = $m.WaitOne(); [Console]::Out.WriteLine('owns'); [Console]::In.ReadLine()`),
			open(t), writer(func(p []byte) (int, error) { close(owns); return len(p), nil }), &bytes.Buffer{})
	}()
	<-owns
	if !m.Locked(`global\X`) {
		t.Error("nobody owns the mutex")
	}
	var waited bytes.Buffer
	m.Exec(t.Context(), line(waitForMutex), open(t), writer(func(p []byte) (int, error) {
		if strings.HasPrefix(string(p), "open") {
			kill()
		}
		return waited.Write(p)
	}), &waited)
	<-killed
	if got := waited.String(); got != "open\r\nabandoned\r\n" {
		t.Errorf("who waited saw %q", got)
	}
	// Nobody has a handle any more: Windows forgets the mutex, and what became of it.
	if got := run(t, m, waitForMutex, ""); got.stdout != "open\nfree\n" || m.Locked(`Global\x`) {
		t.Errorf("who came later saw %+v", got)
	}
}

func TestMutexesKeepProcessesApart(t *testing.T) {
	t.Parallel()
	m := newMachine()
	release, ok := m.Lock(`Global\x`)
	if !ok {
		t.Fatal("a new mutex is owned")
	}
	if _, again := m.Lock(`global\X`); again {
		t.Error("a mutex has two owners")
	}
	const script = `$m = [System.Threading.Mutex]::new($false, 'Global\x'); $m.WaitOne(1); try { $m.ReleaseMutex() } catch { $_.FullyQualifiedErrorId }`
	if got := run(t, m, script, ""); got.stdout != "False\nApplicationException\n" {
		t.Errorf("a mutex that is owned: %+v", got)
	}
	release()
	if got := run(t, m, script, ""); got.stdout != "True\n" {
		t.Errorf("a mutex that is free: %+v", got)
	}
}

func TestLogsHoldWhatWindowsWouldWriteDown(t *testing.T) {
	t.Parallel()
	m := newMachine()
	run(t, m, `function ConvertTo-Secret($Text) { $s = [System.Security.SecureString]::new(); foreach ($c in $Text.ToCharArray()) { $s.AppendChar($c) }; $s }
Write-Output (ConvertTo-Secret ([Console]::In.ReadLine())) | Out-Null`, "geheim\n")
	run(t, m, `& ([scriptblock]::Create('ConvertFrom-Json -InputObject ''"shown"'''))`, "")
	run(t, m, `$null = ConvertTo-SecureString 'logged' -AsPlainText -Force`, "")
	calls, scripts := strings.Join(m.ModuleLog(), "\n"), strings.Join(m.ScriptLog(), "\n")
	if strings.Contains(calls+scripts, "geheim") || !strings.Contains(calls, `value="System.Security.SecureString"`) {
		t.Errorf("the module log is %s", calls)
	}
	if !strings.Contains(calls, "CommandInvocation(ConvertFrom-Json)\nParameterBinding(ConvertFrom-Json): name=\"InputObject\"; value=\"\\\"shown\\\"\"") ||
		!strings.Contains(calls, `value="logged"`) {
		t.Errorf("the module log is %s", calls)
	}
	if len(m.ScriptLog()) != 4 || m.ScriptLog()[2] != `ConvertFrom-Json -InputObject '"shown"'` || len(m.CommandLines()) != 3 {
		t.Errorf("the logs have %q and %d commands", m.ScriptLog(), len(m.CommandLines()))
	}
}

func TestModulesBringTheirCmdlets(t *testing.T) {
	t.Parallel()
	m := newMachine()
	m.Install(Module{
		Path: `C:\M\m.psd1`,
		Cmdlets: []*Cmdlet{{
			Name: "Set-Thing", Class: "M.SetThing",
			Parameters: []Parameter{
				{Name: "On", Kind: Switch},
				{Name: "Id", Kind: ID},
				{Name: "Secret", Kind: Secret},
				{Name: "Port", Kind: Int},
				{Name: "Color", Kind: String, Values: []string{"Red", "Blue"}, Enum: "M.Color"},
				{Name: "Names", Kind: Strings},
			},
			Run: func(c *Call) error {
				c.Warn("careful")
				if c.Bound["Port"] == int64(0) {
					return Fail("BadPort", "The port is bad.")
				}
				if c.Given("Names") {
					if err := c.Fault(Fail("Soft", "A soft error.")); err != nil {
						return err
					}
				}
				return c.Write(NewObject("On", c.Bound["On"], "Color", c.Bound["Color"], "Version", c.Version()))
			},
		}},
		Load: func(version string) error {
			if strings.HasPrefix(version, "5") {
				return Fail("TooOld", "Too old: %s.", version)
			}
			return nil
		},
	})
	const load = `Import-Module C:\m\M.PSD1 -DisableNameChecking; `
	for script, want := range map[string]result{
		load + `$w = 1; $r = Set-Thing -On -Color blue -WarningVariable w -WarningAction SilentlyContinue; "$($r.On) $($r.Color) $($r.Version) $w"`: {stdout: "True Blue 7.4.6 careful\n"},
		load + `$WarningPreference = 'SilentlyContinue'; (Set-Thing -On:$false).On`:                                                                 {stdout: "False\n"},
		load + `$null = Set-Thing`:                         {stderr: "WARNING: careful\n"},
		load + `Set-Thing -Port 0 -wa Ignore`:              {stderr: "Set-Thing: The port is bad.\n", exitCode: 1},
		load + `try { Set-Thing -Port 0 -wa 0 } catch { }`: {},
		load + `try { Set-Thing -Port 0 -WarningAction Ignore } catch { $_.FullyQualifiedErrorId }`:                    {stdout: "BadPort,M.SetThing\n"},
		load + `(Set-Thing -Names a, b -WarningAction Ignore -ErrorAction SilentlyContinue -ErrorVariable e).On; "$e"`: {stdout: "\nA soft error.\n"},
		load + `try { Set-Thing -Names a -WarningAction Ignore -ErrorAction Stop; 'never' } catch { "$_" }`:            {stdout: "A soft error.\n"},
		load + `try { Set-Thing -Color Green } catch { "$_" }`: {
			stdout: "Cannot bind parameter 'Color'. Cannot convert value \"Green\" to type \"M.Color\". Error: \"Unable to match the identifier name Green to a " +
				"valid enumerator name. Specify one of the following enumerator names and try again:\nRed, Blue\"\n",
		},
		load + `try { Set-Thing -Id x } catch { $_.FullyQualifiedErrorId; $_.Exception.GetType().Name }`: {stdout: "CannotConvertArgumentNoMessage,M.SetThing\nParameterBindingException\n"},
		load + `try { Set-Thing -Secret plain } catch { "$_" }`: {
			stdout: "Cannot bind parameter 'Secret'. Cannot convert value \"System.String\" to type \"System.Security.SecureString\".\n",
		},
		`try { Import-Module C:\none.psd1 } catch { $_.FullyQualifiedErrorId }`: {stdout: "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand\n"},
		`try { Set-Thing } catch { $_.FullyQualifiedErrorId }`:                  {stdout: "CommandNotFoundException\n"},
	} {
		if got := run(t, m, script, ""); got != want {
			t.Errorf("%s\ngave %+v\nwant %+v", script, got, want)
		}
	}
	if got := exec(t.Context(), m, `powershell -Command Import-Module C:\m\m.psd1`, ""); !strings.Contains(got.stderr, "Too old: 5.1.17763.5458.") {
		t.Errorf("an old engine gave %+v", got)
	}
	m.Uninstall()
	if _, exists := m.ReadFile(`C:\M\m.psd1`); exists {
		t.Error("the module's file is still there")
	}
}
