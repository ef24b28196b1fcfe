package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var near = cmp.Options{cmpopts.EquateApprox(0, 1e-12), cmpopts.EquateNaNs()}

// point is what is worked out by hand of a step.
type point struct {
	Time                               float64
	AtRisk, Events, Competed, Censored int
	P, Var                             float64
}

func pointsOf(c Curve) []point {
	var l []point
	for _, s := range c.Steps {
		l = append(l, point{s.Time, s.AtRisk, s.Events, s.Competed, s.Censored, s.P, s.SE * s.SE})
	}
	return l
}

func TestKaplanMeierOfSetsThatAreWorkedOutByHand(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name   string
		in     []Subject
		want   []point
		median float64
	}{
		{
			// 5 at risk, S = 4/5; 4 at risk, two events and a censoring at once: S = 4/5 * 2/4; 1 at risk, censored.
			// Greenwood: 0.64*(1/20) = 0.032; 0.16*(1/20 + 2/8) = 0.048.
			"ties: the events come before the censoring",
			[]Subject{{1, 1}, {2, 1}, {2, 1}, {2, 0}, {3, 0}},
			[]point{{1, 5, 1, 0, 0, 0.8, 0.032}, {2, 4, 2, 0, 1, 0.4, 0.048}, {3, 1, 0, 0, 1, 0.4, 0.048}},
			2,
		},
		{
			"all censored",
			[]Subject{{4, 0}, {7, 0}},
			[]point{{4, 2, 0, 0, 1, 1, 0}, {7, 1, 0, 0, 1, 1, 0}},
			nan,
		},
		{"one patient with an event", []Subject{{5, 1}}, []point{{5, 1, 1, 0, 0, 0, 0}}, 5},
		{"one patient, censored", []Subject{{5, 0}}, []point{{5, 1, 0, 0, 1, 1, 0}}, nan},
		{
			// S = 3/4 at once; Greenwood (9/16) * 1/12 = 0.046875; then 1 of 3.
			"an event on day 0",
			[]Subject{{0, 1}, {2, 0}, {2, 0}, {3, 0}},
			[]point{{0, 4, 1, 0, 0, 0.75, 0.046875}, {2, 3, 0, 0, 2, 0.75, 0.046875}, {3, 1, 0, 0, 1, 0.75, 0.046875}},
			nan,
		},
		{
			// S is one half from 2 to 3: the median is between.
			"one half for a while",
			[]Subject{{1, 1}, {2, 1}, {3, 1}, {4, 1}},
			[]point{{1, 4, 1, 0, 0, 0.75, 0.046875}, {2, 3, 1, 0, 0, 0.5, 0.0625}, {3, 2, 1, 0, 0, 0.25, 0.046875}, {4, 1, 1, 0, 0, 0, 0}},
			2.5,
		},
		{"nobody", nil, nil, nan},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := KaplanMeier(tt.in, Level)
			if diff := cmp.Diff(tt.want, pointsOf(got), near); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.median, got.Median.At, near); diff != "" {
				t.Errorf("median: %s", diff)
			}
		})
	}
}

// With S = 0.8 and Greenwood's sum 0.05 the limits are 0.8^exp(±1.959964 sqrt(0.05)/ln 0.8).
func TestTheLimitsOfKaplanMeierAreLogLog(t *testing.T) {
	got := KaplanMeier([]Subject{{1, 1}, {2, 0}, {2, 0}, {2, 0}, {2, 0}}, Level).Steps[0].CI
	want := Interval{0.2038093, 0.9691798, true}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	if ci := KaplanMeier([]Subject{{1, 1}}, Level).Steps[0].CI; ci.Known {
		t.Errorf("where nobody is left there is no interval, got %v", ci)
	}
	for _, c := range []Curve{KaplanMeier([]Subject{{1, 0}}, Level), AalenJohansen([]Subject{{1, 0}}, Level), AalenJohansen([]Subject{{1, 2}}, Level)} {
		for _, s := range []Step{c.Steps[0], c.At(0.5), c.At(1)} {
			if s.CI.Known {
				t.Errorf("without an event there is no interval, got %v at %v", s.CI, s.P)
			}
		}
	}
}

