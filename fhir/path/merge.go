package fhirpath

import "slices"

// merge makes one path of two that differ only in the types of a choice at their end: (Observation.value as Quantity) |
// (Observation.value as SampledData) looks at each Observation once. It reports false where they are not alike.
func merge(into, other node) bool {
	a, ok := into.(*path)
	b, ok2 := other.(*path)
	if !ok || !ok2 || a.source != nil || b.source != nil || len(a.steps) != len(b.steps) {
		return false
	}
	last := len(a.steps) - 1
	x, ok := a.steps[last].(*memberStep)
	y, ok2 := b.steps[last].(*memberStep)
	if !ok || !ok2 || !x.sure || !y.sure || x.name != y.name || x.cases[0].parent != y.cases[0].parent {
		return false
	}
	if !slices.EqualFunc(a.steps[:last], b.steps[:last], sameStep) {
		return false
	}
	for _, f := range y.cases[0].fields {
		if !slices.Contains(x.cases[0].fields, f) {
			x.cases[0].fields = append(x.cases[0].fields, f)
		}
	}
	return true
}

// sameStep reports whether two steps do the same.
func sameStep(a, b step) bool {
	switch a := a.(type) {
	case *typeStep:
		b, ok := b.(*typeStep)
		return ok && a.test == b.test
	case *memberStep:
		b, ok := b.(*memberStep)
		return ok && a.name == b.name && a.sure == b.sure && slices.EqualFunc(a.cases, b.cases, func(c, d memberCase) bool {
			return c.parent == d.parent && slices.Equal(c.fields, d.fields)
		})
	}
	return false
}
