package sqlite

import "sync"

// epochs counts the reads under way, so that what the pruner took out of the
// file is forgotten in memory only after every read that may have seen it.
type epochs struct {
	mu     sync.Mutex
	now    int64
	active map[int64]int
}

func newEpochs() *epochs { return &epochs{active: map[int64]int{}} }

// enter begins a read and returns its epoch.
func (e *epochs) enter() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.active[e.now]++
	return e.now
}

func (e *epochs) leave(epoch int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active[epoch]--; e.active[epoch] == 0 {
		delete(e.active, epoch)
	}
}

// turn begins a new epoch and returns its number: reads of lower ones began before it.
func (e *epochs) turn() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now++
	return e.now
}

// drained reports whether every read of an epoch below the given one has ended.
func (e *epochs) drained(below int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for epoch := range e.active {
		if epoch < below {
			return false
		}
	}
	return true
}
