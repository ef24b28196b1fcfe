package tree

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
