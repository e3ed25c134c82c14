package wire

import "sync"

// Knobs are the options of a face, which may change while it serves.
type Knobs[O any] struct {
	settle func(O) (O, error)

	// turning is held while knobs are turned, mu while they are read or set, so that
	// whoever turns knobs may read them.
	turning sync.Mutex
	mu      sync.RWMutex
	options O
}

// NewKnobs returns knobs in the position of the options. Settle returns options
// that share nothing with those that it is given, complete, or an error if there
// is no such position.
func NewKnobs[O any](options O, settle func(O) (O, error)) (*Knobs[O], error) {
	options, err := settle(options)
	if err != nil {
		return nil, err
	}

	return &Knobs[O]{settle: settle, options: options}, nil
}

// Options returns the options as they are now.
func (k *Knobs[O]) Options() O {
	k.mu.RLock()
	defer k.mu.RUnlock()

	return k.options
}

// Turn changes the options. If it fails, none has changed.
func (k *Knobs[O]) Turn(change func(*O)) error {
	k.turning.Lock()
	defer k.turning.Unlock()

	changed, err := k.settle(k.Options())
	if err != nil {
		return err
	}

	change(&changed)

	changed, err = k.settle(changed)
	if err != nil {
		return err
	}

	k.mu.Lock()
	defer k.mu.Unlock()

	k.options = changed

	return nil
}
