package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// roleList is one of the three lists of a role.
type roleList struct {
	// name is the list's name in paths and bodies.
	name string
	// operators is set for the list that takes users and groups only.
	operators bool
	of        func(*Role) *[]Entry
}

func operatorList() roleList {
	return roleList{name: "operators", operators: true, of: func(r *Role) *[]Entry { return &r.Operators }}
}

func selectedList() roleList {
	return roleList{name: "selectedItems", of: func(r *Role) *[]Entry { return &r.SelectedItems }}
}

func excludedList() roleList {
	return roleList{name: "excludedItems", of: func(r *Role) *[]Entry { return &r.ExcludedItems }}
}

func roleLists() []roleList {
	return []roleList{operatorList(), selectedList(), excludedList()}
}

// getEntries answers GET on a list of a role.
func (f *restFace) getEntries(l roleList) func(*exchange) (reply, error) {
	return func(x *exchange) (reply, error) {
		role, err := f.findRole(x)
		if err != nil {
			return reply{}, err
		}

		entries := shuffled(x, f.visible(x, role, *l.of(&role)), func(e Entry) string { return e.ID })

		rendered := transform(entries, func(e Entry) *object { return x.entry(role.ID, l, e) })

		return reply{status: http.StatusOK, body: rendered}, nil
	}
}

// getEntry answers GET on one entry of a list.
func (f *restFace) getEntry(l roleList) func(*exchange) (reply, error) {
	return func(x *exchange) (reply, error) {
		role, err := f.findRole(x)
		if err != nil {
			return reply{}, err
		}

		entries := f.visible(x, role, *l.of(&role))

		i := x.indexOf(entries, x.params["entryId"])
		if i < 0 {
			return reply{}, notFound("entry of the list "+l.name, x.params["entryId"])
		}

		return reply{status: http.StatusOK, body: x.entry(role.ID, l, entries[i])}, nil
	}
}

// postEntries answers POST on a list of a role, which appends to it.
func (f *restFace) postEntries(l roleList) func(*exchange) (reply, error) {
	return func(x *exchange) (reply, error) {
		role, err := f.findRole(x)
		if err != nil {
			return reply{}, err
		}

		raw, err := x.entriesBody()
		if err != nil {
			return reply{}, err
		}

		err = f.changeRole(role.ID, func(t *tables, changed *Role) error {
			check := roleCheck{x: x, tables: t, rules: f.rules}

			return check.extend(changed, l, raw)
		})

		return reply{status: http.StatusNoContent}, err
	}
}

// deleteEntries answers DELETE on a list of a role.
func (f *restFace) deleteEntries(l roleList) func(*exchange) (reply, error) {
	return func(x *exchange) (reply, error) {
		role, err := f.findRole(x)
		if err != nil {
			return reply{}, err
		}

		ids, err := x.entryIDs()
		if err != nil {
			return reply{}, err
		}

		err = f.changeRole(role.ID, func(_ *tables, changed *Role) error {
			if err := x.removeEntries(l, l.of(changed), ids); err != nil {
				return err
			}

			return l.complete(*changed)
		})

		return reply{status: http.StatusNoContent}, err
	}
}

// changeRole lets fn change a copy of the role, and stores it if fn succeeds.
func (f *restFace) changeRole(id string, fn func(*tables, *Role) error) error {
	return f.state.try(func(t *tables) error {
		stored, known := t.role(id)
		if !known {
			return notFound("restore operator role", id)
		}

		changed := stored.clone()
		if err := fn(t, &changed); err != nil {
			return err
		}

		*stored = changed.withIDs()

		return nil
	})
}

// entryIDs reads the parameter ids.
func (x *exchange) entryIDs() ([]string, error) {
	var ids []string

	for id := range strings.SplitSeq(x.param("ids"), ",") {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}

	if len(ids) == 0 {
		return nil, invalid("The parameter ids is required.")
	}

	return ids, nil
}

// removeEntries takes the entries with the ids out of the list, or none of them
// if one is unknown.
func (x *exchange) removeEntries(l roleList, entries *[]Entry, ids []string) error {
	for _, id := range ids {
		i := x.indexOf(*entries, id)

		switch {
		case i >= 0:
			*entries = slices.Delete(*entries, i, i+1)
		case x.knobs.DeleteUnknownID == DeleteUnknownIDNotFound:
			return notFound("entry of the list "+l.name, id)
		}
	}

	return nil
}

// indexOf finds an entry by its own id; by its object's id only if the knob
// says so.
func (x *exchange) indexOf(entries []Entry, id string) int {
	return slices.IndexFunc(entries, func(e Entry) bool {
		return sameID(e.ID, id) || x.knobs.AcceptNestedIDs && e.ObjectID() != "" && sameID(e.ObjectID(), id)
	})
}

// visible are the entries that the version can show, with the names that it
// shows.
func (f *restFace) visible(x *exchange, role Role, entries []Entry) []Entry {
	if x.version == v6 && x.knobs.HideTeamsInV6 != Off {
		entries = slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Type == KindTeam })
	}

	if !x.knobs.RefreshDisplayNames {
		return entries
	}

	f.state.read(func(t *tables) {
		if owner, known := t.tenant(role.OrganizationID); known {
			entries = transform(entries, owner.refresh)
		}
	})

	return entries
}

// refresh gives an entry the present names of its object. An entry whose object
// has left the organization stays as it is.
func (t *tenant) refresh(entry Entry) Entry {
	fresh := entry

	switch entry.Type {
	case KindUser:
		if user, known := t.users.get(entry.ObjectID()); known {
			fresh = UserEntry(user)
		}
	case KindGroup:
		if group, known := t.groups.get(entry.ObjectID()); known {
			fresh = GroupEntry(group)
		}
	case KindSite:
		if site, known := t.sites.get(entry.ObjectID()); known {
			fresh = SiteEntry(site)
		}
	case KindTeam:
		if team, known := t.teams.get(entry.ObjectID()); known {
			fresh = TeamEntry(team)
		}
	}

	fresh.ID = entry.ID

	return fresh
}
