package search

import (
	"time"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// A date is a range of time: that of its precision, of a Period from the start of its start to the end of its end, of a Timing from
// the start of what is first to the end of what is last ("the specified scheduling details are ignored and only the outer limits
// matter"). An instant is "a fixed point in time". What has no start or no end is open there. A time without a zone is in UTC.
// https://hl7.org/fhir/R4/search.html#date

// The bounds of a range that is open: below and above every value.
const (
	openLo = "\x00"
	openHi = "\xff"
)

// period is a range of time. An end that is open has no time.
type period struct {
	lo, hi         time.Time
	openLo, openHi bool
}

// date indexes a value of a date parameter under a name.
func (ix *indexer) date(name string, v fhirpath.Value) {
	p, ok := periodOf(v)
	if !ok {
		return
	}
	r := Range{Kind: DateRange, Name: name, Lo: openLo, Hi: openHi}
	if !p.openLo {
		r.Lo = datetime.Ordered(p.lo)
	}
	if !p.openHi {
		r.Hi = datetime.Ordered(p.hi)
	}
	ix.ranges = append(ix.ranges, r)
}

// periodOf returns the range of time that a value stands for.
func periodOf(v fhirpath.Value) (period, bool) {
	switch v.Type {
	case "Period":
		return readPeriod(v.Node)
	case "Timing":
		return readTiming(v.Node)
	case "date", "dateTime", "instant", "Date", "DateTime":
		text, _ := v.Primitive()
		p, ok := readDate(text)
		if v.Type == "instant" {
			p.hi = p.lo
		}
		return p, ok
	}
	return period{}, false
}

func readDate(text string) (period, bool) {
	d, err := datetime.ParsePartial(text)
	if err != nil {
		return period{}, false
	}
	lo, hi := d.Range()
	return period{lo: lo, hi: hi}, true
}

// readPeriod reads a Period; one without start and end is no range.
func readPeriod(n tree.Node) (period, bool) {
	start, from := readDate(n.Member("start").Text())
	end, to := readDate(n.Member("end").Text())
	return period{lo: start.lo, hi: end.hi, openLo: !from, openHi: !to}, from || to
}

// readTiming reads the outer limits of a Timing: its events and its bounds.
func readTiming(n tree.Node) (period, bool) {
	limits, found := readPeriod(n.Member("repeat").Member("boundsPeriod"))
	for event := range n.Member("event").Items() {
		e, ok := readDate(event.Text())
		if !ok {
			continue
		}
		if !found {
			limits, found = e, true
			continue
		}
		limits = limits.with(e)
	}
	return limits, found
}

// with widens a period to take in another; an open end stays open.
func (p period) with(q period) period {
	if !p.openLo && q.lo.Before(p.lo) {
		p.lo = q.lo
	}
	if !p.openHi && q.hi.After(p.hi) {
		p.hi = q.hi
	}
	return p
}

// date compiles a value of a date parameter.
func (c *compiler) date(name, value string) (Expr, *fhir.Issue) {
	prefix, s, issue := c.readDate(value)
	if issue != nil {
		return nil, issue
	}
	if prefix == Approximate {
		s = c.approximately(s)
	}
	return dateExpr(name, prefix, datetime.Ordered(s.lo), datetime.Ordered(s.hi)), nil
}

// readDate reads the prefix and the range of time of a value.
func (c *compiler) readDate(value string) (Prefix, period, *fhir.Issue) {
	prefix, text := CutPrefix(value)
	d, err := datetime.ParsePartial(zoneSign(text))
	// "the minutes SHALL be present if an hour is present"
	if err != nil || d.Precision() == datetime.Hour {
		return "", period{}, badValue(c.name, value, "no date: it is written as [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], as far as it is known from the left")
	}
	lo, hi := d.Range()
	return prefix, period{lo: lo, hi: hi}, nil
}

// zoneSign mends a zone whose + a client did not escape: in a query string it means a space.
func zoneSign(text string) string {
	if k := len(text) - len(" hh:mm"); k > 0 && text[k] == ' ' {
		return text[:k] + "+" + text[k+1:]
	}
	return text
}

// dateExpr compares the range of the search value, lo..hi, with the ranges of the resource.
// https://hl7.org/fhir/R4/search.html#prefix
func dateExpr(name string, prefix Prefix, lo, hi string) Expr {
	in := func(r InRange) Expr {
		r.Kind, r.Name = DateRange, name
		return r
	}
	switch prefix {
	case NotEqual: // the range of the search value does not fully contain the range of the target value
		return Or{in(InRange{LoUnder: lo}), in(InRange{HiOver: hi})}
	case Greater: // the range above the search value overlaps with the range of the target value
		return in(InRange{HiOver: hi})
	case GreaterOrEqual:
		return in(InRange{HiMin: lo})
	case Less: // the range below the search value overlaps with the range of the target value
		return in(InRange{LoUnder: lo})
	case LessOrEqual:
		return in(InRange{LoMax: hi})
	case StartsAfter: // the range above the search value contains the range of the target value
		return in(InRange{LoOver: hi})
	case EndsBefore: // the range below the search value contains the range of the target value
		return in(InRange{HiUnder: lo})
	case Approximate: // the ranges overlap
		return in(InRange{LoMax: hi, HiMin: lo})
	default: // the range of the search value fully contains the range of the target value
		return in(InRange{LoMin: lo, HiMax: hi})
	}
}

// approximately widens a range by a tenth of the gap between now and its start: "the recommended value for the
// approximation is 10% of the stated value (or for a date, 10% of the gap between now and the date)".
func (c *compiler) approximately(s period) period {
	gap := c.now.Sub(s.lo).Abs() / 10
	return period{lo: s.lo.Add(-gap), hi: s.hi.Add(gap)}
}
