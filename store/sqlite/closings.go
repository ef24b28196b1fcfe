package sqlite

import (
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// closings knows which versions were closed by which, as long as their index
// entries are still there. One writer adds, many readers look.
type closings struct {
	mu  sync.RWMutex
	old *roaring.Bitmap   // the closed versions
	by  map[uint32]uint32 // closed version -> the version that closed it
}

func newClosings() *closings {
	return &closings{old: roaring.New(), by: map[uint32]uint32{}}
}

func (c *closings) add(n, old uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.old.Add(old)
	c.by[old] = n
}

func (c *closings) drop(olds []uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range olds {
		c.old.Remove(o)
		delete(c.by, o)
	}
}

// truncate takes back the closings made by rows above head.
func (c *closings) truncate(head uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for o, n := range c.by {
		if n > head {
			c.old.Remove(o)
			delete(c.by, o)
		}
	}
}

func (c *closings) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.by)
}

// closer returns the version that closed one.
func (c *closings) closer(old uint32) (n uint32, closed bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, closed = c.by[old]
	return n, closed
}

func (c *closings) has(old uint32) bool {
	_, closed := c.closer(old)
	return closed
}

// visible removes from b, in place, what is not visible at t: rows above t and rows closed at or before t.
func (c *closings) visible(b *roaring.Bitmap, t uint32) {
	b.RemoveRange(uint64(t)+1, 1<<32)
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !b.Intersects(c.old) {
		return
	}
	gone := roaring.And(b, c.old)
	gone.Iterate(func(old uint32) bool {
		if c.by[old] <= t {
			b.Remove(old)
		}
		return true
	})
}
