package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
)

// TestAnIncludeNamesSourceParameterAndTarget follows https://hl7.org/fhir/R4/search.html#include
func TestAnIncludeNamesSourceParameterAndTarget(t *testing.T) {
	tests := []struct {
		name, query           string
		includes, revincludes []search.Include
	}{
		{"what the matches refer to", "MedicationRequest?_include=MedicationRequest:patient", []search.Include{{Source: "MedicationRequest", Param: "patient"}}, nil},
		{"what refers to the matches", "MedicationRequest?_revinclude=Provenance:target", nil, []search.Include{{Source: "Provenance", Param: "target"}}},
		{
			"only targets of one type", "Observation?_include=Observation:subject:Patient",
			[]search.Include{{Source: "Observation", Param: "subject", Target: "Patient"}},
			nil,
		},
		{
			"of what is included, again and again", "MedicationDispense?_include=MedicationDispense:prescription&_include:iterate=MedicationRequest:requester",
			[]search.Include{{Source: "MedicationDispense", Param: "prescription"}, {Source: "MedicationRequest", Param: "requester", Iterate: true}},
			nil,
		},
		{
			"what refers to what is included", "Patient?_revinclude:iterate=Observation:subject",
			nil,
			[]search.Include{{Source: "Observation", Param: "subject", Iterate: true}},
		},
		{"by any parameter", "Observation?_include=Observation:*", []search.Include{{Source: "Observation", Param: "*"}}, nil},
		{"by any parameter, to one type", "Observation?_include=Observation:*:Patient", []search.Include{{Source: "Observation", Param: "*", Target: "Patient"}}, nil},
		{"all that the matches refer to", "Observation?_include=*", []search.Include{{Source: "Observation", Param: "*"}}, nil},
		{"the same twice: once", "Observation?_include=Observation:subject&_include=Observation:subject", []search.Include{{Source: "Observation", Param: "subject"}}, nil},
		{
			"the same with and without :iterate: both", "Observation?_revinclude=Observation:has-member&_revinclude:iterate=Observation:has-member",
			nil,
			[]search.Include{{Source: "Observation", Param: "has-member"}, {Source: "Observation", Param: "has-member", Iterate: true}},
		},
		{
			"a canonical", "QuestionnaireResponse?_include=QuestionnaireResponse:questionnaire",
			[]search.Include{{Source: "QuestionnaireResponse", Param: "questionnaire"}},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := plan(t, tt.query)
			if err != nil {
				t.Fatal(showIssues(err))
			}
			if diff := cmp.Diff(tt.includes, p.Query.Includes); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.revincludes, p.Query.RevIncludes); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff("and()", showPlan(p)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEverythingThatRefersToTheMatchesIsIncludedByAnAsterisk(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	var want []search.Include
	for _, typ := range s.ResourceTypes() {
		want = append(want, search.Include{Source: typ, Param: "*", Iterate: true})
	}
	p, err := plan(t, "Patient?_revinclude:iterate=*")
	if err != nil {
		t.Fatal(showIssues(err))
	}
	if diff := cmp.Diff(want, p.Query.RevIncludes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]search.Pair{{Name: "_revinclude:iterate", Value: "*"}}, p.Query.Self); diff != "" {
		t.Error(diff)
	}
}

func TestEveryReferenceParameterCanBeIncluded(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	included := 0
	for _, typ := range s.ResourceTypes() {
		for _, p := range s.Params(typ) {
			if p.Type != "reference" {
				continue
			}
			included++
			target := engine(t).TargetsOf(typ, p.Code)[0]
			for _, query := range []string{"_include=" + typ + ":" + p.Code, "_include=" + typ + ":" + p.Code + ":" + target, "_revinclude=" + typ + ":" + p.Code} {
				if _, err := plan(t, typ+"?"+query); err != nil {
					t.Errorf("%s?%s: %v", typ, query, err)
				}
			}
		}
	}
	if included < 472 {
		t.Errorf("%d reference parameters: some are missing", included)
	}
}

func TestResultParametersShapeTheAnswer(t *testing.T) {
	tests := []struct {
		name, query string
		want        search.Query
	}{
		{"no total", "_total=none", search.Query{Count: 20, Total: search.TotalNone, Summary: search.SummaryFalse}},
		{"an estimate", "_total=estimate", search.Query{Count: 20, Total: search.TotalEstimate, Summary: search.SummaryFalse}},
		{"a summary", "_summary=true", search.Query{Count: 20, Summary: search.SummaryTrue}},
		{"the text alone", "_summary=text", search.Query{Count: 20, Summary: search.SummaryText}},
		{"a count alone", "_summary=count", search.Query{Count: 20, Summary: search.SummaryCount}},
		{"no summary", "_summary=false", search.Query{Count: 20, Summary: search.SummaryFalse}},
		{"elements", "_elements=identifier,active,link", search.Query{Count: 20, Summary: search.SummaryFalse, Elements: []string{"identifier", "active", "link"}}},
		{"elements of a choice by either name", "_elements=deceased,deceasedBoolean", search.Query{Count: 20, Summary: search.SummaryFalse, Elements: []string{"deceased", "deceasedBoolean"}}},
		{"elements with the type before them", "_elements=Patient.name,name", search.Query{Count: 20, Summary: search.SummaryFalse, Elements: []string{"name"}}},
		{"elements that every resource has", "_elements=id,meta,text", search.Query{Count: 20, Summary: search.SummaryFalse, Elements: []string{"id", "meta", "text"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := engine(t).Parse("Patient", pairs(t, tt.query), search.Options{Now: now})
			if err != nil {
				t.Fatal(showIssues(err))
			}
			want := tt.want
			want.Type, want.Now, want.Self = "Patient", now, pairs(t, tt.query)
			if diff := cmp.Diff(&want, q); diff != "" {
				t.Error(diff)
			}
		})
	}
}
