package cart

import (
	"bytes"
	"encoding/json"
	"slices"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/mapping"
)

// Several rows give what is told of a course as a whole. Where one of them is not in a delivery, what it gave stands.

// ongoing keeps the start of a course whose leukapheresis this delivery does not tell, and the end of one whose infusion it does not. A start that was
// the first day of lymphodepletion, or the infusion, does not stand against what the delivery tells of these.
func (c *courseRows) ongoing(p *r4.Procedure) keeper {
	collected := c.collected()
	if collected && c.infusion.Row != nil {
		return nil
	}
	told := p.PerformedPeriod
	return func(stored []byte) (string, error) {
		var was struct {
			Status          r4.EventStatus
			StatusReason    *r4.CodeableConcept
			PerformedPeriod r4.Period
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return "", err
		}
		whole, start, end := r4.Period{}, was.PerformedPeriod.Start, was.PerformedPeriod.End
		if told != nil {
			whole = *told
		}
		if c.depletes() || c.infusion.Row != nil && start != nil && end != nil && *start == *end {
			start = c.collection
		}
		if start != nil && !collected && (whole.Start == nil || startsBefore(*start, *whole.Start)) {
			whole.Start = start
		}
		if c.infusion.Row == nil {
			p.Status, p.StatusReason, whole.End = was.Status, was.StatusReason, end
		}
		if p.PerformedPeriod = nil; whole.Start != nil || whole.End != nil {
			p.PerformedPeriod = &whole
		}
		return "", nil
	}
}

// collected reports whether this delivery tells of the leukapheresis.
func (c *courseRows) collected() bool {
	return c.row.Row != nil && stated(c.row.date("apheresis_date"))
}

// depletes reports whether it tells when lymphodepletion began.
func (c *courseRows) depletes() bool { return c.row.Row != nil && stated(c.row.date("ld_start")) }

// collectedOf looks, before the course is looked at, for the leukapheresis of an earlier delivery where only that can be before what this one tells.
func (r *record) collectedOf(c *courseRows) {
	if c.collected() || !c.depletes() {
		return
	}
	r.b.drafts = append(r.b.drafts, mapping.Draft{
		Key: fhir.Key{Type: "Procedure", ID: r.apheresisID(c)}, Part: r.partOf(c), Amends: true,
		Over: func(stored []byte) (mapping.Over, error) {
			var was struct{ PerformedDateTime *string }
			err := json.Unmarshal(stored, &was)
			c.collection = was.PerformedDateTime
			return mapping.Over{Body: stored}, err
		},
	})
}

func startsBefore(a, b string) bool {
	x, errA := datetime.ParseDate(a)
	y, errB := datetime.ParseDate(b)
	return errA == nil && errB == nil && startOf(x).Before(startOf(y))
}

// collectedBefore keeps when the cells of a product were collected.
func collectedBefore(p *r4.BiologicallyDerivedProduct) keeper {
	return func(stored []byte) (string, error) {
		var was struct {
			Collection struct{ CollectedDateTime *string }
		}
		err := json.Unmarshal(stored, &was)
		p.Collection.CollectedDateTime = was.Collection.CollectedDateTime
		return "", err
	}
}

// complicatedBefore keeps the complications of an infusion that this delivery does not deny; denied are those that were not there after all.
func (r *record) complicatedBefore(c *courseRows, p *r4.Procedure, denied []r4.Reference) keeper {
	told := p.ComplicationDetail
	return func(stored []byte) (string, error) {
		var was struct{ ComplicationDetail []r4.Reference }
		if p.ComplicationDetail, c.untold = told, false; !bytes.Contains(stored, []byte(`"complicationDetail"`)) {
			return "", nil
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return "", err
		}
		var all []r4.Reference
		for _, x := range append(was.ComplicationDetail, told...) {
			if refersTo(denied, x) || refersTo(all, x) {
				continue
			}
			all = append(all, x)
			c.untold = c.untold || !refersTo(told, x) && !refersTo(r.toxicOnce(c), x)
		}
		p.ComplicationDetail = all
		return "", nil
	}
}

// toxicOnce are the toxicities that a course has once: where one of them is not told that says nothing of the grades of what happens again.
func (r *record) toxicOnce(c *courseRows) []r4.Reference {
	l := make([]r4.Reference, 0, len(once))
	for kind := range once {
		l = append(l, *ref("Condition", r.id(tox, onceInstance(c.no, kind))))
	}
	return l
}

func refersTo(l []r4.Reference, x r4.Reference) bool {
	return x.Reference != nil && slices.ContainsFunc(l, func(y r4.Reference) bool { return y.Reference != nil && *y.Reference == *x.Reference })
}

// worseBefore keeps the highest grade of what happens again, and until when it was looked at, while one is stored that this delivery does not
// tell. The infusion was looked at before.
func (c *courseRows) worseBefore(o *r4.Observation, kind string) keeper {
	if once[kind] {
		return nil
	}
	value, method, until := o.ValueQuantity.Value, o.Method, o.EffectivePeriod.End
	return func(stored []byte) (string, error) {
		o.ValueQuantity.Value, o.Method, o.EffectivePeriod.End = value, method, until
		var was struct {
			EffectivePeriod r4.Period
			ValueQuantity   struct{ Value json.Number }
			Method          *r4.CodeableConcept
		}
		if !c.untold {
			return "", nil
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return "", err
		}
		before, _ := was.ValueQuantity.Value.Int64()
		if now, _ := o.ValueQuantity.Value.Int64(); before > now {
			o.ValueQuantity.Value, o.Method = &was.ValueQuantity.Value, was.Method
		}
		if end := was.EffectivePeriod.End; end != nil && o.EffectivePeriod.End != nil && startsBefore(*o.EffectivePeriod.End, *end) {
			o.EffectivePeriod.End = end
		}
		return "", nil
	}
}

// weighedBefore keeps the dose of one day in mg, where the infusion that tells weight and height is not in this delivery and the dose by surface
// is what it was.
func weighedBefore(a *administration, perBSA string) keeper {
	told := a.Dosage
	return func(stored []byte) (string, error) {
		a.Dosage = told
		var was struct {
			Dosage *r4.MedicationAdministrationDosage
		}
		if err := json.Unmarshal(stored, &was); err != nil || was.Dosage == nil {
			return "", err
		}
		if x := was.Dosage.Extension; len(x) == 1 && x[0].ValueQuantity != nil && x[0].ValueQuantity.Value != nil && x[0].ValueQuantity.Value.String() == perBSA {
			a.Dosage = was.Dosage
		}
		return "", nil
	}
}

// focusedBefore keeps the infusion that a score is about.
func focusedBefore(o *r4.Observation) keeper {
	return func(stored []byte) (string, error) {
		var was struct{ Focus []r4.Reference }
		err := json.Unmarshal(stored, &was)
		o.Focus = was.Focus
		return "", err
	}
}

// reasonedBefore keeps what something was for, where nothing tells of lupus; it is nil for what has a reason, or needs none.
func reasonedBefore(resource any) keeper {
	var reason *[]r4.Reference
	switch x := resource.(type) {
	case *r4.Procedure:
		reason = &x.ReasonReference
	case *administration:
		reason = &x.ReasonReference
	case *r4.MedicationStatement:
		if x.Status != notTaken {
			reason = &x.ReasonReference
		}
	}
	if reason == nil || len(*reason) > 0 {
		return nil
	}
	return func(stored []byte) (string, error) {
		var was struct{ ReasonReference []r4.Reference }
		err := json.Unmarshal(stored, &was)
		*reason = was.ReasonReference
		return "", err
	}
}
