package main

import (
	"fmt"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// The directories of the customers, over which roles are spread evenly.
const (
	customerCount  = 10
	groupCount     = 60
	userCount      = 100
	siteCount      = 40
	idPlaceOfUser  = 1
	idPlaceOfGroup = 2
	idPlaceOfSite  = 3
	idPlaceOfWeb   = 4
)

// directory is what roles of one customer can name.
type directory struct {
	organization string
	users        []string
	groups       []string
	sites        []string
}

// guid is the same in each run, so that runs can be compared.
func guid(customer, place, number int) string {
	return fmt.Sprintf("be%06x-%04x-4000-8000-%012x", customer, place, number)
}

// populate adds the customers to the server.
func populate(server *simulator.Server) []directory {
	directories := make([]directory, customerCount)

	for i := range directories {
		name := fmt.Sprintf("customer%02d", i+1)
		d := directory{organization: server.AddOrganization(simulator.Organization{
			ID: guid(i+1, 0, 0), Name: name + ".onmicrosoft.com",
		}).ID}

		for n := range userCount {
			d.users = append(d.users, server.AddUser(d.organization, simulator.User{
				ObjectID: guid(i+1, idPlaceOfUser, n), DisplayName: fmt.Sprintf("User %d", n), Name: fmt.Sprintf("user%d@%s.com", n, name),
			}).ID)
		}

		for n := range groupCount {
			d.groups = append(d.groups, server.AddGroup(d.organization, simulator.Group{
				ObjectID: guid(i+1, idPlaceOfGroup, n), DisplayName: fmt.Sprintf("Group %d", n), Name: fmt.Sprintf("group%d@%s.com", n, name),
			}).ID)
		}

		for n := range siteCount {
			d.sites = append(d.sites, server.AddSite(d.organization, simulator.Site{
				SiteID: guid(i+1, idPlaceOfSite, n), WebID: guid(i+1, idPlaceOfWeb, n), Title: fmt.Sprintf("Site %d", n),
				URL: fmt.Sprintf("https://%s.sharepoint.com/sites/site-%d", name, n),
			}).ID)
		}

		directories[i] = d
	}

	return directories
}

// mix is a kind of roles to measure.
type mix struct {
	name    string
	meaning string
	scope   func(d directory, number int) string
}

func (m mix) String() string { return m.name }

func mixes() []mix {
	return []mix{
		{
			name:    "objects",
			meaning: "roles of one operator group and three managed objects: a group, a user and a site",
			scope: func(d directory, number int) string {
				return fmt.Sprintf("  managed_objects = {\n    groups = [%q]\n    users  = [%q]\n    sites  = [%q]\n  }\n",
					pick(d.groups, number+1), pick(d.users, number), pick(d.sites, number))
			},
		},
		{
			name:    "organization",
			meaning: "roles of one operator group for the entire organization without a group and a user",
			scope: func(d directory, number int) string {
				return fmt.Sprintf("  entire_organization = true\n  excluded_objects = {\n    groups = [%q]\n    users  = [%q]\n  }\n",
					pick(d.groups, number+1), pick(d.users, number))
			},
		},
	}
}

func mixNamed(name string) (mix, error) {
	for _, m := range mixes() {
		if m.name == name {
			return m, nil
		}
	}

	return mix{}, fmt.Errorf("there is no mix %q", name)
}

func pick(ids []string, number int) string {
	return ids[number%len(ids)]
}

// declare returns a configuration of n roles of the mix for a provider, which is
// "vb365" or "floor".
func declare(provider string, m mix, directories []directory, n int) string {
	var text strings.Builder

	text.WriteString(require(provider))

	for i := range n {
		d := directories[i%len(directories)]
		fmt.Fprintf(&text, "\nresource \"%s_restore_operator_role\" \"r%d\" {\n", provider, i)
		fmt.Fprintf(&text, "  organization_id = %q\n  name = \"Role %d\"\n  description = \"Measured\"\n", d.organization, i)
		fmt.Fprintf(&text, "  operators = {\n    groups = [%q]\n  }\n%s}\n", pick(d.groups, i), m.scope(d, i))
	}

	return text.String()
}

func require(provider string) string {
	return fmt.Sprintf("terraform {\n  required_providers {\n    %s = {\n      source = \"vb365/%s\"\n    }\n  }\n}\n", provider, provider)
}
