package fhirpath_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
	"firewolf/fhir/ucum"
)

func TestCompileRefusesWhatItDoesNotKnow(t *testing.T) {
	cases := []struct {
		expr   string
		code   fhir.Code
		reason fhir.Reason
		want   string
	}{
		{"name.foo()", fhir.NotSupported, fhir.ReasonNotImplemented, `FHIRPath, character 6 ("foo()"): there is no function foo()`},
		{"code.memberOf('x')", fhir.NotSupported, fhir.ReasonNotImplemented, `FHIRPath, character 6 ("memberOf('x')"): memberOf() is not supported: it needs a terminology service`},
		{"conformsTo('x')", fhir.NotSupported, fhir.ReasonNotImplemented, "conformsTo() is not supported: it needs a validator"},
		{"subsumes('x')", fhir.NotSupported, fhir.ReasonNotImplemented, "subsumes() is not supported: it needs a terminology service"},
		{"text.`div`.htmlChecks()", fhir.NotSupported, fhir.ReasonNotImplemented, "htmlChecks() is not supported"},
		{"Patient.nme", fhir.Invalid, "", `FHIRPath, character 9 ("nme"): Patient has no element "nme"`},
		{"Patient.name.first", fhir.Invalid, "", `HumanName has no element "first"`},
		{"Observation.valueQuantity", fhir.Invalid, "", `Observation has no element "valueQuantity"`},
		{"Observation.value.nothing", fhir.Invalid, "", `none of Quantity, CodeableConcept and 9 more types has no element "nothing"`},
		{"(Observation.value as Period).unit", fhir.Invalid, "", `Period has no element "unit"`},
		{"Condition.onset.as(Age).start", fhir.Invalid, "", `Age has no element "start"`},
		{"Patient.name.where(nme = 'x')", fhir.Invalid, "", `FHIRPath, character 20 ("nme = 'x')"): HumanName has no element "nme"`},
		{"Resource.name", fhir.Invalid, "", `Resource has no element "name"`},
		{"Patient.name.as(Humn)", fhir.Invalid, "", `"Humn" is no type`},
		{"descendants().ofType(Quantity).start", fhir.Invalid, "", `Quantity has no element "start"`},
		{"name.exists(a, b)", fhir.Invalid, "", "exists() takes 1 argument, not 2"},
		{"name.", fhir.Invalid, "", "expected a name, found the end"},
	}
	for _, c := range cases {
		t.Run(c.expr, func(t *testing.T) {
			_, err := fhirpath.Compile(definitions(t), c.expr)
			var issue *fhir.Issue
			if !errors.As(err, &issue) {
				t.Fatalf("got %v, want an issue", err)
			}
			if issue.Code != c.code || issue.Reason != c.reason || !strings.Contains(issue.Text, c.want) {
				t.Errorf("got %s %s %q, want %s %s %q", issue.Code, issue.Reason, issue.Text, c.code, c.reason, c.want)
			}
		})
	}
}

