package simulator

// Roles lists the roles of all organizations in the order of their creation.
func (s *Server) Roles() []Role {
	var roles []Role

	s.state.read(func(t *tables) {
		for _, role := range t.roles {
			roles = append(roles, role.clone())
		}
	})

	return roles
}

// Role finds a role by its id.
func (s *Server) Role(id string) (Role, bool) {
	var (
		found Role
		known bool
	)

	s.state.read(func(t *tables) {
		if role, exists := t.role(id); exists {
			found, known = role.clone(), true
		}
	})

	return found, known
}

// RoleByName finds the first role of that name in an organization.
func (s *Server) RoleByName(organizationID, name string) (Role, bool) {
	return first(s.Roles(), func(r Role) bool { return sameID(r.OrganizationID, organizationID) && r.Name == name })
}

// AddRole adds a role, or replaces the one with the same id, without holding it
// against any rule: entries of kinds that the REST API does not know may be put
// in. Ids that are missing are filled in; the type is derived from the selected
// items if there is none.
func (s *Server) AddRole(role Role) Role {
	role = role.clone()

	if role.Type == "" {
		role.Type = EntireOrganization
		if len(role.SelectedItems) > 0 {
			role.Type = SpecificObjects
		}
	}

	role = role.withIDs()

	s.state.write(func(t *tables) {
		if stored, known := t.role(role.ID); known {
			*stored = role.clone()

			return
		}

		t.addRole(role.clone())
	})

	return role
}

// UpdateRole changes a role behind the clients' backs, without holding it
// against any rule. It reports whether the role exists. If the server changes
// meanwhile, change is called again with the role as it is then.
func (s *Server) UpdateRole(id string, change func(*Role)) bool {
	get := func(t *tables) (Role, bool) {
		role, known := t.role(id)
		if !known {
			return Role{}, false
		}

		return role.clone(), true
	}

	return amend(s.state, get, change, func(t *tables, changed Role) {
		stored, _ := t.role(id)

		// The id is what the role is known by.
		changed.ID = stored.ID
		*stored = changed.clone().withIDs()
	})
}

// DeleteRole deletes a role behind the clients' backs. It reports whether the
// role existed.
func (s *Server) DeleteRole(id string) bool {
	deleted := false

	s.state.write(func(t *tables) { deleted = t.deleteRole(id) })

	return deleted
}
