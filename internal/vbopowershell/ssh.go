package vbopowershell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const (
	defaultSSHPort = 22
	// connectTimeout bounds connecting and logging in.
	connectTimeout = 30 * time.Second
	// keepAliveInterval is how often a silent server is asked whether it is there.
	keepAliveInterval = 15 * time.Second
	// maxOutput is how much a command may write.
	maxOutput = 16 << 20
)

// SSHConfig says how to reach a server over SSH. Its text forms hold no secret.
type SSHConfig struct {
	// Host and Port are the server's; port 22 when zero.
	Host string
	Port int
	// Username is the account, such as DOMAIN\user.
	Username string
	// Password, PrivateKey and AgentSocket are ways to log in; at least one is needed.
	Password string
	// PrivateKey is a PEM text, in OpenSSH's or a PKCS form.
	PrivateKey string
	// PrivateKeyPassphrase opens the private key, if it is encrypted.
	PrivateKeyPassphrase string
	// AgentSocket is the Unix socket of an SSH agent.
	AgentSocket string
	// HostKey holds the server's public keys, one a line: as in a .pub file, as in
	// known_hosts, or a fingerprint such as SHA256:…. Any of them is trusted.
	HostKey string
}

// String implements [fmt.Stringer].
func (c SSHConfig) String() string { return "ssh://" + hostPort(c.Host, c.Port, defaultSSHPort) }

// GoString implements [fmt.GoStringer].
func (c SSHConfig) GoString() string { return c.String() }

