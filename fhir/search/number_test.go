package search_test

import "testing"

func TestANumberIsIndexedAsAPoint(t *testing.T) {
	testIndex(t, "RiskAssessment", []indexCase{
		{
			"a decimal, without the digits that say nothing", "probability", `"prediction":[{"probabilityDecimal":0.50}]`,
			[]string{"key !probability", "range probability 0.5 .. 0.5"},
		},
		{
			"a negative decimal with an exponent", "probability", `"prediction":[{"probabilityDecimal":-1.25e-3}]`,
			[]string{"key !probability", "range probability -0.00125 .. -0.00125"},
		},
		{
			"several", "probability", `"prediction":[{"probabilityDecimal":0.9},{"probabilityDecimal":0.1},{"probabilityDecimal":0.90}]`,
			[]string{"key !probability", "range probability 0.1 .. 0.1", "range probability 0.9 .. 0.9"},
		},
		{
			"a range", "probability", `"prediction":[{"probabilityRange":{"low":{"value":0.1},"high":{"value":0.3}}}]`,
			[]string{"key !probability", "range probability 0.1 .. 0.3"},
		},
		{
			"a range without high", "probability", `"prediction":[{"probabilityRange":{"low":{"value":0.1}}}]`,
			[]string{"key !probability", "range probability 0.1 .. open"},
		},
		{
			"a range of nothing: there, and compares with nothing", "probability", `"prediction":[{"probabilityRange":{"low":{"unit":"%"}}}]`,
			[]string{"key !probability"},
		},
		{"no number at all", "probability", `"prediction":[{"whenRange":{}}]`, nil},
	})
}

func TestANumberIsAskedForAsARange(t *testing.T) {
	testPlans(t, []planCase{
		{"100: to 3 significant figures", "RiskAssessment?probability=100", "and(range(probability lo>=99.5 hi<100.5))"},
		{"100.00: to 5 significant figures", "RiskAssessment?probability=100.00", "and(range(probability lo>=99.995 hi<100.005))"},
		{"1e2: to 1 significant figure, as the page has it", "RiskAssessment?probability=1e2", "and(range(probability lo>=95 hi<105))"},
		{"1.00e2: to 3 significant figures", "RiskAssessment?probability=1.00e2", "and(range(probability lo>=99.5 hi<100.5))"},
		{"lt100: less than exactly 100", "RiskAssessment?probability=lt100", "and(range(probability lo<100))"},
		{"le100: less or equal to exactly 100", "RiskAssessment?probability=le100", "and(range(probability lo<=100))"},
		{"gt100: greater than exactly 100", "RiskAssessment?probability=gt100", "and(range(probability hi>100))"},
		{"ge100: greater or equal to exactly 100", "RiskAssessment?probability=ge100", "and(range(probability hi>=100))"},
		{"ne100: not in the range 99.5 to 100.5", "RiskAssessment?probability=ne100", "and(or(range(probability lo<99.5) range(probability hi>=100.5)))"},
		{"sa: all of it greater", "RiskAssessment?probability=sa0.8", "and(range(probability lo>0.8))"},
		{"eb: all of it less", "RiskAssessment?probability=eb8e-1", "and(range(probability hi<0.8))"},
		{"ap: within a tenth of the value", "RiskAssessment?probability=ap-5", "and(range(probability lo<=-4.5 hi>=-5.5))"},
		{"ap0: nothing but 0", "RiskAssessment?probability=ap0", "and(range(probability lo<=0 hi>=0))"},
		{"any of several", "RiskAssessment?probability=gt1,lt-1", "and(or(range(probability hi>1) range(probability lo<-1)))"},
		{"missing", "RiskAssessment?probability:missing=true", "and(not(!probability))"},
	})
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	testRefusals(t, []refusal{
		{
			"words, prefixes alone, and forms that JSON does not have",
			"RiskAssessment?probability=high&probability=gt&probability=%2B1&probability=.5&probability=1.&probability=0x10&probability=1|2&probability=NaN",
			[]string{
				`error invalid http.probability: the value "high" of probability is no number`,
				`error invalid http.probability: the value "gt" of probability is no number`,
				`error invalid http.probability: the value "+1" of probability is no number`,
				`error invalid http.probability: the value ".5" of probability is no number`,
				`error invalid http.probability: the value "1." of probability is no number`,
				`error invalid http.probability: the value "0x10" of probability is no number`,
				`error invalid http.probability: the value "1|2" of probability is no number`,
				`error invalid http.probability: the value "NaN" of probability is no number`,
			},
		},
		{
			"an exponent that nobody could write out", "RiskAssessment?probability=1e999999999&probability=gt-1e-999999999",
			[]string{
				`error invalid http.probability: the value "1e999999999" of probability is no number`,
				`error invalid http.probability: the value "gt-1e-999999999" of probability is no number`,
			},
		},
	})
}

