package datetime

import (
	"fmt"
	"time"
)

// Precision is the smallest unit that a value states.
type Precision uint8

// The precisions. A value with fractions of a second has the precision Second and more than 0 digits.
const (
	Year Precision = iota + 1
	Month
	Day
	Hour
	Minute
	Second
)

// DateTime is a date, or a date with a time, as far as it was stated. The zero DateTime is no date.
type DateTime struct {
	year, month, day int16
	clock            Time
	precision        Precision
	zoned            bool
	offset           int16 // minutes east of UTC
}

// Time is a time of day, as far as it was stated.
// https://hl7.org/fhir/R4/datatypes.html#time
type Time struct {
	hour, minute, second int8 // second is 60 in a leap second
	digits               int8 // of the fraction, at most 9
	precision            Precision
	nanos                int32
}

// Precision returns the smallest unit stated.
func (d DateTime) Precision() Precision { return d.precision }

// Precision returns the smallest unit stated.
func (t Time) Precision() Precision { return t.precision }

// Digits returns how many digits of a fraction of a second are stated, at most 9.
func (d DateTime) Digits() int { return d.clock.Digits() }

// Digits returns how many digits of a fraction of a second are stated, at most 9.
func (t Time) Digits() int { return int(t.digits) }

// Offset returns the time zone in minutes east of UTC, and whether one is stated.
func (d DateTime) Offset() (minutes int, ok bool) { return int(d.offset), d.zoned }

// Date returns the stated date; month and day are 0 where they are not stated.
func (d DateTime) Date() (year, month, day int) { return int(d.year), int(d.month), int(d.day) }

// Time returns the time of day; its precision is 0 where none is stated.
func (d DateTime) Time() Time { return d.clock }

// Clock returns the stated time of day; what is not stated is 0.
func (t Time) Clock() (hour, minute, second, nanos int) {
	return int(t.hour), int(t.minute), int(t.second), int(t.nanos)
}

// Range returns the first and the last moment, to the nanosecond, of the period that
// the value stands for, in UTC. A value without a zone is taken as UTC. A leap second counts as the second after it.
// https://hl7.org/fhir/R4/search.html#date
func (d DateTime) Range() (lo, hi time.Time) {
	lo = d.start()
	var next time.Time
	switch d.precision {
	case Year:
		next = lo.AddDate(1, 0, 0)
	case Month:
		next = lo.AddDate(0, 1, 0)
	case Day:
		next = lo.AddDate(0, 0, 1)
	default:
		next = lo.Add(d.clock.width())
	}
	return lo, next.Add(-1)
}

// start returns the first moment of the value.
func (d DateTime) start() time.Time {
	c := d.clock
	return time.Date(int(d.year), time.Month(max(d.month, 1)), int(max(d.day, 1)),
		int(c.hour), int(c.minute)-int(d.offset), int(c.second), int(c.nanos), time.UTC)
}

// width returns how long the period is that the time leaves open.
func (t Time) width() time.Duration {
	switch t.precision {
	case Hour:
		return time.Hour
	case Minute:
		return time.Minute
	default:
		w := time.Second
		for range t.digits {
			w /= 10
		}
		return w
	}
}

// Of returns the moment as a value with milliseconds and a zone, as an instant is written.
func Of(t time.Time) DateTime {
	_, seconds := t.Zone()
	return DateTime{
		year: int16(t.Year()), month: int16(t.Month()), day: int16(t.Day()),
		clock: Time{
			hour: int8(t.Hour()), minute: int8(t.Minute()), second: int8(t.Second()),
			nanos: int32(t.Nanosecond() / 1e6 * 1e6), digits: 3, precision: Second,
		},
		precision: Second, zoned: true, offset: int16(seconds / 60),
	}
}

// String returns the value as FHIR writes it; nothing is added to what was stated.
func (d DateTime) String() string {
	var b []byte
	if d.precision >= Year {
		b = fmt.Appendf(b, "%04d", d.year)
	}
	if d.precision >= Month {
		b = fmt.Appendf(b, "-%02d", d.month)
	}
	if d.precision >= Day {
		b = fmt.Appendf(b, "-%02d", d.day)
	}
	if d.precision > Day {
		b = append(append(b, 'T'), d.clock.String()...)
	}
	switch {
	case !d.zoned:
	case d.offset == 0:
		b = append(b, 'Z')
	default:
		sign, o := '+', d.offset
		if o < 0 {
			sign, o = '-', -o
		}
		b = fmt.Appendf(b, "%c%02d:%02d", sign, o/60, o%60)
	}
	return string(b)
}

// String returns the time as FHIR writes it.
func (t Time) String() string {
	if t.precision == 0 {
		return ""
	}
	s := fmt.Sprintf("%02d:%02d:%02d.%09d", t.hour, t.minute, t.second, t.nanos)
	switch {
	case t.precision == Hour:
		return s[:2]
	case t.precision == Minute:
		return s[:5]
	case t.digits == 0:
		return s[:8]
	default:
		return s[:9+t.digits]
	}
}
