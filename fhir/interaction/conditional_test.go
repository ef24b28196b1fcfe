package interaction_test

import (
	"testing"

	"firewolf/fhir/interaction"
)

// The criteria of conditional entries, and what they see: https://hl7.org/fhir/R4/http.html#trules
func TestConditionalEntries(t *testing.T) {
	const exists = `"ifNoneExist":"identifier=x"`
	tagged := call("PUT Patient/1", `{"resourceType":"Patient","id":"1","identifier":[{"value":"x"}]}`)
	again := call("PUT Patient/2", `{"resourceType":"Patient","id":"2","identifier":[{"value":"x"}]}`)
	other := `{"resourceType":"Patient","identifier":[{"value":"x"}],"active":true}`
	run(t, []scenario{
		{
			name:   "a conditional create that finds nothing creates",
			when:   transaction(post("", taggedWolf, exists)),
			want:   transactionResponse(created("Patient/new-1/_history/1", "01")),
			writes: 1,
		},
		{
			name:  "a conditional create that finds its resource writes nothing",
			given: []interaction.Request{tagged},
			when:  transaction(post("", taggedWolf, exists)),
			want:  transactionResponse(answered("200 OK", "Patient/1/_history/1", "1", "01")),
		},
		{
			name:  "a conditional create that finds many refuses all",
			given: []interaction.Request{tagged, again},
			when:  transaction(post("", namedWolf), post("", taggedWolf, exists)),
			want: refused(412,
				"error multiple-matches Bundle.entry[1].request.ifNoneExist: the criteria match more than one Patient, such as Patient/1 and Patient/2",
			),
		},
		{
			name:  "a conditional create does not find what the transaction deletes",
			given: []interaction.Request{tagged},
			when:  transaction(post("", taggedWolf, exists), ask("DELETE", "Patient/1")),
			want: transactionResponse(
				created("Patient/new-1/_history/1", "02"),
				answered("204 No Content", "", "2", "02"),
			),
			writes: 2,
		},
		{
			name: "two equal conditional creates create once",
			when: transaction(post("urn:uuid:a", taggedWolf, exists), post("urn:uuid:b", taggedWolf, exists)),
			want: transactionResponse(
				created("Patient/new-1/_history/1", "01"),
				answered("200 OK", "Patient/new-1/_history/1", "1", "01"),
			),
			writes: 1,
		},
		{
			name: "two conditional creates of one resource with different content are refused",
			when: transaction(post("", taggedWolf, exists), post("", other, exists)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] are about one resource: its criteria match the resource that Bundle.entry[1] creates, and the two differ",
				"error invalid Bundle.entry[1],Bundle.entry[0]: Bundle.entry[1] and Bundle.entry[0] are about one resource: its criteria match the resource that Bundle.entry[0] creates, and the two differ",
			),
		},
		{
			name: "a conditional create that finds what a plain create makes is refused",
			when: transaction(post("", other), post("", taggedWolf, exists)),
			want: refused(400,
				"error invalid Bundle.entry[1],Bundle.entry[0]: Bundle.entry[1] and Bundle.entry[0] are about one resource: its criteria match the resource that Bundle.entry[0] creates, and the two differ",
			),
		},
		{
			name: "two conditional creates of different resources create both",
			when: transaction(
				post("", taggedWolf, exists),
				post("", `{"resourceType":"Patient","identifier":[{"value":"y"}]}`, `"ifNoneExist":"identifier=y"`),
			),
			want: transactionResponse(
				created("Patient/new-1/_history/1", "01"),
				created("Patient/new-2/_history/1", "01"),
			),
			writes: 2,
		},
		{
			name: "criteria with a chain cannot look into the transaction and are refused",
			when: transaction(
				post("", `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`),
				post("", `{"resourceType":"Observation","status":"final","code":{"text":"y"}}`, `"ifNoneExist":"subject:Patient.name=wolf"`),
			),
			want: refused(400,
				"error not-supported Bundle.entry[1]: criteria with a chain, _has or _lastUpdated cannot be compared with the resources of the same transaction",
			),
		},
		{
			name:   "a conditional update updates what it finds",
			given:  []interaction.Request{tagged},
			when:   transaction(put("Patient?identifier=x", other)),
			want:   transactionResponse(answered("200 OK", "Patient/1/_history/2", "2", "02")),
			writes: 1,
		},
		{
			name:   "a conditional update that finds nothing creates",
			when:   transaction(put("Patient?identifier=x", other)),
			want:   transactionResponse(created("Patient/new-1/_history/1", "01")),
			writes: 1,
		},
		{
			name: "two conditional updates that create one resource are refused",
			when: transaction(
				put("Patient?identifier=x", `{"resourceType":"Patient","id":"a","identifier":[{"value":"x"}]}`),
				put("Patient?identifier=x", `{"resourceType":"Patient","id":"a","identifier":[{"value":"x"}]}`),
			),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] both write Patient/a",
			),
		},
		{
			name: "two conditional updates that would each create one resource, with an id of its own, are refused",
			when: transaction(put("Patient?identifier=x", taggedWolf), put("Patient?identifier=x", taggedWolf)),
			want: refused(400,
				"error invalid Bundle.entry[1],Bundle.entry[0]: Bundle.entry[1] and Bundle.entry[0] are about one resource: their criteria are the same",
			),
		},
		{
			name: "two conditional updates by the same criteria are refused, though neither makes what they find",
			when: transaction(put("Patient?identifier=x", other), put("Patient?identifier=x", other)),
			want: refused(400,
				"error invalid Bundle.entry[1],Bundle.entry[0]: Bundle.entry[1] and Bundle.entry[0] are about one resource: their criteria are the same",
			),
		},
		{
			name: "a conditional update that matches what another creates, by other criteria, is refused",
			when: transaction(put("Patient?identifier=x", taggedWolf), put("Patient?identifier=y", taggedWolf)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] are about one resource: its criteria match what the other writes",
			),
		},
		{
			name: "a conditional update that matches what an update creates is refused",
			when: transaction(put("Patient/1", `{"resourceType":"Patient","id":"1","identifier":[{"value":"x"}]}`), put("Patient?identifier=x", taggedWolf)),
			want: refused(400,
				"error invalid Bundle.entry[1],Bundle.entry[0]: Bundle.entry[1] and Bundle.entry[0] are about one resource: its criteria match what the other writes",
			),
		},
		{
			name:  "a conditional update is refused whose criteria match what another becomes",
			given: []interaction.Request{tagged, call("PUT Patient/2", `{"resourceType":"Patient","id":"2"}`)},
			when:  transaction(put("Patient?identifier=x", other), put("Patient/2", `{"resourceType":"Patient","id":"2","identifier":[{"value":"x"}]}`)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] are about one resource: its criteria match what the other writes",
			),
		},
		{
			name: "a conditional create that matches what an update creates is refused",
			when: transaction(post("", taggedWolf, exists), put("Patient/1", `{"resourceType":"Patient","id":"1","identifier":[{"value":"x"}]}`)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] are about one resource: its criteria match what the other writes",
			),
		},
		{
			name:  "criteria see the links of what others write",
			given: []interaction.Request{tagged},
			when: transaction(
				post("urn:uuid:a", taggedWolf, exists),
				put("Observation/1", `{"resourceType":"Observation","id":"1","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:a"}}`),
				put("Observation?subject=Patient/1", `{"resourceType":"Observation","status":"final","code":{"text":"y"}}`),
			),
			want: refused(400,
				"error invalid Bundle.entry[2],Bundle.entry[1]: Bundle.entry[2] and Bundle.entry[1] are about one resource: its criteria match what the other writes",
			),
		},
		{
			name:  "conditional updates by different chains are done, although nobody can tell whether one finds what another writes",
			given: []interaction.Request{tagged},
			when: transaction(
				put("Observation?subject:Patient.identifier=x", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"}}`),
				put("Observation?subject:Patient.identifier=y", `{"resourceType":"Observation","status":"final","code":{"text":"y"}}`),
			),
			want: transactionResponse(
				created("Observation/new-1/_history/1", "02"),
				created("Observation/new-2/_history/1", "02"),
			),
			writes: 2,
		},
		{
			name: "a conditional update of what a create makes is refused",
			when: transaction(put("Patient?identifier=x", other), post("", taggedWolf)),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] are about one resource: its criteria match what the other creates",
			),
		},
		{
			name:  "a conditional update of what a conditional delete removes is refused, in either order",
			given: []interaction.Request{tagged},
			when:  transaction(put("Patient?identifier=x", taggedWolf), ask("DELETE", "Patient?identifier=x")),
			want: refused(400,
				"error invalid Bundle.entry[0],Bundle.entry[1]: Bundle.entry[0] and Bundle.entry[1] are about one resource: its criteria match Patient/1, which the other deletes",
			),
		},
		{
			name:  "a conditional update of what a delete by id removes is refused",
			given: []interaction.Request{tagged},
			when:  transaction(ask("DELETE", "Patient/1"), put("Patient?identifier=x", taggedWolf)),
			want: refused(400,
				"error invalid Bundle.entry[1],Bundle.entry[0]: Bundle.entry[1] and Bundle.entry[0] are about one resource: its criteria match Patient/1, which the other deletes",
			),
		},
		{
			name:   "a conditional delete deletes what it finds",
			given:  []interaction.Request{tagged},
			when:   transaction(ask("DELETE", "Patient?identifier=x")),
			want:   transactionResponse(answered("204 No Content", "", "2", "02")),
			writes: 1,
		},
		{
			name:  "a conditional delete that finds nothing is done already",
			given: []interaction.Request{tagged},
			when:  transaction(ask("DELETE", "Patient?identifier=y")),
			want:  transactionResponse(`{"response":{"status":"204 No Content"}}`),
		},
		{
			name:  "a conditional delete that finds many refuses all",
			given: []interaction.Request{tagged, again},
			when:  transaction(ask("DELETE", "Patient?identifier=x")),
			want: refused(412,
				"error multiple-matches Bundle.entry[0].request.url: the criteria match more than one Patient, such as Patient/1 and Patient/2",
			),
		},
		{
			name:    "a conditional delete of many is done where the server is set up so",
			given:   []interaction.Request{tagged, again},
			options: func(o *interaction.Options) { o.ConditionalDeleteMultiple = true },
			when:    transaction(ask("DELETE", "Patient?identifier=x"), post("", namedWolf)),
			want: transactionResponse(
				`{"response":{"status":"204 No Content"}}`,
				created("Patient/new-1/_history/1", "03"),
			),
			writes: 3,
		},
		{
			name:  "unknown criteria are refused, lenient handling or not",
			given: []interaction.Request{tagged},
			when: call("POST ", bundle("transaction",
				ask("DELETE", "Patient?identifier=x&foo=1"),
				post("", taggedWolf, `"ifNoneExist":"bar=1"`),
			), lenient),
			want: refused(400,
				"error not-supported/unknown-parameter Bundle.entry[0].request.url: Patient has no search parameter foo",
			),
		},
	})
}

