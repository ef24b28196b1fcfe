package interaction

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// subset is the part of resources that _summary and _elements ask for.
// https://hl7.org/fhir/R4/search.html#summary https://hl7.org/fhir/R4/search.html#elements
type subset struct {
	s        *Service
	summary  search.Summary
	elements []string // each is known to be one of some type that the answer may hold
}

// subsettedTag marks a resource that is not whole, so that nobody updates with it.
// https://hl7.org/fhir/R4/resource.html#simple-tags
const subsettedTag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`

// subsetOf takes _summary and _elements out of the parameters of an interaction that is no search, and answers with resources of the types.
func (s *Service) subsetOf(pairs []search.Pair, types ...string) (subset, []search.Pair, error) {
	p := subset{s: s, summary: search.SummaryFalse}
	summary, rest, err := takeOne(pairs, "_summary")
	if err != nil {
		return p, rest, err
	}
	lists, rest := take(rest, "_elements")
	for _, list := range lists {
		p.elements = append(p.elements, strings.Split(list, ",")...)
	}
	if err := p.known(types); err != nil {
		return p, rest, err
	}
	switch search.Summary(summary) {
	case "", search.SummaryFalse:
	case search.SummaryTrue, search.SummaryText, search.SummaryData:
		p.summary = search.Summary(summary)
	case search.SummaryCount:
		return p, rest, fhir.NewIssue(fhir.Invalid, "_summary=count counts the matches of a search", "http._summary")
	default:
		return p, rest, fhir.NewIssue(fhir.Value, "_summary is true, text, data or false, not "+quote(summary), "http._summary")
	}
	return p, rest, nil
}

// whole says whether nothing is left out.
func (p subset) whole() bool {
	return len(p.elements) == 0 && (p.summary == "" || p.summary == search.SummaryFalse)
}

// of returns the part of a resource.
func (p subset) of(resource []byte) ([]byte, error) {
	if p.whole() || resource == nil {
		return resource, nil
	}
	t, err := tree.Parse(resource, tree.Limits{})
	if err != nil {
		return nil, err
	}
	typ := p.s.o.Spec.Type(t.ResourceType())
	return p.root(make([]byte, 0, len(resource)+len(subsettedTag)+16), t.Root(), typ), nil
}

// known refuses an element that none of the types has. Of several types it is enough that one has it: the resources of the
// others just do not show it.
func (p subset) known(types []string) error {
	for _, name := range p.elements {
		if slices.ContainsFunc(types, func(typ string) bool { return p.s.hasElement(typ, name) }) {
			continue
		}
		of := "any resource type"
		if len(types) == 1 {
			of = types[0]
		}
		return fhir.NewIssue(fhir.Value, quote(name)+" is no element of "+of, "http._elements")
	}
	return nil
}

// hasElement reports whether a type has an element at its root, asked for by its name, by the JSON name of a choice, or after the type: "Patient.name".
func (s *Service) hasElement(typ, name string) bool {
	t := s.o.Spec.Type(typ)
	name = strings.TrimPrefix(name, typ+".")
	if _, ok := t.Child(name); ok {
		return true
	}
	return slices.ContainsFunc(t.Elements, func(e *spec.Element) bool { return e.Name == name })
}

// root writes the members of a resource that belong to the part.
func (p subset) root(b []byte, n tree.Node, typ *spec.Type) []byte {
	b = append(b, '{')
	first := true
	for m := range n.Members() {
		name := strings.TrimPrefix(m.Name(), "_")
		child, _ := typ.Child(name)
		if !p.keeps(name, typ, child.Element) {
			continue
		}
		b = separate(b, &first)
		b = append(tree.Quote(b, m.Name()), ':')
		switch {
		case name == "meta" && m.Kind() == tree.Object:
			b = tagged(b, m)
		case p.summary == search.SummaryTrue:
			b = summarized(b, m, child.Def)
		default:
			b = append(b, m.Raw()...)
		}
	}
	return append(b, '}')
}

// keeps says whether a member of the resource belongs to the part. Identity, what must be there, and what changes the
// meaning of the rest always does.
func (p subset) keeps(name string, typ *spec.Type, e *spec.Element) bool {
	switch {
	case name == "resourceType" || name == "id" || name == "meta":
		return true
	case e == nil:
		return false
	case len(p.elements) > 0 && !e.Modifier && e.Min == 0:
		return slices.ContainsFunc(p.elements, func(asked string) bool {
			asked = strings.TrimPrefix(asked, typ.Name+".")
			return asked == name || asked == e.Name
		})
	}
	switch p.summary {
	case search.SummaryTrue:
		return e.Summary || e.Min > 0 || e.Modifier
	case search.SummaryText:
		return name == "text" || e.Min > 0 || e.Modifier
	case search.SummaryData:
		return name != "text"
	default:
		return true
	}
}

func separate(b []byte, first *bool) []byte {
	if *first {
		*first = false
		return b
	}
	return append(b, ',')
}

// summarized writes a value without the elements below it that are no summary elements, such as Attachment.data.
func summarized(b []byte, n tree.Node, typ *spec.Type) []byte {
	switch {
	case n.Kind() == tree.Array:
		b = append(b, '[')
		first := true
		for item := range n.Items() {
			b = summarized(separate(b, &first), item, typ)
		}
		return append(b, ']')
	case n.Kind() != tree.Object || typ == nil || typ.Kind == spec.Primitive || typ.Kind == spec.Resource:
		return append(b, n.Raw()...)
	}
	b = append(b, '{')
	first := true
	for m := range n.Members() {
		child, ok := typ.Child(strings.TrimPrefix(m.Name(), "_"))
		if ok && (child.Element.Summary || child.Element.Min > 0 || child.Element.Modifier || m.Name() == "id") {
			b = append(tree.Quote(separate(b, &first), m.Name()), ':')
			b = summarized(b, m, child.Def)
		}
	}
	if first { // an element must not be empty: https://hl7.org/fhir/R4/json.html
		return append(b[:len(b)-1], n.Raw()...)
	}
	return append(b, '}')
}

// tagged writes meta with the SUBSETTED tag.
func tagged(b []byte, meta tree.Node) []byte {
	b = append(b, '{')
	first, done := true, false
	for m := range meta.Members() {
		b = append(tree.Quote(separate(b, &first), m.Name()), ':')
		if m.Name() == "tag" && m.Kind() == tree.Array {
			raw := m.Raw()
			b = append(b, raw[:len(raw)-1]...)
			if m.Len() > 0 {
				b = append(b, ',')
			}
			b = append(append(b, subsettedTag...), ']')
			done = true
			continue
		}
		b = append(b, m.Raw()...)
	}
	if !done {
		b = append(append(separate(b, &first), `"tag":[`+subsettedTag...), ']')
	}
	return append(b, '}')
}
