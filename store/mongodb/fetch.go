package mongodb

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// A search reads with finds that end with their first batch: what a server would hold back for later is asked for anew. So
// nothing of a search lives in the server between two pages, and a version that is closed meanwhile is neither lost nor twice
// there. Every find names its index: an engine that guesses has been seen to read a whole collection.

// searchTuning says when one way of answering gives place to another. Every way gives the same answer.
type searchTuning struct {
	some    int // candidates that are held and sorted at a time
	many    int // a condition that leaves more is no way to narrow an interval
	ends    int // resources at the far end of a join that are followed, rather than looked at for candidates
	sources int // resources that are looked at to know them
	ids     int // ids in one filter
	load    int // versions that are read at a time
	window  int // slots of the log in the first window of a walk by t
}

var defaultSearchTuning = searchTuning{some: 1000, many: 20_000, ends: 500, sources: 5000, ids: 200, load: 100, window: 64}

// finder answers searches.
type finder struct {
	s      *Store
	tuning searchTuning
	sizes  *sizes
	watch  func(lookup) // of a test; nil else
}

func newFinder(s *Store) *finder {
	return &finder{s: s, tuning: defaultSearchTuning, sizes: newSizes()}
}

// query is one search at one moment.
type query struct {
	ctx context.Context
	x   *finder
	t   fhir.Moment
	ats map[slot]int64 // times of commits that were looked up
}

func (x *finder) at(ctx context.Context, t fhir.Moment) *query {
	return &query{ctx: ctx, x: x, t: t, ats: map[slot]int64{}}
}

// shown is the filter of the versions that a search at t may find: those current then, and no tombstones.
func (q *query) shown(c clause) bson.D {
	f := visible(q.t)
	f = append(f, bson.E{Key: fieldDeleted, Value: bson.D{{Key: "$ne", Value: true}}})
	if !c.all() {
		f = append(bson.D{{Key: "$and", Value: bson.A{c.filter}}}, f...)
	}
	return f
}

// What is read of candidates: with all that the index keeps of them, with their references, or without.
var (
	lightFields     = bson.D{{Key: fieldDoc, Value: 1}, {Key: fieldID, Value: 1}, {Key: fieldT, Value: 1}, {Key: fieldAt, Value: 1}}
	refFields       = append(slices.Clone(lightFields), bson.E{Key: fieldRefs, Value: 1})
	candidateFields = append(slices.Clone(lightFields), bson.D{{Key: fieldKeys, Value: 1}, {Key: fieldRefs, Value: 1}, {Key: fieldLongs, Value: 1}}...)
)

// fetch reads candidates. It reports whether these are all.
func (w *walk) fetch(c clause, index bson.D) (some []*candidate, complete bool, err error) {
	if c = both(c, w.between); c.none {
		return nil, true, nil
	}
	limit := w.q.x.tuning.some + 1
	fields := candidateFields
	if w.light() {
		fields = lightFields
		if w.want == references {
			fields = refFields
		}
	}
	more, err := w.q.find(lookup{typ: w.typ, filter: w.q.shown(c), fields: fields, limit: limit, index: index}, func(doc bson.Raw) error {
		x, err := readCandidate(doc)
		some = append(some, x)
		return err
	})
	w.fetched += len(some)
	complete = !more && len(some) < limit
	if sameIndex(index, byID) {
		some = distinct(some)
	}
	return some, complete, err
}

// distinct leaves each version once. The index of ids has x, so that a version that is closed while it is read may come twice.
func distinct(some []*candidate) []*candidate {
	seen := make(map[fhir.Moment]bool, len(some))
	return slices.DeleteFunc(some, func(x *candidate) bool {
		twice := seen[x.t]
		seen[x.t] = true
		return twice
	})
}

// light says that the candidates are matches, by the filter alone, and are sorted by what they always have.
func (w *walk) light() bool {
	return w.whole && w.cond.exact && w.want != allEntries && !w.order.needsIndex()
}

// lookup is one find.
type lookup struct {
	typ    string
	filter bson.D
	fields bson.D
	limit  int // 0 for none
	index  bson.D
}

// find reads the first batch of what a filter leaves, and reports whether there is more.
func (q *query) find(l lookup, do func(bson.Raw) error) (more bool, err error) {
	cur, err := q.cursor(l)
	if cur == nil || err != nil {
		return false, err
	}
	defer func() { _ = cur.Close(context.WithoutCancel(q.ctx)) }()
	more = cur.ID() != 0
	for cur.RemainingBatchLength() > 0 && cur.Next(q.ctx) {
		if err := do(cur.Current); err != nil {
			return false, fmt.Errorf("searching %s: %w", l.typ, err)
		}
	}
	if err := cur.Err(); err != nil {
		return false, fmt.Errorf("searching %s: %w", l.typ, err)
	}
	return more, nil
}

