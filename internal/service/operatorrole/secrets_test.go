package operatorrole_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestAccSecretsAppearNowhere(t *testing.T) {
	env := start(t)
	w := env.Workspace(t, specific())
	trace := func(arguments ...string) {
		t.Helper()
		w.Trace(t, arguments...)
	}
	trace("validate")
	trace("plan", "-out=plan1", "-no-color")
	trace("apply", "-no-color", "plan1")
	env.UpdateRole(onlyRole(t, env).ID, func(r *simulator.Role) { r.Description = "drift" })
	env.ExpireTokens()
	env.Inject(simulator.Fault{Method: http.MethodGet, Path: entriesPath, Status: http.StatusServiceUnavailable, Times: 2})
	trace("plan", "-out=plan2", "-no-color")
	trace("show", "-json", "plan2")
	trace("apply", "-auto-approve", "-no-color")
	trace("state", "pull")
	env.Configure(func(o *simulator.Options) { o.Password = "changed-on-the-server" })
	trace("plan", "-no-color")
	env.Configure(func(o *simulator.Options) { o.Password = acctest.Password })
	trace("destroy", "-auto-approve", "-no-color")

	secrets := append([]string{acctest.Password}, env.IssuedTokens()...)
	if len(secrets) < 3 {
		t.Fatal("the server issued no tokens: the test looks for nothing")
	}
	w.HoldsNone(t, secrets)
	content, err := os.ReadFile(filepath.Join(w.Dir, acctest.TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"@module=vb365.http", "method=GET", "path=/v8/RbacRoles", "status=200", "took_ms="} {
		if !bytes.Contains(content, []byte(want)) {
			t.Errorf("the log lacks %q", want)
		}
	}
}
