package vb365

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
)

// EntryKind is the kind of an entry of a role. Servers may have kinds that this package does not know.
type EntryKind string

// The kinds of entries that can be declared.
const (
	KindUser  EntryKind = "User"
	KindGroup EntryKind = "Group"
	KindSite  EntryKind = "Site" // not as an operator
	KindTeam  EntryKind = "Team" // not as an operator; v7 and later
)

// EntryUser is a user in a role.
type EntryUser struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Name        string `json:"name"`
	// Type is User, SharedMailbox or PublicMailbox; the directory calls the last two Shared and Public.
	Type          string `json:"type"`
	OnPremisesSID string `json:"onPremisesSid,omitempty"` // v7 and later
}

// EntryGroup is a group in a role.
type EntryGroup struct {
	ID            string  `json:"id"`
	DisplayName   string  `json:"displayName"`
	Name          *string `json:"name"` // null in v8 only
	Type          string  `json:"type"`
	OnPremisesSID string  `json:"onPremisesSid,omitempty"` // v7 and later
}

// EntrySite is a site in a role.
type EntrySite struct {
	ID         string `json:"id"`
	URL        string `json:"url"`
	Title      string `json:"title"`
	ParentURL  string `json:"parentUrl"`
	IsCloud    bool   `json:"isCloud"`
	IsPersonal bool   `json:"isPersonal"`
}

// EntryTeam is a team in a role.
type EntryTeam struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Description string `json:"description"`
	Mail        string `json:"mail"`
}

// Entry is an operator, a selected item or an excluded item of a role.
type Entry struct {
	Kind EntryKind
	// ID is the entry's own id in the role, by which it is removed. It is not the
	// object's id, and empty in entries that are yet to be added.
	ID    string
	User  *EntryUser
	Group *EntryGroup
	Site  *EntrySite
	Team  *EntryTeam

	// raw keeps what the server sent, so that entries of unknown kinds can be sent back whole.
	raw json.RawMessage
}

// Known tells whether the entry is of a kind that this package understands.
func (e Entry) Known() bool {
	switch e.Kind {
	case KindUser:
		return e.User != nil
	case KindGroup:
		return e.Group != nil
	case KindSite:
		return e.Site != nil
	case KindTeam:
		return e.Team != nil
	}
	return false
}

// ObjectID returns the id of the user, group, site or team; empty for unknown kinds.
func (e Entry) ObjectID() string {
	switch {
	case !e.Known():
		return ""
	case e.Kind == KindUser:
		return e.User.ID
	case e.Kind == KindGroup:
		return e.Group.ID
	case e.Kind == KindSite:
		return e.Site.ID
	}
	return e.Team.ID
}

// Label names the entry's object for people.
func (e Entry) Label() string {
	switch {
	case !e.Known():
		return fmt.Sprintf("an entry of the kind %q (entry id %s)", string(e.Kind), e.ID)
	case e.Kind == KindUser:
		return label(e.User.DisplayName, e.User.Name)
	case e.Kind == KindGroup:
		return label(e.Group.DisplayName, deref(e.Group.Name))
	case e.Kind == KindSite:
		return label(e.Site.Title, e.Site.URL)
	}
	return label(e.Team.DisplayName, e.Team.Mail)
}

// Same tells whether two entries stand for the same object.
func (e Entry) Same(other Entry) bool {
	if !e.Known() || !other.Known() {
		return e.Kind == other.Kind && e.ID != "" && e.ID == other.ID
	}
	return e.Kind == other.Kind && SameObject(e.ObjectID(), other.ObjectID())
}

// entryJSON is an entry on the wire.
type entryJSON struct {
	Type  EntryKind   `json:"type"`
	ID    string      `json:"id,omitempty"`
	User  *EntryUser  `json:"user,omitempty"`
	Group *EntryGroup `json:"group,omitempty"`
	Site  *EntrySite  `json:"site,omitempty"`
	Team  *EntryTeam  `json:"team,omitempty"`
}

// UnmarshalJSON reads an entry as the server sends it.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var wire entryJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("reading an entry of a role: %w", err)
	}
	*e = Entry{
		Kind: wire.Type, ID: wire.ID, User: wire.User, Group: wire.Group, Site: wire.Site, Team: wire.Team,
		raw: append(json.RawMessage(nil), data...),
	}
	return nil
}

// wire returns the entry as the given version wants it in requests. The
// documented requests carry no entry id; withID adds one for servers that insist.
func (e Entry) wire(version Version, withID bool) any {
	if !e.Known() {
		return e.raw
	}
	out := entryJSON{Type: e.Kind}
	if withID {
		out.ID = e.ID
		if out.ID == "" {
			out.ID = e.ObjectID()
		}
	}
	switch e.Kind {
	case KindUser:
		user := *e.User
		if version < V7 {
			user.OnPremisesSID = ""
		}
		out.User = &user
	case KindGroup:
		group := *e.Group
		if version < V7 {
			group.OnPremisesSID = ""
		}
		if group.Name == nil && version < V8 {
			group.Name = new(string)
		}
		out.Group = &group
	case KindSite:
		out.Site = e.Site
	case KindTeam:
		out.Team = e.Team
	}
	return out
}

func wireEntries(entries []Entry, version Version, withID bool) []any {
	out := make([]any, 0, len(entries)) // an empty list, never null
	for _, e := range entries {
		out = append(out, e.wire(version, withID))
	}
	return out
}

// entryStyle remembers whether the server wants entry ids in requests. The v8
// schema is of two minds: its examples have none, its definitions require them.
type entryStyle struct {
	withID atomic.Bool
	tried  atomic.Bool
}

// Entry implements [Object].
func (u User) Entry() Entry {
	kind := u.Type
	switch kind {
	case "Shared":
		kind = "SharedMailbox"
	case "Public":
		kind = "PublicMailbox"
	case "":
		kind = "User"
	}
	return Entry{Kind: KindUser, User: &EntryUser{
		ID: u.ID, DisplayName: u.DisplayName, Name: u.Name, Type: kind, OnPremisesSID: u.OnPremisesSID,
	}}
}

// Entry implements [Object].
func (g Group) Entry() Entry {
	kind := g.Type
	if kind == "" {
		kind = "Unknown"
	}
	return Entry{Kind: KindGroup, Group: &EntryGroup{
		ID: g.ID, DisplayName: g.DisplayName, Name: g.Name, Type: kind, OnPremisesSID: deref(g.OnPremisesSID),
	}}
}

// Entry implements [Object].
func (s Site) Entry() Entry {
	return Entry{Kind: KindSite, Site: &EntrySite{
		ID: s.ID, URL: s.URL, Title: s.Title, ParentURL: s.ParentURL, IsCloud: s.IsCloud, IsPersonal: s.IsPersonal,
	}}
}

// Entry implements [Object].
func (t Team) Entry() Entry {
	return Entry{Kind: KindTeam, Team: &EntryTeam{
		ID: t.ID, DisplayName: t.DisplayName, Description: t.Description, Mail: t.Mail,
	}}
}
