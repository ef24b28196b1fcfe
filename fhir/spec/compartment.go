package spec

import "slices"

// Owner stands in Compartment.Params for the resource that the compartment is of.
const Owner = "{def}"

// Compartment says which parameters tie a resource type to the compartment's owner.
// https://hl7.org/fhir/R4/compartmentdefinition.html
type Compartment struct {
	Code   string              // "Patient"
	Params map[string][]string // resource type -> parameter codes; "{def}" marks the owner itself; types outside are absent
}

// Compartment returns the compartment of Patient, Encounter, RelatedPerson, Practitioner or Device; nil for others.
func (s *Spec) Compartment(code string) *Compartment { return s.compartments[code] }

// own marks the owner: three of the five definitions do so, the text says it of all.
// https://hl7.org/fhir/R4/compartmentdefinition.html#use
func (c *Compartment) own() {
	if codes := c.Params[c.Code]; !slices.Contains(codes, Owner) {
		c.Params[c.Code] = append([]string{Owner}, codes...)
	}
}
