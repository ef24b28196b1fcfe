package search

import (
	"fmt"
	"slices"
	"strings"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
)

// A composite joins values of the same element: component-code-value-quantity=8480-6$lt60.
// https://hl7.org/fhir/R4/search.html#composite
//
// Where that element is the resource itself, and each component leads where the parameter that it names leads, the composite
// holds exactly where both parameters do: it needs no entries. All others are indexed by element: the values of the components
// before the last are the name under which the last is found.

// composite is a composite parameter in one resource type.
type composite struct {
	parts  []component
	joined bool // it has entries of its own
}

// component is one part of a composite.
type component struct {
	param      *param // that its definition names
	expression string
	expr       *fhirpath.Expr
}

// describeComposite reads off the definitions how a composite is answered.
func (e *Engine) describeComposite(t *typeIndex, p *param) *composite {
	c := &composite{joined: p.branches != t.name}
	for _, def := range p.Components {
		part := component{param: e.componentParam(t, p, def), expression: def.Expression}
		if part.param == nil {
			return nil
		}
		c.joined = c.joined || !sameLeaves(e.componentLeaves(p, def.Expression), part.param.leaves)
		c.parts = append(c.parts, part)
	}
	return c
}

// componentParam returns the parameter that says how a component is read. That is the one whose definition it names, unless another
// component's leads where this one does: in DocumentReference-relationship the two are crossed.
func (e *Engine) componentParam(t *typeIndex, p *param, def spec.Component) *param {
	leads := e.componentLeaves(p, def.Expression)
	for _, other := range p.Components {
		if q := e.paramByURL(t, other.Definition); q != nil && other != def && sameLeaves(leads, q.leaves) {
			return q
		}
	}
	return e.paramByURL(t, def.Definition)
}

// paramByURL returns a parameter in the type of the composite, whether or not the type has it itself.
func (e *Engine) paramByURL(t *typeIndex, url string) *param {
	for _, p := range t.params {
		if p.URL == url {
			return p
		}
	}
	if def := e.spec.ParamByURL(url); def != nil {
		return e.describe(t.name, def)
	}
	return nil
}

// componentLeaves returns what the expression of a component leads to.
func (e *Engine) componentLeaves(p *param, expression string) []leaf {
	var all []leaf
	for _, on := range p.leaves {
		for _, branch := range splitBranches(expression) {
			all = append(all, e.leaves(on.Type, branch)...)
		}
	}
	return all
}

// sameLeaves compares two sets of leaves. SampledData has no value that could be searched by.
func sameLeaves(a, b []leaf) bool {
	within := func(a, b []leaf) bool {
		return !slices.ContainsFunc(a, func(l leaf) bool { return l.Type != "SampledData" && !slices.Contains(b, l) })
	}
	return within(a, b) && within(b, a)
}

// compile compiles the expressions of the components, for the type that the composite's own expression leads to.
func (c *composite) compile(s *spec.Spec, on []leaf) error {
	if !c.joined {
		return nil
	}
	for i := range c.parts {
		expr, err := fhirpath.Compile(s, c.parts[i].expression)
		if err != nil {
			return err
		}
		if len(on) == 1 {
			expr = expr.For(on[0].Type)
		}
		c.parts[i].expr = expr
	}
	return nil
}

// composite indexes an element of a composite parameter.
func (ix *indexer) composite(p *param, v fhirpath.Value) error {
	parts := p.composite.parts
	values := make([][]fhirpath.Value, len(parts))
	// The last component is most often the one that is missing: a measurement has a code, but not each has a text.
	for i, part := range slices.Backward(parts) {
		var err error
		if values[i], err = part.expr.EvalAt(v); err != nil {
			return fmt.Errorf("component %s: %w", part.expression, err)
		}
		if len(values[i]) == 0 {
			return nil
		}
	}
	heads := []string{p.Code}
	for i := range parts {
		if named(parts[i].param.Type) {
			ix.last(p, heads, i, values)
			return nil
		}
		forms := ix.e.forms(parts[i].param, values[i])
		if len(heads)*len(forms) > maxJoined {
			return fhir.NewIssue(fhir.TooCostly, "the search parameter "+p.Code+" would join more codes than an index holds", ix.e.spec.Location(v.Node))
		}
		heads = joinForms(heads, i, forms)
	}
	for _, head := range heads {
		ix.finished(partName(p.Code, head))
	}
	return nil
}

// named reports whether values of a type are found in Ranges or Texts, by name, and not by key.
func named(t spec.ParamType) bool {
	switch t {
	case spec.ParamDate, spec.ParamNumber, spec.ParamQuantity, spec.ParamString:
		return true
	default:
		return false
	}
}

// last indexes the component that has a name made of those before it, with the component after it if both are numbers.
func (ix *indexer) last(p *param, heads []string, i int, values [][]fhirpath.Value) {
	for _, head := range heads {
		name := partName(p.Code, head+"$")
		for _, value := range values[i] {
			if i+1 < len(values) {
				ix.pair(name, value, values[i+1])
			} else {
				ix.named(p.composite.parts[i].param, name, value)
			}
		}
	}
}

