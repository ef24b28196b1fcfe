package mongodb

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
	"firewolf/store"
)

// insertion is the newest version of a resource in the group.
type insertion struct {
	at     int // in changes.inserts
	op     store.Op
	made   prepared
	v      fhir.Version
	doc    insert
	parts  []insert // of a resource that is too large for one document
	before header   // of the version that it replaces
	// closed is the document of the version of the same group that this one replaces, written as closed at once.
	closed insert
}

// draft adds an accepted transaction to the group: all of it, or nothing.
func (e *evaluation) draft(p *pending, effects []store.Effect) error {
	ops := make([]opVerdict, len(p.tx.Ops))
	var drafts []*insertion
	bytes := 0
	for k, op := range p.tx.Ops {
		h := e.header(op.Key)
		ops[k] = opVerdict{effect: effects[k], version: fhir.Version{Key: op.Key, VID: h.vid}}
		switch effects[k] {
		case store.Absent:
			ops[k].version = fhir.Version{}
			continue
		case store.Unchanged:
			continue
		default:
		}
		if e.places+len(drafts) == maxVersions {
			return fhir.NewIssue(fhir.TooCostly, fmt.Sprintf("a transaction writes at most %d versions", maxVersions))
		}
		i, err := e.insertion(op, p.prepared[k], h, e.places+len(drafts)+1)
		if err != nil {
			return err
		}
		ops[k].version = i.v
		drafts, bytes = append(drafts, i), bytes+i.size()
	}
	if bytes > e.limits.transaction {
		return fhir.NewIssue(fhir.TooLong, fmt.Sprintf("a transaction of more than %d bytes is not taken", e.limits.transaction))
	}
	t, at := e.now.t, e.now.at
	if len(drafts) > 0 {
		t, at = drafts[len(drafts)-1].v.T, e.at
	}
	kept, err := e.outcome(p, ops, t, at)
	if err != nil {
		return err
	}
	e.add(drafts)
	e.remember(p.hash, kept)
	p.verdict = verdict{t: t, at: at, ops: ops}
	return nil
}

// insertion makes the documents of an Op that writes a version.
func (e *evaluation) insertion(op store.Op, made prepared, before header, place int) (*insertion, error) {
	i := &insertion{op: op, made: made, before: before, v: fhir.Version{
		Key: op.Key, VID: before.vid + 1, T: e.slot.moment(place), At: e.at, Method: op.Method, Deleted: op.Action == store.Delete,
	}}
	if err := e.document(i); err != nil {
		return nil, err
	}
	if prior := e.open[op.Key]; prior != nil {
		doc, err := prior.document(i.v.T, len(prior.parts))
		if err != nil {
			return nil, err
		}
		i.closed = insert{collection: op.Key.Type, doc: doc}
	}
	return i, nil
}

// document makes the document of a version, and its parts where it would be too large.
func (e *evaluation) document(i *insertion) error {
	if len(i.made.resource) > e.limits.resource {
		return i.op.TooLarge(e.limits.resource)
	}
	doc, err := i.document(0, 0)
	if err != nil {
		return err
	}
	if len(doc) > e.limits.document {
		i.parts = parts(i.v, e.pack.pack(i.op.Stamp.With(i.v.VID, i.v.At)), e.limits.document)
		if doc, err = i.document(0, len(i.parts)); err != nil {
			return err
		}
	}
	if len(doc) > e.limits.document {
		return i.op.TooLarge(e.limits.document)
	}
	i.doc = insert{collection: i.op.Key.Type, doc: doc}
	return nil
}

// document makes the document of the version, open (x is 0) or closed.
func (i *insertion) document(x fhir.Moment, parts int) (bson.Raw, error) {
	if i.v.Deleted {
		return appendVersion(nil, i.v, [32]byte{}, x, nil, nil, 0)
	}
	if parts > 0 {
		return appendVersion(nil, i.v, i.op.Digest, x, i.made.entries, nil, parts)
	}
	resource, err := stampResource(make([]byte, 0, len(i.made.resource)+32), i.made.resource, i.v.VID, i.v.At)
	if err != nil {
		return nil, err
	}
	return appendVersion(make([]byte, 0, len(resource)+len(i.made.entries)+256), i.v, i.op.Digest, x, i.made.entries, resource, 0)
}

