package operatorrole

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// drift says in words what changed on the server since state was written. labels
// names the objects that were there then.
func drift(state model, is shown, labels labels) []string {
	var changes []string
	changed := func(format string, args ...any) {
		changes = append(changes, fmt.Sprintf(format, args...)+" outside Terraform")
	}
	was := state.declaredRole()
	if is.role.Name != was.Name {
		changed("the role was renamed from %q to %q", was.Name, is.role.Name)
	}
	if is.role.Description != was.Description {
		changed("its description was changed from %q to %q", was.Description, is.role.Description)
	}
	if is.role.Type != was.Type {
		if is.role.Type == vb365.EntireOrganization {
			changed("its scope was widened from the managed objects to the entire organization")
		} else {
			changed("its scope was narrowed from the entire organization to managed objects")
		}
	}
	for _, l := range lists {
		if l == managed && is.role.Type == vb365.EntireOrganization {
			continue // that there are none any more goes with the scope
		}
		for _, k := range l.kinds {
			changes = append(changes, driftOf(l, k, state, is, labels)...)
		}
	}
	return changes
}

// driftOf says in words which objects of one kind came to a list and which went.
func driftOf(l *roleList, k *kind, state model, is shown, labels labels) []string {
	var changes []string
	before, _ := idsOf(*l.of(&state), k)
	now := *l.ofSpec(&is.entries)
	for _, e := range now {
		if e.Known() && e.Kind == k.entry && !containsObject(before, e.ObjectID(), k) {
			changes = append(changes, fmt.Sprintf("%s %s was added outside Terraform", l.noun, e.Label()))
		}
	}
	for _, id := range before {
		if !holds(now, k, id) {
			changes = append(changes, fmt.Sprintf("%s %s was removed outside Terraform", l.noun, labels.of(k, id)))
		}
	}
	return changes
}

func containsObject(ids []string, id string, k *kind) bool {
	return slices.ContainsFunc(ids, func(other string) bool { return k.same(other, id) })
}

// holds tells whether entries hold an object.
func holds(entries []vb365.Entry, k *kind, id string) bool {
	return slices.ContainsFunc(entries, func(e vb365.Entry) bool {
		return e.Known() && e.Kind == k.entry && k.same(e.ObjectID(), id)
	})
}

// warnOfDrift reports changes in one warning.
func warnOfDrift(diags *diag.Diagnostics, name string, changes []string) {
	if len(changes) == 0 {
		return
	}
	diags.AddWarning(fmt.Sprintf("Restore operator role %q was changed outside Terraform", name),
		tfkit.Bullets(changes)+"\n\n"+tfkit.PutBack)
}

// warnOfUnknownKinds reports entries that take part in the role and that the provider cannot manage.
func warnOfUnknownKinds(diags *diag.Diagnostics, name string, entries vb365.RoleEntries, overwrite types.Bool) {
	unknown := unknownEntries(entries)
	if len(unknown) == 0 {
		return
	}
	what := "They count, and the role may be wider than its configuration says. They are left as they are; " +
		"overwrite_unmanaged_objects = true removes them."
	if overwrite.ValueBool() {
		what = "They are removed by the next apply, since overwrite_unmanaged_objects is set."
	}
	diags.AddWarning(fmt.Sprintf("Restore operator role %q holds entries of unknown kinds", name),
		tfkit.Bullets(unknown)+"\n\n"+what)
}

// labels are the names of a role's objects when they were last seen, so that an
// object that is gone can still be named. They are kept in the resource's private
// state, where a change of a name is no difference. Keys are kind and object id.
type labels map[string]string

const labelsKey = "labels"

func newLabels(entries vb365.RoleEntries) labels {
	known := labels{}
	for _, l := range lists {
		for _, e := range *l.ofSpec(&entries) {
			if e.Known() {
				known[labelKey(e.Kind, e.ObjectID())] = e.Label()
			}
		}
	}
	return known
}

func labelKey(kind vb365.EntryKind, id string) string {
	return string(kind) + " " + strings.ToLower(id)
}

// of returns the object's name, or its id where no name was seen.
func (ls labels) of(k *kind, id string) string {
	for key, label := range ls {
		kindName, seen, _ := strings.Cut(key, " ")
		if kindName == string(k.entry) && k.same(seen, id) {
			return label
		}
	}
	return k.noun + " " + id
}

func (ls labels) save(ctx context.Context, to tfkit.Private) diag.Diagnostics {
	return tfkit.Record(ctx, to, labelsKey, ls, "The names of the role's objects")
}

func parseLabels(data []byte) labels {
	var ls labels
	// Names are a help for people: without them ids are shown.
	_ = json.Unmarshal(data, &ls)
	return ls
}
