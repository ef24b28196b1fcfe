package mongodb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// lineage is the versions of a resource, by their moments: the first and when it was closed (0: open), the second, and so on. It notes
// what it is asked.
type lineage struct {
	made  []rowVersion
	asked []string
	fails error
}

type rowVersion struct{ t, x fhir.Moment }

func (k *lineage) look(what string, holds func(vid int64, v rowVersion) bool) (stored, bool, error) {
	k.asked = append(k.asked, what)
	if k.fails != nil {
		return stored{}, false, k.fails
	}
	for n, v := range k.made {
		if vid := int64(n + 1); v.t > 0 && holds(vid, v) {
			return stored{Version: fhir.Version{VID: vid, T: v.t}, x: v.x}, true, nil
		}
	}
	return stored{}, false, nil
}

func (k *lineage) numbered(_ context.Context, vid int64) (stored, bool, error) {
	return k.look(fmt.Sprintf("version %d", vid), func(n int64, _ rowVersion) bool { return n == vid })
}

func (k *lineage) open(context.Context) (stored, bool, error) {
	return k.look("an open one", func(_ int64, v rowVersion) bool { return v.x == 0 })
}

func (k *lineage) at(_ context.Context, t fhir.Moment) (stored, bool, error) {
	return k.look(fmt.Sprintf("that of %d", t), func(_ int64, v rowVersion) bool { return v.t <= t && (v.x == 0 || v.x > t) })
}

// storeAt is a store that last heard of the head when it stood at a moment, and finds it at another when it asks.
func storeAt(k *lineage, heard, stands fhir.Moment) *Store {
	s := &Store{ctx: context.Background(), progress: newProgress(head{applied: slot(heard), t: heard})}
	s.heads = &headReader{read: func() (head, error) {
		k.asked = append(k.asked, "the head")
		return head{applied: slot(stands), t: stands}, nil
	}}
	return s
}

func TestAReadOfWhatIsCurrentAsksForNoMoreThanItMust(t *testing.T) {
	for _, c := range []struct {
		name          string
		made          []rowVersion
		guess         int64
		heard, stands fhir.Moment
		want          int64 // the version; 0: there is none
		asked         []string
		next          int64 // the guess of the next read
	}{
		{"the first version, published before", []rowVersion{{5, 0}}, 0, 5, 9, 1, []string{"version 1"}, 1},
		{"the first version, published since the head was last heard of", []rowVersion{{5, 0}}, 0, 4, 5, 1, []string{"version 1", "the head"}, 1},
		{"the first version, not yet published", []rowVersion{{5, 0}}, 0, 4, 4, 0, []string{"version 1", "the head", "that of 4"}, 1},
		{"what was never written", nil, 0, 4, 9, 0, []string{"version 1"}, 1},
		{"what is published in part: the second version is there, and not the first", []rowVersion{{}, {8, 0}}, 0, 4, 4, 0, []string{"version 1"}, 1},
		{"a replaced version, for the first time", []rowVersion{{5, 8}, {8, 0}}, 0, 9, 9, 2, []string{"version 1", "an open one"}, 2},
		{"and after that", []rowVersion{{5, 8}, {8, 0}}, 2, 9, 9, 2, []string{"version 2"}, 2},
		{"one that was replaced again", []rowVersion{{5, 8}, {8, 9}, {9, 0}}, 2, 9, 9, 3, []string{"version 2", "an open one"}, 3},
		{"one whose successor is there, but did not close it yet", []rowVersion{{5, 0}, {8, 0}}, 0, 7, 7, 1, []string{"version 1"}, 1},
		{"one whose successor closed it, and is not yet published", []rowVersion{{5, 8}, {8, 0}}, 0, 7, 7, 1, []string{"version 1", "an open one", "the head", "that of 7"}, 2},
		{"the same, when the successor is published meanwhile", []rowVersion{{5, 8}, {8, 0}}, 0, 7, 8, 2, []string{"version 1", "an open one", "the head"}, 2},
		{"one whose successor closed it, and is not there yet", []rowVersion{{5, 8}}, 0, 7, 7, 1, []string{"version 1", "an open one", "the head", "that of 7"}, 1},
		{"a guess of a version that is not there any more, after a restore", []rowVersion{{5, 0}}, 3, 7, 7, 1, []string{"version 3", "an open one"}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := &lineage{made: c.made}
			s, k := storeAt(of, c.heard, c.stands), fhir.Key{Type: "Patient", ID: "p1"}
			s.guesses.set(k, c.guess)
			v, there, err := s.current(context.Background(), k, of)
			if err != nil {
				t.Fatal(err)
			}
			if there != (c.want > 0) || there && v.VID != c.want {
				t.Errorf("version %d, there: %t, want version %d", v.VID, there, c.want)
			}
			if d := cmp.Diff(c.asked, of.asked); d != "" {
				t.Error(d)
			}
			if got := s.guesses.get(k); got != c.next {
				t.Errorf("the next read guesses %d, want %d", got, c.next)
			}
		})
	}
}

func TestAVersionIsFoundByItsNumberOnceItIsPublished(t *testing.T) {
	for _, c := range []struct {
		name          string
		made          []rowVersion
		heard, stands fhir.Moment
		want          bool
		asked         []string
	}{
		{"published before, and replaced", []rowVersion{{5, 8}, {8, 0}}, 9, 9, true, []string{"version 1"}},
		{"published since the head was last heard of", []rowVersion{{5, 0}}, 4, 5, true, []string{"version 1", "the head"}},
		{"not yet published", []rowVersion{{5, 0}}, 4, 4, false, []string{"version 1", "the head"}},
		{"not there", nil, 4, 9, false, []string{"version 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := &lineage{made: c.made}
			_, there, err := storeAt(of, c.heard, c.stands).published(context.Background(), 1, of)
			if err != nil || there != c.want {
				t.Errorf("there: %t, %v", there, err)
			}
			if d := cmp.Diff(c.asked, of.asked); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAReadThatFailsSaysSo(t *testing.T) {
	of := &lineage{fails: errBroken}
	s := storeAt(of, 5, 5)
	if _, _, err := s.current(context.Background(), fhir.Key{Type: "Patient", ID: "p1"}, of); !errors.Is(err, errBroken) {
		t.Errorf("current: %v", err)
	}
	if _, _, err := s.published(context.Background(), 1, of); !errors.Is(err, errBroken) {
		t.Errorf("published: %v", err)
	}
}

func TestGuessesAreForgottenBeforeTheyTakeTooMuchMemory(t *testing.T) {
	var g guesses
	for n := range guessesKept + 10 {
		g.set(fhir.Key{Type: "Patient", ID: fmt.Sprint(n)}, 2)
	}
	if len(g.known) != 10 {
		t.Errorf("%d are kept, want those after the first %d", len(g.known), guessesKept)
	}
}
