package tenantconsent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// work brings the consent to one application in one tenant about, and notes what
// it adds. What it knows of the tenant comes from the answers to its writes: reads
// may be behind them.
type work struct {
	reader

	facts    facts
	record   *provenance
	warnings []string
	// restored tells that the service principal was brought back, and what was
	// consented to before along with it.
	restored bool
	// progress keeps what was reached, after each write.
	progress func()
}

// errGone is returned where a service principal vanished between plan and apply.
var errGone = errors.New("the application's service principal was deleted since the plan was made; run the plan again")

// unreadableError is a service principal that Entra says exists, and does not show.
type unreadableError struct{ err error }

func (e *unreadableError) Error() string {
	return e.err.Error() + "; but no service principal of this application can be read"
}

func (e *unreadableError) Unwrap() error { return e.err }

const (
	// restless is how long to wait between attempts at something that Entra says
	// is there and does not show.
	restless = 5 * time.Second
	// concealed is how long that may go on.
	concealed = entra.ReplicationWindow
)

// establish makes the service principal exist.
func (w *work) establish(ctx context.Context) error {
	sp, err := w.tenant.ServicePrincipal(ctx, w.appID)
	if err == nil {
		return w.found(ctx, sp)
	}
	if !errors.Is(err, entra.ErrNotFound) {
		return err
	}
	if done, err := w.restore(ctx); done || err != nil {
		return err
	}
	lost := false
	for end := w.client.Now().Add(concealed); ; {
		created, uncertain, err := w.tenant.CreateServicePrincipal(ctx, entra.NewServicePrincipal{AppID: w.appID})
		lost = lost || uncertain
		if err == nil {
			return w.made(ctx, created)
		}
		if !errors.Is(err, entra.ErrExists) {
			return err
		}
		// Somebody was faster, or an attempt without an answer succeeded, or one
		// that was deleted a moment ago still blocks the way.
		exists, readErr := w.await(ctx)
		switch {
		case readErr != nil:
			return readErr
		case exists != nil:
			if lost {
				w.warnings = append(w.warnings, fmt.Sprintf("The answer to creating the service principal %s was lost, so that it cannot be told "+
					"whether this run or somebody else created it. It is treated as somebody else's: destroying leaves it.", exists.ID))
			}
			return w.found(ctx, exists)
		case w.client.Now().After(end):
			return &unreadableError{err}
		}
	}
}

// await looks for a service principal that Entra says exists, for a while.
func (w *work) await(ctx context.Context) (*entra.ServicePrincipal, error) {
	var found *entra.ServicePrincipal
	err := w.client.Settle(ctx, time.Time{}, func(ctx context.Context, _ int) (bool, error) {
		sp, err := w.tenant.ServicePrincipal(ctx, w.appID)
		if errors.Is(err, entra.ErrNotFound) {
			sp, err = w.tenant.FindServicePrincipal(ctx, w.appID)
		}
		found = sp
		return sp != nil, err
	})
	return found, err
}

// restore brings a deleted service principal back, with the id and the settings
// that the tenant knows it by. Where that is not allowed, or came too late, a new
// one is created instead.
func (w *work) restore(ctx context.Context) (done bool, err error) {
	id, err := w.tenant.DeletedServicePrincipal(ctx, w.appID)
	if errors.Is(err, entra.ErrForbidden) || err == nil && id == "" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	uncertain, err := w.tenant.Restore(ctx, id)
	switch {
	case uncertain && errors.Is(err, entra.ErrNotFound):
		// The attempt whose answer was lost did it.
	case errors.Is(err, entra.ErrForbidden), errors.Is(err, entra.ErrNotFound), errors.Is(err, entra.ErrExists):
		return false, nil
	case err != nil:
		return false, err
	}
	// It is there, although reads may not show it for a while.
	w.record.PrincipalID = id
	w.facts.principal = &entra.ServicePrincipal{ID: id, AppID: w.appID}
	w.wrote()
	w.progress()
	var restored *entra.ServicePrincipal
	err = w.client.Settle(ctx, w.client.Now(), func(ctx context.Context, _ int) (bool, error) {
		sp, err := w.tenant.ServicePrincipal(ctx, w.appID)
		if errors.Is(err, entra.ErrNotFound) {
			return false, nil
		}
		restored = sp
		return err == nil, err
	})
	if err == nil && restored == nil {
		err = &unreadableError{fmt.Errorf("the service principal %s was restored", id)}
	}
	if err != nil {
		return true, err
	}
	if err := w.made(ctx, restored); err != nil {
		return true, err
	}
	// What was consented to before it was deleted comes back with it, though not
	// always at once.
	w.restored = true
	w.facts.grants, err = w.tenant.Grants(ctx, restored.ID)
	if errors.Is(err, entra.ErrNotFound) {
		err = nil
	}
	for _, a := range apis {
		for _, g := range w.facts.tenantWide(a) {
			// Nobody could use it: it counts again through this resource alone.
			w.record.add(a, g.ID, entra.RemoveScopes(g.Scopes, w.facts.unmanaged(a)))
		}
	}
	return true, err
}

// made notes a service principal that this resource brought into the tenant.
func (w *work) made(ctx context.Context, sp *entra.ServicePrincipal) error {
	w.record.PrincipalID = sp.ID
	w.wrote()
	return w.enter(ctx, sp)
}

