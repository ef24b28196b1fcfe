package validate_test

import "testing"

func TestANameThatTheTypeDoesNotHaveIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"no resourceType",
			`{"id":"1"}`,
			[]string{"required: resourceType is required"},
		},
		{
			"an empty resource",
			`{}`,
			[]string{"required: resourceType is required"},
		},
		{
			"resourceType is a number",
			`{"resourceType":7}`,
			[]string{"structure: resourceType must be a string, not a number"},
		},
		{
			"a resourceType that does not exist",
			`{"resourceType":"Patiënt","id":"1"}`,
			[]string{"structure: resourceType must be one of the resource types of R4"},
		},
		{
			"an abstract resourceType",
			`{"resourceType":"DomainResource","id":"1"}`,
			[]string{"structure: resourceType must be one of the resource types of R4 (DomainResource)"},
		},
		{
			"a data type as resourceType",
			`{"resourceType":"HumanName","family":"x"}`,
			[]string{"structure: resourceType must be one of the resource types of R4 (HumanName)"},
		},
		{
			"an unknown element",
			`{"resourceType":"Patient","name":[{"family":"x"}],"surname":"x"}`,
			[]string{"structure: Patient has no such element (Patient.surname)"},
		},
		{
			"an unknown element of a data type",
			`{"resourceType":"Patient","name":[{"family":"x"},{"last":"x"}]}`,
			[]string{"structure: HumanName has no such element (Patient.name[1].last)"},
		},
		{
			"an unknown element of a part",
			`{"resourceType":"Patient","contact":[{"gendre":"male"}]}`,
			[]string{"structure: Patient.contact has no such element (Patient.contact[0].gendre)"},
		},
		{
			"an element in wrong case",
			`{"resourceType":"Patient","birthdate":"2000"}`,
			[]string{"structure: Patient has no such element (Patient.birthdate)"},
		},
		{
			"an element of another resource",
			`{"resourceType":"Patient","status":"active"}`,
			[]string{"structure: Patient has no such element (Patient.status)"},
		},
		{
			"a name that FHIRPath must quote",
			`{"resourceType":"Patient","birth-date":"2000"}`,
			[]string{"structure: Patient has no such element (Patient.`birth-date`)"},
		},
		{
			"resourceType in a data type",
			`{"resourceType":"Patient","name":[{"resourceType":"HumanName","family":"x"}]}`,
			[]string{"structure: HumanName has no such element (Patient.name[0].resourceType)"},
		},
		{
			"an underscore before what is no primitive",
			`{"resourceType":"Patient","_name":[{"id":"x"}]}`,
			[]string{"structure: Patient has no such element (Patient._name)"},
		},
		{
			"an underscore before an unknown name",
			`{"resourceType":"Patient","_surname":{"id":"x"}}`,
			[]string{"structure: Patient has no such element (Patient._surname)"},
		},
		{
			"comments of an older version",
			`{"resourceType":"Patient","fhir_comments":["x"]}`,
			[]string{"structure: Patient has no such element (Patient.fhir_comments)"},
		},
		{
			"text in a resource that has none",
			`{"resourceType":"Binary","contentType":"text/plain","text":{"status":"empty"}}`,
			[]string{"structure: Binary has no such element (Binary.text)"},
		},
	})
}

func TestAWrongJSONTypeIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"an object where a string belongs",
			`{"resourceType":"Patient","birthDate":{"value":"2000"}}`,
			[]string{"structure: Patient.birthDate must be a string, not an object (Patient.birthDate)"},
		},
		{
			"an array where one value belongs",
			`{"resourceType":"Patient","birthDate":["2000"]}`,
			[]string{"structure: Patient.birthDate must not be an array (Patient.birthDate[0])"},
		},
		{
			"an array of many where one belongs",
			`{"resourceType":"Patient","gender":["male","female"]}`,
			[]string{"structure: Patient.gender must not be an array (Patient.gender[0])"},
		},
		{
			"one value where an array belongs",
			`{"resourceType":"Patient","name":{"family":"x"}}`,
			[]string{"structure: Patient.name must be an array (Patient.name)"},
		},
		{
			"one primitive where an array belongs",
			`{"resourceType":"Patient","name":[{"given":"x"}]}`,
			[]string{"structure: HumanName.given must be an array (Patient.name[0].given)"},
		},
		{
			"a string where an object belongs",
			`{"resourceType":"Patient","name":["x"]}`,
			[]string{"structure: Patient.name must be an object, not a string (Patient.name[0])"},
		},
		{
			"a string where a boolean belongs",
			`{"resourceType":"Patient","active":"true"}`,
			[]string{"structure: Patient.active must be a boolean, not a string (Patient.active)"},
		},
		{
			"a number where a boolean belongs",
			`{"resourceType":"Patient","active":1}`,
			[]string{"structure: Patient.active must be a boolean, not a number (Patient.active)"},
		},
		{
			"a boolean where a string belongs",
			`{"resourceType":"Patient","birthDate":true}`,
			[]string{"structure: Patient.birthDate must be a string, not a boolean (Patient.birthDate)"},
		},
		{
			"a string where a number belongs",
			`{"resourceType":"Patient","multipleBirthInteger":"2"}`,
			[]string{"structure: Patient.multipleBirth[x] must be a number, not a string (Patient.multipleBirth)"},
		},
		{
			"a string where a decimal belongs",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":"1.5"}}`,
			[]string{"structure: Quantity.value must be a number, not a string (Observation.value.value)"},
		},
		{
			"an array in an array",
			`{"resourceType":"Patient","name":[[{"family":"x"}]]}`,
			[]string{"structure: Patient.name must be an object, not an array (Patient.name[0])"},
		},
		{
			"an array in an array of primitives",
			`{"resourceType":"Patient","name":[{"given":[["x"]]}]}`,
			[]string{"structure: HumanName.given must be a string, not an array (Patient.name[0].given[0])"},
		},
		{
			"a string where a resource belongs",
			`{"resourceType":"Patient","contained":["x"]}`,
			[]string{"structure: Patient.contained must be an object, not a string (Patient.contained[0])"},
		},
		{
			"null for one value",
			`{"resourceType":"Patient","birthDate":null}`,
			[]string{"structure: Patient.birthDate must not be null: that is allowed only in arrays of primitives, beside an id or extensions (Patient)"},
		},
		{
			"null for a list",
			`{"resourceType":"Patient","name":null}`,
			[]string{"structure: Patient.name must not be null: that is allowed only in arrays of primitives, beside an id or extensions (Patient)"},
		},
		{
			"null in a list of objects",
			`{"resourceType":"Patient","name":[null]}`,
			[]string{"structure: Patient.name must not be null: that is allowed only in arrays of primitives, beside an id or extensions (Patient)"},
		},
		{
			"null for an object",
			`{"resourceType":"Patient","maritalStatus":null}`,
			[]string{"structure: Patient.maritalStatus must not be null: that is allowed only in arrays of primitives, beside an id or extensions (Patient)"},
		},
		{
			"an empty string",
			`{"resourceType":"Patient","birthDate":""}`,
			[]string{"value: a string must not be empty (Patient.birthDate)"},
		},
		{
			"an empty array",
			`{"resourceType":"Patient","name":[]}`,
			[]string{"structure: Patient.name must not be an empty array (Patient)"},
		},
		{
			"an empty array of primitives",
			`{"resourceType":"Patient","name":[{"given":[]}]}`,
			[]string{"structure: HumanName.given must not be an empty array (Patient.name[0])"},
		},
		{
			"an empty object",
			`{"resourceType":"Patient","maritalStatus":{}}`,
			[]string{"structure: an object must not be empty (Patient.maritalStatus)"},
		},
		{
			"an empty object in an array",
			`{"resourceType":"Patient","name":[{"family":"x"},{}]}`,
			[]string{"structure: an object must not be empty (Patient.name[1])"},
		},
	})
}

func TestAWrongHalfOfAPrimitiveIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"a half that is a string",
			`{"resourceType":"Patient","_birthDate":"x"}`,
			[]string{"structure: Patient.birthDate: the id and the extensions of a primitive are an object, not a string (Patient.birthDate)"},
		},
		{
			"a half that is null",
			`{"resourceType":"Patient","birthDate":"2000","_birthDate":null}`,
			[]string{"structure: Patient.birthDate: the id and the extensions of a primitive are an object, not null (Patient)"},
		},
		{
			"a half that is empty",
			`{"resourceType":"Patient","birthDate":"2000","_birthDate":{}}`,
			[]string{"structure: an object must not be empty (Patient.birthDate)"},
		},
		{
			"a half that is an array",
			`{"resourceType":"Patient","birthDate":"2000","_birthDate":[{"id":"x"}]}`,
			[]string{"structure: \"_birthDate\" must not be an array (Patient.birthDate[0])"},
		},
		{
			"a half with a value",
			`{"resourceType":"Patient","_birthDate":{"value":"2000"}}`,
			[]string{"structure: date has no such element (Patient.birthDate.value)"},
		},
		{
			"a half with a broken extension",
			`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u"}]}}`,
			[]string{"invalid: an extension must have a value or extensions (Patient.birthDate.extension[0])"},
		},
		{
			"a half with an id that has a space",
			`{"resourceType":"Patient","_birthDate":{"id":"a b"}}`,
			[]string{"value: the id of an element must not have white space (Patient.birthDate.id)"},
		},
		{
			"halves that are no array",
			`{"resourceType":"Patient","name":[{"given":["x"],"_given":{"id":"x"}}]}`,
			[]string{"structure: \"_given\" must be an array (Patient.name[0])"},
		},
		{
			"fewer halves than values",
			`{"resourceType":"Patient","name":[{"given":["x","y"],"_given":[{"id":"x"}]}]}`,
			[]string{"structure: \"_given\" must be as long as the values beside it (Patient.name[0].given[0])"},
		},
		{
			"more halves than values",
			`{"resourceType":"Patient","name":[{"given":["x"],"_given":[{"id":"x"},{"id":"y"}]}]}`,
			[]string{"structure: \"_given\" must be as long as the values beside it (Patient.name[0].given[0])"},
		},
		{
			"a null without halves",
			`{"resourceType":"Patient","name":[{"given":["x",null]}]}`,
			[]string{"structure: given[1] is null: that needs an id or extensions at the same place of \"_given\" (Patient.name[0])"},
		},
		{
			"a null beside a null",
			`{"resourceType":"Patient","name":[{"given":["x",null],"_given":[{"id":"x"},null]}]}`,
			[]string{"structure: given[1] is null: that needs an id or extensions at the same place of \"_given\" (Patient.name[0])"},
		},
		{
			"a null among halves without values",
			`{"resourceType":"Patient","name":[{"_given":[null,{"id":"x"}]}]}`,
			[]string{"structure: _given[0] is null: that needs a value at the same place of \"given\" (Patient.name[0])"},
		},
		{
			"no halves in an array",
			`{"resourceType":"Patient","name":[{"given":["x"],"_given":[]}]}`,
			[]string{"structure: \"_given\" must not be an empty array (Patient.name[0])"},
		},
		{
			"an extension of XHTML",
			`{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>","_div":{"extension":[{"url":"u","valueString":"x"}]}}}`,
			[]string{"structure: xhtml has no such element (Patient.text.`div`.extension)"},
		},
	})
}

func TestAMissingElementIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"two required elements are missing",
			`{"resourceType":"Observation","id":"1"}`,
			[]string{
				"required: Observation.status is required (Observation)",
				"required: Observation.code is required (Observation)",
			},
		},
		{
			"a required element of a part is missing",
			`{"resourceType":"Patient","link":[{"type":"refer"},{"other":{"reference":"Patient/2"}}]}`,
			[]string{
				"required: Patient.link.other is required (Patient.link[0])",
				"required: Patient.link.type is required (Patient.link[1])",
			},
		},
		{
			"a required element deep in a data type",
			`{"resourceType":"Patient","text":{"status":"generated"}}`,
			[]string{"required: Narrative.div is required (Patient.text)"},
		},
		{
			"a required choice is missing",
			`{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"}}`,
			[]string{"required: MedicationRequest.medication[x] is required (MedicationRequest)"},
		},
		{
			"a required list is missing",
			`{"resourceType":"Appointment","status":"booked"}`,
			[]string{"required: Appointment.participant is required (Appointment)"},
		},
		{
			"a required list is empty",
			`{"resourceType":"Appointment","status":"booked","participant":[]}`,
			[]string{"structure: Appointment.participant must not be an empty array (Appointment)"},
		},
		{
			"an extension without url",
			`{"resourceType":"Patient","extension":[{"valueString":"x"}]}`,
			[]string{"required: Extension.url is required (Patient.extension[0])"},
		},
		{
			"a part of a content reference",
			`{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"type":"string"}]}]}`,
			[]string{"required: Questionnaire.item.linkId is required (Questionnaire.item[0].item[0])"},
		},
	})
}

func TestAWrongChoiceIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"two types of one choice",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"x","valueBoolean":true}`,
			[]string{"structure: Observation.value[x] must have only one value (Observation)"},
		},
		{
			"three types of one choice",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"x","valueBoolean":true,"valueInteger":1}`,
			[]string{
				"structure: Observation.value[x] must have only one value (Observation)",
				"structure: Observation.value[x] must have only one value (Observation)",
			},
		},
		{
			"a value and the half of another type",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"x","_valueBoolean":{"id":"x"}}`,
			[]string{"structure: Observation.value[x] must have only one value (Observation)"},
		},
		{
			"a type that the choice does not have",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueMoney":{"value":1}}`,
			[]string{"structure: Observation.value[x] takes one of Quantity, CodeableConcept, string, boolean, integer, Range, Ratio, SampledData, time, dateTime, Period (Observation.valueMoney)"},
		},
		{
			"a choice without its type",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"value":"x"}`,
			[]string{"structure: Observation.value[x] takes one of Quantity, CodeableConcept, string, boolean, integer, Range, Ratio, SampledData, time, dateTime, Period (Observation.value)"},
		},
		{
			"a type in wrong case",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valuestring":"x"}`,
			[]string{"structure: Observation has no such element (Observation.valuestring)"},
		},
		{
			"a type that no choice has",
			`{"resourceType":"Patient","deceasedString":"x"}`,
			[]string{"structure: Patient.deceased[x] takes one of boolean, dateTime (Patient.deceasedString)"},
		},
	})
}
