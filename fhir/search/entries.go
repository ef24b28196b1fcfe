package search

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// Entries returns the index entries of a resource (whose id is set). Their order is fixed: the same resource gives the same entries.
func (e *Engine) Entries(t *tree.Tree) (Entries, error) {
	ix := e.borrow()
	defer e.giveBack(ix)
	if err := ix.resource(t); err != nil {
		return Entries{}, err
	}
	ix.others(t)
	if err := ix.contained(&container{root: t.Root()}); err != nil {
		return Entries{}, err
	}
	return ix.finish(), nil
}

// resource indexes a resource by itself, what it contains left out.
func (ix *indexer) resource(t *tree.Tree) error {
	typ := t.ResourceType()
	index := ix.e.index(typ)
	if index == nil {
		return fmt.Errorf("indexing a resource: there is no type %q", typ)
	}
	if err := ix.e.compile(index); err != nil {
		return err
	}
	root := t.Root()
	for _, p := range index.params {
		if err := ix.param(p, root); err != nil {
			return fmt.Errorf("indexing %s/%s by %s: %w", typ, t.ID(), p.Code, err)
		}
	}
	for _, p := range index.params {
		ix.unite(p)
	}
	return nil
}

// indexer gathers the entries of one resource. All texts that it makes lie in one buffer, which becomes one string at the end.
type indexer struct {
	e      *Engine
	values []fhirpath.Value // of the parameter at hand
	buf    []byte
	keys   []span
	fixed  []string // keys that are the same for every resource
	texts  []textSpan
	ranges []Range
	refs   []RefEntry
	inside []inside // references to contained resources
}

// borrow returns an empty indexer.
func (e *Engine) borrow() *indexer {
	if ix, ok := e.pool.Get().(*indexer); ok {
		return ix
	}
	return &indexer{e: e}
}

// giveBack keeps an indexer for the next resource, with its memory unless that has become large.
func (e *Engine) giveBack(ix *indexer) {
	const large = 64 << 10
	if cap(ix.buf) > large || cap(ix.values) > large/64 {
		return
	}
	clear(ix.values[:cap(ix.values)]) // the values hold on to the tree
	*ix = indexer{e: e, values: ix.values[:0], buf: ix.buf[:0], keys: ix.keys[:0], fixed: ix.fixed[:0], texts: ix.texts[:0]}
	e.pool.Put(ix)
}

// span is a piece of the indexer's buffer.
type span struct{ from, to int }

type textSpan struct {
	name string
	span
}

// param writes the entries of one parameter.
func (ix *indexer) param(p *param, root tree.Node) error {
	if p.union != nil || p.expr == nil {
		return nil
	}
	values, err := p.expr.EvalInto(ix.values[:0], p.expr.Focus(root))
	if err != nil {
		return err
	}
	ix.values = values
	present := false
	for _, v := range values {
		if !hasValue(v) {
			continue
		}
		present = true
		if err := ix.value(p, v); err != nil {
			return err
		}
	}
	if present && p.composite == nil {
		ix.fixed = append(ix.fixed, p.present)
	}
	return nil
}

// hasValue reports whether an element has a value: "For simple data type elements, :missing=true will match on all elements
// where either the underlying element is omitted or where the element is present with extensions but no @value is specified".
// https://hl7.org/fhir/R4/search.html#modifiers
func hasValue(v fhirpath.Value) bool {
	if v.Node.Kind() == tree.Object {
		primitive := v.Type != "" && v.Type[0] >= 'a' && v.Type[0] <= 'z'
		return !primitive
	}
	_, ok := v.Primitive()
	return ok
}

// value writes the entries of one value.
func (ix *indexer) value(p *param, v fhirpath.Value) error {
	switch p.Type {
	case spec.ParamString:
		ix.str(p, v)
	case spec.ParamToken:
		ix.token(p, v)
	case spec.ParamReference:
		ix.reference(p, v)
	case spec.ParamURI:
		ix.uri(p, v)
	case spec.ParamDate:
		ix.date(p.Code, v)
	case spec.ParamNumber:
		ix.number(p.Code, v)
	case spec.ParamQuantity:
		ix.quantity(p.Code, v)
	case spec.ParamComposite:
		return ix.composite(p, v)
	case spec.ParamSpecial:
	}
	return nil
}

// key writes the key "head|part|part".
func (ix *indexer) key(head string, parts ...string) {
	from := len(ix.buf)
	ix.buf = appendKey(ix.buf, head, parts...)
	ix.keys = append(ix.keys, span{from, len(ix.buf)})
}

// text writes a text as it is.
func (ix *indexer) text(name, value string) {
	from := len(ix.buf)
	ix.buf = append(ix.buf, value...)
	ix.texts = append(ix.texts, textSpan{name, span{from, len(ix.buf)}})
}

// folded writes a text folded; nothing where nothing is left of it.
func (ix *indexer) folded(name, value string) {
	from := len(ix.buf)
	ix.buf = appendFold(ix.buf, value)
	if len(ix.buf) > from {
		ix.texts = append(ix.texts, textSpan{name, span{from, len(ix.buf)}})
	}
}

// ref writes a reference to a resource of this server.
func (ix *indexer) ref(r RefEntry) { ix.refs = append(ix.refs, r) }

// eachOnce drops the references that stand twice, and keeps the order of the others.
func eachOnce(refs []RefEntry) []RefEntry {
	const few = 16
	var seen map[RefEntry]bool
	if len(refs) > few { // a List may hold thousands
		seen = make(map[RefEntry]bool, len(refs))
	}
	kept := refs[:0]
	for _, r := range refs {
		if seen[r] || seen == nil && slices.Contains(kept, r) {
			continue
		}
		kept = append(kept, r)
		if seen != nil {
			seen[r] = true
		}
	}
	return kept
}

// finish sorts what was gathered, each once.
func (ix *indexer) finish() Entries {
	all := string(ix.buf)
	keys := make([]string, 0, len(ix.keys)+len(ix.fixed))
	keys = append(keys, ix.fixed...)
	for _, s := range ix.keys {
		keys = append(keys, all[s.from:s.to])
	}
	slices.Sort(keys)
	out := Entries{Keys: slices.Compact(keys), Refs: eachOnce(ix.refs)}
	if len(ix.texts) > 0 {
		out.Texts = make([]Text, 0, len(ix.texts))
		for _, t := range ix.texts {
			out.Texts = append(out.Texts, Text{Name: t.name, Value: all[t.from:t.to]})
		}
		slices.SortFunc(out.Texts, func(a, b Text) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
		})
		out.Texts = slices.Compact(out.Texts)
	}
	slices.SortFunc(ix.ranges, func(a, b Range) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Lo, b.Lo), strings.Compare(a.Hi, b.Hi))
	})
	out.Ranges = slices.Compact(ix.ranges)
	return out
}
