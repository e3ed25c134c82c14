package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Seed is what a server starts with, or holds.
type Seed struct {
	// Home is the provider's own tenant; empty if there is none.
	Home    string       `json:"home,omitempty"`
	Tenants []SeedTenant `json:"tenants"`
}

// SeedTenant is a tenant with what is in it.
type SeedTenant struct {
	Tenant

	Users             []User             `json:"users,omitempty"`
	Applications      []Application      `json:"applications,omitempty"`
	ServicePrincipals []ServicePrincipal `json:"servicePrincipals,omitempty"`
	Grants            []Grant            `json:"grants,omitempty"`
	// Deleted are the service principals that can be restored.
	Deleted []ServicePrincipal `json:"deleted,omitempty"`
}

// The tenants of [ThreeCustomers].
const (
	ProviderTenant = "a0000001-0001-4000-8000-000000000001"
	ContosoTenant  = "c0000001-0001-4000-8000-000000000001"
	FabrikamTenant = "c0000002-0001-4000-8000-000000000001"
	AdatumTenant   = "c0000003-0001-4000-8000-000000000001"
)

// PortalAppID is the application id of the restore portal in [Seed.WithPortal],
// which is that of the simulated VB365 server's three customers.
const PortalAppID = "2b1d4885-989e-4cba-b8bd-3b13520358b8"

// The scope that the restore portal offers.
const (
	accessAsUser   = "access_as_user"
	accessAsUserID = "2b1d4885-0001-4000-8000-000000000001"
)

// ThreeCustomers is a service provider's tenant and those of its customers
// Contoso, Fabrikam and Adatum, which have consented to nothing.
func ThreeCustomers() Seed {
	seed := Seed{Home: ProviderTenant}

	for _, t := range [][2]string{
		{ProviderTenant, "provider"}, {ContosoTenant, "contoso"}, {FabrikamTenant, "fabrikam"}, {AdatumTenant, "adatum"},
	} {
		seed.Tenants = append(seed.Tenants, SeedTenant{Tenant: Tenant{
			ID: t[0], DisplayName: strings.ToUpper(t[1][:1]) + t[1][1:], Domains: []string{t[1] + ".onmicrosoft.com", t[1] + ".com"},
		}})
	}

	return seed
}

// Tenants is a provider's home tenant and further ones, each named by its id or
// by a domain.
func Tenants(home string, others ...string) Seed {
	seed := Seed{Home: home}

	for _, name := range append([]string{home}, others...) {
		t := Tenant{ID: name, DisplayName: name}
		if !isGUID(name) {
			t = Tenant{ID: newGUID(), DisplayName: name, Domains: []string{name}}
		}

		seed.Tenants = append(seed.Tenants, SeedTenant{Tenant: t})
	}

	return seed
}

// WithPortal adds the restore portal's application to the home tenant.
func (s Seed) WithPortal() Seed {
	for i := range s.Tenants {
		if s.Tenants[i].ID == s.Home || contains(s.Tenants[i].Domains, s.Home) {
			s.Tenants[i].Applications = append(s.Tenants[i].Applications, Portal(PortalAppID))
		}
	}

	return s
}

// Portal is the application of a restore portal as it should be.
func Portal(appID string) Application {
	const about = "Access Veeam Backup for Microsoft 365 Restore Portal"

	return Application{
		ID: newGUID(), AppID: appID, DisplayName: "Restore Portal", SignInAudience: MultipleOrganizations,
		IdentifierURIs: []string{"api://" + appID},
		API: APIApplication{OAuth2PermissionScopes: []PermissionScope{{
			ID: accessAsUserID, Value: accessAsUser, Type: "Admin", IsEnabled: true,
			AdminConsentDisplayName: new(about), AdminConsentDescription: new(about),
			UserConsentDisplayName: new(about), UserConsentDescription: new(about),
		}}},
		SPA: RedirectURIs{RedirectURIs: []string{"https://portal.example.com:4443"}},
		RequiredResourceAccess: []RequiredResourceAccess{
			{ResourceAppID: MicrosoftGraphAppID, ResourceAccess: []ResourceAccess{{ID: UserReadID, Type: "Scope"}}},
			{ResourceAppID: appID, ResourceAccess: []ResourceAccess{{ID: accessAsUserID, Type: "Scope"}}},
		},
	}
}

// ParseSeed reads a seed, in which nothing unknown may be.
func ParseSeed(text []byte) (Seed, error) {
	var seed Seed

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&seed); err != nil {
		return Seed{}, fmt.Errorf("seed: %w", err)
	}

	return seed, nil
}

// Seed adds tenants with what is in them. A tenant that is there already is
// completed.
func (s *Server) Seed(seed Seed) {
	for _, t := range seed.Tenants {
		if _, known := s.Tenant(t.ID); !known || t.ID == "" {
			t.Tenant = s.AddTenant(t.Tenant)
		}

		for _, user := range t.Users {
			s.AddUser(t.ID, user)
		}

		for _, app := range t.Applications {
			s.AddApplication(t.ID, app)
		}

		s.state.write(func() { s.state.mustTenant(t.ID).fill(s.behind(), t) })

		for _, grant := range t.Grants {
			s.AddGrant(t.ID, grant)
		}
	}

	if seed.Home != "" {
		s.SetHome(seed.Home)
	}
}

// fill adds the service principals of a seed.
func (t *tenant) fill(w writer, seed SeedTenant) {
	for _, sp := range seed.ServicePrincipals {
		sp = clone(sp)

		// Grants of the seed name Microsoft Graph's by its id in the seed.
		if existing := t.principal(sp.AppID); existing != nil {
			put(w, &t.principals, key(existing.ID), nil, deleted)
		}

		if sp.ID == "" {
			sp.ID = newGUID()
		}

		put(w, &t.principals, key(sp.ID), &sp, created)
	}

	for _, sp := range seed.Deleted {
		put(w, &t.deleted, key(sp.ID), &deletedItem{principal: new(clone(sp))}, deleted)
	}
}

// Snapshot is everything that the server holds. Microsoft Graph's own service
// principals are among it, as grants name them by their ids.
func (s *Server) Snapshot() Seed {
	return read(s.state, func() Seed {
		seed := Seed{Home: s.state.home, Tenants: []SeedTenant{}}

		for _, t := range s.state.tenants {
			shot := SeedTenant{
				Tenant:            clone(t.Tenant),
				Applications:      copies(t.applications.all()),
				ServicePrincipals: copies(t.principals.all()),
				Grants:            copies(t.grants.all()),
			}

			for _, user := range t.users {
				shot.Users = append(shot.Users, user)
			}

			for _, item := range t.deleted.all() {
				if item.principal != nil {
					shot.Deleted = append(shot.Deleted, clone(*item.principal))
				}
			}

			seed.Tenants = append(seed.Tenants, shot)
		}

		return seed
	})
}
