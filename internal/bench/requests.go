package main

import (
	"regexp"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// requests counts requests by what they are for.
type requests struct {
	Total     int `json:"total"`
	Tokens    int `json:"tokens"`
	RoleLists int `json:"roleLists"`
	// Entries are the lists of operators, selected and excluded items of roles.
	Entries int `json:"entries"`
	Others  int `json:"others"`
}

func countRequests(log []simulator.Request) requests {
	entries := regexp.MustCompile(`(?i)^/RbacRoles/[^/]+/(operators|selectedItems|excludedItems)$`)
	count := requests{Total: len(log)}

	for _, request := range log {
		switch {
		case request.Token != nil:
			count.Tokens++
		case strings.EqualFold(request.Path, "/RbacRoles"):
			count.RoleLists++
		case entries.MatchString(request.Path):
			count.Entries++
		default:
			count.Others++
		}
	}

	return count
}
