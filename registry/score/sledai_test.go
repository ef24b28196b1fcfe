package score

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/term"
)

func TestSLEDAI2KIsTheSumOfItsWeights(t *testing.T) {
	all := Sledai{}
	for k := range all.Items {
		all.Items[k] = Yes
	}
	tests := []struct {
		name            string
		s               Sledai
		total, clinical Points
	}{
		{"everything absent", healthy(), Points{0, 0, true, ""}, Points{0, 0, true, ""}},
		{"everything present", all, Points{105, 105, true, ""}, Points{101, 101, true, ""}},
		{"alopecia weighs 2", healthy("alopecia"), Points{2, 2, true, ""}, Points{2, 2, true, ""}},
		{"serology counts in the total only", healthy("low-complement", "increased-dna-binding", "rash"), Points{6, 6, true, ""}, Points{2, 2, true, ""}},
		{"a missing item is not 0", healthy("arthritis").without("proteinuria"), Points{4, 8, false, ""}, Points{4, 8, false, ""}},
		{"missing serology leaves the clinical score whole", healthy("rash").without("low-complement"), Points{2, 4, false, ""}, Points{2, 2, true, ""}},
		{"nothing told", Sledai{}, Points{0, 105, false, ""}, Points{0, 101, false, ""}},
		{"only totals stated", Sledai{Total: Num(8), Clinical: Num(6)}, Points{8, 8, true, ""}, Points{6, 6, true, ""}},
		{"only the total stated, of which 4 can be serologic", Sledai{Total: Num(8)}, Points{8, 8, true, ""}, Points{4, 8, false, ""}},
		{"only a total of 4 stated", Sledai{Total: Num(4)}, Points{4, 4, true, ""}, Points{0, 4, false, ""}},
		{"only an odd total stated, which serologic items do not make", Sledai{Total: Num(3)}, Points{3, 3, true, ""}, Points{1, 3, false, ""}},
		{"a total of 0 leaves no item to be present", Sledai{Total: Num(0)}, Points{0, 0, true, ""}, Points{0, 0, true, ""}},
		{"a total below 1 that is not told", Sledai{Total: Under(1)}, Points{0, 105, false, ""}, Points{0, 101, false, ""}},
		{"a total of 0 beside a clinical score that is more", Sledai{Total: Num(0), Clinical: Num(2)}, Points{0, 105, false, ""}, Points{0, 101, false, ""}},
		{
			"a total of 0 does not hide a missing item",
			func() Sledai { s := healthy().without("fever"); s.Total = Num(0); return s }(),
			Points{0, 1, false, ""},
			Points{0, 1, false, ""},
		},
		{
			"a stated total does not hide a missing item",
			func() Sledai { s := healthy("rash").without("fever"); s.Total = Num(2); return s }(),
			Points{2, 3, false, ""},
			Points{2, 3, false, ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff([]Points{tt.total, tt.clinical}, []Points{tt.s.Score(), tt.s.ClinicalScore()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEachMissingItemMakesTheScoreIncomplete(t *testing.T) {
	for _, i := range term.Sledai() {
		s := healthy().without(i.Name)
		if got := s.Score(); got.Complete || got.Max != i.Weight {
			t.Errorf("without %s the total is %v", i.Name, got)
		}
		if got := s.ClinicalScore(); got.Complete != i.Serologic {
			t.Errorf("without %s the clinical score is %v", i.Name, got)
		}
	}
}

func TestAnIncompleteScoreTellsWhatFollowsWhateverIsMissing(t *testing.T) {
	tests := []struct {
		name            string
		p               Points
		atMost, atLeast Truth // 4
	}{
		{"3", Points{3, 3, true, ""}, Yes, No},
		{"4", Points{4, 4, true, ""}, Yes, Yes},
		{"5", Points{5, 5, true, ""}, No, Yes},
		{"at least 5", Points{5, 9, false, ""}, No, Yes},
		{"3 or 4", Points{3, 4, false, ""}, Yes, Unknown},
		{"at most 3", Points{1, 3, false, ""}, Yes, No},
		{"at least 3", Points{3, 5, false, ""}, Unknown, Unknown},
		{"at least 4", Points{4, 5, false, ""}, Unknown, Yes},
	}
	for _, tt := range tests {
		if got := [2]Truth{tt.p.AtMost(4), tt.p.AtLeast(4)}; got != [2]Truth{tt.atMost, tt.atLeast} {
			t.Errorf("%s: at most 4 and at least 4 are %v", tt.name, got)
		}
	}
}

func TestAnAssessmentIsToldIfAnythingOfItIs(t *testing.T) {
	if (Sledai{}).Told() || !healthy().Told() || !(Sledai{Total: Num(0)}).Told() || !(Sledai{Clinical: Num(0)}).Told() {
		t.Error("nothing is nothing, a zero is something")
	}
}

func TestATotalOf0DecidesWhatItemsDecide(t *testing.T) {
	zero, some := Sledai{Total: Num(0)}, Sledai{Total: Num(4)}
	if zero.major() != No || zero.newSince(Sledai{}) != No || healthy("rash").newSince(zero) != Yes {
		t.Error("each weight of a total of 0 is 0")
	}
	if some.major() != Unknown || some.newSince(zero) != Unknown || zero.newSince(some) != No {
		t.Error("nobody knows what a total of 4 is made of")
	}
	told := LLDASInput{Hemolysis: Fact{Truth: No}, Gut: Fact{Truth: No}, PGA: Num(0.5), GC: Num(5), Standard: Fact{Truth: Yes}}
	for total, want := range map[float64]term.Result{0: term.Met, 4: term.NotEvaluable, 5: term.NotMet} {
		in := told
		in.Now = Sledai{Total: Num(total)}
		if got := LLDAS().Assess(in).Result; got != want {
			t.Errorf("LLDAS with a total of %v: %s, want %s", total, got, want)
		}
	}
	for total, want := range map[float64]term.Result{0: term.Met, 4: term.NotEvaluable} {
		in := DORISInput{Clinical: Sledai{Total: Num(total)}.ClinicalScore(), PGA: Num(0), GC: Num(0), Stable: Fact{Truth: Yes}}
		if got := DORIS2021().Assess(in).Result; got != want {
			t.Errorf("DORIS with a total of %v: %s, want %s", total, got, want)
		}
	}
}

func TestStatedScoresThatCannotBothBeAreNotKnown(t *testing.T) {
	for _, tt := range []struct {
		total, clinical float64
		want            [2]string
	}{
		{4, 0, [2]string{"4", "0"}},
		{4, 4, [2]string{"4", "4"}},
		{8, 0, [2]string{">=0, incomplete", ">=0, incomplete"}}, // complement and antibodies are 4 points
		{5, 4, [2]string{">=0, incomplete", ">=0, incomplete"}},
		{0, 4, [2]string{">=0, incomplete", ">=0, incomplete"}},
	} {
		s := Sledai{Total: Num(tt.total), Clinical: Num(tt.clinical)}
		if got := [2]string{s.Score().String(), s.ClinicalScore().String()}; got != tt.want {
			t.Errorf("%v and clinical %v: %v, want %v", tt.total, tt.clinical, got, tt.want)
		}
	}
}
