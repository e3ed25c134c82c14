package directory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// query asks for one thing.
type query[T any] struct {
	noun           noun[T]
	organizationID string
	argument       argument[T]
	value          string
	diags          *diag.Diagnostics
}

// ask returns the one thing that the argument means; ok is false after a
// diagnostic that says why there is none.
func (q query[T]) ask(ctx context.Context, client *vb365.Client) (found T, ok bool, err error) {
	if q.argument.notBefore > 0 {
		version, err := client.Version(ctx)
		if err != nil {
			return found, false, err
		}
		if version < q.argument.notBefore {
			tooNew(q.diags, q.argument.name, q.argument.notBefore, version)
			return found, false, nil
		}
	}
	if q.argument.byID {
		found, ok, err = q.noun.find(ctx, client, q.organizationID, q.value)
		if ok || err != nil {
			return found, ok, err
		}
	}
	// All are listed once for every question about an organization; the server's
	// own filters differ between builds in what they find.
	all, err := q.noun.all(ctx, client, q.organizationID, q.noun.widest)
	if err != nil {
		return found, false, err
	}
	var matches []T
	for _, of := range all {
		if q.argument.matches != nil && q.argument.matches(of, q.value) {
			matches = append(matches, of)
		}
	}
	switch len(matches) {
	case 1:
		return matches[0], true, nil
	case 0:
		q.none(all)
	default:
		q.several(matches)
	}
	return found, false, nil
}

// named bounds how many candidates an error names.
const named = 5

func (q query[T]) none(all []T) {
	detail := fmt.Sprintf("There is no %s with the %s %q%s.", q.noun.one, q.argument.name, q.value, q.where())
	if near := q.nearest(all); len(near) > 0 {
		detail += " Near it are:\n" + tfkit.Bullets(near)
	}
	detail += q.otherArgument(all)
	if q.noun.needsOrganization {
		detail += fmt.Sprintf("\n\nIf it was created a moment ago, the server may not know it yet; data.vb365_%s with "+
			"data_source = \"Production\" asks Microsoft 365 itself.", q.noun.many)
	}
	q.diags.AddAttributeError(path.Root(q.argument.name), fmt.Sprintf("No such %s", q.noun.one), detail)
}

// otherArgument says which argument would have found something.
func (q query[T]) otherArgument(all []T) string {
	for _, other := range q.noun.arguments {
		if other.name != q.argument.name && other.matches != nil &&
			slices.ContainsFunc(all, func(of T) bool { return other.matches(of, q.value) }) {
			return fmt.Sprintf("\n\nThis is a %s: write %s = %q.", other.name, other.name, q.value)
		}
	}
	return ""
}

func (q query[T]) where() string {
	if !q.noun.needsOrganization {
		return ""
	}
	return " in the organization " + q.organizationID
}

func (q query[T]) several(matches []T) {
	var candidates []string
	for _, of := range q.noun.sorted(matches) {
		candidates = append(candidates, q.noun.described(of))
	}
	q.diags.AddAttributeError(path.Root(q.argument.name), fmt.Sprintf("Several %s match", q.noun.many),
		fmt.Sprintf("%d %s have the %s %q%s. Ask by id:\n%s",
			len(matches), q.noun.many, q.argument.name, q.value, q.where(), tfkit.Bullets(candidates)))
}

// nearest returns the things whose label or id is most like the value, if any is.
func (q query[T]) nearest(all []T) []string {
	type candidate struct {
		text     string
		distance int
	}
	value := strings.ToLower(q.value)
	var near []candidate
	for _, of := range q.noun.sorted(all) {
		best := len(value)
		for _, text := range append(strings.Split(strings.ToLower(q.noun.label(of)), `"`), strings.ToLower(q.noun.id(of))) {
			text = strings.Trim(text, " ()")
			if text == "" {
				continue
			}
			distance := levenshtein.Distance(text, value, nil)
			if strings.Contains(text, value) {
				distance = 1
			}
			best = min(best, distance)
		}
		if best <= max(2, len(value)/4) {
			near = append(near, candidate{q.noun.described(of), best})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var texts []string
	for _, c := range near[:min(named, len(near))] {
		texts = append(texts, c.text)
	}
	return texts
}
