package course

import (
	"slices"
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

func truth(yes bool) score.Truth { return score.Is(yes) }

// tells reports whether an Observation, or a component, has a value. One that says only why it has none was not made: it stands for no
// day. https://hl7.org/fhir/R4/observation-definitions.html#Observation.dataAbsentReason
func tells(n tree.Node) bool {
	for m := range n.Members() {
		if strings.HasPrefix(m.Name(), "value") {
			return true
		}
	}
	return false
}

// observation takes what the code of an Observation says that it is.
func (b *Builder) observation(root tree.Node) {
	kind := local(root.Member("code"))
	analyte, known := analyteOf(root.Member("code"))
	at := started(root, "effective")
	if known {
		b.instrument(root, root, analyte.Of().Name)
	} else {
		b.instrument(root, root, kind)
	}
	for part := range root.Member("component").Items() {
		if a, ok := analyteOf(part.Member("code")); ok && tells(part) {
			b.lab(root, part, at, a)
			b.instrument(root, part, a.Of().Name)
		}
	}
	switch {
	case known:
		if tells(root) {
			b.lab(root, root, at, analyte)
		}
	case strings.HasSuffix(kind, "-max-grade"):
		b.grade(root, strings.TrimSuffix(kind, "-max-grade"))
	case strings.HasPrefix(kind, "sledai-2k-"):
		b.member(root)
	case kind != "":
		b.assessed(root, judgedAt(root, kind), kind)
	}
}

// judgedAt is when what an Observation with a local code tells was so: of a period the end, for an assessment looks back on it (SLEDAI-2K on 10 days or
// 30) and is made at its end. A dose was taken and a relapse was there from the beginning, and of B cells the sample tells.
func judgedAt(root tree.Node, kind string) string {
	end := root.Member("effectivePeriod").Member("end").Text()
	switch {
	case end == "", kind == term.GCDose, kind == term.Relapse, kind == term.BCellReturn:
		return started(root, "effective")
	default:
		return end
	}
}

// analyteOf is what a concept says that was measured, by the first code of LOINC that this field knows.
func analyteOf(concept tree.Node) (analyte Analyte, known bool) {
	codes(concept, func(system, code string) bool {
		if a, ok := term.AnalyteOf(code); ok && system == term.Loinc {
			analyte, known = AnalyteNamed(a.Name)
		}
		return !known
	})
	return analyte, known
}

// assessed takes an Observation with a local code.
func (b *Builder) assessed(root tree.Node, at, kind string) {
	if strings.HasPrefix(kind, "bilag-") {
		b.bilag(root, at, kind)
		return
	}
	switch kind {
	case term.SLEDAI2K:
		b.sledai(root, at)
	case term.CSLEDAI2K:
		b.clinical(root, at)
	case term.PGA:
		b.reading(&b.pga, root, kind, at)
	case term.GCDose:
		b.reading(&b.gc, root, kind, at)
	case term.SDI:
		b.reading(&b.damage, root, kind, at)
	case "hemolytic-anemia":
		b.finding(&b.hemolysis, root, at)
	case "gi-activity":
		b.finding(&b.gut, root, at)
	case term.CARTDose:
		b.dose(root)
	case term.LastKnownAlive:
		if day, ok := b.day(at); ok && root.Member("valueBoolean").Text() != "false" {
			b.c.LastAlive = max(b.c.LastAlive, day)
		}
	case term.DORIS2021, term.LLDAS, term.DrugFreeRemission, term.DORISOffTreatment, term.SledaiResponse4, term.SRI4, term.CRR, term.PRR, term.Relapse:
		b.outcome(root, at, kind)
	case term.BCellReturn:
		b.returned(root, at)
	}
}

// returned notes that the return of B cells was computed and kept, which is the number of days, and no result.
func (b *Builder) returned(root tree.Node, at string) {
	if day, ok := b.day(at); ok && b.sources && strings.HasPrefix(local(root.Member("method")), "algorithm-") {
		b.stated.add(Stated{Code: term.BCellReturn, Day: day, Result: term.Met, ID: strings.Clone(root.Member("id").Text())}, foundAt(root, at))
	}
}

func (b *Builder) reading(to *gathered[Reading], root tree.Node, kind, at string) {
	if day, v, ok := b.number(root, kind, at); ok {
		to.add(Reading{day, v}, foundAt(root, at))
	}
}

// number is the value of an Observation with its day. One that cannot be used, of a day that is known or not, is noted as a vague one.
func (b *Builder) number(root tree.Node, kind, at string) (Day, score.Value, bool) {
	if !tells(root) {
		return Never, score.Value{}, false
	}
	day, ok := b.dated(root, kind, at)
	v := scored(root, kind, b.from(root))
	if ok && !v.Known {
		b.c.Vague = append(b.c.Vague, Vague{intern(kind), Span{day, day, true}})
	}
	return day, v, ok && v.Known
}

func (b *Builder) finding(to *gathered[Finding], root tree.Node, at string) {
	value := root.Member("valueBoolean")
	if day, ok := b.day(at); ok && value.Exists() {
		to.add(Finding{day, score.Fact{Truth: truth(value.Text() == "true"), From: b.from(root)}}, foundAt(root, at))
	}
}

func bySELENA(root tree.Node) bool {
	return has(root.Member("method"), term.Coding{System: term.Local, Code: term.BySELENA})
}

func (b *Builder) clinical(root tree.Node, at string) {
	if day, v, ok := b.number(root, term.CSLEDAI2K, at); ok {
		a := Assessment{Day: day}
		a.Clinical = v
		b.parts.add(part{a, bySELENA(root)}, foundAt(root, at))
	}
}

// lab takes a laboratory value with the limits of the laboratory: of an Observation, or of a component of a panel.
func (b *Builder) lab(root, one tree.Node, at string, a Analyte) {
	day, ok := b.dated(root, a.Of().Name, at)
	if !ok {
		return
	}
	from := b.from(root)
	raw, unit := number(one, from)
	l := limitsOf(one, a.Of(), unit)
	b.labs.add(newLab(day, a, canonical(a.Of(), raw, unit), l), foundAt(root, at))
}

// grade takes the highest grade of a toxicity.
func (b *Builder) grade(root tree.Node, kind string) {
	v, _ := number(root, "")
	if !v.Exact() || v.X < 0 || v.X > 5 || v.X != float64(int(v.X)) {
		return
	}
	g := Grade{Kind: intern(kind), Grade: int(v.X), Infusion: b.procedureOf(root.Member("focus")), Days: effective(root), From: b.from(root)}
	if root.Member("status").Text() == "preliminary" {
		b.preliminary = append(b.preliminary, g)
	} else {
		b.c.Grades = append(b.c.Grades, g)
	}
}

// graded are the highest grades. A preliminary one stands only where there is no other of its infusion.
// https://hl7.org/fhir/R4/valueset-observation-status.html
func (b *Builder) graded() []Grade {
	l := slices.Clone(b.c.Grades)
	for _, p := range b.preliminary {
		if !slices.ContainsFunc(b.c.Grades, func(g Grade) bool {
			return g.Kind == p.Kind && (g.Infusion == "" || p.Infusion == "" || g.Infusion == p.Infusion)
		}) {
			l = append(l, p)
		}
	}
	return l
}

// effective is the time that an Observation is about, all time where it does not say.
func effective(root tree.Node) Span {
	all := Span{Never, Forever, true}
	if at := ParseDay(started(root, "effective")); at.There {
		all.From, all.To = at.From, at.To
	}
	if period := root.Member("effectivePeriod"); period.Exists() {
		all.To = Forever
		if end := ParseDay(period.Member("end").Text()); end.There {
			all.To = end.To
		}
	}
	return all
}

// outcome takes an outcome that somebody judged or computed.
func (b *Builder) outcome(root tree.Node, at, kind string) {
	result := term.Result("")
	codes(root.Member("valueCodeableConcept"), func(system, code string) bool {
		if system == term.Local {
			result = term.Result(intern(code))
		}
		return true
	})
	switch result {
	case term.Met, term.NotMet, term.NotEvaluable:
	default:
		return
	}
	clinician := !strings.HasPrefix(local(root.Member("method")), "algorithm-")
	if !clinician && !b.sources {
		return // who asks for no sources computes outcomes anew, and the computed ones are many
	}
	if kind == term.Relapse && (result != term.Met || !clinician) && !ParseDay(at).Exact().Known() {
		return // that there was none in some month is none to look for
	}
	day, ok := b.dated(root, kind, at)
	if !ok {
		return
	}
	s := Stated{Code: intern(kind), Day: day, Result: result, Clinician: clinician}
	if b.sources {
		s.ID = strings.Clone(root.Member("id").Text())
	}
	b.stated.add(s, foundAt(root, at))
}

// intern returns the same code as a string that does not hold the memory of a resource.
func intern(code string) string {
	for _, known := range []string{
		term.CRS, term.ICANS, "licats", "icaht", term.SLEDAI2K, term.CSLEDAI2K, term.SELENASLEDAI, term.PGA, term.GCDose, term.DORIS2021, term.LLDAS, term.DrugFreeRemission, term.DORISOffTreatment,
		term.SledaiResponse4, term.SRI4, term.CRR, term.PRR, term.Relapse, string(term.Met), string(term.NotMet), string(term.NotEvaluable),
	} {
		if code == known {
			return known
		}
	}
	return strings.Clone(code)
}
