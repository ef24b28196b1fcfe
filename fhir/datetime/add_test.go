package datetime_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"firewolf/fhir/datetime"
)

func partial(t testing.TB, s string) datetime.DateTime {
	t.Helper()
	d, err := datetime.ParsePartial(s)
	if err != nil {
		t.Fatalf("parsing %s: %v", s, err)
	}
	return d
}

func partialTime(t testing.TB, s string) datetime.Time {
	t.Helper()
	d, err := datetime.ParsePartialTime(s)
	if err != nil {
		t.Fatalf("parsing %s: %v", s, err)
	}
	return d
}

func TestAddMovesADateAsACalendarDoes(t *testing.T) {
	cases := []struct {
		name         string
		from         string
		months, days int
		by           time.Duration
		want         string
	}{
		{"a week goes into the next year", "1973-12-25", 0, 7, 0, "1974-01-01"},
		{"a month goes into the next year", "1973-12-25", 1, 0, 0, "1974-01-25"},
		{"the last day is taken where the month is shorter", "2023-01-31", 1, 0, 0, "2023-02-28"},
		{"a leap day becomes the 28th", "2024-02-29", 12, 0, 0, "2025-02-28"},
		{"months are subtracted", "2024-03-31", -1, 0, 0, "2024-02-29"},
		{"months are subtracted across a year", "2024-01-15", -13, 0, 0, "2022-12-15"},
		{"a year moves by whole years", "2014", 24, 0, 0, "2016"},
		{"a year does not show months", "2014", 11, 0, 0, "2014"},
		{"a month moves by months", "2014-11", 2, 0, 0, "2015-01"},
		{"hours go over midnight, the zone stays", "2024-02-28T23:30:00+02:00", 0, 0, time.Hour, "2024-02-29T00:30:00+02:00"},
		{"seconds without a zone", "2024-01-01T00:00:00", 0, 0, -time.Second, "2023-12-31T23:59:59"},
		{"digits are kept", "2024-01-01T00:00:00.000Z", 0, 0, time.Second, "2024-01-01T00:00:01.000Z"},
		{"digits that are needed are added", "2024-01-01T00:00:00Z", 0, 0, 10 * time.Millisecond, "2024-01-01T00:00:00.01Z"},
		{"minutes do not show seconds", "2024-01-01T00:00", 0, 0, 90 * time.Second, "2024-01-01T00:01"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := partial(t, c.from).Add(c.months, c.days, c.by)
			if !ok || got.String() != c.want {
				t.Errorf("got %s, %v; want %s", got, ok, c.want)
			}
		})
	}
}

func TestAddLeavesNoYearThatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		from         string
		months, days int
	}{
		{"9999-12-31", 0, 1},
		{"0001-01-01", 0, -1},
		{"9999-01", 12, 0},
		{"0001", -12, 0},
		{"2024", 1 << 40, 0},
		{"2024-01-01", 0, -1 << 40},
	} {
		if got, ok := partial(t, c.from).Add(c.months, c.days, 0); ok {
			t.Errorf("%s with %d months and %d days gives %s, want none", c.from, c.months, c.days, got)
		}
	}
}

func TestAddMovesATimeAroundMidnight(t *testing.T) {
	cases := []struct {
		from string
		by   time.Duration
		want string
	}{
		{"23:30:00", time.Hour, "00:30:00"},
		{"00:00:00", -time.Second, "23:59:59"},
		{"10", 25 * time.Hour, "11"},
		{"10:30", 45 * time.Minute, "11:15"},
		{"10:30:00.0", 250 * time.Millisecond, "10:30:00.25"},
		{"10:30:00", -49 * time.Hour, "09:30:00"},
	}
	for _, c := range cases {
		if got := partialTime(t, c.from).Add(c.by).String(); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.from, c.by, got, c.want)
		}
	}
}

func TestDaysThatAreAddedAndTakenAwayLeaveTheDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		days := rapid.IntRange(-100_000, 100_000).Draw(t, "days")
		if d.Precision() < datetime.Day {
			t.Skip("a value without a day does not move by one")
		}
		there, ok := d.Add(0, days, 0)
		if !ok {
			t.Skip("beyond the calendar")
		}
		back, ok := there.Add(0, -days, 0)
		if c, known := datetime.Compare(d, back); !ok || !known || c != 0 {
			t.Fatalf("%s by %d days is %s, and back %s", d, days, there, back)
		}
	})
}

func TestToCutsOffWhatIsFiner(t *testing.T) {
	const full = "2024-02-29T10:30:15.123+02:00"
	for p, want := range map[datetime.Precision]string{
		datetime.Year: "2024", datetime.Month: "2024-02", datetime.Day: "2024-02-29",
		datetime.Hour: "2024-02-29T10+02:00", datetime.Minute: "2024-02-29T10:30+02:00", datetime.Second: full,
	} {
		if got := partial(t, full).To(p).String(); got != want {
			t.Errorf("to precision %d: %s, want %s", p, got, want)
		}
	}
	if got := partial(t, "2024").To(datetime.Second).String(); got != "2024" {
		t.Errorf("a year to the second: %s, want 2024", got)
	}
}
