package synthetic

import (
	"fmt"
	"math"
	"strconv"

	"firewolf/registry/term"
)

// visit is one assessment.
type visit struct {
	code  string
	day   int
	state float64
	phone bool // nobody was examined
	gaps

	pga   float64
	gc    float64
	items [term.SledaiItems]bool
	labs  values
}

// values are those of the laboratory in the units of the canonical rows, before the center's own.
type values struct {
	dsdna, c3, c4, upcr, crea, gfr, plt, wbc, cd19, igg float64 // dsdna as a multiple of the upper limit; C3, C4 in g/L; upcr in g/g; crea in mg/dL
}

func (p *patient) visit(code string, day int) *visit {
	v := &visit{code: code, day: day, state: p.state(day)}
	v.pga = p.round(max(0, min(3, 2.2*v.state+0.25*p.Float64())), 1)
	if v.state == 0 {
		v.pga = p.round(0.3*p.Float64(), 1)
	}
	switch {
	case day < 0:
		v.gc = []float64{7.5, 10, 15, 20}[p.IntN(4)]
	case p.relapsed(day):
		v.gc = []float64{5, 10, 15}[p.IntN(3)]
	}
	p.measure(v)
	p.score(v)
	return v
}

// measure draws the laboratory values of a visit by how active lupus is.
func (p *patient) measure(v *visit) {
	s := v.state
	noise := func(share float64) float64 { return 1 + share*(2*p.Float64()-1) }
	v.labs = values{
		dsdna: (0.4 + 4*s) * noise(0.4),
		c3:    (1.15 - 0.55*s) * noise(0.12),
		c4:    (0.22 - 0.15*s) * noise(0.2),
		upcr:  0.12 * noise(0.4),
		crea:  0.8 * noise(0.2),
		plt:   230 * noise(0.2),
		wbc:   5.5 * noise(0.25),
		igg:   (1150 - 300*when(v.day > 0, 1, 0)) * noise(0.2),
	}
	if p.organs["renal"] {
		v.labs.upcr = (0.2 + 2*s) * noise(0.3)
		v.labs.crea = (0.85 + 0.25*s) * noise(0.15)
	}
	if p.depleted(v.day) {
		v.labs.wbc, v.labs.plt = 2.6*noise(0.2), 150*noise(0.2)
	}
	v.labs.gfr = p.filtration(v.labs.crea)
	switch {
	case v.day < 0:
		v.labs.cd19 = 140 * noise(0.5)
	case p.aplastic(v.day):
	case v.day > p.back:
		v.labs.cd19 = 12 + min(150, float64(v.day-p.back)*0.6)*noise(0.3)
	default:
		v.labs.cd19 = 12 + min(150, float64(v.day-p.returned)*0.6)*noise(0.3)
	}
}

// filtration estimates the glomerular filtration rate from creatinine in mg/dL by CKD-EPI 2021, in mL/min per 1.73 m2.
// https://doi.org/10.1056/NEJMoa2102953
func (p *patient) filtration(crea float64) float64 {
	kappa, alpha, factor := 0.9, -0.302, 1.0
	if p.female {
		kappa, alpha, factor = 0.7, -0.241, 1.012
	}
	age := float64(p.zero.Year() - p.born)
	return 142 * math.Pow(min(crea/kappa, 1), alpha) * math.Pow(max(crea/kappa, 1), -1.2) * math.Pow(0.9938, age) * factor
}

// score ticks the items of SLEDAI-2K.
func (p *patient) score(v *visit) {
	tick := func(item string, yes bool) { v.items[term.SledaiItem(item)] = yes }
	active := func(share float64) bool { return v.state > 0 && p.chance(share*math.Sqrt(v.state)) }
	tick("low-complement", p.low(v))
	tick("increased-dna-binding", v.labs.dsdna > 1)
	if v.state == 0 {
		return
	}
	tick("proteinuria", p.organs["renal"] && v.labs.upcr > 0.5)
	tick("hematuria", p.organs["renal"] && active(0.5))
	tick("arthritis", p.organs["joints"] && active(0.8))
	tick("rash", p.organs["skin"] && active(0.7))
	tick("alopecia", p.organs["skin"] && active(0.4))
	tick("mucosal-ulcers", p.organs["skin"] && active(0.2))
	tick("pleurisy", p.organs["pulmonary"] && active(0.5))
	tick("pericarditis", p.organs["cardiac"] && active(0.5))
	tick("vasculitis", active(0.05))
	tick("lupus-headache", p.organs["cns"] && active(0.4))
	tick("leukopenia", p.organs["blood"] && v.day < 0 && p.chance(0.3))
}

// The lower limits of complement, in g/L.
const (
	c3Low = 0.90
	c4Low = 0.10
)

// low reports whether complement is low as it is written, by the limits of the laboratory.
func (p *patient) low(v *visit) bool {
	return p.round(v.labs.c3, 2) < c3Low || p.round(v.labs.c4, 2) < c4Low
}

