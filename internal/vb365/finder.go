package vb365

import (
	"context"
	"strings"
	"sync"
	"time"
)

// gatherFor is how long the first question about an organization's objects waits
// for others to join it. Terraform plans ten resources at a time; answered
// together they cost one listing instead of ten look-ups.
const gatherFor = 100 * time.Millisecond

// FindUsers returns the users of an organization with the given ids, keyed as
// asked for; VB365's ids and Entra object ids are understood. Who is absent from
// the map does not exist. Questions are gathered: one object is looked up, more
// are found with one listing, and nothing is asked twice.
func (c *Client) FindUsers(ctx context.Context, orgID string, ids ...string) (map[string]User, error) {
	return finderOf(&c.finders, c.finders.users, orgID, func() *finder[User] {
		return newFinder(c, orgID, "Users", func(ctx context.Context) ([]User, error) {
			return c.Users(ctx, orgID, UserFilter{})
		})
	}).find(ctx, ids)
}

// FindGroups is like [Client.FindUsers] for groups.
func (c *Client) FindGroups(ctx context.Context, orgID string, ids ...string) (map[string]Group, error) {
	return finderOf(&c.finders, c.finders.groups, orgID, func() *finder[Group] {
		return newFinder(c, orgID, "Groups", func(ctx context.Context) ([]Group, error) {
			return c.Groups(ctx, orgID, GroupFilter{})
		})
	}).find(ctx, ids)
}

// FindSites is like [Client.FindUsers] for sites, personal ones among them.
func (c *Client) FindSites(ctx context.Context, orgID string, ids ...string) (map[string]Site, error) {
	return finderOf(&c.finders, c.finders.sites, orgID, func() *finder[Site] {
		return newFinder(c, orgID, "Sites", func(ctx context.Context) ([]Site, error) {
			return c.Sites(ctx, orgID, SiteFilter{IncludePersonalSites: true})
		})
	}).find(ctx, ids)
}

// FindTeams is like [Client.FindUsers] for teams.
func (c *Client) FindTeams(ctx context.Context, orgID string, ids ...string) (map[string]Team, error) {
	return finderOf(&c.finders, c.finders.teams, orgID, func() *finder[Team] {
		return newFinder(c, orgID, "Teams", func(ctx context.Context) ([]Team, error) {
			return c.Teams(ctx, orgID, TeamFilter{})
		})
	}).find(ctx, ids)
}

// finders holds one finder per organization and kind of object.
type finders struct {
	mu     *sync.Mutex
	users  map[string]*finder[User]
	groups map[string]*finder[Group]
	sites  map[string]*finder[Site]
	teams  map[string]*finder[Team]
}

func newFinders() finders {
	return finders{
		mu:     new(sync.Mutex),
		users:  map[string]*finder[User]{},
		groups: map[string]*finder[Group]{},
		sites:  map[string]*finder[Site]{},
		teams:  map[string]*finder[Team]{},
	}
}

func finderOf[T Object](all *finders, kind map[string]*finder[T], orgID string, create func() *finder[T]) *finder[T] {
	all.mu.Lock()
	defer all.mu.Unlock()
	key := strings.ToLower(orgID)
	if kind[key] == nil {
		kind[key] = create()
	}
	return kind[key]
}

// finder finds the objects of one kind in one organization with as few requests as it can.
type finder[T Object] struct {
	client *Client
	orgID  string
	kind   string // as in the URL: Users
	list   func(context.Context) ([]T, error)
	asking sync.Mutex // one batch asks at a time, so that the next profits from its answer

	mu       sync.Mutex
	known    map[string]T    // by objectKey
	absent   map[string]bool // by objectKey
	asked    bool            // a request was made
	gathered *batch          // waits for more questions
}

// batch is a set of questions that are asked together.
type batch struct {
	ids  map[string]string // id as asked for, by objectKey
	done chan struct{}
	err  error
}

