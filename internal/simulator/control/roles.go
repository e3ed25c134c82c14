package control

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func (h handler) roleOperations() []operation {
	return []operation{
		{"GET /roles", "the roles", func(*http.Request) (any, error) {
			return notNil(h.sim.Roles()), nil
		}},
		{"POST /roles", "add a role, whatever it says", h.addRole},
		{"GET /roles/{role}", "a role, by id or name", func(r *http.Request) (any, error) {
			return h.role(r)
		}},
		{"PATCH /roles/{role}", "change what the body names", h.patchRole},
		{"DELETE /roles/{role}", "delete a role", h.deleteRole},
		{"POST /roles/{role}/{list}", `add an entry: {"type": "User", "object": "id or name"}`, h.addEntry},
		{"DELETE /roles/{role}/{list}/{entry}", "remove an entry, by its id or its object's id or name", h.removeEntry},
	}
}

// role finds the role that the path names, by id or name.
func (h handler) role(r *http.Request) (simulator.Role, error) {
	key := r.PathValue("role")

	if role, known := h.sim.Role(key); known {
		return role, nil
	}

	for _, role := range h.sim.Roles() {
		if role.Name == key {
			return role, nil
		}
	}

	return simulator.Role{}, notFound("role", key)
}

func (h handler) addRole(r *http.Request) (any, error) {
	var role simulator.Role
	if err := read(r, &role); err != nil {
		return nil, err
	}

	organization, known := h.sim.Organization(role.OrganizationID)
	if !known {
		return nil, notFound("organization", role.OrganizationID)
	}

	role.OrganizationID = organization.ID

	return h.sim.AddRole(role), nil
}

func (h handler) patchRole(r *http.Request) (any, error) {
	role, err := h.role(r)
	if err != nil {
		return nil, err
	}

	var patch rolePatch
	if err := read(r, &patch); err != nil {
		return nil, err
	}

	h.sim.UpdateRole(role.ID, patch.apply)

	changed, _ := h.sim.Role(role.ID)

	return changed, nil
}

// rolePatch is a change to a role; what is nil stays as it is.
type rolePatch struct {
	Name          *string             `json:"name"`
	Description   *string             `json:"description"`
	Type          *simulator.RoleType `json:"roleType"`
	Operators     *[]simulator.Entry  `json:"operators"`
	SelectedItems *[]simulator.Entry  `json:"selectedItems"`
	ExcludedItems *[]simulator.Entry  `json:"excludedItems"`
}

func (p rolePatch) apply(role *simulator.Role) {
	replace(&role.Name, p.Name)
	replace(&role.Description, p.Description)
	replace(&role.Type, p.Type)
	replace(&role.Operators, p.Operators)
	replace(&role.SelectedItems, p.SelectedItems)
	replace(&role.ExcludedItems, p.ExcludedItems)
}

func replace[T any](value, replacement *T) {
	if replacement != nil {
		*value = *replacement
	}
}

func (h handler) deleteRole(r *http.Request) (any, error) {
	role, err := h.role(r)
	if err != nil {
		return nil, err
	}

	h.sim.DeleteRole(role.ID)

	return nothing{}, nil
}

// list finds the list that the path names.
func list(r *http.Request, role *simulator.Role) (*[]simulator.Entry, error) {
	switch name := r.PathValue("list"); name {
	case "operators":
		return &role.Operators, nil
	case "selectedItems":
		return &role.SelectedItems, nil
	case "excludedItems":
		return &role.ExcludedItems, nil
	default:
		return nil, notFound("list", name)
	}
}

// addEntry adds an entry for a directory object, or one that is given in full.
func (h handler) addEntry(r *http.Request) (any, error) {
	role, err := h.role(r)
	if err != nil {
		return nil, err
	}

	var body struct {
		simulator.Entry

		Object string `json:"object"`
	}

	if err := read(r, &body); err != nil {
		return nil, err
	}

	entry := body.Entry

	if body.Object != "" {
		found, known := h.entryFor(role.OrganizationID, body.Type, body.Object)
		if !known {
			return nil, notFound(strings.ToLower(body.Type), body.Object)
		}

		entry = found
	}

	if _, err := list(r, &role); err != nil {
		return nil, err
	}

	h.sim.UpdateRole(role.ID, func(stored *simulator.Role) {
		// The list is there, as it was a line before.
		entries, _ := list(r, stored)
		*entries = append(*entries, entry)
	})

	changed, _ := h.sim.Role(role.ID)

	return changed, nil
}

func (h handler) removeEntry(r *http.Request) (any, error) {
	role, err := h.role(r)
	if err != nil {
		return nil, err
	}

	entries, err := list(r, &role)
	if err != nil {
		return nil, err
	}

	key := r.PathValue("entry")

	i := slices.IndexFunc(*entries, func(e simulator.Entry) bool { return named(e, key) })
	if i < 0 {
		return nil, notFound("entry", key)
	}

	id := (*entries)[i].ID

	h.sim.UpdateRole(role.ID, func(stored *simulator.Role) {
		kept, _ := list(r, stored)
		*kept = slices.DeleteFunc(*kept, func(e simulator.Entry) bool { return e.ID == id })
	})

	changed, _ := h.sim.Role(role.ID)

	return changed, nil
}

// named tells whether the key is the entry's id, or the id or a name of its
// object.
func named(entry simulator.Entry, key string) bool {
	keys := []string{entry.ID, entry.ObjectID()}

	switch {
	case entry.User != nil:
		keys = append(keys, entry.User.Name, entry.User.DisplayName)
	case entry.Group != nil:
		keys = append(keys, entry.Group.DisplayName)
	case entry.Site != nil:
		keys = append(keys, entry.Site.Title)
	case entry.Team != nil:
		keys = append(keys, entry.Team.Mail, entry.Team.DisplayName)
	}

	return slices.ContainsFunc(keys, func(k string) bool { return k != "" && strings.EqualFold(k, key) })
}
