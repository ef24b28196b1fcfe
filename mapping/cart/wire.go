package cart

import (
	"bytes"
	"encoding/json"
	"fmt"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// The models are written by structs of our own around them, for three reasons: resourceType comes first, as people expect it; a resource is
// encoded once and not once more inside itself; and of a choice that the models hold as values (medication, the time of an administration)
// only the branch that was chosen is written - by themselves they write the other as {}, which is no FHIR.

// typed names the type of a resource.
type typed struct {
	ResourceType string `json:"resourceType"`
}

type (
	wireMedicationStatement struct {
		typed
		r4.OtherMedicationStatement
		MedicationReference *r4.Reference `json:"medicationReference,omitempty"`
	}
	wireMedicationAdministration struct {
		typed
		r4.OtherMedicationAdministration
		MedicationReference *r4.Reference `json:"medicationReference,omitempty"`
		EffectiveDateTime   *string       `json:"effectiveDateTime,omitempty"`
		EffectivePeriod     *r4.Period    `json:"effectivePeriod,omitempty"`
	}
)

// wired returns what is encoded for a resource, its type and its id.
func wired(resource any) (v any, typ string, id *string) {
	switch r := resource.(type) {
	case *r4.Observation:
		return &struct {
			typed
			r4.OtherObservation
		}{typed{"Observation"}, r4.OtherObservation(*r)}, "Observation", r.Id
	case *r4.Condition:
		return &struct {
			typed
			r4.OtherCondition
		}{typed{"Condition"}, r4.OtherCondition(*r)}, "Condition", r.Id
	case *r4.Procedure:
		return &struct {
			typed
			r4.OtherProcedure
		}{typed{"Procedure"}, r4.OtherProcedure(*r)}, "Procedure", r.Id
	case *r4.Provenance:
		return &struct {
			typed
			r4.OtherProvenance
		}{typed{"Provenance"}, r4.OtherProvenance(*r)}, "Provenance", r.Id
	case *r4.MedicationStatement:
		return &wireMedicationStatement{typed{"MedicationStatement"}, r4.OtherMedicationStatement(*r), nil}, "MedicationStatement", r.Id
	case *administration:
		return &wireMedicationAdministration{
			typed{"MedicationAdministration"}, r4.OtherMedicationAdministration(r.MedicationAdministration), nil, r.at, r.during,
		}, "MedicationAdministration", r.Id
	default:
		return wiredRare(resource)
	}
}

// administration is a MedicationAdministration at a time or during one.
type administration struct {
	r4.MedicationAdministration
	at     *string
	during *r4.Period
}

// wiredRare goes on where wired ends: resources of which a patient has one or two.
func wiredRare(resource any) (v any, typ string, id *string) {
	switch r := resource.(type) {
	case *r4.Patient:
		return &struct {
			typed
			r4.OtherPatient
		}{typed{"Patient"}, r4.OtherPatient(*r)}, "Patient", r.Id
	case *r4.Consent:
		return &struct {
			typed
			r4.OtherConsent
		}{typed{"Consent"}, r4.OtherConsent(*r)}, "Consent", r.Id
	case *r4.AdverseEvent:
		return &struct {
			typed
			r4.OtherAdverseEvent
		}{typed{"AdverseEvent"}, r4.OtherAdverseEvent(*r)}, "AdverseEvent", r.Id
	case *r4.BiologicallyDerivedProduct:
		return &struct {
			typed
			r4.OtherBiologicallyDerivedProduct
		}{typed{"BiologicallyDerivedProduct"}, r4.OtherBiologicallyDerivedProduct(*r)}, "BiologicallyDerivedProduct", r.Id
	case *r4.ResearchStudy:
		return &struct {
			typed
			r4.OtherResearchStudy
		}{typed{"ResearchStudy"}, r4.OtherResearchStudy(*r)}, "ResearchStudy", r.Id
	case *r4.ResearchSubject:
		return &struct {
			typed
			r4.OtherResearchSubject
		}{typed{"ResearchSubject"}, r4.OtherResearchSubject(*r)}, "ResearchSubject", r.Id
	case *r4.Organization:
		return &struct {
			typed
			r4.OtherOrganization
		}{typed{"Organization"}, r4.OtherOrganization(*r)}, "Organization", r.Id
	case *r4.Device:
		return &struct {
			typed
			r4.OtherDevice
		}{typed{"Device"}, r4.OtherDevice(*r)}, "Device", r.Id
	}
	return nil, "", nil
}

// encode writes a resource as compact JSON.
func encode(resource any) (body []byte, typ, id string, err error) {
	v, typ, named := wired(resource)
	if v == nil || named == nil {
		return nil, "", "", fmt.Errorf("writing a %T: it is no resource of this package, or has no id", resource)
	}
	var b bytes.Buffer
	b.Grow(1 << 10) // most are smaller
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, "", "", fmt.Errorf("writing %s/%s: %w", typ, *named, err)
	}
	body = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if at := hollow(body); at >= 0 {
		return nil, "", "", fmt.Errorf("writing %s/%s: the models made an empty element at byte %d", typ, *named, at)
	}
	return body, typ, *named, nil
}

// hollow returns where compact JSON has an empty object, array, string or a null, which FHIR has nowhere, -1 for nowhere. The models write
// one for each required element that was forgotten: code:{}, target:null, recorded:"".
// https://hl7.org/fhir/R4/json.html
func hollow(body []byte) int {
	for k := 0; k < len(body); k++ {
		switch c := body[k]; {
		case c == '"':
			end := closing(body, k)
			if end == k+1 {
				return k
			}
			k = end
		case c == '}' && body[max(k-1, 0)] == '{', c == ']' && body[max(k-1, 0)] == '[', c == 'n':
			return k
		}
	}
	return -1
}

// closing returns where the string that opens at a place ends. Most of a resource is strings, and most of them have no escapes.
func closing(body []byte, open int) int {
	for k := open + 1; ; {
		n := bytes.IndexByte(body[k:], '"')
		if n < 0 {
			return len(body)
		}
		k += n
		escapes := 0
		for body[k-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return k
		}
		k++
	}
}
