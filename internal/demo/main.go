// Command demo shows what the provider does, as a story: three customers'
// restore operator roles are planned and applied, changed behind Terraform's
// back, found out, repaired and destroyed. Terraform is real, the VB365 server
// is simulated, and nothing stays on the machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/vb365/terraform-provider-vb365/internal/sandbox"
)

const (
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	os.Exit(execute())
}

func execute() int {
	var opts options

	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.BoolVar(&opts.pause, "pause", false, "wait for Enter after each chapter")
	flags.BoolVar(&opts.keep, "keep", false, "at the end, keep the server and the directory for playing, until Ctrl-C")

	switch err := flags.Parse(os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}

	// Without this, `make demo | head` would end the program before it cleans up.
	signal.Ignore(syscall.SIGPIPE)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	err := run(ctx, opts, os.Stdin, os.Stdout, colours(os.Stdout))

	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && !errors.Is(err, sandbox.ErrLeftBehind):
		fmt.Fprintln(os.Stderr, "\nInterrupted. Terraform and the server are stopped, and nothing is left behind.")

		return exitInterrupted
	default:
		fmt.Fprintf(os.Stderr, "\nError: %v\n", err)

		return 1
	}
}
