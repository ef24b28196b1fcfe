package mongodb

import (
	"strings"
	"sync"
	"time"

	"firewolf/fhir/search"
)

// unknownSize is that of a condition that nothing is known of.
const unknownSize = -1

// sizes remembers how many candidates conditions left, to ask by the one that leaves the fewest. It only guides: what it says may be old.
type sizes struct {
	mu    sync.Mutex
	known map[string]size
}

func newSizes() *sizes { return &sizes{known: map[string]size{}} }

type size struct {
	n    int
	edge *edge // whose size it is
	till time.Time
}

// edge is the bound of a range that is open to one side. The farther it lies the more it leaves, so that what is known of one tells of those
// beyond: where a date from 2020 leaves many, one from 2019 does.
type edge struct {
	bound string
	upper bool // what lies below it is asked for
}

// edgeOf returns the edge of a condition that has one; nil for others.
func edgeOf(e search.InRange) *edge {
	b := boundsOf(e)
	lower, upper := b.loMin+b.loOver+b.hiMin+b.hiOver, b.loMax+b.loUnder+b.hiMax+b.hiUnder
	one := func(list ...string) bool {
		n := 0
		for _, s := range list {
			n += btoi(s != "")
		}
		return n == 1
	}
	if !one(b.loMin, b.loOver, b.hiMin, b.hiOver, b.loMax, b.loUnder, b.hiMax, b.hiUnder) {
		return nil
	}
	return &edge{bound: lower + upper, upper: upper != ""}
}

// leavesAll reports whether an edge leaves all that another does.
func (e *edge) leavesAll(of *edge) bool {
	if e.upper {
		return e.bound >= of.bound
	}
	return e.bound <= of.bound
}

const (
	sizesKept   = 50_000
	sizeHolds   = 10 * time.Minute
	sizeOfNames = 200 // bytes of the longest name that is remembered
)

// known is how many a condition leaves, or unknownSize. What a list of ids leaves need not be asked: one version of each.
func (x *finder) known(c *condition) int {
	if c.ids > 0 {
		return c.ids
	}
	return x.sizes.get(c.name, c.edge)
}

// note remembers how many a condition leaves, counted up to a limit, under its name or one made of it. Of one with an edge only too many
// are worth it: of those beyond nothing follows from few.
func (x *finder) note(name string, c *condition, n, limit int) {
	if c.name != "" && (c.edge == nil || n > limit) {
		x.sizes.set(name, c.edge, n)
	}
}

// get returns a size that is known; of a condition with an edge one that it has at least.
func (s *sizes) get(name string, e *edge) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[name]
	if !ok || time.Now().After(k.till) || e != nil && (k.edge == nil || !e.leavesAll(k.edge)) {
		return unknownSize
	}
	return k.n
}

func (s *sizes) set(name string, e *edge, n int) {
	if name == "" || len(name) > sizeOfNames {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= sizesKept {
		clear(s.known)
	}
	s.known[strings.Clone(name)] = size{n, e, time.Now().Add(sizeHolds)}
}
