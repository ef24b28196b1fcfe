package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
	"firewolf/store"
)

// drawDay draws days that lie about the ends of months, years and FHIR's calendar.
func drawDay(t *rapid.T, label string) day {
	year := rapid.SampledFrom([]int{-1, 0, 1, 2, 1899, 1900, 1969, 1970, 1999, 2000, 2001, 2023, 2024, 9999, 10000}).Draw(t, label+" year")
	month := rapid.IntRange(1, 12).Draw(t, label+" month")
	d := dayOf(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)) + day(rapid.IntRange(-2, 30).Draw(t, label+" day"))
	return rapid.SampledFrom([]day{d, d, d, d, d, minDay, maxDay}).Draw(t, label)
}

func TestBucketsOfASpanOfDaysHoldItsDaysAndNoOthers(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}, Readers: 1})
	defer func() { _ = s.Close() }()
	r := takeReader(t, s)
	defer func() { r.mems = nil; s.readers.give(r) }()
	dir := namedDir(familyRange, 1, "date")
	rapid.Check(t, func(t *rapid.T) {
		m := newMemtable()
		ds := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) day { return drawDay(t, "day") }), 1, 20).Draw(t, "days")
		span := days{
			from: drawDay(t, "from"), to: drawDay(t, "to"),
			fromCut: rapid.Bool().Draw(t, "from cut"), toCut: rapid.Bool().Draw(t, "to cut"),
		}
		if rapid.Bool().Draw(t, "near") {
			span.to = span.from + day(rapid.IntRange(-1, 70).Draw(t, "length"))
		}
		ds = append(ds, span.from-1, span.from, span.from+1, span.to-1, span.to, span.to+1)
		wantSure, wantDoubt := roaring.New(), roaring.New()
		for i, d := range ds {
			n := uint32(i + 1)
			m.add(n, dayPlaces(dir, sidePoint, d))
			switch {
			case d < span.from || d > span.to:
			case d == span.from && span.fromCut || d == span.to && span.toCut:
				wantDoubt.Add(n)
			default:
				wantSure.Add(n)
			}
		}
		r.mems = []*memtable{m}
		q := &query{ctx: context.Background(), r: r, t: uint32(len(ds))}
		sure, doubt, err := q.inDays(dir, sidePoint, span)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantSure.ToArray(), sure.ToArray()); diff != "" {
			t.Fatalf("for sure in %+v, of %v: %s", span, ds, diff)
		}
		if diff := cmp.Diff(wantDoubt.ToArray(), doubt.ToArray()); diff != "" {
			t.Fatalf("in doubt in %+v, of %v: %s", span, ds, diff)
		}
	})
}

func TestMonthsAreCountedAlikeInBothDirections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDay(t, "day")
		year, m := d.month()
		if start, next := monthStart(m), monthStart(m+1); d < start || d >= next || yearOf(m) != year || next-start < 28 || next-start > 31 {
			t.Fatalf("day %d is in month %d of %d to %d, year %d", d, m, start, next, year)
		}
		if n := bucketNumber(bucket(sideLow, levelMonth, m)); n != m {
			t.Fatalf("month %d came back as %d", m, n)
		}
		if a, b := bucket(sideLow, levelDay, int(d)), bucket(sideLow, levelDay, int(d)+1); a >= b {
			t.Fatalf("the bucket of day %d is not below that of the next", d)
		}
	})
}

// drawInstant draws times about the ends of days, within the calendar: the first and the last day stand for no bound.
func drawInstant(t *rapid.T, label string) time.Time {
	d := drawDay(t, label)
	x := d.start().Add(rapid.SampledFrom([]time.Duration{-1, 0, 1, time.Hour, 24*time.Hour - 1, 24 * time.Hour}).Draw(t, label+" of day"))
	switch {
	case x.Before((minDay + 1).start()):
		return (minDay + 1).start()
	case !x.Before(maxDay.start()):
		return maxDay.start().Add(-1)
	default:
		return x
	}
}

func drawEnd(t *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"\x00", "\xff", datetime.Ordered(drawInstant(t, label)), datetime.Ordered(drawInstant(t, label))}).Draw(t, label)
}

