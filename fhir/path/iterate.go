package fhirpath

import (
	"cmp"
	"math/bits"
	"slices"
)

// iteration compiles the functions whose arguments are expressions over each item of their input.
func (c *compiler) iteration(a *ast, left compiled, focus shape) (compiled, error) {
	switch a.name {
	case "iif":
		return c.iif(a, left)
	case "trace":
		return c.trace(a, left, focus)
	case "aggregate":
		return c.aggregate(a, left, focus)
	case "sort":
		return c.sort(a, left)
	case "exists":
		if len(a.args) == 0 {
			return compiled{node: &exists{source: left.node}}, nil
		}
	}
	if err := c.count(a, 1, 1); err != nil {
		return compiled{}, err
	}
	inner := left.shape
	if a.name == "repeat" {
		inner = shape{} // the projection is applied to its own results too
	}
	body, err := c.body(a.args[0], inner)
	if err != nil {
		return compiled{}, err
	}
	each := over{source: left.node, body: body.node, pos: a.args[0].pos}
	switch a.name {
	case "where":
		return compiled{node: &where{each}, shape: left.shape}, nil
	case "select":
		return compiled{node: &project{each}, shape: body.shape}, nil
	case "all":
		return compiled{node: &all{each}}, nil
	case "exists":
		return compiled{node: &exists{source: &where{each}}}, nil
	default:
		return compiled{node: &repeat{each}}, nil
	}
}

// over is an expression over each item of a source.
type over struct {
	source, body node
	pos          int
}

// items evaluates the source on dst and runs visit for each item with $index set. visit gets the extended dst and
// returns it, possibly with more at its end.
func (o *over) items(e *env, in, dst []Value, visit func(item, dst []Value) ([]Value, error)) (out []Value, mid int, err error) {
	start := len(dst)
	if dst, err = o.source.eval(e, in, dst); err != nil {
		return nil, 0, err
	}
	mid = len(dst)
	outer := e.index
	defer func() { e.index = outer }()
	for k := start; k < mid; k++ {
		if err := e.spend(1); err != nil {
			return nil, 0, err
		}
		e.index = k - start
		if dst, err = visit(dst[k:k+1:k+1], dst); err != nil {
			return nil, 0, err
		}
	}
	return dst, mid, nil
}

// where is where(criteria). https://hl7.org/fhirpath/N1/#wherecriteria-expression-collection
type where struct{ over }

func (n *where) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, err := n.source.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	dst = slices.Grow(dst, 4) // for the criteria; without it each of them would find the memory full
	outer, end, kept := e.index, len(dst), start
	for k := start; k < end; k++ {
		if err := e.spend(1); err != nil {
			return nil, err
		}
		e.index = k - start
		t, err := truthful(e, n.body, dst[k:k+1:k+1], dst, n.pos)
		if err != nil {
			return nil, err
		}
		if t == yes {
			dst[kept] = dst[k]
			kept++
		}
	}
	e.index = outer
	return dst[:kept], nil
}

// project is select(projection).
type project struct{ over }

func (n *project) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, mid, err := n.items(e, in, dst, func(item, dst []Value) ([]Value, error) {
		return n.body.eval(e, item, dst)
	})
	if err != nil {
		return nil, err
	}
	return drop(dst, start, mid), nil
}

// all is all(criteria): every item must satisfy it. https://hl7.org/fhirpath/N1/#allcriteria-expression-boolean
type all struct{ over }

func (n *all) eval(e *env, in, dst []Value) ([]Value, error) { return appendTruth(e, n, in, dst) }

func (n *all) truth(e *env, in, dst []Value) (truth, error) {
	every := yes
	_, _, err := n.items(e, in, dst, func(item, dst []Value) ([]Value, error) {
		t, err := truthful(e, n.body, item, dst, n.pos)
		if t != yes {
			every = no
		}
		return dst, err
	})
	return every, err
}

// exists is exists(), and empty() when negated.
type exists struct {
	source  node
	negated bool
}

func (n *exists) eval(e *env, in, dst []Value) ([]Value, error) { return appendTruth(e, n, in, dst) }

