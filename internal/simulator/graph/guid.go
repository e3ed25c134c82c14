package graph

import (
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
)

func newGUID() string {
	return uuid.NewString()
}

func isGUID(text string) bool {
	return uuid.Validate(text) == nil && len(text) == len(uuid.Nil.String())
}

// key is how objects are found by their GUIDs, whose case does not count.
func key(id string) string {
	return strings.ToLower(id)
}

// GrantID is the id of a grant, which Entra makes up from whom it is for and what
// it is for: their bytes in the order of Windows, in base64 for URLs.
func GrantID(clientID, resourceID, principalID string) string {
	var bytes []byte

	for _, id := range []string{clientID, resourceID, principalID} {
		if guid, err := uuid.Parse(id); err == nil {
			bytes = append(bytes, guid[3], guid[2], guid[1], guid[0], guid[5], guid[4], guid[7], guid[6])
			bytes = append(bytes, guid[8:]...)
		}
	}

	return base64.RawURLEncoding.EncodeToString(bytes)
}

// The lengths of the ids of grants for all users and for a single one.
const (
	tenantWideIDLength = 43
	userIDLength       = 64
)

func isGrantID(text string) bool {
	_, err := base64.RawURLEncoding.DecodeString(text)

	return err == nil && (len(text) == tenantWideIDLength || len(text) == userIDLength)
}
