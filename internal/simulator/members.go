package simulator

// groupMember is a member of a group.
type groupMember struct {
	id           string
	name         string
	login        string
	kind         string
	onPremises   bool
	dataLocation string
}

// getMembers answers GET /Organizations/{organizationId}/Groups/{groupId}/Members.
func (f *restFace) getMembers(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	group, err := one(f, v, "group", x.params["groupId"], groupsOf, func(g Group) bool { return g.Unsynced })
	if err != nil {
		return reply{}, err
	}

	return list(f, x, listing[groupMember]{
		path: "/organizations/" + v.id + "/groups/" + group.ID + "/members",
		collect: func() ([]groupMember, error) {
			var members []groupMember

			f.state.read(func(t *tables) {
				if owner, known := t.tenant(v.id); known {
					members = owner.members(group)
				}
			})

			return shuffled(x, members, func(m groupMember) string { return m.id }), nil
		},
		render: func(m groupMember) *object {
			body := x.object()
			body.set("groupId", group.ID)
			body.set("name", m.name)
			body.set("login", m.login)
			body.set("type", m.kind)
			body.set("isCloud", !m.onPremises)

			if x.version >= v8 {
				x.multiGeo(body, m.dataLocation)
			}

			body.set("_links", x.link(nil, "group", "/organizations/%s/groups/%s", v.id, group.ID).object())

			return body
		},
	})
}

// members lists the direct members of a group. A member that left the directory
// is of unknown kind.
func (t *tenant) members(group Group) []groupMember {
	members := make([]groupMember, 0, len(group.MemberIDs))

	for _, id := range group.MemberIDs {
		if user, known := t.users.get(id); known {
			members = append(members, groupMember{
				id: id, name: user.DisplayName, login: user.Name, kind: KindUser,
				onPremises: user.LocationType == InOnPremises, dataLocation: user.DataLocation,
			})
		} else if nested, known := t.groups.get(id); known {
			members = append(members, groupMember{
				id: id, name: nested.DisplayName, login: nested.Name, kind: KindGroup,
				onPremises: nested.LocationType == InOnPremises, dataLocation: nested.DataLocation,
			})
		} else {
			members = append(members, groupMember{id: id, name: id, kind: "Unknown"})
		}
	}

	return members
}
