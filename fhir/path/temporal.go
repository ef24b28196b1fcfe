package fhirpath

import (
	"time"

	"firewolf/fhir/datetime"
	"firewolf/fhir/decimal"
)

// dateOf reads the text of a date, dateTime or instant, or of a literal.
func dateOf(a atom) (datetime.DateTime, bool) {
	if !isDate(a.kind) {
		return datetime.DateTime{}, false
	}
	d, err := datetime.ParsePartial(a.text)
	return d, err == nil && (a.kind == atomDateTime || d.Precision() <= datetime.Day)
}

// timeOf reads the text of a time.
func timeOf(a atom) (datetime.Time, bool) {
	if a.kind != atomTime {
		return datetime.Time{}, false
	}
	t, err := datetime.ParsePartialTime(a.text)
	return t, err == nil
}

// isTemporal reports whether two kinds can be ordered in time.
func isTemporal(a, b atomKind) bool {
	return isDate(a) && isDate(b) || a == atomTime && b == atomTime
}

// compareTemporal orders two dates or two times. It reports false where the order is unknown: where one ends
// before they differ, and where only one of two moments has a zone and they are less than a day apart.
// https://hl7.org/fhirpath/N1/#comparison
func compareTemporal(x, y atom) (int, bool) {
	if x.kind == atomTime {
		a, ok := timeOf(x)
		b, ok2 := timeOf(y)
		if !ok || !ok2 {
			return 0, false
		}
		return datetime.CompareTimes(a, b)
	}
	a, ok := dateOf(x)
	b, ok2 := dateOf(y)
	if !ok || !ok2 {
		return 0, false
	}
	_, zoned := a.Offset()
	_, zoned2 := b.Offset()
	if zoned != zoned2 && a.Precision() > datetime.Day && b.Precision() > datetime.Day {
		from, _ := a.Range()
		to, _ := b.Range()
		return from.Compare(to), from.Sub(to).Abs() > 26*time.Hour
	}
	return datetime.Compare(a, b)
}

// equalTemporals is unknown where their order is; what is no date or time equals only itself.
func equalTemporals(x, y atom) truth {
	if x.kind == y.kind && x.text == y.text {
		return yes
	}
	for _, a := range []atom{x, y} {
		_, date := dateOf(a)
		_, clock := timeOf(a)
		if !date && !clock {
			return no
		}
	}
	d, known := compareTemporal(x, y)
	if !known {
		return unknown
	}
	return truthOf(d == 0)
}

// duration is a quantity of time as calendar arithmetic wants it.
type duration struct {
	months, days int
	clock        time.Duration
}

func (d duration) negative() duration {
	return duration{months: -d.months, days: -d.days, clock: -d.clock}
}

// shift adds a time-valued quantity to a date or time, or subtracts it. ok is false where the unit does not fit the
// date, or the result is out of the years that can be written.
// https://hl7.org/fhirpath/N1/#datetime-arithmetic
func shift(x, y atom, minus bool) (v Value, has, ok bool) {
	q, ok := quantityOf(y)
	if !ok {
		return Value{}, false, true
	}
	d, ok := durationOf(q, x.kind)
	if !ok {
		return Value{}, false, false
	}
	if minus {
		d = d.negative()
	}
	if t, isTime := timeOf(x); isTime {
		return Value{Type: typeTime, Text: t.Add(d.to(t.Precision()).clock).String()}, true, true
	}
	date, ok := dateOf(x)
	if !ok {
		return Value{}, false, true
	}
	d = d.to(date.Precision())
	date, ok = date.Add(d.months, d.days, d.clock)
	return Value{Type: atomTypes[x.kind], Text: date.String()}, ok, ok
}

// clockUnits says how long the units of a clock are.
var clockUnits = map[string]time.Duration{
	"millisecond": time.Millisecond, "second": time.Second, "minute": time.Minute, "hour": time.Hour,
}

// definite are the UCUM units of a fixed length that are taken for calendar units. Those of
// years and months are not: a UCUM year has 365.25 days.
var definite = map[string]string{
	"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}

// maxAmount bounds the number of units that are added: three million years of hours.
const maxAmount = 1 << 35

// durationOf reads a quantity of time for a date, a date with time, or a time. Of units above seconds only the
// whole ones count.
func durationOf(q quantity, kind atomKind) (d duration, ok bool) {
	unit := q.unit
	if !q.calendar {
		unit = definite[unit]
	}
	length, clock := clockUnits[unit]
	if unit == "" || clock && kind == atomDate || !clock && kind == atomTime {
		return d, false
	}
	if length < time.Minute && clock {
		q, length = q.times(length), 1
	}
	whole, err := q.value.Round(0, decimal.Down)
	n, ok := whole.Int64()
	if err != nil || !ok || length > 1 && max(n, -n) > int64(time.Duration(1<<62)/length) || !clock && max(n, -n) > maxAmount {
		return d, false
	}
	switch unit {
	case "year":
		d.months = 12 * int(n)
	case "month":
		d.months = int(n)
	case "week":
		d.days = 7 * int(n)
	case "day":
		d.days = int(n)
	default:
		d.clock = time.Duration(n) * length
	}
	return d, true
}

// to converts what is finer than a precision to its unit, and drops the rest: a year has 365 days here, and a month 30.
// https://hl7.org/fhirpath/N1/#addition-2
func (d duration) to(p datetime.Precision) duration {
	const day = 24 * time.Hour
	switch p {
	case datetime.Hour:
		d.clock = d.clock.Truncate(time.Hour)
	case datetime.Minute:
		d.clock = d.clock.Truncate(time.Minute)
	case datetime.Year, datetime.Month, datetime.Day:
		d.days, d.clock = d.days+int(d.clock/day), 0
	default:
	}
	if p == datetime.Month {
		d.months, d.days = d.months+d.days/30, 0
	}
	if p == datetime.Year {
		d.months, d.days = (d.months/12+d.days/365)*12, 0
	}
	return d
}

// times multiplies by a number of nanoseconds, so that parts of a second count.
func (q quantity) times(n time.Duration) quantity {
	if d, err := q.value.Mul(decimal.New(int64(n), 0)); err == nil {
		q.value = d
	}
	return q
}
