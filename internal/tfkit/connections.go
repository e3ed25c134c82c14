// Package tfkit is what the services share towards Terraform: their connections,
// diagnostics made of errors, and the ids that schemas hold.
package tfkit

import (
	"fmt"
	"sync"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// Connections hands the services their clients. Nothing is contacted, and
// nothing missing in the configuration is complained about, before a service
// asks.
type Connections struct {
	// ValidateAtPlan tells whether plans may ask the server about what they name.
	ValidateAtPlan bool

	connect func() (*vb365.Client, error)

	mu       sync.Mutex
	reported map[string]bool
	planned  map[string]bool
}

// NewConnections returns connections that make their VB365 client with connect
// when it is first wanted, once.
func NewConnections(connect func() (*vb365.Client, error), validateAtPlan bool) *Connections {
	return &Connections{
		ValidateAtPlan: validateAtPlan,
		connect:        sync.OnceValues(connect),
		reported:       map[string]bool{},
		planned:        map[string]bool{},
	}
}

// VB365 returns the client of the VB365 REST service. The error is a
// [SettingError] or [UnknownSettingError] when the provider's configuration does
// not say how to reach it.
func (c *Connections) VB365() (*vb365.Client, error) {
	if c == nil {
		return nil, ErrNotConfigured
	}
	return c.connect()
}

// FirstReport tells whether a message has not been reported before in this run,
// and takes note of it. What is wrong with the connection is said once, not once
// per resource.
func (c *Connections) FirstReport(message string) bool { return c.first(&c.reported, message) }

// FirstPlanned tells whether nothing of this name has been planned before in
// this run, and takes note of it.
func (c *Connections) FirstPlanned(name string) bool { return c.first(&c.planned, name) }

func (c *Connections) first(set *map[string]bool, key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if (*set)[key] {
		return false
	}
	(*set)[key] = true
	return true
}

// Configured returns the connections that Terraform hands to a service's
// Configure as provider data; nil while the provider is not configured, as
// during validation.
func Configured(providerData any) (*Connections, error) {
	if providerData == nil {
		return nil, nil //nolint:nilnil // the provider is not configured yet
	}
	connections, ok := providerData.(*Connections)
	if !ok {
		return nil, fmt.Errorf("the provider handed over %T instead of its connections; please report this", providerData)
	}
	return connections, nil
}
