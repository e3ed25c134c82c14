package tenantconsent

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// provenance is what this resource added to the tenant, so that destroying takes
// back that and no more, and when, so that reads which are behind are not
// believed. It is kept in the resource's private state.
type provenance struct {
	// GraphID is the object id of Microsoft Graph's service principal in the tenant.
	GraphID string `json:"graph_id,omitempty"`
	// PrincipalID is the service principal that this resource created or restored; empty if it found one.
	PrincipalID string `json:"principal_id,omitempty"`
	// EnabledBefore is whether sign-in was on when this resource found the service principal.
	EnabledBefore *bool `json:"enabled_before,omitempty"`
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

// meet notes how a service principal was when this resource found it.
func (p *provenance) meet(sp *entra.ServicePrincipal) {
	before := sp.Enabled
	p.EnabledBefore = &before
}

// private is a resource's private state.
type private interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func (p *provenance) save(ctx context.Context, to private) diag.Diagnostics {
	data, err := json.Marshal(p)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("What was added to the tenant cannot be recorded", err.Error())}
	}
	return to.SetKey(ctx, provenanceKey, data)
}

// parseProvenance reads a record; without one, everything was added by others.
func parseProvenance(data []byte) (*provenance, diag.Diagnostics) {
	p := new(provenance)
	if len(data) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(data, p); err != nil {
		return p, diag.Diagnostics{diag.NewErrorDiagnostic("The record of what was added to the tenant cannot be read", err.Error())}
	}
	return p, nil
}
