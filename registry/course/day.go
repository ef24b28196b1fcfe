package course

import (
	"math"
	"time"
)

// Day is a calendar day, counted from 1970-01-01.
type Day int32

// Never is the Day of what did not happen or has no full date.
const Never Day = math.MinInt32

// Forever is after every day.
const Forever Day = math.MaxInt32

// Known reports whether it is a day.
func (d Day) Known() bool { return d != Never }

// String returns the date, "" of Never.
func (d Day) String() string {
	if !d.Known() {
		return ""
	}
	return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly)
}

// Span is a day that may be known to the month or year only: it lies in From..To. The zero Span is not there at all.
type Span struct {
	From, To Day
	There    bool
}

// Exact returns the day, Never if it is not known to the day.
func (s Span) Exact() Day {
	if !s.There || s.From != s.To {
		return Never
	}
	return s.From
}

// ParseDay reads a FHIR date or dateTime. The day is that of the text, in the time zone of the text: it is the day that
// the center wrote down. https://hl7.org/fhir/R4/datatypes.html#dateTime
func ParseDay(text string) Span {
	switch {
	case len(text) >= len(time.DateOnly):
		if at, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)]); err == nil {
			return Span{dayOf(at), dayOf(at), true}
		}
	case len(text) == len("2006-01"):
		if at, err := time.Parse("2006-01", text); err == nil {
			return Span{dayOf(at), dayOf(at.AddDate(0, 1, -1)), true}
		}
	case len(text) == len("2006"):
		if at, err := time.Parse("2006", text); err == nil {
			return Span{dayOf(at), dayOf(at.AddDate(1, 0, -1)), true}
		}
	}
	return Span{}
}

func dayOf(at time.Time) Day { return Day(math.Floor(float64(at.Unix()) / 86400)) }
