package fhirpath

import (
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// treeFunctions are those that know the tree and its types.
var treeFunctions = map[string]function{
	"children":    {run: runChildren},
	"descendants": {run: runDescendants},
	"hasValue":    {run: runHasValue},
	"getValue":    {run: runGetValue},
	"type":        {run: runType},
}

// extension is extension(url). https://hl7.org/fhir/R4/fhirpath.html#functions
type extension struct {
	source, url node
	pos         int
}

func (n *extension) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, err := n.source.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	mid := len(dst)
	url, err := n.url.eval(e, in, dst)
	if err != nil || len(url) == mid {
		return dst[:start], err
	}
	wanted := atomOf(url[mid])
	if len(url) > mid+1 || wanted.kind != atomString {
		return nil, e.fail(n.pos, "extension() takes one String")
	}
	for k := start; k < mid; k++ {
		list := holder(dst[k].Node).Member("extension")
		for x := list.First(); x.Exists(); x = x.Next() {
			if x.Member("url").Text() == wanted.text {
				dst = append(dst, Value{Node: x, Type: "Extension"})
			}
		}
	}
	return drop(dst, start, mid), nil
}

// resolveStep is resolve(): the contained resource of a reference, or an item that knows the type of the resource that is
// meant. What names no type gives nothing. https://hl7.org/fhir/R4/fhirpath.html#functions
type resolveStep struct{}

func (*resolveStep) apply(e *env, v Value, rest []step, dst []Value) ([]Value, error) {
	text, hint := referenceText(v)
	ref := fhir.ParseRef(text)
	if ref.IsFragment {
		n := contained(v, ref.Fragment)
		if !n.Exists() {
			return dst, nil
		}
		return walk(e, Value{Node: n, Type: resourceType(e.spec, n)}, rest, dst)
	}
	typ := ref.Key.Type
	if !ref.Literal() {
		typ = hint
	}
	def := e.spec.Type(typ)
	if def == nil || def.Kind != spec.Resource {
		return dst, nil
	}
	return walk(e, Value{Type: def.Name, Text: text}, rest, dst)
}

// referenceText returns what a Reference, a canonical or an uri refers to, and the type that a Reference names beside it.
func referenceText(v Value) (text, hint string) {
	if v.Type == "Reference" {
		hint = strings.TrimPrefix(v.Node.Member("type").Text(), "http://hl7.org/fhir/StructureDefinition/")
		return v.Node.Member("reference").Text(), hint
	}
	if a := atomOf(v); a.kind == atomString {
		text, _, _ = strings.Cut(a.text, "|")
	}
	return text, ""
}

// contained finds the resource that "#id" means where v stands. "#" alone is the container itself.
// https://hl7.org/fhir/R4/references.html#contained
func contained(v Value, id string) tree.Node {
	around := container(owner(v))
	if id == "" {
		return around
	}
	list := around.Member("contained")
	for r := list.First(); r.Exists(); r = r.Next() {
		if r.Member("id").Text() == id {
			return r
		}
	}
	return tree.Node{}
}

// childrenOf appends the children of an element in the order of the document.
func childrenOf(e *env, v Value, dst []Value) ([]Value, error) {
	t := e.spec.Type(v.Type)
	if t == nil || !v.Node.Exists() {
		return dst, nil
	}
	var err error
	at := holder(v.Node)
	for m := at.First(); m.Exists(); m = m.Next() {
		bare, ok := met(at, m, "")
		child, known := t.Child(bare)
		if !ok || !known || child.Def == nil {
			continue
		}
		f := fieldOf(bare, child.Def)
		if dst, err = f.apply(e, at, nil, dst); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func runChildren(c called) ([]Value, error) {
	dst := c.dst
	var err error
	for _, v := range c.items {
		if dst, err = childrenOf(c.e, v, dst); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// runDescendants is children() again and again. Elements of a tree are all different places, so that nothing
// needs to be compared.
func runDescendants(c called) ([]Value, error) {
	dst, err := runChildren(c)
	if err != nil {
		return nil, err
	}
	for k := len(c.dst); k < len(dst); k++ {
		if dst, err = childrenOf(c.e, dst[k], dst); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// runHasValue tells whether the input is one primitive with a value. https://hl7.org/fhir/R4/fhirpath.html#functions
func runHasValue(c called) ([]Value, error) {
	if len(c.items) != 1 {
		return c.give(booleanValue(false))
	}
	_, has := c.items[0].Primitive()
	return c.give(booleanValue(has))
}

// runGetValue gives the System value of one primitive.
func runGetValue(c called) ([]Value, error) {
	if len(c.items) != 1 {
		return c.none()
	}
	a := atomOf(c.items[0])
	if a.kind == atomNone || a.node.Exists() {
		return c.none()
	}
	return c.give(Value{Type: atomTypes[a.kind], Text: a.text})
}

// runType is type(). https://hl7.org/fhirpath/N1/#reflection
func runType(c called) ([]Value, error) {
	dst := c.dst
	for _, v := range c.items {
		namespace := "FHIR."
		if v.computed() {
			namespace = "System."
		}
		dst = append(dst, Value{Type: typeTypeInfo, Text: namespace + v.Type})
	}
	return dst, nil
}

// variable is %name.
type variable struct {
	name string
	pos  int
}

// constants are the variables that FHIR defines for all expressions. https://hl7.org/fhir/R4/fhirpath.html#variables
var constants = map[string]string{
	"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": ucumSystem,
}

// constant returns the URL that a variable of FHIR stands for.
func (n *variable) constant() (string, bool) {
	if url, ok := constants[n.name]; ok {
		return url, true
	}
	if name, ok := strings.CutPrefix(n.name, "vs-"); ok {
		return "http://hl7.org/fhir/ValueSet/" + name, true
	}
	if name, ok := strings.CutPrefix(n.name, "ext-"); ok {
		return "http://hl7.org/fhir/StructureDefinition/" + name, true
	}
	return "", false
}

func (n *variable) eval(e *env, _, dst []Value) ([]Value, error) {
	if vs, ok := e.scope.Variables[n.name]; ok {
		return append(dst, vs...), e.spend(len(vs))
	}
	var at tree.Node
	switch n.name {
	case "context":
		return append(dst, e.focus[0]), nil
	case "resource":
		at = owner(e.focus[0])
	case "rootResource":
		at = container(owner(e.focus[0]))
	default:
		url, ok := n.constant()
		if !ok {
			return nil, e.fail(n.pos, "the variable is not defined")
		}
		return append(dst, stringValue(url)), nil
	}
	if !at.Exists() {
		return dst, nil
	}
	return append(dst, Value{Node: at, Type: resourceType(e.spec, at)}), nil
}
