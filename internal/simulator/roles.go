package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// getRoles answers GET /RbacRoles.
func (f *restFace) getRoles(x *exchange) (reply, error) {
	return reply{status: http.StatusOK, body: f.roles(x, func(*Role) bool { return true })}, nil
}

// getOrganizationRoles answers GET /Organizations/{organizationId}/RbacRoles.
func (f *restFace) getOrganizationRoles(x *exchange) (reply, error) {
	organization, err := f.organization(x)
	if err != nil {
		return reply{}, err
	}

	roles := f.roles(x, func(r *Role) bool { return sameID(r.OrganizationID, organization.ID) })

	return reply{status: http.StatusOK, body: roles}, nil
}

// roles renders the roles that keep lets pass.
func (f *restFace) roles(x *exchange, keep func(*Role) bool) []*object {
	var kept []Role

	f.state.read(func(t *tables) {
		for _, role := range t.roles {
			if keep(role) {
				kept = append(kept, *role)
			}
		}
	})

	return transform(shuffled(x, kept, func(r Role) string { return r.ID }), x.role)
}

// role renders a role, which shows neither its operators nor its items.
func (x *exchange) role(r Role) *object {
	path := "/rbacRoles/" + r.ID

	l := x.link(nil, "self", "%s", path)
	l = x.link(l, "organization", "/organizations/%s", r.OrganizationID)
	l = x.link(l, "operators", "%s/operators", path)
	// The key of this link is singular in the real server's answers.
	l = x.link(l, "selectedItem", "%s/selectedItems", path)
	l = x.link(l, "excludedItems", "%s/excludedItems", path)

	body := x.object()
	body.set("id", r.ID)
	body.set("organizationId", r.OrganizationID)
	body.set("name", r.Name)
	body.set("description", r.Description)
	body.nullable("roleType", r.Type)
	body.set("_links", l.object())

	return body
}

// findRole finds the role that the path names.
func (f *restFace) findRole(x *exchange) (Role, error) {
	id, err := x.guidParam("roleId")
	if err != nil {
		return Role{}, err
	}

	var (
		found Role
		known bool
	)

	f.state.read(func(t *tables) {
		if role, exists := t.role(id); exists {
			found, known = role.clone(), true
		}
	})

	if !known {
		return Role{}, notFound("restore operator role", id)
	}

	return found, nil
}

// getRole answers GET /RbacRoles/{roleId}.
func (f *restFace) getRole(x *exchange) (reply, error) {
	role, err := f.findRole(x)
	if err != nil {
		return reply{}, err
	}

	return reply{status: http.StatusOK, body: x.role(role)}, nil
}

// postRole answers POST /Organizations/{organizationId}/RbacRoles.
func (f *restFace) postRole(x *exchange) (reply, error) {
	organization, err := f.organization(x)
	if err != nil {
		return reply{}, err
	}

	body, err := x.roleBody()
	if err != nil {
		return reply{}, err
	}

	f.rules.checkRole(x, body)

	var created Role

	err = f.state.try(func(t *tables) error {
		check := roleCheck{x: x, tables: t, rules: f.rules}

		role, err := check.create(organization.ID, body)
		if err != nil {
			return err
		}

		created = *t.addRole(role.withIDs())

		return nil
	})
	if err != nil {
		return reply{}, err
	}

	if x.version >= v8 {
		return reply{status: http.StatusCreated, body: x.role(created)}, nil
	}

	return reply{status: http.StatusOK, body: x.role(created)}, nil
}

// putRole answers PUT /RbacRoles/{roleId}, which replaces the role.
func (f *restFace) putRole(x *exchange) (reply, error) {
	role, err := f.findRole(x)
	if err != nil {
		return reply{}, err
	}

	body, err := x.roleBody()
	if err != nil {
		return reply{}, err
	}

	f.rules.checkRole(x, body)

	err = f.state.try(func(t *tables) error {
		stored, known := t.role(role.ID)
		if !known {
			return notFound("restore operator role", role.ID)
		}

		check := roleCheck{x: x, tables: t, rules: f.rules}

		updated, err := check.update(stored.clone(), body)
		if err != nil {
			return err
		}

		*stored = updated.withIDs()

		return nil
	})

	return reply{status: http.StatusNoContent}, err
}

// deleteRole answers DELETE /RbacRoles/{roleId}.
func (f *restFace) deleteRole(x *exchange) (reply, error) {
	role, err := f.findRole(x)
	if err != nil {
		return reply{}, err
	}

	err = f.state.try(func(t *tables) error {
		if !t.deleteRole(role.ID) {
			return notFound("restore operator role", role.ID)
		}

		return nil
	})

	return reply{status: http.StatusNoContent}, err
}

// nameTaken tells whether another role of the organization has the name.
func (t *tables) nameTaken(organizationID, name, exceptRoleID string) bool {
	return slices.ContainsFunc(t.roles, func(r *Role) bool {
		return sameID(r.OrganizationID, organizationID) && !sameID(r.ID, exceptRoleID) &&
			strings.EqualFold(r.Name, name)
	})
}
