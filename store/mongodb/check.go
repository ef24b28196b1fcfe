package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// CheckReport is what Check found.
type CheckReport struct {
	Versions int64
	Current  map[string]int64 // resources that are there, by type
	Waiting  int64            // commits that are in the log and not yet applied: a server does that
	Problems []string         // at most maxProblems
	Apart    string           // why index entries were not compared; "" where they were
}

const maxProblems = 100

// Check reads a whole database, in the order of the log, and writes nothing: that the log has no gap and every version that it speaks of is there,
// as it was written; that no version is there of which it does not speak; that each version is closed by the one that replaced it; and that index
// entries are those that the resources give. Servers may use the database meanwhile: what is checked is all that was applied when the
// check began.
func Check(ctx context.Context, a Address, o Options, progress func(done, total int64)) (CheckReport, error) {
	o = o.withDefaults()
	client, h, err := connect(a, o)
	if err != nil {
		return CheckReport{}, err
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	w := newWire(client.Database(a.Database()), o.format())
	p, err := newProtocol(w)
	if err != nil {
		return CheckReport{}, err
	}
	s := &Store{o: o, client: client, wire: w, protocol: p} // nothing works behind it
	c := &checker{s: s, progress: progress, upto: slot(1).moment(0), report: CheckReport{Current: map[string]int64{}}, indexed: map[string][]bson.D{}}
	if err := c.run(ctx); err != nil {
		return c.report, unusable(a, h.explained(err))
	}
	return c.report, nil
}

type checker struct {
	s        *Store
	report   CheckReport
	progress func(done, total int64)
	head     head // when the check began
	floor    fhir.Moment
	standing standing
	types    []string
	indexed  map[string][]bson.D // the indexes that are there
	tail     commit              // of the log, as far as it was read
	upto     fhir.Moment         // versions below it were read
}

func (c *checker) problem(format string, a ...any) {
	if len(c.report.Problems) < maxProblems {
		c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, a...))
	}
}

func (c *checker) run(ctx context.Context) error {
	if ok, err := c.begin(ctx); !ok || err != nil {
		return err
	}
	if err := c.indexes(ctx); err != nil {
		return err
	}
	if err := c.log(ctx); err != nil {
		return err
	}
	if err := c.strays(ctx); err != nil {
		return err
	}
	return c.waiting(ctx)
}

