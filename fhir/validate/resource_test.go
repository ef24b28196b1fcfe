package validate_test

import "testing"

func TestATypeThatContradictsItsReferenceIsFound(t *testing.T) {
	subject := func(members string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Group","id":"g","type":"person","actual":true}],` +
			`"focus":[{"reference":"#g"}],"subject":{` + members + `}}`
	}
	contradiction := func(typ, to string) []string {
		return []string{"invalid: the type is " + typ + ", the reference is to " + to + " (Observation.subject.type)"}
	}
	checkAll(t, []hostile{
		{"relative", subject(`"reference":"Patient/1","type":"Group"`), contradiction("Group", "Patient")},
		{"before the reference", subject(`"type":"Group","reference":"Patient/1/_history/2"`), contradiction("Group", "Patient")},
		{"by URL", subject(`"reference":"https://example.org/fhir/Patient/1","type":"Device"`), contradiction("Device", "Patient")},
		{"as a canonical", subject(`"reference":"Patient/1","type":"http://hl7.org/fhir/StructureDefinition/Group"`), contradiction("Group", "Patient")},
		{"contained", subject(`"reference":"#g","type":"Patient"`), contradiction("Patient", "Group")},
		{"conditional", subject(`"reference":"Patient?identifier=http://x|1","type":"Group"`), contradiction("Group", "Patient")},
		{"a type that the element does not allow either", subject(`"reference":"Patient/1","type":"Practitioner"`), contradiction("Practitioner", "Patient")},
		{
			"a condition of a type that is not allowed", subject(`"reference":"Practitioner?identifier=http://x|1"`),
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.reference)"},
		},
		{"what agrees", subject(`"reference":"Patient/1","type":"Patient"`), nil},
		{"what agrees, as a canonical", subject(`"reference":"http://a.org/Patient/1","type":"http://hl7.org/fhir/StructureDefinition/Patient"`), nil},
		{"an URL that is no FHIR", subject(`"reference":"http://a.org/Documents/1","type":"Patient"`), nil},
		{"an URN, which tells no type", subject(`"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","type":"Group"`), nil},
		{"a logical model", subject(`"reference":"Patient/1","type":"http://example.org/StructureDefinition/Person"`), nil},
	})
}

func TestAReferenceToAWrongTypeIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"a type that is not allowed",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Practitioner/1"}}`,
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.reference)"},
		},
		{
			"a type that is not allowed, with version",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Practitioner/1/_history/2"}}`,
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.reference)"},
		},
		{
			"a type that is not allowed, by URL",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"https://example.org/fhir/Practitioner/1"}}`,
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.reference)"},
		},
		{
			"a type that does not exist",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Persn/1"}}`,
			[]string{"invalid: the reference must be to one of the resource types of R4 (Observation.subject.reference)"},
		},
		{
			"what is no type",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Person1/1"}}`,
			[]string{"value: a relative reference is written as Type/id (Observation.subject.reference)"},
		},
		{
			"an id that is none",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a_b"}}`,
			[]string{"value: a relative reference is written as Type/id (Observation.subject.reference)"},
		},
		{
			"an id alone",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"focus":[{"reference":"1"}]}`,
			[]string{"value: a relative reference is written as Type/id (Observation.focus[0].reference)"},
		},
		{
			"a type that does not exist where any may stand",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"focus":[{"reference":"Persn/1"}]}`,
			[]string{"invalid: the reference must be to one of the resource types of R4 (Observation.focus[0].reference)"},
		},
		{
			"a conditional reference to a type that is not allowed",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Practitioner?identifier=1"}}`,
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.reference)"},
		},
		{
			"Reference.type that is not allowed",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"type":"Practitioner","identifier":{"value":"1"}}}`,
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.type)"},
		},
		{
			"Reference.type as a canonical that is not allowed",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"type":"http://hl7.org/fhir/StructureDefinition/Practitioner","display":"x"}}`,
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.type)"},
		},
		{
			"Reference.type that does not exist",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"focus":[{"type":"Persn","display":"x"}]}`,
			[]string{"invalid: the reference must be to one of the resource types of R4 (Observation.focus[0].type)"},
		},
		{
			"a contained resource of a type that is not allowed",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Practitioner","id":"p"}],"subject":{"reference":"#p"}}`,
			[]string{"invalid: Observation.subject must not refer to Practitioner, only to Device, Group, Location, Patient (Observation.subject.reference)"},
		},
		{
			"a contained resource that is not there",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"#p"}}`,
			[]string{"invalid: the reference names no contained resource (Observation.subject.reference)"},
		},
		{
			"the container of a type that is not allowed",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Observation","id":"p","status":"final","code":{"text":"x"},"subject":{"reference":"#"}}],"hasMember":[{"reference":"#p"}]}`,
			[]string{"invalid: Observation.subject must not refer to Observation, only to Device, Group, Location, Patient (Observation.contained[0].subject.reference)"},
		},
		{
			"a member of a choice that is not allowed",
			`{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},"medicationReference":{"reference":"Substance/1"}}`,
			[]string{"invalid: MedicationRequest.medication[x] must not refer to Substance, only to Medication (MedicationRequest.medication.reference)"},
		},
	})
}

func TestAWrongContainedResourceIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"contained in contained",
			`{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a","contained":[{"resourceType":"Patient","id":"b"}]}]}`,
			[]string{"invalid: a contained resource must not contain resources (Patient.contained[0].contained[0])"},
		},
		{
			"without id",
			`{"resourceType":"Patient","contained":[{"resourceType":"Patient","active":true}]}`,
			[]string{"required: a contained resource must have an id (Patient.contained[0])"},
		},
		{
			"without type",
			`{"resourceType":"Patient","contained":[{"id":"a"}]}`,
			[]string{"required: resourceType is required (Patient.contained[0])"},
		},
		{
			"of an unknown type",
			`{"resourceType":"Patient","contained":[{"resourceType":"Foo","id":"a"}]}`,
			[]string{"structure: resourceType must be one of the resource types of R4 (Patient.contained[0])"},
		},
		{
			"two with one id",
			`{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a"},{"resourceType":"Organization","id":"a","name":"x"}]}`,
			[]string{"invalid: two contained resources must not have the same id (Patient.contained[1].id)"},
		},
		{
			"meta that only stored resources have",
			`{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2000-01-01T00:00:00Z","security":[{"code":"R"}]}}]}`,
			[]string{
				"invalid: a contained resource must not have meta.versionId (Patient.contained[0].meta.versionId)",
				"invalid: a contained resource must not have meta.lastUpdated (Patient.contained[0].meta.lastUpdated)",
				"invalid: a contained resource must not have meta.security (Patient.contained[0].meta.security[0])",
			},
		},
		{
			"a problem inside",
			`{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a","gender":"m"}]}`,
			[]string{"code-invalid: Patient.gender must be a code of http://hl7.org/fhir/ValueSet/administrative-gender (Patient.contained[0].gender)"},
		},
		{
			"one where an array belongs",
			`{"resourceType":"Patient","contained":{"resourceType":"Patient","id":"a"}}`,
			[]string{"structure: Patient.contained must be an array (Patient.contained)"},
		},
	})
}

func TestAWrongExtensionIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"a value and extensions",
			`{"resourceType":"Patient","extension":[{"url":"u","valueString":"x","extension":[{"url":"v","valueString":"x"}]}]}`,
			[]string{"invalid: an extension has a value or extensions, not both (Patient.extension[0])"},
		},
		{
			"an empty list of extensions",
			`{"resourceType":"Patient","extension":[{"url":"u","extension":[]}]}`,
			[]string{"structure: Extension.extension must not be an empty array (Patient.extension[0])"},
		},
		{
			"neither",
			`{"resourceType":"Patient","extension":[{"url":"u"}]}`,
			[]string{"invalid: an extension must have a value or extensions (Patient.extension[0])"},
		},
		{
			"only an id",
			`{"resourceType":"Patient","extension":[{"id":"x"}]}`,
			[]string{
				"required: Extension.url is required (Patient.extension[0])",
				"invalid: an extension must have a value or extensions (Patient.extension[0])",
			},
		},
		{
			"empty",
			`{"resourceType":"Patient","extension":[{}]}`,
			[]string{"structure: an object must not be empty (Patient.extension[0])"},
		},
		{
			"two values",
			`{"resourceType":"Patient","extension":[{"url":"u","valueString":"x","valueCode":"x"}]}`,
			[]string{"structure: Extension.value[x] must have only one value (Patient.extension[0])"},
		},
		{
			"a type that extensions do not have",
			`{"resourceType":"Patient","extension":[{"url":"u","valueNarrative":{"status":"empty"}}]}`,
			[]string{
				"structure: Extension.value[x] takes one of the open data types, its name after value (Patient.extension[0].valueNarrative)",
				"invalid: an extension must have a value or extensions (Patient.extension[0])",
			},
		},
		{
			"a problem in the value",
			`{"resourceType":"Patient","extension":[{"url":"u","valueReference":{"reference":"Persn/1"}}]}`,
			[]string{"invalid: the reference must be to one of the resource types of R4 (Patient.extension[0].value.reference)"},
		},
		{
			"one where an array belongs",
			`{"resourceType":"Patient","modifierExtension":{"url":"u","valueString":"x"}}`,
			[]string{"structure: Patient.modifierExtension must be an array (Patient.modifierExtension)"},
		},
	})
}

func TestAProblemInANestedResourceIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"a problem in an entry of a Bundle",
			`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}},{"resource":{"resourceType":"Patient","gender":"m"},"request":{"method":"POST"}}]}`,
			[]string{
				"code-invalid: Patient.gender must be a code of http://hl7.org/fhir/ValueSet/administrative-gender (Bundle.entry[1].resource.gender)",
				"required: Bundle.entry.request.url is required (Bundle.entry[1].request)",
			},
		},
		{
			"an entry without type",
			`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"id":"1"}}]}`,
			[]string{"required: resourceType is required (Bundle.entry[0].resource)"},
		},
		{
			"a local reference that another entry contains",
			`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}}},{"resource":{"resourceType":"Patient","managingOrganization":{"reference":"#o"}}}]}`,
			[]string{"invalid: the reference names no contained resource (Bundle.entry[1].resource.managingOrganization.reference)"},
		},
		{
			"a problem in a parameter",
			`{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Patient","gender":"m"}},{"name":"b","part":[{"valueDate":"x"}]}]}`,
			[]string{
				"code-invalid: Patient.gender must be a code of http://hl7.org/fhir/ValueSet/administrative-gender (Parameters.parameter[0].resource.gender)",
				"value: not a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day of the calendar (Parameters.parameter[1].part[0].value)",
				"required: Parameters.parameter.name is required (Parameters.parameter[1].part[0])",
			},
		},
		{
			"a Bundle in a Bundle",
			`{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"200","outcome":{"resourceType":"Bundle","type":"all"}}}]}`,
			[]string{"code-invalid: Bundle.type must be a code of http://hl7.org/fhir/ValueSet/bundle-type (Bundle.entry[0].response.outcome.type)"},
		},
		{
			"a contained resource in an entry",
			`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a","meta":{"versionId":"1"}}]}}]}`,
			[]string{"invalid: a contained resource must not have meta.versionId (Bundle.entry[0].resource.contained[0].meta.versionId)"},
		},
		{
			"many problems at once",
			`{"resourceType":"Patient","id":"a b","active":"yes","gender":"m","birthDate":"1.1.2000","surname":"x","name":{"given":"x"},"link":[{}]}`,
			[]string{
				"value: not an id: 1 to 64 of A-Z a-z 0-9 - . (Patient.id)",
				"structure: Patient.active must be a boolean, not a string (Patient.active)",
				"code-invalid: Patient.gender must be a code of http://hl7.org/fhir/ValueSet/administrative-gender (Patient.gender)",
				"value: not a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day of the calendar (Patient.birthDate)",
				"structure: Patient has no such element (Patient.surname)",
				"structure: Patient.name must be an array (Patient.name)",
				"structure: HumanName.given must be an array (Patient.name.given)",
				"structure: an object must not be empty (Patient.link[0])",
			},
		},
	})
}
