package main

import (
	"flag"
	"maps"
	"slices"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/control"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
)

// shellSettings say how the server's machine can be reached.
type shellSettings struct {
	ssh, winRM         string
	username, password string
	powerShell         string
}

func (s *shellSettings) flags(flags *flag.FlagSet) {
	flags.StringVar(&s.ssh, "ssh", "", "`address` of an SSH server that runs PowerShell; none if empty")
	flags.StringVar(&s.winRM, "winrm", "", "`address` of a WinRM endpoint (HTTPS) that runs PowerShell; none if empty")
	flags.StringVar(&s.username, "shell-username", remoting.DefaultUsername, "`name` of the account of both")
	flags.StringVar(&s.password, "shell-password", remoting.DefaultPassword, "`password` of that account")
	flags.StringVar(&s.powerShell, "powershell", "", "`version` of PowerShell 7, none for none (default 7.4.6)")
}

// shell is the server's machine, as far as it can be reached.
type shell struct {
	environment environment
	faces       []control.Face
	closers     []func()
}

// startShell starts the ways to PowerShell that are asked for.
func startShell(sim *simulator.Server, set shellSettings) (*shell, error) {
	s := &shell{}
	options := remoting.Options{Username: set.username, Password: set.password}
	windows := machine.New(sim, machine.Options{PowerShell: set.powerShell})

	if set.ssh+set.winRM != "" {
		s.faces = append(s.faces, control.Machine(windows))
	}

	if set.ssh != "" {
		options.Listen = set.ssh

		server, err := remoting.StartSSH(windows.Exec, options)
		if err != nil {
			return s, err
		}

		s.add(server.Environment(), server.Close)
	}

	if set.winRM != "" {
		options.Listen = set.winRM

		server, err := remoting.StartWinRM(windows.Exec, options)
		if err != nil {
			return s, err
		}

		s.add(server.Environment(), server.Close)
	}

	return s, nil
}

func (s *shell) add(settings map[string]string, closer func()) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		s.environment = append(s.environment, variable{name, settings[name]})
	}

	s.closers = append(s.closers, closer)
}

func (s *shell) close() {
	for _, closer := range s.closers {
		closer()
	}
}
