package cart_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/mapping"
	"firewolf/mapping/cart"
)

// Each concept of the field has the representation that its search expects. A case names a type and texts that exactly one resource has.
func TestEveryConceptHasItsRepresentation(t *testing.T) {
	rich := func() delivery {
		d := onePatient().set("patients", 2, "withdrawal_date", "2025-01-01").set("patients", 2, "crid", "1234567890123")
		d.set("course", 2, "bridging", "1").set("tox", 2, "toci", "1").set("tox", 2, "steroid", "1").set("tox", 3, "max_grade", "4").set("tox", 3, "onset", "2023-01-22").set("tox", 3, "ice", "0")
		d.add("tox", "type=infection", "max_grade=3", "onset=2023-05", "scale=ctcae-5", "serious=1", "outcome=ongoing").add("tox", "type=infection", "max_grade=2", "onset=2023-07-01", "scale=ctcae-5")
		d.add("outcome", "relapse_date=2024-01-02").add("outcome", "death_date=2025-03-04", "cause=lupus")
		d.set("visits", 2, "pga", "70").set("visits", 2, "pga_scale", "100").set("sledai", 2, "s01", "").set("sledai", 2, "total", "")
		return d
	}
	const id = "SYN-A01"
	tests := []struct {
		name  string
		typ   string
		texts []string
	}{
		{"the patient", "Patient", []string{`"value":"` + id + `"`, `"value":"1234567890123"`, `"code":"SYN-C1"`, `"gender":"female"`, `"birthDate":"1999"`, `"deceasedDateTime":"2025-03-04"`}},
		{"a consent that was withdrawn", "Consent", []string{`"status":"inactive"`, `"type":"deny"`, `"start":"2025-01-01"`, `"dateTime":"2022-12-02"`}},
		{"lupus with a partial date", "Condition", []string{`"code":"55464009"`, `"code":"M32.14"`, `"onsetDateTime":"2018-11"`, `"evidence":[`}},
		{"nephritis with its class and biopsy, due to lupus", "Condition", []string{`"code":"68815009"`, `"code":"isn-rps-iii"`, `condition-dueTo`, `"assessment":[`}},
		{"an organ", "Condition", []string{`"code":"organ-joints"`, `condition-dueTo`}},
		{"the titer", "Observation", []string{`"code":"5048-4"`, `"value":1280,`, `"code":"{titer}"`}},
		{"the classification", "Observation", []string{`"code":"eular-acr-2019"`, `"value":28,`, `"derivedFrom":[`}},
		{"a therapy before", "MedicationStatement", []string{`"code":"68149"`, `"status":"stopped"`, `"code":"refractory"`, `"start":"2019-01-10","end":"2023-01-12"`, `"valuePositiveInt":1`}},
		{"a drug that is not taken at a visit", "MedicationStatement", []string{`"code":"68149"`, `"status":"not-taken"`, `"effectiveDateTime":"2023-04-18"`}},
		{"the course", "Procedure", []string{`"code":"cart-course"`, `"status":"completed"`, `"start":"2022-12-27","end":"2023-01-17"`}},
		{"leukapheresis", "Procedure", []string{`"code":"t-cell-leukapheresis"`, `"performedDateTime":"2022-12-27"`, `"partOf":[`}},
		{"bridging", "Procedure", []string{`"code":"bridging"`, `"start":"2022-12-27","end":"2023-01-12"`}},
		{"lymphodepletion", "Procedure", []string{`"code":"lymphodepletion"`, `"start":"2023-01-12","end":"2023-01-14"`}},
		// sqrt(61 * 168 / 3600) = 1.6872 m2, times 25 and 1000.
		{"fludarabine of the second day", "MedicationAdministration", []string{`"code":"24698"`, `"effectiveDateTime":"2023-01-13"`, `"value":25,`, `"value":42,"unit":"mg"`}},
		{"cyclophosphamide", "MedicationAdministration", []string{`"code":"3002"`, `"effectiveDateTime":"2023-01-14"`, `"value":1687,"unit":"mg"`}},
		{"the infusion", "Procedure", []string{`"code":"1156961008"`, `"code":"C126102"`, `"code":"cart-infusion"`, `"performedDateTime":"2023-01-17"`, `procedure-used-product`, `"valuePositiveInt":1`, `"complicationDetail":[`, `"code":"277132007"`}},
		{"the product", "BiologicallyDerivedProduct", []string{`"productCategory":"cells"`, `"code":"other-cd19"`, `"code":"cd19"`, `"value":"SYN-L1"`, `"valueBoolean":false`, `"collectedDateTime":"2022-12-27"`}},
		{"the dose", "Observation", []string{`"code":"cart-dose"`, `"value":1.0,"unit":"10*6/kg"`, `"value":61,"unit":"10*6"`, `"value":94,"unit":"%"`}},
		{"a rescaled PGA", "Observation", []string{`"code":"pga"`, `"value":2.1,`, `"valueString":"70 of 100"`, `"code":"tp-base"`}},
		{"a PGA of 0.2", "Observation", []string{`"code":"pga"`, `"value":0.2,`, `"code":"tp-m03"`}},
		{"the glucocorticoid", "Observation", []string{`"code":"gc-dose"`, `"value":15,"unit":"mg/d"`}},
		{"a score with an unknown item", "Observation", []string{`"code":"sledai-2k"`, `"dataAbsentReason":`, `"code":"tp-base"`}},
		{"a score of 0 about the infusion", "Observation", []string{`"code":"sledai-2k"`, `"value":0,"unit":"score"`, `"code":"tp-m03"`, `"focus":[`, `"code":"instrument-sledai-2k"`}},
		{"anti-dsDNA with its range", "Observation", []string{`"code":"5130-0"`, `"value":428,"unit":"[IU]/mL"`, `"high":{"value":100`, `"code":"H"`, `"method":{"text":"ELISA"}`}},
		{"the syndrome", "Condition", []string{`"code":"crs"`, `"code":"D89.831"`, `"code":"grade-1"`, `"code":"astct-2019"`, `condition-dueTo`, `"onsetDateTime":"2023-01-21","abatementDateTime":"2023-01-23"`, `"code":"resolved"`}},
		{"its event", "AdverseEvent", []string{`"code":"crs"`, `"code":"C41338"`, `"code":"mild"`, `"suspectEntity":[{"instance":{"reference":"Procedure/`, `"resultingCondition":[`}},
		{"a neurotoxicity of grade 4", "AdverseEvent", []string{`"code":"icans"`, `"code":"grade-4"`, `"code":"severe"`}},
		{"its score", "Observation", []string{`"code":"ice-score"`, `"value":0,`}},
		{"tocilizumab for it", "MedicationAdministration", []string{`"code":"612865"`, `"start":"2023-01-21","end":"2023-01-23"`, `"reasonReference":[{"reference":"Condition/`}},
		{"a glucocorticoid for it", "MedicationAdministration", []string{`"code":"other-glucocorticoid"`}},
		{"the highest grade of the syndrome", "Observation", []string{`"code":"crs-max-grade"`, `"value":1,"unit":"grade"`, `"start":"2023-01-17","end":"2023-01-31"`}},
		{"the highest grade of two infections", "Observation", []string{`"code":"infection-max-grade"`, `"value":3,`, `"end":"2023-07-01"`}},
		{"an infection of a month", "Condition", []string{`"code":"infection"`, `"onsetDateTime":"2023-05"`, `"code":"active"`}},
		{"remission as the clinician judged it", "Observation", []string{`"code":"doris-2021"`, `"code":"criterion-met"`, `"code":"103338009"`, `"code":"method-clinician"`, `"focus":[`, `"derivedFrom":[`, `"effectiveDateTime":"2023-04-18"`}},
		{"low activity", "Observation", []string{`"code":"lldas"`, `"code":"criterion-met"`}},
		{"a relapse", "Observation", []string{`"code":"relapse"`, `"effectiveDateTime":"2024-01-02"`}},
		{"the cause of death", "Observation", []string{`"code":"cause-of-death"`, `"code":"death-lupus"`}},
		{"until when the patient lived for sure", "Observation", []string{`"code":"last-known-alive"`, `"valueBoolean":true`, `"effectiveDateTime":"2023-04-18"`}},
		{"hemolysis", "Observation", []string{`"code":"hemolytic-anemia"`, `"valueBoolean":false`, `"code":"tp-m03"`}},
		{"damage", "Observation", []string{`"code":"sdi"`, `"value":1,`, `"code":"tp-base"`}},
		{"the registry as a study", "ResearchStudy", []string{`"title":"Systemic lupus erythematosus treated with CAR-T cells: a registry"`, `"status":"active"`, `"code":"55464009"`}},
		{"a part in it that ended", "ResearchSubject", []string{`"status":"withdrawn"`, `"period":{"start":"2022-12-02","end":"2025-01-01"}`, `"study":{"reference":"ResearchStudy/`, `"individual":{"reference":"Patient/`, `"consent":{"reference":"Consent/`}},
		{"the center", "Organization", []string{`"name":"SYN-C1"`}},
		{"the software", "Device", []string{`"name":"Firewolf"`}},
		{"where a laboratory value comes from", "Provenance", []string{`"display":"a row of labs"`, `"source-row-sha256"`[1:18], `"code":"assembler"`, `"recorded":"2026-06-01T12:00:00.000Z"`}},
	}
	got := rich().run(t)
	if len(got.findings) > 0 {
		t.Errorf("%v", got.texts)
	}
	for _, tt := range tests {
		if n := len(got.has(tt.typ, tt.texts...)); n != 1 {
			t.Errorf("%s: %d of %s with %q, want one", tt.name, n, tt.typ, tt.texts)
		}
	}
}

