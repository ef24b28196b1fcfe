package sqlite

import (
	"encoding/binary"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
)

// Dates are indexed by calendar buckets of UTC: year, month and day. A range
// inside one day is a point (side P) and has the buckets of that day; a longer one
// has those of its first (side L) and of its last day (side H). A query reads the
// largest buckets that fit, and looks at the versions of a day that it cuts.
// Numbers are indexed by value: points (P) by the value, ranges by both ends.
// A version with several ranges of one name is marked (side M), since a bound on
// each end must hold for one and the same range.
const (
	sidePoint = 'P'
	sideLow   = 'L'
	sideHigh  = 'H'
	sideMany  = 'M'

	levelYear   = 'y'
	levelMonth  = 'm'
	levelDay    = 'd'
	levelNumber = 'x'
)

func rangePlaces(typ uint16, rs []search.Range) []place {
	var out []place
	for i, r := range rs {
		dir := namedDir(familyRange, typ, r.Name)
		if r.Kind == search.NumberRange {
			out = append(out, numberPlaces(dir, r)...)
		} else {
			out = append(out, datePlaces(dir, r)...)
		}
		for _, before := range rs[:i] {
			if before.Name == r.Name {
				out = append(out, place{dir, string([]byte{sideMany})})
				break
			}
		}
	}
	return out
}

func numberPlaces(dir string, r search.Range) []place {
	if r.Lo == r.Hi {
		return []place{{dir, numberSuffix(sidePoint, r.Lo)}}
	}
	return []place{{dir, numberSuffix(sideLow, r.Lo)}, {dir, numberSuffix(sideHigh, r.Hi)}}
}

func numberSuffix(side byte, value string) string {
	return string(append(escape([]byte{side, levelNumber}, value), 0))
}

func datePlaces(dir string, r search.Range) []place {
	lo, _, _ := boundDay(r.Lo)
	hi, _, _ := boundDay(r.Hi)
	if lo == hi {
		return dayPlaces(dir, sidePoint, lo)
	}
	return append(dayPlaces(dir, sideLow, lo), dayPlaces(dir, sideHigh, hi)...)
}

func dayPlaces(dir string, side byte, d day) []place {
	y, m := d.month()
	return []place{
		{dir, bucket(side, levelYear, y)},
		{dir, bucket(side, levelMonth, m)},
		{dir, bucket(side, levelDay, int(d))},
	}
}

// bucket is the suffix of a calendar bucket; numbers are biased, so that byte order is their order.
func bucket(side, level byte, n int) string {
	return string(binary.BigEndian.AppendUint32([]byte{side, level}, uint32(n+1<<30)))
}

func bucketNumber(suf string) int {
	return int(binary.BigEndian.Uint32([]byte(suf[2:6]))) - 1<<30
}

// day counts days since 1970-01-01 UTC.
type day int

func dayOf(t time.Time) day {
	s := t.Unix()
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return day(d)
}

func (d day) start() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// month returns the year and the number of the month counted from year 0.
func (d day) month() (year, month int) {
	y, m, _ := d.start().Date()
	return y, y*12 + int(m) - 1
}

// days is a closed span of days whose ends may be cut by the bounds of a query.
type days struct {
	from, to       day
	fromCut, toCut bool
}

// The days that stand for "no bound": FHIR dates have years 1 to 9999.
const (
	minDay day = -800_000
	maxDay day = 3_000_000
)

// boundDay returns the day of a bound, and whether the bound is its first or its last
// instant. What is no time stands for an open end: 00 lies before and ff after all times.
func boundDay(bound string) (d day, first, last bool) {
	switch {
	case len(bound) == orderedTime:
		t := datetime.Unordered(bound)
		d = dayOf(t)
		return d, t.Equal(d.start()), t.Equal((d + 1).start().Add(-1))
	case bound < "\x80":
		return minDay, true, false
	default:
		return maxDay, false, true
	}
}

// orderedTime is the length of datetime.Ordered.
const orderedTime = 12

// daySpan translates bounds on one end of a range (at least, more than, at most, less than; "" for none) into days.
func daySpan(atLeast, over, atMost, under string) days {
	s := days{from: minDay, to: maxDay}
	if atLeast != "" {
		d, first, _ := boundDay(atLeast)
		s = s.meet(days{from: d, fromCut: !first, to: maxDay})
	}
	if over != "" {
		d, _, _ := boundDay(over)
		s = s.meet(days{from: d, fromCut: true, to: maxDay})
	}
	if atMost != "" {
		d, _, last := boundDay(atMost)
		s = s.meet(days{from: minDay, to: d, toCut: !last})
	}
	if under != "" {
		d, first, _ := boundDay(under)
		if first {
			s = s.meet(days{from: minDay, to: d - 1})
		} else {
			s = s.meet(days{from: minDay, to: d, toCut: true})
		}
	}
	return s
}

