package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// variable is an environment variable of the shell that uses the simulator.
type variable struct {
	name  string
	value string
}

type environment []variable

// environmentOf lists what the provider needs to find the simulator, and what a
// script needs to control and stop it.
func environmentOf(sim *simulator.Server, controlURL string) environment {
	options := sim.Options()
	variables := environment{
		{"VB365_ENDPOINT", sim.URL()},
		{"VB365_USERNAME", options.Username},
		{"VB365_PASSWORD", options.Password},
		{"VB365_CERTIFICATE_SHA256", sim.CertificateSHA256()},
		{"VB365_SIMULATOR_PID", strconv.Itoa(os.Getpid())},
	}

	if controlURL != "" {
		variables = append(variables, variable{"VB365_SIMULATOR_CONTROL", controlURL})
	}

	return variables
}

// script sets the variables in a POSIX shell.
func (e environment) script() string {
	var text strings.Builder

	for _, v := range e {
		fmt.Fprintf(&text, "export %s='%s'\n", v.name, strings.ReplaceAll(v.value, "'", `'\''`))
	}

	return text.String()
}

// writeFile writes the script to a file that is there whole or not at all.
func (e environment) writeFile(name string) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), ".vb365-simulator-*")
	if err != nil {
		return fmt.Errorf("environment file: %w", err)
	}

	_, err = temporary.WriteString(e.script())
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}

	if err == nil {
		err = os.Rename(temporary.Name(), name)
	}

	if err != nil {
		// The file that is left over has the same trouble as this one.
		_ = os.Remove(temporary.Name())

		return fmt.Errorf("environment file: %w", err)
	}

	return nil
}

// banner tells a person what is running.
func (e environment) banner(sim *simulator.Server, controlURL string) string {
	options := sim.Options()

	var text strings.Builder

	fmt.Fprintf(&text, "VB365 simulator, product %s, API %s\n\n", options.ProductVersion, strings.Join(options.Versions, ", "))

	for _, line := range [][2]string{
		{"URL", sim.URL()},
		{"User", options.Username},
		{"Password", options.Password},
		{"Certificate", sim.CertificateSHA256() + " (SHA-256)"},
		{"Control", controlURL},
	} {
		if line[1] != "" {
			fmt.Fprintf(&text, "  %-12s %s\n", line[0], line[1])
		}
	}

	for i, organization := range sim.Organizations() {
		label := ""
		if i == 0 {
			label = "Customers"
		}

		fmt.Fprintf(&text, "  %-12s %s %s\n", label, organization.ID, organization.Name)
	}

	fmt.Fprintf(&text, "\nIn another shell:\n\n%s\nStop it with Ctrl-C.\n", e.script())

	return text.String()
}
