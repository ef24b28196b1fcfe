package datetime_test

import (
	"testing"

	"pgregory.net/rapid"

	"firewolf/fhir/datetime"
)

func TestFirstAndLastAreTheEdgesOfWhatAValueLeavesOpen(t *testing.T) {
	cases := []struct {
		from        string
		p           datetime.Precision
		digits      int
		first, last string
	}{
		{"2014", datetime.Year, 0, "2014", "2014"},
		{"2014", datetime.Month, 0, "2014-01", "2014-12"},
		{"2014", datetime.Day, 0, "2014-01-01", "2014-12-31"},
		{"2016-02", datetime.Day, 0, "2016-02-01", "2016-02-29"},
		{"2014-01-01T08", datetime.Second, 3, "2014-01-01T08:00:00.000+14:00", "2014-01-01T08:59:59.999-12:00"},
		{"2014-01-01T08:05+08:00", datetime.Second, 3, "2014-01-01T08:05:00.000+08:00", "2014-01-01T08:05:59.999+08:00"},
		{"2010-10-10", datetime.Second, 3, "2010-10-10T00:00:00.000+14:00", "2010-10-10T23:59:59.999-12:00"},
		{"2014-01-01T08:05:06.7Z", datetime.Second, 3, "2014-01-01T08:05:06.700Z", "2014-01-01T08:05:06.799Z"},
		{"2014-01-01T08:05:06.7Z", datetime.Second, 0, "2014-01-01T08:05:06Z", "2014-01-01T08:05:06Z"},
		{"2014-01-01T08:05:06.123456Z", datetime.Second, 3, "2014-01-01T08:05:06.123Z", "2014-01-01T08:05:06.123Z"},
		{"2014-01-01T08:05:06Z", datetime.Second, 9, "2014-01-01T08:05:06.000000000Z", "2014-01-01T08:05:06.999999999Z"},
		{"2014-01-01T08:05:06Z", datetime.Minute, 0, "2014-01-01T08:05Z", "2014-01-01T08:05Z"},
		{"2014-01-01T08:05:06Z", datetime.Day, 0, "2014-01-01", "2014-01-01"},
		{"2014-11", datetime.Hour, 0, "2014-11-01T00+14:00", "2014-11-30T23-12:00"},
	}
	for _, c := range cases {
		d := partial(t, c.from)
		if got := d.First(c.p, c.digits).String(); got != c.first {
			t.Errorf("first of %s: %s, want %s", c.from, got, c.first)
		}
		if got := d.Last(c.p, c.digits).String(); got != c.last {
			t.Errorf("last of %s: %s, want %s", c.from, got, c.last)
		}
	}
}

func TestFirstAndLastOfATime(t *testing.T) {
	cases := []struct {
		from        string
		p           datetime.Precision
		digits      int
		first, last string
	}{
		{"10:30", datetime.Second, 3, "10:30:00.000", "10:30:59.999"},
		{"10", datetime.Minute, 0, "10:00", "10:59"},
		{"10:30:15", datetime.Second, 0, "10:30:15", "10:30:15"},
		{"10:30:15.5", datetime.Hour, 0, "10", "10"},
	}
	for _, c := range cases {
		d := partialTime(t, c.from)
		if got := d.First(c.p, c.digits).String(); got != c.first {
			t.Errorf("first of %s: %s, want %s", c.from, got, c.first)
		}
		if got := d.Last(c.p, c.digits).String(); got != c.last {
			t.Errorf("last of %s: %s, want %s", c.from, got, c.last)
		}
	}
}

func TestTheEdgesToTheNanosecondAreThoseOfTheRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		if _, zoned := d.Offset(); !zoned {
			t.Skip("the range takes a missing zone as UTC")
		}
		lo, hi := d.Range()
		if first, _ := d.First(datetime.Second, 9).Range(); !first.Equal(lo) {
			t.Fatalf("first of %s is %s, want %s", d, first, lo)
		}
		if last, _ := d.Last(datetime.Second, 9).Range(); !last.Equal(hi) {
			t.Fatalf("last of %s is %s, want %s", d, last, hi)
		}
	})
}
