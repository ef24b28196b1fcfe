package term_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/term"
)

func TestTheWeightsOfSLEDAI2KAreThoseOfItsForm(t *testing.T) {
	byWeight := map[int]int{}
	total, clinical := 0, 0
	for k, i := range term.Sledai() {
		byWeight[i.Weight]++
		total += i.Weight
		if !i.Serologic {
			clinical += i.Weight
		}
		if got := term.SledaiItem(i.Name); got != k {
			t.Errorf("%s stands at %d, want %d", i.Name, got, k)
		}
	}
	if diff := cmp.Diff(map[int]int{8: 8, 4: 6, 2: 7, 1: 3}, byWeight); diff != "" {
		t.Error(diff)
	}
	if total != 105 || clinical != 101 {
		t.Errorf("the weights sum to %d, and to %d without complement and antibodies; want 105 and 101", total, clinical)
	}
	if got := term.SledaiItem("gout"); got != -1 {
		t.Errorf("gout is no item, got %d", got)
	}
}

func TestWindowsFollowEachOtherWithoutOverlap(t *testing.T) {
	last := 0
	for _, p := range term.Timepoints() {
		if p.From <= last || p.Nominal < p.From || p.Nominal > p.To {
			t.Errorf("%s: day %d in [%d, %d] after day %d", p.Code, p.Nominal, p.From, p.To, last)
		}
		last = p.To
	}
}

func TestADayHasTheTimePointOfItsWindow(t *testing.T) {
	for day, want := range map[int]string{
		13: "", 14: "tp-d28", 45: "tp-d28", 46: "", 59: "", 60: "tp-m03", 120: "tp-m03", 121: "", 135: "tp-m06", 225: "tp-m06",
		226: "tp-m09", 315: "tp-m09", 316: "tp-m12", 455: "tp-m12", 456: "tp-m18", 635: "tp-m18", 636: "tp-m24", 820: "tp-m24",
		1004: "", 1005: "tp-a03", 1185: "tp-a03", 5475: "tp-a15", 5566: "",
	} {
		p, ok := term.TimepointAt(day)
		if p.Code != want || ok != (want != "") {
			t.Errorf("day %d is of %q, want %q", day, p.Code, want)
		}
	}
	p, ok := term.TimepointOf("tp-m06")
	if diff := cmp.Diff(term.Timepoint{Code: "tp-m06", Display: "Month 6", Nominal: 180, From: 135, To: 225}, p); diff != "" || !ok {
		t.Error(diff)
	}
	if _, ok := term.TimepointOf("tp-m07"); ok {
		t.Error("there is no month 7")
	}
}

func TestEveryLocalCodeThatIsWrittenHasADisplay(t *testing.T) {
	var codes []string
	for _, p := range term.Timepoints() {
		codes = append(codes, p.Code)
	}
	for _, i := range term.Sledai() {
		codes = append(codes, i.Code())
	}
	for _, d := range term.Drugs() {
		if d.Code.System == term.Local {
			codes = append(codes, d.Code.Code)
		}
	}
	for _, o := range term.Organs() {
		codes = append(codes, o.Local)
	}
	for k := range term.BilagSystems {
		codes = append(codes, term.BilagCode(k))
		if term.BilagSystem(term.BilagCode(k)) != k {
			t.Errorf("%s does not stand at %d", term.BilagCode(k), k)
		}
	}
	codes = append(codes, term.SLEDAI2K, term.CSLEDAI2K, term.PGA, term.GCDose, term.SDI, term.EULARACR2019, term.DORIS2021, term.LLDAS,
		term.DrugFreeRemission, term.SledaiResponse4, term.SRI4, term.CRR, term.PRR, term.Relapse, term.CARTCourse, term.Leukapheresis,
		term.Lymphodepletion, term.Infusion, term.CARTDose, term.CRS, term.ICANS, term.CRSMaxGrade, term.ICANSMaxGrade, term.BCellReturn,
		term.LastKnownAlive, term.CauseOfDeath, term.Baseline, string(term.Met), string(term.NotMet), string(term.NotEvaluable), term.ByClinician)
	for _, c := range codes {
		if term.Of(c).Display == "" {
			t.Errorf("%s has no display", c)
		}
	}
	if got := term.Display("gout"); got != "" {
		t.Errorf("what is no code has the display %q", got)
	}
}

