package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// The folders of real data. Where one is absent its tests are skipped, but not in CI.
const (
	examplesDir = ".cache/r4"
	syntheaDir  = "../shared/data/synthea"
)

// dataFiles lists the files of a folder; with -short only every n-th.
func dataFiles(t *testing.T, dir, pattern string, n int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("there is no data in %s: run scripts/testdata", dir)
		}
		t.Skipf("there is no data in %s: scripts/testdata brings the examples, the Synthea bundles lie on the machines of developers", dir)
	}
	if !testing.Short() {
		return files
	}
	var part []string
	for k := 0; k < len(files); k += n {
		part = append(part, files[k])
	}
	return part
}

// document is a resource as encoding/json reads it, apart from all rooms of the server: those members that questions ask about.
type document map[string]any

// members are the names that questions ask about. The rest of 190 MB of examples need not stay in memory.
var members = []string{
	"resourceType", "id", "meta", "status", "code", "category", "type", "class", "kind", "base", "url", "date", "identifier", "name", "address", "gender",
	"birthDate", "subject", "patient", "encounter", "serviceProvider", "participant", "effectiveDateTime", "effectivePeriod", "onsetDateTime", "period",
	"performedPeriod", "occurrenceDateTime", "authoredOn", "valueQuantity", "clinicalStatus", "vaccineCode", "medicationCodeableConcept",
}

func readDocument(src []byte) (document, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(src, &all); err != nil {
		return nil, err
	}
	doc := document{}
	for _, name := range members {
		if all[name] == nil {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(all[name]))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		doc[name] = v
	}
	return doc, nil
}

// corpus is a store that holds documents, and the documents that it should hold.
type corpus struct {
	*house
	docs []document
}

// interact sends a request into the house, past HTTP.
func (c *corpus) interact(method, path, query string, body []byte) interaction.Response {
	pairs, err := interaction.ParseQuery(query)
	if err != nil {
		return interaction.Response{Err: err}
	}
	r := interaction.Request{
		Method: method, Path: path, Query: pairs, Body: body, Base: "http://localhost/fhir",
		Caller: fhir.Caller{Name: "test", Role: fhir.RoleAdmin}, Now: time.Now(),
	}
	if body != nil {
		r.ContentType = "application/fhir+json"
	}
	return c.service.Interact(context.Background(), r)
}

// loadExamples puts every official example at its id. It returns the files that are refused, with the status.
func loadExamples(t *testing.T, kind string) (*corpus, map[string]int) {
	t.Helper()
	files := dataFiles(t, examplesDir, "*-*.json", 10) // all but package.json
	c := &corpus{house: newTestHouse(t, kind, usualRules)}
	refused := map[string]int{}
	kept := map[string]document{}
	var mu sync.Mutex
	// What waits to be written has a bound, which the largest examples would pass together.
	const together = 16 << 20
	room := semaphore.NewWeighted(together)
	inParallel(files, func(file string) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			return
		}
		doc, err := readDocument(src)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		at := text(doc["resourceType"]) + "/" + text(doc["id"])
		size := min(int64(len(src)), together)
		if err := room.Acquire(t.Context(), size); err != nil {
			t.Error(err)
			return
		}
		resp := c.interact(http.MethodPut, at, "", src)
		room.Release(size)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case resp.Status != http.StatusOK && resp.Status != http.StatusCreated:
			refused[filepath.Base(file)] = resp.Status
		case kept[at] != nil:
			t.Errorf("%s: there are two examples of %s", file, at)
		default:
			kept[at] = doc
		}
	})
	c.docs = slices.Collect(maps.Values(kept))
	return c, refused
}

// inParallel does a few things at a time, so that the store can commit them in groups.
func inParallel[T any](l []T, do func(T)) {
	next := make(chan T)
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for x := range next {
				do(x)
			}
		})
	}
	for _, x := range l {
		next <- x
	}
	close(next)
	workers.Wait()
}

// loadSynthea posts the bundles.
func loadSynthea(t *testing.T, kind string) *corpus {
	t.Helper()
	files := dataFiles(t, syntheaDir, "*.json.gz", 8)
	c := &corpus{house: newTestHouse(t, kind, usualRules)}
	for _, file := range files {
		src := gunzipped(t, file)
		if resp := c.interact(http.MethodPost, "", "", src); resp.Status != http.StatusOK {
			t.Fatalf("%s: %d %v %v", file, resp.Status, resp.Issues, resp.Err)
		}
		var b struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(src, &b); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, e := range b.Entry {
			doc, err := readDocument(e.Resource)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			c.docs = append(c.docs, doc)
		}
	}
	return c
}

