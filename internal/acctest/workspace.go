package acctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/provider"
)

// Workspace is a directory in which the Terraform command is run with the
// provider's real binary, for what terraform-plugin-testing does not show:
// warnings, logs, and what happens to an interrupted run.
type Workspace struct {
	Dir string
	env []string
	bin string
}

// Requires is what a configuration outside of the testing framework begins with.
const Requires = "terraform {\n  required_providers {\n    vb365 = {\n      source = \"vb365/vb365\"\n    }\n  }\n}\n"

// Delaying is a resource that depends on another one, if it is given its address,
// and takes some seconds to be destroyed when name changes: before what it depends
// on is.
func Delaying(name string, seconds int, on string) string {
	// The command is that of the configuration by then, and what it is given that of the state.
	return fmt.Sprintf("resource \"terraform_data\" \"delaying\" {\n  triggers_replace = %q\n  input = %d\n  depends_on = [%s]\n"+
		"  provisioner \"local-exec\" {\n    when = destroy\n    command = \"sleep ${self.input}\"\n  }\n}\n", name, seconds, on)
}

// Workspace returns a directory that holds a configuration. The test is skipped
// unless acceptance tests are asked for with TF_ACC=1.
func (e *Env) Workspace(t *testing.T, configuration string) *Workspace {
	t.Helper()
	return newWorkspace(t, e.Settings, configuration)
}

func newWorkspace(t *testing.T, settings map[string]string, configuration string) *Workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}
	terraform, err := terraformPath()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := providerBinary()
	if err != nil {
		t.Fatal(err)
	}
	w := &Workspace{Dir: t.TempDir(), bin: terraform}
	// Terraform and OpenTofu complete "vb365/vb365" with the names of their own registries.
	w.Write(t, "terraform.rc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %[1]q = %[3]q\n    %[2]q = %[3]q\n  }\n  direct {}\n}\n",
		provider.Address, strings.Replace(provider.Address, "terraform.io", "opentofu.org", 1), filepath.Dir(binary)))
	w.Write(t, "main.tf", Requires+configuration)
	w.env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(w.Dir, "terraform.rc"),
		"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_LOG=", "TF_LOG_PATH=")
	for name, value := range settings {
		w.env = append(w.env, name+"="+value)
	}
	return w
}

// Forget takes an environment variable away from the commands to come.
func (w *Workspace) Forget(name string) {
	w.env = slices.DeleteFunc(w.env, func(setting string) bool { return strings.HasPrefix(setting, name+"=") })
}

// Write writes a file of the workspace.
func (w *Workspace) Write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Command returns the Terraform command, not yet started. Settings of the form
// NAME=value are added to its environment.
func (w *Workspace) Command(ctx context.Context, settings []string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, w.bin, arguments...)
	command.Dir = w.Dir
	command.Env = append(append([]string{}, w.env...), settings...)
	return command
}

// Run runs Terraform and returns what it prints and its exit code.
func (w *Workspace) Run(t *testing.T, arguments ...string) (output string, exitCode int) {
	t.Helper()
	command := w.Command(t.Context(), nil, arguments...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.String(), 0
	case errors.As(err, &exit):
		return out.String(), exit.ExitCode()
	}
	t.Fatalf("terraform %v could not be run: %v", arguments, err)
	return "", -1
}

// MustRun is [Workspace.Run] for commands that must succeed.
func (w *Workspace) MustRun(t *testing.T, arguments ...string) string {
	t.Helper()
	output, code := w.Run(t, arguments...)
	if code != 0 {
		t.Fatalf("terraform %v ended with %d:\n%s", arguments, code, output)
	}
	return output
}

func terraformPath() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path, nil
	}
	path, err := exec.LookPath("terraform")
	if err != nil {
		return "", fmt.Errorf("acceptance tests need Terraform on the PATH or in TF_ACC_TERRAFORM_PATH: %w", err)
	}
	return path, nil
}

// providerBinary builds the provider once per test process.
var providerBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vb365-provider-")
	if err != nil {
		return "", err
	}
	binaries.dir = dir
	binary := filepath.Join(dir, "terraform-provider-vb365")
	build := exec.Command("go", "build", "-o", binary, "github.com/vb365/terraform-provider-vb365")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	return binary, nil
})

// binaries is what [Main] removes after the tests.
var binaries struct{ dir string }
