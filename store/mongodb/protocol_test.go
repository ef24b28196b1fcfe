package mongodb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
)

func TestATryToCommitEndsAsTheSlotDoes(t *testing.T) {
	other := commit{slot: 8, nonce: nonce{99}}
	for _, c := range []struct {
		name   string
		faults []fault // of inserting commits
		reads  []fault
		rival  bool // another process has the slot
		want   ending
		ours   bool // the slot is ours in the end
		soon   bool // what was delayed arrives while the end is looked for
	}{
		{name: "an insert that is answered is committed", want: committed, ours: true},
		{name: "a slot that another has is lost", rival: true, want: lost},
		{name: "an insert whose answer was lost is committed", faults: []fault{mute}, want: committed, ours: true},
		{name: "an insert that never came is settled by another commit and lost", faults: []fault{dropped}, want: lost},
		{name: "an insert that comes after the slot was settled finds it taken", faults: []fault{late}, want: lost},
		{name: "an insert that comes before its slot could be settled is committed", faults: []fault{late, dropped, dropped}, soon: true, want: committed, ours: true},
		{name: "the end of a settling whose own answer was lost is read", faults: []fault{dropped, mute}, want: lost},
		{name: "a read that fails is tried again", faults: []fault{mute}, reads: []fault{dropped, dropped}, want: committed, ours: true},
		{name: "a lost slot whose owner cannot be read at first is lost", rival: true, reads: []fault{dropped, dropped}, want: lost},
		{name: "of an insert that never came and cannot be settled nothing is known", faults: slices.Repeat([]fault{dropped}, 1000), want: unsure},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			f.faults["insertCommit"], f.faults["readCommit"] = c.faults, c.reads
			if c.rival {
				f.log[8] = other
			}
			p := fakeProtocol(t, f)
			if c.soon {
				p.pause = func(ctx context.Context, _ time.Duration) error {
					f.arrive()
					return pause(ctx, time.Millisecond)
				}
			}
			got, how, err := p.commit(context.Background(), mark{slot: 7, t: 70, at: time.UnixMilli(5)}, commit{t: 80, payload: []byte("x")})
			f.arrive()
			if how != c.want || (how == unsure) != (err != nil) {
				t.Errorf("want %d, got %d (%v)", c.want, how, err)
			}
			if ours := f.log[8].nonce == got.nonce; ours != c.ours {
				t.Errorf("the slot is ours: want %t, got %t", c.ours, ours)
			}
			if owner := f.log[8]; how == lost && !c.rival {
				owner.nonce = nonce{}
				if diff := cmp.Diff(commit{slot: 8, t: 70, at: time.UnixMilli(5)}, owner, cmp.AllowUnexported(commit{})); diff != "" {
					t.Errorf("the commit that settles changes something: %s", diff)
				}
			}
		})
	}
}

func TestACommitThatTheServerNeverGotIsRefused(t *testing.T) {
	f := newFake()
	p := fakeProtocol(t, f)
	p.db = refusing{f}
	_, how, err := p.commit(context.Background(), mark{slot: 7}, commit{})
	if how != refused || !errors.Is(err, errRefused) || len(f.log) != 0 {
		t.Errorf("got %d, %v, and a log of %d", how, err, len(f.log))
	}
}

// refusing is a database that no server can be found for.
type refusing struct{ *fake }

func (refusing) insertCommit(context.Context, commit) error { return errRefused }

