package course

import (
	"slices"
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// panel is a SLEDAI-2K whose items may be Observations of their own.
// https://hl7.org/fhir/R4/observation.html#obsgrouping
type panel struct {
	part
	at      found
	on      Span
	told    bool // a value or a component
	items   []itemTold
	members []string // ids of Observations
}

// itemTold is what is told of an item: whether it is present, or a number.
type itemTold struct {
	place  int // in the order of the form
	truth  score.Truth
	number score.Value
}

// sledai takes a SLEDAI-2K with its items. What is not told, or told with a reason why there is no value, is unknown.
func (b *Builder) sledai(root tree.Node, at string) {
	p := panel{part: part{selena: bySELENA(root)}, at: foundAt(root, at), on: onOrTimed(root, at), told: tells(root)}
	p.From = b.from(root)
	p.Total = scored(root, term.SLEDAI2K, p.From)
	for one := range root.Member("component").Items() {
		p.told = p.told || tells(one)
		if i, ok := itemOf(one); ok {
			p.items = append(p.items, i)
		}
	}
	for r := range root.Member("hasMember").Items() {
		if k := b.to(r); k.Type == "Observation" {
			p.members = append(p.members, strings.Clone(k.ID))
		}
	}
	b.panels = append(b.panels, p)
}

// member takes an item that is an Observation of its own. It counts only as the member of a panel: an item alone is no assessment.
func (b *Builder) member(root tree.Node) {
	if i, ok := itemOf(root); ok {
		b.members[strings.Clone(root.Member("id").Text())] = i
	}
}

// itemOf is what a component, or an Observation, tells of an item.
func itemOf(n tree.Node) (i itemTold, ok bool) {
	name, ok := strings.CutPrefix(local(n.Member("code")), "sledai-2k-")
	if i.place = term.SledaiItem(name); !ok || i.place < 0 || !tells(n) {
		return i, false
	}
	if v := n.Member("valueBoolean"); v.Exists() {
		i.truth = truth(v.Text() == "true")
		return i, true
	}
	v, unit := number(n, "")
	if i.number = v; unit != "" && unit != "1" && !strings.HasPrefix(unit, "{") {
		i.number = score.Value{}
	}
	return i, true
}

// assembled are the parts of assessments that panels make with their members, on the day of the panel.
func (b *Builder) assembled(c *Course) {
	for _, p := range b.panels {
		for _, id := range p.members {
			if i, ok := b.members[id]; ok {
				p.items = append(p.items, i)
			}
		}
		if !p.told && len(p.items) == 0 {
			continue
		}
		if p.Day = p.on.Exact(); !p.Day.Known() {
			c.Vague = append(c.Vague, Vague{selenaKind(p.selena), p.on})
			continue
		}
		p.Items = settledItems(present(p.items))
		b.parts.add(p.part, p.at)
	}
}

// settledItems are items by their place. Of one that is told to be there and not to be there nobody knows.
func settledItems(told []itemTold) (items [term.SledaiItems]score.Truth) {
	var clash [term.SledaiItems]bool
	for _, i := range told {
		was := items[i.place]
		clash[i.place] = clash[i.place] || was.Known() && i.truth.Known() && was != i.truth
		if i.truth.Known() {
			items[i.place] = i.truth
		}
	}
	for k := range items {
		if clash[k] {
			items[k] = score.Unknown
		}
	}
	return items
}

// present are items with whether each is there. Their numbers are points if each is 0 or the weight of its item, and flags if each is 0 or 1 and one is 0.
// Where they are neither nobody knows what any of them means: to read only those that can be read would leave out who has what the others tell.
func present(items []itemTold) []itemTold {
	points, flags, zero := true, true, false
	for _, i := range items {
		if i.truth.Known() {
			continue
		}
		x := i.number.X
		points = points && i.number.Exact() && (x == 0 || x == float64(term.Sledai()[i.place].Weight))
		flags = flags && i.number.Exact() && (x == 0 || x == 1)
		zero = zero || i.number.Exact() && x == 0
	}
	out := slices.Clone(items)
	for k, i := range out {
		if !i.truth.Known() && (points || flags && zero) {
			out[k].truth = truth(i.number.X != 0)
		}
	}
	return out
}
