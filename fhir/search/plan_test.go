package search_test

import "testing"

func TestAQueryCompilesToThePlan(t *testing.T) {
	testPlans(t, []planCase{
		{
			"a string starts with the folded value, a date is compared as a range, sorts follow",
			"Patient?name=Peter&birthdate=gt1990&_sort=-birthdate,family&_count=3",
			`and(or(text(name starts "peter") text(name:start starts "peter")) range(birthdate hi>1990-12-31T23:59:59.999999999Z)) sort(birthdate range down) sort(family text)`,
		},
		{"nothing asked for matches everything", "Patient?", "and()"},
		{"a code in its implied system", "Patient?gender=http://hl7.org/fhir/administrative-gender|male", "and(gender|male)"},
		{"a code without system where none can be", "Patient?gender=|male", "and(gender|male)"},
		{":not is the opposite of the match", "Patient?gender:not=male", "and(not(gender|male))"},
		{"the three scoped forms of a token", "Patient?identifier=a|b,|c,d|", "and(or(identifier|a|b identifier||c identifier|d|))"},
		{
			"a union of two parameters asks for both",
			"Observation?combo-code=x&combo-code:missing=true",
			"and(or(code|x component-code|x) not(or(!code !component-code)))",
		},
		{"a composite of the resource itself needs both parameters", "Observation?code-value-concept=a$b", "and(code|a value-concept|b)"},
		{"a composite of the resource and a date", "Observation?code-value-date=a$2013", "and(code|a range(value-date lo>=2013-01-01 hi<=2013-12-31T23:59:59.999999999Z))"},
		{"a composite whose component leads elsewhere than its parameter", "Observation?code-value-string=a$xy", `and(text(code-value-string|a$ starts "xy"))`},
		{"a composite of an element", "Observation?component-code-value-concept=s|a$b", "and(component-code-value-concept|s|a$|b)"},
		{
			"a composite of the resource or an element", "Observation?combo-code-value-concept=a$b",
			"and(or(and(code|a value-concept|b) component-code-value-concept|a$|b))",
		},
		{
			"references relative, by id, absolute and typed",
			"Observation?subject=Patient/1&patient=1&encounter=http://localhost:8080/fhir/Encounter/1&subject:Patient=2",
			"and(subject|Patient/1 or(patient|1 patient|Patient/1) encounter|Encounter/1 subject|Patient/2)",
		},
		{
			"chains by type, of two hops, and into every type that knows the parameter",
			"Observation?subject:Patient.name=x&patient.organization.name=y&subject.name=z",
			`and(refers(subject to Patient: or(text(name starts "x") text(name:start starts "x"))) ` +
				`refers(patient to Patient: refers(organization to Organization: text(name starts "y"))) ` +
				`refers(subject to Location: text(name starts "z"); Patient: or(text(name starts "z") text(name:start starts "z"))))`,
		},
		{
			"reverse chains",
			"Patient?_has:Observation:patient:code=1&_has:Observation:patient:_has:AuditEvent:entity:agent-name=2",
			`and(referred(by Observation.patient: code|1) referred(by Observation.patient: referred(by AuditEvent.entity: text(agent-name starts "2"))))`,
		},
		{"the url of a conformance resource with its version", "ValueSet?url=http://x|1.0&version=AbC", "and(url|http://x version|1.0 version|abc)"},
	})
}
