package search

import (
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// "By default, search results only include resources that are not contained in other resources. A chained condition will be evaluated inside
// contained resources." https://hl7.org/fhir/R4/search.html#contained
//
// A contained resource has no place of its own, so its entries stand among those of its container, under the way that leads to it:
// what the Medication in a MedicationRequest would have as "code|s|c" is there "medication>Medication>code|s|c", and what its manufacturer has
// begins with "medication>Medication>manufacturer>Organization>". That answers any one condition. For
// what must hold of one resource together, or not hold of it, "medication>Medication|one" says that the way leads to one resource; where it
// leads to several the entries of each stand also under "medication>Medication:0>", "medication>Medication:1>" and so on. A way is told apart
// by its ends alone: a condition is one on the last resource of a chain, and of those between it is enough that they are there.

const (
	// maxApart is how many resources at the end of one way are told apart.
	maxApart = 32
	// maxContained is how many entries of contained resources a resource may have, and references among them that are followed.
	maxContained = 200_000
)

// inside is a reference to a contained resource.
type inside struct{ param, id string }

// way is where a parameter leads inside a resource. The parameter stands after the way to the resource that has it.
type way struct{ param, typ string }

func (w way) head() string { return w.param + ">" + w.typ }

// part returns the start of what stands for one of several resources.
func (w way) part(k int) string { return w.head() + ":" + strconv.Itoa(k) }

// container is a resource that is indexed, and what is known of those in it.
type container struct {
	root  tree.Node
	byID  map[string]*content // once one was looked for
	count int                 // of maxContained
}

// content is a contained resource.
type content struct {
	node    tree.Node
	indexed bool
	entries Entries
	refs    []inside
}

// find returns the contained resource of an id, nil where there is none.
func (c *container) find(id string) *content {
	if c.byID == nil {
		c.byID = map[string]*content{}
		for n := range c.root.Member("contained").Items() {
			if id := n.Member("id").Text(); c.byID[id] == nil {
				c.byID[id] = &content{node: n}
			}
		}
	}
	return c.byID[id]
}

// spend counts what is written and followed.
func (c *container) spend(n int) error {
	if c.count += n; c.count > maxContained {
		return fhir.NewIssue(fhir.TooCostly, "the resource refers to its contained resources in too many ways to be indexed").
			Because(fhir.ReasonUnprocessable)
	}
	return nil
}

// content indexes a contained resource by itself, once.
func (e *Engine) content(c *content) error {
	if c.indexed {
		return nil
	}
	ix := e.borrow()
	defer e.giveBack(ix)
	if err := ix.resource(c.node.Tree().Sub(c.node)); err != nil {
		return e.blame(err, c.node)
	}
	c.entries, c.refs, c.indexed = ix.finish(), distinctRefs(ix.inside), true
	return nil
}

// blame says of issues in a contained resource where in its container that is.
func (e *Engine) blame(err error, n tree.Node) error {
	is, ok := fhir.IssuesOf(err)
	if !ok {
		return err
	}
	out := make(fhir.Issues, len(is))
	for k, i := range is {
		at := *i
		at.Expression = []string{e.spec.Location(n)}
		out[k] = &at
	}
	return out
}

func distinctRefs(refs []inside) []inside {
	seen := make(map[inside]bool, len(refs))
	var out []inside
	for _, r := range refs {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}

// contained writes the entries of the contained resources that the resource refers to, as far as a chain can go.
func (ix *indexer) contained(in *container) error {
	if len(ix.inside) == 0 {
		return nil
	}
	return ix.follow(in, "", [][]inside{distinctRefs(ix.inside)}, maxHops)
}

// follow writes the entries of what is referred to at the end of a way, and of what that refers to.
func (ix *indexer) follow(in *container, head string, from [][]inside, hops int) error {
	if hops == 0 {
		return nil
	}
	var ways []way
	ends := map[way][]*content{}
	seen := map[inside]bool{}
	for _, refs := range from {
		if err := in.spend(len(refs)); err != nil {
			return err
		}
		for _, ref := range refs {
			c := in.find(ref.id)
			if c == nil || seen[ref] || !ix.e.spec.IsResource(c.node.Member("resourceType").Text()) {
				continue
			}
			seen[ref] = true
			w := way{head + ref.param, c.node.Member("resourceType").Text()}
			if ends[w] == nil {
				ways = append(ways, w)
			}
			ends[w] = append(ends[w], c)
		}
	}
	for _, w := range ways {
		var next [][]inside
		for _, c := range ends[w] {
			if err := ix.e.content(c); err != nil {
				return err
			}
			next = append(next, c.refs)
		}
		if err := ix.lead(in, w, ends[w]); err != nil {
			return err
		}
		if err := ix.follow(in, w.head()+">", next, hops-1); err != nil {
			return err
		}
	}
	return nil
}

// lead writes the entries of the resources at the end of a way.
func (ix *indexer) lead(in *container, w way, ends []*content) error {
	if len(ends) == 1 {
		ix.fixed = append(ix.fixed, onlyOne(w))
	}
	if len(ends) > maxApart {
		text := "the resource refers to " + strconv.Itoa(len(ends)) + " contained resources of type " + w.typ + " in one way (" + w.param +
			"): more than " + strconv.Itoa(maxApart) + " cannot be told apart in a search"
		return fhir.NewIssue(fhir.TooCostly, text).Because(fhir.ReasonUnprocessable)
	}
	for k, c := range ends {
		e := c.entries
		if err := in.spend(1 + len(e.Keys) + len(e.Texts) + len(e.Ranges) + len(e.Refs)); err != nil {
			return err
		}
		ix.under(w.head()+">", e)
		if len(ends) > 1 {
			part := w.part(k)
			ix.fixed = append(ix.fixed, part)
			ix.under(part+">", e)
		}
	}
	return nil
}

func onlyOne(w way) string { return w.head() + "|one" }

// under writes entries with something before their names.
func (ix *indexer) under(head string, e Entries) {
	for _, k := range e.Keys {
		if !strings.HasPrefix(k, baseHead) { // it was noted of the whole resource
			ix.fixed = append(ix.fixed, head+k)
		}
	}
	for _, t := range e.Texts {
		ix.text(head+t.Name, t.Value)
	}
	for _, r := range e.Ranges {
		r.Name = head + r.Name
		ix.ranges = append(ix.ranges, r)
	}
	for _, r := range e.Refs {
		if r.Param != "" {
			r.Param = head + r.Param
			ix.ref(r)
		}
	}
}

// Direct reports whether a parameter of the resource itself reaches the reference, not that of a contained one or none at all.
func (r RefEntry) Direct() bool { return r.Param != "" && !strings.Contains(r.Param, ">") }

// inside is the condition that the way leads to a contained resource for which a condition holds; false where none can be such. A condition on
// where the chain goes on to has told apart there what it must.
func (w way) inside(where Expr, goesOn bool) (Expr, bool) {
	if goesOn || isSimple(where) {
		return under(w.head()+">", where)
	}
	x, ok := under(w.head()+">", where)
	if !ok {
		return nil, false
	}
	or := Or{And{HasKey{Key: onlyOne(w)}}.with(x)}
	for k := range maxApart {
		x, _ := under(w.part(k)+">", where)
		or = append(or, And{HasKey{Key: w.part(k)}}.with(x))
	}
	return or, true
}

// isSimple reports whether one entry alone can satisfy a condition, so that it does not matter which entries are of the same resource.
func isSimple(x Expr) bool {
	switch x := x.(type) {
	case HasKey, TextIs, InRange, RefersTo:
		return true
	case Or:
		return !slices.ContainsFunc(x, func(y Expr) bool { return !isSimple(y) })
	default:
		return false
	}
}

// under puts something before the names that a condition asks for. It is false where the condition holds for no contained resource: it
// asks for an id on this server, a time, or who refers to it.
func under(head string, x Expr) (Expr, bool) {
	switch x := x.(type) {
	case HasKey:
		return HasKey{Key: head + x.Key}, true
	case TextIs:
		x.Name = head + x.Name
		return x, true
	case InRange:
		x.Name = head + x.Name
		return x, true
	case RefersTo:
		x.Param = head + x.Param
		return x, true
	case Not:
		y, ok := under(head, x.Expr)
		return Not{Expr: y}, ok
	case And:
		and := make(And, 0, len(x))
		for _, y := range x {
			z, ok := under(head, y)
			if !ok {
				return nil, false
			}
			and = append(and, z)
		}
		return and, true
	case Or:
		or := make(Or, 0, len(x))
		for _, y := range x {
			if z, ok := under(head, y); ok {
				or = append(or, z)
			}
		}
		return or.simple(), len(or) > 0
	default:
		return nil, false
	}
}
