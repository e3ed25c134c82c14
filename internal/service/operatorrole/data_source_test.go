package operatorrole_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestAccRoleDataSourcesShowWhatIsThere(t *testing.T) {
	env := start(t)
	directory := entriesOf(env)
	helpdesk := env.AddRole(simulator.Role{
		OrganizationID: contoso, Name: "Helpdesk", Type: "SpecificObjects",
		Operators: directory.groups[1:2], SelectedItems: directory.sites[:2],
	})
	env.AddRole(simulator.Role{OrganizationID: simulator.FabrikamID, Name: "Helpdesk", Type: "EntireOrganization", Operators: directory.users[:1]})
	at := func(source, name string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.vb365_restore_operator_"+source+".this", tfjsonpath.New(name), check)
	}
	isHelpdesk := []statecheck.StateCheck{
		at("role", "id", knownvalue.StringExact(helpdesk.ID)), at("role", "entire_organization", knownvalue.Bool(false)),
		at("role", "operators", knownvalue.ObjectPartial(map[string]knownvalue.Check{
			"groups": knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact(group(helpdeskGroup))}),
		})),
		at("role", "managed_objects", knownvalue.ObjectPartial(map[string]knownvalue.Check{"sites": knownvalue.SetSizeExact(2)})),
	}
	one := `data "vb365_restore_operator_role" "this" `
	many := `data "vb365_restore_operator_roles" "this" `
	run(t, env,
		resource.TestStep{Config: one + `{ id = "` + helpdesk.ID + `" }`, ConfigStateChecks: isHelpdesk},
		resource.TestStep{
			Config:            one + "{\n organization_id = \"" + contoso + "\"\n name = \"Helpdesk\"\n}",
			ConfigStateChecks: isHelpdesk,
		},
		resource.TestStep{
			Config:      one + "{\n organization_id = \"" + contoso + "\"\n name = \"Nobody\"\n}",
			ExpectError: regexp.MustCompile(`(?s)has no role\s+named\s+"Nobody".*"Helpdesk", id `),
		},
		resource.TestStep{Config: one + `{ name = "Helpdesk" }`, ExpectError: regexp.MustCompile(`organization_id`)},
		resource.TestStep{Config: one + `{ id = "99999999-9999-4999-8999-999999999999" }`, ExpectError: regexp.MustCompile(`No such restore operator role`)},
		resource.TestStep{Config: many + `{}`, ConfigStateChecks: []statecheck.StateCheck{
			at("roles", "roles", knownvalue.ListSizeExact(2)), at("roles", "ids", knownvalue.ListSizeExact(2)),
		}},
		resource.TestStep{
			Config: many + "{\n organization_id = \"" + contoso + "\"\n include_entries = true\n}",
			ConfigStateChecks: []statecheck.StateCheck{
				at("roles", "roles", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"managed_objects": knownvalue.ObjectPartial(map[string]knownvalue.Check{"sites": knownvalue.SetSizeExact(2)}),
				})})),
			},
		},
	)
	env.AddRole(simulator.Role{OrganizationID: contoso, Name: "Helpdesk", Type: "EntireOrganization", Operators: directory.users[:1]})
	run(t, env, resource.TestStep{
		Config:      one + "{\n organization_id = \"" + contoso + "\"\n name = \"Helpdesk\"\n}",
		ExpectError: regexp.MustCompile(`Several restore operator roles match`),
	})
}