func newFinder[T Object](c *Client, orgID, kind string, list func(context.Context) ([]T, error)) *finder[T] {
	return &finder[T]{
		client: c, orgID: orgID, kind: kind, list: list,
		known: map[string]T{}, absent: map[string]bool{},
	}
}

// key makes equal what [SameObject] calls the same: users and groups are known by
// their Entra object id.
func (f *finder[T]) key(id string) string {
	id = strings.ToLower(id)
	if (f.kind == "Users" || f.kind == "Groups") && len(id) > guidLength {
		return id[:guidLength]
	}
	return id
}

func (f *finder[T]) find(ctx context.Context, ids []string) (map[string]T, error) {
	f.mu.Lock()
	var waitFor *batch
	for _, id := range ids {
		if f.answered(id) {
			continue
		}
		if f.gathered == nil {
			f.gathered = &batch{ids: map[string]string{}, done: make(chan struct{})}
			go f.ask(context.WithoutCancel(ctx), f.gathered)
		}
		waitFor = f.gathered
		waitFor.ids[f.key(id)] = id
	}
	f.mu.Unlock()
	if waitFor != nil {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-waitFor.done:
		}
		if waitFor.err != nil {
			return nil, waitFor.err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
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
	if f.kind == "Users" || f.kind == "Groups" {
		return SameObject(object.ObjectID(), id)
	}
	return strings.EqualFold(object.ObjectID(), id)
}

func (f *finder[T]) answered(id string) bool {
	_, known := f.known[f.key(id)]
	return known || f.absent[f.key(id)]
}

func (f *finder[T]) ask(ctx context.Context, b *batch) {
	defer close(b.done)
	time.Sleep(gatherFor)
	f.mu.Lock()
	f.gathered = nil
	f.mu.Unlock()

	f.asking.Lock()
	defer f.asking.Unlock()
	f.mu.Lock()
	for key, id := range b.ids {
		if f.answered(id) {
			delete(b.ids, key) // by the batch before
		}
	}
	single := len(b.ids) == 1 && !f.asked
	f.asked = true
	f.mu.Unlock()

	if len(b.ids) > 0 && !single {
		b.err = f.takeListing(ctx)
	}
	if b.err == nil {
		b.err = f.lookUpRest(ctx, b.ids, single)
	}
}

func (f *finder[T]) takeListing(ctx context.Context) error {
	all, err := f.list(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, object := range all {
		f.known[f.key(object.ObjectID())] = object
	}
	return nil
}

// lookUpRest looks up what is still unanswered. What the server's cache does not
// hold it is asked to look for in Microsoft 365: the object may be a minute old.
func (f *finder[T]) lookUpRest(ctx context.Context, ids map[string]string, cacheFirst bool) error {
	version, err := f.client.Version(ctx)
	if err != nil {
		return err
	}
	for key, id := range ids {
		f.mu.Lock()
		done := f.answered(id)
		f.mu.Unlock()
		if done {
			continue
		}
		object, found, err := f.lookUpOne(ctx, id, version, cacheFirst)
		if err != nil {
			return err
		}
		f.mu.Lock()
		if found {
			f.known[f.key(object.ObjectID())] = object
		} else {
			f.absent[key] = true
		}
		f.mu.Unlock()
	}
	return nil
}

func (f *finder[T]) lookUpOne(ctx context.Context, id string, version Version, cacheFirst bool) (T, bool, error) {
	if cacheFirst {
		object, found, err := lookUp[T](ctx, f.client, f.orgID, f.kind, id, "")
		if found || err != nil {
			return object, found, err
		}
		// A synchronized object's id does not end in zeros: an Entra object id
		// alone does not lead to it, only the listing does.
		if len(id) == guidLength && f.kind != "Teams" {
			if err := f.takeListing(ctx); err != nil {
				return object, false, err
			}
			f.mu.Lock()
			object, found = f.known[f.key(id)]
			f.mu.Unlock()
			if found {
				return object, true, nil
			}
		}
	}
	if version < V7 {
		var none T
		return none, false, nil
	}
	return lookUp[T](ctx, f.client, f.orgID, f.kind, id, Production)
}
