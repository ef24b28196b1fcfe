package mongodb

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir/datetime"
	"firewolf/fhir/search"
	"firewolf/store"
)

func TestWhatIsKnownOfOneBoundTellsOfThoseBeyond(t *testing.T) {
	const many = 1001
	for _, c := range []struct {
		name   string
		knew   search.InRange
		left   int
		asked  search.InRange
		expect int
	}{
		{"an earlier start leaves as many", search.InRange{HiMin: "m"}, many, search.InRange{HiMin: "l"}, many},
		{"the same start leaves as many", search.InRange{HiMin: "m"}, many, search.InRange{HiMin: "m"}, many},
		{"of a later start nothing is known", search.InRange{HiMin: "m"}, many, search.InRange{HiMin: "n"}, unknownSize},
		{"a later end leaves as many", search.InRange{LoUnder: "m"}, many, search.InRange{LoUnder: "n"}, many},
		{"of an earlier end nothing is known", search.InRange{LoUnder: "m"}, many, search.InRange{LoUnder: "l"}, unknownSize},
		{"a start tells nothing of an end", search.InRange{HiMin: "m"}, many, search.InRange{LoUnder: "m"}, unknownSize},
		{"few are not remembered", search.InRange{HiMin: "m"}, 7, search.InRange{HiMin: "m"}, unknownSize},
		{"a range with two bounds is not remembered", search.InRange{LoMin: "a", HiMax: "m"}, many, search.InRange{LoMin: "a", HiMax: "m"}, unknownSize},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &finder{tuning: defaultSearchTuning, sizes: newSizes()}
			c.knew.Name, c.asked.Name = "date", "date"
			knew := prepareLeaf("Observation", c.knew)
			x.note(knew.name, knew, c.left, x.tuning.some)
			if got := x.known(prepareLeaf("Observation", c.asked)); got != c.expect {
				t.Errorf("%d are known, want %d", got, c.expect)
			}
		})
	}
}

// hearing opens a store of ten patients with six Observations each that holds only a few candidates, and returns what it asks the engine for a count: the
// fields that it reads of what is found, and "count" for what is counted there.
func hearing(t *testing.T, tuning searchTuning) func(query string) (total int64, asked []string) {
	t.Helper()
	e := engine(t)
	s := openNew(t, Options{Engine: e})
	hospital(t, s, e, 10, 6)
	s.finder.tuning = tuning
	return func(query string) (int64, []string) {
		asked := []string{}
		s.finder.watch = func(l lookup) {
			what := "count"
			if l.fields != nil {
				what = "find"
				for _, f := range l.fields {
					if f.Key == fieldKeys || f.Key == fieldRefs {
						what += " " + f.Key
					}
				}
			}
			if l.typ == "Patient" {
				what = "Patient: " + what
			}
			asked = append(asked, what)
		}
		defer func() { s.finder.watch = nil }()
		n, err := s.Count(context.Background(), planFor(t, e, query), store.Now)
		if err != nil {
			t.Fatal(err)
		}
		return n, asked
	}
}

func TestACountBetweenTwoDatesIsMadeByTheEngine(t *testing.T) {
	tuning := defaultSearchTuning
	tuning.some = 5
	count := hearing(t, tuning)
	for _, c := range []struct {
		name, query string
		total       int64
		asked       []string
	}{
		{
			"nothing is known: three sizes are asked, that of the code, and those of what is doubtful",
			"Observation?code=8867-4&date=ge2024-01-03&date=lt2024-01-10", 19,
			[]string{"count", "count", "count", "count", "count", "count", "find k r"},
		},
		{
			"dates farther apart: sizes are known",
			"Observation?code=8867-4&date=ge2024-01-02&date=lt2024-01-11", 23,
			[]string{"count", "count", "find k r"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, asked := count(c.query)
			if n != c.total {
				t.Errorf("%d are counted, want %d", n, c.total)
			}
			if d := cmp.Diff(c.asked, asked); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAReverseChainReadsReferencesAloneAndOnlyWhereTheyAreFew(t *testing.T) {
	tuning := defaultSearchTuning
	count := hearing(t, tuning)
	n, asked := count("Patient?_has:Observation:patient:code=8867-4&gender=male")
	if n != 5 {
		t.Errorf("%d are counted, want 5", n)
	}
	if d := cmp.Diff([]string{"find r", "Patient: find"}, asked); d != "" {
		t.Error(d)
	}
	tuning.ends = 3
	count = hearing(t, tuning)
	const query = "Patient?_has:Observation:patient:code=8867-4&gender=male"
	_, first := count(query)
	n, again := count(query)
	if n != 5 {
		t.Errorf("%d are counted, want 5", n)
	}
	if d := cmp.Diff(first[1:], again); d != "" || first[0] != "find r" {
		t.Errorf("first %v, again %v: what led to too many is followed again", first, again)
	}
}

func TestWhatIsDoubtfulOfARangeIsLedToByFewKeys(t *testing.T) {
	day := func(from, to string) bson.D {
		return bson.D{{Key: fieldKeys, Value: bson.D{{Key: "$elemMatch", Value: bson.D{{Key: "$gte", Value: from}, {Key: "$lt", Value: to}}}}}}
	}
	bound := func(s string) string { return digits32.EncodeToString([]byte(s)) }
	c := prepareLeaf("Observation", search.InRange{Name: "date", HiMin: someTime(5)})
	want := day("<date^"+bound(someTime(4)), "<date^"+bound(someTime(5)))
	if d := cmp.Diff(want, c.doubt.filter); d != "" {
		t.Error(d)
	}
}

// someTime is a day of an epoch, as bounds have it.
func someTime(day int) string { return datetime.Ordered(epoch.AddDate(0, 0, day)) }
