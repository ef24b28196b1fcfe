package spec

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"firewolf/fhir/tree"
)

//go:embed r4.bin
var definitions []byte

// Open decodes the embedded definitions. It takes some milliseconds: call it once and hand it on.
// The codes of value sets are decoded when they are first asked for.
func Open() (*Spec, error) {
	d, err := newDecoder(definitions)
	if err != nil {
		return nil, fmt.Errorf("opening the R4 definitions: %w", err)
	}
	s := &Spec{codes: sync.OnceValue(openCodes)}
	d.types(s)
	s.indexParams(d.params())
	s.compartments = d.compartments()
	if d.broken || len(d.rest) != 0 {
		return nil, fmt.Errorf("opening the R4 definitions: the embedded file is broken")
	}
	return s, nil
}

// openCodes decodes the value sets. The file is part of the program: a broken one is a broken build.
func openCodes() map[string]*CodeSet {
	d, err := newDecoder(expansions)
	if err != nil {
		panic(fmt.Errorf("opening the R4 value sets: %w", err))
	}
	sets := d.codeSets()
	if d.broken || len(d.rest) != 0 {
		panic("opening the R4 value sets: the embedded file is broken")
	}
	return sets
}

// decoder reads what gen wrote: a table of strings, a table of lists of strings,
// then records of unsigned varints that point into the tables.
type decoder struct {
	rest     []byte
	strings  []string
	lists    [][]string
	bindings map[[2]string]*Binding
	broken   bool
}

func newDecoder(file []byte) (*decoder, error) {
	size, n := binary.Uvarint(file)
	if n <= 0 {
		return nil, io.ErrUnexpectedEOF
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(file[n:])), raw); err != nil {
		return nil, err
	}
	d := &decoder{rest: raw, bindings: map[[2]string]*Binding{}}
	d.stringTable()
	d.listTable()
	return d, nil
}

// stringTable copies the texts once: all strings of a Spec share that one block.
func (d *decoder) stringTable() {
	d.strings = make([]string, d.count())
	lens := make([]int, len(d.strings))
	total := 0
	for i := range lens {
		lens[i] = d.count()
		total += lens[i]
	}
	if total > len(d.rest) {
		d.broken = true
		return
	}
	block := string(d.rest[:total])
	d.rest = d.rest[total:]
	for i, n := range lens {
		d.strings[i], block = block[:n], block[n:]
	}
}

func (d *decoder) listTable() {
	d.lists = make([][]string, d.count())
	for i := range d.lists {
		if n := d.count(); n > 0 {
			d.lists[i] = make([]string, n)
		}
		for k := range d.lists[i] {
			d.lists[i][k] = d.text()
		}
	}
}

// num reads a number. Beyond the end of the file it gives 0 and marks the file as broken.
func (d *decoder) num() int {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.broken = true
		return 0
	}
	d.rest = d.rest[n:]
	return int(v)
}

// count reads a number of things that follow, each at least a byte long.
func (d *decoder) count() int {
	n := d.num()
	if n > len(d.rest) {
		d.broken = true
		return 0
	}
	return n
}

func (d *decoder) text() string   { return at(d, d.strings) }
func (d *decoder) list() []string { return at(d, d.lists) }

func at[T any](d *decoder, table []T) T {
	k := d.num()
	if k >= len(table) {
		d.broken = true
		var zero T
		return zero
	}
	return table[k]
}

func (d *decoder) types(s *Spec) {
	all := make([]Type, d.count())
	s.types = make(map[string]*Type, len(all))
	for i := range all {
		t := &all[i]
		d.typ(t)
		s.types[t.Name] = t
		s.all = append(s.all, t)
		if s.IsResource(t.Name) {
			s.resources = append(s.resources, t.Name)
		}
	}
	for i := range all {
		all[i].index(s)
	}
}

func (d *decoder) typ(t *Type) {
	t.Name = d.text()
	t.Kind = Kind(d.num())
	t.Abstract = d.num()&1 != 0
	t.Base = d.text()
	t.Regex = d.text()
	t.JSON = tree.Kind(d.num())
	elements := make([]Element, d.count())
	t.Elements = make([]*Element, len(elements))
	for i := range elements {
		d.element(&elements[i])
		t.Elements[i] = &elements[i]
	}
}

func (d *decoder) element(e *Element) {
	e.Name = d.text()
	e.Path = d.text()
	flags := d.num()
	e.Choice, e.Summary, e.Modifier = flags&1 != 0, flags&2 != 0, flags&4 != 0
	e.Types = d.list()
	e.Min = d.num()
	e.Max = d.num() - 1
	e.Targets = d.list()
	e.Canonicals = d.list()
	e.Profile = d.text()
	e.Binding = d.binding()
}

// binding gives equal bindings one value.
func (d *decoder) binding() *Binding {
	key := [2]string{d.text(), d.text()}
	if key[0] == "" {
		return nil
	}
	b := d.bindings[key]
	if b == nil {
		b = &Binding{Strength: key[0], ValueSet: key[1]}
		d.bindings[key] = b
	}
	return b
}

func (d *decoder) params() []*Param {
	all := make([]Param, d.count())
	list := make([]*Param, len(all))
	for i := range all {
		d.param(&all[i])
		list[i] = &all[i]
	}
	return list
}

func (d *decoder) param(p *Param) {
	p.Code = d.text()
	p.Name = d.text()
	p.URL = d.text()
	p.Type = ParamType(d.text())
	p.Expression = d.text()
	p.XPathUsage = d.text()
	p.Description = d.text()
	p.Base = d.list()
	p.Targets = d.list()
	p.Comparators = d.list()
	flags := d.num()
	p.MultipleOr, p.MultipleAnd = flags&1 != 0, flags&2 != 0
	for range d.count() {
		p.Components = append(p.Components, Component{Definition: d.text(), Expression: d.text()})
	}
}

func (d *decoder) compartments() map[string]*Compartment {
	all := map[string]*Compartment{}
	for range d.count() {
		c := &Compartment{Code: d.text(), Params: map[string][]string{}}
		for range d.count() {
			if name, codes := d.text(), d.list(); len(codes) > 0 {
				c.Params[name] = codes
			}
		}
		c.own()
		all[c.Code] = c
	}
	return all
}
