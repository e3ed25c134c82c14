// Command vb365-simulator serves a simulated Veeam Backup for Microsoft 365
// server, to try Terraform configurations against and to test modules with.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/control"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	os.Exit(mainStatus())
}

func mainStatus() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)

	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage), errors.Is(err, simulator.ErrOptions), errors.Is(err, graph.ErrOptions):
		fmt.Fprintln(os.Stderr, "vb365-simulator:", err)

		return exitUsage
	default:
		fmt.Fprintln(os.Stderr, "vb365-simulator:", err)

		return exitFailure
	}
}

// run serves until the context ends.
func run(ctx context.Context, arguments []string, stdout io.WriteCloser, stderr io.Writer) error {
	set, err := parse(arguments, stderr)
	if err != nil {
		return err
	}

	sim, err := simulator.Start(set.options) //nolint:contextcheck // it runs until it is closed
	if err != nil {
		return err
	}
	defer sim.Close()

	sim.Seed(set.seed)

	shell, err := startShell(sim, set.shell) //nolint:contextcheck // it runs until it is closed
	defer shell.close()

	if err != nil {
		return err
	}

	entra, err := startEntra(set.entra) //nolint:contextcheck // it runs until it is closed
	defer entra.close()

	if err != nil {
		return err
	}

	var controlURL string

	if set.control != "" {
		endpoint, err := control.Start(ctx, sim, set.control, slices.Concat(shell.faces, entra.faces)...)
		if err != nil {
			return err
		}
		defer endpoint.Close()

		controlURL = endpoint.URL()
	}

	environment := slices.Concat(environmentOf(sim, controlURL), shell.environment, entra.environment)

	if set.envFile != "" {
		if err := environment.writeFile(set.envFile); err != nil {
			return err
		}
	}

	if set.printEnv {
		fmt.Fprint(stdout, environment.script())

		// Whoever reads the output waits for its end, not for the server's.
		if err := stdout.Close(); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	} else {
		fmt.Fprint(stdout, environment.banner(sim, controlURL))
	}

	<-ctx.Done()
	fmt.Fprintln(stderr, "vb365-simulator: stopped")

	return nil
}
