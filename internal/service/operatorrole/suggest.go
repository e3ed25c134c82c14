package operatorrole

import (
	"context"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// maxSlips is how many characters an id may be off to be suggested.
const maxSlips = 3

// nearest returns the label and id of the object whose id is closest to a
// reference's, or nothing if none is close. It uses the listing that the search
// for the reference has made anyway.
func nearest(ctx context.Context, client *vb365.Client, orgID string, r reference) (string, error) {
	switch r.kind.entry {
	case vb365.KindUser:
		all, err := client.Users(ctx, orgID, vb365.UserFilter{})
		return closest(all, r.id), err
	case vb365.KindGroup:
		all, err := client.Groups(ctx, orgID, vb365.GroupFilter{})
		return closest(all, r.id), err
	case vb365.KindSite:
		all, err := client.Sites(ctx, orgID, vb365.SiteFilter{IncludePersonalSites: true})
		return closest(all, r.id), err
	case vb365.KindTeam:
		all, err := client.Teams(ctx, orgID, vb365.TeamFilter{})
		return closest(all, r.id), err
	}
	return "", nil
}

func closest[T vb365.Object](all []T, id string) string {
	id = strings.ToLower(id)
	best, slips := "", maxSlips+1
	for _, object := range all {
		candidate := strings.ToLower(object.ObjectID())
		if len(candidate) > len(id) {
			candidate = candidate[:len(id)]
		}
		if d := levenshtein.Distance(candidate, id, nil); d < slips {
			best, slips = object.Label()+", id "+object.ObjectID(), d
		}
	}
	return best
}
