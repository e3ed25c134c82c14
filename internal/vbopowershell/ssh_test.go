package vbopowershell_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// secret is the password of all servers in these tests; no error may hold it.
const secret = "geheim"

var errDenied = errors.New("denied")

// sshStub is an SSH server that does what a test wants.
type sshStub struct {
	// keys are the host keys; an Ed25519 one when empty.
	keys []ssh.Signer
	// login changes how clients log in; with the password when nil.
	login func(*ssh.ServerConfig, net.Conn)
	// session answers the requests of a session; nil refuses sessions.
	session func(conn net.Conn, channel ssh.Channel, requests <-chan *ssh.Request)
	// deaf leaves keep-alives unanswered.
	deaf bool
	// asked, if set, is told of keep-alives, which are answered then.
	asked chan<- struct{}
}

func newSigner(t *testing.T, key any) ssh.Signer {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func ed25519Key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecdsaKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicLine(key ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(key.PublicKey())) }

// listen accepts connections until the test ends.
func listen(t *testing.T, network, address string, serve func(net.Conn)) net.Addr {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr()
}

func portOf(t *testing.T, address net.Addr) int {
	t.Helper()
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		t.Fatalf("%v is no TCP address", address)
	}
	return tcp.Port
}

// start serves, and returns how to log in.
func (s sshStub) start(t *testing.T) vbopowershell.SSHConfig {
	t.Helper()
	if len(s.keys) == 0 {
		s.keys = []ssh.Signer{newSigner(t, ed25519Key(t))}
	}
	address := listen(t, "tcp", "127.0.0.1:0", s.serve)
	return vbopowershell.SSHConfig{
		Host: "127.0.0.1", Port: portOf(t, address), Username: "admin", Password: secret, HostKey: publicLine(s.keys[0]),
	}
}

func acceptPassword(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
	if string(password) != secret {
		return nil, errDenied
	}
	return &ssh.Permissions{}, nil
}

func (s sshStub) serve(conn net.Conn) {
	cfg := &ssh.ServerConfig{PasswordCallback: acceptPassword}
	if s.login != nil {
		s.login(cfg, conn)
	}
	for _, key := range s.keys {
		cfg.AddHostKey(key)
	}
	_, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		return
	}
	if !s.deaf {
		go s.keepAlive(requests)
	}
	for offered := range channels {
		if s.session == nil {
			_ = offered.Reject(ssh.Prohibited, "no sessions here")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		go s.session(conn, channel, requests)
	}
}

func (s sshStub) keepAlive(requests <-chan *ssh.Request) {
	for request := range requests {
		_ = request.Reply(false, nil)
		if s.asked != nil {
			select {
			case s.asked <- struct{}{}:
			case <-time.After(time.Second): // the command has ended
			}
		}
	}
}

// onExec accepts a command and hands its line over.
func onExec(then func(conn net.Conn, channel ssh.Channel, line string)) func(net.Conn, ssh.Channel, <-chan *ssh.Request) {
	return func(conn net.Conn, channel ssh.Channel, requests <-chan *ssh.Request) {
		for request := range requests {
			var payload struct{ Line string }
			if request.Type != "exec" || ssh.Unmarshal(request.Payload, &payload) != nil {
				_ = request.Reply(false, nil)
				continue
			}
			_ = request.Reply(true, nil)
			go then(conn, channel, payload.Line)
		}
	}
}

// succeed ends a command with exit code 0.
func succeed(_ net.Conn, channel ssh.Channel, _ string) {
	_, _ = channel.SendRequest("exit-status", false, make([]byte, 4))
	_ = channel.Close()
}

// failure is what a run is to fail with.
type failure struct {
	reason  vbopowershell.TransportReason
	started bool
	texts   []string
}

