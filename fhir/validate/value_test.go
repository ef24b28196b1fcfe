package validate_test

import "testing"

func TestAWrongFormatIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"an id with an underscore",
			`{"resourceType":"Patient","id":"a_b"}`,
			[]string{"value: not an id: 1 to 64 of A-Z a-z 0-9 - . (Patient.id)"},
		},
		{
			"an id of 65 characters",
			`{"resourceType":"Patient","id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`,
			[]string{"value: not an id: 1 to 64 of A-Z a-z 0-9 - . (Patient.id)"},
		},
		{
			"a date that is no day",
			`{"resourceType":"Patient","birthDate":"2023-02-29"}`,
			[]string{"value: not a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day of the calendar (Patient.birthDate)"},
		},
		{
			"a date with time",
			`{"resourceType":"Patient","birthDate":"2000-01-01T00:00:00Z"}`,
			[]string{"value: not a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day of the calendar (Patient.birthDate)"},
		},
		{
			"a date with one digit",
			`{"resourceType":"Patient","birthDate":"2000-1-1"}`,
			[]string{"value: not a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day of the calendar (Patient.birthDate)"},
		},
		{
			"a dateTime without zone",
			`{"resourceType":"Patient","deceasedDateTime":"2000-01-01T10:00:00"}`,
			[]string{"value: not a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone, and a day of the calendar (Patient.deceased)"},
		},
		{
			"a dateTime without seconds",
			`{"resourceType":"Patient","deceasedDateTime":"2000-01-01T10:00Z"}`,
			[]string{"value: not a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone, and a day of the calendar (Patient.deceased)"},
		},
		{
			"an instant without time",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"issued":"2000-01-01"}`,
			[]string{"value: not an instant: YYYY-MM-DDThh:mm:ss with a time zone, and a day of the calendar (Observation.issued)"},
		},
		{
			"a time of 24 hours",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueTime":"24:00:00"}`,
			[]string{"value: not a time: hh:mm:ss (Observation.value)"},
		},
		{
			"a code with two spaces",
			`{"resourceType":"Patient","language":"a  b"}`,
			[]string{"value: not a code: no white space but single spaces inside (Patient.language)"},
		},
		{
			"a uri with a space",
			`{"resourceType":"Patient","implicitRules":"http://example.org/a b"}`,
			[]string{"value: not a URI: it must not have white space (Patient.implicitRules)"},
		},
		{
			"an integer with a fraction",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueInteger":1.0}`,
			[]string{"value: not an integer: a whole number from -2147483648 to 2147483647, without exponent (Observation.value)"},
		},
		{
			"an integer with an exponent",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueInteger":1e3}`,
			[]string{"value: not an integer: a whole number from -2147483648 to 2147483647, without exponent (Observation.value)"},
		},
		{
			"an integer beyond 32 bits",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueInteger":2147483648}`,
			[]string{"value: not an integer: a whole number from -2147483648 to 2147483647, without exponent (Observation.value)"},
		},
		{
			"a positiveInt of 0",
			`{"resourceType":"Patient","telecom":[{"rank":0}]}`,
			[]string{"value: not a positiveInt: a whole number from 1 to 2147483647, without exponent (Patient.telecom[0].rank)"},
		},
		{
			"an unsignedInt below 0",
			`{"resourceType":"Patient","photo":[{"size":-1}]}`,
			[]string{"value: not an unsignedInt: a whole number from 0 to 2147483647, without exponent (Patient.photo[0].size)"},
		},
		{
			"base64 that is not padded",
			`{"resourceType":"Patient","photo":[{"data":"abc"}]}`,
			[]string{"value: not base64: groups of four characters of A-Z a-z 0-9 + /, the last padded with = (Patient.photo[0].data)"},
		},
		{
			"an OID with a leading 0",
			`{"resourceType":"Patient","extension":[{"url":"u","valueOid":"urn:oid:1.02"}]}`,
			[]string{"value: not an OID: urn:oid: and numbers with dots between (Patient.extension[0].value)"},
		},
		{
			"a UUID in capitals",
			`{"resourceType":"Patient","extension":[{"url":"u","valueUuid":"urn:uuid:C757873D-EC9A-4326-A141-556F43239520"}]}`,
			[]string{"value: not a UUID: urn:uuid: and 8-4-4-4-12 lowercase hexadecimal digits (Patient.extension[0].value)"},
		},
		{
			"an element id with a space",
			`{"resourceType":"Patient","name":[{"id":"a b","family":"x"}]}`,
			[]string{"value: the id of an element must not have white space (Patient.name[0].id)"},
		},
	})
}

func TestACodeOutsideOfItsRequiredSetIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"a code outside its set",
			`{"resourceType":"Patient","gender":"m"}`,
			[]string{"code-invalid: Patient.gender must be a code of http://hl7.org/fhir/ValueSet/administrative-gender (Patient.gender)"},
		},
		{
			"a code in wrong case",
			`{"resourceType":"Patient","gender":"Male"}`,
			[]string{"code-invalid: Patient.gender must be a code of http://hl7.org/fhir/ValueSet/administrative-gender (Patient.gender)"},
		},
		{
			"a code of a data type outside its set",
			`{"resourceType":"Patient","name":[{"use":"legal","family":"x"}]}`,
			[]string{"code-invalid: HumanName.use must be a code of http://hl7.org/fhir/ValueSet/name-use (Patient.name[0].use)"},
		},
		{
			"a CodeableConcept of another system",
			`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://example.org","code":"active"}]}}`,
			[]string{"code-invalid: Condition.clinicalStatus must have a coding of http://hl7.org/fhir/ValueSet/condition-clinical (Condition.clinicalStatus)"},
		},
		{
			"a CodeableConcept with a wrong code",
			`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"on"}]}}`,
			[]string{"code-invalid: Condition.clinicalStatus must have a coding of http://hl7.org/fhir/ValueSet/condition-clinical (Condition.clinicalStatus)"},
		},
		{
			"a CodeableConcept without system",
			`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"code":"active"}]}}`,
			[]string{"code-invalid: Condition.clinicalStatus must have a coding of http://hl7.org/fhir/ValueSet/condition-clinical (Condition.clinicalStatus)"},
		},
		{
			"a CodeableConcept of text alone",
			`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"text":"active"}}`,
			[]string{"code-invalid: Condition.clinicalStatus must have a coding of http://hl7.org/fhir/ValueSet/condition-clinical (Condition.clinicalStatus)"},
		},
		{
			"a simple quantity with a comparator",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"referenceRange":[{"low":{"value":1,"comparator":">"}}]}`,
			[]string{"structure: SimpleQuantity has no such element (Observation.referenceRange[0].low.comparator)"},
		},
		{
			"a currency that does not exist",
			`{"resourceType":"Invoice","status":"draft","totalNet":{"value":1,"currency":"XYZ"}}`,
			[]string{"code-invalid: Money.currency must be a code of http://hl7.org/fhir/ValueSet/currencies (Invoice.totalNet.currency)"},
		},
	})
}
