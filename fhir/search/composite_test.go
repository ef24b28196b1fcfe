package search_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

func TestACompositeOfAnElementIsIndexedByIt(t *testing.T) {
	testIndex(t, "Observation", []indexCase{
		{
			"token and quantity: by component", "component-code-value-quantity",
			`"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":107,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
				{"code":{"coding":[{"code":"x"}]},"valueQuantity":{"value":60}}]`,
			[]string{
				"range component-code-value-quantity|8480-6$ 107 .. 107",
				"range component-code-value-quantity|8480-6$||mm[Hg] 107 .. 107",
				"range component-code-value-quantity|8480-6$|~g.m-1.s-2 14265454 .. 14265454",
				"range component-code-value-quantity|http://loinc.org|8480-6$ 107 .. 107",
				"range component-code-value-quantity|http://loinc.org|8480-6$||mm[Hg] 107 .. 107",
				"range component-code-value-quantity|http://loinc.org|8480-6$|~g.m-1.s-2 14265454 .. 14265454",
				"range component-code-value-quantity|x$ 60 .. 60",
				"range component-code-value-quantity||x$ 60 .. 60",
			},
		},
		{
			"token and token: each form with each", "component-code-value-concept",
			`"component":[{"code":{"coding":[{"system":"s","code":"a"}]},"valueCodeableConcept":{"coding":[{"system":"t","code":"b$c"},{"code":"d"}]}}]`,
			[]string{
				`key component-code-value-concept|a$|b\$c`,
				"key component-code-value-concept|a$|d",
				`key component-code-value-concept|a$|t|b\$c`,
				"key component-code-value-concept|a$||d",
				`key component-code-value-concept|s|a$|b\$c`,
				"key component-code-value-concept|s|a$|d",
				`key component-code-value-concept|s|a$|t|b\$c`,
				"key component-code-value-concept|s|a$||d",
			},
		},
		{
			"separators stand escaped, also at the end of a part", "component-code-value-concept",
			`"component":[{"code":{"coding":[{"code":"a|"}]},"valueCodeableConcept":{"coding":[{"code":"b\\"}]}}]`,
			[]string{
				`key component-code-value-concept|a\|$|b\\`,
				`key component-code-value-concept|a\|$||b\\`,
				`key component-code-value-concept||a\|$|b\\`,
				`key component-code-value-concept||a\|$||b\\`,
			},
		},
		{"one of the two is missing: nothing", "component-code-value-concept", `"component":[{"code":{"coding":[{"code":"a"}]},"valueString":"b"}]`, nil},
		{
			"token and string of the resource itself, which its parameter reads otherwise", "code-value-string",
			`"code":{"coding":[{"system":"s","code":"a"}]},"valueString":"Blood GROUP: A"`,
			[]string{`text code-value-string|a$ "blood group a"`, `text code-value-string|s|a$ "blood group a"`},
		},
		{"what its parameter reads beside it is not indexed", "code-value-string", `"code":{"coding":[{"code":"a"}]},"valueCodeableConcept":{"text":"b"}`, nil},
		{"both parameters answer: nothing is indexed", "code-value-quantity", `"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1}`, nil},
	})
	testIndex(t, "MolecularSequence", []indexCase{
		{
			"token and two numbers: one range", "chromosome-variant-coordinate",
			`"referenceSeq":{"chromosome":{"coding":[{"system":"s","code":"1"}]}},"variant":[{"start":123,"end":345},{"start":9}]`,
			[]string{"range chromosome-variant-coordinate|1$ 123 .. 345", "range chromosome-variant-coordinate|s|1$ 123 .. 345"},
		},
	})
	testIndex(t, "DocumentReference", []indexCase{
		{
			"token and reference, which the definition crosses", "relationship", `"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/2"}}]`,
			[]string{"key relationship|replaces$|DocumentReference/2"},
		},
	})
	testIndex(t, "Group", []indexCase{
		{
			"token and a value of several types", "characteristic-value",
			`"characteristic":[{"code":{"coding":[{"code":"gender"}]},"valueCodeableConcept":{"coding":[{"system":"s","code":"mixed"}]}},{"code":{"coding":[{"code":"owner"}]},"valueBoolean":true}]`,
			[]string{
				"key characteristic-value|gender$|mixed",
				"key characteristic-value|gender$|s|mixed",
				"key characteristic-value|owner$|true",
				"key characteristic-value|owner$||true",
				"key characteristic-value||gender$|mixed",
				"key characteristic-value||gender$|s|mixed",
				"key characteristic-value||owner$|true",
				"key characteristic-value||owner$||true",
			},
		},
	})
}