func TestDaysOfBoundsHoldWhatSatisfiesThemAndDoubtOnlyWhereTheyAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b [4]string // at least, over, at most, under
		for i := range b {
			if rapid.Bool().Draw(t, "bound") {
				b[i] = drawEnd(t, "bound")
			}
		}
		s := daySpan(b[0], b[1], b[2], b[3])
		v := drawEnd(t, "value")
		d, _, _ := boundDay(v)
		satisfied := (b[0] == "" || v >= b[0]) && (b[1] == "" || v > b[1]) && (b[2] == "" || v <= b[2]) && (b[3] == "" || v < b[3])
		inside := d >= s.from && d <= s.to
		doubt := inside && (d == s.from && s.fromCut || d == s.to && s.toCut)
		if satisfied && !inside || !satisfied && inside && !doubt {
			t.Fatalf("%x of day %d satisfies %x: %v; their days are %+v", v, d, b, satisfied, s)
		}
	})
}

func TestSpansOfNumbersHoldWhatSatisfiesTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b [4]string
		for i := range b {
			if rapid.Bool().Draw(t, "bound") {
				b[i] = drawBytes(t, fmt.Sprint("bound", i))
			}
		}
		v := drawBytes(t, "value")
		if len(v) >= 8 && v[:4] == "\xff\xff\xff\xff" {
			t.Skip("beyond what decimals look like")
		}
		satisfied := (b[0] == "" || v >= b[0]) && (b[1] == "" || v > b[1]) && (b[2] == "" || v <= b[2]) && (b[3] == "" || v < b[3])
		suf := numberSuffix(sidePoint, v)[2:]
		if s := numberSpan(b[0], b[1], b[2], b[3]); s.has(suf) != satisfied {
			t.Fatalf("%q satisfies %q: %v; the span is %q", v, b, satisfied, s)
		}
	})
}

func TestAVersionWithSeveralRangesMatchesByOneOfThemAlone(t *testing.T) {
	at := func(y int) string { return datetime.Ordered(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)) }
	date := func(lo, hi int) search.Range {
		return search.Range{Kind: search.DateRange, Name: "d", Lo: at(lo), Hi: at(hi)}
	}
	number := func(lo, hi string) search.Range {
		return search.Range{Kind: search.NumberRange, Name: "n", Lo: lo, Hi: hi}
	}
	index := entriesOf{
		"apart":  {Ranges: []search.Range{date(2000, 2002), date(2010, 2012), number("1", "3"), number("6", "8")}},
		"one":    {Ranges: []search.Range{date(2000, 2012), number("1", "8")}},
		"points": {Ranges: []search.Range{date(2001, 2001), date(2011, 2011), number("2", "2"), number("7", "7")}},
	}
	s := openAt(t, t.TempDir(), Options{Engine: index, tuning: tuning{few: 0, many: 1, collectable: 1}})
	defer func() { _ = s.Close() }()
	for name, e := range index {
		op := basic(name, 0)
		op.Entries = e
		write(t, s, op)
	}
	tests := []struct {
		name string
		e    search.InRange
		want []string
	}{
		{"begins early and ends late", search.InRange{Kind: search.DateRange, Name: "d", LoMax: at(2001), HiMin: at(2011)}, []string{"one"}},
		{"lies within the gap", search.InRange{Kind: search.DateRange, Name: "d", LoMin: at(2002), HiMax: at(2010)}, nil},
		{"begins early", search.InRange{Kind: search.DateRange, Name: "d", LoMax: at(2001)}, []string{"apart", "one", "points"}},
		{"a number from low to high", search.InRange{Kind: search.NumberRange, Name: "n", LoMax: "2", HiMin: "7"}, []string{"one"}},
		{"a number in the gap", search.InRange{Kind: search.NumberRange, Name: "n", LoMin: "3", HiMax: "6"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for m, err := range s.Search(context.Background(), search.Plan{Type: "Basic", Where: tt.e, Sort: []search.SortKey{{Kind: search.SortID}}}, store.Page{}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, m.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
