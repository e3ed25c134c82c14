package vbopowershell_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// startOpenSSH starts OpenSSH's own server, which is what Windows has, for the
// user who runs the test, or skips the test where there is none.
func startOpenSSH(t *testing.T) vbopowershell.SSHConfig {
	t.Helper()
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		t.Skip("OpenSSH's server is not installed")
	}
	current, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	hostKey, hostPublic := newKeyPEM(t, "")
	private, public := newKeyPEM(t, "")
	port := closedPort(t)
	config := write("sshd_config", fmt.Sprintf("ListenAddress 127.0.0.1:%d\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\n"+
		"UsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
		port, write("host", hostKey), write("authorized", public)))
	var log bytes.Buffer
	server := exec.CommandContext(t.Context(), sshd, "-D", "-e", "-f", config)
	server.Stderr = &log
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = 5 * time.Second
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // the log says more
		close(ended)
	}()
	t.Cleanup(func() { <-ended })
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		select {
		case <-ended:
			t.Skipf("OpenSSH's server does not start here: %s", log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	cfg := vbopowershell.SSHConfig{
		Host: "127.0.0.1", Port: port, Username: current.Username, PrivateKey: private, HostKey: hostPublic,
	}
	output, err := newSSH(t, cfg).Run(t.Context(), "echo ready", nil)
	if refused, ok := errors.AsType[*vbopowershell.TransportError](err); ok && refused.Reason == vbopowershell.ReasonRefused ||
		err == nil && string(output.Stdout) != "ready\n" {
		t.Skipf("%s is an account that may not log in, or run commands: %s %v", current.Username, output.Stdout, err)
	}
	return cfg
}

func TestOpenSSHRunsCommands(t *testing.T) {
	t.Parallel()
	cfg := startOpenSSH(t)
	transport := newSSH(t, cfg)
	input := make([]byte, 1<<20)
	if _, err := rand.Read(input); err != nil {
		t.Fatal(err)
	}
	output, err := transport.Run(t.Context(), "cat; echo warned >&2; exit 3", input)
	if err != nil || !bytes.Equal(output.Stdout, input) || string(output.Stderr) != "warned\n" || output.ExitCode != 3 {
		t.Errorf("%d bytes of output, %q, exit code %d, %v", len(output.Stdout), output.Stderr, output.ExitCode, err)
	}

	if output, err := transport.Run(t.Context(), "kill -9 $$", nil); err != nil || output.ExitCode != 128+9 {
		t.Errorf("a command that is killed ends with %d, %v", output.ExitCode, err)
	}
	_, err = transport.Run(t.Context(), "kill -9 $PPID; sleep 60", nil)
	checkFailure(t, "a connection that is cut", err, failure{reason: vbopowershell.ReasonLost, started: true})
}

func TestOpenSSHEndsACancelledCommand(t *testing.T) {
	t.Parallel()
	transport := newSSH(t, startOpenSSH(t))
	started := filepath.Join(t.TempDir(), "started")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if _, err := os.Stat(started); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	_, err := transport.Run(ctx, "echo $$ >"+started+"; exec cat", bytes.Repeat([]byte("x"), 1<<24))
	checkFailure(t, "cancelled", err, failure{reason: vbopowershell.ReasonLost, started: true})
}

func TestOpenSSHRefusesAndIsRefused(t *testing.T) {
	t.Parallel()
	cfg := startOpenSSH(t)
	otherPrivate, otherPublic := newKeyPEM(t, "")
	for name, c := range map[string]struct {
		change func(*vbopowershell.SSHConfig)
		want   failure
	}{
		"another host key": {
			func(c *vbopowershell.SSHConfig) { c.HostKey = otherPublic },
			failure{reason: vbopowershell.ReasonUntrusted, texts: []string{"SHA256:"}},
		},
		"another key": {
			func(c *vbopowershell.SSHConfig) { c.PrivateKey = otherPrivate },
			failure{reason: vbopowershell.ReasonRefused, texts: []string{"key"}},
		},
		"a password where none is taken": {
			func(c *vbopowershell.SSHConfig) { c.PrivateKey, c.Password = "", secret },
			failure{reason: vbopowershell.ReasonRefused, texts: []string{"publickey"}},
		},
	} {
		mine := cfg
		c.change(&mine)
		_, err := newSSH(t, mine).Run(t.Context(), commandLine, []byte(secret))
		checkFailure(t, name, err, c.want)
	}

	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(cfg.HostKey)) //nolint:dogsled // the library's
	if err != nil {
		t.Fatal(err)
	}
	byFingerprint := cfg
	byFingerprint.HostKey = ssh.FingerprintSHA256(hostKey)
	if output, err := newSSH(t, byFingerprint).Run(t.Context(), "echo here", nil); err != nil || strings.TrimSpace(string(output.Stdout)) != "here" {
		t.Errorf("by its fingerprint: %s, %v", output.Stdout, err)
	}
}
