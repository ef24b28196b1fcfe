package validate

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// reference checks that a reference points to a type that its element allows. An
// identifier alone may point to anything.
// https://hl7.org/fhir/R4/references.html#Reference
func (k *checking) reference(n tree.Node, e *spec.Element, sc *scope) {
	if m := n.Member("reference"); m.Kind() == tree.String {
		k.literal(m, e, sc)
	}
	if m := n.Member("type"); m.Kind() == tree.String {
		// A type may be given as the canonical of its definition too; another URL is a logical model.
		typ := strings.TrimPrefix(m.Text(), "http://hl7.org/fhir/StructureDefinition/")
		if !strings.Contains(typ, ":") {
			k.target(m, typ, e)
		}
	}
}

// literal checks the text of a reference.
func (k *checking) literal(m tree.Node, e *spec.Element, sc *scope) {
	ref := fhir.ParseRef(m.Text())
	switch {
	case ref.IsFragment && ref.Fragment == "":
		k.target(m, sc.container.rule.def.Name, e)
	case ref.IsFragment:
		if typ, ok := sc.typeOfContained(ref.Fragment); !ok {
			k.report(fhir.Invalid, m, "the reference names no contained resource")
		} else {
			k.target(m, typ, e)
		}
	case ref.Literal() && ref.Base == "":
		k.target(m, ref.Key.Type, e)
	case ref.Literal():
		// Other servers may have paths of this shape that are no FHIR.
		if isResource(k.rules[ref.Key.Type]) {
			k.target(m, ref.Key.Type, e)
		}
	case !strings.Contains(ref.Text, ":"):
		k.relative(m, ref.Text, e)
	}
}

// relative checks a relative reference that is no Type/id. It may be a conditional one, which a transaction resolves.
// https://hl7.org/fhir/R4/http.html#trules
func (k *checking) relative(m tree.Node, text string, e *spec.Element) {
	typ, _, conditional := strings.Cut(text, "?")
	if conditional && fhir.ValidTypeName(typ) {
		k.target(m, typ, e)
		return
	}
	k.report(fhir.Value, m, "a relative reference is written as Type/id")
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
