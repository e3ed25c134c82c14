package vb365

import (
	"context"
	"net/url"
	"strings"
)

// Kinds of organization.
const (
	Office365   = "Office365"
	Hybrid      = "Hybrid"
	OnPremises  = "OnPremises"
	RegionChina = "China"
)

// Organization is a Microsoft organization that the server protects.
type Organization struct {
	// ID is VB365's id of the organization, not the Entra tenant id.
	ID          string `json:"id"`
	Name        string `json:"name"`
	OfficeName  string `json:"officeName"`
	Description string `json:"description"` // v7 and later
	// Type is Office365, Hybrid or OnPremises.
	Type string `json:"type"`
	// Region is Worldwide, Germany, China, USDefence or USGovernment; empty on-premises.
	Region string `json:"region"`
	// TenantID is the Entra tenant's id; only v8 tells it.
	TenantID string `json:"msid"`

	IsExchangeOnline   *bool               `json:"isExchangeOnline"`
	IsSharePointOnline *bool               `json:"isSharePointOnline"`
	Exchange           *ConnectionSettings `json:"exchangeOnlineSettings"`
	SharePoint         *ConnectionSettings `json:"sharePointOnlineSettings"`
}

// ConnectionSettings says how VB365 connects to a Microsoft 365 service.
type ConnectionSettings struct {
	UseApplicationOnlyAuth *bool `json:"useApplicationOnlyAuth"`
}

// ModernAppOnly tells whether all connections of the organization use modern
// app-only authentication, which restore operator roles require.
func (o Organization) ModernAppOnly() bool {
	if o.Type != Office365 && o.Type != Hybrid {
		return false
	}
	services := 0
	for _, service := range []struct {
		enabled  *bool
		settings *ConnectionSettings
	}{{o.IsExchangeOnline, o.Exchange}, {o.IsSharePointOnline, o.SharePoint}} {
		if service.settings == nil || (service.enabled != nil && !*service.enabled) {
			continue
		}
		if a := service.settings.UseApplicationOnlyAuth; a == nil || !*a {
			return false
		}
		services++
	}
	return services > 0
}

// Named tells whether name is the organization's name or its Microsoft 365 name, in any case.
func (o Organization) Named(name string) bool {
	return strings.EqualFold(o.Name, name) || strings.EqualFold(o.OfficeName, name)
}

// Organizations returns all organizations.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	return recall(ctx, c.shared, "/Organizations", func(ctx context.Context) ([]Organization, error) {
		version, err := c.Version(ctx)
		if err != nil {
			return nil, err
		}
		// The extended view asks the proxies, which takes long and fails when one is offline.
		query := url.Values{"extendedView": {"false"}}
		if version < V8 {
			return fetch[[]Organization](ctx, c, request{path: "/Organizations", query: query, slow: true})
		}
		pages := &listing[Organization]{client: c, path: "/Organizations", query: query, key: func(o Organization) string { return o.ID }}
		return pages.all(ctx)
	})
}

// Organization returns the organization with VB365's id, or nil where there is none.
func (c *Client) Organization(ctx context.Context, id string) (*Organization, error) {
	all, err := c.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if strings.EqualFold(all[i].ID, id) {
			return &all[i], nil
		}
	}
	return nil, nil //nolint:nilnil // the absence is an answer, not an error
}
