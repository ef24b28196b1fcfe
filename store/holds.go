package store

import (
	"sync"

	"firewolf/fhir"
)

// Holds are the moments that readers of one process hold (Store.Hold). It is safe for concurrent use.
type Holds struct {
	mu   sync.Mutex
	next int
	held map[int]fhir.Moment
}

// Add holds a moment until release is called, once or more often.
func (h *Holds) Add(t fhir.Moment) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held == nil {
		h.held = map[int]fhir.Moment{}
	}
	h.next++
	id := h.next
	h.held[id] = t
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.held, id)
	}
}

// Oldest returns the oldest moment that is held of those that are no older than floor; false where none is.
func (h *Holds) Oldest(floor fhir.Moment) (oldest fhir.Moment, held bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.held {
		if t >= floor && (!held || t < oldest) {
			oldest, held = t, true
		}
	}
	return oldest, held
}
