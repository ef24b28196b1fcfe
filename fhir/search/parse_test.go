package search_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
)

// byCode compares parameters by code and type of value: their definitions are long.
var byCode = cmp.Transformer("param", func(p *spec.Param) string {
	if p == nil {
		return ""
	}
	return p.Code + " " + string(p.Type)
})

func TestParseReadsEveryPartOfAQuery(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	q, err := engine(t).Parse("Observation", pairs(t, strings.Join([]string{
		"code=http://loinc.org|1234-5,x%5C,y",
		"status:not=final",
		"subject:Patient.name:exact=Ann",
		"_has:Provenance:target:agent=1",
		"_sort=-date,_id",
		"_count=7",
		"_total=accurate",
		"_summary=data",
		"_elements=code,value",
		"_elements=Observation.status",
		"_include=Observation:subject",
		"_include:iterate=Patient:organization:Organization",
		"_revinclude=Provenance:*",
		"_contained=false",
		"_format=json",
		"_pretty=true",
	}, "&")), search.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	code := s.Param("Observation", "code")
	want := &search.Query{
		Type: "Observation",
		Clauses: []search.Clause{
			{Name: "code", Param: code, Values: []string{"http://loinc.org|1234-5", `x\,y`}},
			{Name: "status:not", Param: s.Param("Observation", "status"), Modifier: "not", Values: []string{"final"}},
			{
				Name: "subject:Patient.name:exact", Param: s.Param("Observation", "subject"), Modifier: "Patient",
				Chain: &search.Chain{Targets: []string{"Patient"}, Clause: map[string]search.Clause{
					"Patient": {Name: "name:exact", Param: s.Param("Patient", "name"), Modifier: "exact", Values: []string{"Ann"}},
				}},
			},
			{Name: "_has:Provenance:target:agent", Has: &search.Has{
				Type: "Provenance", Param: s.Param("Provenance", "target"),
				Clause: search.Clause{Name: "agent", Param: s.Param("Provenance", "agent"), Values: []string{"1"}},
			}},
		},
		Sort:     []search.SortParam{{Param: "date", Descending: true}, {Param: "_id"}},
		Count:    7,
		Total:    search.TotalAccurate,
		Summary:  search.SummaryData,
		Elements: []string{"code", "value", "status"},
		Includes: []search.Include{
			{Source: "Observation", Param: "subject"},
			{Source: "Patient", Param: "organization", Target: "Organization", Iterate: true},
		},
		RevIncludes: []search.Include{{Source: "Provenance", Param: "*"}},
		Now:         now,
		Self: []search.Pair{
			{Name: "code", Value: `http://loinc.org|1234-5,x\,y`},
			{Name: "status:not", Value: "final"},
			{Name: "subject:Patient.name:exact", Value: "Ann"},
			{Name: "_has:Provenance:target:agent", Value: "1"},
			{Name: "_sort", Value: "-date,_id"},
			{Name: "_count", Value: "7"},
			{Name: "_total", Value: "accurate"},
			{Name: "_summary", Value: "data"},
			{Name: "_elements", Value: "code,value"},
			{Name: "_elements", Value: "Observation.status"},
			{Name: "_include", Value: "Observation:subject"},
			{Name: "_include:iterate", Value: "Patient:organization:Organization"},
			{Name: "_revinclude", Value: "Provenance:*"},
			{Name: "_contained", Value: "false"},
		},
	}
	if diff := cmp.Diff(want, q, byCode); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyQueryHasTheDefaults(t *testing.T) {
	q, err := engine(t).Parse("Patient", nil, search.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	want := &search.Query{Type: "Patient", Count: 20, Summary: search.SummaryFalse, Now: now}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Error(diff)
	}
}

func TestCountIsLoweredToTheLargestPage(t *testing.T) {
	tests := []struct {
		name, query string
		options     search.Options
		want        int
	}{
		{"none asked for: the default", "", search.Options{DefaultCount: 5}, 5},
		{"none asked for, the default above the largest: the largest", "", search.Options{DefaultCount: 50, MaxCount: 10}, 10},
		{"as asked for", "_count=30", search.Options{}, 30},
		{"more than the largest", "_count=5000", search.Options{}, 1000},
		{"more than a largest of 10", "_count=11", search.Options{MaxCount: 10}, 10},
		{"0 asks for the total only", "_count=0", search.Options{}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := engine(t).Parse("Patient", pairs(t, tt.query), tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if q.Count != tt.want {
				t.Errorf("want a page of %d, got %d", tt.want, q.Count)
			}
		})
	}
}

func TestAQueryIsRefusedWithTheParameterNamed(t *testing.T) {
	testRefusals(t, []refusal{
		{
			"an unknown parameter", "Patient?shoesize=43",
			[]string{"error not-supported/unknown-parameter http.shoesize: Patient has no search parameter shoesize"},
		},
		{
			"a parameter of another type", "Patient?code=x",
			[]string{"error not-supported/unknown-parameter http.code: Patient has no search parameter code"},
		},
		{
			"a name in the wrong case", "Patient?Gender=male",
			[]string{"error not-supported/unknown-parameter http.Gender: Patient has no search parameter Gender"},
		},
		{
			"parameters that come later", "Patient?_text=a&_content=a&_list=a&_query=a&_filter=a&_type=Patient&_contained=true&_containedType=container&_score=1",
			[]string{
				"error not-supported/later-parameter http._text: the parameter _text is not supported",
				"error not-supported/later-parameter http._content: the parameter _content is not supported",
				"error not-supported/later-parameter http._list: the parameter _list is not supported",
				"error not-supported/later-parameter http._query: the parameter _query is not supported",
				"error not-supported/later-parameter http._filter: the parameter _filter is not supported",
				"error not-supported/later-parameter http._type: the parameter _type is not supported",
				"error not-supported/later-parameter http._contained: to search for contained resources by themselves (_contained=true) is not supported",
				"error not-supported/later-parameter http._containedType: the parameter _containedType is not supported",
				"error not-supported/later-parameter http._score: the parameter _score is not supported",
			},
		},
		{
			"contained resources as results", "Patient?_contained=both",
			[]string{"error not-supported/later-parameter http._contained: to search for contained resources by themselves (_contained=both) is not supported"},
		},
		{
			"a value that _contained does not have, its second time, and its modifier", "Patient?_contained=no&_contained=false&_contained:not=true",
			[]string{
				`error invalid http._contained: the value "no" of _contained is none of true, false, both`,
				"error invalid http._contained: _contained can be given once only",
				"error invalid http._contained:not: _contained has no modifier :not",
			},
		},
		{
			"a parameter that asks how a name sounds: compared as it is written too few would be found", "Patient?phonetic=smyth",
			[]string{"error not-supported/later-parameter http.phonetic: the parameter phonetic is not supported"},
		},
		{
			"a special parameter", "Location?near=42.25475478|-83.6945691|11.20|km",
			[]string{"error not-supported/later-parameter http.near: the parameter near is not supported"},
		},
		{
			"modifiers that come later", "Condition?code:text=a&code:in=a&code:not-in=a&code:above=a&code:below=a&identifier:of-type=a|b|c",
			[]string{
				"error not-supported http.code:text: the modifier :text is not supported",
				"error not-supported http.code:in: the modifier :in is not supported",
				"error not-supported http.code:not-in: the modifier :not-in is not supported",
				"error not-supported http.code:above: the modifier :above is not supported",
				"error not-supported http.code:below: the modifier :below is not supported",
				"error not-supported http.identifier:of-type: the modifier :of-type is not supported",
			},
		},
		{
			"modifiers of another type", "Patient?name:not=a&gender:exact=a&birthdate:contains=a&organization:not=1&name:=a",
			[]string{
				"error invalid http.name:not: a parameter of type string has no modifier :not",
				"error invalid http.gender:exact: a parameter of type token has no modifier :exact",
				"error invalid http.birthdate:contains: a parameter of type date has no modifier :contains",
				"error invalid http.organization:not: a parameter of type reference has no modifier :not",
				"error invalid http.name:: name: has an empty modifier",
			},
		},
		{
			"a type that the reference never refers to", "Observation?subject:Practitioner=1&subject:Practitioner.name=a&subject:Foo.name=a",
			[]string{
				"error invalid http.subject:Practitioner: Observation.subject never refers to Practitioner",
				"error invalid http.subject:Practitioner.name: Observation.subject never refers to Practitioner",
				"error invalid http.subject:Foo.name: Foo is no resource type: only a type can stand before the dot of a chain",
			},
		},
		{
			"empty values", "Patient?name=&name=a,,b&name=,",
			[]string{
				"error invalid http.name: name has no value",
				"error invalid http.name: name has an empty value",
				"error invalid http.name: name has an empty value",
			},
		},
		{
			"an empty name", "Patient?=a",
			[]string{"error invalid http.query: a parameter has no name"},
		},
		{
			"a backslash that escapes nothing", `Patient?name=a\b&name=a\`,
			[]string{
				`error invalid http.name: the value "a\\b" of name is wrongly escaped: a backslash stands before one of $ , | \ only`,
				`error invalid http.name: the value "a\\" of name is wrongly escaped: a backslash stands before one of $ , | \ only`,
			},
		},
		{
			"a string of punctuation", "Patient?name=--",
			[]string{`error invalid http.name: the value "--" of name is nothing but punctuation`},
		},
		{
			"dates that are none", "Patient?birthdate=soon&birthdate=2020-13&birthdate=xx2020&birthdate=2020-01-01T10",
			[]string{
				`error invalid http.birthdate: the value "soon" of birthdate is no date: it is written as [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], as far as it is known from the left`,
				`error invalid http.birthdate: the value "2020-13" of birthdate is no date: it is written as [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], as far as it is known from the left`,
				`error invalid http.birthdate: the value "xx2020" of birthdate is no date: it is written as [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], as far as it is known from the left`,
				`error invalid http.birthdate: the value "2020-01-01T10" of birthdate is no date: it is written as [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], as far as it is known from the left`,
			},
		},
		{
			"tokens that are none", "Patient?identifier=|&identifier=a|b|c&active=http://x|true&_id=http://x|a&_id:not=http://x|&_id=|",
			[]string{
				`error invalid http.identifier: the value "|" of identifier is neither a system nor a code`,
				`error invalid http.identifier: the value "a|b|c" of identifier is no [system]|[code]: a | that is part of one is written as \|`,
				"error invalid http.active: the values of active have no system: only [code] can be asked for",
				"error invalid http._id: the values of _id have no system: only [code] can be asked for",
				"error invalid http._id:not: the values of _id have no system: only [code] can be asked for",
				`error invalid http._id: the value "|" of _id is neither a system nor a code`,
			},
		},
		{
			":missing with something else than true or false", "Patient?name:missing=yes&name:missing=true,false",
			[]string{
				"error invalid http.name:missing: name:missing takes the value true or false",
				"error invalid http.name:missing: name:missing takes the value true or false",
			},
		},
		{
			"a composite of too few parts, and with a modifier", "Observation?code-value-quantity=a&code-value-concept=a$&code-value-concept:missing=true",
			[]string{
				`error invalid http.code-value-quantity: the value "a" of code-value-quantity is not 2 values joined by $`,
				`error invalid http.code-value-concept: the value "a$" of code-value-concept is not 2 values joined by $`,
				"error invalid http.code-value-concept:missing: a parameter of type composite has no modifier :missing",
			},
		},
		{
			"chains that lead nowhere", "Observation?code.name=a&subject.shoesize=1&patient.shoesize=1&encounter:Encounter.status.x=1&subject.=1",
			[]string{
				"error not-supported/unknown-parameter http.code.name: Observation.code is no reference: nothing can be chained to it",
				"error not-supported/unknown-parameter http.subject.shoesize: no type that Observation.subject refers to has the parameter that subject.shoesize names",
				"error not-supported/unknown-parameter http.patient.shoesize: Patient has no search parameter shoesize",
				"error not-supported/unknown-parameter http.encounter:Encounter.status.x: Encounter.status is no reference: nothing can be chained to it",
				"error not-supported/unknown-parameter http.subject.: no type that Observation.subject refers to has the parameter that subject. names",
			},
		},
		{
			"reverse chains that lead nowhere",
			"Patient?_has=1&_has:Observation=1&_has:Observation:patient=1&_has:Foo:patient:code=1&_has:Observation:foo:code=1&_has:Observation:code:code=1" +
				"&_has:Observation:encounter:code=1&_has:Observation:patient:foo=1&_has:Observation:patient:=1",
			[]string{
				"error invalid http._has: _has is no _has:[type]:[reference parameter]:[parameter]",
				"error invalid http._has:Observation: _has:Observation is no _has:[type]:[reference parameter]:[parameter]",
				"error invalid http._has:Observation:patient: _has:Observation:patient is no _has:[type]:[reference parameter]:[parameter]",
				"error invalid http._has:Foo:patient:code: _has:Foo:patient:code names no resource type after _has",
				"error not-supported/unknown-parameter http._has:Observation:foo:code: Observation has no search parameter foo",
				"error invalid http._has:Observation:code:code: Observation.code is no reference: _has cannot follow it",
				"error invalid http._has:Observation:encounter:code: Observation.encounter never refers to Patient",
				"error not-supported/unknown-parameter http._has:Observation:patient:foo: Observation has no search parameter foo",
				"error invalid http._has:Observation:patient:: _has:Observation:patient: is no _has:[type]:[reference parameter]:[parameter]",
			},
		},
		{
			"a chain of seven references", "Observation?" + strings.Repeat("has-member:Observation.", 7) + "code=1",
			[]string{"error too-costly http.has-member:Observation.has-member:Observation.has-member:Observation.has-member:...: " +
				"has-member:Observation.has-member:Observation.has-member:Observation.has-member:... follows more than 6 references"},
		},
		{
			"a chain that would look for what nobody knows along a million ways", "Provenance?target.subject.subject.subject.subject.subject.shoesize=1",
			[]string{
				"error too-costly http.target.subject.subject.subject.subject.subject.shoesize: " +
					"target.subject.subject.subject.subject.subject.shoesize branches into more than 1000 types; name the type, as in subject:Patient.name",
			},
		},
		{
			"a chain that branches into every type twice", "Provenance?target.subject.subject._id=1",
			[]string{
				"error too-costly http.target.subject.subject._id: target.subject.subject._id branches into more than 1000 types; name the type, as in subject:Patient.name",
			},
		},
		{
			"result parameters that do not fit", "Patient?_count=-1&_total=maybe&_summary=short&_sort=shoesize&_elements=shoesize&_sort:x=name&_elements:x=name",
			[]string{
				`error invalid http._count: the value "-1" of _count is no whole number from 0 on`,
				`error invalid http._total: the value "maybe" of _total is none of none, estimate, accurate`,
				`error invalid http._summary: the value "short" of _summary is none of true, text, data, count, false`,
				`error invalid http._sort: Patient has no search parameter "shoesize" to sort by`,
				`error invalid http._elements: the value "shoesize" of _elements is no element of Patient`,
				"error invalid http._sort:x: _sort has no modifier :x",
				"error invalid http._elements:x: _elements has no modifier :x",
			},
		},
		{
			"sorting by what has no order", "Observation?_sort=code-value-quantity",
			[]string{"error invalid http._sort: Observation.code-value-quantity is of type composite, which has no order"},
		},
		{
			"sorting by relevance or by nothing", "Observation?_sort=_score&_sort=",
			[]string{"error not-supported http._sort: sorting by _score is not supported", "error invalid http._sort: _sort has no value"},
		},
		{
			"result parameters sent twice", "Patient?_count=1&_count=2&_total=none&_total=none&_summary=true&_summary=true&_sort=name&_sort=name",
			[]string{
				"error invalid http._count: _count can be given once only",
				"error invalid http._total: _total can be given once only",
				"error invalid http._summary: _summary can be given once only",
				"error invalid http._sort: _sort can be given once only",
			},
		},
		{
			"chains along canonicals", "QuestionnaireResponse?questionnaire.status=active&questionnaire:Questionnaire.status=active",
			[]string{
				"error not-supported http.questionnaire.status: QuestionnaireResponse.questionnaire holds canonical URLs, and chains follow references only",
				"error not-supported http.questionnaire:Questionnaire.status: QuestionnaireResponse.questionnaire holds canonical URLs, and chains follow references only",
			},
		},
		{
			"chains into the first resource of a Bundle, forward and back", "Bundle?composition.status=final&message:MessageHeader.source=x",
			[]string{
				"error not-supported http.composition.status: Bundle.composition is a part of the Bundle, and chains follow references only",
				"error not-supported http.message:MessageHeader.source: Bundle.message is a part of the Bundle, and chains follow references only",
			},
		},
		{
			"a reverse chain out of a Bundle", "Composition?_has:Bundle:composition:type=document",
			[]string{
				"error not-supported http._has:Bundle:composition:type: Bundle.composition is a part of the Bundle, and chains follow references only",
			},
		},
		{
			"a reverse chain along canonicals", "Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed",
			[]string{
				"error not-supported http._has:QuestionnaireResponse:questionnaire:status: QuestionnaireResponse.questionnaire holds canonical URLs, and chains follow references only",
			},
		},
		{
			"includes that lead nowhere",
			"Patient?_include=organization&_include=a:b:c:d&_include=Foo:x&_include=Patient:foo&_include=Patient:name&_include=Patient:organization:Practitioner" +
				"&_include=Patient:organization:Foo&_include:recurse=Patient:link&_revinclude=Patient&_include=Patient:organization:",
			[]string{
				`error invalid http._include: the value "organization" of _include is no [type]:[reference parameter] or [type]:[reference parameter]:[target type]`,
				`error invalid http._include: the value "a:b:c:d" of _include is no [type]:[reference parameter] or [type]:[reference parameter]:[target type]`,
				`error invalid http._include: the value "Foo:x" of _include is of no resource type: Foo`,
				`error invalid http._include: the value "Patient:foo" of _include is no parameter of Patient`,
				`error invalid http._include: the value "Patient:name" of _include is no reference parameter: it is of type string`,
				`error invalid http._include: the value "Patient:organization:Practitioner" of _include is no reference to Practitioner`,
				`error invalid http._include: the value "Patient:organization:Foo" of _include is of no resource type: Foo`,
				"error invalid http._include:recurse: the only modifier of an include is :iterate, not :recurse",
				`error invalid http._revinclude: the value "Patient" of _revinclude is no [type]:[reference parameter] or [type]:[reference parameter]:[target type]`,
				`error invalid http._include: the value "Patient:organization:" of _include is of no resource type: `,
			},
		},
		{
			"includes with _summary=text", "Patient?_summary=text&_include=Patient:organization",
			[]string{"error invalid http._summary: _summary=text cannot be combined with _include or _revinclude"},
		},
		{
			"what is no UTF-8", "Patient?name=a%FFb&a%FF=b",
			[]string{"error invalid http.query: a parameter is no UTF-8", "error invalid http.query: a parameter is no UTF-8"},
		},
		{
			"a name that nobody would read", "Patient?" + strings.Repeat("x", 1000) + "=1",
			[]string{
				"error not-supported/unknown-parameter http." + strings.Repeat("x", 80) + "...: Patient has no search parameter " + strings.Repeat("x", 80) + "...",
			},
		},
		{
			"a value with NUL", "Patient?name=a%00b",
			[]string{`error invalid http.name: the value "" of name is not text: it contains a NUL character`},
		},
		{
			"too many values", "Patient?name=" + strings.Repeat("a,", 1000) + "a",
			[]string{"error too-costly http.name: name lists 1001 values; at most 1000 are answered"},
		},
	})
}

func TestATypeThatDoesNotExistIsRefused(t *testing.T) {
	_, err := engine(t).Parse("Foo", nil, search.Options{})
	want := []string{"error not-supported/unknown-type : there is no resource type Foo"}
	if diff := cmp.Diff(want, showIssues(err)); diff != "" {
		t.Error(diff)
	}
}

func TestLenientHandlingLeavesOutWhatIsNotKnownAndSaysSo(t *testing.T) {
	q, err := engine(t).Parse("Patient", pairs(t, "shoesize=43&gender=male&_text=x&organization.shoesize=1&_has:Observation:patient:x=1"),
		search.Options{Lenient: true, Now: now})
	if err != nil {
		t.Fatal(showIssues(err))
	}
	want := []string{
		"warning not-supported/unknown-parameter http.shoesize: Patient has no search parameter shoesize",
		"warning not-supported/later-parameter http._text: the parameter _text is not supported",
		"warning not-supported/unknown-parameter http.organization.shoesize: Organization has no search parameter shoesize",
		"warning not-supported/unknown-parameter http._has:Observation:patient:x: Observation has no search parameter x",
	}
	if diff := cmp.Diff(want, showIssues(q.Ignored)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]search.Pair{{Name: "gender", Value: "male"}}, q.Self); diff != "" {
		t.Error(diff)
	}
	if len(q.Clauses) != 1 {
		t.Errorf("want the one clause on gender, got %d", len(q.Clauses))
	}
}

func TestLenientHandlingStillRefusesModifiersAndValuesThatDoNotFit(t *testing.T) {
	_, err := engine(t).Parse("Patient", pairs(t, "name:phonetic=a&birthdate=x&name:text=a&_sort=shoesize"), search.Options{Lenient: true})
	want := []string{
		"error invalid http.name:phonetic: a parameter of type string has no modifier :phonetic",
		`error invalid http.birthdate: the value "x" of birthdate is no date: it is written as [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], as far as it is known from the left`,
		"error not-supported http.name:text: the modifier :text is not supported",
		`error invalid http._sort: Patient has no search parameter "shoesize" to sort by`,
	}
	if diff := cmp.Diff(want, showIssues(err)); diff != "" {
		t.Error(diff)
	}
}

func TestConditionalCriteria(t *testing.T) {
	tests := []struct {
		name, query string
		options     search.Options
		want        []string
	}{
		{"are read like any others", "identifier=a|b&_id=1", search.Options{Conditional: true}, nil},
		{
			"need at least one parameter", "",
			search.Options{Conditional: true},
			[]string{"error required http.query: conditional criteria need at least one search parameter"},
		},
		{
			"are strict however lenient the request", "identifier=a|b&shoesize=43",
			search.Options{Conditional: true, Lenient: true},
			[]string{"error not-supported/unknown-parameter http.shoesize: Patient has no search parameter shoesize"},
		},
		{
			"hold no result parameters", "identifier=a|b&_count=1&_include=Patient:link",
			search.Options{Conditional: true},
			[]string{
				"error invalid http._count: _count cannot stand in conditional criteria",
				"error invalid http._include: _include cannot stand in conditional criteria",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := engine(t).Parse("Patient", pairs(t, tt.query), tt.options)
			var got []string
			if err != nil {
				got = showIssues(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnIssueTellsTheStoreNothingOfAnUnknownParameterButItsName(t *testing.T) {
	_, err := engine(t).Parse("Patient", []search.Pair{{Name: "shoesize", Value: "secret"}}, search.Options{})
	if !fhir.HasReason(err, fhir.ReasonUnknownParameter) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}
