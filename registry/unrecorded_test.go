package registry

import (
	"fmt"
	"testing"
)

// Who has an episode and no highest grade is in no rate: of those without an episode nobody wrote either that there was none. The infusion is of
// 2024-01-01, so that day 30 is 2024-01-31.
func TestAnEpisodeWithoutAHighestGradeIsToldBesideTheUnknown(t *testing.T) {
	for _, tt := range []struct {
		name  string
		write func(w *world)
		early []string // unknown, unrecorded, any-n
		late  []string
	}{
		{"nothing", func(*world) {}, []string{"1", "0", "0"}, []string{"1", "0", "0"}},
		{"an episode", func(w *world) { w.episode("e", "crs", onset("2024-01-03"), 3) }, []string{"1", "1", "0"}, []string{"1", "0", "0"}},
		{"an episode by the code of its grade", func(w *world) { w.condition("e", onset("2024-01-03"), icd("D89.833")) }, []string{"1", "1", "0"}, []string{"1", "0", "0"}},
		{"an episode without a grade", func(w *world) { w.episode("e", "crs", onset("2024-01-03"), -1) }, []string{"1", "1", "0"}, []string{"1", "0", "0"}},
		{"a late episode", func(w *world) { w.episode("e", "crs", onset("2024-02-01"), 3) }, []string{"1", "0", "0"}, []string{"1", "1", "0"}},
		{"an episode of some day that may be late", func(w *world) { w.episode("e", "crs", onset("2024"), 3) }, []string{"1", "0", "0"}, []string{"1", "0", "0"}},
		{"an episode of grade 0", func(w *world) { w.episode("e", "crs", onset("2024-01-03"), 0) }, []string{"1", "0", "0"}, []string{"1", "0", "0"}},
		{"an episode before the infusion", func(w *world) { w.episode("e", "crs", onset("2023-12-31"), 3) }, []string{"1", "0", "0"}, []string{"1", "0", "0"}},
		{"another toxicity", func(w *world) { w.episode("e", "icans", onset("2024-01-03"), 3) }, []string{"1", "0", "0"}, []string{"1", "0", "0"}},
		{"with a highest grade", func(w *world) {
			w.highest("g", "crs", watched, 3)
			w.episode("e", "crs", onset("2024-01-03"), 3)
		}, []string{"0", "0", "1"}, []string{"0", "0", "1"}},
		{"that does not explain the highest grade", func(w *world) {
			w.highest("g", "crs", watched, 3)
			w.episode("e", "crs", onset("2024-01-03"), 1)
		}, []string{"1", "0", "0"}, []string{"1", "0", "0"}},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		tt.write(w)
		for query, want := range map[string][]string{"": tt.early, "&late=true": tt.late} {
			w.same(tt.name+query, w.told("$toxicity?kind=crs"+query, "toxicity", "unknown", "unrecorded", "any-n")[:1], want)
		}
	}
}

// Of 30 who are unknown 25 have an episode: the 5 others would follow.
func TestTheUnknownAndTheUnrecordedDoNotTellOfAFew(t *testing.T) {
	for _, tt := range []struct {
		episodes int
		want     string
	}{{25, "masked"}, {15, "15"}, {5, "masked"}} {
		w := newWorld(t, Options{})
		w.crowd(30, func(int) bool { return false })
		for k := range tt.episodes {
			id := fmt.Sprintf("c%03d", k)
			w.must(w.ask(admin, "PUT", "Condition/"+id+"-crs", `{"resourceType":"Condition","id":"`+id+`-crs","subject":{"reference":"Patient/`+id+`"},"onsetDateTime":"2024-01-04","code":`+icd("D89.831")+`}`))
		}
		got := pick(w.table(aggregator, "Patient/$toxicity?kind=crs", "toxicity"), "unknown", "unrecorded")
		w.same(fmt.Sprint(tt.episodes), got[:1], []string{"30", tt.want})
	}
}
