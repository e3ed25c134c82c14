package tenantconsent

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// provenance is what this resource added to the tenant, so that destroying takes
// back that and no more, and when, so that reads which are behind are not
// believed. It is kept in the resource's private state.
type provenance struct {
	// GraphID is the object id of Microsoft Graph's service principal in the tenant.
	GraphID string `json:"graph_id,omitempty"`
	// PrincipalID is the service principal that this resource created or restored; empty if it found one.
	PrincipalID string `json:"principal_id,omitempty"`
	// SignIn is what this resource did to sign-in; nil if it left that alone.
	SignIn *signIn `json:"sign_in,omitempty"`
	// Added are the scopes that this resource added, by the attribute of the API.
	Added map[string]addition `json:"added,omitempty"`
	// WrittenAt is when the tenant was last written to.
	WrittenAt time.Time `json:"written_at,omitzero"`
}

// addition is what this resource added to one grant.
type addition struct {
	GrantID string   `json:"grant_id"`
	Scopes  []string `json:"scopes"`
}

// signIn is whether users could sign in to a service principal before this
// resource switched that, and afterwards.
type signIn struct {
	PrincipalID string `json:"principal_id"`
	Before      bool   `json:"before"`
	Set         bool   `json:"set"`
}

// changed tells whether sign-in was otherwise before this resource came.
func (s *signIn) changed() bool { return s != nil && s.Before != s.Set }

// isOf tells whether sign-in to a service principal is as this resource set it,
// and was otherwise before.
func (s *signIn) isOf(sp *entra.ServicePrincipal) bool {
	return s.changed() && strings.EqualFold(s.PrincipalID, sp.ID) && sp.Enabled == s.Set
}

const provenanceKey = "provenance"

// add notes that scopes were added to a grant.
func (p *provenance) add(a *api, grantID string, scopes []string) {
	if p.Added == nil {
		p.Added = map[string]addition{}
	}
	earlier := p.Added[a.attribute]
	if earlier.GrantID != grantID {
		earlier = addition{GrantID: grantID}
	}
	earlier.Scopes = entra.AddScopes(earlier.Scopes, scopes)
	p.Added[a.attribute] = earlier
}

// added returns the scopes of a grant that this resource added.
func (p *provenance) added(a *api, grantID string) []string {
	if p.Added[a.attribute].GrantID != grantID {
		return nil
	}
	return p.Added[a.attribute].Scopes
}

// made tells whether this resource brought the service principal into the tenant.
func (p *provenance) made(sp *entra.ServicePrincipal) bool {
	return p.PrincipalID != "" && strings.EqualFold(p.PrincipalID, sp.ID)
}

// switched notes that this resource switches sign-in.
func (p *provenance) switched(sp *entra.ServicePrincipal, enabled bool) {
	if p.SignIn == nil || !strings.EqualFold(p.SignIn.PrincipalID, sp.ID) {
		p.SignIn = &signIn{PrincipalID: sp.ID, Before: sp.Enabled}
	}
	p.SignIn.Set = enabled
}

// forget drops what the tenant no longer shows: if it comes back, others added it.
func (p *provenance) forget(f facts) {
	for _, a := range apis {
		mine, ok := p.Added[a.attribute]
		if !ok {
			continue
		}
		left := mine.Scopes
		for _, g := range f.tenantWide(a) {
			if g.ID == mine.GrantID {
				left = entra.RemoveScopes(left, g.Scopes)
			}
		}
		if mine.Scopes = entra.RemoveScopes(mine.Scopes, left); len(mine.Scopes) == 0 {
			delete(p.Added, a.attribute)
		} else {
			p.Added[a.attribute] = mine
		}
	}
}

func (p *provenance) save(ctx context.Context, to tfkit.Private) diag.Diagnostics {
	return tfkit.Record(ctx, to, provenanceKey, p, "What was added to the tenant")
}

// parseProvenance reads a record; without one, everything was added by others.
func parseProvenance(data []byte) (*provenance, diag.Diagnostics) {
	p := new(provenance)
	if len(data) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(data, p); err != nil {
		return p, diag.Diagnostics{diag.NewErrorDiagnostic(tfkit.TitleOutOfOrder,
			"The record of what was added to the tenant cannot be read: "+err.Error()+".")}
	}
	return p, nil
}
