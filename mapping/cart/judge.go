package cart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir/datetime"
	"firewolf/fhir/decimal"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// judge holds rows to the rules of the field. Rows that others are part of come first, since a rejected one takes the others with it.
func (r *record) judge() {
	for _, c := range r.courses {
		r.judgeCourse(c)
		r.judgeInfusion(c)
		r.settle(c)
		r.judgeRegimen(c)
	}
	r.judgeDeath()
	for _, e := range r.good(patients) {
		if e.Cell("consent_date") == "" && e.Cell("withdrawal_date") == "" {
			r.Report(e.Row, "consent_date", ruleNoConsent, "when the patient consented is missing")
		}
		// A date that cannot be must not keep somebody in the answers who left.
		if before(e.date("withdrawal_date"), e.date("consent_date")) {
			r.Report(e.Row, "withdrawal_date", ruleEarlyLeave, e.Cell("withdrawal_date")+" is before consent_date, "+e.Cell("consent_date"))
		}
	}
	for _, e := range r.good(sle) {
		r.judgeDisease(e)
	}
	for _, e := range r.good(priorTx) {
		r.ordered(e, "start", "stop")
		if e.Cell("reason_stop") != "" && e.Cell("stop") == "" {
			r.Report(e.Row, "stop", ruleNoStop, "reason_stop is "+e.Cell("reason_stop")+", and when it stopped is missing")
		}
	}
	for _, c := range r.courses {
		for _, e := range c.toxicity {
			if !e.Rejected {
				r.judgeToxicity(c, e)
			}
		}
	}
	for _, e := range r.good(visits) {
		r.judgeVisit(e)
	}
	for _, e := range r.good(sledai) {
		r.judgeScore(e)
	}
	for _, e := range r.good(outcome) {
		r.judgeOutcome(e)
	}
	r.judgeDamage()
}

// ordered reports an end before its start.
func (r *record) ordered(e entry, start, end string) {
	if before(e.date(end), e.date(start)) {
		r.Report(e.Row, end, ruleBackwards, e.Cell(end)+" is before "+start+", "+e.Cell(start))
	}
}

// lupusWritten are the codes that icd_code may have: those of ICD-10-CM below M32 but for M32.0, lupus by a drug, and lupus in remission.
var lupusWritten = []string{
	"M32", "M32.1", "M32.10", "M32.11", "M32.12", "M32.13", "M32.14", "M32.15", "M32.19", "M32.8", "M32.9", term.InRemissionLupus,
}

func (r *record) judgeDisease(e entry) {
	if code := e.Cell("icd_code"); code != "" && !slices.Contains(lupusWritten, code) {
		r.Report(e.Row, "icd_code", ruleICD, mapping.Quote(code)+" is none of "+strings.Join(lupusWritten, ", "))
	}
	if renal, known := e.flag("organ_renal"); e.Cell("ln_class") != "" && known && !renal {
		r.Report(e.Row, "organ_renal", ruleNephritis, "organ_renal is 0, and ln_class is "+e.Cell("ln_class")+": nephritis is kept")
	}
	if e.Cell("ln_biopsy_date") != "" && e.Cell("ln_class") == "" {
		r.Report(e.Row, "ln_biopsy_date", ruleNephritis, "there is no ln_class beside it: the biopsy is not kept")
	}
	if n, ok := e.integer("aclr2019_score"); ok && (n < 0 || n > 51) {
		r.Report(e.Row, "aclr2019_score", ruleScore, strconv.Itoa(n)+" is not 0 to 51")
	}
	if t := e.Cell("ana_titer"); t != "" && titer(t) == "" {
		r.Report(e.Row, "ana_titer", ruleTiter, mapping.Quote(t)+" is no titer")
	}
}

// titer returns the number of a titer, "" for none: 1280 and 1:1280 are the same.
func titer(text string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.ReplaceAll(text, " ", ""), "1:"))
	if err != nil || n < 1 || n > 1<<20 {
		return ""
	}
	return strconv.Itoa(n)
}

// positive reports amounts that nobody can have been given, and measures that nobody has.
func (r *record) positive(e entry, columns ...string) {
	for _, col := range columns {
		if v, ok := e.number(col); ok && v.Sign() <= 0 {
			r.Report(e.Row, col, ruleSign, v.String()+" is not above 0")
		}
	}
}

func (r *record) judgeInfusion(c *courseRows) {
	e := c.infusion
	if e.Row == nil {
		return
	}
	d := e.date("infusion_date")
	oos, _ := e.flag("oos")
	if !isDay(d) && (stated(d) || !oos) {
		r.Report(e.Row, "infusion_date", ruleInfusionDay, "the date of the infusion is "+mapping.Quote(d.String())+", and its day is needed")
	}
	if c.row.Row != nil {
		r.judgeOrder(c, d)
	}
	for _, col := range []string{"viability_pct", "transduction_pct"} {
		if v, ok := e.number(col); ok && (v.Sign() < 0 || v.Cmp(decimal.New(100, 0)) > 0) {
			r.Report(e.Row, col, rulePercent, v.String()+" % is not 0 to 100 %")
		}
	}
	r.judgeProcedure(e)
	r.judgeDose(e)
}

