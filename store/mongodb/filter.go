package mongodb

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
)

// clause is a filter as the engine takes it. Without one it holds for everything, or for nothing if it says so.
type clause struct {
	filter bson.D
	none   bool
}

var (
	everything = clause{}
	nothing    = clause{none: true}
)

func (c clause) all() bool { return c.filter == nil && !c.none }

func one(key string, value any) clause { return clause{filter: bson.D{{Key: key, Value: value}}} }

// both holds where all of the clauses hold.
func both(cs ...clause) clause {
	var list bson.A
	for _, c := range cs {
		switch {
		case c.none:
			return nothing
		case !c.all():
			list = append(list, c.filter)
		}
	}
	return joined("$and", list, everything)
}

// either holds where any of the clauses holds.
func either(cs ...clause) clause {
	var list bson.A
	for _, c := range cs {
		switch {
		case c.all():
			return everything
		case !c.none:
			list = append(list, c.filter)
		}
	}
	return joined("$or", list, nothing)
}

func joined(operator string, list bson.A, empty clause) clause {
	switch len(list) {
	case 0:
		return empty
	case 1:
		filter, _ := list[0].(bson.D)
		return clause{filter: filter}
	default:
		return one(operator, list)
	}
}

func (c clause) not() clause {
	switch {
	case c.all():
		return nothing
	case c.none:
		return everything
	default:
		return one("$nor", bson.A{c.filter})
	}
}

// filters are what the engine can say of a condition: sure holds for nothing that the condition does not hold for, maybe
// for everything that it holds for. exact says that they are the same. Where they are not, doubt holds for all that maybe holds for and
// sure does not, and for little else: keys that lead to what must be looked at one by one.
type filters struct {
	sure, maybe clause
	doubt       clause // everything, if nothing better is known
	exact       bool
}

func exactly(c clause) filters { return filters{sure: c, maybe: c, doubt: nothing, exact: true} }

// untold are the filters of a condition of which the engine can say nothing.
var untold = filters{sure: nothing, maybe: everything}

func filtersOfAll(fs []filters) filters {
	out, sure, maybe := filters{exact: true}, []clause(nil), []clause(nil)
	for _, f := range fs {
		sure, maybe = append(sure, f.sure), append(maybe, f.maybe)
		out.exact = out.exact && f.exact
	}
	out.sure, out.maybe, out.doubt = both(sure...), both(maybe...), doubtOf(fs)
	return out
}

func filtersOfAny(fs []filters) filters {
	out, sure, maybe := filters{exact: true}, []clause(nil), []clause(nil)
	for _, f := range fs {
		sure, maybe = append(sure, f.sure), append(maybe, f.maybe)
		out.exact = out.exact && f.exact
	}
	out.sure, out.maybe, out.doubt = either(sure...), either(maybe...), doubtOf(fs)
	return out
}

// doubtOf is the doubt of several filters, whether all or any of them must hold: what is doubtful of the whole is doubtful of one.
func doubtOf(fs []filters) clause {
	var doubts []clause
	for _, f := range fs {
		if !f.exact {
			doubts = append(doubts, f.doubt)
		}
	}
	return either(doubts...)
}

func (f filters) not() filters {
	return filters{sure: f.maybe.not(), maybe: f.sure.not(), doubt: f.doubt, exact: f.exact}
}

// keyIs is the clause of a key.
func keyIs(key string) clause { return one(fieldKeys, key) }

// keysFrom is the clause of keys from one (inclusive) to another (not inclusive). Both bounds must hold for ONE key, which
// without $elemMatch they need not.
func keysFrom(from, to string) clause {
	if from >= to {
		return nothing
	}
	return one(fieldKeys, bson.D{{Key: "$elemMatch", Value: bson.D{{Key: "$gte", Value: from}, {Key: "$lt", Value: to}}}})
}

// behindAll is the lowest text that lies above all that begin with s.
func behindAll(s string) string {
	for s != "" {
		r, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
		switch r {
		case utf8.MaxRune:
			continue
		case 0xd7ff: // what follows are halves of pairs
			return s + "\ue000"
		default:
			return s + string(r+1)
		}
	}
	return cutMark + cutMark
}

// leafFilters are the filters of a condition that neither joins others nor looks at other resources.
func leafFilters(e search.Expr) filters {
	switch e := e.(type) {
	case search.HasKey:
		return exactly(keyIs(e.Key))
	case search.TextIs:
		return textFilters(e)
	case search.InRange:
		return rangeFilters(e)
	case search.IDIn:
		if len(e.IDs) == 0 {
			return exactly(nothing)
		}
		return exactly(one(fieldID, bson.D{{Key: "$in", Value: e.IDs}}))
	case search.UpdatedIn:
		return exactly(updatedClause(e))
	default:
		return untold
	}
}