func (n *exists) truth(e *env, in, dst []Value) (truth, error) {
	vs, err := n.source.eval(e, in, dst)
	if err != nil {
		return unknown, err
	}
	return truthOf(len(vs) > len(dst) != n.negated), nil
}

// repeat is repeat(projection): the projection is applied again to each new item.
// https://hl7.org/fhirpath/N1/#repeatprojection-expression-collection
type repeat struct{ over }

func (n *repeat) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, mid, err := n.items(e, in, dst, func(item, dst []Value) ([]Value, error) { return n.body.eval(e, item, dst) })
	if err != nil {
		return nil, err
	}
	known := newSeen(e)
	if dst, err = known.sift(dst, mid); err != nil {
		return nil, err
	}
	for k := mid; k < len(dst); k++ {
		from := len(dst)
		if dst, err = n.body.eval(e, dst[k:k+1:k+1], dst); err != nil {
			return nil, err
		}
		if dst, err = known.sift(dst, from); err != nil {
			return nil, err
		}
	}
	return drop(dst, start, mid), nil
}

// aggregate is aggregate(aggregator, init). https://hl7.org/fhirpath/N1/#aggregates
type aggregate struct {
	over
	initial node // nil where none is given
}

func (c *compiler) aggregate(a *ast, left compiled, focus shape) (compiled, error) {
	if err := c.count(a, 1, 2); err != nil {
		return compiled{}, err
	}
	c.sums++
	body, err := c.body(a.args[0], left.shape)
	c.sums--
	if err != nil {
		return compiled{}, err
	}
	n := &aggregate{over: over{source: left.node, body: body.node, pos: a.pos}}
	if len(a.args) == 2 {
		initial, err := c.compile(a.args[1], focus)
		if err != nil {
			return compiled{}, err
		}
		n.initial = initial.node
	}
	return compiled{node: n}, nil
}

func (n *aggregate) eval(e *env, in, dst []Value) ([]Value, error) {
	outer := e.total
	defer func() { e.total = outer }()
	var sum []Value
	var err error
	if n.initial != nil {
		if sum, err = n.initial.eval(e, in, nil); err != nil {
			return nil, err
		}
	}
	start := len(dst)
	dst, _, err = n.items(e, in, dst, func(item, dst []Value) ([]Value, error) {
		e.total = sum
		next, err := n.body.eval(e, item, nil)
		sum = next
		return dst, err
	})
	if err != nil {
		return nil, err
	}
	return append(dst[:start], sum...), nil
}

// iif is iif(criterion, true-result, otherwise-result): only the branch that is wanted is evaluated.
type iif struct {
	source    node
	condition node
	then      node
	otherwise node
	pos       int
}

func (c *compiler) iif(a *ast, left compiled) (compiled, error) {
	if err := c.count(a, 2, 3); err != nil {
		return compiled{}, err
	}
	args, err := c.arguments(a, left.shape)
	if err != nil {
		return compiled{}, err
	}
	if lit, ok := args[0].(*literal); ok && lit.value.Type != typeBoolean {
		return compiled{}, syntaxError(c.src, a.args[0].pos, "iif() takes a Boolean as its first argument")
	}
	n := &iif{source: left.node, condition: args[0], then: args[1], otherwise: nothing{}, pos: a.pos}
	if len(args) == 3 {
		n.otherwise = args[2]
	}
	return compiled{node: n}, nil
}

func (n *iif) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, err := n.source.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	mid := len(dst)
	if mid-start > 1 {
		return nil, e.fail(n.pos, "iif() takes one item, not more")
	}
	item := dst[start:mid:mid]
	t, err := truthful(e, n.condition, item, dst, n.pos)
	if err != nil {
		return nil, err
	}
	branch := n.otherwise
	if t == yes {
		branch = n.then
	}
	if dst, err = branch.eval(e, item, dst); err != nil {
		return nil, err
	}
	return drop(dst, start, mid), nil
}

// trace is trace(name, projection): it shows its input and changes nothing.
type trace struct {
	over
	name node
}

