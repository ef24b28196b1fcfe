package spec

import (
	"strings"

	"firewolf/fhir/tree"
)

// Walk calls visit for every element of the resource at n in document order, contained resources included, with
// the type that the definitions give it. It goes below an element only if visit returns true. Unknown members are not visited.
//
// Each item of an array is an element. A resource inside the resource has its own type ("Patient"), or "Resource" where
// resourceType names none. The "_birthDate" of a primitive is visited as an object of type date, at its own place in the
// document; nulls are not visited.
func (s *Spec) Walk(n tree.Node, visit func(n tree.Node, typ string, e *Element) bool) {
	if t := s.resource(n); t != nil {
		s.walk(n, t, visit)
	}
}

// resource returns the type that the resource at n says it is of, nil where there is none.
func (s *Spec) resource(n tree.Node) *Type {
	name := n.Member("resourceType").Text()
	if !s.IsResource(name) {
		return nil
	}
	return s.types[name]
}

func (s *Spec) walk(n tree.Node, t *Type, visit func(tree.Node, string, *Element) bool) {
	for m := n.First(); m.Exists(); m = m.Next() {
		name, beside := strings.CutPrefix(m.Name(), "_")
		c, ok := t.Child(name)
		if !ok || beside && c.Def.Kind != Primitive {
			continue
		}
		if m.Kind() != tree.Array {
			s.step(m, c, visit)
			continue
		}
		for item := m.First(); item.Exists(); item = item.Next() {
			s.step(item, c, visit)
		}
	}
}

// step visits one element and, if wanted, what is below it.
func (s *Spec) step(n tree.Node, c Child, visit func(tree.Node, string, *Element) bool) {
	if n.Kind() == tree.Null {
		return
	}
	def := c.Def
	if c.Type == "Resource" {
		if t := s.resource(n); t != nil {
			def = t
		}
	}
	if visit(n, def.Name, c.Element) && n.Kind() == tree.Object && !def.Abstract {
		s.walk(n, def, visit)
	}
}
