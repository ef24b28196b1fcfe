package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence that is asked for where nobody says another.
const Level = 0.95

// Interval is a confidence interval. One that does not exist, such as that of a proportion of nobody, is not Known.
type Interval struct {
	Lower, Upper float64
	Known        bool
}

// Wilson is the score interval of x of n, without continuity correction.
// Wilson EB. J Am Stat Assoc 1927;22:209-212.
func Wilson(x, n int, level float64) Interval {
	if !proper(x, n, level) {
		return Interval{}
	}
	z := normal(level)
	m, p := float64(n), float64(x)/float64(n)
	center := p + z*z/(2*m)
	spread := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	i := Interval{(center - spread) / scale, (center + spread) / scale, true}
	// The limits are exactly 0 and 1 there, which the arithmetic misses by a last digit.
	if x == 0 {
		i.Lower = 0
	}
	if x == n {
		i.Upper = 1
	}
	return i
}

// ClopperPearson is the exact interval of x of n.
// Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.
func ClopperPearson(x, n int, level float64) Interval {
	if !proper(x, n, level) {
		return Interval{}
	}
	tail := (1 - level) / 2
	i := Interval{0, 1, true}
	if x > 0 {
		i.Lower = distuv.Beta{Alpha: float64(x), Beta: float64(n - x + 1)}.Quantile(tail)
	}
	if x < n {
		i.Upper = distuv.Beta{Alpha: float64(x + 1), Beta: float64(n - x)}.Quantile(1 - tail)
	}
	return i
}

func proper(x, n int, level float64) bool { return n > 0 && x >= 0 && x <= n && level > 0 && level < 1 }

// normal is the two-sided quantile of the standard normal distribution: 1.96 for 0.95.
func normal(level float64) float64 { return distuv.UnitNormal.Quantile(1 - (1-level)/2) }
