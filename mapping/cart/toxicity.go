package cart

import (
	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/registry/term"
)

// watched is for how many days after the infusion patients are watched for a kind of toxicity at least.
var watched = map[string]int{"crs": 14, "icans": 28}

// ncitGrade are the codes of NCIt for grades, as far as they could be confirmed.
var ncitGrade = map[int]string{1: "C41338", 3: "C41340", 5: "C48275"}

// severities are what AdverseEvent.severity has for a grade: its binding knows three.
var severities = [6][2]string{1: {"mild", "Mild"}, 2: {"moderate", "Moderate"}, 3: {"severe", "Severe"}, 4: {"severe", "Severe"}, 5: {"severe", "Severe"}}

// outcomesOf are the codes of AdverseEvent.outcome. https://hl7.org/fhir/R4/valueset-adverse-event-outcome.html
var outcomesOf = map[string]string{
	"resolved": "Resolved", "recovering": "Recovering", "ongoing": "Ongoing", "resolvedWithSequelae": "Resolved with Sequelae", "fatal": "Fatal", "unknown": "Unknown",
}

// buildToxicities makes the highest grade of each kind, 0 too: what was looked for and was not there is not unknown; and each as the condition,
// the event and what was given for it.
func (r *record) buildToxicities(c *courseRows) {
	if c.infuseID == "" {
		return
	}
	highest := map[string][]entry{}
	var kinds []string
	for _, e := range c.toxicity {
		if e.Rejected {
			continue
		}
		kind := e.Cell("type")
		if len(highest[kind]) == 0 {
			kinds = append(kinds, kind)
		}
		highest[kind] = append(highest[kind], e)
		if grade, _ := e.integer("max_grade"); grade > 0 {
			r.buildToxicity(c, e, grade)
		} else {
			r.amendToxicity(c, e)
		}
	}
	for _, kind := range kinds {
		r.buildHighest(c, kind, highest[kind])
	}
}

func (r *record) highestID(c *courseRows, kind string) string {
	return r.id(tox, itoa(c.no), kind, "max-grade")
}

// scaleOf is the scale of a grade, "" where nobody said.
func scaleOf(e entry) string {
	kind := e.Cell("type")
	if s := e.Cell("scale"); s != "" || kind != term.CRS && kind != term.ICANS {
		return s
	}
	return "astct-2019"
}

func (r *record) buildHighest(c *courseRows, kind string, rows []entry) {
	top, end := 0, plus(c.infused, watched[kind])
	scale := ""
	for _, e := range rows {
		grade, _ := e.integer("max_grade")
		if s := scaleOf(e); grade > top || scale == "" {
			scale = s
		}
		top = max(top, grade)
		for _, d := range []datetime.DateTime{e.date("onset"), e.date("end")} {
			if before(end, d) {
				end = d
			}
		}
	}
	code := kind + "-max-grade"
	o := r.observation(r.highestID(c, kind), "survey", local(code), datetime.DateTime{})
	o.EffectivePeriod = period(c.infused, end)
	o.Focus = refs("Procedure", c.infuseID)
	o.ValueQuantity = quantity(itoa(top), "{grade}")
	if scale != "" {
		o.Method = local(scale)
	}
	for _, e := range rows {
		if n, ok := e.integer("ice"); ok {
			o.DerivedFrom = append(o.DerivedFrom, *ref("Observation", r.buildICE(c, e, n)))
		}
	}
	r.add(r.partOf(c), o, rows...)
	r.keep(o, c.worseBefore(o, kind))
}

func (r *record) buildICE(c *courseRows, e entry, n int) string {
	at := e.date("onset")
	if !stated(at) {
		at = c.infused
	}
	id := r.rowID(e, "ice")
	o := r.observation(id, "survey", local("ice-score"), at)
	o.Focus = refs("Procedure", c.infuseID)
	o.ValueQuantity = quantity(itoa(n), "{score}")
	r.add(r.partOf(c), o, e)
	return id
}

func (r *record) buildToxicity(c *courseRows, e entry, grade int) {
	r.add(r.partOf(c), r.syndrome(c, e, grade), e)
	r.add(r.partOf(c), r.event(c, e, grade), e)
	r.treat(c, e, grade)
}

// amendToxicity takes back what was told of a toxicity of which it is known now that there was none: the event stays, of grade 0, since
// AdverseEvent cannot say that it was told in error.
func (r *record) amendToxicity(c *courseRows, e entry) {
	part := r.partOf(c)
	r.amend(part, fhir.Key{Type: "Condition", ID: r.rowID(e, "")}, e, func() any { return inError(r.syndrome(c, e, 0)) })
	r.amend(part, fhir.Key{Type: "AdverseEvent", ID: r.rowID(e, "event")}, e, func() any { return r.event(c, e, 0) })
	r.treat(c, e, 0)
}

