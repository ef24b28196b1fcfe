package stats

import (
	"math"
	"slices"
)

// Quantile is that of type 7, as R computes it by default: linear between the order statistics. The numbers must be in
// ascending order; of none it is NaN. Hyndman RJ, Fan Y. Am Stat 1996;50:361-365.
func Quantile(sorted []float64, p float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	h := p * float64(n-1)
	low := int(math.Floor(h))
	if low >= n-1 {
		return sorted[n-1]
	}
	return sorted[low] + (h-float64(low))*(sorted[low+1]-sorted[low])
}

// Summary describes numbers.
type Summary struct {
	N               int
	Min, Q1, Median float64
	Q3, Max         float64
	Mean, SD        float64 // SD is that of a sample; NaN of one number
}

// Describe summarizes numbers in any order. All but N of none is NaN.
func Describe(l []float64) Summary {
	x := slices.Clone(l)
	slices.Sort(x)
	s := Summary{N: len(x), Q1: Quantile(x, 0.25), Median: Quantile(x, 0.5), Q3: Quantile(x, 0.75), Min: Quantile(x, 0), Max: Quantile(x, 1)}
	n, sum, squares := float64(len(x)), 0.0, 0.0
	for _, v := range x {
		sum += v
	}
	s.Mean = sum / n
	for _, v := range x {
		squares += (v - s.Mean) * (v - s.Mean)
	}
	s.SD = math.NaN()
	if len(x) > 1 {
		s.SD = math.Sqrt(squares / (n - 1))
	}
	return s
}
