package interaction_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/store"
)

// interrupted is a store under which another client writes between two looks: after the left-th one.
type interrupted struct {
	store.Store
	left  int
	other func()
}

func (s *interrupted) looked() {
	if s.left--; s.left == 0 {
		s.other()
	}
}

func (s *interrupted) Head(ctx context.Context) (fhir.Moment, time.Time, error) {
	defer s.looked()
	return s.Store.Head(ctx)
}

func (s *interrupted) Read(ctx context.Context, t fhir.Moment, k fhir.Key) (fhir.Version, error) {
	defer s.looked()
	return s.Store.Read(ctx, t, k)
}

func (s *interrupted) Search(ctx context.Context, p search.Plan, page store.Page) iter.Seq2[store.Match, error] {
	return func(yield func(store.Match, error) bool) {
		defer s.looked()
		s.Store.Search(ctx, p, page)(yield)
	}
}

func (s *interrupted) Find(ctx context.Context, t fhir.Moment, qs []store.Query) ([][]store.Match, error) {
	defer s.looked()
	return s.Store.Find(ctx, t, qs)
}

// A refusal must have been true at some moment: what was seen before and what was seen after another client's write are not put together.
func TestAWriteIsDecidedAtOneMomentHoweverOftenItLooks(t *testing.T) {
	tagged := func(id string) string {
		return `{"resourceType":"Patient","id":"` + id + `","identifier":[{"value":"x"}]}`
	}
	moved := transaction(ask("DELETE", "Patient/a"), put("Patient/b", tagged("b")))
	const exists = `"ifNoneExist":"identifier=x"`
	for _, c := range []struct {
		name        string
		given       []interaction.Request
		other, when interaction.Request
		status      int
		then, is    string // what a search answers afterwards
	}{
		{
			name:  "a patient who comes meanwhile is not a second one beside the draft",
			given: []interaction.Request{putWolf()},
			other: call("PUT Patient/a", tagged("a")),
			when: transaction(
				post("", taggedWolf, exists),
				post("", observation("Patient?identifier=x")),
			),
			status: 200, then: "Patient?identifier=x", is: `"total":1`,
		},
		{
			name:  "nor before anything was ever written",
			other: call("PUT Patient/a", tagged("a")),
			when: transaction(
				post("", taggedWolf, exists),
				post("", observation("Patient?identifier=x")),
			),
			status: 200, then: "Patient?identifier=x", is: `"total":1`,
		},
		{
			name:  "nor where many conditions are looked up ahead",
			given: []interaction.Request{putWolf()},
			other: call("PUT Patient/a", tagged("a")),
			when: transaction(
				post("", taggedWolf, exists),
				post("", `{"resourceType":"Patient","identifier":[{"value":"y"}]}`, `"ifNoneExist":"identifier=y"`),
				post("", observation("Patient?identifier=x")),
				post("", observation("Patient?identifier=y")),
			),
			status: 200, then: "Observation?subject:Patient.identifier=x", is: `"total":1`,
		},
		{
			name:  "a patient who goes meanwhile is made anew, and not missed by the reference",
			given: []interaction.Request{call("PUT Patient/a", tagged("a"))},
			other: call("DELETE Patient/a", ""),
			when: transaction(
				post("", taggedWolf, exists),
				post("", observation("Patient?identifier=x")),
			),
			status: 200, then: "Observation?subject:Patient.identifier=x", is: `"total":1`,
		},
		{
			name:   "a conditional update under If-Match goes to whom the criteria mean",
			given:  []interaction.Request{call("PUT Patient/a", tagged("a"))},
			other:  moved,
			when:   call("PUT Patient?identifier=x", namedWolf, ifMatch("*")),
			status: 200, then: "Patient?family=wolf", is: `"total":1`,
		},
		{
			name:   "a conditional delete under If-Match too",
			given:  []interaction.Request{call("PUT Patient/a", tagged("a"))},
			other:  moved,
			when:   call("DELETE Patient?identifier=x", "", ifMatch("*")),
			status: 204, then: "Patient", is: `"total":0`,
		},
		{
			name:  "and those of a transaction",
			given: []interaction.Request{call("PUT Patient/a", tagged("a"))},
			other: moved,
			when: transaction(
				put("Patient?identifier=x", namedWolf, `"ifMatch":"*"`),
				post("", observation("Patient?family=wolf")),
			),
			status: 200, then: "Observation?subject:Patient.family=wolf", is: `"total":1`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for after := 1; ; after++ {
				under := &interrupted{}
				w := newWorld(t, func(o *interaction.Options) {
					under.Store, o.Store = o.Store, under
				})
				for _, r := range c.given {
					w.do(r)
				}
				under.other = func() {
					if got := w.Interact(context.Background(), c.other); got.Status >= 300 {
						t.Errorf("the other: %d %v", got.Status, got.Issues)
					}
				}
				under.left = after
				got := w.do(c.when)
				if under.left > 0 { // it looks less often
					if after < 2 {
						t.Error("it never looked: nothing came between")
					}
					return
				}
				if got.Status != c.status {
					t.Fatalf("interrupted after look %d: %d %v", after, got.Status, got.Issues)
				}
				if body := w.do(call("GET "+c.then, "")).Body; !strings.Contains(body, c.is) {
					t.Errorf("interrupted after look %d, %s is %s", after, c.then, body)
				}
			}
		})
	}
}
