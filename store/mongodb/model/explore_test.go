package model

import "hash/maphash"

// report is what an exploration found.
type report struct {
	states, steps int
	depth         int
	broken        string   // the invariant that does not hold; "" if all do
	trace         []string // the shortest way there
	cut           bool     // the limit of states was reached before the end
}

// explore visits every state that the protocol, with a flaw or whole, can reach in a world, breadth first, and stops at the
// first that breaks an invariant. It keeps 64 bits of each state: with 10 million states one of them is missed with a
// probability of 1 in 300,000.
func explore(w *world, f flaw, limit int) report {
	x := explorer{m: machine{world: w, flaw: f}, seen: newTable(), seed: maphash.MakeSeed(), limit: limit}
	return x.run()
}

type explorer struct {
	m     machine
	seen  *table
	seed  maphash.Seed
	limit int
	r     report
	next  []state
	bad   []uint64 // the hash of the state where it broke, and of the one before, as far as known
	why   string
}

func (x *explorer) hash(s *state) uint64 {
	if h := maphash.Comparable(x.seed, *s); h != 0 {
		return h
	}
	return 1
}

func (x *explorer) run() report {
	first := x.m.world.start()
	x.seen.add(x.hash(&first), 0)
	level := []state{first}
	for len(level) > 0 && x.why == "" && !x.r.cut {
		x.next = nil
		for i := range level {
			x.expand(&level[i])
			if x.why != "" || x.r.cut {
				break
			}
		}
		level = x.next
		x.r.depth++
	}
	x.r.states = x.seen.n
	if x.why != "" {
		x.r.broken = x.why
		x.r.trace = x.trace()
	}
	return x.r
}

// expand visits what follows a state.
func (x *explorer) expand(s *state) {
	from := x.hash(s)
	x.m.emit = func(t *state, e event) {
		if x.why != "" {
			return
		}
		x.r.steps++
		h := x.hash(t)
		fresh := x.seen.add(h, from)
		why := x.m.wrong(s, t, e)
		if fresh && why == "" {
			why = x.m.broken(t)
		}
		if why != "" {
			x.bad, x.why = []uint64{h, from}, why
			return
		}
		if fresh {
			x.next = append(x.next, *t)
			x.r.cut = x.limit > 0 && x.seen.n >= x.limit
		}
	}
	x.m.next(s)
	if x.why == "" {
		if why := x.m.stuck(s); why != "" {
			x.bad, x.why = []uint64{from}, why
		}
	}
}

// trace replays the way to the bad state from the hashes of the states on it.
func (x *explorer) trace() []string {
	way := x.bad[:len(x.bad)-1]
	for h := x.bad[len(x.bad)-1]; h != 0; h = x.seen.parent(h) {
		way = append(way, h)
	}
	s := x.m.world.start()
	var out []string
	for i := len(way) - 2; i >= 0; i-- {
		var found *state
		var by event
		x.m.emit = func(t *state, e event) {
			if found == nil && x.hash(t) == way[i] {
				c := *t
				found, by = &c, e
			}
		}
		x.m.next(&s)
		if found == nil {
			return append(out, "(the way is lost)")
		}
		out = append(out, by.String())
		s = *found
	}
	return out
}
