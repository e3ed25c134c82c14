package entra

import (
	"net/http"
	"sync"
	"time"
)

// gauge counts requests in flight.
type gauge struct {
	mu        sync.Mutex
	now, peak int
}

func newGauge() *gauge { return &gauge{} }

func (g *gauge) around(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.now++
		g.peak = max(g.peak, g.now)
		g.mu.Unlock()
		time.Sleep(5 * time.Millisecond) // lets others arrive
		g.mu.Lock()
		g.now--
		g.mu.Unlock()
		next(w, r)
	}
}

func (g *gauge) run(n int, do func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

func (g *gauge) most() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.peak
}
