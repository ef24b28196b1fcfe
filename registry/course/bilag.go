package course

import (
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// Bilag is the grade of a system of BILAG-2004 on a day.
type Bilag struct {
	Day    Day
	System uint8
	Letter byte // A to E; 0 where two are told of one time
	From   string
}

// bilag takes an Observation of one system, or one with the systems as components.
func (b *Builder) bilag(root tree.Node, at, kind string) {
	day, ok := b.day(at)
	if !ok {
		return
	}
	take := func(part tree.Node, code string) {
		if k, letter := term.BilagSystem(code), letterOf(part); k >= 0 && letter != 0 {
			b.grades.add(Bilag{day, uint8(k), letter, b.from(root)}, foundAt(root, at))
		}
	}
	take(root, kind)
	for part := range root.Member("component").Items() {
		take(part, local(part.Member("code")))
	}
}

// letterOf is the grade that a value tells by a code of one letter, or by its text; 0 for none.
func letterOf(part tree.Node) byte {
	value := part.Member("valueCodeableConcept")
	said := local(value)
	for _, text := range []string{value.Member("text").Text(), part.Member("valueString").Text()} {
		if said == "" {
			said = strings.TrimSpace(text)
		}
	}
	if len(said) != 1 || said[0] < 'A' || said[0] > 'E' {
		return 0
	}
	return said[0]
}

// sameSystem reports whether two grades are of one system.
func sameSystem(a, b Bilag) bool { return a.System == b.System }

// clash makes the grade of a system unknown of which another is told too.
func clash(a *Bilag, b Bilag) {
	if a.Letter != b.Letter {
		a.Letter = 0
	}
}

// BilagAt returns the grades of the visit on a day: of that day, or else of the nearest within so many.
func (c *Course) BilagAt(at Day, within int) score.BILAG {
	var out score.BILAG
	distance, told := [term.BilagSystems]int{}, [term.BilagSystems]bool{}
	for _, g := range c.Bilag {
		d := abs(int(g.Day - at))
		if d > within || told[g.System] && d > distance[g.System] {
			continue
		}
		out[g.System], distance[g.System], told[g.System] = score.BilagGrade{Letter: g.Letter, From: g.From}, d, true
	}
	return out
}
