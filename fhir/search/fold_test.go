package search_test

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"firewolf/fhir/search"
)

func TestFoldTakesAwayWhatStringsAreComparedWithout(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"case", "PETER van den Berg", "peter van den berg"},
		{"accents of one character", "José Ñandú Čapek", "jose nandu capek"},
		{"accents that are characters of their own", "Jose\u0301", "jose"},
		{"letters that have no accent stay letters of their own", "Łódź Øre Đuro", "łodz øre đuro"},
		{"ligatures and wide letters", "ﬁsh Ｗｉｄｅ", "fish wide"},
		{"sharp s", "Straße GROẞ", "strasse gross"},
		{"the final sigma", "ΝΊΚΟΣ νίκος", "νικοσ νικοσ"},
		{"the dotted I", "İstanbul", "istanbul"},
		{"runs of white space and their kinds", " a\t b\u00a0\n c ", "a b c"},
		{"dashes separate words", "Smith-Jones – Müller", "smith jones muller"},
		{"slashes, commas and the like separate words", "a/b,c;d:e|f&g+h_i\\j", "a b c d e f g h i j"},
		{"apostrophes and full stops are dropped", "O'Brien, St. John's", "obrien st johns"},
		{"brackets and quotes are dropped", `(a) "b" [c]`, "a b c"},
		{"nothing but punctuation", "-- ... !?", ""},
		{"digits and symbols stay", "5 < 10 €", "5 < 10 €"},
		{"other scripts", "上海市 Привет עִבְרִית", "上海市 привет עברית"},
		{"control characters are dropped", "a\x01b", "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := search.Fold(tt.text); got != tt.want {
				t.Errorf("Fold(%q): want %q, got %q", tt.text, tt.want, got)
			}
		})
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := search.Fold(text)
		if twice := search.Fold(once); twice != once {
			t.Fatalf("%q folds to %q and then to %q", text, once, twice)
		}
		if !utf8.ValidString(once) {
			t.Fatalf("%q folds to %q, which is no UTF-8", text, once)
		}
	})
}
