package fhirpath_test

import (
	"slices"
	"strings"
	"testing"

	fhirpath "firewolf/fhir/path"
)

// wrong is an expression that fails when it is evaluated, and because is how.
const (
	wrong   = "(1 + 'a')"
	because = "+ is not defined for an Integer and a String"
)

func wantWrong(t *testing.T, expr string) {
	t.Helper()
	if got := told(t, expr); got != "! "+because {
		t.Errorf("%s: %s", expr, got)
	}
}

// "Evaluation will end and an error will be signaled to the calling environment": no function and no operator may make an empty
// collection of an error. https://hl7.org/fhirpath/N1/#evaluation
func TestAnErrorInTheInputIsTheErrorOfEachFunction(t *testing.T) {
	for _, f := range functionInputs {
		wantWrong(t, wrong+"."+f.call)
	}
}

func TestAnErrorInAnArgumentIsTheErrorOfEachFunction(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(argumentGrid)) {
		fields := strings.Fields(line)
		if name := fields[1]; name != "trace" { // its first argument is a literal
			wantWrong(t, fields[0]+"."+name+"("+wrong+")")
		}
	}
	for _, expr := range []string{
		"'wolf'.substring(1, WRONG)", "'wolf'.replace('o', WRONG)", "'wolf'.replaceMatches('o', WRONG)", "5.trace('x', WRONG)",
		"5.iif(WRONG, 1, 2)", "5.iif(true, WRONG, 2)", "5.iif(false, 1, WRONG)", "5.aggregate(WRONG)", "5.aggregate($this, WRONG)",
		"5.aggregate(WRONG, 1)", "(5 | 7).sort(WRONG)", "(5 | 7).sort($this, WRONG)", "(5 | 7).where($this > WRONG)", "name.where(WRONG).exists() or WRONG",
	} {
		wantWrong(t, strings.ReplaceAll(expr, "WRONG", wrong))
	}
}

func TestAnErrorInAnOperandIsTheErrorOfEachOperator(t *testing.T) {
	// Where the left operand decides the right one does not count. One item that is no Boolean stands for true.
	decided := map[string][]string{"or": {"true", "5", "'a'"}, "and": {"false"}, "implies": {"false"}}
	for _, op := range fhirpath.Operators() {
		if op == "is" || op == "as" {
			wantWrong(t, wrong+" "+op+" String")
			continue
		}
		for _, other := range []string{"5", "{}", "true", "false", "'a'", "(1 | 2)"} {
			wantWrong(t, wrong+" "+op+" "+other)
			if got := told(t, other+" "+op+" "+wrong); !strings.HasPrefix(got, "!") && !slices.Contains(decided[op], other) {
				t.Errorf("%s %s %s: %s", other, op, wrong, got)
			}
		}
	}
	for _, expr := range []string{"-WRONG", "+WRONG", "WRONG[0]", "(1 | 2)[WRONG]", "(WRONG)", "WRONG.name", "1 | 2 | WRONG | 3"} {
		wantWrong(t, strings.ReplaceAll(expr, "WRONG", wrong))
	}
}

func TestWhatIsNotEvaluatedCannotFail(t *testing.T) {
	for expr, want := range map[string]string{
		"true or WRONG": isTrue, "false and WRONG": isFalse, "false implies WRONG": isTrue, "iif(true, 1, WRONG)": "Integer=1", "iif(false, WRONG, 2)": "Integer=2",
		"{}.where(WRONG)": "", "{}.select(WRONG)": "", "{}.all(WRONG)": isTrue, "{}.exists(WRONG)": isFalse, "{}.repeat(WRONG)": "",
	} {
		if got := told(t, strings.ReplaceAll(expr, "WRONG", wrong)); got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
}

// Of an expression that does too much the caller hears that, not a part of the answer.
func TestEachWayToDoTooMuchIsToldAsSuch(t *testing.T) {
	const many = "(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10)"
	for _, expr := range []string{
		"LIST.select(LIST)", "LIST.where(LIST.exists())", "LIST.repeat(iif($this < 40, $this + 1, {}))", "LIST.aggregate($total | LIST, {})", "LIST.all(LIST.count() > 0)",
		"LIST.sort(LIST.count())", "LIST.combine(LIST).distinct()", "LIST.combine(LIST).isDistinct()", "LIST.intersect(LIST)", "LIST.exclude(LIST)", "LIST.subsetOf(LIST)",
		"LIST = LIST.combine({})", "LIST ~ LIST", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.toChars()", "LIST.union(LIST)",
		"'a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a'.split(',')",
	} {
		src := strings.ReplaceAll(expr, "LIST", many)
		x, err := fhirpath.Compile(definitions(t), src)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		focus := x.Focus(nobody(t))
		if whole, err := x.EvalIn(nil, focus, fhirpath.Scope{Work: 5000}); err != nil {
			t.Errorf("%s: %v", expr, err)
		} else if got, err := x.EvalIn(nil, focus, fhirpath.Scope{Work: 18}); err == nil {
			t.Errorf("%s: %d items of %d, and no error", expr, len(got), len(whole))
		} else if !strings.Contains(err.Error(), "the expression takes too many steps") {
			t.Errorf("%s: %v", expr, err)
		}
	}
}
