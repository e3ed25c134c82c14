package simulator

import "slices"

// UserType is the kind of a user's mailbox, in the words of the directory. A
// role's entries say SharedMailbox and PublicMailbox instead.
type UserType string

// The kinds of users.
const (
	UserMailbox   UserType = "User"
	SharedMailbox UserType = "Shared"
	PublicMailbox UserType = "Public"
)

// GroupType is the kind of a group.
type GroupType string

// The kinds of groups.
const (
	Office365Group           GroupType = "Office365"
	SecurityGroup            GroupType = "Security"
	DistributionGroup        GroupType = "Distribution"
	DynamicDistributionGroup GroupType = "DynamicDistribution"
)

// LocationType says where a user or group lives.
type LocationType string

// The locations. InHybrid is an object that is synchronized between the two.
const (
	InCloud      LocationType = "Cloud"
	InOnPremises LocationType = "OnPremises"
	InHybrid     LocationType = "Hybrid"
)

// User is a user of an organization.
type User struct {
	// ID is ObjectID and OnPremisesID in one, 72 characters.
	ID string `json:"id,omitempty"`
	// ObjectID is the user's id in Microsoft Entra, 36 characters.
	ObjectID string `json:"objectId,omitempty"`
	// OnPremisesID is all zeros for a user that exists in the cloud alone.
	OnPremisesID string `json:"onPremisesId,omitempty"`
	DisplayName  string `json:"displayName"`
	// Name is the user principal name or e-mail address.
	Name          string       `json:"name"`
	Type          UserType     `json:"type,omitempty"`
	LocationType  LocationType `json:"locationType,omitempty"`
	OnPremisesSID string       `json:"onPremisesSid,omitempty"`
	Office        string       `json:"office,omitempty"`
	Licenses      []License    `json:"licenses,omitempty"`
	DataLocation  string       `json:"dataLocation,omitempty"`
	// ETag grows with every change; it is set by the simulator.
	ETag int64 `json:"eTag,omitempty"`
	// Unsynced is a user whom the organization's local cache does not hold yet.
	Unsynced bool `json:"unsynced,omitempty"`
}

// License is a service plan that a user has.
type License struct {
	SKUID         string `json:"skuId"`
	SKUPartNumber string `json:"skuPartNumber"`
	// DetectedSKUType is "Other" or "Education".
	DetectedSKUType string `json:"detectedSkuType"`
}

// Group is a group of an organization.
type Group struct {
	// ID is ObjectID and OnPremisesID in one, 72 characters.
	ID           string `json:"id,omitempty"`
	ObjectID     string `json:"objectId,omitempty"`
	OnPremisesID string `json:"onPremisesId,omitempty"`
	DisplayName  string `json:"displayName"`
	// Name is the group's e-mail address; a security group may have none.
	Name      string `json:"name,omitempty"`
	ManagedBy string `json:"managedBy,omitempty"`
	// Site is the URL of the group's site.
	Site          string       `json:"site,omitempty"`
	Type          GroupType    `json:"type,omitempty"`
	LocationType  LocationType `json:"locationType,omitempty"`
	OnPremisesSID string       `json:"onPremisesSid,omitempty"`
	// MemberIDs are the ids of users and groups of the same organization.
	MemberIDs    []string `json:"memberIds,omitempty"`
	DataLocation string   `json:"dataLocation,omitempty"`
	ETag         int64    `json:"eTag,omitempty"`
	Unsynced     bool     `json:"unsynced,omitempty"`
}

// Site is a SharePoint site of an organization.
type Site struct {
	// ID is SiteID and WebID in one, 72 characters.
	ID     string `json:"id,omitempty"`
	SiteID string `json:"siteId,omitempty"`
	WebID  string `json:"webId,omitempty"`
	URL    string `json:"url"`
	// ParentURL is the URL of the site above, empty for a top-level site.
	ParentURL string `json:"parentUrl,omitempty"`
	Name      string `json:"name,omitempty"`
	Title     string `json:"title"`
	// OnPremises is a site that is not in the cloud.
	OnPremises bool `json:"onPremises,omitempty"`
	Personal   bool `json:"personal,omitempty"`
	// Search is a search center, which v8 lists on request only.
	Search              bool   `json:"search,omitempty"`
	Unavailable         bool   `json:"unavailable,omitempty"`
	SiteCollectionError string `json:"siteCollectionError,omitempty"`
	DataLocation        string `json:"dataLocation,omitempty"`
	ETag                int64  `json:"eTag,omitempty"`
	Unsynced            bool   `json:"unsynced,omitempty"`
}

// Team is a Microsoft Teams team of an organization.
type Team struct {
	// ID is the team's id in Microsoft Entra too.
	ID           string `json:"id,omitempty"`
	DisplayName  string `json:"displayName"`
	Description  string `json:"description,omitempty"`
	Mail         string `json:"mail"`
	DataLocation string `json:"dataLocation,omitempty"`
	ETag         int64  `json:"eTag,omitempty"`
	Unsynced     bool   `json:"unsynced,omitempty"`
}

func (u User) withDefaults() User {
	setDefault(&u.LocationType, InCloud)
	setDefault(&u.Type, UserMailbox)
	u.ID, u.ObjectID, u.OnPremisesID = pairIDs(u.ID, u.ObjectID, u.OnPremisesID, u.LocationType)

	return u
}

func (u User) clone() User {
	u.Licenses = slices.Clone(u.Licenses)

	return u
}

func (g Group) withDefaults() Group {
	setDefault(&g.LocationType, InCloud)
	setDefault(&g.Type, SecurityGroup)
	g.ID, g.ObjectID, g.OnPremisesID = pairIDs(g.ID, g.ObjectID, g.OnPremisesID, g.LocationType)

	return g
}

func (g Group) clone() Group {
	g.MemberIDs = slices.Clone(g.MemberIDs)

	return g
}

func (s Site) withDefaults() Site {
	s.ID, s.SiteID, s.WebID = pairIDs(s.ID, s.SiteID, s.WebID, InHybrid)
	setDefault(&s.Name, s.Title)

	return s
}

func (t Team) withDefaults() Team {
	setDefault(&t.ID, newGUID())

	return t
}

// pairIDs completes an id that consists of two GUIDs without a separator. A
// half that the location rules out is all zeros.
func pairIDs(id, first, second string, location LocationType) (pair, firstHalf, secondHalf string) {
	if len(id) == 2*len(zeroGUID) {
		return id, id[:len(zeroGUID)], id[len(zeroGUID):]
	}

	if location == InOnPremises {
		setDefault(&first, zeroGUID)
	}

	if location == InCloud {
		setDefault(&second, zeroGUID)
	}

	setDefault(&first, newGUID())
	setDefault(&second, newGUID())

	return first + second, first, second
}
