package datetime

// The time zones in which a moment without a zone comes first and last.
// http://hl7.org/fhir/R4/datatypes.html#dateTime
const (
	easternmost = 14 * 60
	westernmost = -12 * 60
)

// First returns the earliest value that d can stand for, stated to a precision: 2014 to the month is 2014-01. With
// digits, a second has so many digits of its fraction (at most 9). A zone that is not stated is the easternmost, where a
// moment comes first. What d states beyond the precision is cut off.
func (d DateTime) First(p Precision, digits int) DateTime { return d.edge(p, digits, false) }

// Last returns the latest value that d can stand for: 2014-02 to the day is 2014-02-28.
func (d DateTime) Last(p Precision, digits int) DateTime { return d.edge(p, digits, true) }

func (d DateTime) edge(p Precision, digits int, last bool) DateTime {
	if d.precision < Month {
		d.month = pick[int16](last, 1, 12)
	}
	if d.precision < Day {
		d.day = 1
		if last {
			d.day = int16(daysIn(int(d.year), int(d.month)))
		}
	}
	d.clock = d.clock.edge(max(p, Hour), digits, last)
	d.precision = p
	if !d.zoned {
		d.zoned, d.offset = true, pick[int16](last, easternmost, westernmost)
	}
	return d.To(p)
}

// First returns the earliest time that t can stand for, as with a DateTime.
func (t Time) First(p Precision, digits int) Time { return t.edge(p, digits, false) }

// Last returns the latest time that t can stand for.
func (t Time) Last(p Precision, digits int) Time { return t.edge(p, digits, true) }

func (t Time) edge(p Precision, digits int, last bool) Time {
	if t.precision < Hour {
		t.hour = pick[int8](last, 0, 23)
	}
	if t.precision < Minute {
		t.minute = pick[int8](last, 0, 59)
	}
	if t.precision < Second {
		t.second = pick[int8](last, 0, 59)
	}
	t.precision = p
	return t.fraction(digits, last).to(p)
}

// fraction gives the second so many digits: more than it has are 0, or 9 for the last.
func (t Time) fraction(digits int, last bool) Time {
	unit := int32(1_000_000_000)
	for k := range 9 {
		unit /= 10
		switch {
		case k >= digits:
			t.nanos -= t.nanos % (unit * 10)
			t.digits = int8(digits)
			return t
		case k >= int(t.digits) && last:
			t.nanos += 9 * unit
		}
	}
	t.digits = 9
	return t
}

func pick[T any](last bool, least, greatest T) T {
	if last {
		return greatest
	}
	return least
}
