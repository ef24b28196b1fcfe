package search

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEscapedSeparatorsDoNotSeparate(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", []string{""}},
		{"no separator", "a", []string{"a"}},
		{"separators", "a,b,,c", []string{"a", "b", "", "c"}},
		{"an escaped one", `a\,b,c`, []string{`a\,b`, "c"}},
		{"an escaped backslash before one", `a\\,b`, []string{`a\\`, "b"}},
		{"another character escaped", `a\|b,c\$`, []string{`a\|b`, `c\$`}},
		{"a backslash at the end", `a,b\`, []string{"a", `b\`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, splitEscaped(tt.text, ',')); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCutEscapedFindsTheFirstSeparatorThatIsNotEscaped(t *testing.T) {
	type cut struct {
		Before, After string
		Found         bool
	}
	tests := map[string]cut{
		`a|b|c`:  {"a", "b|c", true},
		`a\|b|c`: {`a\|b`, "c", true},
		`a\|b`:   {`a\|b`, "", false},
		`|`:      {"", "", true},
		``:       {},
		`a\`:     {`a\`, "", false},
	}
	for text, want := range tests {
		var got cut
		got.Before, got.After, got.Found = cutEscaped(text, '|')
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestABackslashEscapesOneOfFourCharacters(t *testing.T) {
	tests := map[string]bool{
		``: true, `a`: true, `a\,b`: true, `\$\|\\`: true, `\\\\`: true,
		`a\b`: false, `\`: false, `a\\\`: false, `\\a\`: false, `\,\x`: false,
	}
	for text, want := range tests {
		if got := wellEscaped(text); got != want {
			t.Errorf("%s is well escaped: want %t, got %t", text, want, got)
		}
	}
}

func TestUnescapeTakesBackAppendPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if back := unescape(string(appendPart(nil, text))); back != text {
			t.Fatalf("%q comes back as %q", text, back)
		}
	})
}

func TestNoTwoValuesHaveTheSameKey(t *testing.T) {
	part := rapid.StringOfN(rapid.RuneFrom([]rune(`ab|\$#`)), 0, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(part, 1, 3).Draw(t, "a")
		b := rapid.SliceOfN(part, 1, 3).Draw(t, "b")
		if same := cmp.Equal(a, b); same != (joinKey("code", a...) == joinKey("code", b...)) {
			t.Fatalf("%q and %q have the keys %q and %q", a, b, joinKey("code", a...), joinKey("code", b...))
		}
	})
}

func TestAKeyIsNeverLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringN(0, 150, -1), 1, 3).Draw(t, "parts")
		key := joinKey("code", parts...)
		if len(key) > longKey {
			t.Fatalf("a key of %d bytes: %q", len(key), key)
		}
		if again := joinKey("code", parts...); again != key {
			t.Fatalf("%q is once %q and once %q", parts, key, again)
		}
	})
}

func TestAPrefixIsCutOffWhereThereIsOne(t *testing.T) {
	type cut struct {
		Prefix Prefix
		Rest   string
	}
	tests := map[string]cut{
		"eq1": {Equal, "1"}, "ne1": {NotEqual, "1"}, "gt1": {Greater, "1"}, "lt1": {Less, "1"}, "ge1": {GreaterOrEqual, "1"},
		"le1": {LessOrEqual, "1"}, "sa1": {StartsAfter, "1"}, "eb1": {EndsBefore, "1"}, "ap1": {Approximate, "1"},
		"1": {Equal, "1"}, "": {Equal, ""}, "GT1": {Equal, "GT1"}, "xx1": {Equal, "xx1"}, "gt": {Greater, ""},
	}
	for text, want := range tests {
		var got cut
		got.Prefix, got.Rest = CutPrefix(text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestALongTextIsClippedBetweenCharacters(t *testing.T) {
	long := ""
	for range 50 {
		long += "aä"
	}
	// 80 bytes are 26 times aä, 3 bytes each, an a, and the first half of an ä.
	if got, want := clip(long), long[:79]+"..."; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	if clip("short") != "short" {
		t.Errorf("a short text was clipped to %q", clip("short"))
	}
}

func TestEscapeTakesBackUnescape(t *testing.T) {
	for _, text := range []string{"", "plain", `a,b$c|d\e`, `\\`, "ä,"} {
		escaped := Escape(text)
		if got := unescape(escaped); got != text || len(splitEscaped(escaped, ',')) != 1 {
			t.Errorf("%q is escaped as %q, and read as %q", text, escaped, got)
		}
	}
}
