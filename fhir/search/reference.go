package search

import (
	"slices"
	"strings"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// A reference matches by type and id where it is literal and to this server, relative or below one of its own base
// URLs; anything else by its text. https://hl7.org/fhir/R4/search.html#reference

// reference indexes a value of a reference parameter.
func (ix *indexer) reference(p *param, v fhirpath.Value) {
	switch {
	case v.Type == "Reference":
		ix.literal(p, v.Node.Member("reference").Text(), false)
		if id := v.Node.Member("identifier"); id.Kind() == tree.Object {
			ix.tokenKeys(p, p.Code+":identifier", identifierToken(id))
		}
	case ix.e.spec.IsResource(v.Type):
		ix.nested(p, v)
	default:
		if text, ok := v.Primitive(); ok {
			ix.literal(p, text, true)
		}
	}
}

// literal indexes the text of a Reference.reference, canonical or uri.
func (ix *indexer) literal(p *param, text string, canonical bool) {
	if text == "" || text[0] == '#' {
		if len(text) > 1 {
			ix.inside = append(ix.inside, inside{p.Code, text[1:]})
		}
		return // A contained resource has no address outside its container.
	}
	ref, local := ix.e.local(text)
	ix.base(ref)
	if !local {
		ix.text(p.Code, text)
		ix.key(p.Code, text)
		if canonical {
			ix.unversioned(p, text)
		} else if ref.VersionID != "" {
			ix.key(p.Code, ref.Base+"/"+ref.Key.String())
		}
		return
	}
	key := ref.Key.String()
	ix.text(p.Code, key)
	ix.key(p.Code, key)
	if ref.VersionID != "" {
		ix.key(p.Code, key+"/_history/"+ref.VersionID)
	}
	ix.stray(p, ref.Key)
	ix.ref(RefEntry{Param: p.Code, Key: ref.Key, VID: ref.VersionID})
}

// base notes that what a reference is depends on whether its base is one of this server's own.
func (ix *indexer) base(ref fhir.Ref) {
	if ref.Base != "" && ix.e.spec.IsResource(ref.Key.Type) {
		ix.key(baseHead, fhir.PlainBase(ref.Base))
	}
}

// nested indexes a resource that stands where a reference could: Bundle.entry[0].resource of a message or document. It is part
// of this resource, so that there is nothing that a chain or an include could follow.
func (ix *indexer) nested(p *param, v fhirpath.Value) {
	id := v.Node.Member("id").Text()
	if id == "" {
		return
	}
	key := fhir.Key{Type: v.Type, ID: id}
	ix.text(p.Code, key.String())
	ix.key(p.Code, key.String())
	ix.stray(p, key)
}

// stray writes the id of a reference to a type that the parameter is not meant to refer to, so that a search
// by id alone, which asks for the types that it is, finds it all the same.
func (ix *indexer) stray(p *param, k fhir.Key) {
	if !slices.Contains(p.targets, k.Type) {
		ix.key(p.Code, k.ID)
	}
}

// local reads a reference and reports whether it names a resource of this server.
func (e *Engine) local(text string) (fhir.Ref, bool) {
	ref := fhir.ParseRef(text)
	return ref, ref.Literal() && e.spec.IsResource(ref.Key.Type) && e.isOwn(ref.Base)
}

// isOwn reports whether a base is none (a relative reference) or one of this server's own.
func (e *Engine) isOwn(base string) bool {
	if base == "" {
		return true
	}
	_, own := slices.BinarySearch(e.own, fhir.PlainBase(base))
	return own
}

// targets returns the types that a reference parameter may point to, in alphabetical order: what the expression
// says ("resolve() is Patient"), else what the elements say, else what the definition of the parameter says, else all.
func (e *Engine) targets(p *param, branches []string) []string {
	var all []string
	for _, branch := range branches {
		if _, is, ok := strings.Cut(branch, "resolve() is "); ok {
			all = append(all, strings.TrimRight(is, ")"))
			continue
		}
		for _, l := range e.leaves(p.typ, branch) {
			to := l.targets()
			if len(to) == 0 {
				return e.defined(p)
			}
			all = append(all, to...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// targets returns the types that an element may point to; none where it does not say.
func (l leaf) targets() []string {
	switch {
	case l.Element == nil:
		return nil
	case l.Type == "canonical":
		return l.Element.Canonicals
	case l.Type == "Reference":
		return l.Element.Targets
	}
	return nil
}

// CanonicalTargets returns the types of the resources that the canonicals of a reference parameter may name, in alphabetical order;
// none where its values are references.
func (e *Engine) CanonicalTargets(typ, code string) []string {
	p := e.index(typ).param(code)
	if p == nil || p.Type != spec.ParamReference {
		return nil
	}
	var all []string
	for _, l := range p.leaves {
		switch {
		case l.Type != "canonical":
		case l.Element == nil || len(l.Element.Canonicals) == 0:
			return p.targets
		default:
			all = append(all, l.Element.Canonicals...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// canonicalOnly reports whether the values of a reference parameter are names of resources, not references to them.
func (p *param) canonicalOnly() bool {
	for _, l := range p.leaves {
		if l.Type != "canonical" {
			return false
		}
	}
	return len(p.leaves) > 0
}

// embedded reports whether the values of a reference parameter are resources that stand where a reference could: Bundle.entry[0].resource.
func (p *param) embedded() bool {
	for _, l := range p.leaves {
		if l.Type != "Resource" {
			return false
		}
	}
	return len(p.leaves) > 0
}

// defined returns the targets that the definition of the parameter lists, or all types.
func (e *Engine) defined(p *param) []string {
	var all []string
	for _, t := range p.Targets {
		if e.spec.IsResource(t) {
			all = append(all, t)
		}
	}
	if len(all) == 0 || slices.Contains(p.Targets, "Resource") {
		return e.spec.ResourceTypes()
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// cutVersion splits url|version. https://hl7.org/fhir/R4/references.html#canonical
func cutVersion(canonical string) (url, version string, ok bool) {
	url, version, ok = strings.Cut(canonical, "|")
	return url, version, ok && url != ""
}

// reference compiles a value of a reference parameter.
func (c *compiler) reference(p *param, modifier, value string) (Expr, *fhir.Issue) {
	if modifier == "identifier" {
		if !slices.ContainsFunc(p.leaves, func(l leaf) bool { return l.Type == "Reference" }) {
			return nil, refuse(fhir.Invalid, c.name, "%s has no identifiers: it is a canonical", p.Code)
		}
		return c.token(p, p.Code+":identifier", value)
	}
	text := unescape(value)
	if modifier != "" {
		return c.typedReference(p, modifier, text)
	}
	if ref, local := c.e.local(text); local {
		return HasKey{Key: referenceKey(p, ref)}, nil
	}
	if !fhir.ValidID(text) {
		if !strings.Contains(text, ":") && !slices.ContainsFunc(p.leaves, func(l leaf) bool { return l.Type == "canonical" || l.Type == "uri" }) {
			return nil, badValue(c.name, value, "no [id], [type]/[id] or [url]") // no resource is stored with such a reference
		}
		return HasKey{Key: joinKey(p.Code, text)}, nil
	}
	// "the logical [id] of a resource using a local reference": of any type that the parameter may refer to.
	or := Or{HasKey{Key: joinKey(p.Code, text)}}
	for _, typ := range p.targets {
		or = append(or, HasKey{Key: RefKey(p.Code, fhir.Key{Type: typ, ID: text})})
	}
	return or.simple(), nil
}

// typedReference compiles subject:Patient=23, which means subject=Patient/23.
func (c *compiler) typedReference(p *param, typ, text string) (Expr, *fhir.Issue) {
	if fhir.ValidID(text) {
		return HasKey{Key: RefKey(p.Code, fhir.Key{Type: typ, ID: text})}, nil
	}
	ref, local := c.e.local(text)
	if !local || ref.Key.Type != typ {
		return nil, badValue(c.name, text, "no id of a "+typ)
	}
	return HasKey{Key: referenceKey(p, ref)}, nil
}

func referenceKey(p *param, ref fhir.Ref) string {
	if ref.VersionID != "" {
		return joinKey(p.Code, ref.Key.String()+"/_history/"+ref.VersionID)
	}
	return RefKey(p.Code, ref.Key)
}

// relative is the clause where references below a base are relative ones. Names of resources, which canonicals are, stay as they are.
// https://hl7.org/fhir/R4/search.html#reference
func (e *Engine) relative(typ string, cl Clause, base string) Clause {
	switch {
	case base == "":
	case cl.Has != nil:
		has := *cl.Has
		has.Clause = e.relative(has.Type, has.Clause, base)
		cl.Has = &has
	case cl.Chain != nil:
		chain := *cl.Chain
		chain.Clause = make(map[string]Clause, len(cl.Chain.Clause))
		for typ, c := range cl.Chain.Clause {
			chain.Clause[typ] = e.relative(typ, c, base)
		}
		cl.Chain = &chain
	case cl.Param.Type == spec.ParamReference && cl.Modifier != "identifier":
		if p := e.index(typ).param(cl.Param.Code); p == nil || p.canonicalOnly() {
			return cl
		}
		values := slices.Clone(cl.Values)
		for k, v := range values {
			if rest, ok := strings.CutPrefix(fhir.PlainURL(v), fhir.PlainBase(base)+"/"); ok {
				values[k] = rest
			}
		}
		cl.Values = values
	}
	return cl
}
