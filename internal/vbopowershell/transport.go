package vbopowershell

import (
	"context"
	"errors"
	"fmt"
)

// Transport runs a command on the VB365 server, over [NewSSH] or [NewWinRM].
type Transport interface {
	// Run starts a command line, writes all of stdin to it and closes that, and
	// waits for its end. It connects for every command, and leaves nothing open.
	//
	// Whatever exit code the command ends with is no error. Every error is a
	// [TransportError]. When the context ends, Run asks the server to end the
	// command, which takes seconds at most, and returns.
	Run(ctx context.Context, commandLine string, stdin []byte) (Output, error)

	// String names the transport and the server, as in "ssh://vb365.example.com:22".
	String() string
}

// Output is what a command left.
type Output struct {
	Stdout, Stderr []byte
	ExitCode       int
}

// TransportError tells why a command could not be run, or not be followed to its
// end. It never holds a secret.
type TransportError struct {
	// Target is the [Transport] in words.
	Target string
	// Reason classifies the failure.
	Reason TransportReason
	// Started tells that the command may have been started: what it was to
	// change may have changed.
	Started bool
	// Err is the cause.
	Err error
}

// TransportReason classifies a [TransportError].
type TransportReason string

// The reasons of a [TransportError].
const (
	// ReasonUnreachable: no connection, as the port is refused, the name unknown,
	// or nobody answers.
	ReasonUnreachable TransportReason = "unreachable"
	// ReasonUntrusted: the host key or the certificate is not the one that the
	// configuration asks for, or has expired.
	ReasonUntrusted TransportReason = "untrusted"
	// ReasonRefused: the server does not accept the account or its password, key
	// or authentication method.
	ReasonRefused TransportReason = "refused"
	// ReasonForbidden: the account is accepted, but may not run commands.
	ReasonForbidden TransportReason = "forbidden"
	// ReasonProtocol: what answers is not what was expected, for example no WinRM.
	ReasonProtocol TransportReason = "protocol"
	// ReasonLost: the connection ended, or the time was up, before the command's end.
	ReasonLost TransportReason = "lost"
)

// Error implements error.
func (e *TransportError) Error() string { return fmt.Sprintf("%s: %s", e.Target, e.Err) }

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// ErrConfig is wrapped by errors about a configuration that cannot work,
// whatever the server does.
var ErrConfig = errors.New("configuration")
