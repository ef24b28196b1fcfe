package fhirpath

import (
	"maps"
	"slices"
)

// FunctionNames are all functions that an expression can call, those that are refused left out.
func FunctionNames() []string {
	names := []string{
		"where", "select", "all", "exists", "repeat", "aggregate", "iif", "trace", "sort", "is", "as", "ofType",
		"resolve", "extension", "hasExtension", "not", "empty", "union",
	}
	for _, table := range []map[string]function{functions, stringFunctions, mathFunctions, clockFunctions, treeFunctions, boundaryFunctions} {
		names = slices.AppendSeq(names, maps.Keys(table))
	}
	for typ := range conversions {
		names = append(names, "to"+typ, "convertsTo"+typ)
	}
	slices.Sort(names)
	return names
}

// Operators are all binary operators.
func Operators() []string { return slices.Concat(binaryLevels...) }
