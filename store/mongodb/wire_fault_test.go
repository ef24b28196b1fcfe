package mongodb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// throughProxy opens a store of a fresh database behind a proxy, and one that goes to the server itself.
func throughProxy(t *testing.T) (p *proxy, behind, direct *Store) {
	t.Helper()
	uri, a := freshDatabase(t)
	p, through := newProxy(t, uri)
	b, err := ParseAddress(through)
	if err != nil {
		t.Fatal(err)
	}
	behind, direct = openAt(t, b, Options{Engine: engine(t)}), openAt(t, a, Options{Engine: engine(t)})
	t.Cleanup(func() {
		p.obey(nil)
		if err := errors.Join(behind.Close(), direct.Close()); err != nil {
			t.Error(err)
		}
	})
	return p, behind, direct
}

// createIf is a conditional create.
func createIf(label, criteria string) *simTx {
	t := &simTx{label: fhir.Method(label), criteria: simCriteria + criteria}
	t.tx.Assume = []store.Assumption{{Plan: search.Plan{Type: "Patient", Where: search.HasKey{Key: t.criteria}}, Limit: 2}}
	t.put(fhir.Key{Type: "Patient", ID: "own-" + label}, 0, search.Entries{Keys: []string{t.criteria}})
	return t
}

// checked is a checker over what lies in the database of a store now, with the answers that were heard.
func checked(t *testing.T, s *Store, answers ...*simAnswer) *simChecker {
	t.Helper()
	s.publishAll(t)
	c := newSimChecker(s.copyOf(t))
	c.answers = answers
	if why := c.step(); why != "" {
		t.Fatal(why)
	}
	if why := c.end(); why != "" {
		t.Fatal(why)
	}
	return c
}

// tell sends a transaction and notes what is heard.
func tell(s *Store, tx *simTx) *simAnswer {
	h, _ := s.heads.get(context.Background())
	a := &simAnswer{simTx: tx, began: h.applied}
	a.v, a.said, a.err = ask(&simProcess{store: s}, tx.tx, rand.New(rand.NewPCG(7, 7)))
	a.ended = s.progress.now().applied
	return a
}

func TestAWriteIsDoneOnceWhateverRequestOfItIsLost(t *testing.T) {
	p, s, direct := throughProxy(t)
	s.protocol.db = bounded{s.wire, time.Second} // a short one, so that this is
	var answers []*simAnswer
	write := func(label string) *simAnswer {
		a := tell(s, pair(label))
		answers = append(answers, a)
		return a
	}
	write("before")
	for _, what := range []struct {
		fate fate
		name string
	}{{loseReply, "its reply is lost"}, {cut, "it is cut off"}, {swallow, "it is never answered"}} {
		for _, step := range []struct{ name, command, collection string }{
			{"the insert of the commit", "insert", commitCollection},
			{"the insert of the versions", "insert", "Patient"},
			{"the closing of the versions before", "update", "Patient"},
			{"moving the head", "update", metaCollection},
			{"reading the log", "find", commitCollection},
		} {
			if what.fate == swallow && step.command == "find" {
				continue // nothing of the write hangs on it but the write
			}
			t.Run(step.name+": "+what.name, func(t *testing.T) {
				rule, met := once(what.fate, func(c command) bool { return c.is(step.command, step.collection) })
				p.obey(rule)
				a := write(fmt.Sprintf("w%d", len(answers)))
				if !met() {
					t.Fatal("no such request passed")
				}
				mayFail := step.command == "find"
				if a.said != saidDone && (a.said != saidFailed || !mayFail) {
					t.Errorf("the answer is %v: %v", a.said, a.err)
				}
			})
		}
	}
	p.obey(nil)
	checked(t, direct, answers...)
}

