package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// notLoaded are the official examples that are rejected, in whole or in part.
var notLoaded = []string{
	// The narrative is empty.
	"ActivityDefinition-blood-tubes-supply.json",
	"ActivityDefinition-heart-valve-replacement.json",
	"EventDefinition-example.json",
	"Questionnaire-zika-virus-exposure-assessment.json",
	// An element that must be there is missing.
	"ImplementationGuide-fhir.json",
	"Questionnaire-qs1.json",
	"SearchParameter-codesystem-extensions-CodeSystem-author.json",
	"SearchParameter-codesystem-extensions-CodeSystem-effective.json",
	"SearchParameter-codesystem-extensions-CodeSystem-end.json",
	"SearchParameter-codesystem-extensions-CodeSystem-keyword.json",
	"SearchParameter-codesystem-extensions-CodeSystem-workflow.json",
	"SearchParameter-valueset-extensions-ValueSet-author.json",
	"SearchParameter-valueset-extensions-ValueSet-effective.json",
	"SearchParameter-valueset-extensions-ValueSet-end.json",
	"SearchParameter-valueset-extensions-ValueSet-keyword.json",
	"SearchParameter-valueset-extensions-ValueSet-workflow.json",
	"ig-r4.json",
	// A reference has a type that the element does not allow.
	"DeviceMetric-example.json",
	"DeviceUseStatement-example.json",
	"MedicationRequest-medrx0301.json",
	"Observation-clinical-gender.json",
	// The id is longer than 64 characters.
	"SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json",
	// A transaction asks for what is not supported, or of another server.
	"Bundle-bundle-transaction.json",
	"Bundle-ussg-fht.json",
	// A transaction refers to what is not among the examples.
	"Bundle-hla-1.json",
}

// TestLoadTakesTheOfficialExamples loads the single examples, leaving out the files that bundle all definitions.
func TestLoadTakesTheOfficialExamples(t *testing.T) {
	t.Parallel()
	if testing.Short() || underRace {
		t.Skip("it takes minutes under the race detector")
	}
	files := examples(t)
	data := filepath.Join(t.TempDir(), "store")
	code, out, complaint := runCommand(t, append([]string{"load", "--parallel", "32", "--store", "sqlite:" + data}, files...)...)
	if code != exitFailed {
		t.Fatalf("exit code %d\n%s%s", code, out, complaint)
	}
	var rejected []string
	for _, m := range regexp.MustCompile(`(?m)^rejected: .*?([^/\\]+\.json)[:,]`).FindAllStringSubmatch(complaint, -1) {
		rejected = append(rejected, m[1])
	}
	slices.Sort(rejected)
	want := slices.Sorted(slices.Values(notLoaded))
	if d := cmp.Diff(want, slices.Compact(rejected)); d != "" {
		t.Errorf("rejected examples (-want +got):\n%s\n%s", d, complaint)
	}

	// A type whose resources are in no Bundle has as many resources as files.
	s := startOn(t, data)
	counts := map[string]int{}
	for _, name := range files {
		if typ, _, _ := strings.Cut(filepath.Base(name), "-"); !slices.Contains(notLoaded, filepath.Base(name)) && alone[typ] {
			counts[typ+"?_total=accurate"]++
		}
	}
	for query, n := range counts {
		if got := total(t, s.base, query); got != n {
			t.Errorf("GET %s finds %d, there are %d files", query, got, n)
		}
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// alone are types that are in none of the Bundles.
var alone = map[string]bool{
	"Account": true, "Appointment": true, "CarePlan": true, "Claim": true, "Coverage": true, "Goal": true, "Immunization": true,
	"Questionnaire": true, "ResearchStudy": true, "TestScript": true,
}

// examples returns the files of single examples.
func examples(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, name := range dataFiles(t, examplesDir, "*.json", 1) {
		if base := filepath.Base(name); base != "package.json" && !definitions[base] {
			files = append(files, name)
		}
	}
	return files
}

// definitions are the files that hold all definitions of a kind.
var definitions = map[string]bool{
	"Bundle-conceptmaps.json": true, "Bundle-dataelements.json": true, "Bundle-extensions.json": true, "Bundle-profiles-others.json": true,
	"Bundle-resources.json": true, "Bundle-searchParams.json": true, "Bundle-types.json": true, "Bundle-v2-valuesets.json": true,
	"Bundle-v3-valuesets.json": true, "Bundle-valueset-expansions.json": true, "Bundle-valuesets.json": true,
}