func (r *record) judgeDose(e entry) {
	perKg, dosed := e.number("dose_e6_per_kg")
	total, summed := e.number("dose_total_e6")
	kg, weighed := e.number("weight_kg")
	least, most := decimal.New(1, -2), decimal.New(10, 0)
	r.positive(e, "dose_e6_per_kg", "dose_total_e6", "weight_kg", "height_cm")
	if dosed && perKg.Sign() > 0 && (perKg.Cmp(least) < 0 || perKg.Cmp(most) > 0) {
		r.Report(e.Row, "dose_e6_per_kg", ruleDose, perKg.String()+" million cells per kg are not 0.01 to 10")
	}
	if e.Rejected {
		return
	}
	if given, ok := rounded(total.Quo(kg)); !dosed && summed && weighed && ok && (given.Cmp(least) < 0 || given.Cmp(most) > 0) {
		r.Report(e.Row, "dose_total_e6", ruleDose, fmt.Sprintf("%s million cells by %s kg are %s per kg, not 0.01 to 10", total, kg, given))
	}
	if !dosed || !summed || !weighed {
		return
	}
	want, err := perKg.Mul(kg)
	if err != nil {
		return
	}
	off, err := total.Sub(want)
	tenth, err2 := want.Mul(decimal.New(1, -1))
	if err == nil && err2 == nil && off.Abs().Cmp(tenth.Abs()) > 0 {
		r.Report(e.Row, "dose_total_e6", ruleDoseTotal, fmt.Sprintf("%s million cells are not %s per kg times %s kg, %s", total, perKg, kg, want))
	}
}

// settle decides what of a course stands, once its rows are judged: an infusion is part of a course, a toxicity of an infusion.
func (r *record) settle(c *courseRows) {
	broken := c.rejected || c.row.Row != nil && c.row.Rejected
	if c.infusion.Row != nil && !c.infusion.Rejected && broken {
		r.Report(c.infusion.Row, "course_no", ruleDepends, "the row of its course was rejected")
	}
	if c.row.Row != nil && c.row.Rejected {
		c.row.Row = nil
	}
	if c.infusion.Row != nil && c.infusion.Rejected {
		c.loseInfusion()
	}
	if c.infusion.Row != nil {
		c.infused = c.infusion.date("infusion_date")
		c.start = c.infused
		c.infuseID = r.id(infusion, instanceOf(c.infusion.Row))
	}
	if c.row.Row != nil {
		for _, col := range []string{"ld_start", "apheresis_date"} {
			if d := c.row.date(col); stated(d) {
				c.start = d
			}
		}
	}
	if c.row.Row != nil || c.infusion.Row != nil {
		c.courseID = r.id(course, strconv.Itoa(c.no))
	}
}

// loseInfusion takes the infusion out of a course, since its row was rejected.
func (c *courseRows) loseInfusion() {
	c.brokenInf, c.lost = true, c.infusion.date("infusion_date")
	c.infusion.Row, c.infuseID, c.infused = nil, "", datetime.DateTime{}
}

func (r *record) judgeVisit(e entry) {
	if v, ok := e.number("pga"); ok {
		if v.Sign() < 0 || v.Cmp(decimal.New(int64(pgaScale(e)), 0)) > 0 {
			r.Report(e.Row, "pga", rulePGA, fmt.Sprintf("%s is not 0 to %d", v, pgaScale(e)))
		}
	}
	if v, ok := e.number("pred_mg_d"); ok && v.Sign() < 0 {
		r.Report(e.Row, "pred_mg_d", rulePred, v.String()+" mg/d is negative")
	}
	if n, ok := e.integer("sdi"); ok && (n < 0 || n > 47) {
		r.Report(e.Row, "sdi", ruleSDI, strconv.Itoa(n)+" is not 0 to 47")
	}
}

// pgaScale is the end of the scale of a PGA.
func pgaScale(e entry) int {
	if n, ok := e.integer("pga_scale"); ok {
		return n
	}
	return 3
}

// sledaiSum is what the items of a row say.
type sledaiSum struct {
	sum, clinical int
	known         int // items
	unknown       int // the weight of the items that are not known
	serologic     int // the most that the serologic items can give
}

func sumOf(e entry) sledaiSum {
	var s sledaiSum
	for k, i := range term.Sledai() {
		yes, known := e.flag(itemColumn(k))
		if i.Serologic && (yes || !known) {
			s.serologic += i.Weight
		}
		switch {
		case !known:
			s.unknown += i.Weight
		case yes:
			s.sum += i.Weight
			if !i.Serologic {
				s.clinical += i.Weight
			}
			s.known++
		default:
			s.known++
		}
	}
	return s
}

