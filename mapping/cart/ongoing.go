package cart

import (
	"bytes"
	"encoding/json"
	"slices"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/datetime"
	"firewolf/mapping"
)

// Several rows give what is told of a course as a whole. Where one of them is not in a delivery, what it gave stands.

// ongoing keeps the start of a course whose leukapheresis this delivery does not tell, and the end of one whose infusion it does not.
func (c *courseRows) ongoing(p r4.Procedure) func(stored []byte) (mapping.Over, error) {
	collected := c.row.Row != nil && stated(c.row.date("apheresis_date"))
	if collected && c.infusion.Row != nil {
		return nil
	}
	return func(stored []byte) (mapping.Over, error) {
		var was struct {
			Status          r4.EventStatus
			StatusReason    *r4.CodeableConcept
			PerformedPeriod r4.Period
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return mapping.Over{}, err
		}
		whole := r4.Period{}
		if p.PerformedPeriod != nil {
			whole = *p.PerformedPeriod
		}
		if was.PerformedPeriod.Start != nil && !collected && (whole.Start == nil || startsBefore(*was.PerformedPeriod.Start, *whole.Start)) {
			whole.Start = was.PerformedPeriod.Start
		}
		if c.infusion.Row == nil {
			p.Status, p.StatusReason, whole.End = was.Status, was.StatusReason, was.PerformedPeriod.End
		}
		if p.PerformedPeriod = nil; whole.Start != nil || whole.End != nil {
			p.PerformedPeriod = &whole
		}
		body, _, _, err := encode(&p)
		return mapping.Over{Body: body}, err
	}
}

func startsBefore(a, b string) bool {
	x, errA := datetime.ParseDate(a)
	y, errB := datetime.ParseDate(b)
	return errA == nil && errB == nil && startOf(x).Before(startOf(y))
}

// stillCollected keeps when the cells of a product were collected.
func stillCollected(p r4.BiologicallyDerivedProduct) func(stored []byte) (mapping.Over, error) {
	return func(stored []byte) (mapping.Over, error) {
		var was struct {
			Collection struct{ CollectedDateTime *string }
		}
		if err := json.Unmarshal(stored, &was); err != nil || was.Collection.CollectedDateTime == nil {
			return mapping.Over{}, err
		}
		from := *p.Collection
		from.CollectedDateTime = was.Collection.CollectedDateTime
		p.Collection = &from
		body, _, _, err := encode(&p)
		return mapping.Over{Body: body}, err
	}
}

// stillComplicated keeps the complications of an infusion that this delivery does not deny; denied are those that were not there after all.
func stillComplicated(p r4.Procedure, denied []r4.Reference) func(stored []byte) (mapping.Over, error) {
	return func(stored []byte) (mapping.Over, error) {
		if !bytes.Contains(stored, []byte(`"complicationDetail"`)) {
			return mapping.Over{}, nil
		}
		var was struct{ ComplicationDetail []r4.Reference }
		if err := json.Unmarshal(stored, &was); err != nil {
			return mapping.Over{}, err
		}
		var all []r4.Reference
		for _, x := range append(was.ComplicationDetail, p.ComplicationDetail...) {
			if !refersTo(denied, x) && !refersTo(all, x) {
				all = append(all, x)
			}
		}
		p.ComplicationDetail = all
		body, _, _, err := encode(&p)
		return mapping.Over{Body: body}, err
	}
}

func refersTo(l []r4.Reference, x r4.Reference) bool {
	return x.Reference != nil && slices.ContainsFunc(l, func(y r4.Reference) bool { return y.Reference != nil && *y.Reference == *x.Reference })
}

// stillWeighed keeps the dose of one day in mg, where the infusion that tells weight and height is not in this delivery and the dose by surface
// is what it was.
func stillWeighed(a administration, perBSA string) func(stored []byte) (mapping.Over, error) {
	return func(stored []byte) (mapping.Over, error) {
		var was struct {
			Dosage *r4.MedicationAdministrationDosage
		}
		if err := json.Unmarshal(stored, &was); err != nil || was.Dosage == nil {
			return mapping.Over{}, err
		}
		if x := was.Dosage.Extension; len(x) != 1 || x[0].ValueQuantity == nil || x[0].ValueQuantity.Value == nil || x[0].ValueQuantity.Value.String() != perBSA {
			return mapping.Over{}, nil
		}
		a.Dosage = was.Dosage
		body, _, _, err := encode(&a)
		return mapping.Over{Body: body}, err
	}
}
