package vbopowershell

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/masterzen/winrm"
)

// fakeTransport answers each run with the next of its replies.
type fakeTransport struct {
	replies  []func() (Output, error)
	commands []string
	inputs   [][]byte
}

func (f *fakeTransport) String() string { return "ssh://server:22" }

func (f *fakeTransport) Run(_ context.Context, commandLine string, stdin []byte) (Output, error) {
	f.commands, f.inputs = append(f.commands, commandLine), append(f.inputs, stdin)
	reply := f.replies[0]
	f.replies = f.replies[1:]
	return reply()
}

func newFake(t *testing.T, replies ...func() (Output, error)) (*Server, *fakeTransport) {
	t.Helper()
	transport := &fakeTransport{replies: replies}
	server, err := New(Config{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return server, transport
}

const settingsText = `{"restApi":{"enabled":true,"httpsPort":4443,"certificate":{"thumbprint":"AA","expires":"2030-01-02T03:04:05Z"}},` +
	`"operatorAuthentication":{"enabled":true,"certificate":{}},"tenantAuthentication":{"enabled":false,"certificate":{}},` +
	`"restorePortal":{"enabled":true,"applicationId":"x","portalUri":"https://p:4443","region":"Worldwide","certificate":{"expires":""}}}`

// answered is what the script writes, among what profiles write.
func answered(t *testing.T, reply any) func() (Output, error) {
	t.Helper()
	text, err := json.Marshal(reply)
	if err != nil {
		t.Fatal(err)
	}
	line := "Welcome to vb365:prod\r\n" + answerMark + base64.StdEncoding.EncodeToString(text) + "\r\n"
	return func() (Output, error) { return Output{Stdout: []byte(line)}, nil }
}

func settled(t *testing.T) func() (Output, error) {
	t.Helper()
	return answered(t, map[string]any{"settings": settingsText, "warnings": []Warning{{"Get-X", "careful"}}})
}

func lost() (Output, error) {
	return Output{}, &TransportError{Target: "ssh://server:22", Reason: ReasonLost, Started: true, Err: errors.New("gone")}
}

func TestSettingsAreReadFromAmongWhateverElseIsWritten(t *testing.T) {
	t.Parallel()
	server, transport := newFake(t, settled(t))
	outcome, err := server.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := outcome.Settings; !s.RESTAPI.Enabled || s.RESTAPI.HTTPSPort != 4443 || s.RESTAPI.Certificate.Thumbprint != "AA" ||
		!s.RESTAPI.Certificate.Expires.Equal(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)) || !s.RestorePortal.Certificate.Expires.IsZero() ||
		s.RestorePortal.PortalURI != "https://p:4443" || s.TenantAuthentication.Enabled {
		t.Errorf("the settings are %+v", s)
	}
	if len(outcome.Warnings) != 1 || outcome.Warnings[0].Message != "careful" {
		t.Errorf("the warnings are %v", outcome.Warnings)
	}
	if bytes.Contains(transport.inputs[0], []byte(`"lockSeconds":60`)) {
		t.Error("a mere look waits for others")
	}
	if _, err := server.Settings(t.Context()); err != nil || len(transport.inputs) != 1 {
		t.Errorf("a second look ran PowerShell %d times: %v", len(transport.inputs), err)
	}
}

// TestStandardInputIsLeftToTheScript: PowerShell's host parses the command that it
// is started with and, where that uses $input, reads standard input before it.
func TestStandardInputIsLeftToTheScript(t *testing.T) {
	t.Parallel()
	if strings.Contains(strings.ToLower(bootstrapScript), "$input") {
		t.Error("the bootstrap script uses $input")
	}
}

// sentEnvelope is the first line of standard input.
type sentEnvelope struct {
	Script  string `json:"script"`
	Request struct {
		ModulePath  string         `json:"modulePath"`
		Expected    string         `json:"expected"`
		LockSeconds int            `json:"lockSeconds"`
		Changes     []changeValues `json:"changes"`
	} `json:"request"`
}

func TestAChangeSendsItsSecretsOnLinesOfTheirOwnAndNowhereElse(t *testing.T) {
	t.Parallel()
	server, transport := newFake(t, settled(t), settled(t))
	before, err := server.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pfx := &PFX{Thumbprint: "AB", data: []byte("secret file"), password: "päss\n\"word"}
	hostile := "https://ü'\"$(calc)`n\n\x00\u2028😀"
	_, read, err := server.Change(t.Context(), before.Settings, SetOperatorAuthentication{Enabled: true, Certificate: pfx},
		SetRestorePortal{Enabled: true, PortalURI: hostile})
	if err != nil || !read {
		t.Fatal(err, read)
	}
	if transport.commands[0] != transport.commands[1] {
		t.Error("the command line depends on what is done")
	}
	for _, b := range transport.inputs[1] {
		if b >= 0x80 {
			t.Fatalf("standard input is not ASCII: it holds %#x", b)
		}
	}
	lines := strings.Split(strings.TrimSuffix(string(transport.inputs[1]), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("standard input has %d lines, want 3", len(lines))
	}
	for i, want := range []string{"secret file", "päss\n\"word"} {
		if got, err := base64.StdEncoding.DecodeString(lines[i+1]); err != nil || string(got) != want {
			t.Errorf("line %d holds %q, want %q", i+2, got, want)
		}
	}
	var envelope sentEnvelope
	if err := json.Unmarshal([]byte(lines[0]), &envelope); err != nil {
		t.Fatal(err)
	}
	r := envelope.Request
	if envelope.Script != settingsScript || r.Expected != settingsText || r.ModulePath != DefaultModulePath || r.LockSeconds == 0 {
		t.Errorf("the request is %+v", r)
	}
	if len(r.Changes) != 2 || !r.Changes[0].Certificate || r.Changes[1].Certificate || r.Changes[1].PortalURI != hostile {
		t.Errorf("the changes are %+v", r.Changes)
	}
}

func TestAChangeIsReadBackWheneverSomethingMayHaveHappened(t *testing.T) {
	t.Parallel()
	failed := answered(t, map[string]any{"failure": map[string]string{"kind": "cmdlet", "cmdlet": "Set-VBORestorePortalSettings", "message": "no"}})
	for name, c := range map[string]struct {
		first    func() (Output, error)
		readBack bool
	}{
		"the connection was lost": {lost, true},
		"a cmdlet failed":         {failed, true},
		"PowerShell fell over":    {func() (Output, error) { return Output{ExitCode: 1, Stderr: []byte("OutOfMemory")}, nil }, true},
		"there was no connection": {func() (Output, error) {
			return Output{}, &TransportError{Reason: ReasonUnreachable, Err: errors.New("refused")}
		}, false},
		"somebody else was busy": {answered(t, map[string]any{"failure": map[string]string{"kind": "busy", "cmdlet": "Mutex", "message": "x"}}), false},
		// What a shell writes as it starts may look like a missing program.
		"PowerShell fell over behind a banner": {func() (Output, error) {
			return Output{ExitCode: -1073741571, Stderr: []byte("The system cannot find the path specified.\r\nStackOverflow\r\n")}, nil
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, transport := newFake(t, c.first, settled(t))
			// The caller may have given up: that keeps nobody from reading back.
			ctx, cancel := context.WithCancel(t.Context())
			server.transport = cancelling{transport, cancel}
			outcome, read, err := server.Change(ctx, Settings{}, SetRestorePortal{})
			if err == nil || read != c.readBack || len(transport.inputs) != map[bool]int{true: 2, false: 1}[read] {
				t.Fatalf("read back: %v after %d runs, error %v", read, len(transport.inputs), err)
			}
			if read && (outcome.Settings.RESTAPI.HTTPSPort != 4443 || !bytes.Contains(transport.inputs[1], []byte(`"lockSeconds":60`))) {
				t.Errorf("read back: %+v", outcome.Settings)
			}
		})
	}
}

// cancelling gives up the caller's context during the first run.
type cancelling struct {
	*fakeTransport

	cancel context.CancelFunc
}

func (c cancelling) Run(ctx context.Context, commandLine string, stdin []byte) (Output, error) {
	c.cancel()
	if len(c.inputs) > 0 && ctx.Err() != nil {
		return Output{}, ctx.Err()
	}
	return c.fakeTransport.Run(ctx, commandLine, stdin)
}

func TestWithoutPowerShellNothingWasChanged(t *testing.T) {
	t.Parallel()
	missing := func() (Output, error) {
		return Output{ExitCode: 1, Stderr: []byte("'pwsh.exe' is not recognized as an internal or external command")}, nil
	}
	server, _ := newFake(t, missing, missing)
	_, read, err := server.Change(t.Context(), Settings{}, SetRestorePortal{})
	if shell, ok := errors.AsType[*ShellError](err); read || !ok || shell.Reason != ShellNoExecutable || strings.Contains(err.Error(), "not known") {
		t.Errorf("read %v, error %v", read, err)
	}
}

func TestWhatCannotBeReadBackIsSaid(t *testing.T) {
	t.Parallel()
	server, _ := newFake(t, lost, lost)
	_, read, err := server.Change(t.Context(), Settings{}, SetRestorePortal{})
	if read || err == nil || !strings.Contains(err.Error(), "What became of the settings is not known") {
		t.Fatalf("read %v, error %v", read, err)
	}
}

func TestPowerShellThatDoesNotAnswerIsQuotedAsPeopleReadIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		output Output
		reason ShellErrorReason
		want   string
	}{
		"nothing":      {Output{ExitCode: 3}, ShellUnexpected, "ended with exit code 3 and wrote nothing"},
		"colors":       {Output{Stderr: []byte("\x1b[31;1mParserError:\x1b[0m oops\r\n")}, ShellUnexpected, "wrote: ParserError: oops"},
		"cmd.exe":      {Output{Stderr: []byte("'pwsh.exe' is not recognized as an internal or external command,\r\n")}, ShellNoExecutable, "pwsh.exe"},
		"a full path":  {Output{Stderr: []byte("The system cannot find the path specified.\r\n")}, ShellNoExecutable, "path"},
		"half a reply": {Output{Stdout: []byte(answerMark + "eyJz")}, ShellUnexpected, "wrote: vb365:eyJz"},
		"CLIXML": {Output{Stderr: []byte("#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">" +
			"<Obj S=\"progress\" RefId=\"0\"><MS><S N=\"a\">Preparing</S></MS></Obj><S S=\"Error\">No &lt;such&gt; thing_x000D__x000A_</S>" +
			"<S S=\"Error\">At line 1_x000D__x000A_</S></Objs>")}, ShellUnexpected, "wrote: No <such> thing\nAt line 1"},
		"too much": {Output{Stderr: bytes.Repeat([]byte("ä"), 5000)}, ShellUnexpected, strings.Repeat("ä", 1000) + " …"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := newFake(t, func() (Output, error) { return c.output, nil })
			_, err := server.Settings(t.Context())
			shell, ok := errors.AsType[*ShellError](err)
			if !ok || shell.Reason != c.reason || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
			if strings.Contains(fmt.Sprint(err), "Preparing") {
				t.Error("the error quotes progress")
			}
		})
	}
}

