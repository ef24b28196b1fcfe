package mongodb

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// errBroken is what a fake database answers when a test wants it to.
var errBroken = errors.New("the connection broke")

// fault says what becomes of a request.
type fault int

const (
	works   fault = iota
	dropped       // it is not done, and the answer is an error
	mute          // it is done, and the answer is an error
	half          // of several documents the first half is done, and the answer is an error
	late          // it is done when the test says so, and the answer is an error
)

// fake is a database in memory that does as it is told: answer, lose answers, do half of what it should, or do it later.
type fake struct {
	mu      sync.Mutex
	log     map[slot]commit
	parts   map[nonce][][]byte
	docs    map[string]map[string]bson.Raw
	closed  map[string]fhir.Moment // by collection and _id
	head    head
	faults  map[string][]fault // of the next requests of a kind; then they work
	delayed []func()
	asked   []string
}

var _ database = (*fake)(nil)

func newFake() *fake {
	return &fake{
		log: map[slot]commit{}, parts: map[nonce][][]byte{}, docs: map[string]map[string]bson.Raw{}, closed: map[string]fhir.Moment{}, faults: map[string][]fault{},
	}
}

// do runs a request of a kind on n documents as its fault says; run does it for the first of them.
func (f *fake) do(kind string, n int, run func(n int) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, kind)
	now := works
	if list := f.faults[kind]; len(list) > 0 {
		now, f.faults[kind] = list[0], list[1:]
	}
	switch now {
	case dropped:
		return errBroken
	case mute:
		_ = run(n)
		return errBroken
	case half:
		_ = run(n / 2)
		return errBroken
	case late:
		f.delayed = append(f.delayed, func() { _ = run(n) })
		return errBroken
	default:
		return run(n)
	}
}

// arrive does what was delayed.
func (f *fake) arrive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, do := range f.delayed {
		do()
	}
	f.delayed = nil
}

func (f *fake) insertCommit(_ context.Context, c commit) error {
	return f.do("insertCommit", 1, func(n int) error {
		if _, taken := f.log[c.slot]; taken {
			return errOccupied
		}
		f.log[c.slot] = c
		return nil
	})
}

func (f *fake) readCommit(_ context.Context, s slot) (c commit, there bool, err error) {
	err = f.do("readCommit", 1, func(int) error {
		c, there = f.log[s]
		return nil
	})
	return c, there, err
}

func (f *fake) readCommits(_ context.Context, after slot, limit int) (cs []commit, err error) {
	err = f.do("readCommits", 1, func(int) error {
		for _, s := range slices.Sorted(maps.Keys(f.log)) {
			if s > after && len(cs) < limit {
				cs = append(cs, f.log[s])
			}
		}
		return nil
	})
	return cs, err
}

func (f *fake) listCommits(ctx context.Context, after slot, limit int) ([]commit, error) {
	cs, err := f.readCommits(ctx, after, limit)
	return withoutPayload(cs), err
}

func withoutPayload(cs []commit) []commit {
	for k := range cs {
		cs[k].payload = nil
	}
	return cs
}

func (f *fake) insertParts(_ context.Context, _ slot, n nonce, parts [][]byte) error {
	return f.do("insertParts", len(parts), func(k int) error {
		f.parts[n] = parts[:k]
		return nil
	})
}

func (f *fake) readParts(_ context.Context, n nonce, count int) (all []byte, err error) {
	err = f.do("readParts", 1, func(int) error {
		if len(f.parts[n]) != count {
			return errCorrupt
		}
		all = slices.Concat(f.parts[n]...)
		return nil
	})
	return all, err
}

func (f *fake) insertDocs(_ context.Context, collection string, docs []bson.Raw) error {
	return f.do("insertDocs", len(docs), func(n int) error {
		if f.docs[collection] == nil {
			f.docs[collection] = map[string]bson.Raw{}
		}
		var err error
		for _, d := range docs[:n] {
			id := nameOf(d).doc
			if _, there := f.docs[collection][id]; there {
				err = errors.New("E11000 duplicate key")
				continue
			}
			f.docs[collection][id] = d
		}
		return err
	})
}

func (f *fake) presentDocs(_ context.Context, collection string, names []name) (found map[string]fhir.Moment, err error) {
	err = f.do("presentDocs", 1, func(int) error {
		found = map[string]fhir.Moment{}
		for _, n := range names {
			if d, there := f.docs[collection][n.doc]; there {
				found[n.doc] = momentOf(d)
			}
		}
		return nil
	})
	return found, err
}

func (f *fake) closeDocs(_ context.Context, collection string, _ time.Time, cs []closing) (matched int, err error) {
	err = f.do("closeDocs", len(cs), func(n int) error {
		for _, c := range cs[:n] {
			if _, there := f.docs[collection][c.doc]; there && f.closed[collection+c.doc] == 0 {
				f.closed[collection+c.doc] = c.x
				matched++
			}
		}
		return nil
	})
	return matched, err
}

func (f *fake) closedDocs(_ context.Context, collection string, cs []closing) (found map[string]fhir.Moment, err error) {
	err = f.do("closedDocs", 1, func(int) error {
		found = map[string]fhir.Moment{}
		for _, c := range cs {
			if _, there := f.docs[collection][c.doc]; there {
				found[c.doc] = f.closed[collection+c.doc]
			}
		}
		return nil
	})
	return found, err
}

func (f *fake) readHead(context.Context) (h head, err error) {
	err = f.do("readHead", 1, func(int) error {
		h = f.head
		return nil
	})
	return h, err
}

func (f *fake) casHead(_ context.Context, to head) (moved bool, err error) {
	err = f.do("casHead", 1, func(int) error {
		if moved = f.head.applied == to.applied-1; moved {
			f.head.applied, f.head.t, f.head.at = to.applied, to.t, to.at
		}
		return nil
	})
	return moved, err
}

// fakeProtocol is a protocol that never waits long.
func fakeProtocol(t *testing.T, f *fake) *protocol {
	t.Helper()
	p, err := newProtocol(f)
	if err != nil {
		t.Fatal(err)
	}
	p.settling = 200 * time.Millisecond
	p.pause = func(ctx context.Context, _ time.Duration) error { return pause(ctx, time.Millisecond) }
	return p
}

// testDoc is a document with a moment.
func testDoc(id string, t fhir.Moment) bson.Raw {
	start, b := bsoncore.AppendDocumentStart(nil)
	b = bsoncore.AppendStringElement(b, fieldDoc, id)
	b = bsoncore.AppendInt64Element(b, fieldT, int64(t))
	return endDocument(b, start)
}
