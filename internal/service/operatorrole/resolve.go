package operatorrole

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// reference is an object that a role names.
type reference struct {
	list *roleList
	kind *kind
	id   string
}

func (r reference) path() path.Path {
	return path.Root(r.list.attribute).AtName(r.kind.attribute).AtSetValue(types.StringValue(r.id))
}

// references returns what the model names, as far as it is known.
func references(m *model) []reference {
	var all []reference
	for _, l := range lists {
		for _, k := range l.kinds {
			ids, _ := idsOf(*l.of(m), k)
			for _, id := range ids {
				all = append(all, reference{l, k, id})
			}
		}
	}
	return all
}

// found is what the directory says of a reference.
type found struct {
	entry          vb365.Entry
	onlyOnPremises bool
	dynamic        bool // a dynamic distribution group
}

// directory is what is asked of the client to find objects.
type directory interface {
	FindUsers(ctx context.Context, orgID string, ids ...string) (map[string]vb365.User, error)
	FindGroups(ctx context.Context, orgID string, ids ...string) (map[string]vb365.Group, error)
	FindSites(ctx context.Context, orgID string, ids ...string) (map[string]vb365.Site, error)
	FindTeams(ctx context.Context, orgID string, ids ...string) (map[string]vb365.Team, error)
}

// findAll looks all references up, one question per kind, side by side. A
// reference that is missing from the answer does not exist in the organization.
func findAll(ctx context.Context, dir directory, orgID string, refs []reference) (map[reference]found, error) {
	byKind := map[vb365.EntryKind][]string{}
	for _, r := range refs {
		if !slices.Contains(byKind[r.kind.entry], r.id) {
			byKind[r.kind.entry] = append(byKind[r.kind.entry], r.id)
		}
	}
	var mu sync.Mutex
	answers := map[vb365.EntryKind]map[string]found{}
	group, ctx := errgroup.WithContext(ctx)
	for kind, ids := range byKind {
		group.Go(func() error {
			answer, err := findKind(ctx, dir, orgID, kind, ids)
			mu.Lock()
			defer mu.Unlock()
			answers[kind] = answer
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := map[reference]found{}
	for _, r := range refs {
		if object, ok := answers[r.kind.entry][r.id]; ok {
			all[r] = object
		}
	}
	return all, nil
}

func findKind(ctx context.Context, dir directory, orgID string, kind vb365.EntryKind, ids []string) (map[string]found, error) {
	switch kind {
	case vb365.KindUser:
		objects, err := dir.FindUsers(ctx, orgID, ids...)
		return describe(objects), err
	case vb365.KindGroup:
		objects, err := dir.FindGroups(ctx, orgID, ids...)
		answer := describe(objects)
		for id, g := range objects {
			f := answer[id]
			f.dynamic = g.Type == vb365.DynamicDistribution
			answer[id] = f
		}
		return answer, err
	case vb365.KindSite:
		objects, err := dir.FindSites(ctx, orgID, ids...)
		return describe(objects), err
	case vb365.KindTeam:
		objects, err := dir.FindTeams(ctx, orgID, ids...)
		return describe(objects), err
	}
	return nil, fmt.Errorf("objects of the kind %q cannot be looked up", kind)
}

func describe[T vb365.Object](objects map[string]T) map[string]found {
	answer := make(map[string]found, len(objects))
	for id, object := range objects {
		answer[id] = found{entry: object.Entry(), onlyOnPremises: object.OnlyOnPremises()}
	}
	return answer
}

// absentError is an object that a role names and that the organization does not have.
type absentError struct {
	reference reference
	org       string
}

func (e *absentError) Error() string {
	return fmt.Sprintf("the organization %s has no %s with the id %s", e.org, e.reference.kind.noun, e.reference.id)
}

// newSpec returns the role that a plan declares. Objects that the role holds
// already are taken from it, so that nothing is asked about them; held may be empty.
func newSpec(ctx context.Context, dir directory, plan *model, held vb365.RoleEntries) (vb365.RoleSpec, error) {
	spec := vb365.RoleSpec{Role: plan.declaredRole()}
	var unknown []reference
	for _, r := range references(plan) {
		if _, ok := heldEntry(r, held); !ok {
			unknown = append(unknown, r)
		}
	}
	objects, err := findAll(ctx, dir, spec.OrganizationID, unknown)
	if err != nil {
		return spec, err
	}
	for _, r := range references(plan) {
		entry, ok := heldEntry(r, held)
		if !ok {
			object, exists := objects[r]
			if !exists {
				return spec, &absentError{reference: r, org: spec.OrganizationID}
			}
			entry = object.entry
		}
		into := r.list.ofSpec(&spec.RoleEntries)
		*into = append(*into, entry)
	}
	return spec, nil
}

// heldEntry returns the entry of any of the role's lists that stands for the referenced object.
func heldEntry(r reference, held vb365.RoleEntries) (vb365.Entry, bool) {
	for _, l := range lists {
		for _, e := range *l.ofSpec(&held) {
			if e.Known() && e.Kind == r.kind.entry && r.kind.same(e.ObjectID(), r.id) {
				return e, true
			}
		}
	}
	return vb365.Entry{}, false
}

// organizationLabel names an organization for people.
func organizationLabel(o *vb365.Organization) string {
	return fmt.Sprintf("%q (%s)", o.Name, strings.ToLower(o.ID))
}
