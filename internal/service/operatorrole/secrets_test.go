package operatorrole_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestAccSecretsAppearNowhere(t *testing.T) {
	env := start(t)
	w := env.Workspace(t, specific())
	log := filepath.Join(w.Dir, "trace.log")
	trace := func(arguments ...string) {
		t.Helper()
		command := w.Command(t.Context(), []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + log}, arguments...)
		var out bytes.Buffer
		command.Stdout, command.Stderr = &out, &out
		err := command.Run()
		w.Write(t, strings.Join(arguments, "_")+".out", out.String())
		if err != nil && arguments[0] != "plan" {
			t.Fatalf("terraform %v: %v\n%s", arguments, err, out.String())
		}
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
	files, err := filepath.Glob(filepath.Join(w.Dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // a directory
		}
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret", filepath.Base(file))
			}
		}
	}
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"@module=vb365.http", "method=GET", "path=/v8/RbacRoles", "status=200", "took_ms="} {
		if !bytes.Contains(content, []byte(want)) {
			t.Errorf("the log lacks %q", want)
		}
	}
}
