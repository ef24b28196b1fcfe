package fhirpath

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The precisions of dates and times, as the number of fields that are given. Seconds and
// their fraction are one field. https://hl7.org/fhirpath/N1/#datetime-equality
const (
	toYear = 1 + iota
	toMonth
	toDay
	toHour
	toMinute
	toSecond
)

// temporal is a date, a date with time or a time of day, as far as it is given.
type temporal struct {
	kind      atomKind // atomDate, atomDateTime or atomTime
	precision int
	fields    [6]int // year, month, day, hour, minute, second; of a time the first three are 0
	nanos     int
	digits    int // of the fraction of the second, as written
	zoned     bool
	offset    int // minutes east of UTC
}

// parseTemporal reads the text of a date, dateTime, instant or time, or of a literal.
func parseTemporal(kind atomKind, text string) (temporal, bool) {
	t := temporal{kind: kind}
	rest := text
	if kind != atomTime {
		end := dateEnd(text, 0)
		if end == 0 {
			return t, false
		}
		t.readFields(text[:end], 0)
		if end == len(text) {
			return t, t.valid()
		}
		if kind == atomDate || text[end] != 'T' {
			return t, false
		}
		rest = text[end+1:]
	}
	end := timeEnd(rest, 0)
	if end == 0 {
		return t, false
	}
	clock, fraction, _ := strings.Cut(rest[:end], ".")
	t.readFields(clock, toDay)
	t.readFraction(fraction)
	return t, t.readZone(rest[end:]) && t.valid()
}

// readFields reads numbers of two (the year: four) digits with one character between them.
func (t *temporal) readFields(s string, from int) {
	t.precision = from
	for s != "" {
		width := 2
		if t.precision == 0 {
			width = 4
		}
		t.fields[t.precision], _ = strconv.Atoi(s[:width])
		t.precision++
		s = s[min(width+1, len(s)):]
	}
}

func (t *temporal) readFraction(s string) {
	t.digits = len(s)
	t.nanos, _ = strconv.Atoi((s + "000000000")[:9])
}

// readZone reads Z, +hh:mm or nothing. A time has no zone.
func (t *temporal) readZone(s string) bool {
	if s == "" {
		return true
	}
	if t.kind == atomTime || zoneEnd(s, 0) != len(s) {
		return false
	}
	t.zoned = true
	if s != "Z" {
		hours, _ := strconv.Atoi(s[1:3])
		minutes, _ := strconv.Atoi(s[4:6])
		t.offset = hours*60 + minutes
		if s[0] == '-' {
			t.offset = -t.offset
		}
	}
	return t.offset >= -14*60 && t.offset <= 14*60
}

// valid checks the calendar. A leap second is let through.
func (t *temporal) valid() bool {
	if t.fields[3] > 23 || t.fields[4] > 59 || t.fields[5] > 60 {
		return false
	}
	if t.kind == atomTime {
		return true
	}
	month, day := t.fields[1], t.fields[2]
	if t.fields[0] < 1 || t.precision >= toMonth && (month < 1 || month > 12) {
		return false
	}
	return t.precision < toDay || day >= 1 && day <= daysIn(t.fields[0], month)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// instant returns the earliest moment of the value, in UTC where its zone is known.
func (t *temporal) instant() time.Time {
	f := t.fields
	return time.Date(max(f[0], 1), time.Month(max(f[1], 1)), max(f[2], 1), f[3], f[4]-t.offset, f[5], t.nanos, time.UTC)
}

// at replaces the fields by those of a moment.
func (t *temporal) at(m time.Time) {
	if t.kind != atomTime {
		t.fields[0], t.fields[1], t.fields[2] = m.Year(), int(m.Month()), m.Day()
	}
	t.fields[3], t.fields[4], t.fields[5], t.nanos = m.Hour(), m.Minute(), m.Second(), m.Nanosecond()
}

// utc shifts a zoned value to UTC.
func (t temporal) utc() temporal {
	if t.zoned && t.offset != 0 {
		t.at(t.instant())
		t.offset = 0
	}
	return t
}

// compareTemporal compares field by field. It reports false where the answer is unknown: where one value ends
// before they differ, and where only one has a zone and they are less than a day apart.
// https://hl7.org/fhirpath/N1/#comparison
func compareTemporal(a, b temporal) (int, bool) {
	if a.zoned != b.zoned && a.precision > toDay && b.precision > toDay {
		d := a.instant().Sub(b.instant())
		return sign64(int64(d)), d > 24*time.Hour || d < -24*time.Hour
	}
	if a.zoned && b.zoned {
		a, b = a.utc(), b.utc()
	}
	from := 0
	if a.kind == atomTime {
		from = toDay
	}
	for k := from; k < max(a.precision, b.precision); k++ {
		if k >= a.precision || k >= b.precision {
			return 0, false
		}
		if d := a.fields[k] - b.fields[k]; d != 0 {
			return sign64(int64(d)), true
		}
	}
	return sign64(int64(a.nanos - b.nanos)), true
}

func sign64(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// String writes the value as a literal without @.
func (t temporal) String() string {
	var b strings.Builder
	if t.kind != atomTime {
		fmt.Fprintf(&b, "%04d", t.fields[0])
		for k := toYear; k < min(t.precision, toDay); k++ {
			fmt.Fprintf(&b, "-%02d", t.fields[k])
		}
	}
	for k := toDay; k < t.precision; k++ {
		b.WriteString(clockMark(t.kind, k))
		fmt.Fprintf(&b, "%02d", t.fields[k])
	}
	if t.precision == toSecond && t.digits > 0 {
		fmt.Fprintf(&b, ".%s", fmt.Sprintf("%09d", t.nanos)[:min(t.digits, 9)])
	}
	if t.precision > toDay {
		b.WriteString(t.zone())
	}
	return b.String()
}

// clockMark returns what stands before field k of a clock.
func clockMark(kind atomKind, k int) string {
	switch {
	case k > toDay:
		return ":"
	case kind == atomTime:
		return ""
	}
	return "T"
}

func (t temporal) zone() string {
	switch {
	case !t.zoned:
		return ""
	case t.offset == 0:
		return "Z"
	case t.offset < 0:
		return fmt.Sprintf("-%02d:%02d", -t.offset/60, -t.offset%60)
	}
	return fmt.Sprintf("+%02d:%02d", t.offset/60, t.offset%60)
}
