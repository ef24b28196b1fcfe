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
	if edits[0].Node.i == t.root {
		return changes[0].value, nil
	}
	return t.splice(changes), nil
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

// changes turns sorted edits into changes. Neighbors that are removed make one change.
func (t *Tree) changes(edits []Edit) ([]change, error) {
	changes := make([]change, 0, len(edits))
	for k := 0; k < len(edits); k++ {
		i := edits[k].Node.i
		d := t.nodes[i]
		if edits[k].JSON != nil {
			v, err := t.value(edits[k])
			if err != nil {
				return nil, err
			}
			changes = append(changes, change{
				span: span{lo: d.start, hi: d.stop, by: v.src}, from: i, to: d.end, value: v,
			})
			continue
		}
		for k+1 < len(edits) && edits[k+1].JSON == nil && t.next(edits[k].Node.i, edits[k+1].Node.i) {
			k++
		}
		last := edits[k].Node.i
		changes = append(changes, change{span: t.removal(i, last), from: i, to: t.nodes[last].end})
	}
	return changes, nil
}

// value parses the JSON of an edit by itself, so that it cannot reach beyond its place.
func (t *Tree) value(e Edit) (*Tree, error) {
	level := 0
	for p := e.Node.Parent(); p.Exists(); p = p.Parent() {
		level++
	}
	s := newScanner(e.JSON, t.depth-level)
	if level == 0 && !s.is('{') {
		return nil, fhir.Issues{s.fault(-1, s.pos, noObject)}
	}
	v, err := s.document()
	if err == nil {
		v.depth = t.depth
		return v, nil
	}
	issues, _ := fhir.IssuesOf(err)
	for _, i := range issues {
		i.Expression = []string{e.Node.Location()}
	}
	return nil, issues
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
	at, by, nstart := t.nodes[t.root].start+1, append([]byte(`"id":`), text...), int32(1)
	from := t.root + 1
	if typ := t.Root().Member("resourceType"); typ.Exists() {
		at, by, nstart = t.nodes[typ.i].stop, append([]byte(`,"id":`), text...), 2
		from = t.nodes[typ.i].end
	} else if t.Root().Len() > 0 {
		by = append(by, ',')
	}
	s := newScanner(text, 0)
	v, err := s.document()
	if err != nil {
		return nil, err
	}
	return t.splice([]change{{
		span: span{lo: at, hi: at, by: by}, from: from, to: from, value: v, at: nstart + int32(len(`id":`)), nstart: nstart,
	}}), nil
}
