package vbopowershell

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/go-ntlmssp"
	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
)

const (
	defaultWinRMPort = 5986
	// receiveTime is how long the server may hold back its answer when a command
	// has written nothing.
	receiveTime = 20 * time.Second
	// answerTime is how long any answer may take: more than receiveTime.
	answerTime = time.Minute
	// cleanUpTime bounds the end of a command and its shell.
	cleanUpTime = 10 * time.Second
	// envelopeSize is the size in bytes of the largest message that a server is
	// asked to send, and inputSize how much of standard input goes into one.
	envelopeSize = 150 << 10
	inputSize    = 64 << 10
	// codeTimedOut is the fault of a Receive when a command has written nothing.
	codeTimedOut = "2150858793"
	// codeAccessDenied is Windows' error 5.
	codeAccessDenied = "5"
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
}

// String implements [fmt.Stringer].
func (c WinRMConfig) String() string { return "winrm://" + hostPort(c.Host, c.Port, defaultWinRMPort) }

// GoString implements [fmt.GoStringer].
func (c WinRMConfig) GoString() string { return c.String() }

// LogValue implements [slog.LogValuer].
func (c WinRMConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

type winRMTransport struct {
	target   string
	url      string
	username string
	password string
	ntlm     bool
	tls      *tls.Config
}

// NewWinRM returns a transport over WinRM. An error wraps [ErrConfig] and names
// the field that cannot be used.
//
// The messages are those of the winrm library; their transport is this package's,
// for the library's has no contexts, loses errors of writes, and would log in with
// basic authentication where a server does not offer NTLM.
func NewWinRM(cfg WinRMConfig) (Transport, error) {
	if cfg.Host == "" || cfg.Username == "" || cfg.Password == "" {
		return nil, fmt.Errorf("%w: host, username and password are needed", ErrConfig)
	}
	if cfg.Authentication == "" {
		cfg.Authentication = NTLM
	}
	if cfg.Authentication != NTLM && cfg.Authentication != Basic {
		return nil, fmt.Errorf("%w: authentication is %q, which is neither %s nor %s", ErrConfig, cfg.Authentication, NTLM, Basic)
	}
	tlsConfig, err := trust.Config{CACertificatePEM: cfg.CACertificatePEM, CertificateSHA256: cfg.CertificateSHA256}.TLS()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &winRMTransport{
		target: cfg.String(), url: "https://" + hostPort(cfg.Host, cfg.Port, defaultWinRMPort) + "/wsman",
		username: cfg.Username, password: cfg.Password, ntlm: cfg.Authentication == NTLM, tls: tlsConfig,
	}, nil
}

// String implements [fmt.Stringer].
func (t *winRMTransport) String() string { return t.target }

func (t *winRMTransport) fail(reason TransportReason, err error) *TransportError {
	return &TransportError{Target: t.target, Reason: reason, Err: err}
}

// conversation is one command's, on one connection.
type conversation struct {
	*winRMTransport

	http       *http.Client
	parameters *winrm.Parameters
}

// Run implements [Transport].
func (t *winRMTransport) Run(ctx context.Context, commandLine string, stdin []byte) (Output, error) {
	next := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: t.tls.Clone(),
		DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, TLSHandshakeTimeout: connectTimeout,
		// NTLM logs a connection in, not a request.
		MaxConnsPerHost: 1,
	}
	defer next.CloseIdleConnections()
	c := &conversation{
		winRMTransport: t, http: &http.Client{Transport: next, Timeout: answerTime},
		parameters: winrm.NewParameters(fmt.Sprintf("PT%dS", int(receiveTime.Seconds())), "en-US", envelopeSize),
	}
	if t.ntlm {
		c.http.Transport = ntlmssp.Negotiator{RoundTripper: withoutBasic{next}}
	}
	return c.run(ctx, commandLine, stdin)
}

// withoutBasic keeps the NTLM library from falling back to basic authentication.
type withoutBasic struct{ next http.RoundTripper }

// errNoNTLM tells that a server does not offer NTLM.
var errNoNTLM = errors.New("the server does not offer NTLM (Negotiate)")

// RoundTrip implements [http.RoundTripper].
func (w withoutBasic) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, _, basic := req.BasicAuth(); basic {
		return nil, errNoNTLM
	}
	return w.next.RoundTrip(req)
}

func (c *conversation) run(ctx context.Context, commandLine string, stdin []byte) (Output, error) {
	answer, err := c.post(ctx, winrm.NewOpenShellRequest(c.url, c.parameters))
	if err != nil {
		return Output{}, err
	}
	shell, err := winrm.ParseOpenShellResponse(answer)
	if err != nil || shell == "" {
		return Output{}, c.fail(ReasonProtocol, errors.New("the answer to the opening of a shell names none"))
	}
	defer c.finally(ctx, winrm.NewDeleteShellRequest(c.url, shell, c.parameters))

	// From here on the command may run, whatever comes back.
	output, err := c.execute(ctx, shell, commandLine, stdin)
	if failed, ok := errors.AsType[*TransportError](err); ok && failed.Reason != ReasonForbidden {
		failed.Started, failed.Reason = true, ReasonLost
	}
	return output, err
}

func (c *conversation) execute(ctx context.Context, shell, commandLine string, stdin []byte) (output Output, err error) {
	answer, err := c.postText(ctx, withoutConsole(winrm.NewExecuteCommandRequest(c.url, shell, commandLine, nil, c.parameters)))
	if err != nil {
		return Output{}, err
	}
	command, err := winrm.ParseExecuteCommandResponse(answer)
	if err != nil || command == "" {
		return Output{}, c.fail(ReasonProtocol, errors.New("the answer to the start of a command names none"))
	}
	// Ends the command if it still runs, and frees what the server keeps of it.
	defer c.finally(ctx, winrm.NewSignalRequest(c.url, shell, command, c.parameters))
	for part := range slices.Chunk(stdin, inputSize) {
		if _, err := c.post(ctx, winrm.NewSendInputRequest(c.url, shell, command, part, false, c.parameters)); err != nil {
			return Output{}, err
		}
	}
	if _, err := c.post(ctx, winrm.NewSendInputRequest(c.url, shell, command, nil, true, c.parameters)); err != nil {
		return Output{}, err
	}
	return c.receive(ctx, shell, command)
}

