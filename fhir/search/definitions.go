package search

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"firewolf/fhir/spec"
)

// References is the name in Definitions of what no parameter names: the references of a resource, by whichever element.
const References = "*"

// Definitions names what the entries of every parameter of every type are made of: by "Patient.name" a digest of its definition and of the form of
// keys. A store keeps them beside its index. Where the digest of a parameter is the same, so are its entries, whatever else has changed.
// A digest ends with "@" where the entries depend on the server's base URLs too (Own).
func (e *Engine) Definitions() map[string]string {
	all := map[string]string{References: digest(Format) + "@"}
	for typ := range e.types {
		for _, p := range e.index(typ).params {
			all[ParamName(typ, p.Code)] = p.digest()
		}
	}
	return all
}

// ParamName is the name of a parameter of a type in Definitions and Plan.Params.
func ParamName(typ, code string) string { return typ + "." + code }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func (p *param) digest() string {
	var b strings.Builder
	b.WriteString(Format)
	p.write(&b)
	if p.composite != nil {
		for _, part := range p.composite.parts {
			fmt.Fprintf(&b, "\npart %s", part.expression)
			part.param.write(&b)
		}
	}
	for _, q := range p.union {
		b.WriteString("\nunion")
		q.write(&b)
	}
	if p.refers() {
		return digest(b.String()) + "@"
	}
	return digest(b.String())
}

// write writes what the entries of a parameter follow from.
func (p *param) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s %s %v: %s\nto %v start %q scoped %t cased %t caseless %t leaves", p.typ, p.Code, p.Type, p.branches,
		p.targets, p.startName, p.scoped, p.cased, p.caseless)
	for _, l := range p.leaves {
		path := ""
		if l.Element != nil {
			path = l.Element.Path
		}
		fmt.Fprintf(w, " %s(%s)", l.Type, path)
	}
	if p.composite != nil {
		fmt.Fprintf(w, " joined %t", p.composite.joined)
	}
}

// refers reports whether a parameter, or a part of it, is a reference.
func (p *param) refers() bool {
	if p.Type == spec.ParamReference {
		return true
	}
	if p.composite != nil {
		for _, part := range p.composite.parts {
			if part.param.Type == spec.ParamReference {
				return true
			}
		}
	}
	return false
}

// Params yields the names (ParamName) of the parameters whose entries a plan is answered from, some of them more than once. What every
// version has beside its entries, its id and its time, is none.
func (p Plan) Params(yield func(string) bool) {
	u := uses{yield: yield}
	for _, k := range p.Sort {
		if k.Kind != SortID && k.Kind != SortLastUpdated {
			u.name(p.Type, k.Param)
		}
	}
	u.expr(p.Type, p.Where)
}

// uses yields the parameters of conditions, until it is told to stop.
type uses struct {
	yield func(string) bool
	done  bool
}

func (u *uses) expr(typ string, x Expr) {
	switch x := x.(type) {
	case And:
		for _, y := range x {
			u.expr(typ, y)
		}
	case Or:
		for _, y := range x {
			u.expr(typ, y)
		}
	case Not:
		u.expr(typ, x.Expr)
	case HasKey:
		u.name(typ, x.Key)
	case TextIs:
		u.name(typ, x.Name)
	case InRange:
		u.name(typ, x.Name)
	case RefersTo:
		u.name(typ, x.Param)
		for _, t := range x.Targets {
			u.expr(t.Type, t.Where)
		}
	case ReferredBy:
		u.name(x.Source.Type, x.Param)
		u.expr(x.Source.Type, x.Source.Where)
	}
}

// name reads a key, or the name of a text or a range: it begins with the code of a parameter, after a "!" where it says that there is a value. Where a
// way into a contained resource follows ("medication>Medication:0>code|s|c") so does the parameter of that resource's type.
func (u *uses) name(typ, name string) {
	for typ != "" && !u.done {
		name = strings.TrimPrefix(name, "!")
		n := strings.IndexFunc(name, func(r rune) bool { return strings.ContainsRune("|#:$>", r) })
		if n < 0 {
			n = len(name)
		}
		u.done = !u.yield(ParamName(typ, name[:n]))
		way, inside := strings.CutPrefix(name[n:], ">")
		if !inside {
			return
		}
		way, name, _ = strings.Cut(way, ">")
		typ, _, _ = strings.Cut(way, ":")
		typ, _, _ = strings.Cut(typ, "|")
		if name == "" {
			return
		}
	}
}
