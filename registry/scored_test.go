package registry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// instrument stores an Observation of the first of the crowd with components: a local code and the value of each.
func (w *world) instrument(id, code, on, stated string, components ...string) {
	w.t.Helper()
	var l []string
	for k := 0; k < len(components); k += 2 {
		l = append(l, `{"code":`+local(components[k])+`,`+components[k+1]+`}`)
	}
	rest := `"code":` + local(code)
	if stated != "" {
		rest += `,"valueQuantity":{"value":` + stated + `}`
	}
	if len(l) > 0 {
		rest += `,"component":[` + strings.Join(l, ",") + `]`
	}
	w.observe(id, "c000", on, rest)
}

const (
	isTrue  = `"valueBoolean":true`
	isFalse = `"valueBoolean":false`
)

func chosen(code string) string { return `"valueCodeableConcept":` + local(code) }

// scores are the lines of a score, each as value, stated and what it disagrees with.
func (w *world) scores(code string) [][]string {
	w.t.Helper()
	return pick(w.table(admin, "Patient/c000/$assess?endpoint="+code, "score"), "value", "stated", "disagrees-with")
}

func TestATiterIsReadWhereverItStands(t *testing.T) {
	const ana, other = `"code":{"coding":[{"system":"http://loinc.org","code":"5048-4"}]},`, `"code":{"coding":[{"system":"http://loinc.org","code":"100000-1"}]},`
	for name, rest := range map[string]string{
		"as a quantity":        ana + `"valueQuantity":{"value":160,"code":"{titer}"}`,
		"as a ratio":           ana + `"valueRatio":{"numerator":{"value":1},"denominator":{"value":160}}`,
		"in a panel":           other + `"component":[{` + ana + `"valueQuantity":{"value":160,"code":"{titer}"}}]`,
		"in a panel, as ratio": other + `"component":[{` + ana + `"valueRatio":{"numerator":{"value":1},"denominator":{"value":160}}}]`,
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.instrument("class", "eular-acr-2019", "2018-11", "", "eular-acr-2019-class-iii-or-iv", isTrue)
		w.observe("ana", "c000", "2018", rest)
		if got := w.table(admin, "Patient/c000/$assess?endpoint=eular-acr-2019", "score")[0]["result"]; got != "criterion-met" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestATiterThatIsOnlyABoundHidesNoOther(t *testing.T) {
	for _, tt := range []struct{ titers, want string }{
		{`80,{"value":160,"comparator":"<"`, "criterion-met"},
		{`40,{"value":160,"comparator":"<"`, "not-evaluable"},
		{`40,{"value":80,"comparator":"<"`, "criterion-not-met"},
		{`40,{"value":320`, "criterion-met"},
	} {
		exact, bound, _ := strings.Cut(tt.titers, ",")
		for _, ids := range [][2]string{{"a", "b"}, {"b", "a"}} {
			w := newWorld(t, Options{})
			w.crowd(1, func(int) bool { return false })
			w.instrument("class", "eular-acr-2019", "2018-11", "", "eular-acr-2019-class-iii-or-iv", isTrue)
			const ana = `"code":{"coding":[{"system":"http://loinc.org","code":"5048-4"}]},"valueQuantity":`
			w.observe(ids[0], "c000", "2018", ana+`{"value":`+exact+`}`)
			w.observe(ids[1], "c000", "2018", ana+bound+`}`)
			if got := w.table(admin, "Patient/c000/$assess?endpoint=eular-acr-2019", "score")[0]["result"]; got != tt.want {
				t.Errorf("%s as %s: %s, want %s", tt.titers, ids, got, tt.want)
			}
		}
	}
}

func TestSLEDAIIsToldWithItsItems(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return true })
	for _, code := range []string{"sledai-2k", "csledai-2k"} {
		path := "Patient/c000/$assess?endpoint=" + code
		if diff := cmp.Diff([][]string{{code, "2024-03-31", "90", "tp-m03", "4", "Procedure/c000", "algorithm-" + code + "-v1"}}, pick(w.table(admin, path, "score"), "score", "date", "day", "timepoint", "value", "focus", "method")); diff != "" {
			t.Error(diff)
		}
		items, present := w.table(admin, path, "item"), 0
		for _, r := range items {
			if r["truth"] == "yes" {
				present++
				if diff := cmp.Diff(row{"code": "sledai-2k-arthritis", "truth": "yes", "points": "4", "inputs": "Observation/c000-sledai"}, r); diff != "" {
					t.Error(diff)
				}
			}
		}
		if want := map[string]int{"sledai-2k": 24, "csledai-2k": 22}[code]; len(items) != want || present != 1 {
			t.Errorf("%s: %d items, %d of them present", code, len(items), present)
		}
	}
	w.instrument("c000-sledai", "sledai-2k", "2024-03-31", "6", "sledai-2k-arthritis", isTrue)
	if diff := cmp.Diff([][]string{{">=4, incomplete", "6", ""}}, w.scores("sledai-2k")); diff != "" {
		t.Errorf("items are missing: %s", diff)
	}
	w.instrument("c000-sledai", "sledai-2k", "2024-03-31", "6")
	if diff := cmp.Diff([][]string{{"6", "6", ""}}, w.scores("sledai-2k")); diff != "" {
		t.Errorf("only the total is told: %s", diff)
	}
}

