package simulator

import "sync"

// maxResultSets is how many result sets the server remembers.
const maxResultSets = 200

// resultSets are the results that clients may page through. A set does not
// change when the directory does.
type resultSets struct {
	mu    sync.Mutex
	sets  map[string]resultSet
	order []string
}

// resultSet is a frozen answer to a listing.
type resultSet struct {
	// path is the collection that the set belongs to.
	path  string
	items any
}

func newResultSets() *resultSets {
	return &resultSets{sets: make(map[string]resultSet)}
}

// freeze remembers the items and returns the id of their set.
func (s *resultSets) freeze(path string, items any) string {
	s.mu.Lock()
	defer s.mu.Unlock()

	id := newGUID()
	s.sets[id] = resultSet{path: path, items: items}
	s.order = append(s.order, id)

	if len(s.order) > maxResultSets {
		delete(s.sets, s.order[0])
		s.order = s.order[1:]
	}

	return id
}

func (s *resultSets) find(id, path string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	set, known := s.sets[id]
	if !known || set.path != path {
		return nil, false
	}

	return set.items, true
}

func (s *resultSets) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()

	clear(s.sets)
	s.order = nil
}
