package vb365

import (
	"context"
	"net/http"
)

// PortalSettings are the restore portal's settings as REST shows them. REST
// shows neither the certificates nor the region, and cannot change anything.
type PortalSettings struct {
	ApplicationID string `json:"applicationId"` // all zeros when the portal was never configured
	IsEnabled     bool   `json:"isEnabled"`
	// AuthorityURI is where operators log in, such as https://login.microsoftonline.com/….
	AuthorityURI string `json:"msalAuthorityUri"`
	PortalURI    string `json:"restorePortalUri"` // v7 and later
}

// PortalSettings returns the restore portal's settings. It needs no login and
// works on hosts that serve restore operators only.
func (c *Client) PortalSettings(ctx context.Context) (PortalSettings, error) {
	return recall(ctx, c.shared, "/RestorePortalSettings", func(ctx context.Context) (PortalSettings, error) {
		versions := Versions()
		if c.cfg.APIVersion != 0 {
			versions = []Version{c.cfg.APIVersion}
		}
		return c.portalSettings(ctx, versions)
	})
}

// portalSettings asks the first of the versions that is served.
func (c *Client) portalSettings(ctx context.Context, versions []Version) (PortalSettings, error) {
	var settings PortalSettings
	for _, v := range versions {
		resp, err := c.send(ctx, request{
			method: http.MethodGet, version: v, path: "/RestorePortalSettings", anonymous: true,
		})
		if err != nil {
			return settings, err
		}
		if resp.status == http.StatusNotFound {
			continue
		}
		if err := resp.err(); err != nil {
			return settings, err
		}
		err = c.decode(resp, &settings)
		return settings, err
	}
	return settings, &EndpointError{
		Endpoint: c.Endpoint(), Reason: NotVB365, Detail: "it answers 404 for " + versionList(versions),
	}
}
