package spec_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/spec"
)

func TestACompartmentTiesEachTypeByItsParameters(t *testing.T) {
	tests := []struct{ code, want string }{
		{"Patient", `Account: subject
AdverseEvent: subject
AllergyIntolerance: patient recorder asserter
Appointment: actor
AppointmentResponse: actor
AuditEvent: patient
Basic: patient author
BodyStructure: patient
CarePlan: patient performer
CareTeam: patient participant
ChargeItem: subject
Claim: patient payee
ClaimResponse: patient
ClinicalImpression: subject
Communication: subject sender recipient
CommunicationRequest: subject sender recipient requester
Composition: subject author attester
Condition: patient asserter
Consent: patient
Coverage: policy-holder subscriber beneficiary payor
CoverageEligibilityRequest: patient
CoverageEligibilityResponse: patient
DetectedIssue: patient
DeviceRequest: subject performer
DeviceUseStatement: subject
DiagnosticReport: subject
DocumentManifest: subject author recipient
DocumentReference: subject author
Encounter: patient
EnrollmentRequest: subject
EpisodeOfCare: patient
ExplanationOfBenefit: patient payee
FamilyMemberHistory: patient
Flag: patient
Goal: patient
Group: member
ImagingStudy: patient
Immunization: patient
ImmunizationEvaluation: patient
ImmunizationRecommendation: patient
Invoice: subject patient recipient
List: subject source
MeasureReport: patient
Media: subject
MedicationAdministration: patient performer subject
MedicationDispense: subject patient receiver
MedicationRequest: subject
MedicationStatement: subject
MolecularSequence: patient
NutritionOrder: patient
Observation: subject performer
Patient: {def} link
Person: patient
Procedure: patient performer
Provenance: patient
QuestionnaireResponse: subject author
RelatedPerson: patient
RequestGroup: subject participant
ResearchSubject: individual
RiskAssessment: subject
Schedule: actor
ServiceRequest: subject performer
Specimen: subject
SupplyDelivery: patient
SupplyRequest: subject
VisionPrescription: patient
`},
		{"Encounter", `CarePlan: encounter
CareTeam: encounter
ChargeItem: context
Claim: encounter
ClinicalImpression: encounter
Communication: encounter
CommunicationRequest: encounter
Composition: encounter
Condition: encounter
DeviceRequest: encounter
DiagnosticReport: encounter
DocumentManifest: related-ref
DocumentReference: encounter
Encounter: {def}
ExplanationOfBenefit: encounter
Media: encounter
MedicationAdministration: context
MedicationRequest: encounter
NutritionOrder: encounter
Observation: encounter
Procedure: encounter
QuestionnaireResponse: encounter
RequestGroup: encounter
ServiceRequest: encounter
VisionPrescription: encounter
`},
		{"Device", `Account: subject
Appointment: actor
AppointmentResponse: actor
AuditEvent: agent
ChargeItem: enterer performer-actor
Claim: procedure-udi item-udi detail-udi subdetail-udi
Communication: sender recipient
CommunicationRequest: sender recipient
Composition: author
DetectedIssue: author
Device: {def}
DeviceRequest: device subject requester performer
DeviceUseStatement: device
DiagnosticReport: subject
DocumentManifest: subject author
DocumentReference: subject author
ExplanationOfBenefit: procedure-udi item-udi detail-udi subdetail-udi
Flag: author
Group: member
Invoice: participant
List: subject source
Media: subject
MedicationAdministration: device
MessageHeader: target
Observation: subject device
Provenance: agent
QuestionnaireResponse: author
RequestGroup: author
RiskAssessment: performer
Schedule: actor
ServiceRequest: performer requester
Specimen: subject
SupplyRequest: requester
`},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			c := s.Compartment(tt.code)
			var got strings.Builder
			for _, name := range slices.Sorted(maps.Keys(c.Params)) {
				got.WriteString(name + ": " + strings.Join(c.Params[name], " ") + "\n")
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
			if c.Code != tt.code {
				t.Errorf("Code is %q", c.Code)
			}
		})
	}
}

func TestTheFiveCompartmentsHaveTheirNumberOfTypes(t *testing.T) {
	s := open(t)
	want := map[string]int{"Patient": 66, "Encounter": 25, "Device": 33, "Practitioner": 59, "RelatedPerson": 32}
	got := map[string]int{}
	for _, name := range s.ResourceTypes() {
		if c := s.Compartment(name); c != nil {
			got[name] = len(c.Params)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryCodeOfACompartmentIsAParameterOfItsType(t *testing.T) {
	s := open(t)
	seen := 0
	for _, owner := range []string{"Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"} {
		for name, codes := range s.Compartment(owner).Params {
			for _, code := range codes {
				seen++
				if code != spec.Owner && s.Param(name, code) == nil {
					t.Errorf("%s ties %s by %q, which is no parameter of it", owner, name, code)
				}
			}
		}
	}
	if seen != 304 {
		t.Errorf("%d codes in the five compartments, want 304", seen)
	}
}
