package datetime_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/datetime"
)

func TestEachTypeAcceptsItsOwnForms(t *testing.T) {
	// The columns say what date, dateTime, instant and a query accept.
	tests := []struct {
		text                             string
		date, dateTime, instant, partial bool
	}{
		{"2024", true, true, false, true},
		{"0001", true, true, false, true},
		{"2024-12", true, true, false, true},
		{"2024-12-31", true, true, false, true},
		{"2024-02-29", true, true, false, true},
		{"2000-02-29", true, true, false, true},
		{"2024-12-31T23", false, false, false, true},
		{"2024-12-31T23:59", false, false, false, true},
		{"2024-12-31T23:59Z", false, false, false, true},
		{"2024-12-31T23:59:59", false, false, false, true},
		{"2024-12-31T23:59:59Z", false, true, true, true},
		{"2024-12-31T23:59:60Z", false, true, true, true},
		{"2024-12-31T00:00:00.000000000000001Z", false, true, true, true},
		{"2024-12-31T00:00:00+14:00", false, true, true, true},
		{"2024-12-31T00:00:00-13:59", false, true, true, true},
		{"2024-12-31T00:00:00-00:00", false, true, true, true},
		{"", false, false, false, false},
		{"0000", false, false, false, false},
		{"24", false, false, false, false},
		{"20240", false, false, false, false},
		{"-2024", false, false, false, false},
		{" 2024", false, false, false, false},
		{"2024 ", false, false, false, false},
		{"2024-", false, false, false, false},
		{"2024-1", false, false, false, false},
		{"2024-00", false, false, false, false},
		{"2024-13", false, false, false, false},
		{"2024-12-00", false, false, false, false},
		{"2024-12-32", false, false, false, false},
		{"2024-02-30", false, false, false, false},
		{"2023-02-29", false, false, false, false},
		{"1900-02-29", false, false, false, false},
		{"2024-04-31", false, false, false, false},
		{"2024-04-31T00:00:00Z", false, false, false, false},
		{"2024/12/31", false, false, false, false},
		{"20241231", false, false, false, false},
		{"2024-12-31T", false, false, false, false},
		{"2024-12-31 23:59:59Z", false, false, false, false},
		{"2024-12-31t23:59:59Z", false, false, false, false},
		{"2024-12-31T24:00:00Z", false, false, false, false},
		{"2024-12-31T23:60:00Z", false, false, false, false},
		{"2024-12-31T23:59:61Z", false, false, false, false},
		{"2024-12-31T23:59:59.Z", false, false, false, false},
		{"2024-12-31T23:59:59,5Z", false, false, false, false},
		{"2024-12-31T23:59:59z", false, false, false, false},
		{"2024-12-31T23:59:59+1:00", false, false, false, false},
		{"2024-12-31T23:59:59+0100", false, false, false, false},
		{"2024-12-31T23:59:59+14:01", false, false, false, false},
		{"2024-12-31T23:59:59+15:00", false, false, false, false},
		{"2024-12-31T23:59:59+01:60", false, false, false, false},
		{"2024-12-31T23:59:59Z2024", false, false, false, false},
		{"２０２４", false, false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got [4]bool
			for k, parse := range []func(string) (datetime.DateTime, error){
				datetime.ParseDate, datetime.ParseDateTime, datetime.ParseInstant, datetime.ParsePartial,
			} {
				d, err := parse(tt.text)
				got[k] = err == nil
				if err != nil && d != (datetime.DateTime{}) {
					t.Errorf("an error with the value %s", d)
				}
			}
			if diff := cmp.Diff([4]bool{tt.date, tt.dateTime, tt.instant, tt.partial}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestATimeHasSecondsUnlessItMayBePartial(t *testing.T) {
	for text, want := range map[string][2]bool{
		"12:30:15": {true, true}, "23:59:60": {true, true}, "00:00:00.000": {true, true},
		"12": {false, true}, "12:30": {false, true},
		"": {}, "24:00:00": {}, "12:60:00": {}, "12:30:61": {}, "1:30:00": {}, "12:30:00Z": {}, "12:30:15.": {}, "T12:30:15": {}, "12:": {},
	} {
		_, full := datetime.ParseTime(text)
		_, partial := datetime.ParsePartialTime(text)
		if diff := cmp.Diff(want, [2]bool{full == nil, partial == nil}); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestErrorsSayTheFormWithoutTheText(t *testing.T) {
	texts := func(s string) []string {
		var got []string
		_, err := datetime.ParseDate(s)
		got = append(got, err.Error())
		_, err = datetime.ParseDateTime(s)
		got = append(got, err.Error())
		_, err = datetime.ParseInstant(s)
		got = append(got, err.Error())
		_, err = datetime.ParsePartial(s)
		got = append(got, err.Error())
		_, err = datetime.ParseTime(s)
		return append(got, err.Error())
	}
	const noTime = "a time is written as hh:mm:ss"
	want := []string{
		"a date is written as YYYY, YYYY-MM or YYYY-MM-DD",
		"a dateTime is written as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz",
		"an instant is written as YYYY-MM-DDThh:mm:ss.sss+zz:zz, with seconds and time zone",
		"a date and time is written as YYYY-MM-DDThh:mm:ss.sss+zz:zz, as far as it is known from the left",
		noTime,
	}
	if diff := cmp.Diff(want, texts("secret")); diff != "" {
		t.Error(diff)
	}
	_, err := datetime.ParseDate("2024-02-30")
	if diff := cmp.Diff("the month has no such day", err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		again, err := datetime.ParsePartial(d.String())
		if err != nil || again != d {
			t.Fatalf("%s became %s: %v", d, again, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2024", "2024-02-30", "2024-02-29T23:59:60.5+14:00", "12:30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := datetime.ParsePartial(s)
		if err != nil {
			return
		}
		lo, hi := d.Range()
		if hi.Before(lo) || d.Digits() < 9 && len(d.String()) != len(s) && d.Digits() > 0 {
			t.Fatalf("%q is %s, %s to %s", s, d, lo, hi)
		}
	})
}
