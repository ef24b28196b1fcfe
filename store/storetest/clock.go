package storetest

import (
	"sync"
	"time"
)

// manualClock stands still until it is told to go on.
type manualClock struct {
	mu sync.Mutex
	at time.Time
}

// newClock starts at a time that is no whole millisecond, in a zone that is not UTC.
func newClock() *manualClock {
	return &manualClock{at: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("", 3600))}
}

func (c *manualClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// advance moves the clock, backwards where d is negative.
func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
