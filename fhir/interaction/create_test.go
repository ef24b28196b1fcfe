package interaction_test

import (
	"strings"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

const (
	newLocation = base + "/Patient/new-1/_history/1"
	newWolf     = `{"resourceType":"Patient","id":"new-1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"name":[{"family":"Wolf"}]}`
)

// https://hl7.org/fhir/R4/http.html#create
func TestCreate(t *testing.T) {
	created := answer{Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "1s", Body: newWolf}
	run(t, []scenario{
		{
			name:   "a resource without an id gets one",
			when:   call("POST Patient", `{"resourceType":"Patient","name":[{"family":"Wolf"}]}`),
			want:   created,
			writes: 1,
		},
		{
			name:   "the id, version and time that a client sends are ignored",
			when:   call("POST Patient", `{"resourceType":"Patient","id":"mine","meta":{"versionId":"7","lastUpdated":"1999-01-01T00:00:00Z"},"name":[{"family":"Wolf"}]}`),
			want:   created,
			writes: 1,
		},
		{
			name:   "an id that no resource could have is ignored too",
			when:   call("POST Patient", `{"resourceType":"Patient","id":"not an id","name":[{"family":"Wolf"}]}`),
			want:   created,
			writes: 1,
		},
		{
			name: "white space goes, the rest stays token by token",
			when: call("POST Patient", "{ \"resourceType\" : \"Patient\",\n \"_birthDate\":{\"extension\":[{\"url\":\"http://x\",\"valueDecimal\":1.50}]} }"),
			want: answer{
				Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "1s",
				Body: `{"resourceType":"Patient","id":"new-1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"_birthDate":{"extension":[{"url":"http://x","valueDecimal":1.50}]}}`,
			},
			writes: 1,
		},
		{
			name:   "Prefer return=minimal answers without a body",
			when:   call("POST Patient", wolf, prefer("minimal")),
			want:   answer{Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "1s"},
			writes: 1,
		},
		{
			name: "Prefer return=OperationOutcome answers in words",
			when: call("POST Patient", wolf, prefer("OperationOutcome")),
			want: answer{
				Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "1s",
				Body: `{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","details":{"text":"created Patient/new-1/_history/1"},"diagnostics":"created Patient/new-1/_history/1"}]}`,
			},
			writes: 1,
		},
		{
			name: "another preference is refused",
			when: call("POST Patient", wolf, prefer("all")),
			want: answer{Status: 400, Issues: []string{`error value http.Prefer: Prefer: return is minimal, representation or OperationOutcome, not "all"`}},
		},
		{
			name: "no body is refused",
			when: call("POST Patient", ""),
			want: answer{Status: 400, Issues: []string{"error required Patient: the request has no body: a Patient is needed"}},
		},
		{
			name: "a body of another type is refused",
			when: call("POST Observation", wolf),
			want: answer{Status: 400, Issues: []string{"error invalid Patient: the body is of type Patient, the URL says Observation"}},
		},
		{
			name: "a body without a type is refused",
			when: call("POST Patient", `{"id":"1"}`),
			want: answer{Status: 400, Issues: []string{"error required Resource: the body names no resourceType: it must be Patient"}},
		},
		{
			name: "a body of no type of R4 is refused",
			when: call("POST Patient", `{"resourceType":"Wolf"}`),
			want: answer{Status: 400, Issues: []string{`error value Resource: "Wolf" is not a resource type of FHIR R4`}},
		},
		{
			name: "XML is refused by its content type",
			when: call("POST Patient", "<Patient/>", func(r *interaction.Request) { r.ContentType = "application/fhir+xml" }),
			want: answer{Status: 415, Issues: []string{`error not-supported/unsupported-media http.Content-Type: a body of type "application/fhir+xml" is not read: send application/fhir+json`}},
		},
		{
			name: "a parameter is refused",
			when: call("POST Patient?foo=1", wolf),
			want: answer{Status: 400, Issues: []string{`error not-supported/unknown-parameter http.foo: "foo" is not a parameter of create`}},
		},
		{
			name: "a conditional reference is refused outside of a transaction",
			when: call("POST Condition", `{"resourceType":"Condition","subject":{"reference":"Patient?identifier=x"},"asserter":{"reference":"http://elsewhere/Patient?x=1"}}`),
			want: answer{Status: 400, Issues: []string{"error invalid Condition.subject.reference: a conditional reference is resolved in a transaction only"}},
		},
		{
			name: "a reader does not create",
			when: call("POST Patient", wolf, as(fhir.RoleReader)),
			want: answer{Status: 403, Issues: []string{`error forbidden : the role "reader" does not allow create`}},
		},
	})
}

func TestCreateTellsAllThatIsWrongWithAResource(t *testing.T) {
	w := newWorld(t, nil)
	got := w.do(call("POST Patient", `{"resourceType":"Patient","gender":"wolf","birthDate":"yesterday","wolf":true}`))
	if got.Status != 400 || len(got.Issues) != 3 {
		t.Errorf("status %d, issues %q: want 400 and three", got.Status, got.Issues)
	}
	if w.written() != 0 {
		t.Error("something was written")
	}
}

// https://hl7.org/fhir/R4/http.html#ccreate
func TestConditionalCreate(t *testing.T) {
	tagged := func(id, value string) interaction.Request {
		return call("PUT Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","identifier":[{"system":"http://x","value":"`+value+`"}]}`)
	}
	const body = `{"resourceType":"Patient","name":[{"family":"Wolf"}]}`
	two := []interaction.Request{tagged("a", "1"), tagged("b", "1")}
	found := answer{
		Status: 200, Location: base + "/Patient/a/_history/1", ETag: `W/"1"`, Modified: "1s",
		Body: `{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z"},"identifier":[{"system":"http://x","value":"1"}]}`,
	}
	run(t, []scenario{
		{
			name:  "criteria that match nothing create",
			given: []interaction.Request{tagged("a", "2")},
			when:  call("POST Patient", body, ifNoneExist("identifier=http://x|1")),
			want: answer{
				Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "2s",
				Body: `{"resourceType":"Patient","id":"new-1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:02.000Z"},"name":[{"family":"Wolf"}]}`,
			},
			writes: 1,
		},
		{
			name:  "criteria that match one answer with it and write nothing",
			given: []interaction.Request{tagged("a", "1")},
			when:  call("POST Patient", body, ifNoneExist("identifier=http://x|1")),
			want:  found,
		},
		{
			name:  "a leading question mark and type mean the same",
			given: []interaction.Request{tagged("a", "1")},
			when:  call("POST Patient", body, ifNoneExist("Patient?identifier=http%3A%2F%2Fx%7C1")),
			want:  found,
		},
		{
			name:  "criteria that match many are refused",
			given: two,
			when:  call("POST Patient", body, ifNoneExist("identifier=http://x|1")),
			want:  answer{Status: 412, Issues: []string{"error multiple-matches http.If-None-Exist: the criteria match more than one Patient, such as Patient/a and Patient/b"}},
		},
		{
			name:  "an unknown parameter is refused, lenient handling or not",
			given: two,
			when:  call("POST Patient", body, ifNoneExist("identifier=http://x|1&foo=1"), lenient),
			want:  answer{Status: 400, Issues: []string{`error not-supported/unknown-parameter http.If-None-Exist: Patient has no search parameter foo`}},
		},
		{
			name: "a bad percent escape is refused",
			when: call("POST Patient", body, ifNoneExist("identifier=%zz")),
			want: answer{Status: 400, Issues: []string{`error invalid http.If-None-Exist: the query has a bad percent escape in "%zz"`}},
		},
		{
			name:   "what was deleted does not match",
			given:  []interaction.Request{tagged("a", "1"), call("DELETE Patient/a", "")},
			when:   call("POST Patient", body, ifNoneExist("identifier=http://x|1"), prefer("minimal")),
			want:   answer{Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "3s"},
			writes: 1,
		},
		{
			name:  "a resource that is wrong is refused, even where nothing would be written",
			given: []interaction.Request{tagged("a", "1")},
			when:  call("POST Patient", `{"resourceType":"Patient","gender":1}`, ifNoneExist("identifier=http://x|1")),
			want:  answer{Status: 400, Issues: []string{"error structure Patient.gender: Patient.gender must be a string, not a number"}},
		},
	})
}

func TestIdempotentCreate(t *testing.T) {
	const body = `{"resourceType":"Patient","name":[{"family":"Wolf"}]}`
	first := call("POST Patient", body, idempotent("k"))
	run(t, []scenario{
		{
			name:  "the same request again answers as the first, and writes nothing",
			given: []interaction.Request{first},
			when:  first,
			want:  answer{Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "1s", Body: newWolf},
		},
		{
			name:  "the first answer stands even if the resource has changed since",
			given: []interaction.Request{first, call("PUT Patient/new-1", `{"resourceType":"Patient","id":"new-1"}`)},
			when:  first,
			want:  answer{Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "1s", Body: newWolf},
		},
		{
			name:  "another body under the same key is refused",
			given: []interaction.Request{first},
			when:  call("POST Patient", `{"resourceType":"Patient"}`, idempotent("k")),
			want:  answer{Status: 422, Issues: []string{"error conflict/idempotency-reused : the idempotency key was used with another request"}},
		},
		{
			name:   "another caller's key is another key",
			given:  []interaction.Request{first},
			when:   call("POST Patient", body, idempotent("k"), prefer("minimal"), as(fhir.RoleAdmin)),
			want:   answer{Status: 201, Location: base + "/Patient/new-2/_history/1", ETag: `W/"1"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:  "a conditional create that found its resource is told again, whatever matches now",
			given: []interaction.Request{putWolf(), call("POST Patient", body, idempotent("k"), ifNoneExist("name=wolf")), deleteWolf()},
			when:  call("POST Patient", body, idempotent("k"), ifNoneExist("name=wolf")),
			want:  answer{Status: 200, Location: location + "1", ETag: `W/"1"`, Modified: "1s", Body: wolfV1},
		},
		{
			name: "the first answer stands even if its criteria match many now",
			given: []interaction.Request{
				call("POST Patient", taggedWolf, idempotent("k"), ifNoneExist("identifier=x")), call("POST Patient", taggedWolf), call("POST Patient", taggedWolf),
			},
			when: call("POST Patient", taggedWolf, idempotent("k"), ifNoneExist("identifier=x"), prefer("minimal")),
			want: answer{Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name:  "the answer to an update stands even if If-Match holds no more",
			given: []interaction.Request{putWolf(), call("PUT Patient/1", wolfe, idempotent("k"), ifMatch(`W/"1"`))},
			when:  call("PUT Patient/1", wolfe, idempotent("k"), ifMatch(`W/"1"`)),
			want:  answer{Status: 200, Location: location + "2", ETag: `W/"2"`, Modified: "2s", Body: wolfeV2},
		},
		{
			name:  "a deletion is told again",
			given: []interaction.Request{putWolf(), call("DELETE Patient/1", "", idempotent("k")), putWolf()},
			when:  call("DELETE Patient/1", "", idempotent("k"), prefer("OperationOutcome")),
			want:  answer{Status: 200, ETag: `W/"2"`, Modified: "2s", Body: outcome("deleted Patient/1")},
		},
		{
			name:  "a key that is too long is refused",
			given: nil,
			when:  call("POST Patient", body, idempotent(strings.Repeat("k", 256))),
			want:  answer{Status: 422, Issues: []string{"error too-long/unprocessable http.Idempotency-Key: an Idempotency-Key has at most 255 characters"}},
		},
	})
}