func checkFailure(t *testing.T, name string, err error, want failure) {
	t.Helper()
	got, ok := errors.AsType[*vbopowershell.TransportError](err)
	if !ok {
		t.Errorf("%s: %v is no TransportError", name, err)
		return
	}
	if got.Reason != want.reason || got.Started != want.started {
		t.Errorf("%s: %s, started %t; want %s, started %t: %v", name, got.Reason, got.Started, want.reason, want.started, err)
	}
	for _, text := range want.texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %q is not in %v", name, text, err)
		}
	}
	for _, form := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(form, err); strings.Contains(text, secret) {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// commandLine is what the tests run; it has to be in no error.
const commandLine = "pwsh.exe -EncodedCommand QUJDREVGRw=="

func TestSSHTellsWhyAServerCannotBeReached(t *testing.T) {
	t.Parallel()
	gone := listen(t, "tcp", "127.0.0.1:0", func(net.Conn) {})
	cfg := sshStub{}.start(t)
	for name, c := range map[string]struct {
		change func(*vbopowershell.SSHConfig)
		want   failure
	}{
		"a refused port": {
			func(c *vbopowershell.SSHConfig) { c.Port = closedPort(t) },
			failure{reason: vbopowershell.ReasonUnreachable, texts: []string{"connection refused"}},
		},
		"an unknown name": {
			func(c *vbopowershell.SSHConfig) {
				c.Host = "vb365.example.com"
				c.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
					host, _, err := net.SplitHostPort(address)
					return nil, errors.Join(err, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
				}
			},
			failure{reason: vbopowershell.ReasonUnreachable, texts: []string{"lookup vb365.example.com: no such host"}},
		},
		"a server that hangs up": {
			func(c *vbopowershell.SSHConfig) { c.Port = portOf(t, gone) },
			failure{reason: vbopowershell.ReasonProtocol},
		},
		"a web server": {
			func(c *vbopowershell.SSHConfig) {
				c.Port = portOf(t, listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
					_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
				}))
			},
			failure{reason: vbopowershell.ReasonProtocol},
		},
	} {
		mine := cfg
		c.change(&mine)
		_, err := newSSH(t, mine).Run(t.Context(), commandLine, nil)
		checkFailure(t, name, err, c.want)
	}
}

func TestSSHGivesUpAPortThatNeverAnswersWithTheContext(t *testing.T) {
	t.Parallel()
	cfg := sshStub{}.start(t)
	cfg.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := newSSH(t, cfg).Run(ctx, commandLine, nil)
	checkFailure(t, "time-out", err, failure{reason: vbopowershell.ReasonUnreachable, texts: []string{"deadline exceeded"}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not wrap the context's error", err)
	}
}

func TestSSHTrustsNoOtherHostKey(t *testing.T) {
	t.Parallel()
	own, other := newSigner(t, ed25519Key(t)), newSigner(t, ed25519Key(t))
	ownPrint, otherPrint := ssh.FingerprintSHA256(own.PublicKey()), ssh.FingerprintSHA256(other.PublicKey())
	asked := func(c *ssh.ServerConfig, _ net.Conn) {
		c.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
			t.Error("an untrusted server got the password")
			return nil, errDenied
		}
	}
	cfg := sshStub{keys: []ssh.Signer{own}, login: asked}.start(t)
	for name, c := range map[string]struct {
		hostKey string
		texts   []string
	}{
		"another key":         {publicLine(other), []string{ownPrint, otherPrint, "ssh-ed25519"}},
		"another fingerprint": {otherPrint, []string{ownPrint, otherPrint}},
		"several":             {publicLine(other) + otherPrint, []string{ownPrint, otherPrint + " or "}},
		"another kind":        {publicLine(newSigner(t, ecdsaKey(t))), []string{"(ecdsa-sha2-nistp256), but ssh-ed25519"}},
	} {
		mine := cfg
		mine.HostKey = c.hostKey
		_, err := newSSH(t, mine).Run(t.Context(), commandLine, nil)
		checkFailure(t, name, err, failure{reason: vbopowershell.ReasonUntrusted, texts: c.texts})
	}
}

func TestAServerWithSeveralHostKeysShowsTheOneThatIsKnown(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := []ssh.Signer{newSigner(t, ed25519Key(t)), newSigner(t, ecdsaKey(t)), newSigner(t, rsaKey)}
	cfg := sshStub{keys: keys, session: onExec(succeed)}.start(t)
	for _, key := range keys {
		for form, text := range map[string]string{
			"public":      publicLine(key),
			"known_hosts": "[vb365.example.com]:22,10.0.0.1 " + publicLine(key),
			"hashed":      "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= " + publicLine(key),
		} {
			cfg.HostKey = text
			if _, err := newSSH(t, cfg).Run(t.Context(), commandLine, nil); err != nil {
				t.Errorf("%s, %s: %v", key.PublicKey().Type(), form, err)
			}
		}
	}
}

