package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/sandbox"
	"github.com/vb365/terraform-provider-vb365/internal/terraformbin"
)

// needTerraform returns the path of Terraform or OpenTofu, or skips tests that
// drive one of them, unless they are asked for.
func needTerraform(t *testing.T) string {
	t.Helper()

	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}

	binary, err := terraformbin.Find(t.Context(), io.Discard, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}

	return binary
}

// stage makes a directory for everything temporary, which has to be empty in
// the end. Its path is short, unlike that of t.TempDir: sockets lie in it, whose
// paths may have a hundred characters.
func stage(t *testing.T) (dir string) {
	t.Helper()

	dir, err := os.MkdirTemp("", "stage-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(left) > 0 {
			t.Errorf("these files are left behind: %v (%v)", left, err)
		}

		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})

	return dir
}

func TestAccStoryIsToldFromBeginningToEnd(t *testing.T) {
	needTerraform(t)

	t.Setenv("TMPDIR", stage(t))

	var out bytes.Buffer

	d := &demo{narrator: &narrator{w: &out, lost: func(err error) { t.Error(err) }}}

	err := d.tell(t.Context())
	if err != nil {
		t.Errorf("the story broke off: %v", err)
	}

	password := d.server.Options().Password
	violations := d.server.Violations()

	if err := d.close(); err != nil {
		t.Error(err)
	}

	story := out.String()
	if t.Failed() {
		t.Fatal(story)
	}

	if len(violations) > 0 {
		t.Errorf("the provider misbehaved: %v", violations)
	}

	if strings.Contains(story, password) {
		t.Error("the story tells the password")
	}

	if strings.Contains(story, "\x1b") {
		t.Error("the story is coloured although it was to be plain")
	}

	inOrder(t, story,
		"1 of 12 · ", "12 of 12 · ") // all chapters are told
	tool := d.program
	inOrder(t, story,
		"enabled         false", `resource "vb365_restore_portal_application" "this" {`,
		tool+" init", "successfully initialized!",
		tool+" apply", "-target=vb365_restore_portal.this", "write-only attribute)", "Resources: 2 added",
		"The portal is on at https://portal.example.com:",
		`"Helpdesk" = {`, // the configuration
		tool+" plan", `vb365_tenant_consent.customer["adatum"] will be created`, `vb365_restore_operator_role.this["Personnel"] will be created`, "Plan: 6 to add, 0 to change, 0 to destroy.",
		tool+" apply", "Apply complete! Resources: 6 added", "Helpdesk may restore everything, but not Executives",
		"Eve Adams is an operator now",
		tool+" plan -detailed-exitcode", "Plan: 0 to add, 4 to change, 0 to destroy.", "was changed outside Terraform",
		tool+" apply", "Apply complete! Resources: 0 added, 4 changed, 0 destroyed.",
		tool+" plan -detailed-exitcode", "No changes. Your infrastructure matches the configuration.",
		tool+" destroy", "Destroy complete! Resources: 8 destroyed.",
		"What it cost", "plan, which is empty", "What next", "make sim")

	for _, want := range []string{
		`Warning: Restore operator role "Helpdesk" was changed outside Terraform`,
		`operator "Eve Adams" (eve.adams@contoso.com) was added outside Terraform`,
		`Warning: Restore operator role "Site owners" was changed outside Terraform`,
		"Warning: The consent of tenant fabrikam.onmicrosoft.com was changed outside Terraform",
		"the consent for all users to User.Read of Microsoft Graph was revoked",
		`"https://restore.example.com:`,
		"its scope was widened from the managed objects to the entire organization outside Terraform",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the story does not tell that %s", want)
		}
	}

	for _, noise := range []string{
		"Refreshing state", "Read complete", "lock file", "development overrides", "known after apply",
		"unchanged attribute", "Terraform will perform", "[id=",
	} {
		if strings.Contains(story, noise) {
			t.Errorf("the story has noise: %s", noise)
		}
	}

	if t.Failed() {
		t.Log(story)
	}
}

// inOrder checks that a text holds all parts, one after the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()

	for _, part := range parts {
		_, after, found := strings.Cut(text, part)
		if !found {
			t.Errorf("%q is missing, or told too early", part)

			continue
		}

		text = after
	}
}

