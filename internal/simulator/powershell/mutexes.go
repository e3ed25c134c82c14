package powershell

import (
	"context"
	"strings"
	"time"
)

// mutexState is a mutex of the machine. It exists as long as somebody has a handle
// of it: what a process leaves behind that alone knew it is gone with the process.
type mutexState struct {
	handles   int
	owned     bool
	abandoned bool
	freed     chan struct{} // closed when it is released
}

func (m *Machine) openMutex(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, ok := m.mutexes[name]
	if !ok {
		state = &mutexState{}
		m.mutexes[name] = state
	}
	state.handles++
}

func (m *Machine) closeMutex(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if state := m.mutexes[name]; state != nil {
		state.handles--
		if state.handles == 0 {
			delete(m.mutexes, name)
		}
	}
}

// lock waits for a mutex that is open. The error is the context's.
func (m *Machine) lock(ctx context.Context, name string, wait time.Duration) (owned, abandoned bool, err error) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		m.mu.Lock()
		state := m.mutexes[name]
		if !state.owned {
			abandoned, state.abandoned = state.abandoned, false
			state.owned, state.freed = true, make(chan struct{})
			m.mu.Unlock()
			return true, abandoned, nil
		}
		freed := state.freed
		m.mu.Unlock()
		select {
		case <-freed:
		case <-timeout.C:
			return false, false, nil
		case <-ctx.Done():
			return false, false, ctx.Err()
		}
	}
}

func (m *Machine) unlock(name string, abandoned bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := m.mutexes[name]
	state.owned, state.abandoned = false, abandoned
	close(state.freed)
}

// Locked tells whether a process owns a mutex.
func (m *Machine) Locked(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, ok := m.mutexes[strings.ToLower(name)]
	return ok && state.owned
}

// Lock has somebody else own a mutex until release is called, which may be done
// once. It fails if the mutex is owned.
func (m *Machine) Lock(name string) (release func(), ok bool) {
	name = strings.ToLower(name)
	m.openMutex(name)
	owned, _, _ := m.lock(context.Background(), name, 0) // never ends
	if !owned {
		m.closeMutex(name)
		return nil, false
	}
	return func() {
		m.unlock(name, false)
		m.closeMutex(name)
	}, true
}
