package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fhir/validate"
	"firewolf/load"
	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/csv"
	"firewolf/store"
)

// delivered writes a folder of two patients of whom everything is told. No person stands behind them.
func delivered(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"patients": "registry_id,center_id,sex,birth_year,consent_date\nSYN-A01,SYN-C1,female,1999,2023-01-02\nSYN-A02,SYN-C1,male,1988-05,2023-03-02\n",
		"sle":      "registry_id,dx_date,ana_titer,aclr2019_score,ln_class,organ_joints\nSYN-A01,2018-11,1:1280,28,iii,1\nSYN-A02,2010,640,22,iv,0\n",
		"prior_tx": "registry_id,line,drug,start,stop,reason_stop\nSYN-A01,1,mycophenolate,2019-01-10,2023-01-12,refractory\nSYN-A01,2,wonderumab,2020,2021,\n",
		"course":   "registry_id,course_no,apheresis_date,bridging,ld_flu_mg_m2,ld_flu_days,ld_cy_mg_m2,ld_cy_days,ld_start\nSYN-A01,1,2022-12-27,1,25,-5..-3,1000,-3,2023-01-12\nSYN-A02,1,2023-08-12,0,25,3,1000,1,2023-08-31\nSYN-A02,2,2025-01-02,,,,,,\n",
		"infusion": "registry_id,course_no,infusion_date,product,lot,dose_e6_per_kg,dose_total_e6,weight_kg,height_cm,viability_pct,oos\nSYN-A01,1,2023-01-17,other-cd19,L1,1.0,61,61.0,168,94,0\nSYN-A02,1,2023-09-05,mb-cart19-1,L2,,82,82,,87,0\nSYN-A02,2,,new-cel,L3,,,,,,1\n",
		"visits":   "registry_id,visit_date,visit_code,pga,pga_scale,pred_mg_d,hcq,mmf,aza,cni,biologic,haem_anaemia,gi_activity,sdi,last_alive\nSYN-A01,2023-01-05,base,2.1,,15,1,1,0,0,0,0,0,1,2023-01-05\nSYN-A01,2023-04-18,m03,20,100,0,0,0,0,0,0,0,0,1,2023-04-18\nSYN-A02,2025-02-06,,0.3,,0,0,0,0,0,0,0,0,,2025-02\n",
		"sledai":   "registry_id,visit_date,visit_code,s09,s12,total\nSYN-A01,2023-01-05,base,1,1,\nSYN-A01,2023-04-18,m03,0,0,0\n",
		"labs":     "registry_id,date,loinc,local_code,value,unit,low,high\nSYN-A01,2023-01-05,4485-9,C3,52,mg/dL,90,180\nSYN-A01,2023-01-05,2160-0,,88,umol/L,45,84\nSYN-A01,2023-04-18,8116-6,,<1,/uL,100,500\nSYN-A01,2023-04-18,,OWN,7,g/L,,\n",
		"tox":      "registry_id,course_no,type,onset,end,max_grade,ice,toci,steroid,serious,outcome\nSYN-A01,1,crs,2023-01-21,2023-01-23,1,,1,0,0,resolved\nSYN-A01,1,icans,2023-01-22,,3,4,0,1,1,ongoing\nSYN-A02,1,crs,,,0,,,,,\n",
		"outcome":  "registry_id,visit_date,visit_code,doris,lldas,relapse_date,death_date,cause\nSYN-A01,2023-04-18,m03,not-met,met,,,\nSYN-A02,2024-01-06,m03,met,met,2024-09-01,2025-03-03,other\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// withdrawn is a delivery in which the first patient withdrew.
func withdrawn(t *testing.T) string {
	t.Helper()
	dir := delivered(t)
	edit(t, dir, "patients.csv", "consent_date\n", "consent_date,withdrawal_date\n")
	edit(t, dir, "patients.csv", "2023-01-02\n", "2023-01-02,2025-01-01\n")
	edit(t, dir, "patients.csv", "2023-03-02\n", "2023-03-02,\n")
	return dir
}

// imported imports a folder into a stack, through the service of the process and, if over is set, over HTTP.
func imported(t *testing.T, s *stack, dir string, over, dry bool) mapping.Report {
	t.Helper()
	report, _ := importedWith(t, s, dir, over, dry)
	return report
}

// importedWith imports a folder and returns the warnings, too.
func importedWith(t *testing.T, s *stack, dir string, over, dry bool) (mapping.Report, []mapping.Finding) {
	t.Helper()
	var warnings []mapping.Finding
	in := inHouse{remote{load.Service{Interactor: s.service, Caller: fhir.Caller{Name: "test", Role: fhir.RoleAdmin}}}, s.store}
	var target mapping.Target = in
	if over {
		target = remote{load.NewHTTP(s.url, "", 4)}
	}
	report, err := mapping.Run(t.Context(), mapping.Options{
		Source: csv.NewSource(dir, nil),
		Steps:  []mapping.Step{cart.New(cart.Options{Now: time2026()})},
		Sink:   &mapping.Writer{Target: target, Dry: dry},
		Found: func(f mapping.Finding) {
			if f.Severity == mapping.Error {
				t.Error(f)
			}
			warnings = append(warnings, f)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return report, warnings
}

// edit replaces a text of a file, which must be there.
func edit(t *testing.T, dir, file, from, to string) {
	t.Helper()
	name := filepath.Join(dir, file)
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("%s has no %q: %v", file, from, err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestImportingAgainChangesNothingAndACorrectionMakesOneVersionOfWhatChanged(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		for _, over := range []bool{false, true} {
			t.Run(fmt.Sprintf("over HTTP %v", over), func(t *testing.T) {
				dir := delivered(t)
				if over {
					// Another record is other resources.
					for _, file := range []string{"patients", "sle", "prior_tx", "course", "infusion", "visits", "sledai", "labs", "tox", "outcome"} {
						renamed(t, filepath.Join(dir, file+".csv"))
					}
				}
				dry := imported(t, s, dir, over, true)
				before := s.versions(t)
				first := imported(t, s, dir, over, false)
				if diff := cmp.Diff(dry.Fates, first.Fates); diff != "" || first.Total(mapping.Created) < 100 {
					t.Errorf("the dry run said something else (-dry +real)\n%s", diff)
				}
				loaded, all := s.head(t), s.versions(t)
				if all-before != first.Total(mapping.Created) {
					t.Errorf("%d versions for %d resources", all-before, first.Total(mapping.Created))
				}
				again := imported(t, s, dir, over, false)
				if s.head(t) != loaded || again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 || again.Total(mapping.Left) < 100 {
					t.Errorf("importing again: %v, from %d to %d", again.Fates, loaded, s.head(t))
				}
				edit(t, dir, "labs.csv", ",52,mg/dL", ",53,mg/dL")
				want := map[string]map[string]int{"changed": {"Observation": 1}, "created": {"Provenance": 1}}
				dry = imported(t, s, dir, over, true)
				delete(dry.Fates, "left")
				if diff := cmp.Diff(want, dry.Fates); diff != "" || s.head(t) != loaded {
					t.Errorf("a dry run of a correction (-want +got)\n%s", diff)
				}
				corrected := imported(t, s, dir, over, false)
				delete(corrected.Fates, "left")
				if diff := cmp.Diff(want, corrected.Fates); diff != "" || s.versions(t) != all+2 {
					t.Errorf("a correction (-want +got), %d versions\n%s", s.versions(t)-all, diff)
				}
			})
		}
	})
}

// versions is how many versions of resources the store has.
func (s *stack) versions(t *testing.T) int {
	t.Helper()
	n, err := s.store.HistoryCount(t.Context(), store.Scope{}, store.HistoryPage{})
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

func renamed(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), "SYN-A", "SYN-B")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsImportedIsFoundByTheSearchesOfARegistry(t *testing.T) {
	tests := []struct {
		query string
		want  int
	}{
		{"Patient?_security=http://example.org/fhir/sle-cart/CodeSystem/center|SYN-C1", 2},
		{"Procedure?code=1156961008&date=ge2023&status=completed", 2},
		{"Procedure?code=" + cartPipe + "cart-infusion&status=not-done", 1},
		{"Procedure?code=" + cartPipe + "cart-course", 3},
		{"Condition?code=http://snomed.info/sct|55464009", 2},
		{"Condition?stage=" + cartPipe + "isn-rps-iv", 1},
		{"Condition?code=" + icd10 + "D89.831", 1},
		{"AdverseEvent?substance:missing=false", 2},
		{"Observation?code=" + cartPipe + "crs-max-grade&value-quantity=0", 1},
		{"Observation?code=" + cartPipe + "icans-max-grade&value-quantity=3", 1},
		{"Observation?code=" + cartPipe + "doris-2021&value-concept=" + cartPipe + "criterion-met", 1},
		{"Observation?code=" + cartPipe + "relapse&date=2024-09-01", 1},
		{"Observation?component-code-value-quantity=" + cartPipe + "cart-dose-per-kg$1.0", 2},
		{"Observation?code=http://loinc.org|4485-9&value-quantity=lt0.9" + gramLiter, 1},
		{"MedicationAdministration?code=" + rxnorm + "24698", 6},
		{"MedicationAdministration?code=" + rxnorm + "612865", 1},
		{"MedicationStatement?status=not-taken&effective=2023-04-18", 5},
		{"MedicationStatement?status=stopped", 2},
		{"Patient?death-date=2025-03-03", 1},
		{"Observation?code=" + cartPipe + "cause-of-death", 1},
		{"Consent?status=active", 2},
	}
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		imported(t, s, delivered(t), false, false)
		for _, tt := range tests {
			if got := s.count(t, tt.query+"&_summary=count"); got != tt.want {
				t.Errorf("%d, want %d: %s", got, tt.want, tt.query)
			}
		}
	})
}

func TestEveryImportedResourceHasTheStructureOfR4(t *testing.T) {
	sp, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bundles := &mapping.Bundles{Dir: dir}
	if _, err := mapping.Run(t.Context(), mapping.Options{
		Source: csv.NewSource(delivered(t), nil), Steps: []mapping.Step{cart.New(cart.Options{Now: time2026(), TestData: true})}, Sink: bundles, InOrder: true,
	}); err != nil {
		t.Fatal(err)
	}
	if err := bundles.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v: want the shared one, and one for each course", files, err)
	}
	checker := validate.New(sp)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := tree.Parse(text, tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range checker.Structure(doc) {
			t.Errorf("%s: %v", filepath.Base(name), i)
		}
	}
}

func TestARefusedTransactionIsReportedOnItsRowsAndTheOthersLand(t *testing.T) {
	s := newStack(t, memoryStore, strictRules)
	in := inHouse{remote{refusing{load.Service{Interactor: s.service, Caller: fhir.Caller{Name: "test", Role: fhir.RoleAdmin}}, "SYN-A02"}}, s.store}
	rejected := map[string]bool{}
	report, err := mapping.Run(t.Context(), mapping.Options{
		Source: csv.NewSource(delivered(t), nil), Steps: []mapping.Step{cart.New(cart.Options{Now: time2026()})},
		Sink: &mapping.Writer{Target: in},
		Found: func(f mapping.Finding) {
			if f.Rule == "refused" {
				rejected[fmt.Sprintf("%s:%d", f.File, f.Line)] = true
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.count(t, "Patient?_summary=count"); got != 1 || !rejected["patients.csv:3"] || rejected["patients.csv:2"] {
		t.Errorf("%d patients, %v", got, rejected)
	}
	if report.Total(mapping.Refused) == 0 || report.Rejected != len(rejected) {
		t.Errorf("%d refused, %d rejected, %d told", report.Total(mapping.Refused), report.Rejected, len(rejected))
	}
}

func TestImportCSVIntoAServer(t *testing.T) {
	s := newStack(t, memoryStore, strictRules)
	dir := delivered(t)
	for _, want := range []string{"created ", "created 0, changed 0 and left "} {
		code, out, complaint := runCommand(t, "import", "csv", dir, "--server", s.url)
		if code != 0 || !strings.HasPrefix(out, want) {
			t.Errorf("%d %q, want %q: %s", code, out, want, complaint)
		}
	}
	if got := s.count(t, "Patient?_summary=count"); got != 2 {
		t.Errorf("%d patients", got)
	}
	if code, _, complaint := runCommand(t, "import", "csv", dir, "--server", s.url+"/nowhere"); code != exitFailed || !strings.Contains(complaint, "not the base of a FHIR server") {
		t.Errorf("a wrong address: %d %q", code, complaint)
	}
}

func TestImportCSVOnTheCommandLine(t *testing.T) {
	dir := delivered(t)
	store := "sqlite:" + filepath.Join(t.TempDir(), "data")
	report := filepath.Join(t.TempDir(), "report.json")
	code, out, complaint := runCommand(t, "import", "csv", dir, "--dry-run", "--store", store)
	if code != 0 || !strings.HasPrefix(out, "would create ") || !missing(strings.TrimPrefix(store, "sqlite:")) {
		t.Errorf("a dry run: %d %q %q", code, out, complaint)
	}
	edit(t, dir, "infusion.csv", "2023-09-05", "2023-13-05")
	code, out, complaint = runCommand(t, "import", "csv", dir, "--store", store, "--report", report)
	want := "infusion.csv:3 infusion_date: error: \"2023-13-05\" is no date: a date is written as YYYY, YYYY-MM or YYYY-MM-DD [date]\n"
	if code != exitFailed || !strings.Contains(complaint, want) || !strings.Contains(out, "rows or files were rejected") {
		t.Errorf("a wrong date: %d %q\n%s", code, out, complaint)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Findings []mapping.Finding
		Summary  mapping.Report
	}
	if err := json.Unmarshal(text, &r); err != nil || len(r.Findings) == 0 || r.Summary.Rules["date"] != 1 || r.Summary.Rejected == 0 {
		t.Errorf("%v: %s", err, text)
	}
	edit(t, dir, "infusion.csv", "2023-13-05", "2023-09-05")
	if code, out, _ = runCommand(t, "import", "csv", dir, "--store", store); code != 0 || !strings.Contains(out, "changed") {
		t.Errorf("corrected: %d %q", code, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "mapping.yaml"), []byte("version: 7"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, complaint = runCommand(t, "import", "csv", dir, "--store", store); code != exitFailed || !strings.Contains(complaint, `mapping.yaml:1: this is read as version 1, not "7"`) {
		t.Errorf("a wrong mapping: %d %q", code, complaint)
	}
	if code, _, complaint = runCommand(t, "import", "csv", dir, "--store", "memory:"); code != exitFailed {
		t.Errorf("into memory: %d %q", code, complaint)
	}
}

func TestADryRunWritesNoBundles(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	code, _, complaint := runCommand(t, "import", "csv", delivered(t), "--dry-run", "--bundles", out)
	if code != exitUsage || !strings.Contains(complaint, "--dry-run and --bundles can't be used together") || !missing(out) {
		t.Errorf("%d %q", code, complaint)
	}
}

// time2026 is when the imports of the tests happen.
func time2026() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// refusing refuses transactions that hold a text.
type refusing struct {
	load.Sink
	text string
}

func (r refusing) Send(ctx context.Context, u load.Unit) (load.Answer, error) {
	if strings.Contains(string(u.Body), r.text) {
		return load.Answer{Status: http.StatusUnprocessableEntity, Issues: fhir.Issues{fhir.NewIssue(fhir.BusinessRule, "no", "Bundle.entry[0].resource")}}, nil
	}
	return r.Sink.Send(ctx, u)
}
