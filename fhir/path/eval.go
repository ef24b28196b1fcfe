package fhirpath

import (
	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fhir/ucum"
)

// node is a compiled term. eval appends its collection to dst and returns the extended slice; in is $this, a
// collection that eval must not change. On the way dst serves as a stack: what lies beyond its end is free.
type node interface {
	eval(e *env, in, dst []Value) ([]Value, error)
}

// maxWork bounds one evaluation, in items produced and compared: less than half a second.
const maxWork = 2_000_000

// env is the state of one evaluation.
type env struct {
	spec  *spec.Spec
	src   string
	focus [1]Value // %context
	scope Scope
	index int     // $index
	total []Value // $total
	now   nowTime
	left  int // of maxWork
	units func() *ucum.Table
}

// ucum returns the table of units, which is read when it is wanted first.
func (e *env) ucum() *ucum.Table {
	if e.scope.Units != nil {
		return e.scope.Units
	}
	return e.units()
}

func (e *env) begin(focus Value, scope Scope) {
	e.focus[0], e.scope, e.left = focus, scope, scope.Work
	if e.left == 0 {
		e.left = maxWork
	}
}

// end forgets what the evaluation saw, so that a pooled env keeps no resource alive.
func (e *env) end() {
	e.focus[0], e.scope, e.index, e.total, e.now = Value{}, Scope{}, 0, nil, nowTime{}
}

// spend counts work, and fails where an expression does too much of it.
func (e *env) spend(n int) error {
	if e.left -= n; e.left < 0 {
		return fhir.NewIssue(fhir.TooCostly, "FHIRPath: the expression takes too many steps on this resource")
	}
	return nil
}

// fail makes the error of an evaluation, with the place in the expression.
func (e *env) fail(pos int, text string) error {
	return fhir.NewIssue(fhir.Processing, place(e.src, pos)+text)
}

// literal is a constant.
type literal struct{ value Value }

func (l *literal) eval(_ *env, _, dst []Value) ([]Value, error) { return append(dst, l.value), nil }

// nothing is {}, and what can never match.
type nothing struct{}

func (nothing) eval(_ *env, _, dst []Value) ([]Value, error) { return dst, nil }

// this is $this.
type this struct{}

func (this) eval(e *env, in, dst []Value) ([]Value, error) {
	return append(dst, in...), e.spend(len(in))
}

// index is $index.
type index struct{}

func (*index) eval(e *env, _, dst []Value) ([]Value, error) {
	return append(dst, integerValue(int64(e.index))), nil
}

// total is $total.
type total struct{}

func (*total) eval(e *env, _, dst []Value) ([]Value, error) {
	return append(dst, e.total...), e.spend(len(e.total))
}

// item is left[index]. https://hl7.org/fhirpath/N1/#index-integer-collection
type item struct {
	left, index node
	pos         int
}

func (n *item) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, err := n.left.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	mid := len(dst)
	if dst, err = n.index.eval(e, in, dst); err != nil {
		return nil, err
	}
	k, ok, err := e.integer(dst[mid:], n.pos)
	if err != nil {
		return nil, err
	}
	if !ok || k < 0 || k >= int64(mid-start) {
		return dst[:start], nil
	}
	dst[start] = dst[start+int(k)]
	return dst[:start+1], nil
}

// integer is the singleton evaluation of a collection as an Integer; ok is false where it is empty.
func (e *env) integer(vs []Value, pos int) (n int64, ok bool, err error) {
	switch len(vs) {
	case 0:
		return 0, false, nil
	case 1:
		if a := atomOf(vs[0]); a.kind == atomInteger {
			n, ok = smallInteger(a.text)
			return n, ok, nil
		}
		return 0, false, e.fail(pos, "expected an Integer, found "+describe(vs[0]))
	}
	return 0, false, e.fail(pos, "expected one Integer, found more items")
}

// isType is left is type. https://hl7.org/fhirpath/N1/#is-type-specifier
type isType struct {
	left node
	test typeTest
	pos  int
}

func (n *isType) eval(e *env, in, dst []Value) ([]Value, error) { return appendTruth(e, n, in, dst) }

func (n *isType) truth(e *env, in, dst []Value) (truth, error) {
	vs, err := n.left.eval(e, in, dst)
	if err != nil {
		return unknown, err
	}
	switch vs = vs[len(dst):]; len(vs) {
	case 0:
		return unknown, nil
	case 1:
		return truthOf(n.test.matches(e.spec, vs[0])), nil
	}
	return unknown, e.fail(n.pos, "is takes one item, not more")
}

// union is left | right, with as many branches as follow each other. https://hl7.org/fhirpath/N1/#union-collections
type union struct{ branches []node }

func (u *union) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	var err error
	for _, b := range u.branches {
		if dst, err = b.eval(e, in, dst); err != nil {
			return nil, err
		}
	}
	return distinct(e, dst, start)
}

// owner returns the resource that an element stands in; the zero Node for computed values.
func owner(v Value) tree.Node {
	n := v.Node
	for n.Exists() && n.Member("resourceType").Kind() != tree.String {
		n = n.Parent()
	}
	return n
}

// container returns the resource around a contained resource, or the resource itself.
// https://hl7.org/fhir/R4/fhirpath.html#vars
func container(resource tree.Node) tree.Node {
	list := resource.Parent()
	if list.Kind() != tree.Array || list.Name() != "contained" {
		return resource
	}
	return list.Parent()
}