func TestAccErrorsTellWhatTerraformSaid(t *testing.T) {
	needTerraform(t)

	t.Setenv("TMPDIR", stage(t))

	d := &demo{narrator: &narrator{w: io.Discard}}

	if err := d.setTheStage(t.Context()); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(d.box.Path(workspace, "broken.tf"), []byte("resource {}"), 0o600); err != nil {
		t.Fatal(err)
	}

	err := d.initialize(t.Context())
	if err == nil || !strings.Contains(err.Error(), "ended with exit code 1") || !strings.Contains(err.Error(), "broken.tf line 1") {
		t.Errorf("got %v", err)
	}

	if err := d.close(); err != nil {
		t.Error(err)
	}
}

func TestAccKeptStageCanBePlayedOn(t *testing.T) {
	terraform := needTerraform(t)

	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}

	t.Setenv("TMPDIR", stage(t))
	ctx, cancel := context.WithCancel(t.Context())

	// The audience plays as soon as it is its turn, and then leaves.
	audience := &listener{pattern: regexp.MustCompile(`(?s)  \. (\S+play\.sh)\n.*Ctrl-C here`), heard: func(match []string) {
		defer cancel()

		info, err := os.Stat(match[1])
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the script with the password is not for its user alone: %v, %v", info, err)
		}

		play := exec.CommandContext(ctx, shell, "-c", ". "+match[1]+` && "$0" plan -detailed-exitcode &&
			curl -sSf -d '{"type":"User","object":"eve.adams@contoso.com"}' "$VB365_SIMULATOR_CONTROL/roles/Helpdesk/operators" &&
			"$0" plan`, terraform)
		play.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE=")

		output, err := play.CombinedOutput()
		if err != nil || !strings.Contains(string(output), `"Eve Adams" (eve.adams@contoso.com) was added`) {
			t.Errorf("it cannot be played: %v\n%s", err, output)
		}
	}}

	if err := run(ctx, options{keep: true}, nil, audience, false); err != nil {
		t.Errorf("the story broke off: %v\n%s", err, audience.text.String())
	}
}

// listener is a writer that does something when it first hears something.
type listener struct {
	text    bytes.Buffer
	pattern *regexp.Regexp
	heard   func(match []string)
}

func (l *listener) Write(text []byte) (int, error) {
	n, err := l.text.Write(text)

	if match := l.pattern.FindStringSubmatch(l.text.String()); match != nil && l.heard != nil {
		heard := l.heard
		l.heard = nil

		heard(match)
	}

	return n, err
}

func TestAccStoryEndsWhenNobodyListens(t *testing.T) {
	needTerraform(t)

	t.Setenv("TMPDIR", stage(t))

	gone := errors.New("gone")

	err := run(t.Context(), options{}, nil, &deserter{after: 1000, err: gone}, false)
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

// deserter is a writer that fails after a while.
type deserter struct {
	after int
	err   error
}

func (d *deserter) Write(text []byte) (int, error) {
	d.after -= len(text)
	if d.after < 0 {
		return 0, d.err
	}

	return len(text), nil
}

func TestAccPagesAreTurnedWithEnter(t *testing.T) {
	needTerraform(t)

	t.Setenv("TMPDIR", stage(t))

	var out bytes.Buffer

	// Two pages are turned; then the audience is gone.
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())

	go func() {
		_, _ = io.WriteString(writer, "\nyes\n")

		cancel()
	}()

	err := run(ctx, options{pause: true}, reader, &out, false)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}

	if !strings.Contains(out.String(), "2 of 12 · ") || strings.Contains(out.String(), "4 of 12 · ") {
		t.Errorf("pages turn by themselves:\n%s", out.String())
	}
}

func TestExampleNamesNoIDs(t *testing.T) {
	t.Parallel()

	root, err := sandbox.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	files, err := filepath.Glob(filepath.Join(root, "examples", workspace, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no example (%v)", err)
	}

	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}

		if id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-`).Find(text); id != nil {
			t.Errorf("%s names the id %s…", file, id)
		}
	}
}
