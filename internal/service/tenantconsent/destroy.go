package tenantconsent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// removal takes the consent back, as far as it is this resource's to take.
type removal struct {
	reader

	facts    facts
	record   *provenance
	warnings []string
}

// visible tells whether facts show what this resource added. Where they do not,
// either somebody took it away already, or they are behind.
func (r *removal) visible(f facts) bool {
	if f.principal == nil {
		return false
	}
	for _, a := range apis {
		if len(entra.RemoveScopes(r.record.Added[a.attribute].Scopes, f.scopes(a))) > 0 {
			return false
		}
	}
	return true
}

// run carries the removal out. managedEnabled is what this resource set sign-in to.
func (r *removal) run(ctx context.Context, onDestroy string, managedEnabled bool) error {
	var err error
	r.facts, err = r.settled(ctx, r.record.WrittenAt, r.visible)
	if err != nil || r.facts.principal == nil {
		return err
	}
	for _, a := range apis {
		for _, g := range r.facts.tenantWide(a) {
			taken := r.record.added(a, g.ID)
			if onDestroy == onDestroyRevoke {
				taken = g.Scopes
			}
			if err := r.take(ctx, g, taken); err != nil {
				return err
			}
		}
	}
	if r.record.made(r.facts.principal) {
		return r.dismiss(ctx)
	}
	if r.record.changedSignIn(managedEnabled) && r.facts.principal.Enabled == managedEnabled {
		return ignoreNotFound(r.tenant.SetEnabled(ctx, r.facts.principal.ID, !managedEnabled))
	}
	return nil
}

// take removes scopes from a grant, and the grant with its last scope.
func (r *removal) take(ctx context.Context, g entra.Grant, scopes []string) error {
	rest := entra.RemoveScopes(g.Scopes, scopes)
	switch len(rest) {
	case 0:
		r.facts = r.facts.without(g.ID)
		return r.surely(ctx, func(ctx context.Context) error { return r.tenant.DeleteGrant(ctx, g.ID) })
	case len(g.Scopes):
		return nil
	}
	g.Scopes = rest
	r.facts = r.facts.with(g)
	return ignoreNotFound(r.tenant.SetScopes(ctx, g.ID, rest))
}

// dismiss deletes the service principal that this resource brought in, unless
// others rely on it by now.
func (r *removal) dismiss(ctx context.Context) error {
	if len(r.facts.grants) > 0 {
		var left []string
		for _, g := range r.facts.grants {
			who := "all users"
			if !g.TenantWide {
				who = "user " + g.PrincipalID
			}
			left = append(left, fmt.Sprintf("%s for %s", entra.FormatScopes(g.Scopes), who))
		}
		slices.Sort(left)
		r.warnings = append(r.warnings, fmt.Sprintf("This resource created the service principal %s, but others consented to the application "+
			"since, so that it is kept:\n- %s", r.facts.principal.ID, strings.Join(slices.Compact(left), "\n- ")))
		return nil
	}
	id := r.facts.principal.ID
	if err := r.surely(ctx, func(ctx context.Context) error { return r.tenant.DeleteServicePrincipal(ctx, id) }); err != nil {
		return err
	}
	return r.awaitAbsence(ctx, id)
}

// awaitAbsence waits until the deleted service principal is no longer shown, so
// that one that is created next does not meet it. If it stays, it is not this
// resource's concern.
func (r *removal) awaitAbsence(ctx context.Context, id string) error {
	for end := r.client.Now().Add(entra.ReplicationWindow); ; {
		sp, err := r.tenant.ServicePrincipal(ctx, r.appID)
		if errors.Is(err, entra.ErrNotFound) || err == nil && !strings.EqualFold(sp.ID, id) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.client.Now().After(end) {
			return nil
		}
		if err := r.client.Sleep(ctx, restless); err != nil {
			return err
		}
	}
}

// surely deletes what was seen a moment ago. That it is not found means that
// somebody else deleted it or, soon after it was written, that a replica has not
// heard of it yet.
func (r *removal) surely(ctx context.Context, remove func(context.Context) error) error {
	end := r.record.WrittenAt.Add(entra.ReplicationWindow)
	for {
		err := remove(ctx)
		if !errors.Is(err, entra.ErrNotFound) {
			return err
		}
		if r.client.Now().After(end) {
			return nil
		}
		if err := r.client.Sleep(ctx, restless); err != nil {
			return err
		}
	}
}

func ignoreNotFound(err error) error {
	if errors.Is(err, entra.ErrNotFound) {
		return nil
	}
	return err
}

// changedSignIn tells whether sign-in was otherwise before this resource set it.
func (p *provenance) changedSignIn(managedEnabled bool) bool {
	return p.EnabledBefore != nil && *p.EnabledBefore != managedEnabled
}

// worthless tells that nothing is to be taken back, which needs no request.
func worthless(record *provenance, onDestroy string, managedEnabled bool) bool {
	return onDestroy == onDestroyRetain || onDestroy == onDestroyRevert &&
		record.PrincipalID == "" && !record.changedSignIn(managedEnabled) && len(record.Added) == 0
}

// Timeouts of operations that the configuration does not limit.
const defaultTimeout = 20 * time.Minute