func TestSSHTellsWhyALoginWasRefused(t *testing.T) {
	t.Parallel()
	plain, _ := newKeyPEM(t, "")
	var passwords, dialogs atomic.Int32
	count := func(counter *atomic.Int32) error {
		counter.Add(1)
		return errDenied
	}
	everything := func(c *ssh.ServerConfig, _ net.Conn) {
		c.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, count(&passwords) }
		c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			_, err := ask("", "", []string{"Password: "}, []bool{false})
			return nil, errors.Join(err, count(&dialogs))
		}
	}
	questions := func(texts []string, echos []bool) func(*ssh.ServerConfig, net.Conn) {
		return func(c *ssh.ServerConfig, _ net.Conn) {
			c.PasswordCallback = nil
			c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
				if answers, err := ask("", "", texts, echos); err == nil {
					t.Errorf("%q was answered with %d texts", texts, len(answers))
				}
				return nil, errDenied
			}
		}
	}
	keysOnly := func(c *ssh.ServerConfig, _ net.Conn) {
		c.PasswordCallback = nil
		c.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, errDenied }
	}
	for name, c := range map[string]struct {
		login  func(*ssh.ServerConfig, net.Conn)
		change func(*vbopowershell.SSHConfig)
		texts  []string
		reason vbopowershell.TransportReason
	}{
		"a wrong password": {
			login: everything,
			texts: []string{"refused with password", "offers password, keyboard-interactive"},
		},
		"a password where only keys do": {
			login: keysOnly,
			texts: []string{"no configured way to log in is offered", "the server offers publickey"},
		},
		"a key that is not known": {
			login:  keysOnly,
			change: func(c *vbopowershell.SSHConfig) { c.PrivateKey = plain },
			texts:  []string{"refused with publickey"},
		},
		"no agent": {
			login:  keysOnly,
			change: func(c *vbopowershell.SSHConfig) { c.AgentSocket = filepath.Join(t.TempDir(), "none") },
			texts:  []string{"the SSH agent gives no keys"},
		},
		"a visible question": {
			login: questions([]string{"Name: "}, []bool{true}),
			texts: []string{"Name: ", "not for a password alone"},
		},
		"a second factor": {
			login: questions([]string{"Password: ", "Code: "}, []bool{false, false}),
			texts: []string{"Password:  Code: "},
		},
		"too many attempts": {
			login: func(c *ssh.ServerConfig, _ net.Conn) {
				c.MaxAuthTries = 1
				everything(c, nil)
			},
			texts: []string{"too many authentication failures"},
		},
		"a connection that is cut": {
			login: func(c *ssh.ServerConfig, conn net.Conn) {
				c.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
					return nil, errors.Join(conn.Close(), errDenied)
				}
			},
			texts:  []string{"closed during the login"},
			reason: vbopowershell.ReasonLost,
		},
	} {
		cfg := sshStub{login: c.login}.start(t)
		if c.change != nil {
			c.change(&cfg)
		}
		if c.reason == "" {
			c.reason = vbopowershell.ReasonRefused
		}
		before := passwords.Load() + dialogs.Load()
		_, err := newSSH(t, cfg).Run(t.Context(), commandLine, nil)
		checkFailure(t, name, err, failure{reason: c.reason, texts: c.texts})
		if tried := passwords.Load() + dialogs.Load() - before; tried > 1 {
			t.Errorf("%s: a password was tried %d times", name, tried)
		}
	}
}

// serveAgent returns the socket of an agent with a key.
func serveAgent(t *testing.T, key any) string {
	t.Helper()
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	return listen(t, "unix", filepath.Join(t.TempDir(), "agent"), func(conn net.Conn) { _ = agent.ServeAgent(keyring, conn) }).String()
}

