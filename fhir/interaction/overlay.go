package interaction

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// holds evaluates a condition on a resource that is not in the store yet, by its index entries. known is false
// where the condition asks for more than the resource itself: other resources, or when it was written.
func holds(x search.Expr, k fhir.Key, e search.Entries) (hit, known bool) {
	switch x := x.(type) {
	case search.And:
		return holdsAll(x, k, e)
	case search.Or:
		not := make(search.And, len(x))
		for n, y := range x {
			not[n] = search.Not{Expr: y}
		}
		hit, known = holdsAll(not, k, e)
		return !hit, known
	case search.Not:
		hit, known = holds(x.Expr, k, e)
		return !hit, known
	case search.HasKey:
		return slices.Contains(e.Keys, x.Key), true
	case search.TextIs:
		return slices.ContainsFunc(e.Texts, func(t search.Text) bool { return textIs(t, x) }), true
	case search.InRange:
		return slices.ContainsFunc(e.Ranges, func(r search.Range) bool { return inRange(r, x) }), true
	case search.IDIn:
		return slices.Contains(x.IDs, k.ID), true
	default:
		return false, false
	}
}

// holdsAll is false as soon as one condition is known not to hold, whatever is unknown of the others.
func holdsAll(all search.And, k fhir.Key, e search.Entries) (hit, known bool) {
	known = true
	for _, y := range all {
		yHit, yKnown := holds(y, k, e)
		if yKnown && !yHit {
			return false, true
		}
		known = known && yKnown
	}
	return known, known
}

func textIs(t search.Text, x search.TextIs) bool {
	if t.Name != x.Name {
		return false
	}
	switch x.Test {
	case search.TextEquals:
		return t.Value == x.Value
	case search.TextStartsWith:
		return strings.HasPrefix(t.Value, x.Value)
	default:
		return strings.Contains(t.Value, x.Value)
	}
}

func inRange(r search.Range, x search.InRange) bool {
	return r.Name == x.Name &&
		(x.LoMin == "" || r.Lo >= x.LoMin) && (x.LoMax == "" || r.Lo <= x.LoMax) &&
		(x.HiMin == "" || r.Hi >= x.HiMin) && (x.HiMax == "" || r.Hi <= x.HiMax) &&
		(x.LoOver == "" || r.Lo > x.LoOver) && (x.LoUnder == "" || r.Lo < x.LoUnder) &&
		(x.HiOver == "" || r.Hi > x.HiOver) && (x.HiUnder == "" || r.Hi < x.HiUnder)
}
