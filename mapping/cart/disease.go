package cart

import (
	"strings"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// buildDisease makes lupus, its manifestations, and what classified it.
func (r *record) buildDisease() {
	rows := r.good(sle)
	if len(rows) == 0 {
		r.Report(r.patient.Row, recordColumn, ruleNoSLE, "the patient has no good row in "+sle)
		return
	}
	e := rows[0]
	onset := e.date("dx_date")
	condition := r.condition(r.sleID(), lupusStatus(e), concept(lupusCodes(e.Cell("icd_code"))...), onset)
	if id := r.classification(e, onset); id != "" {
		condition.Evidence = []r4.ConditionEvidence{{Detail: refs("Observation", id)}}
	}
	r.add(0, condition, e)
	for _, o := range term.Organs() {
		yes, known := e.flag(organColumn(o))
		switch {
		case known && !yes && (o.Local != "organ-renal" || e.Cell("ln_class") == ""):
			r.amend(0, fhir.Key{Type: "Condition", ID: r.rowID(e, o.Local)}, e, func() any { return inError(r.manifestation(e, o)) })
		case o.Local == "organ-renal":
			r.nephritis(e, o, yes)
		case yes:
			r.add(0, r.manifestation(e, o), e)
		}
	}
}

// lupusCodes are the codes of the diagnosis. ICD-10-CM has M32.10 and further; WHO's and the German ICD-10 end at one digit.
func lupusCodes(icd string) []term.Coding {
	codes := term.Lupus()
	if icd == "" || icd == codes[1].Code || icd == term.InRemissionLupus {
		return codes
	}
	return []term.Coding{codes[0], {System: term.ICD10CM, Code: icd}}
}

func lupusStatus(e entry) string {
	switch s := e.Cell("status"); {
	case s != "":
		return s
	case e.Cell("icd_code") == term.InRemissionLupus:
		return "remission"
	default:
		return "active"
	}
}

// condition starts a Condition of the problem list.
func (r *record) condition(id, status string, code *r4.CodeableConcept, onset datetime.DateTime) *r4.Condition {
	return &r4.Condition{
		Id:                 to(id),
		Meta:               r.s.meta(),
		ClinicalStatus:     clinical(status),
		VerificationStatus: confirmed(),
		Category:           []r4.CodeableConcept{*concept(term.Terminology("condition-category", "problem-list-item", "Problem List Item"))},
		Code:               code,
		Subject:            *r.subject(),
		OnsetDateTime:      on(onset),
	}
}

// classification makes the score of EULAR/ACR 2019 with the antibodies that it starts from, and returns its id, "" for none.
func (r *record) classification(e entry, at datetime.DateTime) string {
	anaID := ""
	if t := titer(e.Cell("ana_titer")); t != "" {
		anaID = r.rowID(e, "ana")
		ana := r.observation(anaID, "laboratory", named("Antinuclear antibodies, titer", term.Coding{System: term.Loinc, Code: "5048-4"}), at)
		ana.ValueQuantity = quantity(t, "{titer}")
		r.add(0, ana, e)
	}
	n, ok := e.integer("aclr2019_score")
	if !ok {
		return anaID
	}
	id := r.rowID(e, "eular-acr")
	score := r.observation(id, "survey", local(term.EULARACR2019), at)
	score.ValueQuantity = quantity(itoa(n), "{score}")
	score.DerivedFrom = refs("Observation", anaID)
	r.add(0, score, e)
	return id
}

// manifestation makes the Condition of an organ, which is due to lupus.
func (r *record) manifestation(e entry, o term.Organ) *r4.Condition {
	status := lupusStatus(e)
	if status == "relapse" {
		// Which organ relapsed nobody said.
		status = "active"
	}
	c := r.condition(r.rowID(e, o.Local), status, concept(o.Codes...), datetime.DateTime{})
	c.Extension = []r4.Extension{dueTo("Condition", r.sleID())}
	return c
}

// inError says of a Condition that it was told in error; such a one has no clinical status. https://hl7.org/fhir/R4/condition.html#invs
func inError(c *r4.Condition) *r4.Condition {
	c.ClinicalStatus = nil
	c.VerificationStatus = concept(term.Terminology("condition-ver-status", "entered-in-error", "Entered in Error"))
	return c
}

// nephritis has a class, of a biopsy.
func (r *record) nephritis(e entry, o term.Organ, yes bool) {
	class, biopsied := e.Cell("ln_class"), e.date("ln_biopsy_date")
	if !yes && class == "" {
		return
	}
	c := r.manifestation(e, o)
	if class != "" {
		id := r.rowID(e, "biopsy")
		biopsy := r.observation(id, "procedure", local("renal-biopsy"), biopsied)
		biopsy.ValueCodeableConcept = local("isn-rps-" + class)
		r.add(0, biopsy, e)
		c.Stage = []r4.ConditionStage{{
			Summary:    local("isn-rps-" + class),
			Assessment: refs("Observation", id),
			Type:       local("isn-rps-class"),
		}}
	}
	r.add(0, c, e)
}

// medicine is the concept of a drug by name. One that is not known stays as the center calls it.
func (r *record) medicine(e entry, column, name string) r4.CodeableConcept {
	if d, ok := term.DrugNamed(name); ok {
		return *named(d.Text, d.Code)
	}
	r.Report(e.Row, column, ruleUnmapped, mapping.Quote(name)+" is no known drug")
	return *r.spoken(name)
}

// spoken is the concept of what only the center has a code for.
func (r *record) spoken(name string) *r4.CodeableConcept {
	return named(name, term.Coding{System: term.Base + "/CodeSystem/source/" + pathSafe(r.center), Code: asCode(name)})
}

// asCode is a name as a code may be written: it has no white space but single spaces inside. https://hl7.org/fhir/R4/datatypes.html#code
func asCode(name string) string { return strings.Join(strings.Fields(name), " ") }

// buildTherapies makes the therapies before.
func (r *record) buildTherapies() {
	for _, e := range r.good(priorTx) {
		m := &r4.MedicationStatement{
			Id:                        to(r.rowID(e, "")),
			Meta:                      r.s.meta(),
			Status:                    "active",
			MedicationCodeableConcept: r.medicine(e, "drug", e.Cell("drug")),
			Subject:                   *r.subject(),
			EffectivePeriod:           period(e.date("start"), e.date("stop")),
			ReasonReference:           r.lupus(),
		}
		if line, ok := e.integer("line"); ok && line > 0 {
			x := extension(term.ExtTherapyLine)
			x.ValuePositiveInt = to(line)
			m.Extension = []r4.Extension{x}
		}
		reason := e.Cell("reason_stop")
		switch {
		case reason == "completed":
			m.Status = "completed"
		case reason != "":
			m.Status = "stopped"
			m.StatusReason = []r4.CodeableConcept{*local(reason)}
		case stated(e.date("stop")):
			m.Status = "stopped"
		}
		r.add(0, m, e)
	}
}
