package interaction_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/interaction"
)

// https://hl7.org/fhir/R4/search.html#revinclude
func TestIncludes(t *testing.T) {
	const a, b, c = "match Observation/a/_history/1", "match Observation/b/_history/1", "match Observation/c/_history/2"
	const p1, p2, e = "include Patient/1/_history/2", "include Patient/2/_history/1", "include Encounter/e/_history/1"
	const org, top = "include Organization/org/_history/1", "include Organization/top/_history/1"
	const old = "include Patient/1/_history/1"
	w := clinic(t, nil)
	w.do(call("PUT Basic/a", `{"resourceType":"Basic","id":"a","code":{"text":"x"},"subject":{"reference":"Patient/1/_history/2"}}`))
	w.do(call("PUT Basic/b", `{"resourceType":"Basic","id":"b","code":{"text":"x"},"subject":{"reference":"Patient/1"},"author":{"reference":"Patient/2/_history/7"}}`))
	for _, s := range []struct {
		name, line string
		want       []string
	}{
		{"what matches refer to", "GET Observation?code=x&_include=Observation:subject", []string{a, b, p2, p1}},
		{"only targets of a type", "GET Observation?code=x&_include=Observation:subject:Patient", []string{a, b, p2, p1}},
		{"no targets of another type", "GET Observation?code=x&_include=Observation:subject:Group", []string{a, b}},
		{"two parameters", "GET Observation?_id=a&_include=Observation:subject&_include=Observation:encounter", []string{a, p1, e}},
		{"one resource by two parameters once", "GET Observation?_id=a&_include=Observation:subject&_include=Observation:patient", []string{a, p1}},
		{"all parameters", "GET Observation?_id=a&_include=Observation:*", []string{a, e, p1}},
		{"the version that a reference names", "GET Observation?_id=c&_include=Observation:subject", []string{c, old}},
		{"a version that is the current one once", "GET Basic?_include=Basic:subject", []string{"match Basic/a/_history/1", "match Basic/b/_history/1", p1}},
		{"what a version that is the current one refers to", "GET Basic?_id=a&_include=Basic:subject&_include:iterate=Patient:organization", []string{"match Basic/a/_history/1", p1, org}},
		{"no version that is not there", "GET Basic?_id=b&_include=Basic:author", []string{"match Basic/b/_history/1"}},
		{"a version and the current one", "GET Observation?_include=Observation:subject", []string{a, b, c, old, p2, p1}},
		{"not what includes refer to", "GET Observation?_id=a&_include=Observation:subject&_include=Patient:organization", []string{a, p1}},
		{"what includes refer to, if asked", "GET Observation?_id=a&_include=Observation:subject&_include:iterate=Patient:organization", []string{a, p1, org}},
		{
			"and so on", "GET Observation?_id=a&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof",
			[]string{a, p1, org, top},
		},
		{"what an included version refers to", "GET Observation?_id=c&_include=Observation:subject&_include:iterate=Patient:organization", []string{c, old, org}},
		{"what refers to matches", "GET Patient?_id=1&_revinclude=Encounter:subject", []string{"match Patient/1/_history/2", e}},
		{
			"what refers to matches by any parameter", "GET Patient?_id=1&_revinclude=Observation:*",
			[]string{"match Patient/1/_history/2", "include Observation/a/_history/1", "include Observation/c/_history/2"},
		},
		{
			"all that refers to matches", "GET Patient?_id=1&_revinclude=*",
			[]string{"match Patient/1/_history/2", "include Basic/a/_history/1", "include Basic/b/_history/1", e, "include Observation/a/_history/1", "include Observation/c/_history/2"},
		},
		{"what refers to includes", "GET Encounter?_include=Encounter:subject&_revinclude:iterate=Observation:subject", []string{"match Encounter/e/_history/1", p1, "include Observation/a/_history/1", "include Observation/c/_history/2"}},
		{"no match twice", "GET Patient?_revinclude=Observation:subject&_include=Patient:link&_id=2", []string{"match Patient/2/_history/1", "include Observation/b/_history/1"}},
		{"nothing for no matches", "GET Observation?_id=none&_include=Observation:subject", nil},
		{"nothing that is not there", "GET Organization?_id=top&_include=Organization:partof&_revinclude=Organization:partof", []string{"match Organization/top/_history/1", org}},
		{"the includes of the page", "GET Observation?_count=1&_sort=_id&_include=Observation:subject", []string{a, p1}},
		{"over several types", "GET ?_type=Encounter,Observation&_include=Encounter:subject", []string{"match Encounter/e/_history/1", a, b, c, p1}},
	} {
		t.Run(s.name, func(t *testing.T) {
			if diff := cmp.Diff(s.want, w.search(call(s.line, "")).names()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A canonical is no reference to a place, and an include follows it all the same: https://hl7.org/fhir/R4/references.html#canonical
func TestIncludesFollowCanonicals(t *testing.T) {
	w := newWorld(t, nil)
	for id, rest := range map[string]string{
		"Questionnaire/one":           `"status":"active","url":"http://example.org/q","version":"1"`,
		"Questionnaire/two":           `"status":"active","url":"http://example.org/q","version":"2"`,
		"Questionnaire/odd":           `"status":"active","url":"http://example.org/a,b$c"`,
		"QuestionnaireResponse/any":   `"status":"completed","questionnaire":"http://example.org/q"`,
		"QuestionnaireResponse/first": `"status":"completed","questionnaire":"http://example.org/q|1"`,
		"QuestionnaireResponse/third": `"status":"completed","questionnaire":"http://example.org/q|3"`,
		"QuestionnaireResponse/odd":   `"status":"completed","questionnaire":"http://example.org/a,b$c"`,
		"QuestionnaireResponse/local": `"status":"completed","questionnaire":"Questionnaire/one"`,
		"CarePlan/c":                  `"status":"active","intent":"plan","subject":{"display":"x"},"instantiatesCanonical":["http://example.org/q|2","http://example.org/none"]`,
	} {
		typ, name, _ := strings.Cut(id, "/")
		if got := w.do(call("PUT "+id, `{"resourceType":"`+typ+`","id":"`+name+`",`+rest+`}`)); got.Status != 201 {
			t.Fatal(got.Issues)
		}
	}
	for _, s := range []struct {
		name, line string
		want       []string
	}{
		{"every version where none is named", "GET QuestionnaireResponse?_id=any&_include=QuestionnaireResponse:questionnaire", []string{"match QuestionnaireResponse/any", "include Questionnaire/one", "include Questionnaire/two"}},
		{"the version that is named", "GET QuestionnaireResponse?_id=first&_include=QuestionnaireResponse:questionnaire", []string{"match QuestionnaireResponse/first", "include Questionnaire/one"}},
		{"no other version", "GET QuestionnaireResponse?_id=third&_include=QuestionnaireResponse:questionnaire", []string{"match QuestionnaireResponse/third"}},
		{"a url with characters that a search escapes", "GET QuestionnaireResponse?_id=odd&_include=QuestionnaireResponse:*", []string{"match QuestionnaireResponse/odd", "include Questionnaire/odd"}},
		{"a canonical that is a place", "GET QuestionnaireResponse?_id=local&_include=*", []string{"match QuestionnaireResponse/local", "include Questionnaire/one"}},
		{"only targets of a type", "GET CarePlan?_include=CarePlan:instantiates-canonical:Questionnaire", []string{"match CarePlan/c", "include Questionnaire/two"}},
		{"no targets of another type", "GET CarePlan?_include=CarePlan:instantiates-canonical:Measure", []string{"match CarePlan/c"}},
		{"each once", "GET QuestionnaireResponse?_id=any,first&_include=QuestionnaireResponse:questionnaire", []string{"match QuestionnaireResponse/any", "match QuestionnaireResponse/first", "include Questionnaire/one", "include Questionnaire/two"}},
		{
			"what names a match", "GET Questionnaire?_id=one&_revinclude=QuestionnaireResponse:questionnaire",
			[]string{"match Questionnaire/one", "include QuestionnaireResponse/any", "include QuestionnaireResponse/first", "include QuestionnaireResponse/local"},
		},
		{"not what names another version", "GET Questionnaire?_id=two&_revinclude=QuestionnaireResponse:questionnaire", []string{"match Questionnaire/two", "include QuestionnaireResponse/any"}},
		{
			"all that names a match", "GET Questionnaire?_id=two&_revinclude=*",
			[]string{"match Questionnaire/two", "include CarePlan/c", "include QuestionnaireResponse/any"},
		},
		{
			"what names what is included, and so on", "GET CarePlan?_include=CarePlan:instantiates-canonical&_revinclude:iterate=QuestionnaireResponse:questionnaire",
			[]string{"match CarePlan/c", "include Questionnaire/two", "include QuestionnaireResponse/any"},
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			var got []string
			for _, name := range w.search(call(s.line, "")).names() {
				got = append(got, strings.TrimSuffix(name, "/_history/1"))
			}
			slices.Sort(got)
			slices.Sort(s.want)
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestIncludesAreOfTheMomentOfThePage(t *testing.T) {
	w := clinic(t, nil)
	first := w.search(call("GET Observation?_count=1&_sort=_id&_include=Observation:subject", ""))
	w.do(call("PUT Patient/2", `{"resourceType":"Patient","id":"2","name":[{"family":"Hare"}]}`))
	w.do(call("DELETE Patient/1", ""))
	second := w.search(follow(first.link("next")))
	if diff := cmp.Diff([]string{"match Observation/b/_history/1", "include Patient/2/_history/1"}, second.names()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	now := w.search(call("GET Observation?_id=a,b&_include=Observation:subject", ""))
	want := []string{"match Observation/a/_history/1", "match Observation/b/_history/1", "include Patient/2/_history/2"}
	if diff := cmp.Diff(want, now.names()); diff != "" {
		t.Errorf("what dangles is left out; -want +got:\n%s", diff)
	}
}

func TestIncludesBeyondALimitAreRefusedAndNeverCut(t *testing.T) {
	w := newWorld(t, func(o *interaction.Options) {
		o.Limits.Includes = 3
		o.Limits.IncludeDepth = 2
	})
	w.do(call("PUT Patient/1", `{"resourceType":"Patient","id":"1"}`))
	for k := range 5 {
		w.do(call(fmt.Sprintf("PUT Organization/%d", k), fmt.Sprintf(`{"resourceType":"Organization","id":"%d","name":"x","partOf":{"reference":"Organization/%d"}}`, k, k+1)))
	}
	for k := range 3 {
		w.do(call(fmt.Sprintf("PUT Observation/%d", k), fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"}}`, k)))
	}
	t.Run("as many as the limit are included", func(t *testing.T) {
		if got := w.search(call("GET Patient?_revinclude=Observation:subject", "")).names(); len(got) != 4 {
			t.Errorf("%v", got)
		}
	})
	w.do(call("PUT Observation/3", `{"resourceType":"Observation","id":"3","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"}}`))
	for _, c := range []struct{ name, line, want string }{
		{
			"one more is refused", "GET Patient?_revinclude=Observation:subject",
			"error too-costly http._include: the page includes more than 3 resources: ask for smaller pages with _count, or for less",
		},
		{
			"a deeper chain is refused", "GET Organization?_id=0&_include:iterate=Organization:partof",
			"error too-costly http._include: _include:iterate goes deeper than 2 rounds: ask for smaller pages with _count, or for less",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(refused(403, c.want), w.do(call(c.line, ""))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestIncludesOfCirclesEnd(t *testing.T) {
	w := newWorld(t, nil)
	w.do(call("PUT Organization/a", `{"resourceType":"Organization","id":"a","name":"x","partOf":{"reference":"Organization/b"}}`))
	w.do(call("PUT Organization/b", `{"resourceType":"Organization","id":"b","name":"x","partOf":{"reference":"Organization/a"}}`))
	got := w.search(call("GET Organization?_id=a&_include:iterate=Organization:partof&_revinclude:iterate=Organization:partof", "")).names()
	want := []string{"match Organization/a/_history/1", "include Organization/b/_history/1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestIncludesOfManyIdsAreAskedForInBatches(t *testing.T) {
	w := newWorld(t, func(o *interaction.Options) { o.Limits.Count = 2000 })
	var entries []string
	for k := range 520 {
		entries = append(entries,
			put(fmt.Sprintf("Patient/%d", k), fmt.Sprintf(`{"resourceType":"Patient","id":"%d"}`, k)),
			put(fmt.Sprintf("Observation/%d", k), fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/%d"}}`, k, k)))
	}
	if got := w.do(transaction(entries...)); got.Status != 200 {
		t.Fatal(got.Issues)
	}
	if got := len(w.search(call("GET Observation?_count=2000&_include=Observation:subject", "")).Entry); got != 1040 {
		t.Errorf("%d entries of _include", got)
	}
	if got := len(w.search(call("GET Patient?_count=2000&_revinclude=Observation:subject", "")).Entry); got != 1040 {
		t.Errorf("%d entries of _revinclude", got)
	}
}
