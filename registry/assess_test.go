package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// The sample bundles carry outcomes that the generator computed by code of its own: what is computed here of the inputs must be
// the same.
func TestComputedOutcomesAreThoseOfTheSampleCohort(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	compared := 0
	for _, id := range []string{"SYN-P01", "SYN-P02", "SYN-P03", "SYN-P04", "SYN-P05", "SYN-P06", "SYN-P07", "SYN-P08", "SYN-P10"} {
		computed := map[string]string{}
		for _, r := range w.table(admin, "Patient/"+id+"/$assess", "outcome") {
			computed[r["endpoint"]+" "+r["date"]] = r["result"]
		}
		for _, e := range []string{term.DORIS2021, term.LLDAS, term.DrugFreeRemission, term.Relapse} {
			for _, o := range w.observations("Observation?code=" + term.Local + "|" + e + "&subject=Patient/" + id + "&_count=100") {
				key := e + " " + o.Member("effectiveDateTime").Text()
				want := o.Member("valueCodeableConcept").Member("coding").Item(0).Member("code").Text()
				if got := computed[key]; got != want {
					t.Errorf("%s, %s: %q, the bundle says %q", id, key, got, want)
				}
				compared++
			}
		}
	}
	if compared < 140 {
		t.Errorf("only %d outcomes were compared", compared)
	}
}

// observations returns the resources that a search finds.
func (w *world) observations(path string) []tree.Node {
	w.t.Helper()
	r := w.must(w.ask(admin, "GET", path, ""))
	b, err := tree.Parse(r.Body, tree.Limits{})
	if err != nil {
		w.t.Fatal(err)
	}
	var l []tree.Node
	for e := range b.Root().Member("entry").Items() {
		l = append(l, e.Member("resource"))
	}
	return l
}

func TestAssessTellsEachCriterionWithItsInputs(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	r := w.must(w.ask(admin, "GET", "Patient/SYN-P08/$assess?endpoint=doris-2021", ""))
	for _, want := range []string{
		`{"name":"code","valueCode":"criterion-csledai-zero"},{"name":"truth","valueCode":"no"},{"name":"inputs","valueString":"csledai-2k=4 (Observation/SYN-P08-sledai-m03)"}`,
		`{"name":"inputs","valueString":"pga=0.8 (Observation/SYN-P08-pga-m03)"}`,
		`{"name":"timepoint","valueCode":"tp-m03"}`,
		`{"name":"method","valueCode":"algorithm-doris-2021-v1"}`,
	} {
		if !strings.Contains(string(r.Body), want) {
			t.Errorf("%s is not in the answer", want)
		}
	}
	if r.Patient != "Patient/SYN-P08" {
		t.Errorf("the audit line is about %q", r.Patient)
	}
}