func TestADrugIsRecognizedByEachOfItsCodesAndByNoOther(t *testing.T) {
	seen := map[string]string{}
	for _, d := range term.Drugs() {
		for _, c := range append([]term.Coding{d.Code}, d.Also...) {
			if other := seen[c.System+"|"+c.Code]; other != "" {
				t.Errorf("%s means %s and %s", c.Code, other, d.Name)
			}
			seen[c.System+"|"+c.Code] = d.Name
			if got, ok := term.DrugOf(c.System, c.Code); !ok || got.Name != d.Name {
				t.Errorf("%s|%s is %q, want %q", c.System, c.Code, got.Name, d.Name)
			}
		}
		if got, ok := term.DrugNamed(d.Name); !ok || got.Class != d.Class {
			t.Errorf("%s is %v", d.Name, got)
		}
	}
	for _, tt := range []struct{ system, code string }{{term.ATC, "68149"}, {term.RxNorm, ""}, {"", ""}} {
		if d, ok := term.DrugOf(tt.system, tt.code); ok {
			t.Errorf("%v is %s", tt, d.Name)
		}
	}
	if _, ok := term.DrugNamed("aspirin"); ok {
		t.Error("aspirin is none of these drugs")
	}
}

func TestLupusIsRecognizedByItsCodesAndNothingNearThem(t *testing.T) {
	for code, want := range map[[2]string]bool{
		{term.Snomed, "55464009"}: true, {term.ICD10CM, "M32.14"}: true, {term.ICD10GM, "M32.9"}: true, {term.ICD10CM, "M32"}: true,
		{term.Snomed, "309762007"}: true, {term.Snomed, "1144942002"}: true, {term.ICD10, "M32.1"}: true, {term.ICD10, "M32.0"}: false,
		{term.ICD10CM, "M320"}: false, {term.ICD10CM, "M33.1"}: false, {term.Snomed, "M32.1"}: false, {"", "M32.1"}: false,
	} {
		if got := term.IsLupus(code[0], code[1]); got != want {
			t.Errorf("%v: %v", code, got)
		}
	}
}

// The pairs are live in public repositories; three of the codes fail LOINC's own check digit.
func TestWrongCodesOfAnalytesAreNotRecognized(t *testing.T) {
	for code, not := range map[string]string{"5048-4": "dsdna", "7465-1": "dsdna", "4420-8": "c3", "4407-5": "c4", "11572-5": "c3", "4485-9": "c4", "8124-0": "cd19"} {
		if a, ok := term.AnalyteOf(code); ok && a.Name == not {
			t.Errorf("%s is taken for %s", code, not)
		}
	}
	for _, a := range term.Analytes() {
		for _, c := range a.Codes {
			if got, ok := term.AnalyteOf(c); !ok || got.Name != a.Name {
				t.Errorf("%s is %q, want %q", c, got.Name, a.Name)
			}
			if !checkDigit(c) {
				t.Errorf("%s of %s fails LOINC's check digit", c, a.Name)
			}
		}
		if got, ok := term.AnalyteNamed(a.Name); !ok || got.Label != a.Label {
			t.Errorf("%s is %v", a.Name, got)
		}
	}
	if _, ok := term.AnalyteNamed("gout"); ok {
		t.Error("gout is no analyte")
	}
}

// checkDigit is LOINC's mod 10: https://loinc.org/kb/faq/structure/
func checkDigit(code string) bool {
	digits, check, _ := strings.Cut(code, "-")
	sum := 0
	for k := range digits {
		d := int(digits[len(digits)-1-k] - '0')
		if k%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return fmt.Sprint((10-sum%10)%10) == check
}

func TestToxicityCodesCarryTheirGrade(t *testing.T) {
	for _, kind := range []string{"crs", "icans"} {
		for grade, code := range term.ToxicityCodes(kind) {
			if (code == "") != (grade == 0) || grade > 0 && !strings.HasSuffix(code, fmt.Sprint(grade)) {
				t.Errorf("%s of grade %d is %q", kind, grade, code)
			}
		}
	}
	for code, want := range map[string]string{"D89.831": "crs 1", "D89.835": "crs 5", "D89.839": "crs -1", "G92.05": "icans 5", "G92.00": "icans -1", "": " -1", "G92.8": " -1"} {
		kind, grade := term.ToxicityOf(term.ICD10CM, code)
		if got := fmt.Sprint(kind, " ", grade); got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
	if kind, grade := term.ToxicityOf(term.Local, "D89.831"); kind != "" || grade != -1 {
		t.Errorf("a code of another system is %s of grade %d", kind, grade)
	}
	if got := term.ToxicityCodes("gout"); got != [6]string{} {
		t.Errorf("gout is no toxicity: %v", got)
	}
}

func TestURLsAreBelowTheBase(t *testing.T) {
	got := []string{term.Extension(term.ExtGrade), term.Identifier("lot"), term.Algorithm(term.LLDAS), term.Terminology("x", "y", "z").System}
	want := []string{term.Base + "/StructureDefinition/ae-grade", term.Base + "/identifier/lot", "algorithm-lldas-v1", "http://terminology.hl7.org/CodeSystem/x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
