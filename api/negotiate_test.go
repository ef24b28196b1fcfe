package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

const acceptText = "; served is application/fhir+json with charset utf-8 and fhirVersion 4.0 (XML and Turtle are not)"

func TestAcceptChoosesTheMediaTypeOfTheAnswer(t *testing.T) {
	const own, generic, text = "application/fhir+json; charset=utf-8", "application/json; charset=utf-8", "text/json; charset=utf-8"
	ts := serve(t, &script{}, nil)
	tests := []struct{ name, accept, want string }{
		{"no preference is FHIR's own type", "", own},
		{"anything", "*/*", own},
		{"FHIR's own type", "application/fhir+json", own},
		{"letters of any size", "Application/FHIR+JSON", own},
		{"the name of the drafts", "application/json+fhir", own},
		{"who asks for a generic type gets it", "application/json", generic},
		{"the other generic type", "text/json", text},
		{"a range of types", "application/*", own},
		{"a range of texts", "text/*", text},
		{"own before generic where both are liked alike", "application/json, application/fhir+json", own},
		{"the better liked one", "application/fhir+json;q=0.5, application/json;q=0.9", generic},
		{"zero means no", "application/fhir+json;q=0, */*", generic},
		{"what is named before what a range says", "*/*;q=0.9, application/fhir+json;q=0.1", generic},
		{"the better of two wishes for one type", "application/fhir+json;q=0.9, application/json;q=0.5, application/fhir+json;q=0.1", own},
		{"what a browser sends", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", own},
		{"XML first, JSON too", "application/fhir+xml, application/fhir+json;q=0.1", own},
		{"the version that is served", "application/fhir+json; fhirVersion=4.0", "application/fhir+json; fhirVersion=4.0; charset=utf-8"},
		{"another version first", "application/fhir+json;fhirVersion=5.0, application/fhir+json;fhirVersion=4.0;q=0.5", "application/fhir+json; fhirVersion=4.0; charset=utf-8"},
		{"a character set", "application/fhir+json; charset=UTF-8", own},
		{"a character set in quotes", `application/fhir+json; charset="utf-8"`, own},
		{"a parameter with a comma in quotes", `application/fhir+json; profile="a,b;q=0"`, own},
		{"an element that cannot be read", "application/fhir+json;q=x, application/json", generic},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			if tt.accept != "" {
				header = []string{"Accept: " + tt.accept}
			}
			got := ts.do("GET", "/fhir/Patient/1", "", header...)
			if diff := cmp.Diff(tt.want, got.header.Get("Content-Type")); diff != "" || got.status != 200 {
				t.Errorf("status %d, Content-Type (-want +got):\n%s", got.status, diff)
			}
			if v := got.header.Get("Vary"); v != "Accept, Accept-Encoding" {
				t.Errorf("Vary: %s", v)
			}
		})
	}
}

func TestAcceptOfFormatsThatAreNotServedIs406(t *testing.T) {
	s := &script{}
	ts := serve(t, s, nil)
	for _, accept := range []string{
		"application/fhir+xml", "application/xml+fhir", "text/xml", "text/turtle", "application/x-turtle", "text/html", "image/*",
		"application/fhir+json;fhirVersion=3.0", "application/fhir+json;fhirVersion=5.0", "application/fhir+json; charset=iso-8859-1",
		"application/fhir+json;q=0", "*/*;q=0", "json", "/", "application/fhir+json;q=2",
	} {
		t.Run(accept, func(t *testing.T) {
			got := ts.do("GET", "/fhir/Patient/1", "", "Accept: "+accept)
			want := outcome(fhir.NotSupported, fhir.ReasonNotAcceptable, "the Accept header allows no format that is served"+acceptText, "http.Accept")
			if diff := cmp.Diff(want, got.body); diff != "" || got.status != 406 {
				t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
			}
			if c := got.header.Get("Content-Type"); c != "application/fhir+json; charset=utf-8" {
				t.Errorf("Content-Type: %s", c)
			}
		})
	}
	if s.count() != 0 {
		t.Error("a refused request reached the interactor")
	}
}

func TestFormatParameterOverridesAccept(t *testing.T) {
	ts := serve(t, &script{}, nil)
	tests := []struct{ name, query, want string }{
		{"json", "_format=json", "application/fhir+json; charset=utf-8"},
		{"FHIR's own type", "_format=application%2Ffhir%2Bjson", "application/fhir+json; charset=utf-8"},
		{"FHIR's own type with a plus that nobody escaped", "_format=application/fhir+json", "application/fhir+json; charset=utf-8"},
		{"a generic type", "_format=application/json", "application/json; charset=utf-8"},
		{"the other generic type", "_format=text/json", "text/json; charset=utf-8"},
		{"a version", "_format=application%2Ffhir%2Bjson%3BfhirVersion%3D4.0", "application/fhir+json; fhirVersion=4.0; charset=utf-8"},
		{"the first of several", "_format=json&_format=xml", "application/fhir+json; charset=utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ts.do("GET", "/fhir/Patient/1?"+tt.query, "", "Accept: application/fhir+xml")
			if diff := cmp.Diff(tt.want, got.header.Get("Content-Type")); diff != "" || got.status != 200 {
				t.Errorf("status %d, Content-Type (-want +got):\n%s", got.status, diff)
			}
		})
	}
}

