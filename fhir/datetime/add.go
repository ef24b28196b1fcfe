package datetime

import "time"

// maxDays bounds what Add takes: all the days of the years 1 to 9999.
const maxDays = 9999 * 366

// Add moves the date by months, then by days, then by a time, as a calendar does: where the month that is reached
// has no such day, its last day is taken. The precision stays, and what is finer than it is cut off; a fraction of a
// second gets the digits that it needs. It reports false where the result leaves the years 1 to 9999.
// http://hl7.org/fhirpath/N1/#datetime-arithmetic
func (d DateTime) Add(months, days int, t time.Duration) (DateTime, bool) {
	if max(months, -months) > 12*9999 || max(days, -days) > maxDays {
		return DateTime{}, false
	}
	total := int(d.year)*12 + int(max(d.month, 1)) - 1 + months
	year, month := total/12, total%12+1
	if total < 12 || year > 9999 {
		return DateTime{}, false
	}
	day := min(int(max(d.day, 1)), daysIn(year, month))
	c := d.clock
	at := time.Date(year, time.Month(month), day+days, int(c.hour), int(c.minute), int(c.second), int(c.nanos), time.UTC).Add(t)
	if at.Year() < 1 || at.Year() > 9999 {
		return DateTime{}, false
	}
	zone := d.offset
	r := d.at(at)
	r.offset = zone
	r.clock.digits = r.clock.needed()
	return r.To(d.precision), true
}

// Add moves the time of day, around midnight too. Precision and digits are as with a DateTime.
func (t Time) Add(by time.Duration) Time {
	const day = 24 * time.Hour
	at := time.Date(1, 1, 2, int(t.hour), int(t.minute), int(t.second), int(t.nanos), time.UTC).Add(by % day)
	r := DateTime{clock: t, precision: t.precision}.at(at).clock
	r.digits = r.needed()
	return r.to(t.precision)
}

// needed returns how many digits the fraction of the second needs, and at least those that it has.
func (t Time) needed() int8 {
	n := int8(9)
	for v := t.nanos; n > t.digits && v%10 == 0; v /= 10 {
		n--
	}
	return n
}

// To returns the value with at most that precision: what is finer is cut off.
func (d DateTime) To(p Precision) DateTime {
	d.precision = min(d.precision, p)
	if p < Hour {
		d.clock, d.zoned, d.offset = Time{}, false, 0
	}
	if p < Day {
		d.day = 0
	}
	if p < Month {
		d.month = 0
	}
	d.clock = d.clock.to(p)
	return d
}

// to is To of a time.
func (t Time) to(p Precision) Time {
	t.precision = min(t.precision, p)
	if p < Second {
		t.second, t.nanos, t.digits = 0, 0, 0
	}
	if p < Minute {
		t.minute = 0
	}
	return t
}
