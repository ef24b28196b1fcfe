package fhirpath

import "strings"

// comparison is <, <=, > and >=. https://hl7.org/fhirpath/N1/#comparison
type comparison struct {
	operands
	op string
}

func (n *comparison) eval(e *env, in, dst []Value) ([]Value, error) {
	return appendTruth(e, n, in, dst)
}

func (n *comparison) truth(e *env, in, dst []Value) (truth, error) {
	left, right, err := n.values(e, in, dst)
	if err != nil || len(left) == 0 || len(right) == 0 {
		return unknown, err
	}
	if len(left) > 1 || len(right) > 1 {
		return unknown, e.fail(n.pos, n.op+" compares single items")
	}
	d, known, ok := e.compareAtoms(atomOf(left[0]), atomOf(right[0]))
	switch {
	case !ok:
		return unknown, e.fail(n.pos, n.op+" cannot compare "+describe(left[0])+" with "+describe(right[0]))
	case !known:
		return unknown, nil
	}
	return truthOf(ordered(n.op, d)), nil
}

func ordered(op string, d int) bool {
	switch op {
	case "<":
		return d < 0
	case "<=":
		return d <= 0
	case ">":
		return d > 0
	}
	return d >= 0
}

// compareAtoms orders two items. known is false where the order cannot be told; ok is false where the types have none.
func (e *env) compareAtoms(x, y atom) (d int, known, ok bool) {
	switch {
	case isNumber(x.kind) && isNumber(y.kind):
		a, ok := x.number()
		b, ok2 := y.number()
		if !ok || !ok2 {
			return 0, false, true
		}
		return a.Cmp(b), true, true
	case isQuantity(x.kind) && isQuantity(y.kind):
		d, known = e.compareQuantities(x, y)
		return d, known, true
	case x.kind == atomString && y.kind == atomString:
		return strings.Compare(x.text, y.text), true, true
	case isTemporal(x.kind, y.kind):
		d, known = compareTemporal(x, y)
		return d, known, true
	}
	return 0, false, false
}

// describe names the type of an item for a message.
func describe(v Value) string {
	if !v.computed() && atomOf(v).kind == atomNone && fhirKind(v.Type) != atomNone {
		return withArticle(v.Type) + " without value"
	}
	return withArticle(v.Type)
}

// withArticle puts a or an before the name of a type.
func withArticle(typ string) string {
	if typ != "" && strings.IndexByte("AEIOaeio", typ[0]) >= 0 {
		return "an " + typ
	}
	return "a " + typ
}
