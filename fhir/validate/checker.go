package validate

import (
	"strconv"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// maxIssues is how many problems of one resource are listed. A client can send
// millions, and each costs a walk through the arrays around it.
const maxIssues = 250

// Checker checks resources against the definitions. It is immutable and safe for concurrent use.
type Checker struct {
	spec  *spec.Spec
	rules map[string]*rule
}

// rule is a type, ready for checking.
type rule struct {
	def      *spec.Type
	members  map[string]*member
	elements []*spec.Element // by bit
	required uint64          // a bit for each element that must be there
	check    afterwards      // what is checked of an object beyond its members

	extension, value uint64 // the bits of the elements of these names
}

// afterwards says which rules of its own a data type has.
type afterwards uint8

const (
	nothingMore afterwards = iota
	isReference
	isExtension
)

// member is what a JSON name means in a type.
type member struct {
	element *spec.Element
	bit     uint64
	rule    *rule // of its value
	many    bool
	format  format // of a primitive
	codes   *spec.CodeSet
}

func (m *member) primitive() bool { return m.rule.def.Kind == spec.Primitive }

// New prepares the rules of all types: it takes a few milliseconds.
func New(s *spec.Spec) *Checker {
	c := &Checker{spec: s, rules: map[string]*rule{}}
	for _, t := range s.Types() {
		c.rules[t.Name] = &rule{def: t}
	}
	for _, r := range c.rules {
		c.prepare(s, r)
	}
	return c
}

func (c *Checker) prepare(s *spec.Spec, r *rule) {
	r.elements = r.def.Elements
	r.members = make(map[string]*member, len(r.elements))
	for i, e := range r.elements {
		bit := uint64(1) << i
		if e.Min > 0 {
			r.required |= bit
		}
		switch e.Name {
		case "extension":
			r.extension = bit
		case "value":
			r.value = bit
		}
		for _, typ := range e.Types {
			r.members[e.JSONName(typ)] = c.member(s, e, typ, bit)
		}
	}
	switch r.def.Name {
	case "Reference":
		r.check = isReference
	case "Extension":
		r.check = isExtension
	}
}

func (c *Checker) member(s *spec.Spec, e *spec.Element, typ string, bit uint64) *member {
	m := &member{element: e, bit: bit, rule: c.rules[typ], many: e.Max != 1}
	if e.Profile != "" && typ == "Quantity" {
		m.rule = c.rules[e.Profile]
	}
	m.format = formats[typ]
	if e.Name == "id" && typ == "string" {
		m.format = formatElementID
	}
	if e.Binding != nil && e.Binding.Strength == "required" && (typ == "code" || typ == "Coding" || typ == "CodeableConcept") {
		m.codes, _ = s.Codes(e.Binding.ValueSet)
	}
	return m
}

// Structure returns every problem of the resource with its FHIRPath location, at
// most 250 of them; none where it is right. All are errors.
func (c *Checker) Structure(t *tree.Tree) fhir.Issues {
	k := &checking{spec: c.spec, rules: c.rules}
	k.resource(t.Root(), nil)
	return k.issues
}

// checking is the check of one resource.
type checking struct {
	spec   *spec.Spec
	rules  map[string]*rule
	issues fhir.Issues
}

// full reports whether no further problem will be listed, so that nothing more needs to be checked.
func (k *checking) full() bool { return len(k.issues) > maxIssues }

// report lists a problem of the element at n. Where no element is, that is the one around it: "Each FHIRPath SHALL
// resolve to a single node." https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
func (k *checking) report(code fhir.Code, n tree.Node, text string) {
	k.reportAt(code, element(n), text)
}

// reportAt lists a problem with the location of n, whatever stands there.
func (k *checking) reportAt(code fhir.Code, n tree.Node, text string) {
	switch {
	case k.full():
	case len(k.issues) == maxIssues:
		text := "the resource has more than " + strconv.Itoa(maxIssues) + " problems: the rest is not listed"
		k.issues = append(k.issues, fhir.NewIssue(fhir.TooCostly, text))
	default:
		i := fhir.NewIssue(code, text)
		if at := k.spec.Location(n); at != "" {
			i.Expression = []string{at}
		}
		k.issues = append(k.issues, i)
	}
}

// element returns the element that is told of where a problem is at n: of a list the first item that is one, and the
// element around a list without any and around a null.
func element(n tree.Node) tree.Node {
	if isList(n) {
		for item := n.First(); item.Exists(); item = item.Next() {
			if item.Kind() != tree.Null {
				return item
			}
		}
	}
	for n.Kind() == tree.Null || isList(n) {
		n = n.Parent()
	}
	return n
}

// isList reports whether an array is the value of a member. One inside another is an item, if a wrong one.
func isList(n tree.Node) bool { return n.Kind() == tree.Array && n.Parent().Kind() != tree.Array }
