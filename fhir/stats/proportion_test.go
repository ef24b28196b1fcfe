package stats

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The numbers are those of published tables (Newcombe RG, Stat Med 1998;17:857-872, methods 3 and 5) and of hand.
func TestIntervalsOfAProportion(t *testing.T) {
	tests := []struct {
		name          string
		x, n          int
		wilson, exact Interval
	}{
		{"81 of 263", 81, 263, Interval{0.2553, 0.3662, true}, Interval{0.2527, 0.3676, true}},
		{"15 of 148", 15, 148, Interval{0.0624, 0.1605, true}, Interval{0.0578, 0.1617, true}},
		{"0 of 20", 0, 20, Interval{0, 0.1611, true}, Interval{0, 0.1684, true}},
		{"1 of 29", 1, 29, Interval{0.0061, 0.1718, true}, Interval{0.0009, 0.1776, true}},
		{"29 of 29", 29, 29, Interval{0.8830, 1, true}, Interval{0.8806, 1, true}},
		{"0 of 1", 0, 1, Interval{0, 0.7935, true}, Interval{0, 0.9750, true}},
		{"0 of 0", 0, 0, Interval{}, Interval{}},
		{"more than all", 3, 2, Interval{}, Interval{}},
		{"less than nothing", -1, 2, Interval{}, Interval{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := []Interval{Wilson(tt.x, tt.n, Level), ClopperPearson(tt.x, tt.n, Level)}
			if diff := cmp.Diff([]Interval{tt.wilson, tt.exact}, got, cmpopts.EquateApprox(0, 5e-5)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if Wilson(1, 2, 0).Known || ClopperPearson(1, 2, 1).Known {
		t.Error("a level is between 0 and 1")
	}
}

func TestAnIntervalHoldsItsProportionAndWidensWithTheLevel(t *testing.T) {
	for n := 1; n <= 40; n++ {
		for x := 0; x <= n; x++ {
			p := float64(x) / float64(n)
			for _, of := range []func(x, n int, level float64) Interval{Wilson, ClopperPearson} {
				narrow, wide := of(x, n, 0.9), of(x, n, 0.99)
				if narrow.Lower > p+1e-15 || narrow.Upper < p-1e-15 || wide.Lower > narrow.Lower || wide.Upper < narrow.Upper || wide.Lower < 0 || wide.Upper > 1 {
					t.Errorf("%d of %d: %v within %v", x, n, narrow, wide)
				}
			}
		}
	}
}

func TestQuantilesOfTypeSeven(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name string
		in   []float64
		want Summary
	}{
		{"none", nil, Summary{0, nan, nan, nan, nan, nan, nan, nan}},
		{"one", []float64{3}, Summary{1, 3, 3, 3, 3, 3, 3, nan}},
		{"two", []float64{2, 1}, Summary{2, 1, 1.25, 1.5, 1.75, 2, 1.5, math.Sqrt(0.5)}},
		{"ten", []float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, Summary{10, 1, 3.25, 5.5, 7.75, 10, 5.5, math.Sqrt(82.5 / 9)}},
		{"ties", []float64{1, 1, 1, 5}, Summary{4, 1, 1, 1, 2, 5, 2, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Describe(tt.in), near); diff != "" {
				t.Error(diff)
			}
		})
	}
}
