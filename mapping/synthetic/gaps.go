package synthetic

import "firewolf/registry/term"

// gaps are what the record of a visit does not tell. What was judged is what it is: only the telling has gaps.
type gaps struct {
	on        string // the date of the visit, a month where nobody knows the day
	noPGA     bool
	noDose    bool
	noScore   bool // SLEDAI-2K was not assessed
	onlyTotal bool // its items were not kept
	noGFR     bool
	noItem    [term.SledaiItems]bool
}

// forget draws the gaps of a visit.
func (p *patient) forget(day int) gaps {
	g := gaps{on: p.on(day), noPGA: p.chance(0.04), noDose: p.chance(0.03), noScore: p.chance(0.03), onlyTotal: p.chance(0.02), noGFR: p.chance(0.05)}
	if !g.onlyTotal && p.chance(0.06) {
		for range 1 + p.IntN(3) {
			g.noItem[p.IntN(len(g.noItem))] = true
		}
	}
	// A month that an infusion is in would not tell which side of it the visit is on.
	if m := p.month(day); p.chance(0.02) && m != p.month(0) && (p.again == never || m != p.month(p.again)) {
		g.on = m
	}
	return g
}

// incomplete reports whether an item is missing that a total would need.
func (g *gaps) incomplete() bool { return g.noItem != [term.SledaiItems]bool{} }

// within writes a value as a laboratory does that measures between two limits.
func within(x, least, most float64) string {
	switch {
	case x < least:
		return "<" + number(least, 0)
	case x > most:
		return ">" + number(most, 0)
	}
	return number(x, 0)
}

// unless is a text that may be missing.
func unless(missing bool, text string) string {
	if missing {
		return ""
	}
	return text
}
