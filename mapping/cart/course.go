package cart

import (
	"encoding/json"
	"math"
	"strconv"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// rowsOf are the rows that tell of a course.
func (c *courseRows) rowsOf() []entry {
	var l []entry
	for _, e := range []entry{c.row, c.infusion} {
		if e.Row != nil {
			l = append(l, e)
		}
	}
	return l
}

// failed reports whether the product was out of specification and nothing was infused.
func (c *courseRows) failed() bool {
	if c.infusion.Row == nil {
		return false
	}
	oos, _ := c.infusion.flag("oos")
	return oos && !stated(c.infused)
}

// buildCourse makes the course with its leukapheresis and lymphodepletion.
func (r *record) buildCourse(c *courseRows) {
	if c.courseID == "" {
		return
	}
	part := r.partOf(c)
	p := r.procedure(c.courseID, r4.EventStatusInProgress, local(term.CARTCourse))
	p.Identifier = []r4.Identifier{identifier("course", r.Record+"-"+itoa(c.no))}
	p.PerformedPeriod = period(c.start, c.infused)
	switch {
	case c.failed():
		p.Status, p.StatusReason = r4.EventStatusStopped, local("out-of-specification")
	case stated(c.infused):
		p.Status = r4.EventStatusCompleted
	}
	r.collectedOf(c)
	r.add(part, p, c.rowsOf()...)
	r.keep(p, c.ongoing(p))
	if c.row.Row == nil {
		return
	}
	if d := c.row.date("apheresis_date"); stated(d) {
		p := r.procedure(r.apheresisID(c), r4.EventStatusCompleted, local(term.Leukapheresis))
		p.PartOf = refs("Procedure", c.courseID)
		p.PerformedDateTime = on(d)
		r.add(part, p, c.row)
	}
	switch yes, known := c.row.flag("bridging"); {
	case yes:
		r.add(part, r.bridging(c, r4.EventStatusCompleted), c.row)
	case known:
		r.amend(part, fhir.Key{Type: "Procedure", ID: r.rowID(c.row, "bridging")}, c.row, func() any { return r.bridging(c, r4.EventStatusEnteredInError) })
	}
	r.buildLymphodepletion(c)
}

// bridging is the therapy between leukapheresis and lymphodepletion.
func (r *record) bridging(c *courseRows, status r4.EventStatus) *r4.Procedure {
	p := r.procedure(r.rowID(c.row, "bridging"), status, local("bridging"))
	p.PartOf = refs("Procedure", c.courseID)
	p.PerformedPeriod = period(c.row.date("apheresis_date"), c.row.date("ld_start"))
	return p
}

func (r *record) apheresisID(c *courseRows) string { return r.id(course, itoa(c.no), "leukapheresis") }

// procedure starts a Procedure of this patient.
func (r *record) procedure(id string, status r4.EventStatus, code *r4.CodeableConcept) *r4.Procedure {
	return &r4.Procedure{
		Id: to(id), Meta: r.s.meta(), Status: status, Code: code, Subject: *r.subject(), ReasonReference: r.lupus(),
	}
}

// depletion is one of the two drugs of lymphodepletion.
type depletion struct {
	drug   string
	perBSA string // mg/m2 a day
	days   []datetime.DateTime
}

// regimen returns the drugs with their days, and the first and the last of all days.
func (r *record) regimen(c *courseRows) (l []depletion, first, last datetime.DateTime) {
	e := c.row
	first = e.date("ld_start")
	last = first
	for _, x := range depleting {
		dose, ok := e.number(x.dose)
		if !ok {
			continue
		}
		d := depletion{drug: x.drug, perBSA: dose.Plain()}
		plan, _ := daysOf(e.Cell(x.days))
		d.days = plan.on(c.infused, e)
		for _, day := range d.days {
			if !stated(first) || before(day, first) {
				first = day
			}
			if !stated(last) || before(last, day) {
				last = day
			}
		}
		l = append(l, d)
	}
	return l, first, last
}

func (r *record) depletionID(c *courseRows) string {
	return r.id(course, itoa(c.no), term.Lymphodepletion)
}

// buildLymphodepletion makes the Procedure and one MedicationAdministration a day and drug.
func (r *record) buildLymphodepletion(c *courseRows) {
	drugs, first, last := r.regimen(c)
	if !stated(first) {
		return
	}
	part := r.partOf(c)
	p := r.procedure(r.depletionID(c), r4.EventStatusCompleted, local(term.Lymphodepletion))
	p.PartOf = refs("Procedure", c.courseID)
	p.PerformedPeriod = period(first, last)
	rows := []entry{c.row}
	area := 0.0
	if c.infusion.Row != nil {
		area = surface(c.infusion)
	}
	if area > 0 {
		rows = c.rowsOf()
	}
	r.add(part, p, c.row)
	for _, d := range drugs {
		for k, day := range d.days {
			a := r.depleted(c, d, k, day, area)
			r.add(part, a, rows...)
			if c.infusion.Row == nil {
				r.keep(a, weighedBefore(a, d.perBSA))
			}
		}
		if len(d.days) > 0 {
			r.amendDays(c, d, area)
		}
	}
}

func (r *record) depletedID(c *courseRows, drug string, k int) string {
	return r.id(course, itoa(c.no), drug, itoa(k))
}

// depleted is one of the days of a drug.
func (r *record) depleted(c *courseRows, d depletion, k int, day datetime.DateTime, area float64) *administration {
	a := r.administered(r.depletedID(c, d.drug, k), d.drug)
	a.at = on(day)
	a.PartOf = refs("Procedure", r.depletionID(c))
	a.ReasonReference = r.lupus()
	a.Dosage = dosage(d.perBSA, area)
	return a
}

// notGiven is a code of MedicationAdministration.status. https://hl7.org/fhir/R4/valueset-medication-admin-status.html
const notGiven = "entered-in-error"

// takenBack leaves what was taken back before: its dose in mg would come and go with the row that tells the weight.
func takenBack(stored []byte) (mapping.Over, error) {
	var was struct{ Status string }
	if err := json.Unmarshal(stored, &was); err != nil || was.Status != notGiven {
		return mapping.Over{}, err
	}
	return mapping.Over{Body: stored}, nil
}

// amendDays takes back the days beyond those of a plan that has become shorter.
func (r *record) amendDays(c *courseRows, d depletion, area float64) {
	for k := len(d.days); k < mostDays; k++ {
		key := fhir.Key{Type: "MedicationAdministration", ID: r.depletedID(c, d.drug, k)}
		r.amend(r.partOf(c), key, c.row, func() any {
			a := r.depleted(c, d, k, plus(d.days[len(d.days)-1], k-len(d.days)+1), area)
			a.Status = notGiven
			return a
		})
		r.over(takenBack)
	}
}

// dosage is a dose by body surface: in mg where the surface is known, which is rounded as a pharmacy does, else per square meter.
func dosage(perBSA string, area float64) *r4.MedicationAdministrationDosage {
	x := extension(term.ExtDosePerBSA)
	x.ValueQuantity = quantity(perBSA, "mg/m2")
	d := &r4.MedicationAdministrationDosage{Extension: []r4.Extension{x}, Dose: quantity(perBSA, "mg/m2")}
	if mg, err := strconv.ParseFloat(perBSA, 64); err == nil && area > 0 {
		d.Dose = quantity(strconv.FormatFloat(math.Round(mg*area), 'f', -1, 64), "mg")
	}
	return d
}

// surface is the body surface in square meters, by Mosteller; 0 where weight or height are missing. https://doi.org/10.1056/NEJM198710223171717
func surface(e entry) float64 {
	kg, ok := e.number("weight_kg")
	cm, ok2 := e.number("height_cm")
	if !ok || !ok2 || kg.Sign() <= 0 || cm.Sign() <= 0 {
		return 0
	}
	w, _ := kg.Rat().Float64()
	h, _ := cm.Rat().Float64()
	return math.Sqrt(w * h / 3600)
}

// administered starts a MedicationAdministration of a known drug.
func (r *record) administered(id, drug string) *administration {
	d, _ := term.DrugNamed(drug)
	a := &administration{}
	a.Id, a.Meta, a.Status, a.Subject = to(id), r.s.meta(), "completed", *r.subject()
	a.MedicationCodeableConcept = *named(d.Text, d.Code)
	return a
}
