package simulator

import (
	"crypto/rand"
	"fmt"
	"regexp"
)

// zeroGUID is the second half of the id of a cloud-only user or group, and the
// application id of a restore portal that was never configured.
const zeroGUID = "00000000-0000-0000-0000-000000000000"

const (
	guidBytes       = 16
	guidVersionByte = 6
	guidVariantByte = 8
)

// newGUID returns a random GUID.
func newGUID() string {
	var b [guidBytes]byte

	// crypto/rand.Read never fails.
	_, _ = rand.Read(b[:])

	b[guidVersionByte] = b[guidVersionByte]&0x0f | 0x40
	b[guidVariantByte] = b[guidVariantByte]&0x3f | 0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isGUID(text string) bool {
	return guidPattern.MatchString(text)
}
