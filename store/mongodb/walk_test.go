package mongodb

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// asking is a store of five patients with the key ward|a, of which the second has code|b and the second and third have code|c too.
func asking(t *testing.T) *Store {
	t.Helper()
	s := openAt(t, newAddress(t), Options{})
	t.Cleanup(func() { _ = s.Close() })
	tx := &simTx{label: "PUT"}
	for n := range 5 {
		keys := []string{"ward|a"}
		if n == 1 {
			keys = append(keys, "code|b")
		}
		if n == 1 || n == 2 {
			keys = append(keys, "code|c")
		}
		tx.put(fhir.Key{Type: "Patient", ID: fmt.Sprintf("p%d", n)}, 0, search.Entries{Keys: keys})
	}
	if _, err := s.Write(context.Background(), tx.tx); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASearchByTwoKeysLetsTheEngineLeaveOutWhatHasOnlyOne(t *testing.T) {
	s := asking(t)
	key := func(k string) bson.D { return bson.D{{Key: fieldKeys, Value: k}} }
	other := func(k string) bson.D {
		return bson.D{{Key: "$nor", Value: bson.A{bson.D{{Key: "$nor", Value: bson.A{key(k)}}}}}}
	}
	both := func(a, b bson.D) bson.D { return bson.D{{Key: "$and", Value: bson.A{a, b}}} }
	for _, c := range []struct {
		name  string
		where search.And
		some  int // the most candidates that are held
		known map[string]int
		asked []bson.D // before the matches themselves are read
		found []string
	}{
		{
			"nothing is known: the size of the first is asked",
			search.And{search.HasKey{Key: "ward|a"}, search.HasKey{Key: "code|b"}},
			1000, nil,
			[]bson.D{key("ward|a"), both(key("ward|a"), other("code|b"))},
			[]string{"p1"},
		},
		{
			"a size is known",
			search.And{search.HasKey{Key: "ward|a"}, search.HasKey{Key: "code|b"}},
			1000,
			map[string]int{"ward|a": 5},
			[]bson.D{both(key("ward|a"), other("code|b"))},
			[]string{"p1"},
		},
		{
			"the second is known to leave fewer",
			search.And{search.HasKey{Key: "ward|a"}, search.HasKey{Key: "code|c"}},
			1000,
			map[string]int{"ward|a": 5, "code|c": 2},
			[]bson.D{both(key("code|c"), other("ward|a"))},
			[]string{"p1", "p2"},
		},
		{
			"the first leaves too many",
			search.And{search.HasKey{Key: "ward|a"}, search.HasKey{Key: "code|c"}},
			3, nil,
			[]bson.D{key("ward|a"), key("code|c"), both(key("code|c"), other("ward|a"))},
			[]string{"p1", "p2"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.finder.tuning, s.finder.sizes = defaultSearchTuning, newSizes()
			s.finder.tuning.some = c.some
			for k, n := range c.known {
				s.finder.sizes.set("Patient "+k, nil, n)
			}
			var asked []bson.D
			s.finder.watch = func(l lookup) {
				if !sameIndex(l.index, byDoc) {
					asked = append(asked, l.filter)
				}
			}
			defer func() { s.finder.watch = nil }()
			var found []string
			for m, err := range s.Search(context.Background(), search.Plan{Type: "Patient", Where: c.where}, store.Page{}) {
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, m.ID)
			}
			if d := cmp.Diff(c.found, found); d != "" {
				t.Error(d)
			}
			for k, f := range asked {
				asked[k] = withoutMoment(f)
			}
			if d := cmp.Diff(c.asked, asked); d != "" {
				t.Error(d)
			}
		})
	}
}

// withoutMoment is a filter without what every search asks.
func withoutMoment(f bson.D) bson.D {
	if f[0].Key != "$and" {
		return f
	}
	of, _ := f[0].Value.(bson.A)[0].(bson.D)
	return of
}