func TestACourseWithoutInfusionSaysSo(t *testing.T) {
	d := onePatient().set("infusion", 2, "infusion_date", "").set("infusion", 2, "oos", "1").drop("tox").drop("outcome")
	got := d.run(t)
	if len(got.findings) > 0 {
		t.Error(got.texts)
	}
	for _, tt := range []struct {
		typ   string
		texts []string
	}{
		{"Procedure", []string{`"code":"cart-infusion"`, `"status":"not-done"`, `"code":"out-of-specification"`}},
		{"Procedure", []string{`"code":"cart-course"`, `"status":"stopped"`}},
		{"BiologicallyDerivedProduct", []string{`"status":"unavailable"`, `"valueBoolean":true`}},
	} {
		if n := len(got.has(tt.typ, tt.texts...)); n != 1 {
			t.Errorf("%d of %s with %q", n, tt.typ, tt.texts)
		}
	}
	if n := len(got.has("Observation", `"code":"cart-dose"`)); n != 0 {
		t.Error("there is a dose of what was not infused")
	}
}

// Offsets count from the infusion. Where there is none the first of all of them is the start of lymphodepletion: cyclophosphamide on day -3 is
// two days after fludarabine of day -5.
func TestDaysOfLymphodepletionKeepTheirOffsetsWithoutAnInfusion(t *testing.T) {
	tests := []struct {
		flu, cy, start string
		want           []string // of fludarabine, then of cyclophosphamide
	}{
		{"-5..-3", "-3", "2023-01-12", []string{"2023-01-12", "2023-01-13", "2023-01-14", "2023-01-14"}},
		{"-4 -3", "-5", "2023-01-12", []string{"2023-01-13", "2023-01-14", "2023-01-12"}},
		{"2", "-3", "2023-01-12", []string{"2023-01-12", "2023-01-13", "2023-01-12"}},
	}
	for _, tt := range tests {
		d := onePatient().drop("infusion").drop("tox").drop("outcome").set("course", 2, "ld_flu_days", tt.flu).set("course", 2, "ld_cy_days", tt.cy).set("course", 2, "ld_start", tt.start)
		var got []string
		for _, a := range d.run(t).has("MedicationAdministration") {
			_, rest, _ := strings.Cut(string(a.Body), `"effectiveDateTime":"`)
			got = append(got, rest[:10])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s and %s (-want +got)\n%s", tt.flu, tt.cy, diff)
		}
	}
}

