package simulator

import (
	"fmt"
	"strings"
)

// The ids of the three organizations of [ThreeCustomers].
const (
	ContosoID  = "c0000001-0000-4000-8000-000000000000"
	FabrikamID = "c0000002-0000-4000-8000-000000000000"
	AdatumID   = "c0000003-0000-4000-8000-000000000000"
)

// The second group of digits in the ids of [ThreeCustomers] says what the id is
// of; the last group counts from 1.
const (
	idsOfTenants = iota + 1
	idsOfUsers
	idsOfGroups
	idsOfSites
	idsOfWebs
	idsOfTeams
)

// ThreeCustomers is a service provider's server with three customers, Contoso,
// Fabrikam and Adatum, who have a dozen users, groups, sites and teams each. The
// ids are the same every time, so that configurations can name them: Contoso's
// organization is c0000001-0000-…, Fabrikam's c0000002-…, Adatum's c0000003-…,
// and within Contoso user n is c0000001-0002-4000-8000-00000000000n (n in
// hexadecimal digits) followed by the zero GUID, group n c0000001-0003-…,
// site n c0000001-0004-… followed by c0000001-0005-…, and team n c0000001-0006-….
func ThreeCustomers() Seed {
	return Seed{
		Organizations: []SeedOrganization{
			customer(1, "contoso", "Contoso"),
			customer(2, "fabrikam", "Fabrikam"),
			customer(3, "adatum", "Adatum"),
		},
		Portal: &PortalSettings{
			Enabled:       true,
			ApplicationID: "2b1d4885-989e-4cba-b8bd-3b13520358b8",
			URI:           "https://portal.example.com:4443",
			Region:        Worldwide,
		},
	}
}

// customerID makes an id of a fixed pattern.
func customerID(customer, kind, number int) string {
	return fmt.Sprintf("c%07x-%04x-4000-8000-%012x", customer, kind, number)
}

func customer(number int, domain, name string) SeedOrganization {
	organization := SeedOrganization{Organization: Organization{
		ID:          customerID(number, 0, 0),
		Name:        domain + ".onmicrosoft.com",
		Description: name,
		TenantID:    customerID(number, idsOfTenants, 1),
	}}

	organization.Users = customerUsers(number, domain)
	organization.Groups = customerGroups(number, domain, organization.Users)
	organization.Sites = customerSites(number, domain)
	organization.Teams = customerTeams(number, domain)

	return organization
}

func customerUsers(number int, domain string) []User {
	names := []string{
		"Adele Vance", "Alex Wilber", "Diego Siciliani", "Eve Adams", "Grady Archie", "Henrietta Mueller",
		"Isaiah Langer", "Johanna Lorenz", "Joni Sherman", "Lee Gu",
	}

	users := make([]User, 0, len(names)+2)

	for _, name := range names {
		first, last, _ := strings.Cut(strings.ToLower(name), " ")
		users = append(users, User{DisplayName: name, Name: first + "." + last + "@" + domain + ".com"})
	}

	users = append(users,
		User{DisplayName: "Invoices", Name: "invoices@" + domain + ".com", Type: SharedMailbox},
		User{DisplayName: "Newsletter", Name: "newsletter@" + domain + ".com", Type: PublicMailbox},
	)

	for i := range users {
		users[i].ObjectID = customerID(number, idsOfUsers, i+1)
		users[i] = users[i].withDefaults()
	}

	return users
}

func customerGroups(number int, domain string, users []User) []Group {
	names := []string{
		"Backup Operators", "Helpdesk", "Executives", "Finance", "Human Resources", "Legal", "Marketing",
		"Operations", "Research", "Sales", "All Staff", "All Managers",
	}
	types := map[string]GroupType{
		"Finance":      Office365Group,
		"Marketing":    Office365Group,
		"Sales":        Office365Group,
		"All Staff":    DistributionGroup,
		"All Managers": DynamicDistributionGroup,
	}

	groups := make([]Group, 0, len(names))

	for i, name := range names {
		group := Group{
			ObjectID:    customerID(number, idsOfGroups, i+1),
			DisplayName: name,
			Name:        slug(name) + "@" + domain + ".com",
			Type:        types[name],
			// Every group has two members, the last ones have the first users again.
			MemberIDs: []string{users[i].ID, users[(i+1)%len(users)].ID},
		}

		if group.Type == Office365Group {
			group.Site = customerSiteURL(domain, name)
		}

		groups = append(groups, group.withDefaults())
	}

	return groups
}

func customerSites(number int, domain string) []Site {
	titles := []string{
		"Intranet", "Finance", "Marketing", "Sales", "Projects", "Policies", "Handbook", "Research", "Archive",
	}

	sites := make([]Site, 0, len(titles)+3)

	for _, title := range titles {
		sites = append(sites, Site{Title: title, URL: customerSiteURL(domain, title)})
	}

	projects := customerSiteURL(domain, "Projects")
	sites = append(sites,
		Site{Title: "Apollo", URL: projects + "/apollo", ParentURL: projects},
		Site{Title: "Borealis", URL: projects + "/borealis", ParentURL: projects},
		Site{
			Title: "Adele Vance", Personal: true,
			URL: "https://" + domain + "-my.sharepoint.com/personal/adele_vance_" + domain + "_com",
		},
	)

	for i := range sites {
		sites[i].SiteID = customerID(number, idsOfSites, i+1)
		sites[i].WebID = customerID(number, idsOfWebs, i+1)
		sites[i] = sites[i].withDefaults()
	}

	return sites
}

func customerSiteURL(domain, title string) string {
	return "https://" + domain + ".sharepoint.com/sites/" + slug(title)
}

func customerTeams(number int, domain string) []Team {
	names := []string{
		"Board", "Engineering", "Facilities", "Field Service", "Finance", "Helpdesk", "Launch", "Marketing",
		"Procurement", "Research", "Sales", "Support",
	}

	teams := make([]Team, 0, len(names))

	for i, name := range names {
		teams = append(teams, Team{
			ID:          customerID(number, idsOfTeams, i+1),
			DisplayName: name,
			Description: "The " + name + " team",
			Mail:        "team." + slug(name) + "@" + domain + ".com",
		})
	}

	return teams
}

func slug(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}
