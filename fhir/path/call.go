package fhirpath

import (
	"fmt"
)

// function is a function whose arguments are values: they are evaluated once, on the focus of the call.
type function struct {
	min, max int  // number of arguments, at most 3
	keeps    bool // the items of the result are items of the input
	run      func(c called) ([]Value, error)

	// prepare makes run where the first argument is a literal String; nil where that needs no preparation.
	prepare func(literal string) (func(c called) ([]Value, error), error)
}

// called is what a function sees: its input, its arguments, and dst to which it appends its result.
type called struct {
	e     *env
	name  string
	pos   int
	items []Value
	args  [3][]Value
	given int // number of args
	dst   []Value
}

// call is source.fn(args).
type call struct {
	name   string
	pos    int
	fn     function
	source node
	args   []node
}

func (n *call) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, err := n.source.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	c := called{e: e, name: n.name, pos: n.pos, items: dst[start:len(dst):len(dst)], given: len(n.args)}
	for k, arg := range n.args {
		from := len(dst)
		if dst, err = arg.eval(e, in, dst); err != nil {
			return nil, err
		}
		c.args[k] = dst[from:len(dst):len(dst)]
	}
	mid := len(dst)
	c.dst = dst
	if dst, err = n.fn.run(c); err != nil {
		return nil, err
	}
	return drop(dst, start, mid), e.spend(len(dst) - mid)
}

// fail is an error that names the function.
func (c called) fail(text string) error { return c.e.fail(c.pos, c.name+"() "+text) }

// one returns the single item of the input; has is false for an empty input.
func (c called) one() (v Value, has bool, err error) {
	switch len(c.items) {
	case 0:
		return v, false, nil
	case 1:
		return c.items[0], true, nil
	}
	return v, false, c.fail(fmt.Sprintf("takes one item, not %d", len(c.items)))
}

// argument returns argument k as an atom of a kind; has is false where it is empty or not given.
func (c called) argument(k int, kind atomKind) (a atom, has bool, err error) {
	switch len(c.args[k]) {
	case 0:
		return a, false, nil
	case 1:
		if a = atomOf(c.args[k][0]); a.kind == kind || kind == atomDecimal && a.kind == atomInteger {
			return a, true, nil
		}
		return a, false, c.fail("takes " + withArticle(atomTypes[kind]) + " as argument, not " + describe(c.args[k][0]))
	}
	return a, false, c.fail(fmt.Sprintf("takes one item as argument, not %d", len(c.args[k])))
}

// integerArgument returns argument k as a number.
func (c called) integerArgument(k int) (n int64, has bool, err error) {
	a, has, err := c.argument(k, atomInteger)
	if !has || err != nil {
		return 0, false, err
	}
	n, ok := smallInteger(a.text)
	if !ok {
		return 0, false, c.fail("takes an Integer as argument, not " + a.text)
	}
	return n, true, nil
}

// give appends a value to the result.
func (c called) give(v Value) ([]Value, error) { return append(c.dst, v), nil }

// none is the empty result.
func (c called) none() ([]Value, error) { return c.dst, nil }

// refused are the functions that are FHIRPath, and that need more than the resource itself.
// https://hl7.org/fhir/R4/fhirpath.html#functions
var refused = map[string]string{
	"memberOf": "it needs a terminology service", "subsumes": "it needs a terminology service", "subsumedBy": "it needs a terminology service",
	"conformsTo": "it needs a validator", "elementDefinition": "it needs a validator", "slice": "it needs a validator",
	"checkModifiers": "it needs a validator", "htmlChecks": "it needs a validator", "htmlChecks2": "it needs a validator",
}

// call compiles a function. Those that take expressions instead of values are made one by one.
func (c *compiler) call(a *ast, focus shape) (compiled, error) {
	if why, ok := refused[a.name]; ok {
		return compiled{}, unsupported(c.src, a.pos, fmt.Sprintf("%s() is not supported: %s", a.name, why))
	}
	left, err := c.left(a, focus)
	if err != nil {
		return compiled{}, err
	}
	switch a.name {
	case "where", "select", "all", "exists", "repeat", "aggregate", "iif", "trace", "sort":
		return c.iteration(a, left, focus)
	case "is", "as", "ofType":
		return c.typeFunction(a, left)
	case "resolve", "extension", "hasExtension", "not", "empty", "union":
		return c.special(a, left, focus)
	}
	fn, ok := functionOf(a.name)
	if !ok {
		return compiled{}, unsupported(c.src, a.pos, fmt.Sprintf("there is no function %s()", a.name))
	}
	if err := c.count(a, fn.min, fn.max); err != nil {
		return compiled{}, err
	}
	args, err := c.arguments(a, focus)
	if err != nil {
		return compiled{}, err
	}
	if fn.run, err = prepared(fn, args); err != nil {
		return compiled{}, syntaxError(c.src, a.pos, err.Error())
	}
	out := shape{}
	if fn.keeps {
		out = left.shape
	}
	return compiled{node: &call{name: a.name, pos: a.pos, fn: fn, source: left.node, args: args}, shape: out}, nil
}

