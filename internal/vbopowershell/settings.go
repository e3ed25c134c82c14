package vbopowershell

import (
	"encoding/json"
	"fmt"
	"time"
)

// Settings are the server's settings that the restore portal depends on, as
// PowerShell shows them.
type Settings struct {
	// RESTAPI are the settings of the REST service, which also serves the portal.
	RESTAPI RESTAPI `json:"restApi"`
	// OperatorAuthentication lets restore operators log in. The portal needs it.
	OperatorAuthentication Authentication `json:"operatorAuthentication"`
	// TenantAuthentication lets the organizations' own administrators log in.
	TenantAuthentication Authentication `json:"tenantAuthentication"`
	// RestorePortal are the settings of the portal itself.
	RestorePortal RestorePortal `json:"restorePortal"`

	// text is what the server wrote, by which it recognizes these settings.
	text string
}

// RESTAPI are the settings of the REST service.
type RESTAPI struct {
	Enabled bool `json:"enabled"`
	// HTTPSPort is the TCP port, 4443 unless it was changed.
	HTTPSPort   int         `json:"httpsPort"`
	Certificate Certificate `json:"certificate"`
}

// Authentication are the settings of a way to log in to the REST service.
type Authentication struct {
	Enabled     bool        `json:"enabled"`
	Certificate Certificate `json:"certificate"`
}

// RestorePortal are the settings of the restore portal.
type RestorePortal struct {
	Enabled bool `json:"enabled"`
	// ApplicationID is the id of the portal's Entra application; all zeros if the
	// portal was never set up.
	ApplicationID string `json:"applicationId"`
	// PortalURI is the portal's web address.
	PortalURI string `json:"portalUri"`
	// Region is Worldwide, USGovernment, USDefence, China or Germany.
	Region      string      `json:"region"`
	Certificate Certificate `json:"certificate"`
}

// Certificate is what the server tells of a certificate. It is empty where there
// is none.
type Certificate struct {
	// Thumbprint is the SHA-1 hash in upper-case hexadecimal, by which Windows
	// and Entra name certificates.
	Thumbprint string `json:"thumbprint"`
	IssuedTo   string `json:"issuedTo"`
	IssuedBy   string `json:"issuedBy"`
	// Expires is the end of its validity; zero if the server does not tell.
	Expires time.Time `json:"-"`
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Certificate) UnmarshalJSON(data []byte) error {
	type plain Certificate
	text := struct {
		*plain

		Expires string `json:"expires"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	if text.Expires == "" {
		return nil
	}
	expires, err := time.Parse(time.RFC3339, text.Expires)
	if err != nil {
		return fmt.Errorf("expiry of the certificate: %w", err)
	}
	c.Expires = expires
	return nil
}

func parseSettings(text string) (Settings, error) {
	settings := Settings{text: text}
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return Settings{}, fmt.Errorf("the settings cannot be read: %w", err)
	}
	return settings, nil
}
