package vbopowershell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	defaultSSHPort = 22
	// connectTimeout bounds connecting and logging in.
	connectTimeout = 30 * time.Second
	// defaultKeepAlive is how often a server is asked whether it is there.
	defaultKeepAlive = 15 * time.Second
	// signalTime bounds the last words to a server.
	signalTime = 500 * time.Millisecond
	// maxOutput is how many bytes a command may write to each of its outputs.
	maxOutput = 16 << 20
)

// SSHConfig says how to reach a server over SSH. Its text forms hold no secret.
type SSHConfig struct {
	// Host and Port are the server's; port 22 when zero.
	Host string
	Port int
	// Username is the account, such as DOMAIN\user.
	Username string
	// Password, PrivateKey and AgentSocket are ways to log in; at least one is
	// needed. Keys are tried first, the agent's last among them. The password also
	// answers a server that asks for it by keyboard-interactive.
	Password string
	// PrivateKey is a PEM text, in OpenSSH's, PKCS #1, SEC 1 or PKCS #8 form; that
	// of PKCS #8 must not be encrypted.
	PrivateKey string
	// PrivateKeyPassphrase opens the private key, if it is encrypted.
	PrivateKeyPassphrase string
	// AgentSocket is the Unix socket of an SSH agent, which SSH_AUTH_SOCK names.
	// The named pipe of OpenSSH for Windows' agent is not supported.
	AgentSocket string
	// HostKey holds the server's public keys, one a line: as in a .pub file, as in
	// known_hosts, or a fingerprint such as SHA256:…. Any of them is trusted.
	HostKey string
	// KeepAlive is how often the server is asked whether it is there while a command
	// runs; 15 seconds when zero. One that is silent for twice as long is given up.
	KeepAlive time.Duration
	// DialContext, if set, connects in place of [net.Dialer].
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// String implements [fmt.Stringer].
func (c SSHConfig) String() string { return "ssh://" + hostPort(c.Host, c.Port, defaultSSHPort) }

// GoString implements [fmt.GoStringer].
func (c SSHConfig) GoString() string { return c.String() }

// LogValue implements [slog.LogValuer].
func (c SSHConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

type sshTransport struct {
	target    string
	address   string
	username  string
	password  string
	key       ssh.Signer
	agent     string
	trusted   hostKeys
	keepAlive time.Duration
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewSSH returns a transport over SSH, which is safe for concurrent use. An error
// wraps [ErrConfig] and names the field that cannot be used.
func NewSSH(cfg SSHConfig) (Transport, error) {
	trusted, err := parseHostKeys(cfg.HostKey)
	if err != nil {
		return nil, err
	}
	if cfg.Host == "" || cfg.Username == "" {
		return nil, fmt.Errorf("%w: host and username are needed", ErrConfig)
	}
	if err := checkAddress(cfg.Host, cfg.Port); err != nil {
		return nil, err
	}
	if cfg.KeepAlive < 0 {
		return nil, fmt.Errorf("%w: the keep-alive interval is negative", ErrConfig)
	}
	t := &sshTransport{
		target: cfg.String(), address: hostPort(cfg.Host, cfg.Port, defaultSSHPort),
		username: cfg.Username, password: cfg.Password, agent: cfg.AgentSocket, trusted: trusted,
		keepAlive: cfg.KeepAlive, dial: cfg.DialContext,
	}
	if t.keepAlive == 0 {
		t.keepAlive = defaultKeepAlive
	}
	if t.dial == nil {
		t.dial = new(net.Dialer).DialContext
	}
	if cfg.PrivateKey != "" {
		if t.key, err = parsePrivateKey(cfg.PrivateKey, cfg.PrivateKeyPassphrase); err != nil {
			return nil, err
		}
	}
	if t.key == nil && t.password == "" && t.agent == "" {
		return nil, fmt.Errorf("%w: password, private_key or use_agent is needed", ErrConfig)
	}
	return t, nil
}

// String implements [fmt.Stringer].
func (t *sshTransport) String() string { return t.target }

// GoString implements [fmt.GoStringer].
func (t *sshTransport) GoString() string { return t.target }

func (t *sshTransport) fail(reason TransportReason, started bool, err error) error {
	return &TransportError{Target: t.target, Reason: reason, Started: started, Err: err}
}

// sshConn is a connection that is logged in, with the session of one command.
type sshConn struct {
	raw     net.Conn
	client  *ssh.Client
	session *ssh.Session
}

// hangUp asks the server to end the command, which not every server does, and
// closes the connection, which every server notices.
func (c sshConn) hangUp() {
	_ = c.raw.SetWriteDeadline(time.Now().Add(signalTime)) // ends a write that is stuck, too
	_ = c.session.Signal(ssh.SIGTERM)
	_ = c.client.Close()
}

// Run implements [Transport].
func (t *sshTransport) Run(ctx context.Context, commandLine string, stdin []byte) (Output, error) {
	conn, err := t.open(ctx)
	if err != nil {
		return Output{}, err
	}
	var background sync.WaitGroup
	defer background.Wait()
	defer conn.client.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Whatever waits for the server ends with the connection.
	defer context.AfterFunc(ctx, conn.hangUp)()
	background.Go(func() { t.watch(ctx, conn.client, cancel) })

	stdout, stderr := &limited{cancel: cancel}, &limited{cancel: cancel}
	session := conn.session
	session.Stdin, session.Stdout, session.Stderr = bytes.NewReader(stdin), stdout, stderr
	if err := session.Start(commandLine); err != nil {
		return Output{}, t.startError(ctx, commandLine, err)
	}
	err = session.Wait()
	output := Output{Stdout: stdout.data, Stderr: stderr.data}
	exit, ended := errors.AsType[*ssh.ExitError](err)
	switch {
	case err == nil:
		return output, nil
	case context.Cause(ctx) != nil:
		return Output{}, t.fail(ReasonLost, true, context.Cause(ctx))
	case ended:
		output.ExitCode = exit.ExitStatus()
	case !errors.Is(err, io.EOF): // which is a command that succeeds and leaves some of its input
		return Output{}, t.fail(ReasonLost, true, fmt.Errorf("the command's end is not known: %w", err))
	}
	return output, nil
}

// startError explains why a command was not started. Only a server that says no
// is sure to have started nothing.
func (t *sshTransport) startError(ctx context.Context, commandLine string, err error) error {
	// The library has no type for the refusal; its text repeats the command line.
	if err.Error() == fmt.Sprintf("ssh: command %v failed", commandLine) {
		return t.fail(ReasonForbidden, false, errors.New("the server refuses to run commands for this account"))
	}
	if cause := context.Cause(ctx); cause != nil {
		return t.fail(ReasonLost, true, cause)
	}
	return t.fail(ReasonLost, true, fmt.Errorf("the connection was lost when the command was started: %w", err))
}

// open connects, logs in and opens a session. It leaves nothing open on an error.
func (t *sshTransport) open(ctx context.Context) (sshConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	dialed, err := t.dial(ctx, "tcp", t.address)
	if err != nil {
		return sshConn{}, t.fail(ReasonUnreachable, false, err)
	}
	raw := &notedConn{Conn: dialed}
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	login := &sshLogin{sshTransport: t, ctx: ctx, conn: raw}
	var untrusted error
	handshake, channels, requests, err := ssh.NewClientConn(raw, t.address, &ssh.ClientConfig{
		User:              t.username,
		AuthCallback:      login.next,
		HostKeyAlgorithms: t.trusted.algorithms(),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			untrusted = t.trusted.check(key)
			return untrusted
		},
		ClientVersion: "SSH-2.0-terraform-provider-vb365",
	})
	if err != nil {
		_ = raw.Close()
		return sshConn{}, t.handshakeError(ctx, login.begun, untrusted, err)
	}
	client := ssh.NewClient(handshake, channels, requests)
	session, err := client.NewSession()
	if err != nil {
		_ = client.Close()
		return sshConn{}, t.sessionError(ctx, err)
	}
	return sshConn{raw: raw, client: client, session: session}, nil
}

func (t *sshTransport) handshakeError(ctx context.Context, begun bool, untrusted, err error) error {
	if untrusted != nil {
		return t.fail(ReasonUntrusted, false, untrusted)
	}
	// The library's names are a client's the wrong way round: requested is what the
	// server has, supported is what was asked for.
	if n, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err); ok && n.What == "host key" {
		return t.fail(ReasonUntrusted, false, fmt.Errorf("it has no host key of the kind that host_key names (%s), but %s",
			strings.Join(n.SupportedAlgorithms, ", "), strings.Join(n.RequestedAlgorithms, ", ")))
	}
	if refused, ok := errors.AsType[*loginError](err); ok {
		return t.fail(ReasonRefused, false, refused)
	}
	if ctx.Err() != nil {
		return t.fail(ReasonUnreachable, false, fmt.Errorf("it did not answer as an SSH server in time: %w", ctx.Err()))
	}
	_, network := errors.AsType[net.Error](err)
	switch gone := network || errors.Is(err, io.EOF); {
	case begun && gone:
		return t.fail(ReasonLost, false, fmt.Errorf("the connection was closed during the login: %w", err))
	case begun: // for example a disconnect, after too many keys
		return t.fail(ReasonRefused, false, err)
	}
	return t.fail(ReasonProtocol, false, err)
}

func (t *sshTransport) sessionError(ctx context.Context, err error) error {
	if refused, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
		return t.fail(ReasonForbidden, false, fmt.Errorf("the server opens no session for this account: %w", refused))
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return t.fail(ReasonLost, false, fmt.Errorf("the connection was lost after the login: %w", err))
}

// watch asks now and then whether the server is still there, and gives up one
// that is not. It ends with the context or the connection.
func (t *sshTransport) watch(ctx context.Context, client *ssh.Client, give context.CancelCauseFunc) {
	ticker := time.NewTicker(t.keepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		silent := time.AfterFunc(2*t.keepAlive, func() { give(errors.New("the server no longer answers")) })
		_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
		silent.Stop()
		if err != nil {
			give(fmt.Errorf("the server is gone: %w", err))
			return
		}
	}
}

// limited keeps what is written, up to a limit.
type limited struct {
	data   []byte
	cancel context.CancelCauseFunc
}

func (l *limited) Write(p []byte) (int, error) {
	if len(l.data)+len(p) > maxOutput {
		err := fmt.Errorf("the command wrote more than %d MiB", maxOutput>>20)
		l.cancel(err)
		return 0, err
	}
	l.data = append(l.data, p...)
	return len(p), nil
}
