package interaction_test

import (
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// https://hl7.org/fhir/R4/http.html#update
func TestUpdate(t *testing.T) {
	one := []interaction.Request{putWolf()}
	run(t, []scenario{
		{
			name:   "a new id is created",
			when:   putWolf(),
			want:   answer{Status: 201, Location: location + "1", ETag: `W/"1"`, Modified: "1s", Body: wolfV1},
			writes: 1,
		},
		{
			name:   "another content makes a new version",
			given:  one,
			when:   putWolfe(),
			want:   answer{Status: 200, Location: location + "2", ETag: `W/"2"`, Modified: "2s", Body: wolfeV2},
			writes: 1,
		},
		{
			name:  "the same content makes no version",
			given: one,
			when:  call("PUT Patient/1", ` { "resourceType":"Patient", "meta":{"versionId":"9"}, "id":"1", "name":[{"family":"\u0057olf"}]}`),
			want:  answer{Status: 200, Location: location + "1", ETag: `W/"1"`, Modified: "1s", Body: wolfV1},
		},
		{
			name:   "a deleted resource is brought back with 201",
			given:  []interaction.Request{putWolf(), deleteWolf()},
			when:   call("PUT Patient/1", wolf, prefer("minimal")),
			want:   answer{Status: 201, Location: location + "3", ETag: `W/"3"`, Modified: "3s"},
			writes: 1,
		},
		{
			name:  "an id in the body that is not that of the URL is refused",
			given: one,
			when:  call("PUT Patient/2", wolf),
			want:  answer{Status: 400, Issues: []string{`error invalid Patient.id: the id in the resource is "1", in the URL it is "2"`}},
		},
		{
			name: "a body without an id is refused",
			when: call("PUT Patient/1", `{"resourceType":"Patient"}`),
			want: answer{Status: 400, Issues: []string{`error required Patient: an update needs the id of the URL, "1", in the resource`}},
		},
		{
			name: "an id that is no string is refused",
			when: call("PUT Patient/1", `{"resourceType":"Patient","id":1}`),
			want: answer{Status: 400, Issues: []string{`error required Patient: an update needs the id of the URL, "1", in the resource`}},
		},
		{
			name: "a body of another type is refused",
			when: call("PUT Observation/1", wolf),
			want: answer{Status: 400, Issues: []string{"error invalid Patient: the body is of type Patient, the URL says Observation"}},
		},
		{
			name: "bad JSON is refused with its place",
			when: call("PUT Patient/1", "{\"resourceType\":\"Patient\",\n\"id\":\"1\",,}"),
			want: answer{Status: 400, Issues: []string{`error structure Patient: line 2, column 10: a member name in quotes is missing`}},
		},
		{
			name:  "a reader does not update",
			given: one,
			when:  call("PUT Patient/1", wolfe, as(fhir.RoleReader)),
			want:  answer{Status: 403, Issues: []string{`error forbidden : the role "reader" does not allow update`}},
		},
		{
			name:   "Prefer return=minimal answers without a body",
			given:  one,
			when:   call("PUT Patient/1", wolfe, prefer("minimal")),
			want:   answer{Status: 200, Location: location + "2", ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:  "Prefer return=OperationOutcome says that nothing changed",
			given: one,
			when:  call("PUT Patient/1", wolf, prefer("OperationOutcome")),
			want: answer{
				Status: 200, Location: location + "1", ETag: `W/"1"`, Modified: "1s",
				Body: `{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","details":{"text":"nothing to change in Patient/1/_history/1"},"diagnostics":"nothing to change in Patient/1/_history/1"}]}`,
			},
		},
	})
}

// https://hl7.org/fhir/R4/http.html#concurrency
func TestVersionAwareUpdate(t *testing.T) {
	one := []interaction.Request{putWolf()}
	updated := answer{Status: 200, Location: location + "2", ETag: `W/"2"`, Modified: "2s"}
	put := func(change ...func(*interaction.Request)) interaction.Request {
		return call("PUT Patient/1", wolfe, append(change, prefer("minimal"))...)
	}
	run(t, []scenario{
		{
			name:   "the current version is updated",
			given:  one,
			when:   put(ifMatch(`W/"1"`)),
			want:   updated,
			writes: 1,
		},
		{
			name:   "a strong tag is the same",
			given:  one,
			when:   put(ifMatch(`"1"`)),
			want:   updated,
			writes: 1,
		},
		{
			name:   "a star means any version",
			given:  one,
			when:   put(ifMatch(`*`)),
			want:   updated,
			writes: 1,
		},
		{
			name:   "one of several tags suffices",
			given:  one,
			when:   put(ifMatch(`W/"7", W/"1"`)),
			want:   updated,
			writes: 1,
		},
		{
			name:  "another version is refused",
			given: one,
			when:  put(ifMatch(`W/"2"`)),
			want:  answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match asks for version 2 of Patient/1, the current version is 1"}},
		},
		{
			name:  "none of several tags is refused",
			given: one,
			when:  put(ifMatch(`W/"7", W/"8"`)),
			want:  answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match does not hold: Patient/1 has version 1"}},
		},
		{
			name:  "a tag that is no version of this server is refused as a mismatch",
			given: one,
			when:  put(ifMatch(`W/"abc"`)),
			want:  answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match does not hold: Patient/1 has version 1"}},
		},
		{
			name:  "a header that is no tag is refused",
			given: one,
			when:  put(ifMatch(`1`)),
			want:  answer{Status: 400, Issues: []string{`error value http.If-Match: If-Match needs an entity tag such as W/"3", not "1"`}},
		},
		{
			name: "a resource that is not there has no version",
			when: put(ifMatch(`W/"1"`)),
			want: answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match asks for version 1 of Patient/1, which is not there"}},
		},
		{
			name: "a star needs a resource",
			when: put(ifMatch(`*`)),
			want: answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match does not hold: there is no Patient/1"}},
		},
		{
			name:  "a deleted resource has no version",
			given: []interaction.Request{putWolf(), deleteWolf()},
			when:  put(ifMatch(`W/"2"`)),
			want:  answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match asks for version 2 of Patient/1, which is not there"}},
		},
		{
			name:   "If-None-Match with a star creates only",
			when:   put(ifNoneMatch(`*`)),
			want:   answer{Status: 201, Location: location + "1", ETag: `W/"1"`, Modified: "1s"},
			writes: 1,
		},
		{
			name:  "If-None-Match with a star does not update",
			given: one,
			when:  put(ifNoneMatch(`*`)),
			want:  answer{Status: 412, Issues: []string{"error conflict/precondition-failed http.If-None-Match: Patient/1 exists already"}},
		},
		{
			name:  "If-None-Match with a tag is refused",
			given: one,
			when:  put(ifNoneMatch(`W/"1"`)),
			want:  answer{Status: 400, Issues: []string{"error not-supported http.If-None-Match: If-None-Match of a write can only be *"}},
		},
	})
}

// https://hl7.org/fhir/R4/http.html#cond-update
func TestConditionalUpdate(t *testing.T) {
	named := func(id, family string) string {
		if id != "" {
			id = `"id":"` + id + `",`
		}
		return `{"resourceType":"Patient",` + id + `"name":[{"family":"` + family + `"}]}`
	}
	one := []interaction.Request{putWolf()}
	two := []interaction.Request{putWolf(), call("PUT Patient/2", named("2", "Wolf"))}
	put := func(line, body string, change ...func(*interaction.Request)) interaction.Request {
		return call(line, body, append(change, prefer("minimal"))...)
	}
	run(t, []scenario{
		{
			name:   "no match and no id creates with an id of the server",
			given:  one,
			when:   put("PUT Patient?name=fox", named("", "Fox")),
			want:   answer{Status: 201, Location: newLocation, ETag: `W/"1"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:   "no match and an id creates with that id",
			given:  one,
			when:   put("PUT Patient?name=fox", named("fox", "Fox")),
			want:   answer{Status: 201, Location: base + "/Patient/fox/_history/1", ETag: `W/"1"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:  "no match and the id of another resource does not overwrite that",
			given: one,
			when:  put("PUT Patient?name=fox", named("1", "Fox")),
			want:  answer{Status: 412, Issues: []string{"error conflict/precondition-failed : Patient/1 exists already"}},
		},
		{
			name:  "no match and an id that is none is refused",
			given: one,
			when:  put("PUT Patient?name=fox", named("a b", "Fox")),
			want:  answer{Status: 400, Issues: []string{`error value Patient.id: "a b" is not a valid id`}},
		},
		{
			name:   "one match and no id updates it",
			given:  one,
			when:   put("PUT Patient?name=wolf", named("", "Wolfe")),
			want:   answer{Status: 200, Location: location + "2", ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:   "one match and its id updates it",
			given:  one,
			when:   put("PUT Patient?name=wolf", named("1", "Wolfe")),
			want:   answer{Status: 200, Location: location + "2", ETag: `W/"2"`, Modified: "2s"},
			writes: 1,
		},
		{
			name:  "one match and another id is refused",
			given: one,
			when:  put("PUT Patient?name=wolf", named("2", "Wolfe")),
			want:  answer{Status: 400, Issues: []string{`error invalid Patient.id: the criteria match Patient/1, the id in the resource is "2"`}},
		},
		{
			name:  "one match and the same content makes no version",
			given: one,
			when:  put("PUT Patient?name=wolf", named("1", "Wolf")),
			want:  answer{Status: 200, Location: location + "1", ETag: `W/"1"`, Modified: "1s"},
		},
		{
			name:  "many matches are refused",
			given: two,
			when:  put("PUT Patient?name=wolf", named("", "Wolfe")),
			want:  answer{Status: 412, Issues: []string{"error multiple-matches http.query: the criteria match more than one Patient, such as Patient/1 and Patient/2"}},
		},
		{
			name:  "If-Match is held against the match",
			given: one,
			when:  put("PUT Patient?name=wolf", named("", "Wolfe"), ifMatch(`W/"7"`)),
			want:  answer{Status: 412, Issues: []string{"error conflict/version-mismatch http.If-Match: If-Match asks for version 7 of Patient/1, the current version is 1"}},
		},
		{
			name:  "no criteria at all are refused",
			given: one,
			when:  put("PUT Patient", named("", "Wolfe")),
			want:  answer{Status: 400, Issues: []string{"error required http.query: conditional criteria need at least one search parameter"}},
		},
		{
			name:  "criteria that shape results are refused",
			given: one,
			when:  put("PUT Patient?name=wolf&_count=1", named("", "Wolfe")),
			want:  answer{Status: 400, Issues: []string{"error invalid http._count: _count cannot stand in conditional criteria"}},
		},
		{
			name:  "unknown criteria are refused, lenient handling or not",
			given: one,
			when:  put("PUT Patient?name=wolf&foo=1", named("", "Wolfe"), lenient),
			want:  answer{Status: 400, Issues: []string{"error not-supported/unknown-parameter http.foo: Patient has no search parameter foo"}},
		},
	})
}

// https://hl7.org/fhir/R4/http.html#patch
func TestPatchIsNotBuilt(t *testing.T) {
	want := answer{Status: 501, Issues: []string{
		"error not-supported/not-implemented : patch is not implemented: read the resource, change it and update it with If-Match",
	}}
	run(t, []scenario{
		{
			name:  "of a resource",
			given: []interaction.Request{putWolf()},
			when:  call("PATCH Patient/1", "[]"),
			want:  want,
		},
		{
			name:  "conditional",
			given: []interaction.Request{putWolf()},
			when:  call("PATCH Patient?name=wolf", "[]"),
			want:  want,
		},
	})
}
