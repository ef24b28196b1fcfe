package memory

import (
	"slices"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// referenceTest is the test of a reference parameter: id, Type/id or URL, or with :identifier a token.
// https://hl7.org/fhir/R4/search.html#reference
func (p *params) referenceTest(modifier, want string) (test, error) {
	if modifier == "identifier" {
		return p.identifierTest(want)
	}
	want = unescape(want)
	if modifier != "" && fhir.ValidID(want) { // subject:Patient=23 is subject=Patient/23
		want = modifier + "/" + want
	}
	asked := p.parse(want)
	return func(v fhirpath.Value) bool {
		have := p.parse(reference(v))
		if have.IsFragment || have.Text == "" {
			return false // A contained resource has no address outside its container.
		}
		switch {
		case p.isLocal(asked):
			return p.isLocal(have) && have.Key == asked.Key && (asked.VersionID == "" || asked.VersionID == have.VersionID)
		case fhir.ValidID(want):
			return p.isLocal(have) && have.Key.ID == want
		case p.isLocal(have):
			return false
		case have.Literal() && have.Base+"/"+have.Key.String() == want:
			return true
		}
		return have.Text == want || v.Type != "Reference" && unversioned(have.Text) == want
	}, nil
}

// identifierTest is the test of :identifier: a token search on Reference.identifier.
func (p *params) identifierTest(want string) (test, error) {
	is, err := p.tokenTest(want)
	if err != nil {
		return nil, err
	}
	return func(v fhirpath.Value) bool {
		id := v.Node.Member("identifier")
		return v.Type == "Reference" && id.Exists() && is(fhirpath.Value{Node: id, Type: "Identifier"})
	}, nil
}

// parse reads a reference; one to this server loses its base.
func (p *params) parse(s string) fhir.Ref {
	r := fhir.ParseRef(s)
	if r.Base != "" && slices.Contains(p.own, fhir.PlainBase(r.Base)) {
		r.Base = ""
	}
	return r
}

// isLocal reports whether a reference names a resource that could be on this server.
func (p *params) isLocal(r fhir.Ref) bool {
	return r.Literal() && r.Base == "" && p.spec.IsResource(r.Key.Type)
}

// reference returns the text of a Reference or of a canonical, or the place of a resource that stands inside this one.
func reference(v fhirpath.Value) string {
	switch {
	case v.Type == "Reference":
		return v.Node.Member("reference").Text()
	case nested(v):
		if id := v.Node.Member("id").Text(); id != "" {
			return v.Node.Member("resourceType").Text() + "/" + id
		}
		return ""
	}
	return text(v)
}

// nested reports whether a value is a resource that stands where a reference could: the first entry of a document.
func nested(v fhirpath.Value) bool { return v.Node.Member("resourceType").Exists() }

// refs returns the literal references to resources of this server that a resource holds by the named
// parameters; nil or "*" names all of them.
func (p *params) refs(r *record, names []string) ([]search.RefEntry, error) {
	var all []search.RefEntry
	for _, param := range p.spec.Params(r.Type) {
		if param.Type != spec.ParamReference {
			continue
		}
		if names != nil && !slices.Contains(names, "*") && !slices.Contains(names, param.Code) {
			continue
		}
		some, err := p.refsBy(param, r)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// anywhere returns the resources of this server that a resource refers to by any Reference in it, whatever search parameters there are. The entries of a
// Bundle that is kept are a scope of their own. https://hl7.org/fhir/R4/bundle.html#references
func (p *params) anywhere(r *record) []fhir.Key {
	var all []fhir.Key
	p.spec.Walk(r.tree.Root(), func(n tree.Node, typ string, e *spec.Element) bool {
		if ref := p.parse(n.Member("reference").Text()); typ == "Reference" && p.isLocal(ref) {
			all = append(all, ref.Key)
		}
		return e == nil || e.Path != "Bundle.entry"
	})
	return all
}

// refsBy returns the literal references by one parameter, each once.
func (p *params) refsBy(param *spec.Param, r *record) ([]search.RefEntry, error) {
	values, err := p.values(param, r)
	if err != nil {
		return nil, err
	}
	var all []search.RefEntry
	for _, v := range values {
		ref := p.parse(reference(v))
		if !p.isLocal(ref) || nested(v) {
			continue
		}
		e := search.RefEntry{Param: param.Code, Key: ref.Key, VID: ref.VersionID}
		if !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all, nil
}
