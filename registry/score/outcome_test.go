package score

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/term"
)

// judged is the result of an outcome with those of its criteria, in order, as "+", "-" and "?".
func judged(o Outcome) string {
	s := map[term.Result]string{term.Met: "met", term.NotMet: "not met", term.NotEvaluable: "not evaluable"}[o.Result] + " "
	for _, c := range o.Criteria {
		s += map[Truth]string{Yes: "+", No: "-", Unknown: "?"}[c.Truth]
	}
	return s
}

// healthy is an assessment at which every item was looked for and is absent, but for those named.
func healthy(present ...string) Sledai {
	var s Sledai
	for k := range s.Items {
		s.Items[k] = No
	}
	for _, name := range present {
		s.Items[mustItem(name)] = Yes
	}
	return s
}

func (s Sledai) without(names ...string) Sledai {
	for _, name := range names {
		s.Items[mustItem(name)] = Unknown
	}
	return s
}

func mustItem(name string) int {
	k := term.SledaiItem(name)
	if k < 0 {
		panic("no item " + name)
	}
	return k
}

var yes, no, unknown = Fact{Truth: Yes}, Fact{Truth: No}, Fact{}

func TestEveryCodeOfAnOutcomeHasADisplay(t *testing.T) {
	f := Freedom{}
	doris := DORIS2021().Assess(DORISInput{})
	classified, _ := Classify(ClassificationInput{})
	outcomes := []Outcome{
		doris, DrugFree(doris, f), OffTreatment(doris, f), LLDAS().Assess(LLDASInput{}), SRI4().Assess(ResponseInput{}),
		SRI4().Sledai(ResponseInput{}), KDIGO2024().Complete(RenalInput{}), KDIGO2024().Partial(RenalInput{}), classified,
		{Criteria: f.Criteria()},
	}
	codes := []string{}
	for _, o := range outcomes {
		if o.Code != "" {
			codes = append(codes, o.Code)
		}
		for _, c := range append(o.Criteria, o.Beside...) {
			codes = append(codes, c.Code)
		}
	}
	for _, g := range []Graded{CRS(CRSInput{Death: yes}), ASTCT2019().Assess(ICANSInput{})} {
		codes = append(codes, g.Code)
		for _, p := range g.Parts {
			codes = append(codes, p.Code)
		}
	}
	for _, i := range Damage() {
		codes = append(codes, i.Code)
	}
	for _, c := range codes {
		if term.Display(c) == "" {
			t.Errorf("%q has no display", c)
		}
	}
}

func TestAnOutcomeNamesItsSourcesOnce(t *testing.T) {
	o := DORIS2021().Assess(DORISInput{
		Clinical: Points{Complete: true, From: "Observation/a"},
		PGA:      Value{Known: true, From: "Observation/b"},
		GC:       Value{Known: true, From: "Observation/c"},
		Stable:   yes,
	})
	f := Freedom{GC: Value{Known: true, From: "Observation/c"}, IS: yes, Antimalarial: Fact{Yes, "MedicationStatement/d"}}
	if diff := cmp.Diff([]string{"Observation/a", "Observation/b", "Observation/c"}, o.Sources()); diff != "" {
		t.Error(diff)
	}
	want := []string{"Observation/a", "Observation/b", "Observation/c", "MedicationStatement/d"}
	if diff := cmp.Diff(want, DrugFree(o, f).Sources()); diff != "" {
		t.Error(diff)
	}
}

func TestAnOutcomeTellsTheInputsOfEachCriterion(t *testing.T) {
	got := DORIS2021().Assess(DORISInput{Clinical: Points{Min: 4, Max: 12}, PGA: Under(0.5), Stable: no})
	want := Outcome{
		Code: "doris-2021", Result: term.NotMet,
		Criteria: []Criterion{
			{"criterion-csledai-zero", No, []Input{{"csledai-2k", ">=4, incomplete", ""}}},
			{"criterion-pga-low", Yes, []Input{{"pga", "<0.5", ""}}},
			{"criterion-gc-low", Unknown, []Input{{"gc-dose", "unknown", ""}}},
			{"criterion-therapy-stable", No, []Input{{"therapy-stable", "no", ""}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The tables of Kleene's logic, written out.
func TestThreeValuedLogicIsKleenes(t *testing.T) {
	all := [3][3]Truth{{No, No, No}, {No, Unknown, Unknown}, {No, Unknown, Yes}}
	either := [3][3]Truth{{No, Unknown, Yes}, {Unknown, Unknown, Yes}, {Yes, Yes, Yes}}
	for a := range 3 {
		for b := range 3 {
			x, y := Truth(a-1), Truth(b-1)
			if got := All(x, y); got != all[a][b] {
				t.Errorf("%v and %v is %v", x, y, got)
			}
			if got := Any(x, y); got != either[a][b] {
				t.Errorf("%v or %v is %v", x, y, got)
			}
		}
	}
	if All() != Yes || Any() != No || Yes.Not() != No || Unknown.Not() != Unknown || Unknown.Known() || !No.Known() {
		t.Error("the empty cases and negation are wrong")
	}
}

func TestANumberComparesOnBothSidesOfALimit(t *testing.T) {
	const limit = 5
	tests := []struct {
		name                          string
		v                             Value
		below, atMost, above, atLeast Truth
	}{
		{"less", Num(4.99), Yes, Yes, No, No},
		{"equal", Num(5), No, Yes, No, Yes},
		{"more", Num(5.01), No, No, Yes, Yes},
		{"unknown", Value{}, Unknown, Unknown, Unknown, Unknown},
		{"<5", Under(5), Yes, Yes, No, No},
		{"<5.1", Under(5.1), Unknown, Unknown, Unknown, Unknown},
		{">5", Over(5), No, No, Yes, Yes},
		{">4.9", Over(4.9), Unknown, Unknown, Unknown, Unknown},
		{"<=5", Value{X: 5, Sign: AtMostThat, Known: true}, Unknown, Yes, No, Unknown},
		{"<=4.9", Value{X: 4.9, Sign: AtMostThat, Known: true}, Yes, Yes, No, No},
		{">=5", Value{X: 5, Sign: AtLeastThat, Known: true}, No, Unknown, Unknown, Yes},
		{">=5.1", Value{X: 5.1, Sign: AtLeastThat, Known: true}, No, No, Yes, Yes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := []Truth{tt.v.Below(limit), tt.v.AtMost(limit), tt.v.Above(limit), tt.v.AtLeast(limit)}
			if diff := cmp.Diff([]Truth{tt.below, tt.atMost, tt.above, tt.atLeast}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestANumberIsToldWithItsComparator(t *testing.T) {
	for want, v := range map[string]Value{
		"unknown": {}, "7.5": Num(7.5), "<0.1": Under(0.1), ">500": Over(500), "<=1": {X: 1, Sign: AtMostThat, Known: true}, ">=2": {X: 2, Sign: AtLeastThat, Known: true},
	} {
		if got := v.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
