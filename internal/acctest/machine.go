package acctest

import (
	"maps"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
)

// ShellPassword is the password of the machine's account. It is odd enough to be
// found wherever it should not be.
const ShellPassword = "Wv5-shell-not-to-be-seen"

// Machine is the Windows machine of a simulated server, with its ways in.
type Machine struct {
	*machine.Machine

	SSH   *remoting.SSH
	WinRM *remoting.WinRM
}

// StartMachine starts the machine of the simulated server. The provider reaches
// it with none of its ways in before [Machine.Over] says so. When the test ends,
// it is stopped; a file or a secret that was left on it fails the test.
func (e *Env) StartMachine(t *testing.T, options machine.Options) *Machine {
	t.Helper()
	m := &Machine{Machine: machine.New(e.Server, options)}
	account := remoting.Options{Password: ShellPassword}
	var err error
	if m.SSH, err = remoting.StartSSH(m.Exec, account); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.SSH.Close)
	if m.WinRM, err = remoting.StartWinRM(m.Exec, account); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.WinRM.Close)
	t.Cleanup(func() {
		if left := m.TemporaryFiles(); len(left) > 0 {
			t.Errorf("files are left on the server: %q", left)
		}
		for _, secret := range []string{Password, ShellPassword} {
			if place := m.Find(secret); place != "" {
				t.Errorf("a password is in %s", place)
			}
		}
	})
	return m
}

// Over lets the provider reach the machine over "ssh" or "winrm".
func (e *Env) Over(m *Machine, transport string) {
	if transport == "winrm" {
		maps.Copy(e.Settings, m.WinRM.Environment())
		return
	}
	maps.Copy(e.Settings, m.SSH.Environment())
}

// Find returns where Windows would have written a text down, empty if nowhere.
func (m *Machine) Find(text string) string {
	for place, lines := range map[string][]string{
		"a command line": m.CommandLines(), "the module log": m.ModuleLog(), "the script block log": m.ScriptLog(),
	} {
		if strings.Contains(strings.Join(lines, "\n"), text) {
			return place
		}
	}
	return ""
}
