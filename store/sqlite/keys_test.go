package sqlite

import (
	"cmp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// drawBytes draws texts in which the bytes that escaping is about are frequent.
func drawBytes(t *rapid.T, label string) string {
	b := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 'a', 'b', 0xfe, 0xff}), 0, 8).Draw(t, label)
	return string(b)
}

func TestEscapedTextsComeInTheOrderOfTheTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBytes(t, "a"), drawBytes(t, "b")
		x, y := escape(nil, a), escape(nil, b)
		if cmp.Compare(string(x)+"\x00", string(y)+"\x00") != cmp.Compare(a, b) {
			t.Fatalf("%q and %q are %q and %q", a, b, x, y)
		}
		if unescape(string(x)) != a || strings.Contains(string(x), "\x00") {
			t.Fatalf("%q became %q, and %q again", a, x, unescape(string(x)))
		}
		if strings.HasPrefix(b, a) != strings.HasPrefix(string(y), string(x)) {
			t.Fatalf("%q begins with %q: %v; escaped %q, %q", b, a, strings.HasPrefix(b, a), y, x)
		}
	})
}

// drawLong draws texts about as long as the index keeps.
func drawLong(t *rapid.T, label string) string {
	head := strings.Repeat(rapid.SampledFrom([]string{"x", "\x01"}).Draw(t, label+" letter"), rapid.SampledFrom([]int{0, 98, 99, 100, 101, 196, 197, 198, 199, 200, 201}).Draw(t, label+" length"))
	return head + drawBytes(t, label+" tail")
}

func TestSuffixesOfTextsAreInTheirOrderUpToTheCutAndTellAllTextsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawLong(t, "a"), drawLong(t, "b")
		x, y := textSuffix(a), textSuffix(b)
		if (a == b) != (x == y) {
			t.Fatalf("%q and %q have the suffixes %q and %q", a, b, x, y)
		}
		for _, s := range []string{x, y} {
			if strings.IndexByte(s, 0) != len(s)-1 || len(s) > cutText {
				t.Fatalf("the suffix %q", s)
			}
		}
		if isCut(x) != (len(escape(nil, a)) > maxText) {
			t.Fatalf("%d bytes: cut %v", len(escape(nil, a)), isCut(x))
		}
		if textTail(x) != textTail(y) && cmp.Compare(textTail(x), textTail(y)) != cmp.Compare(a, b) {
			t.Fatalf("%q and %q are in the buckets %q and %q", a, b, textTail(x), textTail(y))
		}
	})
}

func TestASpanHoldsWhatBeginsWithItsPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s := drawBytes(t, "prefix"), drawBytes(t, "suffix")
		if prefixSpan(p).has(s) != strings.HasPrefix(s, p) {
			t.Fatalf("%q in %q: %v", s, p, prefixSpan(p).has(s))
		}
	})
}

func TestEveryEntryHasItsPlaceOnce(t *testing.T) {
	e := search.Entries{
		Keys:   []string{"a", "b", search.RefKey("r", fhir.Key{Type: "T", ID: "1"})},
		Texts:  []search.Text{{Name: "t", Value: "x"}, {Name: "t", Value: "y"}, {Name: "u", Value: "x"}},
		Ranges: []search.Range{{Kind: search.NumberRange, Name: "n", Lo: "1", Hi: "1"}, {Kind: search.NumberRange, Name: "n", Lo: "1", Hi: "2"}},
		Refs:   []search.RefEntry{{Param: "r", Key: fhir.Key{Type: "T", ID: "1"}}, {Param: "s", Key: fhir.Key{Type: "T", ID: "1"}}},
	}
	families := map[string]int{}
	seen := map[place]bool{}
	for _, p := range placesOf(258, e) {
		families[p.dir[:1]]++
		if seen[p] {
			t.Errorf("%q twice", p)
		}
		seen[p] = true
		if p.dir[0] != familyBackref && p.dir[1:3] != "\x01\x02" {
			t.Errorf("%q is of another type", p)
		}
	}
	// A point, the two ends of a range, and the mark of several ranges; a resource that refers to another twice is one referrer.
	if diff := gocmp.Diff(map[string]int{"A": 1, "K": 3, "T": 3, "R": 4, "B": 1}, families); diff != "" {
		t.Error(diff)
	}
}

func TestPlacesOfOneIDAreNotThoseOfALongerOne(t *testing.T) {
	a, ab := withChunk(idPlace(1, "a").bytes(), 0xffff), withChunk(idPlace(1, "ab").bytes(), 0)
	if string(a) >= string(ab) || strings.HasPrefix(string(ab), string(idPlace(1, "a").bytes())) {
		t.Errorf("%q, %q", a, ab)
	}
}
