package fhirpath

import (
	"fmt"
	"slices"

	"firewolf/fhir"
	"firewolf/fhir/spec"
)

// compiler turns an ast into nodes, with what is known of the types of the focus.
type compiler struct {
	spec *spec.Spec
	src  string

	// lenient makes a member that a type does not have match nothing, instead of being an error. It is set
	// where an expression that was accepted is narrowed to one type.
	lenient bool

	loops, sums int // iterations and aggregations around the term, which give $index and $total a meaning
}

// compiled is a node with the shape of what it returns.
type compiled struct {
	node  node
	shape shape
}

func (c *compiler) compile(a *ast, focus shape) (compiled, error) {
	switch a.kind {
	case astLiteral:
		return compiled{node: &literal{value: a.value}}, nil
	case astEmpty:
		return compiled{node: nothing{}, shape: never()}, nil
	case astThis:
		return compiled{node: this{}, shape: focus}, nil
	case astIndex, astTotal:
		return c.iterator(a)
	case astVariable:
		return c.variable(a)
	case astMember:
		return c.member(a, focus)
	case astCall:
		return c.call(a, focus)
	case astItem:
		return c.item(a, focus)
	case astUnary:
		return c.unary(a, focus)
	case astType:
		return c.typeOperator(a, a.typ, focus)
	default:
		return c.binary(a, focus)
	}
}

// iterator compiles $index and $total.
func (c *compiler) iterator(a *ast) (compiled, error) {
	switch {
	case a.kind == astIndex && c.loops > 0:
		return compiled{node: &index{}}, nil
	case a.kind == astTotal && c.sums > 0:
		return compiled{node: &total{}}, nil
	case a.kind == astIndex:
		return compiled{}, syntaxError(c.src, a.pos, "$index is defined inside an iteration alone")
	}
	return compiled{}, syntaxError(c.src, a.pos, "$total is defined inside aggregate() alone")
}

// body compiles an expression that is evaluated on each item of a collection.
func (c *compiler) body(a *ast, item shape) (compiled, error) {
	c.loops++
	defer func() { c.loops-- }()
	return c.compile(a, item)
}

// left compiles what a term is invoked on; nothing before it means the focus.
func (c *compiler) left(a *ast, focus shape) (compiled, error) {
	if a.left == nil {
		return compiled{node: this{}, shape: focus}, nil
	}
	return c.compile(a.left, focus)
}

// member compiles a step to children. The first name of a path is a type if there is one of that name:
// Patient.name is the name of a focus that is a Patient. https://hl7.org/fhirpath/N1/#identifiers
func (c *compiler) member(a *ast, focus shape) (compiled, error) {
	if a.left == nil && fhir.ValidTypeName(a.name) && c.spec.Type(a.name) != nil {
		x, err := c.ofType(compiled{node: this{}, shape: focus}, typeTest{fhir: a.name})
		if err == nil && x.shape.never() && !focus.never() && !c.lenient {
			err = syntaxError(c.src, a.pos, fmt.Sprintf("this is evaluated on %s, never on %s", typeNames(focus.types), a.name))
		}
		return x, err
	}
	left, err := c.left(a, focus)
	if err != nil || left.shape.never() {
		return left, err
	}
	step, out, err := c.memberStep(a, left.shape)
	if err != nil {
		return compiled{}, err
	}
	if out.never() {
		return compiled{node: nothing{}, shape: out}, nil
	}
	return compiled{node: extend(left.node, step), shape: out}, nil
}

// memberStep resolves a name in every type that its owner can have.
func (c *compiler) memberStep(a *ast, owners shape) (*memberStep, shape, error) {
	step := &memberStep{name: a.name, pos: a.pos}
	types := owners.types
	if owners.base != nil {
		types = []*spec.Type{owners.base}
	} else if !owners.known {
		return step, shape{}, nil
	}
	out := never()
	for _, t := range types {
		fields := fieldsOf(t, a.name)
		if len(fields) == 0 {
			continue
		}
		step.cases = append(step.cases, memberCase{parent: t.Name, fields: fields})
		for _, f := range fields {
			out = out.and(shapeOf(c.spec.Type(f.typ)))
		}
	}
	if len(step.cases) == 0 && !c.lenient {
		return nil, out, syntaxError(c.src, a.pos, fmt.Sprintf("%s has no element %q", typeNames(types), a.name))
	}
	step.sure = len(types) == 1 && len(step.cases) == 1
	return step, out, nil
}

func typeNames(types []*spec.Type) string {
	if len(types) == 1 {
		return types[0].Name
	}
	if len(types) > 3 {
		return fmt.Sprintf("none of %s, %s and %d more types", types[0].Name, types[1].Name, len(types)-2)
	}
	text := "none of " + types[0].Name
	for _, t := range types[1:] {
		text += ", " + t.Name
	}
	return text
}

