package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// errUsage is wrapped by errors about the command line.
var errUsage = errors.New("usage")

// The seeds that the command knows by name.
const (
	seedThreeCustomers = "three-customers"
	seedEmpty          = "empty"
)

const usage = `Serves a simulated Veeam Backup for Microsoft 365 server until it is interrupted.

Usage:
  vb365-simulator [flags]

Flags:
`

// settings are what the command line says.
type settings struct {
	options  simulator.Options
	shell    shellSettings
	entra    entraSettings
	seed     simulator.Seed
	control  string
	printEnv bool
	envFile  string
}

// parse reads the command line. It returns [flag.ErrHelp] if help was asked for
// and given.
func parse(arguments []string, stderr io.Writer) (settings, error) {
	var (
		set                   settings
		versions, seed, knobs string
	)

	flags := flag.NewFlagSet("vb365-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}

	o := &set.options
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:4443", "`address` of the REST service; port 0 is a free one")
	flags.StringVar(&seed, "seed", seedThreeCustomers,
		"state to start from: three-customers, empty, or a JSON `file`")
	flags.StringVar(&set.control, "control", "",
		"loopback `address` of the control endpoint, for example 127.0.0.1:4480; none if empty")
	flags.StringVar(&versions, "api-versions", "v8,v7,v6", "API `versions` to serve")
	flags.StringVar(&o.ProductVersion, "product-version", "", "product `build` to report")
	flags.StringVar(&o.Username, "username", simulator.DefaultUsername, "`name` of the account")
	flags.StringVar(&o.Password, "password", simulator.DefaultPassword, "`password` of the account")
	flags.DurationVar(&o.TokenLifetime, "token-lifetime", 0, "lifetime of access tokens (default 1h)")
	flags.DurationVar(&o.Latency, "latency", 0, "`delay` of every answer")
	flags.StringVar((*string)(&o.TLSStyle), "tls", "",
		"`look` of the certificate: cn-only, expired, or with subject alternative names if empty")
	set.shell.flags(flags)
	set.entra.flags(flags)
	flags.StringVar(&knobs, "knobs", "", "further knobs, as a `JSON` object")
	flags.BoolVar(&set.printEnv, "print-env", false,
		"print the environment variables for a shell to eval, and nothing else, and close the output")
	flags.StringVar(&set.envFile, "env-file", "", "write the environment variables to a `file` too")

	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return settings{}, err
		}

		return settings{}, fmt.Errorf("%w: %w", errUsage, err)
	}

	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	}

	if set.shell.ssh != "" && set.shell.winRM != "" {
		return settings{}, fmt.Errorf("%w: --ssh and --winrm exclude each other, as the provider takes one way", errUsage)
	}

	for version := range strings.SplitSeq(versions, ",") {
		o.Versions = append(o.Versions, strings.ToLower(strings.TrimSpace(version)))
	}

	if knobs != "" {
		if err := json.Unmarshal([]byte(knobs), o); err != nil {
			return settings{}, fmt.Errorf("%w: --knobs: %w", errUsage, err)
		}
	}

	var err error

	set.seed, err = readSeed(seed)

	return set, err
}

// readSeed finds a seed by name or reads it from a file.
func readSeed(name string) (simulator.Seed, error) {
	switch {
	case name == seedThreeCustomers:
		return simulator.ThreeCustomers(), nil
	case slices.Contains([]string{"", seedEmpty}, name):
		return simulator.Seed{}, nil
	}

	text, err := os.ReadFile(name)
	if err != nil {
		return simulator.Seed{}, fmt.Errorf("read the seed: %w", err)
	}

	seed, err := simulator.ParseSeed(text)
	if err != nil {
		return simulator.Seed{}, fmt.Errorf("%s: %w", name, err)
	}

	return seed, nil
}
