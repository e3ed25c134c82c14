package vbopowershell_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// direct runs commands on a machine without a network between.
type direct struct{ *machine.Machine }

func (direct) String() string { return "direct" }

func (d direct) Run(ctx context.Context, commandLine string, stdin []byte) (vbopowershell.Output, error) {
	var stdout, stderr bytes.Buffer
	code := d.Exec(ctx, commandLine, bytes.NewReader(stdin), &stdout, &stderr)
	return vbopowershell.Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitCode: code}, nil
}

func startMachine(tb testing.TB) (*vbopowershell.Server, *machine.Machine) {
	tb.Helper()
	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(sim.Close)
	m := machine.New(sim, machine.Options{})
	server, err := vbopowershell.New(vbopowershell.Config{Transport: direct{m}})
	if err != nil {
		tb.Fatal(err)
	}
	return server, m
}

var hostile = []string{
	`'; Remove-Item C:\ -Recurse; '`, `$(Stop-Computer)`, "`n`0`$x", "\"; calc; \"", "line\nbreak\r\n\x00", "’; calc; ‘", "ěščř ☃ 😀 \u2028",
	"]]>&<x/>", `%PATH% !x! ^ | > <`, "--%", "@{a=1}", "\\u0027; calc", strings.Repeat("x'", 5000),
}

// Whatever is in a parameter, the cmdlet gets it as it is, or PowerShell refuses
// it; and no other cmdlet runs than those of the script.
func checkHostile(tb testing.TB, value string) {
	tb.Helper()
	server, m := startMachine(tb)
	before, err := server.Settings(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	for parameter, change := range map[string]vbopowershell.SetRestorePortal{
		"PortalUri":     {PortalURI: value},
		"Region":        {Region: value},
		"ApplicationId": {ApplicationID: value},
	} {
		_, _, err := server.Change(tb.Context(), before.Settings, change)
		want := fmt.Sprintf("name=%q; value=%q", parameter, value)
		bound := strings.Contains(strings.Join(m.ModuleLog(), "\n"), want)
		if _, refused := errors.AsType[*vbopowershell.CmdletError](err); !bound && !refused && value != "" {
			tb.Errorf("%s: %q neither reached the cmdlet nor was refused: %v", parameter, value, err)
		}
	}
	for _, call := range m.ModuleLog() {
		name, _, _ := strings.Cut(strings.TrimPrefix(call, "CommandInvocation("), ")")
		if !strings.HasPrefix(name, "Get-VBO") && !strings.HasPrefix(name, "Set-VBORestorePortal") &&
			name != "ConvertFrom-Json" && name != "ConvertTo-Json" && name != "Import-Module" && name != "Test-Path" {
			tb.Errorf("%q ran %s", value, name)
		}
	}
	for _, line := range m.CommandLines() {
		if line != m.CommandLines()[0] {
			tb.Error("the command line depends on what is done")
		}
	}
}

func TestHostileValuesArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, value := range hostile {
		checkHostile(t, value)
	}
}

func FuzzHostileValues(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		checkHostile(t, strings.ToValidUTF8(value, ""))
	})
}
