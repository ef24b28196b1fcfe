package mongodb

import (
	"bytes"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// layer is what one commit brings, before the database shows it.
type layer struct {
	slot     slot
	versions map[fhir.Key]*draft // the last one of each resource
	outcomes map[string]*outcome // by hashed idempotency key
}

func newLayer(s slot) *layer {
	return &layer{slot: s, versions: map[fhir.Key]*draft{}, outcomes: map[string]*outcome{}}
}

// draft is a version that the database does not show yet.
type draft struct {
	header
	version fhir.Version    // without JSON
	doc     bson.Raw        // its document
	entries *search.Entries // of a Put of this process; nil of another's
	subject *subject        // the same, once it was asked for
}

// refers reports whether the version refers to a resource.
func (d *draft) refers(k fhir.Key) bool {
	if d.entries != nil {
		return slices.ContainsFunc(d.entries.Refs, func(r search.RefEntry) bool { return r.Key == k })
	}
	return hasKey(d.doc, refAny(k))
}

// hasKey reports whether a version document has a key in its index.
func hasKey(doc bson.Raw, key string) bool {
	list, ok := bsoncore.Document(doc).Lookup(fieldKeys).ArrayOK()
	if !ok {
		return false
	}
	values, err := bsoncore.Document(list).Elements()
	return err == nil && slices.ContainsFunc(values, func(e bsoncore.Element) bool {
		s, ok := e.Value().StringValueOK()
		return ok && s == key
	})
}

// overlay is the state that transactions are evaluated on: what the database shows at base, and over it what is
// committed, in the order of the log, and the group.
type overlay struct {
	base   head     // applied
	tail   mark     // the newest commit
	layers []*layer // of the commits base.applied+1 .. tail.slot
	group  *layer
}

// restart begins anew at a head.
func (o *overlay) restart(h head) {
	o.base, o.layers, o.group = h, nil, nil
	o.tail = mark{slot: h.applied, t: h.t, at: h.at}
}

// push adds a commit that follows the tail.
func (o *overlay) push(c commit, l *layer) {
	o.layers = append(o.layers, l)
	o.tail = mark{slot: c.slot, t: c.t, at: c.at}
}

// settle moves the base up to a head, and drops what the database shows by then.
func (o *overlay) settle(h head) {
	if h.applied > o.tail.slot { // others went on: their commits are read from the log, or the state is read anew
		return
	}
	for len(o.layers) > 0 && o.layers[0].slot <= h.applied {
		o.layers = o.layers[1:]
	}
	if h.applied >= o.base.applied {
		o.base = h
	}
}

// all yields the layers, newest first.
func (o *overlay) all(yield func(*layer) bool) {
	if o.group != nil && !yield(o.group) {
		return
	}
	for k := len(o.layers) - 1; k >= 0; k-- {
		if !yield(o.layers[k]) {
			return
		}
	}
}

// version returns the newest version of a resource that the database does not show, nil for none.
func (o *overlay) version(k fhir.Key) *draft {
	for l := range o.all {
		if d := l.versions[k]; d != nil {
			return d
		}
	}
	return nil
}

// outcome returns what an idempotency key was last used for, nil for nothing.
func (o *overlay) outcome(hash string) *outcome {
	for l := range o.all {
		if u := l.outcomes[hash]; u != nil {
			return u
		}
	}
	return nil
}

// versions returns the newest version of each resource that the database does not show.
func (o *overlay) versions() map[fhir.Key]*draft {
	all := map[fhir.Key]*draft{}
	for l := range o.all {
		for k, d := range l.versions {
			if all[k] == nil {
				all[k] = d
			}
		}
	}
	return all
}

// layerOf reads what a commit of another process brings.
func layerOf(c commit, ch changes) (*layer, error) {
	l := newLayer(c.slot)
	for _, i := range ch.inserts {
		switch i.collection {
		case partCollection:
		case replayCollection:
			o, err := decodeOutcome(bsoncore.Document(i.doc))
			if err != nil {
				return nil, err
			}
			hash, _ := bsoncore.Document(i.doc).Lookup(fieldHash).StringValueOK()
			l.outcomes[hash] = &o
		default:
			v, err := decodeStored(i.collection, i.doc)
			if err != nil {
				return nil, err
			}
			if d := l.versions[v.Key]; d == nil || d.t < v.T {
				l.versions[v.Key] = &draft{header: v.header, version: v.Version, doc: bytes.Clone(i.doc)}
			}
		}
	}
	return l, nil
}
