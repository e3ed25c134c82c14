package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/sandbox"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// starts is how often the start of a provider is measured.
const starts = 10

// The providers, by the names that they are installed under.
const (
	vb365 = "vb365"
	floor = "floor"
)

// The limits of requests in flight that are measured: the provider's default,
// and a higher one for the row that its speed is judged by.
const (
	defaultInFlight = 16
	moreInFlight    = 32
	judgedRoles     = 500
	judgedLatency   = 200 * time.Millisecond
)

// bench is the place to measure in.
type bench struct {
	box         *sandbox.Sandbox
	server      *simulator.Server
	directories []directory
	terraform   string
	runs        int
	binaries    map[string]string
}

func newBench(ctx context.Context, terraform string, runs int) (*bench, error) {
	box, err := sandbox.New(ctx, terraform)
	if err != nil {
		return nil, err
	}

	server, err := simulator.Start(simulator.Options{}) //nolint:contextcheck // it runs until it is closed
	if err != nil {
		return nil, errors.Join(err, box.Close())
	}

	box.Setenv("VB365_ENDPOINT", server.URL())
	box.Setenv("VB365_CERTIFICATE_SHA256", server.CertificateSHA256())
	box.Setenv("VB365_USERNAME", simulator.DefaultUsername)
	box.Setenv("VB365_PASSWORD", simulator.DefaultPassword)

	return &bench{
		box: box, server: server, directories: populate(server), terraform: terraform, runs: runs,
		binaries: map[string]string{},
	}, nil
}

func (b *bench) close() error {
	b.server.Close()

	return b.box.Close()
}

// build builds both providers.
func (b *bench) build(ctx context.Context, flags []string) error {
	for name, pkg := range map[string]string{vb365: ".", floor: "./internal/bench/floor"} {
		binary, err := b.box.Install(ctx, name, pkg, flags...)
		if err != nil {
			return err
		}

		b.binaries[name] = binary
	}

	return nil
}

// terraformOK runs Terraform, which has to succeed.
func (b *bench) terraformOK(ctx context.Context, dir string, arguments ...string) (sandbox.Result, error) {
	result, err := b.box.Terraform(ctx, dir, append(arguments, "-no-color")...)
	if err != nil {
		return result, err
	}

	if result.ExitCode != 0 {
		return result, fmt.Errorf("terraform %s: %w with exit code %d\n%s",
			strings.Join(arguments, " "), sandbox.ErrFailed, result.ExitCode, result.Output)
	}

	return result, nil
}

