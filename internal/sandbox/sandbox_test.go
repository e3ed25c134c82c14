package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNothingOfTheUserLeadsTerraformElsewhere(t *testing.T) {
	for _, name := range []string{"TF_LOG", "TF_CLI_ARGS_plan", "TF_REATTACH_PROVIDERS", "VB365_ENDPOINT", "VB365_API_VERSION"} {
		t.Setenv(name, "the user's")
	}

	t.Setenv("TMPDIR", t.TempDir())

	box, err := New(t.Context(), "terraform")
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()

	box.Setenv("VB365_ENDPOINT", "https://127.0.0.1:1")

	environment := box.environment()
	for _, setting := range environment {
		if strings.Contains(setting, "the user's") {
			t.Errorf("Terraform gets %s", setting)
		}
	}

	for _, want := range []string{
		"VB365_ENDPOINT=https://127.0.0.1:1", "HOME=" + box.Dir, "TMPDIR=" + box.Dir,
		"TF_CLI_CONFIG_FILE=" + filepath.Join(box.Dir, "terraform.rc"),
	} {
		if !slices.Contains(environment, want) {
			t.Errorf("Terraform does not get %s", want)
		}
	}
}

func TestCloseRemovesTheDirectory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())

	box, err := New(t.Context(), "terraform")
	if err != nil {
		t.Fatal(err)
	}

	if err := box.Close(); err != nil {
		t.Fatal(err)
	}

	if entries, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(entries) > 0 {
		t.Errorf("%v (%v) is left", entries, err)
	}
}

func TestInstallShowsWhatTheCompilerSays(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())

	box, err := New(t.Context(), "terraform")
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()

	_, err = box.Install(t.Context(), "nothing", "./internal/there-is-no-such-package")
	if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "directory not found") {
		t.Errorf("got %v", err)
	}
}

func TestModuleRootNeedsTheRepository(t *testing.T) {
	root, err := ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	if _, err := os.Stat(filepath.Join(root, "GNUmakefile")); err != nil {
		t.Error(err)
	}

	t.Chdir(t.TempDir())

	if root, err := ModuleRoot(t.Context()); err == nil {
		t.Errorf("got %s and no error", root)
	}
}
