package model

import (
	"os"
	"strings"
	"testing"
	"time"
)

// quick is how many states of a world a short test visits.
const quick = 40_000

// TestNoReachableStateBreaksTheProtocol visits every state of every world. With FIREWOLF_MODEL=large each fault may happen once more.
func TestNoReachableStateBreaksTheProtocol(t *testing.T) {
	limit, large := 0, os.Getenv("FIREWOLF_MODEL") == "large"
	if testing.Short() || raced {
		limit = quick
	}
	for _, w := range worlds() {
		if large {
			w.Crashes, w.Restarts, w.Timeouts = w.Crashes+1, w.Restarts+1, w.Timeouts+1
			limit = 40_000_000
		}
		t.Run(w.Name, func(t *testing.T) {
			if !large {
				t.Parallel()
			}
			began := time.Now()
			r := explore(&w, whole, limit)
			if r.broken != "" {
				t.Fatalf("%s\n%s", r.broken, strings.Join(r.trace, "\n"))
			}
			if r.cut && limit == 0 {
				t.Fatal("the world was not visited whole")
			}
			t.Logf("%d crashes, %d restarts, %d timeouts: %d states, %d steps, %d deep, whole: %t, %.1f s",
				w.Crashes, w.Restarts, w.Timeouts, r.states, r.steps, r.depth, !r.cut, time.Since(began).Seconds())
		})
	}
}

// TestProtocolsWithoutAStepBreakAnInvariant is the proof that the model can fail, and the reason of each step.
func TestProtocolsWithoutAStepBreakAnInvariant(t *testing.T) {
	for _, c := range []struct {
		name   string
		flaw   flaw
		world  world
		broken string
	}{
		{"publishing before every document is acknowledged shows a version twice", publishesBeforeItIsWhole, updates(), "is open, and 2 that closes it is published"},
		{"jumping head publishes what nobody applied", jumpsHead, transactions(), "head went from 1 to 3"},
		{"a timeout taken for a failure is a write that shows up later", takesATimeoutForFailure, refusals(), "was reported as failed and is in slot 2"},
		{"a slot that is read as free proves nothing: the write is done twice", takesAbsenceForProof, transactions(), "a transaction of slot 3 was committed before"},
		{"a taken slot that is not looked into may be another's", takesAnyCommitForItsOwn, updates(), "was acknowledged and is not published"},
		{"answering when the commit is in its slot answers before it can be read", acknowledgesWhatIsOnlyCommitted, updates(), "was acknowledged and is not published"},
		{"documents that are not read back after an error are missing", readsNothingBack, updates(), "is published and not there"},
		{"a close that matched nothing leaves a version open that was not there yet", takesNoMatchForClosed, updates(), "is open, and 3 that closes it is published"},
		{"without checking again after a lost slot two conditional creates both create", checksNothingAfterALostSlot, creates(), "slot 2 holds what is not true of the state before it"},
		{"without checking again after a lost slot two updates replace one version", checksNothingAfterALostSlot, updates(), "slot 3 holds what is not true of the state before it"},
		{"closing before the slot is won closes for a commit that is not there", closesBeforeTheCommit, updates(), "is closed at 2, the log says 255"},
		{"inserting before the slot is won leaves versions of no commit", insertsBeforeTheCommit, updates(), "is of slot 2, the log says 0"},
		{"reading the log past a free slot misses the commit that takes it", skipsAGapInTheLog, updates(), "holds what is not true of the state before it"},
		{"refusing at once refuses for what no reader can see", refusesAtOnce, creates(), "and every state from 0 to 0 allows it"},
		{"refusing for a transaction of the same group refuses what is done after a lost slot", refusesBeforeTheGroupIsCommitted, groups(), "was reported as failed and is in slot 3"},
		{"evaluating on what was known before the question refuses what the client has just read", evaluatesOnWhatItKnew, refusals(), "and every state from 3 to 3 allows it"},
		{"evaluating on what was pruned lets a second conditional create create", evaluatesOnWhatWasPruned, pruning(), "slot 3 holds what is not true of the state before it"},
		{"raising floor after dropping keys loses rows of a moment that may be held", raisesFloorAfterDropping, pruning(), "found:false}, the log says"},
		{"a reader that does not look at floor after its last row has rows missing", checksNoFloorAfterTheLastRow, pruning(), "a reader at 1 got nothing of resource A, the log says A1"},
		{"raising floor without leases in its filter makes a lease worthless", raisesFloorWhateverIsLeased, leases(), "the reader that holds moment 1 is expired"},
		{"a version that is open may be of a commit that is not published", answersWithWhatIsNotPublished, singles(), "a reader was told A1, and from 1 to 1 the log says else"},
		{"a read where the head once stood is outdated", answersFromTheHeadThatItKnew, singles(), "a reader was told nothing, and from 2 to 2 the log says else"},
		{"deleting documents lets a late insert bring back an open version", pruningDeletesDocuments, leases(), "is open, and 3 that closes it is published"},
		{"moving parts from wherever they are moves them back late", movesPartsFromWherever, parts(), "the part of slot 3 is gone before it is applied"},
		{"sweeping parts that have no commit sweeps those whose commit is under way", sweepsPartsWithoutACommit, parts(), "the part of slot 2 is gone before it is applied"},
		{"sweeping parts without naming their slot sweeps them after they moved on", sweepsPartsWhereverTheyAre, parts(), "the part of slot 3 is gone before it is applied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := explore(&c.world, c.flaw, 0)
			if !strings.Contains(r.broken, c.broken) {
				t.Fatalf("broken: %q, want %q (%d states)\n%s", r.broken, c.broken, r.states, strings.Join(r.trace, "\n"))
			}
			t.Logf("%s, after\n%s", r.broken, strings.Join(r.trace, "\n"))
		})
	}
}

// TestWhatTheProtocolMayDoOtherwise keeps two freedoms that look like flaws and are none.
func TestWhatTheProtocolMayDoOtherwise(t *testing.T) {
	for _, c := range []struct {
		name   string
		flaw   flaw
		worlds []world
	}{
		{"a commit in its slot may close before it inserts", closesBeforeItInserts, []world{updates(), references(), leases()}},
		{"floor needs no look after evaluating where pruned commits are noticed", checksNoFloorAfterEvaluating, []world{pruning(), leases()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := 0
			if testing.Short() || raced {
				limit = quick
			}
			for _, w := range c.worlds {
				if r := explore(&w, c.flaw, limit); r.broken != "" {
					t.Errorf("%s: %s\n%s", w.Name, r.broken, strings.Join(r.trace, "\n"))
				}
			}
		})
	}
}
