package vbopowershell

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
)

const (
	defaultWinRMPort = 5986
	winRMPath        = "/wsman"
	// defaultOperationTimeout is WinRMConfig.OperationTimeout when it is zero.
	defaultOperationTimeout = 20 * time.Second
	// answerTime is how much longer than the operation's time-out an answer may take.
	answerTime = 40 * time.Second
	// cleanUpTime bounds the end of a command and its shell.
	cleanUpTime = 5 * time.Second
	// envelopeSize is the size in bytes of the largest message that a server is
	// asked to send, and inputSize how much of standard input goes into one.
	envelopeSize = 150 << 10
	inputSize    = 64 << 10
)

// WinRMAuthentication is a way to log in over WinRM.
type WinRMAuthentication string

// The ways to log in over WinRM.
const (
	// NTLM does not hand the password over.
	NTLM WinRMAuthentication = "ntlm"
	// Basic hands the password over, inside TLS.
	Basic WinRMAuthentication = "basic"
)

// WinRMConfig says how to reach a server over WinRM with HTTPS. Its text forms
// hold no secret.
type WinRMConfig struct {
	// Host and Port are the server's; port 5986 when zero.
	Host string
	Port int
	// Username is the account: DOMAIN\user, MACHINE\user or a local name.
	Username string
	Password string
	// Authentication is the way to log in; [NTLM] when empty.
	Authentication WinRMAuthentication
	// CACertificatePEM and CertificateSHA256 say which certificate to trust; see
	// [trust.Config].
	CACertificatePEM, CertificateSHA256 string
	// OperationTimeout is how long the server may hold back its answer while a
	// command writes nothing; 20 seconds when zero. Commands may take longer.
	OperationTimeout time.Duration
}

// String implements [fmt.Stringer].
func (c WinRMConfig) String() string { return "winrm://" + hostPort(c.Host, c.Port, defaultWinRMPort) }

// GoString implements [fmt.GoStringer].
func (c WinRMConfig) GoString() string { return c.String() }

