package mongodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"golang.org/x/sync/errgroup"

	"firewolf/fhir"
)

// A batch is what one message inserts.
const (
	batchDocs  = 250
	batchBytes = 4 << 20
)

// triesAtOnce is how often what has no effect is tried before somebody hears of it, who tries it again.
const triesAtOnce = 5

// errOpen says that a version is not there, or not closed, that nothing keeps from being closed.
var errOpen = errors.New("a version that is replaced is not there to be closed")

// apply makes a commit true: all its documents are there and all that they replace is closed once it returns nil. It may be done
// any number of times, by several processes at once, and late: documents are only ever inserted, and a version is closed only
// while it is open. ready is called when its documents are there, and waits until those of the commits before are.
func (p *protocol) apply(ctx context.Context, c commit, ch changes, ready func(context.Context) error) error {
	if err := p.insertAll(ctx, ch.inserts); err != nil {
		return fmt.Errorf("applying commit %d: %w", c.slot, err)
	}
	p.reached(stepInserted)
	if err := ready(ctx); err != nil {
		return fmt.Errorf("applying commit %d: %w", c.slot, err)
	}
	if err := p.closeAll(ctx, c, ch.closings); err != nil {
		return fmt.Errorf("applying commit %d: %w", c.slot, err)
	}
	p.reached(stepClosed)
	return nil
}

// batch is documents of one collection.
type batch struct {
	collection string
	docs       []bson.Raw
	size       int
}

// batches cuts the documents of a commit into messages, by collections.
func batches(inserts []insert) []*batch {
	var all []*batch
	last := map[string]*batch{}
	for _, i := range inserts {
		b := last[i.collection]
		if b == nil || len(b.docs) == batchDocs || b.size+len(i.doc) > batchBytes {
			b = &batch{collection: i.collection}
			last[i.collection] = b
			all = append(all, b)
		}
		b.docs, b.size = append(b.docs, i.doc), b.size+len(i.doc)
	}
	return all
}

// insertAll inserts the documents of a commit, several batches at a time.
func (p *protocol) insertAll(ctx context.Context, inserts []insert) error {
	all := batches(inserts)
	if len(all) == 1 || p.parallel == 1 {
		for _, b := range all {
			if err := p.insertWhole(ctx, b); err != nil {
				return err
			}
		}
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.parallel)
	for _, b := range all {
		g.Go(func() error { return p.insertWhole(ctx, b) })
	}
	return g.Wait()
}

// insertWhole inserts a batch until all of it is proved to be there, or nothing of it goes in any more.
func (p *protocol) insertWhole(ctx context.Context, b *batch) error {
	docs, tries := b.docs, triesAtOnce
	for wait := p.patience(); ; {
		err := p.db.insertDocs(ctx, b.collection, docs)
		if err == nil {
			return nil
		}
		missing, read := p.missing(ctx, b.collection, docs)
		if read != nil {
			return read
		}
		if len(missing) == 0 {
			return nil
		}
		if len(missing) == len(docs) { // nothing was inserted: do not hurry
			if tries--; tries == 0 {
				return err
			}
			if ended := wait.wait(ctx); ended != nil {
				return fmt.Errorf("%w (%w)", err, ended)
			}
		}
		docs = missing
	}
}

// missing returns the documents that are not there. One that is there in another shape was written by nobody who keeps to the protocol.
func (p *protocol) missing(ctx context.Context, collection string, docs []bson.Raw) ([]bson.Raw, error) {
	names := make([]name, len(docs))
	for k, d := range docs {
		names[k] = nameOf(d)
	}
	found, err := p.db.presentDocs(ctx, collection, names)
	if err != nil {
		return nil, err
	}
	var missing []bson.Raw
	for k, d := range docs {
		t, there := found[names[k].doc]
		if !there {
			missing = append(missing, d)
			continue
		}
		if t != momentOf(d) {
			return nil, fmt.Errorf("%s of %s has t %d, and %d in the log: %w", names[k].doc, collection, t, momentOf(d), errCorrupt)
		}
	}
	return missing, nil
}

func nameOf(d bson.Raw) name {
	doc, _ := bsoncore.Document(d).Lookup(fieldDoc).StringValueOK()
	id, _ := bsoncore.Document(d).Lookup(fieldID).StringValueOK()
	return name{doc: doc, id: id}
}

func momentOf(d bson.Raw) fhir.Moment {
	return fhir.Moment(wholeOf(bsoncore.Document(d).Lookup(fieldT)))
}

// closeAll closes the versions that a commit replaces.
func (p *protocol) closeAll(ctx context.Context, c commit, all []closing) error {
	byCollection := map[string][]closing{}
	var order []string
	for _, x := range all {
		if byCollection[x.collection] == nil {
			order = append(order, x.collection)
		}
		byCollection[x.collection] = append(byCollection[x.collection], x)
	}
	for _, collection := range order {
		if err := p.closeWhole(ctx, c, collection, byCollection[collection]); err != nil {
			return err
		}
	}
	return nil
}

// closeWhole closes versions of one collection until each is proved to be closed by this commit, or none can be any more.
func (p *protocol) closeWhole(ctx context.Context, c commit, collection string, cs []closing) error {
	tries := triesAtOnce
	for wait := p.patience(); ; {
		matched, failure := p.db.closeDocs(ctx, collection, c.at, cs)
		if failure == nil && matched == len(cs) {
			return nil
		}
		left, err := p.stillOpen(ctx, collection, cs)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		if len(left) == len(cs) {
			if tries--; tries == 0 {
				return cmp.Or(failure, errOpen)
			}
			if ended := wait.wait(ctx); ended != nil {
				return fmt.Errorf("%w (%w)", ended, cmp.Or(failure, errOpen))
			}
		}
		cs = left
	}
}

// stillOpen returns what is not closed: open, or not there yet, because the commit that brings it is being applied.
func (p *protocol) stillOpen(ctx context.Context, collection string, cs []closing) ([]closing, error) {
	found, err := p.db.closedDocs(ctx, collection, cs)
	if err != nil {
		return nil, err
	}
	var left []closing
	for _, c := range cs {
		switch x, there := found[c.doc]; {
		case !there || x == 0:
			left = append(left, c)
		case x != c.x:
			return nil, fmt.Errorf("%s of %s is closed at %d, and at %d in the log: %w", c.doc, collection, x, c.x, errCorrupt)
		}
	}
	return left, nil
}
