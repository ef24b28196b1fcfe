package cart

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/datetime"
	"firewolf/fhir/ucum"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// Options say how rows are mapped.
type Options struct {
	Now      time.Time // of the run: what is dated after its day, where it is, is wrong, and Provenance is recorded then
	TestData bool      // every resource is tagged HTEST: it is about nobody
	Software string    // what maps, for Provenance: "Firewolf 1.2"
	Units    *ucum.Table
}

// Step is a mapping.Step that judges canonical rows and makes resources of them.
type Step struct {
	o        Options
	space    uuid.UUID
	today    time.Time
	recorded string
	analytes map[string]analyte
	items    [term.SledaiItems]r4.CodeableConcept
	points   map[string]*r4.CodeableConcept // of visit codes
	weights  [totals]bool                   // which totals of SLEDAI-2K are sums of weights

	categories map[string][]r4.CodeableConcept // of Observations

	softwareID string // of the Device that stands for what maps
	studyID    string // of the ResearchStudy that the registry is
}

var _ mapping.Step = (*Step)(nil)

// New returns a Step.
func New(o Options) *Step {
	if o.Units == nil {
		o.Units = ucum.New()
	}
	if o.Software == "" {
		o.Software = "Firewolf"
	}
	s := &Step{
		o: o, space: space(), today: dayOf(o.Now), recorded: datetime.Of(o.Now.UTC()).String(),
		analytes: analytes(), points: map[string]*r4.CodeableConcept{},
	}
	s.softwareID, s.studyID = s.id("software", o.Software), s.id("study")
	s.categories = map[string][]r4.CodeableConcept{}
	for code, display := range categories {
		s.categories[code] = []r4.CodeableConcept{*concept(term.Terminology("observation-category", code, display))}
	}
	s.weights[0] = true
	for k, i := range term.Sledai() {
		s.items[k] = *concept(term.Coding{System: term.Local, Code: i.Code(), Display: i.Label})
		for t := len(s.weights) - 1; t >= i.Weight; t-- {
			s.weights[t] = s.weights[t] || s.weights[t-i.Weight]
		}
	}
	for _, code := range timepoints() {
		if code != unscheduled {
			s.points[code] = local("tp-" + code)
		}
	}
	return s
}

// dayOf is the start of the day that it is where a clock stands, as dates of no zone are compared.
func dayOf(now time.Time) time.Time {
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
}

// totals is one more than the highest total of SLEDAI-2K.
const totals = 106

// record is a patient whose rows are sorted out.
type record struct {
	*mapping.Case
	s      *Step
	center string
	// The ids that most resources refer to.
	patientID, centerID string
	patientRef          *r4.Reference
	names               []byte // center|record

	rows    map[string][]entry
	patient entry
	courses []*courseRows
	b       builder
}

// courseRows are the rows of one course.
type courseRows struct {
	no         int
	row        entry // of the instrument course; its Row is nil where there is none
	infusion   entry // likewise
	toxicity   []entry
	start      datetime.DateTime // the first thing that is known of it
	infused    datetime.DateTime // of the infusion; not stated where there was none
	courseID   string
	infuseID   string
	rejected   bool              // the course's own row was rejected
	brokenInf  bool              // the infusion's row was rejected
	lost       datetime.DateTime // when that infusion was, as far as its row says
	untold     bool              // a complication that can happen again is stored, and this delivery does not tell it; known once its infusion was looked at
	collection *string           // when cells were collected, as is stored; known once the leukapheresis was looked at
}

// Do maps a case.
func (s *Step) Do(_ context.Context, c *mapping.Case) error {
	if len(c.Rows) == 0 {
		return nil
	}
	for _, r := range c.Rows {
		s.check(c, r)
	}
	r := &record{Case: c, s: s, rows: map[string][]entry{}}
	r.unique()
	for _, row := range c.Rows {
		r.rows[row.Name] = append(r.rows[row.Name], entry{row})
	}
	if !r.person() {
		return nil
	}
	r.sortCourses()
	r.judge()
	return r.build()
}

// unique finds rows with the same key: equal ones count once, and of different ones none.
func (r *record) unique() {
	first := map[[2]string]*mapping.Row{}
	for _, row := range r.Rows {
		if row.Rejected {
			continue
		}
		key := [2]string{row.Name, onceOf(row)}
		before, again := first[key]
		switch {
		case !again:
			first[key] = row
		case slices.Equal(before.Cells, row.Cells):
			r.Report(row, "", ruleRepeated, "the row of line "+strconv.Itoa(before.Line)+" again")
			row.Rejected = true
		default:
			why := " has the same key and says something else; where both are meant, row_id tells them apart"
			if of := single[row.Name]; of != "" {
				why = " is of the same " + of + " and says something else"
			}
			r.Report(row, "", ruleDuplicate, "the row of line "+strconv.Itoa(before.Line)+why)
			if !before.Rejected {
				r.Report(before, "", ruleDuplicate, "the row of line "+strconv.Itoa(row.Line)+why)
			}
		}
	}
}

