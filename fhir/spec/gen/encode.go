package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// encoder writes the format that spec.Open reads: a table of strings, a table of
// lists of strings, then records of unsigned varints that point into the tables.
type encoder struct {
	body    []byte
	strings interner
	lists   interner
	members [][]uint64 // of each list
}

// interner numbers distinct texts in the order in which they came.
type interner struct {
	at    map[string]uint64
	texts []string
}

func (in *interner) index(s string) uint64 {
	if k, ok := in.at[s]; ok {
		return k
	}
	if in.at == nil {
		in.at = map[string]uint64{}
	}
	k := uint64(len(in.texts))
	in.at[s] = k
	in.texts = append(in.texts, s)
	return k
}

func (e *encoder) num(n int)       { e.body = binary.AppendUvarint(e.body, uint64(n)) }
func (e *encoder) text(s string)   { e.body = binary.AppendUvarint(e.body, e.strings.index(s)) }
func (e *encoder) list(l []string) { e.body = binary.AppendUvarint(e.body, e.listIndex(l)) }

func (e *encoder) listIndex(l []string) uint64 {
	k := e.lists.index(strings.Join(l, "\x00"))
	if int(k) == len(e.members) {
		ids := make([]uint64, len(l))
		for i, s := range l {
			ids[i] = e.strings.index(s)
		}
		e.members = append(e.members, ids)
	}
	return k
}

func (e *encoder) flags(bits ...bool) {
	n := 0
	for i, b := range bits {
		if b {
			n |= 1 << i
		}
	}
	e.num(n)
}

// bytes returns the compressed file.
func (e *encoder) bytes() ([]byte, error) {
	var raw []byte
	raw = binary.AppendUvarint(raw, uint64(len(e.strings.texts)))
	for _, s := range e.strings.texts {
		raw = binary.AppendUvarint(raw, uint64(len(s)))
	}
	raw = append(raw, strings.Join(e.strings.texts, "")...)
	raw = binary.AppendUvarint(raw, uint64(len(e.members)))
	for _, l := range e.members {
		raw = binary.AppendUvarint(raw, uint64(len(l)))
		for _, id := range l {
			raw = binary.AppendUvarint(raw, id)
		}
	}
	raw = append(raw, e.body...)

	var out bytes.Buffer
	out.Write(binary.AppendUvarint(nil, uint64(len(raw))))
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// kinds are the numbers of spec.Kind.
var kinds = map[string]int{"primitive-type": 1, "complex-type": 2, "backbone": 3, "resource": 4}

// jsonKinds are the numbers of tree.Kind for the primitives that are no JSON strings.
// https://hl7.org/fhir/R4/json.html#primitive
var jsonKinds = map[string]int{"boolean": 5, "integer": 4, "decimal": 4, "positiveInt": 4, "unsignedInt": 4}

func encodeDefinitions(types []typ, d *definitions) ([]byte, error) {
	e := &encoder{}
	e.num(len(types))
	for _, t := range types {
		if kinds[t.kind] == 0 {
			return nil, fmt.Errorf("compiling %s: kind %q", t.name, t.kind)
		}
		e.typ(t)
	}
	e.params(d.params)
	e.compartments(d.compartments)
	return e.bytes()
}

func (e *encoder) typ(t typ) {
	e.text(t.name)
	e.num(kinds[t.kind])
	e.flags(t.abstract)
	e.text(t.base)
	e.text(t.regex)
	e.num(jsonKind(t))
	e.num(len(t.elements))
	for _, f := range t.elements {
		e.text(f.name)
		e.text(f.path)
		e.flags(f.choice, f.summary, f.modifier)
		e.list(f.types)
		e.num(f.min)
		e.num(f.max + 1)
		e.list(f.targets)
		e.list(f.canonicals)
		e.text(f.profile)
		e.text(f.strength)
		e.text(f.valueSet)
	}
}

func jsonKind(t typ) int {
	if t.kind != "primitive-type" {
		return 0
	}
	if k := jsonKinds[t.name]; k != 0 {
		return k
	}
	return 3
}

func (e *encoder) params(params []searchParameter) {
	slices.SortFunc(params, func(a, b searchParameter) int { return strings.Compare(a.URL, b.URL) })
	e.num(len(params))
	for _, p := range params {
		e.text(p.Code)
		e.text(p.Name)
		e.text(p.URL)
		e.text(p.Type)
		e.text(p.Expression)
		e.text(p.XPathUsage)
		e.text(p.Description)
		sort.Strings(p.Base)
		e.list(p.Base)
		sort.Strings(p.Target)
		e.list(p.Target)
		e.list(p.Comparator)
		e.flags(p.MultipleOr == nil || *p.MultipleOr, p.MultipleAnd == nil || *p.MultipleAnd)
		e.num(len(p.Component))
		for _, c := range p.Component {
			e.text(c.Definition)
			e.text(c.Expression)
		}
	}
}

func (e *encoder) compartments(all []compartment) {
	slices.SortFunc(all, func(a, b compartment) int { return strings.Compare(a.Code, b.Code) })
	e.num(len(all))
	for _, c := range all {
		e.text(c.Code)
		e.num(len(c.Resource))
		for _, r := range c.Resource {
			e.text(r.Code)
			e.list(r.Param)
		}
	}
}
