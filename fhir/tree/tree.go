package tree

import (
	"unsafe"
)

// Kind is the JSON type of a node.
type Kind uint8

// The kinds. The zero Kind is that of the zero Node, which stands for "not there".
const (
	None Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

// String returns the name of the kind as a message to a person says it.
func (k Kind) String() string {
	return [...]string{"nothing", "object", "array", "string", "number", "boolean", "null"}[k]
}

// Limits bound what Parse accepts.
type Limits struct {
	Depth int // nesting of objects and arrays; 0 means DefaultDepth
	Bytes int // of the source; 0 means no limit here

	// Locate names the places of problems. It is called while the tree is unfinished; nil means Node.Location.
	Locate func(Node) string
}

// DefaultDepth is the nesting that every store can hold.
const DefaultDepth = 90

func (l Limits) depth() int {
	if l.Depth <= 0 {
		return DefaultDepth
	}
	return l.Depth
}

// Tree is one parsed JSON document. It is immutable and safe for concurrent use.
type Tree struct {
	src     []byte // compact JSON
	text    string // the same memory as src, so that names and strings need no copy
	nodes   []node
	root    int32 // more than 0 in a tree made by Sub
	depth   int   // the limit that edits obey too
	escapes bool  // some string or name is written with escapes
}

// node is filled in document order: the subtree of nodes[i] is nodes[i+1 : nodes[i].end].
type node struct {
	kind        Kind
	flags       uint8
	start, stop int32 // the span of the value in src
	nstart      int32 // where the member name starts, after its quote; it ends 2 bytes before the value. 0 for items and the root
	end         int32
	parent      int32 // -1 for the outermost node
}

// The flags of a node.
const (
	escapedValue uint8 = 1 << iota // the string has escapes
	escapedName                    // the member name has escapes
)

// outer returns where the node starts in src, its name included.
func (n *node) outer() int32 {
	if n.nstart > 0 {
		return n.nstart - 1
	}
	return n.start
}

func newTree(src []byte, nodes []node, depth int, escapes bool) *Tree {
	// The bytes are never changed from here on, so a string may share their memory.
	text := unsafe.String(unsafe.SliceData(src), len(src))
	return &Tree{src: src, text: text, nodes: nodes, depth: depth, escapes: escapes}
}

// Bytes returns the document as compact JSON. The caller must not change it.
func (t *Tree) Bytes() []byte { return t.Root().Raw() }

// Len returns the length of Bytes.
func (t *Tree) Len() int {
	r := t.nodes[t.root]
	return int(r.stop - r.start)
}

// Root returns the root object.
func (t *Tree) Root() Node { return Node{t: t, i: t.root} }

// Sub returns the object n, such as the resource of a Bundle entry, as a tree of
// its own: n is its root. It shares the memory of t. For a node that is not an object it returns nil.
func (t *Tree) Sub(n Node) *Tree {
	if n.Kind() != Object {
		return nil
	}
	s := *n.t
	s.root = n.i
	return &s
}

// ResourceType returns the text of the root's resourceType, "" where there is none.
func (t *Tree) ResourceType() string { return t.rootString("resourceType") }

// ID returns the text of the root's id, "" where there is none.
func (t *Tree) ID() string { return t.rootString("id") }

func (t *Tree) rootString(name string) string {
	n := t.Root().Member(name)
	if n.Kind() != String {
		return ""
	}
	return n.Text()
}
