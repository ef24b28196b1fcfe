package ucum

import (
	"strings"
	"sync"
)

// maxCached bounds how many units a Table remembers. A hospital uses some hundreds.
const maxCached = 2048

// cache remembers units by their codes, and wrong codes with their errors. When
// it is full it starts anew, which costs no more than reading the units again.
type cache struct {
	mu    sync.RWMutex
	units map[string]answer
}

type answer struct {
	unit Unit
	err  error
}

func (c *cache) get(code string) (u Unit, err error, ok bool) {
	c.mu.RLock()
	a, ok := c.units[code]
	c.mu.RUnlock()
	return a.unit, a.err, ok
}

func (c *cache) put(code string, u Unit, err error) {
	if len(code) > maxCode {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.units == nil || len(c.units) >= maxCached {
		c.units = make(map[string]answer)
	}
	// The code may share the memory of a whole document.
	c.units[strings.Clone(code)] = answer{u, err}
}
