package cart

import (
	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir"
	"firewolf/fhir/decimal"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// products are the products that are known, with the antigen that they are directed against.
var products = map[string]string{
	"mb-cart19-1": "cd19", "obe-cel": "cd19", "other-cd19": "cd19", "bcma": "bcma", "cd19-bcma": "cd19-bcma",
}

// Products returns the names of the products that are known.
func Products() []string {
	return []string{"mb-cart19-1", "obe-cel", "other-cd19", "bcma", "cd19-bcma"}
}

// buildInfusion makes the infusion with its product and its dose.
func (r *record) buildInfusion(c *courseRows) {
	if c.infusion.Row == nil {
		return
	}
	e, part := c.infusion, r.partOf(c)
	productID := r.buildProduct(c)
	p := r.procedure(c.infuseID, r4.EventStatusCompleted, concept(append(term.CARTInfusion(), term.Of(term.Infusion))...))
	used, number := extension(term.ExtUsedProduct), extension(term.ExtInfusion)
	used.ValueReference, number.ValuePositiveInt = ref("BiologicallyDerivedProduct", productID), to(max(c.no, 1))
	p.Extension = []r4.Extension{used, number}
	p.Identifier = []r4.Identifier{identifier("infusion", r.Record+"-"+itoa(c.no))}
	p.PartOf = refs("Procedure", c.courseID)
	p.Category = concept(term.Therapeutic())
	p.Performer = []r4.ProcedurePerformer{{Actor: *ref("Organization", r.centerID)}}
	if code := e.Cell("procedure_code"); code != "" {
		p.Code.Coding = append(p.Code.Coding, coding(term.Coding{System: administrationSystem(code), Code: code}))
	}
	if c.failed() {
		p.Status, p.StatusReason = r4.EventStatusNotDone, local("out-of-specification")
	}
	p.PerformedDateTime = on(c.infused)
	rows := []entry{e}
	var denied []r4.Reference
	for _, t := range c.toxicity {
		switch grade, _ := t.integer("max_grade"); {
		case t.Rejected:
		case grade > 0:
			p.ComplicationDetail = append(p.ComplicationDetail, *ref("Condition", r.rowID(t, "")))
			rows = append(rows, t)
		default:
			denied = append(denied, *ref("Condition", r.rowID(t, "")))
		}
	}
	r.add(part, p, rows...)
	r.keep(p, r.complicatedBefore(c, p, denied))
	if !c.failed() {
		r.buildDose(c)
		return
	}
	r.amend(part, fhir.Key{Type: "Observation", ID: r.doseID(e)}, e, func() any {
		o := r.dose(c)
		o.Status = r4.ObservationStatusEnteredInError
		return o
	})
}

func (r *record) doseID(e entry) string { return r.rowID(e, "dose") }

// dose starts the dose of an infusion.
func (r *record) dose(c *courseRows) *r4.Observation {
	o := r.observation(r.doseID(c.infusion), "therapy", local(term.CARTDose), c.infused)
	o.PartOf = refs("Procedure", c.infuseID)
	return o
}

// buildProduct makes what was made of the patient's cells.
func (r *record) buildProduct(c *courseRows) string {
	e, id, name := c.infusion, r.id(infusion, itoa(c.no), "product"), c.infusion.Cell("product")
	p := &r4.BiologicallyDerivedProduct{
		Id:              to(id),
		Meta:            r.s.meta(),
		ProductCategory: to(r4.BiologicallyDerivedProductCategoryCells),
		Status:          to(r4.BiologicallyDerivedProductStatusAvailable),
		Quantity:        to(1),
		Collection:      &r4.BiologicallyDerivedProductCollection{Source: r.subject()},
	}
	rows := []entry{e}
	if c.row.Row != nil && stated(c.row.date("apheresis_date")) {
		p.Collection.CollectedDateTime = on(c.row.date("apheresis_date"))
		rows = append(rows, c.row)
	}
	if target, known := products[name]; known {
		x := extension(term.ExtTarget)
		x.ValueCodeableConcept = local(target)
		p.Extension, p.ProductCode = append(p.Extension, x), local(name)
	} else {
		r.Report(e.Row, "product", ruleUnmapped, mapping.Quote(name)+" is no known product")
		p.ProductCode = r.spoken(name)
	}
	if oos, known := e.flag("oos"); known {
		x := extension(term.ExtOutOfSpec)
		x.ValueBoolean = to(oos)
		p.Extension = append(p.Extension, x)
	}
	if c.failed() {
		p.Status = to(r4.BiologicallyDerivedProductStatusUnavailable)
	}
	if lot := e.Cell("lot"); lot != "" {
		i := identifier("lot", lot)
		i.Type = named("Lot number", term.Of("LN"))
		p.Identifier = []r4.Identifier{i}
	}
	r.add(r.partOf(c), p, rows...)
	if p.Collection.CollectedDateTime == nil {
		r.keep(p, collectedBefore(p))
	}
	return id
}

// buildDose makes the dose: per kg and in total. Where one is missing the weight gives it.
func (r *record) buildDose(c *courseRows) {
	e := c.infusion
	r.buildBody(c)
	perKg, dosed := e.number("dose_e6_per_kg")
	total, summed := e.number("dose_total_e6")
	if kg, ok := e.number("weight_kg"); ok && kg.Sign() > 0 {
		if dosed && !summed {
			total, summed = rounded(perKg.Mul(kg))
		} else if summed && !dosed {
			perKg, dosed = rounded(total.Quo(kg))
		}
	}
	o := r.dose(c)
	for _, x := range []struct {
		code, unit string
		value      decimal.Decimal
		known      bool
	}{{"cart-dose-per-kg", "10*6/kg", perKg, dosed}, {"cart-dose-total", "10*6", total, summed}} {
		if x.known {
			o.Component = append(o.Component, amount(x.code, x.value, x.unit))
		}
	}
	for _, x := range []struct{ code, column string }{{"cart-viability", "viability_pct"}, {"cart-transduction", "transduction_pct"}} {
		if v, ok := e.number(x.column); ok {
			o.Component = append(o.Component, amount(x.code, v, "%"))
		}
	}
	if len(o.Component) > 0 {
		r.add(r.partOf(c), o, e)
	}
}

// rounded is a computed dose to two places, or to three digits where it is so small that those would not be left.
func rounded(v decimal.Decimal, err error) (decimal.Decimal, bool) {
	if err != nil {
		return v, false
	}
	places := 2
	if first := v.Exponent() + v.Digits() - 1; v.Sign() != 0 && first < -1 {
		places = 2 - first
	}
	v, err = v.Round(places, decimal.HalfUp)
	return v, err == nil
}

// amount is a component with a quantity.
func amount(code string, v decimal.Decimal, unit string) r4.ObservationComponent {
	p := part(code)
	p.ValueQuantity = quantity(v.Plain(), unit)
	return p
}

// buildBody makes weight and height, which doses are computed with.
func (r *record) buildBody(c *courseRows) {
	for _, x := range []struct{ column, code, unit string }{{"weight_kg", "29463-7", "kg"}, {"height_cm", "8302-2", "cm"}} {
		if v, ok := c.infusion.number(x.column); ok {
			o := r.observation(r.rowID(c.infusion, x.column), "vital-signs", named(r.s.analytes[x.code].label, term.Coding{System: term.Loinc, Code: x.code}), c.infused)
			o.ValueQuantity = quantity(v.Plain(), x.unit)
			r.add(r.partOf(c), o, c.infusion)
		}
	}
}
