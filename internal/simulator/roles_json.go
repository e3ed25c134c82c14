package simulator

import (
	"maps"
	"slices"
)

// entry renders an entry of a role.
func (x *exchange) entry(roleID string, l roleList, e Entry) *object {
	path := "/rbacRoles/" + roleID

	body := x.object()
	body.set("type", e.Type)

	switch {
	case e.User != nil:
		body.set("user", x.entryUser(*e.User))
	case e.Group != nil:
		body.set("group", x.entryGroup(*e.Group))
	case e.Site != nil:
		body.set("site", x.entrySite(*e.Site))
	case e.Team != nil:
		body.set("team", x.entryTeam(*e.Team))
	default:
		for _, name := range slices.Sorted(maps.Keys(e.Extra)) {
			body.set(name, e.Extra[name])
		}
	}

	if !l.shows(e, x.version) {
		x.deviation = "entry of the kind " + e.Type
	}

	body.set("id", e.ID)

	links := x.link(nil, "self", "%s/%s/%s", path, l.name, e.ID)
	links = x.link(links, "role", "%s", path)
	body.set("_links", links.object())

	return body
}

// shows tells whether the version's schema has the entry's kind in this list.
func (l roleList) shows(e Entry, version apiVersion) bool {
	switch e.Type {
	case KindUser, KindGroup:
		return true
	case KindSite:
		return !l.operators
	case KindTeam:
		return !l.operators && version >= v7
	default:
		return false
	}
}

func (x *exchange) entryUser(u EntryUser) *object {
	body := x.object()
	body.set("id", u.ID)
	body.set("displayName", u.DisplayName)
	body.set("name", u.Name)
	body.set("type", u.Type)

	if x.version >= v7 {
		body.optional("onPremisesSid", u.OnPremisesSID)
	}

	return body
}

func (x *exchange) entryGroup(g EntryGroup) *object {
	body := x.object()
	body.set("id", g.ID)
	body.set("displayName", g.DisplayName)

	if g.Name == nil && x.version < v8 {
		body.set("name", "")
	} else {
		body.set("name", g.Name)
	}

	body.set("type", g.Type)

	switch x.version {
	case v6:
	case v7:
		body.optional("onPremisesSid", g.OnPremisesSID)
	case v8:
		body.nullable("onPremisesSid", g.OnPremisesSID)
	}

	return body
}

func (x *exchange) entrySite(s EntrySite) *object {
	body := x.object()
	body.set("id", s.ID)
	body.set("url", s.URL)
	body.set("title", s.Title)
	body.set("parentUrl", s.ParentURL)
	body.set("isCloud", s.IsCloud)
	body.set("isPersonal", s.IsPersonal)

	return body
}

func (x *exchange) entryTeam(t EntryTeam) *object {
	body := x.object()
	body.set("id", t.ID)
	body.set("displayName", t.DisplayName)
	body.set("description", t.Description)
	body.set("mail", t.Mail)

	return body
}
