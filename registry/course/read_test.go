package course_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

func TestASamplePatientIsReadAsTheTablesSay(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.samples()
		c := w.read("SYN-P08")
		t0 := c.T0()
		got := map[string]any{
			"t0": t0.String(), "product": c.Product(), "center": c.Center, "analyzed": c.Analyzed(course.Forever), "depletion": int(c.Depletion - t0),
			"apheresis": int(c.Apheresis - t0), "last alive": int(c.LastAlive - t0), "dead": c.Dead, "vague": len(c.Vague), "nephritis": c.Nephritis.Truth,
			"baseline": int(c.Assessments[c.BaselineAssessment()].Day - t0), "episodes": c.Episodes, "grades": c.Grades,
		}
		want := map[string]any{
			"t0": "2024-02-06", "product": "obe-cel", "center": "SYN-C2", "analyzed": true, "depletion": -5,
			"apheresis": -28, "last alive": 551, "dead": false, "vague": 1, "nephritis": score.Yes,
			"baseline": -20,
			"episodes": []course.Episode{{Kind: "crs", Began: days(t0+3, t0+3), Onset: t0 + 3, End: t0 + 6, Grade: 2}, {Kind: "icans", Began: days(t0+7, t0+7), Onset: t0 + 7, End: t0 + 8, Grade: 1}},
			"grades": []course.Grade{
				{Kind: "crs", Grade: 2, Infusion: "SYN-P08-infusion", Days: days(t0, t0+14), From: "Observation/SYN-P08-crs-max-grade"}, {Kind: "icans", Grade: 1, Infusion: "SYN-P08-infusion", Days: days(t0, t0+28), From: "Observation/SYN-P08-icans-max-grade"},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		month3, _ := term.TimepointOf("tp-m03")
		k := c.In(month3, course.Forever)
		day := c.Assessments[k].Day
		upcr, _ := course.AnalyteNamed("upcr")
		protein, _ := c.Value(upcr, course.Window{From: day, Nominal: day, To: day})
		free := c.Freedom(day, course.Usual())
		seen := []string{
			c.Assessments[k].Score().String(), c.PGAAt(day, 7).String(), c.GCAt(day, 7).String(), protein.String(),
			free.IS.String(), free.Antimalarial.String(), c.Stable(day, 30, course.Usual()).String(), c.PGAAt(day, 7).From,
		}
		if diff := cmp.Diff([]string{"4", "0.8", "5", "1.1", "yes", "no", "yes", "Observation/SYN-P08-pga-m03"}, seen); diff != "" {
			t.Error(diff)
		}
	})
}

func days(from, to course.Day) course.Span { return course.Span{From: from, To: to, There: true} }

func TestWhoWasNotInfusedIsNotAnalyzed(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.samples()
		if c := w.read("SYN-P09"); c.Analyzed(course.Forever) || c.T0().Known() || !c.Apheresis.Known() || c.BaselineAssessment() >= 0 {
			t.Errorf("%+v", c)
		}
		if c := w.read("SYN-P10"); !c.Dead || int(c.Death-c.T0()) != 203 {
			t.Errorf("the death is on %v", c.Death)
		}
		if c := w.read("nobody"); c != nil {
			t.Errorf("who is not there has no course: %+v", c)
		}
	})
}

const (
	about = `"status":"final","subject":{"reference":"Patient/a"},`
	here  = `{"system":"` + term.Local + `","code":"`
)

