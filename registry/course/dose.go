package course

import (
	"slices"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// dose notes of which infusion the number of cells is told, per kg or in total.
func (b *Builder) dose(root tree.Node) {
	for part := range root.Member("component").Items() {
		code := local(part.Member("code"))
		if v, _ := quantity(part.Member("valueQuantity"), ""); v.Known && (code == term.CARTDose+"-per-kg" || code == term.CARTDose+"-total") {
			b.c.Dosed = append(b.c.Dosed, b.procedureOf(root.Member("partOf")))
			return
		}
	}
}

// HasDose reports whether the number of cells of the first infusion is told; one that names no infusion is about the first.
func (c *Course) HasDose() bool {
	own := c.first()
	return slices.ContainsFunc(c.Dosed, func(id string) bool {
		return id == "" || slices.ContainsFunc(own, func(i Infusion) bool { return i.ID == id })
	})
}
