package storetest

import (
	"slices"
	"strings"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

const loinc, ucum = "http://loinc.org", "http://unitsofmeasure.org"

// ward writes the resources that the search cases ask about, a second apart.
func ward(w *world) {
	w.Helper()
	for _, r := range []string{
		`{"resourceType":"Patient","id":"ann","active":true,"gender":"female","birthDate":"1980-05","name":[{"family":"Müller","given":["Ann","Zoë"]}],` +
			`"identifier":[{"system":"http://example.org/mrn","value":"1"}],"meta":{"tag":[{"system":"http://example.org/tag","code":"x"}]},"link":[{"other":{"reference":"Patient/ben"},"type":"refer"}]}`,
		`{"resourceType":"Patient","id":"ben","active":false,"gender":"male","birthDate":"1980-05-20","name":[{"family":"Mulligan"},{"family":"Adams"}],` +
			`"identifier":[{"system":"http://example.org/mrn","value":"2"},{"value":"1"}]}`,
		`{"resourceType":"Patient","id":"cat","name":[{"family":"muller","given":["Cat"]}],"birthDate":"1979"}`,
		`{"resourceType":"Patient","id":"dan","gender":"male"}`,
		`{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"},{"code":"pulse"}]},` +
			`"subject":{"reference":"Patient/ann"},"effectiveDateTime":"2024-05-01T10:00:00Z","valueQuantity":{"value":72,"unit":"per minute","system":"http://unitsofmeasure.org","code":"/min"}}`,
		`{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},` +
			`"subject":{"reference":"http://localhost:8080/fhir/Patient/ben"},"effectivePeriod":{"start":"2024-05-02"},"valueQuantity":{"value":80,"system":"http://unitsofmeasure.org","code":"/min"}}`,
		`{"resourceType":"Observation","id":"o3","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},` +
			`"subject":{"reference":"Patient/ann/_history/1"},"effectiveDateTime":"2024-04","valueQuantity":{"value":70.5,"system":"http://unitsofmeasure.org","code":"kg"}}`,
		`{"resourceType":"Observation","id":"o4","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},` +
			`"subject":{"reference":"Patient/cat"},"valueQuantity":{"value":70500,"system":"http://unitsofmeasure.org","code":"g"}}`,
		`{"resourceType":"Observation","id":"o5","status":"final","code":{"text":"no coding"},"valueString":"fine","derivedFrom":[{"reference":"Observation/o3"},{"reference":"Observation/o1"}]}`,
		`{"resourceType":"Condition","id":"c1","code":{"coding":[{"system":"http://snomed.info/sct","code":"55464009"}]},"subject":{"reference":"Patient/ann"},"onsetDateTime":"2011"}`,
		`{"resourceType":"RiskAssessment","id":"r1","status":"final","subject":{"reference":"Patient/ben"},"prediction":[{"probabilityDecimal":0.25},{"probabilityDecimal":0.9}]}`,
		`{"resourceType":"RiskAssessment","id":"r2","status":"final","subject":{"reference":"Patient/ben"},"prediction":[{"probabilityDecimal":0.5}]}`,
		`{"resourceType":"ValueSet","id":"v1","status":"draft","url":"http://example.org/ValueSet/b"}`,
		`{"resourceType":"ValueSet","id":"v2","status":"active","url":"http://example.org/ValueSet/a"}`,
	} {
		w.load(r)
	}
}

// wardAnswers cover every condition that a plan is made of. The ids stand in the order of writing, or in that of _sort.
var wardAnswers = []struct{ query, want string }{
	{"Patient", "ann ben cat dan"},
	{"Observation", "o1 o2 o3 o4 o5"},
	{"Group", ""},
	// keys: tokens, references, uris, exact strings, missing
	{"Patient?gender=male", "ben dan"},
	{"Patient?gender=male,female", "ann ben dan"},
	{"Patient?gender:not=male", "ann cat"},
	{"Patient?gender:missing=true", "cat"},
	{"Patient?gender:missing=false", "ann ben dan"},
	{"Patient?gender=male&active=false", "ben"},
	{"Patient?identifier=http://example.org/mrn|1", "ann"},
	{"Patient?identifier=1", "ann ben"},
	{"Patient?identifier=|1", "ben"},
	{"Patient?identifier=http://example.org/mrn|", "ann ben"},
	{"Patient?family:exact=muller", "cat"},
	{"Patient?_tag=http://example.org/tag|x", "ann"},
	{"Observation?code=http://loinc.org|8867-4", "o1 o2"},
	{"Observation?code=pulse", "o1"},
	{"Observation?subject=Patient/ann", "o1 o3"},
	{"Observation?subject=ben", "o2"},
	{"Observation?subject:Patient=cat", "o4"},
	{"Observation?derived-from=Observation/o1", "o5"},
	{"ValueSet?url=http://example.org/ValueSet/a", "v2"},
	// ids and times
	{"Patient?_id=dan,ann,nobody", "ann dan"},
	{"Patient?_id=nobody", ""},
	{"Patient?_lastUpdated=lt2026-03-01T11:00:02Z", "ann ben"},
	{"Patient?_lastUpdated=ge2026-03-01T11:00:02Z", "cat dan"},
	{"Patient?_lastUpdated=2026-03-01T11:00:01Z", "ben"},
	{"Patient?_lastUpdated=gt2030", ""},
	// texts
	{"Patient?name=mul", "ann ben cat"},
	{"Patient?name=MÜLLER", "ann cat"},
	{"Patient?given:contains=o", "ann"},
	{"Patient?given=zoe", "ann"},
	{"Patient?name=mul&name=adams", "ben"},
	// ranges
	{"Patient?birthdate=1980", "ann ben"},
	{"Patient?birthdate=1980-05-20", "ben"},
	{"Patient?birthdate=ne1980", "cat"},
	{"Patient?birthdate=lt1980-05-20", "ann cat"},
	{"Patient?birthdate=gt1980-05-20", "ann"},
	{"Patient?birthdate=ge1980-05-20", "ann ben"},
	{"Patient?birthdate=le1980-05-20", "ann ben cat"},
	{"Patient?birthdate=sa1979", "ann ben"},
	{"Patient?birthdate=eb1980-05-20", "cat"},
	{"Observation?date=ge2024-05-01", "o1 o2"},
	{"Observation?date=gt2030", "o2"},
	{"Observation?value-quantity=72", "o1"},
	{"Observation?value-quantity=gt75|http://unitsofmeasure.org|/min", "o2"},
	{"Observation?value-quantity=70.5|http://unitsofmeasure.org|kg", "o3 o4"},
	{"Observation?value-quantity=70.5||kg", "o3"},
	{"Observation?value-quantity=lt71||kg", "o3"},
	{"RiskAssessment?probability=gt0.8", "r1"},
	{"RiskAssessment?probability=lt0.4", "r1"},
	{"RiskAssessment?probability=0.5", "r2"},
	// composites: both parts of one element
	{"Observation?code-value-quantity=http://loinc.org|8867-4$gt75", "o2"},
	{"Observation?code-value-quantity=29463-7$70.5|http://unitsofmeasure.org|kg", "o3 o4"},
	{"Observation?code-value-quantity=29463-7$gt100000", ""},
	// chains and reverse chains
	{"Observation?subject:Patient.name=muller", "o1 o3 o4"},
	{"Observation?patient.gender=male", "o2"},
	{"Observation?patient.gender:not=male", "o1 o3 o4"},
	{"Observation?derived-from:Observation.patient.identifier=http://example.org/mrn|1", "o5"},
	{"Patient?_has:Observation:patient:code=8867-4", "ann ben"},
	{"Patient?_has:Observation:patient:code=8867-4&_has:Condition:patient:code=55464009", "ann"},
	{"Patient?_has:Condition:patient:onset-date=2011", "ann"},
	{"Observation?_has:Observation:derived-from:status=final", "o1 o3"},
	{"Patient?_has:Observation:patient:_has:Observation:derived-from:status=final", "ann"},
	{"Patient?_has:Observation:patient:code=nothing", ""},
	// compartments
	{"Patient/ann/Observation", "o1 o3"},
	{"Patient/ann/Observation?status=amended", "o3"},
	{"Patient/dan/Observation", ""},
	// orders
	{"Patient?_sort=_id", "ann ben cat dan"},
	{"Patient?_sort=-_id", "dan cat ben ann"},
	{"Patient?_sort=_lastUpdated", "ann ben cat dan"},
	{"Patient?_sort=-_lastUpdated", "dan cat ben ann"},
	{"Patient?_sort=birthdate", "cat ann ben dan"},
	{"Patient?_sort=-birthdate", "ben ann cat dan"},
	{"Patient?_sort=family", "ben ann cat dan"},
	{"Patient?_sort=-family", "ben ann cat dan"},
	{"Patient?_sort=gender", "ann ben dan cat"},
	{"Patient?_sort=-gender", "ben dan ann cat"},
	{"Patient?_sort=-gender,-_id", "dan ben ann cat"},
	{"Patient?_sort=gender,birthdate", "ann ben dan cat"},
	{"Patient?_sort=link", "ann ben cat dan"},
	{"Observation?_sort=date", "o3 o1 o2 o4 o5"},
	{"Observation?_sort=-date", "o2 o1 o3 o4 o5"},
	{"Observation?_sort=value-quantity", "o3 o1 o2 o4 o5"},
	{"Observation?_sort=-value-quantity", "o4 o2 o1 o3 o5"},
	{"Observation?_sort=-subject", "o4 o2 o1 o3 o5"},
	{"Observation?_sort=status,-date", "o3 o2 o1 o4 o5"},
	{"RiskAssessment?_sort=probability", "r1 r2"},
	{"RiskAssessment?_sort=-probability", "r1 r2"},
	{"ValueSet?_sort=url", "v2 v1"},
	{"ValueSet?_sort=-url", "v1 v2"},
}

var searchCases = []testCase{
	{"every kind of condition and order is answered, and counted", func(w *world) {
		ward(w)
		for _, c := range wardAnswers {
			w.equal(c.query, strings.Fields(c.want), w.find(c.query))
			w.equal("count of "+c.query, int64(len(strings.Fields(c.want))), w.count(c.query, store.Now))
		}
	}},
	{"answers at an earlier moment stay what they were, whatever was written since", func(w *world) {
		ward(w)
		t := w.head()
		w.load(`{"resourceType":"Patient","id":"ann","gender":"male","birthDate":"2001","name":[{"family":"Zeta"}]}`)
		w.load(`{"resourceType":"Patient","id":"eve","gender":"male","birthDate":"1980-05-20","name":[{"family":"Muller"}]}`)
		w.write(remove("Patient/ben"), remove("Observation/o3"), remove("Condition/c1"), remove("ValueSet/v1"))
		w.load(`{"resourceType":"Patient","id":"ben","gender":"other"}`, observes("o1", "Patient/dan"), observes("o9", "Patient/ann"))
		for _, c := range wardAnswers {
			w.equal(c.query, strings.Fields(c.want), w.findAt(c.query, t))
			w.equal("count of "+c.query, int64(len(strings.Fields(c.want))), w.count(c.query, t))
		}
	}},
	{"what is written, changed, deleted and brought back is found as it is now", func(w *world) {
		w.equal("before", []string(nil), w.find("Patient?name=lovelace"))
		w.load(ada)
		w.equal("created", []string{"p1"}, w.find("Patient?name=lovelace"))
		w.load(adaMoved)
		w.equal("changed, by the old name", []string(nil), w.find("Patient?name=lovelace"))
		w.equal("changed, by the new name", []string{"p1"}, w.find("Patient?name=king"))
		w.write(remove("Patient/p1"))
		w.equal("deleted", []string(nil), w.find("Patient"))
		w.load(ada)
		w.equal("brought back", []string{"p1"}, w.find("Patient?name=lovelace"))
		w.equal("brought back, by the name between", []string(nil), w.find("Patient?name=king"))
	}},
	{"a search at each moment of a history sees that moment", func(w *world) {
		commits := story(w)
		for k, want := range [][]string{{"p1", "p2"}, {"p2", "p1"}, {"p1"}, {"p2"}, {"p2", "p1"}} {
			w.equal("patients", want, w.findAt("Patient", commits[k].T))
			w.equal("count", int64(len(want)), w.count("Patient", commits[k].T))
		}
		w.equal("king", []string{"p1"}, w.findAt("Patient?name=king", commits[2].T))
		w.equal("lovelace", []string(nil), w.findAt("Patient?name=lovelace", commits[2].T))
		w.equal("chain then", []string{"o1"}, w.findAt("Observation?subject:Patient.name=king", commits[2].T))
		w.equal("chain now", []string(nil), w.find("Observation?subject:Patient.name=king"))
	}},
	{"without _sort the order is that of the last change", func(w *world) {
		w.load(named("b", "x"), named("a", "x"))
		w.load(named("c", "x"))
		w.equal("patients", []string{"b", "a", "c"}, w.find("Patient"))
		w.load(named("b", "y"))
		w.equal("patients", []string{"a", "c", "b"}, w.find("Patient"))
		w.load(named("a", "x"))
		w.equal("patients after an update that changes nothing", []string{"a", "c", "b"}, w.find("Patient"))
	}},
	{"equal sort values stand in the order of the last change, in both directions", func(w *world) {
		w.load(named("b", "x"), named("a", "x"), named("c", "w"))
		w.equal("ascending", []string{"c", "b", "a"}, w.find("Patient?_sort=family"))
		w.equal("descending", []string{"b", "a", "c"}, w.find("Patient?_sort=-family"))
	}},
	{"a resource with several values that match is one match", func(w *world) {
		w.load(`{"resourceType":"Patient","id":"p1","name":[{"family":"Aa","given":["Ab","Ac"]},{"family":"Ad"}]}`,
			observes("o1", "Patient/p1"), observes("o2", "Patient/p1"))
		w.equal("by name", []string{"p1"}, w.find("Patient?name=a"))
		w.equal("by two values", []string{"p1"}, w.find("Patient?name=aa,ab"))
		w.equal("by reverse chain", []string{"p1"}, w.find("Patient?_has:Observation:patient:status=final"))
		w.equal("sorted", []string{"p1"}, w.find("Patient?_sort=name"))
		w.equal("count", int64(1), w.count("Patient?name=a", store.Now))
	}},
	{"a chain does not reach what is deleted or was never there", func(w *world) {
		w.load(ada, observes("o1", "Patient/p1"), observes("o2", "Patient/never"))
		w.equal("chain", []string{"o1"}, w.find("Observation?subject:Patient._id=p1,never"))
		w.write(remove("Patient/p1"))
		w.equal("chain to a tombstone", []string(nil), w.find("Observation?subject:Patient._id=p1,never"))
		w.equal("negated chain to a tombstone", []string(nil), w.find("Observation?subject:Patient.gender:not=male"))
		w.load(adaAgain)
		w.equal("chain to what came back", []string{"o1"}, w.find("Observation?subject:Patient.name=byron"))
	}},
	{"a reverse chain does not start from what is deleted or has changed", func(w *world) {
		w.load(ada, bob, observes("o1", "Patient/p1"), observes("o2", "Patient/p2"))
		w.load(observes("o1", "Patient/p2"))
		w.equal("after a change", []string{"p2"}, w.find("Patient?_has:Observation:patient:status=final"))
		w.write(remove("Observation/o1"), remove("Observation/o2"))
		w.equal("after a delete", []string(nil), w.find("Patient?_has:Observation:patient:status=final"))
	}},
	{"a match is the version that a read returns", func(w *world) {
		ward(w)
		w.load(adaMoved)
		for _, m := range w.matches(w.plan("Patient?_sort=-_id"), store.Page{}) {
			v, err := w.store.Read(w.Context(), store.Now, m.Key)
			w.equal("error", nil, err)
			w.equal("version", v, m.Version)
		}
	}},
	{"the references of matches are told by parameter, local ones only", func(w *world) {
		ward(w)
		ms := w.matches(w.plan("Observation?_sort=_id"), store.Page{})
		ref := func(param, k, vid string) search.RefEntry {
			return search.RefEntry{Param: param, Key: key(k), VID: vid}
		}
		for _, c := range []struct {
			params []string
			want   [][]search.RefEntry
		}{
			{[]string{"subject"}, [][]search.RefEntry{
				{ref("subject", "Patient/ann", "")}, {ref("subject", "Patient/ben", "")}, {ref("subject", "Patient/ann", "1")}, {ref("subject", "Patient/cat", "")}, {},
			}},
			{[]string{"derived-from", "subject"}, [][]search.RefEntry{
				{ref("subject", "Patient/ann", "")},
				{ref("subject", "Patient/ben", "")},
				{ref("subject", "Patient/ann", "1")},
				{ref("subject", "Patient/cat", "")},
				{ref("derived-from", "Observation/o1", ""), ref("derived-from", "Observation/o3", "")},
			}},
			{[]string{"*"}, [][]search.RefEntry{
				{ref("patient", "Patient/ann", ""), ref("subject", "Patient/ann", "")},
				{ref("patient", "Patient/ben", ""), ref("subject", "Patient/ben", "")},
				{ref("patient", "Patient/ann", "1"), ref("subject", "Patient/ann", "1")},
				{ref("patient", "Patient/cat", ""), ref("subject", "Patient/cat", "")},
				{ref("derived-from", "Observation/o1", ""), ref("derived-from", "Observation/o3", "")},
			}},
			{[]string{"performer"}, [][]search.RefEntry{{}, {}, {}, {}, {}}},
		} {
			got, err := w.store.Refs(w.Context(), ms, c.params)
			w.equal("error", nil, err)
			w.equal("references by "+strings.Join(c.params, " "), c.want, inOrder(got))
		}
		none, err := w.store.Refs(w.Context(), nil, []string{"*"})
		w.equal("error", nil, err)
		w.equal("references of no match", 0, len(none))
	}},
	{"the references of a match are those of its version, though it has changed since", func(w *world) {
		w.load(observes("o1", "Patient/p1"))
		ms := w.matches(w.plan("Observation"), store.Page{})
		w.load(observes("o1", "Patient/p2"))
		w.write(remove("Observation/o1"))
		got, err := w.store.Refs(w.Context(), ms, []string{"subject"})
		w.equal("error", nil, err)
		w.equal("references", [][]search.RefEntry{{{Param: "subject", Key: key("Patient/p1")}}}, inOrder(got))
	}},
	{"a reader may stop in the middle of its matches, and the store goes on", func(w *world) {
		ward(w)
		for _, err := range w.store.Search(w.Context(), w.plan("Observation"), store.Page{}) {
			w.equal("error", nil, err)
			break
		}
		w.load(ada)
		w.equal("patients", int64(5), w.count("Patient", store.Now))
	}},
	{"a writer is not held up by a reader in the middle of its matches", func(w *world) {
		ward(w)
		var got []string
		for m, err := range w.store.Search(w.Context(), w.plan("Patient"), store.Page{}) {
			w.equal("error", nil, err)
			got = append(got, m.ID)
			w.load(named(m.ID, "changed"))
		}
		w.equal("matches", []string{"ann", "ben", "cat", "dan"}, got)
	}},
	{"a canceled search ends with an error", func(w *world) {
		ward(w)
		var last error
		for _, err := range w.store.Search(canceled(w), w.plan("Patient"), store.Page{}) {
			last = err
		}
		if last == nil {
			w.Error("want an error")
		}
	}},
	{"_lastUpdated compares whole milliseconds", func(w *world) {
		c := w.load(ada)
		at := func(d time.Duration) string { return c.At.Add(d).Format(fhir.InstantLayout) }
		for query, want := range map[string][]string{
			"Patient?_lastUpdated=" + at(0):                   {"p1"},
			"Patient?_lastUpdated=ge" + at(0):                 {"p1"},
			"Patient?_lastUpdated=le" + at(0):                 {"p1"},
			"Patient?_lastUpdated=gt" + at(0):                 nil,
			"Patient?_lastUpdated=lt" + at(0):                 nil,
			"Patient?_lastUpdated=ne" + at(0):                 nil,
			"Patient?_lastUpdated=gt" + at(-time.Millisecond): {"p1"},
			"Patient?_lastUpdated=lt" + at(time.Millisecond):  {"p1"},
			"Patient?_lastUpdated=sa" + at(-time.Millisecond): {"p1"},
			"Patient?_lastUpdated=eb" + at(time.Millisecond):  {"p1"},
		} {
			w.equal(query, want, w.find(query))
		}
	}},
}

// inOrder sorts the references of each match, whose order the port leaves open.
func inOrder(all [][]search.RefEntry) [][]search.RefEntry {
	sorted := make([][]search.RefEntry, len(all))
	for k, refs := range all {
		sorted[k] = append([]search.RefEntry{}, refs...)
		slices.SortFunc(sorted[k], func(a, b search.RefEntry) int {
			return strings.Compare(a.Param+" "+a.Key.String()+" "+a.VID, b.Param+" "+b.Key.String()+" "+b.VID)
		})
	}
	return sorted
}