func TestEveryKeyAndThenThePasswordIsTried(t *testing.T) {
	t.Parallel()
	plain, _ := newKeyPEM(t, "")
	held := ed25519Key(t)
	known := newSigner(t, held).PublicKey().Marshal()
	keys := func(c *ssh.ServerConfig) {
		c.PublicKeyCallback = func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if !bytes.Equal(key.Marshal(), known) {
				return nil, errDenied
			}
			return &ssh.Permissions{}, nil
		}
	}
	socket := serveAgent(t, held)
	missing := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct {
		password bool
		change   func(*vbopowershell.SSHConfig)
	}{
		"the agent's key after another": {false, func(c *vbopowershell.SSHConfig) { c.PrivateKey, c.AgentSocket = plain, socket }},
		"the password after a key":      {true, func(c *vbopowershell.SSHConfig) { c.PrivateKey = plain }},
		"the password without an agent": {true, func(c *vbopowershell.SSHConfig) { c.AgentSocket = missing }},
	} {
		cfg := sshStub{session: onExec(succeed), login: func(s *ssh.ServerConfig, _ net.Conn) {
			keys(s)
			if !c.password {
				s.PasswordCallback = nil
			}
		}}.start(t)
		c.change(&cfg)
		if _, err := newSSH(t, cfg).Run(t.Context(), commandLine, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAgentThatHangsEndsWithTheContext(t *testing.T) {
	t.Parallel()
	cfg := sshStub{login: func(c *ssh.ServerConfig, _ net.Conn) {
		c.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, errDenied }
	}}.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Password = ""
	cfg.AgentSocket = listen(t, "unix", filepath.Join(t.TempDir(), "agent"), func(conn net.Conn) {
		cancel()
		_, _ = io.Copy(io.Discard, conn)
	}).String()
	_, err := newSSH(t, cfg).Run(ctx, commandLine, nil)
	if _, ok := errors.AsType[*vbopowershell.TransportError](err); !ok {
		t.Errorf("%v", err)
	}
}

func TestSSHKnowsWhetherACommandWasStarted(t *testing.T) {
	t.Parallel()
	hangUp := func(conn net.Conn, _ ssh.Channel, _ string) { _ = conn.Close() }
	for name, c := range map[string]struct {
		stub sshStub
		want failure
	}{
		"no session": {sshStub{}, failure{reason: vbopowershell.ReasonForbidden, texts: []string{"no sessions here"}}},
		"no command": {
			sshStub{session: func(_ net.Conn, _ ssh.Channel, requests <-chan *ssh.Request) { ssh.DiscardRequests(requests) }},
			failure{reason: vbopowershell.ReasonForbidden, texts: []string{"refuses to run commands"}},
		},
		"lost when it is to start": {
			sshStub{session: func(conn net.Conn, _ ssh.Channel, requests <-chan *ssh.Request) {
				<-requests
				_ = conn.Close()
			}},
			failure{reason: vbopowershell.ReasonLost, started: true, texts: []string{"lost when the command was started"}},
		},
		"lost while it runs": {sshStub{session: onExec(hangUp)}, failure{reason: vbopowershell.ReasonLost, started: true}},
		"lost after its output": {
			sshStub{session: onExec(func(_ net.Conn, channel ssh.Channel, _ string) {
				_, _ = io.WriteString(channel, "{}")
				_ = channel.Close()
			})},
			failure{reason: vbopowershell.ReasonLost, started: true, texts: []string{"end is not known"}},
		},
		"too much on standard error": {
			sshStub{session: onExec(func(_ net.Conn, channel ssh.Channel, _ string) {
				_, _ = channel.Stderr().Write(make([]byte, 17<<20))
			})},
			failure{reason: vbopowershell.ReasonLost, started: true, texts: []string{"more than 16 MiB"}},
		},
	} {
		_, err := newSSH(t, c.stub.start(t)).Run(t.Context(), commandLine, []byte(secret))
		checkFailure(t, name, err, c.want)
		if err != nil && strings.Contains(err.Error(), "EncodedCommand") {
			t.Errorf("%s: the command line is in %v", name, err)
		}
	}
}

func TestADeadServerIsNoticed(t *testing.T) {
	t.Parallel()
	cfg := sshStub{deaf: true, session: onExec(func(net.Conn, ssh.Channel, string) {})}.start(t)
	cfg.KeepAlive = 10 * time.Millisecond
	_, err := newSSH(t, cfg).Run(t.Context(), commandLine, nil)
	checkFailure(t, "deaf", err, failure{reason: vbopowershell.ReasonLost, started: true, texts: []string{"no longer answers"}})
}

func TestALivelyServerIsNotGivenUp(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	cfg := sshStub{asked: asked, session: onExec(func(conn net.Conn, channel ssh.Channel, line string) {
		for range 3 {
			<-asked
		}
		succeed(conn, channel, line)
	})}.start(t)
	cfg.KeepAlive = time.Second
	if _, err := newSSH(t, cfg).Run(t.Context(), commandLine, nil); err != nil {
		t.Error(err)
	}
}

func TestACancelledCommandIsSignaled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	signals := make(chan string, 1)
	cfg := sshStub{session: func(_ net.Conn, _ ssh.Channel, requests <-chan *ssh.Request) {
		for request := range requests {
			var payload struct{ Name string }
			if request.Type == "signal" && ssh.Unmarshal(request.Payload, &payload) == nil {
				signals <- payload.Name
				continue
			}
			_ = request.Reply(true, nil)
			cancel()
		}
	}}.start(t)
	_, err := newSSH(t, cfg).Run(ctx, commandLine, nil)
	checkFailure(t, "cancelled", err, failure{reason: vbopowershell.ReasonLost, started: true})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not wrap the context's error", err)
	}
	select {
	case name := <-signals:
		if name != "TERM" {
			t.Errorf("signal %s", name)
		}
	case <-time.After(time.Minute):
		t.Error("no signal")
	}
}

