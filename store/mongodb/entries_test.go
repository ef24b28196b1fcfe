package mongodb

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"pgregory.net/rapid"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
)

func date(name, from string, length time.Duration) search.Range {
	lo, err := time.Parse(time.DateOnly, from)
	if err != nil {
		panic(err)
	}
	return search.Range{Kind: search.DateRange, Name: name, Lo: datetime.Ordered(lo), Hi: datetime.Ordered(lo.Add(length))}
}

// entriesDoc is a document that holds entries alone.
func entriesDoc(e search.Entries) bsoncore.Document {
	start, b := bsoncore.AppendDocumentStart(nil)
	b, _ = bsoncore.AppendDocumentEnd(appendEntries(b, e), start)
	return b
}

func readIndexed(doc bsoncore.Document) indexed {
	return indexed{
		keys: readTexts(doc.Lookup(fieldKeys)), refs: readTexts(doc.Lookup(fieldRefs)), longs: readTexts(doc.Lookup(fieldLongs)),
	}
}

func TestEntriesStandInOneArrayOfKeys(t *testing.T) {
	pat := fhir.Key{Type: "Patient", ID: "p1"}
	long := strings.Repeat("ü", 200)
	e := search.Entries{
		Keys:  []string{"!code", "code|http://loinc.org|5130-0", search.RefKey("subject", pat)},
		Texts: []search.Text{{Name: "family", Value: "lovelace"}, {Name: "note", Value: long}, {Name: "a^b", Value: "c"}},
		Ranges: []search.Range{
			date("date", "2024-05-01", 0), date("onset", "2024-05-01", 100*24*time.Hour), {Kind: search.NumberRange, Name: "n", Lo: "\x81\x01", Hi: "\x81\x01"},
		},
		Refs: []search.RefEntry{{Param: "subject", Key: pat}, {Param: "patient", Key: pat, VID: "2"}},
	}
	want := indexed{
		keys: []string{
			"!code", "code|http://loinc.org|5130-0", "subject|Patient/p1",
			"=family^lovelace", "=note^" + strings.Repeat("ü", 90) + cutMark, "=" + keyName("a^b") + "^c",
			"<date^G0000001K68LK0000000 G0000001K68LK0000000", "(onset^G0000001K68LK0000000 G0000001K7G5K0000000", ")onset^G0000001K7G5K0000000 G0000001K68LK0000000",
			"<n^G40G G40G", "~Patient/p1",
		},
		refs:  []string{"subject|Patient/p1|", "patient|Patient/p1|2"},
		longs: []string{"note^" + long},
	}
	got := readIndexed(entriesDoc(e))
	opt := cmp.AllowUnexported(indexed{})
	got.keys, want.keys = maskBounds(got.keys), maskBounds(want.keys)
	if d := cmp.Diff(want, got, opt); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(e.Refs, got.references()); d != "" {
		t.Errorf("references (-want +got):\n%s", d)
	}
}

// maskBounds leaves the family, the name and the form of ranges of dates.
func maskBounds(keys []string) []string {
	out := slices.Clone(keys)
	for i, k := range out {
		head, both, ok := strings.Cut(k, nameEnd)
		if lo, hi, two := strings.Cut(both, boundEnd); ok && two && len(lo) == 20 {
			out[i] = head + nameEnd + "LO" + strings.Repeat("+", strings.Compare(hi, lo)+1)
		}
	}
	return out
}

func TestAVersionWithoutEntriesHasAnEmptyArrayOfKeys(t *testing.T) {
	doc := entriesDoc(search.Entries{})
	if d := cmp.Diff(indexed{keys: []string{}}, readIndexed(doc), cmp.AllowUnexported(indexed{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(indexed{}, readIndexed(bsoncore.Document{5, 0, 0, 0, 0}), cmp.AllowUnexported(indexed{})); d != "" {
		t.Errorf("of a document without fields (-want +got):\n%s", d)
	}
}

func TestARangeOfLessThanADayIsShort(t *testing.T) {
	for _, c := range []struct {
		name string
		r    search.Range
		want bool
	}{
		{"a point in time", date("d", "2024-05-01", 0), true},
		{"a day to its last nanosecond", date("d", "2024-05-01", 24*time.Hour-1), true},
		{"a whole day", date("d", "2024-05-01", 24*time.Hour), false},
		{"an end before the start", date("d", "2024-05-01", -time.Hour), false},
		{"an open end", search.Range{Kind: search.DateRange, Name: "d", Lo: datetime.Ordered(time.Unix(0, 0)), Hi: "\xff"}, false},
		{"an open start", search.Range{Kind: search.DateRange, Name: "d", Lo: "\x00", Hi: datetime.Ordered(time.Unix(0, 0))}, false},
		{"a number", search.Range{Kind: search.NumberRange, Name: "n", Lo: "\x81", Hi: "\x81"}, true},
		{"two numbers", search.Range{Kind: search.NumberRange, Name: "n", Lo: "\x81", Hi: "\x82"}, false},
	} {
		if got := isShort(c.r); got != c.want {
			t.Errorf("%s: short %v, want %v", c.name, got, c.want)
		}
	}
}

func TestKeysHaveTheOrderOfTextsAndBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.StringN(170, 185, -1), func(s string) string { return strings.Repeat("x", 100) + s }),
			rapid.Map(rapid.SampledFrom([]string{"", "a", "ü", "😀", "\U0010ffff", "\uffff"}), func(s string) string { return strings.Repeat("y", 178) + s + "zz" }))
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		ka, kb := textKey("n", a), textKey("n", b)
		if a < b && ka > kb || a > b && ka < kb || a == b && ka != kb {
			t.Fatalf("%q and %q have the keys %q and %q", a, b, ka, kb)
		}
		if len(a) <= maxText && a != b && ka == kb {
			t.Fatalf("%q has the key of %q", a, b)
		}
		x, y := digits32.EncodeToString([]byte(a)), digits32.EncodeToString([]byte(b))
		if strings.Compare(a, b) != strings.Compare(x, y) || strings.Compare(a, b) != strings.Compare(x+boundEnd, y+boundEnd) {
			t.Fatalf("%q and %q have the digits %q and %q", a, b, x, y)
		}
		if (a >= b) != (x+boundEnd >= y) || (a > b) != (x+boundEnd >= y+overEnd) {
			t.Fatalf("a bound %q cuts %q otherwise than %q cuts %q", y, x, b, a)
		}
	})
}

