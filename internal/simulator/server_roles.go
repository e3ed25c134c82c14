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
	for _, role := range s.Roles() {
		if sameID(role.OrganizationID, organizationID) && role.Name == name {
			return role, true
		}
	}

	return Role{}, false
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
// against any rule. It reports whether the role exists.
func (s *Server) UpdateRole(id string, change func(*Role)) bool {
	found := false

	s.state.write(func(t *tables) {
		stored, known := t.role(id)
		if !known {
			return
		}

		changed := stored.clone()
		change(&changed)

		// The id is what the role is known by.
		changed.ID = stored.ID
		*stored, found = changed.clone().withIDs(), true
	})

	return found
}

// DeleteRole deletes a role behind the clients' backs. It reports whether the
// role existed.
func (s *Server) DeleteRole(id string) bool {
	deleted := false

	s.state.write(func(t *tables) { deleted = t.deleteRole(id) })

	return deleted
}