func TestCompileForIsStrict(t *testing.T) {
	cases := []struct{ typ, expr, want string }{
		{"Patient", "name.given", ""},
		{"Patient", "Resource.id", ""},
		{"Patient", "name.nme", `HumanName has no element "nme"`},
		{"Patient", "status", `Patient has no element "status"`},
		{"Patient", "Observation.status", "this is evaluated on Patient, never on Observation"},
		{"Patient", "Patient.name | Person.name", "never on Person"},
		{"HumanName", "given.first()", ""},
		{"HumanName", "HumanName.given", ""},
		{"Observation.component", "value as Quantity", ""},
		{"string", "length()", ""},
		{"string", "extension.url", ""},
		{"Resource", "id", ""},
		{"Nonsense", "id", "there is no type Nonsense"},
		{"Patient", "contained.name", ""},
		{"Patient", "(", "expected a name"},
	}
	for _, c := range cases {
		t.Run(c.typ+" "+c.expr, func(t *testing.T) {
			_, err := fhirpath.CompileFor(definitions(t), c.typ, c.expr)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestForKeepsWhatCanMatch(t *testing.T) {
	cases := []struct {
		expr, typ string
		never     bool
		types     []string // nil where they are not known
	}{
		{"Patient.name | Person.name", "Patient", false, []string{"HumanName"}},
		{"Patient.name | Person.name", "Organization", true, []string{}},
		{"Resource.id", "Patient", false, []string{"id"}},
		{"Patient.name.given", "Observation", true, []string{}},
		{"(Observation.value as Quantity) | (Observation.value as SampledData)", "Observation", false, []string{"Quantity", "SampledData"}},
		{"Observation.value.as(Age)", "Observation", true, []string{}},
		{"Observation.effective", "Observation", false, []string{"dateTime", "Period", "Timing", "instant"}},
		{"name.family", "Patient", false, []string{"string"}},
		{"status", "Patient", true, []string{}},
		{"Patient.contained", "Patient", false, nil},
		{"Bundle.entry[0].resource", "Bundle", false, nil},
		{"Patient.managingOrganization.where(resolve() is Organization)", "Patient", false, []string{"Reference"}},
		{"Patient.managingOrganization.resolve()", "Patient", false, nil},
		{"Patient.link.other.resolve().ofType(Patient)", "Patient", false, []string{"Patient"}},
		{"Patient.name.count()", "Patient", false, nil},
		{"Patient.deceased.exists() and Patient.deceased != false", "Patient", false, nil},
		{"Patient.name.first().given | Patient.contact.name.given", "Patient", false, []string{"string"}},
		{"Patient.extension('x').value", "Patient", false, nil},
		{"Questionnaire.item.item.item.code", "Questionnaire", false, []string{"Coding"}},
		{"Patient.name.select(family | period)", "Patient", false, []string{"string", "Period"}},
		{"{}", "Patient", true, []string{}},
		{"Patient.descendants().ofType(Quantity)", "Patient", false, nil},
		{"Patient.descendants().ofType(Age)", "Patient", false, []string{"Age"}},
		{"Patient.descendants().ofType(Quantity).code", "Patient", false, []string{"code"}},
		{"Patient.descendants().ofType(Element).id", "Patient", false, []string{"string"}},
	}
	for _, c := range cases {
		t.Run(c.typ+" "+c.expr, func(t *testing.T) {
			x, err := fhirpath.Compile(definitions(t), c.expr)
			if err != nil {
				t.Fatal(err)
			}
			narrow := x.For(c.typ)
			if narrow.Never() != c.never {
				t.Errorf("never: %v, want %v", narrow.Never(), c.never)
			}
			types, known := narrow.Types()
			if c.expr == "Patient.extension('x').value" {
				if len(types) != 50 {
					t.Errorf("the value of an extension has %d types, want 50", len(types))
				}
				return
			}
			if d := cmp.Diff(c.types, types); d != "" || known != (c.types != nil) {
				t.Errorf("known %v (-want +got):\n%s", known, d)
			}
		})
	}
}

func TestForOfATypeIsTheExpressionItself(t *testing.T) {
	x, err := fhirpath.Compile(definitions(t), "Patient.name | Person.name")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*fhirpath.Expr{x, x.For("Patient"), x.For("Patient").For("Person")} {
		if e.String() != "Patient.name | Person.name" {
			t.Errorf("got %s", e)
		}
	}
	person := parse(t, `{"resourceType":"Person","name":[{"family":"A"}]}`)
	got, err := x.For("Patient").For("Person").Eval(person)
	if d := cmp.Diff([]string{"HumanName@Person.name[0]"}, locations(got)); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestEvalAtTakesAnyElementAsFocus(t *testing.T) {
	focus := parse(t, bloodPressure)
	first := fhirpath.Value{Node: focus.Member("component").Item(0), Type: "Observation.component"}
	cases := []struct {
		expr  string
		focus fhirpath.Value
		want  []string
	}{
		{"value.as(string)", first, []string{"string@Observation.component[0].valueString"}},
		{"code", first, []string{"CodeableConcept@Observation.component[0].code"}},
		{"%resource.status", first, []string{"code@Observation.status"}},
		{"%context", first, []string{"Observation.component@Observation.component[0]"}},
		{"Observation.status", first, nil},
		{"$this + 1", fhirpath.Value{Type: "Integer", Text: "1"}, []string{"Integer=2"}},
		{"%resource", fhirpath.Value{Type: "Integer", Text: "1"}, nil},
		{"unit", fhirpath.Value{Node: focus.Member("valueQuantity"), Type: "Quantity"}, []string{"string@Observation.valueQuantity.unit"}},
		{"name", fhirpath.Value{Node: focus, Type: "Unheard"}, nil},
	}
	for _, c := range cases {
		x, err := fhirpath.Compile(definitions(t), c.expr)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.EvalAt(c.focus)
		if d := cmp.Diff(c.want, locations(got)); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.expr, err, d)
		}
	}
}

func TestEvalOfAnUnknownResourceIsEmpty(t *testing.T) {
	x, err := fhirpath.Compile(definitions(t), "Resource.id | id")
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{`{"resourceType":"Nonsense","id":"1"}`, `{"id":"1"}`, `{"resourceType":1,"id":"1"}`} {
		if got, err := x.Eval(parse(t, src)); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", src, locations(got), err)
		}
	}
	if got, err := x.Eval(tree.Node{}); err != nil || len(got) != 0 {
		t.Errorf("no resource: %v, %v", locations(got), err)
	}
}

func TestEvalIntoAppendsAndLeavesTheRest(t *testing.T) {
	x, err := fhirpath.Compile(definitions(t), "name.where(given.exists() or text.exists()).select(given | text).first() | telecom.value")
	if err != nil {
		t.Fatal(err)
	}
	focus := x.Focus(parse(t, alice))
	kept := fhirpath.Value{Type: "String", Text: "kept"}
	for _, room := range []int{1, 2, 5, 100} {
		dst := append(make([]fhirpath.Value, 0, room), kept)
		got, err := x.EvalInto(dst, focus)
		want := []string{"String=kept", "string@Patient.name[0].given[0]", "string@Patient.telecom[0].value", "string@Patient.telecom[1].value", "string@Patient.telecom[2].value"}
		if d := cmp.Diff(want, locations(got)); d != "" || err != nil {
			t.Errorf("with room for %d: %v (-want +got):\n%s", room, err, d)
		}
	}
	fails, err := fhirpath.Compile(definitions(t), "name.use | name.single()")
	if err != nil {
		t.Fatal(err)
	}
	got, err := fails.EvalInto([]fhirpath.Value{kept}, focus)
	if d := cmp.Diff([]string{"String=kept"}, locations(got)); d != "" || err == nil {
		t.Errorf("after an error: %v (-want +got):\n%s", err, d)
	}
}

func TestTypicalSearchExpressionsDoNotAllocate(t *testing.T) {
	focus := parse(t, observation)
	for _, code := range []string{"status", "code", "date", "subject", "patient", "value-quantity", "combo-value-quantity", "combo-code", "_profile", "code-value-quantity", "category", "identifier", "performer"} {
		x, err := fhirpath.Compile(definitions(t), definitions(t).Param("Observation", code).Expression)
		if err != nil {
			t.Fatal(err)
		}
		x = x.For("Observation")
		dst := make([]fhirpath.Value, 0, 32)
		got := testing.AllocsPerRun(200, func() {
			if dst, err = x.EvalInto(dst[:0], x.Focus(focus)); err != nil || len(dst) == 0 {
				t.Fatal(len(dst), err)
			}
		})
		if got >= 1 {
			t.Errorf("%s: %v allocations, want none", code, got)
		}
	}
}

func TestAnExpressionIsEvaluatedByManyAtOnce(t *testing.T) {
	x, err := fhirpath.Compile(definitions(t), "name.select(given.aggregate($total + $index + 1, 0)) | (1 'g' = 1000 'mg') | (now() = now())")
	if err != nil {
		t.Fatal(err)
	}
	focus := x.Focus(parse(t, alice))
	want := []string{"Integer=6", "Integer=0", "Boolean=true"}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				got, err := x.EvalIn(nil, focus, fhirpath.Scope{Clock: noon, Units: nil})
				if err != nil || !slices.Equal(locations(got), want) {
					t.Errorf("got %v, %v; want %v", locations(got), err, want)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestTheTableOfUnitsCanBeShared(t *testing.T) {
	x, err := fhirpath.Compile(definitions(t), "1 'g' + 1 'mg'")
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.EvalIn(nil, x.Focus(nobody(t)), fhirpath.Scope{Units: ucum.New()})
	if d := cmp.Diff([]string{"Quantity=1001 'mg'"}, locations(got)); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestHostileExpressionsEndWithAnError(t *testing.T) {
	many := parse(t, `{"resourceType":"Patient","name":[`+strings.Repeat(`{"given":["a","b"]},`, 3000)+`{}]}`)
	for _, expr := range []string{
		"1.repeat($this + 1)",
		"(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25|26|27|28|29|30|31|32).aggregate($total.combine($total), 1)",
		"name.select(%resource.name.select(%resource.name))",
		"name.given.select(%resource.descendants())",
		"name.where(%resource.name.where(false).empty())",
		"(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25|26|27|28|29|30).aggregate($total & $total, 'aaaaaaaa')",
		"(1|2|3|4|5|6|7|8|9|10|11|12).aggregate($total.replace('a', 'aaaaaaaaaa'), 'aaaaaaaaaaaaaaaa')",
		"(1|2|3|4|5|6|7|8|9|10|11|12).aggregate($total.replaceMatches('a', '$0$0$0$0$0$0$0$0$0'), 'aaaaaaaaaaaaaaaa')",
	} {
		x, err := fhirpath.Compile(definitions(t), expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if _, err := x.EvalIn(nil, x.Focus(many), fhirpath.Scope{Work: 100_000}); !fhir.HasCode(err, fhir.TooCostly) {
			t.Errorf("%s: %v, want too-costly", expr, err)
		}
	}
}

func TestAnErrorInsideAnyTermIsAnError(t *testing.T) {
	focus := parse(t, alice)
	for _, expr := range []string{
		"F.x", "F[0]", "name[F]", "F | 1", "1 | F", "F + 1", "1 + F", "-F", "F & 'a'", "F and true", "true and F", "F implies true", "F = 1", "1 = F", "F != 1",
		"F ~ 1", "1 !~ F", "F < 1", "1 < F", "F in 1", "1 in F", "1 contains F", "F is Integer", "F.is(Integer)", "F.as(Integer)", "F.ofType(Integer)", "F.not()",
		"F.exists()", "F.empty()", "F.exists(true)", "name.exists(F)", "name.where(F)", "F.where(true)", "name.select(F)", "F.select(1)", "name.all(F)", "F.all(true)",
		"1.repeat(F)", "F.repeat(1)", "1.repeat(iif($this = 1, 2, F))", "name.aggregate(F)", "F.aggregate(1)", "1.aggregate($this, F)", "iif(F, 1, 2)", "iif(true, F, 2)", "iif(false, 1, F)",
		"F.iif(true, 1, 2)", "name.trace(F)", "name.trace('x', F)", "F.trace('x')", "name.sort(F)", "F.sort()", "extension(F)", "F.extension('x')", "F.hasExtension('x')",
		"'a'.substring(F)", "'a'.substring(0, F)", "F.substring(1)", "F.count()", "name.intersect(F)", "F.union(1)", "1.union(F)", "F.resolve()", "F.children()", "F.descendants()",
		"'a'.matches(F)", "F.matches('a')", "1.round(F)", "F.round()", "1.power(F)", "F.power(1)", "F.log(2)", "F.lowBoundary()", "1.lowBoundary(F)", "1 'g'.comparable(F)", "F.toQuantity('g')", "F.join(',')",
	} {
		t.Run(expr, func(t *testing.T) {
			x, err := fhirpath.Compile(definitions(t), strings.ReplaceAll(expr, "F", "%context.name.given.single()"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := x.EvalInto(nil, x.Focus(focus))
			if err == nil || !strings.Contains(err.Error(), "single() takes one item, not 3") || got != nil {
				t.Errorf("got %v, %v", locations(got), err)
			}
		})
	}
}
