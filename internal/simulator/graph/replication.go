package graph

import "time"

// writeKind is a kind of write, each of which has a lag of its own.
type writeKind int

const (
	created writeKind = iota
	granted
	patched
	deleted
)

// version is what an object is from a write on; a nil value is gone.
type version[T any] struct {
	value *T
	kind  writeKind
	at    time.Time
	// missed counts the requests that were answered without it.
	missed int
	// settled versions are known to all replicas.
	settled bool
}

// record is the history of an object.
type record[T any] struct {
	versions []*version[T]
}

// latest is what the object really is; nil if it is gone.
func (r *record[T]) latest() *T {
	return r.versions[len(r.versions)-1].value
}

// view is what the replica that answers a request knows.
type view struct {
	now   time.Time
	knobs Options
	// current replicas are not behind.
	current bool
	// memory keeps what the request saw, which does not change while it is
	// served, by record.
	memory map[any]int
}

func (o Options) lag(kind writeKind) Lag {
	switch kind {
	case created:
		return o.LagCreate
	case granted:
		return o.LagGrant
	case patched:
		return o.LagPatch
	case deleted:
		return o.LagDelete
	default:
		return Lag{}
	}
}

// see is what the replica takes the object for; nil if it does not know it.
func see[T any](v *view, r *record[T]) *T {
	if index, seen := v.memory[r]; seen {
		if index < 0 {
			return nil
		}

		return r.versions[index].value
	}

	index := len(r.versions) - 1
	for ; index >= 0; index-- {
		if reached(v, r.versions[index]) {
			break
		}

		r.versions[index].missed++
	}

	v.memory[r] = index

	if index < 0 {
		return nil
	}

	return r.versions[index].value
}

// reached tells whether the replica knows the version.
func reached[T any](v *view, written *version[T]) bool {
	lag := v.knobs.lag(written.kind)

	return written.settled || v.current ||
		written.missed >= lag.Reads && !v.now.Before(written.at.Add(lag.Duration))
}

// table holds the objects of a kind, in the order of their creation.
type table[T any] struct {
	order   []string
	records map[string]*record[T]
}

func newTable[T any]() table[T] {
	return table[T]{records: make(map[string]*record[T])}
}

// writer is who writes: a client, whose writes reach replicas with a lag, or the
// back door, whose writes are known at once.
type writer struct {
	at      time.Time
	settled bool
}

// put makes an object what it is from now on; nil deletes it.
func put[T any](w writer, t *table[T], id string, value *T, kind writeKind) {
	t.add(id, &version[T]{value: value, kind: kind, at: w.at, settled: w.settled})
}

func (t *table[T]) add(id string, next *version[T]) {
	existing, known := t.records[id]
	if !known {
		existing = &record[T]{}
		t.records[id] = existing
		t.order = append(t.order, id)
	}

	existing.versions = append(existing.versions, next)
}

// get is what the object really is; nil if there is none.
func (t *table[T]) get(id string) *T {
	existing, known := t.records[id]
	if !known {
		return nil
	}

	return existing.latest()
}

// all are the objects that there really are.
func (t *table[T]) all() []*T {
	var items []*T

	for _, id := range t.order {
		if item := t.records[id].latest(); item != nil {
			items = append(items, item)
		}
	}

	return items
}

// seen is what a replica takes the object for.
func (t *table[T]) seen(v *view, id string) *T {
	existing, known := t.records[id]
	if !known {
		return nil
	}

	return see(v, existing)
}

// allSeen are the objects that a replica knows.
func (t *table[T]) allSeen(v *view) []*T {
	var items []*T

	for _, id := range t.order {
		if item := see(v, t.records[id]); item != nil {
			items = append(items, item)
		}
	}

	return items
}
