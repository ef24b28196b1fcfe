package term

// Base is the canonical base of the definitions of this field. It is a placeholder until they are published.
const Base = "http://example.org/fhir/sle-cart"

// The code systems.
const (
	Local    = Base + "/CodeSystem/sle-cart"
	Center   = Base + "/CodeSystem/center" // security labels that say which center a patient belongs to
	Snomed   = "http://snomed.info/sct"
	Loinc    = "http://loinc.org"
	ICD10    = "http://hl7.org/fhir/sid/icd-10" // of WHO
	ICD10CM  = "http://hl7.org/fhir/sid/icd-10-cm"
	ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
	ICD10GM  = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
	OPS      = "http://fhir.de/CodeSystem/bfarm/ops"
	CPT      = "http://www.ama-assn.org/go/cpt"
	RxNorm   = "http://www.nlm.nih.gov/research/umls/rxnorm"
	ATC      = "http://www.whocc.no/atc"
	NCIt     = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
	UCUM     = "http://unitsofmeasure.org"
	HL7      = "http://terminology.hl7.org/CodeSystem/" // and the name of one of HL7's own systems
)

// Coding is a code of a system. Display is empty where the term is not ours to give.
type Coding struct{ System, Code, Display string }

// Of returns the coding of a local code; its display is empty if the local system does not have the code.
func Of(code string) Coding { return Coding{Local, code, Display(code)} }

// Terminology returns a coding of one of HL7's own code systems.
func Terminology(system, code, display string) Coding { return Coding{HL7 + system, code, display} }

// TestData returns the tag of every resource that is about nobody. https://terminology.hl7.org/CodeSystem-v3-ActReason.html
func TestData() Coding { return Terminology("v3-ActReason", "HTEST", "test health data") }

// The names of our own extensions: Extension(name) is the URL.
const (
	ExtTimepoint    = "nominal-timepoint"      // CodeableConcept, of an Observation
	ExtWindow       = "assessment-window"      // Quantity d, of a SLEDAI-2K
	ExtUsedProduct  = "procedure-used-product" // Reference, of an infusion
	ExtInfusion     = "infusion-number"        // positiveInt, of an infusion
	ExtTarget       = "antigen-target"         // CodeableConcept, of a product
	ExtVector       = "vector"                 // CodeableConcept, of a product
	ExtOutOfSpec    = "out-of-specification"   // boolean, of a product
	ExtDosePerBSA   = "dose-per-bsa"           // Quantity mg/m2, of MedicationAdministration.dosage
	ExtTherapyLine  = "therapy-line"           // positiveInt, of a MedicationStatement
	ExtGrade        = "ae-grade"               // CodeableConcept, of an AdverseEvent
	ExtDisagreement = "disagrees-with"         // Reference, of a computed outcome: the clinician's that says something else
	ExtEstimated    = "estimated"              // boolean, of a date: the source says that it is an estimate
	ExtRaw          = "source-value"           // string, of a value that was converted: what the source said
)

// Extension returns the URL of one of our own extensions.
func Extension(name string) string { return Base + "/StructureDefinition/" + name }

// DueTo is the extension of the core that names the cause of a Condition. https://hl7.org/fhir/R4/extension-condition-dueto.html
const DueTo = "http://hl7.org/fhir/StructureDefinition/condition-dueTo"

// Identifier returns the URL of one of our own identifier systems, such as "pseudonym" or "lot".
func Identifier(name string) string { return Base + "/identifier/" + name }
