package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAQuantityIsIndexedByItsUnit(t *testing.T) {
	tests := []struct {
		name, value string
		want        []string
	}{
		{
			"a UCUM unit: in the canonical one and as written",
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
			"a UCUM unit of another scale",
			`"valueQuantity":{"value":37,"unit":"Cel","system":"http://unitsofmeasure.org","code":"Cel"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity 37 .. 37",
				"range value-quantity||Cel 37 .. 37",
				"range value-quantity|~K 310.15 .. 310.15",
			},
		},
		{
			"a code that is no UCUM unit: as written",
			`"valueQuantity":{"value":5,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mmHg"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity 5 .. 5",
				"range value-quantity|http://unitsofmeasure.org|mmHg 5 .. 5",
				"range value-quantity||mmHg 5 .. 5",
			},
		},
		{
			"a unit of another system",
			`"valueQuantity":{"value":2,"system":"http://snomed.info/sct","code":"258835005"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity 2 .. 2",
				"range value-quantity|http://snomed.info/sct|258835005 2 .. 2",
				"range value-quantity||258835005 2 .. 2",
			},
		},
		{
			"a unit without a code",
			`"valueQuantity":{"value":2,"unit":"tablets"}`,
			[]string{"key !value-quantity", "range value-quantity 2 .. 2", "range value-quantity||tablets 2 .. 2"},
		},
		{"a number alone", `"valueQuantity":{"value":-2.50}`, []string{"key !value-quantity", "range value-quantity -2.5 .. -2.5"}},
		{
			"less than: open below, and the end not included",
			`"valueQuantity":{"value":5,"comparator":"<"}`,
			[]string{"key !value-quantity", "range value-quantity open .. below 5"},
		},
		{"at most: open below", `"valueQuantity":{"value":5,"comparator":"<="}`, []string{"key !value-quantity", "range value-quantity open .. 5"}},
		{
			"more than: open above, and the start not included",
			`"valueQuantity":{"value":5,"comparator":">","system":"http://unitsofmeasure.org","code":"g"}`,
			[]string{
				"key !value-quantity",
				"range value-quantity above 5 .. open",
				"range value-quantity||g above 5 .. open",
				"range value-quantity|~g above 5 .. open",
			},
		},
		{"at least: open above", `"valueQuantity":{"value":5,"comparator":">="}`, []string{"key !value-quantity", "range value-quantity 5 .. open"}},
		{
			"no value: it is there, and compares with nothing",
			`"valueQuantity":{"unit":"mg"}`,
			[]string{"key !value-quantity"},
		},
		{
			"sampled data: it is there, and compares with nothing",
			`"valueSampledData":{"origin":{"value":5},"period":1,"dimensions":1}`,
			[]string{"key !value-quantity"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ofParam(entries(t, `{"resourceType":"Observation","id":"1",`+tt.value+`}`), "value-quantity")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