func (i *insertion) size() int {
	n := len(i.doc.doc)
	for _, p := range i.parts {
		n += len(p.doc)
	}
	return n
}

// add adds drafts to what the group changes. A version that was committed before is closed; one of this group is replaced by its
// closed document.
func (e *evaluation) add(drafts []*insertion) {
	for _, i := range drafts {
		k := i.op.Key
		if prior := e.open[k]; prior != nil {
			e.changes.inserts[prior.at] = i.closed
		} else if i.before.vid > 0 {
			e.changes.closings = append(e.changes.closings, closing{
				collection: k.Type, name: name{doc: versionDoc(k.ID, i.before.vid), id: k.ID}, x: i.v.T,
			})
		}
		i.at = len(e.changes.inserts)
		e.open[k] = i
		e.changes.inserts = append(append(e.changes.inserts, i.doc), i.parts...)
		d := &draft{header: header{vid: i.v.VID, t: i.v.T, deleted: i.v.Deleted, digest: i.op.Digest}, version: i.v, doc: i.doc.doc}
		if !i.v.Deleted {
			d.entries = &i.op.Entries
		}
		e.over.group.versions[k] = d
		e.now = mark{slot: e.slot, t: i.v.T, at: i.v.At}
	}
	e.places += len(drafts)
	if len(drafts) > 0 {
		e.others = nil
	}
}

// remembered is an outcome and its document.
type remembered struct {
	*outcome
	doc bson.Raw
}

// outcome is what is remembered of a transaction with an idempotency key, nil for one without. It must fit into a document: a commit that
// cannot be applied holds up all that come after it.
func (e *evaluation) outcome(p *pending, ops []opVerdict, t fhir.Moment, at time.Time) (*remembered, error) {
	i := p.tx.Idempotency
	if i == nil {
		return nil, nil
	}
	o := &outcome{used: e.clock, request: i.Request, note: i.Note, t: t, at: at}
	for _, op := range ops {
		r := effect{effect: op.effect}
		if op.effect != store.Absent {
			r.typ, r.doc = op.version.Type, versionDoc(op.version.ID, op.version.VID)
		}
		o.results = append(o.results, r)
	}
	doc := encodeOutcome(p.hash, e.slot, *o)
	if len(doc) > e.limits.document {
		return nil, fhir.NewIssue(fhir.TooLong, "the answer of the transaction is too large to be kept for its idempotency key")
	}
	return &remembered{o, doc}, nil
}

// remember adds the outcome of a transaction to what the group changes.
func (e *evaluation) remember(hash string, r *remembered) {
	if r == nil {
		return
	}
	e.changes.inserts = append(e.changes.inserts, insert{collection: replayCollection, doc: r.doc})
	e.over.group.outcomes[hash] = r.outcome
}

// commit is the commit of the group, nil where it changes nothing.
func (e *evaluation) commit() (*commit, error) {
	if len(e.changes.inserts) == 0 {
		return nil, nil
	}
	if err := e.applicable(); err != nil {
		return nil, err
	}
	payload, err := e.pack.encodeChanges(e.changes)
	if err != nil {
		return nil, err
	}
	return &commit{t: e.now.t, at: e.now.at, payload: payload}, nil
}

// applicable looks once more, whoever made them, whether a server takes all documents of the group: once it is committed it is too late.
func (e *evaluation) applicable() error {
	for _, i := range e.changes.inserts {
		if len(i.doc) > e.limits.document+documentRoom {
			return fhir.NewIssue(fhir.TooLong, fmt.Sprintf("the transaction makes a document of %s that is larger than %d bytes", i.collection, e.limits.document))
		}
	}
	return nil
}
