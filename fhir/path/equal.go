package fhirpath

import (
	"strings"
	"unicode"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// equality is = and !=. https://hl7.org/fhirpath/N1/#equals
type equality struct {
	operands
	negated bool
}

func (n *equality) eval(e *env, in, dst []Value) ([]Value, error) { return appendTruth(e, n, in, dst) }

func (n *equality) truth(e *env, in, dst []Value) (truth, error) {
	left, right, err := n.values(e, in, dst)
	if err != nil || len(left) == 0 || len(right) == 0 {
		return unknown, err
	}
	t, err := equalAll(e, left, right)
	if n.negated {
		t = t.not()
	}
	return t, err
}

// equalAll compares two collections item by item, in order.
func equalAll(e *env, left, right []Value) (truth, error) {
	if len(left) != len(right) {
		return no, nil
	}
	all := yes
	for k := range left {
		t, err := equal(e, left[k], right[k])
		if err != nil {
			return unknown, err
		}
		if all = conjunction(all, t); all == no {
			return no, nil
		}
	}
	return all, nil
}

// equal compares two items: unknown where dates differ in precision only, or units cannot be compared.
func equal(e *env, a, b Value) (truth, error) {
	if err := e.spend(1); err != nil {
		return unknown, err
	}
	if a == b {
		return yes, nil
	}
	x, y := atomOf(a), atomOf(b)
	if x.node.Exists() && y.node.Exists() || x.kind == atomNone && y.kind == atomNone {
		same, err := sameTree(e, a, b)
		return truthOf(same && a.Node.Exists()), err
	}
	return equalAtoms(x, y), nil
}

func equalAtoms(x, y atom) truth {
	switch {
	case isNumber(x.kind) && isNumber(y.kind):
		return truthOf(sameNumber(x.text, y.text))
	case x.kind == atomQuantity || y.kind == atomQuantity:
		return equalQuantities(x, y)
	case isTemporal(x.kind, y.kind):
		return equalTemporals(x, y)
	}
	return truthOf(x.kind == y.kind && x.text == y.text)
}

func isNumber(k atomKind) bool { return k == atomInteger || k == atomDecimal }

func isDate(k atomKind) bool { return k == atomDate || k == atomDateTime }

// sameTree compares two elements with all that is below them. The order of the members of an object does not count.
func sameTree(e *env, a, b Value) (bool, error) {
	if err := e.spend(1); err != nil {
		return false, err
	}
	x, y := a.Node, b.Node
	if x.Kind() != y.Kind() {
		return false, nil
	}
	switch x.Kind() {
	case tree.Object:
		return sameMembers(e, a, b)
	case tree.Array:
		return sameItems(e, a, b)
	case tree.Number:
		return sameNumber(x.Text(), y.Text()), nil
	default:
		return sameText(a, b), nil
	}
}

// sameText compares two strings, as moments where they are dates.
func sameText(a, b Value) bool {
	x, y := a.Node.Text(), b.Node.Text()
	if x == y {
		return true
	}
	k, l := fhirKind(a.Type), fhirKind(b.Type)
	if isTemporal(k, l) {
		return equalTemporals(atom{kind: k, text: x}, atom{kind: l, text: y}) == yes
	}
	return false
}

func sameMembers(e *env, a, b Value) (bool, error) {
	if a.Node.Len() != b.Node.Len() {
		return false, nil
	}
	s, t := e.spec.Type(a.Type), e.spec.Type(b.Type)
	for m := a.Node.First(); m.Exists(); m = m.Next() {
		name := m.Name()
		other := b.Node.Member(name)
		if !other.Exists() {
			return false, nil
		}
		same, err := sameTree(e, Value{Node: m, Type: memberType(s, name)}, Value{Node: other, Type: memberType(t, name)})
		if !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// memberType returns the type of a JSON member, "" where the definitions do not know it.
func memberType(t *spec.Type, name string) string {
	if t == nil {
		return ""
	}
	child, _ := t.Child(name)
	return child.Type
}

func sameItems(e *env, a, b Value) (bool, error) {
	x, y := a.Node.First(), b.Node.First()
	for ; x.Exists() && y.Exists(); x, y = x.Next(), y.Next() {
		same, err := sameTree(e, Value{Node: x, Type: a.Type}, Value{Node: y, Type: b.Type})
		if !same || err != nil {
			return false, err
		}
	}
	return x.Exists() == y.Exists(), nil
}

// equivalence is ~ and !~. https://hl7.org/fhirpath/N1/#equivalent
type equivalence struct {
	operands
	negated bool
}

func (n *equivalence) eval(e *env, in, dst []Value) ([]Value, error) {
	return appendTruth(e, n, in, dst)
}

func (n *equivalence) truth(e *env, in, dst []Value) (truth, error) {
	left, right, err := n.values(e, in, dst)
	if err != nil {
		return unknown, err
	}
	same, err := equivalentAll(e, left, right)
	return truthOf(same != n.negated), err
}

// equivalentAll pairs off the items of two collections, in any order.
func equivalentAll(e *env, left, right []Value) (bool, error) {
	if len(left) != len(right) {
		return false, nil
	}
	taken := make([]bool, len(right))
	for _, a := range left {
		found := false
		for k := 0; k < len(right) && !found; k++ {
			if taken[k] {
				continue
			}
			same, err := equivalent(e, a, right[k])
			if err != nil {
				return false, err
			}
			taken[k], found = same, same
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

func equivalent(e *env, a, b Value) (bool, error) {
	if err := e.spend(1); err != nil {
		return false, err
	}
	x, y := atomOf(a), atomOf(b)
	if x.kind != atomNone && y.kind != atomNone {
		return equivalentAtoms(x, y), nil
	}
	if x.kind != y.kind || !a.Node.Exists() || !b.Node.Exists() {
		return x.kind == y.kind && a == b, nil
	}
	return equivalentTree(e, a, b)
}

func equivalentAtoms(x, y atom) bool {
	switch {
	case isNumber(x.kind) && isNumber(y.kind):
		a, ok := x.number()
		b, ok2 := y.number()
		return ok && ok2 && nearNumber(a, b)
	case x.kind == atomQuantity || y.kind == atomQuantity:
		return equivalentQuantities(x, y)
	case x.kind == atomString && y.kind == atomString:
		return foldString(x.text) == foldString(y.text)
	}
	return equalAtoms(x, y) == yes
}

// foldString ignores case and treats all white space alike. https://hl7.org/fhirpath/N1/#string-equivalence
func foldString(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return ' '
		}
		return unicode.ToLower(unicode.ToUpper(r))
	}, s)
}

// equivalentTree compares two complex elements child by child. The ids of elements are left out, as FHIR asks.
// https://hl7.org/fhir/R4/fhirpath.html#functions
func equivalentTree(e *env, a, b Value) (bool, error) {
	left, err := childrenOf(e, a, nil)
	if err != nil {
		return false, err
	}
	right, err := childrenOf(e, b, nil)
	if err != nil {
		return false, err
	}
	return equivalentNamed(e, left, right)
}

func equivalentNamed(e *env, left, right []Value) (bool, error) {
	x, y := byName(left), byName(right)
	if len(x) != len(y) {
		return false, nil
	}
	for name, vs := range x {
		same, err := equivalentAll(e, vs, y[name])
		if !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// byName groups children by the name of their element.
func byName(vs []Value) map[string][]Value {
	groups := map[string][]Value{}
	for _, v := range vs {
		n := v.Node
		if n.Index() >= 0 {
			n = n.Parent()
		}
		if name := strings.TrimPrefix(n.Name(), "_"); name != "id" {
			groups[name] = append(groups[name], v)
		}
	}
	return groups
}
