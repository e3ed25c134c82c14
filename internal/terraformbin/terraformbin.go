// Package terraformbin finds the Terraform binary that the demo, the
// benchmark and the acceptance tests drive, and installs one where there is
// none.
package terraformbin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// Version is the Terraform release that Find installs.
const Version = "1.11.4"

// envPath is the variable by which terraform-plugin-testing is told which
// binary to use; Find obeys it too, so that one setting serves all.
const envPath = "TF_ACC_TERRAFORM_PATH"

// ErrNotFound is wrapped by the error of Find when there is no binary and
// none could be installed.
var ErrNotFound = errors.New("neither terraform nor tofu was found")

// Find returns the absolute path of a Terraform or OpenTofu binary: the one
// that TF_ACC_TERRAFORM_PATH names, else terraform or tofu on PATH, else the
// one that an earlier call left in cacheDir. When there is none, it downloads
// Terraform of the pinned Version from releases.hashicorp.com into cacheDir,
// checks its signature, and says so on w.
//
// The error of a failed download wraps ErrNotFound and tells what to install.
func Find(ctx context.Context, w io.Writer, cacheDir string) (string, error) {
	return finder{getenv: os.Getenv, lookPath: exec.LookPath, install: download}.find(ctx, w, cacheDir)
}

// finder holds what Find asks of the machine, so that tests can answer.
type finder struct {
	getenv   func(string) string
	lookPath func(string) (string, error)
	install  func(ctx context.Context, dir string) (string, error)
}

func (f finder) find(ctx context.Context, w io.Writer, cacheDir string) (string, error) {
	if named := f.getenv(envPath); named != "" {
		path, err := f.lookPath(named)
		if err != nil {
			return "", fmt.Errorf("%s names no program that can be run: %w", envPath, err)
		}

		return filepath.Abs(path)
	}

	for _, name := range []string{"terraform", "tofu"} {
		if path, err := f.lookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}

	cached, err := filepath.Abs(filepath.Join(cacheDir, Version, product.Terraform.BinaryName()))
	if err != nil {
		return "", fmt.Errorf("locate the directory for Terraform: %w", err)
	}

	if _, err := f.lookPath(cached); err == nil {
		return cached, nil
	}

	fmt.Fprintf(w, "Neither terraform nor tofu is on PATH: installing Terraform %s from releases.hashicorp.com into %s\n",
		Version, filepath.Dir(cached))

	if err := f.installTo(ctx, cached); err != nil {
		return "", fmt.Errorf("%w, and Terraform %s could not be downloaded: %w\n"+
			"Install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install), "+
			"put it on PATH or name it in %s, and try again", ErrNotFound, Version, err, envPath)
	}

	return cached, nil
}

// installTo downloads beside target and renames, so that neither an
// interrupted nor a concurrent download leaves half a binary there.
func (f finder) installTo(ctx context.Context, target string) error {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}

	tmp, err := os.MkdirTemp(dir, "download-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)

	path, err := f.install(ctx, tmp)
	if err != nil {
		return err
	}

	return os.Rename(path, target)
}

func download(ctx context.Context, dir string) (string, error) {
	return (&releases.ExactVersion{
		Product:    product.Terraform,
		Version:    version.Must(version.NewVersion(Version)),
		InstallDir: dir,
		// hc-install's own client repeats for a quarter of a minute, which
		// is long to wait on a machine that has no network.
		HTTPClient: &http.Client{},
	}).Install(ctx)
}
