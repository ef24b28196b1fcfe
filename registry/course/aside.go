package course

import (
	"slices"
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// cause is what a drug says that it was given for.
type cause struct {
	toxicity   bool     // by a code
	references []string // Procedures that it was a part of, and the Conditions that are its reasons
}

func (b *Builder) causeOf(root tree.Node) cause {
	kind, _ := toxicityOf(root.Member("reasonCode"))
	c := cause{toxicity: kind != ""}
	for _, member := range []string{"partOf", "reasonReference"} {
		for r := range root.Member(member).Items() {
			if k := b.to(r); k.Type != "" {
				c.references = append(c.references, strings.Clone(k.String()))
			}
		}
	}
	return c
}

// conditions reports whether reasons are told.
func (c cause) conditions() bool {
	return c.toxicity || slices.ContainsFunc(c.references, func(r string) bool { return strings.HasPrefix(r, "Condition/") })
}

// setAside marks the drugs that treat no lupus: they prepare for cells, or treat a toxicity of theirs.
func (b *Builder) setAside(c *Course) {
	for k, t := range c.Therapies {
		known := t.From.There && t.To.There
		c.Therapies[k].Aside = b.aside(b.therapies[k]) || known && depleting(t.Drug) && b.prepares(c, t.From.From) && b.prepares(c, t.To.To) ||
			known && c.rescues(t.Drug, t.From.From, t.To.To, b.therapies[k])
	}
	for k, g := range c.Given {
		c.Given[k].Aside = b.aside(b.given[k]) || b.prepares(c, g.Day) && b.prepares(c, g.last()) || c.rescues(g.Drug, g.Day, g.last(), b.given[k])
	}
}

// aside reports whether a drug says that it was given for what is no lupus.
func (b *Builder) aside(why cause) bool {
	return why.toxicity || slices.ContainsFunc(why.references, func(r string) bool { return b.asides[r] })
}

// prepares reports whether a day lies between the beginning of a lymphodepletion and the infusion that follows it.
func (b *Builder) prepares(c *Course, day Day) bool {
	return slices.ContainsFunc(c.Infusions, func(i Infusion) bool {
		return slices.ContainsFunc(b.starts, func(d Day) bool { return i.Day-toxicDays <= d && d <= day && day <= i.Day })
	})
}

// prepare notes when lymphodepletion began before each infusion of which no Procedure tells that: with what was given as a part of it, or else with the
// first fludarabine, which is given for nothing else here.
func (b *Builder) prepare(c *Course) {
	for _, i := range c.Infusions {
		before := func(d Day) bool { return i.Day-toxicDays <= d && d <= i.Day }
		if slices.ContainsFunc(b.starts, before) {
			continue
		}
		parts, fludarabine := Never, Never
		for k, g := range c.Given {
			switch {
			case g.Later > 0 || !before(g.Day):
			case b.depletes(b.given[k]):
				parts = earlier(parts, g.Day)
			case Drug(g.Drug).Name == "fludarabine":
				fludarabine = earlier(fludarabine, g.Day)
			}
		}
		for _, t := range c.Therapies {
			if from := t.From.Exact(); from.Known() && before(from) && !t.Unsure && Drug(t.Drug).Name == "fludarabine" {
				fludarabine = earlier(fludarabine, from)
			}
		}
		if start := earlier(parts, fludarabine); start.Known() {
			b.starts = append(b.starts, start)
		}
	}
}

// depleting reports whether a drug is one of those that prepare for cells. Of another one a statement may tell what is taken for lupus.
func depleting(d Medicine) bool {
	return Drug(d).Name == "fludarabine" || Drug(d).Name == "cyclophosphamide"
}

// depletes reports whether a drug says that it was a part of a lymphodepletion.
func (b *Builder) depletes(why cause) bool {
	return slices.ContainsFunc(why.references, func(r string) bool { return b.asides[r] && strings.HasPrefix(r, "Procedure/") })
}

// earlier is the first of two days, the other one of Never.
func earlier(a, b Day) Day {
	if !a.Known() || b.Known() && b < a {
		return b
	}
	return a
}

// toxicDays is how long after an infusion a drug that is given against toxicities of cells is taken to be, as $toxicity counts it, and how long before
// one what prepares for it.
const toxicDays = 30

// rescues reports whether a drug was given in the days after an infusion in which toxicities are treated, is one that treats them, and does not say
// that it was given for something else.
func (c *Course) rescues(d Medicine, from, to Day, why cause) bool {
	against := Drug(d)
	if why.conditions() || against.Class != term.Glucocorticoid && against.Name != "tocilizumab" && against.Name != "anakinra" {
		return false
	}
	return slices.ContainsFunc(c.Infusions, func(i Infusion) bool { return i.Day <= from && to <= i.Day+toxicDays })
}
