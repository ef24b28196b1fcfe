package search

import (
	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
)

func (ix *indexer) number(string, fhirpath.Value) {}

func (ix *indexer) pair(string, fhirpath.Value, []fhirpath.Value) {}

func (c *compiler) number(_, _ string) (Expr, *fhir.Issue) {
	return nil, unsupported(c.name, "a number")
}

func (c *compiler) pair(_, _, _ string) (Expr, *fhir.Issue) { //nolint:unparam // numbers follow with fhir/decimal
	return nil, unsupported(c.name, "a number")
}
