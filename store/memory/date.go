package memory

import (
	"strconv"
	"strings"
	"time"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// interval is a stretch of time from its first to its last nanosecond. A nil end is an infinite one.
type interval struct{ first, last *time.Time }

// dateTest is the test of a date parameter. https://hl7.org/fhir/R4/search.html#date
func dateTest(want string, now time.Time) (test, error) {
	prefix, digits := cutPrefix(unescape(want))
	if k := len(digits) - len(" 02:00"); k > 0 && digits[k] == ' ' { // the + of a zone that a client did not escape
		digits = digits[:k] + "+" + digits[k+1:]
	}
	s, ok := moment(digits)
	if !ok {
		return nil, fhir.NewIssue(fhir.Value, strconv.Quote(digits)+" is not a date")
	}
	if prefix == "ap" {
		s = s.widened(now)
	}
	return func(v fhirpath.Value) bool {
		t, ok := intervalOf(v)
		return ok && s.compare(prefix, t)
	}, nil
}

// widened returns the interval with a tenth of the gap between now and it on either side: "for a date, 10% of the gap
// between now and the date".
func (s interval) widened(now time.Time) interval {
	gap := now.Sub(*s.first).Abs() / 10
	first, last := s.first.Add(-gap), s.last.Add(gap)
	return interval{&first, &last}
}

// compare reports whether what is asked for (s) and what is there (t) are as the prefix says.
// https://hl7.org/fhir/R4/search.html#prefix
func (s interval) compare(prefix string, t interval) bool {
	contains := t.first != nil && t.last != nil && !t.first.Before(*s.first) && !t.last.After(*s.last)
	above := t.last == nil || t.last.After(*s.last)
	below := t.first == nil || t.first.Before(*s.first)
	startsAfter := t.first != nil && t.first.After(*s.last)
	endsBefore := t.last != nil && t.last.Before(*s.first)
	switch prefix {
	case "eq":
		return contains
	case "ne":
		return !contains
	case "gt":
		return above
	case "ge": // "the range above the value: the specified value and up"
		return !endsBefore
	case "lt":
		return below
	case "le":
		return !startsAfter
	case "sa":
		return startsAfter
	case "eb":
		return endsBefore
	case "ap":
		return !startsAfter && !endsBefore
	}
	return false
}

// intervalOf returns the time that a value of the resource covers.
func intervalOf(v fhirpath.Value) (interval, bool) {
	switch v.Type {
	case "Period":
		return period(v.Node)
	case "Timing":
		return timing(v.Node)
	case "instant": // "a fixed point in time"
		i, ok := moment(text(v))
		return interval{i.first, i.first}, ok
	case "date", "dateTime", "Date", "DateTime":
		return moment(text(v))
	}
	return interval{}, false
}

// period returns the time of a Period: from the start of its start to the end of its end.
func period(n tree.Node) (interval, bool) {
	start, hasStart := moment(n.Member("start").Text())
	end, hasEnd := moment(n.Member("end").Text())
	return interval{start.first, end.last}, hasStart || hasEnd
}

// timing returns the outer limits of a Timing: of its events and of the period that bounds it.
func timing(n tree.Node) (interval, bool) {
	var all []interval
	for e := range n.Member("event").Items() {
		if i, ok := moment(e.Text()); ok {
			all = append(all, i)
		}
	}
	if i, ok := period(n.Member("repeat").Member("boundsPeriod")); ok {
		all = append(all, i)
	}
	if len(all) == 0 {
		return interval{}, false
	}
	outer := all[0]
	for _, i := range all[1:] {
		if outer.first != nil && (i.first == nil || i.first.Before(*outer.first)) {
			outer.first = i.first
		}
		if outer.last != nil && (i.last == nil || i.last.After(*outer.last)) {
			outer.last = i.last
		}
	}
	return outer, true
}

// layouts are the forms of a date, and how long the time is that each names. Times without a zone are UTC.
var layouts = []struct {
	layout              string
	years, months, days int
	time                time.Duration
}{
	{layout: "2006", years: 1},
	{layout: "2006-01", months: 1},
	{layout: "2006-01-02", days: 1},
	{layout: "2006-01-02T15:04", time: time.Minute},
	{layout: "2006-01-02T15:04Z07:00", time: time.Minute},
	{layout: "2006-01-02T15:04:05", time: time.Second},
	{layout: "2006-01-02T15:04:05Z07:00", time: time.Second},
}

// moment returns the time that the text of a date, dateTime or instant names, by its precision. "The seconds may be 60 for a leap second",
// which is the second after it. https://hl7.org/fhir/R4/datatypes.html#dateTime
func moment(s string) (interval, bool) {
	leap := time.Duration(0)
	if at := len("2006-01-02T15:04:"); len(s) > at && strings.HasPrefix(s[at:], "60") {
		s, leap = s[:at]+"59"+s[at+len("60"):], time.Second
	}
	for _, l := range layouts {
		first, err := time.Parse(l.layout, s)
		if err != nil {
			continue
		}
		first = first.Add(leap)
		after := first.AddDate(l.years, l.months, l.days).Add(l.time)
		if digits := fraction(s); digits > 0 {
			after = first.Add(unit(digits))
		}
		last := after.Add(-time.Nanosecond)
		return interval{&first, &last}, true
	}
	return interval{}, false
}

// fraction counts the digits of a fraction of a second.
func fraction(s string) int {
	digits, dot := 0, false
	for _, c := range s {
		switch {
		case c == '.':
			dot = true
		case dot && c >= '0' && c <= '9':
			digits++
		case dot:
			return digits
		}
	}
	return digits
}

// unit is the last place of a fraction with so many digits.
func unit(digits int) time.Duration {
	d := time.Second
	for range digits {
		d /= 10
	}
	return max(d, time.Nanosecond)
}
