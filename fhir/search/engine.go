package search

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/spec"
	"firewolf/fhir/ucum"
)

// Engine knows the search parameters of every type, compiled. It is immutable and safe for concurrent use.
type Engine struct {
	spec  *spec.Spec
	units *ucum.Table
	own   []string              // plain base URLs (fhir.PlainBase), sorted
	types map[string]*typeIndex // every resource type; the map never changes
	pool  sync.Pool             // of indexers
}

// NewEngine compiles what it needs on first use. own are this server's base URLs ("http://localhost:8080/fhir"):
// a reference to Type/id below one of them is the same as the relative reference.
func NewEngine(s *spec.Spec, own ...string) (*Engine, error) {
	e := &Engine{spec: s, units: ucum.New(), types: make(map[string]*typeIndex, len(s.ResourceTypes()))}
	for _, base := range own {
		if !strings.Contains(base, "://") {
			return nil, fmt.Errorf("the base URL %q is not absolute", base)
		}
		e.own = append(e.own, fhir.PlainBase(base))
	}
	slices.Sort(e.own)
	e.own = slices.Compact(e.own)
	for _, name := range s.ResourceTypes() {
		e.types[name] = &typeIndex{name: name}
	}
	return e, nil
}

// Own returns the base URLs that the engine takes for this server's, in the form of fhir.PlainBase, sorted. Entries depend on
// them, and BaseKey says for which resources.
func (e *Engine) Own() []string { return slices.Clone(e.own) }

// typeIndex is the parameters of one resource type.
type typeIndex struct {
	name string

	known  sync.Once
	params []*param // that are indexed, in order of code

	compiled sync.Once
	err      error // of compiling
}

// param is one parameter in one resource type: what its definition says about this type.
type param struct {
	*spec.Param
	typ     string
	present string // the key that says that there is a value

	leaves    []leaf
	startName string   // of a string: the name of texts beside the parts
	targets   []string // of a reference: the types that it may point to, in alphabetical order
	scoped    bool     // a token may have a system
	cased     bool     // a token may be of a type that compares with case,
	caseless  bool     // or a string, which compares without
	composite *composite
	union     []*param // parameters of which this one is the union; their entries answer it

	branches string         // the expression without the branches of other types
	expr     *fhirpath.Expr // set once compiled; nil where another parameter stands for it
}

// index returns the parameters of a type, nil for what is no resource type.
func (e *Engine) index(typ string) *typeIndex {
	t := e.types[typ]
	if t == nil {
		return nil
	}
	t.known.Do(func() {
		for _, p := range e.spec.Params(typ) {
			if indexed(p) {
				t.params = append(t.params, e.describe(typ, p))
			}
		}
		for _, p := range t.params {
			if p.Type == spec.ParamComposite {
				p.composite = e.describeComposite(t, p)
			}
			p.union = describeUnion(t, p)
		}
	})
	return t
}

// indexed reports whether a parameter has entries. The id and the time of the last change are known
// to every store without them.
func indexed(p *spec.Param) bool {
	return p.Expression != "" && p.Type != spec.ParamSpecial && p.Code != "_id" && p.Code != "_lastUpdated"
}

// describe reads off the definitions what a parameter can lead to.
func (e *Engine) describe(typ string, def *spec.Param) *param {
	p := &param{Param: def, typ: typ, present: presenceKey(def.Code)}
	branches := prune(typ, def.Expression)
	p.branches = strings.Join(branches, " | ")
	for _, b := range branches {
		p.leaves = append(p.leaves, e.leaves(typ, b)...)
	}
	for _, l := range p.leaves {
		switch l.Type {
		case "CodeableConcept", "Coding", "Identifier":
			p.scoped = true
		case "string":
			p.caseless = true
		}
		p.cased = p.cased || l.Type != "string"
	}
	if p.Type == spec.ParamString {
		p.startName = startName(p.Code, p.leaves)
	}
	if p.Type == spec.ParamReference {
		p.targets = e.targets(p, branches)
	}
	return p
}

// presenceKey is the key of a resource that has a value for a parameter.
func presenceKey(code string) string { return "!" + code }

// param returns a parameter of a type by code, nil where it has no entries.
func (t *typeIndex) param(code string) *param {
	lo, hi := 0, len(t.params)
	for lo < hi {
		if mid := (lo + hi) / 2; t.params[mid].Code < code {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(t.params) && t.params[lo].Code == code {
		return t.params[lo]
	}
	return nil
}

// compile compiles the expressions of a type, once.
func (e *Engine) compile(t *typeIndex) error {
	t.compiled.Do(func() {
		for _, p := range t.params {
			if t.err = e.compileParam(p); t.err != nil {
				t.err = fmt.Errorf("compiling the search parameter %s of %s: %w", p.Code, t.name, t.err)
				return
			}
		}
	})
	return t.err
}

// compileParam compiles one parameter, if it has entries of its own.
func (e *Engine) compileParam(p *param) error {
	if p.union != nil || p.composite != nil && !p.composite.joined {
		return nil
	}
	expr, err := fhirpath.Compile(e.spec, p.branches)
	if err != nil {
		return err
	}
	p.expr = expr.For(p.typ)
	if p.composite == nil {
		return nil
	}
	return p.composite.compile(e.spec, p.leaves)
}
