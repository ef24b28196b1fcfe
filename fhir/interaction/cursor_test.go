package interaction

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func TestACursorIsReadAsItWasWritten(t *testing.T) {
	for _, c := range []cursor{
		{t: 1},
		{query: queryDigest("Patient", nil), t: 1 << 40, now: 1767323040000, parts: []part{{after: []byte{0, 255}}}},
		{t: 7, parts: []part{{"Patient", []byte("x")}, {"Observation", nil}}},
	} {
		got, err := decodeCursor(c.encode(secret), secret, c.query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got, cmp.AllowUnexported(cursor{}, part{})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestACursorThatIsNotOursIsRefused(t *testing.T) {
	query := queryDigest("Patient", []search.Pair{{Name: "name", Value: "wolf"}})
	good := cursor{query: query, t: 5, parts: []part{{after: []byte("abc")}}}.encode(secret)
	changed := []byte(good)
	changed[len(changed)-1] ^= 1
	short := cursor{query: query, t: 5}.encode(secret)
	for _, c := range []struct {
		name, text string
		query      digest
		want       string
	}{
		{"nothing", "", query, "the page link was changed, or is not one of this server"},
		{"no base64", "!!!", query, "the page link was changed, or is not one of this server"},
		{"a changed one", string(changed), query, "the page link was changed, or is not one of this server"},
		{"a cut one", good[:len(good)-4], query, "the page link was changed, or is not one of this server"},
		{"one of another query", good, queryDigest("Patient", []search.Pair{{Name: "name", Value: "fox"}}), "the page link belongs to another query"},
		{"one of another type", short, queryDigest("Observation", nil), "the page link belongs to another query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decodeCursor(c.text, secret, c.query)
			is, _ := fhir.IssuesOf(err)
			if len(is) != 1 || is[0].Text != c.want || Status(is[0]) != 400 {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestACursorTellsNobodyWhatThePageWasSortedBy(t *testing.T) {
	of := func(name string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(cursor{t: 5, parts: []part{{name: "Patient", after: []byte(name)}}}.encode(secret))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	wolf, hood := of("Wolf"), of("Hood")
	for _, word := range []string{"Patient", "Wolf"} {
		if strings.Contains(string(wolf), word) {
			t.Errorf("%q holds %s", wolf, word)
		}
	}
	same := 0
	for k := range wolf {
		if wolf[k] == hood[k] {
			same++
		}
	}
	if same > 8 { // of 55 bytes two that are drawn have 0.2 in common
		t.Errorf("two cursors have %d bytes in common", same)
	}
	if string(of("Wolf")) != string(wolf) {
		t.Error("the same page has two cursors")
	}
}

func TestACursorOfAnotherStoreIsRefused(t *testing.T) {
	text := cursor{t: 5}.encode([]byte("another secret"))
	if _, err := decodeCursor(text, secret, digest{}); err == nil {
		t.Error("it was read")
	}
}

func TestASealedCursorThatIsCutShortIsRefused(t *testing.T) {
	for _, tail := range []string{"", "\x05", "\x05\x00\x09x", "\x05\x00\x01x\x09", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"} {
		b := append(make([]byte, len(digest{})), tail...)
		_, err := decodeCursor(base64.RawURLEncoding.EncodeToString(seal(secret, b)), secret, digest{})
		if err == nil || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("%q gave %v", tail, err)
		}
	}
}

func TestQueryDigestTellsQueriesApart(t *testing.T) {
	queries := []digest{
		queryDigest("", nil),
		queryDigest("Patient", nil),
		queryDigest("Patient", []search.Pair{{Name: "a", Value: "b&c=d"}}),
		queryDigest("Patient", []search.Pair{{Name: "a", Value: "b"}, {Name: "c", Value: "d"}}),
		queryDigest("Patient", []search.Pair{{Name: "c", Value: "d"}, {Name: "a", Value: "b"}}),
		queryDigest("Patienta=b", nil),
	}
	seen := map[digest]bool{}
	for _, q := range queries {
		seen[q] = true
	}
	if len(seen) != len(queries) {
		t.Errorf("%d queries have %d digests", len(queries), len(seen))
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add(cursor{t: 5, parts: []part{{after: []byte("abc")}}}.encode(secret))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := decodeCursor(text, secret, digest{})
		if err == nil && c.encode(secret) != text {
			t.Errorf("%q was read, but is written as %q", text, c.encode(secret))
		}
	})
}

func TestFatesAreReadAsTheyWereWritten(t *testing.T) {
	want := []fate{
		{kind: fateOp, op: 300, ops: 1},
		{kind: fateRead},
		{kind: fateNone},
		{kind: fateSame, op: 2, ops: 1},
		{kind: fateMatch, key: fhir.Key{Type: "Patient", ID: "1"}, vid: 7},
		{kind: fateOp, op: 0, ops: 1000},
	}
	got, err := decodeFates(encodeFates(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(fate{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := decodeFates([]byte("o")); err == nil {
		t.Error("a note that is cut short was read")
	}
}
