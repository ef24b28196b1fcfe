package validate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// hostile is a resource that breaks rules, and each problem that must be found.
type hostile struct {
	name, src string
	want      []string
}

func checkAll(t *testing.T, cases []hostile) {
	t.Helper()
	c := checker(t)
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := tree.Parse([]byte(tt.src), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, problems(t, c.Structure(doc))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// problems renders issues as "code: text (location)", and checks what all of them have in common.
func problems(t *testing.T, is fhir.Issues) []string {
	t.Helper()
	var list []string
	for _, i := range is {
		if i.Severity != fhir.Error || len(i.Expression) > 1 || i.Cause != nil || i.Reason != fhir.ReasonNone {
			t.Errorf("%+v is no plain error", i)
		}
		list = append(list, i.Error())
	}
	return list
}
