package spec

import "firewolf/fhir/tree"

// Walk calls visit for every element of the resource at n in document order, contained resources included, with
// the type that the definitions give it. It goes below an element only if visit returns true. Unknown members are not visited.
func (s *Spec) Walk(n tree.Node, visit func(n tree.Node, typ string, e *Element) bool) {
	panic("unwritten")
}