func TestACommandNeedNotReadItsInput(t *testing.T) {
	t.Parallel()
	cfg := sshStub{session: onExec(succeed)}.start(t)
	output, err := newSSH(t, cfg).Run(t.Context(), commandLine, make([]byte, 8<<20))
	if err != nil || output.ExitCode != 0 {
		t.Errorf("%d, %v", output.ExitCode, err)
	}
}

func pemText(t *testing.T, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestPrivateKeysOfEachFormAreRead(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve := ecdsaKey(t)
	sec1, sec1Err := x509.MarshalECPrivateKey(curve)
	pkcs8, pkcs8Err := x509.MarshalPKCS8PrivateKey(ed25519Key(t))
	openSSH, _ := newKeyPEM(t, "")
	encrypted, _ := newKeyPEM(t, "open sesame")
	cfg := sshStub{}.start(t)
	cfg.Password = ""
	for name, c := range map[string]struct{ key, passphrase, want string }{
		"PKCS #1":           {pemText(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil), "", ""},
		"SEC 1":             {pemText(t, "EC PRIVATE KEY", sec1, sec1Err), "", ""},
		"PKCS #8":           {pemText(t, "PRIVATE KEY", pkcs8, pkcs8Err), "", ""},
		"OpenSSH":           {openSSH, "", ""},
		"OpenSSH encrypted": {encrypted, "open sesame", ""},
		"PKCS #8 encrypted": {pemText(t, "ENCRYPTED PRIVATE KEY", pkcs8, pkcs8Err), "x", "encrypted as in PKCS #8"},
		"a public key":      {cfg.HostKey, "", "private_key cannot be read"},
	} {
		mine := cfg
		mine.PrivateKey, mine.PrivateKeyPassphrase = c.key, c.passphrase
		_, err := vbopowershell.NewSSH(mine)
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != "" && (!errors.Is(err, vbopowershell.ErrConfig) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// dsaKey is a key of a kind that is no longer secure.
const dsaKey = "ssh-dss AAAAB3NzaC1kc3MAAACBAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAAAAFQCAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAECAAAAAQQ="

func TestSSHConfigurationsThatCannotWork(t *testing.T) {
	t.Parallel()
	good := sshStub{}.start(t)
	for want, change := range map[string]func(*vbopowershell.SSHConfig){
		"host is a name":         func(c *vbopowershell.SSHConfig) { c.Host = "https://vb365" },
		"has no ':'":             func(c *vbopowershell.SSHConfig) { c.Host = "vb365:22" },
		"has no '@'":             func(c *vbopowershell.SSHConfig) { c.Host = "admin@vb365" },
		"port is 65536":          func(c *vbopowershell.SSHConfig) { c.Port = 65536 },
		"port is -1":             func(c *vbopowershell.SSHConfig) { c.Port = -1 },
		"interval is negative":   func(c *vbopowershell.SSHConfig) { c.KeepAlive = -1 },
		"without the 43":         func(c *vbopowershell.SSHConfig) { c.HostKey = "SHA256:AAAA" },
		"of the kind ssh-dss":    func(c *vbopowershell.SSHConfig) { c.HostKey = dsaKey },
		"a line that is no":      func(c *vbopowershell.SSHConfig) { c.HostKey += "MD5:aa:bb" },
		"it, anybody could pass": func(c *vbopowershell.SSHConfig) { c.HostKey = "\n# only a comment\n" },
	} {
		cfg := good
		change(&cfg)
		_, err := vbopowershell.NewSSH(cfg)
		if !errors.Is(err, vbopowershell.ErrConfig) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	good.Host = "fe80::1"
	if transport := newSSH(t, good); !strings.HasPrefix(transport.String(), "ssh://[fe80::1]:") {
		t.Error(transport)
	}
}

func TestTransportsShowNoSecrets(t *testing.T) {
	t.Parallel()
	cfg := sshStub{}.start(t)
	plain, _ := newKeyPEM(t, "")
	cfg.PrivateKey = plain
	overWinRM := vbopowershell.WinRMConfig{Host: "vb365", Username: "admin", Password: secret}
	for _, transport := range []vbopowershell.Transport{newSSH(t, cfg), newWinRM(t, overWinRM)} {
		for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(form, transport); text != transport.String() {
				t.Errorf("%s gives %s", form, text)
			}
		}
	}
}