func TestACompositeIsAskedForByItsParts(t *testing.T) {
	testPlans(t, []planCase{
		{
			"token and quantity of the resource itself", "Observation?code-value-quantity=http://loinc.org|2823-3$gt5.4|http://unitsofmeasure.org|mmol/L",
			showOf(t, "Observation?code=http://loinc.org|2823-3&value-quantity=gt5.4|http://unitsofmeasure.org|mmol/L"),
		},
		{
			"token and quantity of an element", "Observation?component-code-value-quantity=http://loinc.org|8480-6$lt60",
			"and(range(component-code-value-quantity|http://loinc.org|8480-6$ lo<60))",
		},
		{
			"with a unit", "Observation?component-code-value-quantity=8480-6$ge1||mm[Hg]",
			"and(range(component-code-value-quantity|8480-6$||mm[Hg] hi>=1))",
		},
		{
			"of the resource or an element", "Observation?combo-code-value-quantity=8480-6$lt60",
			"and(or(and(code|8480-6 range(value-quantity lo<60)) range(component-code-value-quantity|8480-6$ lo<60)))",
		},
		{"token and token", "Group?characteristic-value=gender$mixed", "and(characteristic-value|gender$|mixed)"},
		{
			"any of several", "Group?characteristic-value=gender$mixed,owner$Eve",
			"and(or(characteristic-value|gender$|mixed characteristic-value|owner$|Eve))",
		},
		{
			"with systems and without", "Questionnaire?context-type-value=focus$http://snomed.info/sct|408934002,|a$|b",
			"and(or(context-type-value|focus$|http://snomed.info/sct|408934002 context-type-value||a$||b))",
		},
		{"a code that ends with |", `Group?characteristic-value=a\|$b`, `and(characteristic-value|a\|$|b)`},
		{"escaped $ and |", `Group?characteristic-value=a\$b$c\|d`, `and(characteristic-value|a\$b$|c\|d)`},
		{"ne: two ranges", "Observation?component-code-value-quantity=a$ne60", "and(or(range(component-code-value-quantity|a$ lo<59.5) range(component-code-value-quantity|a$ hi>=60.5)))"},
		{"token and date of the resource itself", "Observation?code-value-date=a$ge2013", "and(code|a range(value-date hi>=2013-01-01))"},
		{"token and string", "Observation?code-value-string=a$Blood", `and(text(code-value-string|a$ starts "blood"))`},
		{
			"token and two numbers: before 345 and after 123", "MolecularSequence?chromosome-variant-coordinate=1$lt345$gt123",
			"and(range(chromosome-variant-coordinate|1$ lo<345 hi>123))",
		},
		{
			"two numbers, each with what it may be", "MolecularSequence?chromosome-variant-coordinate=1$123$ne345",
			"and(or(range(chromosome-variant-coordinate|1$ lo>=122.5 lo<123.5 hi<344.5) range(chromosome-variant-coordinate|1$ lo>=122.5 lo<123.5 hi>=345.5)))",
		},
		{"a code in the system of its value set", "DocumentReference?relationship=http://hl7.org/fhir/document-relationship-type|replaces$DocumentReference/2", "and(relationship|replaces$|DocumentReference/2)"},
		{
			"an id of any type that is meant", "DocumentReference?relationship=replaces$2",
			"and(or(relationship|replaces$|2 relationship|replaces$|DocumentReference/2))",
		},
	})
}

