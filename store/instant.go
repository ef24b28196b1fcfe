package store

import "time"

// Instant is the time of a commit, and of its versions: that of the clock, in whole milliseconds, but later than all that could be read before,
// however fast commits follow each other and however the clock is set. (Transactions that are committed as one group, which no moment
// shows a part of, share it.) So a client that has seen all up to a meta.lastUpdated misses nothing when it asks for what is later
// (_lastUpdated=gt...).
// https://hl7.org/fhir/R4/resource.html#Meta
func Instant(previous, clock time.Time) time.Time {
	at := clock.UTC().Truncate(time.Millisecond)
	if at.After(previous) {
		return at
	}
	return previous.Add(time.Millisecond)
}

// hurry is how far commits may run ahead of the clock before they are held back.
const hurry = time.Second

// Paced is for a store that can keep up such a rate for long and keeps what it is given: in memory times run ahead. It reports whether commits have run ahead of the clock, because more than a thousand were made in each second. Who makes them begins
// the next a millisecond after the last; what waits for it meanwhile is committed with it.
func Paced(previous, clock time.Time) bool { return previous.Sub(clock) > hurry }