// sums are SLEDAI-2K and clinical SLEDAI-2K.
func (v *visit) sums() (total, clinical int, major bool) {
	for k, i := range term.Sledai() {
		if !v.items[k] {
			continue
		}
		total += i.Weight
		if !i.Serologic {
			clinical += i.Weight
		}
		major = major || i.Major
	}
	return total, clinical, major
}

func (p *patient) writeVisit(c *chart, v *visit) {
	pairs := []string{"visit_date", v.on, "visit_code", v.code, "pred_mg_d", unless(v.noDose, strconv.FormatFloat(v.gc, 'f', -1, 64)), "last_alive", v.on}
	for _, x := range []struct {
		column string
		taken  bool
	}{{"hcq", v.day < 0 || p.relapsed(v.day)}, {"mmf", v.day < 0 || p.relapsed(v.day)}, {"aza", false}, {"cni", false}, {"biologic", false}} {
		pairs = append(pairs, x.column, yes(x.taken))
	}
	if v.phone {
		c.row("visits", pairs...)
		return
	}
	c.row("visits", append(pairs, "pga", unless(v.noPGA, number(v.pga, 1)), "haem_anaemia", "0", "gi_activity", "0")...)
	v.writeScore(c)
	p.writeLabs(c, v, p.on(v.day))
}

func (v *visit) writeScore(c *chart) {
	if v.noScore {
		return
	}
	total, _, _ := v.sums()
	score := []string{"visit_date", v.on, "visit_code", v.code, "method", "sledai-2k", "total", unless(v.incomplete(), strconv.Itoa(total))}
	for k, yn := range v.items {
		score = append(score, fmt.Sprintf("s%02d", k+1), unless(v.noItem[k] || v.onlyTotal, yes(yn)))
	}
	c.row("sledai", score...)
}

// writeOutcome adds what the clinician judged, and returns whether a relapse was told.
func (p *patient) writeOutcome(c *chart, v, before *visit, relapsed bool) bool {
	pairs := []string{"visit_date", v.on, "visit_code", v.code}
	if v.phone || v.noPGA || v.noDose || v.noScore || v.incomplete() {
		pairs = append(pairs, "doris", "not-evaluable", "lldas", "not-evaluable")
	} else {
		total, clinical, major := v.sums()
		remission := clinical == 0 && v.pga < 0.5 && v.gc <= 5
		low := total <= 4 && !major && v.pga <= 1 && v.gc <= 7.5 && !v.newSince(before)
		pairs = append(pairs, "doris", judged(remission), "lldas", judged(low || remission))
		if p.relapsed(v.day) && !relapsed && !remission {
			pairs = append(pairs, "relapse_date", v.on)
			relapsed = true
		}
	}
	c.row("outcome", pairs...)
	return relapsed
}

func judged(met bool) string {
	if met {
		return "met"
	}
	return "not-met"
}

// newSince reports whether an item is ticked that was not before.
func (v *visit) newSince(before *visit) bool {
	if before == nil || before.phone {
		return false
	}
	for k := range v.items {
		if v.items[k] && !before.items[k] {
			return true
		}
	}
	return false
}

// writeLabs writes the values as the laboratory of the center has them: in its units, against its limits.
func (p *patient) writeLabs(c *chart, v *visit, on string) {
	l := v.labs
	test := func(loinc, value, unit, low, high string) {
		c.row("labs", "date", on, "loinc", loinc, "value", value, "unit", unit, "low", low, "high", high)
	}
	test("5130-0", within(l.dsdna*p.center.dsdnaULN, 0.3*p.center.dsdnaULN, 4*p.center.dsdnaULN), "[IU]/mL", "", number(p.center.dsdnaULN, 0))
	if p.center.gram {
		test("4485-9", number(l.c3, 2), "g/L", "0.90", "1.80")
		test("4498-2", number(l.c4, 2), "g/L", "0.10", "0.40")
	} else {
		test("4485-9", number(l.c3*100, 0), "mg/dL", "90", "180")
		test("4498-2", number(l.c4*100, 0), "mg/dL", "10", "40")
	}
	if p.center.molar {
		test("2890-2", within(l.upcr/0.00884, 11, 600), "mg/mmol", "", "15")
		test("2160-0", number(l.crea*88.42, 0), "umol/L", "45", "84")
	} else {
		test("2890-2", within(l.upcr*1000, 100, 5000), "mg/g", "", "150")
		test("2160-0", number(l.crea, 2), "mg/dL", "0.50", "0.95")
	}
	if !v.noGFR {
		test("98979-8", number(l.gfr, 0), "mL/min/{1.73_m2}", "90", "")
	}
	test("777-3", number(l.plt, 0), "10*9/L", "150", "400")
	test("6690-2", number(l.wbc, 1), "10*9/L", "4.0", "10.0")
	test("8116-6", within(l.cd19, 1, 2000), "/uL", "100", "500")
	test("2465-3", number(l.igg, 0), "mg/dL", "700", "1600")
}