func TestPowerShellBeforeThatOfProduct8IsOld(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"7.4.2": false, "7.4.6": false, "7.10.0": false, "8.0.0": false, "7.4.1": true, "7.2.24": true,
		"5.1.17763.2183": true, "": false, "x": false, "7.5.0-preview.1": false,
	} {
		if got := (&CmdletError{PowerShell: version}).OldPowerShell(); got != want {
			t.Errorf("%q is old: %v, want %v", version, got, want)
		}
	}
}

func TestCommandsOverWinRMReadNoConsole(t *testing.T) {
	t.Parallel()
	text := withoutConsole(winrm.NewExecuteCommandRequest("https://server/wsman", "shell", "pwsh.exe", nil, winrm.DefaultParameters))
	if !strings.Contains(text, `Name="WINRS_CONSOLEMODE_STDIN">FALSE<`) || !strings.Contains(text, "pwsh.exe") {
		t.Errorf("the message is %s", text)
	}
}

func TestRunsTakeTurnsAndGiveUpWithTheirContext(t *testing.T) {
	t.Parallel()
	server, _ := newFake(t, settled(t))
	server.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Settings(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	<-server.turn
	if _, err := server.Settings(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// FuzzRequest checks that whatever is in a request arrives as it is, and that
// nothing of it can begin another line.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{"", "a", "'; rm -r /", "$(calc)", "`n\n\r", "\u2028\x00", "😀", "\"},{\"", "\\u0041", strings.Repeat("x", 10_000)} {
		f.Add(s, s, s, []byte(s))
	}
	f.Fuzz(func(t *testing.T, uri, region, password string, file []byte) {
		input, err := request{Changes: []Change{SetRestorePortal{
			PortalURI: uri, Region: region, Certificate: &PFX{data: file, password: password},
		}}}.encode()
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(input, []byte("\n"))
		if len(lines) != 4 || len(lines[3]) > 0 {
			t.Fatalf("%d lines", len(lines))
		}
		var envelope sentEnvelope
		if err := json.Unmarshal(lines[0], &envelope); err != nil {
			t.Fatal(err)
		}
		valid := func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
		got := envelope.Request.Changes[0]
		if got.PortalURI != decoded(t, uri) || got.Region != decoded(t, region) {
			t.Errorf("%q and %q arrived as %q and %q", valid(uri), valid(region), got.PortalURI, got.Region)
		}
		for i, want := range [][]byte{file, []byte(password)} {
			if got, err := base64.StdEncoding.DecodeString(string(lines[i+1])); err != nil || !bytes.Equal(got, want) {
				t.Errorf("line %d: %q, %v", i+2, got, err)
			}
		}
	})
}

// decoded is what JSON makes of a text that may not be valid UTF-8.
func decoded(t *testing.T, s string) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var out string
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
