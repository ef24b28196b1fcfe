package search_test

import (
	"strings"
	"testing"
)

// TestAChainAsksOfTheTarget has the examples of https://hl7.org/fhir/R4/search.html#chaining
func TestAChainAsksOfTheTarget(t *testing.T) {
	testPlans(t, []planCase{
		{
			"of every type that knows the parameter", "DiagnosticReport?subject.name=peter",
			`and(refers(subject to Location: text(name starts "peter"); Patient: or(text(name starts "peter") text(name:start starts "peter"))))`,
		},
		{
			"of the type that is named", "DiagnosticReport?subject:Patient.name=peter",
			`and(refers(subject to Patient: or(text(name starts "peter") text(name:start starts "peter"))))`,
		},
		{
			"each chain for itself", "Patient?general-practitioner:Practitioner.name=Joe&general-practitioner:Practitioner.address-state=MN",
			`and(refers(general-practitioner to Practitioner: or(text(name starts "joe") text(name:start starts "joe"))) ` +
				`refers(general-practitioner to Practitioner: text(address-state starts "mn")))`,
		},
		{"two references", "Observation?patient.organization.identifier=s|v", "and(refers(patient to Patient: refers(organization to Organization: identifier|s|v)))"},
		{"a modifier at the end", "Observation?patient.name:exact=Ann", "and(refers(patient to Patient: name:exact|Ann))"},
		{"not, at the end: of the target", "Observation?patient.gender:not=male", "and(refers(patient to Patient: not(gender|male)))"},
		{"missing, at the end: of the target", "Observation?patient.gender:missing=true", "and(refers(patient to Patient: not(!gender)))"},
		{"the id of the target", "Observation?patient._id=1,2", "and(refers(patient to Patient: id(1 2)))"},
		{
			"a composite of the target", "DiagnosticReport?result.code-value-quantity=2823-3$gt5.4",
			"and(refers(result to Observation: and(code|2823-3 range(value-quantity hi>5.4))))",
		},
		{
			"a reference of the target", "Observation?encounter.location=Location/1",
			"and(refers(encounter to Encounter: location|Location/1))",
		},
		{
			"a reverse chain of the target", "Observation?subject:Patient._has:Condition:patient:code=x",
			"and(refers(subject to Patient: referred(by Condition.patient: code|x)))",
		},
		{
			"six references", "Observation?" + strings.Repeat("has-member:Observation.", 6) + "status=final",
			"and(" + strings.Repeat("refers(has-member to Observation: ", 6) + "status|final" + strings.Repeat(")", 6) + ")",
		},
		{
			"a profile, which every resource has", "Observation?encounter._profile=http://p",
			"and(refers(encounter to Encounter: _profile|http://p))",
		},
		{
			"types that know the parameter as no reference are left out", "Provenance?target.recorder:Practitioner.name=a",
			`and(refers(target to AdverseEvent: ` + recorder + `; AllergyIntolerance: ` + recorder + `))`,
		},
	})
}

const recorder = `refers(recorder to Practitioner: or(text(name starts "a") text(name:start starts "a")))`

func TestAChainIntoEveryTypeKnowsItsTargets(t *testing.T) {
	p, err := plan(t, "Provenance?target.encounter._id=1")
	if err != nil {
		t.Fatal(showIssues(err))
	}
	got := showPlan(p)
	for _, part := range []string{"; Observation: refers(encounter to Encounter: id(1)); ", "; DocumentReference: refers(encounter to Encounter: id(1); EpisodeOfCare: id(1)); "} {
		if !strings.Contains(got, part) {
			t.Errorf("want %s in %s", part, got)
		}
	}
	if strings.Contains(got, "; Patient: refers(") {
		t.Errorf("a Patient has no encounter: %s", got)
	}
}

// TestAReverseChainAsksOfTheSource has the examples of https://hl7.org/fhir/R4/search.html#has
func TestAReverseChainAsksOfTheSource(t *testing.T) {
	testPlans(t, []planCase{
		{"a code", "Patient?_has:Observation:patient:code=1234-5", "and(referred(by Observation.patient: code|1234-5))"},
		{"or", "Patient?_has:Observation:patient:code=123,456", "and(referred(by Observation.patient: or(code|123 code|456)))"},
		{
			"and: each for itself", "Patient?_has:Observation:patient:code=123&_has:Observation:patient:code=456",
			"and(referred(by Observation.patient: code|123) referred(by Observation.patient: code|456))",
		},
		{
			"nested", "Patient?_has:Observation:patient:_has:AuditEvent:entity:agent=Practitioner/1",
			"and(referred(by Observation.patient: referred(by AuditEvent.entity: agent|Practitioner/1)))",
		},
		{
			"with a modifier", "Patient?_has:Observation:patient:status:not=final",
			"and(referred(by Observation.patient: not(status|final)))",
		},
		{
			"with a chain", "Patient?_has:Encounter:patient:location.name=ward",
			`and(referred(by Encounter.patient: refers(location to Location: text(name starts "ward"))))`,
		},
		{
			"with a date", "Patient?_has:Observation:patient:date=ge2013",
			"and(referred(by Observation.patient: range(date hi>=2013-01-01)))",
		},
	})
}

func TestSortKeysSayWhereTheirValuesAre(t *testing.T) {
	testPlans(t, []planCase{
		{
			"in priority order, each in its direction", "Observation?_sort=status,-date,category",
			"and() sort(status text) sort(date range down) sort(category text)",
		},
		{"by id and time", "Observation?_sort=_id,-_lastUpdated", "and() sort(_id id) sort(_lastUpdated updated down)"},
		{
			"by every type that has an order", "Observation?_sort=value-quantity,value-string,code,subject,date,_profile",
			"and() sort(value-quantity range) sort(value-string text) sort(code text) sort(subject text) sort(date range) sort(_profile text)",
		},
		{"by a number", "RiskAssessment?_sort=-probability", "and() sort(probability range down)"},
	})
}
