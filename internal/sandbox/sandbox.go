// Package sandbox runs the real Terraform with providers that are built from
// this module, in a temporary directory, without a network and without anything
// of the user's: no home directory, no CLI configuration, no plugin cache.
//
// When a [Sandbox] is closed, nothing is left of it: no file and no process.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Version is the version under which providers are installed.
const Version = "0.1.0"

// Sandbox is a temporary directory with everything that Terraform needs.
type Sandbox struct {
	// Dir is the directory. [Sandbox.Close] removes it.
	Dir string

	root      string
	terraform string
	settings  map[string]string
}

// New makes a sandbox for the Terraform or OpenTofu binary at the given path. It
// has to be called in a directory of this module.
func New(ctx context.Context, terraform string) (*Sandbox, error) {
	root, err := ModuleRoot(ctx)
	if err != nil {
		return nil, err
	}

	// A short name, as the sockets of plugins lie in it and their paths may have
	// a hundred characters on some systems.
	dir, err := os.MkdirTemp("", "vb365-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}

	s := &Sandbox{Dir: dir, root: root, terraform: terraform, settings: map[string]string{}}

	if err := s.writeCLIConfiguration(); err != nil {
		return nil, errors.Join(err, s.Close())
	}

	return s, nil
}

// ModuleRoot returns the directory of go.mod.
func ModuleRoot(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("ask Go for its module: %w", err)
	}

	file := strings.TrimSpace(string(output))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("this is to be run in a checkout of the provider's repository")
	}

	return filepath.Dir(file), nil
}

// ErrLeftBehind is wrapped by the error of [Sandbox.Close].
var ErrLeftBehind = errors.New("something could not be removed")

// Close removes the directory.
func (s *Sandbox) Close() error {
	if err := os.RemoveAll(s.Dir); err != nil {
		return fmt.Errorf("%w: %w", ErrLeftBehind, err)
	}

	return nil
}

// Path returns the absolute path of a file of the sandbox.
func (s *Sandbox) Path(elements ...string) string {
	return filepath.Join(append([]string{s.Dir}, elements...)...)
}

// Root returns the absolute path of a file of this module.
func (s *Sandbox) Root(elements ...string) string {
	return filepath.Join(append([]string{s.root}, elements...)...)
}

// CLIConfiguration is the path of Terraform's CLI configuration file.
func (s *Sandbox) CLIConfiguration() string {
	return s.Path("terraform.rc")
}

// Setenv sets an environment variable for Terraform and its providers.
func (s *Sandbox) Setenv(name, value string) {
	s.settings[name] = value
}

// hosts are the registries by which Terraform and OpenTofu complete "vb365/vb365".
func hosts() []string {
	return []string{"registry.terraform.io", "registry.opentofu.org"}
}

// writeCLIConfiguration lets Terraform find providers in the sandbox only. They
// are installed as a release would be, so that every command does what it does
// for users.
func (s *Sandbox) writeCLIConfiguration() error {
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(s.Path("mirror")))
	if err := os.WriteFile(s.CLIConfiguration(), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write Terraform's CLI configuration: %w", err)
	}

	return nil
}

// Install builds the provider in the given package of this module and installs
// it as "vb365/<name>". It returns the path of the binary.
func (s *Sandbox) Install(ctx context.Context, name, pkg string, buildFlags ...string) (string, error) {
	binary := s.Path("build", executable("terraform-provider-"+name+"_v"+Version))

	arguments := append([]string{"build", "-C", s.root, "-buildvcs=false", "-o", binary}, buildFlags...)
	build := exec.CommandContext(ctx, "go", append(arguments, pkg)...)
	build.Env = append(os.Environ(), "GOTMPDIR="+s.Dir)

	result, err := run(ctx, build)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", pkg, err)
	}

	if result.ExitCode != 0 {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, ErrFailed, strings.TrimSpace(result.Output))
	}

	for _, host := range hosts() {
		dir := s.Path("mirror", host, "vb365", name, Version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return "", fmt.Errorf("install the provider: %w", err)
		}

		if err := os.Link(binary, filepath.Join(dir, filepath.Base(binary))); err != nil {
			return "", fmt.Errorf("install the provider: %w", err)
		}
	}

	return binary, nil
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}

	return name
}

// environment is the user's, without what could lead Terraform or the provider
// elsewhere, with the settings of the sandbox.
func (s *Sandbox) environment() []string {
	own := slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "TF_") || strings.HasPrefix(setting, "VB365_")
	})

	own = append(own,
		"HOME="+s.Dir,
		"TMPDIR="+s.Dir,
		"TF_CLI_CONFIG_FILE="+s.CLIConfiguration(),
		"TF_IN_AUTOMATION=1",
		"TF_INPUT=0",
		"CHECKPOINT_DISABLE=1",
	)

	for name, value := range s.settings {
		own = append(own, name+"="+value)
	}

	return own
}
