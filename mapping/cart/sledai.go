package cart

import (
	"slices"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/datetime"
	"firewolf/registry/term"
)

// buildScore makes a SLEDAI-2K with its items. A total that the source gives is kept as it is; where it gives none the items give it, if all
// are known. What is missing is never 0.
func (r *record) buildScore(e entry) {
	d := e.date("visit_date")
	c := r.courseAt(d)
	o := r.observation(r.rowID(e, ""), "survey", local(term.SLEDAI2K), d)
	r.planned(o, e)
	window := extension(term.ExtWindow)
	window.ValueQuantity = quantity("10", "d")
	o.Extension = append(o.Extension, window)
	if e.Cell("visit_code") != "base" {
		// A baseline is before the infusion, whatever its date leaves open.
		o.Focus = r.focus(d)
	}
	method := "instrument-sledai-2k"
	if e.Cell("method") == "selena-sledai" {
		method = "instrument-selena-sledai"
	}
	o.Method = local(method)
	s := sumOf(e)
	switch total, given := e.integer("total"); {
	case given:
		o.ValueQuantity = quantity(itoa(total), "{score}")
		if s.known == term.SledaiItems && total != s.sum {
			o.Note = []r4.Annotation{{Text: "The total is the source's; the items sum to " + itoa(s.sum) + "."}}
		}
	case s.known == term.SledaiItems:
		o.ValueQuantity = quantity(itoa(s.sum), "{score}")
	default:
		o.DataAbsentReason = absent("unknown", "Unknown")
	}
	o.Component = make([]r4.ObservationComponent, term.SledaiItems)
	for k := range o.Component {
		o.Component[k].Code = r.s.items[k]
		if yes, known := e.flag(itemColumn(k)); known {
			o.Component[k].ValueBoolean = to(yes)
		} else {
			o.Component[k].DataAbsentReason = absent("unknown", "Unknown")
		}
	}
	r.add(r.partOf(c), o, e)
	if len(o.Focus) == 0 && e.Cell("visit_code") != "base" && !r.infusionKnown(d) {
		r.keep(o, focusedBefore(o))
	}
}

// infusionKnown reports whether this delivery tells which infusion something of a date is about, or that it is about none.
func (r *record) infusionKnown(d datetime.DateTime) bool {
	return r.lostBefore(d) == nil && slices.ContainsFunc(r.courses, func(c *courseRows) bool { return c.infusion.Row != nil })
}

// focus is the infusion that something after it is about.
func (r *record) focus(d datetime.DateTime) []r4.Reference {
	if c := r.infusedBefore(d); c != nil && r.lostBefore(d) == nil {
		return refs("Procedure", c.infuseID)
	}
	return nil
}
