package disclose

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"firewolf/fhir"
)

// Cohort is the key of all facts whose sets are cohorts. They are held against those of every other key too, as a caller can choose a cohort
// that holds just whom another count is of, and a few more.
const Cohort = "cohort"

// Fact is a count that an answer shows: how many patients of a set.
type Fact struct {
	// Key says what is counted, apart from the cohort: two counts of one key, one of a part of the other's patients, tell how
	// many the rest are.
	Key string
	// Whole says that the set is a cohort itself. Two that differ at all by 1 to k-1 patients are refused, nested or not.
	Whole    bool
	Patients []string // ids
}

// Journal keeps the entries of each token where every server of a store sees them, numbered from 1. It is safe for concurrent use.
type Journal interface {
	// Read returns an entry, nil if there is none of this number yet.
	Read(ctx context.Context, token string, n int) (*Entry, error)
	// Append keeps an entry durably. It returns ErrTaken if there is one of this number, and then keeps nothing.
	Append(ctx context.Context, token string, n int, question string, e *Entry) error
}

// ErrTaken says that another server was told first.
var ErrTaken = errors.New("the journal of aggregates has this entry")

// Ledger remembers for every token what it was told, so that two answers together tell no more than each alone. What is true is
// in the journal; the ledger holds what it has read of it. It is safe for concurrent use.
type Ledger struct {
	journal Journal
	mu      sync.Mutex
	books   map[string]*book
}

// NewLedger returns the ledger of a journal; nil remembers only as long as the Ledger lives.
func NewLedger(j Journal) *Ledger { return &Ledger{journal: j, books: map[string]*book{}} }

// tries is how often an answer is looked at again because another server gave the same token one meanwhile.
const tries = 16

// Allow records the facts of an answer, all or none, with the question that they answer. It refuses them (code suppressed) if one
// of them and one that the token was told before differ by 1 to k-1 patients. A fact that was told before is no news.
func (l *Ledger) Allow(ctx context.Context, token string, k int, question string, facts []Fact) error {
	b := l.book(token)
	b.mu.Lock()
	defer b.mu.Unlock()
	for range tries {
		if err := l.catchUp(ctx, b); err != nil {
			return err
		}
		e, err := b.entry(k, facts)
		if err != nil || e == nil {
			return err
		}
		if l.journal == nil {
			return b.take(e)
		}
		switch err := l.journal.Append(ctx, token, b.last+1, question, e); {
		case err == nil:
			return b.take(e)
		case !errors.Is(err, ErrTaken):
			return fmt.Errorf("writing down an aggregate that is told: %w", err)
		}
	}
	return fhir.NewIssue(fhir.Transient, "other servers answer this caller's aggregates at the same time: ask again")
}

// Near says which facts Allow would refuse a token, each for itself: an answer can leave them out.
func (l *Ledger) Near(ctx context.Context, token string, k int, facts []Fact) ([]bool, error) {
	b := l.book(token)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := l.catchUp(ctx, b); err != nil {
		return nil, err
	}
	near := make([]bool, len(facts))
	for i, f := range facts {
		near[i] = b.near(f, k)
	}
	return near, nil
}

func newBook(token string) *book {
	return &book{token: token, places: map[string]uint32{}, told: map[string][]*roaring.Bitmap{}}
}

func (l *Ledger) book(token string) *book {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.books[token]
	if b == nil {
		b = newBook(token)
		l.books[token] = b
	}
	return b
}

// catchUp reads the entries that other servers wrote, or this one before it was started anew.
func (l *Ledger) catchUp(ctx context.Context, b *book) error {
	for l.journal != nil {
		e, err := l.journal.Read(ctx, b.token, b.last+1)
		if err != nil {
			return fmt.Errorf("reading which aggregates were told: %w", err)
		}
		if e == nil {
			return nil
		}
		if err := b.take(e); err != nil {
			return fmt.Errorf("reading which aggregates were told: entry %d: %w", b.last+1, err)
		}
	}
	return nil
}

