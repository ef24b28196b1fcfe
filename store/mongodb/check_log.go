package mongodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
)

const (
	// checkedAtOnce is how many versions the commits have that are checked at a time, unless one has more.
	checkedAtOnce = 2000
	// checkedCommits is how many commits those are at most.
	checkedCommits = 2000
	// checkedPage is how many versions are read at a time.
	checkedPage = 200
)

// expected is what the log says of some commits: versions have the places 1, 2, 3, ... of each.
type expected struct {
	commits []commit // without payloads
	seen    [][]bool // by commits and places
	places  int
}

func (e *expected) add(c commit, places int) {
	c.payload = nil
	e.commits, e.seen, e.places = append(e.commits, c), append(e.seen, make([]bool, places)), e.places+places
}

// placeOf is the place of a moment in its commit.
func placeOf(t fhir.Moment) int { return int(t & (1<<placeBits - 1)) }

// log reads the log up to the head, and the versions of it.
func (c *checker) log(ctx context.Context) error {
	for c.tail.slot < c.head.applied {
		e, err := c.gather(ctx)
		if err != nil {
			return err
		}
		if err := c.versions(ctx, e); err != nil {
			return err
		}
		if c.progress != nil {
			c.progress(int64(c.tail.slot), int64(c.head.applied))
		}
	}
	if c.tail.t != c.head.t {
		c.problem("the head is at moment %d, and its commit at %d", c.head.t, c.tail.t)
	}
	return nil
}

// gather reads some commits.
func (c *checker) gather(ctx context.Context) (*expected, error) {
	e := &expected{}
	for c.tail.slot < c.head.applied && e.places < checkedAtOnce && len(e.commits) < checkedCommits {
		some, err := c.s.wire.readCommits(ctx, c.tail.slot, prunedAtOnce)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 || some[0].slot > c.head.applied {
			c.missing(c.head.applied)
			c.tail.slot, c.tail.t = c.head.applied, c.head.t
			break
		}
		for _, one := range some {
			if one.slot > c.head.applied {
				break
			}
			if err := c.commit(ctx, e, one); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// missing tells of the commits between that which was read last and another.
func (c *checker) missing(last slot) {
	for n := c.tail.slot + 1; n <= last && len(c.report.Problems) < maxProblems; n++ {
		c.problem("commit %d is not in the log", n)
	}
}

// commit checks one commit by itself and in its line, and notes what it brought.
func (c *checker) commit(ctx context.Context, e *expected, one commit) error {
	c.missing(one.slot - 1)
	places := 0
	switch {
	case slotOf(one.t) == one.slot:
		places = placeOf(one.t)
	case one.slot == c.tail.slot+1 && one.t != c.tail.t:
		c.problem("commit %d ends at moment %d, which is neither of it nor that of the commit before", one.slot, one.t)
	}
	if one.at.Before(c.tail.at) {
		c.problem("commit %d is from %s, earlier than the commit before it", one.slot, one.at.Format(fhir.InstantLayout))
	}
	if err := c.payload(ctx, one); err != nil {
		return err
	}
	e.add(one, places)
	c.tail = one
	c.tail.payload = nil
	return nil
}

// payload checks that what a commit changes can be read, unless it is forgotten.
func (c *checker) payload(ctx context.Context, one commit) error {
	if one.pruned {
		return nil
	}
	_, err := c.s.protocol.payloadOf(ctx, one)
	switch {
	case errors.Is(err, errCorrupt):
		c.problem("commit %d: %v", one.slot, err)
		return nil
	case errors.Is(err, errPruned): // since it was read
		return nil
	}
	return err
}

// versions reads the versions of some commits, of all types.
func (c *checker) versions(ctx context.Context, e *expected) error {
	from, to := c.upto, (c.tail.slot + 1).moment(0)
	c.upto = to
	for _, typ := range c.types {
		for width, at := to-from, from; at < to; {
			next := min(at+width, to)
			rows, whole, err := c.page(ctx, typ, at, next)
			if err != nil {
				return err
			}
			if !whole {
				width = max((next-at)/2, 1)
				continue
			}
			if err := c.rows(ctx, e, typ, rows); err != nil {
				return err
			}
			width, at = width*2, next
		}
	}
	for k, one := range e.commits {
		for n, seen := range e.seen[k] {
			if !seen {
				c.problem("commit %d: its version %d of %d is not there%s", one.slot, n+1, len(e.seen[k]), c.named(ctx, one, n+1))
			}
		}
	}
	return nil
}

// page reads the versions between two moments. It reports whether it took in all of them.
func (c *checker) page(ctx context.Context, typ string, from, to fhir.Moment) (rows []bson.Raw, whole bool, err error) {
	limit := checkedPage
	if to-from == 1 { // of one moment there is one version, unless something is wrong
		limit = maxProblems * checkedPage
	}
	filter := bson.D{{Key: fieldT, Value: bson.D{{Key: "$gte", Value: int64(from)}, {Key: "$lt", Value: int64(to)}}}}
	more, err := newFinder(c.s).at(ctx, to).find(lookup{typ: typ, limit: limit + 1, index: c.hint(typ), filter: filter, fields: bson.D{}}, func(doc bson.Raw) error {
		rows = append(rows, cloneRaw(doc))
		return nil
	})
	slices.SortFunc(rows, func(a, b bson.Raw) int { return cmp.Compare(momentOf(a), momentOf(b)) })
	return rows, !more && len(rows) <= limit || to-from == 1, err
}

// named says which version a commit brought at a place, where that is still known.
func (c *checker) named(ctx context.Context, one commit, place int) string {
	one, _, err := c.s.wire.readCommit(ctx, one.slot)
	if err != nil || one.pruned {
		return ""
	}
	ch, err := c.s.protocol.payloadOf(ctx, one)
	if err != nil {
		return ""
	}
	for _, i := range ch.inserts {
		if v, err := decodeStored(i.collection, i.doc); err == nil && v.T == one.slot.moment(place) && fhir.ValidTypeName(i.collection) {
			return fmt.Sprintf(": %s", v.Location())
		}
	}
	return ""
}
