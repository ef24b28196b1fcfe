package stats

import "math"

// AalenJohansen is the cumulative incidence of cause 1 where other causes compete with it. Its variance is that of the
// delta method with multinomial increments (equal to the infinitesimal jackknife of R's survfit), its limits are on the
// scale log(-log p). Its median is the first time at which one half had the event; it has no interval. Aalen OO, Johansen S. Scand J Stat 1978;5:141-150.
func AalenJohansen(subjects []Subject, level float64) Curve {
	z := normal(level)
	c := Curve{N: len(subjects), Median: Limits{math.NaN(), math.NaN(), math.NaN()}}
	a := incidence{alive: 1}
	for _, t := range tallies(subjects) {
		a.add(t)
		step := Step{Time: t.time, AtRisk: t.atRisk, Events: t.ours, Competed: t.events - t.ours, Censored: t.censored, P: a.f, SE: math.Sqrt(a.varF)}
		if a.f > 0 && a.f < 1 {
			step.CI = logLog(a.f, step.SE/a.f, z)
		}
		c.Steps = append(c.Steps, step)
		c.Events += t.ours
		c.Competed += t.events - t.ours
		if math.IsNaN(c.Median.At) && a.f >= 0.5-half {
			c.Median.At = t.time
		}
	}
	return c
}

// incidence is the state of the estimate: survival of every cause, incidence, and their covariance. At a time with Y at
// risk, d events and k of ours both move by the increments a = d/Y and b = k/Y, which have the covariance of a
// multinomial distribution and are independent of what was before:
//
//	F' = F + S b         Var F'     = Var F + 2b Cov + b² Var S + S² k(Y-k)/Y³
//	S' = S (1 - a)       Cov(F',S') = (1-a) (Cov + b Var S) - S² k(Y-d)/Y³
//	                     Var S'     = (1-a)² Var S + S² d(Y-d)/Y³
type incidence struct{ alive, f, varF, cov, varS float64 }

// rounding is less than what one patient of a million moves, and more than what is left by rounding: an incidence that is nearer to 1 is 1, and
// a variance that is a smaller share of what it is the difference of is 0. Limits that follow of such a rest would be 0 and 1.
const rounding = 1e-12

func (i *incidence) add(t tally) {
	y, d, k := float64(t.atRisk), float64(t.events), float64(t.ours)
	a, b, s2 := d/y, k/y, i.alive*i.alive/(y*y*y)
	varF := i.varF + 2*b*i.cov + b*b*i.varS + s2*k*(y-k)
	if varF < rounding*(i.varF+b*b*i.varS) {
		varF = 0
	}
	i.cov = (1-a)*(i.cov+b*i.varS) - s2*k*(y-d)
	i.varS = (1-a)*(1-a)*i.varS + s2*d*(y-d)
	i.varF = varF
	if i.f += i.alive * b; i.f > 1-rounding {
		i.f = 1
	}
	i.alive *= 1 - a
}
