package tree_test

import "testing"

func TestPairFindsAPrimitiveAndItsCompanion(t *testing.T) {
	root := parse(t, `{"_a":{"id":"1"},"a":"x","b":"y","_c":{"id":"2"},"d":{"_e":1},"\u0066":"z"}`).Root()
	cases := []struct{ name, value, companion string }{
		{"a", `"x"`, `{"id":"1"}`},
		{"b", `"y"`, ""},
		{"c", "", `{"id":"2"}`},
		{"e", "", ""},
		{"f", `"z"`, ""},
	}
	for _, c := range cases {
		value, companion := root.Pair(c.name)
		if string(value.Raw()) != c.value || string(companion.Raw()) != c.companion {
			t.Errorf("Pair(%q) = %s, %s; want %s, %s", c.name, value.Raw(), companion.Raw(), c.value, c.companion)
		}
	}
	if value, companion := root.Member("b").Pair("a"); value.Exists() || companion.Exists() {
		t.Error("Pair of a string finds something")
	}
}