func TestALargePayloadLiesInPartsThatAreThereBeforeTheCommit(t *testing.T) {
	f := newFake()
	p := fakeProtocol(t, f)
	p.chunk = 10
	want := changes{inserts: []insert{{"Patient", testDoc("p/1", 5)}, {"Patient", testDoc("q/1", 6)}}}
	payload, err := p.pack.encodeChanges(want)
	if err != nil {
		t.Fatal(err)
	}
	c, how, err := p.commit(context.Background(), mark{}, commit{payload: payload})
	if err != nil || how != committed || c.parts != (len(payload)+9)/10 || c.payload != nil {
		t.Fatalf("got %d, %v: %d parts, payload of %d bytes", how, err, c.parts, len(c.payload))
	}
	if diff := cmp.Diff([]string{"insertParts", "insertCommit"}, f.asked); diff != "" {
		t.Error(diff)
	}
	got, err := p.payloadOf(context.Background(), f.log[1])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(changes{}, insert{}, closing{}, name{})); diff != "" {
		t.Error(diff)
	}
	f.faults["insertParts"] = []fault{half}
	if _, how, err := p.commit(context.Background(), mark{slot: 1}, commit{payload: payload}); how != refused || err == nil || len(f.log) != 1 {
		t.Errorf("with parts that are not there: %d, %v, a log of %d", how, err, len(f.log))
	}
}

// work is a commit of several collections that closes two versions, and what is there before.
func work() (*fake, commit, changes) {
	f := newFake()
	f.docs["Patient"] = map[string]bson.Raw{"old/1": testDoc("old/1", 1), "old/2": testDoc("old/2", 2)}
	ch := changes{closings: []closing{
		{collection: "Patient", name: name{"old/1", "old"}, x: 31}, {collection: "Patient", name: name{"old/2", "old"}, x: 32},
	}}
	for k := range 6 {
		ch.inserts = append(ch.inserts, insert{"Patient", testDoc(fmt.Sprintf("p%d/1", k), fhir.Moment(31+k))}, insert{"Group", testDoc(fmt.Sprintf("g%d/1", k), fhir.Moment(41+k))})
	}
	return f, commit{slot: 3}, ch
}

// applied reports what of the work is not done.
func undone(f *fake, ch changes) []string {
	var left []string
	for _, i := range ch.inserts {
		if id := nameOf(i.doc).doc; f.docs[i.collection][id] == nil {
			left = append(left, i.collection+"/"+id)
		}
	}
	for _, c := range ch.closings {
		if f.closed[c.collection+c.doc] != c.x {
			left = append(left, fmt.Sprintf("%s is closed at %d", c.doc, f.closed[c.collection+c.doc]))
		}
	}
	return left
}

func TestACommitIsAppliedWholeWhateverTheServerAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   string
		faults []fault
	}{
		{"all is answered", "", nil},
		{"answers to inserts are lost", "insertDocs", []fault{mute, mute}},
		{"inserts are lost", "insertDocs", []fault{dropped, dropped, dropped}},
		{"inserts are done in part", "insertDocs", []fault{half, half, half, half}},
		{"the answer to a closing is lost", "closeDocs", []fault{mute}},
		{"closings are lost", "closeDocs", []fault{dropped, dropped}},
		{"closings are done in part", "closeDocs", []fault{half}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, at, ch := work()
			f.faults[c.kind] = c.faults
			p := fakeProtocol(t, f)
			ready := false
			for range 2 { // a second time, as a helper would
				err := p.apply(context.Background(), at, ch, func(context.Context) error {
					ready = true
					if slices.Contains(f.asked, "closeDocs") != (len(f.closed) > 0) {
						t.Error("versions are closed before the commits before are there")
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if left := undone(f, ch); left != nil || !ready {
					t.Errorf("not done: %s", left)
				}
			}
		})
	}
}

func TestAClosingWaitsForTheVersionThatItCloses(t *testing.T) {
	f, at, ch := work()
	late := f.docs["Patient"]["old/2"]
	delete(f.docs["Patient"], "old/2")
	p := fakeProtocol(t, f)
	tries := 0
	p.pause = func(context.Context, time.Duration) error {
		if tries++; tries == 3 {
			f.docs["Patient"]["old/2"] = late
		}
		return nil
	}
	if err := p.apply(context.Background(), at, ch, func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if left := undone(f, ch); left != nil || tries != 3 {
		t.Errorf("after %d pauses not done: %s", tries, left)
	}
}

func TestWhatTheProtocolNeverWritesStopsIt(t *testing.T) {
	f, at, ch := work()
	f.docs["Patient"]["p3/1"] = testDoc("p3/1", 999)
	if err := fakeProtocol(t, f).apply(context.Background(), at, ch, func(context.Context) error { return nil }); !errors.Is(err, errCorrupt) {
		t.Errorf("a document of another moment in place of ours: %v", err)
	}
	f, at, ch = work()
	f.closed["Patientold/1"] = 30
	if err := fakeProtocol(t, f).apply(context.Background(), at, ch, func(context.Context) error { return nil }); !errors.Is(err, errCorrupt) {
		t.Errorf("a version that was closed at another moment: %v", err)
	}
}

func TestApplyingEndsWithTheStore(t *testing.T) {
	f, at, ch := work()
	f.faults["insertDocs"] = slices.Repeat([]fault{dropped}, 10_000)
	ctx, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	err := fakeProtocol(t, f).apply(ctx, at, ch, func(context.Context) error { return nil })
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "commit 3") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsRefusedForGoodIsToldOfInsteadOfBeingTriedForEver(t *testing.T) {
	for _, kind := range []string{"insertDocs", "closeDocs"} {
		f, at, ch := work()
		f.faults[kind] = slices.Repeat([]fault{dropped}, 10_000)
		if err := fakeProtocol(t, f).apply(context.Background(), at, ch, func(context.Context) error { return nil }); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	f := newFake()
	f.faults["casHead"] = slices.Repeat([]fault{dropped}, 10_000)
	if _, err := fakeProtocol(t, f).publish(context.Background(), commit{slot: 1}); !errors.Is(err, errBroken) {
		t.Errorf("publishing: %v", err)
	}
	f, at, ch := work()
	delete(f.docs["Patient"], "old/2")
	if err := fakeProtocol(t, f).apply(context.Background(), at, ch, func(context.Context) error { return nil }); !errors.Is(err, errOpen) {
		t.Errorf("a version that never comes: %v", err)
	}
}

func TestTheHeadMovesFromOneSlotToTheNext(t *testing.T) {
	at := time.UnixMilli(77).UTC()
	for _, c := range []struct {
		name   string
		head   head
		faults []fault
		want   head
		waits  bool
	}{
		{name: "from the slot before", head: head{applied: 4, t: 40}, want: head{applied: 5, t: 50, at: at}},
		{name: "an answer that was lost", head: head{applied: 4, t: 40}, faults: []fault{mute}, want: head{applied: 5, t: 50, at: at}},
		{name: "a request that was lost", head: head{applied: 4, t: 40}, faults: []fault{dropped}, want: head{applied: 5, t: 50, at: at}},
		{name: "another process was first", head: head{applied: 5, t: 50, at: at}, want: head{applied: 5, t: 50, at: at}},
		{name: "others are further", head: head{applied: 9, t: 90}, want: head{applied: 9, t: 90}},
		{name: "a commit before is not published yet", head: head{applied: 2, t: 20}, waits: true, want: head{applied: 5, t: 50, at: at}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			f.head, f.faults["casHead"] = c.head, c.faults
			p := fakeProtocol(t, f)
			waited := false
			p.pause = func(context.Context, time.Duration) error {
				waited = true
				if f.head.applied < 4 {
					f.head.applied++
				}
				return nil
			}
			db := transient{f}
			p.db = db
			got, err := p.publish(context.Background(), commit{slot: 5, t: 50, at: at})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]head{c.want, c.want}, []head{got, f.head}, cmp.AllowUnexported(head{})); diff != "" {
				t.Error(diff)
			}
			if c.waits && !waited {
				t.Error("it did not wait")
			}
		})
	}
}

// transient is a database whose errors pass.
type transient struct{ *fake }

func (d transient) casHead(ctx context.Context, to head) (bool, error) {
	moved, err := d.fake.casHead(ctx, to)
	if err != nil {
		err = errors.Join(err, context.DeadlineExceeded)
	}
	return moved, err
}

