package search

import (
	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
)

func (ix *indexer) quantity(string, fhirpath.Value) {}

func (c *compiler) quantity(_, _ string) (Expr, *fhir.Issue) {
	return nil, unsupported(c.name, "a quantity")
}
