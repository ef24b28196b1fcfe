package datetime_test

import (
	"cmp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firewolf/fhir/datetime"
)

// moment draws a time from a little before year 1 to a little after year 9999.
func moment(t *rapid.T, label string) time.Time {
	seconds := rapid.OneOf(rapid.Int64Range(-62_135_700_000, 253_402_400_000), rapid.Int64Range(-3, 3)).Draw(t, label)
	nanos := rapid.OneOf(rapid.Int64Range(0, 999_999_999), rapid.Int64Range(0, 2)).Draw(t, label+" nanos")
	return time.Unix(seconds, nanos).UTC()
}

func TestTheOrderOfTheBytesIsTheOrderOfTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := moment(t, "a"), moment(t, "b")
		x, y := datetime.Ordered(a), datetime.Ordered(b)
		if cmp.Compare(x, y) != a.Compare(b) {
			t.Fatalf("%s and %s are %x and %x", a, b, x, y)
		}
		if len(x) != 12 || !datetime.Unordered(x).Equal(a) || datetime.Unordered(x) != a {
			t.Fatalf("%s came back as %s", a, datetime.Unordered(x))
		}
	})
}

func TestOrderedBytesAreThoseOfTheFormat(t *testing.T) {
	if got := datetime.Ordered(time.Unix(1, 2)); got != "\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02" {
		t.Errorf("stored entries would no longer be found: %x", got)
	}
}

func TestBytesOfAnotherLengthAreNoTime(t *testing.T) {
	if got := datetime.Unordered("short"); !got.IsZero() {
		t.Errorf("got %s", got)
	}
}
