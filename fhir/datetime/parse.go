package datetime

import (
	"errors"
	"time"
)

// The reasons why a text is no value. They do not repeat the text, which may be confidential.
var (
	errDate     = errors.New("a date is written as YYYY, YYYY-MM or YYYY-MM-DD")
	errDateTime = errors.New("a dateTime is written as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz")
	errInstant  = errors.New("an instant is written as YYYY-MM-DDThh:mm:ss.sss+zz:zz, with seconds and time zone")
	errTime     = errors.New("a time is written as hh:mm:ss")
	errPartial  = errors.New("a date and time is written as YYYY-MM-DDThh:mm:ss.sss+zz:zz, as far as it is known from the left")
	errDay      = errors.New("the month has no such day")
)

// ParseDate reads a FHIR date.
// https://hl7.org/fhir/R4/datatypes.html#date
func ParseDate(s string) (DateTime, error) {
	return parse(s, errDate, func(d DateTime) bool { return d.precision <= Day })
}

// ParseDateTime reads a FHIR dateTime: a time needs seconds and a zone.
// https://hl7.org/fhir/R4/datatypes.html#dateTime
func ParseDateTime(s string) (DateTime, error) {
	return parse(s, errDateTime, func(d DateTime) bool {
		return d.precision <= Day || d.precision == Second && d.zoned
	})
}

// ParseInstant reads a FHIR instant.
// https://hl7.org/fhir/R4/datatypes.html#instant
func ParseInstant(s string) (DateTime, error) {
	return parse(s, errInstant, func(d DateTime) bool { return d.precision == Second && d.zoned })
}

// ParsePartial reads what stands in queries and in FHIRPath: a time may end at the hour or minute, and its zone may be left out.
// https://hl7.org/fhir/R4/search.html#date
// http://hl7.org/fhirpath/N1/#datetime
func ParsePartial(s string) (DateTime, error) {
	return parse(s, errPartial, func(DateTime) bool { return true })
}

// ParseTime reads a FHIR time.
// https://hl7.org/fhir/R4/datatypes.html#time
func ParseTime(s string) (Time, error) {
	t, err := ParsePartialTime(s)
	if err != nil || t.precision != Second {
		return Time{}, errTime
	}
	return t, nil
}

// ParsePartialTime reads a time that may end at the hour or minute, as FHIRPath has it.
// http://hl7.org/fhirpath/N1/#time
func ParsePartialTime(s string) (Time, error) {
	r := reader{s: s, ok: true}
	t := r.time()
	if !r.done() {
		return Time{}, errTime
	}
	return t, nil
}

func parse(s string, wrong error, fits func(DateTime) bool) (DateTime, error) {
	r := reader{s: s, ok: true}
	d := r.dateTime()
	if !r.done() || !fits(d) {
		return DateTime{}, wrong
	}
	if d.precision >= Day && int(d.day) > daysIn(int(d.year), int(d.month)) {
		return DateTime{}, errDay
	}
	return d, nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// reader takes a text apart from the left. The first mistake makes ok false for good.
type reader struct {
	s  string
	ok bool
}

func (r *reader) done() bool { return r.ok && r.s == "" }

// is takes c if it is next.
func (r *reader) is(c byte) bool {
	if r.s == "" || r.s[0] != c {
		return false
	}
	r.s = r.s[1:]
	return true
}

// must takes c.
func (r *reader) must(c byte) { r.ok = r.is(c) && r.ok }

// number takes n digits that make a number from lo to hi.
func (r *reader) number(n, lo, hi int) int {
	if len(r.s) < n {
		r.ok = false
		return 0
	}
	v := 0
	for i := range n {
		c := r.s[i]
		if c < '0' || c > '9' {
			r.ok = false
			return 0
		}
		v = v*10 + int(c-'0')
	}
	r.s = r.s[n:]
	r.ok = r.ok && v >= lo && v <= hi
	return v
}

func (r *reader) dateTime() DateTime {
	d := DateTime{year: int16(r.number(4, 1, 9999)), precision: Year}
	if !r.is('-') {
		return d
	}
	d.month, d.precision = int16(r.number(2, 1, 12)), Month
	if !r.is('-') {
		return d
	}
	d.day, d.precision = int16(r.number(2, 1, 31)), Day
	if !r.is('T') {
		return d
	}
	d.clock = r.time()
	d.precision = d.clock.precision
	if r.s != "" {
		d.offset, d.zoned = r.zone(), true
	}
	return d
}

func (r *reader) time() Time {
	t := Time{hour: int8(r.number(2, 0, 23)), precision: Hour}
	if !r.is(':') {
		return t
	}
	t.minute, t.precision = int8(r.number(2, 0, 59)), Minute
	if !r.is(':') {
		return t
	}
	t.second, t.precision = int8(r.number(2, 0, 60)), Second
	if r.is('.') {
		r.fraction(&t)
	}
	return t
}

// fraction takes one digit or more. What is finer than a nanosecond is cut off.
func (r *reader) fraction(t *Time) {
	n := 0
	for ; n < len(r.s) && r.s[n] >= '0' && r.s[n] <= '9'; n++ {
		if n < 9 {
			t.nanos = t.nanos*10 + int32(r.s[n]-'0')
		}
	}
	r.ok = r.ok && n > 0
	r.s = r.s[n:]
	t.digits = int8(min(n, 9))
	for range 9 - t.digits {
		t.nanos *= 10
	}
}

// zone takes Z or an offset of at most 14 hours.
func (r *reader) zone() int16 {
	if r.is('Z') {
		return 0
	}
	sign := 1
	if r.is('-') {
		sign = -1
	} else {
		r.must('+')
	}
	hours := r.number(2, 0, 14)
	r.must(':')
	minutes := hours*60 + r.number(2, 0, 59)
	r.ok = r.ok && minutes <= 14*60
	return int16(sign * minutes)
}
