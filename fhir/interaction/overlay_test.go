package interaction

import (
	"slices"
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

func TestCandidatesAreAllThatAConditionMayHoldOf(t *testing.T) {
	d := &drafts{
		all:   make([]draftEntries, 4),
		byKey: map[string][]int{"a": {0, 2}, "b": {1}},
		byID:  map[string][]int{"x": {3}, "y": {0}},
		texts: []draftText{{search.Text{Name: "m", Value: "wolf"}, 3}, {search.Text{Name: "n", Value: "wolf"}, 2}, {search.Text{Name: "n", Value: "wolfe"}, 1}, {search.Text{Name: "n", Value: "wolfe"}, 2}},
	}
	a, b := search.HasKey{Key: "a"}, search.HasKey{Key: "b"}
	starts := func(value string) search.TextIs {
		return search.TextIs{Name: "n", Test: search.TextStartsWith, Value: value}
	}
	date := search.InRange{Kind: search.DateRange, Name: "d"}
	for _, c := range []struct {
		name string
		x    search.Expr
		want []int
		ok   bool
	}{
		{"a key", a, []int{0, 2}, true},
		{"a key that nothing has", search.HasKey{Key: "c"}, nil, true},
		{"ids", search.IDIn{IDs: []string{"x", "y", "z"}}, []int{0, 3}, true},
		{"a text that begins so", starts("wo"), []int{1, 2}, true},
		{"a longer one", starts("wolfe"), []int{1, 2}, true},
		{"one that none begins with", starts("wolves"), nil, true},
		{"a text that is so, or begins so", search.TextIs{Name: "n", Test: search.TextEquals, Value: "wolf"}, []int{1, 2}, true},
		{"a text with something in it", search.TextIs{Name: "n", Test: search.TextContains, Value: "wolf"}, nil, false},
		{"the first that tells of several that all must hold", search.And{date, b, a}, []int{1}, true},
		{"one of two choices", search.Or{a, b}, []int{0, 1, 2}, true},
		{"choices of which one does not tell", search.Or{a, date}, nil, false},
		{"a negation", search.Not{Expr: a}, nil, false},
		{"all", search.And{}, nil, false},
		{"nothing", search.Or{}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := d.candidates(c.x)
			if ok != c.ok || !slices.Equal(got, c.want) {
				t.Errorf("%v %v, want %v %v", got, ok, c.want, c.ok)
			}
		})
	}
}
