package course

import (
	"slices"
	"testing"
)

func TestOfTwoGradesOfASystemOfOneTimeNobodyKnows(t *testing.T) {
	graded := func(id, status, when, letter string) string {
		return seen(id, status, `{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"bilag-renal"}`, when, `"valueString":"`+letter+`"`)
	}
	const morning, evening, before = visitOfDay + "T08:00:00Z", visitOfDay + "T20:00:00Z", "2024-04-07"
	for _, tt := range []struct {
		name string
		told []string
		want string
	}{
		{"one", []string{graded("a", "final", at(visitOfDay), "A")}, "A"},
		{"the later", []string{graded("a", "final", at(evening), "D"), graded("b", "final", at(morning), "A")}, "D"},
		{"what is not preliminary", []string{graded("a", "preliminary", at(evening), "D"), graded("b", "final", at(morning), "A")}, "A"},
		{"of one time, which say two things", []string{graded("a", "final", at(visitOfDay), "D"), graded("b", "final", at(visitOfDay), "A")}, ""},
		{"of one time, which say one thing", []string{graded("a", "final", at(visitOfDay), "D"), graded("b", "final", at(visitOfDay), "D")}, "D"},
		{"two things beside another day", []string{graded("a", "final", at(visitOfDay), "D"), graded("b", "final", at(visitOfDay), "A"), graded("c", "final", at(before), "A")}, ""},
	} {
		for range 2 {
			got := ""
			for _, g := range told(t, "", append(slices.Clone(tt.told), infusion)...).BilagAt(ParseDay(visitOfDay).From, VisitDays) {
				if g.Letter != 0 {
					got += string(rune(g.Letter))
				}
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
			slices.Reverse(tt.told)
		}
	}
}
