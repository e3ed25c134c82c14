//go:build unix

package operatorrole_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestAccAnInterruptedApplyIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	const n = 50
	for name, signal := range map[string]os.Signal{"SIGINT": os.Interrupt, "SIGKILL": os.Kill} {
		t.Run(name, func(t *testing.T) {
			env := start(t, func(o *simulator.Options) { o.Latency = 20 * time.Millisecond })
			w := env.Workspace(t, manyRoles(n))
			interrupt(t, env, w, signal, 12)
			// A killed Terraform leaves a lock on its state behind, and its provider behind for a moment.
			settle(env)
			w.MustRun(t, "apply", "-auto-approve", "-no-color", "-lock=false")
			names := map[string]bool{}
			for _, r := range env.Roles() {
				if names[r.Name] {
					t.Errorf("the role %q exists twice", r.Name)
				}
				names[r.Name] = true
			}
			if len(names) != n {
				t.Errorf("the server has %d roles, want %d", len(names), n)
			}
			if plan, code := w.Run(t, "plan", "-no-color", "-detailed-exitcode", "-lock=false"); code != 0 {
				t.Errorf("the plan is not empty:\n%s", plan)
			}
			w.MustRun(t, "destroy", "-auto-approve", "-no-color", "-lock=false")
			if left := env.Roles(); len(left) > 0 {
				t.Errorf("%d roles are orphans", len(left))
			}
		})
	}
}

// interrupt applies until the server has the given number of roles, and then sends the signal.
func interrupt(t *testing.T, env *acctest.Env, w *acctest.Workspace, signal os.Signal, roles int) {
	t.Helper()
	command := w.Command(t.Context(), nil, "apply", "-auto-approve", "-no-color")
	// In a process group of its own, so that the signal reaches Terraform alone, as `kill` would send it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); len(env.Roles()) < roles; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("apply created %d roles in a minute:\n%s", len(env.Roles()), out.String())
		}
	}
	if err := command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	err := command.Wait()
	if err == nil || len(env.Roles()) == 50 {
		t.Fatalf("apply was not interrupted: %v\n%s", err, out.String())
	}
	// A provider whose Terraform was killed must not outlive the test.
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
}

// settle waits until no request has arrived for a while.
func settle(env *acctest.Env) {
	for before := -1; len(env.Requests()) != before; time.Sleep(300 * time.Millisecond) {
		before = len(env.Requests())
	}
}
