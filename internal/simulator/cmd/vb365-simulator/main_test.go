package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// asCommand is set for a test binary that is to be the command itself.
const asCommand = "VB365_SIMULATOR_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(mainStatus())
	}

	os.Exit(m.Run())
}

// command prepares to run the command in a process of its own.
func command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()

	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}

	run := exec.CommandContext(t.Context(), executable, arguments...)
	run.Env = append(os.Environ(), asCommand+"=1")

	return run
}

// output collects what the command prints, in a test that runs it in process.
type output struct {
	bytes.Buffer

	closed bool
}

func (o *output) Close() error {
	o.closed = true

	return nil
}

func TestSignalsStopTheCommand(t *testing.T) {
	t.Parallel()

	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()

			process := command(t, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--print-env")

			stdout, err := process.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}

			var stderr bytes.Buffer
			process.Stderr = &stderr

			if err := process.Start(); err != nil {
				t.Fatal(err)
			}

			// The output ends while the command goes on.
			text, err := io.ReadAll(stdout)
			if err != nil {
				t.Fatal(err)
			}

			environment := parseExports(t, string(text))
			if environment["VB365_SIMULATOR_PID"] != strconv.Itoa(process.Process.Pid) {
				t.Errorf("environment %v", environment)
			}

			request, err := http.NewRequestWithContext(
				t.Context(), http.MethodGet, environment["VB365_SIMULATOR_CONTROL"]+"/roles", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}

			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}

			response.Body.Close()

			if err := process.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}

			if err := process.Wait(); err != nil || !strings.Contains(stderr.String(), "stopped") {
				t.Errorf("%v: %s", err, stderr.String())
			}
		})
	}
}

// parseExports reads a script of export lines without escapes.
func parseExports(t *testing.T, script string) map[string]string {
	t.Helper()

	variables := make(map[string]string)

	lines := bufio.NewScanner(strings.NewReader(script))
	for lines.Scan() {
		name, value, found := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if !found || !strings.HasPrefix(lines.Text(), "export ") {
			t.Errorf("line %q", lines.Text())
		}

		variables[name] = strings.Trim(value, "'")
	}

	return variables
}

func TestShellsCanEvalTheEnvironment(t *testing.T) {
	t.Parallel()

	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}

	odd := `it's $HOME "quoted" \ and` + "\n" + `two lines`
	sim, err := simulator.Start(simulator.Options{Username: odd})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()

	script := environmentOf(sim, "http://127.0.0.1:1").script() +
		`printf '%s|%s|%s|%s' "$VB365_USERNAME" "$VB365_ENDPOINT" "$VB365_CERTIFICATE_SHA256" "$VB365_SIMULATOR_CONTROL"`

	text, err := exec.CommandContext(t.Context(), shell, "-c", script).Output()
	if want := odd + "|" + sim.URL() + "|" + sim.CertificateSHA256() + "|http://127.0.0.1:1"; err != nil || string(text) != want {
		t.Errorf("%v: %q, want %q", err, text, want)
	}
}

// serve runs the command in this process until the test ends, once it has
// printed what it prints.
func serve(t *testing.T, arguments ...string) (stdout string) {
	t.Helper()

	ctx, stop := context.WithCancel(t.Context())
	printed := &output{}
	done := make(chan error, 1)
	marker := filepath.Join(t.TempDir(), "env")

	go func() {
		done <- run(ctx, append(arguments, "--listen", "127.0.0.1:0", "--env-file", marker), printed, io.Discard)
	}()

	for {
		if _, err := os.Stat(marker); err == nil {
			break
		}

		select {
		case err := <-done:
			t.Fatalf("the command ended: %v", err)
		case <-time.After(time.Millisecond):
		}
	}

	stop()

	if err := <-done; err != nil {
		t.Fatal(err)
	}

	return printed.String()
}

func TestPeopleAreToldWhatRuns(t *testing.T) {
	t.Parallel()

	got := serve(t, "--control", "127.0.0.1:0", "--api-versions", "V7, v6", "--product-version", "7.1.0.1")
	for _, part := range []string{
		"product 7.1.0.1, API v7, v6", "https://127.0.0.1:", "http://127.0.0.1:", simulator.DefaultUsername, simulator.DefaultPassword,
		simulator.ContosoID + " contoso.onmicrosoft.com", "export VB365_ENDPOINT='https://", "Ctrl-C",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in:\n%s", part, got)
		}
	}

	if got := serve(t, "--seed", "empty"); strings.Contains(got, "Control") || strings.Contains(got, "Customers") {
		t.Error(got)
	}
}

