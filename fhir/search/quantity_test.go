package search_test

import "testing"

func TestAQuantityIsIndexedByItsUnit(t *testing.T) {
	testIndex(t, "Observation", []indexCase{
		{
			"a UCUM unit: in the canonical one and as written", "value-quantity",
			`"valueQuantity":{"value":5.40,"unit":"milligrams","system":"http://unitsofmeasure.org","code":"mg"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity 5.4 .. 5.4",
				"range value-quantity||mg 5.4 .. 5.4",
				"range value-quantity||milligrams 5.4 .. 5.4",
				"range value-quantity|~g 0.0054 .. 0.0054",
			},
		},
		{
			"a UCUM unit of another scale", "value-quantity",
			`"valueQuantity":{"value":37,"unit":"Cel","system":"http://unitsofmeasure.org","code":"Cel"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity 37 .. 37",
				"range value-quantity||Cel 37 .. 37",
				"range value-quantity|~K 310.15 .. 310.15",
			},
		},
		{
			"a code that is no UCUM unit: as written", "value-quantity",
			`"valueQuantity":{"value":5,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mmHg"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity 5 .. 5",
				"range value-quantity|http://unitsofmeasure.org|mmHg 5 .. 5",
				"range value-quantity||mmHg 5 .. 5",
			},
		},
		{
			"a unit of another system", "value-quantity",
			`"valueQuantity":{"value":2,"system":"http://snomed.info/sct","code":"258835005"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity 2 .. 2",
				"range value-quantity|http://snomed.info/sct|258835005 2 .. 2",
				"range value-quantity||258835005 2 .. 2",
			},
		},
		{
			"a unit without a code", "value-quantity",
			`"valueQuantity":{"value":2,"unit":"tablets"}`,
			[]string{"key !value-quantity", "range value-quantity 2 .. 2", "range value-quantity||tablets 2 .. 2"},
		},
		{"a number alone", "value-quantity", `"valueQuantity":{"value":-2.50}`, []string{"key !value-quantity", "range value-quantity -2.5 .. -2.5"}},
		{
			"less than: open below, and the end not included", "value-quantity",
			`"valueQuantity":{"value":5,"comparator":"<"}`,
			[]string{"key !value-quantity", "range value-quantity open .. below 5"},
		},
		{"at most: open below", "value-quantity", `"valueQuantity":{"value":5,"comparator":"<="}`, []string{"key !value-quantity", "range value-quantity open .. 5"}},
		{
			"more than: open above, and the start not included", "value-quantity",
			`"valueQuantity":{"value":5,"comparator":">","system":"http://unitsofmeasure.org","code":"g"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity above 5 .. open",
				"range value-quantity||g above 5 .. open",
				"range value-quantity|~g above 5 .. open",
			},
		},
		{"at least: open above", "value-quantity", `"valueQuantity":{"value":5,"comparator":">="}`, []string{"key !value-quantity", "range value-quantity 5 .. open"}},
		{
			"no value: it is there, and compares with nothing", "value-quantity",
			`"valueQuantity":{"unit":"mg"}`,
			[]string{"key !value-quantity"},
		},
		{
			"sampled data: it is there, and compares with nothing", "value-quantity",
			`"valueSampledData":{"origin":{"value":5},"period":1,"dimensions":1}`,
			[]string{"key !value-quantity"},
		},
	})
}

func TestAnAmountOfMoneyIsIndexedByItsCurrency(t *testing.T) {
	testIndex(t, "Invoice", []indexCase{
		{
			"a currency", "totalgross", `"totalGross":{"value":48.50,"currency":"EUR"}`,
			[]string{
				"key !totalgross",
				"range totalgross 48.5 .. 48.5",
				"range totalgross|urn:iso:std:iso:4217|EUR 48.5 .. 48.5",
				"range totalgross||EUR 48.5 .. 48.5",
			},
		},
		{"no currency", "totalgross", `"totalGross":{"value":48}`, []string{"key !totalgross", "range totalgross 48 .. 48"}},
		{"no value", "totalgross", `"totalGross":{"currency":"EUR"}`, []string{"key !totalgross"}},
	})
}

func TestARangeOfQuantitiesHasTheUnitOfItsEnds(t *testing.T) {
	testIndex(t, "Condition", []indexCase{
		{
			"both ends", "onset-age", `"onsetRange":{"low":{"value":12,"system":"http://unitsofmeasure.org","code":"mo"},"high":{"value":24,"code":"mo"}}`,
			[]string{
				"key !onset-age",
				"range onset-age 12 .. 24",
				"range onset-age||mo 12 .. 24",
				"range onset-age|~s 31557600 .. 63115200",
			},
		},
		{
			"the high end only", "onset-age", `"onsetRange":{"high":{"value":2,"unit":"years"}}`,
			[]string{"key !onset-age", "range onset-age open .. 2", "range onset-age||years open .. 2"},
		},
		{
			"an age", "onset-age", `"onsetAge":{"value":2,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}`,
			[]string{
				"key !onset-age",
				"range onset-age 2 .. 2",
				"range onset-age||a 2 .. 2",
				"range onset-age||years 2 .. 2",
				"range onset-age|~s 63115200 .. 63115200",
			},
		},
	})
}

// TestAQuantityIsAskedForInItsUnit has the examples of https://hl7.org/fhir/R4/search.html#quantity
func TestAQuantityIsAskedForInItsUnit(t *testing.T) {
	testPlans(t, []planCase{
		{
			"5.4(+/-0.05) mg where mg is understood as a UCUM unit",
			"Observation?value-quantity=5.4|http://unitsofmeasure.org|mg", "and(range(value-quantity|~g lo>=0.00535 hi<0.00545))",
		},
		{
			"0.0054(+/-0.000005) g", "Observation?value-quantity=5.40e-3|http://unitsofmeasure.org|g",
			"and(range(value-quantity|~g lo>=0.005395 hi<0.005405))",
		},
		{"5.4(+/-0.05) where the code or the stated human unit is mg", "Observation?value-quantity=5.4||mg", "and(range(value-quantity||mg lo>=5.35 hi<5.45))"},
		{"5.4(+/-0.05) irrespective of the unit", "Observation?value-quantity=5.4", "and(range(value-quantity lo>=5.35 hi<5.45))"},
		{"at most 5.4 mg exactly", "Observation?value-quantity=le5.4|http://unitsofmeasure.org|mg", "and(range(value-quantity|~g lo<=0.0054))"},
		{"about 5.4 mg", "Observation?value-quantity=ap5.4|http://unitsofmeasure.org|mg", "and(range(value-quantity|~g lo<=0.00594 hi>=0.00486))"},
		{"a unit with an offset", "Observation?value-quantity=gt37|http://unitsofmeasure.org|Cel", "and(range(value-quantity|~K hi>310.15))"},
		{
			"what is no UCUM unit, as it is written",
			"Observation?value-quantity=5|http://unitsofmeasure.org|mmHg", "and(range(value-quantity|http://unitsofmeasure.org|mmHg lo>=4.5 hi<5.5))",
		},
		{"another system", `Observation?value-quantity=5|http://x\|y|a`, `and(range(value-quantity|http://x\|y|a lo>=4.5 hi<5.5))`},
		{"the components too", "Observation?combo-value-quantity=5", "and(or(range(component-value-quantity lo>=4.5 hi<5.5) range(value-quantity lo>=4.5 hi<5.5)))"},
	})
}

func TestQuantitiesAreFoundAcrossUnits(t *testing.T) {
	is := func(value, code string) string {
		return `"valueQuantity":{"value":` + value + `,"unit":"` + code + `","system":"http://unitsofmeasure.org","code":"` + code + `"}`
	}
	testMatches(t, "Observation", []matchCase{
		{"5.4 mg are 0.0054 g", is("5.4", "mg"), "value-quantity=5.40e-3|http://unitsofmeasure.org|g", true},
		{"5.4 mg are not 5.4 g", is("5.4", "mg"), "value-quantity=5.4|http://unitsofmeasure.org|g", false},
		{"5.4 mg are 5.4 of whatever", is("5.4", "mg"), "value-quantity=5.4", true},
		{"5.4 mg are 5.4 mg by the unit's text", is("5.4", "mg"), "value-quantity=5.4||mg", true},
		{"5.4 mg are not 0.0054 g by the unit's text", is("5.4", "mg"), "value-quantity=0.0054||g", false},
		{"1 mg/dL is 10 mg/L", is("1", "mg/dL"), "value-quantity=10|http://unitsofmeasure.org|mg/L", true},
		{"10 mg/L are 10 ug/mL", is("10", "mg/L"), "value-quantity=10.0|http://unitsofmeasure.org|ug/mL", true},
		{"98.6 degF are 37.0 Cel", is("98.6", "[degF]"), "value-quantity=37.0|http://unitsofmeasure.org|Cel", true},
		{"23 mm/h are 0.023 m/h", is("23", "mm/h"), "value-quantity=0.023|http://unitsofmeasure.org|m/h", true},
		{"a third of a liter is less than 334 mL", is("0.333333", "L"), "value-quantity=lt334|http://unitsofmeasure.org|mL", true},
		{"1 L is no 1 g", is("1", "L"), "value-quantity=1|http://unitsofmeasure.org|g", false},
		{"1 g is not unequal to 1 L: they do not compare", is("1", "g"), "value-quantity=ne1|http://unitsofmeasure.org|L", false},
		{"120 mm[Hg] are more than 15 kPa", is("120", "mm[Hg]"), "value-quantity=gt15|http://unitsofmeasure.org|kPa", true},
		{"arbitrary units compare with themselves", is("5", "[IU]/mL"), "value-quantity=5000|http://unitsofmeasure.org|[IU]/L", true},
		{"arbitrary units compare with nothing else", is("5", "[IU]"), "value-quantity=5|http://unitsofmeasure.org|1", false},
		{"an empty system is not UCUM", `"valueQuantity":{"value":5,"code":"mg"}`, "value-quantity=5|http://unitsofmeasure.org|mg", false},
		{"less than 5 is less than 5", `"valueQuantity":{"value":5,"comparator":"<"}`, "value-quantity=lt5", true},
		{"less than 5 is not 5 or more", `"valueQuantity":{"value":5,"comparator":"<"}`, "value-quantity=ge5", false},
		{"less than 5 ends before 5", `"valueQuantity":{"value":5,"comparator":"<"}`, "value-quantity=eb5", true},
		{"at most 5 may be 5 or more", `"valueQuantity":{"value":5,"comparator":"<="}`, "value-quantity=ge5", true},
		{"less than 5 may be more than 4", `"valueQuantity":{"value":5,"comparator":"<"}`, "value-quantity=gt4", true},
		{"less than 5 is not equal to 5", `"valueQuantity":{"value":5,"comparator":"<"}`, "value-quantity=5", false},
		{"more than 5 starts after 5", `"valueQuantity":{"value":5,"comparator":">"}`, "value-quantity=sa5", true},
		{"more than 5 is not at most 5", `"valueQuantity":{"value":5,"comparator":">"}`, "value-quantity=le5", false},
	})
}

func TestWhatIsNoQuantityIsRefused(t *testing.T) {
	testRefusals(t, []refusal{{
		"a wrong number of parts, no unit, no number",
		"Observation?value-quantity=5|mg&value-quantity=5|a|b|c&value-quantity=5|http://unitsofmeasure.org|&value-quantity=5||&value-quantity=|http://unitsofmeasure.org|mg",
		[]string{
			`error invalid http.value-quantity: the value "5|mg" of value-quantity is no [number], [number]|[system]|[code] or [number]||[code]`,
			`error invalid http.value-quantity: the value "5|a|b|c" of value-quantity is no [number], [number]|[system]|[code] or [number]||[code]`,
			`error invalid http.value-quantity: the value "5|http://unitsofmeasure.org|" of value-quantity is without the code of a unit: it is [number]|[system]|[code] or [number]||[code]`,
			`error invalid http.value-quantity: the value "5||" of value-quantity is without the code of a unit: it is [number]|[system]|[code] or [number]||[code]`,
			`error invalid http.value-quantity: the value "|http://unitsofmeasure.org|mg" of value-quantity is no number`,
		},
	}})
}
