package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// still is what is applied, as a test sets it.
type still struct {
	versions map[fhir.Key]header
	known    map[string]*outcome
	found    []fhir.Key // by every search
	refer    map[fhir.Key]fhir.Key
	asked    []fhir.Moment
}

var _ looks = (*still)(nil)

func (s *still) headers(_ context.Context, t fhir.Moment, keys []fhir.Key) (map[fhir.Key]header, error) {
	s.asked = append(s.asked, t)
	all := map[fhir.Key]header{}
	for _, k := range keys {
		if h, ok := s.versions[k]; ok {
			all[k] = h
		}
	}
	return all, nil
}

func (s *still) outcomes(context.Context, slot, []string) (map[string]*outcome, error) {
	return s.known, nil
}

func (s *still) find(_ context.Context, _ search.Plan, _ fhir.Moment, limit int) ([]fhir.Key, error) {
	return s.found[:min(len(s.found), limit)], nil
}

func (s *still) findEach(_ context.Context, qs []store.Query, _ fhir.Moment) ([][]fhir.Key, error) {
	all := make([][]fhir.Key, len(qs))
	for k, q := range qs {
		all[k] = s.found[:min(len(s.found), q.Limit)]
	}
	return all, nil
}

func (s *still) referrer(_ context.Context, _ fhir.Moment, k fhir.Key, except func(fhir.Key) bool) (fhir.Key, bool, error) {
	by, ok := s.refer[k]
	if !ok || except(by) {
		return fhir.Key{}, false, nil
	}
	return by, true, nil
}

func p(id string) fhir.Key { return fhir.Key{Type: "Patient", ID: id} }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// evaluated evaluates transactions as one group, on what is applied and up to slot 4.
func evaluated(t *testing.T, s *still, txs ...store.Tx) (*evaluation, []*pending) {
	t.Helper()
	pack, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	over := &overlay{}
	over.restart(head{applied: 4, t: slot(4).moment(9), at: noon})
	e := &evaluation{looks: s, over: over, clock: noon.Add(time.Second), pack: pack, limits: Options{}.withDefaults().limits()}
	var g []*pending
	for _, tx := range txs {
		one, err := newPending(context.Background(), tx)
		if err != nil {
			t.Fatal(err)
		}
		g = append(g, one)
	}
	if err := e.evaluate(context.Background(), g); err != nil {
		t.Fatal(err)
	}
	return e, g
}

func tx(ops ...store.Op) store.Tx { return store.Tx{Ops: ops} }

// sayOf describes a verdict.
func sayOf(g *pending) string {
	v := g.verdict
	if v.err != nil {
		return v.err.Error()
	}
	if v.replay != nil {
		return fmt.Sprintf("replay of moment %d", v.replay.t&(1<<placeBits-1))
	}
	text := fmt.Sprintf("%d.%d:", v.t>>placeBits, v.t&(1<<placeBits-1))
	for _, o := range v.ops {
		text += fmt.Sprintf(" %d %s/%d", o.effect, o.version.ID, o.version.VID)
	}
	return text
}

func verdictsOf(g []*pending) []string {
	var all []string
	for _, one := range g {
		all = append(all, sayOf(one))
	}
	return all
}

// described describes what a group changes.
func described(t *testing.T, e *evaluation) []string {
	t.Helper()
	var all []string
	for _, i := range e.changes.inserts {
		if i.collection == replayCollection {
			all = append(all, "outcome")
			continue
		}
		v, err := decodeStored(i.collection, i.doc)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("insert %s at %d until %d", v.Location(), v.T&(1<<placeBits-1), v.x&(1<<placeBits-1)))
	}
	for _, c := range e.changes.closings {
		all = append(all, fmt.Sprintf("close %s at %d", c.doc, c.x&(1<<placeBits-1)))
	}
	return all
}

