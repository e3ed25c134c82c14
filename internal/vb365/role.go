package vb365

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// RoleType is the scope of a role.
type RoleType string

// The scopes of a role.
const (
	EntireOrganization RoleType = "EntireOrganization"
	SpecificObjects    RoleType = "SpecificObjects"
)

// Role is a restore operator role, without its entries.
type Role struct {
	ID             string   `json:"id"`
	OrganizationID string   `json:"organizationId"`
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Type           RoleType `json:"roleType"`
}

// RoleEntries are the entries of a role.
type RoleEntries struct {
	Operators []Entry
	Selected  []Entry
	Excluded  []Entry
}

// Of returns one of the three lists.
func (e RoleEntries) Of(list EntryList) []Entry {
	switch list {
	case Operators:
		return e.Operators
	case SelectedItems:
		return e.Selected
	case ExcludedItems:
		return e.Excluded
	}
	return nil
}

// EntryList is one of the three lists of a role.
type EntryList string

// The lists of a role, as they are called in URLs.
const (
	Operators     EntryList = "operators"
	SelectedItems EntryList = "selectedItems"
	ExcludedItems EntryList = "excludedItems"
)

const (
	rolesPath = "/RbacRoles"
	// removeAtOnce keeps the URL of a removal, with ids of 108 characters, below common limits.
	removeAtOnce = 50
)

func rolePath(id string) string { return rolesPath + "/" + segment(id) }

func entriesPath(roleID string, list EntryList) string { return rolePath(roleID) + "/" + string(list) }

// Roles returns the roles of all organizations. It is asked once; creating,
// updating and deleting roles keeps the answer up to date.
func (c *Client) Roles(ctx context.Context) ([]Role, error) { return get[[]Role](ctx, c, rolesPath) }

// RefreshRoles returns the roles of all organizations as they are now.
func (c *Client) RefreshRoles(ctx context.Context) ([]Role, error) {
	c.shared.forget(rolesPath)
	return c.Roles(ctx)
}

// Role returns a role. It is taken from the list of all roles if it is there;
// else the server is asked for it. The error is [ErrNotFound] if there is none.
func (c *Client) Role(ctx context.Context, id string) (Role, error) {
	all, err := c.Roles(ctx)
	if err != nil {
		return Role{}, err
	}
	for _, role := range all {
		if strings.EqualFold(role.ID, id) {
			return role, nil
		}
	}
	return c.RefreshRole(ctx, id)
}

// RefreshRole returns a role as it is now, and asks for its entries anew when they are next wanted.
func (c *Client) RefreshRole(ctx context.Context, id string) (Role, error) {
	c.forgetEntries(id)
	role, err := fetch[Role](ctx, c, request{path: rolePath(id)})
	switch {
	case err == nil:
		c.rememberRole(role)
	case errors.Is(err, ErrNotFound):
		c.dropRole(id)
	}
	return role, err
}

// RoleEntries returns the entries of a role: three requests side by side, or two
// for the entire organization, which has no selected items.
func (c *Client) RoleEntries(ctx context.Context, role Role) (RoleEntries, error) {
	var entries RoleEntries
	group, ctx := errgroup.WithContext(ctx)
	read := func(list EntryList, into *[]Entry) {
		group.Go(func() (err error) {
			*into, err = get[[]Entry](ctx, c, entriesPath(strings.ToLower(role.ID), list))
			return err
		})
	}
	read(Operators, &entries.Operators)
	if role.Type != EntireOrganization {
		read(SelectedItems, &entries.Selected)
	}
	read(ExcludedItems, &entries.Excluded)
	return entries, group.Wait()
}

// RoleSpec is a role as it shall be.
type RoleSpec struct {
	Role // without ID

	RoleEntries
}

// roleJSON is the body that creates or replaces a role. All of it is always
// sent: what servers do with an absent list is not known.
type roleJSON struct {
	OrganizationID string   `json:"organizationId"`
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	RoleType       RoleType `json:"roleType"`
	Operators      []any    `json:"operators"`
	SelectedItems  []any    `json:"selectedItems"`
	ExcludedItems  []any    `json:"excludedItems"`
}

func (s RoleSpec) wire(version Version, withIDs bool) roleJSON {
	return roleJSON{
		OrganizationID: s.OrganizationID, Name: s.Name, Description: s.Description, RoleType: s.Type,
		Operators:     wireEntries(s.Operators, version, withIDs),
		SelectedItems: wireEntries(s.Selected, version, withIDs),
		ExcludedItems: wireEntries(s.Excluded, version, withIDs),
	}
}