func TestFormatParameterOfFormatsThatAreNotServedIs406(t *testing.T) {
	ts := serve(t, &script{}, nil)
	tests := []struct{ name, query, shown string }{
		{"xml", "_format=xml", `"xml"`},
		{"the type of XML", "_format=application%2Ffhir%2Bxml", `"application/fhir+xml"`},
		{"turtle", "_format=ttl", `"ttl"`},
		{"a range is no format", "_format=*/*", `"*/*"`},
		{"nothing", "_format=", `""`},
		{"another version", "_format=application/fhir%2Bjson;fhirVersion%3D3.0", `"application/fhir+json;fhirVersion=3.0"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ts.do("GET", "/fhir/Patient/1?"+tt.query, "", "Accept: application/fhir+json")
			want := outcome(fhir.NotSupported, fhir.ReasonNotAcceptable, "the _format "+tt.shown+" is not served"+acceptText, "http._format")
			if diff := cmp.Diff(want, got.body); diff != "" || got.status != 406 {
				t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
			}
		})
	}
}

func TestFormatAndPrettyEndAtTheBorder(t *testing.T) {
	s := &script{}
	ts := serve(t, s, nil)
	ts.do("GET", "/fhir/Patient?_format=json&name=a&_pretty=true&_pretty=false&_count=2", "")
	if diff := cmp.Diff("name=a _count=2", pairs(s.last().Query)); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	got := ts.do("POST", "/fhir/Patient/_search", "name=a&_format=application/json", "Content-Type: application/x-www-form-urlencoded; charset=UTF-8")
	if diff := cmp.Diff("name=a", pairs(s.last().Query)); diff != "" || got.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%s, parameters of a form (-want +got):\n%s", got.header.Get("Content-Type"), diff)
	}
}

func TestPrettyLaysJSONOutAndKeepsItsNumbers(t *testing.T) {
	ts := serve(t, answers(okWith(`{"resourceType":"Observation","valueQuantity":{"value":1.50},"note":[]}`)), nil)
	want := "{\n  \"resourceType\": \"Observation\",\n  \"valueQuantity\": {\n    \"value\": 1.50\n  },\n  \"note\": []\n}\n"
	tests := []struct{ name, query, want string }{
		{"true", "?_pretty=true", want},
		{"false", "?_pretty=false", `{"resourceType":"Observation","valueQuantity":{"value":1.50},"note":[]}`},
		{"without it", "", `{"resourceType":"Observation","valueQuantity":{"value":1.50},"note":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ts.do("GET", "/fhir/Observation/1"+tt.query, "").body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusalIsInTheFormatThatWasAskedFor(t *testing.T) {
	ts := serve(t, answers(refusal(fhir.NewIssue(fhir.NotFound, "Patient/1 is not there"))), nil)
	got := ts.do("GET", "/fhir/Patient/1?_pretty=true", "", "Accept: application/json")
	want := `{
  "resourceType": "OperationOutcome",
  "issue": [
    {
      "severity": "error",
      "code": "not-found",
      "details": {
        "text": "Patient/1 is not there"
      },
      "diagnostics": "Patient/1 is not there"
    }
  ]
}
`
	if diff := cmp.Diff(want, got.body); diff != "" || got.status != 404 || got.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("status %d, %s, body (-want +got):\n%s", got.status, got.header.Get("Content-Type"), diff)
	}
}

func TestBinaryIsServedRawUnlessFHIRIsAskedFor(t *testing.T) {
	tests := []struct{ name, method, path, accept, want string }{
		{"no preference", "GET", "Binary/1", "", "*/*"},
		{"anything", "GET", "Binary/1", "*/*", "*/*"},
		{"a type", "GET", "Binary/1", "application/pdf", "application/pdf"},
		{"generic JSON is no resource", "GET", "Binary/1", "application/json", "application/json"},
		{"what a browser sends", "GET", "Binary/1", "text/html,application/xml;q=0.9,*/*;q=0.8", "text/html"},
		{"the resource", "GET", "Binary/1", "application/fhir+json", ""},
		{"the resource, or anything", "GET", "Binary/1", "application/fhir+json, */*;q=0.1", ""},
		{"the content rather than the resource", "GET", "Binary/1", "application/fhir+json;q=0.5, image/png", "image/png"},
		{"a HEAD", "HEAD", "Binary/1", "image/png", "image/png"},
		{"a version", "GET", "Binary/1/_history/2", "image/png", "image/png"},
		{"_format", "GET", "Binary/1?_format=json", "image/png", ""},
		{"a search", "GET", "Binary?_id=1", "*/*", ""},
		{"a history", "GET", "Binary/1/_history", "*/*", ""},
		{"an operation", "GET", "Binary/$validate", "*/*", ""},
		{"another type", "GET", "BinaryThing/1", "*/*", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			ts := serve(t, s, nil)
			var header []string
			if tt.accept != "" {
				header = []string{"Accept: " + tt.accept}
			}
			got := ts.do(tt.method, "/fhir/"+tt.path, "", header...)
			if got.status != 200 || s.last().RawAccept != tt.want {
				t.Errorf("status %d, RawAccept %q, want %q", got.status, s.last().RawAccept, tt.want)
			}
		})
	}
}

func TestBinaryAsXMLIs406(t *testing.T) {
	ts := serve(t, &script{}, nil)
	if got := ts.do("GET", "/fhir/Binary/1", "", "Accept: application/fhir+xml"); got.status != 406 {
		t.Errorf("status %d", got.status)
	}
}