// syndrome is the Condition of a toxicity.
func (r *record) syndrome(c *courseRows, e entry, grade int) *r4.Condition {
	kind, end := e.Cell("type"), e.date("end")
	status := "active"
	if stated(end) || e.Cell("outcome") == "resolved" || e.Cell("outcome") == "resolvedWithSequelae" {
		status = "resolved"
	}
	codes := []term.Coding{term.Of(kind)}
	icd := term.ToxicityCodes(kind)[grade]
	if icd == "" {
		// Which infection, or which malignancy.
		icd = e.Cell("icd_code")
	}
	if icd != "" {
		codes = append(codes, term.Coding{System: term.ICD10CM, Code: icd})
	}
	condition := r.condition(r.rowID(e, ""), status, concept(codes...), e.date("onset"))
	condition.Extension = []r4.Extension{dueTo("Procedure", c.infuseID)}
	condition.Category = []r4.CodeableConcept{*concept(term.Terminology("condition-category", "encounter-diagnosis", "Encounter Diagnosis"))}
	condition.AbatementDateTime = on(end)
	condition.Stage = []r4.ConditionStage{{Summary: local("grade-" + itoa(grade)), Assessment: refs("Observation", r.highestID(c, kind))}}
	if scale := scaleOf(e); scale != "" {
		condition.Stage[0].Type = local(scale)
	}
	return condition
}

// event is the AdverseEvent of a toxicity.
func (r *record) event(c *courseRows, e entry, grade int) *r4.AdverseEvent {
	kind := e.Cell("type")
	graded := concept(term.Of("grade-" + itoa(grade)))
	if code := ncitGrade[grade]; code != "" {
		graded.Coding = append(graded.Coding, coding(term.Coding{System: term.NCIt, Code: code}))
	}
	x := extension(term.ExtGrade)
	x.ValueCodeableConcept = graded
	id := r.rowID(e, "event")
	a := &r4.AdverseEvent{
		Id:                 to(id),
		Meta:               r.s.meta(),
		Extension:          []r4.Extension{x},
		Identifier:         to(identifier("adverse-event", id)),
		Actuality:          r4.AdverseEventActualityActual,
		Event:              local(kind),
		Subject:            *r.subject(),
		Date:               on(e.date("onset")),
		ResultingCondition: refs("Condition", r.rowID(e, "")),
		SuspectEntity:      []r4.AdverseEventSuspectEntity{{Instance: *ref("Procedure", c.infuseID)}},
	}
	if grade > 0 {
		a.Severity = concept(term.Terminology("adverse-event-severity", severities[grade][0], severities[grade][1]))
	}
	if yes, known := e.flag("serious"); known {
		code, display := "Non-serious", "Non-serious"
		if yes {
			code, display = "Serious", "Serious"
		}
		a.Seriousness = concept(term.Terminology("adverse-event-seriousness", code, display))
	}
	if out := e.Cell("outcome"); out != "" {
		a.Outcome = concept(term.Terminology("adverse-event-outcome", out, outcomesOf[out]))
	}
	return a
}

// treatments are the columns of what was given for a toxicity. Which glucocorticoid it was, and how much, the row does not say.
var treatments = []struct{ column, drug string }{{"toci", "tocilizumab"}, {"steroid", "other-glucocorticoid"}}

// treat makes what was given for a toxicity, and takes back what was not.
func (r *record) treat(c *courseRows, e entry, grade int) {
	for _, x := range treatments {
		switch yes, known := e.flag(x.column); {
		case yes:
			r.add(r.partOf(c), r.treatment(c, e, x.column, x.drug), e)
		case known, grade == 0:
			r.amend(r.partOf(c), fhir.Key{Type: "MedicationAdministration", ID: r.rowID(e, x.column)}, e, func() any {
				a := r.treatment(c, e, x.column, x.drug)
				a.Status = "entered-in-error"
				return a
			})
		}
	}
}

func (r *record) treatment(c *courseRows, e entry, column, drug string) *administration {
	a := r.administered(r.rowID(e, column), drug)
	onset := e.date("onset")
	if !stated(onset) {
		onset = c.infused // of what was not given, which needs a time all the same
	}
	a.at = on(onset)
	if end := e.date("end"); stated(end) {
		a.at, a.during = nil, period(onset, end)
	}
	a.ReasonReference = refs("Condition", r.rowID(e, ""))
	return a
}
