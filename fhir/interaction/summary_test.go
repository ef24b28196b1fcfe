package interaction_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/interaction"
)

const rich = `{"resourceType":"Patient","id":"1","meta":{"tag":[{"code":"mine"}]},"implicitRules":"http://rules","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},` +
	`"extension":[{"url":"http://x","valueString":"y"}],"identifier":[{"value":"7","assigner":{"display":"z"}}],"name":[{"family":"Wolf","_family":{"id":"f"}}],` +
	`"_birthDate":{"id":"b"},"birthDate":"1999","photo":[{"title":"t"}],"contact":[{"gender":"male"}],"communication":[{"language":{"text":"de"}}]}`

const (
	richMeta   = `"meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z","tag":[{"code":"mine"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}`
	subsetMeta = `"meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:01.000Z","tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}`
)

// https://hl7.org/fhir/R4/search.html#summary https://hl7.org/fhir/R4/search.html#elements
func TestPartsOfResources(t *testing.T) {
	read := func(body string) answer { return answer{Status: 200, ETag: `W/"1"`, Modified: "1s", Body: body} }
	given := []interaction.Request{call("PUT Patient/1", rich)}
	head := `{"resourceType":"Patient","id":"1",` + richMeta + `,"implicitRules":"http://rules"`
	text := `"text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}`
	run(t, []scenario{
		{
			name:  "_summary=true shows summary elements",
			given: given,
			when:  call("GET Patient/1?_summary=true", ""),
			want:  read(head + `,"identifier":[{"value":"7","assigner":{"display":"z"}}],"name":[{"family":"Wolf","_family":{"id":"f"}}],"_birthDate":{"id":"b"},"birthDate":"1999"}`),
		},
		{
			name:  "_summary=text shows the text",
			given: given,
			when:  call("GET Patient/1?_summary=text", ""),
			want:  read(head + `,` + text + `}`),
		},
		{
			name:  "_summary=data shows all but the text",
			given: given,
			when:  call("GET Patient/1?_summary=data", ""),
			want:  read(head + `,"extension":[{"url":"http://x","valueString":"y"}],"identifier":[{"value":"7","assigner":{"display":"z"}}],"name":[{"family":"Wolf","_family":{"id":"f"}}],"_birthDate":{"id":"b"},"birthDate":"1999","photo":[{"title":"t"}],"contact":[{"gender":"male"}],"communication":[{"language":{"text":"de"}}]}`),
		},
		{
			name:  "_summary=false shows all",
			given: []interaction.Request{putWolf()},
			when:  call("GET Patient/1?_summary=false", ""),
			want:  read(wolfV1),
		},
		{
			name:  "_elements shows what is named, and a primitive with what stands beside it",
			given: given,
			when:  call("GET Patient/1?_elements=birthDate,Patient.contact", ""),
			want:  read(head + `,"_birthDate":{"id":"b"},"birthDate":"1999","contact":[{"gender":"male"}]}`),
		},
		{
			name:  "_elements may be repeated",
			given: given,
			when:  call("GET Patient/1?_elements=birthDate&_elements=contact", ""),
			want:  read(head + `,"_birthDate":{"id":"b"},"birthDate":"1999","contact":[{"gender":"male"}]}`),
		},
		{
			name:  "what must be there stays, and what changes the meaning",
			given: []interaction.Request{call("PUT Observation/1", `{"resourceType":"Observation","id":"1","modifierExtension":[{"url":"http://x","valueBoolean":true}],"status":"final","code":{"text":"x"},"valueString":"v","note":[{"text":"n"}]}`)},
			when:  call("GET Observation/1?_elements=value", ""),
			want:  read(`{"resourceType":"Observation","id":"1",` + subsetMeta + `,"modifierExtension":[{"url":"http://x","valueBoolean":true}],"status":"final","code":{"text":"x"},"valueString":"v"}`),
		},
		{
			name:  "an element by its JSON name",
			given: []interaction.Request{call("PUT Observation/1", `{"resourceType":"Observation","id":"1","status":"final","code":{"text":"x"},"valueString":"v"}`)},
			when:  call("GET Observation/1?_elements=valueString", ""),
			want:  read(`{"resourceType":"Observation","id":"1",` + subsetMeta + `,"status":"final","code":{"text":"x"},"valueString":"v"}`),
		},
		{
			name:  "parts of a version",
			given: []interaction.Request{putWolf(), putWolfe()},
			when:  call("GET Patient/1/_history/1?_elements=gender", ""),
			want:  read(`{"resourceType":"Patient","id":"1",` + subsetMeta + `}`),
		},
		{
			name:  "parts of matches",
			given: []interaction.Request{putWolf()},
			when:  call("GET Patient?_elements=gender", ""),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"` + base + `/Patient?_elements=gender"}],"entry":[` +
				`{"fullUrl":"` + base + `/Patient/1","resource":{"resourceType":"Patient","id":"1",` + subsetMeta + `},"search":{"mode":"match"}}]}`},
		},
		{
			name:  "_elements are those of the matches, included resources are whole",
			given: []interaction.Request{putWolf(), call("PUT Condition/c", condition)},
			when:  call("GET Condition?_elements=subject&_include=Condition:subject", ""),
			want: answer{Status: 200, Body: `{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"` + base + `/Condition?_elements=subject&_include=Condition:subject"}],"entry":[` +
				`{"fullUrl":"` + base + `/Condition/c","resource":{"resourceType":"Condition","id":"c","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:02.000Z","tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]},"subject":{"reference":"Patient/1"}},"search":{"mode":"match"}},` +
				`{"fullUrl":"` + base + `/Patient/1","resource":` + wolfV1 + `,"search":{"mode":"include"}}]}`},
		},
		{
			name:  "an element that is none",
			given: given,
			when:  call("GET Patient/1?_elements=wolf", ""),
			want:  refused(400, `error value http._elements: "wolf" is no element of Patient`),
		},
		{
			name:  "a summary that is none",
			given: given,
			when:  call("GET Patient/1?_summary=some", ""),
			want:  refused(400, `error value http._summary: _summary is true, text, data or false, not "some"`),
		},
		{
			name:  "a summary without a value",
			given: given,
			when:  call("GET Patient/1?_summary=", ""),
			want:  refused(400, "error invalid http._summary: _summary has no value"),
		},
		{
			name:  "two summaries",
			given: given,
			when:  call("GET Patient/1?_summary=true&_summary=text", ""),
			want:  refused(400, "error invalid http._summary: _summary may occur only once"),
		},
		{
			name:  "a summary that counts",
			given: given,
			when:  call("GET Patient/1?_summary=count", ""),
			want:  refused(400, "error invalid http._summary: _summary=count counts the matches of a search"),
		},
	})
}

