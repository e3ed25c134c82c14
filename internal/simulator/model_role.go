package simulator

import (
	"encoding/json"
	"maps"
)

// RoleType says whether a role covers the organization or chosen objects.
type RoleType string

// The types of roles.
const (
	EntireOrganization RoleType = "EntireOrganization"
	SpecificObjects    RoleType = "SpecificObjects"
)

// Role is a restore operator role.
type Role struct {
	ID             string   `json:"id,omitempty"`
	OrganizationID string   `json:"organizationId"`
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Type           RoleType `json:"roleType"`
	Operators      []Entry  `json:"operators"`
	SelectedItems  []Entry  `json:"selectedItems"`
	ExcludedItems  []Entry  `json:"excludedItems"`
}

// The kinds of entries. The REST API knows no others; the state may hold more,
// as PowerShell can add them ("PersonalSites").
const (
	KindUser  = "User"
	KindGroup = "Group"
	KindSite  = "Site"
	KindTeam  = "Team"
)

// Entry is an operator, a selected item or an excluded item of a role, with the
// names that the object had when the entry was made.
type Entry struct {
	// ID is the entry's own id, not the object's. The simulator sets it.
	ID string `json:"id,omitempty"`
	// Type is one of the kinds, or a kind that the REST API does not know.
	Type  string      `json:"type"`
	User  *EntryUser  `json:"user,omitempty"`
	Group *EntryGroup `json:"group,omitempty"`
	Site  *EntrySite  `json:"site,omitempty"`
	Team  *EntryTeam  `json:"team,omitempty"`
	// Extra are further members of an entry of an unknown kind.
	Extra map[string]json.RawMessage `json:"extra,omitempty"`
}

// EntryUser is a user within a role. Type says User, SharedMailbox or
// PublicMailbox.
type EntryUser struct {
	ID            string  `json:"id"`
	DisplayName   string  `json:"displayName"`
	Name          string  `json:"name"`
	Type          *string `json:"type"`
	OnPremisesSID string  `json:"onPremisesSid,omitempty"`
}

// EntryGroup is a group within a role.
type EntryGroup struct {
	ID            string  `json:"id"`
	DisplayName   string  `json:"displayName"`
	Name          *string `json:"name"`
	Type          *string `json:"type"`
	OnPremisesSID string  `json:"onPremisesSid,omitempty"`
}

// EntrySite is a site within a role.
type EntrySite struct {
	ID         string  `json:"id"`
	URL        *string `json:"url"`
	Title      string  `json:"title"`
	ParentURL  string  `json:"parentUrl"`
	IsCloud    *bool   `json:"isCloud"`
	IsPersonal *bool   `json:"isPersonal"`
}

// EntryTeam is a team within a role.
type EntryTeam struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Description string `json:"description"`
	Mail        string `json:"mail"`
}

// UserEntry is the entry for a user of the directory.
func UserEntry(user User) Entry {
	words := map[UserType]string{SharedMailbox: "SharedMailbox", PublicMailbox: "PublicMailbox"}

	word, other := words[user.Type]
	if !other {
		word = string(user.Type)
	}

	return Entry{Type: KindUser, User: &EntryUser{
		ID: user.ID, DisplayName: user.DisplayName, Name: user.Name, Type: &word, OnPremisesSID: user.OnPremisesSID,
	}}
}

// GroupEntry is the entry for a group of the directory.
func GroupEntry(group Group) Entry {
	word := string(group.Type)

	return Entry{Type: KindGroup, Group: &EntryGroup{
		ID: group.ID, DisplayName: group.DisplayName, Name: &group.Name, Type: &word, OnPremisesSID: group.OnPremisesSID,
	}}
}

// SiteEntry is the entry for a site of the directory.
func SiteEntry(site Site) Entry {
	isCloud := !site.OnPremises

	return Entry{Type: KindSite, Site: &EntrySite{
		ID: site.ID, URL: &site.URL, Title: site.Title, ParentURL: site.ParentURL,
		IsCloud: &isCloud, IsPersonal: &site.Personal,
	}}
}

// TeamEntry is the entry for a team of the directory.
func TeamEntry(team Team) Entry {
	return Entry{Type: KindTeam, Team: &EntryTeam{
		ID: team.ID, DisplayName: team.DisplayName, Description: team.Description, Mail: team.Mail,
	}}
}

// ObjectID is the id of the user, group, site or team that the entry stands
// for; empty where it stands for none.
func (e Entry) ObjectID() string {
	switch {
	case e.User != nil:
		return e.User.ID
	case e.Group != nil:
		return e.Group.ID
	case e.Site != nil:
		return e.Site.ID
	case e.Team != nil:
		return e.Team.ID
	default:
		return ""
	}
}

// withID fills in the entry's own id: a prefix that is the same for every
// entry of the kind, and the object's id. The prefixes are not those of the
// real product, so that a client that builds such ids itself fails.
func (e Entry) withID() Entry {
	prefixes := map[string]string{
		KindUser:  "11111111-0000-4000-8000-000000000001",
		KindGroup: "11111111-0000-4000-8000-000000000002",
		KindSite:  "11111111-0000-4000-8000-000000000003",
		KindTeam:  "11111111-0000-4000-8000-000000000004",
	}

	if object := e.ObjectID(); object != "" {
		e.ID = prefixes[e.Type] + object
	}

	setDefault(&e.ID, newGUID())

	return e
}

// sameObject tells whether two entries stand for the same object.
func (e Entry) sameObject(other Entry) bool {
	if e.ObjectID() == "" || other.ObjectID() == "" {
		return e.ID != "" && e.ID == other.ID
	}

	return e.Type == other.Type && sameID(e.ObjectID(), other.ObjectID())
}

func (e Entry) clone() Entry {
	e.User = copyOf(e.User)
	e.Group = copyOf(e.Group)
	e.Site = copyOf(e.Site)
	e.Team = copyOf(e.Team)
	e.Extra = maps.Clone(e.Extra)

	return e
}

func (r Role) clone() Role {
	r.Operators = cloneEntries(r.Operators)
	r.SelectedItems = cloneEntries(r.SelectedItems)
	r.ExcludedItems = cloneEntries(r.ExcludedItems)

	return r
}

func cloneEntries(entries []Entry) []Entry {
	duplicate := make([]Entry, 0, len(entries))
	for _, entry := range entries {
		duplicate = append(duplicate, entry.clone())
	}

	return duplicate
}

// withIDs gives the role and its entries the ids that they lack.
func (r Role) withIDs() Role {
	setDefault(&r.ID, newGUID())

	for _, list := range [][]Entry{r.Operators, r.SelectedItems, r.ExcludedItems} {
		for i := range list {
			list[i] = list[i].withID()
		}
	}

	return r
}
