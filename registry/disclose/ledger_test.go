package disclose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"firewolf/fhir"
)

func patients(from, to int) []string {
	var l []string
	for k := from; k < to; k++ {
		l = append(l, fmt.Sprintf("p%d", k))
	}
	return l
}

func whole(from, to int) Fact { return Fact{Key: "cohort", Whole: true, Patients: patients(from, to)} }

func part(key string, from, to int) Fact { return Fact{Key: key, Patients: patients(from, to)} }

// shelf is a journal in memory, which several ledgers share as servers share a store.
type shelf struct {
	mu      sync.Mutex
	entries map[string][][]byte
	fail    error
}

func (s *shelf) Read(_ context.Context, token string, n int) (*Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.entries[token]; n <= len(l) {
		return ParseEntry(l[n-1])
	}
	return nil, s.fail
}

func (s *shelf) Append(_ context.Context, token string, n int, _ string, e *Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n != len(s.entries[token])+1 {
		return ErrTaken
	}
	packed, err := e.Bytes()
	if err != nil || s.fail != nil {
		return errors.Join(err, s.fail)
	}
	s.entries[token] = append(s.entries[token], packed)
	return nil
}

func newShelf() *shelf { return &shelf{entries: map[string][][]byte{}} }

func (l *Ledger) ask(token string, k int, facts ...Fact) error {
	return l.Allow(context.Background(), token, k, "a question", facts)
}

func TestALedgerRefusesWhatDiffersByFewPatients(t *testing.T) {
	tests := []struct {
		name      string
		told, ask Fact
		refused   bool
	}{
		{"the same", whole(0, 50), whole(0, 50), false},
		{"one more", whole(0, 50), whole(0, 51), true},
		{"one less", whole(0, 50), whole(0, 49), true},
		{"ten more", whole(0, 50), whole(0, 60), true},
		{"eleven more", whole(0, 50), whole(0, 61), false},
		{"one exchanged", whole(0, 50), whole(1, 51), true},
		{"six exchanged", whole(0, 50), whole(6, 56), false},
		{"five exchanged", whole(0, 50), whole(5, 55), true},
		{"quite others", whole(0, 50), whole(50, 100), false},
		{"a part that is one more", part("met", 0, 20), part("met", 0, 21), true},
		{"a part that is one exchanged tells of nobody", part("met", 0, 20), part("met", 1, 21), false},
		{"a part of something else", part("met", 0, 20), part("not-met", 0, 21), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := NewLedger(nil)
			if err := l.ask("a", 11, tt.told); err != nil {
				t.Fatal(err)
			}
			err := l.ask("a", 11, tt.ask)
			if fhir.HasCode(err, fhir.Suppressed) != tt.refused {
				t.Errorf("%v, refused is to be %v", err, tt.refused)
			}
			if err := l.ask("b", 11, tt.ask); err != nil {
				t.Errorf("another token was told nothing before: %v", err)
			}
		})
	}
}

func TestARefusedAnswerLeavesNoTrace(t *testing.T) {
	l := NewLedger(nil)
	for _, tt := range []struct {
		facts []Fact
		ok    bool
	}{
		{[]Fact{whole(0, 50)}, true},
		{[]Fact{part("x", 0, 30), whole(0, 55)}, false},
		{[]Fact{part("x", 0, 31)}, true}, // the 30 were not told
	} {
		if err := l.ask("a", 11, tt.facts...); (err == nil) != tt.ok {
			t.Errorf("%v", err)
		}
	}
}

func TestLedgersOfOneJournalKnowWhatEachOtherTold(t *testing.T) {
	s := newShelf()
	one, other := NewLedger(s), NewLedger(s)
	for k, tt := range []struct {
		l  *Ledger
		f  Fact
		ok bool
	}{
		{one, whole(0, 50), true},
		{other, whole(0, 51), false},
		{other, whole(20, 90), true}, // patients 50 to 89 are news to both
		{one, whole(20, 91), false},
		{one, whole(200, 300), true},
		{NewLedger(s), whole(0, 49), false}, // a server that was started anew
		{NewLedger(s), whole(200, 299), false},
		{NewLedger(s), whole(0, 50), true},
	} {
		if err := tt.l.ask("a", 11, tt.f); (err == nil) != tt.ok {
			t.Errorf("question %d: %v", k, err)
		}
	}
	if n := len(s.entries["a"]); n != 3 {
		t.Errorf("%d entries, want 3: what was told before is no news", n)
	}
}

