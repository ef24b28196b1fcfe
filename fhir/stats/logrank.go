package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Test is the result of a log-rank test.
type Test struct {
	ChiSquare float64
	DF        int
	P         float64 // NaN where nothing can be compared
	Observed  []int
	Expected  []float64
}

// LogRank compares the survival of groups. Every cause other than 0 is an event.
// Mantel N. Cancer Chemother Rep 1966;50:163-170.
func LogRank(groups [][]Subject) Test {
	var all []Subject
	for _, g := range groups {
		all = append(all, g...)
	}
	t := Test{Observed: make([]int, len(groups)), Expected: make([]float64, len(groups)), P: math.NaN()}
	own := make([][]tally, len(groups))
	for k, g := range groups {
		own[k] = tallies(g)
	}
	v := make([][]float64, len(groups))
	for k := range v {
		v[k] = make([]float64, len(groups))
	}
	left := make([]int, len(groups))
	for k := range groups {
		left[k] = len(groups[k])
	}
	for _, total := range tallies(all) {
		here := make([]tally, len(groups))
		for k := range groups {
			here[k].atRisk = left[k]
			if len(own[k]) > 0 && own[k][0].time == total.time {
				here[k], own[k] = own[k][0], own[k][1:]
			}
			left[k] = here[k].atRisk - here[k].events - here[k].censored
		}
		t.add(total, here, v)
	}
	t.conclude(v)
	return t
}

// add adds one time: what was expected of each group, and the covariance of the hypergeometric distribution.
func (t *Test) add(total tally, here []tally, v [][]float64) {
	if total.events == 0 {
		return
	}
	n, d := float64(total.atRisk), float64(total.events)
	spread := 0.0
	if total.atRisk > 1 {
		spread = d * (n - d) / (n - 1)
	}
	for i := range here {
		share := float64(here[i].atRisk) / n
		t.Observed[i] += here[i].events
		t.Expected[i] += d * share
		v[i][i] += spread * share
		for j := range here {
			v[i][j] -= spread * share * float64(here[j].atRisk) / n
		}
	}
}

// conclude sums up over the groups of whom anything was expected, but the last: the covariances of all are dependent.
func (t *Test) conclude(v [][]float64) {
	var in []int
	for k, e := range t.Expected {
		if e > 0 {
			in = append(in, k)
		}
	}
	if len(in) < 2 {
		return
	}
	in = in[:len(in)-1]
	a := make([][]float64, len(in))
	for i, k := range in {
		for _, l := range in {
			a[i] = append(a[i], v[k][l])
		}
		a[i] = append(a[i], float64(t.Observed[k])-t.Expected[k])
	}
	x, ok := solve(a)
	if !ok {
		return
	}
	for i, k := range in {
		t.ChiSquare += x[i] * (float64(t.Observed[k]) - t.Expected[k])
	}
	t.DF = len(in)
	t.P = distuv.ChiSquared{K: float64(t.DF)}.Survival(t.ChiSquare)
}

// solve solves linear equations, whose right sides are the last column, by elimination with pivoting.
func solve(a [][]float64) ([]float64, bool) {
	n := len(a)
	for c := range n {
		pivot := c
		for r := c + 1; r < n; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[pivot][c]) {
				pivot = r
			}
		}
		if math.Abs(a[pivot][c]) < 1e-12 {
			return nil, false
		}
		a[c], a[pivot] = a[pivot], a[c]
		for r := range n {
			if r == c {
				continue
			}
			f := a[r][c] / a[c][c]
			for k := c; k <= n; k++ {
				a[r][k] -= f * a[c][k]
			}
		}
	}
	x := make([]float64, n)
	for k := range x {
		x[k] = a[k][n] / a[k][k]
	}
	return x, true
}