// meet intersects two spans; an end is cut if any span that ends there cuts it.
func (s days) meet(o days) days {
	out := s
	switch {
	case o.from > s.from:
		out.from, out.fromCut = o.from, o.fromCut
	case o.from == s.from:
		out.fromCut = s.fromCut || o.fromCut
	}
	switch {
	case o.to < s.to:
		out.to, out.toCut = o.to, o.toCut
	case o.to == s.to:
		out.toCut = s.toCut || o.toCut
	}
	return out
}

func (s days) unbounded() bool { return s == days{from: minDay, to: maxDay} }

// inRange answers a condition on ranges from the buckets.
func (q *query) inRange(e search.InRange, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if within != nil && within.GetCardinality() <= q.r.s.o.tuning.few {
		return q.filter(within, func(v vals) bool { return v.inRange(e) })
	}
	var rows *roaring.Bitmap
	var err error
	if isNumber(e) {
		rows, err = q.inNumbers(e)
	} else {
		rows, err = q.inDates(e)
	}
	if err != nil {
		return nil, err
	}
	if within != nil {
		rows.And(within)
	}
	return rows, nil
}

func isNumber(e search.InRange) bool { return e.Kind == search.NumberRange }

func (q *query) inDates(e search.InRange) (*roaring.Bitmap, error) {
	dir := namedDir(familyRange, q.typ, e.Name)
	low := daySpan(e.LoMin, e.LoOver, e.LoMax, e.LoUnder)
	high := daySpan(e.HiMin, e.HiOver, e.HiMax, e.HiUnder)
	rows, doubt, err := q.inDays(dir, sidePoint, low.meet(high))
	if err != nil {
		return nil, err
	}
	long, longDoubt, err := q.longRanges(dir, low, high)
	if err != nil {
		return nil, err
	}
	rows.Or(long)
	doubt.Or(longDoubt)
	doubt.AndNot(rows)
	checked, err := q.filter(doubt, func(v vals) bool { return v.inRange(e) })
	if err != nil {
		return nil, err
	}
	rows.Or(checked)
	return rows, nil
}

// longRanges finds ranges over several days: both ends must fit, and where a version has several ranges the same one.
func (q *query) longRanges(dir string, low, high days) (sure, doubt *roaring.Bitmap, err error) {
	there, err := q.r.holds(dir, prefixSpan(string([]byte{sideLow}))) // a range has both sides; many a parameter has none
	if err != nil || !there {
		return roaring.New(), roaring.New(), err
	}
	switch {
	case high.unbounded():
		return q.inDays(dir, sideLow, low)
	case low.unbounded():
		return q.inDays(dir, sideHigh, high)
	}
	lowSure, lowDoubt, err := q.inDays(dir, sideLow, low)
	if err != nil {
		return nil, nil, err
	}
	highSure, highDoubt, err := q.inDays(dir, sideHigh, high)
	if err != nil {
		return nil, nil, err
	}
	return q.bothEnds(dir, [2]*roaring.Bitmap{lowSure, lowDoubt}, [2]*roaring.Bitmap{highSure, highDoubt})
}

// bothEnds joins what is known of the two ends of ranges.
func (q *query) bothEnds(dir string, low, high [2]*roaring.Bitmap) (sure, doubt *roaring.Bitmap, err error) {
	many, err := q.r.rows(place{dir, string([]byte{sideMany})}, 0, 0xffff)
	if err != nil {
		return nil, nil, err
	}
	sure = roaring.And(low[0], high[0])
	doubt = roaring.And(roaring.Or(low[0], low[1]), roaring.Or(high[0], high[1]))
	sure.AndNot(many)
	doubt.AndNot(sure)
	return sure, doubt, nil
}

// inDays returns the rows of a side inside the span, apart from those of days that the span cuts.
func (q *query) inDays(dir string, side byte, s days) (sure, doubt *roaring.Bitmap, err error) {
	sure, doubt = roaring.New(), roaring.New()
	if s.from > s.to {
		return sure, doubt, nil
	}
	inner := s
	if s.fromCut {
		inner.from++
		if err := q.addBuckets(doubt, dir, side, levelDay, int(s.from), int(s.from)); err != nil {
			return nil, nil, err
		}
	}
	if s.toCut && inner.to >= inner.from {
		inner.to--
		if err := q.addBuckets(doubt, dir, side, levelDay, int(s.to), int(s.to)); err != nil {
			return nil, nil, err
		}
	}
	err = q.addDays(sure, dir, side, inner.from, inner.to)
	return sure, doubt, err
}

// addDays reads the span as days up to the first whole month, months up to the first whole year, years, months, days.
func (q *query) addDays(b *roaring.Bitmap, dir string, side byte, from, to day) error {
	if from > to {
		return nil
	}
	_, m1 := from.month()
	if from != monthStart(m1) {
		m1++
	}
	_, m2 := (to + 1).month() // months before it are whole
	if m1 >= m2 {
		return q.addBuckets(b, dir, side, levelDay, int(from), int(to))
	}
	if err := q.addBuckets(b, dir, side, levelDay, int(from), int(monthStart(m1))-1); err != nil {
		return err
	}
	if err := q.addMonths(b, dir, side, m1, m2-1); err != nil {
		return err
	}
	return q.addBuckets(b, dir, side, levelDay, int(monthStart(m2)), int(to))
}

