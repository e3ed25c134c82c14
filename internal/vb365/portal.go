package vb365

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	portalPath = "/RestorePortalSettings"
	// portalInterval is how long to wait between two looks at settings that are
	// to change.
	portalInterval = time.Second
)

// PortalSettings are the restore portal's settings as REST shows them. REST
// shows neither the certificates nor the region, and cannot change anything.
type PortalSettings struct {
	ApplicationID string `json:"applicationId"` // all zeros when the portal was never configured
	IsEnabled     bool   `json:"isEnabled"`
	// AuthorityURI is where operators log in, such as https://login.microsoftonline.com/….
	AuthorityURI string `json:"msalAuthorityUri"`
	PortalURI    string `json:"restorePortalUri"` // see TellsPortalURI
	// TellsPortalURI is false where an empty PortalURI means nothing: v6 never
	// shows it, and a portal that is off may not.
	TellsPortalURI bool `json:"-"`
}

// PortalSettings returns the restore portal's settings. It needs no login and
// works on hosts that serve restore operators only.
func (c *Client) PortalSettings(ctx context.Context) (PortalSettings, error) {
	return recall(ctx, c.shared, portalPath, func(ctx context.Context) (PortalSettings, error) {
		versions := Versions()
		if c.cfg.APIVersion != 0 {
			versions = []Version{c.cfg.APIVersion}
		}
		return c.portalSettings(ctx, versions)
	})
}

// RefreshPortalSettings is like [Client.PortalSettings], but asks anew.
func (c *Client) RefreshPortalSettings(ctx context.Context) (PortalSettings, error) {
	c.shared.forget(portalPath)
	return c.PortalSettings(ctx)
}

// AwaitPortalSettings asks again and again, as the service may restart after a
// change, until the settings are as wanted or the context ends. The next request
// that needs a login logs in again, for a restarted service may have forgotten.
//
// When the context ends first, it returns the last answer, or the error if there
// was none.
func (c *Client) AwaitPortalSettings(ctx context.Context, wanted func(PortalSettings) bool) (PortalSettings, error) {
	defer c.session.end()
	for {
		settings, err := c.RefreshPortalSettings(ctx)
		if _, untrusted := errors.AsType[*CertificateError](err); untrusted || err == nil && wanted(settings) {
			return settings, err
		}
		select {
		case <-ctx.Done():
			return settings, err
		case <-time.After(portalInterval):
		}
	}
}

// portalSettings asks the first of the versions that is served.
func (c *Client) portalSettings(ctx context.Context, versions []Version) (PortalSettings, error) {
	var settings PortalSettings
	for _, v := range versions {
		resp, err := c.send(ctx, request{
			method: http.MethodGet, version: v, path: portalPath, anonymous: true,
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
		settings.TellsPortalURI = v >= V7 && (settings.IsEnabled || settings.PortalURI != "")
		return settings, err
	}
	return settings, &EndpointError{
		Endpoint: c.Endpoint(), Reason: NotVB365, Detail: "it answers 404 for " + versionList(versions),
	}
}
