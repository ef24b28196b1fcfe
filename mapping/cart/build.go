package cart

import (
	"strconv"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/mapping"
	"firewolf/registry/term"
)

func itoa(n int) string { return strconv.Itoa(n) }

// id makes an id of this patient's center and record and of what the resource is.
func (r *record) id(instrument, instance string, parts ...string) string {
	if len(parts) == 0 {
		return r.s.idAfter(r.names, instrument, instance)
	}
	return r.s.idAfter(r.names, append([]string{instrument, instance}, parts...)...)
}

// rowID is the id of a resource that one row gives.
func (r *record) rowID(e entry, part string) string {
	if part == "" {
		return r.id(e.Name, instanceOf(e.Row))
	}
	return r.id(e.Name, instanceOf(e.Row), part)
}

func (r *record) subject() *r4.Reference { return r.patientRef }

// sleID is the id of lupus, "" where no row tells of it.
func (r *record) sleID() string {
	if len(r.good(sle)) == 0 {
		return ""
	}
	return r.id(sle, "")
}

// lupus is what the therapies are for.
func (r *record) lupus() []r4.Reference { return refs("Condition", r.sleID()) }

// builder collects the drafts of a record.
type builder struct {
	err    error
	drafts []mapping.Draft
	traces []*trace // in the order in which they began
	traced map[string]*trace

	keepers *keepers // of the last draft that has some
}

// add makes a draft of a resource that rows gave, and notes in their traces what they gave.
func (r *record) add(part int, resource any, rows ...entry) {
	body, typ, id, err := encode(resource)
	if err != nil {
		if r.b.err == nil {
			r.b.err = err
		}
		return
	}
	d := mapping.Draft{Key: fhir.Key{Type: typ, ID: id}, Body: body, Part: part}
	for _, e := range rows {
		d.Rows = append(d.Rows, e.Row)
		r.traceOf(part, e).add(d.Key, e)
	}
	r.b.drafts = append(r.b.drafts, d)
	if how := reasonedBefore(resource); how != nil && r.sleID() == "" {
		r.keep(resource, how)
	}
}

// amend makes a draft that takes back what an earlier delivery of a row told, and this one denies: a flag that is 0 now, a grade that is 0. What
// was never told is not taken back.
func (r *record) amend(part int, key fhir.Key, e entry, resource func() any) {
	t := r.traceOf(part, e)
	t.amends = append(t.amends, len(r.b.drafts))
	r.b.drafts = append(r.b.drafts, mapping.Draft{
		Key: key, Part: part, Amends: true, Rows: []*mapping.Row{e.Row},
		Late: func() ([]byte, error) {
			body, _, _, err := encode(resource())
			return body, err
		},
	})
}

// meta returns the meta of a resource.
func (s *Step) meta() *r4.Meta {
	if !s.o.TestData {
		return nil
	}
	return &r4.Meta{Tag: []r4.Coding{coding(term.TestData())}}
}

// observation starts an Observation of this patient.
func (r *record) observation(id, category string, code *r4.CodeableConcept, at datetime.DateTime) *r4.Observation {
	return &r4.Observation{
		Id:                to(id),
		Meta:              r.s.meta(),
		Status:            r4.ObservationStatusFinal,
		Category:          r.s.categories[category],
		Code:              *code,
		Subject:           r.subject(),
		EffectiveDateTime: on(at),
	}
}

// planned says which planned assessment an Observation belongs to.
func (r *record) planned(o *r4.Observation, e entry) {
	if point := r.s.points[e.Cell("visit_code")]; point != nil {
		x := extension(term.ExtTimepoint)
		x.ValueCodeableConcept = point
		o.Extension = append(o.Extension, x)
	}
}

// build makes the drafts of what is left of the rows.
func (r *record) build() error {
	r.b.traced = map[string]*trace{}
	r.shared()
	r.buildPerson()
	r.buildDisease()
	r.buildTherapies()
	for _, c := range r.courses {
		r.buildCourse(c)
		r.buildInfusion(c)
		r.buildToxicities(c)
	}
	for _, e := range r.good(visits) {
		r.buildVisit(e)
	}
	for _, e := range r.good(sledai) {
		r.buildScore(e)
	}
	for _, e := range r.good(labs) {
		r.buildLab(e)
	}
	for _, e := range r.good(outcome) {
		r.buildOutcome(e)
	}
	r.buildTraces()
	r.Drafts = r.b.drafts
	return r.b.err
}

// shared makes the resources that all patients refer to: the center, the registry as a study, and what mapped the rows.
func (r *record) shared() {
	r.add(0, &r4.Organization{
		Id:         to(r.centerID),
		Meta:       r.s.meta(),
		Identifier: []r4.Identifier{identifier("center", r.center)},
		Active:     to(true),
		Type:       []r4.CodeableConcept{*concept(term.Terminology("organization-type", "prov", "Healthcare Provider"))},
		Name:       to(r.center),
	})
	r.add(0, &r4.Device{
		Id:         to(r.s.softwareID),
		Meta:       r.s.meta(),
		Identifier: []r4.Identifier{identifier("software", r.s.o.Software)},
		DeviceName: []r4.DeviceDeviceName{{Name: r.s.o.Software, Type: r4.DeviceNameTypeUserFriendlyName}},
	})
	r.add(0, &r4.ResearchStudy{
		Id:         to(r.s.studyID),
		Meta:       r.s.meta(),
		Identifier: []r4.Identifier{identifier("study", "sle-cart")},
		Title:      to("Systemic lupus erythematosus treated with CAR-T cells: a registry"),
		Status:     r4.ResearchStudyStatusActive,
		Condition:  []r4.CodeableConcept{*concept(term.Lupus()...)},
	})
	for k := range r.b.drafts {
		r.b.drafts[k].Shared = true
	}
}