func (q *query) addMonths(b *roaring.Bitmap, dir string, side byte, from, to int) error {
	y1, y2 := yearOf(from+11), yearOf(to+1) // whole years: y1 <= y < y2
	if y1 >= y2 {
		return q.addBuckets(b, dir, side, levelMonth, from, to)
	}
	if err := q.addBuckets(b, dir, side, levelMonth, from, y1*12-1); err != nil {
		return err
	}
	if err := q.addBuckets(b, dir, side, levelYear, y1, y2-1); err != nil {
		return err
	}
	return q.addBuckets(b, dir, side, levelMonth, y2*12, to)
}

// yearOf returns the year of a month counted from year 0.
func yearOf(month int) int {
	y := month / 12
	if month%12 < 0 {
		y--
	}
	return y
}

func monthStart(m int) day {
	return dayOf(time.Date(yearOf(m), time.Month(m-12*yearOf(m)+1), 1, 0, 0, 0, 0, time.UTC))
}

func (q *query) addBuckets(b *roaring.Bitmap, dir string, side, level byte, from, to int) error {
	if from > to {
		return nil
	}
	if from == to {
		rows, err := q.r.rows(place{dir, bucket(side, level, from)}, 0, 0xffff)
		if err == nil {
			b.Or(rows)
		}
		return err
	}
	rows, err := q.r.spanRows(q.ctx, dir, span{bucket(side, level, from), bucket(side, level, to+1)}, nil)
	if err == nil {
		b.Or(rows)
	}
	return err
}

func (q *query) inNumbers(e search.InRange) (*roaring.Bitmap, error) {
	dir := namedDir(familyRange, q.typ, e.Name)
	low := numberSpan(e.LoMin, e.LoOver, e.LoMax, e.LoUnder)
	high := numberSpan(e.HiMin, e.HiOver, e.HiMax, e.HiUnder)
	rows, err := q.inSpan(dir, sidePoint, low.meet(high))
	if err != nil {
		return nil, err
	}
	lows, err := q.inSpan(dir, sideLow, low)
	if err != nil {
		return nil, err
	}
	highs, err := q.inSpan(dir, sideHigh, high)
	if err != nil {
		return nil, err
	}
	none := roaring.New()
	sure, doubt, err := q.bothEnds(dir, [2]*roaring.Bitmap{lows, none}, [2]*roaring.Bitmap{highs, none})
	if err != nil {
		return nil, err
	}
	rows.Or(sure)
	doubt.AndNot(rows)
	checked, err := q.filter(doubt, func(v vals) bool { return v.inRange(e) })
	if err != nil {
		return nil, err
	}
	rows.Or(checked)
	return rows, nil
}

// numberSpan gives a span of escaped values, each of which ends with a zero.
func numberSpan(atLeast, over, atMost, under string) span {
	s := span{to: tailEnd}
	if atLeast != "" {
		s.from = string(escape(nil, atLeast))
	}
	if over != "" {
		s = s.meet(span{string(escape(nil, over)) + "\x01", tailEnd})
	}
	if atMost != "" {
		s = s.meet(span{"", string(escape(nil, atMost)) + "\x01"})
	}
	if under != "" {
		s = s.meet(span{"", string(escape(nil, under))})
	}
	return s
}

func (s span) meet(o span) span { return span{max(s.from, o.from), min(s.to, o.to)} }

func (q *query) inSpan(dir string, side byte, s span) (*roaring.Bitmap, error) {
	if s.from >= s.to {
		return roaring.New(), nil
	}
	head := string([]byte{side, levelNumber})
	return q.r.spanRows(q.ctx, dir, span{head + s.from, head + s.to}, nil)
}

// inRange reports whether one range satisfies every bound.
func (v vals) inRange(e search.InRange) bool {
	h := nameHash(e.Name)
	for _, r := range v.ranges {
		if r.name == h && r.within(e) {
			return true
		}
	}
	return false
}

func (r rangeVal) within(e search.InRange) bool {
	return (e.LoMin == "" || r.lo >= e.LoMin) && (e.LoMax == "" || r.lo <= e.LoMax) &&
		(e.LoOver == "" || r.lo > e.LoOver) && (e.LoUnder == "" || r.lo < e.LoUnder) &&
		(e.HiMin == "" || r.hi >= e.HiMin) && (e.HiMax == "" || r.hi <= e.HiMax) &&
		(e.HiOver == "" || r.hi > e.HiOver) && (e.HiUnder == "" || r.hi < e.HiUnder)
}
