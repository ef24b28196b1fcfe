package course_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecordsThatLinksMergeAreOnePerson(t *testing.T) {
	type link struct{ from, typ, to string }
	for _, tt := range []struct {
		name  string
		links []link
		want  map[string]string // of records a to d, of which d is not there; left out: stands for itself
	}{
		{"nothing is linked", nil, nil},
		{"replaced-by", []link{{"a", "replaced-by", "b"}}, map[string]string{"a": "b"}},
		{"replaces", []link{{"b", "replaces", "a"}}, map[string]string{"a": "b"}},
		{"both sides say so", []link{{"a", "replaced-by", "b"}, {"b", "replaces", "a"}}, map[string]string{"a": "b"}},
		{"a chain", []link{{"a", "replaced-by", "b"}, {"b", "replaced-by", "c"}}, map[string]string{"a": "c", "b": "c"}},
		{"a chain that each side tells in part", []link{{"b", "replaces", "a"}, {"b", "replaced-by", "c"}}, map[string]string{"a": "c", "b": "c"}},
		{"two replaced by one", []link{{"a", "replaced-by", "c"}, {"c", "replaces", "b"}}, map[string]string{"a": "c", "b": "c"}},
		{"seealso and refer merge nothing", []link{{"a", "seealso", "b"}, {"b", "refer", "c"}}, nil},
		{"a link to itself", []link{{"a", "replaced-by", "a"}}, nil},
		{"a circle is its first", []link{{"c", "replaced-by", "b"}, {"b", "replaced-by", "c"}, {"a", "replaced-by", "c"}}, map[string]string{"a": "b", "c": "b"}},
		{"by what is not there", []link{{"a", "replaced-by", "d"}}, nil},
		{"what is not there", []link{{"a", "replaces", "d"}}, map[string]string{"d": "a"}},
		{"the record itself is believed before others", []link{{"a", "replaced-by", "c"}, {"b", "replaces", "a"}}, map[string]string{"a": "c"}},
		{"of two that claim one, the first", []link{{"c", "replaces", "a"}, {"b", "replaces", "a"}}, map[string]string{"a": "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			everyWorld(t, true, func(w *world) {
				said := map[string]string{"a": "", "b": "", "c": ""}
				for _, l := range tt.links {
					if said[l.from] != "" {
						said[l.from] += ","
					}
					said[l.from] += fmt.Sprintf(`{"other":{"reference":"Patient/%s"},"type":%q}`, l.to, l.typ)
				}
				for id, links := range said {
					rest := `"active":true`
					if links != "" {
						rest += `,"link":[` + links + `]`
					}
					w.put("Patient", id, rest)
				}
				at, _, err := w.store.Head(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				all, err := w.source.Merges(context.Background(), at)
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range []string{"a", "b", "c", "d"} {
					want := tt.want[id]
					if want == "" {
						want = id
					}
					one, err := w.source.MergesOf(context.Background(), at, id)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff([]string{want, want}, []string{all.Of(id), one.Of(id)}); diff != "" {
						t.Errorf("%s of all records, and asked for by itself: %s", id, diff)
					}
				}
			})
		})
	}
}

func TestTheCourseOfAMergedPatientIsOfAllRecords(t *testing.T) {
	everyWorld(t, true, func(w *world) {
		w.put("Patient", "new", `"meta":{"security":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/center","code":"ERL"}]},"link":[{"other":{"reference":"Patient/old"},"type":"replaces"}]`)
		w.put("Patient", "old", `"active":false,"deceasedDateTime":"2025-02-03","link":[{"other":{"reference":"Patient/new"},"type":"replaced-by"}]`)
		w.put("Procedure", "i", `"status":"completed","subject":{"reference":"Patient/old"},"performedDateTime":"2024-01-10","code":{"coding":[`+here+`cart-infusion"}]}`)
		w.put("Consent", "c", `"status":"active","patient":{"reference":"Patient/new"}`)
		for k, of := range []string{"old", "new"} {
			w.put("Observation", "pga-"+of, fmt.Sprintf(`"status":"final","subject":{"reference":"Patient/%s"},"code":{"coding":[%spga"}]},"effectiveDateTime":"2024-04-%02d","valueQuantity":{"value":1}`, of, here, 10+k))
		}
		v := w.fresh()
		if len(v.Courses) != 1 || v.Of("old") != v.Courses[0] || v.Of("new") != v.Courses[0] {
			t.Fatalf("%d courses, want one by either record", len(v.Courses))
		}
		c := v.Courses[0]
		got := []string{c.Patient, c.T0().String(), c.Death.String(), fmt.Sprint(c.Dead, c.Consent), fmt.Sprint(len(c.PGA)), c.Center}
		if diff := cmp.Diff([]string{"new", "2024-01-10", "2025-02-03", "true true", "2", "ERL"}, got); diff != "" {
			t.Error(diff)
		}
	})
}