func TestNumbersAreFoundAsThePageSays(t *testing.T) {
	is := func(s string) string { return `"prediction":[{"probabilityDecimal":` + s + `}]` }
	between := func(lo, hi string) string {
		return `"prediction":[{"probabilityRange":{"low":{"value":` + lo + `},"high":{"value":` + hi + `}}}]`
	}
	testMatches(t, "RiskAssessment", []matchCase{
		{"99.5 is in the range of 100", is("99.5"), "probability=100", true},
		{"100.49999 is in the range of 100", is("100.49999"), "probability=100", true},
		{"100.5 is not in the range of 100", is("100.5"), "probability=100", false},
		{"99.49 is not in the range of 100", is("99.49"), "probability=100", false},
		{"100 is in the range of 100.00", is("100"), "probability=100.00", true},
		{"100.01 is not in the range of 100.00", is("100.01"), "probability=100.00", false},
		{"5.4 is in the range of 5.40: how it was written does not matter", is("5.4"), "probability=5.40", true},
		{"100 is not less than exactly 100", is("100"), "probability=lt100", false},
		{"99.9999 is less than exactly 100", is("99.9999"), "probability=lt100", true},
		{"100 is not greater than exactly 100", is("100"), "probability=gt100", false},
		{"100 is greater or equal to exactly 100", is("100"), "probability=ge100", true},
		{"100 is less or equal to exactly 100", is("100"), "probability=le100", true},
		{"99.9 is not greater or equal to exactly 100", is("99.9"), "probability=ge100", false},
		{"100.4 is not unequal to 100", is("100.4"), "probability=ne100", false},
		{"100.5 is unequal to 100", is("100.5"), "probability=ne100", true},
		{"nothing is not unequal to 100", `"status":"final"`, "probability=ne100", false},
		{"a range within that of the value is equal", between("99.6", "100.4"), "probability=100", true},
		{"a range that sticks out is not equal", between("99.6", "100.5"), "probability=100", false},
		{"a range that sticks out is unequal", between("99.6", "100.5"), "probability=ne100", true},
		{"a range that reaches above is greater", between("90", "110"), "probability=gt100", true},
		{"and less where it reaches below", between("90", "110"), "probability=lt100", true},
		{"but does not start after", between("90", "110"), "probability=sa100", false},
		{"a range above starts after", between("100.1", "110"), "probability=sa100", true},
		{"a range below ends before", between("90", "99.9"), "probability=eb100", true},
		{"a range that ends there does not end before", between("90", "100"), "probability=eb100", false},
		{"about: at the edge of the tenth", is("110"), "probability=ap100", true},
		{"about: beyond the edge of the tenth", is("110.001"), "probability=ap100", false},
		{"about: a range that touches", between("110", "200"), "probability=ap100", true},
		{"one of several numbers is enough", `"prediction":[{"probabilityDecimal":0.1},{"probabilityDecimal":0.9}]`, "probability=gt0.5", true},
		{"two conditions may be met by two numbers", `"prediction":[{"probabilityDecimal":0.1},{"probabilityDecimal":0.9}]`, "probability=gt0.5&probability=lt0.5", true},
	})
}

func TestIntegersMatchExactly(t *testing.T) {
	at := `"coordinateSystem":1,"variant":[{"start":100,"end":200}]`
	testMatches(t, "MolecularSequence", []matchCase{
		{"100 is 100", at, "variant-start=100", true},
		{"100.0 is 100", at, "variant-start=100.0", true},
		{"1.00e2 is 100", at, "variant-start=1.00e2", true},
		{"a number with a fraction is no integer", at, "variant-start=100.4", false},
		{"99 is not 100", at, "variant-start=99", false},
	})
}
