package interaction_test

import (
	"fmt"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

func outcome(text string) string {
	return `{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","details":{"text":"` + text + `"},"diagnostics":"` + text + `"}]}`
}

// https://hl7.org/fhir/R4/http.html#delete
func TestDelete(t *testing.T) {
	one := []interaction.Request{putWolf()}
	run(t, []scenario{
		{
			name:   "a resource is deleted, and the ETag lets it be brought back",
			given:  one,
			when:   deleteWolf(),
			want:   answer{Status: 204, ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:   "Prefer return=OperationOutcome answers 200 with words",
			given:  one,
			when:   call("DELETE Patient/1", "", prefer("OperationOutcome")),
			want:   answer{Status: 200, ETag: `W/"2"`, Modified: "2s", Body: outcome("deleted Patient/1")},
			writes: 1,
		},
		{
			name:   "Prefer return=minimal answers 204",
			given:  one,
			when:   call("DELETE Patient/1", "", prefer("minimal")),
			want:   answer{Status: 204, ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name: "what was never there is deleted already",
			when: deleteWolf(),
			want: answer{Status: 204},
		},
		{
			name:  "what was deleted is deleted already",
			given: []interaction.Request{putWolf(), deleteWolf()},
			when:  call("DELETE Patient/1", "", prefer("OperationOutcome")),
			want:  answer{Status: 200, Body: outcome("nothing to delete")},
		},
		{
			name:   "If-Match of the current version deletes",
			given:  one,
			when:   call("DELETE Patient/1", "", ifMatch(`W/"1"`)),
			want:   answer{Status: 204, ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:  "If-Match of another version does not",
			given: one,
			when:  call("DELETE Patient/1", "", ifMatch(`W/"2"`)),
			want:  answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match asks for version 2 of Patient/1, the current version is 1"}},
		},
		{
			name:  "a reader does not delete",
			given: one,
			when:  call("DELETE Patient/1", "", as(fhir.RoleReader)),
			want:  answer{Status: 403, Issues: []string{`error forbidden : the role "reader" does not allow delete`}},
		},
		{
			name:  "a parameter is refused",
			given: one,
			when:  call("DELETE Patient/1?name=wolf", ""),
			want:  answer{Status: 400, Issues: []string{`error not-supported/unknown-parameter http.name: "name" is not a parameter of delete`}},
		},
	})
}

const condition = `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"}}`

func TestDeleteOfWhatIsReferredTo(t *testing.T) {
	enforce := func(o *interaction.Options) { o.References = interaction.ReferencesEnforce }
	both := []interaction.Request{putWolf(), call("PUT Condition/c", condition)}
	run(t, []scenario{
		{
			name:    "is refused where references are enforced",
			options: enforce,
			given:   both,
			when:    deleteWolf(),
			want:    answer{Status: 409, Issues: []string{"error conflict/referenced : Patient/1 cannot be deleted: Condition/c refers to it"}},
		},
		{
			name:    "is refused also where no search parameter reaches the reference",
			options: enforce,
			given:   []interaction.Request{call("PUT Organization/o", `{"resourceType":"Organization","id":"o","name":"x"}`), call("PUT Patient/p", contact)},
			when:    call("DELETE Organization/o", ""),
			want:    answer{Status: 409, Issues: []string{"error conflict/referenced : Organization/o cannot be deleted: Patient/p refers to it"}},
		},
		{
			name:   "is done elsewhere",
			given:  both,
			when:   deleteWolf(),
			want:   answer{Status: 204, ETag: `W/"2"`, Modified: "3s"},
			writes: 1,
		},
		{
			name:  "is refused inside a transaction",
			given: both,
			when:  transaction(ask("DELETE", "Patient/1")),
			want:  answer{Status: 409, Issues: []string{"error conflict/referenced Bundle.entry[0]: Patient/1 cannot be deleted: Condition/c refers to it"}},
		},
		{
			name:  "is done inside a transaction that removes the reference too",
			given: both,
			when:  transaction(ask("DELETE", "Patient/1"), ask("DELETE", "Condition/c")),
			want: transactionResponse(
				answered("204 No Content", "", "2", "03"),
				answered("204 No Content", "", "2", "03"),
			),
			writes: 2,
		},
		{
			name:    "is done inside a transaction where references are allowed",
			given:   both,
			when:    transaction(ask("DELETE", "Patient/1")),
			options: func(o *interaction.Options) { o.References = interaction.ReferencesAllow },
			want:    transactionResponse(answered("204 No Content", "", "2", "03")),
			writes:  1,
		},
		{
			name:    "is done once the reference is gone",
			options: enforce,
			given:   append(both, call("DELETE Condition/c", "")),
			when:    deleteWolf(),
			want:    answer{Status: 204, ETag: `W/"2"`, Modified: "4s"},
			writes:  1,
		},
		{
			name:    "a write that refers to nothing is refused where references are enforced",
			options: enforce,
			when:    call("PUT Condition/c", condition),
			want:    answer{Status: 422, Issues: []string{"error not-found/dangling-reference Condition.subject.reference: the reference to Patient/1 points to nothing"}},
		},
		{
			name:    "a reference to the resource itself is none",
			options: enforce,
			when:    call("PUT Patient/1", `{"resourceType":"Patient","id":"1","link":[{"other":{"reference":"Patient/1"},"type":"seealso"}]}`, prefer("minimal")),
			want:    answer{Status: 201, Location: location + "1", ETag: `W/"1"`, Modified: "1s"},
			writes:  1,
		},
		{
			name:    "an own absolute URL is a reference too",
			options: enforce,
			when:    call("PUT Condition/c", `{"resourceType":"Condition","id":"c","subject":{"reference":"https://localhost:8080/fhir/Patient/1"}}`),
			want:    answer{Status: 422, Issues: []string{"error not-found/dangling-reference Condition.subject.reference: the reference to Patient/1 points to nothing"}},
		},
		{
			name:    "another server's URL is not",
			options: enforce,
			when:    call("PUT Condition/c", `{"resourceType":"Condition","id":"c","subject":{"reference":"http://elsewhere/fhir/Patient/1"}}`, prefer("minimal")),
			want:    answer{Status: 201, Location: base + "/Condition/c/_history/1", ETag: `W/"1"`, Modified: "1s"},
			writes:  1,
		},
		{
			name: "an own base from the options is one",
			options: func(o *interaction.Options) {
				enforce(o)
				o.Bases = []string{"http://wolf.example/r4/"}
			},
			when: call("PUT Condition/c", `{"resourceType":"Condition","id":"c","subject":{"reference":"http://wolf.example/r4/Patient/1"}}`),
			want: answer{Status: 422, Issues: []string{"error not-found/dangling-reference Condition.subject.reference: the reference to Patient/1 points to nothing"}},
		},
	})
}

// https://hl7.org/fhir/R4/http.html#delete
func TestConditionalDelete(t *testing.T) {
	var three []interaction.Request
	for k := range 3 {
		three = append(three, call(fmt.Sprintf("PUT Patient/%d", k), fmt.Sprintf(`{"resourceType":"Patient","id":"%d","name":[{"family":"Wolf"}]}`, k)))
	}
	multiple := func(o *interaction.Options) { o.ConditionalDeleteMultiple = true }
	run(t, []scenario{
		{
			name:   "one match is deleted",
			given:  three[:1],
			when:   call("DELETE Patient?name=wolf", ""),
			want:   answer{Status: 204, ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:   "a slash before the question mark changes nothing",
			given:  three[:1],
			when:   call("DELETE Patient/?name=wolf", ""),
			want:   answer{Status: 204, ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:  "no match is deleted already",
			given: three,
			when:  call("DELETE Patient?name=fox", ""),
			want:  answer{Status: 204},
		},
		{
			name:  "many matches are refused",
			given: three,
			when:  call("DELETE Patient?name=wolf", ""),
			want:  answer{Status: 412, Issues: []string{"error multiple-matches http.query: the criteria match more than one Patient, such as Patient/0 and Patient/1"}},
		},
		{
			name:    "many matches are deleted where the server is set up so",
			options: multiple,
			given:   three,
			when:    call("DELETE Patient?name=wolf", "", prefer("OperationOutcome")),
			want:    answer{Status: 200, Body: outcome("deleted 3 resources")},
			writes:  3,
		},
		{
			name:  "more matches than the limit are refused, and none is deleted",
			given: three,
			options: func(o *interaction.Options) {
				multiple(o)
				o.Limits.DeleteMatches = 2
			},
			when: call("DELETE Patient?name=wolf", ""),
			want: answer{Status: 412, Issues: []string{"error too-costly/precondition-failed : the criteria match more than 2 resources: nothing was deleted"}},
		},
		{
			name:  "a limit of one is a limit too",
			given: three,
			options: func(o *interaction.Options) {
				multiple(o)
				o.Limits.DeleteMatches = 1
			},
			when: call("DELETE Patient?name=wolf", ""),
			want: answer{Status: 412, Issues: []string{"error too-costly/precondition-failed : the criteria match more than 1 resources: nothing was deleted"}},
		},
		{
			name:  "as many as the limit are deleted",
			given: three,
			options: func(o *interaction.Options) {
				multiple(o)
				o.Limits.DeleteMatches = 3
			},
			when:   call("DELETE Patient?name=wolf", ""),
			want:   answer{Status: 204},
			writes: 3,
		},
		{
			name:    "no criteria delete nothing",
			given:   three,
			options: multiple,
			when:    call("DELETE Patient", ""),
			want:    answer{Status: 400, Issues: []string{"error required http.query: conditional criteria need at least one search parameter"}},
		},
		{
			name:    "unknown criteria delete nothing, lenient handling or not",
			given:   three,
			options: multiple,
			when:    call("DELETE Patient?name=wolf&foo=1", "", lenient),
			want:    answer{Status: 400, Issues: []string{"error not-supported/unknown-parameter http.foo: Patient has no search parameter foo"}},
		},
	})
}
