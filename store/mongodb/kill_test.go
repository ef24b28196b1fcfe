package mongodb

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"firewolf/store/mongodb/mongotest"
)

// TestWhateverStepAProcessDiesAtAnotherFinishesOrDropsItsCommit kills a process at each step that it says it has done.
func TestWhateverStepAProcessDiesAtAnotherFinishesOrDropsItsCommit(t *testing.T) {
	for _, c := range []struct {
		step   string
		chunk  int
		forget bool
		cut    bool // the insert of the commit never comes to the server
		there  bool // the commit must be there afterwards
	}{
		{step: stepEvaluated},
		{step: stepParted, chunk: 64},
		{step: stepCommitted, there: true},
		{step: stepCommitted, chunk: 64, there: true},
		{step: stepOccupied, cut: true},
		{step: stepInserted, there: true},
		{step: stepClosed, there: true},
		{step: stepPublished, there: true},
		{step: stepFloor, forget: true},
		{step: stepDropped, forget: true},
		{step: stepPruned, forget: true},
	} {
		t.Run(fmt.Sprintf("%s, parts of %d", c.step, c.chunk), func(t *testing.T) {
			t.Parallel()
			uri, a := freshDatabase(t)
			plan := childPlan{URI: uri, Name: "dies", Writers: 1, Each: 2, Pair: true, For: time.Minute, KillAt: c.step, KillNth: 2, Chunk: c.chunk}
			if c.forget {
				plan.Forget, plan.Each, plan.KillNth = true, 200, 1
			}
			if c.cut {
				plan.URI, plan.KillNth = cutSecond(t, uri), 1
			}
			r := start(t, plan)
			<-r.done
			if r.cmd.ProcessState.ExitCode() >= 0 {
				t.Fatal("it did not come to that step")
			}
			s := openAt(t, a, Options{Engine: engine(t), Help: 50 * time.Millisecond, Tick: 20 * time.Millisecond})
			defer s.Close()
			if c.forget { // payloads that are gone cannot be held against the documents: it must go on, and readers see all
				s.publishAll(t)
				if after := tell(s, pair("after")); after.said != saidDone || after.v.ops[0].version.VID != after.v.ops[1].version.VID {
					t.Errorf("a write afterwards: %v: %v", after.said, after.err)
				}
				return
			}
			answers := []*simAnswer{tell(s, pair("after"))}
			for _, l := range r.lines {
				answers = append(answers, l.Answer.answer())
			}
			if answers[0].said != saidDone {
				t.Errorf("a write afterwards: %v: %v", answers[0].said, answers[0].err)
			}
			check := checked(t, s, answers...)
			if there := len(check.byLabel["dies-0-1"]) == 2; there != c.there {
				t.Errorf("the commit is there: %t, want %t", there, c.there)
			}
		})
	}
}

// cutSecond is a way to a server on which the second commit that is tried gets lost.
func cutSecond(t *testing.T, uri string) string {
	t.Helper()
	p, through := newProxy(t, uri)
	var tried atomic.Int32
	p.obey(func(c command) verdictOf {
		if c.is("insert", commitCollection) && tried.Add(1) == 2 {
			return verdictOf{what: cut}
		}
		return verdictOf{}
	})
	return through
}

// TestProcessesThatDieUnderLoadLeaveNothingInPart kills one of three processes again and again, and starts another in its place.
func TestProcessesThatDieUnderLoadLeaveNothingInPart(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process again and again")
	}
	uri, a := freshDatabase(t)
	var runs []*running
	begin := func(n, life int) *running {
		r := start(t, childPlan{
			URI: uri, Name: fmt.Sprintf("p%d.%d", n, life), Seed: uint64(100*n + life), Writers: 16, Readers: 1, For: time.Hour,
			Help: 300 * time.Millisecond, Chunk: []int{0, 512}[life%2],
		})
		runs = append(runs, r)
		return r
	}
	alive := []*running{begin(0, 0), begin(1, 0), begin(2, 0)}
	r := rand.New(rand.NewPCG(5, 6))
	end := time.Now().Add(loadTime(t, time.Second, 6*time.Second))
	kills := 0
	for life := 1; time.Now().Before(end); life++ {
		n := r.IntN(len(alive))
		alive[n].opened(t)
		time.Sleep(time.Duration(200+r.IntN(1500)) * time.Millisecond)
		alive[n].kill()
		alive[n] = begin(n, life)
		kills++
	}
	for _, r := range alive {
		r.kill()
	}
	t.Logf("%d processes were killed", kills+len(alive))
	hold(t, a, runs)
}

// TestADatabaseThatDiesUnderLoadLosesNothing kills the server itself, twice or more, and starts it again.
func TestADatabaseThatDiesUnderLoadLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("a server of its own takes a while to start")
	}
	server := mongotest.Start(t)
	uri, _ := server.Database()
	a, err := ParseAddress(uri)
	if err != nil {
		t.Fatal(err)
	}
	length := loadTime(t, 0, 10*time.Second)
	var runs []*running
	for n := range 3 {
		runs = append(runs, start(t, childPlan{
			URI: uri, Name: fmt.Sprintf("p%d", n), Seed: uint64(n), Writers: 16, Readers: 1, For: length, Help: 500 * time.Millisecond,
		}))
	}
	r := rand.New(rand.NewPCG(8, 9))
	kills := 0
	for end := time.Now().Add(length - 5*time.Second); time.Now().Before(end); kills++ {
		for _, r := range runs {
			r.opened(t)
		}
		time.Sleep(time.Duration(1000+r.IntN(3000)) * time.Millisecond)
		server.Kill(t)
		time.Sleep(time.Duration(r.IntN(2500)) * time.Millisecond)
		server.Restart(t)
	}
	for _, r := range runs {
		r.wait(t)
	}
	t.Logf("the database was killed %d times", kills)
	if said := hold(t, a, runs); kills < 1 || said[saidDone] == 0 {
		t.Error("nothing happened")
	}
}
