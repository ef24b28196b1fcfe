package search_test

import "testing"

func TestAURIIsIndexedAsItIs(t *testing.T) {
	testIndex(t, "ValueSet", []indexCase{
		{"a uri", "url", `"url":"http://acme.org/fhir/ValueSet/123"`, []string{
			"key !url", "key url|http://acme.org/fhir/ValueSet/123", `text url "http://acme.org/fhir/ValueSet/123"`,
		}},
		{"an URN", "url", `"url":"urn:oid:1.2.3.4.5"`, []string{"key !url", "key url|urn:oid:1.2.3.4.5", `text url "urn:oid:1.2.3.4.5"`}},
		{
			"a canonical with a version: with it and without", "_profile", `"meta":{"profile":["http://a.org/p|1.0"]}`,
			[]string{"key !_profile", "key _profile|http://a.org/p", `key _profile|http://a.org/p\|1.0`, `text _profile "http://a.org/p|1.0"`},
		},
		{"the source", "_source", `"meta":{"source":"http://a.org/feed#42"}`, []string{"key !_source", "key _source|http://a.org/feed#42", `text _source "http://a.org/feed#42"`}},
	})
	testIndex(t, "DocumentReference", []indexCase{
		{"a url", "location", `"content":[{"attachment":{"url":"Binary/1"}}]`, []string{"key !location", "key location|Binary/1", `text location "Binary/1"`}},
	})
}

func TestAURIIsAskedForAsAWhole(t *testing.T) {
	testPlans(t, []planCase{
		{"a uri", "ValueSet?url=http://acme.org/fhir/ValueSet/123", "and(url|http://acme.org/fhir/ValueSet/123)"},
		{"with the version of the resource", "ValueSet?url=http://acme.org/ValueSet/123|4.0", "and(url|http://acme.org/ValueSet/123 version|4.0)"},
		{
			"several, one with a version", "ValueSet?url=http://a|4.0,http://b",
			"and(or(and(url|http://a version|4.0) url|http://b))",
		},
		{"nothing before or after the |: part of the uri", "ValueSet?url=|1&url=http://a|", `and(url|\|1 url|http://a\|)`},
		{"escaped: part of the uri", `ValueSet?url=http://a\|1`, `and(url|http://a\|1)`},
		{"the url of a type without a version", "Subscription?url=http://a|1", `and(url|http://a\|1)`},
		{"a profile of one version", "ValueSet?_profile=http://a|1", `and(_profile|http://a\|1)`},
		{"missing", "ValueSet?url:missing=false", "and(!url)"},
	})
}

// TestURIsAreFoundAsThePageSays has rules of https://hl7.org/fhir/R4/search.html#uri
func TestURIsAreFoundAsThePageSays(t *testing.T) {
	const set = `"url":"http://acme.org/fhir/ValueSet/123","version":"2"`
	testMatches(t, "ValueSet", []matchCase{
		{"the entire uri", set, "url=http://acme.org/fhir/ValueSet/123", true},
		{"case matters", set, "url=http://acme.org/fhir/valueset/123", false},
		{"the start does not suffice", set, "url=http://acme.org/fhir/ValueSet/", false},
		{"escapes matter", set, "url=http://acme.org/fhir/ValueSet/%2531", false},
		{"the uri and its version", set, "url=http://acme.org/fhir/ValueSet/123|2", true},
		{"the uri and another version", set, "url=http://acme.org/fhir/ValueSet/123|3", false},
	})
}
