package simulator

import (
	"net/http"
	"strings"
)

// getSites answers GET /Organizations/{organizationId}/Sites.
func (f *restFace) getSites(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	keep, err := f.siteFilter(x, v)
	if err != nil {
		return reply{}, err
	}

	return list(f, x, listing[Site]{
		path: "/organizations/" + v.id + "/sites",
		collect: func() ([]Site, error) {
			sites, err := pick(f, v, sitesOf, keep)

			return shuffled(x, sites, func(s Site) string { return s.ID }), err
		},
		render: func(s Site) *object { return x.site(v.id, s) },
	})
}

// siteFilter reads the parameters that choose sites.
func (f *restFace) siteFilter(x *exchange, v tenantView) (func(Site) bool, error) {
	personal, err := x.flag("includePersonalSites", false)
	if err != nil {
		return nil, err
	}

	// Versions before v8 cannot tell search centers apart.
	search, err := x.flag("includeSearchSites", x.version < v8)
	if err != nil {
		return nil, err
	}

	location, err := x.oneOf("locationFilter", "Cloud", "OnPremises", "Any")
	if err != nil {
		return nil, err
	}

	below, err := f.parentFilter(x, v)
	if err != nil {
		return nil, err
	}

	keyword := strings.ToLower(x.param("filter"))

	return func(s Site) bool {
		switch {
		case s.Unsynced && !v.all, s.Personal && !personal, s.Search && !search:
			return false
		case location == "Cloud" && s.OnPremises, location == "OnPremises" && !s.OnPremises:
			return false
		default:
			text := strings.ToLower(s.Title + "\n" + s.Name + "\n" + s.URL)

			return below(s) && strings.Contains(text, keyword)
		}
	}, nil
}

// parentFilter reads parentId: the id of a site, whose subsites are meant, or
// the word for top-level sites.
func (f *restFace) parentFilter(x *exchange, v tenantView) (func(Site) bool, error) {
	switch parentID := x.param("parentId"); parentID {
	case "":
		return func(Site) bool { return true }, nil
	case rootSites:
		return func(s Site) bool { return s.ParentURL == "" }, nil
	default:
		parent, err := one(f, v, "site", parentID, sitesOf, func(s Site) bool { return s.Unsynced })
		if err != nil {
			return nil, err
		}

		return func(s Site) bool { return strings.EqualFold(s.ParentURL, parent.URL) }, nil
	}
}

// getSite answers GET /Organizations/{organizationId}/Sites/{siteId}.
func (f *restFace) getSite(x *exchange) (reply, error) {
	v, err := f.view(x)
	if err != nil {
		return reply{}, err
	}

	site, err := one(f, v, "site", x.params["siteId"], sitesOf, func(s Site) bool { return s.Unsynced })
	if err != nil {
		return reply{}, err
	}

	return reply{status: http.StatusOK, body: x.site(v.id, site)}, nil
}
