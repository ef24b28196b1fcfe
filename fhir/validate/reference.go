package validate

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// reference checks that a reference points to a type that its element allows, and that its parts agree. An
// identifier alone may point to anything.
// https://hl7.org/fhir/R4/references.html#Reference
func (k *checking) reference(n tree.Node, e *spec.Element, sc *scope) {
	to := ""
	if m := n.Member("reference"); m.Kind() == tree.String {
		to = k.literal(m, e, sc)
	}
	m := n.Member("type")
	if m.Kind() != tree.String {
		return
	}
	// A type may be given as the canonical of its definition too; another URL is a logical model.
	typ := strings.TrimPrefix(m.Text(), "http://hl7.org/fhir/StructureDefinition/")
	switch {
	case strings.Contains(typ, ":"):
	case to != "" && to != typ && isResource(k.rules[typ]):
		// "If both Reference.type and Reference.reference are populated and Reference.reference is a FHIR URL, both SHALL be consistent."
		// https://hl7.org/fhir/R4/references-definitions.html#Reference.type
		k.report(fhir.Invalid, m, "the type is "+typ+", the reference is to "+to)
	default:
		k.target(m, typ, e)
	}
}

// literal checks the text of a reference, and returns the type that it names; "" where it names none.
func (k *checking) literal(m tree.Node, e *spec.Element, sc *scope) string {
	var typ string
	ref := fhir.ParseRef(m.Text())
	switch {
	case ref.IsFragment && ref.Fragment == "":
		typ = sc.container.rule.def.Name
	case ref.IsFragment:
		contained, ok := sc.typeOfContained(ref.Fragment)
		if !ok {
			k.report(fhir.Invalid, m, "the reference names no contained resource")
			return ""
		}
		typ = contained
	case ref.Literal() && ref.Base != "" && !isResource(k.rules[ref.Key.Type]):
		return "" // Other servers may have paths of this shape that are no FHIR.
	case ref.Literal():
		typ = ref.Key.Type
	case strings.Contains(ref.Text, ":") && !conditional(ref.Text):
		return ""
	default:
		return k.relative(m, ref.Text, e)
	}
	k.target(m, typ, e)
	return typ
}

// conditional reports whether the text of a reference is Type?criteria. https://hl7.org/fhir/R4/http.html#trules
func conditional(text string) bool {
	typ, _, ok := strings.Cut(text, "?")
	return ok && fhir.ValidTypeName(typ)
}

// relative checks a relative reference that is no Type/id. It may be a conditional one, which a transaction resolves.
func (k *checking) relative(m tree.Node, text string, e *spec.Element) string {
	if !conditional(text) {
		k.report(fhir.Value, m, "a relative reference is written as Type/id")
		return ""
	}
	typ, _, _ := strings.Cut(text, "?")
	k.target(m, typ, e)
	return typ
}

// target reports a reference to a type that the element does not allow.
func (k *checking) target(m tree.Node, typ string, e *spec.Element) {
	switch {
	case !isResource(k.rules[typ]):
		k.report(fhir.Invalid, m, "the reference must be to one of the resource types of R4")
	case len(e.Targets) > 0 && !slices.Contains(e.Targets, typ):
		k.report(fhir.Invalid, m, e.Path+" must not refer to "+typ+", only to "+strings.Join(e.Targets, ", "))
	}
}

func isResource(r *rule) bool {
	return r != nil && r.def.Kind == spec.Resource && !r.def.Abstract
}

// coded checks a Coding or CodeableConcept against the codes of its required binding.
// https://hl7.org/fhir/R4/terminologies.html#required
func (k *checking) coded(n tree.Node, kid *member) {
	if kid.rule.def.Name == "Coding" {
		if !hasCoding(n, kid.codes) {
			k.report(fhir.CodeInvalid, n, kid.element.Path+" must be a code of "+kid.codes.URL)
		}
		return
	}
	codings := n.Member("coding")
	for coding := range codings.Items() {
		if hasCoding(coding, kid.codes) {
			return
		}
	}
	if !codings.Exists() && !n.Member("text").Exists() {
		return // An extension says why there is no concept.
	}
	k.report(fhir.CodeInvalid, n, kid.element.Path+" must have a coding of "+kid.codes.URL)
}

func hasCoding(n tree.Node, codes *spec.CodeSet) bool {
	system, code := n.Member("system").Text(), n.Member("code").Text()
	return system != "" && codes.Has(system, code)
}
