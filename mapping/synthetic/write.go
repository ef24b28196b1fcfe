package synthetic

import (
	"fmt"
	"strconv"
)

// write makes the rows of a patient.
func (p *patient) write(c *chart) {
	withdrawn := ""
	if p.leaves < never {
		withdrawn = p.on(p.leaves)
	}
	sex := "male"
	if p.female {
		sex = "female"
	}
	c.row("patients", "center_id", p.center.id, "sex", sex, "birth_year", strconv.Itoa(p.born), "consent_date", p.on(-apheresisDay-14), "withdrawal_date", withdrawn)
	p.writeDisease(c)
	p.writeTherapies(c)
	p.writeCourse(c)
	p.writeVisits(c)
	p.writeToxicity(c)
	if p.dies < never && !p.failed {
		died := p.on(p.dies)
		if p.chance(0.15) {
			died = p.month(p.dies)
		}
		c.row("outcome", "death_date", died, "cause", []string{"other", "therapy", "lupus", "unknown"}[p.pick(0.5, 0.2, 0.2, 0.1)])
	}
}

func (p *patient) writeDisease(c *chart) {
	onset := p.onset.Format("2006-01-02")
	switch p.pick(0.3, 0.5, 0.2) {
	case 1:
		onset = p.onset.Format("2006-01")
	case 2:
		onset = p.onset.Format("2006")
	}
	status := "remission"
	switch s := p.state(p.lost); {
	case p.failed || s == 1 || p.lost >= p.relapses && p.lost > p.relapses+200:
		status = "active"
	case p.lost >= p.relapses:
		status = "relapse"
	case s > 0:
		status = "active"
	}
	pairs := []string{
		"dx_date", onset, "status", status, "ana_titer", "1:" + strconv.Itoa(80<<(1+p.IntN(6))), "aclr2019_score", strconv.Itoa(12 + p.IntN(25)),
	}
	if p.class != "" {
		pairs = append(pairs, "ln_class", p.class, "ln_biopsy_date", p.on(-apheresisDay-60-p.IntN(200)))
	}
	for _, name := range []string{"renal", "cardiac", "pulmonary", "joints", "skin", "blood", "cns"} {
		pairs = append(pairs, "organ_"+name, yes(p.organs[name]))
	}
	c.row("sle", pairs...)
}

// apheresisDay is how many days before the infusion cells are collected, regimenDay how many lymphodepletion starts.
const (
	apheresisDay = 24
	regimenDay   = 5
)

func (p *patient) writeTherapies(c *chart) {
	line := 1
	take := func(drug string, share float64, from, to int, reason string) {
		if !p.chance(share) {
			return
		}
		c.row("prior_tx", "line", strconv.Itoa(line), "drug", drug, "start", p.on(from), "stop", p.on(to), "reason_stop", reason)
		line++
	}
	// Days before the infusion since lupus began; everything that lasts ends with lymphodepletion.
	first := -int(p.zero.Sub(p.onset).Hours() / 24)
	last := -regimenDay
	if p.failed {
		last = -apheresisDay - 10
	}
	span := last - first
	take("methylprednisolone-pulse", 0.8, first+7, first+9, "completed")
	take("prednisolone", 1, first+10, last, "before-lymphodepletion")
	take("hydroxychloroquine", 0.95, first+10, last, "before-lymphodepletion")
	take("azathioprine", 0.4, first+span/10, first+span/4, []string{"refractory", "intolerant"}[p.IntN(2)])
	take("cyclophosphamide", 0.5, first+span/4, first+span/3, "refractory")
	take("mycophenolate", 0.95, first+span/3, last, "refractory")
	take("rituximab", 0.45, first+span/2, first+span/2+15, "refractory")
	take("belimumab", 0.8, first+span/2+20, first+span*9/10, []string{"refractory", "intolerant"}[p.pick(0.85, 0.15)])
}

