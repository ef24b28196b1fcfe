// Package tree is one resource as a lossless tree over its JSON: parse, walk, edit, write.
//
// Nothing is decoded into Go values: numbers keep their text (1.50 stays 1.50),
// strings their escapes until asked for, members their order. White space between
// tokens is the one thing that is not kept.
// https://hl7.org/fhir/R4/json.html
package tree

import (
	"iter"
	"time"
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

// Limits bound what Parse accepts.
type Limits struct {
	Depth int // nesting of objects and arrays; 0 means 90
	Bytes int // of the source; 0 means no limit here
}

// Tree is one parsed JSON document. It is immutable and safe for concurrent use.
type Tree struct {
	src   []byte // compact JSON
	nodes []node
}

// node is filled in document order: the subtree of nodes[i] is nodes[i+1 : nodes[i].end].
type node struct {
	kind         Kind
	start, stop  int32 // the span of the value in src
	nstart, nend int32 // the span of the member name without quotes, 0,0 for items and the root
	end          int32
	parent       int32
	escaped      bool // the string value has escapes
}

// Parse reads one JSON object. Refused, as fhir.Issues with line and column: bad
// JSON, duplicate member names, invalid UTF-8, too deep, trailing data, a root that is no object.
func Parse(src []byte, lim Limits) (*Tree, error) { panic("unwritten") }

// Bytes returns the document as compact JSON. The caller must not change it.
func (t *Tree) Bytes() []byte { return t.src }

// Root returns the root object.
func (t *Tree) Root() Node { return Node{t: t, i: 0} }

// ResourceType returns the text of the root's resourceType, "" where there is none.
func (t *Tree) ResourceType() string { panic("unwritten") }

// ID returns the text of the root's id, "" where there is none.
func (t *Tree) ID() string { panic("unwritten") }

// Digest hashes the tokens of the document, leaving out meta.versionId and
// meta.lastUpdated (and a meta that holds nothing else). Equal digests mean that an
// update would change nothing.
func (t *Tree) Digest() [32]byte { panic("unwritten") }

// Edit replaces the value of a node by other JSON, or removes the node (with its
// name) where JSON is nil.
type Edit struct {
	Node Node
	JSON []byte
}

// Apply returns a new tree with the edits done. Edited nodes must not contain each other.
func (t *Tree) Apply(edits []Edit) (*Tree, error) { panic("unwritten") }

// WithID returns the tree with the root's id set.
func (t *Tree) WithID(id string) (*Tree, error) { panic("unwritten") }

// Stamp is a document with a gap where meta.versionId and meta.lastUpdated go, so
// that the store can fill them in at commit without parsing again.
type Stamp struct {
	Before, After []byte
}

// Stamp splits the document around the place of meta.versionId and
// meta.lastUpdated, dropping those that the client sent. Everything else stays as it is.
func (t *Tree) Stamp() Stamp { panic("unwritten") }

// With returns the finished document.
func (s Stamp) With(vid int64, at time.Time) []byte { panic("unwritten") }

// Node is a place in a tree. The zero Node stands for "not there"; all methods work on it.
type Node struct {
	t *Tree
	i int32
}

// Kind returns the JSON type; None for the zero Node.
func (n Node) Kind() Kind { panic("unwritten") }

// Exists reports whether the node is there.
func (n Node) Exists() bool { return n.t != nil }

// Name returns the member name of the node in its object; "" for items and the root.
func (n Node) Name() string { panic("unwritten") }

// Member returns the member of an object, the zero Node where there is none.
func (n Node) Member(name string) Node { panic("unwritten") }

// Members yields the members of an object in order.
func (n Node) Members() iter.Seq[Node] { panic("unwritten") }

// Items yields the items of an array; for any other existing node the node itself, so that
// callers can treat 0..1 and 0..* alike.
func (n Node) Items() iter.Seq[Node] { panic("unwritten") }

// Len returns the number of members or items.
func (n Node) Len() int { panic("unwritten") }

// Item returns the k-th item of an array, the zero Node beyond its end.
func (n Node) Item(k int) Node { panic("unwritten") }

// Index returns the place of the node in its array, -1 if its parent is no array.
func (n Node) Index() int { panic("unwritten") }

// Parent returns the object or array around the node; the zero Node for the root.
func (n Node) Parent() Node { panic("unwritten") }

// Text returns a string decoded, a number as written, "true" or "false"; "" for the rest.
func (n Node) Text() string { panic("unwritten") }

// Raw returns the JSON of the node. The caller must not change it.
func (n Node) Raw() []byte { panic("unwritten") }

// Tree returns the tree that the node is of.
func (n Node) Tree() *Tree { return n.t }

// Location returns the FHIRPath of the node, such as "Patient.name[0].given[1]";
// an "_given" member has the location of "given".
func (n Node) Location() string { panic("unwritten") }