func TestACommitThatIsHeldBackLandsNoMore(t *testing.T) {
	for _, rival := range []bool{false, true} {
		t.Run(map[bool]string{false: "its slot is occupied by an empty one", true: "a rival has its slot"}[rival], func(t *testing.T) {
			p, s, direct := throughProxy(t)
			before := tell(direct, pair("before"))
			free := make(chan struct{})
			var theirs *simAnswer
			var first sync.Once
			p.obey(func(c command) verdictOf {
				v := verdictOf{}
				if c.is("insert", commitCollection) {
					first.Do(func() {
						v = verdictOf{what: holdBack, free: free}
						if rival {
							theirs = tell(direct, createIf("theirs", "one"))
						}
					})
				}
				return v
			})
			ours := tell(s, createIf("ours", "one"))
			close(free)
			time.Sleep(200 * time.Millisecond) // the request that was held back comes to the server now
			answers := []*simAnswer{before, ours}
			if rival {
				answers = append(answers, theirs)
				if theirs.said != saidDone || ours.said != saidRefused || !errors.Is(ours.err, store.ErrStale) {
					t.Errorf("theirs is %v, ours %v: %v", theirs.said, ours.said, ours.err)
				}
			} else if ours.said != saidDone {
				t.Errorf("ours is %v: %v", ours.said, ours.err)
			}
			check := checked(t, direct, answers...)
			if n := len(check.holding(simCriteria+"one", check.db.head.t)); n != 1 {
				t.Errorf("%d resources match the criteria", n)
			}
			if !rival && len(check.log[1].versions) != 0 {
				t.Error("the slot of the commit that was held back is not empty")
			}
		})
	}
}

// TestAWriteWhoseEndNobodyKnowsIsNotReportedAsFailed: the commit is held back, and the server then out of reach.
func TestAWriteWhoseEndNobodyKnowsIsNotReportedAsFailed(t *testing.T) {
	p, s, direct := throughProxy(t)
	free := make(chan struct{})
	var mu sync.Mutex
	gone := false
	p.obey(func(c command) verdictOf {
		mu.Lock()
		defer mu.Unlock()
		if !gone && !c.is("insert", commitCollection) {
			return verdictOf{}
		}
		if gone {
			return verdictOf{what: cut}
		}
		gone = true
		return verdictOf{what: holdBack, free: free}
	})
	began := time.Now()
	a := tell(s, createIf("late", "one"))
	if took := time.Since(began); a.said != saidUnknown || took > 3*time.Second {
		t.Errorf("the answer is %v after %v: %v", a.said, took, a.err)
	}
	close(free)
	time.Sleep(200 * time.Millisecond)
	p.obey(nil)
	check := checked(t, direct, a)
	if n := len(check.holding(simCriteria+"one", check.db.head.t)); n != 1 {
		t.Errorf("%d resources match: the commit that came late is in its slot", n)
	}
	again := tell(s, createIf("again", "one"))
	if again.said != saidRefused {
		t.Errorf("the store behind the proxy does not see it: %v: %v", again.said, again.err)
	}
}

// TestALoadOverABadConnectionKeepsTheProtocol lets one command in ten be cut, or lose its reply.
func TestALoadOverABadConnectionKeepsTheProtocol(t *testing.T) {
	if testing.Short() {
		t.Skip("most of its time is waiting")
	}
	uri, a := freshDatabase(t)
	p, through := newProxy(t, uri)
	var runs []*running
	for n := range 2 {
		runs = append(runs, start(t, childPlan{
			URI: []string{through, uri}[n], Name: fmt.Sprintf("p%d", n), Seed: uint64(n), Writers: 8, Readers: 1,
			For: loadTime(t, time.Second, 5*time.Second), Help: 500 * time.Millisecond,
		}))
	}
	for _, r := range runs {
		r.opened(t)
	}
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(3, 4))
	p.obey(func(c command) verdictOf {
		mu.Lock()
		defer mu.Unlock()
		if strings.EqualFold(c.name, "hello") || strings.EqualFold(c.name, "isMaster") || r.IntN(10) > 0 {
			return verdictOf{}
		}
		return verdictOf{what: []fate{cut, loseReply}[r.IntN(2)]}
	})
	for _, r := range runs {
		r.wait(t)
	}
	hold(t, a, runs)
}
