// Package machine is the Windows machine that a simulated VB365 server runs on:
// PowerShell with VB365's module, which works on the state of the server.
package machine

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/powershell"
)

// Machine is the machine of a simulated server. All of its methods may be called
// at any time from any goroutine.
type Machine struct {
	*powershell.Machine

	sim *simulator.Server

	mu      sync.Mutex
	options Options
	// failed and killed count what the knobs did.
	failed, killed int
	// separate are the settings of the portal where the REST service has others.
	separate simulator.PortalSettings
}

// New returns the machine of a server.
func New(sim *simulator.Server, options Options) *Machine {
	m := &Machine{Machine: powershell.NewMachine(nil), sim: sim}
	m.Configure(func(o *Options) { *o = options })
	return m
}

// Options returns the knobs as they are now.
func (m *Machine) Options() Options {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.options
}

// Configure turns knobs. What runs already keeps those that it began with, but
// for those that say what cmdlets do. What the knobs counted begins anew.
func (m *Machine) Configure(change func(*Options)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.options)
	m.failed, m.killed = 0, 0
	m.SetEngines(m.options.engines())
	m.SerializeErrors(m.options.CLIXML)
	m.HoldFiles(m.options.FilesHeld)
	if m.options.ModulePath == none {
		m.Uninstall()
		return
	}
	m.Install(powershell.Module{Path: m.options.modulePath(), Cmdlets: m.cmdlets(), Load: m.load})
}

// fileNotFound is an exception of .NET.
const fileNotFound = "System.IO.FileNotFoundException"

// leastCore is the first product whose module needs PowerShell 7.
const leastCore = 8

// product is the number before the first dot of the product's version.
func (m *Machine) product() int {
	var major int
	_, _ = fmt.Sscanf(m.sim.Options().ProductVersion, "%d.", &major)
	return major
}

// load is what the module says to versions of PowerShell: that of product 8 is
// built for .NET 8, those before for the .NET of Windows PowerShell.
func (m *Machine) load(version string) error {
	if m.product() < leastCore || m.Options().AnyPowerShell {
		return nil
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err == nil &&
		(major > 7 || major == 7 && (minor > 4 || minor == 4 && patch >= 2)) {
		return nil
	}
	return &powershell.Error{
		Message: "Could not load file or assembly 'System.Runtime, Version=8.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a'" +
			dependencies(major),
		ID: fileNotFound, Type: fileNotFound, Category: "NotSpecified",
	}
}

// dependencies is the end of the error, which .NET has shortened since.
func dependencies(major int) string {
	if major > 5 {
		return ". The system cannot find the file specified."
	}
	return " or one of its dependencies. The system cannot find the file specified."
}

// Exec runs a command line: see [powershell.Machine.Exec].
func (m *Machine) Exec(ctx context.Context, commandLine string, stdin io.Reader, stdout, stderr io.Writer) (exitCode int) {
	options := m.Options()
	_, _ = io.WriteString(stdout, options.Banner)
	_, _ = io.WriteString(stderr, options.Noise)
	return m.Machine.Exec(ctx, commandLine, stdin, stdout, stderr)
}

// portal returns the portal's settings as this machine has them.
func (m *Machine) portal() simulator.PortalSettings {
	m.mu.Lock()
	separate, settings := m.options.SeparateREST, m.separate
	m.mu.Unlock()
	if separate {
		return settings
	}
	return m.sim.Portal()
}

func (m *Machine) setPortal(settings simulator.PortalSettings) {
	m.mu.Lock()
	if m.options.SeparateREST {
		m.separate = settings
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	m.sim.SetPortal(settings)
}
