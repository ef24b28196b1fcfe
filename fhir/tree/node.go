package tree

import "iter"

// Node is a place in a tree. The zero Node stands for "not there"; all methods work on it.
// Two Nodes are the same place if they are equal.
type Node struct {
	t *Tree
	i int32
}

// Kind returns the JSON type; None for the zero Node.
func (n Node) Kind() Kind {
	if n.t == nil {
		return None
	}
	return n.t.nodes[n.i].kind
}

// Exists reports whether the node is there.
func (n Node) Exists() bool { return n.t != nil }

// Tree returns the tree that the node is of.
func (n Node) Tree() *Tree { return n.t }

// Name returns the member name of the node in its object; "" for items and the root.
func (n Node) Name() string {
	if n.t == nil || n.i == n.t.root {
		return ""
	}
	return n.t.name(n.i)
}

func (t *Tree) name(i int32) string {
	d := &t.nodes[i]
	if d.nstart == 0 {
		return ""
	}
	raw := t.text[d.nstart : d.start-2]
	if d.flags&escapedName != 0 {
		return unescape(raw)
	}
	return raw
}

// Member returns the member of an object, the zero Node where there is none.
func (n Node) Member(name string) Node {
	if n.Kind() != Object {
		return Node{}
	}
	t := n.t
	for i, end := n.i+1, t.nodes[n.i].end; i < end; i = t.nodes[i].end {
		if t.name(i) == name {
			return Node{t: t, i: i}
		}
	}
	return Node{}
}

// Members yields the members of an object in order.
func (n Node) Members() iter.Seq[Node] {
	if n.Kind() != Object {
		return func(func(Node) bool) {}
	}
	return n.children
}

// Named yields every member of a name in the tree, at whatever depth, in document order.
func (t *Tree) Named(name string) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for i, end := t.root+1, t.nodes[t.root].end; i < end; i++ {
			if t.name(i) == name && !yield(Node{t: t, i: i}) {
				return
			}
		}
	}
}

// Items yields the items of an array; for any other existing node the node itself, so that
// callers can treat 0..1 and 0..* alike.
func (n Node) Items() iter.Seq[Node] {
	switch n.Kind() {
	case None:
		return func(func(Node) bool) {}
	case Array:
		return n.children
	default:
		return func(yield func(Node) bool) { yield(n) }
	}
}

// children yields the members or items.
func (n Node) children(yield func(Node) bool) {
	t := n.t
	for i, end := n.i+1, t.nodes[n.i].end; i < end; i = t.nodes[i].end {
		if !yield(Node{t: t, i: i}) {
			return
		}
	}
}

// First returns the first member or item, the zero Node where there is none. Together with
// Next it does what Members and Items do for callers that may not allocate.
func (n Node) First() Node {
	if n.t == nil || n.i+1 == n.t.nodes[n.i].end {
		return Node{}
	}
	return Node{t: n.t, i: n.i + 1}
}

// Next returns the member or item after n, the zero Node where n is the last or the root.
func (n Node) Next() Node {
	if n.t == nil || n.i == n.t.root {
		return Node{}
	}
	d := &n.t.nodes[n.i]
	if d.end == n.t.nodes[d.parent].end {
		return Node{}
	}
	return Node{t: n.t, i: d.end}
}

// Len returns the number of members or items.
func (n Node) Len() int {
	if n.t == nil {
		return 0
	}
	count := 0
	for i, end := n.i+1, n.t.nodes[n.i].end; i < end; i = n.t.nodes[i].end {
		count++
	}
	return count
}

// Item returns the k-th item of an array, the zero Node beyond its end.
func (n Node) Item(k int) Node {
	if n.Kind() != Array || k < 0 {
		return Node{}
	}
	for i, end := n.i+1, n.t.nodes[n.i].end; i < end; i = n.t.nodes[i].end {
		if k == 0 {
			return Node{t: n.t, i: i}
		}
		k--
	}
	return Node{}
}

// Index returns the place of the node in its array, -1 if its parent is no array.
func (n Node) Index() int {
	p := n.Parent()
	if p.Kind() != Array {
		return -1
	}
	k := 0
	for i := p.i + 1; i < n.i; i = n.t.nodes[i].end {
		k++
	}
	return k
}

// Parent returns the object or array around the node; the zero Node for the root.
func (n Node) Parent() Node {
	if n.t == nil || n.i == n.t.root {
		return Node{}
	}
	return Node{t: n.t, i: n.t.nodes[n.i].parent}
}

// Text returns a string decoded, a number as written, "true" or "false"; "" for the rest.
// It shares the memory of the tree unless the string has escapes.
func (n Node) Text() string {
	if n.t == nil {
		return ""
	}
	d := &n.t.nodes[n.i]
	switch d.kind {
	case String:
		raw := n.t.text[d.start+1 : d.stop-1]
		if d.flags&escapedValue != 0 {
			return unescape(raw)
		}
		return raw
	case Number, Bool:
		return n.t.text[d.start:d.stop]
	default:
		return ""
	}
}

// Raw returns the JSON of the node, nil for the zero Node. The caller must not change it.
func (n Node) Raw() []byte {
	if n.t == nil {
		return nil
	}
	d := &n.t.nodes[n.i]
	return n.t.src[d.start:d.stop:d.stop]
}
