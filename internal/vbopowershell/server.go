package vbopowershell

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// DefaultExecutable is PowerShell 7.
	DefaultExecutable = "pwsh.exe"
	// DefaultModulePath is where setup puts the manifest of VB365's module.
	DefaultModulePath = `C:\Program Files\Veeam\Backup365\Veeam.Archiver.PowerShell\Veeam.Archiver.PowerShell.psd1`
)

const (
	// lockWait is how long a run of the script waits for another one.
	lockWait = time.Minute
	// readBackTimeout bounds the look at what became of a change that failed:
	// connecting, waiting for a run that may still go on, and reading.
	readBackTimeout = 2 * time.Minute
)

// The PowerShell that runs on the server.
var (
	//go:embed scripts/bootstrap.ps1
	bootstrapScript string
	//go:embed scripts/settings.ps1
	settingsScript string
)

// Config says how to run PowerShell on a VB365 server.
type Config struct {
	// Transport reaches the server.
	Transport Transport
	// Executable is PowerShell; [DefaultExecutable] when empty.
	Executable string
	// ModulePath is the manifest of VB365's module on the server;
	// [DefaultModulePath] when empty.
	ModulePath string
	// Observe, if set, is told of every run of a script, after it ended.
	Observe func(context.Context, Run)
}

// Run is what may be told of one run of a script: nothing in it is secret.
type Run struct {
	// Cmdlets are those that were to change something.
	Cmdlets []string
	Took    time.Duration
	Err     error
}

// Server is a VB365 server's PowerShell. It is safe for concurrent use; scripts
// run one at a time.
type Server struct {
	transport   Transport
	modulePath  string
	commandLine string
	observe     func(context.Context, Run)
	turn        chan struct{}

	mu sync.Mutex
	// known is what the last run found, until something may have changed it.
	known *Outcome
}

// New returns a server. It contacts nothing. An error wraps [ErrConfig].
func New(cfg Config) (*Server, error) {
	if cfg.Executable == "" {
		cfg.Executable = DefaultExecutable
	}
	if cfg.ModulePath == "" {
		cfg.ModulePath = DefaultModulePath
	}
	commandLine, err := CommandLine(cfg.Executable, encodeCommand(bootstrapScript))
	if err != nil {
		return nil, err
	}
	return &Server{
		transport: cfg.Transport, modulePath: cfg.ModulePath, commandLine: commandLine, observe: cfg.Observe,
		turn: make(chan struct{}, 1),
	}, nil
}

// String names the transport and the server.
func (s *Server) String() string { return s.transport.String() }

// ModulePath is the path of the module's manifest on the server.
func (s *Server) ModulePath() string { return s.modulePath }

// encodeCommand encodes a script for PowerShell's parameter -EncodedCommand.
// Comments stay behind: command lines are short.
func encodeCommand(script string) string {
	var lines []string
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(strings.Join(lines, ""))) {
		encoded = binary.LittleEndian.AppendUint16(encoded, unit)
	}
	return base64.StdEncoding.EncodeToString(encoded)
}

// Warning is a warning that a cmdlet wrote.
type Warning struct {
	Cmdlet  string `json:"cmdlet"`
	Message string `json:"message"`
}

// Outcome is what a run of the script left.
type Outcome struct {
	// Settings are the server's settings after the run.
	Settings Settings
	// Warnings are those of the cmdlets.
	Warnings []Warning
}

// Settings reads the settings, once: starting PowerShell takes seconds. What
// others change since is noticed by [Server.Change] at the latest.
//
// The error is a [TransportError], a [ShellError] or a [CmdletError].
func (s *Server) Settings(ctx context.Context) (Outcome, error) {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	outcome, err := s.run(ctx, request{ModulePath: s.modulePath})
	if err == nil {
		s.remember(&Outcome{Settings: outcome.Settings})
	}
	return outcome, err
}

// Forget has the next [Server.Settings] read anew.
func (s *Server) Forget() { s.remember(nil) }

func (s *Server) remember(outcome *Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = outcome
}

// Change makes changes in the order given, and reads the settings back. Unless
// the settings are as expected when it begins, it changes nothing and fails with
// a [CmdletError] whose Kind is [Changed].
//
// Where a change failed, or the connection was lost meanwhile, the settings are
// read back all the same, if the server can be reached: then read is true, and
// the outcome holds what they are now, whatever the error. The read-back outlives
// the context by up to two minutes, for what was done must be known. If that
// fails too, the error is an [OutcomeUnknownError].
func (s *Server) Change(ctx context.Context, expected Settings, changes ...Change) (outcome Outcome, read bool, err error) {
	req := request{
		ModulePath: s.modulePath, Expected: expected.text, LockSeconds: int(lockWait.Seconds()), Changes: changes,
	}
	s.remember(nil)
	outcome, err = s.run(ctx, req)
	if err == nil {
		s.remember(&Outcome{Settings: outcome.Settings})
		return outcome, true, nil
	}
	if !mayHaveChanged(err) {
		return outcome, false, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBackTimeout)
	defer cancel()
	// Under the lock: a run whose connection was lost may still go on.
	after, readErr := s.run(ctx, request{ModulePath: s.modulePath, LockSeconds: int(lockWait.Seconds())})
	if shell, ok := errors.AsType[*ShellError](readErr); ok && shell.Reason == ShellNoExecutable {
		return outcome, false, err // nothing ever ran
	}
	if readErr != nil {
		return outcome, false, &OutcomeUnknownError{Err: err, ReadBack: readErr}
	}
	after.Warnings = append(outcome.Warnings, after.Warnings...)
	return after, true, err
}

