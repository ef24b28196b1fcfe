package course

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// keyOf is what a Reference leads to on this server; the zero Key is of one to another server, or to nothing. What is below a base URL of this server
// (as fhir.PlainBase has it) is as a relative one. https://hl7.org/fhir/R4/references.html#literal
func keyOf(reference tree.Node, bases []string) fhir.Key {
	r := fhir.ParseRef(reference.Member("reference").Text())
	if r.Base != "" && !slices.Contains(bases, fhir.PlainBase(r.Base)) {
		return fhir.Key{}
	}
	return r.Key
}

func (b *Builder) to(reference tree.Node) fhir.Key { return keyOf(reference, b.bases) }

// procedureOf is the id of the first Procedure that references name.
func (b *Builder) procedureOf(references tree.Node) string {
	for r := range references.Items() {
		if k := b.to(r); k.Type == "Procedure" {
			return strings.Clone(k.ID)
		}
	}
	return ""
}

// usedProduct is the id of the product that a Procedure used, or the code of one that stands in it. R4 has no element for it.
func (b *Builder) usedProduct(root tree.Node) (id, code string) {
	for e := range root.Member("extension").Items() {
		if e.Member("url").Text() != term.Extension(term.ExtUsedProduct) {
			continue
		}
		if k := b.to(e.Member("valueReference")); k.Type == productType {
			return strings.Clone(k.ID), ""
		}
		if r := within(root, e.Member("valueReference").Member("reference").Text()); r.Exists() {
			return "", strings.Clone(local(r.Member("productCode")))
		}
	}
	return "", ""
}

// within is the resource that stands in another and that "#" and its id refer to. https://hl7.org/fhir/R4/references.html#contained
func within(root tree.Node, reference string) (found tree.Node) {
	id, ok := strings.CutPrefix(reference, "#")
	for r := range root.Member("contained").Items() {
		if ok && r.Member("id").Text() == id {
			return r
		}
	}
	return found
}
