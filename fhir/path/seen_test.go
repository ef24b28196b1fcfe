package fhirpath

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// drawnValue draws an item, often one that equals another draw without being written like it.
func drawnValue(t *rapid.T) Value {
	pick := func(texts ...string) string { return rapid.SampledFrom(texts).Draw(t, "text") }
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return stringValue(pick("a", "b", "1", "2020"))
	case 1:
		return Value{Type: typeDecimal, Text: pick("1", "1.0", "1.00", "10", "0", "0.0")}
	case 2:
		return Value{Type: typeDateTime, Text: pick("2020", "2020-01", "2020-01-01T10:00:00Z", "2020-01-01T12:00:00+02:00", "2020-01-01T10:00:00", "2020-01-01T10:00:00.0Z")}
	case 3:
		return Value{Type: typeDate, Text: pick("2020", "2020-01")}
	case 4:
		return Value{Type: typeTime, Text: pick("10", "10:00", "10:00:00", "10:00:00.0")}
	case 5:
		return Value{Type: typeQuantity, Text: pick("1 'g'", "1000 'mg'", "1.0 'g'", "1 week", "7 days", "1 '1'", "100 '%'", "1 'tablet'")}
	default:
		return drawnElement(t)
	}
}

func drawnElement(t *rapid.T) Value {
	end := rapid.SampledFrom([]string{`"2020-01-01T10:00:00Z"`, `"2020-01-01T12:00:00+02:00"`, `"2020"`}).Draw(t, "end")
	text := rapid.SampledFrom([]string{
		`{"period":{"end":%s},"value":"x"}`, `{"value":"x","period":{"end":%s}}`, `{"value":"y","period":{"end":%s}}`, `{"extension":[{"url":"a","valueDecimal":1.0},{"url":"b","valuePeriod":{"end":%s}}]}`,
		`{"extension":[{"url":"a","valueDecimal":1.00},{"url":"b","valuePeriod":{"end":%s}}]}`, `{"extension":[{"url":"b","valuePeriod":{"end":%s}},{"url":"a","valueDecimal":1.0}]}`,
	}).Draw(t, "element")
	doc, err := tree.Parse([]byte(fmt.Sprintf(text, end)), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return Value{Node: doc.Root(), Type: "Identifier"}
}

func TestElementsThatAreEqualHaveEqualHashes(t *testing.T) {
	element := func(text string) Value {
		doc, err := tree.Parse([]byte(text), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return Value{Node: doc.Root(), Type: "Identifier"}
	}
	s, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{
		{`{"value":"x","system":"y"}`, `{"system":"y","value":"x"}`},
		{`{"period":{"end":"2020-01-01T10:00:00Z"}}`, `{"period":{"end":"2020-01-01T12:00:00+02:00"}}`},
		{`{"period":{"end":"2020-01-01T10:00:00Z"}}`, `{"period":{"end":"2020-01-01T10:00:00.0Z"}}`},
		{`{"extension":[{"url":"a","valueDecimal":1.0}]}`, `{"extension":[{"valueDecimal":1.00,"url":"a"}]}`},
		{`{"value":"\u0041"}`, `{"value":"A"}`},
	} {
		e := &env{spec: s, left: maxWork}
		a, b := element(pair[0]), element(pair[1])
		set := newSeen(e)
		if same, err := equal(e, a, b); same != yes || err != nil {
			t.Errorf("%s and %s are not equal: %v", pair[0], pair[1], err)
		}
		if set.hash(a) != set.hash(b) {
			t.Errorf("%s and %s are equal, their hashes are not", pair[0], pair[1])
		}
		if other := element(`{"value":"other"}`); set.hash(a) == set.hash(other) {
			t.Errorf("%s has the hash of another element", pair[0])
		}
	}
}

func TestItemsThatAreEqualHaveEqualHashes(t *testing.T) {
	s, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	x, err := Compile(s, "1 'g'")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := &env{spec: s, units: x.units, left: maxWork}
		a, b := drawnValue(t), drawnValue(t)
		same, err := equal(e, a, b)
		if err != nil {
			t.Fatal(err)
		}
		set := newSeen(e)
		if same == yes && set.hash(a) != set.hash(b) {
			t.Fatalf("%v and %v are equal, their hashes are not", a, b)
		}
	})
}

func TestDistinctIsTheSameForFewAndMany(t *testing.T) {
	s, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	x, err := Compile(s, "1 'g'")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := &env{spec: s, units: x.units, left: maxWork}
		drawn := rapid.SliceOfN(rapid.Custom(drawnValue), 0, few).Draw(t, "items")
		want, err := distinct(e, append([]Value{}, drawn...), 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := newSeen(e).sift(append([]Value{}, drawn...), 0)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%v, %v; want %v", got, err, want)
		}
		for k := range want {
			if got[k] != want[k] {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	})
}
