package tree

import (
	"cmp"
	"errors"
	"slices"

	"firewolf/fhir"
)

// Edit replaces the value of a node by other JSON, or removes the node (with its
// name) where JSON is nil.
type Edit struct {
	Node Node
	JSON []byte
}

// Apply returns a new tree with the edits done. Edited nodes must be of this tree,
// each once, and not contain each other; the root cannot be removed, and stays an object. JSON that
// is not one good value gives fhir.Issues with the location of the node.
func (t *Tree) Apply(edits []Edit) (*Tree, error) {
	if len(edits) == 0 {
		return t, nil
	}
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return cmp.Compare(a.Node.i, b.Node.i) })
	if err := t.checkEdits(edits); err != nil {
		return nil, err
	}
	changes, err := t.changes(edits)
	if err != nil {
		return nil, err
	}
	r := t.nodes[t.root]
	return Parse(t.splice(nil, r.start, r.stop, changes), Limits{Depth: t.depth})
}

// checkEdits refuses what only a mistake of the caller can ask for.
func (t *Tree) checkEdits(edits []Edit) error {
	last := int32(-1)
	for _, e := range edits {
		switch {
		case e.Node.t != t:
			return errors.New("editing a resource: the node is of another tree")
		case e.Node.i < last:
			return errors.New("editing a resource: one edit is inside another")
		case e.Node.i == t.root && e.JSON == nil:
			return errors.New("editing a resource: the root cannot be removed")
		}
		last = t.nodes[e.Node.i].end
	}
	return nil
}

// changes turns sorted edits into spans.
func (t *Tree) changes(edits []Edit) ([]span, error) {
	changes := make([]span, 0, len(edits))
	for k := 0; k < len(edits); k++ {
		e := edits[k]
		if e.JSON != nil {
			v, err := t.value(e)
			if err != nil {
				return nil, err
			}
			d := t.nodes[e.Node.i]
			changes = append(changes, span{lo: d.start, hi: d.stop, by: v.src})
			continue
		}
		first := k
		for k+1 < len(edits) && edits[k+1].JSON == nil && t.next(edits[k].Node.i, edits[k+1].Node.i) {
			k++
		}
		changes = append(changes, t.removal(edits[first].Node.i, edits[k].Node.i))
	}
	return changes, nil
}

// value parses the JSON of an edit by itself, so that it cannot reach beyond its place.
func (t *Tree) value(e Edit) (*Tree, error) {
	v, err := newScanner(e.JSON, t.depth).document()
	if err == nil {
		return v, nil
	}
	issues, _ := fhir.IssuesOf(err)
	for _, i := range issues {
		i.Expression = []string{e.Node.Location()}
	}
	return nil, issues
}

// splice appends src[lo:hi] with the changes done.
func (t *Tree) splice(b []byte, lo, hi int32, changes []span) []byte {
	for _, c := range changes {
		b = append(append(b, t.src[lo:c.lo]...), c.by...)
		lo = c.hi
	}
	return append(b, t.src[lo:hi]...)
}

// WithID returns the tree with the root's id set. A new id comes after resourceType, or else first.
func (t *Tree) WithID(id string) (*Tree, error) {
	text := Quote(nil, id)
	n := t.Root().Member("id")
	if n.Exists() {
		if n.Kind() == String && n.Text() == id {
			return t, nil
		}
		return t.Apply([]Edit{{Node: n, JSON: text}})
	}
	r := t.nodes[t.root]
	at, by := r.start+1, append([]byte(`"id":`), text...)
	if typ := t.Root().Member("resourceType"); typ.Exists() {
		at, by = t.nodes[typ.i].stop, append([]byte(`,"id":`), text...)
	} else if t.Root().Len() > 0 {
		by = append(by, ',')
	}
	src := t.splice(nil, r.start, r.stop, []span{{lo: at, hi: at, by: by}})
	return Parse(src, Limits{Depth: t.depth})
}
