package tenantconsent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// api is one of the two whose delegated permissions the portal needs.
type api struct {
	attribute string
	noun      string
	required  []string
}

// The two APIs, in the order in which they are spoken of.
var (
	graphAPI = &api{"graph", "Microsoft Graph", []string{"User.Read"}}
	ownAPI   = &api{"application", "the portal's application", []string{"access_as_user"}}

	apis = []*api{graphAPI, ownAPI}
)

// facts are what a tenant shows of the consent to an application.
type facts struct {
	// principal is nil if the application is not in the tenant.
	principal *entra.ServicePrincipal
	// graphID is the object id of Microsoft Graph's own service principal.
	graphID string
	grants  []entra.Grant
}

// resource returns the object id of the API's service principal.
func (f facts) resource(a *api) string {
	if a == ownAPI {
		return f.principal.ID
	}
	return f.graphID
}

// tenantWide returns the grants for all users between the application and an
// API. There should be one at most.
func (f facts) tenantWide(a *api) []entra.Grant {
	if f.principal == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.grants), func(g entra.Grant) bool {
		return !g.TenantWide || !strings.EqualFold(g.ResourceID, f.resource(a))
	})
}

// scopes returns what all users are consented to at an API.
func (f facts) scopes(a *api) []string {
	var all []string
	for _, g := range f.tenantWide(a) {
		all = entra.AddScopes(all, g.Scopes)
	}
	return all
}

func (f facts) granted(a *api) []string { return entra.RemoveScopes(a.required, f.missing(a)) }

func (f facts) missing(a *api) []string { return entra.RemoveScopes(a.required, f.scopes(a)) }

func (f facts) unmanaged(a *api) []string { return entra.RemoveScopes(f.scopes(a), a.required) }

// complete tells whether all that the portal needs is consented to.
func (f facts) complete() bool {
	return f.principal != nil && !slices.ContainsFunc(apis, func(a *api) bool { return len(f.missing(a)) > 0 })
}

// singleUsers returns how many users consented for themselves.
func (f facts) singleUsers() int {
	var users []string
	for _, g := range f.grants {
		if !g.TenantWide && !slices.Contains(users, g.PrincipalID) {
			users = append(users, g.PrincipalID)
		}
	}
	return len(users)
}

// with returns facts with a grant as the answer to a write showed it.
func (f facts) with(g entra.Grant) facts {
	f = f.without(g.ID)
	f.grants = append(f.grants, g)
	return f
}

func (f facts) without(grantID string) facts {
	f.grants = slices.DeleteFunc(slices.Clone(f.grants), func(g entra.Grant) bool { return g.ID == grantID })
	return f
}

// reader looks at the consent to one application in one tenant.
type reader struct {
	client *entra.Client
	tenant *entra.Tenant
	appID  string
	// graphID is known from an earlier look; it does not change.
	graphID string
}

func newReader(client *entra.Client, tenantID, appID, graphID string) (reader, error) {
	tenant, err := client.Tenant(tenantID)
	return reader{client: client, tenant: tenant, appID: appID, graphID: graphID}, err
}

// look asks for the service principal and its grants: two requests where the
// consent is complete and Microsoft Graph's own service principal known. Later
// looks of the same question also ask in other ways, as replicas differ.
func (r reader) look(ctx context.Context, earlier int) (facts, error) {
	sp, err := r.tenant.ServicePrincipal(ctx, r.appID)
	if errors.Is(err, entra.ErrNotFound) {
		sp, err = nil, nil
		if earlier > 0 {
			sp, err = r.tenant.FindServicePrincipal(ctx, r.appID)
		}
	}
	if err != nil || sp == nil {
		return facts{}, err
	}
	f := facts{principal: sp}
	if f.graphID, err = r.graph(ctx); err != nil {
		return facts{}, err
	}
	f.grants, err = r.tenant.Grants(ctx, sp.ID)
	if errors.Is(err, entra.ErrNotFound) {
		err = nil // the replica that answered does not know the service principal
	}
	if err != nil || earlier == 0 {
		return f, err
	}
	for _, a := range apis {
		if len(f.missing(a)) == 0 {
			continue
		}
		g, err := r.tenant.Grant(ctx, entra.GrantID(sp.ID, f.resource(a)))
		switch {
		case err == nil && g.TenantWide:
			f = f.with(g)
		case err != nil && !errors.Is(err, entra.ErrNotFound):
			return facts{}, err
		}
	}
	return f, nil
}

func (r reader) graph(ctx context.Context) (string, error) {
	if r.graphID != "" {
		return r.graphID, nil
	}
	sp, err := r.tenant.Graph(ctx)
	if err != nil {
		return "", err
	}
	return sp.ID, nil
}

// settled looks until the tenant shows what is expected, or until what it shows
// instead can be believed. written is when the consent was last written.
func (r reader) settled(ctx context.Context, written time.Time, expected func(facts) bool) (facts, error) {
	var seen facts
	err := r.client.Settle(ctx, written, func(ctx context.Context, earlier int) (bool, error) {
		var err error
		seen, err = r.look(ctx, earlier)
		return err == nil && expected(seen), err
	})
	return seen, err
}