// cursor asks for what a filter leaves: nil where nothing is there.
func (q *query) cursor(l lookup) (cur *mongo.Cursor, err error) {
	o := options.Find().SetProjection(l.fields)
	if l.limit > 0 {
		o.SetLimit(int64(l.limit)).SetBatchSize(int32(l.limit))
	}
	if l.index != nil {
		o.SetHint(l.index)
	}
	q.x.asked(l)
	err = q.hinted(l.typ, func() (err error) {
		cur, err = q.x.s.collection(l.typ).Find(q.ctx, l.filter, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("searching %s: %w", l.typ, err)
	}
	return cur, nil
}

// tally counts what a filter leaves, up to a limit; 0 for none.
func (q *query) tally(l lookup) (n int64, err error) {
	o := options.Count()
	if l.limit > 0 {
		o.SetLimit(int64(l.limit))
	}
	if l.index != nil {
		o.SetHint(l.index)
	}
	q.x.asked(l)
	err = q.hinted(l.typ, func() (err error) {
		n, err = q.x.s.collection(l.typ).CountDocuments(q.ctx, l.filter, o)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("counting %s: %w", l.typ, err)
	}
	return n, nil
}

// asked lets a test see what the engine is asked.
func (x *finder) asked(l lookup) {
	if x.watch != nil {
		x.watch(l)
	}
}

func readCandidate(doc bson.Raw) (*candidate, error) {
	x := &candidate{}
	elements, err := bsoncore.Document(doc).Elements()
	if err != nil {
		return x, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	for _, e := range elements {
		v := e.Value()
		switch e.Key() {
		case fieldDoc:
			x.doc, _ = v.StringValueOK()
		case fieldID:
			x.id, _ = v.StringValueOK()
		case fieldT:
			x.t = fhir.Moment(wholeOf(v))
		case fieldAt:
			x.at = timeOf(v)
		case fieldKeys:
			x.keys = readTexts(v)
		case fieldRefs:
			x.refs = readTexts(v)
		case fieldLongs:
			x.longs = readTexts(v)
		}
	}
	return x, nil
}

// byIDs reads the current resources of a type with these ids.
func (q *query) byIDs(typ string, ids []string) ([]*candidate, error) {
	var all []*candidate
	c := prepareLeaf(typ, search.IDIn{IDs: ids})
	err := q.each(typ, c, allEntries, func(x *candidate) error {
		all = append(all, x)
		return nil
	})
	return all, err
}

// load reads versions with their resources, in the order given.
func (q *query) load(typ string, some []*candidate) ([]fhir.Version, error) {
	found := make(map[string]fhir.Version, len(some))
	wanted := some
	for len(wanted) > 0 {
		names := make([]name, len(wanted))
		for i, x := range wanted {
			names[i] = name{doc: x.doc, id: x.id}
		}
		_, err := q.find(lookup{typ: typ, filter: byNames(names), fields: withoutIndex, limit: len(names), index: byDoc}, func(doc bson.Raw) error {
			v, err := q.x.s.version(q.ctx, typ, doc)
			found[versionDoc(v.ID, v.VID)] = v
			return err
		})
		if err != nil {
			return nil, err
		}
		rest := slices.DeleteFunc(slices.Clone(wanted), func(x *candidate) bool { return found[x.doc].VID > 0 })
		if len(rest) == len(wanted) {
			return nil, fmt.Errorf("reading the matches of a search: %w: %s %s is gone", errCorrupt, typ, rest[0].doc)
		}
		wanted = rest
	}
	out := make([]fhir.Version, len(some))
	for i, x := range some {
		out[i] = found[x.doc]
	}
	return out, nil
}

// count returns how many versions have what a condition asks for, whatever their time: tuning.many+1 for more than tuning.many.
func (q *query) count(typ string, c *condition) (int, error) {
	name := "all " + c.name
	if n := q.x.sizes.get(name, c.edge); c.name != "" && n != unknownSize {
		return n, nil
	}
	if c.maybe.all() {
		return q.x.tuning.many + 1, nil
	}
	n, err := q.tally(lookup{typ: typ, filter: c.maybe.filter, limit: q.x.tuning.many + 1, index: c.index})
	if err != nil {
		return 0, err
	}
	q.x.note(name, c, int(n), q.x.tuning.many)
	return int(n), nil
}

// width returns how many versions have what a condition asks for: tuning.some+1 for more than tuning.some.
func (q *query) width(typ string, c *condition) (int, error) {
	if n := q.x.known(c); n != unknownSize {
		return n, nil
	}
	n, err := q.tally(lookup{typ: typ, filter: c.maybe.filter, limit: q.x.tuning.some + 1, index: c.index})
	if err == nil {
		q.x.note(c.name, c, int(n), q.x.tuning.some)
	}
	return int(n), err
}
