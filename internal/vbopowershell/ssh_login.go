package vbopowershell

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// parsePrivateKey reads a key. The library's errors hold nothing of it.
func parsePrivateKey(text, passphrase string) (ssh.Signer, error) {
	if strings.Contains(text, "BEGIN ENCRYPTED PRIVATE KEY") {
		return nil, fmt.Errorf("%w: private_key is encrypted as in PKCS #8, which is not supported; ssh-keygen -p changes it to OpenSSH's form", ErrConfig)
	}
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

// Names of ways to log in, as RFC 4252 and RFC 4256 have them.
const (
	methodPublicKey   = "publickey"
	methodPassword    = "password"
	methodInteractive = "keyboard-interactive"
)

// sshLogin is one login.
type sshLogin struct {
	*sshTransport

	// ctx ends with the login.
	ctx  context.Context //nolint:containedctx // the library's callbacks get none
	conn *notedConn
	// begun tells that the server is trusted and was asked how to log in.
	begun bool
	// answered tells that the server was given the password by keyboard-interactive.
	answered bool
	// trouble is why a way to log in could not be tried.
	trouble []error
}

// loginError tells that no way to log in is left.
type loginError struct {
	tried, offered []string
	trouble        error
}

func (e *loginError) Error() string {
	text := "the login was refused"
	if len(e.tried) == 0 {
		text = "no configured way to log in is offered"
	} else {
		text += " with " + strings.Join(e.tried, " and ")
	}
	if len(e.offered) > 0 {
		text += "; the server offers " + strings.Join(e.offered, ", ")
	}
	if e.trouble != nil {
		text += "; " + e.trouble.Error()
	}
	return text
}

func (e *loginError) Unwrap() error { return e.trouble }

// next is the library's question for the next way to log in.
func (l *sshLogin) next(state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.begun = true
	if err := l.conn.broken(); err != nil {
		return nil, err // which the library takes for a refusal
	}
	tried := slices.DeleteFunc(slices.Clone(state.TriedMethods), func(method string) bool { return method == "none" })
	usable := func(method string, configured bool) bool {
		return configured && slices.Contains(state.AllowedMethods, method) &&
			!slices.Contains(tried, method) && !slices.Contains(state.PartialSuccessMethods, method)
	}
	switch {
	case usable(methodPublicKey, l.key != nil || l.agent != ""):
		// One method for all keys: the library tries each method once.
		return ssh.PublicKeysCallback(l.signers), nil
	case usable(methodPassword, l.password != ""):
		return ssh.Password(l.password), nil
	case usable(methodInteractive, l.password != "") && !slices.Contains(tried, methodPassword):
		// A password that was refused is not tried twice: accounts get locked.
		return ssh.KeyboardInteractive(l.answer), nil
	}
	return nil, &loginError{tried: tried, offered: state.AllowedMethods, trouble: errors.Join(l.trouble...)}
}

// signers are the private key and those of the agent. An agent that fails leaves
// the private key.
func (l *sshLogin) signers() ([]ssh.Signer, error) {
	var signers []ssh.Signer
	if l.key != nil {
		signers = append(signers, l.key)
	}
	if l.agent == "" {
		return signers, nil
	}
	held, err := l.agentSigners()
	if err != nil {
		l.trouble = append(l.trouble, fmt.Errorf("the SSH agent gives no keys: %w", err))
	}
	return append(signers, held...), nil
}

func (l *sshLogin) agentSigners() ([]ssh.Signer, error) {
	conn, err := new(net.Dialer).DialContext(l.ctx, "unix", l.agent)
	if err != nil {
		return nil, err
	}
	// The agent signs until the login is over, and may hang meanwhile.
	context.AfterFunc(l.ctx, func() { _ = conn.Close() })
	return agent.NewClient(conn).Signers()
}

// answer gives the password to the first hidden question, and nothing to any other.
func (l *sshLogin) answer(_, _ string, questions []string, echos []bool) ([]string, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	if len(questions) > 1 || echos[0] || l.answered {
		err := fmt.Errorf("the server asks %q, and not for a password alone", shorten(strings.Join(questions, " ")))
		l.trouble = append(l.trouble, err)
		return nil, err
	}
	l.answered = true
	return []string{l.password}, nil
}

// notedConn remembers that nothing can be read any more.
type notedConn struct {
	net.Conn

	err atomic.Pointer[error]
}

// Read implements [net.Conn].
func (c *notedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.err.CompareAndSwap(nil, &err)
	}
	return n, err
}

func (c *notedConn) broken() error {
	if err := c.err.Load(); err != nil {
		return *err
	}
	return nil
}
