package tree

// span is a part of the source that is left out or replaced.
type span struct {
	lo, hi int32
	by     []byte
}

// removal returns the span that takes a run of neighbors out of their object or
// array: from the first to the last of them, with one of the commas around them.
func (t *Tree) removal(first, last int32) span {
	lo, hi := t.nodes[first].outer(), t.nodes[last].stop
	switch {
	case t.src[hi] == ',':
		hi++
	case t.src[lo-1] == ',':
		lo--
	}
	return span{lo: lo, hi: hi}
}

// next reports whether b follows a in the same object or array.
func (t *Tree) next(a, b int32) bool {
	return t.nodes[a].end == b && t.nodes[a].parent == t.nodes[b].parent
}

// server returns versionId and lastUpdated inside meta, in order, and how many other members meta has.
// Both are the server's: https://hl7.org/fhir/R4/resource.html#Meta
func (t *Tree) server(meta Node) (found []int32, others int) {
	for n := range meta.Members() {
		switch n.Name() {
		case "versionId", "lastUpdated":
			found = append(found, n.i)
		default:
			others++
		}
	}
	return found, others
}

// removals returns the spans that take out the nodes, which must be in order.
func (t *Tree) removals(nodes []int32) []span {
	var cuts []span
	for k := 0; k < len(nodes); k++ {
		first := k
		for k+1 < len(nodes) && t.next(nodes[k], nodes[k+1]) {
			k++
		}
		cuts = append(cuts, t.removal(nodes[first], nodes[k]))
	}
	return cuts
}

// cut appends src[lo:hi] with the spans replaced.
func (t *Tree) cut(b []byte, lo, hi int32, spans []span) []byte {
	for _, c := range spans {
		b = append(append(b, t.src[lo:c.lo]...), c.by...)
		lo = c.hi
	}
	return append(b, t.src[lo:hi]...)
}
