package simulator

import (
	"net/http"
	"strings"
	"time"
)

// getOrganizations answers GET /Organizations: an array up to v7, pages from v8
// on.
func (f *restFace) getOrganizations(x *exchange) (reply, error) {
	extended, err := x.extendedView()
	if err != nil {
		return reply{}, err
	}

	tenantID := x.param("msid")
	if tenantID != "" && !isGUID(tenantID) {
		return reply{}, invalid("The value %q is not valid for msid.", tenantID)
	}

	backedUpID := x.param("backedUpOrganizationId")

	var found []Organization

	f.state.read(func(t *tables) {
		for _, candidate := range t.tenants {
			if tenantID != "" && !sameID(candidate.TenantID, tenantID) {
				continue
			}

			if backedUpID != "" && candidate.BackedUpOrganizationID != backedUpID {
				continue
			}

			found = append(found, candidate.clone())
		}
	})

	offline, isOffline := first(found, func(o Organization) bool { return o.ProxyOffline })
	if extended && isOffline {
		return reply{}, proxyOffline(offline)
	}

	if x.version >= v8 {
		return f.organizationPage(x, found, extended)
	}

	found = shuffled(x, found, func(o Organization) string { return o.ID })

	return reply{status: http.StatusOK, body: x.organizations(found, extended)}, nil
}

func (f *restFace) organizationPage(x *exchange, found []Organization, extended bool) (reply, error) {
	asked, err := x.window()
	if err != nil {
		return reply{}, err
	}

	f.rules.checkPage(x, "", asked, len(found))

	return x.page("/organizations", asked, len(found), "", x.organizations(cut(found, asked), extended)), nil
}

// getOrganization answers GET /Organizations/{organizationId}.
func (f *restFace) getOrganization(x *exchange) (reply, error) {
	extended, err := x.extendedView()
	if err != nil {
		return reply{}, err
	}

	organization, err := f.organization(x)
	if err != nil {
		return reply{}, err
	}

	if extended && organization.ProxyOffline {
		return reply{}, proxyOffline(organization)
	}

	return reply{status: http.StatusOK, body: x.organization(organization, extended)}, nil
}

// organization finds the organization that the path names.
func (f *restFace) organization(x *exchange) (Organization, error) {
	id, err := x.guidParam("organizationId")
	if err != nil {
		return Organization{}, err
	}

	var (
		found Organization
		known bool
	)

	f.state.read(func(t *tables) {
		if owner, exists := t.tenant(id); exists {
			found, known = owner.clone(), true
		}
	})

	if !known {
		return Organization{}, notFound("organization", id)
	}

	return found, nil
}

// extendedView reads the parameter, whose default changed with v7.
func (x *exchange) extendedView() (bool, error) {
	return x.flag("extendedView", x.version == v6)
}

func proxyOffline(organization Organization) *refusal {
	return &refusal{
		status:  http.StatusInternalServerError,
		code:    codeProxyOffline,
		message: "The backup proxy of the organization " + organization.Name + " is offline.",
	}
}

func (x *exchange) organizations(organizations []Organization, extended bool) []*object {
	return transform(organizations, func(o Organization) *object { return x.organization(o, extended) })
}

// organization renders an organization. Parts that its type lacks are left out.
func (x *exchange) organization(o Organization, extended bool) *object {
	body := x.object()
	body.set("type", o.Type)

	if o.Type != OnPremises {
		body.set("region", o.Region)
	}

	body.set("id", o.ID)
	body.set("name", o.Name)
	body.set("officeName", o.OfficeName)

	if x.version >= v7 {
		body.set("description", o.Description)
	}

	if x.version >= v8 {
		body.nullable("msid", o.TenantID)
		body.nullable("backedUpOrganizationId", o.BackedUpOrganizationID)
	}

	if o.Type != OnPremises {
		x.cloudServices(body, o)
	}

	if o.Type != Office365 {
		x.onPremisesServices(body, o)
	}

	if extended {
		body.set("isBackedup", o.BackedUp)
		body.nullable("firstBackuptime", timestamp(o.FirstBackup))
		body.nullable("lastBackuptime", timestamp(o.LastBackup))
	}

	path := "/organizations/" + o.ID
	l := x.link(nil, "self", "%s", path)

	for _, name := range []string{"groups", "users", "sites", "rbacRoles"} {
		l = x.link(l, name, "%s/%s", path, name)
	}

	body.set("_links", l.object())
	body.set("_actions", &object{})

	return body
}

func (x *exchange) cloudServices(body *object, o Organization) {
	body.set("isExchangeOnline", o.ExchangeOnline != nil)
	body.set("isSharePointOnline", o.SharePointOnline != nil)
	body.set("isTeamsOnline", o.TeamsOnline)
	body.set("isTeamsChatsOnline", o.TeamsChatsOnline)

	if o.ExchangeOnline != nil {
		body.set("exchangeOnlineSettings", x.connection(*o.ExchangeOnline, false))
	}

	if o.SharePointOnline != nil {
		body.set("sharePointOnlineSettings", x.connection(*o.SharePointOnline, true))
	}
}

// connection renders the settings of a Microsoft 365 service. Secrets are never
// part of an answer.
func (x *exchange) connection(s ConnectionSettings, sharePoint bool) *object {
	body := x.object()
	body.set("useApplicationOnlyAuth", s.ApplicationOnly)
	body.set("officeOrganizationName", s.OfficeOrganizationName)

	if sharePoint {
		body.set("sharePointSaveAllWebParts", false)
	}

	if s.ApplicationOnly {
		body.nullable("applicationId", s.ApplicationID)
		body.optional("applicationCertificateThumbprint", s.CertificateThumbprint)

		return body
	}

	body.set("account", s.Account)
	body.set("grantAdminAccess", true)
	body.set("useMfa", false)
	body.set("useCustomVeeamAADApplication", true)

	return body
}

func (x *exchange) onPremisesServices(body *object, o Organization) {
	body.set("isExchange", o.ExchangeServer != nil)

	if o.ExchangeServer != nil {
		body.set("exchangeSettings", x.onPremises(*o.ExchangeServer,
			"skipRevocationcheck", "grantImpersonation", "configureThrottlingpolicy"))
	}

	body.set("isSharepoint", o.SharePointServer != nil)

	if o.SharePointServer != nil {
		body.set("sharepointSettings", x.onPremises(*o.SharePointServer,
			"skipRevocationcheck", "grantAccesstositecollections"))
	}
}

func (x *exchange) onPremises(s OnPremisesSettings, flags ...string) *object {
	body := x.object()
	body.set("serverName", s.ServerName)
	body.set("username", s.Username)
	body.set("useSSL", true)
	body.set("skipCAverification", false)
	body.set("skipCommonnameverification", false)

	for _, flag := range flags {
		body.set(flag, false)
	}

	return body
}

// timestamp writes a time the way that the server does, and nothing for the
// zero time.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}

	return strings.Replace(t.UTC().Format(time.RFC3339), "Z", "+00:00", 1)
}