// showOf compiles a query to show it.
func showOf(t *testing.T, query string) string {
	t.Helper()
	p, err := plan(t, query)
	if err != nil {
		t.Fatal(showIssues(err))
	}
	return showPlan(p)
}

func TestCompositesThatDoNotFitAreRefused(t *testing.T) {
	testRefusals(t, []refusal{
		{
			"parts that are no values of their parameters",
			"Observation?component-code-value-quantity=a$high&component-code-value-quantity=|$5&code-value-date=a$soon&component-code-value-quantity=a$5$6&code-value-string=a$--",
			[]string{
				`error invalid http.component-code-value-quantity: the value "high" of component-code-value-quantity is no number`,
				`error invalid http.component-code-value-quantity: the value "|" of component-code-value-quantity is neither a system nor a code`,
				`error invalid http.code-value-date: the value "soon" of code-value-date is no date: it is written as [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], as far as it is known from the left`,
				`error invalid http.component-code-value-quantity: the value "a$5$6" of component-code-value-quantity is not 2 values joined by $`,
				`error invalid http.code-value-string: the value "--" of code-value-string is nothing but punctuation`,
			},
		},
		{
			"two numbers, one of them none", "MolecularSequence?chromosome-variant-coordinate=1$x$5&chromosome-variant-coordinate=1$5$x",
			[]string{
				`error invalid http.chromosome-variant-coordinate: the value "x" of chromosome-variant-coordinate is no number`,
				`error invalid http.chromosome-variant-coordinate: the value "x" of chromosome-variant-coordinate is no number`,
			},
		},
		{
			"a system without a code inside", "Observation?component-code-value-quantity=http://loinc.org|$5",
			[]string{"error not-supported http.component-code-value-quantity: a system without a code inside a composite is not supported"},
		},
	})
}

func TestCompositesFindValuesOfTheSameElement(t *testing.T) {
	const pressure = `"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":107,"unit":"mmHg"}},` +
		`{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":60,"unit":"mmHg"}}]`
	testMatches(t, "Observation", []matchCase{
		{"the value of that component", pressure, "component-code-value-quantity=http://loinc.org|8480-6$gt100", true},
		{"the value of the other component", pressure, "component-code-value-quantity=http://loinc.org|8462-4$gt100", false},
		{"in a unit", pressure, "component-code-value-quantity=8462-4$60||mmHg", true},
		{"in another unit", pressure, "component-code-value-quantity=8462-4$60||kPa", false},
		{"by the parameter of both", pressure, "combo-code-value-quantity=8462-4$lt80", true},
		{"the resource itself has no such value", pressure, "code-value-quantity=8462-4$lt80", false},
		{
			"by the parameter of both, of the resource itself", `"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":5}`,
			"combo-code-value-quantity=a$5", true,
		},
	})
}

