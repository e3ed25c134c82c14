// Package graphtest starts a simulated Microsoft Entra for a test, with a clock
// that passes time without waiting.
package graphtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

// Secret is the secret of the application that logs in. It is odd enough to be
// found wherever it should not be.
const Secret = "Qz7-entra-not-to-be-seen"

// tokenLifetime is longer than any test, whatever it does to the clock: the
// libraries of clients keep tokens by a clock of their own.
const tokenLifetime = 1000 * time.Hour

// Server is a simulated Entra and the clock that it goes by.
type Server struct {
	*graph.Server

	// Clock is the server's; give it to the client too. It is of no use where the
	// options name another.
	Clock *Clock
}

// Start starts a server without tenants. When the test ends, it is stopped, and
// what the server noticed of bad manners fails the test.
func Start(t *testing.T, options graph.Options) *Server {
	t.Helper()

	clock := &Clock{now: time.Now()}

	if options.Clock == nil {
		options.Clock = clock.Now
	}

	if options.ClientSecret == "" {
		options.ClientSecret = Secret
	}

	if options.TokenLifetime == 0 {
		options.TokenLifetime = tokenLifetime
	}

	sim, err := graph.Start(options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		for _, violation := range sim.Violations() {
			t.Errorf("the provider misbehaved towards Entra: %s", violation)
		}

		sim.Close()
	})

	return &Server{Server: sim, Clock: clock}
}

// Behind puts all reads behind writes.
func (s *Server) Behind(lag time.Duration) {
	s.Configure(func(o *graph.Options) { *o = o.WithLag(graph.Lag{Duration: lag}) })
}

// Calls are the names of the requests to Graph since the last time, such as
// "GET /oauth2PermissionGrants/{id}".
func (s *Server) Calls() []string {
	var names []string

	for _, request := range s.Requests() {
		if request.Graph() {
			names = append(names, request.Name())
		}
	}

	s.ResetRequests()

	return names
}

// Rescope gives the grants of a tenant whose scope is the one other scopes; a
// grant that is to have none is deleted.
func (s *Server) Rescope(tenantID, from, to string) {
	for _, g := range s.Grants(tenantID) {
		switch {
		case g.Scope != from:
		case to == "":
			s.DeleteGrant(tenantID, g.ID)
		default:
			s.UpdateGrant(tenantID, g.ID, func(g *graph.Grant) { g.Scope = to })
		}
	}
}

// Consent is consent to an application for all users of a tenant, as it should
// be.
func (s *Server) Consent(tenantID, appID string) {
	sp := s.AddServicePrincipal(tenantID, appID)

	for resource, scope := range map[string]string{s.MicrosoftGraphID(tenantID): "User.Read", sp.ID: "access_as_user"} {
		s.AddGrant(tenantID, graph.Grant{ClientID: sp.ID, ResourceID: resource, Scope: scope})
	}
}

// Forbidden refuses a kind of requests: the caller lacks a permission.
func Forbidden(method, path string) graph.Fault {
	return graph.Fault{
		Method: method, Path: path, Status: 403,
		Body: fmt.Sprintf(`{"error":{"code":%q,"message":%q,"innerError":{"request-id":%q}}}`,
			"Authorization_RequestDenied", "Insufficient privileges to complete the operation.", "5f6a3e1c-0000-4000-8000-00000000000f"),
	}
}

// Clock passes time without waiting.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.now
}

// Sleep lets d pass, or returns the context's error if that has ended.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}

	c.Pass(d)

	return nil
}

// Pass lets d pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.now = c.now.Add(d)
}
