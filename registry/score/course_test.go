package score

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/term"
)

func counts(pairs ...[2]float64) []Sample {
	var l []Sample
	for _, p := range pairs {
		l = append(l, Sample{Day: int(p[0]), Count: Num(p[1]), LLN: Num(100)})
	}
	return l
}

func TestBCellsReturnBetweenTheLastSampleWithoutAndTheFirstWith(t *testing.T) {
	gone := [][2]float64{{-10, 120}, {7, 0}, {60, 10}}
	then := func(more ...[2]float64) []Sample { return counts(append(append([][2]float64{}, gone...), more...)...) }
	single, strict := BCells(), BCells()
	single.Confirmed, strict.ReturnAtLLN = false, true
	tests := []struct {
		name string
		rule BCellRule
		in   []Sample
		want Return
	}{
		{"two samples in turn", BCells(), then([2]float64{90, 11}, [2]float64{120, 20}), Return{Yes, term.Met, 90, 60, true, nil}},
		{"at the threshold they are not back", BCells(), then([2]float64{90, 10}, [2]float64{120, 10}), Return{Yes, term.NotMet, 120, 120, false, nil}},
		{"one sample that falls again", BCells(), then([2]float64{90, 11}, [2]float64{120, 3}), Return{Yes, term.NotMet, 120, 120, false, nil}},
		{"the last sample alone does not count", BCells(), then([2]float64{90, 11}), Return{Yes, term.NotMet, 90, 60, false, nil}},
		{"the last sample alone, where that is enough", single, then([2]float64{90, 11}), Return{Yes, term.Met, 90, 60, false, nil}},
		{"one sample that falls again, where one is enough", single, then([2]float64{90, 11}, [2]float64{120, 3}), Return{Yes, term.Met, 90, 60, false, nil}},
		{"two samples in turn, where one is enough", single, then([2]float64{90, 11}, [2]float64{120, 20}), Return{Yes, term.Met, 90, 60, true, nil}},
		{"never gone", BCells(), counts([2]float64{-10, 100}, [2]float64{30, 50}), Return{No, term.NotEvaluable, 0, 0, false, nil}},
		{"10 is gone", BCells(), counts([2]float64{30, 10}), Return{Yes, term.NotMet, 30, 30, false, nil}},
		{"11 is not", BCells(), counts([2]float64{30, 11}), Return{No, term.NotEvaluable, 0, 0, false, nil}},
		{"no sample after the infusion", BCells(), counts([2]float64{-10, 0}), Return{Unknown, term.NotEvaluable, 0, 0, false, nil}},
		{"no sample", BCells(), nil, Return{Unknown, term.NotEvaluable, 0, 0, false, nil}},
		{"a sample without result", BCells(), []Sample{{Day: 30}}, Return{Unknown, term.NotEvaluable, 0, 0, false, nil}},
		{"less than 1 % is gone", BCells(), []Sample{{Day: 30, Percent: Num(0.9)}}, Return{Yes, term.NotMet, 30, 30, false, nil}},
		{"1 % is not", BCells(), []Sample{{Day: 30, Percent: Num(1)}}, Return{No, term.NotEvaluable, 0, 0, false, nil}},
		{"at the own laboratory's limit", strict, then([2]float64{90, 99}, [2]float64{120, 100}, [2]float64{150, 110}), Return{Yes, term.Met, 120, 60, true, nil}},
		{"the laboratory's limit unknown", strict, []Sample{{Day: 7, Count: Num(0)}, {Day: 90, Count: Num(200)}}, Return{Yes, term.NotMet, 90, 7, false, nil}},
		{"a count above, a share below", BCells(), []Sample{{Day: 30, Count: Num(20), Percent: Num(0.5)}}, Return{Yes, term.NotMet, 30, 30, false, nil}},
		{"a larger share alone does not tell", BCells(), []Sample{{Day: 30, Percent: Num(0.2)}, {Day: 90, Percent: Num(5)}, {Day: 120, Percent: Num(8)}}, Return{Yes, term.NotEvaluable, 120, 30, false, nil}},
		{"a larger share in the last sample alone would not count", BCells(), []Sample{{Day: 30, Percent: Num(0.2)}, {Day: 90, Percent: Num(8)}}, Return{Yes, term.NotMet, 90, 30, false, nil}},
		{"a larger share, where the last sample is enough", single, []Sample{{Day: 30, Percent: Num(0.2)}, {Day: 90, Percent: Num(8)}}, Return{Yes, term.NotEvaluable, 90, 30, false, nil}},
		{"a share that fell again", BCells(), []Sample{{Day: 30, Percent: Num(0.2)}, {Day: 90, Percent: Num(5)}, {Day: 120, Percent: Num(0.3)}}, Return{Yes, term.NotMet, 120, 120, false, nil}},
		{"a count beside a share decides", BCells(), []Sample{{Day: 30, Count: Num(0), Percent: Num(0.2)}, {Day: 90, Count: Num(3), Percent: Num(5)}}, Return{Yes, term.NotMet, 90, 90, false, nil}},
		{"counts after shares", BCells(), []Sample{{Day: 30, Percent: Num(0.2)}, {Day: 90, Percent: Num(5)}, {Day: 120, Count: Num(20)}, {Day: 150, Count: Num(60)}}, Return{Yes, term.Met, 120, 30, true, nil}},
		{"between two counts a sample without result", BCells(), []Sample{{Day: 30, Count: Num(0)}, {Day: 90, Count: Num(20)}, {Day: 100}, {Day: 120, Count: Num(60)}}, Return{Yes, term.Met, 90, 30, true, nil}},
		{"the laboratory's limits unknown, two samples", strict, []Sample{{Day: 7, Count: Num(0)}, {Day: 90, Count: Num(200)}, {Day: 120, Count: Num(200)}}, Return{Yes, term.NotEvaluable, 120, 7, false, nil}},
		{"in any order", BCells(), []Sample{{Day: 120, Count: Num(20)}, {Day: 90, Count: Num(11)}, {Day: 7, Count: Num(0)}}, Return{Yes, term.Met, 90, 7, true, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.rule.Assess(tt.in)
			got.Sources = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheReturnOfBCellsNamesTheSamplesAroundIt(t *testing.T) {
	got := BCells().Assess([]Sample{
		{Day: 7, Count: Num(0), From: "Observation/a"},
		{Day: 60, Count: Num(0), From: "Observation/b"},
		{Day: 90, Count: Num(20), From: "Observation/c"},
		{Day: 99, Count: Num(20), From: "Observation/d"},
	})
	if diff := cmp.Diff([]string{"Observation/b", "Observation/c"}, got.Sources); diff != "" {
		t.Error(diff)
	}
}

func TestRelapseIsTheFirstActivityAfterARemission(t *testing.T) {
	well := Visit{Day: 90, Remission: Yes, Clinical: at(0), PGA: Num(0.2), GC: Num(0), Restarted: no, Retreated: no}
	tests := []struct {
		name   string
		change func(v *Visit)
		want   Relapse
	}{
		{"still well", nil, Relapse{term.NotMet, 180, 1, nil, nil}},
		{"clinical SLEDAI 1", func(v *Visit) { v.Clinical = at(1) }, Relapse{term.Met, 180, 1, []string{"reason-csledai"}, nil}},
		{"PGA 0.5", func(v *Visit) { v.PGA = Num(0.5) }, Relapse{term.Met, 180, 1, []string{"reason-pga"}, nil}},
		{"PGA 0.49", func(v *Visit) { v.PGA = Num(0.49) }, Relapse{term.NotMet, 180, 1, nil, nil}},
		{"5 mg", func(v *Visit) { v.GC = Num(5) }, Relapse{term.NotMet, 180, 1, nil, nil}},
		{"5.1 mg", func(v *Visit) { v.GC = Num(5.1) }, Relapse{term.Met, 180, 1, []string{"reason-gc"}, nil}},
		{"an immunosuppressive again", func(v *Visit) { v.Restarted = yes }, Relapse{term.Met, 180, 1, []string{"reason-restart"}, nil}},
		{"a second therapy against B cells", func(v *Visit) { v.Retreated = yes }, Relapse{term.Met, 180, 1, []string{"reason-b-cell-therapy"}, nil}},
		{"not by lupus", func(v *Visit) { v.Clinical, v.Lupus = at(4), No }, Relapse{term.NotMet, 180, 1, nil, nil}},
		{"PGA missing: the visit cannot tell", func(v *Visit) { v.PGA = Value{} }, Relapse{term.NotMet, 90, 0, nil, nil}},
		{"SLEDAI incomplete: the visit cannot tell", func(v *Visit) { v.Clinical = Points{0, 8, false, ""} }, Relapse{term.NotMet, 90, 0, nil, nil}},
		{"dose missing: the visit cannot tell", func(v *Visit) { v.GC = Value{} }, Relapse{term.NotMet, 90, 0, nil, nil}},
		{"therapy unknown: the visit cannot tell", func(v *Visit) { v.Restarted = unknown }, Relapse{term.NotMet, 90, 0, nil, nil}},
		{"retreatment unknown: the visit cannot tell", func(v *Visit) { v.Retreated = unknown }, Relapse{term.NotMet, 90, 0, nil, nil}},
		{"one thing that is there decides", func(v *Visit) { v.PGA, v.Clinical = Value{}, at(4) }, Relapse{term.Met, 180, 1, []string{"reason-csledai"}, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			second := well
			second.Day, second.Remission = 180, Unknown
			if tt.change != nil {
				tt.change(&second)
			}
			if diff := cmp.Diff(tt.want, Relapses().Assess([]Visit{well, second})); diff != "" {
				t.Error(diff)
			}
		})
	}
	active := Visit{Day: 180, Clinical: at(8), PGA: Num(2), GC: Num(20), Restarted: yes, Retreated: no}
	if diff := cmp.Diff(Relapse{term.NotEvaluable, 0, -1, nil, nil}, Relapses().Assess([]Visit{active, active})); diff != "" {
		t.Errorf("without a remission there is no relapse: %s", diff)
	}
}

func TestDamageAddsUpAndEndStageDiseaseReplacesTheKidney(t *testing.T) {
	none := func(present map[string]Harm) map[string]Harm {
		all := map[string]Harm{}
		for _, i := range Damage() {
			all[i.Code] = Harm{Truth: No}
		}
		for code, h := range present {
			all[code] = h
		}
		return all
	}
	every := map[string]Harm{}
	for _, i := range Damage() {
		every[i.Code] = Harm{Yes, 2}
	}
	tests := []struct {
		name string
		harm map[string]Harm
		want Points
	}{
		{"none", none(nil), Points{0, 0, true, ""}},
		{"cataract", none(map[string]Harm{"sdi-cataract": {Yes, 1}}), Points{1, 1, true, ""}},
		{"a second cataract adds nothing", none(map[string]Harm{"sdi-cataract": {Yes, 2}}), Points{1, 1, true, ""}},
		{"a second stroke counts", none(map[string]Harm{"sdi-cva": {Yes, 2}}), Points{2, 2, true, ""}},
		{"proteinuria and half the filtration", none(map[string]Harm{"sdi-proteinuria": {Yes, 1}, "sdi-gfr-below-half": {Yes, 1}}), Points{2, 2, true, ""}},
		{"end-stage disease replaces them", none(map[string]Harm{"sdi-proteinuria": {Yes, 1}, "sdi-gfr-below-half": {Yes, 1}, ESRD: {Yes, 1}}), Points{3, 3, true, ""}},
		{"everything, as often as it counts", every, Points{46, 46, true, ""}},
		{"one missing", none(map[string]Harm{"sdi-diabetes": {}}), Points{0, 1, false, ""}},
		{"one missing that may count twice", none(map[string]Harm{"sdi-malignancy": {}}), Points{0, 2, false, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, SDI(tt.harm)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDamageThatFellIsAnError(t *testing.T) {
	for _, tt := range []struct {
		earlier, later Points
		want           Truth
	}{{at(2), at(2), No}, {at(2), at(3), No}, {at(2), at(1), Yes}, {at(2), Points{0, 4, false, ""}, Unknown}, {at(2), Points{0, 1, false, ""}, Yes}} {
		if got := DamageFell(tt.earlier, tt.later); got != tt.want {
			t.Errorf("from %v to %v: %v, want %v", tt.earlier, tt.later, got, tt.want)
		}
	}
}

func TestClassificationCountsTheHeaviestOfEachDomain(t *testing.T) {
	found := func(names ...string) map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			m[n] = true
		}
		return m
	}
	tests := []struct {
		name  string
		ana   Value
		found map[string]bool
		want  string
		score int
	}{
		{"10 points", Num(80), found("class-iii-or-iv"), "met +++", 10},
		{"9 points", Num(80), found("thrombocytopenia", "effusion"), "not met +-+", 9},
		{"only the heaviest of a domain", Num(80), found("leukopenia", "hemolysis", "joints"), "met +++", 10},
		{"the lighter ones add nothing", Num(80), found("proteinuria", "class-ii-or-v"), "not met +-+", 8},
		{"10 points without a clinical criterion", Num(80), found("c3-and-c4", "dsdna-or-sm"), "not met ++-", 10},
		{"titer 79", Num(79), found("class-iii-or-iv"), "not met -++", 10},
		{"titer missing", Value{}, found("class-iii-or-iv"), "not evaluable ?++", 10},
		{"nothing", Num(640), nil, "not met +--", 0},
		{"everything", Num(640), func() map[string]bool {
			m := map[string]bool{}
			for _, d := range Domains() {
				for _, c := range d.Criteria {
					m[c.Name] = true
				}
			}
			return m
		}(), "met +++", 51},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, score := Classify(ClassificationInput{tt.ana, tt.found})
			if got := judged(o); got != tt.want || score != tt.score {
				t.Errorf("%s with %d points, want %s with %d", got, score, tt.want, tt.score)
			}
		})
	}
}

func TestATotalAloneClassifiesAsFarAsItGoes(t *testing.T) {
	for _, tt := range []struct {
		total float64
		want  string
	}{{9, "not met +-?"}, {10, "not evaluable ++?"}, {12, "not evaluable ++?"}, {13, "met +++"}} {
		if got := judged(ClassifyTotal(Num(80), Num(tt.total))); got != tt.want {
			t.Errorf("%v points: %s, want %s", tt.total, got, tt.want)
		}
	}
}
