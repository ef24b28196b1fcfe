package validate_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fhir/validate"
)

var opened = sync.OnceValues(spec.Open)

func definitions(t testing.TB) *spec.Spec {
	t.Helper()
	s, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newChecker is made once: the fuzzer asks for it with every input.
var newChecker = sync.OnceValues(func() (*validate.Checker, error) {
	s, err := opened()
	if err != nil {
		return nil, err
	}
	return validate.New(s), nil
})

func checker(t testing.TB) *validate.Checker {
	t.Helper()
	c, err := newChecker()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// examplesDir is where scripts/testdata puts the official examples.
const examplesDir = "../../.cache/r4"

func eachExample(t *testing.T, f func(name string, doc *tree.Tree)) (count int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(examplesDir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("run scripts/testdata first")
		}
		t.Skip("the official examples are absent: run scripts/testdata")
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "package.json" {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := tree.Parse(src, tree.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f(name, doc)
		count++
	}
	return count
}

// broken is an official example that breaks a rule.
type broken struct {
	at    string // the location of the first problem
	text  string
	count int // of problems
}

const (
	noContent = "the narrative must have some content"
	noBase    = "SearchParameter.base is required"
)

// brokenExamples are the official examples that break the structural rules of R4. Each was
// looked up in the specification: it is the example that is wrong.
var brokenExamples = map[string]broken{
	// Their div is empty or holds white space alone (txt-2).
	"ActivityDefinition-blood-tubes-supply.json":        {"ActivityDefinition.text.`div`", noContent, 1},
	"ActivityDefinition-heart-valve-replacement.json":   {"ActivityDefinition.text.`div`", noContent, 1},
	"EventDefinition-example.json":                      {"EventDefinition.text.`div`", noContent, 1},
	"Questionnaire-zika-virus-exposure-assessment.json": {"Questionnaire.text.`div`", noContent, 1},
	// They refer to types that the elements do not allow.
	"DeviceMetric-example.json":        {"DeviceMetric.parent.reference", "DeviceMetric.parent must not refer to DeviceDefinition, only to Device", 1},
	"DeviceUseStatement-example.json":  {"DeviceUseStatement.reasonReference[0].reference", "DeviceUseStatement.reasonReference must not refer to Procedure, only to Condition, DiagnosticReport, DocumentReference, Media, Observation", 1},
	"MedicationRequest-medrx0301.json": {"MedicationRequest.dispenseRequest.performer.reference", "MedicationRequest.dispenseRequest.performer must not refer to Practitioner, only to Organization", 1},
	"Observation-clinical-gender.json": {"Observation.performer[0].reference", "Observation.performer must not refer to Encounter, only to CareTeam, Organization, Patient, Practitioner, PractitionerRole, RelatedPerson", 1},
	// Elements that must be there are not; the guides refer to an id of 75 characters too.
	"ImplementationGuide-fhir.json": {"ImplementationGuide.manifest.resource[11904].reference.reference", "a relative reference is written as Type/id", 3},
	"ig-r4.json":                    {"ImplementationGuide.manifest.resource[11904].reference.reference", "a relative reference is written as Type/id", 3},
	"Questionnaire-qs1.json":        {"Questionnaire.item[0].item[0]", "Questionnaire.item.linkId is required", 32},
	"SearchParameter-codesystem-extensions-CodeSystem-author.json":    {"SearchParameter", noBase, 1},
	"SearchParameter-codesystem-extensions-CodeSystem-effective.json": {"SearchParameter", noBase, 1},
	"SearchParameter-codesystem-extensions-CodeSystem-end.json":       {"SearchParameter", noBase, 1},
	"SearchParameter-codesystem-extensions-CodeSystem-keyword.json":   {"SearchParameter", noBase, 1},
	"SearchParameter-codesystem-extensions-CodeSystem-workflow.json":  {"SearchParameter", noBase, 1},
	"SearchParameter-valueset-extensions-ValueSet-author.json":        {"SearchParameter", noBase, 1},
	"SearchParameter-valueset-extensions-ValueSet-effective.json":     {"SearchParameter", noBase, 1},
	"SearchParameter-valueset-extensions-ValueSet-end.json":           {"SearchParameter", noBase, 1},
	"SearchParameter-valueset-extensions-ValueSet-keyword.json":       {"SearchParameter", noBase, 1},
	"SearchParameter-valueset-extensions-ValueSet-workflow.json":      {"SearchParameter", noBase, 1},
	// Its id has 75 characters; 64 are allowed.
	"SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": {"SearchParameter.id", "not an id: 1 to 64 of A-Z a-z 0-9 - .", 1},
}

func TestTheOfficialExamplesPassButForThoseThatAreWrong(t *testing.T) {
	c := checker(t)
	got := map[string]broken{}
	count := eachExample(t, func(name string, doc *tree.Tree) {
		if is := c.Structure(doc); len(is) > 0 {
			got[name] = broken{is[0].Expression[0], is[0].Text, len(is)}
		}
	})
	if diff := cmp.Diff(brokenExamples, got, cmp.AllowUnexported(broken{})); diff != "" {
		t.Error(diff)
	}
	if count != 5306 {
		t.Errorf("%d examples, want 5306", count)
	}
	if len(brokenExamples) > 60 {
		t.Errorf("%d examples are listed as wrong, at most 60 may be", len(brokenExamples))
	}
}