func TestNamesThatCouldBeMistakenAreHashed(t *testing.T) {
	for _, name := range []string{"family", "code|part$", "value-quantity||mg"} {
		if keyName(name) != name {
			t.Errorf("the name %s stands in keys as %s", name, keyName(name))
		}
	}
	seen := map[string]bool{}
	for _, name := range []string{"a^b", "a^c", strings.Repeat("n", 201), strings.Repeat("n", 202)} {
		k := keyName(name)
		if seen[k] || strings.Contains(k, nameEnd) || len(k) > maxName {
			t.Errorf("the name %s stands in keys as %s", name, k)
		}
		seen[k] = true
	}
}

// plain is the oracle: what a condition means, read off the entries themselves.
func plain(e search.Expr, id string, at time.Time, x search.Entries) bool {
	switch e := e.(type) {
	case search.And:
		for _, c := range e {
			if !plain(c, id, at, x) {
				return false
			}
		}
		return true
	case search.Or:
		for _, c := range e {
			if plain(c, id, at, x) {
				return true
			}
		}
		return false
	case search.Not:
		return !plain(e.Expr, id, at, x)
	case search.HasKey:
		return slices.Contains(x.Keys, e.Key)
	case search.TextIs:
		return slices.ContainsFunc(x.Texts, func(t search.Text) bool {
			return t.Name == e.Name && (e.Test == search.TextEquals && t.Value == e.Value || e.Test == search.TextStartsWith && strings.HasPrefix(t.Value, e.Value) ||
				e.Test == search.TextContains && strings.Contains(t.Value, e.Value))
		})
	case search.InRange:
		return slices.ContainsFunc(x.Ranges, func(r search.Range) bool {
			return r.Name == e.Name && r.Lo >= e.LoMin && (e.LoMax == "" || r.Lo <= e.LoMax) && (e.LoOver == "" || r.Lo > e.LoOver) && (e.LoUnder == "" || r.Lo < e.LoUnder) &&
				r.Hi >= e.HiMin && (e.HiMax == "" || r.Hi <= e.HiMax) && (e.HiOver == "" || r.Hi > e.HiOver) && (e.HiUnder == "" || r.Hi < e.HiUnder)
		})
	case search.IDIn:
		return slices.Contains(e.IDs, id)
	case search.UpdatedIn:
		return (e.From.IsZero() || !at.Before(e.From)) && (e.Before.IsZero() || at.Before(e.Before))
	}
	panic("a condition that joins")
}

var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// anyRange draws dates within days of each other, of hours to weeks, some open, and numbers of a few digits.
func anyRange() *rapid.Generator[search.Range] {
	return rapid.Custom(func(t *rapid.T) search.Range {
		if rapid.Bool().Draw(t, "number") {
			lo, hi := anyNumber().Draw(t, "lo"), anyNumber().Draw(t, "hi")
			return search.Range{Kind: search.NumberRange, Name: "num", Lo: lo, Hi: rapid.SampledFrom([]string{lo, hi}).Draw(t, "end")}
		}
		return search.Range{Kind: search.DateRange, Name: "date", Lo: anyTime("\x00").Draw(t, "lo"), Hi: anyTime("\xff").Draw(t, "hi")}
	})
}

func anyNumber() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"\x80\x00", "\x81\x80\x01\x0b\x00", "\x81\x80\x01\x0b", "\x81\x80\x01\x0c\x00", "\x81\x80\x02\x02\x00", "\x7e\x7f"})
}

func anyTime(open string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 9).Draw(t, "open") == 0 {
			return open
		}
		return datetime.Ordered(epoch.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "steps")) * 6 * time.Hour))
	})
}

