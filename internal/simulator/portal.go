package simulator

import (
	"net/http"
	"time"
)

// PortalSettings are the settings of the restore portal. The zero value is a
// portal that was never configured.
type PortalSettings struct {
	Enabled bool `json:"enabled"`
	// ApplicationID is the id of the Microsoft Entra application.
	ApplicationID string `json:"applicationId"`
	// URI is the portal's address; v6 does not show it.
	URI string `json:"portalUri"`
	// Region decides the authority. The REST service does not show it.
	Region Region `json:"region"`
	// AuthorityURI overrides the authority of the region.
	AuthorityURI string `json:"authorityUri,omitempty"`
	// Certificate is the portal's, which the REST service does not show either.
	Certificate Certificate `json:"certificate,omitzero"`
}

// Certificate is what the server remembers of a certificate. The zero value is
// none.
type Certificate struct {
	// Thumbprint is the SHA-1 sum in upper-case hexadecimal digits.
	Thumbprint string    `json:"thumbprint"`
	IssuedTo   string    `json:"issuedTo"`
	IssuedBy   string    `json:"issuedBy"`
	Expires    time.Time `json:"expires"`
}

// ServiceSettings are settings of the REST service that the REST service itself
// does not show.
type ServiceSettings struct {
	// Disabled turns the REST service off in the settings. It goes on answering,
	// for a server that does not cannot be tested.
	Disabled    bool        `json:"disabled"`
	SwaggerUI   bool        `json:"swaggerUI"`
	Certificate Certificate `json:"certificate,omitzero"`

	OperatorAuthentication AuthenticationSettings `json:"operatorAuthentication"`
	TenantAuthentication   AuthenticationSettings `json:"tenantAuthentication"`
}

// AuthenticationSettings are the settings of a way to log in to the REST service.
type AuthenticationSettings struct {
	Enabled     bool        `json:"enabled"`
	Certificate Certificate `json:"certificate,omitzero"`
}

// authority is where operators of the portal log in.
func (p PortalSettings) authority() string {
	switch {
	case p.AuthorityURI != "":
		return p.AuthorityURI
	case p.ApplicationID == "":
		return ""
	}

	switch p.Region {
	case China:
		return "https://login.partner.microsoftonline.cn/organizations"
	case USGovernment, USDefence:
		return "https://login.microsoftonline.us/organizations"
	case Worldwide, Germany:
	}

	return "https://login.microsoftonline.com/organizations"
}

// getPortalSettings answers GET /RestorePortalSettings, for everybody.
func (f *restFace) getPortalSettings(x *exchange) (reply, error) {
	var settings PortalSettings

	f.state.read(func(t *tables) { settings = t.portal })

	body := x.object()

	if settings.ApplicationID == "" {
		body.set("applicationId", zeroGUID)
	} else {
		body.set("applicationId", settings.ApplicationID)
	}

	authority, uri := settings.authority(), settings.URI
	if x.knobs.HideAuthorityWhileOff && !settings.Enabled {
		authority = ""
	}
	if x.knobs.HideURIWhileOff && !settings.Enabled {
		uri = ""
	}
	if x.version >= v7 || x.knobs.AuthorityInV6 {
		body.text("msalAuthorityUri", authority)
	}
	if x.version >= v7 {
		body.text("restorePortalUri", uri)
	}

	body.set("isEnabled", settings.Enabled)

	return reply{status: http.StatusOK, body: body}, nil
}
