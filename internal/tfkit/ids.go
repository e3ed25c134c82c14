package tfkit

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// IDForm is a form that an id may have, as a validator of texts.
type IDForm struct {
	describes string
	valid     func(string) bool
	// hint says where such ids come from.
	hint string
}

const hintLookUp = "The vb365 data sources look ids up by name."

// The forms of ids.
var (
	// GUID is the form of the ids of organizations, roles, teams and Entra objects.
	GUID = IDForm{"a GUID of 36 characters", vb365.IsGUID, hintLookUp}
	// PrincipalID is the form of the ids of users and groups.
	PrincipalID = IDForm{
		"an Entra object id (36 characters) or VB365's id of the object (72 characters)",
		func(s string) bool { return vb365.IsGUID(s) || vb365.IsDoubleGUID(s) },
		hintLookUp,
	}
	// SiteID is the form of the ids of sites.
	SiteID = IDForm{"VB365's id of the site (72 characters: site collection and web)", vb365.IsDoubleGUID, hintLookUp}
)

// Valid tells whether s has this form.
func (f IDForm) Valid(s string) bool { return f.valid(s) }

// Description implements [validator.String].
func (f IDForm) Description(context.Context) string { return "must be " + f.describes }

// MarkdownDescription implements [validator.String].
func (f IDForm) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

// ValidateString implements [validator.String].
func (f IDForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || f.valid(req.ConfigValue.ValueString()) {
		return
	}
	AddAttributeError(&resp.Diagnostics, req.Path, "Malformed id", fmt.Sprintf(
		"Expected %s, got %q. %s", f.describes, req.ConfigValue.ValueString(), f.hint))
}

// The forms of ids in Entra.
var (
	// TenantID is the form of the name of a tenant.
	TenantID = IDForm{
		"the tenant's GUID or one of its verified domains", isTenantID,
		"Entra's portal shows both on the overview of the tenant.",
	}
	// ApplicationID is the form of the id of an application.
	ApplicationID = IDForm{
		"an application (client) id, a GUID", vb365.IsGUID,
		"It is alike in all tenants; the object ids of the registration and of service principals are others.",
	}
	// DirectoryID is the form of the object ids of users and service principals.
	DirectoryID = IDForm{"an Entra object id, a GUID", vb365.IsGUID, "Entra's portal shows it on the object's page."}
)

// domain is a name of two labels or more.
var domain = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])$`)

func isTenantID(s string) bool { return vb365.IsGUID(s) || domain.MatchString(s) }
