package operatorrole

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// roles is what is asked of the client to bring a role into being and in order.
type roles interface {
	Roles(ctx context.Context) ([]vb365.Role, error)
	RefreshRoles(ctx context.Context) ([]vb365.Role, error)
	RefreshRole(ctx context.Context, id string) (vb365.Role, error)
	RoleEntries(ctx context.Context, role vb365.Role) (vb365.RoleEntries, error)
	CreateRole(ctx context.Context, spec vb365.RoleSpec) (vb365.Role, error)
	ReplaceRole(ctx context.Context, id string, spec vb365.RoleSpec) error
	AddEntries(ctx context.Context, roleID string, list vb365.EntryList, entries []vb365.Entry) error
	RemoveEntries(ctx context.Context, roleID string, list vb365.EntryList, entries []vb365.Entry) error
}

// shown is a role as the server shows it.
type shown struct {
	role    vb365.Role
	entries vb365.RoleEntries
}

// conflictError is a role of the declared name that is not the declared role.
type conflictError struct {
	role        vb365.Role
	differences []string
}

func (e *conflictError) Error() string {
	return fmt.Sprintf("the organization already has a role named %q (id %s) that is not as declared: %s",
		e.role.Name, e.role.ID, strings.Join(e.differences, "; "))
}

// mismatchError is a role that the server accepted but does not show as declared.
type mismatchError struct{ differences []string }

func (e *mismatchError) Error() string {
	return "the server accepted the role but shows it otherwise: " + strings.Join(e.differences, "; ")
}

// creation is how a role came into being.
type creation struct {
	role vb365.Role
	// adopted tells that the role existed before.
	adopted bool
}

const (
	// createAttempts bounds how often a create whose fate was unclear is tried again.
	createAttempts = 4
	// firstPause is how long the server is left alone before it is looked at for
	// a create that failed.
	firstPause = time.Second
)

// create creates the role, or takes over the one that is there already. Creating
// is never repeated blindly: after an answer that was lost, the server's own list
// decides whether the role exists.
func create(ctx context.Context, client roles, spec vb365.RoleSpec, existing adoption) (creation, error) {
	before, err := client.Roles(ctx)
	if err != nil {
		return creation{}, err
	}
	role, found, err := adoptNamesake(ctx, client, namesakes(before, spec.Role), spec, existing)
	if found || err != nil {
		return creation{role: role, adopted: true}, err
	}
	var lost bool // an earlier attempt may have been carried out
	for attempt := 1; ; attempt++ {
		role, err := client.CreateRole(ctx, spec)
		if err == nil {
			return creation{role: role}, nil
		}
		unclear := vb365.MayHaveHappened(err) || lost && isConflict(err)
		if attempt == createAttempts || !unclear && !vb365.WasRefusedForNow(err) {
			return creation{}, err
		}
		lost = lost || unclear
		pauses := []time.Duration{max(firstPause<<(attempt-1), vb365.RetryAfter(err))}
		if lost {
			// The server may still be busy with it: one look is not enough.
			pauses = append(pauses, 2*firstPause, 4*firstPause)
		}
		role, found, lookErr := lookForCreated(ctx, client, spec.Role, before, pauses)
		if lookErr != nil {
			return creation{}, errors.Join(err, lookErr)
		}
		if found {
			return creation{role: role}, nil
		}
	}
}

// adoptNamesake takes over a role that is exactly as declared. One that is not is an error.
func adoptNamesake(
	ctx context.Context, client roles, candidates []vb365.Role, spec vb365.RoleSpec, existing adoption,
) (vb365.Role, bool, error) {
	for _, role := range candidates {
		if existing.deleting(role) {
			continue
		}
		differences, err := compareRole(ctx, client, role, spec)
		if err != nil {
			return vb365.Role{}, false, err
		}
		if len(differences) > 0 {
			return vb365.Role{}, false, &conflictError{role, differences}
		}
		if existing.adopt(role) {
			return role, true, nil
		}
	}
	return vb365.Role{}, false, nil
}