func (p *patient) writeCourse(c *chart) {
	course := []string{"course_no", "1", "apheresis_date", p.on(-apheresisDay), "bridging", yes(p.chance(0.1))}
	if p.failed {
		c.row("course", course...)
		c.row("infusion", "course_no", "1", "product", p.product, "lot", p.lot(1), "viability_pct", number(40+15*p.Float64(), 0), "oos", "1")
		return
	}
	c.row("course", append(course, regimen(p.on(-regimenDay), "1000")...)...)
	p.writeInfusion(c, "1", 0, p.lot(1), p.product)
	if p.again == never {
		return
	}
	c.row("course", append([]string{"course_no", "2", "apheresis_date", p.on(p.again - apheresisDay), "bridging", yes(p.chance(0.3))}, regimen(p.on(p.again-regimenDay), "500")...)...)
	product := p.product
	if p.chance(0.4) {
		product = "cd19-bcma"
	}
	p.writeInfusion(c, "2", p.again, p.lot(2), product)
}

func (p *patient) lot(course int) string { return fmt.Sprintf("SYN-L%07d-%d", p.n+1, course) }

// regimen is lymphodepletion, with so much cyclophosphamide.
func regimen(start, cy string) []string {
	return []string{"ld_flu_mg_m2", "25", "ld_flu_days", "-5..-3", "ld_cy_mg_m2", cy, "ld_cy_days", "-3", "ld_start", start}
}

func (p *patient) writeInfusion(c *chart, course string, day int, lot, product string) {
	perKg, total := 1.0, p.weight
	if product == "obe-cel" {
		total = []float64{50, 100}[p.IntN(2)]
		perKg = p.round(total/p.weight, 2)
	}
	c.row("infusion", "course_no", course, "infusion_date", p.on(day), "product", product, "lot", lot,
		"dose_e6_per_kg", number(perKg, 2), "dose_total_e6", number(total, 1), "weight_kg", number(p.weight, 1), "height_cm", number(p.height, 0),
		"viability_pct", number(min(99, 92+3*p.NormFloat64()), 0), "transduction_pct", number(max(8, 28+7*p.NormFloat64()), 0), "oos", "0")
}

func (p *patient) writeToxicity(c *chart) {
	if p.failed {
		return
	}
	p.writeSyndromes(c, "1", 0, p.crs, p.icans)
	if day := 30 + p.IntN(300); p.chance(0.12) && day+14 <= p.lost {
		c.tox(p, "1", toxicity{"infection", 2 + p.pick(0.6, 0.35, 0.05), day, 5 + p.IntN(9), false, false})
	}
	if p.again < never {
		p.writeSyndromes(c, "2", p.again, p.pick(0.4, 0.5, 0.1), p.pick(0.95, 0.05))
	}
}

// writeSyndromes tells of both syndromes after an infusion; of some nobody wrote down whether they had them.
func (p *patient) writeSyndromes(c *chart, course string, day, crs, icans int) {
	if !p.chance(0.03) {
		c.tox(p, course, toxicity{"crs", crs, day + 1 + p.IntN(6), 1 + p.IntN(4), crs >= 2 && p.chance(0.8), crs >= 2 && p.chance(0.3)})
	}
	if !p.chance(0.04) {
		c.tox(p, course, toxicity{"icans", icans, day + 4 + p.IntN(6), 1 + p.IntN(5), false, icans >= 1})
	}
}

type toxicity struct {
	kind          string
	grade         int
	onset, days   int
	toci, steroid bool
}

// tox adds a toxicity; one of grade 0 says that it was looked for.
func (c *chart) tox(p *patient, course string, x toxicity) {
	if x.grade == 0 || x.onset > p.lost {
		c.row("tox", "course_no", course, "type", x.kind, "max_grade", "0")
		return
	}
	pairs := []string{
		"course_no", course, "type", x.kind, "onset", p.on(x.onset), "max_grade", strconv.Itoa(x.grade),
		"toci", yes(x.toci), "steroid", yes(x.steroid), "serious", yes(x.grade >= 3),
	}
	if end := x.onset + x.days; end <= p.lost {
		pairs = append(pairs, "end", p.on(end), "outcome", "resolved")
	} else {
		pairs = append(pairs, "outcome", "unknown")
	}
	switch x.kind {
	case "icans":
		pairs = append(pairs, "ice", strconv.Itoa([]int{10, 8, 5, 2, 0}[x.grade]))
	case "infection":
		pairs = append(pairs, "scale", "ctcae-5")
	}
	c.row("tox", pairs...)
}
