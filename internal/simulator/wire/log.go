package wire

import "sync"

// Log remembers every request since the last reset, as entries of the face's
// own kind.
type Log[E any] struct {
	mu       sync.Mutex
	idle     *sync.Cond
	entries  []*E
	sequence int
	inFlight int
	peak     int
}

// NewLog returns an empty log.
func NewLog[E any]() *Log[E] {
	log := &Log[E]{}
	log.idle = sync.NewCond(&log.mu)

	return log
}

// Arrive adds the entry of a request that is being served from now on. Number is
// told its number, which counts from 1, and how many requests are being served,
// itself included.
func (l *Log[E]) Arrive(entry *E, number func(sequence, inFlight int)) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.sequence++
	l.inFlight++
	l.peak = max(l.peak, l.inFlight)
	number(l.sequence, l.inFlight)
	l.entries = append(l.entries, entry)
}

// Amend changes an entry that others may be reading.
func (l *Log[E]) Amend(entry *E, change func(*E)) {
	l.mu.Lock()
	defer l.mu.Unlock()

	change(entry)
}

// Leave completes the entry of a request that is served no longer.
func (l *Log[E]) Leave(entry *E, change func(*E)) {
	l.mu.Lock()
	defer l.mu.Unlock()

	change(entry)

	l.inFlight--
	if l.inFlight == 0 {
		l.idle.Broadcast()
	}
}

// Wait returns when no request is being served.
func (l *Log[E]) Wait() {
	l.mu.Lock()
	defer l.mu.Unlock()

	for l.inFlight > 0 {
		l.idle.Wait()
	}
}

// All returns the entries in the order of arrival. They are copies.
func (l *Log[E]) All() []E {
	l.mu.Lock()
	defer l.mu.Unlock()

	entries := make([]E, len(l.entries))
	for i, entry := range l.entries {
		entries[i] = *entry
	}

	return entries
}

// Reset forgets all entries.
func (l *Log[E]) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.entries = nil
	l.sequence = 0
	l.peak = l.inFlight
}

// Peak is the highest number of requests that were being served at the same time
// since the last reset.
func (l *Log[E]) Peak() int {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.peak
}