func TestASummaryLeavesOutWhatIsLarge(t *testing.T) {
	w := newWorld(t, nil)
	w.do(call("PUT DocumentReference/1", `{"resourceType":"DocumentReference","id":"1","status":"current","content":[{"attachment":{"contentType":"text/plain","data":"AAAA"}}]}`))
	got := w.do(call("GET DocumentReference/1?_summary=true", "")).Body
	want := `{"resourceType":"DocumentReference","id":"1",` + subsetMeta + `,"status":"current","content":[{"attachment":{"contentType":"text/plain"}}]}`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// https://hl7.org/fhir/R4/search.html#elements
func TestElementsOfSeveralTypesNeedBeOfOneOfThem(t *testing.T) {
	w := newWorld(t, nil)
	w.do(call("PUT Patient/1", `{"resourceType":"Patient","id":"1","gender":"female","birthDate":"1999"}`))
	w.do(call("PUT Condition/c", `{"resourceType":"Condition","id":"c","code":{"text":"x"},"subject":{"reference":"Patient/1"},"recordedDate":"2024"}`))
	w.do(call("PUT Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueString":"v"}`))
	refusal := func(name, of string) string {
		return `error value http._elements: "` + name + `" is no element of ` + of
	}
	unknown := func(name, of string) string {
		return `error invalid http._elements: the value "` + name + `" of _elements is no element of ` + of
	}
	tests := []struct {
		url   string
		shown []string // the members that not all answers have
		issue string
	}{
		{"?_elements=birthDate,recordedDate", []string{"birthDate", "recordedDate"}, ""},
		{"?_elements=gender&_elements=value", []string{"gender", "valueString"}, ""},
		{"?_elements=valueString", []string{"valueString"}, ""},
		{"?_elements=Condition.code", []string{"Condition.code"}, ""},
		{"?_type=Patient,Condition&_elements=Patient.gender,recordedDate", []string{"gender", "recordedDate"}, ""},
		{"?_type=Patient,Condition&_elements=wings", nil, unknown("wings", "Patient, Condition")},
		{"?_type=Patient,Condition&_elements=Patient.recordedDate", nil, unknown("recordedDate", "Patient, Condition")},
		{"?_type=Patient&_elements=recordedDate", nil, unknown("recordedDate", "Patient")},
		{"?_type=Patient,Condition&_elements=valueString", nil, unknown("valueString", "Patient, Condition")},
		{"?_elements=gender,wings", nil, unknown("wings", "any of the types that are searched")},
		{"_history?_elements=birthDate,recordedDate", []string{"birthDate", "recordedDate"}, ""},
		{"_history?_elements=gender&_elements=value", []string{"gender", "valueString"}, ""},
		{"_history?_elements=Condition.code", []string{"Condition.code"}, ""},
		{"_history?_elements=gender,wings", nil, refusal("wings", "any resource type")},
		{"_history?_elements=Wolf.gender", nil, refusal("Wolf.gender", "any resource type")},
		{"_history?_elements=Patient.recordedDate", nil, refusal("Patient.recordedDate", "any resource type")},
		{"_history?_elements=", nil, refusal("", "any resource type")},
		{"Patient/_history?_elements=recordedDate", nil, refusal("recordedDate", "Patient")},
		{"Device/_history?_elements=gender", nil, refusal("gender", "Device")},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			got := w.do(call("GET "+tt.url, ""))
			if tt.issue != "" {
				if diff := cmp.Diff(refused(400, tt.issue), got); diff != "" {
					t.Error(diff)
				}
				return
			}
			if diff := cmp.Diff(tt.shown, optional(t, got.Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// optional returns the members of the resources in a Bundle that _elements can leave out, sorted. A code, which an Observation must have,
// is named after its type.
func optional(t *testing.T, bundle string) []string {
	t.Helper()
	var b struct {
		Entry []struct{ Resource map[string]any }
	}
	if err := json.Unmarshal([]byte(bundle), &b); err != nil {
		t.Fatalf("%v: %s", err, bundle)
	}
	var names []string
	for _, e := range b.Entry {
		typ, _ := e.Resource["resourceType"].(string)
		for name := range e.Resource {
			switch {
			case name == "code" && typ == "Condition":
				names = append(names, typ+".code")
			case !slices.Contains([]string{"resourceType", "id", "meta", "status", "code", "subject"}, name):
				names = append(names, name)
			}
		}
		if text, _ := json.Marshal(e.Resource["meta"]); !strings.Contains(string(text), "SUBSETTED") {
			t.Errorf("%s is not marked as a part: %s", typ, text)
		}
	}
	slices.Sort(names)
	return names
}
