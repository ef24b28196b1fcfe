package course

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// What people say of one day is as what they measure: the later in time holds, what is preliminary gives way, and of one time nobody knows.
func TestOfTwoStatementsOfADayTheLaterHolds(t *testing.T) {
	stated := func(id, code, status, at, result, more string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"` + status + `","effectiveDateTime":"` + at + `","code":{"coding":[{"system":"` + term.Local + `","code":"` + code + `"}]},"valueCodeableConcept":{"coding":[{"system":"` + term.Local + `","code":"` + result + `"}]}` + more + `}`
	}
	const morning, evening, computed = visitOfDay + "T08:00:00Z", visitOfDay + "T20:00:00Z", `,"method":{"coding":[{"system":"` + term.Local + `","code":"algorithm-doris-2021-v1"}]}`
	for _, tt := range []struct {
		name string
		told []string
		want []string
	}{
		{"the later", []string{stated("b", "doris-2021", "final", morning, "criterion-met", ""), stated("a", "doris-2021", "final", evening, "criterion-not-met", "")}, []string{"a doris-2021 criterion-not-met"}},
		{"what is not preliminary", []string{stated("b", "doris-2021", "preliminary", evening, "criterion-met", ""), stated("a", "doris-2021", "final", morning, "criterion-not-met", "")}, []string{"a doris-2021 criterion-not-met"}},
		{"of one time, which say two things", []string{stated("a", "doris-2021", "final", morning, "criterion-met", ""), stated("b", "doris-2021", "final", morning, "criterion-not-met", "")}, []string{"not-evaluable"}},
		{"of one time, which say one thing", []string{stated("a", "doris-2021", "final", morning, "criterion-met", ""), stated("b", "doris-2021", "final", morning, "criterion-met", "")}, []string{"criterion-met"}},
		{"of two outcomes", []string{stated("a", "doris-2021", "final", morning, "criterion-met", ""), stated("b", "lldas", "final", morning, "criterion-not-met", "")}, []string{"a doris-2021 criterion-met", "b lldas criterion-not-met"}},
		{"a relapse that was taken back", []string{stated("a", "relapse", "preliminary", visitOfDay, "criterion-met", ""), stated("b", "relapse", "final", visitOfDay, "criterion-not-met", "")}, []string{"b relapse criterion-not-met"}},
		{"what was computed beside", []string{stated("a", "doris-2021", "final", morning, "criterion-met", ""), stated("b", "doris-2021", "final", morning, "criterion-not-met", computed)}, []string{"a doris-2021 criterion-met", "b doris-2021 criterion-not-met"}},
	} {
		for range 2 {
			var got []string
			for _, s := range told(t, "", append(slices.Clone(tt.told), infusion)...).Stated {
				text := fmt.Sprint(s.ID, " ", s.Code, " ", s.Result)
				if len(tt.want) == 1 && tt.want[0] == string(s.Result) { // whichever of the two it is
					text = tt.want[0]
				}
				got = append(got, text)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
			slices.Reverse(tt.told)
		}
	}
}

func TestOfTwoStatementsOfADrugOnADayTheLaterHolds(t *testing.T) {
	const morning, evening = `"effectiveDateTime":"` + visitOfDay + `T08:00:00Z"`, `"effectiveDateTime":"` + visitOfDay + `T20:00:00Z"`
	const same = `"medicationReference":{"reference":"Medication/m"}`
	for _, tt := range []struct {
		name string
		told []string
		want score.Truth
	}{
		{"taken in the evening", []string{statement("a", "active", mmfTold, evening), statement("b", "not-taken", mmfTold, morning)}, score.No},
		{"not taken in the evening", []string{statement("a", "active", mmfTold, morning), statement("b", "not-taken", mmfTold, evening)}, score.Yes},
		{"both at one time", []string{statement("a", "active", mmfTold, morning), statement("b", "not-taken", mmfTold, morning)}, score.Unknown},
		{"both at one time, one by reference", []string{statement("a", "active", same, morning), statement("b", "not-taken", mmfTold, morning)}, score.Unknown},
		{"twice the same", []string{statement("a", "not-taken", mmfTold, morning), statement("b", "not-taken", mmfTold, morning)}, score.Yes},
		{"on hold, of one time", []string{statement("a", "on-hold", mmfTold, morning), statement("b", "not-taken", mmfTold, morning)}, score.Unknown},
	} {
		for range 2 {
			c := told(t, `{"resourceType":"Medication","id":"m","code":`+mmfCode+`}`, append(slices.Clone(tt.told), infusion)...)
			if got := free(c)[0]; got != tt.want {
				t.Errorf("%s: free of immunosuppressives %v, want %v", tt.name, got, tt.want)
			}
			slices.Reverse(tt.told)
		}
	}
}
