package vb365

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// DataSource says where the server takes users, groups, sites and teams from; v6 has no choice.
type DataSource string

// Sources of directory data.
const (
	// PreferLocal is the server's default: its cache of the organization.
	PreferLocal DataSource = "PreferLocal"
	// Production is Microsoft 365 itself: slow, and throttled by Microsoft.
	Production DataSource = "Production"
)

// UserFilter narrows a listing of users. Empty fields do not narrow.
type UserFilter struct {
	DisplayName string // may hold the wildcards * and ?
	Name        string // an e-mail address
	// LocationType is used for hybrid organizations: Cloud, OnPremises, Hybrid, CloudOrHybrid, OnPremisesOrHybrid, Any.
	LocationType string
	DataSource   DataSource
}

// GroupFilter narrows a listing of groups. Empty fields do not narrow.
type GroupFilter struct {
	DisplayName  string // may hold the wildcards * and ?
	Name         string
	LocationType string
	DataSource   DataSource
}

// SiteFilter narrows a listing of sites. Empty fields do not narrow.
type SiteFilter struct {
	Keyword              string // v7 and later
	ParentID             string // a site's id for its subsites, "root" for top-level sites
	IncludePersonalSites bool
	LocationType         string
	DataSource           DataSource
}

// TeamFilter narrows a listing of teams. Empty fields do not narrow.
type TeamFilter struct {
	DisplayName string // may hold the wildcards * and ?
	DataSource  DataSource
}

// Users lists users of an organization.
func (c *Client) Users(ctx context.Context, orgID string, f UserFilter) ([]User, error) {
	return list[User](ctx, c, orgID, "Users", map[string]string{
		"displayName": f.DisplayName, "userName": f.Name, "locationFilter": f.LocationType,
		"dataSource": string(f.DataSource),
	})
}

// Groups lists groups of an organization.
func (c *Client) Groups(ctx context.Context, orgID string, f GroupFilter) ([]Group, error) {
	return list[Group](ctx, c, orgID, "Groups", map[string]string{
		"displayName": f.DisplayName, "groupName": f.Name, "locationFilter": f.LocationType,
		"dataSource": string(f.DataSource),
	})
}

// Sites lists sites of an organization.
func (c *Client) Sites(ctx context.Context, orgID string, f SiteFilter) ([]Site, error) {
	return list[Site](ctx, c, orgID, "Sites", f.params())
}

func (f SiteFilter) params() map[string]string {
	params := map[string]string{
		"filter": f.Keyword, "parentId": f.ParentID, "locationFilter": f.LocationType,
		"dataSource": string(f.DataSource),
	}
	if f.IncludePersonalSites {
		params["includePersonalSites"] = "true"
	}
	return params
}

// Teams lists teams of an organization.
func (c *Client) Teams(ctx context.Context, orgID string, f TeamFilter) ([]Team, error) {
	return list[Team](ctx, c, orgID, "Teams", map[string]string{
		"displayName": f.DisplayName, "dataSource": string(f.DataSource),
	})
}

// sinceV7 are the parameters that v6 does not know.
var sinceV7 = []string{"dataSource", "filter"}

func list[T Object](ctx context.Context, c *Client, orgID, kind string, params map[string]string) ([]T, error) {
	pages, err := listingOf[T](ctx, c, orgID, kind, params)
	if err != nil {
		return nil, err
	}
	return recall(ctx, c.shared, "all of "+pages.path+"?"+pages.query.Encode(), pages.all)
}

// listingOf returns the one listing of an organization's objects for these parameters.
func listingOf[T Object](
	ctx context.Context, c *Client, orgID, kind string, params map[string]string,
) (*listing[T], error) {
	version, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	for name, value := range params {
		if value != "" {
			query.Set(name, value)
		}
	}
	if version < V7 {
		for _, name := range sinceV7 {
			query.Del(name)
		}
	}
	path := "/Organizations/" + segment(orgID) + "/" + kind
	return recall(ctx, c.shared, path+"?"+query.Encode(), func(context.Context) (*listing[T], error) {
		return &listing[T]{client: c, path: path, query: query, key: T.ObjectID}, nil
	})
}

// lookUp asks for one object by VB365's id or, for users and groups, by Entra
// object id. The bool tells whether it is there.
func lookUp[T Object](ctx context.Context, c *Client, orgID, kind, id string, from DataSource) (T, bool, error) {
	var query url.Values
	if from != "" {
		query = url.Values{"dataSource": {string(from)}}
	}
	if kind == "Users" || kind == "Groups" {
		id = cloudID(id)
	}
	object, err := fetch[T](ctx, c, request{
		path:  "/Organizations/" + segment(orgID) + "/" + kind + "/" + segment(strings.ToLower(id)),
		query: query,
	})
	if errors.Is(err, ErrNotFound) {
		return object, false, nil
	}
	return object, err == nil, err
}
