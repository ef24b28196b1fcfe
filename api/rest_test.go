package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/validate"
	"firewolf/store/memory"
)

// definitions opens what is costly to open, once.
var definitions = sync.OnceValues(func() (*spec.Spec, *validate.Checker) {
	s, err := spec.Open()
	if err != nil {
		panic(err)
	}
	return s, validate.New(s)
})

// serveFHIRStore starts a server over the real rooms below it: interactions, search, definitions, a store in memory.
func serveFHIRStore(t *testing.T, change func(*Options)) *testServer {
	t.Helper()
	s, checker := definitions()
	engine, err := search.NewEngine(s, restBase)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return noon }
	store := memory.New(s, clock, restBase)
	t.Cleanup(func() { store.Close() })
	ids := 0
	var mu sync.Mutex
	service, err := interaction.New(interaction.Options{
		Store: store, Spec: s, Search: engine, Checker: checker, Clock: clock, ConditionalDeleteMultiple: true,
		IDs: func() string {
			mu.Lock()
			defer mu.Unlock()
			ids++
			return fmt.Sprintf("new-%d", ids)
		},
		Software: interaction.Software{Name: "Firewolf", Version: "1", Released: noon},
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, service, func(o *Options) {
		o.BaseURL = restBase
		if change != nil {
			change(o)
		}
	})
}

// restBase is the base URL that the servers of these tests have for their clients.
const restBase = "https://fhir.example.org/r4"

// step is one request of a scenario and what its answer must be. BASE stands for the base URL, {1} for what the step
// before caught.
type step struct {
	do     string   // "PUT Patient/1", below the base
	header []string // "If-Match: W/\"1\""
	body   string
	status int
	with   []string // headers as "Etag: W/\"1\"", or "-Location" for one that must not be there
	body1  string   // the whole body; "" says nothing about it
	has    []string // parts of the body
	lacks  []string // what must not be in it
	catch  string   // what stands in the body before a text, up to its quote, that the next step gets as {1}
}

const (
	lastDate = "Last-Modified: Sun, 01 Jun 2025 12:00:00 GMT"
	jsonBody = "Content-Type: application/fhir+json"
	stamped1 = `"meta":{"versionId":"1","lastUpdated":"2025-06-01T12:00:00.000Z"}`
	stamped2 = `"meta":{"versionId":"2","lastUpdated":"2025-06-01T12:00:00.001Z"}`
)

// run sends the steps in their order.
func (ts *testServer) run(t *testing.T, steps []step) {
	t.Helper()
	caught := ""
	for n, s := range steps {
		fill := strings.NewReplacer("BASE", restBase, "{1}", caught).Replace
		method, path, _ := strings.Cut(fill(s.do), " ")
		path = strings.TrimPrefix(path, restBase+"/")
		header := s.header
		if s.body != "" && !strings.Contains(strings.Join(header, "\n"), "Content-Type: ") {
			header = append([]string{jsonBody}, header...)
		}
		got := ts.do(method, "/fhir/"+path, fill(s.body), header...)
		where := fmt.Sprintf("step %d, %s %s", n+1, method, path)
		if got.status != s.status {
			t.Fatalf("%s: status %d, want %d: %s", where, got.status, s.status, got.body)
		}
		for _, line := range s.with {
			name, value, _ := strings.Cut(fill(line), ": ")
			if absent, ok := strings.CutPrefix(name, "-"); ok {
				name, value = absent, ""
			}
			if v := got.header.Get(name); v != value {
				t.Errorf("%s: %s is %q, want %q", where, name, v, value)
			}
		}
		if s.body1 != "" && got.body != fill(s.body1) {
			t.Errorf("%s: body\n%s\nwant\n%s", where, got.body, fill(s.body1))
		}
		for _, part := range s.has {
			if !strings.Contains(got.body, fill(part)) {
				t.Errorf("%s: the body lacks %s:\n%s", where, fill(part), got.body)
			}
		}
		for _, part := range s.lacks {
			if strings.Contains(got.body, fill(part)) {
				t.Errorf("%s: the body has %s:\n%s", where, fill(part), got.body)
			}
		}
		if got.body != "" && strings.Contains(got.header.Get("Content-Type"), "json") && !json.Valid([]byte(got.body)) {
			t.Errorf("%s: the body is no JSON: %s", where, got.body)
		}
		if s.catch != "" {
			_, rest, _ := strings.Cut(got.body, s.catch)
			caught, _, _ = strings.Cut(rest, `"`)
		}
	}
}

