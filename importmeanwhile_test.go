package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/load"
	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/csv"
)

// between is a Target before whose nth transaction somebody else writes.
type between struct {
	mapping.Target
	n    int
	edit func()
}

func (b *between) Commit(ctx context.Context, bundle []byte) (fhir.Issues, error) {
	if b.n--; b.n == 0 {
		b.edit()
	}
	return b.Target.Commit(ctx, bundle)
}

// A hospital's record tells of a death while the import has read the patient and not yet written it: neither is lost.
func TestWhatSomebodyElseWritesMeanwhileIsNotWrittenOver(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir := delivered(t)
		imported(t, s, dir, false, false)
		edit(t, dir, "patients.csv", "female,1999", "female,1998")
		id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(string(s.send(t, http.MethodGet, "Patient?gender=female", nil, nil).body))[1]
		target := &between{Target: remote{load.NewHTTP(s.url, "", 4)}, n: 1, edit: func() {
			body := bytes.Replace(s.send(t, http.MethodGet, "Patient/"+id, nil, nil).body, []byte(`"gender":"female"`), []byte(`"gender":"female","deceasedDateTime":"2025-09-09"`), 1)
			if a := s.send(t, http.MethodPut, "Patient/"+id, body, nil); a.status != http.StatusOK {
				t.Errorf("the edit: %d", a.status)
			}
		}}
		var told []string
		report, err := mapping.Run(t.Context(), mapping.Options{
			Source: csv.NewSource(dir, nil), Steps: []mapping.Step{cart.New(cart.Options{Now: time2026()})}, Workers: 1,
			Sink:  &mapping.Writer{Target: target},
			Found: func(f mapping.Finding) { told = append(told, f.Rule) },
		})
		if err != nil {
			t.Fatal(err)
		}
		delete(report.Fates, "left")
		if diff := cmp.Diff(map[string]map[string]int{"changed": {"Patient": 1}, "created": {"Provenance": 1}}, report.Fates); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if got := s.count(t, "Patient?birthdate=1998&death-date=2025-09-09&_summary=count"); got != 1 {
			t.Errorf("%d patients of whom both stand: %s", got, s.send(t, http.MethodGet, "Patient/"+id, nil, nil).body)
		}
		if !slices.Contains(told, "told-before") {
			t.Errorf("the death that stands is not told: %s", told)
		}
	})
}

// Two years of daily values of twenty tests are 15,000 rows of one patient.
func TestAPatientOfThousandsOfRowsLandsInAStoreWhole(t *testing.T) {
	dir := delivered(t)
	var b strings.Builder
	b.WriteString("registry_id,date,loinc,value,unit\n")
	day := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	for k := range 12_000 {
		fmt.Fprintf(&b, "SYN-A01,%s,718-7,12.1,g/dL\n", day.AddDate(0, 0, k).Format(time.DateOnly))
	}
	if err := os.WriteFile(filepath.Join(dir, "labs.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, complaint := runCommand(t, "import", "csv", dir, "--store", "sqlite:"+filepath.Join(t.TempDir(), "data"))
	if code != exitOK || !strings.HasPrefix(out, "created 241") {
		t.Errorf("%d %q %.300s", code, out, complaint)
	}
}

// Two records of one person are merged on the server, where the person has a name, too. The files know nothing of that.
func TestAPatientKeepsWhatNoRowTellsOf(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir := delivered(t)
		imported(t, s, dir, false, false)
		ids := map[string]string{}
		for _, sex := range []string{"female", "male"} {
			ids[sex] = regexp.MustCompile(`"resource":\{"resourceType":"Patient","id":"([^"]+)"`).FindStringSubmatch(string(s.send(t, http.MethodGet, "Patient?gender="+sex, nil, nil).body))[1]
		}
		at := "Patient/" + ids["female"]
		told := `"active":false,"name":[{"_family":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}}],"link":[{"other":{"reference":"Patient/` + ids["male"] + `"},"type":"replaced-by"}]`
		body := bytes.Replace(s.send(t, http.MethodGet, at, nil, nil).body, []byte(`"gender":"female"`), []byte(`"gender":"female",`+told), 1)
		const number = `{"system":"http://hospital.example.org/mrn","value":"4711"}`
		body = bytes.Replace(body, []byte(`"identifier":[`), []byte(`"identifier":[`+number+","), 1)
		if a := s.send(t, http.MethodPut, at, body, nil); a.status != http.StatusOK {
			t.Fatalf("the edit: %d %s", a.status, a.body)
		}
		if again := imported(t, s, dir, true, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
			t.Errorf("importing again: %v", again.Fates)
		}
		edit(t, dir, "patients.csv", "female,1999", "female,1998-04")
		edit(t, dir, "patients.csv", "consent_date\n", "consent_date,crid\n")
		edit(t, dir, "patients.csv", "2023-01-02\n", "2023-01-02,99\n")
		edit(t, dir, "patients.csv", "2023-03-02\n", "2023-03-02,\n")
		edit(t, dir, "outcome.csv", "SYN-A01,2023-04-18,m03,not-met,met,,,", "SYN-A01,2023-04-18,m03,not-met,met,,2025-05-05,")
		for _, want := range []int{1, 0} {
			if got := imported(t, s, dir, true, false).Fates["changed"]["Patient"]; got != want {
				t.Errorf("%d patients changed, want %d", got, want)
			}
		}
		got := string(s.send(t, http.MethodGet, at, nil, nil).body)
		for _, want := range []string{told, `"birthDate":"1998-04"`, `"deceasedDateTime":"2025-05-05"`, `"identifier":[` + number + `,{`, `"value":"SYN-A01"},{`, `"value":"99"}],`} {
			if !strings.Contains(got, want) {
				t.Errorf("there is no %s in %s", want, got)
			}
		}
	})
}

// Who asked to be erased must not come back without a word because a hospital sends the same files again.
func TestAPatientWhoWasDeletedAndIsInTheFilesIsTold(t *testing.T) {
	for _, over := range []bool{false, true} {
		s := newStack(t, memoryStore, usualRules)
		dir := delivered(t)
		imported(t, s, dir, over, false)
		id := regexp.MustCompile(`"resource":\{"resourceType":"Patient","id":"([^"]+)"`).FindStringSubmatch(string(s.send(t, http.MethodGet, "Patient?gender=male", nil, nil).body))[1]
		if a := s.send(t, http.MethodDelete, "Patient/"+id, nil, nil); a.status != http.StatusNoContent {
			t.Fatalf("deleting: %d %s", a.status, a.body)
		}
		var got []string
		for _, dry := range []bool{true, false, false} {
			_, warnings := importedWith(t, s, dir, over, dry)
			for _, f := range warnings {
				if f.Rule == "deleted-before" {
					got = append(got, f.String())
				}
			}
		}
		want := "patients.csv:3: warning: the patient was deleted and is created again [deleted-before]"
		if diff := cmp.Diff([]string{want, want}, got); diff != "" {
			t.Errorf("over HTTP %v: (-want +got)\n%s", over, diff)
		}
	}
}