func TestEachCourseIsAPartOfItsOwnAndWhatFollowsItBelongsToIt(t *testing.T) {
	d := onePatient().add("course", "course_no=2", "apheresis_date=2024-02-01").add("infusion", "course_no=2", "infusion_date=2024-03-01", "product=bcma").
		add("labs", "date=2024-03-05", "loinc=8116-6", "value=0", "unit=/uL").add("outcome", "visit_date=2024-06-01", "doris=not-met").add("tox", "course_no=2", "type=crs", "max_grade=0")
	got := d.run(t)
	if len(got.findings) > 0 {
		t.Error(got.texts)
	}
	part := func(typ string, texts ...string) int {
		l := got.has(typ, texts...)
		if len(l) != 1 {
			t.Fatalf("%d of %s with %q", len(l), typ, texts)
		}
		return l[0].Part
	}
	want := map[string]int{"patient": 0, "lab before": 0, "first outcome": 0, "second infusion": 1, "lab after": 1, "second outcome": 1}
	have := map[string]int{
		"patient":         part("Patient"),
		"lab before":      part("Observation", `"code":"5130-0"`),
		"first outcome":   part("Observation", `"code":"doris-2021"`, `2023-04-18`),
		"second infusion": part("Procedure", `"code":"cart-infusion"`, `2024-03-01`),
		"lab after":       part("Observation", `"code":"8116-6"`),
		"second outcome":  part("Observation", `"code":"doris-2021"`, `2024-06-01`),
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	second := got.has("Procedure", `"code":"cart-infusion"`, `2024-03-01`)[0].Key.ID
	if len(got.has("Observation", `"code":"doris-2021"`, `2024-06-01`, `"focus":[{"reference":"Procedure/`+second)) != 1 {
		t.Error("the second outcome is not about the second infusion")
	}
}

// Whoever changes how ids are made makes every center's next import a second copy of everything.
func TestIDsStayAsTheyAre(t *testing.T) {
	got := onePatient().run(t)
	want := []string{
		"Patient/b838fc0c-4816-5565-b4fe-3efecb7f39ae", "Organization/efde02d4-90c5-5566-aa4b-81e107e5fd93", "Condition/c362e7d6-5bb1-5432-be3c-914c2a2210a6",
		"Procedure/3f3aa761-c5e3-5b88-a368-aa77146c580f", "AdverseEvent/5bc07366-042c-57cb-99c0-649b160f2a06",
	}
	for _, key := range want {
		if !slices.ContainsFunc(got.drafts, func(d mapping.Draft) bool { return d.Key.String() == key }) {
			t.Errorf("%s is not made any more", key)
		}
	}
}

func TestCorrectingARowKeepsEveryIDButThatOfItsTrace(t *testing.T) {
	keys := func(o outcome) map[string]string {
		m := map[string]string{}
		for _, d := range o.drafts {
			m[d.Key.String()] = string(d.Body)
		}
		return m
	}
	before := keys(onePatient().run(t))
	tests := []struct {
		name    string
		d       delivery
		changed []string // types
	}{
		{"a value", onePatient().set("labs", 2, "value", "429"), []string{"Observation"}},
		{"the date of a planned visit", onePatient().set("sledai", 2, "visit_date", "2023-01-06"), []string{"Observation"}},
		{"the onset of a syndrome", onePatient().set("tox", 2, "onset", "2023-01-22"), []string{"AdverseEvent", "Condition"}},
		{"the end of a therapy", onePatient().set("prior_tx", 2, "stop", "2023-01-11"), []string{"MedicationStatement"}},
		{"the lot", onePatient().set("infusion", 2, "lot", "SYN-L2"), []string{"BiologicallyDerivedProduct"}},
		{"a withdrawal", onePatient().set("patients", 2, "withdrawal_date", "2025-01-01"), []string{"Consent", "ResearchSubject"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after := keys(tt.d.run(t))
			var changed, fresh []string
			for key, body := range after {
				typ, _, _ := strings.Cut(key, "/")
				switch old, there := before[key]; {
				case !there:
					fresh = append(fresh, typ)
				case old != body:
					changed = append(changed, typ)
				}
			}
			slices.Sort(changed)
			if diff := cmp.Diff(tt.changed, changed); diff != "" {
				t.Errorf("changed (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff([]string{"Provenance"}, slices.Compact(fresh)); diff != "" || len(after) != len(before) {
				t.Errorf("%d drafts, %d before; new are %v", len(after), len(before), fresh)
			}
		})
	}
}

func TestTestDataIsTaggedEverywhere(t *testing.T) {
	got := runFolder(t, onePatient().write(t), cart.Options{Now: today(), TestData: true})
	for _, d := range got.drafts {
		if !bytes.Contains(d.Body, []byte(`"code":"HTEST"`)) {
			t.Errorf("%s is not tagged", d.Key)
		}
	}
	if slices.Sorted(maps.Keys(got.counts()))[0] != "AdverseEvent" {
		t.Error("there is too little")
	}
}

func TestAProvenanceHoldsNothingOfTheRow(t *testing.T) {
	for _, d := range onePatient().run(t).has("Provenance") {
		for _, secret := range []string{"SYN-A01", "2023-01"} {
			if bytes.Contains(d.Body, []byte(secret)) {
				t.Errorf("%s has %s", d.Key, secret)
			}
		}
	}
}

func TestWhoWithdrewBeforeTheConsentIsWithdrawnAllTheSame(t *testing.T) {
	got := onePatient().set("patients", 2, "withdrawal_date", "2021-05-05").run(t)
	var bodies []string
	for _, d := range got.drafts {
		if d.Key.Type == "Consent" || d.Key.Type == "ResearchSubject" {
			bodies = append(bodies, string(d.Body))
		}
	}
	if len(bodies) != 2 || !strings.Contains(bodies[0], `"status":"inactive"`) || !strings.Contains(bodies[0], `"type":"deny"`) {
		t.Fatalf("%s", bodies)
	}
	// A period that ends before it starts is no FHIR. https://hl7.org/fhir/R4/datatypes.html#Period
	if !strings.Contains(bodies[1], `"status":"withdrawn","period":{"end":"2021-05-05"}`) {
		t.Errorf("%s", bodies[1])
	}
}

func TestLupusInRemissionIsLupusWhoseStatusIsRemission(t *testing.T) {
	for _, status := range []string{"", "relapse"} {
		got := onePatient().set("sle", 2, "icd_code", "698694005").set("sle", 2, "status", status).run(t)
		want := status
		if want == "" {
			want = "remission"
		}
		found := 0
		for _, d := range got.has("Condition") {
			if bytes.Contains(d.Body, []byte("698694005")) {
				t.Errorf("the code is kept: %s", d.Body)
			}
			if bytes.Contains(d.Body, []byte(`"55464009"`)) && bytes.Contains(d.Body, []byte(`"code":"`+want+`"`)) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("status %q: %d are lupus of status %s", status, found, want)
		}
	}
}

func TestAnInfectionKeepsItsCode(t *testing.T) {
	got := onePatient().add("tox", "type=infection", "onset=2023-05", "max_grade=3", "icd_code=J18.9").run(t)
	if len(got.has("Condition", `"code":"infection"`, `{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J18.9"}`)) != 1 {
		t.Error("the condition has no code of ICD-10-CM")
	}
}

func TestADoseThatTotalAndWeightGiveKeepsItsDigits(t *testing.T) {
	for total, want := range map[string]string{"61": "1.00", "50": "0.82", "1": "0.0164", "0.02": "0.000328"} {
		got := onePatient().set("infusion", 2, "dose_e6_per_kg", "").set("infusion", 2, "dose_total_e6", total).run(t)
		if len(got.has("Observation", `"code":"cart-dose-per-kg"`, `"valueQuantity":{"value":`+want+`,`)) != 1 {
			t.Errorf("%s million by 61 kg are not %s", total, want)
		}
	}
}

func TestTheCodeOfTheAdministrationHasItsSystem(t *testing.T) {
	for code, system := range map[string]string{"XW033C7": "http://www.cms.gov/Medicare/Coding/ICD10", "38228": "http://www.ama-assn.org/go/cpt", "8-802.24": "http://fhir.de/CodeSystem/bfarm/ops"} {
		got := onePatient().set("infusion", 2, "procedure_code", code).run(t)
		if len(got.has("Procedure", `{"system":"`+system+`","code":"`+code+`"}`)) != 1 {
			t.Errorf("%s is no code of %s", code, system)
		}
	}
}

// A code has no white space but single spaces inside. https://hl7.org/fhir/R4/datatypes.html#code
func TestWhatOnlyTheCenterHasACodeForIsACodeWhateverItsBlanks(t *testing.T) {
	d := onePatient().set("prior_tx", 2, "drug", "wonder  umab").set("labs", 2, "loinc", "").set("labs", 2, "local_code", "OWN\u00a0 test").set("infusion", 2, "product", "new  cel").set("patients", 2, "center_id", "SYN  C1")
	got := d.run(t)
	for text, typ := range map[string]string{
		`"code":"wonder umab"}],"text":"wonder  umab"`:        "MedicationStatement",
		"\"code\":\"OWN test\"}],\"text\":\"OWN\u00a0 test\"": "Observation",
		`"code":"new cel"}],"text":"new  cel"`:                "BiologicallyDerivedProduct",
		`"code":"SYN C1"`:                                     "Patient",
	} {
		if len(got.has(typ, text)) != 1 {
			t.Errorf("no %s has %s", typ, text)
		}
	}
}

// Remission needs a PGA below 0.5, low activity one of 1 at most: a value on either side of that is not rounded to it.
func TestAPGAOfAnotherScaleIsNotRounded(t *testing.T) {
	for told, want := range map[[2]string]string{
		{"16.6", "100"}: "0.498", {"16.7", "100"}: "0.501", {"1.66", "10"}: "0.498", {"33.4", "100"}: "1.002", {"50", "100"}: "1.5", {"5", "10"}: "1.5", {"0.333", "3"}: "0.333",
	} {
		got := onePatient().set("outcome", 2, "lldas", "").set("visits", 3, "pga", told[0]).set("visits", 3, "pga_scale", told[1]).run(t)
		if len(got.has("Observation", `"code":"pga"`, `"code":"tp-m03"`, `"value":`+want+`,`)) != 1 {
			t.Errorf("%s of %s is not %s", told[0], told[1], want)
		}
	}
}