// CreateRole creates a role. The request is sent once: where the error says that
// it may have been carried out ([MayHaveHappened]), look before creating again.
func (c *Client) CreateRole(ctx context.Context, spec RoleSpec) (Role, error) {
	resp, err := c.write(ctx, request{
		method: http.MethodPost,
		path:   "/Organizations/" + segment(spec.OrganizationID) + rolesPath,
		once:   true,
	}, func(version Version, withIDs bool) any { return spec.wire(version, withIDs) })
	if err != nil {
		if MayHaveHappened(err) {
			c.shared.forget(rolesPath)
		}
		return Role{}, err
	}
	var role Role
	if err := c.decode(resp, &role); err != nil || role.ID == "" {
		// It was created, but which one it is has to be found out: like an answer that was lost.
		c.shared.forget(rolesPath)
		return Role{}, &UnreachableError{
			Endpoint: c.Endpoint(), Sent: true, Err: fmt.Errorf("the answer %s does not tell the new role's id", resp.statusText()),
		}
	}
	c.rememberRole(role)
	return role, nil
}

// ReplaceRole makes a role what spec says.
func (c *Client) ReplaceRole(ctx context.Context, id string, spec RoleSpec) error {
	_, err := c.write(ctx, request{method: http.MethodPut, path: rolePath(id)},
		func(version Version, withIDs bool) any { return spec.wire(version, withIDs) })
	c.forgetEntries(id)
	if err != nil {
		c.shared.forget(rolesPath)
		return err
	}
	role := spec.Role
	role.ID = id
	c.rememberRole(role)
	return nil
}

// DeleteRole deletes a role. The error is [ErrNotFound] if there is none.
func (c *Client) DeleteRole(ctx context.Context, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: rolePath(id)})
	c.forgetEntries(id)
	if err == nil || errors.Is(err, ErrNotFound) {
		c.dropRole(id)
	}
	return err
}

// AddEntries adds entries to a list of a role. Like [Client.CreateRole] it is sent once.
func (c *Client) AddEntries(ctx context.Context, roleID string, list EntryList, entries []Entry) error {
	_, err := c.write(ctx, request{method: http.MethodPost, path: entriesPath(roleID, list), once: true},
		func(version Version, withIDs bool) any { return wireEntries(entries, version, withIDs) })
	c.forgetEntries(roleID)
	return err
}

// RemoveEntries removes entries from a list of a role by their own ids. Entries
// that are gone already are no error.
func (c *Client) RemoveEntries(ctx context.Context, roleID string, list EntryList, entries []Entry) error {
	defer c.forgetEntries(roleID)
	for chunk := range slices.Chunk(entries, removeAtOnce) {
		ids := make([]string, len(chunk))
		for i, e := range chunk {
			ids[i] = e.ID
		}
		_, err := c.call(ctx, request{
			method: http.MethodDelete, path: entriesPath(roleID, list),
			query: url.Values{"ids": {strings.Join(ids, ",")}},
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// write sends a body that holds entries. A server that refuses entries without
// ids is asked once more with them, and remembered.
func (c *Client) write(ctx context.Context, req request, body func(Version, bool) any) (*response, error) {
	version, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	req.in = body(version, c.entries.withID.Load())
	resp, err := c.call(ctx, req)
	if !refusedAsInvalid(err) || version < V8 || c.entries.tried.Swap(true) {
		return resp, err
	}
	req.in = body(version, true)
	again, againErr := c.call(ctx, req)
	if againErr != nil {
		return nil, fmt.Errorf("%w", err) // the first refusal names what is wrong
	}
	c.entries.withID.Store(true)
	return again, nil
}

func refusedAsInvalid(err error) bool {
	var resp *ResponseError
	return errors.As(err, &resp) && resp.Status == http.StatusBadRequest
}

func (c *Client) rememberRole(role Role) {
	revise(c.shared, rolesPath, func(all []Role) []Role {
		others := slices.DeleteFunc(slices.Clone(all), func(r Role) bool { return strings.EqualFold(r.ID, role.ID) })
		return append(others, role)
	})
}

func (c *Client) dropRole(id string) {
	revise(c.shared, rolesPath, func(all []Role) []Role {
		return slices.DeleteFunc(slices.Clone(all), func(r Role) bool { return strings.EqualFold(r.ID, id) })
	})
}

func (c *Client) forgetEntries(roleID string) {
	id := strings.ToLower(roleID)
	c.shared.forget(entriesPath(id, Operators), entriesPath(id, SelectedItems), entriesPath(id, ExcludedItems))
}
