package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/control"
)

// chapter is a part of the story, told while it happens.
type chapter struct {
	title string
	tell  func(ctx context.Context) error
}

func (d *demo) chapters() []chapter {
	chapters := []chapter{
		{"A server, a provider and Terraform", d.setTheStage},
		{"The portal is off", d.lookAtPortal},
		{"Terraform installs the provider", d.initialize},
		{"The portal is turned on", d.applyPortal},
		{"Three customers, three needs", d.showTheConfiguration},
		{"The plan: nothing is changed yet", d.planRoles},
		{"Consents and roles are created", d.applyRoles},
		{"Meanwhile, in the console", d.changeBehindTheBack},
		{"The next plan tells who and what", d.planDrift},
		{"One apply puts it right", d.repair},
		{"And then there is nothing to do", d.planNothing},
	}

	if d.options.keep {
		return append(chapters, chapter{"Your turn", d.handOver})
	}

	return append(chapters, chapter{"Everything is taken back", d.destroy})
}

func (d *demo) introduce() {
	d.title("Who may restore whose mail?")
	d.say("A service provider runs one server of Veeam Backup for Microsoft 365 (VB365) for three customers. " +
		"Restore operator roles on that server say who may restore, and so read, whose mail, files, sites and teams.")
	d.say("They do it in a web portal, which the server must have, and which each customer must let in.")
	d.say("Here Terraform declares all of it. Somebody then changes it behind Terraform's back, and is found out. " +
		"The Terraform is real; the server and Microsoft Entra are simulated, on this machine. It takes about a minute, " +
		"except for the very first build.")
}

func (d *demo) setTheStage(ctx context.Context) error {
	if err := d.build(ctx); err != nil {
		return err
	}

	if err := d.startServer(); err != nil { //nolint:contextcheck // it runs until it is closed
		return err
	}

	d.done("A VB365 server at %s: Contoso, Fabrikam and Adatum are its customers", d.server.URL())
	d.blank()
	d.say("The server's certificate is self-signed, as on many VB365 servers. The provider does not look away: " +
		"it is told the certificate's fingerprint and trusts no other.")
	d.line("  VB365_ENDPOINT=%s", d.server.URL())
	d.line("  VB365_CERTIFICATE_SHA256=%s", d.server.CertificateSHA256())
	d.line("  VB365_USERNAME='%s'", d.server.Options().Username)
	d.line("  VB365_PASSWORD=… %s", d.in(dim, "(from the environment; never in files, logs or the state)"))

	return nil
}

func (d *demo) showTheConfiguration(context.Context) error {
	text, err := os.ReadFile(d.box.Path(workspace, "customers.tf"))
	if err != nil {
		return fmt.Errorf("read the example: %w", err)
	}

	d.say("This is all that has to be written for a customer. People, groups, sites and teams go by their names; " +
		"the server is asked for the ids.")
	d.aside("examples/%s/customers.tf", workspace)
	d.blank()
	d.code(string(text))

	return nil
}

func (d *demo) initialize(ctx context.Context) error {
	d.say("From the registry, for users. Here it comes from the build of a minute ago, without a network.")

	return d.terraform(ctx, step{label: "init", arguments: []string{"init"}})
}

func (d *demo) planRoles(ctx context.Context) error {
	d.say("Now all of it. The plan looks up everything that the roles name: a group that does not exist would be an error " +
		"now, and not in the middle of an apply.")
	d.aside("Of Terraform's output you see what matters: one change in full, and long ids by their first half.")
	d.blank()

	return d.terraform(ctx, step{
		label: "plan", arguments: []string{"plan", "-out=roles.tfplan"},
		view: view{changes: true, wholeChanges: 1, warnings: true},
	})
}

func (d *demo) applyRoles(ctx context.Context) error {
	d.say("Each role is read back after it was written: what Terraform remembers is what the server has, " +
		"and not what it was sent. Contoso and Adatum let the portal in; Fabrikam, whose administrator has done that, is adopted.")

	return d.terraform(ctx, step{
		label: "apply", arguments: []string{"apply", "roles.tfplan"}, view: view{outputs: true},
	})
}

// changeBehindTheBack does what administrators do at night.
func (d *demo) changeBehindTheBack(context.Context) error {
	eve, known := d.server.User(simulator.ContosoID, "eve.adams@contoso.com")
	if !known {
		return errors.New("no Eve Adams works for Contoso")
	}

	helpdesk, _ := d.server.RoleByName(simulator.ContosoID, "Helpdesk")
	added := d.server.UpdateRole(helpdesk.ID, func(role *simulator.Role) {
		role.Operators = append(role.Operators, simulator.UserEntry(eve))
	})

	owners, _ := d.server.RoleByName(simulator.FabrikamID, "Site owners")
	widened := d.server.UpdateRole(owners.ID, func(role *simulator.Role) {
		role.Type = simulator.EntireOrganization
		role.SelectedItems = nil
	})

	if !added || !widened {
		return errors.New("the server lacks a role that was just created")
	}

	address := d.movePortal()
	if err := d.revokeConsent(); err != nil {
		return err
	}

	d.say("It is late and a customer is on the phone. An administrator helps, with a few clicks in VB365's console, " +
		"and forgets it. Terraform is not told.")
	d.line("  Contoso   Helpdesk     %s", d.in(yellow, "Eve Adams is an operator now"))
	d.line("  Fabrikam  Site owners  %s", d.in(yellow, "two sites and two teams have become the entire organization"))
	d.line("  Fabrikam  consent      %s", d.in(yellow, "an administrator of the tenant revoked half of it"))
	d.line("  Portal    address      %s", d.in(yellow, address))
	d.blank()
	d.say("From now on Eve Adams may read nearly all of Contoso's mail, and two people that of everybody at Fabrikam. " +
		"Nothing fails, and nobody notices.")

	return nil
}

