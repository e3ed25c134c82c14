package directory

import (
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// filter is an argument that narrows a list.
type filter struct {
	name, describes string
	oneOf           []string // the values that it may have; any if empty
	isBool          bool
	// notBefore is the first API version that knows the filter; zero is any.
	notBefore vb365.Version
}

// filtered are the values of filters, by name; absent ones do not narrow.
type filtered map[string]string

const wildcards = " May hold the wildcards `*` and `?`; letter case means nothing."

var (
	filterDisplayName = filter{name: "display_name", describes: "Only those of this display name." + wildcards}
	filterName        = filter{name: "name", describes: "Only those of this name, in any letter case."}
	filterLocation    = filter{
		name: "location", describes: "For hybrid organizations: where the objects exist: `Cloud`, `OnPremises`, `Hybrid`, `CloudOrHybrid`, `OnPremisesOrHybrid` or `Any`.",
		oneOf: []string{"Cloud", "OnPremises", "Hybrid", "CloudOrHybrid", "OnPremisesOrHybrid", "Any"},
	}
	filterSiteLocation = filter{
		name: "location", describes: "For hybrid organizations: where the sites exist: `Cloud`, `OnPremises` or `Any`.",
		oneOf: []string{"Cloud", "OnPremises", "Any"},
	}
	filterDataSource = filter{
		name: "data_source", notBefore: vb365.V7,
		describes: "`PreferLocal` (the server's default) asks its copy of the directory, `Production` asks Microsoft 365 itself, which is " +
			"slow and throttled, but knows objects that were created a moment ago. Needs API version v7 or later.",
		oneOf: []string{string(vb365.PreferLocal), string(vb365.Production)},
	}
	filterKeyword = filter{
		name: "keyword", notBefore: vb365.V7,
		describes: "Only sites that the server finds by this keyword. Needs API version v7 or later.",
	}
	filterParent = filter{
		name:      "parent_id",
		describes: "A site's id for the sites right below it, or `root` for top-level sites. Left out, all sites are listed, which takes longer.",
	}
	filterPersonal = filter{
		name: "include_personal_sites", isBool: true, describes: "Whether personal sites (OneDrive) are listed too; default `false`.",
	}
)

func (f filter) attribute() schema.Attribute {
	if f.isBool {
		return schema.BoolAttribute{Optional: true, MarkdownDescription: f.describes}
	}
	validators := []validator.String{stringvalidator.LengthAtLeast(1)}
	if len(f.oneOf) > 0 {
		validators = append(validators, stringvalidator.OneOf(f.oneOf...))
	}
	return schema.StringAttribute{Optional: true, MarkdownDescription: f.describes, Validators: validators}
}

// keep returns the things whose text has the pattern's form. Servers differ in
// what a filter finds, so what they found is looked at again.
func keep[T any](all []T, pattern string, text func(T) string) []T {
	if pattern == "" {
		return all
	}
	form := regexp.QuoteMeta(pattern)
	form = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(form)
	whole := regexp.MustCompile(`(?is)^` + form + `$`)
	var kept []T
	for _, of := range all {
		if whole.MatchString(text(of)) {
			kept = append(kept, of)
		}
	}
	return kept
}
