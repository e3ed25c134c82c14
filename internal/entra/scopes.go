package entra

import (
	"slices"
	"strings"
)

// ParseScopes returns the scopes of a grant, each once, sorted. Entra separates
// them by blanks, keeps them in any order, sometimes with a blank in front, and
// makes no difference between cases.
func ParseScopes(text string) []string { return mergeScopes(nil, strings.Fields(text)) }

// FormatScopes writes scopes as Entra takes them.
func FormatScopes(scopes []string) string { return strings.Join(mergeScopes(nil, scopes), " ") }

// HasScope tells whether scopes hold scope.
func HasScope(scopes []string, scope string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return strings.EqualFold(s, scope) })
}

// AddScopes returns scopes and more, in the spelling of scopes where both have one.
func AddScopes(scopes, more []string) []string { return mergeScopes(scopes, more) }

// RemoveScopes returns scopes without less.
func RemoveScopes(scopes, less []string) []string {
	return slices.DeleteFunc(mergeScopes(nil, scopes), func(s string) bool { return HasScope(less, s) })
}

func mergeScopes(lists ...[]string) []string {
	var merged []string
	for _, list := range lists {
		for _, scope := range list {
			if !HasScope(merged, scope) {
				merged = append(merged, scope)
			}
		}
	}
	slices.SortFunc(merged, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return merged
}
