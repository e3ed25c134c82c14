package vb365

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"
)

// memo remembers answers by key until they are forgotten. Callers that ask for
// the same thing at the same time share one request, which does not depend on
// the context of any of them: a caller that gives up does not fail the others.
// Errors are not remembered.
type memo struct {
	flights singleflight.Group
	mu      sync.Mutex
	values  map[string]any
	// epochs counts how often a key was forgotten, so that an answer which was
	// asked for before a write is not remembered after it.
	epochs map[string]int
}

func newMemo() *memo {
	return &memo{values: map[string]any{}, epochs: map[string]int{}}
}

// recall returns what is remembered under key, or asks load for it.
func recall[T any](ctx context.Context, m *memo, key string, load func(context.Context) (T, error)) (T, error) {
	var zero T
	m.mu.Lock()
	value, known := m.values[key]
	epoch := m.epochs[key]
	m.mu.Unlock()
	if known {
		return value.(T), nil //nolint:forcetypeassert // a key belongs to one type
	}
	flight := m.flights.DoChan(fmt.Sprintf("%s#%d", key, epoch), func() (any, error) {
		// Another flight may have landed between the look above and this one's start.
		m.mu.Lock()
		value, known := m.values[key]
		m.mu.Unlock()
		if known {
			return value, nil
		}
		loaded, err := load(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.epochs[key] == epoch {
			m.values[key] = loaded
		}
		return loaded, nil
	})
	select {
	case <-ctx.Done():
		return zero, ctx.Err()
	case result := <-flight:
		if result.Err != nil {
			return zero, result.Err
		}
		return result.Val.(T), nil //nolint:forcetypeassert // a key belongs to one type
	}
}

// forget drops what is remembered under the keys, and what is being asked for.
func (m *memo) forget(keys ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.values, key)
		m.epochs[key]++
	}
}

// revise replaces what is remembered under key by what change makes of it; an
// answer that is on its way is dropped, since it may or may not hold the change.
func revise[T any](m *memo, key string, change func(T) T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epochs[key]++
	if value, known := m.values[key]; known {
		m.values[key] = change(value.(T)) //nolint:forcetypeassert // a key belongs to one type
	}
}
