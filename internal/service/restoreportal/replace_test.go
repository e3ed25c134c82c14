package restoreportal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

// The server has one portal, so the old resource's destroy would turn off what the
// new one's create has just found in order.
func TestAccAReplacementThatCreatesFirstLeavesThePortalOn(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	w := env.Workspace(t, full(env, portal, operators, "lifecycle {\n  create_before_destroy = true\n}"))
	w.MustRun(t, "apply", "-auto-approve")
	says(t, w.MustRun(t, "apply", "-auto-approve", "-no-color", "-replace="+address), "The restore portal was left on")
	w.MustRun(t, "plan", "-detailed-exitcode")
	if !env.Portal().Enabled {
		t.Error("the portal, declared to be on, is off")
	}
	w.MustRun(t, "destroy", "-auto-approve")
	if env.Portal().Enabled {
		t.Error("a mere destroy leaves the portal on")
	}
}

func TestAccAReplacementThatDestroysFirstWorks(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	w := env.Workspace(t, full(env, portal, operators))
	w.MustRun(t, "apply", "-auto-approve")
	if out := w.MustRun(t, "apply", "-auto-approve", "-replace="+address); strings.Contains(out, "already") {
		t.Errorf("what the run itself turned off is taken for somebody else's portal:\n%s", out)
	}
	w.MustRun(t, "plan", "-detailed-exitcode")
	w.MustRun(t, "taint", address)
	w.MustRun(t, "apply", "-auto-approve")
	w.MustRun(t, "plan", "-detailed-exitcode")
}

// A resource that gets another name without a moved block is destroyed and created
// in one run, in any order. Here something else keeps the destroy waiting.
func TestAccARenamedResourceLeavesThePortalOn(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	declared := func(name string) string {
		return strings.Replace(full(env, portal, operators), `"this"`, fmt.Sprintf("%q", name), 1)
	}
	w := env.Workspace(t, declared("this")+acctest.Delaying("old", 4, address))
	w.MustRun(t, "apply", "-auto-approve")
	w.Write(t, "main.tf", acctest.Requires+declared("main")+acctest.Delaying("new", 0, ""))
	w.MustRun(t, "apply", "-auto-approve")
	w.MustRun(t, "plan", "-detailed-exitcode")
	w.Write(t, "main.tf", acctest.Requires+declared("again"))
	w.MustRun(t, "apply", "-auto-approve")
	w.MustRun(t, "plan", "-detailed-exitcode")
	if !env.Portal().Enabled {
		t.Error("the portal, declared to be on, is off")
	}
}
