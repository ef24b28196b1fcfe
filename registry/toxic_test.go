package registry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// highest stores the highest grade of a toxicity of the first of the crowd; when is its effective[x].
func (w *world) highest(id, kind, when string, n int) {
	w.t.Helper()
	w.must(w.ask(admin, "PUT", "Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","subject":{"reference":"Patient/c000"},`+when+`"code":`+local(kind+"-max-grade")+`,"valueQuantity":{"value":`+fmt.Sprint(n)+`,"code":"{grade}"}}`))
}

// episode stores a toxicity of the first of the crowd; a grade of -1 is not told.
func (w *world) episode(id, kind, when string, n int) {
	w.t.Helper()
	stage := ""
	if n >= 0 {
		stage = `,"stage":[{"summary":` + local("grade-"+fmt.Sprint(n)) + `,"assessment":[{"reference":"Observation/x"}]}]`
	}
	w.must(w.ask(admin, "PUT", "Condition/"+id, `{"resourceType":"Condition","id":"`+id+`","subject":{"reference":"Patient/c000"},`+when+`"code":`+local(kind)+stage+`}`))
}

// preliminary says that an Observation is.
func (w *world) preliminary(id string) {
	w.t.Helper()
	body := string(w.must(w.ask(admin, "GET", "Observation/"+id, "")).Body)
	w.must(w.ask(admin, "PUT", "Observation/"+id, strings.Replace(body, `"status":"final"`, `"status":"preliminary"`, 1)))
}

const watched = `"effectivePeriod":{"start":"2024-01-01","end":"2024-03-10"},`

func onset(at string) string { return `"onsetDateTime":"` + at + `",` }

// graded is the part in which the only patient is counted, and the median of the onset.
func (w *world) graded(query string) string {
	w.t.Helper()
	r := w.table(admin, "Patient/$toxicity?"+query, "toxicity")[0]
	for _, part := range gradeParts {
		if r[part] == "1" {
			return strings.TrimSpace(part + " " + r["onset-median"])
		}
	}
	return "nothing"
}

// The infusion is of 2024-01-01, so that day 30 is 2024-01-31.
func TestToxicityCountsWhatBeganWithin30DaysAndTheRestApart(t *testing.T) {
	for _, tt := range []struct {
		name        string
		write       func(w *world)
		early, late string
	}{
		{"nothing is recorded", func(*world) {}, "unknown", "unknown"},
		{"it was looked for", func(w *world) { w.highest("g", "crs", watched, 0) }, "grade-0", "grade-0"},
		{"on day 30", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", onset("2024-01-31"), 2)
		}, "grade-2 30", "grade-0"},
		{"on day 31", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", onset("2024-02-01"), 2)
		}, "grade-0", "grade-2 31"},
		{"both, the late one the worse", func(w *world) {
			w.highest("g", "crs", watched, 3)
			w.episode("e", "crs", onset("2024-01-03"), 1)
			w.episode("f", "crs", onset("2024-03-01"), 3)
		}, "grade-1 2", "grade-3 60"},
		{"in a month that lies within", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", onset("2024-01"), 2)
		}, "grade-2", "grade-0"},
		{"in a month that lies after", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", onset("2024-02"), 2)
		}, "grade-0", "grade-2"},
		{"in a year that holds both", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", onset("2024"), 2)
		}, "unknown", "unknown"},
		{"a lower grade than a preliminary one", func(w *world) {
			w.highest("g", "crs", `"effectiveDateTime":"2024-01-20",`, 3)
			w.preliminary("g")
			w.highest("h", "crs", `"effectiveDateTime":"2024-01-20",`, 1)
		}, "grade-1", "grade-0"},
		{"a preliminary grade alone", func(w *world) {
			w.highest("g", "crs", `"effectiveDateTime":"2024-01-20",`, 3)
			w.preliminary("g")
		}, "grade-3", "grade-0"},
		{"a preliminary grade beside one of another kind", func(w *world) {
			w.highest("g", "crs", `"effectiveDateTime":"2024-01-20",`, 3)
			w.preliminary("g")
			w.highest("h", "icans", `"effectiveDateTime":"2024-01-20",`, 1)
		}, "grade-3", "grade-0"},
		{"on a day that nobody knows", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", "", 2)
		}, "unknown", "unknown"},
		{"over by day 30", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", `"abatementDateTime":"2024-01-31",`, 2)
		}, "grade-2", "grade-0"},
		{"no episode, graded by day 30", func(w *world) { w.highest("g", "crs", `"effectiveDateTime":"2024-01-31",`, 2) }, "grade-2", "grade-0"},
		{"no episode, graded later", func(w *world) { w.highest("g", "crs", watched, 2) }, "unknown", "unknown"},
		{"no episode, graded on a day that nobody knows", func(w *world) { w.highest("g", "crs", "", 2) }, "unknown", "unknown"},
		{"an episode that does not explain the grade", func(w *world) {
			w.highest("g", "crs", watched, 3)
			w.episode("e", "crs", onset("2024-01-03"), 1)
		}, "unknown 2", "unknown"},
		{"an episode without grade", func(w *world) {
			w.highest("g", "crs", watched, 1)
			w.episode("e", "crs", onset("2024-01-03"), -1)
		}, "grade-1 2", "grade-0"},
		{"an episode without grade beside one with it", func(w *world) {
			w.highest("g", "crs", watched, 3)
			w.episode("e", "crs", onset("2024-01-03"), -1)
			w.episode("f", "crs", onset("2024-03-01"), 3)
		}, "unknown 2", "grade-3 60"},
		{"before the infusion", func(w *world) {
			w.highest("g", "crs", watched, 2)
			w.episode("e", "crs", onset("2023-12-31"), 2)
		}, "unknown", "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			tt.write(w)
			if got := []string{w.graded("kind=crs"), w.graded("kind=crs&late=true")}; cmp.Diff([]string{tt.early, tt.late}, got) != "" {
				t.Errorf("%q, want %q", got, []string{tt.early, tt.late})
			}
		})
	}
}

func TestTheWindowOfToxicityIsAParameter(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	for _, kind := range []string{"licats", "icaht", "icans"} {
		w.highest(kind, kind, watched, 2)
		w.episode(kind, kind, onset("2024-01-30"), 2) // day 29
		for query, want := range map[string]string{"": "grade-2 29", "&late=true": "grade-0", "&within=28": "grade-0", "&within=28&late=true": "grade-2 29"} {
			if got := w.graded("kind=" + kind + query); got != want {
				t.Errorf("%s%s: %q, want %q", kind, query, got, want)
			}
		}
	}
	if got := w.table(admin, "Patient/$toxicity?within=28", "rule"); cmp.Diff([][]string{{"within", "28"}}, pick(got, "name", "value")) != "" {
		t.Errorf("%v", got)
	}
	if r := w.ask(admin, "GET", "Patient/$toxicity?within=0", ""); r.Status != 400 {
		t.Errorf("%d", r.Status)
	}
}

func TestToxicityIsThatOfTheDayAsOf(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.highest("g", "crs", watched, 2)
	w.episode("e", "crs", onset("2024-01-03")+`"abatementDateTime":"2024-01-06",`, 1)
	w.episode("f", "crs", onset("2024-03-01"), 2)
	w.must(w.ask(admin, "PUT", "MedicationAdministration/t", `{"resourceType":"MedicationAdministration","id":"t","status":"completed","subject":{"reference":"Patient/c000"},"effectiveDateTime":"2024-01-05","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"612865"}]}}`))
	w.must(w.ask(admin, "PUT", "Encounter/s", `{"resourceType":"Encounter","id":"s","status":"finished","class":{"code":"IMP"},"period":{"start":"2024-01-05"},"subject":{"reference":"Patient/c000"}}`))
	for asOf, want := range map[string][]string{
		"2024-01-02": {"unknown", "unknown", "0", "0"},
		"2024-01-04": {"unknown 2", "unknown", "0", "0"}, // the window is open
		"2024-01-05": {"unknown 2", "unknown", "1", "1"},
		"2024-01-31": {"grade-1 2", "unknown", "1", "1"},
		"2024-02-01": {"grade-1 2", "grade-0", "1", "1"},
		"2024-03-01": {"grade-1 2", "grade-2 60", "1", "1"},
	} {
		got := []string{w.graded("kind=crs&as-of=" + asOf), w.graded("kind=crs&late=true&as-of=" + asOf)}
		for _, part := range []string{"treatment", "icu"} {
			got = append(got, w.table(admin, "Patient/$toxicity?kind=crs&icu=Encounter?class%3DIMP&as-of="+asOf, part)[0]["treated"])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("as of %s: %s", asOf, diff)
		}
	}
	if got := w.table(admin, "Patient/$toxicity?kind=crs&as-of=2024-01-05", "toxicity")[0]; got["duration-n"] != "0" {
		t.Errorf("it was not over: %v", got)
	}
}

func TestAGradeOfNoInfusionAfterASecondOneIsNotThatOfTheFirst(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.infuse("again", "c000", "2024-01-20")
	w.highest("g", "crs", `"effectiveDateTime":"2024-01-25",`, 3)
	if got := w.graded("kind=crs"); got != "unknown" {
		t.Errorf("%q", got)
	}
	w.highest("f", "crs", `"effectiveDateTime":"2024-01-15",`, 1)
	if got := w.graded("kind=crs"); got != "grade-1" {
		t.Errorf("%q", got)
	}
}

func TestTwoWindowsOfToxicityDoNotTellOfOnePatient(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(60, func(int) bool { return false })
	for k := range 31 {
		id, on := fmt.Sprintf("c%03d", k), "2024-01-04"
		if k == 30 {
			on = "2024-02-01" // day 31
		}
		w.observe(id+"-crs", id, on, `"code":`+local("crs-max-grade")+`,"valueQuantity":{"value":1}`)
		w.must(w.ask(admin, "PUT", "Condition/"+id+"-crs", `{"resourceType":"Condition","id":"`+id+`-crs","subject":{"reference":"Patient/`+id+`"},"onsetDateTime":"`+on+`","code":`+local("crs")+`,"stage":[{"summary":`+local("grade-1")+`,"assessment":[{"reference":"Observation/x"}]}]}`))
	}
	for k, tt := range []struct {
		query string
		less  bool
	}{{"", false}, {"&within=31", true}, {"&within=29", false}, {"&as-of=2024-01-03", false}} {
		if got := w.withholds(aggregator, "Patient/$toxicity?kind=crs"+tt.query); got != tt.less {
			t.Errorf("question %d, %q: less is told is %v", k, tt.query, got)
		}
	}
}

// The infusion is of 2024-01-01, and the days that count end on 2024-01-31.
func TestADrugThatWasGivenInSomeMonthIsUnknownWhereThatMayCount(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(5, func(int) bool { return false })
	for k, on := range []string{"2024-01", "2024", "2024-02", "2023-12", "2024-01"} {
		id := fmt.Sprintf("c%03d", k)
		w.give("toci-"+id, id, 200, "612865", "")
		w.must(w.ask(admin, "PUT", "MedicationAdministration/toci-"+id, `{"resourceType":"MedicationAdministration","id":"toci-`+id+`","status":"completed","subject":{"reference":"Patient/`+id+`"},"effectiveDateTime":"`+on+`","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"612865"}]}}`))
	}
	w.give("with-day", "c004", 3, "612865", "")
	told := func(query string) [][]string {
		return pick(w.table(admin, "Patient/$toxicity?kind=crs&cohort=Patient"+query, "treatment")[:1], "drug", "n", "treated", "not-treated", "unknown", "rate-n")
	}
	for query, want := range map[string][]string{
		"":                  {"tocilizumab", "5", "2", "2", "1", "4"}, // each day of January counts
		"&as-of=2024-01-02": {"tocilizumab", "5", "0", "2", "3", "2"},
		"&k=2":              {"tocilizumab", "5", "2", "3", "masked", "5"},
	} {
		if diff := cmp.Diff([][]string{want}, told(query)); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
}
