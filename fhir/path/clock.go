package fhirpath

import (
	"math"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// nowTime is the moment of an evaluation, asked for once.
type nowTime struct {
	at  time.Time
	set bool
}

// clockFunctions tell the time of the evaluation: the same however often they are asked.
// https://hl7.org/fhirpath/N1/#current-date-and-time-functions
var clockFunctions = map[string]function{
	"now":       {run: func(c called) ([]Value, error) { return c.tell(typeDateTime, "2006-01-02T15:04:05.000Z07:00") }},
	"today":     {run: func(c called) ([]Value, error) { return c.tell(typeDate, "2006-01-02") }},
	"timeOfDay": {run: func(c called) ([]Value, error) { return c.tell(typeTime, "15:04:05.000") }},
}

func (c called) tell(typ, layout string) ([]Value, error) {
	if c.e.scope.Clock == nil {
		return nil, c.fail("is not defined here: the answer would change with the time")
	}
	if !c.e.now.set {
		c.e.now = nowTime{at: c.e.scope.Clock(), set: true}
	}
	return c.give(Value{Type: typ, Text: c.e.now.at.Format(layout)})
}

// duration is a quantity of time as calendar arithmetic wants it.
type duration struct {
	months, days int64
	nanos        int64
}

// shift adds a time-valued quantity to a date or time, or subtracts it.
// https://hl7.org/fhirpath/N1/#datetime-arithmetic
func shift(x, y atom, minus bool) (v Value, has, ok bool) {
	t, ok := parseTemporal(x.kind, x.text)
	q, ok2 := quantityOf(y)
	if !ok || !ok2 {
		return Value{}, false, true
	}
	d, ok := durationOf(q, t)
	if !ok {
		return Value{}, false, false
	}
	if minus {
		d = duration{months: -d.months, days: -d.days, nanos: -d.nanos}
	}
	if !t.add(d) {
		return Value{}, false, false
	}
	return Value{Type: atomTypes[x.kind], Text: t.String()}, true, true
}

// nanosOf says how long the units of a clock are.
var nanosOf = map[string]int64{
	"millisecond": 1e6, "second": 1e9, "minute": 60e9, "hour": 3600e9,
}

// definite are the UCUM units of a fixed length that are taken for calendar units. Those of
// years and months are not: a UCUM year has 365.25 days.
var definite = map[string]string{
	"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}

// durationOf reads a quantity in the precision of t: what is finer is converted to the finest field
// that t has, and its rest dropped.
func durationOf(q quantity, t temporal) (duration, bool) {
	unit := q.unit
	if !q.calendar {
		unit = definite[unit]
	}
	n, ok := amount(q.value, unit)
	if !ok {
		return duration{}, false
	}
	var d duration
	switch unit {
	case "year":
		d.months = 12 * n
	case "month":
		d.months = n
	case "week":
		d.days = 7 * n
	case "day":
		d.days = n
	default:
		d.nanos = n
	}
	clock, calendar := unit == "" || nanosOf[unit] > 0, nanosOf[unit] == 0
	if t.kind == atomDate && clock || t.kind == atomTime && calendar {
		return d, false
	}
	return d.coarsen(t.precision), true
}

// amount returns the whole number of the unit; of units of a clock the nanoseconds.
func amount(value *apd.Decimal, unit string) (int64, bool) {
	scale := int64(1)
	switch unit {
	case "":
		return 0, false
	case "second", "millisecond":
		scale = nanosOf[unit]
		value = times(value, scale)
		scale = 1
	default:
		if nanosOf[unit] > 0 {
			scale = nanosOf[unit]
		}
	}
	whole, ok := compute(truncate, value)
	if !ok {
		return 0, false
	}
	n, err := whole.Int64()
	if err != nil || n > math.MaxInt64/scale || n < -math.MaxInt64/scale {
		return 0, false
	}
	return n * scale, true
}

// coarsen converts the fields that a precision does not have to the next one that it has.
func (d duration) coarsen(precision int) duration {
	switch precision {
	case toHour:
		d.nanos -= d.nanos % nanosOf["hour"]
	case toMinute:
		d.nanos -= d.nanos % nanosOf["minute"]
	case toYear, toMonth, toDay:
		d.days += d.nanos / (24 * nanosOf["hour"])
		d.nanos = 0
	}
	if precision == toMonth {
		d.months, d.days = d.months+d.days/30, 0
	}
	if precision == toYear {
		d.months, d.days = (d.months/12+d.days/365)*12, 0
	}
	return d
}

// add moves the value; false where that leaves the years 1 to 9999.
func (t *temporal) add(d duration) bool {
	const farthest = 10_000 * 366
	if max(d.days, -d.days) > farthest || max(d.months, -d.months) > farthest {
		return false
	}
	if t.kind == atomTime {
		const day = 24 * time.Hour
		m := t.instant().Add((time.Duration(d.nanos)%day + day) % day)
		t.at(m)
		t.keepDigits()
		return true
	}
	f := t.fields
	months := int64(f[0])*12 + int64(max(f[1], 1)-1) + d.months
	year, month := int(months/12), int(months%12)+1
	if year < 1 || year > 9999 {
		return false
	}
	day := min(max(f[2], 1), daysIn(year, month))
	m := time.Date(year, time.Month(month), day+int(d.days), f[3], f[4], f[5], t.nanos, time.UTC).Add(time.Duration(d.nanos))
	t.at(m)
	t.keepDigits()
	return m.Year() >= 1 && m.Year() <= 9999
}

// keepDigits writes the fraction of the second with as many digits as it has, at least those it had.
func (t *temporal) keepDigits() {
	need := 9
	for n := t.nanos; need > 0 && n%10 == 0; n /= 10 {
		need--
	}
	t.digits = max(t.digits, need)
}
