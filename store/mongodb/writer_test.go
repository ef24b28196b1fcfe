package mongodb

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// behind is a writer that stands at slot 1, before a database of many commits of others that are applied but for the last few.
func behind(t *testing.T, commits, applied slot) (*writer, *fake) {
	t.Helper()
	f := newFake()
	p := fakeProtocol(t, f)
	for n := slot(1); n <= commits; n++ {
		v := fhir.Version{Key: fhir.Key{Type: "Patient", ID: fmt.Sprint("p", n)}, VID: 1, T: n.moment(1), At: noon, Method: fhir.MethodUpdate, Deleted: true}
		doc, err := appendVersion(nil, v, [32]byte{}, 0, nil, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := p.pack.encodeChanges(changes{inserts: []insert{{collection: "Patient", doc: doc}}})
		if err != nil {
			t.Fatal(err)
		}
		f.log[n] = commit{slot: n, t: v.T, at: noon, payload: payload}
	}
	f.head = head{applied: applied, t: applied.moment(1), at: noon}
	stands := head{applied: 1, t: slot(1).moment(1), at: noon}
	w := newWriter(&Store{protocol: p, progress: newProgress(stands)})
	w.over.restart(stands)
	w.fresh = true
	return w, f
}

// layersOf are the slots of the commits that an overlay holds.
func layersOf(o overlay) (all []slot) {
	for _, l := range o.layers {
		all = append(all, l.slot)
	}
	return all
}

func TestAWriterThatOthersOvertookHoldsOnlyWhatIsNotApplied(t *testing.T) {
	for what, heard := range map[string]slot{"of which it heard": 997, "of which it did not hear": 1, "of some of which it heard": 500} {
		w, f := behind(t, 1000, 997)
		w.s.progress.saw(head{applied: heard, t: heard.moment(1), at: noon})
		if err := w.readLog(context.Background()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]slot{998, 999, 1000}, layersOf(w.over)); diff != "" || w.over.tail.slot != 1000 || w.over.base.applied != 997 {
			t.Errorf("commits %s: it stands at %d over %d, with %s", what, w.over.tail.slot, w.over.base.applied, diff)
		}
		if n := len(f.asked); n > 6 {
			t.Errorf("commits %s: it asked %v", what, f.asked)
		}
	}
}

func TestAWriterReadsWhatIsNotAppliedToItsEnd(t *testing.T) {
	w, _ := behind(t, 3*commitsAtOnce, 2)
	if err := w.readLog(context.Background()); err != nil {
		t.Fatal(err)
	}
	if all := layersOf(w.over); w.over.tail.slot != 3*commitsAtOnce || len(all) != 3*commitsAtOnce-2 || !slices.IsSorted(all) {
		t.Errorf("it stands at %d with %d commits", w.over.tail.slot, len(all))
	}
}

func TestOneReadOfTheLogIsNoLargerThanItNeedsToBe(t *testing.T) {
	s := openNew(t, Options{})
	ctx := context.Background()
	for n := slot(1); n <= 4; n++ {
		if err := s.wire.insertCommit(ctx, commit{slot: n, nonce: nonce{byte(n)}, payload: make([]byte, commitBytes/2)}); err != nil {
			t.Fatal(err)
		}
	}
	some, err := s.wire.readCommits(ctx, 0, 10)
	if err != nil || len(some) != 2 || !filled(some, 10) {
		t.Errorf("%d commits at once (%v)", len(some), err)
	}
	all, err := s.wire.listCommits(ctx, 0, 10)
	if err != nil || len(all) != 4 || filled(all, 10) || all[3].slot != 4 || all[3].payload != nil {
		t.Errorf("listed: %d commits (%v)", len(all), err)
	}
}
