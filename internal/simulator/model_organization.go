package simulator

import "time"

// OrganizationType is the deployment type of an organization.
type OrganizationType string

// The deployment types.
const (
	Office365  OrganizationType = "Office365"
	Hybrid     OrganizationType = "Hybrid"
	OnPremises OrganizationType = "OnPremises"
)

// Region is the Microsoft cloud that an organization lives in.
type Region string

// The regions.
const (
	Worldwide    Region = "Worldwide"
	Germany      Region = "Germany"
	China        Region = "China"
	USDefence    Region = "USDefence"
	USGovernment Region = "USGovernment"
)

// Organization is a tenant that the server protects.
type Organization struct {
	// ID is the id that VB365 gave the organization, not the tenant's.
	ID string `json:"id,omitempty"`
	// Name is, for example, "contoso.onmicrosoft.com".
	Name string `json:"name"`
	// OfficeName is Name when empty.
	OfficeName  string           `json:"officeName,omitempty"`
	Description string           `json:"description,omitempty"`
	Type        OrganizationType `json:"type,omitempty"`
	Region      Region           `json:"region,omitempty"`
	// TenantID is the id of the Microsoft Entra tenant.
	TenantID               string `json:"tenantId,omitempty"`
	BackedUpOrganizationID string `json:"backedUpOrganizationId,omitempty"`

	// ExchangeOnline and SharePointOnline are nil where the service is off. If
	// both are nil on [Server.AddOrganization], both are switched on with modern
	// app-only authentication.
	ExchangeOnline   *ConnectionSettings `json:"exchangeOnline,omitempty"`
	SharePointOnline *ConnectionSettings `json:"sharePointOnline,omitempty"`
	TeamsOnline      bool                `json:"teamsOnline,omitempty"`
	TeamsChatsOnline bool                `json:"teamsChatsOnline,omitempty"`

	// ExchangeServer and SharePointServer are the on-premises services, nil
	// where they are off.
	ExchangeServer   *OnPremisesSettings `json:"exchangeServer,omitempty"`
	SharePointServer *OnPremisesSettings `json:"sharePointServer,omitempty"`

	BackedUp    bool      `json:"backedUp,omitempty"`
	FirstBackup time.Time `json:"firstBackup,omitzero"`
	LastBackup  time.Time `json:"lastBackup,omitzero"`

	// ProxyOffline makes every extended view of the organization fail.
	ProxyOffline bool `json:"proxyOffline,omitempty"`
}

// ConnectionSettings say how the server reaches a Microsoft 365 service.
type ConnectionSettings struct {
	// ApplicationOnly is modern app-only authentication, which restore operator
	// roles need.
	ApplicationOnly        bool   `json:"applicationOnly"`
	OfficeOrganizationName string `json:"officeOrganizationName,omitempty"`
	ApplicationID          string `json:"applicationId,omitempty"`
	CertificateThumbprint  string `json:"certificateThumbprint,omitempty"`
	// Account is the user of legacy and basic authentication.
	Account string `json:"account,omitempty"`
}

// OnPremisesSettings say how the server reaches an on-premises service.
type OnPremisesSettings struct {
	ServerName string `json:"serverName"`
	Username   string `json:"username,omitempty"`
}

// modernAppOnly tells whether every Microsoft 365 service of the organization
// is reached with modern app-only authentication, and there is one.
func (o Organization) modernAppOnly() bool {
	if o.Type != Office365 && o.Type != Hybrid {
		return false
	}

	services := 0

	for _, settings := range []*ConnectionSettings{o.ExchangeOnline, o.SharePointOnline} {
		if settings == nil {
			continue
		}

		if !settings.ApplicationOnly {
			return false
		}

		services++
	}

	return services > 0
}

// withDefaults fills in what the caller of AddOrganization left open.
func (o Organization) withDefaults() Organization {
	setDefault(&o.ID, newGUID())
	setDefault(&o.Type, Office365)
	setDefault(&o.Name, o.ID+".onmicrosoft.com")

	if o.Type == OnPremises {
		if o.ExchangeServer == nil && o.SharePointServer == nil {
			o.ExchangeServer = &OnPremisesSettings{ServerName: "exchange." + o.Name, Username: "backup"}
		}

		return o
	}

	setDefault(&o.Region, Worldwide)
	setDefault(&o.OfficeName, o.Name)
	setDefault(&o.TenantID, newGUID())
	setDefault(&o.BackedUpOrganizationID, o.Name+":"+zeroGUID+":"+zeroGUID)

	if o.ExchangeOnline == nil && o.SharePointOnline == nil {
		o.ExchangeOnline = &ConnectionSettings{ApplicationOnly: true}
		o.SharePointOnline = &ConnectionSettings{ApplicationOnly: true}
		o.TeamsOnline = true
	}

	o.ExchangeOnline = o.ExchangeOnline.withDefaults(o.OfficeName)
	o.SharePointOnline = o.SharePointOnline.withDefaults(o.OfficeName)

	return o
}

func (s *ConnectionSettings) withDefaults(officeName string) *ConnectionSettings {
	if s == nil {
		return nil
	}

	filled := *s
	setDefault(&filled.OfficeOrganizationName, officeName)

	if filled.ApplicationOnly {
		setDefault(&filled.ApplicationID, newGUID())
		setDefault(&filled.CertificateThumbprint, "F767D7E58C39B295A0B1C2D3E4F5061728394A5B")
	} else {
		setDefault(&filled.Account, "admin@"+officeName)
	}

	return &filled
}

// clone returns a copy that shares no memory with o.
func (o Organization) clone() Organization {
	o.ExchangeOnline = copyOf(o.ExchangeOnline)
	o.SharePointOnline = copyOf(o.SharePointOnline)
	o.ExchangeServer = copyOf(o.ExchangeServer)
	o.SharePointServer = copyOf(o.SharePointServer)

	return o
}

func copyOf[T any](original *T) *T {
	if original == nil {
		return nil
	}

	duplicate := *original

	return &duplicate
}