func (r *record) judgeScore(e entry) {
	s := sumOf(e)
	total, given := e.integer("total")
	switch {
	case !given && s.known == 0:
		r.Report(e.Row, "total", ruleNoItems, "neither an item nor a total is known")
	case !given:
	case total < 0 || total >= totals || !r.s.weights[total]:
		r.Report(e.Row, "total", ruleTotal, strconv.Itoa(total)+" is no total of SLEDAI-2K")
	case s.known == term.SledaiItems && total != s.sum:
		r.Report(e.Row, "total", ruleTotalSum, fmt.Sprintf("the total is %d, the items sum to %d", total, s.sum))
	case total < s.sum || total > s.sum+s.unknown:
		r.Report(e.Row, "total", ruleTotal, fmt.Sprintf("%d cannot be: the known items sum to %d, the others to %d at most", total, s.sum, s.unknown))
	}
}

// sameVisit returns the good row of an instrument that is of a date of another row: of the same day, or, where only the month or the year is
// known, of the same planned visit. Of several it is the one whose key comes first.
func (r *record) sameVisit(instrument string, of entry, d datetime.DateTime) (same entry, ok bool) {
	planned := of.Cell("visit_code")
	for _, e := range r.good(instrument) {
		if !stated(d) || e.date("visit_date") != d || !isDay(d) && (planned == "" || planned == unscheduled || e.Cell("visit_code") != planned) {
			continue
		}
		if !ok || byInstance(e, same) < 0 {
			same, ok = e, true
		}
	}
	return same, ok
}

func (r *record) judgeOutcome(e entry) {
	d := e.date("visit_date")
	judged := e.Cell("doris") != "" || e.Cell("lldas") != ""
	if judged && !stated(d) {
		r.Report(e.Row, "visit_date", ruleRequired, "when the outcome was judged is missing")
	}
	if judged || e.Cell("relapse_date") != "" {
		r.judgeAfter(e, d)
	}
	if sc, ok := r.sameVisit(sledai, e, d); ok && e.Cell("doris") == "met" {
		s := sumOf(sc)
		least := s.clinical
		if total, given := sc.integer("total"); given && s.known < term.SledaiItems {
			least = max(least, total-s.serologic)
		}
		if least > 0 {
			r.Report(e.Row, "doris", ruleDORISSledai, fmt.Sprintf("clinical SLEDAI of that visit is %d at least", least))
		}
	}
	if v, ok := r.sameVisit(visits, e, d); ok && e.Cell("lldas") == "met" {
		if pga, has := v.number("pga"); has && rescaled(pga, pgaScale(v)).Cmp(decimal.New(1, 0)) > 0 {
			r.Report(e.Row, "lldas", ruleLLDASPGA, "PGA of that visit is "+pga.String())
		}
	}
	if e.Cell("cause") != "" && e.Cell("death_date") == "" {
		r.Report(e.Row, "cause", ruleCauseAlone, "there is no death_date beside it")
	}
	if e.Cell("doris") == "met" && e.Cell("lldas") == "not-met" {
		r.Report(e.Row, "lldas", ruleDORISLLDAS, "DORIS is met and LLDAS is not")
	}
}

// judgeAfter holds an outcome, and a relapse beside it, to an infusion that they are about.
func (r *record) judgeAfter(e entry, d datetime.DateTime) {
	column := "visit_date"
	rel := e.date("relapse_date")
	for _, x := range []datetime.DateTime{d, rel} {
		if c := r.lostBefore(x); stated(x) && c != nil {
			r.Report(e.Row, column, ruleNoInfusion, "the infusion of course "+strconv.Itoa(c.no)+" was rejected, and the outcome can be about it")
			return
		}
	}
	if stated(rel) && (!stated(d) || before(rel, d)) {
		d, column = rel, "relapse_date"
	}
	if !stated(d) || r.infusedBefore(d) != nil {
		return
	}
	if slices.ContainsFunc(r.courses, func(c *courseRows) bool { return stated(c.infused) }) {
		r.Report(e.Row, column, ruleBeforeCells, d.String()+" is before every infusion")
		return
	}
	r.Report(e.Row, column, ruleNoInfusion, "there is no infusion that the outcome is about")
}

// judgeDamage looks whether the damage index falls from a date to a later one. Of dates that overlap nobody knows which is later.
func (r *record) judgeDamage() {
	type told struct {
		entry
		on  datetime.DateTime
		sdi int
	}
	var begun []told
	for _, e := range r.good(visits) {
		n, ok := e.integer("sdi")
		if on := e.date("visit_date"); ok && stated(on) {
			begun = append(begun, told{e, on, n})
		}
	}
	slices.SortStableFunc(begun, func(a, b told) int { return startOf(a.on).Compare(startOf(b.on)) })
	over := slices.Clone(begun)
	slices.SortStableFunc(over, func(a, b told) int { return endOf(a.on).Compare(endOf(b.on)) })
	var highest *told
	for _, x := range begun {
		for len(over) > 0 && before(over[0].on, x.on) {
			if highest == nil || over[0].sdi > highest.sdi {
				highest = &over[0]
			}
			over = over[1:]
		}
		if highest != nil && x.sdi < highest.sdi {
			r.Report(x.Row, "sdi", ruleSDIFalls, fmt.Sprintf("%d after %d in line %d", x.sdi, highest.sdi, highest.Line))
		}
	}
}