// single are the instruments that have one row, whatever the source calls it, with whose it is.
var single = map[string]string{patients: "patient", sle: "patient", course: "course"}

// onceOf is what may stand once: a row by its key; and what the others hang on once for the patient or the course, whatever the source calls
// its rows.
func onceOf(r *mapping.Row) string {
	switch single[r.Name] {
	case "patient":
		return ""
	case "course":
		return strconv.Itoa(entry{r}.courseNo())
	}
	return instanceOf(r)
}

// person finds the row of the patient, and rejects the others where there is none.
func (r *record) person() bool {
	for _, e := range r.rows[patients] {
		if !e.Rejected {
			r.patient, r.center = e, e.Cell("center_id")
			r.names = []byte(escaped(r.center) + "|" + escaped(r.Record))
			r.patientID, r.centerID = r.id("patient", ""), r.s.id("center", r.center)
			r.patientRef = ref("Patient", r.patientID)
			return true
		}
	}
	for _, row := range r.Rows {
		if row.Name != patients && !row.Rejected {
			r.Report(row, recordColumn, ruleNoPatient, "the patient "+mapping.Quote(r.Record)+" has no good row in "+patients)
		}
	}
	return false
}

// good returns the rows of an instrument that were not rejected so far.
func (r *record) good(instrument string) []entry {
	l := make([]entry, 0, len(r.rows[instrument]))
	for _, e := range r.rows[instrument] {
		if !e.Rejected {
			l = append(l, e)
		}
	}
	return l
}

// of returns the rows of a course by its number, making them on the way.
func (r *record) of(no int) *courseRows {
	for _, c := range r.courses {
		if c.no == no {
			return c
		}
	}
	c := &courseRows{no: no}
	r.courses = append(r.courses, c)
	return c
}

// sortCourses brings the rows of each course together, in the order of their numbers.
func (r *record) sortCourses() {
	for _, e := range r.rows[course] {
		if c := r.of(e.courseNo()); e.Rejected {
			c.rejected = true
		} else {
			c.row = e
		}
	}
	for _, e := range r.rows[infusion] {
		switch c := r.of(e.courseNo()); {
		case e.Rejected:
			c.brokenInf, c.lost = true, e.date("infusion_date")
		case c.infusion.Row != nil:
			r.Report(e.Row, "course_no", ruleOneInfusion, "the course has an infusion already, in line "+strconv.Itoa(c.infusion.Line))
		default:
			c.infusion = e
		}
	}
	for _, e := range r.good(tox) {
		c := r.of(e.courseNo())
		c.toxicity = append(c.toxicity, e)
	}
	slices.SortFunc(r.courses, func(a, b *courseRows) int { return cmp.Compare(a.no, b.no) })
	for _, c := range r.courses {
		// What they are listed in must not depend on how the file is sorted.
		slices.SortFunc(c.toxicity, byInstance)
	}
}

func byInstance(a, b entry) int { return cmp.Compare(instanceOf(a.Row), instanceOf(b.Row)) }

// courseAt returns the course that something of a date belongs to: the last one that had started, else the first. It is nil where there is none.
// Courses are told apart by their dates here, since nobody says that their numbers are in order.
func (r *record) courseAt(d datetime.DateTime) *courseRows {
	var at *courseRows
	for _, c := range r.courses {
		if stated(c.start) && !before(d, c.start) && (at == nil || !before(c.start, at.start)) {
			at = c
		}
	}
	if at == nil && len(r.courses) > 0 {
		return r.courses[0]
	}
	return at
}

// infusedBefore returns the course whose infusion is the last one not after a date, nil for none.
func (r *record) infusedBefore(d datetime.DateTime) *courseRows {
	var at *courseRows
	for _, c := range r.courses {
		if c.infuseID != "" && stated(c.infused) && !before(d, c.infused) && (at == nil || !before(c.infused, at.infused)) {
			at = c
		}
	}
	return at
}

// lostBefore returns a course whose infusion was rejected, and can have been before a date and after the last good one before that; nil for none.
func (r *record) lostBefore(d datetime.DateTime) *courseRows {
	at := r.infusedBefore(d)
	for _, c := range r.courses {
		switch {
		case !c.brokenInf || before(d, c.lost):
		case at == nil, stated(c.lost) && !before(c.lost, at.infused), !stated(c.lost) && c.no > at.no:
			return c
		}
	}
	return nil
}

// partOf is the transaction of a course: its place in the order of courses; without courses there is one.
func (r *record) partOf(c *courseRows) int {
	return max(slices.Index(r.courses, c), 0)
}
