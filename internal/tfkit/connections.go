// Package tfkit is what the services share towards Terraform: their connections,
// diagnostics made of errors, and the ids that schemas hold.
package tfkit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// Connections hands the services their clients. Nothing is contacted, and
// nothing missing in the configuration is complained about, before a service
// asks.
type Connections struct {
	// ValidateAtPlan tells whether plans may ask the server about what they name.
	ValidateAtPlan bool

	// Now tells the time.
	Now func() time.Time

	connectVB365      func() (*vb365.Client, error)
	connectEntra      func() (*entra.Client, error)
	connectPowerShell func() (*vbopowershell.Server, error)

	// Notes is what the run has done and seen so far.
	Notes Ledger
}

// Connectors make the clients.
type Connectors struct {
	VB365      func() (*vb365.Client, error)
	Entra      func() (*entra.Client, error)
	PowerShell func() (*vbopowershell.Server, error) // nil when the configuration has no way to it
}

// NewConnections returns connections that make each client when it is first
// wanted, once.
func NewConnections(connect Connectors, validateAtPlan bool, now func() time.Time) *Connections {
	c := &Connections{
		ValidateAtPlan: validateAtPlan,
		Now:            now,
		connectVB365:   sync.OnceValues(connect.VB365),
		connectEntra:   sync.OnceValues(connect.Entra),
	}
	if connect.PowerShell != nil {
		c.connectPowerShell = sync.OnceValues(connect.PowerShell)
	}
	return c
}

// VB365 returns the client of the VB365 REST service. The error is a
// [SettingError] or [UnknownSettingError] when the provider's configuration does
// not say how to reach it.
func (c *Connections) VB365() (*vb365.Client, error) {
	if c == nil {
		return nil, ErrNotConfigured
	}
	return c.connectVB365()
}

// Entra returns the client of Microsoft Graph. The error is a [SettingError] or
// [UnknownSettingError] when the provider's configuration does not say how to
// log in, or says why it cannot be used.
func (c *Connections) Entra() (*entra.Client, error) {
	if c == nil {
		return nil, ErrNotConfigured
	}
	return c.connectEntra()
}

// HasPowerShell tells whether the provider's configuration has a way to the
// server's PowerShell. Without one, nothing of it can be changed.
func (c *Connections) HasPowerShell() bool { return c != nil && c.connectPowerShell != nil }

// PowerShell returns the server's PowerShell. The error is a [SettingError],
// [UnknownSettingError] or [InvalidSettingError] when the provider's
// configuration does not say enough to reach it. There must be a way to it: see
// [Connections.HasPowerShell].
func (c *Connections) PowerShell() (*vbopowershell.Server, error) {
	if c == nil || c.connectPowerShell == nil {
		return nil, ErrNotConfigured
	}
	return c.connectPowerShell()
}

// Ledger remembers what happened to what in one run of Terraform, in which
// resources are otherwise strangers to each other.
type Ledger struct {
	mu    sync.Mutex
	notes map[string]string
	turns map[string]*sync.Mutex
}

// Alone returns when no other resource is busy with subject; the caller has to
// call done when it is no longer.
func (l *Ledger) Alone(subject string) (done func()) {
	l.mu.Lock()
	turn, found := l.turns[subject]
	if !found {
		if l.turns == nil {
			l.turns = map[string]*sync.Mutex{}
		}
		turn = new(sync.Mutex)
		l.turns[subject] = turn
	}
	l.mu.Unlock()
	turn.Lock()
	return turn.Unlock
}

// Note writes down what happened to subject, unless something was written about
// it before; that is returned then, and first is false.
func (l *Ledger) Note(subject, what string) (earlier string, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if earlier, found := l.notes[subject]; found {
		return earlier, false
	}
	if l.notes == nil {
		l.notes = map[string]string{}
	}
	l.notes[subject] = what
	return "", true
}

// Known returns what was written about subject, if anything was.
func (l *Ledger) Known(subject string) (what string, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what, found = l.notes[subject]
	return what, found
}

// What [Ledger.Claim] and [Ledger.Destroy] write down.
const (
	noteClaimed    = "claimed"
	noteDestroying = "destroying"
)

// Claim keeps what subject names, which a resource of this run made, adopted or
// found as declared, from being destroyed by another one. It tells whether that is
// in time.
func (l *Ledger) Claim(subject string) bool {
	earlier, first := l.Note(subject, noteClaimed)
	return first || earlier == noteClaimed
}

// Destroy tells whether what subject names may be destroyed, which nobody can claim
// from then on.
func (l *Ledger) Destroy(subject string) bool {
	earlier, first := l.Note(subject, noteDestroying)
	return first || earlier == noteDestroying
}

// Destroys tells whether this run destroys, or has destroyed, what subject names.
func (l *Ledger) Destroys(subject string) bool {
	what, _ := l.Known(subject)
	return what == noteDestroying
}

// configured returns the connections that Terraform hands to a service's
// Configure as provider data; nil while the provider is not configured, as
// during validation.
func configured(providerData any, diags *diag.Diagnostics) *Connections {
	if providerData == nil {
		return nil
	}
	connections, ok := providerData.(*Connections)
	if !ok {
		diags.AddError(TitleOutOfOrder,
			fmt.Sprintf("It handed over %T instead of its connections; please report this.", providerData))
	}
	return connections
}

// DataSource is embedded by data sources to be handed the provider's connections.
type DataSource struct{ Connections *Connections }

// Configure implements [datasource.DataSourceWithConfigure].
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.Connections = configured(req.ProviderData, &resp.Diagnostics)
}

// Resource is embedded by resources and list resources to be handed the
// provider's connections.
type Resource struct{ Connections *Connections }

// Configure implements [resource.ResourceWithConfigure].
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.Connections = configured(req.ProviderData, &resp.Diagnostics)
}
