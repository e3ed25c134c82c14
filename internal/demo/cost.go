package main

import (
	"fmt"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// cost is what a command asked of the server and of Microsoft.
type cost struct {
	label  string
	total  int
	counts map[kind]int
	// graph is how many requests went to Microsoft, powerShell how often that ran.
	graph, powerShell int
}

// kind is what a request is for.
type kind string

const (
	logins  kind = "logins"
	lookUps kind = "look-ups"
	reads   kind = "reads"
	writes  kind = "writes"
	others  kind = "others"
)

func kinds() []kind {
	return []kind{logins, lookUps, reads, writes, others}
}

func countCost(label string, log []simulator.Request) cost {
	c := cost{label: label, total: len(log), counts: map[kind]int{}}
	for _, request := range log {
		c.counts[kindOf(request)]++
	}

	return c
}

func kindOf(request simulator.Request) kind {
	path := strings.ToLower(request.Path)

	switch {
	case request.Token != nil:
		return logins
	case request.Write():
		return writes
	case strings.HasPrefix(path, "/rbacroles"):
		return reads
	case strings.HasPrefix(path, "/organizations"):
		return lookUps
	default:
		return others
	}
}

// costTable shows what each command cost.
func costTable(costs []cost) []string {
	lines := make([]string, 0, len(costs)+1)
	head := []any{"", "requests"}

	for _, k := range kinds() {
		head = append(head, k)
	}

	head = append(head, "Microsoft", "PowerShell")

	lines = append(lines, tableRow(head))

	for _, c := range costs {
		cells := []any{c.label, c.total}
		for _, k := range kinds() {
			cells = append(cells, c.counts[k])
		}

		cells = append(cells, c.graph, c.powerShell)

		lines = append(lines, tableRow(cells))
	}

	return lines
}

// tableRow aligns a label to the left and what follows to the right.
func tableRow(cells []any) string {
	return fmt.Sprintf("%-27v"+strings.Repeat("%11v", len(cells)-1), cells...)
}
