package cart

import (
	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/datetime"
	"firewolf/fhir/decimal"
	"firewolf/registry/term"
)

// buildVisit makes what was judged and taken at a visit.
func (r *record) buildVisit(e entry) {
	d := e.date("visit_date")
	part := r.partOf(r.courseAt(d))
	if v, ok := e.number("pga"); ok {
		r.add(part, r.pga(e, d, v), e)
	}
	if v, ok := e.number("pred_mg_d"); ok {
		o := r.observation(r.rowID(e, "gc"), "therapy", local(term.GCDose), d)
		r.planned(o, e)
		o.ValueQuantity = quantity(v.Plain(), "mg/d")
		r.add(part, o, e)
	}
	for _, x := range visitDrugs {
		if yes, known := e.flag(x.column); known {
			r.add(part, r.taken(e, x.column, x.drug, d, yes), e)
		}
	}
	for _, x := range []struct{ column, code string }{{hemolysisColumn, "hemolytic-anemia"}, {"gi_activity", "gi-activity"}} {
		if yes, known := e.flag(x.column); known {
			o := r.observation(r.rowID(e, x.code), "exam", local(x.code), d)
			r.planned(o, e)
			o.ValueBoolean = to(yes)
			r.add(part, o, e)
		}
	}
	if n, ok := e.integer("sdi"); ok {
		o := r.observation(r.rowID(e, term.SDI), "survey", local(term.SDI), d)
		r.planned(o, e)
		o.ValueQuantity = quantity(itoa(n), "{score}")
		r.add(part, o, e)
	}
	if alive := e.date("last_alive"); stated(alive) {
		o := r.observation(r.rowID(e, term.LastKnownAlive), "survey", local(term.LastKnownAlive), alive)
		o.ValueBoolean = to(true)
		r.add(part, o, e)
	}
}

// pga is on a scale from 0 to 3. What a center judges on another one is rescaled, and the center's value is kept.
func (r *record) pga(e entry, d datetime.DateTime, v decimal.Decimal) *r4.Observation {
	o := r.observation(r.rowID(e, term.PGA), "exam", local(term.PGA), d)
	r.planned(o, e)
	scale := pgaScale(e)
	o.ValueQuantity = quantity(rescaled(v, scale).Plain(), "{score}")
	if scale != 3 {
		o.ValueQuantity.Extension = []r4.Extension{raw(v.String() + " of " + itoa(scale))}
	}
	return o
}

// rescaled brings a PGA to the scale from 0 to 3. It is exact: a threshold is not met by rounding.
func rescaled(v decimal.Decimal, scale int) decimal.Decimal {
	if scale == 3 {
		return v
	}
	w, err := v.Mul(decimal.New(3, 0))
	if err != nil {
		return v
	}
	if w, err = w.Quo(decimal.New(int64(scale), 0)); err != nil {
		return v
	}
	return w
}

// raw keeps what the source said of a value that was converted.
func raw(text string) r4.Extension {
	x := extension(term.ExtRaw)
	x.ValueString = to(text)
	return x
}

// notTaken is a code of MedicationStatement.status. https://hl7.org/fhir/R4/valueset-medication-statement-status.html
const notTaken = "not-taken"

// taken says that a drug was taken on the day of a visit, or was not. Of other days it says nothing.
func (r *record) taken(e entry, column, drug string, d datetime.DateTime, yes bool) *r4.MedicationStatement {
	m := &r4.MedicationStatement{
		Id:                        to(r.rowID(e, column)),
		Meta:                      r.s.meta(),
		Status:                    notTaken,
		MedicationCodeableConcept: r.medicine(e, column, drug),
		Subject:                   *r.subject(),
		EffectiveDateTime:         on(d),
	}
	if yes {
		m.Status = "active"
		m.ReasonReference = r.lupus()
	}
	return m
}
