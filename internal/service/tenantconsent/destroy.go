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
	// dismissed tells that the service principal was deleted, taken are the scopes
	// that were removed.
	dismissed bool
	taken     map[*api][]string
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

// run carries the removal out.
func (r *removal) run(ctx context.Context, onDestroy string) error {
	var err error
	r.facts, err = r.settled(ctx, r.record.WrittenAt, r.visible)
	if err != nil || r.facts.principal == nil {
		return err
	}
	sp := r.facts.principal
	for _, a := range apis {
		for _, g := range r.facts.tenantWide(a) {
			if onDestroy == onDestroyRevoke {
				err = r.revoke(ctx, a, g)
			} else {
				err = r.revert(ctx, a, g)
			}
			if err != nil {
				return err
			}
		}
	}
	if r.record.made(sp) {
		err = r.dismiss(ctx)
	} else if r.record.SignIn.isOf(sp) {
		err = ignoreNotFound(r.tenant.SetEnabled(ctx, sp.ID, r.record.SignIn.Before))
	}
	if err != nil {
		return err
	}
	return r.awaitAbsence(ctx)
}

// revoke deletes a grant, whoever gave it.
func (r *removal) revoke(ctx context.Context, a *api, g entra.Grant) error {
	r.took(a, g.Scopes)
	r.facts = r.facts.without(g.ID)
	return r.surely(ctx, func(ctx context.Context) error { return r.tenant.DeleteGrant(ctx, g.ID) })
}

// revert removes the scopes that this resource added to a grant, and the grant
// with its last scope. The grant is read once more just before, so that what others
// added meanwhile is kept.
func (r *removal) revert(ctx context.Context, a *api, g entra.Grant) error {
	added := r.record.added(a, g.ID)
	if len(entra.RemoveScopes(g.Scopes, added)) == len(g.Scopes) {
		return nil
	}
	fresh, err := r.tenant.Grant(ctx, g.ID)
	if ignoreNotFound(err) != nil {
		return err
	}
	g.Scopes = entra.RemoveScopes(entra.AddScopes(g.Scopes, fresh.Scopes), added)
	if len(g.Scopes) == 0 {
		g.Scopes = added
		return r.revoke(ctx, a, g)
	}
	r.took(a, added)
	r.facts = r.facts.with(g)
	return ignoreNotFound(r.tenant.SetScopes(ctx, g.ID, g.Scopes))
}

// took notes scopes that nobody is to be shown any more.
func (r *removal) took(a *api, scopes []string) {
	if r.taken == nil {
		r.taken = map[*api][]string{}
	}
	r.taken[a] = entra.AddScopes(r.taken[a], scopes)
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
	r.dismissed = true
	return r.surely(ctx, func(ctx context.Context) error { return r.tenant.DeleteServicePrincipal(ctx, r.facts.principal.ID) })
}

// awaitAbsence waits until what was removed is no longer shown, so that whoever
// declares the consent next does not take it for granted. If it stays, it is not
// this resource's concern.
func (r *removal) awaitAbsence(ctx context.Context) error {
	if !r.dismissed && len(r.taken) == 0 {
		return nil
	}
	for end := r.client.Now().Add(entra.ReplicationWindow); ; {
		seen, err := r.look(ctx, 1)
		if err != nil || !r.shown(seen) || r.client.Now().After(end) {
			return err
		}
		if err := r.client.Sleep(ctx, restless); err != nil {
			return err
		}
	}
}

// shown tells whether facts still show anything that was removed.
func (r *removal) shown(f facts) bool {
	if f.principal == nil || !strings.EqualFold(f.principal.ID, r.facts.principal.ID) {
		return false
	}
	return r.dismissed || slices.ContainsFunc(apis, func(a *api) bool {
		return len(entra.RemoveScopes(r.taken[a], f.scopes(a))) < len(r.taken[a])
	})
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

// worthless tells that nothing is to be taken back, which needs no request.
func worthless(record *provenance, onDestroy string) bool {
	return onDestroy == onDestroyRetain || onDestroy == onDestroyRevert &&
		record.PrincipalID == "" && !record.SignIn.changed() && len(record.Added) == 0
}

// Timeouts of operations that the configuration does not limit.
const defaultTimeout = 20 * time.Minute
