package mongodb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// simTypes are the types of the resources that the clients write.
var simTypes = []string{"Observation", "Patient"}

// simTx is a transaction of a client. The method of each of its Ops names it, so that its versions are known in the log.
type simTx struct {
	label    fhir.Method
	tx       store.Tx
	criteria string // a conditional create: the key that no other Patient may have
}

// simAnswer is what a client heard.
type simAnswer struct {
	*simTx
	began slot // head.applied when it asked
	said  simSaid
	v     verdict
	err   error
	ended slot // head.applied when it was answered
}

type simSaid int

const (
	saidDone simSaid = iota + 1
	saidReplayed
	saidRefused
	saidFailed // nothing was written
	saidUnknown
	saidRead    // of readers: all of a moment
	saidExpired // of readers: it can not be read any more
)

// client sends one transaction after another, each to any process that lives.
func (s *sim) client(n int) {
	r := rand.New(rand.NewPCG(s.plan.seed, uint64(n)+2))
	for k := range s.plan.each {
		time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		p := s.anyAlive(r)
		for p == nil && !s.stopped() {
			time.Sleep(time.Second)
			p = s.anyAlive(r)
		}
		if s.stopped() {
			return
		}
		number := n*s.plan.each + k
		t := transaction(r, simNames{label: fmt.Sprintf("tx%d", number), bucket: r.IntN(2), current: s.current})
		a := &simAnswer{simTx: t, began: s.applied()}
		a.v, a.said, a.err = ask(p, t.tx, r)
		a.ended = s.applied()
		s.check.answered(a)
	}
	s.mu.Lock()
	s.working--
	s.mu.Unlock()
}

func (s *sim) stopped() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

func (s *sim) anyAlive(r *rand.Rand) *simProcess {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range r.Perm(len(s.procs)) {
		if s.procs[n].alive {
			return s.procs[n]
		}
	}
	return nil
}

func (s *sim) applied() slot {
	s.dbMu.Lock()
	defer s.dbMu.Unlock()
	return s.db.head.applied
}

// ask does what Store.Write does, but for reading what is answered. Now and then the client waits no longer.
func ask(p *simProcess, tx store.Tx, r *rand.Rand) (verdict, simSaid, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.IntN(20) == 0 {
		defer time.AfterFunc(time.Duration(r.IntN(3000))*time.Millisecond, cancel).Stop()
	}
	if err := p.store.usable(ctx); err != nil {
		return verdict{}, saidFailed, err
	}
	w, err := newPending(ctx, tx)
	if err == nil {
		err = p.store.enqueue(w)
	}
	if err != nil {
		return verdict{}, saidFailed, err
	}
	select {
	case <-w.done:
	case <-p.died:
		return verdict{}, saidUnknown, errSimDead
	case <-ctx.Done():
		if w.taken.CompareAndSwap(false, true) {
			return verdict{}, saidFailed, ctx.Err()
		}
		select {
		case <-w.done:
		case <-p.died:
			return verdict{}, saidUnknown, errSimDead
		}
	}
	return w.verdict, said(w), w.err
}

// said tells what an answer claims.
func said(w *pending) simSaid {
	switch {
	case w.err == nil && w.verdict.replay != nil:
		return saidReplayed
	case w.err == nil:
		return saidDone
	case fhir.HasReason(w.err, fhir.ReasonOutcomeUnknown):
		return saidUnknown
	case errors.Is(w.err, store.ErrStale), fhir.HasReason(w.err, fhir.ReasonVersionMismatch),
		fhir.HasReason(w.err, fhir.ReasonReferenced), fhir.HasReason(w.err, fhir.ReasonDanglingReference):
		return saidRefused
	default:
		return saidFailed
	}
}

// simNames are the names that a transaction is made of.
type simNames struct {
	label   string
	bucket  int                  // of the criteria and the idempotency key: clients that have the same one meet
	current func(fhir.Key) int64 // the version of a resource that a reader sees now
}

// simCriteria begins the keys that at most one resource has.
const simCriteria = "identifier|"

// transaction makes one that meets those of other clients: on two criteria, three resources, one that is deleted under references, and
// one idempotency key.
func transaction(r *rand.Rand, n simNames) *simTx {
	t := &simTx{label: fhir.Method(n.label)}
	shared := func(k int) fhir.Key { return fhir.Key{Type: "Patient", ID: fmt.Sprintf("shared%d", k)} }
	own := fhir.Key{Type: "Patient", ID: "own-" + n.label}
	switch r.IntN(7) {
	case 0:
		t.criteria = simCriteria + strconv.Itoa(n.bucket)
		t.tx.Assume = []store.Assumption{{Plan: search.Plan{Type: "Patient", Where: search.HasKey{Key: t.criteria}}, Limit: 2}}
		t.put(own, 0, search.Entries{Keys: []string{t.criteria}})
	case 1:
		k := shared(r.IntN(2))
		t.put(k, max(1, n.current(k)-int64(r.IntN(4)/3)), search.Entries{})
	case 2:
		t.put(shared(0), 0, search.Entries{})
		t.put(shared(1), 0, search.Entries{})
	case 3:
		t.put(shared(r.IntN(3)), 0, search.Entries{})
	case 4:
		by := fhir.Key{Type: "Observation", ID: fmt.Sprintf("of%d", r.IntN(2))}
		t.put(by, 0, search.Entries{Refs: []search.RefEntry{{Param: "subject", Key: shared(2)}}})
		t.tx.Require = []store.Requirement{{Key: shared(2)}}
	case 5:
		if r.IntN(2) == 0 {
			t.delete(fhir.Key{Type: "Observation", ID: fmt.Sprintf("of%d", r.IntN(2))}, false)
		} else {
			t.delete(shared(2), true)
		}
	default:
		t.put(own, 0, search.Entries{})
		t.tx.Idempotency = &store.Idempotency{Key: fmt.Sprintf("key%d", n.bucket), Note: []byte("note")}
	}
	return t
}

func (t *simTx) put(k fhir.Key, match int64, e search.Entries) {
	text := fmt.Sprintf(`{"resourceType":%q,"id":%q,"language":%q}`, k.Type, k.ID, t.label)
	parsed, err := tree.Parse([]byte(text), tree.Limits{})
	if err != nil {
		panic(err)
	}
	var digest [32]byte
	copy(digest[:], fmt.Sprint(t.label, k))
	t.tx.Ops = append(t.tx.Ops, store.Op{
		Action: store.Put, Key: k, Method: t.label, If: store.Precondition{Version: match}, Stamp: parsed.Stamp(), Digest: digest, Entries: e,
	})
}

func (t *simTx) delete(k fhir.Key, safely bool) {
	t.tx.Ops = append(t.tx.Ops, store.Op{Action: store.Delete, Key: k, Method: t.label, NoReferrers: safely})
}

// current is the version of a resource that a reader would see now; 0 for none.
func (s *sim) current(k fhir.Key) int64 {
	s.dbMu.Lock()
	defer s.dbMu.Unlock()
	for _, doc := range s.db.visible(k.Type, s.db.head.t) {
		if doc.v.Key == k {
			return doc.v.VID
		}
	}
	return 0
}
