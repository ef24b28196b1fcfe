package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// The simulation runs the store's own code over a database in memory, in which nothing happens until a scheduler says so.

var (
	errSimConnection = errors.New("the connection of the simulation broke")
	errSimDead       = errors.New("the process of the simulation died")
	errSimDuplicate  = errors.New("a document of the simulation is there already")
)

// simDatabase is what the simulated server keeps.
type simDatabase struct {
	commits map[slot]commit
	chunks  map[string]simChunk
	docs    map[string]map[string]*simDoc // by collection and _id
	head    head
}

// simChunk is a part of the payload of a commit that was tried at a slot.
type simChunk struct {
	slot slot
	data []byte
}

// simDoc is a document; x is 0 while a version is open.
type simDoc struct {
	raw bson.Raw
	v   stored // of a version
	x   fhir.Moment

	bare bool // its index entries were dropped
}

// holds reports whether a search for a key finds the version.
func (d *simDoc) holds(key string) bool { return !d.bare && hasKey(d.raw, key) }

func newSimDatabase() *simDatabase {
	return &simDatabase{commits: map[slot]commit{}, chunks: map[string]simChunk{}, docs: map[string]map[string]*simDoc{}}
}

// tail is the last slot of the log that follows on the others.
func (d *simDatabase) tail() slot {
	n := slot(0)
	for d.commits[n+1].slot != 0 {
		n++
	}
	return n
}

// insert adds a document, and says whether it was there already.
func (d *simDatabase) insert(collection string, raw bson.Raw) bool {
	id, _ := bsoncore.Document(raw).Lookup(fieldDoc).StringValueOK()
	of := d.docs[collection]
	if of == nil {
		of = map[string]*simDoc{}
		d.docs[collection] = of
	}
	if of[id] != nil {
		return true
	}
	doc := &simDoc{raw: cloneRaw(raw)}
	if fhir.ValidTypeName(collection) {
		doc.v, _ = decodeStored(collection, doc.raw)
		doc.x = doc.v.x
	}
	of[id] = doc
	return false
}

// visible yields the versions of a type that are current at a moment.
func (d *simDatabase) visible(typ string, t fhir.Moment) []*simDoc {
	var all []*simDoc
	for _, doc := range d.docs[typ] {
		if doc.v.T <= t && (doc.x == 0 || doc.x > t) {
			all = append(all, doc)
		}
	}
	return all
}

// simPiece is a change of one document. It takes effect once or never, at any time after it was sent.
type simPiece struct {
	name string
	do   func()
}

// simRequest is a request to the database: what it changes, and what it reads after that.
type simRequest struct {
	proc   int
	name   string
	pieces []simPiece
	read   func()
	done   chan error
	left   bool // nobody waits for the reply
}

// simConn is the database as one process reaches it.
type simConn struct {
	sim  *sim
	proc *simProcess
}

var (
	_ database = simConn{}
	_ looks    = simConn{}
	_ attic    = simConn{}
)

// call sends a request and waits for its reply.
func (c simConn) call(ctx context.Context, name string, read func(), pieces ...simPiece) error {
	r := &simRequest{proc: c.proc.number, name: name, pieces: pieces, read: read, done: make(chan error, 1)}
	if !c.sim.submit(c.proc, r) {
		return errSimDead
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		c.sim.leave(r)
		return ctx.Err()
	}
}

func (c simConn) insertCommit(ctx context.Context, made commit) error {
	taken := false
	name := fmt.Sprintf("commit %d", made.slot)
	err := c.call(ctx, name, nil, simPiece{name, func() {
		_, taken = c.sim.db.commits[made.slot]
		if !taken {
			c.sim.db.commits[made.slot] = made
		}
	}})
	if err == nil && taken {
		return errOccupied
	}
	return err
}

func (c simConn) readCommit(ctx context.Context, s slot) (found commit, there bool, err error) {
	err = c.call(ctx, fmt.Sprintf("read slot %d", s), func() { found, there = c.sim.db.commits[s] })
	return found, there && err == nil, err
}

func (c simConn) readCommits(ctx context.Context, after slot, limit int) (all []commit, err error) {
	err = c.call(ctx, fmt.Sprintf("read the log after %d", after), func() {
		for n := after + 1; c.sim.db.commits[n].slot != 0 && len(all) < limit; n++ {
			all = append(all, c.sim.db.commits[n])
		}
	})
	return all, err
}

func (c simConn) listCommits(ctx context.Context, after slot, limit int) ([]commit, error) {
	all, err := c.readCommits(ctx, after, limit)
	return withoutPayload(all), err
}

func (c simConn) insertParts(ctx context.Context, s slot, n nonce, parts [][]byte) error {
	var pieces []simPiece
	for k, part := range parts {
		name := fmt.Sprintf("part %d for slot %d", k, s)
		pieces = append(pieces, simPiece{name, func() { c.sim.db.chunks[chunkDoc(n, k)] = simChunk{s, part} }})
	}
	return c.call(ctx, fmt.Sprintf("parts for slot %d", s), nil, pieces...)
}

func (c simConn) readParts(ctx context.Context, n nonce, count int) (all []byte, err error) {
	whole := true
	err = c.call(ctx, "read parts", func() {
		for k := range count {
			part, there := c.sim.db.chunks[chunkDoc(n, k)]
			whole = whole && there
			all = append(all, part.data...)
		}
	})
	if err == nil && !whole {
		return nil, errCorrupt
	}
	return all, err
}