func TestFactsAreReadOnlyWhenTheyCount(t *testing.T) {
	observed := func(code, rest string) string {
		return about + `"code":{"coding":[` + here + code + `"}]},` + rest
	}
	lab := func(loinc, rest string) string {
		return about + `"code":{"coding":[{"system":"http://loinc.org","code":"` + loinc + `"}]},"effectiveDateTime":"2024-01-10",` + rest
	}
	quantity := func(value, unit string) string {
		return `"valueQuantity":{"value":` + value + `,"system":"http://unitsofmeasure.org","code":"` + unit + `"}`
	}
	tests := []struct {
		name      string
		typ, rest string
		show      func(c *course.Course) any
		want      any
	}{
		{"an active consent", "Consent", consent("active", "permit"), func(c *course.Course) any { return c.Consent }, true},
		{"a withdrawn consent", "Consent", consent("inactive", "permit"), func(c *course.Course) any { return c.Consent }, false},
		{"a consent that denies", "Consent", consent("active", "deny"), func(c *course.Course) any { return c.Consent }, false},
		{"a consent that was refused", "Consent", consent("rejected", "permit"), func(c *course.Course) any { return [2]bool{c.Consent, c.Withdrawn} }, [2]bool{false, true}},
		{"a consent that is only proposed", "Consent", consent("proposed", "permit"), func(c *course.Course) any { return [2]bool{c.Consent, c.Withdrawn} }, [2]bool{}},
		{"lupus", "Condition", condition("M32.14", "confirmed"), func(c *course.Course) any { return c.Lupus }, true},
		{"lupus that is one of several possible diagnoses", "Condition", condition("M32.14", "differential"), func(c *course.Course) any { return c.Lupus }, false},
		{"lupus that was refuted", "Condition", condition("M32.14", "refuted"), func(c *course.Course) any { return c.Lupus }, false},
		{"lupus by a drug", "Condition", condition("M32.0", "confirmed"), func(c *course.Course) any { return c.Lupus }, false},
		{"lupus in remission", "Condition", snomed("698694005"), func(c *course.Course) any { return [2]any{c.Lupus, c.Nephritis.Truth} }, [2]any{true, score.Unknown}},
		{"nephritis of a class of WHO", "Condition", snomed("36402006"), func(c *course.Course) any { return [2]any{c.Lupus, c.Nephritis.Truth} }, [2]any{true, score.Yes}},
		{"disorder of the kidney by lupus", "Condition", snomed("1144973003"), func(c *course.Course) any { return c.Nephritis.Truth }, score.Yes},
		{"nephritis beside lupus", "Condition", `"subject":{"reference":"Patient/a"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"55464009"},` + here + `organ-renal"}]}`, func(c *course.Course) any { return c.Nephritis.Truth }, score.Yes},
		{"another disease", "Condition", condition("M33.1", "confirmed"), func(c *course.Course) any { return c.Lupus }, false},
		{"a completed infusion", "Procedure", infusion("completed", "2024-01-10"), func(c *course.Course) any { return c.T0().String() }, "2024-01-10"},
		{"an infusion with a time", "Procedure", infusion("completed", "2024-01-10T23:30:00-05:00"), func(c *course.Course) any { return c.T0().String() }, "2024-01-10"},
		{"an infusion that was not done", "Procedure", infusion("not-done", "2024-01-10"), func(c *course.Course) any { return c.T0().String() }, ""},
		{"an infusion in some month", "Procedure", infusion("completed", "2024-01"), func(c *course.Course) any { return c.T0().String() }, ""},
		{"a PGA", "Observation", observed("pga", `"effectiveDateTime":"2024-01-10",`+quantity("0.50", "{score}")), func(c *course.Course) any { return c.PGA[0].X }, 0.5},
		{
			"a PGA entered in error", "Observation", strings.Replace(observed("pga", `"effectiveDateTime":"2024-01-10",`+quantity("0.50", "{score}")), "final", "entered-in-error", 1),
			func(c *course.Course) any { return len(c.PGA) }, 0,
		},
		{
			"a PGA that was canceled", "Observation", strings.Replace(observed("pga", `"effectiveDateTime":"2024-01-10",`+quantity("0.50", "{score}")), "final", "cancelled", 1), //nolint:misspell // as the code is written
			func(c *course.Course) any { return len(c.PGA) }, 0,
		},
		{"a PGA at an instant", "Observation", observed("pga", `"effectiveInstant":"2024-01-10T08:00:00Z",`+quantity("0.50", "{score}")), func(c *course.Course) any { return c.PGA[0].Day.String() }, "2024-01-10"},
		{"a drug that nobody knows", "MedicationStatement", taken(`"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"P01BA02"}]}`), free, [2]score.Truth{score.Unknown, score.Unknown}},
		{"a drug that is only text", "MedicationStatement", taken(`"medicationCodeableConcept":{"text":"Quensyl"}`), free, [2]score.Truth{score.Unknown, score.Unknown}},
		{"a drug that is a reference", "MedicationStatement", taken(`"medicationReference":{"reference":"Medication/m"}`), free, [2]score.Truth{score.Unknown, score.Unknown}},
		{"a drug that is known by its second code", "MedicationStatement", taken(`"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"L04AA06"},{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"68149"}]}`), free, [2]score.Truth{score.No, score.Yes}},
		{"who withdrew from the study", "ResearchSubject", `"status":"withdrawn","study":{"reference":"ResearchStudy/s"},"individual":{"reference":"Patient/a"}`, func(c *course.Course) any { return c.Consent }, false},
		{"a PGA in some year", "Observation", observed("pga", `"effectiveDateTime":"2024",`+quantity("0.50", "{score}")), func(c *course.Course) any { return [2]int{len(c.PGA), len(c.Vague)} }, [2]int{0, 1}},
		{"complement in mg/dL", "Observation", lab("4485-9", quantity("82", "mg/dL")), func(c *course.Course) any { return c.Labs[0].Value().String() }, "0.82"},
		{"complement in a unit that does not convert", "Observation", lab("4485-9", quantity("82", "[IU]/mL")), func(c *course.Course) any { return c.Labs[0].Value().String() }, "unknown"},
		{"a ratio below the limit of detection", "Observation", lab("2890-2", `"valueQuantity":{"value":70,"comparator":"<","code":"mg/g"}`), func(c *course.Course) any { return c.Labs[0].Value().String() }, "<0.07"},
		{
			"antibodies in their own unit", "Observation", lab("5130-0", quantity("96", "[IU]/mL")+`,"referenceRange":[{"high":{"value":15,"code":"[IU]/mL"}}]`),
			func(c *course.Course) any {
				return c.Labs[0].Value().String() + " of " + c.Labs[0].Limits().High.String()
			}, "96 of 15",
		},
		{
			"antibodies with a limit in another unit", "Observation", lab("5130-0", quantity("96", "[IU]/mL")+`,"referenceRange":[{"high":{"value":15,"code":"[arb'U]/mL"}}]`),
			func(c *course.Course) any {
				return c.Labs[0].Value().String() + " of " + c.Labs[0].Limits().High.String()
			}, "96 of unknown",
		},
		{"grade 0 was looked for", "Observation", observed("crs-max-grade", quantity("0", "{grade}")), func(c *course.Course) any { return c.Grades[0].Grade }, 0},
		{"no grade 6", "Observation", observed("crs-max-grade", quantity("6", "{grade}")), func(c *course.Course) any { return len(c.Grades) }, 0},
		{"no grade 1.5", "Observation", observed("crs-max-grade", quantity("1.5", "{grade}")), func(c *course.Course) any { return len(c.Grades) }, 0},
		{
			"an outcome of a clinician", "Observation", observed("lldas", `"effectiveDateTime":"2024-01-10","valueCodeableConcept":{"coding":[`+here+`criterion-met"}]}`),
			func(c *course.Course) any { return c.Stated[0].Clinician }, true,
		},
		{
			"an outcome of an algorithm", "Observation", observed("lldas", `"effectiveDateTime":"2024-01-10","valueCodeableConcept":{"coding":[`+here+`criterion-met"}]},"method":{"coding":[`+here+`algorithm-lldas-v1"}]}`),
			func(c *course.Course) any { return c.Stated[0].Clinician }, false,
		},
		{"an outcome without result", "Observation", observed("lldas", `"effectiveDateTime":"2024-01-10"`), func(c *course.Course) any { return len(c.Stated) }, 0},
		{
			"an item with a reason why it is unknown", "Observation", observed("sledai-2k", `"effectiveDateTime":"2024-01-10","component":[{"code":{"coding":[`+here+`sledai-2k-rash"}]},"valueBoolean":true},{"code":{"coding":[`+here+`sledai-2k-fever"}]},"dataAbsentReason":{"text":"x"}}]`),
			func(c *course.Course) any { return c.Assessments[0].Score().String() }, ">=2, incomplete",
		},
		{"hemolysis that was looked for", "Observation", observed("hemolytic-anemia", `"effectiveDateTime":"2024-01-10","valueBoolean":false`), func(c *course.Course) any { return c.Hemolysis[0].Truth }, score.No},
	}
	eachWorld(t, func(w *world) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				w.put("Patient", "a", `"active":true`)
				w.put(tt.typ, "x", tt.rest)
				if diff := cmp.Diff(tt.want, tt.show(w.read("a"))); diff != "" {
					t.Error(diff)
				}
				w.send("DELETE", tt.typ+"/x", "")
			})
		}
	})
}

// taken is a therapy that goes on; free is of what the patient is free then.
func taken(medication string) string {
	return `"status":"active","subject":{"reference":"Patient/a"},"effectivePeriod":{"start":"2023-01-01"},` + medication
}

func free(c *course.Course) any {
	f := c.Freedom(course.ParseDay("2024-01-10").Exact(), course.Usual())
	return [2]score.Truth{f.IS.Truth, f.Antimalarial.Truth}
}

func consent(status, provision string) string {
	return `"status":"` + status + `","patient":{"reference":"Patient/a"},"provision":{"type":"` + provision + `"}`
}

func condition(code, verification string) string {
	return `"subject":{"reference":"Patient/a"},"verificationStatus":{"coding":[{"code":"` + verification + `"}]},"code":{"coding":[{"system":"` + term.ICD10CM + `","code":"` + code + `"}]}`
}

func snomed(code string) string {
	return `"subject":{"reference":"Patient/a"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"` + code + `"}]}`
}

func infusion(status, at string) string {
	return `"status":"` + status + `","subject":{"reference":"Patient/a"},"performedDateTime":"` + at + `","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}`
}
