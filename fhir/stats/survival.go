package stats

import "math"

// Step is a curve from one time on.
type Step struct {
	Time     float64
	AtRisk   int // just before Time
	Events   int // of the cause that is asked about
	Competed int // of other causes
	Censored int // at Time
	P        float64
	SE       float64 // of P
	CI       Interval
}

// Curve is a survival or an incidence curve. Before its first step it is Start.
type Curve struct {
	N        int
	Start    float64 // 1 of survival, 0 of incidence
	Steps    []Step  // at every time at which something happened, censorings too
	Median   Limits
	Events   int
	Competed int
}

// Limits are a time with its interval; each is NaN where the curve does not come so far.
type Limits struct{ At, Lower, Upper float64 }

// KaplanMeier is the survival curve with Greenwood's variance and log-log limits. Every cause other than 0 is an event.
// Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481.
func KaplanMeier(subjects []Subject, level float64) Curve {
	z := normal(level)
	c := Curve{N: len(subjects), Start: 1}
	s, greenwood := 1.0, 0.0
	for _, t := range tallies(subjects) {
		n, d := float64(t.atRisk), float64(t.events)
		s *= 1 - d/n
		greenwood += d / (n * (n - d))
		step := Step{Time: t.time, AtRisk: t.atRisk, Events: t.events, Censored: t.censored, P: s}
		if s > 0 {
			step.SE = s * math.Sqrt(greenwood)
		}
		if 0 < s && s < 1 {
			step.CI = logLog(s, math.Sqrt(greenwood), z)
		}
		c.Steps = append(c.Steps, step)
		c.Events += t.events
	}
	c.Median = Limits{
		At:    c.crosses(func(s Step) (float64, bool) { return s.P, true }),
		Lower: c.crosses(func(s Step) (float64, bool) { return s.CI.Lower, s.CI.Known && s.P < 1 }),
		Upper: c.crosses(func(s Step) (float64, bool) { return s.CI.Upper, s.CI.Known && s.P < 1 }),
	}
	return c
}

// logLog is the interval of a probability between 0 and 1 on the scale log(-log p), which stays within them; 0 and 1 have none there, as in R: one
// of 1 to 1 would say that it is certain. relative is the standard error of log p. Kalbfleisch JD, Prentice RL. The Statistical Analysis of Failure Time Data, 1980.
func logLog(p, relative, z float64) Interval {
	spread := z * relative / math.Log(p) // negative
	return Interval{math.Pow(p, math.Exp(-spread)), math.Pow(p, math.Exp(spread)), true}
}

// half is how near to one half counts as one half.
const half = 1.5e-8

// crosses is the time from which on a falling curve is at most one half; where it stays at one half for a while, the
// middle of that while, as R prints it. NaN where it never gets there.
func (c Curve) crosses(of func(Step) (p float64, ok bool)) float64 {
	first := -1
	for k, s := range c.Steps {
		p, ok := of(s)
		if !ok || p >= 0.5+half {
			continue
		}
		if first < 0 {
			first = k
			if math.Abs(p-0.5) >= half {
				break
			}
			continue
		}
		if from, _ := of(c.Steps[first]); p < from {
			return (c.Steps[first].Time + s.Time) / 2
		}
	}
	if first < 0 {
		return math.NaN()
	}
	return c.Steps[first].Time
}

// At returns the step that holds at a time; the zero Step with P = Start before the first.
func (c Curve) At(time float64) Step {
	at := Step{P: c.Start, AtRisk: c.N}
	for _, s := range c.Steps {
		if s.Time > time {
			break
		}
		at = s
	}
	return at
}

// AtRisk returns how many were still followed just before a time.
func (c Curve) AtRisk(time float64) int {
	n := c.N
	for _, s := range c.Steps {
		if s.Time >= time {
			break
		}
		n = s.AtRisk - s.Events - s.Competed - s.Censored
	}
	return n
}
