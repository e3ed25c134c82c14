package simulator

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// apiVersion is a version of the REST API. The numbers are ordered, so that
// "since v7" reads as version >= v7.
type apiVersion int

const (
	v6 apiVersion = 6
	v7 apiVersion = 7
	v8 apiVersion = 8
)

// String returns the version as it is written in a path, for example "v8".
func (v apiVersion) String() string {
	return "v" + strconv.Itoa(int(v))
}

// parseVersion reads "v6", "v7" or "v8".
func parseVersion(text string) (apiVersion, error) {
	for _, known := range []apiVersion{v6, v7, v8} {
		if strings.EqualFold(text, known.String()) {
			return known, nil
		}
	}

	return 0, fmt.Errorf("%w: API version %q is not one of v6, v7, v8", ErrOptions, text)
}

var versionPrefix = regexp.MustCompile(`^/([vV]\d+)(/.*)?$`)

// splitVersion takes the version prefix off an escaped path. The prefix is
// empty where the path has none.
func splitVersion(escapedPath string) (prefix, rest string) {
	match := versionPrefix.FindStringSubmatch(escapedPath)
	if match == nil {
		return "", escapedPath
	}

	return strings.ToLower(match[1]), match[2]
}

// productAtLeast tells whether a product build such as "8.4.0.1457" is of the
// given release or a later one.
func productAtLeast(build string, major, minor int) bool {
	parts := strings.SplitN(build, ".", 3)
	if len(parts) < 2 {
		return false
	}

	buildMajor, errMajor := strconv.Atoi(parts[0])
	buildMinor, errMinor := strconv.Atoi(parts[1])

	if errMajor != nil || errMinor != nil {
		return false
	}

	return buildMajor > major || buildMajor == major && buildMinor >= minor
}
