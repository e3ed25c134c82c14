package simulator

// directoryLinks are the links of an object of an organization.
func (x *exchange) directoryLinks(organizationID, collection, id string, further ...string) *object {
	organization := "/organizations/" + organizationID
	self := organization + "/" + collection + "/" + id

	l := x.link(nil, "self", "%s", self)
	l = x.link(l, "organization", "%s", organization)

	for _, name := range further {
		l = x.link(l, name, "%s/%s", self, name)
	}

	return l.object()
}

// multiGeo writes the data location, which came with product 8.4.
func (x *exchange) multiGeo(body *object, location string) {
	if productAtLeast(x.knobs.ProductVersion, 8, 4) {
		body.nullable("dataLocation", location)
	}
}

func (x *exchange) group(organizationID string, g Group) *object {
	body := x.object()
	body.set("id", g.ID)
	body.set("displayName", g.DisplayName)

	if x.version >= v8 {
		body.nullable("name", g.Name)
		body.nullable("managedBy", g.ManagedBy)
		body.nullable("site", g.Site)
	} else {
		body.set("name", g.Name)
		body.optional("managedBy", g.ManagedBy)
		body.optional("site", g.Site)
	}

	body.nullable("type", g.Type)
	body.set("locationType", g.LocationType)

	if x.version == v7 {
		body.optional("onPremisesSid", g.OnPremisesSID)
	}

	if x.version >= v8 {
		body.nullable("msid", cloudID(g.ObjectID))
		body.nullable("onPremisesSid", g.OnPremisesSID)
		x.multiGeo(body, g.DataLocation)
		body.nullable("eTag", g.ETag)
	}

	body.set("_links", x.directoryLinks(organizationID, "groups", g.ID))

	return body
}

func (x *exchange) user(organizationID string, u User) *object {
	body := x.object()
	body.set("id", u.ID)
	body.set("displayName", u.DisplayName)
	body.set("name", u.Name)
	body.nullable("type", u.Type)
	body.set("locationType", u.LocationType)

	if x.version >= v7 {
		body.optional("onPremisesSid", u.OnPremisesSID)
		body.optional("office", u.Office)
	}

	if x.version >= v8 {
		body.nullable("assignedLicenses", x.licenses(u.Licenses))
		body.nullable("msid", cloudID(u.ObjectID))
		x.multiGeo(body, u.DataLocation)
		body.nullable("eTag", u.ETag)
	}

	body.set("_links", x.directoryLinks(organizationID, "users", u.ID, "onedrives"))

	return body
}

func (x *exchange) licenses(licenses []License) []*object {
	if licenses == nil {
		return nil
	}

	return transform(licenses, func(l License) *object {
		body := x.object()
		body.set("skuId", l.SKUID)
		body.set("skuPartNumber", l.SKUPartNumber)
		body.set("detectedSkuType", l.DetectedSKUType)

		return body
	})
}

func (x *exchange) site(organizationID string, s Site) *object {
	body := x.object()
	body.set("id", s.ID)
	body.set("url", s.URL)
	body.set("parentUrl", s.ParentURL)
	body.set("name", s.Name)
	body.set("isCloud", !s.OnPremises)
	body.set("isPersonal", s.Personal)
	body.set("title", s.Title)
	body.set("isAvailable", !s.Unavailable)
	body.optional("siteCollectionError", s.SiteCollectionError)

	if x.version >= v8 {
		body.nullable("msid", s.SiteID)
		x.multiGeo(body, s.DataLocation)
		body.nullable("eTag", s.ETag)
	}

	body.set("_links", x.directoryLinks(organizationID, "sites", s.ID))

	return body
}

func (x *exchange) team(organizationID string, t Team) *object {
	body := x.object()
	body.set("id", t.ID)
	body.set("displayName", t.DisplayName)
	body.optional("description", t.Description)
	body.set("mail", t.Mail)

	if x.version >= v8 {
		body.nullable("msid", t.ID)
		x.multiGeo(body, t.DataLocation)
		body.nullable("eTag", t.ETag)
	}

	body.set("_links", x.directoryLinks(organizationID, "teams", t.ID))

	return body
}

// cloudID is the id that Microsoft gave an object; an object that exists on
// premises alone has none.
func cloudID(objectID string) string {
	if objectID == zeroGUID {
		return ""
	}

	return objectID
}
