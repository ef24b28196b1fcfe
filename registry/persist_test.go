package registry

import (
	"strings"
	"testing"

	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/registry/course"
	"firewolf/registry/term"
)

// kept are the outcomes of an endpoint that were written of the first of the crowd, by a status.
func (w *world) kept(endpoint, status string) [][]string {
	w.t.Helper()
	var l [][]string
	for _, o := range w.observations("Observation?subject=Patient/c000&_sort=date&status=" + status + "&code=" + term.Local + "|" + endpoint) {
		if strings.HasPrefix(o.Member("id").Text(), idPrefix) {
			l = append(l, []string{o.Member("effectiveDateTime").Text(), o.Member("valueCodeableConcept").Member("coding").Item(0).Member("code").Text()})
		}
	}
	return l
}

func TestAnOutcomeWhoseInputsWereDeletedIsWithdrawn(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.stated("judged", "doris-2021", "2024-03-31", "criterion-not-met")
	for on, n := range map[string]string{"2024-01-31": "0", "2024-03-01": "30", "2024-04-20": "40"} {
		w.cd19(on, n)
	}
	const ask = "Patient/c000/$assess?persist=true&endpoint=doris-2021,b-cell-reconstitution"
	w.must(w.ask(admin, "POST", ask, ""))
	w.same("at first", w.kept("doris-2021", "final"), []string{"2024-03-31", "criterion-met"})
	w.same("at first, B cells", w.kept("b-cell-reconstitution", "final"), []string{"2024-03-01", ""})
	w.gone("judged", "c000-sledai", "c000-pga")
	w.must(w.ask(admin, "POST", ask, ""))
	w.same("of no assessment", w.kept("doris-2021", "final"))
	w.same("withdrawn", w.kept("doris-2021", "entered-in-error"), []string{"2024-03-31", "criterion-met"})
	for _, o := range w.observations("Observation?subject=Patient/c000&status=entered-in-error&code=" + term.Local + "|doris-2021") {
		if got := string(o.Member("derivedFrom").Raw()); got != `[{"reference":"Observation/c000-gc"}]` {
			t.Errorf("it is derived from %s", got)
		}
		if o.Member("extension").Len() != 1 || o.Member("focus").Len() != 1 {
			t.Errorf("the time point and the infusion are not kept: %s", o.Raw())
		}
	}
	w.must(w.ask(admin, "DELETE", "Procedure/c000", ""))
	w.must(w.ask(admin, "POST", ask, ""))
	w.same("of no infusion", w.kept("b-cell-reconstitution", "final"))
	w.same("B cells withdrawn", w.kept("b-cell-reconstitution", "entered-in-error"), []string{"2024-03-01", ""})
	head, _, _ := w.store.Head(t.Context())
	w.must(w.ask(admin, "POST", ask, ""))
	if after, _, _ := w.store.Head(t.Context()); after != head {
		t.Error("what is withdrawn was written again")
	}
}

func TestOfAllPatientsTheOutcomesOfAnInfusionInErrorAreWithdrawnToo(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	const ask = "Patient/$assess?persist=true&endpoint=doris-2021"
	w.must(w.ask(admin, "POST", ask, ""))
	old := w.observations("Procedure?_id=c000") // observations returns any resource
	w.must(w.ask(admin, "PUT", "Procedure/c000", strings.Replace(string(old[0].Raw()), `"completed"`, `"entered-in-error"`, 1)))
	w.same("counted", w.toldPosted(ask), []string{"0", "1", "1"})
	w.same("kept", w.kept("doris-2021", "final"))
}

// toldPosted posts a call of $assess and returns what was written: created or changed, unchanged, withdrawn.
func (w *world) toldPosted(path string) [][]string {
	w.t.Helper()
	r := w.must(w.ask(admin, "POST", path, ""))
	var l []string
	for _, p := range strings.Split(string(r.Body), `{"name":"`) {
		for _, name := range []string{"created-or-changed", "unchanged", "withdrawn"} {
			if n, ok := strings.CutPrefix(p, name+`","valueInteger":`); ok {
				l = append(l, n[:strings.IndexByte(n, '}')])
			}
		}
	}
	return [][]string{l}
}