func TestAGroupIsEvaluatedOneAfterAnother(t *testing.T) {
	s := &still{versions: map[fhir.Key]header{p("old"): {vid: 3}, p("gone"): {vid: 2, deleted: true}}}
	match := func(vid int64, op store.Op) store.Op {
		op.If.Version = vid
		return op
	}
	e, g := evaluated(t, s,
		tx(put(t, patient("new", "A")), put(t, patient("old", "A")), remove("Patient", "never")),
		tx(put(t, patient("new", "A")), put(t, patient("gone", "A"))),
		tx(match(1, put(t, patient("new", "B")))),
		tx(match(1, put(t, patient("new", "C"))), put(t, patient("other", "C"))),
		tx(remove("Patient", "new"), remove("Patient", "gone")),
		tx(),
	)
	if diff := cmp.Diff([]string{
		"5.2: 1 new/1 2 old/4 5 /0",
		"5.3: 3 new/1 6 gone/3",
		"5.4: 2 new/2",
		"conflict: If-Match asks for version 1 of Patient/new, the current version is 2",
		"5.6: 4 new/3 4 gone/4",
		"5.6:",
	}, verdictsOf(g)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"insert Patient/new/_history/1 at 1 until 4", "insert Patient/old/_history/4 at 2 until 0", "insert Patient/gone/_history/3 at 3 until 6",
		"insert Patient/new/_history/2 at 4 until 5", "insert Patient/new/_history/3 at 5 until 0", "insert Patient/gone/_history/4 at 6 until 0",
		"close old/3 at 2", "close gone/2 at 3",
	}, described(t, e)); diff != "" {
		t.Error(diff)
	}
	c, err := e.commit()
	if err != nil || c.t != slot(5).moment(6) || !c.at.Equal(noon.Add(time.Second)) {
		t.Errorf("commit %+v, %v", c, err)
	}
	if diff := cmp.Diff([]fhir.Moment{slot(4).moment(9)}, s.asked); diff != "" {
		t.Errorf("it asks at other moments than the one that is applied: %s", diff)
	}
}

func TestAGroupThatChangesNothingMakesNoCommit(t *testing.T) {
	e, g := evaluated(t, &still{}, tx(), tx(remove("Patient", "never")))
	if c, err := e.commit(); c != nil || err != nil {
		t.Errorf("commit %+v, %v", c, err)
	}
	if diff := cmp.Diff([]string{"4.9:", "4.9: 5 /0"}, verdictsOf(g)); diff != "" {
		t.Error(diff)
	}
	if !g[0].verdict.at.Equal(noon) {
		t.Errorf("the time of the moment is %v", g[0].verdict.at)
	}
}

func TestARefusedTransactionLeavesNothingInItsGroup(t *testing.T) {
	big := put(t, patient("big", "A"))
	big.Entries.Keys = []string{string(make([]byte, documentLimit))}
	many := tx(put(t, patient("a", "A")), big)
	many.Idempotency = &store.Idempotency{Key: "k"}
	e, g := evaluated(t, &still{}, many, tx(put(t, patient("a", "B"))))
	if !fhir.HasCode(g[0].verdict.err, fhir.TooLong) {
		t.Errorf("a version that no document can hold: %v", g[0].verdict.err)
	}
	if diff := cmp.Diff([]string{"insert Patient/a/_history/1 at 1 until 0"}, described(t, e)); diff != "" {
		t.Error(diff)
	}
	if len(e.over.group.outcomes) != 0 {
		t.Error("its idempotency key is remembered")
	}
}

func TestWhatIsTooLargeIsRefusedWithTheLimit(t *testing.T) {
	pack, _ := newPacker()
	over := &overlay{group: newLayer(1)}
	e := &evaluation{looks: &still{}, over: over, pack: pack, limits: limits{document: documentLimit, resource: 100, transaction: 1000}}
	op := put(t, patient("p", string(slices.Repeat([]byte("x"), 200))))
	op.Location = "Bundle.entry[3]"
	one, _ := newPending(context.Background(), tx(op))
	if err := e.evaluate(context.Background(), []*pending{one}); err != nil {
		t.Fatal(err)
	}
	if got := sayOf(one); got != "too-long: Patient/p is larger than 100 bytes, the most that the store takes (Bundle.entry[3])" {
		t.Error(got)
	}
	e.limits.resource = 1000
	var ops []store.Op
	for k := range 5 {
		ops = append(ops, put(t, patient(fmt.Sprint("p", k), string(slices.Repeat([]byte("x"), 100)))))
	}
	one, _ = newPending(context.Background(), tx(ops...))
	if err := e.evaluate(context.Background(), []*pending{one}); err != nil {
		t.Fatal(err)
	}
	if got := sayOf(one); got != "too-long: a transaction of more than 1000 bytes is not taken" {
		t.Error(got)
	}
}