func TestEveryCompositeIsUnderstood(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for _, typ := range s.ResourceTypes() {
		for _, p := range s.Params(typ) {
			if p.Type != spec.ParamComposite {
				continue
			}
			value := "1" + strings.Repeat("$1", len(p.Components)-1)
			if strings.HasSuffix(p.Code, "-date") {
				value = "1$2013"
			}
			if _, err := plan(t, typ+"?"+p.Code+"="+value); err != nil {
				t.Errorf("%s.%s: %v", typ, p.Code, err)
			}
			if how := engine(t).MadeOf(typ, p.Code); len(how) > 0 {
				made[typ+"."+p.Code] = strings.Join(how, " ")
			}
		}
	}
	want := map[string]string{
		"Observation.code-value-concept":        "all of code value-concept",
		"Observation.code-value-date":           "all of code value-date",
		"Observation.code-value-quantity":       "all of code value-quantity",
		"Observation.combo-code-value-concept":  "union of code-value-concept component-code-value-concept",
		"Observation.combo-code-value-quantity": "union of code-value-quantity component-code-value-quantity",
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
}

func TestUnionsAreMadeOfParametersOfTheSameKind(t *testing.T) {
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for _, typ := range s.ResourceTypes() {
		for _, p := range s.Params(typ) {
			if p.Expression == "" || p.Code == "_id" || p.Code == "_lastUpdated" || p.Type == spec.ParamSpecial || p.Type == spec.ParamComposite {
				continue
			}
			if how := engine(t).MadeOf(typ, p.Code); len(how) > 0 {
				made[typ+"."+p.Code] = strings.Join(how, " ")
			}
		}
	}
	for _, name := range []string{"Patient.phonetic", "Person.phonetic", "Practitioner.phonetic", "RelatedPerson.phonetic"} {
		if made[name] != "union of name" {
			t.Errorf("%s is a %s", name, made[name])
		}
		delete(made, name)
	}
	want := map[string]string{
		"CapabilityStatement.version":          "union of fhirversion",
		"Observation.combo-code":               "union of code component-code",
		"Observation.combo-data-absent-reason": "union of component-data-absent-reason data-absent-reason",
		"Observation.combo-value-concept":      "union of component-value-concept value-concept",
		"Observation.combo-value-quantity":     "union of component-value-quantity value-quantity",
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
}

func TestAUnionIsSortedByTheValuesOfItsParts(t *testing.T) {
	testIndex(t, "Observation", []indexCase{
		{
			"tokens", "combo-code", `"code":{"coding":[{"system":"s","code":"b"}]},"component":[{"code":{"coding":[{"code":"a"}]}}]`,
			[]string{`text combo-code "a"`, `text combo-code "b"`},
		},
		{
			"quantities, without their units", "combo-value-quantity",
			`"valueQuantity":{"value":2,"unit":"x"},"component":[{"valueQuantity":{"value":1,"unit":"y"}}]`,
			[]string{"range combo-value-quantity 1 .. 1", "range combo-value-quantity 2 .. 2"},
		},
	})
}

func TestNoOrderOfPartsMattersToTheIndex(t *testing.T) {
	const one = `{"resourceType":"Observation","id":"1","category":[{"coding":[{"code":"b"},{"code":"a"}]}],"performer":[{"reference":"Patient/2"}]}`
	const other = `{"resourceType":"Observation","id":"1","performer":[{"reference":"Patient/2"}],"category":[{"coding":[{"code":"a"}]},{"coding":[{"code":"b"}]}]}`
	if diff := cmp.Diff(showEntries(entries(t, one)), showEntries(entries(t, other))); diff != "" {
		t.Error(diff)
	}
	if keys := entries(t, one).Keys; !slices.IsSorted(keys) {
		t.Errorf("the keys are not sorted: %q", keys)
	}
}

func TestAnElementOfTooManyTuplesIsRefused(t *testing.T) {
	codings := strings.TrimSuffix(strings.Repeat(`{"system":"s","code":"#"},`, 60), ",")
	for i := range 120 {
		codings = strings.Replace(codings, "#", strconv.Itoa(i%60), 1)
	}
	concept := `{"coding":[` + codings + `]}`
	observation := `{"resourceType":"Observation","id":"1","component":[{"code":` + concept + `,"valueCodeableConcept":` + concept + `}]}`
	for at, src := range map[string]string{
		"Observation.component[0]":      observation,
		"DiagnosticReport.contained[0]": `{"resourceType":"DiagnosticReport","id":"1","contained":[` + observation + `],"result":[{"reference":"#1"}]}`,
	} {
		doc, err := tree.Parse([]byte(src), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = engine(t).Entries(doc)
		want := []string{"error too-costly " + at + ": the search parameter component-code-value-concept would join more codes than an index holds"}
		if diff := cmp.Diff(want, showIssues(err)); diff != "" {
			t.Error(diff)
		}
	}
}
