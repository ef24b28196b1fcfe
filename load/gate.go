package load

import (
	"context"
	"sync"
)

// gate bounds what is under way, in units and in bytes, and keeps two units that write the same resource apart: the second waits
// until the first is done. One goroutine enters, so that units keep their order and none waits for a later one.
type gate struct {
	units, bytes int // the bounds

	mu   sync.Mutex
	free sync.Cond
	n    int
	size int
	keys map[string]int
}

func newGate(units, bytes int) *gate {
	g := &gate{units: units, bytes: bytes, keys: map[string]int{}}
	g.free.L = &g.mu
	return g
}

// enter waits until the unit may be sent. It returns the context's error if that ends first.
func (g *gate) enter(ctx context.Context, u Unit) error {
	defer context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.free.Broadcast()
	})()
	keys := u.keys()
	g.mu.Lock()
	defer g.mu.Unlock()
	for ctx.Err() == nil && !g.open(len(u.Body), keys) {
		g.free.Wait()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	g.n++
	g.size += len(u.Body)
	for _, k := range keys {
		g.keys[k]++
	}
	return nil
}

// open reports whether a unit fits. One alone always fits, however large.
func (g *gate) open(size int, keys []string) bool {
	if g.n > 0 && (g.n >= g.units || g.size+size > g.bytes) {
		return false
	}
	for _, k := range keys {
		if g.keys[k] > 0 {
			return false
		}
	}
	return true
}

// leave ends what enter began.
func (g *gate) leave(u Unit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n--
	g.size -= len(u.Body)
	for _, k := range u.keys() {
		if g.keys[k]--; g.keys[k] <= 0 {
			delete(g.keys, k)
		}
	}
	g.free.Broadcast()
}
