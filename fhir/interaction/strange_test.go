package interaction_test

import (
	"testing"

	"firewolf/fhir/interaction"
)

// strange is a name of the server that it was not told of: that of the Host header, or of a proxy.
const strange = "https://fhir.hospital.example/fhir"

func by(base string) func(*interaction.Request) {
	return func(r *interaction.Request) { r.Base = base }
}

func TestAReferenceBelowANameThatTheServerDoesNotKnowIsRefused(t *testing.T) {
	condition := func(to string) string {
		return `{"resourceType":"Condition","id":"c","subject":{"reference":"` + to + `"}}`
	}
	const told = "the server does not know https://fhir.hospital.example/fhir as its own base URL and would not find the resource by this reference: " +
		"write Patient/1, or start the server with --base-url https://fhir.hospital.example/fhir"
	refused := answer{Status: 422, Issues: []string{"error business-rule Condition.subject.reference: " + told}}
	bundle := func(typ string) string {
		return `{"resourceType":"Bundle","type":"` + typ + `","entry":[{"resource":` + condition(strange+"/Patient/1") + `,"request":{"method":"PUT","url":"Condition/c"}}]}`
	}
	run(t, []scenario{
		{name: "an update", when: call("PUT Condition/c", condition(strange+"/Patient/1"), by(strange)), want: refused},
		{name: "http and https name the same", when: call("PUT Condition/c", condition("http://fhir.hospital.example/fhir/Patient/1"), by(strange)), want: refused},
		{name: "a version of it", when: call("PUT Condition/c", condition(strange+"/Patient/1/_history/1"), by(strange)), want: refused},
		{
			name: "a create", when: call("POST Condition", condition(strange+"/Patient/1"), by(strange+"/")),
			want: answer{Status: 422, Issues: []string{"error business-rule Condition.subject.reference: the server does not know https://fhir.hospital.example/fhir/ as its own base URL and would not find the resource by this reference: " +
				"write Patient/1, or start the server with --base-url https://fhir.hospital.example/fhir/"}},
		},
		{
			name: "a transaction", when: call("POST ", bundle("transaction"), by(strange)),
			want: answer{Status: 422, Issues: []string{"error business-rule Bundle.entry[0].resource.subject.reference: " + told}},
		},
		{
			name: "the same text is another server's where the request names this one otherwise", writes: 1,
			when: call("PUT Condition/c", condition(strange+"/Patient/1"), prefer("minimal")),
			want: answer{Status: 201, Location: base + "/Condition/c/_history/1", ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name: "a relative one is taken under any name", writes: 1,
			when: call("PUT Condition/c", condition("Patient/1"), by(strange), prefer("minimal")),
			want: answer{Status: 201, Location: strange + "/Condition/c/_history/1", ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name: "another server with the same host is another one", writes: 1,
			when: call("PUT Condition/c", condition("https://fhir.hospital.example/other/Patient/1"), by(strange), prefer("minimal")),
			want: answer{Status: 201, Location: strange + "/Condition/c/_history/1", ETag: `W/"1"`, Modified: "1s"},
		},
	})
}

func TestATransactionRewritesWhatItCallsByAStrangeName(t *testing.T) {
	w := newWorld(t, nil)
	r := w.do(call("POST ", `{"resourceType":"Bundle","type":"transaction","entry":[
		{"fullUrl":"`+strange+`/Patient/p","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
		{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"`+strange+`/Patient/p"}},"request":{"method":"PUT","url":"Condition/c"}}]}`, by(strange)))
	if r.Status != 200 {
		t.Fatalf("%d %v", r.Status, r.Issues)
	}
	if n := len(w.search(call("GET Condition?subject=Patient/new-1", "")).Entry); n != 1 {
		t.Errorf("%d conditions refer to the patient", n)
	}
}

func TestAQueryMayNameTheServerByAnyNameOfTheRequest(t *testing.T) {
	w := newWorld(t, nil)
	for _, given := range []interaction.Request{
		call("PUT Patient/1", `{"resourceType":"Patient","id":"1","managingOrganization":{"reference":"Organization/o"}}`),
		call("PUT Condition/c", `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"}}`),
		call("PUT ActivityDefinition/a", `{"resourceType":"ActivityDefinition","id":"a","status":"draft","library":["`+strange+`/Library/l"]}`),
	} {
		if r := w.do(given); r.Status != 201 {
			t.Fatalf("%d %v", r.Status, r.Issues)
		}
	}
	for query, want := range map[string]int{
		"Condition?subject=" + strange + "/Patient/1":                           1,
		"Condition?subject:Patient=http://fhir.hospital.example/fhir/Patient/1": 1,
		"Condition?patient=" + strange + "/Patient/2," + strange + "/Patient/1": 1,
		"Condition?subject=" + strange + "/Patient/2":                           0,
		"Condition?subject:Patient.organization=" + strange + "/Organization/o": 1,
		"Patient?_has:Condition:patient:subject=" + strange + "/Patient/1":      1,
		"ActivityDefinition?depends-on=" + strange + "/Library/l":               1,
	} {
		if n := len(w.search(call("GET "+query, "", by(strange))).Entry); n != want {
			t.Errorf("%s finds %d, want %d", query, n, want)
		}
	}
	if n := len(w.search(call("GET Condition?subject="+strange+"/Patient/1", "")).Entry); n != 0 {
		t.Errorf("asked for by the server's own name another server's patient finds %d", n)
	}
	r := w.do(call("POST Condition", `{"resourceType":"Condition","subject":{"reference":"Patient/1"}}`, by(strange), ifNoneExist("subject="+strange+"/Patient/1")))
	if r.Status != 200 {
		t.Errorf("criteria that name the server so match nothing: %d %v", r.Status, r.Issues)
	}
}