// mayHaveChanged tells whether a run that failed so may have changed something.
func mayHaveChanged(err error) bool {
	if lost, ok := errors.AsType[*TransportError](err); ok {
		return lost.Started
	}
	if failed, ok := errors.AsType[*CmdletError](err); ok {
		return strings.HasPrefix(failed.Cmdlet, "Set-") || strings.HasPrefix(failed.Cmdlet, "Get-")
	}
	_, ended := errors.AsType[*ShellError](err)
	return ended
}

// request is what the script is asked to do.
type request struct {
	ModulePath  string
	Expected    string
	LockSeconds int
	Changes     []Change
}

// answer is what the script wrote.
type answer struct {
	PowerShell string         `json:"powershell"`
	Warnings   []Warning      `json:"warnings"`
	Settings   string         `json:"settings"`
	Failure    *answerFailure `json:"failure"`
}

type answerFailure struct {
	Kind    CmdletErrorKind `json:"kind"`
	Cmdlet  string          `json:"cmdlet"`
	Message string          `json:"message"`
	ID      string          `json:"id"`
}

func (s *Server) run(ctx context.Context, req request) (outcome Outcome, err error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Outcome{}, &TransportError{Target: s.transport.String(), Reason: ReasonLost, Err: ctx.Err()}
	}
	stdin, err := req.encode()
	if err != nil {
		return Outcome{}, err
	}
	begin := time.Now()
	if s.observe != nil {
		defer func() { s.observe(ctx, Run{Cmdlets: req.cmdlets(), Took: time.Since(begin), Err: err}) }()
	}
	output, err := s.transport.Run(ctx, s.commandLine, stdin)
	if err != nil {
		return Outcome{}, err
	}
	reply, err := s.parse(output)
	if err != nil {
		return Outcome{}, err
	}
	outcome.Warnings = reply.Warnings
	if reply.Failure != nil {
		return outcome, &CmdletError{
			Target: s.transport.String(), Kind: reply.Failure.Kind, Cmdlet: reply.Failure.Cmdlet,
			Message: reply.Failure.Message, ID: reply.Failure.ID, PowerShell: reply.PowerShell,
		}
	}
	outcome.Settings, err = parseSettings(reply.Settings)
	if err != nil {
		return outcome, &ShellError{Target: s.transport.String(), Reason: ShellUnexpected, ExitCode: output.ExitCode, Output: err.Error()}
	}
	return outcome, nil
}

func (r request) cmdlets() []string {
	names := make([]string, len(r.Changes))
	for i, c := range r.Changes {
		names[i] = c.Cmdlet()
	}
	return names
}

// encode writes what the scripts read from standard input: a line of JSON, and
// two lines for each certificate. All is ASCII, whatever code page the server's
// console has.
func (r request) encode() ([]byte, error) {
	changes := make([]changeValues, len(r.Changes))
	for i, c := range r.Changes {
		changes[i] = c.values()
	}
	envelope, err := json.Marshal(map[string]any{
		"script": settingsScript,
		"request": map[string]any{
			"modulePath": r.ModulePath, "lockSeconds": r.LockSeconds, "expected": r.Expected, "changes": changes,
		},
	})
	if err != nil {
		return nil, err
	}
	input := append(escapeNonASCII(envelope), '\n')
	for _, c := range r.Changes {
		if p := c.pfx(); p != nil {
			input = base64.StdEncoding.AppendEncode(input, p.data)
			input = append(input, '\n')
			input = base64.StdEncoding.AppendEncode(input, []byte(p.password))
			input = append(input, '\n')
		}
	}
	return input, nil
}

// escapeNonASCII replaces the characters of a JSON text that are not ASCII by
// their escapes; such characters are in strings only.
func escapeNonASCII(text []byte) []byte {
	var escaped []byte
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			escaped = utf8.AppendRune(escaped, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			escaped = fmt.Appendf(escaped, `\u%04x`, unit)
		}
	}
	return escaped
}

// answerMark begins the line of the output that holds the script's answer.
const answerMark = "vb365:"

// parse finds the script's answer among whatever else was written.
func (s *Server) parse(output Output) (answer, error) {
	var reply answer
	_, encoded, found := cutLast(string(output.Stdout), answerMark)
	if found {
		encoded, _, _ = strings.Cut(encoded, "\n")
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err == nil && json.Unmarshal(text, &reply) == nil && (reply.Settings != "" || reply.Failure != nil) {
			return reply, nil
		}
	}
	return reply, newShellError(s.transport.String(), output)
}

// cutLast slices s around the last instance of a separator.
func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}
