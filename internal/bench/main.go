// Command bench measures what the provider costs: how long plans over many
// unchanged roles take and how many requests they make, beside the same plans
// with a provider that does nothing; how fast the provider starts, and how much
// memory it needs. The server is simulated, Terraform is real.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/sandbox"
	"github.com/vb365/terraform-provider-vb365/internal/terraformbin"
)

const (
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)

	stop()
	os.Exit(code)
}

func execute(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	settings, err := parseSettings(arguments, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}

	if err != nil {
		return exitUsage
	}

	err = run(ctx, settings, stdout)
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "Interrupted. Nothing is left behind.")

		return exitInterrupted
	}

	if err != nil {
		fmt.Fprintln(stderr, "Error:", err)

		return 1
	}

	return 0
}

// settings are what the command line says.
type settings struct {
	roles     []int
	latencies []time.Duration
	runs      int
	groups    int
	mixes     []mix
	json      string
	// buildFlags are how releases are built. The tests have others: each way to
	// build compiles all packages anew.
	buildFlags []string
}

func parseSettings(arguments []string, stderr io.Writer) (settings, error) {
	s := settings{
		roles:     []int{100, 500, 1000},
		latencies: []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond},
		mixes:     mixes(),

		buildFlags: []string{"-trimpath", "-ldflags=-s -w"},
	}

	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&s.runs, "runs", 3, "how often each plan is `run`; the median counts")
	flags.IntVar(&s.groups, "groups", 10_001, "how many `groups` the organization of the listing has; 0 leaves the listing out")
	flags.StringVar(&s.json, "json", "", "write the results to this `file`, too")
	flags.Func("roles", "`numbers` of roles, separated by commas (default 100,500,1000)", list(&s.roles, strconv.Atoi))
	flags.Func("latency", "`times` that the server takes for an answer (default 0s,50ms,200ms)", list(&s.latencies, time.ParseDuration))
	flags.Func("mix", "`kinds` of roles: objects, organization (default both)", list(&s.mixes, mixNamed))

	if err := flags.Parse(arguments); err != nil {
		return s, err
	}

	var err error

	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case s.runs < 1 || s.groups < 0 || slices.Min(s.roles) < 1 || slices.Min(s.latencies) < 0:
		err = errors.New("numbers must be at least 1, latencies and groups at least 0")
	}

	if err != nil {
		fmt.Fprintln(stderr, err)
		flags.Usage()
	}

	return s, err
}

// list returns the function for a flag that is a list.
func list[T any](values *[]T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		*values = nil

		for part := range strings.SplitSeq(text, ",") {
			value, err := parse(strings.TrimSpace(part))
			if err != nil {
				return err
			}

			*values = append(*values, value)
		}

		return nil
	}
}

// command is the command line that does the same.
func (s settings) command() string {
	text := fmt.Sprintf("go run ./internal/bench -roles %s -latency %s -mix %s -runs %d -groups %d",
		join(s.roles), join(s.latencies), join(s.mixes), s.runs, s.groups)
	if s.json != "" {
		text += " -json " + s.json
	}

	return text
}

func join[T any](values []T) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}

	return strings.Join(texts, ",")
}

// run measures everything and prints it as it comes.
func run(ctx context.Context, s settings, w io.Writer) (err error) {
	root, err := sandbox.ModuleRoot(ctx)
	if err != nil {
		return err
	}

	terraform, err := terraformbin.Find(ctx, w, filepath.Join(root, ".cache", "terraform"))
	if err != nil {
		return err
	}

	b, err := newBench(ctx, terraform, s.runs)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, b.close()) }()

	report := report{Command: s.command(), BuildFlags: s.buildFlags}

	if report.Machine, err = b.describeMachine(ctx); err != nil {
		return err
	}

	report.printHead(w)

	if err := b.build(ctx, s.buildFlags); err != nil {
		return err
	}

	if report.Provider, err = b.measureStart(ctx); err != nil {
		return err
	}

	printStarts(w, report.Provider)

	for _, mix := range s.mixes {
		printPlanHead(w, mix)

		for _, roles := range s.roles {
			rows, err := b.measurePlans(ctx, mix, roles, s.latencies)
			if err != nil {
				return err
			}

			printPlans(w, rows)

			report.Plans = append(report.Plans, rows...)
		}
	}

	if s.groups > 0 {
		listing, err := b.measureListing(ctx, s.groups)
		if err != nil {
			return err
		}

		listing.print(w)

		report.Listing = &listing
	}

	return report.write(s.json)
}

// write writes the report as JSON, if a file is named.
func (r report) write(file string) error {
	if file == "" {
		return nil
	}

	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the results: %w", err)
	}

	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}

	return nil
}
