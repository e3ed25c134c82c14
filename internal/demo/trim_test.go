package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const driftPlan = `data.vb365_group.helpdesk: Reading...
data.vb365_group.helpdesk: Read complete after 0s [id=c0000001-0003-4000-8000-000000000002]
vb365_restore_operator_role.helpdesk: Refreshing state... [id=5765d278-5b2d-410c-8307-18cbd4edf777]

Terraform used the selected providers to generate the following execution
plan. Resource actions are indicated with the following symbols:
  ~ update in-place

Terraform will perform the following actions:

  # vb365_restore_operator_role.helpdesk will be updated in-place
  ~ resource "vb365_restore_operator_role" "helpdesk" {
        id                  = "5765d278-5b2d-410c-8307-18cbd4edf777"
        name                = "Helpdesk"
      ~ operators           = {
          - users  = [
              - "c0000001-0002-4000-8000-00000000000400000000-0000-0000-0000-000000000000",
            ] -> null
            # (1 unchanged attribute hidden)
        }
        # (5 unchanged attributes hidden)
    }

  # vb365_restore_operator_role.sites will be updated in-place
  ~ resource "vb365_restore_operator_role" "sites" {
      ~ role_type           = "EntireOrganization" -> "SpecificObjects"
    }

Plan: 0 to add, 2 to change, 0 to destroy.
╷
│ Warning: Restore operator role "Helpdesk" was changed outside Terraform
│ 
│   with vb365_restore_operator_role.helpdesk,
│   on main.tf line 10, in resource "vb365_restore_operator_role" "helpdesk":
│   10: resource "vb365_restore_operator_role" "helpdesk" {
│ 
│   - operator "Eve Adams" (eve.adams@contoso.com) was added outside Terraform
│ 
│ An apply puts back what the configuration says; one with -refresh-only does
│ not. To keep a change, write it into the configuration.
╵

Saved the plan to: repair.tfplan
`

const applyOutput = `vb365_restore_operator_role.helpdesk: Creating...
vb365_restore_operator_role.helpdesk: Creation complete after 0s [id=5765d278-5b2d-410c-8307-18cbd4edf777]

Apply complete! Resources: 1 added, 0 changed, 0 destroyed.

Outputs:

who = {
  "contoso" = "everybody"
}
`

const initOutput = `Initializing provider plugins...
- Finding vb365/vb365 versions matching "~> 0.1"...
- Installing vb365/vb365 v0.1.0...
- Installed vb365/vb365 v0.1.0 (unauthenticated)
Terraform has created a lock file .terraform.lock.hcl to record the provider
selections it made above.

╷
│ Warning: Incomplete lock file information for providers
│ 
│   - vb365/vb365
╵
OpenTofu has been successfully initialized!
`

func TestTrimKeepsWhatMatters(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		output string
		view   view
		want   string
	}{
		"a plan with one change in full, and warnings without place and advice": {
			driftPlan, view{changes: true, wholeChanges: 1, warnings: true}, `
  # vb365_restore_operator_role.helpdesk will be updated in-place
  ~ resource "vb365_restore_operator_role" "helpdesk" {
        name                = "Helpdesk"
      ~ operators           = {
          - users  = [
              - "c0000001-0002-4000-8000-000000000004…",
            ] -> null
        }
    }

  # vb365_restore_operator_role.sites will be updated in-place

Plan: 0 to add, 2 to change, 0 to destroy.

│ Warning: Restore operator role "Helpdesk" was changed outside Terraform
│   - operator "Eve Adams" (eve.adams@contoso.com) was added outside Terraform
`,
		},
		"a change of the type is no noise": {
			driftPlan, view{changes: true, wholeChanges: 2}, `
  # vb365_restore_operator_role.helpdesk will be updated in-place
  ~ resource "vb365_restore_operator_role" "helpdesk" {
        name                = "Helpdesk"
      ~ operators           = {
          - users  = [
              - "c0000001-0002-4000-8000-000000000004…",
            ] -> null
        }
    }

  # vb365_restore_operator_role.sites will be updated in-place
  ~ resource "vb365_restore_operator_role" "sites" {
      ~ role_type           = "EntireOrganization" -> "SpecificObjects"
    }

Plan: 0 to add, 2 to change, 0 to destroy.
`,
		},
		"an apply with its outputs": {
			applyOutput, view{outputs: true}, `
vb365_restore_operator_role.helpdesk: Creation complete after 0s

Apply complete! Resources: 1 added, 0 changed, 0 destroyed.

Outputs:
who = {
  "contoso" = "everybody"
}
`,
		},
		"an apply without its outputs": {
			applyOutput, view{}, `
vb365_restore_operator_role.helpdesk: Creation complete after 0s

Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
`,
		},
		"an init without hints": {
			initOutput, view{}, `
- Installed vb365/vb365 v0.1.0 (unauthenticated)

OpenTofu has been successfully initialized!
`,
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := "\n"
			for _, line := range trim(test.output, test.view) {
				got += line.plain + "\n"
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTrimKeepsColoursThatBeganInLinesLeftOut(t *testing.T) {
	t.Parallel()

	const output = "\x1b[0m\x1b[1m\x1b[32m\nApply complete! Resources: 1 added, 0 changed, 0 destroyed.\n\x1b[0m\x1b[1mNo changes.\x1b[0m\n"

	want := []outputLine{
		{
			plain:    "Apply complete! Resources: 1 added, 0 changed, 0 destroyed.",
			coloured: "\x1b[1m\x1b[32mApply complete! Resources: 1 added, 0 changed, 0 destroyed.\x1b[0m",
		},
		{},
		{plain: "No changes.", coloured: "\x1b[1m\x1b[32m\x1b[0m\x1b[1mNo changes.\x1b[0m"},
	}

	if diff := cmp.Diff(want, trim(output, view{}), cmp.AllowUnexported(outputLine{})); diff != "" {
		t.Error(diff)
	}
}
