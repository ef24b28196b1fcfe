package fhirpath

// truth is a Boolean or the empty collection. https://hl7.org/fhirpath/N1/#boolean-logic
type truth uint8

const (
	unknown truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	default:
		return unknown
	}
}

// logical is a node that is a Boolean or empty; truth answers without making a Value. dst is
// free memory beyond its end.
type logical interface {
	node
	truth(e *env, in, dst []Value) (truth, error)
}

// appendTruth is the eval of a logical node.
func appendTruth(e *env, n logical, in, dst []Value) ([]Value, error) {
	t, err := n.truth(e, in, dst)
	if err != nil || t == unknown {
		return dst, err
	}
	return append(dst, booleanValue(t == yes)), nil
}

// truthful evaluates any node as a condition.
func truthful(e *env, n node, in, dst []Value, pos int) (truth, error) {
	if l, ok := n.(logical); ok {
		return l.truth(e, in, dst)
	}
	vs, err := n.eval(e, in, dst)
	if err != nil {
		return unknown, err
	}
	return condition(e, vs[len(dst):], pos)
}

// condition is the singleton evaluation of a collection as a Boolean: one item that is no Boolean is true.
// https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
func condition(e *env, vs []Value, pos int) (truth, error) {
	switch len(vs) {
	case 0:
		return unknown, nil
	case 1:
		if a := atomOf(vs[0]); a.kind == atomBoolean {
			return truthOf(a.text == "true"), nil
		}
		return yes, nil
	}
	return unknown, e.fail(pos, "a condition takes one item, not more")
}

// operands are the two sides of an operator.
type operands struct {
	left, right node
	pos         int
}

// values evaluates both sides on the free memory of dst.
func (o *operands) values(e *env, in, dst []Value) (left, right []Value, err error) {
	start := len(dst)
	if dst, err = o.left.eval(e, in, dst); err != nil {
		return nil, nil, err
	}
	mid := len(dst)
	if dst, err = o.right.eval(e, in, dst); err != nil {
		return nil, nil, err
	}
	return dst[start:mid], dst[mid:], nil
}

// logic is and, or, xor, implies.
type logic struct {
	operands
	op string
}

func (n *logic) eval(e *env, in, dst []Value) ([]Value, error) { return appendTruth(e, n, in, dst) }

func (n *logic) truth(e *env, in, dst []Value) (truth, error) {
	left, err := truthful(e, n.left, in, dst, n.pos)
	if err != nil {
		return unknown, err
	}
	if n.op == "and" && left == no || n.op == "or" && left == yes || n.op == "implies" && left == no {
		return truthOf(n.op != "and"), nil
	}
	right, err := truthful(e, n.right, in, dst, n.pos)
	if err != nil {
		return unknown, err
	}
	return combine(n.op, left, right), nil
}

// combine applies the tables of three-valued logic.
func combine(op string, left, right truth) truth {
	switch op {
	case "and":
		return conjunction(left, right)
	case "or":
		return conjunction(left.not(), right.not()).not()
	case "implies":
		return conjunction(left, right.not()).not()
	}
	if left == unknown || right == unknown {
		return unknown
	}
	return truthOf(left != right)
}

func conjunction(left, right truth) truth {
	switch {
	case left == no || right == no:
		return no
	case left == yes && right == yes:
		return yes
	}
	return unknown
}

// not is not().
type not struct {
	operand node
	pos     int
}

func (n *not) eval(e *env, in, dst []Value) ([]Value, error) { return appendTruth(e, n, in, dst) }

func (n *not) truth(e *env, in, dst []Value) (truth, error) {
	t, err := truthful(e, n.operand, in, dst, n.pos)
	return t.not(), err
}

// membership is left in right; contains is the same with its sides exchanged.
// https://hl7.org/fhirpath/N1/#in-membership
type membership struct{ operands }

func (n *membership) eval(e *env, in, dst []Value) ([]Value, error) {
	return appendTruth(e, n, in, dst)
}

func (n *membership) truth(e *env, in, dst []Value) (truth, error) {
	left, right, err := n.values(e, in, dst)
	switch {
	case err != nil || len(left) == 0:
		return unknown, err
	case len(left) > 1:
		return unknown, e.fail(n.pos, "in and contains look for one item, not for more")
	}
	has, err := holds(e, right, left[0])
	return truthOf(has), err
}
