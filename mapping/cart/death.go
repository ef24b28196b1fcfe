package cart

// death returns the row that tells of the patient's death: of several the one whose key comes first.
func (r *record) death() (death entry, dead bool) {
	for _, e := range r.good(outcome) {
		if stated(e.date("death_date")) && (!dead || byInstance(e, death) < 0) {
			death, dead = e, true
		}
	}
	return death, dead
}

// dated are the columns of each instrument that say when something was seen of a living patient, or ended at the latest.
var dated = []struct{ instrument, column string }{
	{sle, "dx_date"},
	{sle, "ln_biopsy_date"},
	{priorTx, "start"},
	{priorTx, "stop"},
	{course, "apheresis_date"},
	{course, "ld_start"},
	{infusion, "infusion_date"},
	{visits, "visit_date"},
	{visits, "last_alive"},
	{sledai, "visit_date"},
	{labs, "date"},
	{tox, "onset"},
	{tox, "end"},
	{outcome, "visit_date"},
	{outcome, "relapse_date"},
}

// judgeDeath looks for two deaths, and for what is dated after one.
func (r *record) judgeDeath() {
	e, dead := r.death()
	if !dead {
		return
	}
	died := e.date("death_date")
	for _, other := range r.good(outcome) {
		if d := other.date("death_date"); stated(d) && d != died {
			r.Report(other.Row, "death_date", ruleTwoDeaths, "the death of "+died.String()+" is told in line "+itoa(e.Line))
		} else if a, b := e.Cell("cause"), other.Cell("cause"); stated(d) && a != "" && b != "" && a != b {
			r.Report(other.Row, "cause", ruleTwoDeaths, "the cause of death in line "+itoa(e.Line)+" is "+a)
		}
	}
	for _, x := range dated {
		for _, row := range r.good(x.instrument) {
			if d := row.date(x.column); before(died, d) {
				r.Report(row.Row, x.column, ruleAfterDeath, d.String()+" is after the death of "+died.String())
			}
		}
	}
	r.uproot()
}

// uproot takes back what was rejected after its course was settled.
func (r *record) uproot() {
	for _, c := range r.courses {
		if c.infusion.Row != nil && c.infusion.Rejected {
			c.loseInfusion()
		}
		if c.row.Row != nil && c.row.Rejected {
			c.row.Row = nil
		}
		if c.row.Row == nil && c.infusion.Row == nil {
			c.courseID = ""
		}
	}
}
