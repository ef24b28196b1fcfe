package tree

// First returns the first member or item of an object or array, the zero Node where there is none. With Next it
// makes a loop that, other than Members and Items, needs no function value.
func (n Node) First() Node {
	if n.t == nil || n.t.nodes[n.i].end == n.i+1 {
		return Node{}
	}
	return Node{t: n.t, i: n.i + 1}
}

// Next returns the member or item that follows in the same object or array, the zero Node after the last.
func (n Node) Next() Node {
	if n.t == nil || n.i == n.t.root {
		return Node{}
	}
	d := &n.t.nodes[n.i]
	if d.parent < 0 || d.end >= n.t.nodes[d.parent].end {
		return Node{}
	}
	return Node{t: n.t, i: d.end}
}

// Pair returns the member of a primitive element and its companion, the member "_name" with its id and
// extensions, in one pass. https://hl7.org/fhir/R4/json.html#primitive
func (n Node) Pair(name string) (value, companion Node) {
	for m := n.members(); m.Exists(); m = m.Next() {
		switch s := n.t.name(m.i); {
		case s == name:
			value = m
		case len(s) == len(name)+1 && s[0] == '_' && s[1:] == name:
			companion = m
		}
	}
	return value, companion
}

// members is First for objects alone.
func (n Node) members() Node {
	if n.Kind() != Object {
		return Node{}
	}
	return n.First()
}
