package cart

import (
	"fmt"
	"regexp"
	"strconv"

	"firewolf/mapping"
	"firewolf/registry/term"
)

// judgeToxicity holds a toxicity to its infusion, and its grade to what stands beside it.
func (r *record) judgeToxicity(c *courseRows, e entry) {
	if c.infuseID == "" || !stated(c.infused) {
		why := "the course has no infusion"
		if c.brokenInf {
			why = "the infusion of the course was rejected"
		}
		r.Report(e.Row, "course_no", ruleNoInfusion, why)
		return
	}
	grade, ok := e.integer("max_grade")
	if !ok || grade < 0 || grade > 5 {
		r.Report(e.Row, "max_grade", ruleGrade, mapping.Quote(e.Cell("max_grade"))+" is not 0 to 5")
		return
	}
	if n, ok := e.integer("ice"); ok && (n < 0 || n > 10) {
		r.Report(e.Row, "ice", ruleICE, strconv.Itoa(n)+" is not 0 to 10")
	}
	r.ordered(e, "onset", "end")
	r.judgeOnset(c, e, grade)
	r.judgeCode(e, grade)
	r.judgeNone(c, e, grade)
	r.judgeFatal(e, grade)
	if out := e.Cell("outcome"); grade > 0 && e.Cell("end") != "" && (out == "ongoing" || out == "recovering") {
		r.Report(e.Row, "outcome", ruleGoesOn, "outcome is "+out+", and end is "+e.Cell("end"))
	}
	if least, ok := leastOfICE(e); ok && e.Cell("type") == term.ICANS && grade < least {
		r.Report(e.Row, "max_grade", ruleGradeOfICE, fmt.Sprintf("an ICE score of %s is grade %d at least, not %d", e.Cell("ice"), least, grade))
	}
}

// icdShape is how ICD-10-CM writes a code. https://www.cms.gov/medicare/coding-billing/icd-10-codes
var icdShape = regexp.MustCompile(`^[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$`)

// judgeCode compares the code of ICD-10-CM with the grade, where its last digit is one.
func (r *record) judgeCode(e entry, grade int) {
	code := e.Cell("icd_code")
	switch graded := term.ToxicityCodes(e.Cell("type")); {
	case code == "":
	case graded[1] == "":
		if !icdShape.MatchString(code) {
			r.Report(e.Row, "icd_code", ruleCode, mapping.Quote(code)+" is no code of ICD-10-CM")
		}
	case grade > 0 && code != graded[grade]:
		r.Report(e.Row, "icd_code", ruleGradeICD, mapping.Quote(code)+fmt.Sprintf(" is not %s, grade %d", graded[grade], grade))
	}
}

// judgeNone looks whether a row that says that nothing was there says what there was.
func (r *record) judgeNone(c *courseRows, e entry, grade int) {
	if grade > 0 {
		return
	}
	for _, col := range []string{"end", "icd_code", "toci", "steroid", "serious", "outcome"} {
		if text := e.Cell(col); text != "" && text != "0" && text != "unknown" {
			r.Report(e.Row, col, ruleGradeNone, "grade 0 says that there was none, and "+col+" is "+mapping.Quote(text))
		}
	}
	for _, other := range c.toxicity {
		if n, ok := other.integer("max_grade"); ok && n > 0 && !other.Rejected && other.Cell("type") == e.Cell("type") {
			r.Report(e.Row, "max_grade", ruleGradeNone, "grade 0 says that there was none, and line "+strconv.Itoa(other.Line)+" has grade "+strconv.Itoa(n))
			return
		}
	}
}

// judgeFatal looks for the death that a toxicity tells of.
func (r *record) judgeFatal(e entry, grade int) {
	if grade < 5 && e.Cell("outcome") != "fatal" {
		return
	}
	if _, dead := r.death(); !dead {
		r.Report(e.Row, "outcome", ruleNotDead, "the patient died of it, and no row of "+outcome+" has the death_date")
	}
}

// leastOfICE is the grade of ICANS that an ICE score alone gives by ASTCT 2019: others may raise it. https://doi.org/10.1016/j.bbmt.2018.12.758
func leastOfICE(e entry) (grade int, ok bool) {
	switch n, known := e.integer("ice"); {
	case !known || n < 0 || n > 10:
		return 0, false
	case n == 10:
		return 0, true
	case n >= 7:
		return 1, true
	case n >= 3:
		return 2, true
	default:
		return 3, true
	}
}

// judgeOnset looks whether a toxicity began when it can.
func (r *record) judgeOnset(c *courseRows, e entry, grade int) {
	onset := e.date("onset")
	switch {
	case grade == 0 && stated(onset):
		r.Report(e.Row, "onset", ruleGradeDates, "grade 0 has no onset")
	case grade > 0 && !stated(onset):
		r.Report(e.Row, "onset", ruleGradeDates, "when it began is missing")
	case before(onset, c.infused):
		r.Report(e.Row, "onset", ruleOrder, "it began on "+onset.String()+", before the infusion of "+c.infused.String())
	}
	late := map[string]struct {
		days int
		rule mapping.Rule
	}{"crs": {30, ruleCRSOnset}, "icans": {45, ruleICANSOnset}}
	if l, ok := late[e.Cell("type")]; ok {
		if n, known := daysBetween(c.infused, onset); known && n > l.days {
			r.Report(e.Row, "onset", l.rule, fmt.Sprintf("it began %d days after the infusion", n))
		}
	}
}