func anyEntries() *rapid.Generator[search.Entries] {
	return rapid.Custom(func(t *rapid.T) search.Entries {
		e := search.Entries{Keys: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"!a", "a|1", "a|2", "b|1"}), rapid.ID).Draw(t, "keys")}
		slices.Sort(e.Keys)
		for _, v := range rapid.SliceOfDistinct(anyText(), rapid.ID).Draw(t, "texts") {
			e.Texts = append(e.Texts, search.Text{Name: rapid.SampledFrom([]string{"s", "s:start"}).Draw(t, "name"), Value: v})
		}
		e.Ranges = rapid.SliceOfNDistinct(anyRange(), 0, 3, rapid.ID).Draw(t, "ranges")
		return e
	})
}

func anyText() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "ab", "abc", "b", "ba", "a^b", strings.Repeat("a", 180), strings.Repeat("a", 181), strings.Repeat("a", 180) + "b", "ü", ".*"})
}

func anyExpr(depth int) *rapid.Generator[search.Expr] {
	return rapid.Custom(func(t *rapid.T) search.Expr {
		kinds := []string{"key", "text", "range", "id", "updated"}
		if depth > 0 {
			kinds = append(kinds, "and", "or", "not")
		}
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "and":
			return search.And(rapid.SliceOfN(anyExpr(depth-1), 0, 3).Draw(t, "all"))
		case "or":
			return search.Or(rapid.SliceOfN(anyExpr(depth-1), 0, 3).Draw(t, "any"))
		case "not":
			return search.Not{Expr: anyExpr(depth-1).Draw(t, "not")}
		case "key":
			return search.HasKey{Key: rapid.SampledFrom([]string{"!a", "a|1", "a|2", "b|1", "c"}).Draw(t, "key")}
		case "text":
			return search.TextIs{
				Name: rapid.SampledFrom([]string{"s", "s:start"}).Draw(t, "name"), Value: anyText().Draw(t, "value"),
				Test: rapid.SampledFrom([]search.TextTest{search.TextEquals, search.TextStartsWith, search.TextContains}).Draw(t, "test"),
			}
		case "id":
			return search.IDIn{IDs: rapid.SliceOfN(rapid.SampledFrom([]string{"r0", "r1", "r2", "r3"}), 0, 3).Draw(t, "ids")}
		case "updated":
			at := rapid.Map(rapid.IntRange(0, 6), func(n int) time.Time {
				if n == 0 {
					return time.Time{}
				}
				return epoch.Add(time.Duration(n) * time.Second)
			})
			return search.UpdatedIn{From: at.Draw(t, "from"), Before: at.Draw(t, "before")}
		default:
			return anyInRange().Draw(t, "range")
		}
	})
}

func anyInRange() *rapid.Generator[search.Expr] {
	return rapid.Custom(func(t *rapid.T) search.Expr {
		e := search.InRange{Kind: search.DateRange, Name: "date"}
		bound := anyTime("\x00")
		if rapid.Bool().Draw(t, "number") {
			e.Kind, e.Name, bound = search.NumberRange, "num", anyNumber()
		}
		for _, b := range []*string{&e.LoMin, &e.LoMax, &e.LoOver, &e.LoUnder, &e.HiMin, &e.HiMax, &e.HiOver, &e.HiUnder} {
			if rapid.IntRange(0, 3).Draw(t, "set") == 0 {
				*b = bound.Draw(t, "bound")
			}
		}
		return e
	})
}

func TestAConditionHoldsForKeysAsForTheEntriesThatTheyAreOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, x := anyExpr(2).Draw(t, "condition"), anyEntries().Draw(t, "entries")
		at := epoch.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "at")) * time.Second)
		got, ok := matches(e, &subject{id: "r1", at: at, indexed: indexedOf(x)})
		if want := plain(e, "r1", at, x); !ok || got != want {
			t.Fatalf("%+v holds for %+v: %v (%v), want %v", e, x, got, ok, want)
		}
	})
}

func TestAConditionThatJoinsIsNotToldFromEntries(t *testing.T) {
	chain := search.RefersTo{Param: "subject", Targets: []search.Target{
		{Type: "Patient", Where: search.ReferredBy{Param: "patient", Source: search.Target{Type: "Condition", Where: search.And{}}}},
		{Type: "Group", Where: search.Or{search.HasKey{Key: "x"}}},
	}}
	for _, e := range []search.Expr{chain, search.And{search.HasKey{Key: "a"}, chain}, search.Or{chain}, search.Not{Expr: chain}} {
		if _, ok := matches(e, &subject{id: "a", at: epoch}); ok {
			t.Errorf("%+v was told", e)
		}
		if d := cmp.Diff([]string{"Observation", "Patient", "Condition", "Group"}, planTypes(search.Plan{Type: "Observation", Where: e})); d != "" {
			t.Errorf("the types of %+v (-want +got):\n%s", e, d)
		}
	}
	if d := cmp.Diff([]string{"Patient"}, planTypes(search.Plan{Type: "Patient", Where: search.And{search.HasKey{Key: "a"}}})); d != "" {
		t.Errorf("the types of a plan that does not join (-want +got):\n%s", d)
	}
}