func (c *compiler) trace(a *ast, left compiled, focus shape) (compiled, error) {
	if err := c.count(a, 1, 2); err != nil {
		return compiled{}, err
	}
	name, err := c.compile(a.args[0], focus)
	if err != nil {
		return compiled{}, err
	}
	n := &trace{over: over{source: left.node, body: this{}, pos: a.pos}, name: name.node}
	if len(a.args) == 2 {
		body, err := c.body(a.args[1], left.shape)
		if err != nil {
			return compiled{}, err
		}
		n.body = body.node
	}
	return compiled{node: n, shape: left.shape}, nil
}

func (n *trace) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	name, err := n.name.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	if len(name) != start+1 || atomOf(name[start]).kind != atomString {
		return nil, e.fail(n.pos, "trace() takes a String as its first argument")
	}
	text := atomOf(name[start]).text
	dst, mid, err := n.items(e, in, dst, func(item, dst []Value) ([]Value, error) { return n.body.eval(e, item, dst) })
	if err != nil {
		return nil, err
	}
	if e.scope.Trace != nil {
		e.scope.Trace(text, dst[mid:])
	}
	return dst[:mid], nil
}

// order is sort(keys...): a key with a minus sign sorts downwards. https://build.fhir.org/ig/HL7/FHIRPath/#sort
type order struct {
	source node
	keys   []sortKey
	pos    int
}

type sortKey struct {
	node node
	down bool
}

func (c *compiler) sort(a *ast, left compiled) (compiled, error) {
	n := &order{source: left.node, pos: a.pos}
	for _, arg := range a.args {
		down := arg.kind == astUnary && arg.name == "-"
		if down {
			arg = arg.args[0]
		}
		key, err := c.compile(arg, left.shape)
		if err != nil {
			return compiled{}, err
		}
		n.keys = append(n.keys, sortKey{node: key.node, down: down})
	}
	if len(n.keys) == 0 {
		n.keys = []sortKey{{node: this{}}}
	}
	return compiled{node: n, shape: left.shape}, nil
}

func (n *order) eval(e *env, in, dst []Value) ([]Value, error) {
	start := len(dst)
	dst, err := n.source.eval(e, in, dst)
	if err != nil {
		return nil, err
	}
	rows := make([]sortRow, len(dst)-start)
	if err := e.spend(len(rows) * bits.Len(uint(len(rows)))); err != nil {
		return nil, err
	}
	for k := range rows {
		if rows[k], err = n.row(e, dst[start+k:start+k+1], dst); err != nil {
			return nil, err
		}
	}
	failed := error(nil)
	slices.SortStableFunc(rows, func(a, b sortRow) int {
		d, err := n.compare(e, a, b)
		failed = cmp.Or(failed, err)
		return d
	})
	for k := range rows {
		dst[start+k] = rows[k].item
	}
	return dst, failed
}

// sortRow is an item with the values of its keys.
type sortRow struct {
	item Value
	keys []Value // the zero Value where a key is empty
}

func (n *order) row(e *env, item, dst []Value) (sortRow, error) {
	r := sortRow{item: item[0], keys: make([]Value, len(n.keys))}
	for k, key := range n.keys {
		vs, err := key.node.eval(e, item, dst)
		if err != nil {
			return r, err
		}
		switch vs = vs[len(dst):]; len(vs) {
		case 0:
		case 1:
			r.keys[k] = vs[0]
		default:
			return r, e.fail(n.pos, "a key of sort() is one item, not more")
		}
	}
	return r, nil
}

// compare orders two rows; an empty key comes before every value, downwards too.
func (n *order) compare(e *env, a, b sortRow) (int, error) {
	for k, key := range n.keys {
		x, y := a.keys[k], b.keys[k]
		if x == (Value{}) || y == (Value{}) {
			if d := cmp.Compare(presence(x), presence(y)); d != 0 {
				return d, nil
			}
			continue
		}
		d, _, ok := e.compareAtoms(atomOf(x), atomOf(y))
		switch {
		case !ok:
			return 0, e.fail(n.pos, "sort() cannot compare "+describe(x)+" with "+describe(y))
		case d != 0 && key.down:
			return -d, nil
		case d != 0:
			return d, nil
		}
	}
	return 0, nil
}

func presence(v Value) int {
	if v == (Value{}) {
		return 0
	}
	return 1
}
