package fhirpath

import (
	"slices"
	"strings"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// path applies steps one after another to each item of a source, depth first, so that no collection between
// two steps is ever built.
type path struct {
	source node // nil: the focus
	steps  []step
}

// step takes one item to the items that follow from it, and each of these through the rest of the steps.
type step interface {
	apply(e *env, v Value, rest []step, dst []Value) ([]Value, error)
}

func (p *path) eval(e *env, in, dst []Value) ([]Value, error) {
	if p.source == nil {
		return walkAll(e, in, p.steps, dst)
	}
	start := len(dst)
	dst, err := p.source.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	mid := len(dst)
	if dst, err = walkAll(e, dst[start:mid], p.steps, dst); err != nil {
		return nil, err
	}
	return drop(dst, start, mid), nil
}

func walkAll(e *env, in []Value, steps []step, dst []Value) ([]Value, error) {
	var err error
	for _, v := range in {
		if dst, err = walk(e, v, steps, dst); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func walk(e *env, v Value, steps []step, dst []Value) ([]Value, error) {
	if len(steps) > 0 {
		return steps[0].apply(e, v, steps[1:], dst)
	}
	if err := e.spend(1); err != nil {
		return nil, err
	}
	return append(dst, v), nil
}

// drop removes dst[start:mid], which was only needed on the way to what follows it.
func drop(dst []Value, start, mid int) []Value {
	if start == mid {
		return dst
	}
	return dst[:start+copy(dst[start:], dst[mid:])]
}

// typeStep passes the items of a type.
type typeStep struct{ test typeTest }

func (s *typeStep) apply(e *env, v Value, rest []step, dst []Value) ([]Value, error) {
	if !s.test.matches(e.spec, v) {
		return dst, nil
	}
	return walk(e, v, rest, dst)
}

// memberStep goes from an element to its children of one name.
type memberStep struct {
	name  string
	pos   int
	cases []memberCase // what the compiler knows; where no case fits, the definitions are asked
	sure  bool         // the one case fits without looking
}

// memberCase is what the name means in elements of one type.
type memberCase struct {
	parent string
	fields []field
}

// field is one JSON member that holds a child.
type field struct {
	name      string // without underscore
	typ       string
	primitive bool // a "_name" may stand beside or instead of it
	resource  bool // the type is what its resourceType says
}

func fieldOf(name string, t *spec.Type) field {
	return field{
		name: name, typ: t.Name,
		primitive: t.Kind == spec.Primitive,
		resource:  t.Kind == spec.Resource && t.Abstract,
	}
}

// fieldsOf returns the JSON members of a FHIRPath name in a type, none where it has no such element.
func fieldsOf(t *spec.Type, name string) []field {
	var fields []field
	for _, el := range t.Elements {
		if el.Name != name {
			continue
		}
		for _, typ := range el.Types {
			member := el.JSONName(typ)
			if child, ok := t.Child(member); ok && child.Def != nil {
				fields = append(fields, fieldOf(member, child.Def))
			}
		}
	}
	return fields
}

func (s *memberStep) apply(e *env, v Value, rest []step, dst []Value) ([]Value, error) {
	if !v.Node.Exists() {
		return s.ofNothing(e, v, rest, dst)
	}
	owner := holder(v.Node)
	if s.sure {
		return s.cases[0].apply(e, owner, s.name, rest, dst)
	}
	for k := range s.cases {
		if c := &s.cases[k]; c.parent == v.Type {
			return c.apply(e, owner, s.name, rest, dst)
		}
	}
	return s.look(e, e.spec.Type(v.Type), owner, rest, dst)
}

// look asks the definitions what the name means in an element of a type.
func (s *memberStep) look(e *env, t *spec.Type, owner tree.Node, rest []step, dst []Value) ([]Value, error) {
	if t == nil {
		return dst, nil
	}
	at := slices.IndexFunc(t.Elements, func(el *spec.Element) bool { return el.Name == s.name })
	if at < 0 {
		return dst, nil
	}
	el := t.Elements[at]
	if !el.Choice {
		child, _ := t.Child(el.Name)
		f := fieldOf(el.Name, child.Def)
		return f.apply(e, owner, rest, dst)
	}
	var err error
	for m := owner.First(); m.Exists(); m = m.Next() {
		bare, ok := met(owner, m, s.name)
		if !ok {
			continue
		}
		if child, ok := t.Child(bare); ok && child.Element == el {
			f := fieldOf(bare, child.Def)
			if dst, err = f.apply(e, owner, rest, dst); err != nil {
				return nil, err
			}
		}
	}
	return dst, nil
}

// met returns the name of a member without underscore, if it begins with a prefix. It is false for the companion
// of a member that is met by itself.
func met(owner, m tree.Node, prefix string) (bare string, ok bool) {
	name := m.Name()
	bare = strings.TrimPrefix(name, "_")
	return bare, strings.HasPrefix(bare, prefix) && (len(bare) == len(name) || !owner.Member(bare).Exists())
}

// ofNothing answers for values that are no elements: the two names of a TypeInfo, and nothing else.
func (s *memberStep) ofNothing(e *env, v Value, rest []step, dst []Value) ([]Value, error) {
	switch {
	case v.Type == typeTypeInfo && s.name == "namespace":
		namespace, _, _ := strings.Cut(v.Text, ".")
		return walk(e, stringValue(namespace), rest, dst)
	case v.Type == typeTypeInfo && s.name == "name":
		_, name, _ := strings.Cut(v.Text, ".")
		return walk(e, stringValue(name), rest, dst)
	case v.computed():
		return nil, e.fail(s.pos, withArticle(v.Type)+" has no elements")
	}
	return nil, e.fail(s.pos, "the referenced resource is not read here, only its type is known")
}

// holder returns the object in which the children of an element stand: of a primitive with a value that is
// the "_name" beside it. https://hl7.org/fhir/R4/json.html#primitive
func holder(n tree.Node) tree.Node {
	switch n.Kind() {
	case tree.String, tree.Number, tree.Bool:
	default:
		return n
	}
	parent := n.Parent()
	if parent.Kind() != tree.Array {
		_, companion := parent.Pair(n.Name())
		return companion
	}
	_, companions := parent.Parent().Pair(parent.Name())
	return companions.Item(n.Index())
}

func (c *memberCase) apply(e *env, owner tree.Node, name string, rest []step, dst []Value) ([]Value, error) {
	if len(c.fields) > 2 {
		return c.choice(e, owner, name, rest, dst)
	}
	var err error
	for k := range c.fields {
		if dst, err = c.fields[k].apply(e, owner, rest, dst); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// choice looks at each member once, where the name is a choice of many types.
func (c *memberCase) choice(e *env, owner tree.Node, name string, rest []step, dst []Value) ([]Value, error) {
	var err error
	for m := owner.First(); m.Exists(); m = m.Next() {
		bare, ok := met(owner, m, name)
		if !ok {
			continue
		}
		if f := c.field(bare); f != nil {
			if dst, err = f.apply(e, owner, rest, dst); err != nil {
				return nil, err
			}
		}
	}
	return dst, nil
}

func (c *memberCase) field(name string) *field {
	for k := range c.fields {
		if c.fields[k].name == name {
			return &c.fields[k]
		}
	}
	return nil
}

// apply passes on each value of the member.
func (f *field) apply(e *env, owner tree.Node, rest []step, dst []Value) ([]Value, error) {
	if f.primitive {
		n, companion := owner.Pair(f.name)
		if companion.Exists() {
			return f.pairs(e, n, companion, rest, dst)
		}
		return f.each(e, n, rest, dst)
	}
	return f.each(e, owner.Member(f.name), rest, dst)
}

func (f *field) each(e *env, n tree.Node, rest []step, dst []Value) ([]Value, error) {
	if n.Kind() != tree.Array {
		return f.one(e, n, rest, dst)
	}
	var err error
	for item := n.First(); item.Exists(); item = item.Next() {
		if dst, err = f.one(e, item, rest, dst); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func (f *field) one(e *env, n tree.Node, rest []step, dst []Value) ([]Value, error) {
	if k := n.Kind(); k == tree.None || k == tree.Null {
		return dst, nil
	}
	v := Value{Node: n, Type: f.typ}
	if f.resource {
		v.Type = resourceType(e.spec, n)
	}
	return walk(e, v, rest, dst)
}

// pairs passes on the values of a primitive member and, where there is no value, its companion.
// https://hl7.org/fhir/R4/json.html#null
func (f *field) pairs(e *env, n, companion tree.Node, rest []step, dst []Value) ([]Value, error) {
	if n.Kind() != tree.Array && companion.Kind() != tree.Array {
		return f.one(e, either(n, companion), rest, dst)
	}
	var err error
	value, beside := items(n), items(companion)
	for value.Exists() || beside.Exists() {
		if dst, err = f.one(e, either(value, beside), rest, dst); err != nil {
			return nil, err
		}
		value, beside = value.Next(), beside.Next()
	}
	return dst, nil
}

// items returns the first item of an array, the zero Node for anything else.
func items(n tree.Node) tree.Node {
	if n.Kind() != tree.Array {
		return tree.Node{}
	}
	return n.First()
}

// either returns the value, or the companion where the value is missing or null.
func either(value, companion tree.Node) tree.Node {
	if k := value.Kind(); k == tree.None || k == tree.Null {
		return companion
	}
	return value
}
