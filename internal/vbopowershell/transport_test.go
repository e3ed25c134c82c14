package vbopowershell_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
	"github.com/vb365/terraform-provider-vb365/internal/trust"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// pinOf is the fingerprint of a server's certificate.
func pinOf(server *httptest.Server) string { return trust.Fingerprint(server.Certificate()) }

// echo writes back what it reads, and ends with exit code 3.
func echo(_ context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) int {
	_, _ = io.Copy(stdout, stdin)
	_, _ = io.WriteString(stderr, "ran "+line)
	return 3
}

func startSSH(t *testing.T, run remoting.Run, options remoting.Options) (*remoting.SSH, vbopowershell.SSHConfig) {
	t.Helper()
	s, err := remoting.StartSSH(run, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, vbopowershell.SSHConfig{
		Host: s.Host(), Port: s.Port(), Username: remoting.DefaultUsername, Password: remoting.DefaultPassword, HostKey: s.HostKeys()[0],
	}
}

func startWinRM(t *testing.T, run remoting.Run, options remoting.Options) (*remoting.WinRM, vbopowershell.WinRMConfig) {
	t.Helper()
	w, err := remoting.StartWinRM(run, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, vbopowershell.WinRMConfig{
		Host: w.Host(), Port: w.Port(), Username: remoting.DefaultUsername, Password: remoting.DefaultPassword,
		CertificateSHA256: w.CertificateSHA256(),
	}
}

func newSSH(t *testing.T, cfg vbopowershell.SSHConfig) vbopowershell.Transport {
	t.Helper()
	transport, err := vbopowershell.NewSSH(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

func newWinRM(t *testing.T, cfg vbopowershell.WinRMConfig) vbopowershell.Transport {
	t.Helper()
	transport, err := vbopowershell.NewWinRM(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

// both are the two transports to servers that run the same.
func both(t *testing.T, run remoting.Run, options remoting.Options) map[string]vbopowershell.Transport {
	t.Helper()
	_, overSSH := startSSH(t, run, options)
	_, winRM := startWinRM(t, run, options)
	basic := winRM
	basic.Authentication = vbopowershell.Basic
	return map[string]vbopowershell.Transport{"SSH": newSSH(t, overSSH), "WinRM": newWinRM(t, winRM), "WinRM, basic": newWinRM(t, basic)}
}

func TestInputAndOutputArriveByteForByte(t *testing.T) {
	t.Parallel()
	everything := make([]byte, 256)
	for i := range everything {
		everything[i] = byte(i)
	}
	for name, transport := range both(t, echo, remoting.Options{}) {
		for size, input := range map[string][]byte{
			"nothing": nil, "every byte": everything, "a megabyte": bytes.Repeat(everything, 4<<10), "text": []byte("'\"$(x)`n\n\r\n☃\n"),
		} {
			output, err := transport.Run(t.Context(), "line with 'quotes' & <brackets>", input)
			if err != nil || !bytes.Equal(output.Stdout, input) || output.ExitCode != 3 ||
				string(output.Stderr) != "ran line with 'quotes' & <brackets>" {
				t.Errorf("%s, %s: %d bytes, %q, exit code %d, %v", name, size, len(output.Stdout), output.Stderr, output.ExitCode, err)
			}
		}
	}
}

func TestACancelledRunEndsAtOnceAndMayHaveStarted(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	endless := func(ctx context.Context, _ string, _ io.Reader, _, _ io.Writer) int {
		started <- struct{}{}
		<-ctx.Done()
		return 1
	}
	for name, transport := range both(t, endless, remoting.Options{}) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-started
			cancel()
		}()
		_, err := transport.Run(ctx, "x", nil)
		cancel()
		if lost, ok := errors.AsType[*vbopowershell.TransportError](err); !ok || !lost.Started || lost.Reason != vbopowershell.ReasonLost ||
			!errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAServerThatSaysNothingIsGivenUpOn(t *testing.T) {
	t.Parallel()
	for name, transport := range both(t, echo, remoting.Options{Silent: true}) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := transport.Run(ctx, "x", nil)
		cancel()
		if silent, ok := errors.AsType[*vbopowershell.TransportError](err); !ok || silent.Started || silent.Reason != vbopowershell.ReasonUnreachable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooMuchOutputIsAnError(t *testing.T) {
	t.Parallel()
	flood := func(ctx context.Context, _ string, _ io.Reader, stdout, _ io.Writer) int {
		chunk := make([]byte, 64<<10)
		for range 300 {
			if _, err := stdout.Write(chunk); err != nil || ctx.Err() != nil {
				break
			}
		}
		return 0
	}
	for name, transport := range both(t, flood, remoting.Options{}) {
		_, err := transport.Run(t.Context(), "x", nil)
		if err == nil || !strings.Contains(err.Error(), "more than 16 MiB") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingRunsOnAfterwards(t *testing.T) { //nolint:paralleltest // it counts goroutines
	s, cfg := startSSH(t, echo, remoting.Options{})
	w, winRM := startWinRM(t, echo, remoting.Options{})
	transports := []vbopowershell.Transport{newSSH(t, cfg), newWinRM(t, winRM)}
	before := runtime.NumGoroutine()
	for range 5 {
		for _, transport := range transports {
			if _, err := transport.Run(t.Context(), "x", []byte("y")); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Close()
	w.Close()
	for range 500 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d afterwards", before, runtime.NumGoroutine())
}

func newKeyPEM(t *testing.T, passphrase string) (private, public string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
}

func TestEachWayToLogInOverSSHWorks(t *testing.T) {
	t.Parallel()
	plain, public := newKeyPEM(t, "")
	s, cfg := startSSH(t, echo, remoting.Options{AuthorizedKey: public})
	parsed, err := ssh.ParseRawPrivateKey([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: parsed}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, conn) }()
		}
	}()
	encrypted, encryptedPublic := newKeyPEM(t, "open sesame")
	for name, c := range map[string]struct {
		methods []string
		key     string
		change  func(*vbopowershell.SSHConfig)
	}{
		"a password":           {[]string{"password"}, public, func(*vbopowershell.SSHConfig) {}},
		"keyboard-interactive": {[]string{"keyboard-interactive"}, public, func(*vbopowershell.SSHConfig) {}},
		"a key": {[]string{"publickey"}, public, func(cfg *vbopowershell.SSHConfig) {
			cfg.Password, cfg.PrivateKey = "", plain
		}},
		"an encrypted key": {[]string{"publickey"}, encryptedPublic, func(cfg *vbopowershell.SSHConfig) {
			cfg.Password, cfg.PrivateKey, cfg.PrivateKeyPassphrase = "", encrypted, "open sesame"
		}},
		"an agent": {[]string{"publickey"}, public, func(cfg *vbopowershell.SSHConfig) {
			cfg.Password, cfg.AgentSocket = "", socket
		}},
		"a domain account": {nil, public, func(cfg *vbopowershell.SSHConfig) { cfg.Username = `VB365\` + cfg.Username }},
		"another host key": {nil, public, func(cfg *vbopowershell.SSHConfig) { cfg.HostKey = s.HostKeys()[1] }},
		"either host key":  {nil, public, func(cfg *vbopowershell.SSHConfig) { cfg.HostKey = strings.Join(s.HostKeys(), "\n") }},
		"known_hosts":      {nil, public, func(cfg *vbopowershell.SSHConfig) { cfg.HostKey = "# comment\nvb365.example.com " + s.HostKeys()[0] }},
		"only a fingerprint": {nil, public, func(cfg *vbopowershell.SSHConfig) {
			key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(cfg.HostKey))
			if err != nil {
				t.Fatal(err)
			}
			cfg.HostKey = ssh.FingerprintSHA256(key)
		}},
	} {
		mine := cfg
		c.change(&mine)
		s.Configure(func(o *remoting.Options) { o.Methods, o.AuthorizedKey = c.methods, c.key })
		if _, err := newSSH(t, mine).Run(t.Context(), "x", nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Accounts get locked by passwords that are wrong again and again.
func TestAWrongPasswordIsSentOnce(t *testing.T) {
	t.Parallel()
	s, overSSH := startSSH(t, echo, remoting.Options{})
	w, overWinRM := startWinRM(t, echo, remoting.Options{})
	overSSH.Password, overWinRM.Password = "wrong", "wrong"
	overBasic := overWinRM
	overBasic.Authentication = vbopowershell.Basic
	for i, transport := range []vbopowershell.Transport{newSSH(t, overSSH), newWinRM(t, overWinRM), newWinRM(t, overBasic)} {
		_, err := transport.Run(t.Context(), "x", nil)
		if e, ok := errors.AsType[*vbopowershell.TransportError](err); !ok || e.Reason != vbopowershell.ReasonRefused || e.Started {
			t.Errorf("%s: %v", transport, err)
		}
		_, bySSH := s.Logins()
		_, byWinRM := w.Logins()
		if bySSH+byWinRM != i+1 {
			t.Errorf("%s: %d logins were refused so far, want %d", transport, bySSH+byWinRM, i+1)
		}
	}
}

func TestConfigurationsThatCannotWorkAreFoundWithoutTheServer(t *testing.T) {
	t.Parallel()
	good := vbopowershell.SSHConfig{
		Host: "h", Username: "u", Password: "geheim",
		HostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0pSRGy0sLZQ3hYkCHQ0x8cUyYeFkcIk4k4r4ZtHcQy",
	}
	encrypted, _ := newKeyPEM(t, "open sesame")
	plain, _ := newKeyPEM(t, "")
	for want, change := range map[string]func(*vbopowershell.SSHConfig){
		"host_key is needed":        func(c *vbopowershell.SSHConfig) { c.HostKey = "" },
		"host_key is a private key": func(c *vbopowershell.SSHConfig) { c.HostKey = plain },
		"no public key":             func(c *vbopowershell.SSHConfig) { c.HostKey = "geheim" },
		"host and username":         func(c *vbopowershell.SSHConfig) { c.Username = "" },
		"use_agent is needed":       func(c *vbopowershell.SSHConfig) { c.Password = "" },
		"private_key is encrypted":  func(c *vbopowershell.SSHConfig) { c.PrivateKey = encrypted },
		"cannot be opened":          func(c *vbopowershell.SSHConfig) { c.PrivateKey, c.PrivateKeyPassphrase = encrypted, "geheim" },
		"private_key cannot be":     func(c *vbopowershell.SSHConfig) { c.PrivateKey = "geheim" },
	} {
		cfg := good
		change(&cfg)
		_, err := vbopowershell.NewSSH(cfg)
		if !errors.Is(err, vbopowershell.ErrConfig) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestConfigurationsShowNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a := vbopowershell.SSHConfig{Host: "h", Password: "geheim", PrivateKey: "geheim", PrivateKeyPassphrase: "geheim"}
	b := vbopowershell.WinRMConfig{Host: "h", Password: "geheim"}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "ssh", a, "winrm", b)
	text := log.String() + fmt.Sprintf("%v %+v %#v %s %v %+v %#v %s", a, a, a, a, b, b, b, b)
	if strings.Contains(text, "geheim") || !strings.Contains(text, "ssh://h:22") || !strings.Contains(text, "winrm://h:5986") {
		t.Errorf("they show %s", text)
	}
}

func TestWinRMTellsServersApart(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	at := func(cfg vbopowershell.WinRMConfig, server *httptest.Server) vbopowershell.WinRMConfig {
		cfg.Port = server.Listener.Addr().(*net.TCPAddr).Port
		return cfg
	}
	_, cfg := startWinRM(t, echo, remoting.Options{})
	expired, _ := startWinRM(t, echo, remoting.Options{TLS: remoting.TLSExpired})
	misnamed, _ := startWinRM(t, echo, remoting.Options{TLS: remoting.TLSOtherName})
	trusting := func(w *remoting.WinRM) vbopowershell.WinRMConfig {
		mine := cfg
		mine.Port, mine.CertificateSHA256, mine.CACertificatePEM = w.Port(), "", w.CACertificatePEM()
		return mine
	}
	webPin := at(cfg, web)
	webPin.CertificateSHA256 = pinOf(web)
	for name, c := range map[string]struct {
		cfg    vbopowershell.WinRMConfig
		reason vbopowershell.TransportReason
		want   string
	}{
		"a web server":      {webPin, vbopowershell.ReasonProtocol, "404 Not Found, which is not WinRM's"},
		"no TLS":            {at(cfg, plain), vbopowershell.ReasonProtocol, "HTTP"},
		"expired":           {trusting(expired), vbopowershell.ReasonUntrusted, "expired"},
		"another name":      {trusting(misnamed), vbopowershell.ReasonUntrusted, "127.0.0.1"},
		"another authority": {at(cfg, web), vbopowershell.ReasonUntrusted, "not the certificate that is pinned"},
	} {
		_, err := newWinRM(t, c.cfg).Run(t.Context(), "x", nil)
		if e, ok := errors.AsType[*vbopowershell.TransportError](err); !ok || e.Reason != c.reason || e.Started || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	named, _ := startWinRM(t, echo, remoting.Options{})
	if _, err := newWinRM(t, trusting(named)).Run(t.Context(), "x", nil); err != nil {
		t.Errorf("a certificate of a trusted authority: %v", err)
	}
}
