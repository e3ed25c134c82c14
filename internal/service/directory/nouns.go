package directory

import (
	"context"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

const (
	objectIDText = "Entra object id."
	sidText      = "Security identifier in the on-premises directory; null for cloud objects and with API version v6."
	locationText = "`Cloud`, `OnPremises` or `Hybrid`."
	byIDText     = "VB365's id, or the Entra object id."
)

func same[T any](text func(T) string) func(T, string) bool {
	return func(of T, value string) bool { return strings.EqualFold(text(of), value) }
}

var organizations = noun[vb365.Organization]{
	one: "organization", many: "organizations",
	note: "All organizations are listed with one request, however many data sources ask.",
	properties: []property[vb365.Organization]{
		{name: "id", describes: "VB365's id of the organization.", text: func(o vb365.Organization) string { return o.ID }},
		{name: "name", describes: "Name, such as `contoso.onmicrosoft.com`.", text: func(o vb365.Organization) string { return o.Name }},
		{name: "office_name", describes: "Name in Microsoft 365.", text: func(o vb365.Organization) string { return o.OfficeName }},
		{name: "description", describes: "Description; null with API version v6.", text: func(o vb365.Organization) string { return o.Description }},
		{name: "type", describes: "`Office365`, `Hybrid` or `OnPremises`.", text: func(o vb365.Organization) string { return o.Type }},
		{
			name: "region", describes: "`Worldwide`, `Germany`, `China`, `USDefence` or `USGovernment`; null on-premises.",
			text: func(o vb365.Organization) string { return o.Region },
		},
		{name: "tenant_id", describes: "Entra tenant id; null with API versions v6 and v7.", text: func(o vb365.Organization) string { return o.TenantID }},
		{
			name:      "app_only_authentication",
			describes: "Whether all its connections use modern app-only authentication, which restore operator roles require.",
			flag:      func(o vb365.Organization) *bool { b := o.ModernAppOnly(); return &b },
		},
	},
	arguments: []argument[vb365.Organization]{
		{name: "id", describes: "VB365's id of the organization.", form: guid, matches: same(func(o vb365.Organization) string { return o.ID })},
		{name: "name", describes: "Its name or its name in Microsoft 365, in any letter case.", matches: vb365.Organization.Named},
		{
			name: "tenant_id", describes: "Entra tenant id. Needs API version v8.", form: guid, notBefore: vb365.V8,
			matches: same(func(o vb365.Organization) string { return o.TenantID }),
		},
	},
	filters: []filter{filterName},
	all: func(ctx context.Context, client *vb365.Client, _ string, f filtered) ([]vb365.Organization, error) {
		all, err := client.Organizations(ctx)
		return keep(all, f[filterName.name], func(o vb365.Organization) string { return o.Name }), err
	},
	label: func(o vb365.Organization) string { return `"` + o.Name + `"` },
	id:    func(o vb365.Organization) string { return o.ID },
}

var users = noun[vb365.User]{
	one: "user", many: "users", needsOrganization: true,
	properties: []property[vb365.User]{
		{name: "id", describes: "VB365's id of the user: Entra object id and on-premises id in one, 72 characters.", text: vb365.User.ObjectID},
		{name: "object_id", describes: objectIDText, text: func(u vb365.User) string { return vb365.EntraObjectID(u.ID, u.EntraID) }},
		{name: "display_name", describes: "Display name.", text: func(u vb365.User) string { return u.DisplayName }},
		{name: "name", describes: "User principal name or e-mail address.", text: func(u vb365.User) string { return u.Name }},
		{name: "type", describes: "`User`, `Shared` (mailbox) or `Public` (mailbox).", text: func(u vb365.User) string { return u.Type }},
		{name: "location_type", describes: locationText, text: func(u vb365.User) string { return u.LocationType }},
		{name: "office", describes: "Office; null with API version v6.", text: func(u vb365.User) string { return u.Office }},
		{name: "on_premises_sid", describes: sidText, text: func(u vb365.User) string { return u.OnPremisesSID }},
	},
	arguments: []argument[vb365.User]{
		{name: "id", describes: byIDText, form: principalID, byID: true},
		{name: "object_id", describes: objectIDText, form: guid, byID: true},
		{
			name: "name", describes: "User principal name or e-mail address, in any letter case.",
			matches: same(func(u vb365.User) string { return u.Name }),
		},
		{name: "display_name", describes: "Display name, in any letter case.", matches: same(func(u vb365.User) string { return u.DisplayName })},
	},
	filters: []filter{filterDisplayName, filterName, filterLocation, filterDataSource},
	all: func(ctx context.Context, client *vb365.Client, organizationID string, f filtered) ([]vb365.User, error) {
		all, err := client.Users(ctx, organizationID, vb365.UserFilter{
			DisplayName: f[filterDisplayName.name], Name: f[filterName.name], LocationType: f[filterLocation.name],
			DataSource: vb365.DataSource(f[filterDataSource.name]),
		})
		all = keep(all, f[filterDisplayName.name], func(u vb365.User) string { return u.DisplayName })
		return keep(all, f[filterName.name], func(u vb365.User) string { return u.Name }), err
	},
	find: func(ctx context.Context, client *vb365.Client, organizationID, id string) (vb365.User, bool, error) {
		found, err := client.FindUsers(ctx, organizationID, id)
		user, ok := found[id]
		return user, ok, err
	},
	label: vb365.User.Label, id: vb365.User.ObjectID,
}

var groups = noun[vb365.Group]{
	one: "group", many: "groups", needsOrganization: true,
	properties: []property[vb365.Group]{
		{name: "id", describes: "VB365's id of the group: Entra object id and on-premises id in one, 72 characters.", text: vb365.Group.ObjectID},
		{name: "object_id", describes: objectIDText, text: func(g vb365.Group) string { return vb365.EntraObjectID(g.ID, g.EntraID) }},
		{name: "display_name", describes: "Display name.", text: func(g vb365.Group) string { return g.DisplayName }},
		{name: "name", describes: "E-mail address; null for groups without one.", text: groupName},
		{
			name: "type", describes: "`Office365`, `Security`, `Distribution` or `DynamicDistribution`.",
			text: func(g vb365.Group) string { return g.Type },
		},
		{name: "location_type", describes: locationText, text: func(g vb365.Group) string { return g.LocationType }},
		{name: "managed_by", describes: "Who manages the group.", text: func(g vb365.Group) string { return g.ManagedBy }},
		{name: "site", describes: "URL of the group's site.", text: func(g vb365.Group) string { return g.Site }},
		{name: "on_premises_sid", describes: sidText, text: func(g vb365.Group) string { return deref(g.OnPremisesSID) }},
	},
	arguments: []argument[vb365.Group]{
		{name: "id", describes: byIDText, form: principalID, byID: true},
		{name: "object_id", describes: objectIDText, form: guid, byID: true},
		{
			name: "name", describes: "E-mail address or display name, in any letter case.",
			matches: func(g vb365.Group, value string) bool {
				return strings.EqualFold(groupName(g), value) || strings.EqualFold(g.DisplayName, value)
			},
		},
	},
	filters: []filter{filterDisplayName, filterName, filterLocation, filterDataSource},
	all: func(ctx context.Context, client *vb365.Client, organizationID string, f filtered) ([]vb365.Group, error) {
		all, err := client.Groups(ctx, organizationID, vb365.GroupFilter{
			DisplayName: f[filterDisplayName.name], Name: f[filterName.name], LocationType: f[filterLocation.name],
			DataSource: vb365.DataSource(f[filterDataSource.name]),
		})
		all = keep(all, f[filterDisplayName.name], func(g vb365.Group) string { return g.DisplayName })
		return keep(all, f[filterName.name], groupName), err
	},
	find: func(ctx context.Context, client *vb365.Client, organizationID, id string) (vb365.Group, bool, error) {
		found, err := client.FindGroups(ctx, organizationID, id)
		group, ok := found[id]
		return group, ok, err
	},
	label: vb365.Group.Label, id: vb365.Group.ObjectID,
}

var sites = noun[vb365.Site]{
	one: "site", many: "sites", needsOrganization: true,
	properties: []property[vb365.Site]{
		{name: "id", describes: "VB365's id of the site: site collection and web in one, 72 characters.", text: vb365.Site.ObjectID},
		{name: "url", describes: "URL.", text: func(s vb365.Site) string { return s.URL }},
		{name: "parent_url", describes: "URL of the site above it.", text: func(s vb365.Site) string { return s.ParentURL }},
		{name: "title", describes: "Title.", text: func(s vb365.Site) string { return s.Title }},
		{name: "name", describes: "Name.", text: func(s vb365.Site) string { return s.Name }},
		{name: "is_cloud", describes: "Whether it is a site of Microsoft 365.", flag: func(s vb365.Site) *bool { return &s.IsCloud }},
		{name: "is_personal", describes: "Whether it is somebody's personal site (OneDrive).", flag: func(s vb365.Site) *bool { return &s.IsPersonal }},
	},
	arguments: []argument[vb365.Site]{
		{name: "id", describes: "VB365's id of the site (72 characters).", form: siteID, byID: true},
		{
			name: "url", describes: "URL, in any letter case, with or without a slash at its end.",
			matches: func(s vb365.Site, value string) bool {
				return strings.EqualFold(strings.TrimRight(s.URL, "/"), strings.TrimRight(value, "/"))
			},
		},
		{name: "title", describes: "Title, in any letter case.", matches: same(func(s vb365.Site) string { return s.Title })},
	},
	widest:  filtered{filterPersonal.name: "true"},
	filters: []filter{filterKeyword, filterParent, filterPersonal, filterSiteLocation, filterDataSource},
	all: func(ctx context.Context, client *vb365.Client, organizationID string, f filtered) ([]vb365.Site, error) {
		return client.Sites(ctx, organizationID, vb365.SiteFilter{
			Keyword: f[filterKeyword.name], ParentID: f[filterParent.name], LocationType: f[filterSiteLocation.name],
			IncludePersonalSites: f[filterPersonal.name] == "true", DataSource: vb365.DataSource(f[filterDataSource.name]),
		})
	},
	find: func(ctx context.Context, client *vb365.Client, organizationID, id string) (vb365.Site, bool, error) {
		found, err := client.FindSites(ctx, organizationID, id)
		site, ok := found[id]
		return site, ok, err
	},
	label: vb365.Site.Label, id: vb365.Site.ObjectID,
}

var teams = noun[vb365.Team]{
	one: "team", many: "teams", needsOrganization: true,
	note: "Roles can name teams with API version v7 and later.",
	properties: []property[vb365.Team]{
		{name: "id", describes: "VB365's id of the team: the Entra object id of its group.", text: vb365.Team.ObjectID},
		{name: "display_name", describes: "Display name.", text: func(t vb365.Team) string { return t.DisplayName }},
		{name: "description", describes: "Description.", text: func(t vb365.Team) string { return t.Description }},
		{name: "mail", describes: "E-mail address.", text: func(t vb365.Team) string { return t.Mail }},
	},
	arguments: []argument[vb365.Team]{
		{name: "id", describes: "VB365's id of the team: the Entra object id of its group.", form: guid, byID: true},
		{
			name: "name", describes: "Display name or e-mail address, in any letter case.",
			matches: func(t vb365.Team, value string) bool {
				return strings.EqualFold(t.DisplayName, value) || strings.EqualFold(t.Mail, value)
			},
		},
	},
	filters: []filter{filterDisplayName, filterDataSource},
	all: func(ctx context.Context, client *vb365.Client, organizationID string, f filtered) ([]vb365.Team, error) {
		all, err := client.Teams(ctx, organizationID, vb365.TeamFilter{
			DisplayName: f[filterDisplayName.name], DataSource: vb365.DataSource(f[filterDataSource.name]),
		})
		return keep(all, f[filterDisplayName.name], func(t vb365.Team) string { return t.DisplayName }), err
	},
	find: func(ctx context.Context, client *vb365.Client, organizationID, id string) (vb365.Team, bool, error) {
		found, err := client.FindTeams(ctx, organizationID, id)
		team, ok := found[id]
		return team, ok, err
	},
	label: vb365.Team.Label, id: vb365.Team.ObjectID,
}

func groupName(g vb365.Group) string { return deref(g.Name) }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