// book is what one token was told.
type book struct {
	token  string
	mu     sync.Mutex
	last   int               // the entry up to which it is read
	places map[string]uint32 // of patients in the bitmaps
	next   uint32            // the first place that nobody has
	told   map[string][]*roaring.Bitmap
}

// take adds an entry of the journal.
func (b *book) take(e *Entry) error {
	sets := make([]*roaring.Bitmap, len(e.Sets))
	for i, s := range e.Sets {
		sets[i] = roaring.New()
		if err := sets[i].UnmarshalBinary(s.Bits); err != nil {
			return err
		}
	}
	for i, id := range e.Patients {
		b.places[id] = e.First + uint32(i)
	}
	b.next = max(b.next, e.First+uint32(len(e.Patients)))
	for i, s := range e.Sets {
		b.told[s.Key] = append(b.told[s.Key], sets[i])
	}
	b.last++
	return nil
}

// entry is what is new of the facts, nil for nothing. It refuses what is too near to what was told.
func (b *book) entry(k int, facts []Fact) (*Entry, error) {
	e := &Entry{First: b.next}
	added, seen := map[string]uint32{}, map[string]bool{}
	for _, f := range facts {
		set := roaring.New()
		for _, id := range f.Patients {
			place, ok := b.places[id]
			if !ok {
				place, ok = added[id]
			}
			if !ok {
				place = b.next + uint32(len(added))
				added[id] = place
				e.Patients = append(e.Patients, id)
			}
			set.Add(place)
		}
		fresh, err := b.fresh(f, set, k)
		if err != nil {
			return nil, err
		}
		if !fresh {
			continue
		}
		bits, err := set.ToBytes()
		if err != nil {
			return nil, fmt.Errorf("writing down an aggregate that is told: %w", err)
		}
		if text := f.Key + "\x00" + string(bits); !seen[text] {
			seen[text] = true
			e.Sets = append(e.Sets, Set{Key: f.Key, Bits: bits})
		}
	}
	if len(e.Sets) == 0 {
		return nil, nil
	}
	return e, nil
}

// errOverlap is all that a caller hears: whom the two answers differ by would be told by more.
var errOverlap = fhir.NewIssue(fhir.Suppressed, "this aggregate and one that was answered before differ by too few patients; together they would tell of single patients")

// near says whether a fact is too near to what was told.
func (b *book) near(f Fact, k int) bool {
	set, next := roaring.New(), b.next
	for _, id := range f.Patients {
		place, ok := b.places[id]
		if !ok {
			place, next = next, next+1
		}
		set.Add(place)
	}
	_, err := b.fresh(f, set, k)
	return err != nil
}

// fresh reports whether a set is not known yet, and refuses one that is too near to a known one.
func (b *book) fresh(f Fact, set *roaring.Bitmap, k int) (bool, error) {
	for _, old := range b.told[f.Key] {
		switch differ, nested := apart(set, old, k); {
		case differ == 0:
			return false, nil
		case Small(differ, k) && (f.Whole || nested):
			return false, errOverlap
		}
	}
	for key, sets := range b.told {
		if key == f.Key || key != Cohort && f.Key != Cohort {
			continue
		}
		for _, old := range sets {
			if differ, nested := apart(set, old, k); Small(differ, k) && nested {
				return false, errOverlap
			}
		}
	}
	return true, nil
}

// apart says how many are in one of two sets only, and whether one set holds the other. It does not count sets whose sizes are k apart or more.
func apart(a, b *roaring.Bitmap, k int) (differ int, nested bool) {
	n, m := a.GetCardinality(), b.GetCardinality()
	if gap := max(n, m) - min(n, m); gap >= uint64(max(k, 0)) && gap > 0 {
		return int(gap), false
	}
	common := a.AndCardinality(b)
	return int(n + m - 2*common), common == min(n, m)
}