// LogValue implements [slog.LogValuer].
func (c SSHConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

func hostPort(host string, port, otherwise int) string {
	if port == 0 {
		port = otherwise
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

type sshTransport struct {
	target   string
	address  string
	username string
	password string
	key      ssh.Signer
	agent    string
	trusted  hostKeys
}

// NewSSH returns a transport over SSH. An error wraps [ErrConfig] and names the
// field that cannot be used.
func NewSSH(cfg SSHConfig) (Transport, error) {
	trusted, err := parseHostKeys(cfg.HostKey)
	if err != nil {
		return nil, err
	}
	t := &sshTransport{
		target: cfg.String(), address: hostPort(cfg.Host, cfg.Port, defaultSSHPort),
		username: cfg.Username, password: cfg.Password, agent: cfg.AgentSocket, trusted: trusted,
	}
	if cfg.Host == "" || cfg.Username == "" {
		return nil, fmt.Errorf("%w: host and username are needed", ErrConfig)
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

// parsePrivateKey reads a key. The library's errors hold nothing of it.
func parsePrivateKey(text, passphrase string) (ssh.Signer, error) {
	if passphrase != "" {
		key, err := ssh.ParsePrivateKeyWithPassphrase([]byte(text), []byte(passphrase))
		if err != nil {
			return nil, fmt.Errorf("%w: private_key cannot be opened with private_key_passphrase: %w", ErrConfig, err)
		}
		return key, nil
	}
	key, err := ssh.ParsePrivateKey([]byte(text))
	if _, encrypted := errors.AsType[*ssh.PassphraseMissingError](err); encrypted {
		return nil, fmt.Errorf("%w: private_key is encrypted, and private_key_passphrase is not set", ErrConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: private_key cannot be read: %w", ErrConfig, err)
	}
	return key, nil
}

// hostKeys are the keys by which a server is known.
type hostKeys struct {
	keys         []ssh.PublicKey
	fingerprints []string
}

const fingerprintPrefix = "SHA256:"

func parseHostKeys(text string) (hostKeys, error) {
	var known hostKeys
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.Contains(line, "PRIVATE KEY"):
			return known, fmt.Errorf("%w: host_key is a private key; the server's public key is wanted, ssh_host_ed25519_key.pub", ErrConfig)
		case strings.HasPrefix(line, fingerprintPrefix):
			known.fingerprints = append(known.fingerprints, strings.TrimRight(line, "="))
			continue
		}
		// A host's name before the key, as in known_hosts, passes for an option.
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return known, fmt.Errorf("%w: host_key has a line that is no public key; expected ssh-ed25519 AAAA… or SHA256:…", ErrConfig)
		}
		known.keys = append(known.keys, key)
	}
	if len(known.keys) == 0 && len(known.fingerprints) == 0 {
		return known, fmt.Errorf("%w: host_key is needed: without it, anybody could pass for the server", ErrConfig)
	}
	return known, nil
}

// hostKeyError is why a server is not trusted.
type hostKeyError struct{ shown, expected string }

func (e *hostKeyError) Error() string {
	return fmt.Sprintf("its host key is %s, and not %s", e.shown, e.expected)
}

func (h hostKeys) check(shown ssh.PublicKey) error {
	fingerprint := ssh.FingerprintSHA256(shown)
	var expected []string
	for _, key := range h.keys {
		if slices.Equal(key.Marshal(), shown.Marshal()) {
			return nil
		}
		expected = append(expected, ssh.FingerprintSHA256(key))
	}
	if slices.Contains(h.fingerprints, fingerprint) {
		return nil
	}
	return &hostKeyError{shown: fingerprint, expected: strings.Join(append(expected, h.fingerprints...), " or ")}
}

// algorithms are those of the known keys, so that a server with several shows a
// known one. Fingerprints do not tell: then the server is asked as OpenSSH's
// client does, and shows an Ed25519 key if it has one.
func (h hostKeys) algorithms() []string {
	if len(h.fingerprints) > 0 {
		return []string{
			ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
			ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
		}
	}
	var algorithms []string
	for _, key := range h.keys {
		if key.Type() == ssh.KeyAlgoRSA {
			algorithms = append(algorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		algorithms = append(algorithms, key.Type())
	}
	return algorithms
}

// String implements [fmt.Stringer].
func (t *sshTransport) String() string { return t.target }

func (t *sshTransport) fail(reason TransportReason, started bool, err error) error {
	return &TransportError{Target: t.target, Reason: reason, Started: started, Err: err}
}

// Run implements [Transport].
func (t *sshTransport) Run(ctx context.Context, commandLine string, stdin []byte) (Output, error) {
	client, err := t.connect(ctx)
	if err != nil {
		return Output{}, err
	}
	defer client.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Closing the connection ends whatever waits for it.
	defer context.AfterFunc(ctx, func() { _ = client.Close() })()
	go keepAlive(ctx, client, cancel)

	session, err := client.NewSession()
	if err != nil {
		return Output{}, t.fail(ReasonForbidden, false, fmt.Errorf("the server opens no session: %w", err))
	}
	defer session.Close()
	stdout, stderr := &limited{cancel: cancel}, &limited{cancel: cancel}
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(string(stdin)), stdout, stderr
	if err := session.Start(commandLine); err != nil {
		return Output{}, t.startError(ctx, err)
	}
	err = session.Wait()
	output := Output{Stdout: stdout.data, Stderr: stderr.data}
	exit, ended := errors.AsType[*ssh.ExitError](err)
	switch {
	case context.Cause(ctx) != nil:
		return Output{}, t.fail(ReasonLost, true, context.Cause(ctx))
	case ended:
		output.ExitCode = exit.ExitStatus()
	case err != nil && !isBrokenStdin(err):
		return Output{}, t.fail(ReasonLost, true, fmt.Errorf("the command's end is not known: %w", err))
	}
	return output, nil
}

// isBrokenStdin tells that a command which succeeded did not read all of its input.
func isBrokenStdin(err error) bool { return errors.Is(err, io.EOF) }

func (t *sshTransport) startError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return t.fail(ReasonLost, true, cause)
	}
	if errors.Is(err, io.EOF) {
		return t.fail(ReasonLost, true, errors.New("the connection was closed when the command was started"))
	}
	return t.fail(ReasonForbidden, false, err)
}

func (t *sshTransport) connect(ctx context.Context) (*ssh.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, t.fail(ReasonUnreachable, false, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	methods, done, err := t.methods(ctx)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	defer done()
	var untrusted error
	handshake, channels, requests, err := ssh.NewClientConn(conn, t.address, &ssh.ClientConfig{
		User:              t.username,
		Auth:              methods,
		HostKeyAlgorithms: t.trusted.algorithms(),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			untrusted = t.trusted.check(key)
			return untrusted
		},
		ClientVersion: "SSH-2.0-terraform-provider-vb365",
	})
	if err != nil {
		_ = conn.Close()
		return nil, t.handshakeError(ctx, untrusted, err)
	}
	return ssh.NewClient(handshake, channels, requests), nil
}

func (t *sshTransport) handshakeError(ctx context.Context, untrusted, err error) error {
	negotiation, disjoint := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	switch {
	case untrusted != nil:
		return t.fail(ReasonUntrusted, false, untrusted)
	case disjoint && slices.Equal(negotiation.RequestedAlgorithms, t.trusted.algorithms()):
		return t.fail(ReasonUntrusted, false, fmt.Errorf("it has no host key of the kind that host_key names (%s), but %s",
			strings.Join(negotiation.RequestedAlgorithms, ", "), strings.Join(negotiation.SupportedAlgorithms, ", ")))
	case ctx.Err() != nil:
		return t.fail(ReasonUnreachable, false, fmt.Errorf("it did not answer as an SSH server in time: %w", ctx.Err()))
	case strings.Contains(err.Error(), "unable to authenticate"):
		// The library has no type for this; its text names the methods that were tried.
		return t.fail(ReasonRefused, false, err)
	}
	return t.fail(ReasonProtocol, false, err)
}

// methods are the ways to log in; done is to be called when that is over.
func (t *sshTransport) methods(ctx context.Context) (methods []ssh.AuthMethod, done func(), err error) {
	done = func() {}
	if t.key != nil {
		methods = append(methods, ssh.PublicKeys(t.key))
	}
	if t.agent != "" {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", t.agent)
		if err != nil {
			return nil, done, t.fail(ReasonRefused, false, fmt.Errorf("the SSH agent cannot be reached: %w", err))
		}
		done = func() { _ = conn.Close() }
		methods = append(methods, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
	}
	if t.password != "" {
		methods = append(methods, ssh.Password(t.password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, echos []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range questions {
					if echos[i] {
						return nil, fmt.Errorf("the server asks %q, not for a password", questions[i])
					}
					answers[i] = t.password
				}
				return answers, nil
			}))
	}
	return methods, done, nil
}

// keepAlive asks now and then whether the server is still there.
func keepAlive(ctx context.Context, client *ssh.Client, give context.CancelCauseFunc) {
	ticker := time.NewTicker(keepAliveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		answered := make(chan error, 1)
		go func() {
			_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
			answered <- err
		}()
		select {
		case <-ctx.Done():
			return
		case err := <-answered:
			if err != nil {
				give(fmt.Errorf("the server is gone: %w", err))
				return
			}
		case <-time.After(2 * keepAliveInterval):
			give(errors.New("the server no longer answers"))
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