// Two calls may overlap: what follows from older inputs must not replace what follows from younger ones.
func TestACallThatWritesLaterDoesNotUndoWhatFollowsFromYoungerInputs(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	const ask = "Patient/c000/$assess?persist=true&endpoint=doris-2021"
	for _, first := range []string{"a call that creates it", "a call that changes it"} {
		g, x, early := w.halfway(t)
		w.score("c000", "2024-03-31", "pga", "0.2")
		w.observe("c000-pga", "c000", "2024-03-31", `"code":`+local("pga")+`,"valueQuantity":{"value":0.9}`)
		w.gone("c000-pga-2024-03-31")
		w.must(w.ask(admin, "POST", ask, ""))
		if _, l, err := g.keep(t.Context(), x, early); err != nil || len(l) != 1 || l[0].Result != term.NotMet {
			t.Fatalf("%s: %v %v", first, l, err)
		}
		w.same(first, w.kept("doris-2021", "final"), []string{"2024-03-31", "criterion-not-met"})
		if first == "a call that creates it" {
			o := w.observations("Observation?status=final&code=" + term.Local + "|doris-2021")
			if vid := o[0].Member("meta").Member("versionId").Text(); vid != "1" {
				t.Errorf("%s: it was written over, to version %s", first, vid)
			}
		}
		if head, _, _ := w.store.Head(t.Context()); x.t != head {
			t.Errorf("%s: the answer is told to be of moment %d, not %d", first, x.t, head)
		}
		w.observe("c000-pga", "c000", "2024-03-31", `"code":`+local("pga")+`,"valueQuantity":{"value":0.3}`)
	}
}

func TestOutcomesOfWhoWithdrawsWhileTheyAreWrittenAreTakenBackAndTheOthersGoOn(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	g, x, early := w.halfway(t)
	w.must(w.ask(admin, "PUT", "Consent/c000", `{"resourceType":"Consent","id":"c000","status":"rejected","scope":{"text":"research"},"category":[{"text":"research"}],"patient":{"reference":"Patient/c000"},"dateTime":"2025-12-01","policyRule":{"text":"research"}}`))
	n := newTally()
	if err := g.assessNext(t.Context(), *x, n, early); err != nil || n.patients != 0 {
		t.Errorf("%v, %d patients", err, n.patients)
	}
	w.same("kept", w.kept("doris-2021", "final"))
}

// halfway is a call of $assess that has read the inputs and has written nothing yet.
func (w *world) halfway(t *testing.T) (*Registry, *assessment, *course.Course) {
	t.Helper()
	_, engine := definitionsOf(t)
	g, err := New(Options{Store: w.store, Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	now, at, err := w.store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked := []string{term.DORIS2021}
	x := &assessment{asked: asked, rules: usual(), today: today(w.now), t: now, at: at, answer: &answer{}, w: &writer{g: g, service: w.service, request: interaction.Request{
		Caller: admin, Now: w.now, Base: "http://localhost/fhir", Query: []search.Pair{{Name: "endpoint", Value: term.DORIS2021}},
	}}}
	early, err := g.courseOf(t.Context(), now, "c000")
	if err != nil {
		t.Fatal(err)
	}
	return g, x, early
}

// Two records of one day tell of one infusion. Outcomes stay with one of them, whichever was written last.
func TestOutcomesStayWithTheirInfusionWhoeverElseTellsOfIt(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.infuse("c000-billed", "c000", "2024-01-01")
	const persist = "Patient/c000/$assess?persist=true&endpoint=doris-2021,lldas"
	told := func() [][]string {
		return append(w.toldPosted(persist), pick(w.table(admin, "Patient/c000/$assess?endpoint=doris-2021", "outcome"), "focus")...)
	}
	w.same("at first", told(), []string{"2", "0", "0"}, []string{"Procedure/c000"})
	w.must(w.ask(admin, "PUT", "Procedure/c000", `{"resourceType":"Procedure","id":"c000","status":"completed","subject":{"reference":"Patient/c000"},"performedDateTime":"2024-01-01","note":[{"text":"by night"}],"code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}}`))
	w.same("after one was edited", told(), []string{"0", "2", "0"}, []string{"Procedure/c000"})
}

// Two systems told the same of one time. That one of them is edited changes nothing.
func TestOutcomesKeepTheirInputsWhicheverWasWrittenLast(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	const persist = "Patient/c000/$assess?persist=true&endpoint=doris-2021"
	for _, id := range []string{"c000-pga-2", "c000-pga-3"} {
		w.observe(id, "c000", "2024-03-31", `"code":`+local("pga")+`,"valueQuantity":{"value":0.2}`)
	}
	w.same("at first", w.toldPosted(persist), []string{"1", "0", "0"})
	for _, id := range []string{"c000-pga", "c000-pga-2", "c000-pga-3"} {
		w.observe(id, "c000", "2024-03-31", `"note":[{"text":"by night"}],"code":`+local("pga")+`,"valueQuantity":{"value":0.2}`)
		w.same("after "+id+" was edited", w.toldPosted(persist), []string{"0", "1", "0"})
	}
}
