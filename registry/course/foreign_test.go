package course_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
	"firewolf/registry/course"
)

// Two servers may have a Patient of one id.
func TestAPatientOfAnotherServerIsNotTheOneHereWithItsId(t *testing.T) {
	const elsewhere = `{"reference":"http://another.example/fhir/Patient/b"}`
	eachWorld(t, func(w *world) {
		w.put("Patient", "a", `"link":[{"other":`+elsewhere+`,"type":"replaced-by"}]`)
		w.put("Patient", "b", `"active":true`)
		for _, id := range []string{"a", "b"} {
			w.put("Procedure", id, `"status":"completed","subject":{"reference":"Patient/`+id+`"},"performedDateTime":"2024-01-10","code":{"coding":[{"system":"http://snomed.info/sct","code":"1156961008"}]}`)
		}
		w.put("Encounter", "e", `"status":"finished","class":{"code":"IMP"},"subject":`+elsewhere+`,"period":{"start":"2024-01-12"}`)
		v := w.fresh()
		var patients []string
		for _, c := range v.Courses {
			patients = append(patients, c.Patient)
		}
		if diff := cmp.Diff([]string{"a", "b"}, patients); diff != "" {
			t.Errorf("who was infused: %s", diff)
		}
		one, err := w.source.MergesOf(context.Background(), v.T, "a")
		if err != nil || one.Of("a") != "a" {
			t.Errorf("a is %s, %v", one.Of("a"), err)
		}
		stays, err := w.source.Stays(context.Background(), v.T, v.Merges, []search.Pair{{Name: "class", Value: "IMP"}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]course.Span(nil), stays["b"]); diff != "" {
			t.Errorf("b was on intensive care: %s", diff)
		}
	})
}
