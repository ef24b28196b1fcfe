package disclose

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
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
	// Within is the key of another count that by what it means holds whom this one counts, of the same cohort; "" for none.
	Within string
	// Whole says that the set is a cohort itself. Two that differ at all by 1 to k-1 patients are refused, nested or not.
	Whole bool
	// Table is the number of a table of the answer, 0 for none. Its counts of one key share nobody, so that their sums are told too.
	Table    int
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
	books   map[string]*account
}

// account is the book of a token.
type account struct {
	*book
	token string
	mu    sync.Mutex
	last  int // the entry up to which it is read
}

// NewLedger returns the ledger of a journal; nil remembers only as long as the Ledger lives.
func NewLedger(j Journal) *Ledger { return &Ledger{journal: j, books: map[string]*account{}} }

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
		e, err := b.entry(ctx, k, facts)
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
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		near[i] = b.near(f, k)
	}
	return near, nil
}

func (l *Ledger) book(token string) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.books[token]
	if b == nil {
		b = &account{book: newBook(), token: token}
		l.books[token] = b
	}
	return b
}

// catchUp reads the entries that other servers wrote, or this one before it was started anew.
func (l *Ledger) catchUp(ctx context.Context, b *account) error {
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

// take adds an entry of the journal.
func (b *account) take(e *Entry) error {
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
		b.add(s.Key, s.Within, s.Table, sets[i])
	}
	b.closed()
	b.last++
	return nil
}

// entry is what is new of the facts, nil for nothing. It refuses what is too near to what was told.
func (b *account) entry(ctx context.Context, k int, facts []Fact) (*Entry, error) {
	e := &Entry{First: b.next}
	added := map[string]uint32{}
	for n, l := range tables(facts) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		groups := make([]*roaring.Bitmap, len(l))
		for i, f := range l {
			groups[i] = b.set(f.Patients, added)
		}
		news, near := b.news(l[0].Key, l[0].Within, l[0].Whole, groups, k)
		if near {
			return nil, errOverlap
		}
		if !news {
			continue
		}
		for _, set := range groups {
			bits, err := set.ToBytes()
			if err != nil {
				return nil, fmt.Errorf("writing down an aggregate that is told: %w", err)
			}
			e.Sets = append(e.Sets, Set{Key: l[0].Key, Within: l[0].Within, Table: n + 1, Bits: bits})
		}
	}
	if len(e.Sets) == 0 {
		return nil, nil
	}
	e.Patients = make([]string, len(added))
	for id, place := range added {
		e.Patients[place-b.next] = id
	}
	return e, nil
}

// tables are the facts of one key and one table each, none of them twice.
func tables(facts []Fact) [][]Fact {
	at := map[table]int{}
	seen, hash := map[uint64]bool{}, maphash.Hash{}
	var l [][]Fact
	for _, f := range facts {
		p := table{f.Key, f.Table}
		k, ok := at[p]
		if !ok || f.Table == 0 {
			k = len(l)
			at[p] = k
			l = append(l, nil)
		}
		l[k] = append(l[k], f)
	}
	return slices.DeleteFunc(l, func(l []Fact) bool {
		hash.Reset()
		for _, f := range l {
			writeTo(&hash, f.Key)
			for _, id := range f.Patients {
				writeTo(&hash, id)
			}
			writeTo(&hash, "")
		}
		sum := hash.Sum64()
		told := seen[sum]
		seen[sum] = true
		return told
	})
}

// writeTo adds a text and its end.
func writeTo(h *maphash.Hash, text string) {
	// A maphash.Hash takes everything, so that there is no error to find.
	_, _ = h.WriteString(text)
	_ = h.WriteByte(0)
}

// errOverlap is all that a caller hears: whom the two answers differ by would be told by more.
var errOverlap = fhir.NewIssue(fhir.Suppressed, "this aggregate and one that was answered before differ by too few patients; together they would tell of single patients")

// near says whether a fact is too near to what was told.
func (b *book) near(f Fact, k int) bool {
	_, near := b.news(f.Key, f.Within, f.Whole, []*roaring.Bitmap{b.set(f.Patients, map[string]uint32{})}, k)
	return near
}