func TestIncidenceUnderCompetingRisksIsWorkedOutByHand(t *testing.T) {
	tests := []struct {
		name string
		in   []Subject
		want []point
	}{
		{
			// 4 at risk: F = 1/4, Var = 3/64. Then a death: S = 1/2. Then 2 at risk: F = 1/4 + 1/2*1/2.
			// Without censoring F is a proportion: Var = (1/2)(1/2)/4.
			"without censoring it is a proportion",
			[]Subject{{1, 1}, {2, 2}, {3, 1}, {4, 2}},
			[]point{{1, 4, 1, 0, 0, 0.25, 3.0 / 64}, {2, 3, 0, 1, 0, 0.25, 3.0 / 64}, {3, 2, 1, 0, 0, 0.5, 1.0 / 16}, {4, 1, 0, 1, 0, 0.5, 1.0 / 16}},
		},
		{"only what competes", []Subject{{1, 2}, {2, 3}}, []point{{1, 2, 0, 1, 0, 0, 0}, {2, 1, 0, 1, 0, 0, 0}}},
		{"all censored", []Subject{{1, 0}, {2, 0}}, []point{{1, 2, 0, 0, 1, 0, 0}, {2, 1, 0, 0, 1, 0, 0}}},
		{"one patient with the event", []Subject{{0, 1}}, []point{{0, 1, 1, 0, 0, 1, 0}}},
		{"both causes at one time", []Subject{{2, 1}, {2, 2}, {2, 0}, {2, 0}}, []point{{2, 4, 1, 1, 2, 0.25, 3.0 / 64}}},
		{"nobody", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, pointsOf(AalenJohansen(tt.in, Level)), near); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheMedianOfAnIncidenceIsWhereItReachesOneHalf(t *testing.T) {
	for _, tt := range []struct {
		in   []Subject
		want float64
	}{{[]Subject{{1, 1}, {2, 2}, {3, 1}, {4, 2}}, 3}, {[]Subject{{1, 1}, {2, 2}, {3, 2}}, math.NaN()}, {nil, math.NaN()}} {
		if diff := cmp.Diff(tt.want, AalenJohansen(tt.in, Level).Median.At, near); diff != "" {
			t.Errorf("%v: %s", tt.in, diff)
		}
	}
}

// Without competing events the incidence is what survival leaves, with the same variance.
func TestIncidenceWithoutCompetitionIsOneMinusSurvival(t *testing.T) {
	in := []Subject{{1, 1}, {2, 0}, {2, 1}, {2, 1}, {5, 0}, {6, 1}, {6, 0}, {9, 0}}
	s, f := KaplanMeier(in, Level), AalenJohansen(in, Level)
	for k := range s.Steps {
		if diff := cmp.Diff([]float64{1 - s.Steps[k].P, s.Steps[k].SE}, []float64{f.Steps[k].P, f.Steps[k].SE}, near); diff != "" {
			t.Errorf("at %v: %s", s.Steps[k].Time, diff)
		}
	}
}

func TestACurveTellsItsValueAndWhoIsAtRiskAtAnyTime(t *testing.T) {
	c := KaplanMeier([]Subject{{1, 1}, {2, 0}, {4, 1}, {4, 0}}, Level)
	for time, want := range map[float64]struct {
		p      float64
		atRisk int
	}{0: {1, 4}, 0.5: {1, 4}, 1: {0.75, 4}, 1.5: {0.75, 3}, 2: {0.75, 3}, 3: {0.75, 2}, 4: {0.375, 2}, 5: {0.375, 0}} {
		if c.At(time).P != want.p || c.AtRisk(time) != want.atRisk {
			t.Errorf("at %v: %v with %d at risk, want %v", time, c.At(time).P, c.AtRisk(time), want)
		}
	}
}

func TestTheLogRankTestIsWorkedOutByHand(t *testing.T) {
	tests := []struct {
		name   string
		groups [][]Subject
		want   Test
	}{
		{
			// Time 1: d=1 of 4, two in each group: E = 1/2, V = 1/4. Time 2: d=1 of 3, one in the first: E = 1/3, V = 2/9.
			// Time 3: d=1 of 2 in the second: nobody of the first. O1 = 2, E1 = 5/6, V = 17/36.
			"two groups",
			[][]Subject{{{1, 1}, {2, 1}}, {{3, 1}, {4, 0}}},
			Test{ChiSquare: (2 - 5.0/6) * (2 - 5.0/6) / (17.0 / 36), DF: 1, Observed: []int{2, 1}, Expected: []float64{5.0 / 6, 3 - 5.0/6}},
		},
		{"no event", [][]Subject{{{1, 0}}, {{2, 0}}}, Test{P: math.NaN(), Observed: []int{0, 0}, Expected: []float64{0, 0}}},
		{"one group", [][]Subject{{{1, 1}, {2, 0}}}, Test{P: math.NaN(), Observed: []int{1}, Expected: []float64{1}}},
		{"an empty group", [][]Subject{{{1, 1}, {2, 0}}, nil}, Test{P: math.NaN(), Observed: []int{1, 0}, Expected: []float64{1, 0}}},
		{"no group", nil, Test{P: math.NaN(), Observed: []int{}, Expected: []float64{}}},
		{"only one at risk in all", [][]Subject{{{2, 1}}, {{1, 0}}}, Test{P: math.NaN(), Observed: []int{1, 0}, Expected: []float64{1, 0}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := LogRank(tt.groups)
			if tt.want.DF > 0 {
				// A chi-square with one degree of freedom is the square of a normal deviate.
				tt.want.P = math.Erfc(math.Sqrt(tt.want.ChiSquare / 2))
			}
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where everybody had the event its incidence is 1, and nothing is uncertain: what rounding leaves of the variance would put its limits at 0 and 1.
func TestAnIncidenceOfAllHasNoLimitsButOne(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 200; n++ {
		var l []Subject
		for range n {
			l = append(l, Subject{Time: float64(random.IntN(60)), Cause: random.IntN(4) / 3}) // a quarter has it, the others are censored
		}
		l = append(l, Subject{Time: 100, Cause: 1})
		c := AalenJohansen(l, Level)
		if s := c.Steps[len(c.Steps)-1]; s.P != 1 || s.SE != 0 || s.CI.Known {
			t.Fatalf("%d: %v, with the error %v and limits %v", n, s.P, s.SE, s.CI)
		}
	}
}
