package fhirpath_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// row is an expression and the collection that it gives, as locations writes it.
type row struct {
	expr string
	want []string
}

// gives makes a row.
func gives(expr string, want ...string) row { return row{expr: expr, want: want} }

// noon is the moment at which the tables are evaluated.
func noon() time.Time { return time.Date(2024, 5, 6, 12, 0, 0, 0, time.FixedZone("", 2*60*60)) }

// evaluate compiles for any type and for the type of the focus, and wants both to agree.
func evaluate(t testing.TB, focus tree.Node, expr string) ([]string, error) {
	t.Helper()
	x, err := fhirpath.Compile(definitions(t), expr)
	if err != nil {
		return nil, err
	}
	scope := fhirpath.Scope{Clock: noon}
	any, err := x.EvalIn(nil, x.Focus(focus), scope)
	narrow := x.For(x.Focus(focus).Type)
	known, narrowErr := narrow.EvalIn(nil, narrow.Focus(focus), scope)
	if (err == nil) != (narrowErr == nil) {
		t.Errorf("%s: for any type %v, for the type of the focus %v", expr, err, narrowErr)
	}
	if d := cmp.Diff(locations(any), locations(known)); d != "" {
		t.Errorf("%s: for any type and for the type of the focus (-any +narrow):\n%s", expr, d)
	}
	return locations(any), err
}

// check evaluates rows over a resource.
func check(t *testing.T, focus tree.Node, rows []row) {
	t.Helper()
	for _, r := range rows {
		got, err := evaluate(t, focus, r.expr)
		if err != nil {
			t.Errorf("%s: %v", r.expr, err)
			continue
		}
		if d := cmp.Diff(r.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", r.expr, d)
		}
	}
}

// checkFails evaluates rows whose want is a part of the error, and wants the error to be an issue.
func checkFails(t *testing.T, focus tree.Node, rows []row) {
	t.Helper()
	for _, r := range rows {
		got, err := evaluate(t, focus, r.expr)
		if err == nil {
			t.Errorf("%s: %v, want the error %q", r.expr, got, r.want)
			continue
		}
		if _, ok := fhir.IssuesOf(err); !ok {
			t.Errorf("%s: the error is no issue: %v", r.expr, err)
		}
		for _, part := range r.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error is %q, want %q in it", r.expr, err, part)
			}
		}
	}
}

// The results of conditions.
const (
	isTrue  = "Boolean=true"
	isFalse = "Boolean=false"
)

// nobody is a resource without anything.
func nobody(t testing.TB) tree.Node { return parse(t, `{"resourceType":"Patient"}`) }
