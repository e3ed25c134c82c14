package restoreportal_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

func TestAccSecretsAppearNowhere(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"ssh", "winrm"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			env, m := startManaged(t, transport, machine.Options{})
			portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
			// As in earnest: secrets are ephemeral, and come from elsewhere.
			config := full(env, portal, operators)
			for name, secret := range map[string]string{"portal": portal.base64, "operators": operators.base64, "password": pfxPassword} {
				config = strings.ReplaceAll(config, strconv.Quote(secret), "var."+name) +
					fmt.Sprintf("variable %q {\n  type      = string\n  ephemeral = true\n}\n", name)
				env.Settings["TF_VAR_"+name] = secret
			}
			w := env.Workspace(t, config)
			w.Trace(t, "validate")
			w.Trace(t, "plan", "-out=plan1", "-no-color")
			w.Trace(t, "apply", "-no-color", "plan1")
			setPortal(env, func(s *simulator.PortalSettings) { s.URI = "https://drift.example.com:1" })
			w.Trace(t, "plan", "-out=plan2", "-no-color")
			w.Trace(t, "show", "-json", "plan2")
			m.Configure(func(o *machine.Options) {
				// What a cmdlet quotes of what it was given is its own affair, and none gets a secret as text.
				o.Fail, o.FailMessage = "Set-VBORestorePortalSettings", "no"
			})
			command := w.Command(t.Context(), []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + filepath.Join(w.Dir, "failed.log")}, "apply", "-auto-approve")
			var out bytes.Buffer
			command.Stdout, command.Stderr = &out, &out
			if command.Run() == nil {
				t.Error("an apply whose cmdlet fails succeeded")
			}
			w.Write(t, "failed.out", out.String())
			m.Configure(func(o *machine.Options) { *o = machine.Options{} })
			w.Trace(t, "apply", "-auto-approve", "-no-color")
			w.Trace(t, "state", "pull")
			w.Trace(t, "destroy", "-auto-approve", "-no-color")

			secrets := []string{pfxPassword, portal.base64, portal.base64[:60], operators.base64, acctest.Password, acctest.ShellPassword}
			w.HoldsNone(t, secrets)
			for _, secret := range secrets {
				if place := m.Find(secret); place != "" {
					t.Errorf("a secret is in %s of the server", place)
				}
			}
			log, err := os.ReadFile(filepath.Join(w.Dir, acctest.TraceFile))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"@module=vb365.powershell", "Set-VBORestorePortalSettings", "took_ms="} {
				if !bytes.Contains(log, []byte(want)) {
					t.Errorf("the log lacks %q", want)
				}
			}
		})
	}
}

// A plan over a portal that does not change asks each side once.
func TestAccAnUnchangedPortalCostsOneLook(t *testing.T) {
	t.Parallel()
	for _, managed := range []bool{false, true} {
		env, m := startManaged(t, "ssh", machine.Options{})
		portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
		w := env.Workspace(t, full(env, portal, operators))
		w.MustRun(t, "apply", "-auto-approve")
		if !managed {
			w.Forget("VB365_SSH_HOST")
			w.MustRun(t, "apply", "-auto-approve")
		}
		env.ResetRequests()
		before := len(m.CommandLines())
		w.MustRun(t, "plan", "-detailed-exitcode")
		var asked []string
		for _, r := range env.Requests() {
			asked = append(asked, r.Method+" "+r.Path)
		}
		if want := http.MethodGet + " /RestorePortalSettings"; strings.Join(asked, ", ") != want {
			t.Errorf("with PowerShell %v, the plan asked %v", managed, asked)
		}
		if ran := len(m.CommandLines()) - before; ran != map[bool]int{true: 1, false: 0}[managed] {
			t.Errorf("with PowerShell %v, the plan ran %d commands", managed, ran)
		}
	}
}
