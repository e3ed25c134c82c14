package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/control"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

// entraSettings say whether there is a Microsoft Entra beside the server.
type entraSettings struct {
	listen, seed string
	portal       bool
}

func (s *entraSettings) flags(flags *flag.FlagSet) {
	flags.StringVar(&s.listen, "entra", "", "`address` of a Microsoft Entra (logins and Graph); none if empty")
	flags.StringVar(&s.seed, "entra-seed", seedThreeCustomers,
		"tenants to start from: three-customers, empty, or a JSON `file`")
	flags.BoolVar(&s.portal, "entra-portal", true, "register the restore portal's application in the provider's own tenant")
}

// entra is a Microsoft Entra that is being served, if it was asked for.
type entra struct {
	server      *graph.Server
	environment environment
	faces       []control.Face
}

// startEntra starts a Microsoft Entra if it is asked for.
func startEntra(set entraSettings) (*entra, error) {
	if set.listen == "" {
		return &entra{}, nil
	}

	seed, err := readEntraSeed(set.seed)
	if err != nil {
		return &entra{}, err
	}

	if set.portal {
		seed = seed.WithPortal()
	}

	server, err := graph.Start(graph.Options{Listen: set.listen})
	if err != nil {
		return &entra{}, err
	}

	server.Seed(seed)

	e := &entra{server: server, faces: []control.Face{control.Entra(server)}}

	settings := server.Environment()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		e.environment = append(e.environment, variable{name, settings[name]})
	}

	return e, nil
}

func (e *entra) close() {
	if e.server != nil {
		e.server.Close()
	}
}

// readEntraSeed finds a seed by name or reads it from a file.
func readEntraSeed(name string) (graph.Seed, error) {
	switch name {
	case seedThreeCustomers:
		return graph.ThreeCustomers(), nil
	case "", seedEmpty:
		return graph.Seed{}, nil
	}

	text, err := os.ReadFile(name)
	if err != nil {
		return graph.Seed{}, fmt.Errorf("read the seed of Entra: %w", err)
	}

	seed, err := graph.ParseSeed(text)
	if err != nil {
		return graph.Seed{}, fmt.Errorf("%s: %w", name, err)
	}

	return seed, nil
}