// extend appends a step to a path, or begins one.
func extend(left node, s step) node {
	if p, ok := left.(*path); ok {
		p.steps = append(p.steps, s)
		return p
	}
	if _, ok := left.(this); ok {
		left = nil
	}
	return &path{source: left, steps: []step{s}}
}

// ofType compiles the filter that passes one type. Where the step before it resolved its members, those of
// other types are dropped from it: (Observation.value as Quantity) looks for valueQuantity alone.
func (c *compiler) ofType(left compiled, test typeTest) (compiled, error) {
	kept, all := c.narrow(left.shape, test)
	switch {
	case kept.never():
		return compiled{node: nothing{}, shape: kept}, nil
	case all:
		return compiled{node: left.node, shape: kept}, nil
	case left.shape.known && narrowFields(left.node, kept):
		return compiled{node: left.node, shape: kept}, nil
	}
	return compiled{node: extend(left.node, &typeStep{test: test}), shape: kept}, nil
}

// narrowFields drops the members of other types from the last step of a path. It reports false where
// there is no such step, or where the type of a member is seen only when it is met.
func narrowFields(n node, kept shape) bool {
	p, ok := n.(*path)
	if !ok {
		return false
	}
	last, ok := p.steps[len(p.steps)-1].(*memberStep)
	if !ok {
		return false
	}
	wanted := func(f field) bool {
		return slices.ContainsFunc(kept.types, func(t *spec.Type) bool { return t.Name == f.typ })
	}
	for _, mc := range last.cases {
		if slices.ContainsFunc(mc.fields, func(f field) bool { return f.resource }) {
			return false
		}
	}
	for k := range last.cases {
		mc := &last.cases[k]
		mc.fields = slices.DeleteFunc(mc.fields, func(f field) bool { return !wanted(f) })
	}
	return true
}

// typeOperator compiles is and as. as takes more than one item here and filters, as the
// official search expressions need it (MedicationRequest.medication as Reference on every ingredient).
func (c *compiler) typeOperator(a *ast, name typeName, focus shape) (compiled, error) {
	left, err := c.left(a, focus)
	if err != nil {
		return compiled{}, err
	}
	if a.name == "is" {
		test, err := c.resolveType(name, a.pos)
		return compiled{node: &isType{left: left.node, test: test, pos: a.pos}}, err
	}
	test, err := c.filterType(name, a.pos)
	if err != nil {
		return compiled{}, err
	}
	return c.ofType(left, test)
}

func (c *compiler) item(a *ast, focus shape) (compiled, error) {
	left, err := c.left(a, focus)
	if err != nil || left.shape.never() {
		return left, err
	}
	at, err := c.compile(a.args[0], focus)
	if err != nil {
		return compiled{}, err
	}
	return compiled{node: &item{left: left.node, index: at.node, pos: a.pos}, shape: left.shape}, nil
}

func (c *compiler) unary(a *ast, focus shape) (compiled, error) {
	operand, err := c.compile(a.args[0], focus)
	if err != nil {
		return compiled{}, err
	}
	return compiled{node: &sign{negative: a.name == "-", operand: operand.node, pos: a.pos}}, nil
}

func (c *compiler) binary(a *ast, focus shape) (compiled, error) {
	left, err := c.compile(a.left, focus)
	if err != nil {
		return compiled{}, err
	}
	right, err := c.compile(a.args[0], focus)
	if err != nil {
		return compiled{}, err
	}
	both := operands{left: left.node, right: right.node, pos: a.pos}
	switch a.name {
	case "|":
		return unite(left, right), nil
	case "and", "or", "xor", "implies":
		return compiled{node: &logic{operands: both, op: a.name}}, nil
	case "=", "!=":
		return compiled{node: &equality{operands: both, negated: a.name == "!="}}, nil
	case "~", "!~":
		return compiled{node: &equivalence{operands: both, negated: a.name == "!~"}}, nil
	case "<", "<=", ">", ">=":
		return compiled{node: &comparison{operands: both, op: a.name}}, nil
	case "in":
		return compiled{node: &membership{operands: both}}, nil
	case "contains":
		return compiled{node: &membership{operands: operands{left: both.right, right: both.left, pos: a.pos}}}, nil
	default:
		return compiled{node: &arithmetic{operands: both, op: a.name}}, nil
	}
}

// unite compiles |. Branches that never match are dropped: of a union over thirty
// types the one for this type is left.
func unite(left, right compiled) compiled {
	u := &union{}
	for _, side := range []compiled{left, right} {
		if inner, ok := side.node.(*union); ok {
			u.branches = append(u.branches, inner.branches...)
		} else if !side.shape.never() && !slices.ContainsFunc(u.branches, func(b node) bool { return merge(b, side.node) }) {
			u.branches = append(u.branches, side.node)
		}
	}
	out := left.shape.and(right.shape)
	if len(u.branches) == 0 {
		return compiled{node: nothing{}, shape: never()}
	}
	return compiled{node: u, shape: out}
}
