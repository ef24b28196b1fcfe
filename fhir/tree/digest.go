package tree

import (
	"crypto/sha256"
	"slices"
)

// Digest hashes the tokens of the document, leaving out meta.versionId and
// meta.lastUpdated (and a meta that holds nothing else). Equal digests mean that an
// update would change nothing. How a string is escaped does not count; how a number is written does.
func (t *Tree) Digest() [32]byte {
	r := t.nodes[t.root]
	cuts := t.unversioned()
	if len(cuts) == 0 && !t.escapes {
		return sha256.Sum256(t.src[r.start:r.stop])
	}
	if t.escapes {
		cuts = t.canonicalStrings(cuts)
	}
	h := sha256.New()
	lo := r.start
	for _, c := range cuts {
		h.Write(t.src[lo:c.lo])
		h.Write(c.by)
		lo = c.hi
	}
	h.Write(t.src[lo:r.stop])
	return [32]byte(h.Sum(make([]byte, 0, sha256.Size)))
}

// unversioned returns the spans that Digest leaves out.
func (t *Tree) unversioned() []span {
	meta := t.Root().Member("meta")
	if meta.Kind() != Object {
		return nil
	}
	found, others := t.server(meta)
	if others == 0 {
		return t.removals([]int32{meta.i})
	}
	return t.removals(found)
}

// canonicalStrings adds to the cuts the strings and names that have escapes, as Quote writes them.
func (t *Tree) canonicalStrings(cuts []span) []span {
	changes := make([]span, 0, len(cuts)+8)
	for i := t.root; i < t.nodes[t.root].end; i++ {
		d := &t.nodes[i]
		for len(cuts) > 0 && d.start >= cuts[0].hi {
			changes, cuts = append(changes, cuts[0]), cuts[1:]
		}
		if len(cuts) > 0 && d.start >= cuts[0].lo {
			continue
		}
		if d.flags&escapedName != 0 && i != t.root {
			changes = append(changes, span{lo: d.nstart - 1, hi: d.start - 1, by: Quote(nil, t.name(i))})
		}
		if d.flags&escapedValue != 0 {
			changes = append(changes, span{lo: d.start, hi: d.stop, by: Quote(nil, Node{t: t, i: i}.Text())})
		}
	}
	return slices.Concat(changes, cuts)
}
