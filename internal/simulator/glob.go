package simulator

import (
	"regexp"
	"strings"
)

// glob compiles a filter with the wildcards * and ?, which has to match the
// whole text and ignores case.
func glob(pattern string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(quoted, `\*`, `.*`)
	quoted = strings.ReplaceAll(quoted, `\?`, `.`)

	return regexp.MustCompile(`(?is)^` + quoted + `$`)
}

// matcher returns a test for a filter; an empty filter lets everything pass.
func matcher(filter string) func(string) bool {
	if filter == "" {
		return func(string) bool { return true }
	}

	return glob(filter).MatchString
}