// found takes over a service principal that is there, with its grants.
func (w *work) found(ctx context.Context, sp *entra.ServicePrincipal) error {
	if err := w.enter(ctx, sp); err != nil {
		return err
	}
	grants, err := w.tenant.Grants(ctx, sp.ID)
	if err != nil && !errors.Is(err, entra.ErrNotFound) {
		return err
	}
	w.facts.grants = grants
	return nil
}

func (w *work) enter(ctx context.Context, sp *entra.ServicePrincipal) error {
	w.facts.principal = sp
	w.progress()
	var err error
	w.facts.graphID, err = w.graph(ctx)
	w.record.GraphID = w.facts.graphID
	return err
}

func (w *work) wrote() { w.record.WrittenAt = w.client.Now() }

// enable switches sign-in on or off.
func (w *work) enable(ctx context.Context, enabled bool) error {
	sp := *w.facts.principal
	if sp.Enabled == enabled {
		return nil
	}
	if err := w.tenant.SetEnabled(ctx, sp.ID, enabled); err != nil {
		return err
	}
	w.record.switched(&sp, enabled)
	sp.Enabled = enabled
	w.facts.principal = &sp
	w.wrote()
	w.progress()
	return nil
}

// consent adds the scopes that are missing.
func (w *work) consent(ctx context.Context) error {
	for _, a := range apis {
		missing := w.facts.missing(a)
		if len(missing) == 0 {
			continue
		}
		if err := w.grant(ctx, a, missing); err != nil {
			return err
		}
		w.wrote()
		w.progress()
	}
	return nil
}

func (w *work) grant(ctx context.Context, a *api, missing []string) error {
	if existing := w.facts.tenantWide(a); len(existing) > 0 {
		err := w.extend(ctx, a, existing[0], missing)
		if !errors.Is(err, entra.ErrNotFound) {
			return err
		}
		w.facts = w.facts.without(existing[0].ID) // it is gone
	}
	wanted := entra.NewGrant{ClientID: w.facts.principal.ID, ResourceID: w.facts.resource(a), Scopes: missing}
	lost := false
	for end := w.client.Now().Add(concealed); ; {
		created, uncertain, err := w.tenant.CreateGrant(ctx, wanted)
		lost = lost || uncertain
		if err == nil {
			w.facts = w.facts.with(created)
			w.record.add(a, created.ID, missing)
			return nil
		}
		if !errors.Is(err, entra.ErrExists) {
			return err
		}
		existing, seen, readErr := w.existing(ctx, wanted)
		switch {
		case readErr != nil:
			return readErr
		case seen:
			return w.adopt(ctx, a, existing, missing, lost)
		case w.client.Now().After(end):
			return err
		}
		// One that was deleted a moment ago still blocks the way.
		if err := w.client.Sleep(ctx, restless); err != nil {
			return err
		}
	}
}

// adopt takes over a grant that a create found. If an attempt without an answer
// may have made it, and it holds exactly what was sent, it is this resource's own:
// a moment ago there was none. So it is if it came back with the service principal.
func (w *work) adopt(ctx context.Context, a *api, existing entra.Grant, wanted []string, uncertain bool) error {
	missing := entra.RemoveScopes(wanted, existing.Scopes)
	if w.restored {
		w.record.add(a, existing.ID, entra.RemoveScopes(wanted, missing))
	}
	if len(missing) > 0 {
		return w.extend(ctx, a, existing, missing)
	}
	w.facts = w.facts.with(existing)
	if uncertain && len(entra.RemoveScopes(existing.Scopes, wanted)) == 0 {
		w.record.add(a, existing.ID, wanted)
	}
	return nil
}

// existing finds the grant that stands in the way of a new one. Listings may not
// show it yet: the id that it must have is asked for first.
func (w *work) existing(ctx context.Context, wanted entra.NewGrant) (entra.Grant, bool, error) {
	if id := entra.GrantID(wanted.ClientID, wanted.ResourceID); id != "" {
		g, err := w.tenant.Grant(ctx, id)
		if err == nil && g.TenantWide || err != nil && !errors.Is(err, entra.ErrNotFound) {
			return g, err == nil, err
		}
	}
	all, err := w.tenant.Grants(ctx, wanted.ClientID)
	if err != nil && !errors.Is(err, entra.ErrNotFound) {
		return entra.Grant{}, false, err
	}
	for _, g := range all {
		if g.TenantWide && strings.EqualFold(g.ResourceID, wanted.ResourceID) {
			return g, true, nil
		}
	}
	return entra.Grant{}, false, nil
}

// extend adds scopes to a grant. Setting scopes replaces all of them: the grant is
// read once more just before, so that what others added meanwhile is kept.
func (w *work) extend(ctx context.Context, a *api, g entra.Grant, missing []string) error {
	fresh, err := w.tenant.Grant(ctx, g.ID)
	if ignoreNotFound(err) != nil {
		return err
	}
	g.Scopes = entra.AddScopes(fresh.Scopes, g.Scopes)
	if missing = entra.RemoveScopes(missing, g.Scopes); len(missing) == 0 {
		w.facts = w.facts.with(g) // somebody else was faster
		return nil
	}
	g.Scopes = entra.AddScopes(g.Scopes, missing)
	if err := w.tenant.SetScopes(ctx, g.ID, g.Scopes); err != nil {
		return err
	}
	w.facts = w.facts.with(g)
	w.record.add(a, g.ID, missing)
	return nil
}