func (d *demo) planDrift(ctx context.Context) error {
	d.say("Unless somebody plans: CI, every night. Exit code 2 says that something differs, and the warnings say " +
		"what, by name. In the plan, “-” and “+” are what an apply would do about it. Adatum is as it was, " +
		"and is not mentioned.")
	d.aside("Entra's answers can be behind: that a grant is gone is believed after some seconds and several looks.")
	d.blank()

	return d.terraform(ctx, step{
		label: "plan, which finds the drift", arguments: []string{"plan", "-detailed-exitcode", "-out=repair.tfplan"},
		view: view{changes: true, wholeChanges: 4, warnings: true}, exitCode: planDiffers,
	})
}

func (d *demo) repair(ctx context.Context) error {
	d.say("Whether that was right is a question for people. If it was, it belongs into the configuration. If not:")

	return d.terraform(ctx, step{
		label: "apply, which repairs it", arguments: []string{"apply", "repair.tfplan"},
	})
}

func (d *demo) planNothing(ctx context.Context) error {
	d.say("The server has what the configuration says, and CI is quiet: exit code 0.")

	return d.terraform(ctx, step{
		label: "plan, which is empty", arguments: []string{"plan", "-detailed-exitcode"}, view: view{warnings: true},
	})
}

func (d *demo) destroy(ctx context.Context) error {
	d.say("Customers leave, too. Only what Terraform made is removed; the portal is turned off, and keeps its settings.")

	return d.terraform(ctx, step{label: "destroy", arguments: []string{"destroy", "-auto-approve"}})
}

// handOver leaves the stage to the audience until the program is interrupted,
// which is how this story ends.
func (d *demo) handOver(ctx context.Context) error {
	endpoint, err := control.Start(ctx, d.server, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer endpoint.Close()

	script := d.box.Path("play.sh")
	if err := d.writeEnvironment(script, endpoint.URL()); err != nil {
		return err
	}

	d.say("The server stays, and so does the directory. In another terminal:")
	d.line("  . %s", script)
	d.line("  %s plan", d.program)
	d.blank()
	d.say("Change customers.tf there, or be the administrator yourself:")
	d.line(`  curl -d '{"type":"User","object":"eve.adams@contoso.com"}' \`)
	d.line(`    "$VB365_SIMULATOR_CONTROL/roles/Helpdesk/operators"`)
	d.blank()
	d.say("Ctrl-C here ends the server and removes the directory.")

	<-ctx.Done()

	return nil
}

// writeEnvironment writes a script for the shell, which only its user can read:
// it holds the password.
func (d *demo) writeEnvironment(file, controlURL string) error {
	settings := d.providerEnvironment()
	settings["VB365_SIMULATOR_CONTROL"] = controlURL
	settings["TF_CLI_CONFIG_FILE"] = d.box.CLIConfiguration()
	settings["CHECKPOINT_DISABLE"] = "1"

	var script strings.Builder

	fmt.Fprintf(&script, "cd '%s'\nexport PATH='%s':\"$PATH\"\n", d.box.Path(workspace), filepath.Dir(d.binary))

	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&script, "export %s='%s'\n", name, settings[name])
	}

	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		return fmt.Errorf("write the environment for playing: %w", err)
	}

	return nil
}

func (d *demo) conclude() {
	d.blank()
	d.line("%s", d.in(bold, "What it cost the server"))
	d.blank()

	for _, line := range costTable(d.costs) {
		d.line("  %s", line)
	}

	d.blank()
	d.aside("Reads are of roles and their operators, objects and exclusions; look-ups are of everything that is named; " +
		"others ask which API versions the server speaks, for the portal's settings, and whether a service is back.")

	d.blank()
	d.line("%s", d.in(bold, "What next"))
	d.blank()

	for _, next := range [][2]string{
		{"make demo ARGS=-keep", "the same, and the server stays for you to play with"},
		{"make sim", "a VB365 server for your own configurations, until Ctrl-C"},
		{"examples/three-customers", "what you have just seen, to copy"},
		{"docs/guides/getting-started.md", "the way to your own server"},
		{"README.md", "what else the provider does"},
	} {
		d.line("  %s  %s", d.in(bold, fmt.Sprintf("%-30s", next[0])), next[1])
	}

	d.blank()
}
