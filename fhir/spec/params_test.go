package spec_test

import (
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/spec"
)

// everyParam returns each official parameter once, by canonical.
func everyParam(s *spec.Spec) map[string]*spec.Param {
	all := map[string]*spec.Param{}
	for _, name := range append([]string{"Resource", "DomainResource"}, s.ResourceTypes()...) {
		for _, p := range s.Params(name) {
			all[p.URL] = p
		}
	}
	return all
}

func TestThereAre1375ParametersWithTheirTypes(t *testing.T) {
	want := map[spec.ParamType]int{
		spec.ParamToken: 536, spec.ParamReference: 472, spec.ParamString: 133, spec.ParamDate: 109, spec.ParamComposite: 46,
		spec.ParamURI: 45, spec.ParamQuantity: 27, spec.ParamNumber: 6, spec.ParamSpecial: 1,
	}
	all := everyParam(open(t))
	got := map[spec.ParamType]int{}
	for _, p := range all {
		got[p.Type]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(all) != 1375 {
		t.Errorf("%d parameters, want 1375", len(all))
	}
}

// The package holds 16 SearchParameters without an expression; 13 of them are among
// the 25 examples that stand beside the official 1,375.
func TestThreeOfTheOfficialParametersHaveNoExpression(t *testing.T) {
	var got []string
	for url, p := range everyParam(open(t)) {
		if p.Expression == "" {
			got = append(got, url)
		}
	}
	sort.Strings(got)
	want := []string{
		"http://hl7.org/fhir/SearchParameter/DomainResource-text",
		"http://hl7.org/fhir/SearchParameter/Resource-content",
		"http://hl7.org/fhir/SearchParameter/Resource-query",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATypeHasItsParametersAndThoseOfItsBases(t *testing.T) {
	const resource = "_content:string _id:token _lastUpdated:date _profile:uri _query:token _security:token _source:uri _tag:token "
	const domain = resource + "_text:string "
	tests := []struct{ typ, want string }{
		{"Resource", resource},
		{"DomainResource", domain},
		{"Binary", resource},
		{"Parameters", resource},
		{"Bundle", resource + "composition:reference identifier:token message:reference timestamp:date type:token "},
		{"Patient", domain + "active:token address:string address-city:string address-country:string address-postalcode:string " +
			"address-state:string address-use:token birthdate:date death-date:date deceased:token email:token family:string " +
			"gender:token general-practitioner:reference given:string identifier:token language:token link:reference name:string " +
			"organization:reference phone:token phonetic:string telecom:token "},
		{"Procedure", domain + "based-on:reference category:token code:token date:date encounter:reference identifier:token " +
			"instantiates-canonical:reference instantiates-uri:uri location:reference part-of:reference patient:reference " +
			"performer:reference reason-code:token reason-reference:reference status:token subject:reference "},
		{"Observation", domain + "based-on:reference category:token code:token code-value-concept:composite code-value-date:composite " +
			"code-value-quantity:composite code-value-string:composite combo-code:token combo-code-value-concept:composite " +
			"combo-code-value-quantity:composite combo-data-absent-reason:token combo-value-concept:token combo-value-quantity:quantity " +
			"component-code:token component-code-value-concept:composite component-code-value-quantity:composite " +
			"component-data-absent-reason:token component-value-concept:token component-value-quantity:quantity data-absent-reason:token " +
			"date:date derived-from:reference device:reference encounter:reference focus:reference has-member:reference identifier:token " +
			"method:token part-of:reference patient:reference performer:reference specimen:reference status:token subject:reference " +
			"value-concept:token value-date:date value-quantity:quantity value-string:string "},
		{"Nothing", ""},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.typ, func(t *testing.T) {
			var got strings.Builder
			for _, p := range s.Params(tt.typ) {
				got.WriteString(p.Code + ":" + string(p.Type) + " ")
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAParameterKeepsWhatItsDefinitionSays(t *testing.T) {
	comparators := []string{"eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"}
	tests := []struct {
		typ, code string
		want      spec.Param
	}{
		{"Patient", "birthdate", spec.Param{
			Code: "birthdate", Name: "birthdate", URL: "http://hl7.org/fhir/SearchParameter/individual-birthdate", Type: spec.ParamDate,
			Expression: "Patient.birthDate | Person.birthDate | RelatedPerson.birthDate", XPathUsage: "normal",
			Base: []string{"Patient", "Person", "RelatedPerson"}, Comparators: comparators, MultipleOr: true, MultipleAnd: true,
			Description: "Multiple Resources: \r\n\r\n* [Patient](patient.html): The patient's date of birth\r\n* [Person](person.html): " +
				"The person's date of birth\r\n* [RelatedPerson](relatedperson.html): The Related Person's date of birth\r\n",
		}},
		{"Patient", "phonetic", spec.Param{
			Code: "phonetic", Name: "phonetic", URL: "http://hl7.org/fhir/SearchParameter/individual-phonetic", Type: spec.ParamString,
			Expression: "Patient.name | Person.name | Practitioner.name | RelatedPerson.name", XPathUsage: "phonetic",
			Base: []string{"Patient", "Person", "Practitioner", "RelatedPerson"}, MultipleOr: true, MultipleAnd: true,
			Description: "Multiple Resources: \r\n\r\n* [Patient](patient.html): A portion of either family or given name using some kind of " +
				"phonetic matching algorithm\r\n* [Person](person.html): A portion of name using some kind of phonetic matching algorithm\r\n" +
				"* [Practitioner](practitioner.html): A portion of either family or given name using some kind of phonetic matching algorithm\r\n" +
				"* [RelatedPerson](relatedperson.html): A portion of name using some kind of phonetic matching algorithm\r\n",
		}},
		{"Observation", "subject", spec.Param{
			Code: "subject", Name: "subject", URL: "http://hl7.org/fhir/SearchParameter/Observation-subject", Type: spec.ParamReference,
			Expression: "Observation.subject", XPathUsage: "normal", Base: []string{"Observation"},
			Targets: []string{"Device", "Group", "Location", "Patient"}, MultipleOr: true, MultipleAnd: true,
			Description: "The subject that the observation is about",
		}},
		{"Observation", "code-value-quantity", spec.Param{
			Code: "code-value-quantity", Name: "code-value-quantity", URL: "http://hl7.org/fhir/SearchParameter/Observation-code-value-quantity",
			Type: spec.ParamComposite, Expression: "Observation", XPathUsage: "normal", Base: []string{"Observation"}, MultipleAnd: true,
			Components: []spec.Component{
				{Definition: "http://hl7.org/fhir/SearchParameter/clinical-code", Expression: "code"},
				{Definition: "http://hl7.org/fhir/SearchParameter/Observation-value-quantity", Expression: "value.as(Quantity)"},
			},
			Description: "Code and quantity value parameter pair",
		}},
		{"Binary", "_id", spec.Param{
			Code: "_id", Name: "_id", URL: "http://hl7.org/fhir/SearchParameter/Resource-id", Type: spec.ParamToken,
			Expression: "Resource.id", XPathUsage: "normal", Base: []string{"Resource"}, MultipleOr: true, MultipleAnd: true,
			Description: "Logical id of this artifact",
		}},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.typ+"."+tt.code, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, s.Param(tt.typ, tt.code)); diff != "" {
				t.Error(diff)
			}
			if got := s.ParamByURL(tt.want.URL); got != s.Param(tt.typ, tt.code) {
				t.Errorf("ParamByURL gives %v", got)
			}
		})
	}
}

func TestAParameterThatATypeLacksIsNil(t *testing.T) {
	s := open(t)
	for _, tt := range []struct{ typ, code string }{
		{"Patient", "birthDate"}, {"Patient", ""}, {"Patient", "zzz"}, {"Binary", "_text"}, {"Nothing", "_id"},
	} {
		if p := s.Param(tt.typ, tt.code); p != nil {
			t.Errorf("Param(%q, %q) = %v", tt.typ, tt.code, p)
		}
	}
	if p := s.ParamByURL("http://hl7.org/fhir/SearchParameter/nothing"); p != nil {
		t.Errorf("ParamByURL = %v", p)
	}
}

func TestEveryParameterOfATypeIsFoundByItsCode(t *testing.T) {
	s := open(t)
	for _, name := range s.ResourceTypes() {
		for _, p := range s.Params(name) {
			if got := s.Param(name, p.Code); got != p {
				t.Errorf("Param(%q, %q) = %v, want %v", name, p.Code, got, p)
			}
		}
	}
}

func TestEveryBaseAndTargetOfAParameterIsAType(t *testing.T) {
	s := open(t)
	for url, p := range everyParam(s) {
		for _, name := range append(p.Base, p.Targets...) {
			if typ := s.Type(name); typ == nil || typ.Kind != spec.Resource {
				t.Errorf("%s names %q, which is no resource type", url, name)
			}
		}
		for _, c := range p.Components {
			if s.ParamByURL(c.Definition) == nil {
				t.Errorf("%s has a component %s that is no parameter", url, c.Definition)
			}
		}
	}
}
