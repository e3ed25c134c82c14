package vb365

import (
	"context"
	"strings"
	"sync"
)

// FindUsers returns the users of an organization with the given ids, keyed as
// asked for; VB365's ids and Entra object ids are understood. Who is absent from
// the map does not exist. It costs one listing of the organization, however many
// callers ask for however many users; of a listing of several pages, what the
// first does not hold is looked up while it is little.
func (c *Client) FindUsers(ctx context.Context, orgID string, ids ...string) (map[string]User, error) {
	return finderOf(c.finders, c.finders.users, c, orgID, "Users", nil).find(ctx, ids)
}

// FindGroups is like [Client.FindUsers] for groups.
func (c *Client) FindGroups(ctx context.Context, orgID string, ids ...string) (map[string]Group, error) {
	return finderOf(c.finders, c.finders.groups, c, orgID, "Groups", nil).find(ctx, ids)
}

// FindSites is like [Client.FindUsers] for sites, personal ones among them.
func (c *Client) FindSites(ctx context.Context, orgID string, ids ...string) (map[string]Site, error) {
	return finderOf(c.finders, c.finders.sites, c, orgID, "Sites", SiteFilter{IncludePersonalSites: true}.params()).find(ctx, ids)
}

// FindTeams is like [Client.FindUsers] for teams.
func (c *Client) FindTeams(ctx context.Context, orgID string, ids ...string) (map[string]Team, error) {
	return finderOf(c.finders, c.finders.teams, c, orgID, "Teams", nil).find(ctx, ids)
}

// finders holds one finder per organization and kind of object.
type finders struct {
	mu     sync.Mutex
	users  map[string]*finder[User]
	groups map[string]*finder[Group]
	sites  map[string]*finder[Site]
	teams  map[string]*finder[Team]
}

func newFinders() *finders {
	return &finders{
		users:  map[string]*finder[User]{},
		groups: map[string]*finder[Group]{},
		sites:  map[string]*finder[Site]{},
		teams:  map[string]*finder[Team]{},
	}
}

func finderOf[T Object](
	all *finders, ofKind map[string]*finder[T], c *Client, orgID, kind string, params map[string]string,
) *finder[T] {
	all.mu.Lock()
	defer all.mu.Unlock()
	key := strings.ToLower(orgID)
	if ofKind[key] == nil {
		ofKind[key] = &finder[T]{
			client: c, orgID: orgID, kind: kind, params: params,
			turn: make(chan struct{}, 1), known: map[string]T{}, absent: map[string]bool{},
		}
	}
	return ofKind[key]
}

// fewLookUps is how many objects of an organization are looked up one by one
// before the rest of a listing of several pages is read.
const fewLookUps = 5

// finder finds the objects of one kind in one organization and remembers them.
type finder[T Object] struct {
	client *Client
	orgID  string
	kind   string // as in the URL: Users
	params map[string]string
	turn   chan struct{} // held by the caller that asks: the next profits from its answers

	known    map[string]T    // by key
	absent   map[string]bool // by key
	lookUps  int
	consumed int // objects of the listing that are in known
}

// key makes equal what [SameObject] calls the same: users and groups are known by
// their Entra object id.
func (f *finder[T]) key(id string) string {
	id = strings.ToLower(id)
	if f.isPrincipal() && len(id) > guidLength {
		return id[:guidLength]
	}
	return id
}

// isPrincipal tells whether the objects have Entra object ids beside VB365's.
func (f *finder[T]) isPrincipal() bool { return f.kind == "Users" || f.kind == "Groups" }

func (f *finder[T]) find(ctx context.Context, ids []string) (map[string]T, error) {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// The answers are everybody's: a caller that gives up does not cut them off.
	if err := f.answer(context.WithoutCancel(ctx), ids); err != nil {
		return nil, err
	}
	found := map[string]T{}
	for _, id := range ids {
		if object, ok := f.known[f.key(id)]; ok && f.matches(object, id) {
			found[id] = object
		}
	}
	return found, nil
}

// matches guards against a VB365 id whose Entra half is right and whose on-premises half is not.
func (f *finder[T]) matches(object T, id string) bool {
	if f.isPrincipal() {
		return SameObject(object.ObjectID(), id)
	}
	return strings.EqualFold(object.ObjectID(), id)
}

// unanswered returns the ids that nothing is known about yet, each once.
func (f *finder[T]) unanswered(ids []string) []string {
	var open []string
	seen := map[string]bool{}
	for _, id := range ids {
		key := f.key(id)
		if _, known := f.known[key]; !known && !f.absent[key] && !seen[key] {
			open = append(open, id)
			seen[key] = true
		}
	}
	return open
}

// answer finds out about ids: by the listing's first page, which is all of it for
// most organizations, then by looking a few up, then by the rest of the listing.
func (f *finder[T]) answer(ctx context.Context, ids []string) error {
	if len(f.unanswered(ids)) == 0 {
		return nil
	}
	pages, err := listingOf[T](ctx, f.client, f.orgID, f.kind, f.params)
	if err != nil {
		return err
	}
	objects, whole, err := pages.first(ctx)
	if err != nil {
		return err
	}
	f.learn(objects)
	open := f.unanswered(ids)
	if !whole && f.lookUps+len(open) > fewLookUps {
		if objects, err = pages.all(ctx); err != nil {
			return err
		}
		whole = true
		f.learn(objects)
		open = f.unanswered(ids)
	}
	for _, id := range open {
		if err := f.lookUp(ctx, pages, id, whole); err != nil {
			return err
		}
	}
	return nil
}

func (f *finder[T]) learn(objects []T) {
	for _, object := range objects[min(f.consumed, len(objects)):] {
		f.known[f.key(object.ObjectID())] = object
	}
	f.consumed = len(objects)
}

// lookUp asks for one object that the listing, as far as it was read, does not hold.
func (f *finder[T]) lookUp(ctx context.Context, pages *listing[T], id string, whole bool) error {
	f.lookUps++
	var source DataSource
	if whole {
		// The server's copy of the directory does not have it; it may be a minute old.
		version, err := f.client.Version(ctx)
		if err != nil {
			return err
		}
		if version < V7 {
			f.absent[f.key(id)] = true
			return nil
		}
		source = Production
	}
	object, found, err := lookUp[T](ctx, f.client, f.orgID, f.kind, id, source)
	switch {
	case err != nil:
		return err
	case found:
		f.known[f.key(object.ObjectID())] = object
		return nil
	case whole:
		f.absent[f.key(id)] = true
		return nil
	}
	// An Entra object id alone does not lead to a synchronized object, whose id
	// does not end in zeros. The listing does.
	objects, err := pages.all(ctx)
	if err != nil {
		return err
	}
	f.learn(objects)
	if len(f.unanswered([]string{id})) == 0 {
		return nil
	}
	return f.lookUp(ctx, pages, id, true)
}