func TestAnOutcomeThatNoDocumentHoldsRefusesItsTransaction(t *testing.T) {
	pack, _ := newPacker()
	over := &overlay{group: newLayer(1)}
	e := &evaluation{looks: &still{}, over: over, clock: noon, pack: pack, limits: limits{document: 4000, resource: 1000, transaction: 1 << 20}}
	deletes := func(key string, n, note int) *pending {
		var ops []store.Op
		for k := range n {
			ops = append(ops, remove("Patient", fmt.Sprint("p", k)))
		}
		one, _ := newPending(context.Background(), store.Tx{Ops: ops, Idempotency: &store.Idempotency{Key: key, Note: make([]byte, note)}})
		return one
	}
	g := []*pending{deletes("many results", 300, 0), deletes("a long note", 1, 4000), deletes("both", 150, 1900), deletes("neither", 10, 1900)}
	if err := e.evaluate(context.Background(), g); err != nil {
		t.Fatal(err)
	}
	for _, one := range g[:3] {
		if !fhir.HasCode(one.verdict.err, fhir.TooLong) {
			t.Errorf("%d results and a note of %d bytes: %v", len(one.tx.Ops), len(one.tx.Idempotency.Note), one.verdict.err)
		}
	}
	if err := g[3].verdict.err; err != nil || len(e.changes.inserts) != 1 || len(e.over.group.outcomes) != 1 {
		t.Errorf("%d outcomes are kept, %d remembered, of one that fits (%v)", len(e.changes.inserts), len(e.over.group.outcomes), err)
	}
}

func TestACommitThatCouldNeverBeAppliedIsNotMade(t *testing.T) {
	pack, _ := newPacker()
	e := &evaluation{pack: pack, limits: Options{}.withDefaults().limits()}
	for size, fits := range map[int]bool{documentLimit: true, documentLimit + documentRoom: true, documentLimit + documentRoom + 1: false} {
		e.changes.inserts = []insert{{collection: replayCollection, doc: testDoc("fits", 1)}, {collection: "Patient", doc: make(bson.Raw, size)}}
		if _, err := e.commit(); (err == nil) != fits || !fits && !fhir.HasCode(err, fhir.TooLong) {
			t.Errorf("a document of %d bytes: %v", size, err)
		}
	}
}

func TestAnIdempotencyKeyIsKnownWithinItsGroupAndBefore(t *testing.T) {
	day := 24 * time.Hour
	s := &still{known: map[string]*outcome{
		hashOf("before"): {used: noon.Add(-time.Hour), request: [32]byte{1}, t: 7},
		hashOf("old"):    {used: noon.Add(-day), request: [32]byte{1}, t: 7},
	}}
	with := func(key string, request byte) store.Tx {
		return store.Tx{Ops: []store.Op{put(t, patient("p1", "A"))}, Idempotency: &store.Idempotency{Key: key, Request: [32]byte{request}}}
	}
	e, g := evaluated(t, s, with("a", 1), with("a", 1), with("a", 2), with("before", 1), with("before", 2), with("old", 2))
	if diff := cmp.Diff([]string{
		"5.1: 1 p1/1", "replay of moment 1", "conflict: the idempotency key was used with another request",
		"replay of moment 7", "conflict: the idempotency key was used with another request", "5.1: 3 p1/1",
	}, verdictsOf(g)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"insert Patient/p1/_history/1 at 1 until 0", "outcome", "outcome"}, described(t, e)); diff != "" {
		t.Error(diff)
	}
}

