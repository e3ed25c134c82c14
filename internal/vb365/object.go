package vb365

import (
	"fmt"
	"regexp"
	"strings"
)

// User is a user or a mailbox of an organization.
type User struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	// Name is the user principal name or e-mail address.
	Name string `json:"name"`
	// Type is User, Shared or Public.
	Type string `json:"type"`
	// LocationType is Cloud, OnPremises or Hybrid.
	LocationType  string `json:"locationType"`
	OnPremisesSID string `json:"onPremisesSid"` // v7 and later
	Office        string `json:"office"`        // v7 and later
	EntraID       string `json:"msid"`          // v8
}

// Group is a group of an organization. In a role it stands for its members.
type Group struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	// Name is the group's e-mail address; v8 has null for groups without one.
	Name      *string `json:"name"`
	ManagedBy string  `json:"managedBy"`
	Site      string  `json:"site"`
	// Type is Office365, Security, Distribution or DynamicDistribution.
	Type string `json:"type"`
	// LocationType is Cloud, OnPremises or Hybrid.
	LocationType  string  `json:"locationType"`
	OnPremisesSID *string `json:"onPremisesSid"` // v7 and later
	EntraID       string  `json:"msid"`          // v8
}

// DynamicDistribution is the type of a group whose members VB365 cannot tell.
const DynamicDistribution = "DynamicDistribution"

// Site is a SharePoint site of an organization.
type Site struct {
	// ID is the site collection's GUID followed by the web's.
	ID         string `json:"id"`
	URL        string `json:"url"`
	ParentURL  string `json:"parentUrl"`
	Name       string `json:"name"`
	Title      string `json:"title"`
	IsCloud    bool   `json:"isCloud"`
	IsPersonal bool   `json:"isPersonal"`
}

// Team is a Microsoft Teams team of an organization.
type Team struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Description string `json:"description"`
	Mail        string `json:"mail"`
}

const onPremises = "OnPremises"

// Object is what a role can name: a user, group, site or team.
type Object interface {
	User | Group | Site | Team
	// ObjectID is VB365's id of the object.
	ObjectID() string
	// Label names the object for people.
	Label() string
	// OnlyOnPremises tells that the object does not exist in Microsoft 365.
	OnlyOnPremises() bool
	// Entry returns the object as an entry of a role.
	Entry() Entry
}

// ObjectID implements [Object].
func (u User) ObjectID() string { return u.ID }

// ObjectID implements [Object].
func (g Group) ObjectID() string { return g.ID }

// ObjectID implements [Object].
func (s Site) ObjectID() string { return s.ID }

// ObjectID implements [Object].
func (t Team) ObjectID() string { return t.ID }

// OnlyOnPremises implements [Object].
func (u User) OnlyOnPremises() bool { return u.LocationType == onPremises }

// OnlyOnPremises implements [Object].
func (g Group) OnlyOnPremises() bool { return g.LocationType == onPremises }

// OnlyOnPremises implements [Object].
func (s Site) OnlyOnPremises() bool { return !s.IsCloud }

// OnlyOnPremises implements [Object]: teams exist in the cloud only.
func (t Team) OnlyOnPremises() bool { return false }

// Label implements [Object].
func (u User) Label() string { return label(u.DisplayName, u.Name) }

// Label implements [Object].
func (g Group) Label() string { return label(g.DisplayName, deref(g.Name)) }

// Label implements [Object].
func (s Site) Label() string { return label(s.Title, s.URL) }

// Label implements [Object].
func (t Team) Label() string { return label(t.DisplayName, t.Mail) }

func label(display, address string) string {
	if address == "" || address == display {
		return fmt.Sprintf("%q", display)
	}
	return fmt.Sprintf("%q (%s)", display, address)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// EntraObjectID returns the Entra object id of a user or group: v8 tells it, and
// in all versions VB365's id begins with it.
func EntraObjectID(id, told string) string {
	if told != "" {
		return told
	}
	if len(id) == 2*guidLength {
		return id[:guidLength]
	}
	return ""
}

const (
	guidLength = 36
	zeroGUID   = "00000000-0000-0000-0000-000000000000"
)

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// IsGUID tells whether s is a GUID of 36 characters.
func IsGUID(s string) bool { return guidPattern.MatchString(s) }

// IsDoubleGUID tells whether s is two GUIDs without a separator, as the ids of
// users, groups and sites are.
func IsDoubleGUID(s string) bool {
	return len(s) == 2*guidLength && IsGUID(s[:guidLength]) && IsGUID(s[guidLength:])
}

// SameObject tells whether two ids mean the same user or group. VB365's ids are
// an Entra object id followed by an on-premises id; an Entra object id alone
// means the same object, and letter case means nothing.
func SameObject(a, b string) bool {
	if len(a) != len(b) && (len(a) == guidLength || len(b) == guidLength) {
		a, b = a[:min(len(a), guidLength)], b[:min(len(b), guidLength)]
	}
	return strings.EqualFold(a, b)
}

// cloudID returns VB365's id of the cloud-only user or group with an Entra object id.
func cloudID(id string) string {
	if len(id) == guidLength {
		return id + zeroGUID
	}
	return id
}
