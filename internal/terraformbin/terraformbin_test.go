package terraformbin

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hc-install/product"
)

// machine answers what find asks: the programs it has, and what a download does.
type machine struct {
	env      map[string]string
	programs map[string]string
	download error
}

func (m machine) finder(installs *int) finder {
	return finder{
		getenv: func(name string) string { return m.env[name] },
		lookPath: func(name string) (string, error) {
			if path, ok := m.programs[name]; ok {
				return path, nil
			}

			if filepath.IsAbs(name) {
				if _, err := os.Stat(name); err == nil {
					return name, nil
				}
			}

			return "", os.ErrNotExist
		},
		install: func(_ context.Context, dir string) (string, error) {
			*installs++

			path := filepath.Join(dir, product.Terraform.BinaryName())

			return path, errors.Join(os.WriteFile(path, []byte("terraform"), 0o600), m.download)
		},
	}
}

func TestFind(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		machine machine
		want    string
	}{
		"prefers the binary that the environment names": {
			machine: machine{
				env:      map[string]string{envPath: "/opt/tofu"},
				programs: map[string]string{"/opt/tofu": "/opt/tofu", "terraform": "/usr/bin/terraform"},
			},
			want: "/opt/tofu",
		},
		"prefers terraform to tofu": {
			machine: machine{programs: map[string]string{"terraform": "/usr/bin/terraform", "tofu": "/usr/bin/tofu"}},
			want:    "/usr/bin/terraform",
		},
		"takes tofu where there is no terraform": {
			machine: machine{programs: map[string]string{"tofu": "/usr/bin/tofu"}},
			want:    "/usr/bin/tofu",
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var (
				installs int
				out      strings.Builder
			)

			got, err := test.machine.finder(&installs).find(t.Context(), &out, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}

			if got != test.want || installs != 0 || out.Len() != 0 {
				t.Errorf("got %q after %d installs, having said %q; want %q, none, silently", got, installs, &out, test.want)
			}
		})
	}
}

func TestFindInstallsOnceAndSaysSo(t *testing.T) {
	t.Parallel()

	var (
		installs int
		out      strings.Builder
		cache    = t.TempDir()
		f        = machine{}.finder(&installs)
	)

	first, err := f.find(t.Context(), &out, cache)
	if err != nil {
		t.Fatal(err)
	}

	if !strings.Contains(out.String(), "installing Terraform "+Version) {
		t.Errorf("the install was not announced: %q", &out)
	}

	if content, err := os.ReadFile(first); err != nil || string(content) != "terraform" {
		t.Errorf("%s holds %q (%v), want what was downloaded", first, content, err)
	}

	said := out.Len()

	second, err := f.find(t.Context(), &out, cache)
	if err != nil {
		t.Fatal(err)
	}

	if second != first || installs != 1 || out.Len() != said {
		t.Errorf("the second call gave %q after %d installs in all, saying %q; want %q from the cache, silently",
			second, installs, out.String()[said:], first)
	}
}

func TestFindLeavesNothingBehindWhenTheDownloadFails(t *testing.T) {
	t.Parallel()

	var (
		installs int
		offline  = errors.New("dial tcp: lookup releases.hashicorp.com: no such host")
		cache    = t.TempDir()
	)

	path, err := machine{download: offline}.finder(&installs).find(t.Context(), io.Discard, cache)
	if path != "" || !errors.Is(err, ErrNotFound) || !errors.Is(err, offline) {
		t.Fatalf("got %q, %v; want an error that wraps ErrNotFound and the cause", path, err)
	}

	for _, hint := range []string{"https://developer.hashicorp.com/terraform/install", "https://opentofu.org", envPath} {
		if !strings.Contains(err.Error(), hint) {
			t.Errorf("the error does not tell about %s: %v", hint, err)
		}
	}

	left, err := filepath.Glob(filepath.Join(cache, Version, "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestFindRefusesAnEnvironmentThatNamesNoProgram(t *testing.T) {
	t.Parallel()

	var installs int

	m := machine{
		env:      map[string]string{envPath: "/missing"},
		programs: map[string]string{"terraform": "/usr/bin/terraform"},
	}

	_, err := m.finder(&installs).find(t.Context(), io.Discard, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), envPath) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want an error that names %s", err, envPath)
	}
}
