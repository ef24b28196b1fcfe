package mongodb

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// engineSays evaluates a filter as the engine does, for one version.
func engineSays(t *rapid.T, f bson.D, s *subject) bool {
	for _, e := range f {
		holds := false
		switch e.Key {
		case "$and":
			holds = !slices.ContainsFunc(e.Value.(bson.A), func(v any) bool { return !engineSays(t, v.(bson.D), s) })
		case "$or":
			holds = slices.ContainsFunc(e.Value.(bson.A), func(v any) bool { return engineSays(t, v.(bson.D), s) })
		case "$nor":
			holds = !slices.ContainsFunc(e.Value.(bson.A), func(v any) bool { return engineSays(t, v.(bson.D), s) })
		case fieldKeys:
			holds = slices.ContainsFunc(s.keys, func(k string) bool { return keyIsMeant(t, e.Value, k) })
		case fieldID:
			holds = slices.Contains(e.Value.(bson.D)[0].Value.([]string), s.id)
		case fieldAt:
			holds = timeIsMeant(e.Value.(bson.D), s.at)
		default:
			t.Fatalf("%s is asked for", e.Key)
		}
		if !holds {
			return false
		}
	}
	return true
}

func keyIsMeant(t *rapid.T, want any, key string) bool {
	switch want := want.(type) {
	case string:
		return key == want
	case bson.Regex:
		return regexp.MustCompile("(?" + want.Options + ")" + want.Pattern).MatchString(key)
	case bson.D:
		span := want[0].Value.(bson.D)
		if want[0].Key != "$elemMatch" || span[0].Key != "$gte" || span[1].Key != "$lt" {
			t.Fatalf("keys are asked by %v", want)
		}
		return key >= span[0].Value.(string) && key < span[1].Value.(string)
	default:
		t.Fatalf("keys are asked by %v", want)
		return false
	}
}

func timeIsMeant(span bson.D, at time.Time) bool {
	return !slices.ContainsFunc(span, func(e bson.E) bool {
		bound := e.Value.(bson.DateTime).Time()
		return e.Key == "$gte" && at.Before(bound) || e.Key == "$lt" && !at.Before(bound)
	})
}

func TestTheEngineIsSureOfNothingWrongAndWhatItDoubtsIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, x := anyExpr(2).Draw(t, "condition"), anyEntries().Draw(t, "entries")
		at := epoch.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "at")) * time.Second)
		s := &subject{id: "r1", at: at, indexed: indexedOf(x)}
		c, err := (&query{}).prepare("Observation", e)
		if err != nil {
			t.Fatal(err)
		}
		says := func(c clause) bool { return !c.none && (c.all() || engineSays(t, c.filter, s)) }
		holds, sure, maybe, doubt := c.holds(s), says(c.sure), says(c.maybe), says(c.doubt)
		switch {
		case sure && !holds:
			t.Errorf("the engine is sure of what is wrong")
		case holds && !maybe:
			t.Errorf("the engine does not find it")
		case c.exact && sure != maybe:
			t.Errorf("the engine finds %v what it is sure of %v", maybe, sure)
		case !c.exact && maybe && !sure && !doubt:
			t.Errorf("it is found, the engine is not sure of it, and its doubt does not lead there: %v", c.doubt.filter)
		}
	})
}
