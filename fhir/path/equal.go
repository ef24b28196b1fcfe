package fhirpath

import (
	"strings"
	"unicode"

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
		same, err := sameTree(e, a.Node, b.Node, a.Type, b.Type)
		return truthOf(same && a.Node.Exists()), err
	}
	return e.equalAtoms(x, y), nil
}

func (e *env) equalAtoms(x, y atom) truth {
	switch {
	case isNumber(x.kind) && isNumber(y.kind):
		return truthOf(sameNumber(x.text, y.text))
	case x.kind == atomQuantity || y.kind == atomQuantity:
		return e.equalQuantities(x, y)
	case isTemporal(x.kind, y.kind):
		return equalTemporals(x, y)
	}
	return truthOf(x.kind == y.kind && x.text == y.text)
}

func isNumber(k atomKind) bool { return k == atomInteger || k == atomDecimal }

func isDate(k atomKind) bool { return k == atomDate || k == atomDateTime }

// sameTree compares two elements with all that is below them; s and t are their types, "" where they are not known.
// The order of the members of an object does not count.
func sameTree(e *env, x, y tree.Node, s, t string) (bool, error) {
	if err := e.spend(1); err != nil || x.Kind() != y.Kind() {
		return false, err
	}
	switch x.Kind() {
	case tree.Object:
		return sameMembers(e, x, y, s, t)
	case tree.Array:
		return sameItems(e, x, y, s, t)
	case tree.Number:
		return sameNumber(x.Text(), y.Text()), nil
	default:
		return x.Text() == y.Text() || sameMoment(x.Text(), y.Text(), s, t), nil
	}
}

// sameMoment compares two texts as dates where their types are such.
func sameMoment(x, y, s, t string) bool {
	k, l := fhirKind(s), fhirKind(t)
	return isTemporal(k, l) && equalTemporals(atom{kind: k, text: x}, atom{kind: l, text: y}) == yes
}

func sameMembers(e *env, x, y tree.Node, s, t string) (bool, error) {
	if x.Len() != y.Len() {
		return false, nil
	}
	for m := x.First(); m.Exists(); m = m.Next() {
		name := m.Name()
		other := y.Member(name)
		switch m.Kind() {
		case tree.Number:
			if other.Kind() != tree.Number || !sameNumber(m.Text(), other.Text()) {
				return false, nil
			}
			continue
		case tree.String:
			if other.Kind() == tree.String && m.Text() == other.Text() {
				continue
			}
		default:
		}
		same, err := sameTree(e, m, other, e.memberType(s, name), e.memberType(t, name))
		if !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// memberType returns the type of a JSON member, "" where the definitions do not know it.
func (e *env) memberType(typ, name string) string {
	t := e.spec.Type(typ)
	if t == nil {
		return ""
	}
	child, _ := t.Child(name)
	return child.Type
}

func sameItems(e *env, x, y tree.Node, s, t string) (bool, error) {
	x, y = x.First(), y.First()
	for ; x.Exists() && y.Exists(); x, y = x.Next(), y.Next() {
		same, err := sameTree(e, x, y, s, t)
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
	if a == b {
		return true, nil
	}
	x, y := atomOf(a), atomOf(b)
	if x.kind != atomNone && y.kind != atomNone && e.equivalentAtoms(x, y) {
		return true, nil
	}
	// What is complex on both sides is compared child by child: also quantities that are
	// no values, for their comparator or their unit.
	if x.kind != y.kind || x.text != "" || y.text != "" || !a.Node.Exists() || !b.Node.Exists() {
		return false, nil
	}
	return equivalentTree(e, a, b)
}

func (e *env) equivalentAtoms(x, y atom) bool {
	switch {
	case isNumber(x.kind) && isNumber(y.kind):
		a, ok := x.number()
		b, ok2 := y.number()
		return ok && ok2 && nearNumber(a, b)
	case x.kind == atomQuantity || y.kind == atomQuantity:
		return e.equivalentQuantities(x, y)
	case x.kind == atomString && y.kind == atomString:
		return foldString(x.text) == foldString(y.text)
	}
	return e.equalAtoms(x, y) == yes
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
