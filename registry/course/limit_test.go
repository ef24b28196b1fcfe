package course

import "testing"

// A laboratory may tell several ranges, of which the one of healthy people counts.
// https://hl7.org/fhir/R4/valueset-referencerange-meaning.html
func TestTheLimitsAreThoseOfTheNormalRange(t *testing.T) {
	const (
		normal  = `"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/referencerange-meaning","code":"normal"}]}`
		treated = `"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/referencerange-meaning","code":"treatment"}]}`
		low     = `"low":{"value":0.9,"code":"g/L"}`
		high    = `"high":{"value":1.8,"code":"g/L"}`
		target  = `"low":{"value":0.5,"code":"g/L"}`
	)
	for _, tt := range []struct{ name, ranges, want string }{
		{"one", `{` + low + `,` + high + `}`, "0.9 to 1.8"},
		{"of which one limit is told", `{` + low + `}`, "0.9 to unknown"},
		{"after that of treatment", `{` + treated + `,` + target + `},{` + normal + `,` + low + `,` + high + `}`, "0.9 to 1.8"},
		{"without a type after that of treatment", `{` + treated + `,` + target + `},{` + low + `,` + high + `}`, "0.9 to 1.8"},
		{"after one without a type", `{` + target + `},{` + normal + `,` + low + `,` + high + `}`, "0.9 to 1.8"},
		{"that of treatment alone", `{` + treated + `,` + target + `}`, "unknown to unknown"},
		{"after one that is text", `{"text":"not known in children"},{` + low + `,` + high + `}`, "0.9 to 1.8"},
		{"the first of two without a type", `{` + low + `,` + high + `},{` + target + `}`, "0.9 to 1.8"},
		{"by a type of the hospital", `{"type":{"text":"adults"},` + low + `,` + high + `}`, "0.9 to 1.8"},
		{"without a unit, in that of the value", `{"low":{"value":0.9},"high":{"value":1.8}}`, "0.9 to 1.8"},
		{"in a unit of its own", `{"low":{"value":90,"code":"mg/dL"},"high":{"value":1.8}}`, "0.9 to 1.8"},
		{"in a unit of nothing", `{"low":{"value":90,"unit":"percent of normal"}}`, "unknown to unknown"},
		{"none", ``, "unknown to unknown"},
	} {
		l := told(t, "", `{"resourceType":"Observation","id":"x","status":"final","effectiveDateTime":"2024-01-10","code":{"coding":[{"system":"http://loinc.org","code":"4485-9"}]},
			"valueQuantity":{"value":0.7,"code":"g/L"},"referenceRange":[`+tt.ranges+`]}`).Labs[0].Limits()
		if got := l.Low.String() + " to " + l.High.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A titer is a ratio. https://hl7.org/fhir/R4/datatypes.html#Ratio
func TestARatioIsANumber(t *testing.T) {
	for _, tt := range []struct{ name, loinc, ratio, want string }{
		{"a titer", "5048-4", `"numerator":{"value":1},"denominator":{"value":160}`, "160"},
		{"a titer of parts", "5048-4", `"numerator":{"value":1,"code":"1"},"denominator":{"value":160,"code":"1"}`, "160"},
		{"a titer beyond the last", "5048-4", `"numerator":{"value":1},"denominator":{"value":1280,"comparator":">"}`, ">1280"},
		{"a titer of nothing", "5048-4", `"numerator":{"value":0},"denominator":{"value":160}`, "unknown"},
		{"half of a titer", "5048-4", `"numerator":{"value":1}`, "unknown"},
		{"protein of creatinine", "2890-2", `"numerator":{"value":500,"code":"mg"},"denominator":{"value":1,"code":"g"}`, "0.5"},
		{"protein of two grams", "2890-2", `"numerator":{"value":500,"code":"mg"},"denominator":{"value":2,"code":"g"}`, "0.25"},
		{"protein of two millimoles", "2890-2", `"numerator":{"value":113.12,"code":"mg"},"denominator":{"value":2,"code":"mmol"}`, "0.5"},
		{"protein below a limit", "2890-2", `"numerator":{"value":70,"code":"mg","comparator":"<"},"denominator":{"value":1,"code":"g"}`, "<0.07"},
		{"protein of an unknown amount", "2890-2", `"numerator":{"value":70,"code":"mg"},"denominator":{"value":1,"code":"g","comparator":"<"}`, "unknown"},
		{"protein without units", "2890-2", `"numerator":{"value":500},"denominator":{"value":1}`, "unknown"},
	} {
		l := told(t, "", `{"resourceType":"Observation","id":"x","status":"final","effectiveDateTime":"2024-01-10","code":{"coding":[{"system":"http://loinc.org","code":"`+tt.loinc+`"}]},"valueRatio":{`+tt.ratio+`}}`).Labs[0]
		if got := l.Value().String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