// workspace writes a configuration into a new directory and initializes it.
func (b *bench) workspace(ctx context.Context, dir, configuration string) error {
	if err := os.Mkdir(b.box.Path(dir), 0o750); err != nil {
		return fmt.Errorf("make a workspace: %w", err)
	}

	if err := os.WriteFile(b.box.Path(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		return fmt.Errorf("make a workspace: %w", err)
	}

	_, err := b.terraformOK(ctx, dir, "init")

	return err
}

// plan is the plan that is measured. It has to be empty, or it measures
// something else.
func (b *bench) plan(ctx context.Context, dir string) (time.Duration, error) {
	result, err := b.terraformOK(ctx, dir, "plan", "-refresh=true", "-detailed-exitcode")

	return result.Took, err
}

// measurePlans measures plans over n unchanged roles with each latency.
func (b *bench) measurePlans(ctx context.Context, m mix, n int, latencies []time.Duration) ([]planRow, error) {
	dirs := map[string]string{}

	for _, provider := range []string{vb365, floor} {
		dirs[provider] = fmt.Sprintf("%s-%s-%d", provider, m.name, n)
		if err := b.workspace(ctx, dirs[provider], declare(provider, m, b.directories, n)); err != nil {
			return nil, err
		}

		if _, err := b.terraformOK(ctx, dirs[provider], "apply", "-auto-approve"); err != nil {
			return nil, err
		}
	}

	rows := b.rows(m, n, latencies)
	floors := make([]time.Duration, b.runs)
	times := make([][]time.Duration, len(rows))

	// Plans of one kind are not run in a row, so that what else the machine does
	// meets all kinds alike.
	for i := range floors {
		var err error
		if floors[i], err = b.plan(ctx, dirs[floor]); err != nil {
			return nil, err
		}

		for j := range rows {
			took, err := b.measureRow(ctx, dirs[vb365], &rows[j])
			if err != nil {
				return nil, err
			}

			times[j] = append(times[j], took)
		}
	}

	peak, err := b.peakOfPlan(ctx, dirs[vb365])
	if err != nil {
		return nil, err
	}

	for j := range rows {
		rows[j].Seconds, rows[j].Floor, rows[j].PeakMemory = median(times[j]), median(floors), peak
	}

	for _, role := range b.server.Roles() {
		b.server.DeleteRole(role.ID)
	}

	return rows, nil
}

func (b *bench) rows(m mix, n int, latencies []time.Duration) []planRow {
	var rows []planRow

	for _, latency := range latencies {
		row := planRow{Mix: m.name, Roles: n, Latency: latency.Seconds(), Limit: defaultInFlight}
		rows = append(rows, row)

		if n == judgedRoles && latency == judgedLatency {
			row.Limit = moreInFlight
			rows = append(rows, row)
		}
	}

	return rows
}

// measureRow runs one plan as the row says, and notes its requests in the row.
func (b *bench) measureRow(ctx context.Context, dir string, row *planRow) (time.Duration, error) {
	b.box.Setenv("VB365_MAX_CONCURRENT_REQUESTS", strconv.Itoa(row.Limit))
	b.server.Configure(func(o *simulator.Options) { o.Latency = seconds(row.Latency) })

	defer b.server.Configure(func(o *simulator.Options) { o.Latency = 0 })

	b.server.ResetRequests()
	took, err := b.plan(ctx, dir)
	row.Requests = countRequests(b.server.Requests())
	row.InFlight = b.server.MaxInFlight()

	return took, err
}

// peakOfPlan runs one more plan, without measuring its time, and returns the
// provider's peak memory.
func (b *bench) peakOfPlan(ctx context.Context, dir string) (int64, error) {
	peak := watchMemory(b.box.Dir, filepath.Base(b.binaries[vb365]))
	_, err := b.plan(ctx, dir)

	return peak(), err
}

// measureListing measures a plan that reads all groups of a large organization.
func (b *bench) measureListing(ctx context.Context, groups int) (listing, error) {
	organization := b.server.AddOrganization(simulator.Organization{Name: "large.onmicrosoft.com"}).ID
	for i := range groups {
		b.server.AddGroup(organization, simulator.Group{DisplayName: fmt.Sprintf("Group %d", i), Name: fmt.Sprintf("group%d@large.com", i)})
	}

	configuration := require(vb365) + fmt.Sprintf("data \"vb365_groups\" \"all\" {\n  organization_id = %q\n}\n\n"+
		"output \"groups\" {\n  value = length(data.vb365_groups.all.groups)\n}\n", organization)
	if err := b.workspace(ctx, "listing", configuration); err != nil {
		return listing{}, err
	}

	// The number of groups is in the state afterwards, and the plan is empty.
	applied, err := b.terraformOK(ctx, "listing", "apply", "-auto-approve")
	if err != nil {
		return listing{}, err
	}

	if !strings.Contains(applied.Output, fmt.Sprintf("groups = %d\n", groups)) {
		return listing{}, fmt.Errorf("not all of %d groups were found:\n%s", groups, applied.Output)
	}

	var times []time.Duration

	for range b.runs {
		b.server.ResetRequests()

		took, err := b.plan(ctx, "listing")
		if err != nil {
			return listing{}, err
		}

		times = append(times, took)
	}

	count := countRequests(b.server.Requests())
	peak, err := b.peakOfPlan(ctx, "listing")

	return listing{Groups: groups, Seconds: median(times), Requests: count.Total, PeakMemory: peak}, err
}

// measureStart measures how large the providers are and how fast they start.
func (b *bench) measureStart(ctx context.Context) (map[string]start, error) {
	measured := map[string]start{}

	for name, binary := range b.binaries {
		info, err := os.Stat(binary)
		if err != nil {
			return nil, fmt.Errorf("look at the provider: %w", err)
		}

		if err := b.workspace(ctx, name+"-schema", require(name)); err != nil {
			return nil, err
		}

		var handshakes, schemas []time.Duration

		for range starts {
			took, err := b.handshake(ctx, binary)
			if err != nil {
				return nil, err
			}

			handshakes = append(handshakes, took)
		}

		for range b.runs {
			result, err := b.box.Terraform(ctx, name+"-schema", "providers", "schema", "-json")
			if err != nil {
				return nil, err
			}

			schemas = append(schemas, result.Took)
		}

		measured[name] = start{Bytes: info.Size(), Handshake: median(handshakes), Schema: median(schemas)}
	}

	return measured, nil
}

// handshake starts a provider as Terraform does, and stops it as soon as it says
// where it listens.
func (b *bench) handshake(ctx context.Context, binary string) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	command := exec.CommandContext(ctx, binary)
	command.Env = []string{
		// Terraform's way of saying that it is Terraform.
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		"PLUGIN_PROTOCOL_VERSIONS=6",
		"TMPDIR=" + b.box.Dir,
	}

	output, err := command.StdoutPipe()
	if err != nil {
		return 0, fmt.Errorf("start the provider: %w", err)
	}

	begin := time.Now()

	if err := command.Start(); err != nil {
		return 0, fmt.Errorf("start the provider: %w", err)
	}

	line, readErr := bufio.NewReader(output).ReadString('\n')
	took := time.Since(begin)

	cancel()
	// It was killed, which is no news.
	_ = command.Wait()

	if readErr != nil || !strings.Contains(line, "|grpc|") {
		return 0, fmt.Errorf("the provider did not start: it said %q (%w)", line, errors.Join(readErr, context.Cause(ctx)))
	}

	return took, nil
}

func (b *bench) describeMachine(ctx context.Context) (machine, error) {
	result, err := b.box.Terraform(ctx, ".", "version")
	if err != nil {
		return machine{}, err
	}

	version, _, _ := strings.Cut(result.Output, "\n")

	return machine{
		System: runtime.GOOS + "/" + runtime.GOARCH, Processor: processor(), Cores: runtime.NumCPU(),
		Go: runtime.Version(), Terraform: version, Path: b.terraform,
	}, nil
}

// processor is the processor's name, where the system tells it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}

	for line := range bytes.Lines(text) {
		if name, value, _ := strings.Cut(string(line), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}

	return ""
}

// median returns the median in seconds.
func median(times []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(times))

	return sorted[len(sorted)/2].Seconds()
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second))
}
