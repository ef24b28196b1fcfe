package mongodb

import (
	"slices"
	"strings"
	"time"

	"firewolf/fhir/search"
)

// subject is one version, as conditions look at it.
type subject struct {
	id string
	at time.Time
	indexed
}

// matches reports whether a condition holds for a version that is not in the database yet. It cannot tell (ok is false)
// where the condition looks at other resources.
func matches(e search.Expr, s *subject) (holds, ok bool) {
	if joins(e) {
		return false, false
	}
	return holdsFor(e, s), true
}

// joins reports whether a condition looks at other resources.
func joins(e search.Expr) bool {
	switch e := e.(type) {
	case search.And:
		return slices.ContainsFunc(e, joins)
	case search.Or:
		return slices.ContainsFunc(e, joins)
	case search.Not:
		return joins(e.Expr)
	case search.RefersTo, search.ReferredBy:
		return true
	}
	return false
}

// planTypes returns the types that a plan looks at, its own first.
func planTypes(p search.Plan) []string {
	types := []string{p.Type}
	add := func(t search.Target) {
		for _, typ := range planTypes(search.Plan{Type: t.Type, Where: t.Where}) {
			if !slices.Contains(types, typ) {
				types = append(types, typ)
			}
		}
	}
	var visit func(e search.Expr)
	visit = func(e search.Expr) {
		switch e := e.(type) {
		case search.And:
			for _, c := range e {
				visit(c)
			}
		case search.Or:
			for _, c := range e {
				visit(c)
			}
		case search.Not:
			visit(e.Expr)
		case search.RefersTo:
			for _, t := range e.Targets {
				add(t)
			}
		case search.ReferredBy:
			add(e.Source)
		}
	}
	visit(p.Where)
	return types
}

// holdsFor reports whether a condition that does not join holds for a version.
func holdsFor(e search.Expr, s *subject) bool {
	switch e := e.(type) {
	case search.And:
		return !slices.ContainsFunc(e, func(c search.Expr) bool { return !holdsFor(c, s) })
	case search.Or:
		return slices.ContainsFunc(e, func(c search.Expr) bool { return holdsFor(c, s) })
	case search.Not:
		return !holdsFor(e.Expr, s)
	case search.HasKey:
		return slices.Contains(s.keys, e.Key)
	case search.TextIs:
		return s.hasText(e)
	case search.InRange:
		return s.inRange(e)
	case search.IDIn:
		return slices.Contains(e.IDs, s.id)
	case search.UpdatedIn:
		return (e.From.IsZero() || !s.at.Before(e.From)) && (e.Before.IsZero() || s.at.Before(e.Before))
	default:
		return false
	}
}

func (x indexed) hasText(e search.TextIs) (found bool) {
	x.texts(e.Name, func(text string) bool {
		switch e.Test {
		case search.TextEquals:
			found = text == e.Value
		case search.TextStartsWith:
			found = strings.HasPrefix(text, e.Value)
		case search.TextContains:
			found = strings.Contains(text, e.Value)
		}
		return !found
	})
	return found
}

// bounds are those of a search.InRange as digits; "" for none.
type bounds struct {
	loMin, loMax, loOver, loUnder string
	hiMin, hiMax, hiOver, hiUnder string
}

func boundsOf(e search.InRange) bounds {
	d := func(s string) string { return digits32.EncodeToString([]byte(s)) }
	return bounds{
		loMin: d(e.LoMin), loMax: d(e.LoMax), loOver: d(e.LoOver), loUnder: d(e.LoUnder),
		hiMin: d(e.HiMin), hiMax: d(e.HiMax), hiOver: d(e.HiOver), hiUnder: d(e.HiUnder),
	}
}

func (b *bounds) hold(lo, hi string) bool {
	return within(lo, b.loMin, b.loMax, b.loOver, b.loUnder) && within(hi, b.hiMin, b.hiMax, b.hiOver, b.hiUnder)
}

func within(v, atLeast, atMost, over, under string) bool {
	return v >= atLeast && (atMost == "" || v <= atMost) && (over == "" || v > over) && (under == "" || v < under)
}

func (x indexed) inRange(e search.InRange) (found bool) {
	b := boundsOf(e)
	x.ranges(e.Name, func(lo, hi string) bool {
		found = b.hold(lo, hi)
		return !found
	})
	return found
}
