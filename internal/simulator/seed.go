package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrSeed is wrapped by every error about a seed that cannot be used.
var ErrSeed = errors.New("seed")

// Seed is a state to start from.
type Seed struct {
	Organizations []SeedOrganization `json:"organizations"`
	Portal        *PortalSettings    `json:"portal,omitempty"`
	Service       *ServiceSettings   `json:"service,omitempty"`
}

// SeedOrganization is an organization with its directory and its roles.
type SeedOrganization struct {
	Organization

	Users  []User  `json:"users,omitempty"`
	Groups []Group `json:"groups,omitempty"`
	Sites  []Site  `json:"sites,omitempty"`
	Teams  []Team  `json:"teams,omitempty"`
	Roles  []Role  `json:"roles,omitempty"`
}

// ParseSeed reads a seed from JSON. Members that a seed does not have are an
// error, which wraps [ErrSeed].
func ParseSeed(text []byte) (Seed, error) {
	var seed Seed

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&seed); err != nil {
		return Seed{}, fmt.Errorf("%w: %w", ErrSeed, err)
	}

	return seed, seed.validate()
}

func (s Seed) validate() error {
	for i := range s.Organizations {
		organization := &s.Organizations[i]

		if organization.Name == "" {
			return fmt.Errorf("%w: organization %d has no name", ErrSeed, i+1)
		}

		if organization.ID != "" && !isGUID(organization.ID) {
			return fmt.Errorf("%w: the id %q of %s is not a GUID", ErrSeed, organization.ID, organization.Name)
		}

		if organization.ID == "" && len(organization.Roles) > 0 {
			return fmt.Errorf("%w: %s has roles and therefore needs an id", ErrSeed, organization.Name)
		}
	}

	return nil
}

// Seed adds everything in the seed to the state. Roles belong to the
// organization that they are listed with.
func (s *Server) Seed(seed Seed) {
	for i := range seed.Organizations {
		s.seedOrganization(&seed.Organizations[i])
	}

	if seed.Portal != nil {
		s.SetPortal(*seed.Portal)
	}

	if seed.Service != nil {
		s.SetService(*seed.Service)
	}
}

// Snapshot is the state as a seed that makes the same state again.
func (s *Server) Snapshot() Seed {
	portal, service := s.Portal(), s.Service()
	snapshot := Seed{Organizations: []SeedOrganization{}, Portal: &portal, Service: &service}
	roles := s.Roles()

	for _, organization := range s.Organizations() {
		snapshot.Organizations = append(snapshot.Organizations, SeedOrganization{
			Organization: organization,
			Users:        s.Users(organization.ID),
			Groups:       s.Groups(organization.ID),
			Sites:        s.Sites(organization.ID),
			Teams:        s.Teams(organization.ID),
			Roles: slices.DeleteFunc(slices.Clone(roles), func(r Role) bool {
				return !sameID(r.OrganizationID, organization.ID)
			}),
		})
	}

	return snapshot
}

func (s *Server) seedOrganization(seed *SeedOrganization) {
	id := s.AddOrganization(seed.Organization).ID

	for i := range seed.Users {
		s.AddUser(id, seed.Users[i])
	}

	for i := range seed.Groups {
		s.AddGroup(id, seed.Groups[i])
	}

	for i := range seed.Sites {
		s.AddSite(id, seed.Sites[i])
	}

	for i := range seed.Teams {
		s.AddTeam(id, seed.Teams[i])
	}

	for i := range seed.Roles {
		role := seed.Roles[i]
		role.OrganizationID = id
		s.AddRole(role)
	}
}