func gunzipped(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	src, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// eachDataStore runs a test on the stores for much data.
func eachDataStore(t *testing.T, test func(t *testing.T, kind string)) {
	t.Helper()
	for _, kind := range []string{sqliteStore, mongodbStore} {
		t.Run(kind, func(t *testing.T) {
			if kind == mongodbStore && underRace {
				t.Skip("without the race detector it is run whole")
			}
			test(t, kind)
		})
	}
}

func TestTheOfficialExamplesAreCountedAsInTheirFiles(t *testing.T) {
	eachDataStore(t, countExamples)
}

func countExamples(t *testing.T, kind string) {
	c, refused := loadExamples(t, kind)
	for file, status := range refused {
		if status != http.StatusBadRequest && status != http.StatusNotFound {
			t.Errorf("%s: status %d", file, status)
		}
	}
	// fhir/validate lists what is wrong with each.
	if got, want := len(refused), 22; got != want && !testing.Short() {
		t.Errorf("%d examples are refused, want %d", got, want)
	}
	if types := c.askTypes(t); types < 130 && !testing.Short() {
		t.Errorf("the examples are of %d types", types)
	}
	const (
		sct = "http://snomed.info/sct"
		ln  = "http://loinc.org"
	)
	effective := []string{"effectiveDateTime", "effectivePeriod"}
	c.ask(t, []question{
		{"Observation?code=http://loinc.org|55233-1", coded("code", ln, "55233-1")},
		{"Observation?code=http://loinc.org|85354-9", coded("code", ln, "85354-9")},
		{"Observation?category=vital-signs", coded("category", "", "vital-signs")},
		{"Condition?code=http://snomed.info/sct|39065001", coded("code", sct, "39065001")},
		{"Condition?clinical-status=active", coded("clinicalStatus", "", "active")},
		{"Patient?gender=male", has("gender", "male")},
		{"StructureDefinition?kind=resource", has("kind", "resource")},
		{"SearchParameter?base=Patient", has("base", "Patient")},
		{"SearchParameter?type=token", has("type", "token")},
		{"SearchParameter?base=Patient&type=reference", both(has("base", "Patient"), has("type", "reference"))},
		{"ValueSet?status=active", has("status", "active")},
		{"ValueSet?url=http://hl7.org/fhir/ValueSet/observation-status", has("url", "http://hl7.org/fhir/ValueSet/observation-status")},
		{"Encounter?class=AMB", func(d document) bool { return has("class.code", "AMB")(d) }},
		{"Patient?identifier=urn:oid:1.2.36.146.595.217.0.1|12345", identified("identifier", "urn:oid:1.2.36.146.595.217.0.1", "12345")},
		{"Patient?family=van", starts("name.family", "van")},
		{"Patient?birthdate=1974-12-25", during("eq", "1974-12-25", "birthDate")},
		{"Patient?birthdate=lt1950", during("lt", "1950", "birthDate")},
		{"Observation?date=ge2013", during("ge", "2013", effective...)},
		{"Observation?date=2012-09-17", during("eq", "2012-09-17", effective...)},
		{"Observation?date=lt2000-01-01", during("lt", "2000-01-01", effective...)},
		{"Observation?date=sa2015-01-01", during("sa", "2015-01-01", effective...)},
		{"ValueSet?date=eb2019", during("eb", "2019", "date")},
		{"CodeSystem?date=2019-10-31", during("eq", "2019-10-31", "date")}, // written as of 2019-11-01 in Melbourne,
		{"Encounter?date=le2013-03-11", during("le", "2013-03-11", "period")},
		{"Observation?subject=Patient/f001", has("subject.reference", "Patient/f001")},
		{"Observation?subject=Patient/example", has("subject.reference", "Patient/example")},
		{"Condition?patient=Patient/f201", has("subject.reference", "Patient/f201")},
		{"Encounter?service-provider=Organization/f001", has("serviceProvider.reference", "Organization/f001")},
		{"Observation?subject=Patient/f001&date=ge2013-04-01", both(has("subject.reference", "Patient/f001"), during("ge", "2013-04-01", effective...))},
	})
}

func TestTheSyntheaBundlesAreCountedAsInTheirFiles(t *testing.T) {
	eachDataStore(t, countSynthea)
}

func countSynthea(t *testing.T, kind string) {
	c := loadSynthea(t, kind)
	if n := len(c.docs); n != 18319 && !testing.Short() {
		t.Errorf("%d resources, want 18319", n)
	}
	if types := c.askTypes(t); types < 14 {
		t.Errorf("the bundles are of %d types", types)
	}
	const (
		sct = "http://snomed.info/sct"
		ln  = "http://loinc.org"
	)
	height := coded("code", ln, "8302-2")
	c.ask(t, []question{
		{"Observation?code=http://loinc.org|8302-2", height},
		{"Observation?code=72514-3", coded("code", "", "72514-3")},
		{"Observation?code=http://loinc.org|8302-2,http://loinc.org|29463-7", func(d document) bool { return height(d) || coded("code", ln, "29463-7")(d) }},
		{"Observation?category=laboratory", coded("category", "", "laboratory")},
		{"Condition?code=http://snomed.info/sct|38341003", coded("code", sct, "38341003")},
		{"Condition?clinical-status=resolved", coded("clinicalStatus", "", "resolved")},
		{"Procedure?code=http://snomed.info/sct|428191000124101", coded("code", sct, "428191000124101")},
		{"Immunization?vaccine-code=140", coded("vaccineCode", "", "140")},
		{"MedicationRequest?status=stopped", has("status", "stopped")},
		{"MedicationRequest?code=http://www.nlm.nih.gov/research/umls/rxnorm|316672", coded("medicationCodeableConcept", "", "316672")},
		{"Encounter?class=EMER", has("class.code", "EMER")},
		{"Encounter?type=http://snomed.info/sct|185349003", coded("type", sct, "185349003")},
		{"Patient?gender=female", has("gender", "female")},
		{"Patient?family=s", starts("name.family", "s")},
		{"Patient?address-state=massachusetts", starts("address.state", "massachusetts")},
		{"Patient?birthdate=lt1960", during("lt", "1960", "birthDate")},
		{"Patient?birthdate=ge1980-01-01&birthdate=lt1990-01-01", both(during("ge", "1980-01-01", "birthDate"), during("lt", "1990-01-01", "birthDate"))},
		{"Observation?date=2015", during("eq", "2015", "effectiveDateTime")},
		{"Observation?date=ge2018-06", during("ge", "2018-06", "effectiveDateTime")},
		{"Observation?code=8302-2&date=lt2012-02-29", both(height, during("lt", "2012-02-29", "effectiveDateTime"))},
		{"Condition?onset-date=le1999-12-31", during("le", "1999-12-31", "onsetDateTime")},
		{"Encounter?date=sa2016&date=eb2018", both(during("sa", "2016", "period"), during("eb", "2018", "period"))},
		{"Procedure?date=gt2017-05-05", during("gt", "2017-05-05", "performedPeriod")},
		{"Immunization?date=2014-01,2014-02", func(d document) bool {
			return during("eq", "2014-01", "occurrenceDateTime")(d) || during("eq", "2014-02", "occurrenceDateTime")(d)
		}},
		{"MedicationRequest?authoredon=lt2005", during("lt", "2005", "authoredOn")},
		{"Observation?code=8302-2&value-quantity=gt170||cm", both(height, measured("cm", func(x float64) bool { return x > 170 }))},
		{"Observation?code=8302-2&value-quantity=lt1.2|http://unitsofmeasure.org|m", both(height, measured("cm", func(x float64) bool { return x < 120 }))},
		{"Observation?patient.gender=female&code=8302-2", both(height, c.ofPatient(has("gender", "female")))},
		{"Condition?patient.birthdate=lt1960", c.ofPatient(during("lt", "1960", "birthDate"))},
		{"Patient?_has:Condition:patient:code=38341003", c.withCondition("38341003")},
	})
	c.askReferences(t)
}

// ofPatient says that the patient of a document is one whom a condition holds for.
func (c *corpus) ofPatient(holds func(document) bool) func(document) bool {
	patients := map[string]bool{}
	for _, d := range c.docs {
		if text(d["resourceType"]) == "Patient" && holds(d) {
			patients["urn:uuid:"+text(d["id"])] = true
		}
	}
	return func(d document) bool {
		return slices.ContainsFunc(each(d, "subject", "reference"), func(v any) bool { return patients[text(v)] })
	}
}

// withCondition says that some Condition with a code is about a patient.
func (c *corpus) withCondition(code string) func(document) bool {
	about := map[string]bool{}
	for _, d := range c.docs {
		if text(d["resourceType"]) == "Condition" && coded("code", "", code)(d) {
			for _, v := range each(d, "subject", "reference") {
				about[text(v)] = true
			}
		}
	}
	return func(d document) bool { return about["urn:uuid:"+text(d["id"])] }
}

// askReferences counts what refers to some patients, whose ids the server chose.
func (c *corpus) askReferences(t *testing.T) {
	t.Helper()
	const system = "https://github.com/synthetichealth/synthea"
	asked := 0
	for _, d := range c.docs {
		if text(d["resourceType"]) != "Patient" || asked == 4 {
			continue
		}
		asked++
		number := text(each(d, "identifier", "value")[0])
		resp := c.interact(http.MethodGet, "Patient", "identifier="+system+"|"+number, nil)
		var b struct {
			Entry []struct{ Resource struct{ ID string } }
		}
		if err := json.Unmarshal(resp.Body, &b); err != nil || len(b.Entry) != 1 {
			t.Fatalf("the patient %s is there %d times, %v", number, len(b.Entry), err)
		}
		at, urn := "Patient/"+b.Entry[0].Resource.ID, "urn:uuid:"+text(d["id"])
		c.ask(t, []question{
			{"Observation?subject=" + at, has("subject.reference", urn)},
			{"Encounter?patient=" + at, has("subject.reference", urn)},
			{"Claim?patient=" + at, has("patient.reference", urn)},
			{"Condition?patient.identifier=" + system + "|" + number, has("subject.reference", urn)},
			{"Encounter?patient=" + b.Entry[0].Resource.ID + "&date=ge1950", both(has("subject.reference", urn), during("ge", "1950", "period"))},
		})
	}
}
