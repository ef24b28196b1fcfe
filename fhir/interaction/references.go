package interaction

import (
	"bytes"
	"html"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// eachReference visits every Reference.reference of a resource, those of contained resources and extensions too. The entries of a
// Bundle that is kept are a scope of their own: https://hl7.org/fhir/R4/bundle.html#references
func (s *Service) eachReference(t *tree.Tree, visit func(tree.Node)) {
	s.o.Spec.Walk(t.Root(), func(n tree.Node, typ string, e *spec.Element) bool {
		if typ == "Reference" {
			if ref := n.Member("reference"); ref.Kind() == tree.String {
				visit(ref)
			}
		}
		return e == nil || e.Path != "Bundle.entry"
	})
}

// local returns the resource of this server that a reference names. Own absolute URLs are the same as relative ones.
// https://hl7.org/fhir/R4/references.html#literal
func (s *Service) local(ref fhir.Ref, base string) (fhir.Key, bool) {
	if !ref.Literal() || !s.o.Spec.IsResource(ref.Key.Type) {
		return fhir.Key{}, false
	}
	if ref.Base == "" || s.isOwn(ref.Base, base) {
		return ref.Key, true
	}
	return fhir.Key{}, false
}

func (s *Service) isOwn(base, requested string) bool {
	if rest, ok := below(base, requested); ok && rest == "" {
		return true
	}
	for _, b := range s.o.Bases {
		if rest, ok := below(base, b); ok && rest == "" {
			return true
		}
	}
	return false
}

// strange refuses references below a base by which the request names this server and that the server does not know as its own, by --base-url or by the address
// that it listens on: the index does not know it either, so that no search would find what refers so, and no delete would see that it is referred to.
func (s *Service) strange(t *tree.Tree, base string) error {
	_, host, ok := strings.Cut(base, "://")
	if !ok || s.known(base) || !bytes.Contains(t.Bytes(), []byte(host)) {
		return nil
	}
	var is fhir.Issues
	s.eachReference(t, func(ref tree.Node) {
		if k, ok := s.local(fhir.ParseRef(ref.Text()), base); ok && fhir.ParseRef(ref.Text()).Base != "" {
			is = append(is, fhir.NewIssue(fhir.BusinessRule, "the server does not know "+base+" as its own base URL and would not find the resource by this reference: write "+
				k.String()+", or start the server with --base-url "+base, s.o.Spec.Location(ref)))
		}
	})
	return is.Err()
}

// known reports whether a base is one of those that the index knows as this server's own.
func (s *Service) known(base string) bool {
	return slices.Contains(s.o.Search.Own(), fhir.PlainBase(base))
}

// conditional splits a conditional reference, such as "Patient?identifier=12345".
// https://hl7.org/fhir/R4/http.html#trules
func (s *Service) conditional(text, base string) (typ, query string, ok bool) {
	typ, query, ok = strings.Cut(s.withoutBase(text, base), "?")
	return typ, query, ok && s.o.Spec.IsResource(typ)
}

// identities says what the links between the entries of a transaction become.
type identities struct {
	s    *Service
	base string
	keys map[string]fhir.Key // normalized fullUrl -> the resource that the entry became
	ends map[string]fhir.Key // the Type/id at the end of an absolute fullUrl; the zero Key where two entries end alike

	version func(fhir.Key) (int64, error) // the version that the transaction makes of a resource
	err     error                         // the first one that version gave
}

// normalize writes equal fullUrls alike: the scheme, the case of a UUID, own absolute URLs as relative ones.
func (m *identities) normalize(u string) string {
	if len(u) >= 9 && strings.EqualFold(u[:9], "urn:uuid:") {
		return strings.ToLower(u)
	}
	return fhir.PlainURL(m.s.withoutBase(u, m.base))
}

// find returns what a link becomes that stands in an entry with the fullUrl of root: the new relative
// reference, its version and fragment kept. https://hl7.org/fhir/R4/bundle.html#references
func (m *identities) find(text, root string) (string, bool) {
	rest, fragment, hasFragment := strings.Cut(text, "#")
	if rest == "" {
		return "", false
	}
	k, ok := m.lookUp(rest, root)
	version := ""
	if !ok {
		// "Version-specific references should remain as version-specific references after the references have been
		// updated": whatever version the client wrote, it means the one that the transaction makes.
		head, _, versioned := strings.Cut(rest, "/_history/")
		if !versioned {
			return "", false
		}
		if k, ok = m.lookUp(head, root); !ok {
			return "", false
		}
		vid, err := m.version(k)
		if err != nil && m.err == nil {
			m.err = err
		}
		version = "/_history/" + fhir.Version{VID: vid}.VersionID()
	}
	out := k.String() + version
	if hasFragment {
		out += "#" + fragment
	}
	return out, true
}

// lookUp finds the entry of a link. A relative link means what stands beside its own entry, or else what stands on this
// server. In an entry that has no place of its own (its fullUrl is a URN) it means the entry that ends so, as in
// https://hl7.org/fhir/R4/xds-example.json.html
func (m *identities) lookUp(link, root string) (fhir.Key, bool) {
	at, relative := fhir.ParseKey(link)
	if relative && root != "" {
		if k, ok := m.keys[root+"/"+at.String()]; ok {
			return k, true
		}
	}
	k, ok := m.keys[m.normalize(link)]
	if !ok && relative && root == "" {
		k = m.ends[at.String()]
		ok = k.ID != ""
	}
	return k, ok
}

// add names an entry.
func (m *identities) add(name string, k fhir.Key) {
	m.keys[name] = k
	if ref := fhir.ParseRef(name); ref.Base != "" {
		end := ref.Key.String()
		if _, twice := m.ends[end]; twice {
			k = fhir.Key{}
		}
		m.ends[end] = k
	}
}

// rootOf returns the base of a RESTful fullUrl on another server, "" for any other.
func (m *identities) rootOf(fullURL string) string {
	return fhir.ParseRef(m.normalize(fullURL)).Base
}

// links are the links of one resource that a transaction must look at.
type links struct {
	edits  []tree.Edit
	asked  []question  // conditional references
	points []pointer   // literal references to resources of this server that are no entry
	lost   []tree.Node // references that only an entry could answer, and none does
}

// question is a conditional reference, to be resolved by a search.
type question struct {
	node  tree.Node
	typ   string
	query string
}

// pointer is a literal reference.
type pointer struct {
	key  fhir.Key
	node tree.Node
}

// of finds the links of a resource: "resource references, elements of type uri, url, oid, uuid, and <a href> and
// <img src> in the narrative. Elements of type canonical are not replaced." https://hl7.org/fhir/R4/http.html#trules
// An oid or a uuid is let be all the same: by its type it can name nothing but a URN, so that with the address of a resource in it
// the transaction would have to be refused. https://hl7.org/fhir/R4/datatypes.html#uuid
func (m *identities) of(t *tree.Tree, fullURL string) (links, error) {
	var found links
	root := m.rootOf(fullURL)
	m.s.o.Spec.Walk(t.Root(), func(n tree.Node, typ string, e *spec.Element) bool {
		if e != nil && e.Path == "Bundle.entry" {
			return false // a Bundle that is kept is a scope of its own: https://hl7.org/fhir/R4/bundle.html#references
		}
		switch typ {
		case "Reference":
			m.reference(&found, n.Member("reference"), root)
		case "uri", "url":
			if n.Kind() == tree.String && (e == nil || e.Path != "Extension.url") {
				m.replace(&found, n, root)
			}
		case "xhtml":
			m.narrative(&found, n, root)
		}
		return true
	})
	return found, m.err
}

func (m *identities) reference(found *links, n tree.Node, root string) {
	if n.Kind() != tree.String || m.replace(found, n, root) {
		return
	}
	text := n.Text()
	if typ, query, ok := m.s.conditional(text, m.base); ok {
		found.asked = append(found.asked, question{node: n, typ: typ, query: query})
		return
	}
	if k, ok := m.s.local(fhir.ParseRef(text), m.base); ok {
		found.points = append(found.points, pointer{key: k, node: n})
	} else if isURN(text) {
		found.lost = append(found.lost, n)
	}
}

// isURN reports whether a reference can only be to what stands in the same Bundle: no server answers at a UUID or OID.
// https://hl7.org/fhir/R4/bundle.html#references
func isURN(text string) bool {
	for _, scheme := range []string{"urn:uuid:", "urn:oid:"} {
		if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// replace rewrites a string that is a link to an entry as a whole.
func (m *identities) replace(found *links, n tree.Node, root string) bool {
	text := n.Text()
	to, ok := m.find(text, root)
	if ok && to != text {
		found.edits = append(found.edits, tree.Edit{Node: n, JSON: tree.Quote(nil, to)})
	}
	return ok
}

// narrative rewrites the links in a narrative.
func (m *identities) narrative(found *links, n tree.Node, root string) {
	text := n.Text()
	out, changed := rewriteMarkup(text, func(link string) (string, bool) { return m.find(link, root) })
	if changed {
		found.edits = append(found.edits, tree.Edit{Node: n, JSON: tree.Quote(nil, out)})
	}
}

// linkAttribute names the attribute of an element that holds a link.
var linkAttribute = map[string]string{"a": "href", "img": "src"}

// rewriteMarkup replaces the links of <a href> and <img src>. All else of the text stays as it is, byte by byte.
func rewriteMarkup(text string, find func(string) (string, bool)) (string, bool) {
	var b strings.Builder
	copied := 0
	for at := 0; at < len(text); {
		open := strings.IndexByte(text[at:], '<')
		if open < 0 {
			break
		}
		at += open + 1
		name := text[at : at+wordLength(text[at:])]
		at += len(name)
		want, ok := linkAttribute[strings.ToLower(name)]
		if !ok {
			continue
		}
		start, end, next := attribute(text, at, want)
		at = next
		if start < 0 {
			continue
		}
		if to, ok := find(html.UnescapeString(text[start:end])); ok {
			b.WriteString(text[copied:start])
			b.WriteString(html.EscapeString(to))
			copied = end
		}
	}
	if copied == 0 {
		return text, false
	}
	b.WriteString(text[copied:])
	return b.String(), true
}

// wordLength returns how many letters, digits, colons, dashes, underscores and dots text begins with.
func wordLength(text string) int {
	end := strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(":-_.", r)
	})
	if end < 0 {
		return len(text)
	}
	return end
}

// attribute finds the value of an attribute in a tag whose name ends at from, and where to read on. Without such an attribute start is -1.
func attribute(text string, from int, want string) (start, end, next int) {
	start, end = -1, -1
	at := from
	for at < len(text) && text[at] != '>' {
		size := wordLength(text[at:])
		if size == 0 {
			at++
			continue
		}
		name := text[at : at+size]
		at += size
		value := at
		for value < len(text) && strings.IndexByte(" \t\r\n=", text[value]) >= 0 {
			value++
		}
		if value == at || value >= len(text) || text[value] != '"' && text[value] != '\'' {
			continue
		}
		size = strings.IndexByte(text[value+1:], text[value])
		if size < 0 {
			return start, end, len(text)
		}
		if strings.EqualFold(name, want) && start < 0 {
			start, end = value+1, value+1+size
		}
		at = value + size + 2
	}
	return start, end, at
}
