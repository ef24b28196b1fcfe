package cart

import (
	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/registry/term"
)

var genders = map[string]r4.AdministrativeGender{
	"female": r4.AdministrativeGenderFemale, "male": r4.AdministrativeGenderMale,
	"other": r4.AdministrativeGenderOther, "unknown": r4.AdministrativeGenderUnknown,
}

// crid is CIBMTR's identifier system of a recipient.
const crid = "http://terminology.cibmtr.org/identifier/CRID"

// buildPerson makes the Patient, without name: a registry knows its patients by pseudonym; the Consent, and the part in the study.
func (r *record) buildPerson() {
	e := r.patient
	p := &r4.Patient{
		Id:                   to(r.patientID),
		Meta:                 &r4.Meta{Security: []r4.Coding{{System: to(term.Center), Code: to(asCode(r.center))}}},
		Identifier:           []r4.Identifier{identifier("pseudonym", r.Record)},
		Gender:               to(genders[e.Cell("sex")]),
		BirthDate:            on(e.date("birth_year")),
		ManagingOrganization: ref("Organization", r.centerID),
	}
	if m := r.s.meta(); m != nil {
		p.Meta.Tag = m.Tag
	}
	if id := e.Cell("crid"); id != "" {
		p.Identifier = append(p.Identifier, r4.Identifier{System: to(crid), Value: to(id)})
	}
	rows := []entry{e}
	if d, dead := r.death(); dead {
		p.DeceasedDateTime = on(d.date("death_date"))
		rows = append(rows, d)
	}
	r.add(0, p, rows...)
	if p.DeceasedDateTime == nil {
		r.keep(p, deadBefore(p))
	}
	r.beside()
	r.b.drafts[len(r.b.drafts)-1].Again = &ruleAgain
	if e.Cell("consent_date") != "" || e.Cell("withdrawal_date") != "" {
		r.consent(e)
	}
}

// consent gates what may be told of the patient: one that was withdrawn is inactive, and denies from that day on.
func (r *record) consent(e entry) {
	research := term.Terminology("consentcategorycodes", "research", "Research Information Access")
	c := &r4.Consent{
		Id:           to(r.rowID(e, "consent")),
		Meta:         r.s.meta(),
		Status:       r4.ConsentStateActive,
		Scope:        *concept(term.Terminology("consentscope", "research", "Research")),
		Category:     []r4.CodeableConcept{*concept(research)},
		Patient:      r.subject(),
		DateTime:     on(e.date("consent_date")),
		Organization: refs("Organization", r.centerID),
		Policy:       []r4.ConsentPolicy{{Uri: to(term.Base + "/policy/registry")}},
		Provision: &r4.ConsentProvision{
			Type:    to(r4.ConsentProvisionTypePermit),
			Purpose: []r4.Coding{coding(term.Terminology("v3-ActReason", "HRESCH", "healthcare research"))},
		},
	}
	if d := e.date("withdrawal_date"); stated(d) {
		c.Status = r4.ConsentStateInactive
		c.Provision.Type = to(r4.ConsentProvisionTypeDeny)
		c.Provision.Period = &r4.Period{Start: on(d)}
	}
	r.add(0, c, e)
	if c.Status == r4.ConsentStateActive {
		r.over(stillWithdrawn(e.date("consent_date")))
	}
	r.subjectOf(e, *c.Id)
}

// subjectOf makes the patient's part in the registry, which lasts as long as the consent.
// https://hl7.org/fhir/R4/researchsubject.html
func (r *record) subjectOf(e entry, consent string) {
	p := &r4.ResearchSubject{
		Id:         to(r.rowID(e, "subject")),
		Meta:       r.s.meta(),
		Status:     r4.ResearchSubjectStatusOnStudy,
		Period:     period(e.date("consent_date"), e.date("withdrawal_date")),
		Study:      *ref("ResearchStudy", r.s.studyID),
		Individual: *r.subject(),
		Consent:    ref("Consent", consent),
	}
	if before(e.date("withdrawal_date"), e.date("consent_date")) {
		p.Period.Start = nil
	}
	if stated(e.date("withdrawal_date")) {
		p.Status = r4.ResearchSubjectStatusWithdrawn
	}
	r.add(0, p, e)
	if p.Status == r4.ResearchSubjectStatusOnStudy {
		r.over(stillOut(e.date("consent_date")))
	}
}