func TestAnAssumptionSeesWhatTheDatabaseDoesNotShowYet(t *testing.T) {
	key := "identifier|x|1"
	plan := search.Plan{Type: "Patient", Where: search.HasKey{Key: key}}
	none := store.Assumption{Plan: plan, Limit: 2}
	assuming := func(a store.Assumption, ops ...store.Op) store.Tx {
		return store.Tx{Ops: ops, Assume: []store.Assumption{a}}
	}
	e, g := evaluated(t, &still{},
		assuming(none, put(t, patient("a", "A"), key)),
		assuming(none, put(t, patient("b", "A"), key)),
		assuming(store.Assumption{Plan: plan, Match: []fhir.Key{p("a")}, Limit: 2}, put(t, patient("a", "B"))),
		assuming(none, put(t, patient("c", "A"), key)),
		tx(remove("Patient", "c")),
		assuming(none),
	)
	if diff := cmp.Diff([]string{"5.1: 1 a/1", store.ErrStale.Error(), "5.2: 2 a/2", "5.3: 1 c/1", "5.4: 4 c/2", "5.4:"}, verdictsOf(g)); diff != "" {
		t.Error(diff)
	}
	// What is applied counts unless the group has written it.
	_, g = evaluated(t, &still{found: []fhir.Key{p("a"), p("b")}, versions: map[fhir.Key]header{p("a"): {vid: 1}, p("b"): {vid: 1}}},
		assuming(none), assuming(store.Assumption{Plan: plan, Match: []fhir.Key{p("b"), p("a")}}), tx(remove("Patient", "a")),
		assuming(store.Assumption{Plan: plan, Match: []fhir.Key{p("b")}}))
	if diff := cmp.Diff([]string{store.ErrStale.Error(), "4.9:", "5.1: 4 a/2", "5.1:"}, verdictsOf(g)); diff != "" {
		t.Error(diff)
	}
	_ = e
}

func TestASearchThatCannotBeToldYetIsHeld(t *testing.T) {
	simple := search.Plan{Type: "Patient", Where: search.HasKey{Key: "k"}}
	joined := search.Plan{Type: "Observation", Where: search.RefersTo{Param: "subject", Targets: []search.Target{{Type: "Patient", Where: search.And{}}}}}
	assuming := func(plan search.Plan) store.Tx {
		return store.Tx{Assume: []store.Assumption{{Plan: plan, Limit: 2}}}
	}
	_, g := evaluated(t, &still{}, assuming(joined), tx(put(t, patient("a", "A"))), assuming(joined), tx(put(t, `{"resourceType":"Basic","id":"b"}`)))
	if diff := cmp.Diff([]string{"4.9:", "5.1: 1 a/1", errHold.Error(), "5.2: 1 b/1"}, verdictsOf(g)); diff != "" {
		t.Error(diff)
	}
	held, rest := partition(g)
	if len(held) != 1 || len(rest) != 3 || held[0] != g[2] {
		t.Errorf("%d are held, %d not", len(held), len(rest))
	}
	// What another process committed is known without its entries.
	pack, _ := newPacker()
	over := &overlay{}
	over.restart(head{applied: 4})
	l := newLayer(5)
	l.versions[p("theirs")] = &draft{header: header{vid: 1}}
	over.push(commit{slot: 5}, l)
	e := &evaluation{looks: &still{}, over: over, pack: pack, limits: Options{}.withDefaults().limits()}
	one, _ := newPending(context.Background(), assuming(simple))
	if err := e.evaluate(context.Background(), []*pending{one}); err != nil || !errors.Is(one.verdict.err, errHold) {
		t.Errorf("got %v, %v", err, one.verdict.err)
	}
}

