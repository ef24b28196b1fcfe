package search_test

import "testing"

func TestATokenIsIndexedBySystemAndCode(t *testing.T) {
	testIndex(t, "Observation", []indexCase{
		{
			"a coding with a system", "code", `"code":{"coding":[{"system":"http://loinc.org","code":"1234-5","display":"x"}],"text":"y"}`,
			[]string{"key !code", "key code|1234-5", "key code|http://loinc.org|", "key code|http://loinc.org|1234-5", `text code "1234-5"`},
		},
		{"a coding without a system", "code", `"code":{"coding":[{"code":"a"}]}`, []string{"key !code", "key code|a", "key code||a", `text code "a"`}},
		{"a coding without a code", "code", `"code":{"coding":[{"system":"s"}]}`, []string{"key !code", "key code|s|"}},
		{"a coding of nothing", "code", `"code":{"coding":[{"display":"x"}]}`, []string{"key !code"}},
		{"a text alone: it is there, and is no token", "code", `"code":{"text":"y"}`, []string{"key !code"}},
		{
			"several codings, one twice", "code", `"code":{"coding":[{"system":"s","code":"a"},{"system":"s","code":"b"},{"system":"s","code":"a"}]}`,
			[]string{"key !code", "key code|a", "key code|b", "key code|s|", "key code|s|a", "key code|s|b", `text code "a"`, `text code "b"`},
		},
		{
			"separators stand escaped, so that no two tokens have the same key", "code", `"code":{"coding":[{"system":"a|b","code":"c"},{"system":"a","code":"b|c"}]}`,
			[]string{
				"key !code", `key code|a\|b|`, `key code|a\|b|c`, `key code|a|`, `key code|a|b\|c`, `key code|b\|c`, "key code|c",
				`text code "b|c"`, `text code "c"`,
			},
		},
		{"a code has no system of its own", "status", `"status":"final"`, []string{"key !status", "key status|final", `text status "final"`}},
		{
			"an identifier", "identifier", `"identifier":[{"system":"s","value":"v"},{"value":"w"},{"type":{"text":"x"}}]`,
			[]string{"key !identifier", "key identifier|s|", "key identifier|s|v", "key identifier|v", "key identifier|w", "key identifier||w", `text identifier "v"`, `text identifier "w"`},
		},
		{"a code without a value: not there", "status", `"_status":{"id":"x"}`, nil},
	})
	testIndex(t, "Patient", []indexCase{
		{"a boolean", "active", `"active":false`, []string{"key !active", "key active|false", `text active "false"`}},
		{
			"a contact point", "telecom", `"telecom":[{"system":"phone","value":"+49 1"},{"system":"email"}]`,
			[]string{"key !telecom", "key telecom|+49 1", `text telecom "+49 1"`},
		},
		{"contact points of one kind", "email", `"telecom":[{"system":"phone","value":"1"},{"system":"email","value":"A@b.c"}]`, []string{"key !email", "key email|A@b.c", `text email "A@b.c"`}},
		{"a computed boolean: dead by a date", "deceased", `"deceasedDateTime":"2015"`, []string{"key !deceased", "key deceased|true", `text deceased "true"`}},
		{"a computed boolean: nothing is known", "deceased", `"gender":"male"`, []string{"key !deceased", "key deceased|false", `text deceased "false"`}},
	})
	testIndex(t, "ValueSet", []indexCase{
		{"a string: without case", "version", `"version":"1.0-Beta"`, []string{"key !version", "key version|1.0-beta", `text version "1.0-Beta"`}},
	})
}

func TestATokenIsAskedForInFourForms(t *testing.T) {
	testPlans(t, []planCase{
		{"a code in any system", "Condition?code=ha125", "and(code|ha125)"},
		{"a code in a system", "Condition?code=http://acme.org/conditions/codes|ha125", "and(code|http://acme.org/conditions/codes|ha125)"},
		{"a code without a system", "Condition?code=|ha125", "and(code||ha125)"},
		{"any code of a system", "Condition?code=http://acme.org/conditions/codes|", "and(code|http://acme.org/conditions/codes|)"},
		{"none of several", "Condition?code:not=a,s|b", "and(not(or(code|a code|s|b)))"},
		{"escaped separators", `Condition?code=a\|b|c\,d`, `and(code|a\|b|c,d)`},
		{"missing", "Condition?code:missing=true", "and(not(!code))"},
		{"a tag", "Condition?_tag=http://acme.org/codes|needs-review", "and(_tag|http://acme.org/codes|needs-review)"},
		{"a security label", "Condition?_security=R", "and(_security|R)"},
		{"a code of an element without a system", "Patient?gender=male", "and(gender|male)"},
		{"in the system of its value set", "Patient?gender=http://hl7.org/fhir/administrative-gender|male", "and(gender|male)"},
		{"in another system: nothing", "Patient?gender=http://acme.org|male", "and(or())"},
		{"a code that its value set does not have: nothing", "Patient?gender=http://hl7.org/fhir/administrative-gender|m", "and(or())"},
		{
			"any code of the system of its value set", "Patient?gender=http://hl7.org/fhir/administrative-gender|",
			"and(or(gender|female gender|male gender|other gender|unknown))",
		},
		{"no system where there can be none", "Patient?gender=|male", "and(gender|male)"},
		{"a string without case", "ValueSet?version=1.0-BETA", "and(version|1.0-beta)"},
		{"a boolean", "Patient?active=true", "and(active|true)"},
		{"a prefix is part of the code", "Condition?code=gt5", "and(code|gt5)"},
	})
}

// TestTokensAreFoundAsThePageSays has rules of https://hl7.org/fhir/R4/search.html#token
func TestTokensAreFoundAsThePageSays(t *testing.T) {
	const coded = `"code":{"coding":[{"system":"http://a","code":"X1"},{"code":"Y2"}]}`
	testMatches(t, "Condition", []matchCase{
		{"a code irrespective of its system", coded, "code=X1", true},
		{"a code without a system irrespective of that", coded, "code=Y2", true},
		{"case matters", coded, "code=x1", false},
		{"the start does not suffice", coded, "code=X", false},
		{"system and code", coded, "code=http://a|X1", true},
		{"another system", coded, "code=http://b|X1", false},
		{"a system and the code of another coding", coded, "code=http://a|Y2", false},
		{"no system", coded, "code=|Y2", true},
		{"no system, where there is one", coded, "code=|X1", false},
		{"any code of a system", coded, "code=http://a|", true},
		{"not: none of its codings matches", coded, "code:not=X2", true},
		{"not: one of its codings matches", coded, "code:not=X1", false},
		{"not: a resource without any value", `"recordedDate":"2020"`, "code:not=X1", true},
		{"or", coded, "code=Z,Y2", true},
		{"and", coded, "code=X1&code=Y2", true},
		{"and, one missing", coded, "code=X1&code=Z", false},
	})
	testMatches(t, "ValueSet", []matchCase{
		{"a string: case does not matter", `"version":"1.0-Beta"`, "version=1.0-bETA", true},
		{"a string: the start does not suffice", `"version":"1.0-Beta"`, "version=1.0", false},
	})
	testMatches(t, "Patient", []matchCase{
		{"gender that is not male", `"gender":"female"`, "gender:not=male", true},
		{"no gender at all", `"active":true`, "gender:not=male", true},
		{"the root of a CDA identifier in the system or in the value", `"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:oid:1.2"}]`, "identifier=urn:oid:1.2%7C,urn:oid:1.2", true},
	})
}
