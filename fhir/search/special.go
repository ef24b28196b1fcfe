package search

import (
	"time"

	"firewolf/fhir"
)

// _id and _lastUpdated are answered without entries: every store knows the id and the time of a version.
// https://hl7.org/fhir/R4/search.html#id https://hl7.org/fhir/R4/search.html#lastUpdated

// id compiles _id, a token without a system. A value that can be no id matches nothing.
func (c *compiler) id(cl *Clause) (Expr, *fhir.Issue) {
	if cl.Modifier == "missing" {
		return missing(And{}, cl), nil
	}
	in := IDIn{IDs: make([]string, 0, len(cl.Values))}
	for _, v := range cl.Values {
		id, issue := c.readToken(v)
		if issue == nil && id.system != "" {
			issue = c.noSystem("_id")
		}
		if issue != nil {
			return nil, issue
		}
		in.IDs = append(in.IDs, id.code)
	}
	if cl.Modifier == "not" {
		return Not{Expr: in}, nil
	}
	return in, nil
}

// lastUpdated compiles _lastUpdated. The target is a point in time, of whole milliseconds.
func (c *compiler) lastUpdated(cl *Clause) (Expr, *fhir.Issue) {
	if cl.Modifier == "missing" {
		return missing(And{}, cl), nil
	}
	or := make(Or, 0, len(cl.Values))
	for _, v := range cl.Values {
		prefix, s, issue := c.readDate(v)
		if issue != nil {
			return nil, issue
		}
		if prefix == Approximate {
			s = c.approximately(s)
		}
		or = or.with(updatedExpr(prefix, wholeMilli(s.lo), wholeMilli(s.hi.Add(1))))
	}
	return or.simple(), nil
}

// wholeMilli returns the first whole millisecond that is not before t. The times that are compared with it
// are whole milliseconds, so that nothing lies between.
func wholeMilli(t time.Time) time.Time {
	cut := t.Truncate(time.Millisecond)
	// The zero time would be no bound at all; nothing was stored in the year 1.
	if cut.Before(t) || cut.IsZero() {
		return cut.Add(time.Millisecond)
	}
	return cut
}

// updatedExpr compares with from <= t < before.
func updatedExpr(prefix Prefix, from, before time.Time) Expr {
	switch prefix {
	case NotEqual:
		return Or{UpdatedIn{Before: from}, UpdatedIn{From: before}}
	case Greater, StartsAfter:
		return UpdatedIn{From: before}
	case GreaterOrEqual:
		return UpdatedIn{From: from}
	case Less, EndsBefore:
		return UpdatedIn{Before: from}
	case LessOrEqual:
		return UpdatedIn{Before: before}
	default:
		return UpdatedIn{From: from, Before: before}
	}
}
