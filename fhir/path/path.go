package fhirpath

import (
	"sync"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fhir/ucum"
)

// Expr is a compiled expression, immutable and safe for concurrent use.
type Expr struct {
	spec *spec.Spec
	src  string
	ast  *ast
	typ  string // the type of the focus, "" where any is possible
	root compiled
	envs *sync.Pool

	units func() *ucum.Table
}

// Compile reads an expression for a focus of any type. An unknown function or type, an element that its type
// does not have, a syntax error: an error that names the place.
func Compile(s *spec.Spec, expr string) (*Expr, error) {
	a, err := parse(expr)
	if err != nil {
		return nil, err
	}
	return compileFor(s, expr, a, "", false)
}

// CompileFor reads an expression for a focus of one type ("Patient", "Identifier"), strictly: an element that the
// type does not have is an error also where the expression does not begin with a type, and so is a branch that begins
// with another type. (Compile and then For takes those as empty.) https://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation
func CompileFor(s *spec.Spec, typ, expr string) (*Expr, error) {
	a, err := parse(expr)
	if err != nil {
		return nil, err
	}
	if s.Type(typ) == nil {
		return nil, fhir.NewIssue(fhir.NotSupported, "FHIRPath: there is no type "+typ)
	}
	return compileFor(s, expr, a, typ, false)
}

// For returns the expression for a focus that is known to be of one type: what cannot match there is dropped,
// which makes evaluation much faster. It must only be evaluated on that type.
func (e *Expr) For(typ string) *Expr {
	narrow, err := compileFor(e.spec, e.src, e.ast, typ, true)
	if err != nil {
		return e
	}
	return narrow
}

func compileFor(s *spec.Spec, src string, a *ast, typ string, lenient bool) (*Expr, error) {
	c := &compiler{spec: s, src: src, lenient: lenient}
	root, err := c.compile(a, shapeOf(s.Type(typ)))
	if err != nil {
		return nil, err
	}
	return &Expr{spec: s, src: src, ast: a, typ: typ, root: root, envs: &sync.Pool{}, units: sync.OnceValue(ucum.New)}, nil
}

// String returns the expression as it was written.
func (e *Expr) String() string { return e.src }

// Never reports whether the expression is known to be always empty, as Patient.name is for an Observation.
func (e *Expr) Never() bool { return e.root.shape.never() }

// Types returns the FHIR types that the values can have, in the order in which they were met. It reports false where
// the definitions alone do not tell: after resolve() or a contained resource, and for computed values.
func (e *Expr) Types() ([]string, bool) {
	if !e.root.shape.known {
		return nil, false
	}
	names := make([]string, len(e.root.shape.types))
	for k, t := range e.root.shape.types {
		names[k] = t.Name
	}
	return names, true
}

// Eval evaluates over the root resource of a tree (or a contained resource). resolve() gives, without
// reading anything, the contained resource for "#id", and otherwise an item that knows only its type, from the reference's text.
func (e *Expr) Eval(focus tree.Node) ([]Value, error) {
	return e.EvalInto(nil, e.Focus(focus))
}

// Focus makes the value of a resource, for EvalInto.
func (e *Expr) Focus(n tree.Node) Value {
	if e.typ != "" {
		return Value{Node: n, Type: e.typ}
	}
	return Value{Node: n, Type: resourceType(e.spec, n)}
}

// EvalAt evaluates over any element with its type, for the components of composites.
func (e *Expr) EvalAt(focus Value) ([]Value, error) { return e.EvalInto(nil, focus) }

// EvalInto evaluates over a value and appends the result to dst, whose memory it also uses on the way. After an
// error it returns dst as it was.
func (e *Expr) EvalInto(dst []Value, focus Value) ([]Value, error) {
	return e.EvalIn(dst, focus, Scope{})
}

// Scope is what an expression can see beside its focus.
type Scope struct {
	Clock     fhir.Clock                    // for now(), today() and timeOfDay(); nil makes them errors
	Variables map[string][]Value            // by name without %; they come before those that FHIR defines
	Units     *ucum.Table                   // for quantities; nil reads a table for this expression when it is wanted
	Work      int                           // how many items may be produced and compared; 0 means 2,000,000
	Trace     func(name string, vs []Value) // called by trace(); nil ignores it. vs must not be kept
}

// EvalIn is EvalInto with a clock and variables.
func (e *Expr) EvalIn(dst []Value, focus Value, scope Scope) ([]Value, error) {
	v, ok := e.envs.Get().(*env)
	if !ok {
		v = &env{spec: e.spec, src: e.src, units: e.units}
	}
	v.begin(focus, scope)
	in := v.focus[:]
	if focus == (Value{}) {
		in = nil
	}
	out, err := e.root.node.eval(v, in, dst)
	v.end()
	e.envs.Put(v)
	if err != nil {
		return dst, err
	}
	return out, nil
}