// withoutConsole returns the message of a command whose standard input is no
// console, which would take lines of limited length. The library always asks for
// one.
func withoutConsole(message *soap.SoapMessage) string {
	defer message.Free()
	return consoleMode.ReplaceAllString(message.String(), "${1}FALSE${2}")
}

var consoleMode = regexp.MustCompile(`(Name="WINRS_CONSOLEMODE_STDIN"[^>]*>)TRUE(<)`)

// receive collects what the command writes until it ends.
func (c *conversation) receive(ctx context.Context, shell, command string) (Output, error) {
	var stdout, stderr bytes.Buffer
	for {
		answer, err := c.post(ctx, winrm.NewGetOutputRequest(c.url, shell, command, "stdout stderr", c.parameters))
		if fault, ok := errors.AsType[*faultError](err); ok && fault.code == codeTimedOut {
			continue // it has written nothing yet
		}
		if err != nil {
			return Output{}, err
		}
		finished, exitCode, err := winrm.ParseSlurpOutputErrResponse(answer, &stdout, &stderr)
		if err != nil {
			return Output{}, c.fail(ReasonProtocol, fmt.Errorf("the output cannot be read: %w", err))
		}
		if finished {
			return Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitCode: exitCode}, nil
		}
		if stdout.Len()+stderr.Len() > maxOutput {
			return Output{}, c.fail(ReasonLost, fmt.Errorf("the command wrote more than %d MiB", maxOutput>>20))
		}
	}
}

// finally sends what is due whether or not the run was interrupted. That it may
// fail is of no interest: the server frees what it keeps by itself, later.
func (c *conversation) finally(ctx context.Context, message *soap.SoapMessage) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	_, _ = c.post(ctx, message)
}

// post sends a message and returns the answer to it. The error is a [TransportError].
func (c *conversation) post(ctx context.Context, message *soap.SoapMessage) (string, error) {
	defer message.Free()
	return c.postText(ctx, message.String())
}

func (c *conversation) postText(ctx context.Context, message string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(message))
	if err != nil {
		return "", c.fail(ReasonProtocol, err)
	}
	req.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	req.Header.Set("User-Agent", "terraform-provider-vb365")
	req.SetBasicAuth(c.username, c.password) // with NTLM, this is how its library takes them
	resp, err := c.http.Do(req)
	if err != nil {
		return "", c.connectionError(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxOutput))
	if err != nil {
		return "", c.connectionError(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return string(body), nil
	}
	return "", c.refusal(resp, body)
}

func (c *conversation) connectionError(ctx context.Context, err error) error {
	reason := ReasonUnreachable
	verification, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return c.fail(ReasonUntrusted, fmt.Errorf("its certificate, with the SHA-256 fingerprint %s, is not trusted: %w",
			trust.Fingerprint(verification.UnverifiedCertificates[0]), verification.Err))
	case errors.Is(err, errNoNTLM):
		return c.fail(ReasonRefused, errNoNTLM)
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case isNoTLS(err):
		reason = ReasonProtocol
	}
	return c.fail(reason, err)
}

func isNoTLS(err error) bool {
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// faultError is a fault of WS-Management.
type faultError struct{ code, text string }

func (f *faultError) Error() string {
	if f.code == "" {
		return "it answered: " + f.text
	}
	return fmt.Sprintf("it answered: %s (%s)", f.text, f.code)
}

// refusal explains an answer other than success.
func (c *conversation) refusal(resp *http.Response, body []byte) error {
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return c.fail(ReasonRefused, fmt.Errorf("the login was refused; it offers %s", offered(resp.Header)))
	case http.StatusForbidden:
		return c.fail(ReasonForbidden, errors.New("it answered 403 Forbidden"))
	}
	fault, ok := parseFault(body)
	switch {
	case !ok:
		return c.fail(ReasonProtocol, fmt.Errorf("it answered %s, which is not WinRM's", resp.Status))
	case fault.code == codeAccessDenied:
		return c.fail(ReasonForbidden, fault)
	}
	return c.fail(ReasonProtocol, fault)
}

// offered names the ways to log in that a server offers.
func offered(header http.Header) string {
	var schemes []string
	for _, value := range header.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(value, " ")
		schemes = append(schemes, scheme)
	}
	if len(schemes) == 0 {
		return "no way to log in"
	}
	return strings.Join(schemes, ", ")
}

func parseFault(body []byte) (*faultError, bool) {
	var envelope struct {
		Fault *struct {
			Reason string `xml:"Reason>Text"`
			Detail struct {
				Fault struct {
					Code    string `xml:"Code,attr"`
					Message string `xml:"Message"`
				} `xml:"WSManFault"`
			} `xml:"Detail"`
		} `xml:"Body>Fault"`
	}
	err := xml.Unmarshal(body, &envelope)
	f := envelope.Fault
	if err != nil || f == nil {
		return nil, false //nolint:nilerr // an error of somebody else
	}
	text := strings.TrimSpace(f.Detail.Fault.Message)
	if text == "" {
		text = strings.TrimSpace(f.Reason)
	}
	return &faultError{code: f.Detail.Fault.Code, text: shorten(strings.Join(strings.Fields(text), " "))}, true
}