// begin reads what the store stands on. It reports false where there is nothing to go by.
func (c *checker) begin(ctx context.Context) (bool, error) {
	var err error
	if c.types, err = c.s.types(ctx); err != nil {
		return false, err
	}
	doc, err := c.s.wire.meta.FindOne(ctx, bson.D{{Key: fieldDoc, Value: storeDoc}}).Raw()
	switch {
	case isNone(err) && len(c.types) == 0:
		return false, fhir.NewIssue(fhir.NotFound, "there is no store in the database")
	case isNone(err):
		c.problem("the document of the store is not there: no server can open the database, and cursors and index cannot be told")
	case err != nil:
		return false, fmt.Errorf("reading the document of the store: %w", err)
	}
	if err := c.founded(bsoncore.Document(doc)); err != nil {
		return false, err
	}
	c.head, err = c.s.wire.readHead(ctx)
	if errors.Is(err, errCorrupt) {
		c.problem("the head of the log is not there: what was applied cannot be told")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c.floor = c.head.floor
	// Behind the head: what was applied may be the first of its type.
	c.types, err = c.s.types(ctx)
	return err == nil, err
}

// founded looks at the document of the store; nil if there is none.
func (c *checker) founded(doc bsoncore.Document) error {
	if doc == nil {
		c.report.Apart = "what the index was made with is not known"
		return nil
	}
	is, becomes := formatOf(doc)
	if known := c.s.wire.format; max(is, becomes) > known {
		return tooNew(max(is, becomes), known)
	}
	if is < c.s.wire.format {
		return fhir.NewIssue(fhir.NoStore, fmt.Sprintf("the database has format %d, and this build checks format %d: firewolf serve brings it forward", is, c.s.wire.format))
	}
	if _, secret, _ := doc.Lookup(fieldSecret).BinaryOK(); len(secret) != secretSize {
		c.problem("the key that signs cursors is not there")
	}
	c.standing = decodeStanding(doc)
	switch {
	case c.standing.reindex != nil:
		c.report.Apart = "the index is being made anew"
	case c.standing.identity != c.s.o.identity():
		c.report.Apart = "the index was made by other definitions than those of this build: firewolf reindex makes it anew"
	}
	return nil
}

// indexes looks whether the indexes are there that a server makes.
func (c *checker) indexes(ctx context.Context) error {
	for _, typ := range c.types {
		specs, err := c.s.collection(typ).Indexes().ListSpecifications(ctx)
		if err != nil {
			return fmt.Errorf("listing the indexes of %s: %w", typ, err)
		}
		for _, want := range typeIndexes {
			has := false
			for _, spec := range specs {
				has = has || isIndex(spec.KeysDocument, want)
			}
			if has {
				c.indexed[typ] = append(c.indexed[typ], want)
			} else {
				c.problem("%s: the index %s is not there; a server makes it when it starts", typ, keysText(want))
			}
		}
	}
	return nil
}

func isIndex(doc bson.Raw, want bson.D) bool {
	elements, err := bsoncore.Document(doc).Elements()
	if err != nil || len(elements) != len(want) {
		return false
	}
	for k, e := range elements {
		n, ok := want[k].Value.(int)
		if !ok || e.Key() != want[k].Key || wholeOf(e.Value()) != int64(n) {
			return false
		}
	}
	return true
}

func keysText(index bson.D) string {
	text := ""
	for _, e := range index {
		text += fmt.Sprintf(" %s:%v", e.Key, e.Value)
	}
	return "{" + text[1:] + "}"
}

// hint is the index of t, where that is there.
func (c *checker) hint(typ string) bson.D {
	for _, have := range c.indexed[typ] {
		if slices.Equal(have, byT) {
			return byT
		}
	}
	return nil
}

// strays looks for versions of which the log cannot know: those without a place in it, and those behind its end. What is written meanwhile is in the log
// before it is anywhere else.
func (c *checker) strays(ctx context.Context) error {
	end, err := c.s.tail(ctx)
	if err != nil {
		return err
	}
	first, behind := int64(slot(1).moment(1)), int64((end.slot + 1).moment(0))
	for _, typ := range c.types {
		for _, t := range []any{bson.D{{Key: "$lt", Value: first}}, nil, bson.D{{Key: "$gte", Value: behind}}} {
			if err := c.straysOf(ctx, typ, bson.D{{Key: fieldT, Value: t}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) straysOf(ctx context.Context, typ string, filter bson.D) error {
	var found []bson.Raw
	q := newFinder(c.s).at(ctx, c.head.t)
	_, err := q.find(lookup{typ: typ, fields: headerFields, limit: maxProblems, index: c.hint(typ), filter: filter}, func(doc bson.Raw) error {
		found = append(found, cloneRaw(doc))
		return nil
	})
	if err != nil {
		return err
	}
	for _, doc := range found {
		v, err := decodeStored(typ, doc)
		if err != nil {
			c.problem("%s: a document has no id or version", typ)
			continue
		}
		if _, there, err := c.s.wire.readCommit(ctx, slotOf(v.T)); err != nil {
			return err
		} else if !there || v.T <= 0 {
			c.problem("%s: the log has no commit %d, of which it is", v.Location(), slotOf(v.T))
		}
	}
	return nil
}

// waiting looks at the commits that are not applied yet: a server must be able to do that.
func (c *checker) waiting(ctx context.Context) error {
	for after := c.head.applied; ; {
		some, err := c.s.wire.readCommits(ctx, after, 1)
		if err != nil || len(some) == 0 {
			return err
		}
		h, err := c.s.wire.readHead(ctx)
		if err != nil {
			return err
		}
		if some[0].slot > h.applied {
			c.report.Waiting++
			if some[0].slot != after+1 {
				c.problem("commit %d is not in the log", after+1)
			}
			if err := c.payload(ctx, some[0]); err != nil {
				return err
			}
		}
		after = some[0].slot
	}
}
