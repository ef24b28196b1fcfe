package registry

import (
	"fmt"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// postedValues returns the names and the values of a Parameters resource. A parameter has one primitive value: to take one without, or with a
// part, a resource or a Reference, for an empty text would answer another question than was asked. https://hl7.org/fhir/R4/parameters.html
func postedValues(body []byte) ([][2]string, error) {
	if len(body) == 0 {
		return nil, nil
	}
	t, err := tree.Parse(body, tree.Limits{})
	if err != nil {
		return nil, err
	}
	if t.ResourceType() != "Parameters" {
		return nil, fhir.NewIssue(fhir.Invalid, "the body must be Parameters")
	}
	is := unknownMembers(t.Root(), "Parameters", "resourceType", "id", "meta", "language", "parameter")
	list := t.Root().Member("parameter")
	if list.Exists() && list.Kind() != tree.Array {
		is = append(is, fhir.NewIssue(fhir.Structure, "parameter is a list", "Parameters.parameter"))
	}
	var l [][2]string
	for p := range list.Items() {
		at := fmt.Sprintf("Parameters.parameter[%d]", len(l))
		value, err := postedValue(p, at)
		is = append(is, err...)
		l = append(l, [2]string{p.Member("name").Text(), value})
	}
	return l, is.Err()
}

// postedValue is the one value of a parameter.
func postedValue(p tree.Node, at string) (string, fhir.Issues) {
	var values []tree.Node
	allowed := []string{"id", "extension", "name", "_name"}
	for m := range p.Members() {
		name := m.Name()
		if strings.HasPrefix(name, "value") {
			values = append(values, m)
		}
		if strings.HasPrefix(strings.TrimPrefix(name, "_"), "value") {
			allowed = append(allowed, name)
		}
	}
	is := unknownMembers(p, at, allowed...)
	name := short(p.Member("name").Text())
	if len(values) != 1 || !slices.Contains([]tree.Kind{tree.String, tree.Number, tree.Bool}, values[0].Kind()) {
		return "", append(is, fhir.NewIssue(fhir.Value, name+": it has one value, of a primitive type", at))
	}
	return values[0].Text(), is
}

// unknownMembers are those of an object that have no meaning here, so that they would be left aside in silence.
func unknownMembers(n tree.Node, at string, known ...string) (is fhir.Issues) {
	for m := range n.Members() {
		if !slices.Contains(known, m.Name()) {
			is = append(is, fhir.NewIssue(fhir.Structure, short(m.Name())+" is not understood here", at))
		}
	}
	return is
}