// insertDocs inserts each document by itself. Once one was there already, those after it may be skipped.
func (c simConn) insertDocs(ctx context.Context, collection string, docs []bson.Raw) error {
	duplicate := false
	var pieces []simPiece
	for _, raw := range docs {
		name := "insert " + nameOf(raw).doc
		pieces = append(pieces, simPiece{name, func() {
			if duplicate && c.sim.chance(2) {
				return
			}
			if c.sim.db.insert(collection, raw) {
				duplicate = true
			}
		}})
	}
	err := c.call(ctx, fmt.Sprintf("insert %d into %s", len(docs), collection), nil, pieces...)
	if err == nil && duplicate {
		return errSimDuplicate
	}
	return err
}

func (c simConn) presentDocs(ctx context.Context, collection string, names []name) (map[string]fhir.Moment, error) {
	found := map[string]fhir.Moment{}
	err := c.call(ctx, "look for documents", func() {
		for _, n := range names {
			if doc := c.sim.db.docs[collection][n.doc]; doc != nil {
				found[n.doc] = momentOf(doc.raw)
			}
		}
	})
	return found, err
}

func (c simConn) closeDocs(ctx context.Context, collection string, _ time.Time, cs []closing) (int, error) {
	matched := 0
	var pieces []simPiece
	for _, x := range cs {
		name := fmt.Sprintf("close %s at %d", x.doc, x.x>>placeBits)
		pieces = append(pieces, simPiece{name, func() {
			if doc := c.sim.db.docs[collection][x.doc]; doc != nil && doc.x == 0 {
				doc.x = x.x
				matched++
			}
		}})
	}
	err := c.call(ctx, fmt.Sprintf("close %d of %s", len(cs), collection), nil, pieces...)
	return matched, err
}

func (c simConn) closedDocs(ctx context.Context, collection string, cs []closing) (map[string]fhir.Moment, error) {
	found := map[string]fhir.Moment{}
	err := c.call(ctx, "look for closed", func() {
		for _, x := range cs {
			if doc := c.sim.db.docs[collection][x.doc]; doc != nil {
				found[x.doc] = doc.x
			}
		}
	})
	return found, err
}

func (c simConn) readHead(ctx context.Context) (h head, err error) {
	err = c.call(ctx, "read head", func() { h = c.sim.db.head })
	return h, err
}

func (c simConn) casHead(ctx context.Context, to head) (moved bool, err error) {
	name := fmt.Sprintf("head to %d", to.applied)
	err = c.call(ctx, name, nil, simPiece{name, func() {
		h := &c.sim.db.head
		if moved = h.applied == to.applied-1; moved {
			h.applied, h.t, h.at = to.applied, to.t, to.at
		}
	}})
	return moved, err
}

// What evaluating looks at.

func (c simConn) headers(ctx context.Context, t fhir.Moment, keys []fhir.Key) (map[fhir.Key]header, error) {
	found := map[fhir.Key]header{}
	err := c.call(ctx, "look at resources", func() {
		for _, k := range keys {
			for _, doc := range c.sim.db.visible(k.Type, t) {
				if doc.v.ID == k.ID {
					found[k] = doc.v.header
				}
			}
		}
	})
	return found, err
}

func (c simConn) outcomes(ctx context.Context, upto slot, hashes []string) (map[string]*outcome, error) {
	found := map[string]*outcome{}
	err := c.call(ctx, "look at idempotency keys", func() {
		for _, doc := range c.sim.db.docs[replayCollection] {
			hash, _ := bsoncore.Document(doc.raw).Lookup(fieldHash).StringValueOK()
			o, err := decodeOutcome(bsoncore.Document(doc.raw))
			for _, wanted := range hashes {
				if err == nil && hash == wanted && slot(o.t>>placeBits) <= upto {
					found[hash] = &o
				}
			}
		}
	})
	return found, err
}

func (c simConn) find(ctx context.Context, p search.Plan, t fhir.Moment, _ int) (keys []fhir.Key, err error) {
	key := p.Where.(search.HasKey).Key
	err = c.call(ctx, "search "+key, func() {
		for _, doc := range c.sim.db.visible(p.Type, t) {
			if doc.holds(key) {
				keys = append(keys, doc.v.Key)
			}
		}
	})
	return keys, err
}

func (c simConn) findEach(ctx context.Context, qs []store.Query, t fhir.Moment) (all [][]fhir.Key, err error) {
	err = c.call(ctx, "several searches", func() {
		all = make([][]fhir.Key, len(qs))
		for k, q := range qs {
			for _, doc := range c.sim.db.visible(q.Plan.Type, t) {
				if doc.holds(q.Plan.Where.(search.HasKey).Key) {
					all[k] = append(all[k], doc.v.Key)
				}
			}
		}
	})
	return all, err
}

func (c simConn) referrer(ctx context.Context, t fhir.Moment, k fhir.Key, except func(fhir.Key) bool) (by fhir.Key, found bool, err error) {
	err = c.call(ctx, "look for references", func() {
		for typ := range c.sim.db.docs {
			for _, doc := range c.sim.db.visible(typ, t) {
				if doc.holds(refAny(k)) && !except(doc.v.Key) {
					by, found = doc.v.Key, true
				}
			}
		}
	})
	return by, found, err
}
