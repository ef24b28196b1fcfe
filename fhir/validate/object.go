package validate

import (
	"math/bits"
	"strconv"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// object checks the members of an object against its type and returns which elements are there.
// https://hl7.org/fhir/R4/json.html#json
func (k *checking) object(n tree.Node, r *rule, sc *scope) uint64 {
	if !n.First().Exists() {
		k.report(fhir.Structure, n, "an object must not be empty")
		return 0
	}
	var seen uint64
	for m := n.First(); m.Exists() && !k.full(); m = m.Next() {
		name, beside := strings.CutPrefix(m.Name(), "_")
		kid := r.members[name]
		switch {
		case kid == nil || beside && !kid.primitive():
			if name != "resourceType" || beside || r != sc.rule {
				k.unknown(m, name, r)
			}
			continue
		case kid.element.Choice && seen&kid.bit != 0:
			k.choice(n, m, name, r)
		}
		seen |= kid.bit
		if beside {
			k.beside(n, m, name, kid, sc)
		} else {
			k.element(n, m, kid, sc)
		}
	}
	k.missing(n, r, r.required&^seen)
	return seen
}

// missing reports the required elements whose bits are set.
func (k *checking) missing(n tree.Node, r *rule, absent uint64) {
	for ; absent != 0; absent &= absent - 1 {
		e := r.elements[bits.TrailingZeros64(absent)]
		k.report(fhir.Required, n, e.Path+" is required")
	}
}

// unknown reports a member that the type does not have. A choice of a wrong type gets a text that says so.
func (k *checking) unknown(m tree.Node, name string, r *rule) {
	for _, e := range r.elements {
		if e.Choice && strings.HasPrefix(name, e.Name) && isTypeSuffix(name[len(e.Name):]) {
			k.reportAt(fhir.Structure, m, e.Path+" takes "+types(e))
			return
		}
	}
	k.reportAt(fhir.Structure, m, r.def.Name+" has no such element")
}

// types names the types of a choice. All the types that an extension may have nobody would read.
// https://hl7.org/fhir/R4/datatypes.html#open
func types(e *spec.Element) string {
	if len(e.Types) > 20 {
		return "one of the open data types, its name after " + e.Name
	}
	return "one of " + strings.Join(e.Types, ", ")
}

// isTypeSuffix reports whether s may be the name of a type after the name of a choice.
func isTypeSuffix(s string) bool { return s == "" || s[0] >= 'A' && s[0] <= 'Z' }

// choice reports a second type of a choice. The two halves of one primitive have one name and are fine.
// https://hl7.org/fhir/R4/formats.html#choice
func (k *checking) choice(n, m tree.Node, name string, r *rule) {
	bit := r.members[name].bit
	for before := n.First(); before != m; before = before.Next() {
		other := strings.TrimPrefix(before.Name(), "_")
		if kid := r.members[other]; kid != nil && kid.bit == bit && other != name {
			k.report(fhir.Structure, n, r.members[name].element.Path+" must have only one value")
			return
		}
	}
}

// element checks the value of a member: one value, or a list of them.
func (k *checking) element(n, m tree.Node, kid *member, sc *scope) {
	if m.Kind() != tree.Array {
		if kid.many && m.Kind() != tree.Null {
			k.report(fhir.Structure, m, kid.element.Path+" must be an array")
		}
		k.value(m, kid, sc)
		return
	}
	if !kid.many {
		k.report(fhir.Structure, m, kid.element.Path+" must not be an array")
	}
	if !m.First().Exists() {
		k.report(fhir.Structure, m, kid.element.Path+" must not be an empty array")
	}
	nulls := false
	for item := m.First(); item.Exists() && !k.full(); item = item.Next() {
		if item.Kind() == tree.Null && kid.primitive() && kid.many {
			nulls = true
		} else {
			k.value(item, kid, sc)
		}
	}
	if nulls {
		k.nulls(n, m)
	}
}

// nulls checks that each null in an array of primitives has its other half.
// https://hl7.org/fhir/R4/json.html#primitive
func (k *checking) nulls(n, m tree.Node) {
	other := "_" + m.Name()
	half := n.Member(other).First()
	at := 0
	for item := m.First(); item.Exists() && !k.full(); item, half = item.Next(), half.Next() {
		if item.Kind() == tree.Null && half.Kind() != tree.Object {
			k.null(item, m, at, "an id or extensions", other)
		}
		at++
	}
}

// null reports a null that stands for no element. Its place is in the text, as FHIRPath cannot select it.
func (k *checking) null(item, list tree.Node, at int, what, other string) {
	text := list.Name() + "[" + strconv.Itoa(at) + "] is null: that needs " + what + " at the same place of " + strconv.Quote(other)
	k.report(fhir.Structure, item, text)
}

// beside checks the "_name" member, which holds ids and extensions of a primitive.
func (k *checking) beside(n, m tree.Node, name string, kid *member, sc *scope) {
	values := n.Member(name)
	if m.Kind() != tree.Array {
		if kid.many {
			at := n // beside several values it belongs to none of them
			if !values.Exists() {
				at = m
			}
			k.report(fhir.Structure, at, strconv.Quote("_"+name)+" must be an array")
		}
		k.half(m, kid, sc)
		return
	}
	if !kid.many {
		k.report(fhir.Structure, m, strconv.Quote("_"+name)+" must not be an array")
	}
	switch {
	case !m.First().Exists():
		k.report(fhir.Structure, m, strconv.Quote("_"+name)+" must not be an empty array")
	case values.Kind() == tree.Array && values.Len() != m.Len():
		k.report(fhir.Structure, m, strconv.Quote("_"+name)+" must be as long as the values beside it")
	}
	at := 0
	for item := m.First(); item.Exists() && !k.full(); item = item.Next() {
		if item.Kind() != tree.Null || !kid.many {
			k.half(item, kid, sc)
		} else if values.Kind() == tree.None {
			k.null(item, m, at, "a value", name)
		}
		at++
	}
}

// half checks the id and the extensions of one primitive.
func (k *checking) half(n tree.Node, kid *member, sc *scope) {
	if n.Kind() != tree.Object {
		k.report(fhir.Structure, n, kid.element.Path+": the id and the extensions of a primitive are an object, not "+article(n.Kind()))
		return
	}
	k.object(n, kid.rule, sc)
}

// value checks one value of an element.
func (k *checking) value(n tree.Node, kid *member, sc *scope) {
	switch {
	case n.Kind() == tree.Null:
		k.report(fhir.Structure, n, kid.element.Path+" must not be null: that is allowed only in arrays of primitives, beside an id or extensions")
	case kid.primitive():
		k.primitive(n, kid)
	case n.Kind() != tree.Object:
		k.report(fhir.Structure, n, kid.element.Path+" must be an object, not "+article(n.Kind()))
	case kid.rule.def.Name == "Resource":
		k.nested(n, kid, sc)
	default:
		k.complex(n, kid, sc)
	}
}

// complex checks a data type or a part of a resource.
func (k *checking) complex(n tree.Node, kid *member, sc *scope) {
	seen := k.object(n, kid.rule, sc)
	switch kid.rule.check {
	case isReference:
		k.reference(n, kid.element, sc)
	case isExtension:
		k.extension(n, kid.rule, seen)
	case nothingMore:
		if kid.codes != nil {
			k.coded(n, kid)
		}
	}
}

// extension checks that there is a value or extensions, and not both.
// https://hl7.org/fhir/R4/extensibility.html#Extension (ext-1)
func (k *checking) extension(n tree.Node, r *rule, seen uint64) {
	switch hasValue, hasMore := seen&r.value != 0, seen&r.extension != 0; {
	case hasValue && hasMore:
		k.report(fhir.Invalid, n, "an extension has a value or extensions, not both")
	case !hasValue && !hasMore && seen != 0:
		k.report(fhir.Invalid, n, "an extension must have a value or extensions")
	}
}

// article names a JSON type in a sentence.
func article(kind tree.Kind) string {
	switch kind {
	case tree.Object, tree.Array:
		return "an " + kind.String()
	case tree.Null, tree.None:
		return kind.String()
	default:
		return "a " + kind.String()
	}
}
