package cart_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firewolf/mapping/cart"
)

func TestAPatientWithoutFaultGivesNoFindings(t *testing.T) {
	got := onePatient().run(t)
	if diff := cmp.Diff([]string(nil), got.findings); diff != "" {
		t.Error(diff)
	}
	want := map[string]int{
		"AdverseEvent": 1, "BiologicallyDerivedProduct": 1, "Condition": 4, "Consent": 1, "Device": 1, "MedicationAdministration": 4,
		"MedicationStatement": 11, "Observation": 25, "Organization": 1, "Patient": 1, "Procedure": 4, "Provenance": 13, "ResearchStudy": 1, "ResearchSubject": 1,
	}
	if diff := cmp.Diff(want, got.counts()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Each case breaks one rule, on the other side of whose threshold the patient without fault stands.
func TestEveryRuleNamesTheCellThatBreaksIt(t *testing.T) {
	tests := []struct {
		name string
		d    delivery
		want []string
	}{
		{"a patient without center", onePatient().set("patients", 2, "center_id", ""), all("center_id required")},
		{"a sex that nobody knows", onePatient().set("patients", 2, "sex", "w"), all("sex code-unknown")},
		{"a day that does not exist", onePatient().set("visits", 2, "visit_date", "2023-02-30"), []string{"visits.csv:2 visit_date date"}},
		{"a year with a digit wrong", onePatient().set("visits", 2, "visit_date", "0223-01-05"), []string{"visits.csv:2 visit_date date"}},
		{"a date of 1900", onePatient().set("patients", 2, "birth_year", "1900"), nil},
		{"a date of the future", onePatient().set("labs", 2, "date", "2027-01-01"), []string{"labs.csv:2 date date-future"}},
		{"a number with a comma", onePatient().set("visits", 2, "pred_mg_d", "2;5"), []string{"visits.csv:2 pred_mg_d number"}},
		{"a dose of more digits than a store keeps", onePatient().set("visits", 2, "pred_mg_d", "123456789012345678901234567890123456789"), []string{"visits.csv:2 pred_mg_d number"}},
		{"a dose with an exponent that nobody means", onePatient().set("visits", 2, "pred_mg_d", "1e400"), []string{"visits.csv:2 pred_mg_d number"}},
		{"a dose as a computer writes it", onePatient().set("visits", 2, "pred_mg_d", "7.000000000000001"), nil},
		{"a dose with an exponent", onePatient().set("visits", 2, "pred_mg_d", "1.5e1"), nil},
		{"a value of more digits than a store keeps", onePatient().set("labs", 2, "value", "<123456789012345678901234567890123456789"), []string{"labs.csv:2 value number"}},
		{"a value that is too small to be one", onePatient().set("labs", 2, "value", "1e-60"), []string{"labs.csv:2 value number"}},
		{"a limit of more digits than a store keeps", onePatient().set("labs", 2, "high", "1e35"), []string{"labs.csv:2 high number"}},
		{"a value that its unit makes too large", onePatient().set("labs", 2, "loinc", "4485-9").set("labs", 2, "value", "1e14").set("labs", 2, "unit", "Yg/fL"), []string{"labs.csv:2 value number"}},
		{"a limit that its unit makes too large", onePatient().set("labs", 2, "loinc", "4485-9").set("labs", 2, "value", "0").set("labs", 2, "unit", "Yg/fL"), []string{"labs.csv:2 high number"}},
		{"a grade with a fraction", onePatient().set("tox", 3, "max_grade", "0.5"), []string{"tox.csv:3 max_grade number"}},
		{"a flag of yes", onePatient().set("visits", 3, "hcq", "yes"), []string{"visits.csv:3 hcq flag"}},
		{"days that are after the infusion", onePatient().set("course", 2, "ld_flu_days", "3..5"), []string{"course.csv:2 ld_flu_days days", "infusion.csv:2 course_no depends", "outcome.csv:2 visit_date infusion-missing", "tox.csv:2 course_no infusion-missing", "tox.csv:3 course_no infusion-missing"}},
		{"a formula as lot", onePatient().set("infusion", 2, "lot", "=1+1"), noInfusion("infusion.csv:2 lot formula")},
		{"a control character", onePatient().set("infusion", 2, "lot", "a\tb"), noInfusion("infusion.csv:2 lot text")},

		{"the same row twice", onePatient().add("labs", "date=2023-01-05", "loinc=5130-0", "value=428", "unit=[IU]/mL", "high=100", "assay=ELISA"), []string{"labs.csv:3 repeated-row"}},
		{"two rows of one key that differ", onePatient().add("labs", "date=2023-01-05", "loinc=5130-0", "value=42", "unit=[IU]/mL", "high=100"), []string{"labs.csv:2 duplicate-key", "labs.csv:3 duplicate-key"}},
		{"two rows of a patient with names of their own", onePatient().set("patients", 2, "row_id", "1").add("patients", "row_id=2", "center_id=SYN-C2", "sex=male"), append(
			append(all("duplicate-key")[:4:4], "patients.csv:2 duplicate-key", "patients.csv:3 duplicate-key"), all("")[5:]...)},
		{"two rows of lupus with names of their own", onePatient().set("sle", 2, "row_id", "1").add("sle", "row_id=2", "status=active"), []string{"patients.csv:2 registry_id sle-missing", "sle.csv:2 duplicate-key", "sle.csv:3 duplicate-key"}},
		{"two rows of a course with names of their own", onePatient().set("course", 2, "row_id", "1").add("course", "row_id=2", "ld_flu_mg_m2=30"), noInfusion("course.csv:2 duplicate-key", "course.csv:3 duplicate-key", "infusion.csv:2 course_no depends")},
		{"a patient without lupus", onePatient().drop("sle"), []string{"patients.csv:2 registry_id sle-missing"}},

		{"an infusion before lymphodepletion", onePatient().set("infusion", 2, "infusion_date", "2023-01-10"), noInfusion("course.csv:2 ld_start ld-days", "infusion.csv:2 infusion_date course-order")},
		{"an infusion on the day of leukapheresis", onePatient().set("infusion", 2, "infusion_date", "2022-12-27"), noInfusion("course.csv:2 ld_start ld-days", "infusion.csv:2 infusion_date course-order", "infusion.csv:2 infusion_date course-order")},
		{"an infusion in a month", onePatient().set("infusion", 2, "infusion_date", "2023-01"), noInfusion("infusion.csv:2 infusion_date infusion-day")},
		{"lymphodepletion before leukapheresis", onePatient().set("course", 2, "apheresis_date", "2023-01-12"), noInfusion("course.csv:2 ld_start course-order", "infusion.csv:2 course_no depends")},
		{"lymphodepletion that starts on another day", onePatient().set("course", 2, "ld_start", "2023-01-11"), []string{"course.csv:2 ld_start ld-days"}},
		{"lymphodepletion in the month of leukapheresis", onePatient().set("course", 2, "apheresis_date", "2023-01"), nil},
		{"lymphodepletion in the year of leukapheresis", onePatient().set("course", 2, "apheresis_date", "2023"), nil},
		{"a leukapheresis in a month after the infusion", onePatient().set("course", 2, "apheresis_date", "2023-02").set("course", 2, "ld_start", ""), noInfusion("infusion.csv:2 infusion_date course-order")},
		{"lymphodepletion in a month after the infusion", onePatient().set("course", 2, "ld_start", "2023-02"), noInfusion("infusion.csv:2 infusion_date course-order")},
		{"a drug on the day of leukapheresis", onePatient().set("course", 2, "apheresis_date", "2023-01-12").set("course", 2, "ld_start", ""), noInfusion("course.csv:2 ld_flu_days course-order", "infusion.csv:2 course_no depends")},
		{"a drug on the day after leukapheresis", onePatient().set("course", 2, "apheresis_date", "2023-01-11").set("course", 2, "ld_start", ""), nil},
		{"a drug on the day of the infusion", onePatient().set("course", 2, "ld_flu_days", "6"), noInfusion("course.csv:2 ld_flu_days course-order", "course.csv:2 ld_start ld-days", "infusion.csv:2 course_no depends")},
		{"a drug on the day before the infusion", onePatient().set("course", 2, "ld_flu_days", "5").set("course", 2, "ld_cy_days", "-5"), nil},
		{"the day of the infusion as one of lymphodepletion", onePatient().set("course", 2, "ld_flu_days", "-5..0"), noInfusion("course.csv:2 ld_flu_days days", "infusion.csv:2 course_no depends")},
		{"no days of a drug", onePatient().set("course", 2, "ld_flu_days", "0"), noInfusion("course.csv:2 ld_flu_days days", "infusion.csv:2 course_no depends")},
		{"days of another year", onePatient().set("course", 2, "ld_flu_days", "-1000..-998"), noInfusion("course.csv:2 ld_flu_days days", "infusion.csv:2 course_no depends")},
		{"more days of a drug than lymphodepletion has", onePatient().set("course", 2, "ld_flu_days", "15").set("course", 2, "ld_start", ""), noInfusion("course.csv:2 ld_flu_days days", "infusion.csv:2 course_no depends")},
		{"more offsets of days than lymphodepletion has days", onePatient().set("course", 2, "ld_flu_days", "-17..-3").set("course", 2, "ld_start", ""), noInfusion("course.csv:2 ld_flu_days days", "infusion.csv:2 course_no depends")},
		{"as many days of a drug as lymphodepletion can have", onePatient().set("course", 2, "ld_flu_days", "-16..-3").set("course", 2, "ld_start", ""), nil},
		{"a dose without days", onePatient().set("course", 2, "ld_cy_days", ""), []string{"course.csv:2 ld_cy_mg_m2 ld-incomplete"}},
		{"days without a dose", onePatient().set("course", 2, "ld_cy_mg_m2", ""), []string{"course.csv:2 ld_cy_days ld-incomplete"}},
		{"days that count from a start that is missing", onePatient().set("course", 2, "ld_cy_days", "1").set("course", 2, "ld_start", "2023-01"), []string{"course.csv:2 ld_cy_days ld-incomplete"}},
		{"a syndrome before the infusion", onePatient().set("tox", 2, "onset", "2023-01-16"), []string{"tox.csv:2 onset course-order"}},
		{"a syndrome 31 days after the infusion", onePatient().set("tox", 2, "onset", "2023-02-17").set("tox", 2, "end", ""), []string{"tox.csv:2 onset crs-onset"}},
		{"a syndrome 30 days after the infusion", onePatient().set("tox", 2, "onset", "2023-02-16").set("tox", 2, "end", ""), nil},
		{"a neurotoxicity 46 days after the infusion", onePatient().set("tox", 3, "max_grade", "2").set("tox", 3, "onset", "2023-03-04"), []string{"tox.csv:3 onset icans-onset"}},
		{"a neurotoxicity 45 days after the infusion", onePatient().set("tox", 3, "max_grade", "2").set("tox", 3, "onset", "2023-03-03"), nil},
		{"a grade of 6", onePatient().set("tox", 2, "max_grade", "6"), []string{"tox.csv:2 max_grade grade-range"}},
		{"a grade below 0", onePatient().set("tox", 2, "max_grade", "-1"), []string{"tox.csv:2 max_grade grade-range"}},
		{"a code of another grade", onePatient().set("tox", 2, "icd_code", "D89.832"), []string{"tox.csv:2 icd_code grade-icd"}},
		{"a code of another grade beside grade 0", onePatient().set("tox", 3, "icd_code", "G92.01"), []string{"tox.csv:3 icd_code grade-none"}},
		{"the code of an infection", onePatient().add("tox", "type=infection", "onset=2023-05", "max_grade=3", "icd_code=J18.9"), nil},
		{"an infection with a code that is none", onePatient().add("tox", "type=infection", "onset=2023-05", "max_grade=3", "icd_code=pneumonia"), []string{"tox.csv:4 icd_code code-unknown"}},
		{"grade 0 that ended", onePatient().set("tox", 3, "end", "2023-01-20"), []string{"tox.csv:3 end grade-none"}},
		{"grade 0 that was treated", onePatient().set("tox", 3, "toci", "1").set("tox", 3, "steroid", "1"), []string{"tox.csv:3 toci grade-none", "tox.csv:3 steroid grade-none"}},
		{"grade 0 that was serious and resolved", onePatient().set("tox", 3, "serious", "1").set("tox", 3, "outcome", "resolved"), []string{"tox.csv:3 serious grade-none", "tox.csv:3 outcome grade-none"}},
		{"grade 0 that was neither treated nor serious", onePatient().set("tox", 3, "toci", "0").set("tox", 3, "serious", "0").set("tox", 3, "outcome", "unknown"), nil},
		{"grade 0 beside a grade", onePatient().add("tox", "row_id=2", "course_no=1", "type=crs", "max_grade=0"), []string{"tox.csv:4 max_grade grade-none"}},
		{"grade 0 beside a grade after another infusion", onePatient().add("infusion", "course_no=2", "infusion_date=2024-01-17", "product=bcma").add("tox", "course_no=2", "type=crs", "max_grade=0"), nil},
		{"ICE of 9 and no ICANS", onePatient().set("tox", 3, "ice", "9"), []string{"tox.csv:3 max_grade icans-ice"}},
		{"ICE of 7 and grade 1", onePatient().set("tox", 3, "ice", "7").set("tox", 3, "max_grade", "1").set("tox", 3, "onset", "2023-01-20"), nil},
		{"ICE of 6 and grade 1", onePatient().set("tox", 3, "ice", "6").set("tox", 3, "max_grade", "1").set("tox", 3, "onset", "2023-01-20"), []string{"tox.csv:3 max_grade icans-ice"}},
		{"ICE of 3 and grade 2", onePatient().set("tox", 3, "ice", "3").set("tox", 3, "max_grade", "2").set("tox", 3, "onset", "2023-01-20"), nil},
		{"ICE of 2 and grade 2", onePatient().set("tox", 3, "ice", "2").set("tox", 3, "max_grade", "2").set("tox", 3, "onset", "2023-01-20"), []string{"tox.csv:3 max_grade icans-ice"}},
		{"a fatal syndrome of nobody dead", onePatient().set("tox", 2, "outcome", "fatal"), []string{"tox.csv:2 outcome death-missing"}},
		{"grade 5 of nobody dead", onePatient().set("tox", 2, "max_grade", "5").set("tox", 2, "icd_code", ""), []string{"tox.csv:2 outcome death-missing"}},
		{"a fatal syndrome of somebody dead", onePatient().set("tox", 2, "outcome", "fatal").add("outcome", "death_date=2023-05-01"), nil},
		{"grade 0 with an onset", onePatient().set("tox", 3, "onset", "2023-01-20"), []string{"tox.csv:3 onset grade-dates"}},
		{"grade 1 without an onset", onePatient().set("tox", 2, "onset", ""), []string{"tox.csv:2 onset grade-dates"}},
		{"an end before the onset", onePatient().set("tox", 2, "end", "2023-01-20"), []string{"tox.csv:2 end period"}},
		{"ICE of 11", onePatient().set("tox", 3, "ice", "11"), []string{"tox.csv:3 ice ice-range"}},
		{"ICE of 10", onePatient().set("tox", 3, "ice", "10"), nil},
		{"two infusions of one course", onePatient().add("infusion", "row_id=2", "course_no=1", "infusion_date=2023-02-17", "product=other-cd19"), []string{"infusion.csv:3 course_no one-infusion"}},

		{"PGA above its scale", onePatient().set("visits", 2, "pga", "3.1"), []string{"visits.csv:2 pga pga-range"}},
		{"PGA at the end of its scale", onePatient().set("visits", 2, "pga", "3"), nil},
		{"PGA of 40 on a scale of 100", onePatient().set("visits", 2, "pga", "40").set("visits", 2, "pga_scale", "100"), nil},
		{"a dose of prednisolone below 0", onePatient().set("visits", 2, "pred_mg_d", "-5"), []string{"visits.csv:2 pred_mg_d pred-range"}},
		{"SDI of 48", onePatient().set("visits", 3, "sdi", "48"), []string{"visits.csv:3 sdi sdi-range"}},
		{"SDI that falls in a year that the other is in", onePatient().set("visits", 2, "sdi", "2").set("visits", 2, "visit_date", "2023"), nil},
		{"SDI that falls from a year to the next", onePatient().set("visits", 2, "sdi", "2").set("visits", 2, "visit_date", "2022"), []string{"visits.csv:3 sdi sdi-monotone"}},
		{"SDI that falls", onePatient().set("visits", 2, "sdi", "2"), []string{"visits.csv:3 sdi sdi-monotone"}},
		{"a total that is no sum of its items", onePatient().set("sledai", 2, "total", "12"), []string{"sledai.csv:2 total sledai-sum"}},
		{"a total above 105", onePatient().set("sledai", 2, "total", "106"), []string{"sledai.csv:2 total sledai-total"}},
		{"a total that no weights give", onePatient().set("sledai", 2, "total", "104").set("sledai", 2, "s22", ""), []string{"sledai.csv:2 total sledai-total"}},
		{"a total above what is not known", onePatient().set("sledai", 3, "total", "9").set("sledai", 3, "s01", ""), []string{"sledai.csv:3 total sledai-total"}},
		{"a total of what is not known", onePatient().set("sledai", 3, "total", "8").set("sledai", 3, "s01", "").set("outcome", 2, "doris", "not-met").set("outcome", 2, "lldas", "not-met"), nil},
		{"a score above 51", onePatient().set("sle", 2, "aclr2019_score", "52"), []string{"patients.csv:2 registry_id sle-missing", "sle.csv:2 aclr2019_score score-range"}},
		{"a titer in words", onePatient().set("sle", 2, "ana_titer", "high"), []string{"patients.csv:2 registry_id sle-missing", "sle.csv:2 ana_titer titer"}},
		{"lupus by a drug", onePatient().set("sle", 2, "icd_code", "M32.0"), []string{"patients.csv:2 registry_id sle-missing", "sle.csv:2 icd_code icd-lupus"}},
		{"lupus in remission", onePatient().set("sle", 2, "icd_code", "698694005"), nil},
		{"a code that ICD-10-CM does not have", onePatient().set("sle", 2, "icd_code", "M32.99"), []string{"patients.csv:2 registry_id sle-missing", "sle.csv:2 icd_code icd-lupus"}},
		{"lupus without more", onePatient().set("sle", 2, "icd_code", "M32"), nil},
		{"a class of nephritis and no nephritis", onePatient().set("sle", 2, "organ_renal", "0"), []string{"sle.csv:2 organ_renal nephritis"}},
		{"a biopsy without a class", onePatient().set("sle", 2, "ln_class", ""), []string{"sle.csv:2 ln_biopsy_date nephritis"}},
		{"another disease", onePatient().set("sle", 2, "icd_code", "M33.1"), []string{"patients.csv:2 registry_id sle-missing", "sle.csv:2 icd_code icd-lupus"}},
		{"a therapy that ends before it starts", onePatient().set("prior_tx", 2, "stop", "2018"), []string{"prior_tx.csv:2 stop period"}},
		{"a therapy that stopped nobody knows when", onePatient().set("prior_tx", 2, "stop", ""), []string{"prior_tx.csv:2 stop stop-missing"}},
		{"a therapy that goes on", onePatient().set("prior_tx", 2, "stop", "").set("prior_tx", 2, "reason_stop", ""), nil},
		{"a syndrome that goes on and has an end", onePatient().set("tox", 2, "outcome", "ongoing"), []string{"tox.csv:2 outcome outcome-end"}},
		{"a syndrome that goes on", onePatient().set("tox", 2, "outcome", "ongoing").set("tox", 2, "end", ""), nil},
		{"a drug that nobody knows", onePatient().set("prior_tx", 2, "drug", "wonderumab"), []string{"prior_tx.csv:2 drug code-unmapped"}},

		{"a dose per kg above 10", onePatient().set("infusion", 2, "dose_e6_per_kg", "11").set("infusion", 2, "dose_total_e6", "671"), []string{"infusion.csv:2 dose_e6_per_kg dose-range"}},
		{"a total dose that is too much for the weight", onePatient().set("infusion", 2, "dose_e6_per_kg", "").set("infusion", 2, "dose_total_e6", "611"), []string{"infusion.csv:2 dose_total_e6 dose-range"}},
		{"a total dose that is just not too much for the weight", onePatient().set("infusion", 2, "dose_e6_per_kg", "").set("infusion", 2, "dose_total_e6", "610"), nil},
		{"a total dose that is too little for the weight", onePatient().set("infusion", 2, "dose_e6_per_kg", "").set("infusion", 2, "dose_total_e6", "0.6"), []string{"infusion.csv:2 dose_total_e6 dose-range"}},
		{"a total dose that is 11 % off", onePatient().set("infusion", 2, "dose_total_e6", "67.8"), noInfusion("infusion.csv:2 dose_total_e6 dose-total")},
		{"a total dose that is 10 % off", onePatient().set("infusion", 2, "dose_total_e6", "67.1"), nil},
		{"viability above 100 %", onePatient().set("infusion", 2, "viability_pct", "101"), noInfusion("infusion.csv:2 viability_pct percent")},
		{"the harvest as administration", onePatient().set("infusion", 2, "procedure_code", "0537T"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"the code of another product", onePatient().set("infusion", 2, "procedure_code", "XW033C7").set("infusion", 2, "product", "tisa-cel"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"the code of a product by its brand", onePatient().set("infusion", 2, "procedure_code", "XW033C7").set("infusion", 2, "product", "Kymriah"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"the code of ide-cel for another product", onePatient().set("infusion", 2, "procedure_code", "XW043K7").set("infusion", 2, "product", "mb-cart19-1"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"the code of autologous CAR-T cells", onePatient().set("infusion", 2, "procedure_code", "XW043C7").set("infusion", 2, "product", "mb-cart19-1"), nil},
		{"the code of tumor infiltrating lymphocytes", onePatient().set("infusion", 2, "procedure_code", "XW033L7"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"leukapheresis as administration", onePatient().set("infusion", 2, "procedure_code", "6A550Z1"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"another procedure of CPT", onePatient().set("infusion", 2, "procedure_code", "38241"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"the administration of CPT", onePatient().set("infusion", 2, "procedure_code", "0540T"), nil},
		{"the collection of OPS", onePatient().set("infusion", 2, "procedure_code", "5-410.30"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"another code of OPS", onePatient().set("infusion", 2, "procedure_code", "8-802.24"), []string{"infusion.csv:2 procedure_code code-unmapped"}},
		{"a word as code", onePatient().set("infusion", 2, "procedure_code", "infusion"), noInfusion("infusion.csv:2 procedure_code procedure-code")},
		{"a product that nobody knows", onePatient().set("infusion", 2, "product", "new-cel"), []string{"infusion.csv:2 product code-unmapped"}},

		{"an outcome before the infusion", onePatient().set("outcome", 2, "visit_date", "2023-01-05").set("outcome", 2, "doris", "not-met").set("outcome", 2, "lldas", "not-met"), []string{"outcome.csv:2 visit_date outcome-before-infusion"}},
		{"a relapse before the infusion", onePatient().set("outcome", 2, "relapse_date", "2023-01-05"), []string{"outcome.csv:2 relapse_date outcome-before-infusion"}},
		{"remission with clinical activity", onePatient().set("sledai", 3, "s15", "1").set("sledai", 3, "total", "2"), []string{"outcome.csv:2 doris doris-csledai"}},
		{"remission with a total that serology does not explain", only("5"), []string{"outcome.csv:2 doris doris-csledai"}},
		{"remission with a total that serology can explain", only("4"), nil},
		{"remission with a total that is more than what is left of serology", only("4").set("sledai", 3, "s20", "0"), []string{"outcome.csv:2 doris doris-csledai"}},
		{"remission with clinical activity at the visit of some day of a month", onePatient().set("sledai", 3, "s15", "1").set("sledai", 3, "total", "2").set("sledai", 3, "visit_date", "2023-04").set("outcome", 2, "visit_date", "2023-04"), []string{"outcome.csv:2 doris doris-csledai"}},
		{"remission with clinical activity at another visit of that month", onePatient().set("sledai", 3, "s15", "1").set("sledai", 3, "total", "2").set("sledai", 3, "visit_date", "2023-04").set("sledai", 3, "visit_code", "").set("outcome", 2, "visit_date", "2023-04"), nil},
		{"remission with serological activity alone", onePatient().set("sledai", 3, "s20", "1").set("sledai", 3, "total", "2"), nil},
		{"low activity with PGA above 1", onePatient().set("visits", 3, "pga", "1.1"), []string{"outcome.csv:2 lldas lldas-pga"}},
		{"low activity with PGA just above 1 on another scale", onePatient().set("visits", 3, "pga", "33.4").set("visits", 3, "pga_scale", "100"), []string{"outcome.csv:2 lldas lldas-pga"}},
		{"low activity with PGA just below 1 on another scale", onePatient().set("visits", 3, "pga", "3.33").set("visits", 3, "pga_scale", "10"), nil},
		{"low activity with PGA 1", onePatient().set("visits", 3, "pga", "1"), nil},
		{"remission without low activity", onePatient().set("outcome", 2, "lldas", "not-met"), []string{"outcome.csv:2 lldas doris-lldas"}},
		{"a visit after the death", onePatient().add("outcome", "death_date=2023-04-17", "cause=other"), []string{"outcome.csv:2 visit_date after-death", "sledai.csv:3 visit_date after-death", "visits.csv:3 visit_date after-death"}},
		{"a toxicity that ends after the death", onePatient().add("outcome", "death_date=2023-04-20").add("tox", "type=infection", "onset=2023-04-19", "end=2023-04-21", "max_grade=2"), []string{"tox.csv:4 end after-death"}},
		{"a therapy after the death", onePatient().add("outcome", "death_date=2023-04-20").add("prior_tx", "line=2", "drug=rituximab", "start=2023-05", "stop=2023-06"), []string{"prior_tx.csv:3 start after-death"}},
		{"a biopsy after the death", onePatient().add("outcome", "death_date=2023-04-20").set("sle", 2, "ln_biopsy_date", "2023-05"), []string{"patients.csv:2 registry_id sle-missing", "sle.csv:2 ln_biopsy_date after-death"}},
		{"a visit on the day of the death", onePatient().add("outcome", "death_date=2023-04-18"), nil},
		{"a visit in the month of the death", onePatient().add("outcome", "death_date=2023-04"), nil},
		{"two dates of death", onePatient().add("outcome", "row_id=1", "death_date=2024-01-01").add("outcome", "row_id=2", "death_date=2024-01-02"), []string{"outcome.csv:4 death_date two-deaths"}},
		{"two causes of death", onePatient().add("outcome", "row_id=1", "death_date=2024-01-01", "cause=lupus").add("outcome", "row_id=2", "death_date=2024-01-01", "cause=other"), []string{"outcome.csv:4 cause two-deaths"}},
		{"one cause of death, told twice", onePatient().add("outcome", "row_id=1", "death_date=2024-01-01", "cause=lupus").add("outcome", "row_id=2", "death_date=2024-01-01"), nil},
		{"an outcome after a second infusion that was rejected", onePatient().add("infusion", "course_no=2", "infusion_date=2023-04-01", "product=other-cd19", "viability_pct=101"), []string{"infusion.csv:3 viability_pct percent", "outcome.csv:2 visit_date infusion-missing"}},
		{"an outcome before a second infusion that was rejected", onePatient().add("infusion", "course_no=2", "infusion_date=2023-04-19", "product=other-cd19", "viability_pct=101"), []string{"infusion.csv:3 viability_pct percent"}},
		{"an outcome after a second infusion whose date cannot be read", onePatient().add("infusion", "course_no=2", "infusion_date=19.4.2023", "product=other-cd19"), []string{"infusion.csv:3 infusion_date date", "outcome.csv:2 visit_date infusion-missing"}},
		{"a patient without consent", onePatient().set("patients", 2, "consent_date", ""), []string{"patients.csv:2 consent_date consent-missing"}},
		{"a patient of whose consent only the end is known", onePatient().set("patients", 2, "consent_date", "").set("patients", 2, "withdrawal_date", "2025"), nil},
		{"a withdrawal before the consent", onePatient().set("patients", 2, "withdrawal_date", "2021"), []string{"patients.csv:2 withdrawal_date withdrawal-early"}},
		{"a line of therapy before the first", onePatient().set("prior_tx", 2, "line", "0"), []string{"prior_tx.csv:2 line not-positive"}},
		{"a course before the first", onePatient().set("tox", 2, "course_no", "-1"), []string{"tox.csv:2 course_no not-positive"}},
		{"a negative dose of fludarabine", onePatient().set("course", 2, "ld_flu_mg_m2", "-25"), []string{"course.csv:2 ld_flu_mg_m2 not-positive", "infusion.csv:2 course_no depends", "outcome.csv:2 visit_date infusion-missing", "tox.csv:2 course_no infusion-missing", "tox.csv:3 course_no infusion-missing"}},
		{"no dose of cyclophosphamide", onePatient().set("course", 2, "ld_cy_mg_m2", "0"), []string{"course.csv:2 ld_cy_mg_m2 not-positive", "infusion.csv:2 course_no depends", "outcome.csv:2 visit_date infusion-missing", "tox.csv:2 course_no infusion-missing", "tox.csv:3 course_no infusion-missing"}},
		{"a negative dose of cells", onePatient().set("infusion", 2, "dose_e6_per_kg", "-1"), []string{"infusion.csv:2 dose_e6_per_kg not-positive", "outcome.csv:2 visit_date infusion-missing", "tox.csv:2 course_no infusion-missing", "tox.csv:3 course_no infusion-missing"}},
		{"a patient without weight", onePatient().set("infusion", 2, "weight_kg", "0"), []string{"infusion.csv:2 weight_kg not-positive", "outcome.csv:2 visit_date infusion-missing", "tox.csv:2 course_no infusion-missing", "tox.csv:3 course_no infusion-missing"}},
		{"a cause of no death", onePatient().set("outcome", 2, "cause", "lupus"), []string{"outcome.csv:2 cause cause-alone"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.d.run(t)
			if diff := cmp.Diff(tt.want, got.findings, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s\n%v", diff, got.texts)
			}
		})
	}
}

// Where the day begins earlier than in Greenwich, the visits of this morning are not of the future.
func TestTodayIsTheDayOfWhoImports(t *testing.T) {
	tests := []struct {
		now  string
		want []string
	}{
		{"2026-11-30T08:00:00+09:00", nil},
		{"2026-11-30T00:00:00Z", nil},
		{"2026-11-29T23:59:59Z", []string{"labs.csv:2 date date-future"}},
		{"2026-11-29T20:00:00-05:00", []string{"labs.csv:2 date date-future"}},
	}
	dir := onePatient().set("labs", 2, "date", "2026-11-30").write(t)
	for _, tt := range tests {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, runFolder(t, dir, cart.Options{Now: now}).findings); diff != "" {
			t.Errorf("at %s (-want +got)\n%s", tt.now, diff)
		}
	}
}

// only is a patient of whose second SLEDAI-2K the total alone is known.
func only(total string) delivery {
	d := onePatient().set("sledai", 3, "total", total).set("outcome", 2, "lldas", "")
	for k := range 24 {
		d[`sledai`][2][4+k] = ""
	}
	return d
}

// all are the findings where the row of the patient is rejected: nothing of the patient can land.
func all(first string) []string {
	l := []string{"course.csv:2 registry_id patient-missing", "infusion.csv:2 registry_id patient-missing", "labs.csv:2 registry_id patient-missing", "outcome.csv:2 registry_id patient-missing", "patients.csv:2 " + first}
	for _, at := range []string{"prior_tx.csv:2", "sle.csv:2", "sledai.csv:2", "sledai.csv:3", "tox.csv:2", "tox.csv:3", "visits.csv:2", "visits.csv:3"} {
		l = append(l, at+" registry_id patient-missing")
	}
	return l
}

// noInfusion adds the findings of what is about the infusion, where that was rejected.
func noInfusion(first ...string) []string {
	return append(first, "outcome.csv:2 visit_date infusion-missing", "tox.csv:2 course_no infusion-missing", "tox.csv:3 course_no infusion-missing")
}

func TestEveryRuleHasItsOwnIDAndASentence(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range cart.Rules() {
		if seen[r.ID] || r.ID == "" || r.About == "" || r.Severity == "" {
			t.Errorf("rule %q stands twice, or says nothing", r.ID)
		}
		seen[r.ID] = true
	}
}