func TestOfTwoServersThatAnswerAtOnceOneHearsOfTheOther(t *testing.T) {
	s := newShelf()
	const servers = 8
	var wait sync.WaitGroup
	var allowed atomic.Int32
	for k := range servers {
		l := NewLedger(s)
		wait.Go(func() {
			if l.ask("a", 11, whole(0, 50+k)) == nil {
				allowed.Add(1)
			}
		})
	}
	wait.Wait()
	if n := allowed.Load(); n != 1 {
		t.Errorf("%d of %d cohorts that differ by less than %d patients were answered", n, servers, servers)
	}
}

func TestWhatCannotBeWrittenDownIsNotTold(t *testing.T) {
	s := newShelf()
	s.fail = errors.New("the disk is full")
	l := NewLedger(s)
	if err := l.ask("a", 11, whole(0, 50)); !errors.Is(err, s.fail) {
		t.Errorf("%v", err)
	}
	s.fail = nil
	if err := l.ask("a", 11, whole(0, 51)); err != nil {
		t.Errorf("the 50 were not told: %v", err)
	}
}

func TestAnEntryThatIsBrokenStopsAnswers(t *testing.T) {
	good, err := (&Entry{Sets: []Set{{Key: "cohort", Bits: []byte("no set")}}}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{"no gzip": []byte("x"), "cut off": good[:len(good)-9], "no set of roaring": good} {
		s := newShelf()
		s.entries["a"] = [][]byte{packed}
		if err := NewLedger(s).ask("a", 11, whole(0, 50)); err == nil {
			t.Errorf("%s: an answer was told", name)
		}
	}
}

// Two answers about cohorts of which one holds the other: what both tell of one part may not differ by a small group.
func TestTwoAnswersThatWereAllowedTellOfNoSmallGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const all, k = 80, 11
		answered := rapid.SliceOfN(rapid.IntRange(0, 3), all, all).Draw(t, "part of each patient")
		l := NewLedger(nil)
		var told [][]Fact
		for range rapid.IntRange(2, 5).Draw(t, "questions") {
			from := rapid.IntRange(0, all-1).Draw(t, "from")
			cohort := patients(from, rapid.IntRange(from, all).Draw(t, "to"))
			facts := answer(cohort, answered, k)
			if l.ask("a", k, facts...) == nil {
				told = append(told, facts)
			}
		}
		for i, a := range told {
			for _, b := range told[:i] {
				compare(t, a, b, k)
			}
		}
	})
}

// answer is what a table of one row tells of a cohort.
func answer(cohort []string, answered []int, k int) []Fact {
	row := make([]int, 4)
	who := make([][]string, 4)
	for _, id := range cohort {
		var n int
		fmt.Sscanf(id, "p%d", &n)
		row[answered[n]]++
		who[answered[n]] = append(who[answered[n]], id)
	}
	m := Protect(Table{row}, k, nil, nil)
	var facts []Fact
	for p := range row {
		if !m.Cells[0][p] {
			facts = append(facts, Fact{Key: fmt.Sprint(p), Patients: who[p]})
		}
	}
	if !m.Total {
		facts = append(facts, Fact{Key: "cohort", Whole: true, Patients: cohort})
	}
	return facts
}

func compare(t *rapid.T, a, b []Fact, k int) {
	for _, x := range a {
		for _, y := range b {
			if x.Key != y.Key {
				continue
			}
			more, less := x.Patients, y.Patients
			if len(more) < len(less) {
				more, less = less, more
			}
			nested := !slices.ContainsFunc(less, func(id string) bool { return !slices.Contains(more, id) })
			if nested && Small(len(more)-len(less), k) {
				t.Fatalf("%s: %d of %d follow", x.Key, len(more)-len(less), len(more))
			}
		}
	}
}