// named indexes a value under another name than that of its parameter.
func (ix *indexer) named(p *param, name string, v fhirpath.Value) {
	switch p.Type {
	case spec.ParamDate:
		ix.date(name, v)
	case spec.ParamNumber:
		ix.number(name, v)
	case spec.ParamQuantity:
		ix.quantity(name, v)
	default:
		if text, ok := v.Primitive(); ok {
			ix.folded(name, text)
		}
	}
}

// finished writes a key that is whole.
func (ix *indexer) finished(key string) {
	from := len(ix.buf)
	ix.buf = append(ix.buf, key...)
	ix.keys = append(ix.keys, span{from, len(ix.buf)})
}

// forms returns the keys of values, each without the code of the parameter at its start.
func (e *Engine) forms(p *param, values []fhirpath.Value) []string {
	sub := e.borrow()
	defer e.giveBack(sub)
	for _, v := range values {
		switch p.Type {
		case spec.ParamToken:
			sub.token(p, v)
		case spec.ParamReference:
			sub.reference(p, v)
		case spec.ParamURI:
			sub.uri(p, v)
		default:
		}
	}
	keys := sub.finish().Keys
	forms := keys[:0]
	for _, key := range keys {
		if form, ok := partForm(p, key); ok {
			forms = append(forms, form)
		}
	}
	return forms
}

// partForm cuts the code of the parameter off a key. The key of a system without a code is no part of a composite: it
// would add half again to the entries of every component.
func partForm(p *param, key string) (string, bool) {
	if !strings.HasPrefix(key, p.Code) {
		return "", false // it is of the whole resource
	}
	form := key[len(p.Code):]
	whole := form[0] == '#' || !strings.HasSuffix(form, "|") || strings.HasSuffix(form, `\|`)
	return strings.ReplaceAll(form, "$", `\$`), whole
}

// joinForms appends each form to each head.
func joinForms(heads []string, i int, forms []string) []string {
	joined := make([]string, 0, len(heads)*len(forms))
	for _, head := range heads {
		if i > 0 {
			head += "$"
		}
		for _, form := range forms {
			joined = append(joined, head+form)
		}
	}
	return joined
}

// maxJoined bounds the tuples of one element: two components of a thousand codings each would make millions.
const maxJoined = 10_000

// partName is a joined head, or the digest that stands for it.
func partName(code, head string) string {
	if len(head) <= longKey {
		return head
	}
	return string(appendDigest(nil, code, []byte(head)))
}

// compositeValue compiles a value of a composite parameter.
func (c *compiler) compositeValue(p *param, value string) (Expr, *fhir.Issue) {
	if p.composite == nil {
		return nil, laterParameter(c.name, p.Code)
	}
	values := splitEscaped(value, '$')
	if len(values) != len(p.composite.parts) || slices.Contains(values, "") {
		return nil, badValue(c.name, value, fmt.Sprintf("not %d values joined by $", len(p.composite.parts)))
	}
	if p.composite.joined {
		return c.joined(p, values)
	}
	and := make(And, 0, len(values))
	for i, part := range p.composite.parts {
		x, issue := c.value(part.param, "", values[i])
		if issue != nil {
			return nil, issue
		}
		and = append(and, x)
	}
	return and, nil
}

// joined compiles a composite that has entries of its own.
func (c *compiler) joined(p *param, values []string) (Expr, *fhir.Issue) {
	heads := []string{p.Code}
	for i, part := range p.composite.parts {
		if named(part.param.Type) {
			return c.last(p, heads, i, values)
		}
		x, issue := c.value(part.param, "", values[i])
		if issue != nil {
			return nil, issue
		}
		forms, ok := exprForms(part.param, x)
		if !ok {
			return nil, unsupported(c.name, "a system without a code inside a composite")
		}
		heads = joinForms(heads, i, forms)
	}
	or := make(Or, 0, len(heads))
	for _, head := range heads {
		or = append(or, HasKey{Key: partName(p.Code, head)})
	}
	return or.simple(), nil
}

// exprForms takes the forms out of the keys of a component's condition.
func exprForms(p *param, x Expr) ([]string, bool) {
	or, ok := x.(Or)
	if !ok {
		or = Or{x}
	}
	forms := make([]string, 0, len(or))
	for _, x := range or {
		key, ok := x.(HasKey)
		if !ok {
			return nil, false
		}
		form, ok := partForm(p, key.Key)
		if !ok {
			return nil, false
		}
		forms = append(forms, form)
	}
	return forms, true
}

// last compiles the component whose name is made of those before it.
func (c *compiler) last(p *param, heads []string, i int, values []string) (Expr, *fhir.Issue) {
	part := p.composite.parts[i].param
	or := make(Or, 0, len(heads))
	for _, head := range heads {
		name := partName(p.Code, head+"$")
		var x Expr
		var issue *fhir.Issue
		switch {
		case i+1 < len(values):
			x, issue = c.pair(name, values[i], values[i+1])
		case part.Type == spec.ParamDate:
			x, issue = c.date(name, values[i])
		case part.Type == spec.ParamNumber:
			x, issue = c.number(name, values[i])
		case part.Type == spec.ParamQuantity:
			x, issue = c.quantity(name, values[i])
		default:
			x, issue = c.startsWith(name, values[i])
		}
		if issue != nil {
			return nil, issue
		}
		or = or.with(x)
	}
	return or.simple(), nil
}