func TestAScoreThatIsStatedOtherwiseIsFlagged(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	var all []string
	for _, i := range items() {
		all = append(all, i, isFalse)
	}
	w.instrument("c000-sledai", "sledai-2k", "2024-03-31", "2", all...)
	if diff := cmp.Diff([][]string{{"0", "2", "Observation/c000-sledai"}}, w.scores("sledai-2k")); diff != "" {
		t.Error(diff)
	}
}

func TestDamageIsComputedOfItsItems(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	var none []string
	for _, i := range score.Damage() {
		none = append(none, i.Code, isFalse)
	}
	with := func(code, value string) []string {
		l := append([]string{}, none...)
		for k := 0; k < len(l); k += 2 {
			if l[k] == code {
				l[k+1] = value
			}
		}
		return l
	}
	for _, tt := range []struct {
		name, stated string
		parts        []string
		want         []string
	}{
		{"none", "", none, []string{"0", "", ""}},
		{"a cataract", "1", with("sdi-cataract", isTrue), []string{"1", "1", ""}},
		{"two strokes", "1", with("sdi-cva", `"valueInteger":2`), []string{"2", "1", "Observation/sdi"}},
		{"no stroke", "", with("sdi-cva", `"valueInteger":0`), []string{"0", "", ""}},
		{"one is not known", "", with("sdi-diabetes", `"dataAbsentReason":{"text":"x"}`), []string{">=0, incomplete", "", ""}},
		{"only the total", "3", nil, []string{"3", "3", ""}},
		{"nothing", "", nil, []string{"", "", ""}},
	} {
		w.instrument("sdi", "sdi", "2024-06-29", tt.stated, tt.parts...)
		if diff := cmp.Diff([][]string{tt.want}, w.scores("sdi")); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestCRSIsGradedByTheComponentsOfItsHighestGrade(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	for _, tt := range []struct {
		name, stated string
		parts        []string
		want         []string
	}{
		{"only the grade", "2", nil, []string{"", "2", ""}},
		{"fever alone", "1", []string{"crs-fever", `"valueQuantity":{"value":38.4,"code":"Cel"}`, "crs-hypotension", chosen("hypotension-none"), "crs-hypoxia", chosen("hypoxia-none"), "crs-death", isFalse}, []string{"1", "1", ""}},
		{"one vasopressor", "2", []string{"crs-fever", isTrue, "crs-hypotension", chosen("hypotension-one-vasopressor"), "crs-hypoxia", chosen("hypoxia-low-flow"), "crs-death", isFalse}, []string{"3", "2", "Observation/crs"}},
		{"hypoxia is not told", "2", []string{"crs-fever", isTrue, "crs-hypotension", chosen("hypotension-none"), "crs-death", isFalse}, []string{"1-4", "2", ""}},
		{"no fever, treated", "2", []string{"crs-fever", isFalse, "crs-treated", isTrue, "crs-hypotension", chosen("hypotension-none"), "crs-hypoxia", chosen("hypoxia-low-flow"), "crs-death", isFalse}, []string{"2", "2", ""}},
		{"no fever, not treated", "0", []string{"crs-fever", isFalse, "crs-treated", isFalse, "crs-hypotension", chosen("hypotension-none"), "crs-hypoxia", chosen("hypoxia-none"), "crs-death", isFalse}, []string{"0", "0", ""}},
		{"death", "5", []string{"crs-death", isTrue}, []string{"5", "5", ""}},
	} {
		w.instrument("crs", "crs-max-grade", "2024-01-08", tt.stated, tt.parts...)
		if diff := cmp.Diff([][]string{tt.want}, w.scores("crs")); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestICANSIsGradedByItsComponentsAndTheLowestICE(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	rest := []string{"icans-consciousness", chosen("consciousness-alert"), "icans-seizure", chosen("seizure-none"), "icans-weakness", isFalse, "icans-edema", chosen("edema-none")}
	grade := func(name string, want []string, query string) {
		t.Helper()
		got := pick(w.table(admin, "Patient/c000/$assess?endpoint=icans"+query, "score"), "value", "stated")
		if diff := cmp.Diff([][]string{want}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	w.instrument("icans", "icans-max-grade", "2024-01-08", "1")
	grade("only the grade", []string{"", "1"}, "")
	w.instrument("icans", "icans-max-grade", "2024-01-08", "1", rest...)
	grade("no ICE", []string{"0-4", "1"}, "")
	w.instrument("icans", "icans-max-grade", "2024-01-08", "1", append([]string{"icans-ice", `"valueInteger":6`}, rest...)...)
	grade("ICE 6", []string{"2", "1"}, "")
	w.instrument("icans", "icans-max-grade", "2024-01-08", "1", rest...)
	ice := []string{"ice-year", isTrue, "ice-month", isTrue, "ice-city", isTrue, "ice-hospital", isTrue, "ice-command", isTrue, "ice-sentence", isFalse, "ice-counting", isFalse, "ice-objects", `"valueInteger":3`}
	w.instrument("ice", "ice-score", "2024-01-08", "", ice...)
	w.instrument("ice2", "ice-score", "2024-01-08", "9")
	grade("the lowest ICE of the time", []string{"1", "1"}, "")
	if diff := cmp.Diff([][]string{{"8", "", ""}, {"9", "9", ""}}, w.scores("ice-score")); diff != "" {
		t.Error(diff)
	}
	for _, tt := range [][2]string{{"2012-01-02", "0-4"}, {"2012-01-01", "1"}, {"2012", "1"}} {
		w.must(w.ask(admin, "PUT", "Patient/c000", `{"resourceType":"Patient","id":"c000","birthDate":"`+tt[0]+`"}`))
		grade("born in "+tt[0], []string{tt[1], "1"}, "")
	}
	w.must(w.ask(admin, "PUT", "Patient/c000", `{"resourceType":"Patient","id":"c000","birthDate":"2012-01-02"}`))
	grade("from 11 years on", []string{"1", "1"}, "&icans.age=11")
}

func TestLupusIsClassifiedByWhatIsStored(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	result := func() []string {
		t.Helper()
		l := w.table(admin, "Patient/c000/$assess?endpoint=eular-acr-2019", "score")
		if len(l) == 0 {
			return nil
		}
		return pick(l, "date", "value", "stated", "result")[0]
	}
	if got := result(); got != nil {
		t.Errorf("nothing is stored: %v", got)
	}
	w.instrument("class", "eular-acr-2019", "2018-11", "26")
	if diff := cmp.Diff([]string{"2018-11", "26", "26", "not-evaluable"}, result()); diff != "" {
		t.Errorf("no antibodies: %s", diff)
	}
	for n, titer := range []string{"80", "1280", "160"} {
		w.observe(fmt.Sprint("ana", n), "c000", "2018", `"code":{"coding":[{"system":"http://loinc.org","code":"5048-4"}]},"valueQuantity":{"value":`+titer+`,"code":"{titer}"}`)
	}
	if diff := cmp.Diff([]string{"2018-11", "26", "26", "criterion-met"}, result()); diff != "" {
		t.Errorf("only the total: %s", diff)
	}
	w.instrument("class", "eular-acr-2019", "2018-11", "10", "eular-acr-2019-joints", isTrue, "eular-acr-2019-fever", isFalse)
	if diff := cmp.Diff([]string{"2018-11", "6", "10", "criterion-not-met"}, result()); diff != "" {
		t.Errorf("6 points: %s", diff)
	}
	w.instrument("later", "eular-acr-2019", "2020-02-03", "", "eular-acr-2019-class-iii-or-iv", isTrue)
	if diff := cmp.Diff([]string{"2020-02-03", "16", "10", "criterion-met"}, result()); diff != "" {
		t.Errorf("found at two times: %s", diff)
	}
	_, lines := "", w.table(admin, "Patient/c000/$assess?endpoint=eular-acr-2019", "criterion")
	if len(lines) != 13 || lines[0]["inputs"] != "ana=1280 (Observation/ana1)" {
		t.Errorf("%d criteria, %v", len(lines), lines[0])
	}
}

func TestScoresAreOfTheirInfusionAndNeverWritten(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.infuse("again", "c000", "2024-07-19")
	w.instrument("old", "sdi", "2024-01-08", "1")
	w.instrument("new", "sdi", "2024-08-01", "2")
	w.observe("named", "c000", "2024-01-09", `"code":`+local("crs-max-grade")+`,"focus":[{"reference":"Procedure/again"}],"valueQuantity":{"value":1}`)
	want := [][]string{{"sdi", "1", "Procedure/c000"}, {"crs", "1", "Procedure/again"}, {"sdi", "2", "Procedure/again"}}
	if diff := cmp.Diff(want, pick(w.table(admin, "Patient/c000/$assess?endpoint=sdi,crs", "score"), "score", "stated", "focus")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"sdi", "2", "0"}, {"crs", "0", "1"}}, pick(w.table(admin, "Patient/$assess?endpoint=sdi,crs", "scores"), "score", "complete", "incomplete")); diff != "" {
		t.Error(diff)
	}
	before, _, _ := w.store.Head(t.Context())
	w.must(w.ask(admin, "POST", "Patient/c000/$assess?persist=true&endpoint="+strings.Join(scoreCodes(), ","), ""))
	if after, _, _ := w.store.Head(t.Context()); after != before {
		t.Error("something was written")
	}
}

func TestEveryPartOfAnInstrumentHasADisplay(t *testing.T) {
	var codes []string
	for _, steps := range [][]string{iceQuestions, pressures[1:], oxygens[1:], awakes[1:], seizures[1:], edemas[1:], {"ice-objects", "crs-treated"}} {
		codes = append(codes, steps...)
	}
	for _, i := range score.Damage() {
		codes = append(codes, i.Code)
	}
	for _, d := range score.Domains() {
		for _, k := range d.Criteria {
			codes = append(codes, term.EULARACR2019+"-"+k.Name)
		}
	}
	for _, c := range scoreCodes() {
		codes = append(codes, c, term.Algorithm(c))
	}
	for _, c := range codes {
		if term.Display(c) == "" {
			t.Errorf("%s has no display", c)
		}
	}
}