func TestACommitOfAProcessThatDiedIsFinishedByAnother(t *testing.T) {
	for _, steps := range []int{0, 1, 2} {
		f, at, ch := work()
		p := fakeProtocol(t, f)
		payload, err := p.pack.encodeChanges(ch)
		if err != nil {
			t.Fatal(err)
		}
		f.head.applied = 2
		f.log[3] = commit{slot: 3, nonce: nonce{1}, t: 46, payload: payload}
		if steps > 0 {
			f.faults["insertDocs"] = []fault{half}
			_ = f.insertDocs(context.Background(), "Patient", []bson.Raw{ch.inserts[0].doc, ch.inserts[2].doc})
		}
		if steps > 1 {
			_, _ = f.closeDocs(context.Background(), "Patient", at.at, ch.closings[:1])
		}
		h, err := p.help(context.Background(), 3)
		if err != nil || h.applied != 3 || h.t != 46 {
			t.Errorf("head %+v, %v", h, err)
		}
		if left := undone(f, ch); left != nil {
			t.Errorf("not done: %s", left)
		}
	}
}

func TestHelpDoesNothingWhereNothingIsToBeDone(t *testing.T) {
	f := newFake()
	p := fakeProtocol(t, f)
	if h, err := p.help(context.Background(), 1); err != nil || h != (head{}) {
		t.Errorf("an empty slot: %+v, %v", h, err)
	}
	f.log[1] = commit{slot: 1, pruned: true}
	if h, err := p.help(context.Background(), 1); err != nil || h != (head{}) {
		t.Errorf("a commit that is long forgotten: %+v, %v", h, err)
	}
	f.log[2], f.head.applied = commit{slot: 2, t: 7}, 1
	if h, err := p.help(context.Background(), 2); err != nil || h.applied != 2 || h.t != 7 {
		t.Errorf("an empty commit: %+v, %v", h, err)
	}
}

func TestBatchesAreBoundedAndKeepCollectionsApart(t *testing.T) {
	var all []insert
	for k := range 2*batchDocs + 10 {
		all = append(all, insert{"Patient", testDoc(fmt.Sprint(k), 1)})
		if k < 10 {
			all = append(all, insert{"Group", testDoc(fmt.Sprint(k), 1)})
		}
	}
	sizes := map[string][]int{}
	for _, b := range batches(all) {
		sizes[b.collection] = append(sizes[b.collection], len(b.docs))
	}
	want := map[string][]int{"Patient": {batchDocs, batchDocs, 10}, "Group": {10}}
	if diff := cmp.Diff(want, sizes); diff != "" {
		t.Error(diff)
	}
	large := make(bson.Raw, batchBytes/2+1)
	if n := len(batches([]insert{{"Patient", large}, {"Patient", large}})); n != 2 {
		t.Errorf("two documents of 2 MB lie in %d batches", n)
	}
}

func TestAMomentIsASlotAndAPlace(t *testing.T) {
	if a, b := slot(7).moment(maxVersions), slot(8).moment(0); a >= b {
		t.Errorf("the last version of a slot (%d) is not before the next slot (%d)", a, b)
	}
	if got := slot(7).moment(3); got != 7<<20+3 {
		t.Errorf("got %d", got)
	}
}

func TestEveryStepIsHeard(t *testing.T) {
	f, _, ch := work()
	p := fakeProtocol(t, f)
	var steps []string
	p.step = func(name string) { steps = append(steps, name) }
	payload, _ := p.pack.encodeChanges(ch)
	p.chunk = len(payload) - 1
	c, _, err := p.commit(context.Background(), mark{}, commit{payload: payload})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.help(context.Background(), c.slot); err != nil {
		t.Fatal(err)
	}
	want := []string{stepParted, stepCommitted, stepInserted, stepClosed, stepPublished}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Error(diff)
	}
	if got := slices.Sorted(maps.Keys(f.docs)); len(got) != 2 {
		t.Errorf("collections %v", got)
	}
}