// prepared returns the function to run, prepared for its first argument where that is a literal.
func prepared(fn function, args []node) (func(c called) ([]Value, error), error) {
	if fn.prepare == nil {
		return fn.run, nil
	}
	if lit, ok := args[0].(*literal); ok && lit.value.Type == typeString {
		return fn.prepare(lit.value.Text)
	}
	return fn.run, nil
}

// functionOf finds the function of a name whose arguments are values.
func functionOf(name string) (function, bool) {
	for _, table := range []map[string]function{functions, stringFunctions, mathFunctions, clockFunctions, treeFunctions, boundaryFunctions} {
		if fn, ok := table[name]; ok {
			return fn, true
		}
	}
	return conversion(name)
}

func (c *compiler) count(a *ast, least, most int) error {
	if n := len(a.args); n < least || n > most {
		return syntaxError(c.src, a.pos, fmt.Sprintf("%s() takes %s, not %d", a.name, plural(least, most), n))
	}
	return nil
}

func plural(least, most int) string {
	switch {
	case most == 0:
		return "no argument"
	case least == most && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// arguments compiles arguments that are values: they see the focus of the call, not its input.
func (c *compiler) arguments(a *ast, focus shape) ([]node, error) {
	args := make([]node, len(a.args))
	for k, arg := range a.args {
		compiled, err := c.compile(arg, focus)
		if err != nil {
			return nil, err
		}
		args[k] = compiled.node
	}
	return args, nil
}

// typeFunction compiles is(), as() and ofType(), whose argument is a type specifier.
func (c *compiler) typeFunction(a *ast, left compiled) (compiled, error) {
	if err := c.count(a, 1, 1); err != nil {
		return compiled{}, err
	}
	parts := typeParts(a.args[0], nil)
	name, ok := typeOf(parts)
	if !ok {
		return compiled{}, syntaxError(c.src, a.args[0].pos, a.name+"() takes a type")
	}
	if a.name == "is" {
		test, err := c.resolveType(name, a.args[0].pos)
		return compiled{node: &isType{left: left.node, test: test, pos: a.pos}}, err
	}
	test, err := c.filterType(name, a.args[0].pos)
	if err != nil {
		return compiled{}, err
	}
	return c.ofType(left, test)
}

// typeParts reads FHIR.Patient, which was parsed as a path, as the parts of a type specifier; nil if it is none.
func typeParts(a *ast, after []string) []string {
	if a.kind != astMember {
		return nil
	}
	parts := append([]string{a.name}, after...)
	if a.left == nil {
		return parts
	}
	return typeParts(a.left, parts)
}

// special compiles the functions that are steps or conditions.
func (c *compiler) special(a *ast, left compiled, focus shape) (compiled, error) {
	wanted := 0
	if a.name == "extension" || a.name == "hasExtension" || a.name == "union" {
		wanted = 1
	}
	if err := c.count(a, wanted, wanted); err != nil {
		return compiled{}, err
	}
	switch a.name {
	case "resolve":
		return compiled{node: extend(left.node, &resolveStep{})}, nil
	case "not":
		return compiled{node: &not{operand: left.node, pos: a.pos}}, nil
	case "empty":
		return compiled{node: &exists{source: left.node, negated: true}}, nil
	}
	arg, err := c.compile(a.args[0], focus)
	if err != nil {
		return compiled{}, err
	}
	if a.name == "union" {
		return unite(left, arg), nil
	}
	x := compiled{node: &extension{source: left.node, url: arg.node, pos: a.pos}, shape: shapeOf(c.spec.Type("Extension"))}
	if a.name == "hasExtension" {
		x = compiled{node: &exists{source: x.node}}
	}
	return x, nil
}

// variable compiles %name. https://hl7.org/fhir/R4/fhirpath.html#vars
func (c *compiler) variable(a *ast) (compiled, error) {
	return compiled{node: &variable{name: a.name, pos: a.pos}}, nil
}
