package remoting_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/masterzen/winrm"
	"golang.org/x/crypto/ssh"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
)

// echo writes back what it reads, and ends with exit code 7. A deaf one reads nothing.
func echo(_ context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) int {
	if !strings.HasPrefix(line, "deaf") {
		_, _ = io.Copy(stdout, stdin)
	}
	_, _ = io.WriteString(stderr, line)
	return 7
}

// The libraries that others talk to Windows with can talk to the servers.

func TestWinRMIsWhatItsLibraryTakesForWindows(t *testing.T) {
	t.Parallel()
	w, err := remoting.StartWinRM(echo, remoting.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	endpoint := winrm.NewEndpoint(w.Host(), w.Port(), true, false, []byte(w.CACertificatePEM()), nil, nil, 0)
	for name, c := range map[string]struct {
		decorate          func() winrm.Transporter
		line, input, want string
	}{
		// With NTLM, the library confuses connections when it writes and reads at once.
		"NTLM":  {func() winrm.Transporter { return new(winrm.ClientNTLM) }, "deaf <argument>", "", ""},
		"basic": {nil, "program <argument>", "input", "input"},
	} {
		parameters := *winrm.DefaultParameters
		parameters.TransportDecorator = c.decorate
		client, err := winrm.NewClientWithParameters(endpoint, remoting.DefaultUsername, remoting.DefaultPassword, &parameters)
		if err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		var code int
		if c.input == "" {
			code, err = client.Run(c.line, &out, &errs)
		} else {
			code, err = client.RunWithInput(c.line, &out, &errs, strings.NewReader(c.input))
		}
		if err != nil || code != 7 || out.String() != c.want || errs.String() != c.line {
			t.Errorf("%s: %d, %q, %q, %v", name, code, out.String(), errs.String(), err)
		}
		wrong, err := winrm.NewClientWithParameters(endpoint, remoting.DefaultUsername, "wrong", &parameters)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wrong.Run("x", io.Discard, io.Discard); err == nil {
			t.Errorf("%s: a wrong password was taken", name)
		}
	}
	if accepted, refused := w.Logins(); accepted == 0 || refused == 0 || len(w.Commands()) != 2 {
		t.Errorf("%d logins, %d refused, commands %+v", accepted, refused, w.Commands())
	}
}

// A command that goes on without its client must not answer it all the same, however
// soon it ends.
func TestWinRMLosesTheClientThatWaits(t *testing.T) {
	t.Parallel()
	started, end := make(chan struct{}), make(chan struct{})
	w, err := remoting.StartWinRM(func(context.Context, string, io.Reader, io.Writer, io.Writer) int {
		close(started)
		<-end
		return 0
	}, remoting.Options{KeepRunning: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	client, err := winrm.NewClient(winrm.NewEndpoint(w.Host(), w.Port(), true, false, []byte(w.CACertificatePEM()), nil, nil, 0),
		remoting.DefaultUsername, remoting.DefaultPassword)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() {
		_, err := client.Run("program", io.Discard, io.Discard)
		answer <- err
	}()
	<-started
	time.Sleep(50 * time.Millisecond) // by now the client waits for output
	w.Drop()
	close(end)
	if err := <-answer; err == nil {
		t.Error("the client was told the end of what it had lost")
	}
}

func TestSSHIsWhatItsLibraryTakesForAServer(t *testing.T) {
	t.Parallel()
	s, err := remoting.StartSSH(echo, remoting.Options{Username: `VB365\admin`})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.HostKeys()[0])) //nolint:dogsled // the key is all that counts
	if err != nil {
		t.Fatal(err)
	}
	settings := s.Environment()
	client, err := ssh.Dial("tcp", settings["VB365_SSH_HOST"]+":"+settings["VB365_SSH_PORT"], &ssh.ClientConfig{
		User: "admin", Auth: []ssh.AuthMethod{ssh.Password(remoting.DefaultPassword)}, HostKeyCallback: ssh.FixedHostKey(key),
		HostKeyAlgorithms: []string{key.Type()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 2 { // sessions of one connection
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		session.Stdin, session.Stdout = strings.NewReader("input"), &out
		err = session.Run("program")
		if exit, ok := err.(*ssh.ExitError); !ok || exit.ExitStatus() != 7 || out.String() != "input" { //nolint:errorlint // as it is
			t.Errorf("%v, %q", err, out.String())
		}
	}
	if commands := s.Commands(); len(commands) != 2 || commands[0].Username != "admin" || commands[0].ExitCode != 7 {
		t.Errorf("the commands are %+v", commands)
	}
}
