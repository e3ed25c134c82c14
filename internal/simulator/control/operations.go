package control

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// operations lists what the endpoint does.
func (h handler) operations() []operation {
	return slices.Concat(h.serverOperations(), h.directoryOperations(), h.roleOperations(), faultOperations("", h.sim))
}

func (h handler) serverOperations() []operation {
	return []operation{
		{"GET /state", "everything the server knows, as a seed", func(*http.Request) (any, error) {
			return h.sim.Snapshot(), nil
		}},
		{"POST /state", "add what a seed holds", h.seed},
		{"GET /knobs", "the knobs", func(*http.Request) (any, error) {
			return h.sim.Options(), nil
		}},
		{"PATCH /knobs", "turn the knobs that the body names", h.turnKnobs},
		{"GET /requests", "the log of requests", func(*http.Request) (any, error) {
			return h.sim.Requests(), nil
		}},
		{"DELETE /requests", "empty the log of requests", done(h.sim.ResetRequests)},
		{"GET /violations", "what clients did that they should not", func(*http.Request) (any, error) {
			return notNil(h.sim.Violations()), nil
		}},
		{"DELETE /violations", "forget the violations", done(h.sim.ResetViolations)},
		{"POST /tokens/expire", "make every access token invalid", done(h.sim.ExpireTokens)},
		{"POST /tokens/revoke", "make every refresh token invalid", done(h.sim.RevokeRefreshTokens)},
		{"GET /portal", "the restore portal's settings", func(*http.Request) (any, error) {
			return h.sim.Portal(), nil
		}},
		{"PUT /portal", "replace the restore portal's settings", h.setPortal},
		{"GET /service", "the settings of the REST service that it does not show", func(*http.Request) (any, error) {
			return h.sim.Service(), nil
		}},
		{"PUT /service", "replace the settings of the REST service that it does not show", h.setService},
	}
}

// done wraps an action that cannot fail and says nothing.
func done(act func()) func(*http.Request) (any, error) {
	return func(*http.Request) (any, error) {
		act()

		return nothing{}, nil
	}
}

// notNil makes an empty list of none, which JSON would have as null.
func notNil[T any](items []T) []T {
	if items == nil {
		return []T{}
	}

	return items
}

func (h handler) seed(r *http.Request) (any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badRequest(err)
	}

	seed, err := simulator.ParseSeed(text)
	if err != nil {
		return nil, badRequest(err)
	}

	h.sim.Seed(seed)

	return nothing{}, nil
}

func (h handler) turnKnobs(r *http.Request) (any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badRequest(err)
	}

	var decoding error

	err = h.sim.TryConfigure(func(o *simulator.Options) { decoding = json.Unmarshal(text, o) })
	if decoding != nil {
		err = decoding
	}

	if err != nil {
		return nil, badRequest(err)
	}

	return h.sim.Options(), nil
}

func (h handler) setPortal(r *http.Request) (any, error) {
	var settings simulator.PortalSettings
	if err := read(r, &settings); err != nil {
		return nil, err
	}

	h.sim.SetPortal(settings)

	return settings, nil
}

func (h handler) setService(r *http.Request) (any, error) {
	var settings simulator.ServiceSettings
	if err := read(r, &settings); err != nil {
		return nil, err
	}

	h.sim.SetService(settings)

	return settings, nil
}

func (h handler) directoryOperations() []operation {
	return []operation{
		{"GET /organizations", "the organizations without their directories", func(*http.Request) (any, error) {
			return notNil(h.sim.Organizations()), nil
		}},
		{"PATCH /organizations/{organization}", "change what the body names", h.patchOrganization},
		{"POST /organizations/{organization}/users", "add a user", add(h, h.sim.AddUser)},
		{"POST /organizations/{organization}/groups", "add a group", add(h, h.sim.AddGroup)},
		{"POST /organizations/{organization}/sites", "add a site", add(h, h.sim.AddSite)},
		{"POST /organizations/{organization}/teams", "add a team", add(h, h.sim.AddTeam)},
		{"PATCH /organizations/{organization}/objects/{object}", `rename an object: {"name": "…"}`, h.renameObject},
		{"DELETE /organizations/{organization}/objects/{object}", "remove an object", h.removeObject},
	}
}

// organization finds the organization that the path names, by id or name.
func (h handler) organization(r *http.Request) (simulator.Organization, error) {
	key := r.PathValue("organization")

	organization, known := h.sim.Organization(key)
	if !known {
		return simulator.Organization{}, notFound("organization", key)
	}

	return organization, nil
}

func (h handler) patchOrganization(r *http.Request) (any, error) {
	organization, err := h.organization(r)
	if err != nil {
		return nil, err
	}

	patched := organization
	if err := read(r, &patched); err != nil {
		return nil, err
	}

	h.sim.UpdateOrganization(organization.ID, func(o *simulator.Organization) { *o = patched })

	changed, _ := h.sim.Organization(organization.ID)

	return changed, nil
}

// add makes an operation that adds an object to a directory.
func add[T any](h handler, into func(organizationID string, item T) T) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		organization, err := h.organization(r)
		if err != nil {
			return nil, err
		}

		var item T
		if err := read(r, &item); err != nil {
			return nil, err
		}

		return into(organization.ID, item), nil
	}
}

// objectID finds the object that the path names, by id or name.
func (h handler) objectID(organizationID, key string) (string, error) {
	for _, kind := range []string{simulator.KindUser, simulator.KindGroup, simulator.KindSite, simulator.KindTeam} {
		if entry, known := h.entryFor(organizationID, kind, key); known {
			return entry.ObjectID(), nil
		}
	}

	return "", notFound("object", key)
}

// entryFor makes an entry of a directory object that is named by id or name.
func (h handler) entryFor(organizationID, kind, key string) (simulator.Entry, bool) {
	switch kind {
	case simulator.KindUser:
		user, known := h.sim.User(organizationID, key)

		return simulator.UserEntry(user), known
	case simulator.KindGroup:
		group, known := h.sim.Group(organizationID, key)

		return simulator.GroupEntry(group), known
	case simulator.KindSite:
		site, known := h.sim.Site(organizationID, key)

		return simulator.SiteEntry(site), known
	case simulator.KindTeam:
		team, known := h.sim.Team(organizationID, key)

		return simulator.TeamEntry(team), known
	default:
		return simulator.Entry{}, false
	}
}

func (h handler) renameObject(r *http.Request) (any, error) {
	organization, err := h.organization(r)
	if err != nil {
		return nil, err
	}

	var body struct {
		Name string `json:"name"`
	}

	if err := read(r, &body); err != nil {
		return nil, err
	}

	id, err := h.objectID(organization.ID, r.PathValue("object"))
	if err != nil {
		return nil, err
	}

	h.sim.RenameObject(organization.ID, id, body.Name)

	return nothing{}, nil
}

func (h handler) removeObject(r *http.Request) (any, error) {
	organization, err := h.organization(r)
	if err != nil {
		return nil, err
	}

	id, err := h.objectID(organization.ID, r.PathValue("object"))
	if err != nil {
		return nil, err
	}

	h.sim.RemoveObject(organization.ID, id)

	return nothing{}, nil
}