func TestADeleteSeesReferencesWhereverTheyAre(t *testing.T) {
	refers := func(id, to string) store.Op {
		op := put(t, fmt.Sprintf(`{"resourceType":"Basic","id":%q}`, id))
		op.Entries.Refs = []search.RefEntry{{Param: "subject", Key: p(to)}}
		return op
	}
	guarded := func(id string) store.Op {
		op := remove("Patient", id)
		op.NoReferrers = true
		return op
	}
	there := header{vid: 1}
	s := &still{
		versions: map[fhir.Key]header{p("a"): there, p("b"): there, p("c"): there, {Type: "Basic", ID: "x"}: there},
		refer:    map[fhir.Key]fhir.Key{p("b"): {Type: "Basic", ID: "x"}},
	}
	_, g := evaluated(t, s,
		tx(guarded("a"), refers("y", "a")),
		tx(guarded("b")),
		tx(guarded("b"), remove("Basic", "x")),
		tx(refers("z", "c")),
		tx(guarded("c")),
		tx(guarded("c"), remove("Basic", "z")),
	)
	if diff := cmp.Diff([]string{
		"conflict: Patient/a cannot be deleted: Basic/y refers to it",
		"conflict: Patient/b cannot be deleted: Basic/x refers to it",
		"5.2: 4 b/2 4 x/2", "5.3: 1 z/1",
		"conflict: Patient/c cannot be deleted: Basic/z refers to it",
		"5.5: 4 c/2 4 z/2",
	}, verdictsOf(g)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAnotherProcessCommittedIsReadFromItsPayload(t *testing.T) {
	outcomes := store.Tx{Ops: []store.Op{put(t, patient("a", "B"))}, Idempotency: &store.Idempotency{Key: "k", Note: []byte("n")}}
	referring := put(t, `{"resourceType":"Basic","id":"b"}`)
	referring.Entries.Refs = []search.RefEntry{{Param: "subject", Key: p("a")}}
	e, _ := evaluated(t, &still{}, tx(put(t, patient("a", "A")), referring), outcomes, tx(remove("Patient", "never")), tx(put(t, patient("d", "A"))), tx(remove("Patient", "d")))
	c, err := e.commit()
	if err != nil {
		t.Fatal(err)
	}
	ch, err := e.pack.decodeChanges(c.payload)
	if err != nil {
		t.Fatal(err)
	}
	l, err := layerOf(commit{slot: 5}, ch)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range e.over.group.versions {
		got := l.versions[k]
		if want.deleted { // the digest of a tombstone means nothing
			got.digest = want.digest
		}
		if diff := cmp.Diff(want.header, got.header, cmp.AllowUnexported(header{})); diff != "" {
			t.Errorf("%s: %s", k, diff)
		}
		for _, to := range []fhir.Key{p("a"), p("x")} {
			if want.refers(to) != got.refers(to) {
				t.Errorf("%s refers to %s: want %t", k, to, want.refers(to))
			}
		}
	}
	if len(l.versions) != 3 || !l.versions[p("d")].deleted {
		t.Errorf("%d versions", len(l.versions))
	}
	if o := l.outcomes[hashOf("k")]; o == nil || string(o.note) != "n" || o.t != e.over.group.outcomes[hashOf("k")].t {
		t.Errorf("outcome %+v", o)
	}
}

func TestTheOverlayDropsWhatIsApplied(t *testing.T) {
	o := overlay{}
	o.restart(head{applied: 3, t: 30})
	for s := slot(4); s < 7; s++ {
		l := newLayer(s)
		l.versions[p("a")] = &draft{header: header{vid: int64(s)}}
		l.versions[p(fmt.Sprint(s))] = &draft{header: header{vid: 1}}
		o.push(commit{slot: s, t: fhir.Moment(10 * s)}, l)
	}
	state := func() []any {
		return []any{o.base.applied, o.tail.slot, len(o.layers), o.version(p("a")) != nil, o.version(p("4")) != nil, len(o.versions())}
	}
	for _, c := range []struct {
		to   slot
		want []any
	}{
		{3, []any{slot(3), slot(6), 3, true, true, 4}},
		{5, []any{slot(5), slot(6), 1, true, false, 2}},
		{4, []any{slot(5), slot(6), 1, true, false, 2}},
		{9, []any{slot(5), slot(6), 1, true, false, 2}},
		{6, []any{slot(6), slot(6), 0, false, false, 0}},
	} {
		o.settle(head{applied: c.to})
		if diff := cmp.Diff(c.want, state()); diff != "" {
			t.Errorf("applied to %d: %s", c.to, diff)
		}
	}
}
