package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/sandbox"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
	"github.com/vb365/terraform-provider-vb365/internal/terraformbin"
)

// workspace is the directory of the sandbox that the example is copied to.
const workspace = "three-customers"

// planDiffers is the exit code of `terraform plan -detailed-exitcode` where
// there is something to change.
const planDiffers = 2

// options are what the command line says.
type options struct {
	// pause waits for Enter after each chapter, keep leaves the server and the
	// workspace for playing until the program is interrupted.
	pause, keep bool
}

// demo is the stage of the story.
type demo struct {
	*narrator

	options options
	stdin   io.Reader
	box     *sandbox.Sandbox
	server  *simulator.Server
	machine *machine.Machine
	ssh     *remoting.SSH
	entra   *graph.Server
	// pfxPassword opens the certificates that were made on the spot.
	pfxPassword string
	// binary is Terraform's path, program its name on the command line: terraform
	// or tofu.
	binary, program string
	costs           []cost
}

// run tells the story. When it returns, the server is stopped and everything
// that it made is removed.
func run(ctx context.Context, opts options, stdin io.Reader, stdout io.Writer, colour bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	d := &demo{narrator: &narrator{w: stdout, colour: colour, lost: cancel}, options: opts, stdin: stdin}

	err := d.tell(ctx)
	if err != nil && ctx.Err() != nil {
		// What failed, failed for this.
		err = context.Cause(ctx)
	}

	if err := errors.Join(err, d.close()); err != nil {
		return err
	}

	d.aside("The server is stopped, and nothing of this is left on the machine.")

	return nil
}

// tell tells the story from beginning to end.
func (d *demo) tell(ctx context.Context) error {
	d.introduce()

	chapters := d.chapters()
	for i, chapter := range chapters {
		if i > 0 {
			if err := d.turnPage(ctx); err != nil {
				return err
			}
		}

		d.chapter(i+1, len(chapters), chapter.title)

		if err := chapter.tell(ctx); err != nil {
			return err
		}
	}

	d.conclude()

	return nil
}

// close takes the stage down, however far it had been built.
func (d *demo) close() error {
	if d.ssh != nil {
		d.ssh.Close()
	}

	if d.entra != nil {
		d.entra.Close()
	}

	if d.server != nil {
		d.server.Close()
	}

	if d.box == nil {
		return nil
	}

	return d.box.Close()
}

// turnPage waits for Enter, if that is wanted.
func (d *demo) turnPage(ctx context.Context) error {
	if !d.options.pause {
		return context.Cause(ctx)
	}

	d.blank()
	d.print(d.in(dim, "Enter turns the page. "))
	d.atBlank = false

	read := make(chan error, 1)

	// Reading ends with the program at the latest.
	go func() { read <- readLine(d.stdin) }()

	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-read:
		return err
	}
}

// readLine reads up to the end of a line or of the input, and no further.
func readLine(r io.Reader) error {
	char := make([]byte, 1)

	for {
		_, err := r.Read(char)
		if errors.Is(err, io.EOF) || err == nil && char[0] == '\n' {
			return nil
		}

		if err != nil {
			return fmt.Errorf("wait for Enter: %w", err)
		}
	}
}

// build finds Terraform, builds the provider, and writes the example into the
// workspace.
func (d *demo) build(ctx context.Context) error {
	root, err := sandbox.ModuleRoot(ctx)
	if err != nil {
		return err
	}

	terraform, err := terraformbin.Find(ctx, d.w, filepath.Join(root, ".cache", "terraform"))
	if err != nil {
		return err
	}

	d.binary, d.program = terraform, strings.TrimSuffix(filepath.Base(terraform), ".exe")

	if d.box, err = sandbox.New(ctx, terraform); err != nil {
		return err
	}

	// The module lies beside the example, as in the repository.
	for _, dir := range []string{workspace, "modules"} {
		if err := os.CopyFS(d.box.Path(dir), os.DirFS(d.box.Root("examples", dir))); err != nil {
			return fmt.Errorf("copy the example: %w", err)
		}
	}

	version, err := d.box.Terraform(ctx, ".", "version")
	if err != nil {
		return err
	}

	name, _, _ := strings.Cut(version.Output, "\n")
	d.done("%s at %s", name, terraform)

	d.line("  … building the provider; the first time, that takes a minute or two")

	begin := time.Now()

	if _, err := d.box.Install(ctx, "vb365", "."); err != nil {
		return err
	}

	d.done("The provider, built from this directory in %.0f s", math.Ceil(time.Since(begin).Seconds()))

	return nil
}

// startServer starts the server and tells the provider about it.
func (d *demo) startServer() error {
	server, err := simulator.Start(simulator.Options{Password: rand.Text()})
	if err != nil {
		return err
	}

	d.server = server
	server.Seed(simulator.ThreeCustomers())

	if err := errors.Join(d.startMachine(), d.startEntra(), d.makeCertificates()); err != nil {
		return err
	}

	for name, value := range d.providerEnvironment() {
		d.box.Setenv(name, value)
	}

	return nil
}

func (d *demo) providerEnvironment() map[string]string {
	settings := map[string]string{
		"VB365_ENDPOINT":           d.server.URL(),
		"VB365_CERTIFICATE_SHA256": d.server.CertificateSHA256(),
		"VB365_USERNAME":           d.server.Options().Username,
		"VB365_PASSWORD":           d.server.Options().Password,
	}
	maps.Copy(settings, d.portalEnvironment())

	return settings
}

// step is a run of Terraform and how it is told.
type step struct {
	// label says what the run is for, in the list of costs.
	label     string
	arguments []string
	view      view
	exitCode  int
}

// terraform runs Terraform in the workspace, shows the command and what matters
// of its output, and counts what it cost. Any other exit code than the step's is
// an error with everything that Terraform said.
func (d *demo) terraform(ctx context.Context, s step) error {
	command := strings.Join(append([]string{d.program}, s.arguments...), " ")
	d.command(command)
	d.server.ResetRequests()
	d.entra.ResetRequests()

	runs := len(d.machine.CommandLines())

	// Flags come before the name of a plan.
	result, err := d.box.Terraform(ctx, workspace, slices.Insert(slices.Clone(s.arguments), 1, "-input=false")...)
	if err != nil {
		return err
	}

	if result.ExitCode != s.exitCode {
		return fmt.Errorf("%q ended with exit code %d where %d was expected. It said:\n\n%s",
			command, result.ExitCode, s.exitCode, escapePattern.ReplaceAllString(result.Output, ""))
	}

	for _, line := range trim(result.Output, s.view) {
		if d.colour {
			d.line("%s", line.coloured)
		} else {
			d.line("%s", line.plain)
		}
	}

	spent := countCost(s.label, d.server.Requests())
	spent.graph, spent.powerShell = len(d.entra.Requests()), len(d.machine.CommandLines())-runs
	d.costs = append(d.costs, spent)

	d.blank()
	d.aside("%.1f s, requests to the server: %d, to Microsoft: %d, runs of PowerShell: %d",
		result.Took.Seconds(), spent.total, spent.graph, spent.powerShell)

	return nil
}