// lookForCreated looks, after each of the pauses, whether a create whose answer
// was lost was carried out: a role of that name that was not there before.
func lookForCreated(
	ctx context.Context, client roles, wanted vb365.Role, before []vb365.Role, pauses []time.Duration,
) (vb365.Role, bool, error) {
	for _, pause := range pauses {
		if err := wait(ctx, pause); err != nil {
			return vb365.Role{}, false, err
		}
		now, err := client.RefreshRoles(ctx)
		if err != nil {
			return vb365.Role{}, false, err
		}
		for _, role := range namesakes(now, wanted) {
			if !slices.ContainsFunc(before, func(r vb365.Role) bool { return strings.EqualFold(r.ID, role.ID) }) {
				return role, true, nil
			}
		}
	}
	return vb365.Role{}, false, nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func isConflict(err error) bool {
	var resp *vb365.ResponseError
	return errors.As(err, &resp) && resp.Status == http.StatusConflict
}

// namesakes returns the roles of the same name in the same organization.
func namesakes(all []vb365.Role, wanted vb365.Role) []vb365.Role {
	var same []vb365.Role
	for _, role := range all {
		if role.Name == wanted.Name && strings.EqualFold(role.OrganizationID, wanted.OrganizationID) {
			same = append(same, role)
		}
	}
	return same
}

func compareRole(ctx context.Context, client roles, role vb365.Role, spec vb365.RoleSpec) ([]string, error) {
	entries, err := client.RoleEntries(ctx, role)
	if err != nil {
		return nil, err
	}
	return compare(spec, shown{role, entries}, false), nil
}

// compare says in words how a role differs from what is declared. Entries of
// unknown kinds count as differences unless they are to be tolerated.
func compare(spec vb365.RoleSpec, is shown, tolerateUnknown bool) []string {
	var differences []string
	differ := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	if is.role.Name != spec.Name {
		differ("its name is %q instead of %q", is.role.Name, spec.Name)
	}
	if is.role.Description != spec.Description {
		differ("its description is %q instead of %q", is.role.Description, spec.Description)
	}
	if is.role.Type != spec.Type {
		differ("its type is %s instead of %s", is.role.Type, spec.Type)
	}
	for _, l := range lists {
		want, have := *l.ofSpec(&spec.RoleEntries), *l.ofSpec(&is.entries)
		for _, e := range without(want, have) {
			differ("the %s %s is missing", l.noun, e.Label())
		}
		for _, e := range without(have, want) {
			if l.manages(e) || !tolerateUnknown {
				differ("it has the %s %s beside", l.noun, e.Label())
			}
		}
	}
	return differences
}

// without returns the entries of a that do not stand for an object in b.
func without(a, b []vb365.Entry) []vb365.Entry {
	var rest []vb365.Entry
	for _, e := range a {
		if !slices.ContainsFunc(b, e.Same) {
			rest = append(rest, e)
		}
	}
	return rest
}

// look reads a role as it is now.
func look(ctx context.Context, client roles, id string) (shown, error) {
	role, err := client.RefreshRole(ctx, id)
	if err != nil {
		return shown{}, err
	}
	entries, err := client.RoleEntries(ctx, role)
	return shown{role, entries}, err
}

// confirm reads a role back after a write. What the write left undone in the
// lists is done once more, entry by entry; what differs still is an error, beside
// which the role as it is returned.
func confirm(ctx context.Context, client roles, id string, spec vb365.RoleSpec, tolerateUnknown bool) (shown, error) {
	is, err := look(ctx, client, id)
	if err != nil || len(compare(spec, is, tolerateUnknown)) == 0 {
		return is, err
	}
	adjustErr := adjust(ctx, client, is, spec, tolerateUnknown)
	is, err = look(ctx, client, id)
	if err != nil {
		return is, err
	}
	differences := compare(spec, is, tolerateUnknown)
	if len(differences) == 0 {
		return is, nil
	}
	return is, errors.Join(&mismatchError{differences}, adjustErr)
}

// adjust brings the lists of a role in order through their own endpoints, which
// leave every other entry alone. Nothing is added that is still on the opposite
// list, since the server refuses an object that is managed and excluded; and
// nothing is removed before what replaces it is there, since it refuses a role
// without operators or objects.
func adjust(ctx context.Context, client roles, is shown, spec vb365.RoleSpec, tolerateUnknown bool) error {
	opposite := map[vb365.EntryList][]vb365.Entry{
		vb365.SelectedItems: is.entries.Excluded,
		vb365.ExcludedItems: is.entries.Selected,
	}
	var blocked []func() error
	for _, l := range lists {
		want, have := *l.ofSpec(&spec.RoleEntries), *l.ofSpec(&is.entries)
		free, later := split(without(want, have), opposite[l.entries])
		if err := addEntries(ctx, client, is.role.ID, l, free); err != nil {
			return err
		}
		blocked = append(blocked, func() error { return addEntries(ctx, client, is.role.ID, l, later) })
	}
	for _, l := range lists {
		surplus := without(*l.ofSpec(&is.entries), *l.ofSpec(&spec.RoleEntries))
		if tolerateUnknown {
			surplus = slices.DeleteFunc(surplus, func(e vb365.Entry) bool { return !l.manages(e) })
		}
		if len(surplus) == 0 {
			continue
		}
		if err := client.RemoveEntries(ctx, is.role.ID, l.entries, surplus); err != nil {
			return err
		}
	}
	for _, add := range blocked {
		if err := add(); err != nil {
			return err
		}
	}
	return nil
}

// split separates the entries that stand for an object in blockers from the others.
func split(entries, blockers []vb365.Entry) (free, blocked []vb365.Entry) {
	for _, e := range entries {
		if slices.ContainsFunc(blockers, e.Same) {
			blocked = append(blocked, e)
		} else {
			free = append(free, e)
		}
	}
	return free, blocked
}

func addEntries(ctx context.Context, client roles, roleID string, l *roleList, entries []vb365.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return client.AddEntries(ctx, roleID, l.entries, entries)
}

// unknownKindsError is a change that would replace entries of kinds that the provider does not know.
type unknownKindsError struct{ entries []string }

func (e *unknownKindsError) Error() string {
	return "the role holds entries of kinds that this provider does not know, and the change would replace them: " +
		strings.Join(e.entries, "; ")
}

// update makes a role what spec says. A role that holds entries of unknown kinds
// is changed entry by entry, which leaves those alone, and nothing of it that can
// only be replaced as a whole is changed, unless overwriting them was asked for.
func update(ctx context.Context, client roles, is shown, spec vb365.RoleSpec, overwriteUnknown bool) (shown, error) {
	unknown := unknownEntries(is.entries)
	keep := len(unknown) > 0 && !overwriteUnknown
	switch {
	case !keep:
		if err := client.ReplaceRole(ctx, is.role.ID, spec); err != nil {
			return is, err
		}
	case is.role.Name != spec.Name || is.role.Description != spec.Description || is.role.Type != spec.Type:
		return is, &unknownKindsError{unknown}
	}
	return confirm(ctx, client, is.role.ID, spec, keep)
}

func unknownEntries(entries vb365.RoleEntries) []string {
	var unknown []string
	for _, l := range lists {
		for _, e := range *l.ofSpec(&entries) {
			if !l.manages(e) {
				unknown = append(unknown, l.noun+" "+e.Label())
			}
		}
	}
	return unknown
}