func TestREST(t *testing.T) {
	const wolf = `{"resourceType":"Patient","id":"1","name":[{"family":"Wolf"}],"birthDate":"1980-05-01"}`
	const wolf1 = `{"resourceType":"Patient","id":"1",` + stamped1 + `,"name":[{"family":"Wolf"}],"birthDate":"1980-05-01"}`
	const fox = `{"resourceType":"Patient","id":"1","name":[{"family":"Fox"}]}`
	tests := []struct {
		name  string
		steps []step
	}{
		{"a resource lives: created by PUT, read, changed, deleted, and its history stays", []step{
			{do: "GET Patient/1", status: 404, has: []string{`"code":"not-found"`}, with: []string{"-Etag"}},
			{do: "PUT Patient/1", body: wolf, status: 201, body1: wolf1, with: []string{"Location: BASE/Patient/1/_history/1", `Etag: W/"1"`, lastDate, "Content-Type: application/fhir+json; charset=utf-8"}},
			{do: "GET Patient/1", status: 200, body1: wolf1, with: []string{`Etag: W/"1"`, lastDate, "-Location"}},
			{do: "HEAD Patient/1", status: 200, with: []string{`Etag: W/"1"`, lastDate, fmt.Sprintf("Content-Length: %d", len(wolf1))}},
			{do: "PUT Patient/1", body: wolf, status: 200, body1: wolf1, with: []string{`Etag: W/"1"`}},
			{do: "PUT Patient/1", body: fox, status: 200, has: []string{stamped2, "Fox"}, with: []string{`Etag: W/"2"`, "-Location"}},
			{do: "GET Patient/1/_history/1", status: 200, body1: wolf1, with: []string{`Etag: W/"1"`, lastDate}},
			{do: "HEAD Patient/1/_history/1", status: 200, with: []string{`Etag: W/"1"`}},
			{do: "GET Patient/1/_history/3", status: 404, has: []string{`"code":"not-found"`}},
			{do: "DELETE Patient/1", status: 204, with: []string{"-Content-Type", `Etag: W/"3"`}},
			{do: "DELETE Patient/1", status: 204},
			{do: "GET Patient/1", status: 410, has: []string{`"code":"deleted"`}, lacks: []string{"Fox"}, with: []string{`Etag: W/"3"`}},
			{do: "GET Patient/1/_history/3", status: 410, has: []string{`"code":"deleted"`}},
			{do: "GET Patient/1/_history", status: 200, has: []string{`"type":"history"`, `"total":3`, `"method":"DELETE"`, `"method":"PUT"`, "Wolf", "Fox", `"etag":"W/\"3\""`}},
			{do: "GET Patient/_history?_count=1", status: 200, has: []string{`"relation":"next"`, `"method":"DELETE"`}, lacks: []string{"Wolf"}},
			{do: "GET _history", status: 200, has: []string{`"total":3`}},
			{do: "PUT Patient/1", body: wolf, status: 201, has: []string{`"versionId":"4"`}},
		}},
		{"a create makes its own id", []step{
			{do: "POST Patient", body: `{"resourceType":"Patient","id":"mine"}`, status: 201, with: []string{"Location: BASE/Patient/new-1/_history/1", `Etag: W/"1"`, lastDate}, has: []string{`"id":"new-1"`}},
			{do: "GET Patient/mine", status: 404},
			{do: "GET Patient/new-1", status: 200},
		}},
		{"what is sent decides what Prefer returns", []step{
			{do: "POST Patient", header: []string{"Prefer: return=minimal"}, body: `{"resourceType":"Patient"}`, status: 201, with: []string{"Location: BASE/Patient/new-1/_history/1", "Content-Length: 0", "-Content-Type"}},
			{do: "POST Patient", header: []string{"Prefer: return=OperationOutcome"}, body: `{"resourceType":"Patient"}`, status: 201, has: []string{`"resourceType":"OperationOutcome"`}},
			{do: "POST Patient", header: []string{"Prefer: return=representation"}, body: `{"resourceType":"Patient"}`, status: 201, has: []string{`"id":"new-3"`}},
		}},
		{"versions guard updates", []step{
			{do: "PUT Patient/1", body: wolf, status: 201},
			{do: "PUT Patient/1", header: []string{`If-Match: W/"2"`}, body: fox, status: 412, has: []string{`"code":"conflict"`, "version-mismatch"}},
			{do: "GET Patient/1", status: 200, body1: wolf1},
			{do: "PUT Patient/1", header: []string{`If-Match: W/"1"`}, body: fox, status: 200},
			{do: "PUT Patient/2", header: []string{`If-Match: W/"1"`}, body: `{"resourceType":"Patient","id":"2"}`, status: 412},
			{do: "GET Patient/2", status: 404},
		}},
		{"times guard updates and deletes", []step{
			{do: "PUT Patient/1", body: wolf, status: 201, with: []string{lastDate}},
			{do: "PUT Patient/1", header: []string{"If-Unmodified-Since: Sun, 01 Jun 2025 11:59:59 GMT"}, body: fox, status: 412, has: []string{"http.If-Unmodified-Since", "precondition-failed"}},
			{do: "DELETE Patient/1", header: []string{"If-Unmodified-Since: Sun, 01 Jun 2025 11:59:59 GMT"}, status: 412},
			{do: "GET Patient/1", status: 200, body1: wolf1},
			{do: "PUT Patient/1", header: []string{"If-Unmodified-Since: Sun, 01 Jun 2025 12:00:00 GMT"}, body: fox, status: 200},
			{do: "DELETE Patient/1", header: []string{"If-Unmodified-Since: Sun, 01 Jun 2025 12:00:00 GMT"}, status: 412, has: []string{"in the same second"}},
			{do: "DELETE Patient/1", header: []string{"If-Unmodified-Since: Sun, 01 Jun 2025 11:59:59 GMT", `If-Match: W/"2"`}, status: 204},
		}},
		{"conditional reads save the body", []step{
			{do: "PUT Patient/1", body: wolf, status: 201},
			{do: "GET Patient/1", header: []string{`If-None-Match: W/"1"`}, status: 304, with: []string{`Etag: W/"1"`, "-Content-Type"}},
			{do: "GET Patient/1", header: []string{`If-None-Match: W/"2"`}, status: 200, body1: wolf1},
			{do: "GET Patient/1", header: []string{"If-Modified-Since: Sun, 01 Jun 2025 12:00:00 GMT"}, status: 304},
			{do: "GET Patient/1", header: []string{"If-Modified-Since: Sun, 01 Jun 2025 11:59:59 GMT"}, status: 200},
			{do: "PUT Patient/1", body: fox, status: 200, with: []string{lastDate}},
			{do: "GET Patient/1", header: []string{"If-Modified-Since: Sun, 01 Jun 2025 12:00:00 GMT"}, status: 200, has: []string{"Fox"}},
		}},
		{"conditional creates, updates and deletes go by their criteria", []step{
			{do: "POST Patient", header: []string{"If-None-Exist: identifier=urn:x|7"}, body: `{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"7"}]}`, status: 201},
			{do: "POST Patient", header: []string{"If-None-Exist: identifier=urn:x|7"}, body: `{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"7"}]}`, status: 200},
			{do: "PUT Patient?identifier=urn:x|7", body: `{"resourceType":"Patient","active":true,"identifier":[{"system":"urn:x","value":"7"}]}`, status: 200, has: []string{`"id":"new-1"`, `"versionId":"2"`}},
			{do: "PUT Patient?identifier=urn:x|8", body: `{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"8"}]}`, status: 201},
			{do: "PUT Patient?identifier=urn:x|", body: `{"resourceType":"Patient"}`, status: 412, has: []string{`"code":"multiple-matches"`}},
			{do: "PUT Patient?nonsense=1", header: []string{"Prefer: handling=lenient"}, body: `{"resourceType":"Patient"}`, status: 400},
			{do: "DELETE Patient?identifier=urn:x|7", status: 204},
			{do: "GET Patient/new-1", status: 410},
			{do: "GET Patient?identifier=urn:x|", status: 200, has: []string{`"total":1`}},
			{do: "DELETE Patient", status: 400, has: []string{`"code":"required"`}},
		}},
		{"an answer that was lost can be asked for again", []step{
			{do: "POST Patient", header: []string{"Idempotency-Key: k1"}, body: `{"resourceType":"Patient"}`, status: 201, with: []string{"Location: BASE/Patient/new-1/_history/1"}},
			{do: "POST Patient", header: []string{"Idempotency-Key: k1"}, body: `{"resourceType":"Patient"}`, status: 201, with: []string{"Location: BASE/Patient/new-1/_history/1"}},
			{do: "POST Patient", header: []string{"Idempotency-Key: k1"}, body: `{"resourceType":"Patient","active":true}`, status: 422, has: []string{"idempotency-reused"}},
			{do: "GET Patient", status: 200, has: []string{`"total":1`}},
		}},
		{"a transaction is all or nothing, and its references meet", []step{
			{do: "POST ", body: `{"resourceType":"Bundle","type":"transaction","entry":[` +
				`{"fullUrl":"urn:uuid:0b3f3c1e-5d55-4d6c-8a4d-3f4a3c0e1e11","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},` +
				`{"resource":{"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":{"reference":"urn:uuid:0b3f3c1e-5d55-4d6c-8a4d-3f4a3c0e1e11"}},"request":{"method":"POST","url":"Observation"}}]}`, status: 200, has: []string{`"type":"transaction-response"`, `"status":"201`, "Patient/new-1"}},
			{do: "GET Observation?subject=Patient/new-1", status: 200, has: []string{`"total":1`, `"reference":"Patient/new-1"`}},
			{do: "GET Observation?subject=BASE/Patient/new-1", status: 200, has: []string{`"total":1`}},
			{do: "POST ", body: `{"resourceType":"Bundle","type":"transaction","entry":[` +
				`{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},` +
				`{"resource":{"resourceType":"Patient","nonsense":1},"request":{"method":"POST","url":"Patient"}}]}`, status: 400, has: []string{"nonsense"}},
			{do: "GET Patient", status: 200, has: []string{`"total":1`}},
		}},
		{"a batch answers each entry by itself", []step{
			{do: "POST ", body: `{"resourceType":"Bundle","type":"batch","entry":[` +
				`{"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1"}},` +
				`{"request":{"method":"GET","url":"Patient/none"}},{"request":{"method":"GET","url":"Patient?name=x"}}]}`, status: 200, has: []string{`"type":"batch-response"`, `"status":"201`, `"status":"404`, `"status":"200`, `"code":"not-found"`, `"type":"searchset"`}},
			{do: "GET Patient/1", status: 200},
		}},
		{"searches by GET and by form find the same, and pages follow each other", []step{
			{do: "PUT Patient/1", body: wolf, status: 201},
			{do: "PUT Patient/2", body: `{"resourceType":"Patient","id":"2","name":[{"family":"Wolfram"}]}`, status: 201},
			{do: "PUT Observation/1", body: `{"resourceType":"Observation","id":"1","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/1"}}`, status: 201},
			{do: "GET Patient?family=wolf&_sort=_id&_count=1", status: 200, has: []string{`"type":"searchset"`, `"fullUrl":"BASE/Patient/1"`, `"relation":"next"`}, lacks: []string{"Wolfram"}, catch: `"relation":"next","url":"`},
			{do: "GET {1}", status: 200, has: []string{`"fullUrl":"BASE/Patient/2"`}, lacks: []string{`"relation":"next"`, "1980"}},
			{do: "POST Patient/_search?_sort=_id", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: "family=wolf&_count=1&_total=accurate", status: 200, has: []string{`"total":2`, `"fullUrl":"BASE/Patient/1"`}, lacks: []string{"Wolfram"}},
			{do: "POST _search", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: "_type=Patient,Observation&_id=1", status: 200, has: []string{`"total":2`}},
			{do: "GET Patient/1/Observation", status: 200, has: []string{`"total":1`}},
			{do: "GET Patient/2/Observation", status: 200, has: []string{`"total":0`}},
			{do: "GET Observation?subject:Patient.family=wolf&_include=Observation:subject", status: 200, has: []string{`"mode":"match"`, `"mode":"include"`}},
			{do: "GET Patient?nonsense=1", status: 400, has: []string{"nonsense", "unknown-parameter"}},
			{do: "GET Patient?nonsense=1", header: []string{"Prefer: handling=lenient"}, status: 200, has: []string{`"total":2`, `"mode":"outcome"`, "nonsense"}},
			{do: "GET Patient?_count=0&_format=json&_pretty=true", status: 200, has: []string{`"total": 2`}, lacks: []string{`"entry"`}},
			{do: "HEAD Patient?family=wolf", status: 200},
		}},
		{"links lead on in the format that was asked for by _format, whatever a client accepts", []step{
			{do: "PUT Patient/1", body: wolf, status: 201},
			{do: "PUT Patient/2", body: `{"resourceType":"Patient","id":"2","name":[{"family":"Wolfram"}]}`, status: 201},
			{do: "GET Patient?_sort=_id&_count=1&_format=application/fhir%2Bjson", header: []string{"Accept: application/xml"}, status: 200, has: []string{
				`{"relation":"self","url":"BASE/Patient?_sort=_id&_count=1&_format=application/fhir%2Bjson"}`, `&_format=application/fhir%2Bjson&_cursor=`,
			}, catch: `"relation":"next","url":"`},
			{do: "GET {1}", header: []string{"Accept: application/xml"}, status: 200, has: []string{
				`"fullUrl":"BASE/Patient/2"`, `{"relation":"first","url":"BASE/Patient?_sort=_id&_count=1&_format=application/fhir%2Bjson"}`,
			}},
			{do: "POST Patient/_search", header: []string{"Accept: application/xml", "Content-Type: application/x-www-form-urlencoded"}, body: "_count=1&_format=json", status: 200, catch: `"relation":"next","url":"`},
			{do: "GET {1}", header: []string{"Accept: application/xml"}, status: 200, has: []string{`"fullUrl":"BASE/Patient/2"`}},
			{do: "GET Patient/_history?_count=1&_format=json", header: []string{"Accept: application/xml"}, status: 200, catch: `"relation":"next","url":"`},
			{do: "GET {1}", header: []string{"Accept: application/xml"}, status: 200, has: []string{`"fullUrl":"BASE/Patient/1"`}},
			{do: "GET Patient?_count=1&_pretty=true", status: 200, has: []string{`"url": "BASE/Patient?_count=1"`}},
		}},
		{"what a search does not understand is refused, and lenient handling leaves out parameters only", []step{
			{do: "PUT Patient/1", body: `{"resourceType":"Patient","id":"1","gender":"male","identifier":[{"system":"urn:x","value":"Ab"}]}`, status: 201},
			{do: "GET Patient?name:text=x", header: []string{"Prefer: handling=lenient"}, status: 400, has: []string{"the modifier :text is not supported"}},
			{do: "GET Patient?birthdate=x", header: []string{"Prefer: handling=lenient"}, status: 400},
			{do: "GET Patient?name=", header: []string{"Prefer: handling=lenient"}, status: 400, has: []string{"name has no value"}},
			{do: "GET Location?near=42.25|-83.69|11|km", status: 400, has: []string{"the parameter near is not supported"}},
			{do: "GET Patient?_text=x", status: 400, has: []string{"the parameter _text is not supported"}},
			{do: "GET Patient?identifier:of-type=a|b|c", status: 400, has: []string{"the modifier :of-type is not supported"}},
			{do: "GET Patient?_text=x&gender=male", header: []string{"Prefer: handling=lenient"}, status: 200, has: []string{`"total":1`, `"mode":"outcome"`}},
			{do: "GET Patient?identifier=urn:x|Ab", status: 200, has: []string{`"total":1`}},
			{do: "GET Patient?identifier=urn:x|ab", status: 200, has: []string{`"total":0`}},
			{do: "GET Patient?gender=Male", status: 200, has: []string{`"total":0`}},
		}},
		{"a Binary is what it was stored as, or a resource", []step{
			{do: "POST Binary", header: []string{"Content-Type: text/plain", "X-Security-Context: Patient/1"}, body: "howl", status: 201, with: []string{"Location: BASE/Binary/new-1/_history/1"}},
			{do: "GET Binary/new-1", status: 200, body1: "howl", with: []string{"Content-Type: text/plain", "X-Security-Context: Patient/1", "Content-Security-Policy: default-src 'none'; sandbox"}},
			{do: "GET Binary/new-1", header: []string{"Accept: application/fhir+json"}, status: 200, has: []string{`"contentType":"text/plain"`, `"data":"aG93bA=="`, `"reference":"Patient/1"`}, with: []string{"-Content-Security-Policy"}},
			{do: "GET Binary/new-1?_format=json", status: 200, has: []string{`"data":"aG93bA=="`}},
			{do: "PUT Binary/new-1", header: []string{"Content-Type: image/png"}, body: "\x89PNG", status: 200},
			{do: "HEAD Binary/new-1", status: 200, with: []string{"Content-Type: image/png", "Content-Length: 4"}},
			{do: "GET Binary/new-1/_history/1", status: 200, body1: "howl"},
			{do: "PUT Binary/empty", header: []string{"Content-Type: application/octet-stream", "X-Security-Context: Patient/1"}, status: 201, has: []string{`"contentType":"application/octet-stream"`, `"reference":"Patient/1"`}, lacks: []string{"data"}},
			{do: "GET Binary/empty", status: 200, with: []string{"Content-Type: application/octet-stream", "Content-Length: 0", "X-Security-Context: Patient/1"}},
			{do: "HEAD Binary/empty", status: 200, with: []string{"Content-Type: application/octet-stream", "Content-Length: 0"}},
			{do: "GET Binary/empty", header: []string{"Accept: application/fhir+json"}, status: 200, has: []string{`"contentType":"application/octet-stream"`}, lacks: []string{"data"}},
			{do: "POST Binary", header: []string{"Content-Type: text/plain"}, status: 201, has: []string{`"contentType":"text/plain"`}},
			{do: "PUT Binary/none", status: 400, has: []string{"has no body"}},
		}},
		{"mistakes are named", []step{
			{do: "POST Patient", body: "{\"resourceType\":\"Patient\",\n  \"name\" [}", status: 400, has: []string{"line 2", "column"}},
			{do: "POST Patient", body: `{"resourceType":"Patient","gender":"wolf","birthday":"x"}`, status: 400, has: []string{"Patient.gender", "birthday"}},
			{do: "POST Patient", body: `{"resourceType":"Observation"}`, status: 400},
			{do: "POST Patient", status: 400},
			{do: "PUT Patient/1", body: `{"resourceType":"Patient","id":"2"}`, status: 400},
			{do: "PUT Patient/a_b", body: `{"resourceType":"Patient","id":"a_b"}`, status: 404},
			{do: "GET Wolf/1", status: 404, has: []string{"unknown-type"}},
			{do: "GET Parameters", status: 404},
			{do: "GET Patient/1/2/3", status: 404},
			{do: "DELETE metadata", status: 405, with: []string{"Allow: GET, HEAD, OPTIONS"}},
			{do: "POST Patient/1", body: "{}", status: 405, with: []string{"Allow: GET, HEAD, PUT, PATCH, DELETE, OPTIONS"}},
			{do: "GET Patient/_search", status: 405, with: []string{"Allow: POST, OPTIONS"}},
			{do: "GET $unknown", status: 501, has: []string{"not-implemented"}},
		}},
		{"patches are not there yet", []step{
			{do: "PUT Patient/1", body: wolf, status: 201},
			{do: "PATCH Patient/1", header: []string{"Content-Type: application/json-patch+json"}, body: `[]`, status: 501, has: []string{"not-implemented"}},
			{do: "PATCH Patient/1", body: `{"resourceType":"Parameters"}`, status: 501},
			{do: "PATCH Patient?_id=1", body: `{"resourceType":"Parameters"}`, status: 501},
		}},
		{"metadata tells what is served", []step{
			{do: "GET metadata", status: 200, has: []string{`"resourceType":"CapabilityStatement"`, `"fhirVersion":"4.0.1"`, `"type":"Patient"`, `"code":"search-type"`, "BASE"}},
			{do: "HEAD metadata", status: 200},
			{do: "GET metadata", header: []string{"Accept: application/fhir+xml"}, status: 406},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { serveFHIRStore(t, nil).run(t, tt.steps) })
	}
}

func TestRolesDecideWhatIsAllowed(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	ts := serveFHIRStore(t, func(o *Options) { o.TokenFile = path })
	batch := `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/1"}},{"request":{"method":"DELETE","url":"Patient/1"}}]}`
	transaction := strings.Replace(batch, `"batch"`, `"transaction"`, 1)
	const patient = `{"resourceType":"Patient","id":"1"}`
	tests := []struct {
		name, do, body string
		status         map[fhir.Role]int
		has            map[fhir.Role]string
	}{
		{"an update", "PUT Patient/1", patient, map[fhir.Role]int{fhir.RoleReader: 403, fhir.RoleAggregator: 403, fhir.RoleWriter: 201, fhir.RoleAdmin: 200}, nil},
		{"a read", "GET Patient/1", "", map[fhir.Role]int{fhir.RoleReader: 200, fhir.RoleAggregator: 403, fhir.RoleWriter: 200, fhir.RoleAdmin: 200}, nil},
		{"a history", "GET _history", "", map[fhir.Role]int{fhir.RoleReader: 200, fhir.RoleAggregator: 403, fhir.RoleWriter: 200, fhir.RoleAdmin: 200}, nil},
		{"metadata", "GET metadata", "", map[fhir.Role]int{fhir.RoleReader: 200, fhir.RoleAggregator: 200, fhir.RoleWriter: 200, fhir.RoleAdmin: 200}, nil},
		{"a transaction that deletes", "POST ", transaction, map[fhir.Role]int{fhir.RoleReader: 403, fhir.RoleAggregator: 403}, nil},
		{"a batch that deletes", "POST ", batch, map[fhir.Role]int{fhir.RoleReader: 200, fhir.RoleAggregator: 200}, map[fhir.Role]string{fhir.RoleReader: `"status":"403`, fhir.RoleAggregator: `"status":"403`}},
		{"what is left", "GET Patient/1", "", map[fhir.Role]int{fhir.RoleReader: 200}, map[fhir.Role]string{fhir.RoleReader: `"versionId":"1"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, role := range []fhir.Role{fhir.RoleReader, fhir.RoleAggregator, fhir.RoleWriter, fhir.RoleAdmin} {
				status, asked := tt.status[role]
				if !asked {
					continue
				}
				s := step{do: tt.do, body: tt.body, status: status, header: []string{"Authorization: Bearer " + tokens[role]}}
				if part := tt.has[role]; part != "" {
					s.has = []string{part}
				}
				ts.run(t, []step{s})
			}
		})
	}
	ts.run(t, []step{
		{do: "GET metadata", status: 200},
		{do: "GET Patient/1", status: 401},
		{do: "POST ", body: batch, status: 401},
	})
}

func TestAuditLinesNameWhatWasMadeAndWhoWasAskedFor(t *testing.T) {
	ts := serveFHIRStore(t, nil)
	ts.run(t, []step{
		{do: "POST Patient", body: `{"resourceType":"Patient"}`, status: 201, header: []string{"X-Request-Id: made"}},
		{do: "GET Patient/none/_history/2", status: 404, header: []string{"X-Request-Id: asked"}},
		{do: "PUT Observation/1", body: `{"resourceType":"Observation","id":"1","status":"final","code":{"text":"secret"},"subject":{"reference":"Patient/new-1"}}`, status: 201, header: []string{"X-Request-Id: observed"}},
	})
	for id, want := range map[string]string{
		"made":     `"interaction":"create","type":"Patient","resource":"Patient/new-1/_history/1","patient":"Patient/new-1","status":201`,
		"asked":    `"interaction":"vread","type":"Patient","resource":"Patient/none/_history/2","patient":"Patient/none","status":404`,
		"observed": `"interaction":"update","type":"Observation","resource":"Observation/1","patient":"Patient/new-1","status":201`,
	} {
		if line := ts.lineOf(id); !strings.Contains(line, want) {
			t.Errorf("the line lacks %s: %s", want, line)
		}
	}
	if strings.Contains(ts.audit.String()+ts.log.String(), "secret") {
		t.Error("a log quotes a resource")
	}
}

// lineOf waits for the audit line of a request and returns it.
func (ts *testServer) lineOf(id string) (line string) {
	ts.t.Helper()
	eventually(ts.t, "the line of "+id, func() bool {
		for l := range strings.Lines(ts.audit.String()) {
			if strings.Contains(l, `"request":"`+id+`"`) {
				line = l
			}
		}
		return line != ""
	})
	return line
}

func bundleOf(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

func asking(method, url string) string {
	return `{"request":{"method":"` + method + `","url":"` + url + `"}}`
}

func putting(url, resource string) string {
	return `{"resource":` + resource + `,"request":{"method":"PUT","url":"` + url + `"}}`
}

func TestAuditLinesTellWhatEntriesDidAndWhomAnswersDisclosed(t *testing.T) {
	path, tokens := tokenFile(t, time.Time{})
	ts := serveFHIRStore(t, func(o *Options) { o.TokenFile = path })
	as := func(role fhir.Role) string { return "Authorization: Bearer " + tokens[role] }
	of := func(id, subject string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/` + subject + `"}}`
	}
	patient := func(id string) string {
		return `{"resourceType":"Patient","id":"` + id + `","identifier":[{"system":"urn:x","value":"` + id + `"}]}`
	}
	for _, id := range []string{"p1", "p2", "p3"} {
		ts.run(t, []step{{do: "PUT Patient/" + id, body: patient(id), status: 201, header: []string{as(fhir.RoleWriter)}}})
	}
	tests := []struct {
		name, do, body string
		role           fhir.Role
		status         int
		want           []string
		not            []string
	}{
		{
			"a batch of which a part is refused", "POST ", bundleOf("batch", asking("GET", "Patient/p1"), asking("GET", "Patient/p2"), asking("DELETE", "Patient/p1")), fhir.RoleReader, 200,
			[]string{
				`"interaction":"batch"`, `"patients":["Patient/p1","Patient/p2"],"patients_total":2`,
				`"entries":[{"interaction":"read","type":"Patient","resource":"Patient/p1","status":200},{"interaction":"read","type":"Patient","resource":"Patient/p2","status":200},` +
					`{"interaction":"delete","type":"Patient","resource":"Patient/p1","status":403}],"entries_total":3`,
			},
			nil,
		},
		{
			"a batch about one patient", "POST ", bundleOf("batch", asking("GET", "Patient/p1"), asking("GET", "Patient?identifier=urn:x|p1"), asking("PATCH", "Anna"), asking("GET", "Anna/p1")), fhir.RoleReader, 200,
			[]string{`"patient":"Patient/p1","entries":[`, `{"interaction":"search-type","type":"Patient","status":200},{"status":404},{"status":404}],"entries_total":4`},
			[]string{"patients", "Anna"},
		},
		{
			"a transaction", "POST ", bundleOf("transaction", putting("Patient/p4", patient("p4")), putting("Observation?identifier=1", of("o1", "p3")), asking("DELETE", "Patient/p2")), fhir.RoleWriter, 200,
			[]string{
				`"interaction":"transaction"`, `"patients":["Patient/p4","Patient/p3","Patient/p2"],"patients_total":3`,
				`{"interaction":"update","type":"Patient","resource":"Patient/p4/_history/1","status":201},{"interaction":"update","type":"Observation","resource":"Observation/o1/_history/1","status":201},` +
					`{"interaction":"delete","type":"Patient","resource":"Patient/p2","status":204}],"entries_total":3`,
			},
			nil,
		},
		{
			"a transaction that the caller may not send", "POST ", bundleOf("transaction", asking("GET", "Patient/p1"), asking("DELETE", "Patient/p1")), fhir.RoleReader, 403,
			[]string{`"interaction":"transaction"`, `"entries":[{"interaction":"read","type":"Patient","resource":"Patient/p1"},{"interaction":"delete","type":"Patient","resource":"Patient/p1","status":403}],"entries_total":2`},
			nil,
		},
		{
			"a transaction that is refused as a whole", "POST ", bundleOf("transaction", putting("Observation/o2", of("o2", "none")), asking("DELETE", "Patient/p1")), fhir.RoleWriter, 422,
			[]string{`"entries":[{"interaction":"update","type":"Observation","resource":"Observation/o2"},{"interaction":"delete","type":"Patient","resource":"Patient/p1"}],"entries_total":2`, `"status":422`},
			nil,
		},
		{"a search that finds one patient", "GET Patient?identifier=urn:x|p1", "", fhir.RoleReader, 200, []string{`"patient":"Patient/p1"`, `"parameters":"identifier"`}, []string{"urn:x", "patients"}},
		{"a search that finds several", "GET Patient?_sort=_id", "", fhir.RoleReader, 200, []string{`"patient":"","patients":["Patient/p1","Patient/p3","Patient/p4"],"patients_total":3`}, nil},
		{"a search for what belongs to a patient", "GET Observation?status=final", "", fhir.RoleReader, 200, []string{`"patient":"Patient/p3"`}, nil},
		{"a search for one patient that finds nothing", "GET Observation?subject=Patient/p1", "", fhir.RoleReader, 200, []string{`"patient":"Patient/p1"`}, []string{"patients"}},
		{"a search that counts", "GET Patient?_summary=count", "", fhir.RoleReader, 200, []string{`"patient":""`}, []string{"patients"}},
		{"a history of all", "GET _history?_count=2", "", fhir.RoleReader, 200, []string{`"patients":["Patient/p3","Patient/p4"],"patients_total":2`}, nil},
		{"a delete of what belongs to a patient", "DELETE Observation/o1", "", fhir.RoleWriter, 204, []string{`"resource":"Observation/o1","patient":"Patient/p3"`}, []string{"patients", "entries"}},
		{"a delete of what is not there", "DELETE Observation/o1", "", fhir.RoleWriter, 204, []string{`"patient":""`}, []string{"patients", "entries"}},
		{"a delete of one by criteria", "DELETE Patient?identifier=urn:x|p4", "", fhir.RoleWriter, 204, []string{`"resource":"Patient/p4","patient":"Patient/p4"`}, []string{"entries"}},
		{
			"a delete of many by criteria", "DELETE Patient?identifier=urn:x|p1,urn:x|p3", "", fhir.RoleWriter, 204,
			[]string{`"patients":["Patient/p1","Patient/p3"],"patients_total":2`, `"entries":[{"interaction":"delete","type":"Patient","resource":"Patient/p1","status":204},{"interaction":"delete","type":"Patient","resource":"Patient/p3","status":204}],"entries_total":2`},
			nil,
		},
		{"a caller who is not known", "GET Patient/p1", "", "", 401, []string{`"interaction":"read","type":"Patient","resource":"","patient":"","status":401`}, []string{"p1"}},
		{"and asks for what is none", "GET Anna/p1", "", "", 401, []string{`"interaction":"","type":"","resource":""`}, []string{"Anna", "p1"}},
		{"and searches", "GET Patient/p1/Observation?code=a", "", "", 401, []string{`"interaction":"search-type","type":"Observation"`}, []string{"p1", "parameters"}},
		{"and sends a Bundle", "POST ", bundleOf("batch"), "", 401, []string{`"interaction":"batch"`}, nil},
		{"one who is known and asks for XML", "GET Patient/p1", "", fhir.RoleReader, 406, []string{`"interaction":"read","type":"Patient","resource":"Patient/p1"`}, nil},
	}
	for k, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := fmt.Sprintf("line-%d", k)
			s := step{do: tt.do, body: tt.body, status: tt.status, header: []string{"X-Request-Id: " + id}}
			if tt.role != "" {
				s.header = append(s.header, as(tt.role))
			}
			if tt.status == 406 {
				s.header = append(s.header, "Accept: application/fhir+xml")
			}
			ts.run(t, []step{s})
			line := ts.lineOf(id)
			for _, want := range tt.want {
				if !strings.Contains(line, want) {
					t.Errorf("the line lacks %s: %s", want, line)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(line, not) {
					t.Errorf("the line has %s: %s", not, line)
				}
			}
		})
	}
}

func TestPagesOfASearchAreFollowedToTheirEnd(t *testing.T) {
	ts := serveFHIRStore(t, nil)
	for k := range 7 {
		ts.run(t, []step{{do: fmt.Sprintf("PUT Patient/%d", k), body: fmt.Sprintf(`{"resourceType":"Patient","id":"%d","name":[{"family":"Wolf"}]}`, k), status: 201}})
	}
	var found []string
	for url := "/fhir/Patient?family=wolf&_sort=-_id&_count=3&_total=accurate"; url != ""; {
		got := ts.do("GET", url, "", "Accept-Encoding: gzip")
		var page struct {
			Total int
			Link  []struct{ Relation, URL string }
			Entry []struct{ Resource struct{ ID string } }
		}
		if err := json.Unmarshal([]byte(decoded(t, got.header.Get("Content-Encoding"), got.body)), &page); err != nil || got.status != 200 {
			t.Fatalf("%s: %d %s, %v", url, got.status, got.body, err)
		}
		if page.Total != 7 {
			t.Errorf("%s: total %d", url, page.Total)
		}
		for _, e := range page.Entry {
			found = append(found, e.Resource.ID)
		}
		url = ""
		for _, l := range page.Link {
			if l.Relation == "next" {
				url = "/fhir" + strings.TrimPrefix(l.URL, restBase)
			}
		}
	}
	if got := strings.Join(found, " "); got != "6 5 4 3 2 1 0" {
		t.Errorf("found %s", got)
	}
}
