package course_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firewolf/fhir"
	"firewolf/registry/course"
)

// drugs compares medicines, which show nothing of themselves.
var drugs = cmp.Comparer(func(a, b course.Medicine) bool { return a == b })

// fresh is what a projection shows that knows nothing from before.
func (w *world) fresh() *course.View { return w.view(course.NewProjection(w.source)) }

func TestAProjectionShowsWhatTheStoreShowsWhateverWasWritten(t *testing.T) {
	eachWorld(t, func(w *world) {
		r := rand.New(rand.NewPCG(7, 7))
		p := course.NewProjection(w.source)
		if v := w.view(p); len(v.Courses) != 0 || v.T != 0 {
			t.Fatalf("an empty store has no courses: %+v", v)
		}
		merged := 0
		for step := range 160 {
			w.change(r)
			if step%3 != 0 {
				continue
			}
			got := w.view(p)
			if diff := cmp.Diff(w.fresh(), got, drugs); diff != "" {
				t.Fatalf("after step %d: %s", step, diff)
			}
			if !got.Merges.Equal(nil) {
				merged++
			}
			if diff := cmp.Diff(w.infused(got.T), got.Courses, cmp.AllowUnexported(course.Lab{}), cmpopts.EquateEmpty(), drugs); diff != "" {
				t.Fatalf("after step %d the patients, read one by one, are others: %s", step, diff)
			}
			if head, _, err := w.store.Head(context.Background()); err != nil || got.T != head {
				t.Fatalf("the view is of moment %d, the store at %d: %v", got.T, head, err)
			}
		}
		if len(w.view(p).Courses) == 0 || merged == 0 {
			t.Errorf("the last view has %d courses, %d views merged records: nothing was tried", len(w.view(p).Courses), merged)
		}
	})
}

// infused reads each of the patients that change makes, and returns the courses of those who were infused.
func (w *world) infused(t fhir.Moment) []*course.Course {
	w.t.Helper()
	var l []*course.Course
	for k := range 4 {
		id := fmt.Sprintf("p%d", k)
		m, err := w.source.MergesOf(context.Background(), t, id)
		if err != nil {
			w.t.Fatal(err)
		}
		if m.Of(id) != id {
			continue // another stands for the person
		}
		read, err := w.source.Read(context.Background(), t, m, []string{id}, false)
		if err != nil {
			w.t.Fatal(err)
		}
		if c := read[id]; c != nil && c.T0().Known() {
			l = append(l, c)
		}
	}
	return l
}

// change writes something of one of a few patients: made, changed, given to another patient, deleted and made again.
func (w *world) change(r *rand.Rand) {
	w.t.Helper()
	patient, id := fmt.Sprintf("p%d", r.IntN(4)), fmt.Sprintf("x%d", r.IntN(5))
	subject := `"subject":{"reference":"Patient/` + patient + `"}`
	switch r.IntN(14) {
	case 9, 10:
		w.put("Patient", patient, fmt.Sprintf(`"link":[{"other":{"reference":"Patient/p%d"},"type":%q}]`, r.IntN(4), []string{"replaced-by", "replaces", "seealso"}[r.IntN(3)]))
	case 11:
		w.put("MedicationStatement", id, fmt.Sprintf(`"status":"active",%s,"medicationReference":{"reference":"Medication/%s"},"effectivePeriod":{"start":"2024-01-%02d"}`, subject, id, 1+r.IntN(28)))
	case 12, 13:
		w.put("Medication", id, fmt.Sprintf(`"code":{"coding":[%s%s"}]}`, here, []string{"azathioprine", "hydroxychloroquine"}[r.IntN(2)]))
	case 0, 1:
		w.put("Patient", patient, fmt.Sprintf(`"deceasedBoolean":%v`, r.IntN(2) == 0))
	case 2:
		w.send("DELETE", "Patient/"+patient, "")
	case 3, 4:
		w.put("Observation", id, fmt.Sprintf(`"status":"final",%s,"code":{"coding":[%spga"}]},"effectiveDateTime":"2024-01-%02d","valueQuantity":{"value":%d}`,
			subject, here, 1+r.IntN(28), r.IntN(4)))
	case 5:
		w.send("DELETE", "Observation/"+id, "")
	case 6:
		w.put("Procedure", id, fmt.Sprintf(`"status":"completed",%s,"performedDateTime":"2024-01-%02d","code":{"coding":[%scart-infusion"}]},`+
			`"extension":[{"url":"http://example.org/fhir/sle-cart/StructureDefinition/procedure-used-product","valueReference":{"reference":"BiologicallyDerivedProduct/%s"}}]`,
			subject, 1+r.IntN(28), here, id))
	case 7:
		w.put("BiologicallyDerivedProduct", id, fmt.Sprintf(`"productCode":{"coding":[%s%s"}]}`, here, []string{"obe-cel", "mb-cart19-1"}[r.IntN(2)]))
	case 8:
		w.put("Consent", id, `"status":"active","patient":{"reference":"Patient/`+patient+`"}`)
	}
}

func TestTheSampleCohortIsProjectedAsItIsReadButForTheSources(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.samples()
		v := w.fresh()
		if len(v.Courses) != 9 || v.Of("SYN-P09") != nil {
			t.Fatalf("%d courses; SYN-P09 was never infused", len(v.Courses))
		}
		analyzed := 0
		for _, c := range v.Courses {
			if c.Analyzed(course.Forever) {
				analyzed++
			}
			read := w.read(c.Patient)
			if len(read.Labs) != len(c.Labs) || len(read.Assessments) != len(c.Assessments) || v.Of(c.Patient) != c {
				t.Errorf("%s differs", c.Patient)
			}
		}
		if analyzed != 9 || v.Of("SYN-P00") != nil {
			t.Errorf("%d are analyzed, want 9", analyzed)
		}
	})
}

func TestWhoWithdrawsLeavesTheNextView(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.samples()
		p := course.NewProjection(w.source)
		if !w.view(p).Of("SYN-P01").Analyzed(course.Forever) {
			t.Fatal("the patient is in the analysis set at first")
		}
		w.put("Consent", "SYN-P01-consent", `"status":"inactive","patient":{"reference":"Patient/SYN-P01"}`)
		if w.view(p).Of("SYN-P01").Analyzed(course.Forever) {
			t.Error("the consent was withdrawn")
		}
	})
}

func TestACallerThatGivesUpDoesNotStopTheWork(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.samples()
		p := course.NewProjection(w.source)
		ctx, stop := context.WithCancel(context.Background())
		stop()
		if v, err := p.View(ctx); err == nil && len(v.Courses) != 9 {
			t.Errorf("a view in part: %d courses", len(v.Courses))
		}
		if got := len(w.view(p).Courses); got != 9 {
			t.Errorf("%d courses", got)
		}
	})
}