// Links in criteria are not rewritten: https://hl7.org/fhir/R4/http.html#trules names the places that are.
func TestCriteriaThatNameAnEntryAreRefused(t *testing.T) {
	about := func(reference string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"` + reference + `"}}`
	}
	patient, foreign := post("urn:uuid:a", namedWolf), post("http://other.example/fhir/Patient/7", namedWolf)
	named := func(where, what string) answer {
		return refused(400, "error not-supported "+where+": the criteria name Bundle.entry[0] by its fullUrl, "+what+": nothing is stored with such a reference")
	}
	run(t, []scenario{
		{
			name: "of a conditional create: it would create anew each time",
			when: transaction(patient, post("", about("urn:uuid:a"), `"ifNoneExist":"subject=urn:uuid:a"`)),
			want: named("Bundle.entry[1].request.ifNoneExist", "urn:uuid:a"),
		},
		{
			name: "in other letters, and beside another value",
			when: transaction(patient, post("", about("urn:uuid:a"), `"ifNoneExist":"code=x&subject=Patient/1,URN:UUID:A"`)),
			want: named("Bundle.entry[1].request.ifNoneExist", "URN:UUID:A"),
		},
		{
			name: "by its address on another server",
			when: transaction(foreign, post("", about("Patient/7"), `"ifNoneExist":"subject=http://other.example/fhir/Patient/7"`)),
			want: named("Bundle.entry[1].request.ifNoneExist", "http://other.example/fhir/Patient/7"),
		},
		{
			name: "of a conditional update",
			when: transaction(patient, put("Observation?patient=urn:uuid:a", about("urn:uuid:a"))),
			want: named("Bundle.entry[1].request.url", "urn:uuid:a"),
		},
		{
			name: "of a conditional delete, at the end of a chain",
			when: transaction(patient, ask("DELETE", "Observation?has-member:Observation.subject=urn:uuid:a")),
			want: named("Bundle.entry[1].request.url", "urn:uuid:a"),
		},
		{
			name: "of a conditional reference, at the end of a reverse chain",
			when: transaction(patient, post("", about("Patient?_has:Patient:link:organization=urn:uuid:a"))),
			want: named("Bundle.entry[1].resource.subject.reference", "urn:uuid:a"),
		},
		{
			name:   "an identifier may be what an entry is called by, and a reference what no entry is",
			when:   transaction(patient, post("", taggedWolf, `"ifNoneExist":"identifier=urn:uuid:a"`), post("", about("urn:uuid:a"), `"ifNoneExist":"subject=urn:uuid:b"`)),
			want:   transactionResponse(created("Patient/new-1/_history/1", "01"), created("Patient/new-2/_history/1", "01"), created("Observation/new-3/_history/1", "01")),
			writes: 3,
		},
	})
}

func TestIdempotentTransaction(t *testing.T) {
	again := call("POST ", bundle("transaction",
		post("urn:uuid:a", namedWolf), put("Patient/1", wolf), ask("DELETE", "Patient/2"), ask("HEAD", "Patient/1"),
		post("", taggedWolf, `"ifNoneExist":"identifier=x"`), post("", taggedWolf, `"ifNoneExist":"identifier=x"`), ask("DELETE", "Patient?identifier=none"),
	), idempotent("k"))
	want := transactionResponse(
		created("Patient/new-1/_history/1", "01"), created("Patient/1/_history/1", "01"), `{"response":{"status":"204 No Content"}}`,
		answered("200 OK", "", "1", "01"),
		created("Patient/new-2/_history/1", "01"), answered("200 OK", "Patient/new-2/_history/1", "1", "01"), `{"response":{"status":"204 No Content"}}`,
	)
	run(t, []scenario{
		{
			name:   "the first time it is done",
			when:   again,
			want:   want,
			writes: 3,
		},
		{
			name:  "the second time it is told",
			given: []interaction.Request{again},
			when:  again,
			want:  want,
		},
		{
			name:  "the second time it is told even if the world has changed",
			given: []interaction.Request{again, putWolfe(), call("DELETE Patient/new-1", "")},
			when:  again,
			want:  want,
		},
		{
			name:  "another Bundle under the same key is refused",
			given: []interaction.Request{again},
			when:  call("POST ", bundle("transaction"), idempotent("k")),
			want: refused(422,
				"error conflict/idempotency-reused : the idempotency key was used with another request",
			),
		},
	})
}
