package mongodb

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir/search"
)

// condition is a search.Expr made ready for one type at one moment: joins are followed, or will be for candidates.
type condition struct {
	filters
	holds func(s *subject) bool
	// prime looks up what holds needs to know of these candidates; nil where it needs nothing.
	prime func(ctx context.Context, some []*subject) error
	// narrows says that an index leads to what maybe holds for, apart from t.
	narrows bool
	index   bson.D       // that index
	rank    int          // a guess of how many resources it leaves: fewer first
	name    string       // what its size is known by; "" where it is not worth to be remembered
	edge    *edge        // of a range that is open to one side
	ids     int          // how many resources it names, of a list of ids
	parts   []*condition // of a conjunction
	// updated is the span of time that the condition asks for, if it is of that kind.
	updated *search.UpdatedIn
}

// The guesses, before a size is known.
const (
	rankDoubt = iota
	rankID
	rankSet
	rankReference
	rankText
	rankKey
	rankRange
	rankOther
)

// prepare makes a condition on resources of a type.
func (q *query) prepare(typ string, e search.Expr) (*condition, error) {
	switch e := e.(type) {
	case search.And:
		return q.prepareAll(typ, e)
	case search.Or:
		return q.prepareAny(typ, e)
	case search.Not:
		c, err := q.prepare(typ, e.Expr)
		if err != nil {
			return nil, err
		}
		return &condition{filters: c.not(), prime: c.prime, holds: func(s *subject) bool { return !c.holds(s) }, rank: rankOther}, nil
	case search.RefersTo:
		return q.prepareRefersTo(e)
	case search.ReferredBy:
		return q.prepareReferredBy(typ, e)
	default:
		return prepareLeaf(typ, e), nil
	}
}

func prepareLeaf(typ string, e search.Expr) *condition {
	c := &condition{filters: leafFilters(e), holds: func(s *subject) bool { return holdsFor(e, s) }, narrows: true, index: byKeys, rank: rankOther}
	switch e := e.(type) {
	case search.HasKey:
		c.name, c.rank = typ+" "+e.Key, rankKey
		if _, rest, ok := strings.Cut(e.Key, "|"); ok && strings.Contains(rest, "/") && !strings.Contains(rest, ":") {
			c.rank = rankReference
		}
	case search.TextIs:
		c.rank = rankText
		if e.Test == search.TextContains {
			c.rank = rankOther
		}
	case search.InRange:
		c.rank = rankRange
		if c.edge = edgeOf(e); c.edge != nil {
			c.name = typ + " " + e.Name + " from "
			if c.edge.upper {
				c.name = typ + " " + e.Name + " to "
			}
		}
	case search.IDIn:
		c.rank, c.index, c.ids = rankID, byID, len(e.IDs)
	case search.UpdatedIn:
		c.narrows, c.updated = false, &e
	}
	return c
}

func (q *query) prepareEach(typ string, es []search.Expr) ([]*condition, []filters, error) {
	cs, fs := make([]*condition, 0, len(es)), make([]filters, 0, len(es))
	for _, e := range es {
		c, err := q.prepare(typ, e)
		if err != nil {
			return nil, nil, err
		}
		cs, fs = append(cs, c), append(fs, c.filters)
	}
	return cs, fs, nil
}

// prepareAll makes a conjunction, flat: the conditions inside inner ones become its own.
func (q *query) prepareAll(typ string, e search.And) (*condition, error) {
	cs, fs, err := q.prepareEach(typ, e)
	if err != nil {
		return nil, err
	}
	var parts []*condition
	for _, c := range cs {
		if c.parts != nil {
			parts = append(parts, c.parts...)
		} else {
			parts = append(parts, c)
		}
	}
	// What needs to be looked up comes last, and only for the candidates for which the others hold.
	slices.SortStableFunc(parts, func(a, b *condition) int { return cmp.Compare(btoi(a.prime != nil), btoi(b.prime != nil)) })
	if len(parts) == 1 {
		return parts[0], nil
	}
	out := &condition{filters: filtersOfAll(fs), parts: parts, rank: rankOther, holds: func(s *subject) bool {
		return !slices.ContainsFunc(parts, func(c *condition) bool { return !c.holds(s) })
	}}
	for _, c := range parts {
		if c.narrows && (!out.narrows || c.rank < out.rank) {
			out.narrows, out.index, out.rank = true, c.index, c.rank
		}
	}
	if slices.ContainsFunc(parts, func(c *condition) bool { return c.prime != nil }) {
		out.prime = func(ctx context.Context, some []*subject) error {
			for _, c := range parts {
				if c.prime != nil {
					if err := c.prime(ctx, some); err != nil {
						return err
					}
				}
				some = slices.DeleteFunc(slices.Clone(some), func(s *subject) bool { return !c.holds(s) })
			}
			return nil
		}
	}
	return out, nil
}

func (q *query) prepareAny(typ string, e search.Or) (*condition, error) {
	cs, fs, err := q.prepareEach(typ, e)
	if err != nil {
		return nil, err
	}
	out := &condition{filters: filtersOfAny(fs), narrows: len(cs) > 0, holds: func(s *subject) bool {
		return slices.ContainsFunc(cs, func(c *condition) bool { return c.holds(s) })
	}}
	names := make([]string, 0, len(cs))
	for _, c := range cs {
		out.narrows = out.narrows && c.narrows && sameIndex(c.index, cs[0].index)
		out.index = c.index
		out.rank = max(out.rank, c.rank)
		if c.edge != nil {
			names = append(names, "") // nothing is known of the bound
		} else {
			names = append(names, c.name)
		}
		if c.prime == nil {
			continue
		}
		first := out.prime
		out.prime = func(ctx context.Context, some []*subject) error {
			if first != nil {
				if err := first(ctx, some); err != nil {
					return err
				}
			}
			return c.prime(ctx, some)
		}
	}
	if len(cs) > 0 && !slices.Contains(names, "") {
		out.name = strings.Join(names, "\n")
	}
	return out, nil
}

func sameIndex(a, b bson.D) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// conjuncts are the conditions that must all hold.
func (c *condition) conjuncts() []*condition {
	if c.parts != nil {
		return c.parts
	}
	return []*condition{c}
}

// passing returns the candidates that a condition holds for.
func (c *condition) passing(ctx context.Context, some []*candidate) ([]*candidate, error) {
	if c.prime != nil {
		subjects := make([]*subject, len(some))
		for i, x := range some {
			subjects[i] = &x.subject
		}
		if err := c.prime(ctx, subjects); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(some, func(x *candidate) bool { return !c.holds(&x.subject) }), nil
}
