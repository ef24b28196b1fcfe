package registry

import "testing"

// The crowd is in drug-free remission at day 90, and at day 180. What two clinicians say of one day contradicts.
func TestARelapseThatIsStatedAndDeniedOfOneTimeIsUnclear(t *testing.T) {
	for _, tt := range []struct {
		name, query, on string
		results         []string
		tell            func(w *world)
		want            []string
	}{
		{"both say so", "", dayOf(120), []string{"met", "met"}, nil, []string{"120", "30"}},
		{"both deny it", "", dayOf(120), []string{"not-met", "not-met"}, nil, []string{"censored at 180", "censored at 90"}},
		{"one denies it", "", dayOf(120), []string{"met", "not-met"}, nil, []string{"not followed", "not followed"}},
		{"one could not tell", "", dayOf(120), []string{"met", "not-evaluable"}, nil, []string{"not followed", "not followed"}},
		{"one denies it and one could not tell", "", dayOf(120), []string{"not-met", "not-evaluable"}, nil, []string{"censored at 180", "censored at 90"}},
		{"after the day as of", "&as-of=" + dayOf(119), dayOf(120), []string{"met", "not-met"}, nil, []string{"censored at 90", "censored at 0"}},
		{"before the infusion", "", dayOf(-1), []string{"met", "not-met"}, nil, []string{"censored at 180", "censored at 90"}},
		{"after a relapse", "", dayOf(120), []string{"met", "not-met"}, func(w *world) { w.dose("c000", 100, "20") }, []string{"100", "10"}},
		{"before a relapse", "", dayOf(120), []string{"met", "not-met"}, func(w *world) { w.dose("c000", 150, "20") }, []string{"not followed", "not followed"}},
		{"on the day of a relapse", "", dayOf(120), []string{"met", "not-met"}, func(w *world) { w.dose("c000", 120, "20") }, []string{"120", "30"}},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.well("c000", 180)
		for k, r := range tt.results {
			w.observe("stated-"+string(rune('a'+k)), "c000", tt.on, `"code":`+local("relapse")+`,"valueCodeableConcept":`+local(map[string]string{
				"met": "criterion-met", "not-met": "criterion-not-met", "not-evaluable": "not-evaluable",
			}[r]))
		}
		if tt.tell != nil {
			tt.tell(w)
		}
		w.same(tt.name, [][]string{{w.relapsedOn("relapse-free-survival", tt.query), w.relapsedOn("drug-free-duration", tt.query)}}, tt.want)
	}
}
