package datetime

import (
	"cmp"
	"time"
)

// Compare orders two values as FHIRPath does: unit by unit, from the largest. It
// reports false where one of them ends before they differ, so that nobody knows. Seconds and
// their fractions are one unit. Two values with zones are compared in UTC, any others as they are written.
// http://hl7.org/fhirpath/N1/#comparison
func Compare(a, b DateTime) (order int, known bool) {
	if a.zoned && b.zoned {
		a, b = a.utc(), b.utc()
	}
	for u := Year; u <= Day; u++ {
		if a.precision < u || b.precision < u {
			return 0, a.precision == b.precision
		}
		if c := cmp.Compare(a.part(u), b.part(u)); c != 0 {
			return c, true
		}
	}
	return CompareTimes(a.clock, b.clock)
}

// CompareTimes orders two times of day as Compare does.
func CompareTimes(a, b Time) (order int, known bool) {
	units := [...]struct {
		p    Precision
		a, b int
	}{
		{Hour, int(a.hour), int(b.hour)},
		{Minute, int(a.minute), int(b.minute)},
		{Second, int(a.second), int(b.second)},
	}
	for _, u := range units {
		if a.precision < u.p || b.precision < u.p {
			return 0, a.precision == b.precision
		}
		if c := cmp.Compare(u.a, u.b); c != 0 {
			return c, true
		}
	}
	return cmp.Compare(a.nanos, b.nanos), true
}

func (d DateTime) part(p Precision) int16 {
	return [...]int16{Year: d.year, Month: d.month, Day: d.day}[p]
}

// utc returns the value with its zone changed to UTC, its precision kept, and a leap second as the second after it.
func (d DateTime) utc() DateTime {
	if d.offset == 0 && d.clock.second < 60 {
		return d
	}
	return d.at(d.start())
}

// at returns the value with the date and time of t, which is in UTC, and the precision and digits of d.
func (d DateTime) at(t time.Time) DateTime {
	d.year, d.month, d.day, d.offset = int16(t.Year()), int16(t.Month()), int16(t.Day()), 0
	c := &d.clock
	c.hour, c.minute, c.second, c.nanos = int8(t.Hour()), int8(t.Minute()), int8(t.Second()), int32(t.Nanosecond())
	return d
}
