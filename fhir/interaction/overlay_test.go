package interaction

import (
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

func TestHolds(t *testing.T) {
	k := fhir.Key{Type: "Patient", ID: "1"}
	e := search.Entries{
		Keys:   []string{"active|true", "gender|male"},
		Texts:  []search.Text{{Name: "name", Value: "wolf"}},
		Ranges: []search.Range{{Name: "birthdate", Lo: "b", Hi: "d"}},
	}
	yes, no := search.HasKey{Key: "active|true"}, search.HasKey{Key: "active|false"}
	unknown := search.RefersTo{Param: "x"}
	for _, c := range []struct {
		name       string
		x          search.Expr
		hit, known bool
	}{
		{"a key that is there", yes, true, true},
		{"a key that is not", no, false, true},
		{"nothing asked", search.And{}, true, true},
		{"no choice", search.Or{}, false, true},
		{"all of", search.And{yes, yes}, true, true},
		{"all but one of", search.And{yes, no}, false, true},
		{"one of", search.Or{no, yes}, true, true},
		{"none of", search.Or{no, no}, false, true},
		{"not", search.Not{Expr: no}, true, true},
		{"an id that is its own", search.IDIn{IDs: []string{"2", "1"}}, true, true},
		{"an id that is not", search.IDIn{IDs: []string{"2"}}, false, true},
		{"an equal text", search.TextIs{Name: "name", Test: search.TextEquals, Value: "wolf"}, true, true},
		{"a text that only begins so", search.TextIs{Name: "name", Test: search.TextEquals, Value: "wol"}, false, true},
		{"a beginning", search.TextIs{Name: "name", Test: search.TextStartsWith, Value: "wo"}, true, true},
		{"an end is no beginning", search.TextIs{Name: "name", Test: search.TextStartsWith, Value: "lf"}, false, true},
		{"a part", search.TextIs{Name: "name", Test: search.TextContains, Value: "ol"}, true, true},
		{"a text of another name", search.TextIs{Name: "family", Test: search.TextContains, Value: "ol"}, false, true},
		{"inside bounds", search.InRange{Name: "birthdate", LoMin: "b", LoMax: "b", HiMin: "d", HiMax: "d"}, true, true},
		{"below", search.InRange{Name: "birthdate", LoMin: "c"}, false, true},
		{"above", search.InRange{Name: "birthdate", HiMax: "c"}, false, true},
		{"open bounds that hold", search.InRange{Name: "birthdate", LoOver: "a", LoUnder: "c", HiOver: "c", HiUnder: "e"}, true, true},
		{"an open bound at the edge", search.InRange{Name: "birthdate", LoOver: "b"}, false, true},
		{"a range of another name", search.InRange{Name: "date"}, false, true},
		{"other resources", unknown, false, false},
		{"when it was written", search.UpdatedIn{}, false, false},
		{"not what is unknown", search.Not{Expr: unknown}, false, false},
		{"all of what is unknown and what does not hold", search.And{unknown, no}, false, true},
		{"all of what is unknown and what holds", search.And{unknown, yes}, false, false},
		{"one of what is unknown and what holds", search.Or{unknown, yes}, true, true},
		{"one of what is unknown and what does not hold", search.Or{unknown, no}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			hit, known := holds(c.x, k, e)
			if known != c.known || known && hit != c.hit {
				t.Errorf("hit %v known %v, want %v %v", hit, known, c.hit, c.known)
			}
		})
	}
}

func TestAnchorIsAKeyThatEveryMatchHas(t *testing.T) {
	a, b := search.HasKey{Key: "a"}, search.HasKey{Key: "b"}
	for _, c := range []struct {
		name string
		x    search.Expr
		want string
	}{
		{"a key", a, "a"},
		{"the first of several that all must hold", search.And{search.IDIn{}, search.And{b}, a}, "b"},
		{"the only choice", search.Or{a}, "a"},
		{"none of two choices", search.Or{a, b}, ""},
		{"none of a negation", search.Not{Expr: a}, ""},
		{"none of nothing", search.And{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := anchor(c.x); got != c.want || ok != (c.want != "") {
				t.Errorf("%q %v, want %q", got, ok, c.want)
			}
		})
	}
}
