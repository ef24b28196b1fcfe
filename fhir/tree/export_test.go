package tree

import "slices"

// Same reports whether two trees are equal in all that they hold. That there are escapes may be noted in b alone.
func Same(a, b *Tree) bool {
	return string(a.src) == string(b.src) && a.text == b.text && slices.Equal(a.nodes, b.nodes) && a.root == b.root &&
		a.depth == b.depth && (b.escapes || !a.escapes)
}
