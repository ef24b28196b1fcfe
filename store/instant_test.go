package store_test

import (
	"testing"
	"time"

	"firewolf/store"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestEveryCommitIsLaterThanTheOneBefore(t *testing.T) {
	for _, c := range []struct {
		name            string
		previous, clock time.Time
		want            time.Time
	}{
		{"the clock goes on", noon, noon.Add(time.Second), noon.Add(time.Second)},
		{"the clock stands still", noon, noon, noon.Add(time.Millisecond)},
		{"the clock falls back", noon, noon.Add(-time.Hour), noon.Add(time.Millisecond)},
		{"parts of a millisecond are cut", noon, noon.Add(1999 * time.Microsecond), noon.Add(time.Millisecond)},
		{"less than a millisecond passed", noon, noon.Add(999 * time.Microsecond), noon.Add(time.Millisecond)},
		{"the first commit", time.Time{}, noon, noon},
		{"a clock of another zone", noon, noon.Add(time.Second).In(time.FixedZone("", 3600)), noon.Add(time.Second)},
	} {
		if got := store.Instant(c.previous, c.clock); !got.Equal(c.want) || got.Location() != time.UTC {
			t.Errorf("%s: want %v, got %v", c.name, c.want, got)
		}
	}
}

func TestCommitsAreHeldBackASecondAheadOfTheClock(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{-time.Hour: false, 0: false, time.Second: false, time.Second + time.Millisecond: true, time.Hour: true} {
		if got := store.Paced(noon.Add(ahead), noon); got != want {
			t.Errorf("%v ahead: want %v, got %v", ahead, want, got)
		}
	}
}
