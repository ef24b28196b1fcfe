package datetime_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/datetime"
)

func TestTheRangeOfAValueIsThePeriodThatItLeavesOpen(t *testing.T) {
	tests := []struct{ name, text, lo, hi string }{
		{"a year", "2023", "2023-01-01T00:00:00Z", "2023-12-31T23:59:59.999999999Z"},
		{"the first year", "0001", "0001-01-01T00:00:00Z", "0001-12-31T23:59:59.999999999Z"},
		{"the last year", "9999", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"},
		{"a month", "2023-04", "2023-04-01T00:00:00Z", "2023-04-30T23:59:59.999999999Z"},
		{"a December", "2023-12", "2023-12-01T00:00:00Z", "2023-12-31T23:59:59.999999999Z"},
		{"a February of a leap year", "2024-02", "2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999999999Z"},
		{"a February of a century", "1900-02", "1900-02-01T00:00:00Z", "1900-02-28T23:59:59.999999999Z"},
		{"a day", "2024-02-29", "2024-02-29T00:00:00Z", "2024-02-29T23:59:59.999999999Z"},
		{"an hour without a zone", "2024-02-29T12", "2024-02-29T12:00:00Z", "2024-02-29T12:59:59.999999999Z"},
		{"a minute without a zone", "2024-02-29T12:30", "2024-02-29T12:30:00Z", "2024-02-29T12:30:59.999999999Z"},
		{"a minute with a zone", "2024-02-29T12:30+01:00", "2024-02-29T11:30:00Z", "2024-02-29T11:30:59.999999999Z"},
		{"a second", "2024-02-29T12:30:15Z", "2024-02-29T12:30:15Z", "2024-02-29T12:30:15.999999999Z"},
		{"a second east of the day", "2024-03-01T00:30:15+01:30", "2024-02-29T23:00:15Z", "2024-02-29T23:00:15.999999999Z"},
		{"a second west of the year", "2023-12-31T20:00:00-14:00", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00.999999999Z"},
		{"a tenth", "2024-02-29T12:30:15.5Z", "2024-02-29T12:30:15.5Z", "2024-02-29T12:30:15.599999999Z"},
		{"a millisecond", "2024-02-29T12:30:15.120Z", "2024-02-29T12:30:15.12Z", "2024-02-29T12:30:15.120999999Z"},
		{"a nanosecond", "2024-02-29T12:30:15.123456789Z", "2024-02-29T12:30:15.123456789Z", "2024-02-29T12:30:15.123456789Z"},
		{"finer than a nanosecond", "2024-02-29T12:30:15.1234567899Z", "2024-02-29T12:30:15.123456789Z", "2024-02-29T12:30:15.123456789Z"},
		{"a leap second is the second after it", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:00.999999999Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := datetime.ParsePartial(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			lo, hi := d.Range()
			got := []string{lo.Format(time.RFC3339Nano), hi.Format(time.RFC3339Nano)}
			if diff := cmp.Diff([]string{tt.lo, tt.hi}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAValueKeepsWhatWasStated(t *testing.T) {
	type stated struct {
		Precision                   datetime.Precision
		Year, Month, Day            int
		Hour, Minute, Second, Nanos int
		Digits, Offset              int
		Zoned                       bool
		Text, Time                  string
		TimePrecision               datetime.Precision
	}
	tests := []struct {
		text string
		want stated
	}{
		{"2024", stated{Precision: datetime.Year, Year: 2024, Text: "2024"}},
		{"2024-03", stated{Precision: datetime.Month, Year: 2024, Month: 3, Text: "2024-03"}},
		{"0024-03-09", stated{Precision: datetime.Day, Year: 24, Month: 3, Day: 9, Text: "0024-03-09"}},
		{"2024-03-09T08", stated{
			Precision: datetime.Hour, Year: 2024, Month: 3, Day: 9, Hour: 8,
			Text: "2024-03-09T08", Time: "08", TimePrecision: datetime.Hour,
		}},
		{"2024-03-09T08:07", stated{
			Precision: datetime.Minute, Year: 2024, Month: 3, Day: 9, Hour: 8, Minute: 7,
			Text: "2024-03-09T08:07", Time: "08:07", TimePrecision: datetime.Minute,
		}},
		{"2024-03-09T08:07:06.050-03:30", stated{
			Precision: datetime.Second, Year: 2024, Month: 3, Day: 9, Hour: 8, Minute: 7, Second: 6, Nanos: 50_000_000,
			Digits: 3, Offset: -210, Zoned: true,
			Text: "2024-03-09T08:07:06.050-03:30", Time: "08:07:06.050", TimePrecision: datetime.Second,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			d, err := datetime.ParsePartial(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			got := stated{Precision: d.Precision(), Digits: d.Digits(), Text: d.String(), Time: d.Time().String(), TimePrecision: d.Time().Precision()}
			got.Year, got.Month, got.Day = d.Date()
			got.Hour, got.Minute, got.Second, got.Nanos = d.Time().Clock()
			got.Offset, got.Zoned = d.Offset()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOfIsTheMomentInMilliseconds(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 30, 15, 123_999_999, time.FixedZone("", -5400))
	if diff := cmp.Diff("2024-02-29T12:30:15.123-01:30", datetime.Of(at).String()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("2024-02-29T14:00:15.123Z", datetime.Of(at.UTC()).String()); diff != "" {
		t.Error(diff)
	}
}

func TestTheZeroValuesAreEmpty(t *testing.T) {
	if got := (datetime.DateTime{}).String() + (datetime.Time{}).String(); got != "" {
		t.Errorf("want no text, got %q", got)
	}
}

func TestARangeIsInOrderAndRangesFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		lo, hi := d.Range()
		if hi.Before(lo) {
			t.Fatalf("%s ends before it starts", d)
		}
		next := datetime.Of(hi.Add(1).UTC())
		if nlo, _ := next.Range(); d.Digits() <= 3 && !nlo.Equal(hi.Add(1)) {
			t.Fatalf("after %s comes %s", d, next)
		}
	})
}

// drawn makes a value of any precision.
func drawn(t *rapid.T) datetime.DateTime {
	at := time.Unix(rapid.Int64Range(-62_135_596_800, 253_402_300_799).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC()
	layout := rapid.SampledFrom([]string{
		"2006", "2006-01", "2006-01-02", "2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15:04:05",
		"2006-01-02T15:04:05.0", "2006-01-02T15:04:05.000", "2006-01-02T15:04:05.000000000",
	}).Draw(t, "layout")
	text := at.Format(layout)
	if len(text) > len("2006-01-02") {
		text += rapid.SampledFrom([]string{"", "Z", "+03:00", "-11:30", "+14:00"}).Draw(t, "zone")
	}
	d, err := datetime.ParsePartial(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}