func TestEnvironmentFilesArePrivate(t *testing.T) {
	t.Parallel()

	name := filepath.Join(t.TempDir(), "env")
	if err := (environment{{"A", "b"}}).writeFile(name); err != nil {
		t.Fatal(err)
	}

	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}

	if text, err := os.ReadFile(name); err != nil || string(text) != "export A='b'\n" {
		t.Errorf("%q %v", text, err)
	}

	if err := (environment{}).writeFile(filepath.Join(name, "below", "a", "file")); err == nil {
		t.Error("a file below a file was written")
	}

	directory := filepath.Join(t.TempDir(), "taken")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}

	if err := (environment{}).writeFile(directory); err == nil {
		t.Error("a directory was replaced")
	}

	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(directory), ".vb365-*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()

	seed := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(seed, []byte(`{"organizations": [{"name": "northwind"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}

	set, err := parse([]string{
		"--listen", "127.0.0.1:1", "--seed", seed, "--control", "127.0.0.1:2", "--api-versions", "v8,v7",
		"--username", "u", "--password", "p", "--latency", "5ms", "--token-lifetime", "2m", "--tls", "cn-only",
		"--knobs", `{"badLogin": "empty401", "pageMax": 7}`, "--print-env",
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}

	o := set.options
	if o.Listen != "127.0.0.1:1" || set.control != "127.0.0.1:2" || strings.Join(o.Versions, " ") != "v8 v7" || o.Username != "u" ||
		o.Password != "p" || o.Latency != 5*time.Millisecond || o.TokenLifetime != 2*time.Minute ||
		o.TLSStyle != simulator.TLSCommonNameOnly || o.BadLogin != simulator.BadLoginEmpty || o.PageMax != 7 || !set.printEnv ||
		set.seed.Organizations[0].Name != "northwind" {
		t.Errorf("%+v", set)
	}
}

func TestCommandLinesThatAreRefused(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		arguments []string
		want      error
	}{
		"unknown flag":             {[]string{"--nonsense"}, errUsage},
		"argument":                 {[]string{"start"}, errUsage},
		"bad duration":             {[]string{"--latency", "soon"}, errUsage},
		"bad knob":                 {[]string{"--knobs", `{"nonsense": 1}`}, simulator.ErrOptions},
		"bad version":              {[]string{"--listen", "127.0.0.1:0", "--api-versions", "v5"}, simulator.ErrOptions},
		"bad certificate":          {[]string{"--listen", "127.0.0.1:0", "--tls", "none"}, simulator.ErrOptions},
		"seed that is not there":   {[]string{"--seed", "/nonexistent"}, os.ErrNotExist},
		"control that is not here": {[]string{"--listen", "127.0.0.1:0", "--control", "0.0.0.0:0"}, nil},
		"help":                     {[]string{"--help"}, flag.ErrHelp},
		"environment file": {
			[]string{"--listen", "127.0.0.1:0", "--env-file", "/nonexistent/directory/env"}, os.ErrNotExist,
		},
	} {
		err := run(t.Context(), test.arguments, &output{}, io.Discard)
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatusOfTheCommand(t *testing.T) {
	t.Parallel()

	for status, arguments := range map[int][]string{
		0: {"--help"}, 1: {"--seed", "/nonexistent"}, 2: {"--nonsense"},
	} {
		err := command(t, arguments...).Run()

		got := 0
		if exit, failed := errors.AsType[*exec.ExitError](err); failed {
			got = exit.ExitCode()
		}

		if got != status {
			t.Errorf("%v: status %d, want %d", arguments, got, status)
		}
	}
}

func TestTheShellIsThereWhenItIsAskedFor(t *testing.T) {
	t.Parallel()

	for transport, wants := range map[string][]string{
		"--ssh":   {"export VB365_SSH_HOST='127.0.0.1'", "export VB365_SSH_USERNAME='admin'", "export VB365_SSH_HOST_KEY='ssh-ed25519 "},
		"--winrm": {"export VB365_WINRM_PORT='", "export VB365_WINRM_CERTIFICATE_SHA256='"},
	} {
		set, err := parse([]string{transport, "127.0.0.1:0", "--shell-username", "admin"}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}

		sim, err := simulator.Start(simulator.Options{})
		if err != nil {
			t.Fatal(err)
		}

		shell, err := startShell(sim, set.shell)
		if err != nil {
			t.Fatal(err)
		}

		script := shell.environment.script()
		for _, want := range wants {
			if !strings.Contains(script, want) {
				t.Errorf("with %s, the environment lacks %q:\n%s", transport, want, script)
			}
		}

		shell.close()
		sim.Close()
	}

	if _, err := parse([]string{"--ssh", "127.0.0.1:0", "--winrm", "127.0.0.1:0"}, io.Discard); !errors.Is(err, errUsage) {
		t.Errorf("both: %v", err)
	}
}