// LogValue implements [slog.LogValuer].
func (c WinRMConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

type winRMTransport struct {
	target           string
	url              string
	username         string
	password         string
	ntlm             bool
	pin              string
	tls              *tls.Config
	operationTimeout time.Duration
}

// NewWinRM returns a transport over WinRM, which is safe for concurrent use. An
// error wraps [ErrConfig] and names the field that cannot be used.
//
// The requests are those of the winrm library. How they travel is this package's:
// the library has no contexts, ignores what it cannot read in an answer, and takes
// a command without an exit code for one that succeeded.
func NewWinRM(cfg WinRMConfig) (Transport, error) {
	if cfg.Host == "" || cfg.Username == "" || cfg.Password == "" {
		return nil, fmt.Errorf("%w: host, username and password are needed", ErrConfig)
	}
	if err := checkAddress(cfg.Host, cfg.Port); err != nil {
		return nil, err
	}
	if strings.Contains(cfg.Username, ":") {
		return nil, fmt.Errorf("%w: username has a colon, which no account of Windows has", ErrConfig)
	}
	if cfg.Authentication == "" {
		cfg.Authentication = NTLM
	}
	if cfg.Authentication != NTLM && cfg.Authentication != Basic {
		return nil, fmt.Errorf("%w: authentication is %q, which is neither %s nor %s", ErrConfig, cfg.Authentication, NTLM, Basic)
	}
	if cfg.OperationTimeout < 0 {
		return nil, fmt.Errorf("%w: the operation time-out is negative", ErrConfig)
	}
	if cfg.OperationTimeout == 0 {
		cfg.OperationTimeout = defaultOperationTimeout
	}
	tlsConfig, err := trust.Config{CACertificatePEM: cfg.CACertificatePEM, CertificateSHA256: cfg.CertificateSHA256}.TLS()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	endpoint := url.URL{Scheme: "https", Host: hostPort(cfg.Host, cfg.Port, defaultWinRMPort), Path: winRMPath}
	return &winRMTransport{
		target: cfg.String(), url: endpoint.String(), username: cfg.Username, password: cfg.Password,
		ntlm: cfg.Authentication == NTLM, pin: cfg.CertificateSHA256, tls: tlsConfig, operationTimeout: cfg.OperationTimeout,
	}, nil
}

// String implements [fmt.Stringer].
func (t *winRMTransport) String() string { return t.target }

// GoString implements [fmt.GoStringer].
func (t *winRMTransport) GoString() string { return t.target }

func (t *winRMTransport) fail(reason TransportReason, err error) *TransportError {
	return &TransportError{Target: t.target, Reason: reason, Err: err}
}

// conversation is one command's, on one connection.
type conversation struct {
	*winRMTransport

	http       *http.Client
	parameters *winrm.Parameters
	// shell and command are their names on the server, once it has given them.
	shell, command string
}

// Run implements [Transport]. Input is sent whole before output is fetched: the
// server holds back a command that writes much before it has read its input.
func (t *winRMTransport) Run(ctx context.Context, commandLine string, stdin []byte) (Output, error) {
	c, hangUp := t.converse()
	defer hangUp()
	answer, err := c.post(ctx, winrm.NewOpenShellRequest(c.url, c.parameters))
	if err != nil {
		return Output{}, err
	}
	if c.shell, err = winrm.ParseOpenShellResponse(answer); err != nil || c.shell == "" {
		return Output{}, c.fail(ReasonProtocol, errors.New("the answer to the opening of a shell names none"))
	}
	defer c.cleanUp(ctx)
	if err := c.start(ctx, commandLine); err != nil {
		return Output{}, err
	}
	refused, err := c.send(ctx, stdin)
	if err != nil {
		return Output{}, c.lost(err)
	}
	output, err := c.receive(ctx, refused)
	if err != nil {
		return Output{}, c.lost(err)
	}
	return output, nil
}

// lost marks an error after which what the command did is not known.
func (c *conversation) lost(err error) error {
	if failed, ok := errors.AsType[*TransportError](err); ok {
		err = failed.Err
	}
	return &TransportError{Target: c.target, Reason: ReasonLost, Started: true, Err: err}
}

// start starts the command. Only a server that says no is sure to have started
// nothing.
func (c *conversation) start(ctx context.Context, commandLine string) error {
	// The library packs the line into a CDATA section, which this would end.
	line := strings.ReplaceAll(commandLine, "]]>", "]]]]><![CDATA[>")
	answer, err := c.postText(ctx, withoutConsole(winrm.NewExecuteCommandRequest(c.url, c.shell, line, nil, c.parameters)))
	if refusal, ok := errors.AsType[*answerError](err); ok && refusal.final {
		return err
	}
	if err != nil {
		return c.lost(err)
	}
	if c.command, err = winrm.ParseExecuteCommandResponse(answer); err != nil || c.command == "" {
		return c.lost(errors.New("the answer to the start of a command names none"))
	}
	return nil
}

// withoutConsole returns the message of a command whose standard input is no
// console, which would take lines of limited length. The library always asks for
// one.
func withoutConsole(message *soap.SoapMessage) string {
	defer message.Free()
	return consoleMode.ReplaceAllString(message.String(), "${1}FALSE${2}")
}

var consoleMode = regexp.MustCompile(`(Name="WINRS_CONSOLEMODE_STDIN"[^>]*>)TRUE(<)`)

// send sends the input and its end. That the server takes no input, as refused
// tells, is for the command's output to explain: it may have ended.
func (c *conversation) send(ctx context.Context, stdin []byte) (refused, err error) {
	parts := slices.Collect(slices.Chunk(stdin, inputSize))
	if len(parts) == 0 {
		parts = [][]byte{nil}
	}
	for i, part := range parts {
		last := i == len(parts)-1
		_, err := c.post(ctx, winrm.NewSendInputRequest(c.url, c.shell, c.command, part, last, c.parameters))
		if refusal, ok := errors.AsType[*answerError](err); ok && refusal.fault {
			return err, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// receive collects what the command writes until it ends. A command that did not
// get its input and writes nothing is not waited for.
func (c *conversation) receive(ctx context.Context, refused error) (Output, error) {
	var stdout, stderr bytes.Buffer
	for {
		answer, err := c.post(ctx, winrm.NewGetOutputRequest(c.url, c.shell, c.command, "stdout stderr", c.parameters))
		if nothing, ok := errors.AsType[*answerError](err); ok && nothing.code == codeTimedOut {
			if refused != nil {
				return Output{}, refused
			}
			continue // it has written nothing yet
		}
		if err != nil {
			return Output{}, err
		}
		state, err := parseReceived(answer, &stdout, &stderr)
		if err != nil {
			return Output{}, err
		}
		if stdout.Len() > maxOutput || stderr.Len() > maxOutput {
			return Output{}, fmt.Errorf("the command wrote more than %d MiB", maxOutput>>20)
		}
		if state.done {
			return Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitCode: state.exitCode}, nil
		}
	}
}

// cleanUp ends the command, if it still runs, and deletes the shell, whether or
// not the run was interrupted. That it may fail is of no interest: the server
// frees what it keeps by itself, later.
func (c *conversation) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	if c.command != "" {
		_, _ = c.post(ctx, winrm.NewSignalRequest(c.url, c.shell, c.command, c.parameters))
	}
	_, _ = c.post(ctx, winrm.NewDeleteShellRequest(c.url, c.shell, c.parameters))
}
