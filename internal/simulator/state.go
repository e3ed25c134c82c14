package simulator

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// state is what the server knows. Every face of the simulator works on the same
// one: whatever one face changes, the others see.
type state struct {
	mu   sync.RWMutex
	data tables
	// revision grows with every write.
	revision int64
}

// tables is the content of a [state]. Its methods take no locks; they are called
// within read or write.
type tables struct {
	tenants []*tenant
	roles   []*Role
	roleIDs map[string]*Role
	portal  PortalSettings
	service ServiceSettings
	eTag    int64
}

// tenant is an organization with its directory.
type tenant struct {
	Organization

	users  collection[User]
	groups collection[Group]
	sites  collection[Site]
	teams  collection[Team]
	sync   syncState
}

// syncState is the state of the organization's local cache.
type syncState struct {
	last    syncRun
	current syncRun
}

// syncRun is a synchronization of the local cache; the zero value is none.
type syncRun struct {
	kind    string
	started time.Time
	ended   time.Time
	failure string
}

func newState() *state {
	return &state{data: tables{roleIDs: make(map[string]*Role)}}
}

// read calls fn while nothing changes. fn must not keep what it is given.
func (s *state) read(fn func(*tables)) {
	s.mu.RLock()
	defer s.mu.RUnlock()

	fn(&s.data)
}

// write calls fn while nobody else reads or changes.
func (s *state) write(fn func(*tables)) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.revision++

	fn(&s.data)
}

// try is write for a change that can fail; fn must change nothing if it does.
func (s *state) try(fn func(*tables) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.revision++

	return fn(&s.data)
}

// amend lets change work on a copy of something, without a lock, so that change
// may look at the state itself. If the state changed meanwhile, it starts again.
// It reports whether the thing exists.
func amend[T any](s *state, get func(*tables) (T, bool), change func(*T), put func(*tables, T)) bool {
	for {
		s.mu.RLock()
		original, exists := get(&s.data)
		revision := s.revision
		s.mu.RUnlock()

		if !exists {
			return false
		}

		change(&original)

		s.mu.Lock()

		current := s.revision == revision
		if current {
			s.revision++

			put(&s.data, original)
		}

		s.mu.Unlock()

		if current {
			return true
		}
	}
}

func (t *tables) addTenant(organization Organization, cache syncState) *tenant {
	added := &tenant{
		Organization: organization,
		users:        newCollection(func(u User) string { return u.ID }),
		groups:       newCollection(func(g Group) string { return g.ID }),
		sites:        newCollection(func(s Site) string { return s.ID }),
		teams:        newCollection(func(t Team) string { return t.ID }),
		sync:         cache,
	}
	t.tenants = append(t.tenants, added)

	return added
}

func (t *tables) tenant(id string) (*tenant, bool) {
	for _, candidate := range t.tenants {
		if sameID(candidate.ID, id) {
			return candidate, true
		}
	}

	return nil, false
}

// nextETag returns the version number of the next change to a directory object.
func (t *tables) nextETag() int64 {
	t.eTag++

	return t.eTag
}

func (t *tables) role(id string) (*Role, bool) {
	role, known := t.roleIDs[strings.ToLower(id)]

	return role, known
}

func (t *tables) addRole(role Role) *Role {
	added := &role
	t.roles = append(t.roles, added)
	t.roleIDs[strings.ToLower(role.ID)] = added

	return added
}

func (t *tables) deleteRole(id string) bool {
	role, known := t.role(id)
	if !known {
		return false
	}

	delete(t.roleIDs, strings.ToLower(id))
	t.roles = slices.DeleteFunc(t.roles, func(candidate *Role) bool { return candidate == role })

	return true
}

// sameID compares ids the way that the server does, without regard to case.
func sameID(a, b string) bool {
	return strings.EqualFold(a, b)
}

// transform applies fn to every item.
func transform[T, U any](items []T, fn func(T) U) []U {
	results := make([]U, 0, len(items))
	for i := range items {
		results = append(results, fn(items[i]))
	}

	return results
}

// first finds the first item that the test accepts.
func first[T any](items []T, test func(T) bool) (T, bool) {
	if i := slices.IndexFunc(items, test); i >= 0 {
		return items[i], true
	}

	var none T

	return none, false
}

// collection is a list of objects with an index by id.
type collection[T any] struct {
	items []T
	index map[string]int
	id    func(T) string
}

func newCollection[T any](id func(T) string) collection[T] {
	return collection[T]{index: make(map[string]int), id: id}
}

// put adds the item, or replaces the one with the same id.
func (c *collection[T]) put(item T) {
	key := strings.ToLower(c.id(item))

	if i, known := c.index[key]; known {
		c.items[i] = item

		return
	}

	c.index[key] = len(c.items)
	c.items = append(c.items, item)
}

func (c *collection[T]) get(id string) (item T, known bool) {
	i, known := c.index[strings.ToLower(id)]
	if !known {
		return item, false
	}

	return c.items[i], true
}

func (c *collection[T]) remove(id string) bool {
	i, known := c.index[strings.ToLower(id)]
	if !known {
		return false
	}

	c.items = slices.Delete(slices.Clone(c.items), i, i+1)
	c.index = make(map[string]int, len(c.items))

	for i, item := range c.items {
		c.index[strings.ToLower(c.id(item))] = i
	}

	return true
}

// each changes every item. No change may concern the item's id.
func (c *collection[T]) each(change func(*T)) {
	for i := range c.items {
		change(&c.items[i])
	}
}

// all returns the items. The slice must not be changed.
func (c *collection[T]) all() []T {
	return c.items
}
