package term

import "fmt"

// Timepoint is a planned assessment. Its window is closed on both sides; days count from the first infusion of the
// course, which is day 0.
type Timepoint struct {
	Code     string // local: tp-m03
	Display  string
	Nominal  int // day
	From, To int // the first and the last day of the window
}

// Baseline is the last value in the days before lymphodepletion starts, never after, so it has no window by day.
const Baseline = "tp-base"

// BaselineDays is how long before the start of lymphodepletion a value may lie to be a baseline.
const BaselineDays = 60

// The yearly time points after month 24, to the end of the follow-up of gene-modified cells.
const (
	firstYear, lastYear = 3, 15
	yearWindow          = 90
)

// timepoints in order of time; windows do not overlap.
var timepoints = yearly([]Timepoint{
	{"tp-d28", "Day 28", 28, 14, 45},
	{"tp-m03", "Month 3", 90, 60, 120},
	{"tp-m06", "Month 6", 180, 135, 225},
	{"tp-m09", "Month 9", 270, 226, 315},
	{"tp-m12", "Month 12", 365, 316, 455},
	{"tp-m18", "Month 18", 545, 456, 635},
	{"tp-m24", "Month 24", 730, 636, 820},
})

// yearly adds the yearly time points.
func yearly(l []Timepoint) []Timepoint {
	for year := firstYear; year <= lastYear; year++ {
		day := year * 365
		l = append(l, Timepoint{fmt.Sprintf("tp-a%02d", year), fmt.Sprintf("Year %d", year), day, day - yearWindow, day + yearWindow})
	}
	return l
}

// Timepoints returns the planned assessments after the infusion, in order of time.
func Timepoints() []Timepoint { return append([]Timepoint(nil), timepoints...) }

// TimepointOf returns the time point of a code, such as "tp-m03".
func TimepointOf(code string) (Timepoint, bool) {
	for _, p := range timepoints {
		if p.Code == code {
			return p, true
		}
	}
	return Timepoint{}, false
}

// TimepointAt returns the time point in whose window a day lies.
func TimepointAt(day int) (Timepoint, bool) {
	for _, p := range timepoints {
		if p.From <= day && day <= p.To {
			return p, true
		}
	}
	return Timepoint{}, false
}