func TestPersistWritesOnceAndAgainOnlyWhatChanged(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	written := func() []string {
		t.Helper()
		r := w.must(w.ask(admin, "POST", "Patient/SYN-P06/$assess?persist=true", ""))
		tr, err := tree.Parse(r.Body, tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for p := range tr.Root().Member("parameter").Items() {
			if p.Member("name").Text() == "written" {
				var l []string
				for c := range p.Member("part").Items() {
					l = append(l, c.Member("valueInteger").Text())
				}
				return l
			}
		}
		return nil
	}
	// Six visits after the infusion, eight endpoints, a relapse and the return of B cells.
	if diff := cmp.Diff([]string{"50", "0", "0"}, written()); diff != "" {
		t.Errorf("at first: %s", diff)
	}
	before, _, _ := w.store.Head(t.Context())
	if diff := cmp.Diff([]string{"0", "50", "0"}, written()); diff != "" {
		t.Errorf("again: %s", diff)
	}
	if after, _, _ := w.store.Head(t.Context()); after != before {
		t.Error("the second time something was written")
	}
	// A correction of PGA at month 18 ends the remission there.
	pga := w.observations("Observation?_id=SYN-P06-pga-m18")[0]
	w.must(w.ask(admin, "PUT", "Observation/SYN-P06-pga-m18", strings.Replace(string(pga.Raw()), `"value":0.4`, `"value":0.6`, 1)))
	got := written()
	if got[0] == "0" || got[2] != "0" {
		t.Errorf("after a correction: %v", got)
	}
	doris := w.observations("Observation?code=" + term.Local + "|doris-2021&derived-from=Observation/SYN-P06-pga-m18&method=" + term.Local + "|algorithm-doris-2021-v1")
	results := map[string]string{}
	for _, o := range doris {
		results[o.Member("id").Text()[:4]] = o.Member("valueCodeableConcept").Member("coding").Item(0).Member("code").Text()
	}
	if diff := cmp.Diff(map[string]string{"SYN-": "criterion-met", "fwo-": "criterion-not-met"}, results); diff != "" {
		t.Error(diff)
	}
}

func TestAPersistedOutcomeCarriesWhatItFollowsFrom(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	w.must(w.ask(admin, "POST", "Patient/SYN-P01/$assess?persist=true&endpoint=doris-2021", ""))
	l := w.observations("Observation?subject=Patient/SYN-P01&code=" + term.Local + "|doris-2021&_sort=date&_count=100")
	var own []string
	for _, o := range l {
		if strings.HasPrefix(o.Member("id").Text(), idPrefix) {
			own = append(own, string(o.Raw()))
		}
	}
	if len(own) < 5 {
		t.Fatalf("%d were written", len(own))
	}
	for _, want := range []string{`"focus":[{"reference":"Procedure/SYN-P01-infusion"}]`, `"derivedFrom":[{"reference":"Observation/SYN-P01-sledai-`, `"code":"tp-m03"`, `"code":"103338009"`, `"code":"drug-free"`} {
		if !strings.Contains(strings.Join(own, ""), want) {
			t.Errorf("%s is in none", want)
		}
	}
	p := w.observations("Provenance?target=Observation/" + idOf(t, own[0]))
	if len(p) != 1 || p[0].Member("entity").Len() < 10 || p[0].Member("target").Len() != len(own) {
		t.Errorf("%d provenances: %s", len(p), p[0].Raw())
	}
}

func idOf(t *testing.T, resource string) string {
	t.Helper()
	tr, err := tree.Parse([]byte(resource), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tr.ID()
}

func TestAClinicianWhoDisagreesIsKeptBesideAndFlagged(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	at := w.observations("Observation?_id=SYN-P01-doris-2021-m03")[0].Member("effectiveDateTime").Text()
	w.must(w.ask(admin, "PUT", "Observation/judged", `{"resourceType":"Observation","id":"judged","status":"final","subject":{"reference":"Patient/SYN-P01"},"effectiveDateTime":"`+at+
		`","code":`+concept(term.Of(term.DORIS2021))+`,"valueCodeableConcept":`+concept(term.Of(string(term.NotMet)))+`,"method":`+concept(term.Of(term.ByClinician))+`}`))
	rows := w.table(admin, "Patient/SYN-P01/$assess?endpoint=doris-2021", "outcome")
	flagged := 0
	for _, r := range rows {
		if r["disagrees-with"] != "" {
			flagged++
			if r["disagrees-with"] != "Observation/judged" || r["clinician"] != "criterion-not-met" || r["result"] != "criterion-met" || r["date"] != at {
				t.Errorf("%v", r)
			}
		}
	}
	if flagged != 1 {
		t.Errorf("%d are flagged", flagged)
	}
	w.must(w.ask(admin, "POST", "Patient/SYN-P01/$assess?endpoint=doris-2021&persist=true", ""))
	if o := w.observations("Observation?_id=judged")[0]; o.Member("meta").Member("versionId").Text() != "1" {
		t.Error("the clinician's outcome was changed")
	}
	got := pick(w.table(admin, "Patient/$outcome-rate?source=clinician&timepoint=tp-m03", "rate"), "met", "not-met", "not-assessed")
	if diff := cmp.Diff([][]string{{"0", "1", "8"}}, got); diff != "" {
		t.Errorf("as clinicians stated: %s", diff)
	}
}

func TestWhatNoLongerFollowsIsWithdrawn(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	w.must(w.ask(admin, "POST", "Patient/SYN-P01/$assess?persist=true&endpoint=lldas", ""))
	w.must(w.ask(admin, "DELETE", "Observation?_id=SYN-P01-csledai-m18", "")) // an outcome hangs on the assessment, not on this one
	old := w.observations("Observation?subject=Patient/SYN-P01&code=" + term.Local + "|sledai-2k&_sort=-date")[0]
	moved := strings.Replace(string(old.Raw()), old.Member("effectiveDateTime").Text(), "2021-01-01", 1)
	w.must(w.ask(admin, "PUT", "Observation/"+old.Member("id").Text(), moved))
	w.must(w.ask(admin, "POST", "Patient/SYN-P01/$assess?persist=true&endpoint=lldas", ""))
	l := w.observations("Observation?subject=Patient/SYN-P01&code=" + term.Local + "|lldas&status=entered-in-error")
	if len(l) != 1 || !strings.HasPrefix(l[0].Member("id").Text(), idPrefix) {
		t.Errorf("%d are withdrawn", len(l))
	}
}

func TestAllPatientsAreAssessedAndWritten(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	r := w.must(w.ask(admin, "POST", "Patient/$assess?persist=true&endpoint=doris-2021,relapse", ""))
	for _, want := range []string{`{"name":"patients","valueInteger":9}`, `{"name":"endpoint","valueCode":"relapse"},{"name":"met","valueInteger":1}`} {
		if !strings.Contains(string(r.Body), want) {
			t.Errorf("%s is not in %s", want, r.Body)
		}
	}
	before, _, _ := w.store.Head(t.Context())
	w.must(w.ask(admin, "POST", "Patient/$assess?persist=true&endpoint=doris-2021,relapse", ""))
	if after, _, _ := w.store.Head(t.Context()); after != before {
		t.Error("the second time something was written")
	}
}