func updatedClause(e search.UpdatedIn) clause {
	var span bson.D
	if !e.From.IsZero() {
		span = append(span, bson.E{Key: "$gte", Value: bson.NewDateTimeFromTime(e.From)})
	}
	if !e.Before.IsZero() {
		span = append(span, bson.E{Key: "$lt", Value: bson.NewDateTimeFromTime(e.Before)})
	}
	if span == nil {
		return everything
	}
	return one(fieldAt, span)
}

func textFilters(e search.TextIs) filters {
	head := familyText + keyName(e.Name) + nameEnd
	key, cut := cutText(e.Value)
	switch {
	case e.Test == search.TextContains:
		return containsFilters(head, e.Value)
	case cut:
		return onlyMaybe(keyIs(head + key))
	case e.Test == search.TextEquals:
		return exactly(keyIs(head + key))
	default:
		return exactly(keysFrom(head+key, behindAll(head+key)))
	}
}

// containsFilters look at the texts of a name one by one, in the index. What is cut may contain anything.
func containsFilters(head, value string) filters {
	expr := func(tail string) clause {
		return one(fieldKeys, bson.Regex{Pattern: "^" + regexp.QuoteMeta(head) + tail, Options: "s"})
	}
	if strings.Contains(value, cutMark) || strings.Contains(value, "\x00") {
		return onlyMaybe(keysFrom(head, behindAll(head)))
	}
	value = regexp.QuoteMeta(value)
	return filters{sure: expr(".*" + value), maybe: expr(".*(" + value + "|" + cutMark + "$)"), doubt: expr(".*" + cutMark + "$")}
}

// span is an interval of bounds as digits: from is the first key after the name, to lies behind the last.
type span struct{ from, to string }

// unbounded reaches behind every bound.
const unbounded = "~"

func spanOf(atLeast, over, atMost, under string) span {
	s := span{"", unbounded}
	if atLeast != "" {
		s.from = atLeast
	}
	if over != "" {
		s.from = max(s.from, over+overEnd)
	}
	if atMost != "" {
		s.to = atMost + overEnd
	}
	if under != "" {
		s.to = min(s.to, under)
	}
	return s
}

func (s span) meet(o span) span { return span{max(s.from, o.from), min(s.to, o.to)} }

func (s span) whole() bool { return s.from == "" && s.to == unbounded }

func (s span) keys(family, name string) clause {
	head := family + keyName(name) + nameEnd
	return keysFrom(head+s.from, head+s.to)
}

// rangeFilters ask for short ranges by their start alone, and for longer ones by one of their ends.
func rangeFilters(e search.InRange) filters {
	b := boundsOf(e)
	lo, hi := spanOf(b.loMin, b.loOver, b.loMax, b.loUnder), spanOf(b.hiMin, b.hiOver, b.hiMax, b.hiUnder)
	long := longFilters(e.Name, lo, hi)
	if e.Kind == search.NumberRange { // short ones are points
		return filtersOfAny([]filters{exactly(lo.meet(hi).keys(familyShort, e.Name)), long})
	}
	early := spanOf(back(e.HiMin), back(e.HiOver), b.hiMax, b.hiUnder) // where the start lies, at most a day before the end
	inner := spanOf(b.hiMin, b.hiOver, back(e.HiMax), back(e.HiUnder))
	return filtersOfAny([]filters{shortFilters(e.Name, lo.meet(early), lo.meet(inner), hi.whole()), long})
}

// shortFilters ask for short ranges that start in a span, of which only those that start in an inner one are sure. The doubtful ones start
// before that or behind it.
func shortFilters(name string, maybe, sure span, exact bool) filters {
	f := filters{sure: sure.keys(familyShort, name), maybe: maybe.keys(familyShort, name), exact: exact}
	f.doubt = f.maybe
	if !f.sure.none {
		before, behind := span{maybe.from, sure.from}, span{sure.to, maybe.to}
		f.doubt = either(before.keys(familyShort, name), behind.keys(familyShort, name))
	}
	return f
}

// onlyMaybe are the filters of what must be looked at one by one.
func onlyMaybe(c clause) filters { return filters{sure: nothing, maybe: c, doubt: c} }

// back is a bound a day earlier, as digits. Of an open end it is that end.
func back(bound string) string {
	if len(bound) == orderedTime {
		bound = datetime.Ordered(datetime.Unordered(bound).Add(-shortest))
	}
	return digits32.EncodeToString([]byte(bound))
}

func longFilters(name string, lo, hi span) filters {
	switch {
	case hi.whole():
		return exactly(lo.keys(familyLong, name))
	case lo.whole():
		return exactly(hi.keys(familyEnd, name))
	case lo.to != unbounded || lo.from != "" && hi.to == unbounded:
		return onlyMaybe(lo.keys(familyLong, name))
	default:
		return onlyMaybe(hi.keys(familyEnd, name))
	}
}
