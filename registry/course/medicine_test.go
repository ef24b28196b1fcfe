package course

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
)

// told is the course of resources, whose subjects, ids and codes of drugs are filled in.
func told(t *testing.T, medication string, resources ...string) *Course {
	t.Helper()
	b := NewBuilder("p", true)
	for _, text := range resources {
		r, err := tree.Parse([]byte(text), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		b.Add(r)
	}
	if medication != "" {
		r, err := tree.Parse([]byte(medication), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		b.Medication(r)
	}
	return b.Course(nil)
}

const (
	infusion   = `{"resourceType":"Procedure","id":"i","status":"completed","performedDateTime":"2024-01-10","code":{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"cart-infusion"}]}}`
	mmfCode    = `{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"68149"}]}`
	mmfTold    = `"medicationCodeableConcept":` + mmfCode
	hcqCode    = `{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"hydroxychloroquine"}]}`
	visitOfDay = "2024-04-09"
)

func statement(id, status, medication, rest string) string {
	return `{"resourceType":"MedicationStatement","id":"` + id + `","status":"` + status + `",` + medication + `,` + rest + `}`
}

func given(status, medication, on string) string {
	return `{"resourceType":"MedicationAdministration","id":"g","status":"` + status + `",` + medication + `,"effectiveDateTime":"` + on + `"}`
}

// free is freedom from immunosuppressives and antimalarials at the visit, and whether there was a rescue until it.
func free(c *Course) [3]score.Truth {
	day := ParseDay(visitOfDay).From
	f := c.Freedom(day, Usual())
	return [3]score.Truth{f.IS.Truth, f.Antimalarial.Truth, c.Resumed(c.T0(), Usual(), true).Rescue(day).Truth}
}

func TestADrugIsNamedByItsMedicationWhereverThatStands(t *testing.T) {
	const on = `"effectiveDateTime":"` + visitOfDay + `"`
	within := func(code string) string {
		return `"contained":[{"resourceType":"Medication","id":"m","code":` + code + `}],"medicationReference":{"reference":"#m"}`
	}
	named := func(text string) string { return `"medicationCodeableConcept":{"text":"` + text + `"}` }
	const elsewhere = `"medicationReference":{"reference":"Medication/x"}`
	const other = `"medicationCodeableConcept":{"coding":[{"system":"y","code":"Y"}]}`
	for _, tt := range []struct {
		name, medication string
		told             []string
		want             [3]score.Truth
	}{
		{"by a code of ATC of the group of another organ", "", []string{statement("a", "active", `"medicationCodeableConcept":{"coding":[{"system":"y","code":"Y"},{"system":"http://www.whocc.no/atc","code":"A02BC02"}]}`, on)}, [3]score.Truth{score.Yes, score.Yes, score.No}},
		{"by a code of ATC of a group that holds such drugs", "", []string{statement("a", "active", `"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"L04AX99"}]}`, on)}, [3]score.Truth{score.Unknown, score.Unknown, score.No}},
		{"by codes of ATC of which one says nothing", "", []string{statement("a", "active", `"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"A02BC02"},{"system":"http://www.whocc.no/atc","code":"L04AX99"}]}`, on)}, [3]score.Truth{score.Unknown, score.Unknown, score.No}},
		{"by one of another server that has the id of one here", `{"resourceType":"Medication","id":"x","code":` + hcqCode + `}`, []string{statement("a", "active", `"medicationReference":{"reference":"https://pharmacy.example.com/fhir/Medication/x"}`, on)}, [3]score.Truth{score.Unknown, score.Unknown, score.No}},
		{"within the resources, one taken and one not", "", []string{statement("a", "active", within(mmfCode), on), statement("b", "not-taken", within(hcqCode), on)}, [3]score.Truth{score.No, score.Yes, score.No}},
		{"by text only, one taken and one not", "", []string{statement("a", "active", named("mycophenolate"), on), statement("b", "not-taken", named("hydroxychloroquine"), on)}, [3]score.Truth{2: score.No}},
		{"by text only, both not taken", "", []string{statement("a", "not-taken", named("mycophenolate"), on), statement("b", "not-taken", named("hydroxychloroquine"), on)}, [3]score.Truth{score.Yes, score.Yes, score.No}},
		{"by nothing, one taken and one not", "", []string{statement("a", "active", `"note":[{"text":"?"}]`, on), statement("b", "not-taken", `"note":[{"text":"?"}]`, on)}, [3]score.Truth{2: score.No}},
		{"by a resource", `{"resourceType":"Medication","id":"x","code":` + mmfCode + `}`, []string{statement("a", "active", elsewhere, on)}, [3]score.Truth{score.No, score.Yes, score.No}},
		{"by the ingredient of a resource", `{"resourceType":"Medication","id":"x","code":{"text":"a brand"},"ingredient":[{"itemCodeableConcept":{"text":"starch"}},{"itemCodeableConcept":` + mmfCode + `}]}`, []string{statement("a", "active", elsewhere, on)}, [3]score.Truth{score.No, score.Yes, score.No}},
		{"by the ingredient of one within", "", []string{statement("a", "active", `"contained":[{"resourceType":"Medication","id":"m","ingredient":[{"itemCodeableConcept":`+mmfCode+`}]}],"medicationReference":{"reference":"#m"}`, on)}, [3]score.Truth{score.No, score.Yes, score.No}},
		{"by an ingredient that nobody knows", `{"resourceType":"Medication","id":"x","code":{"text":"a brand"},"ingredient":[{"itemCodeableConcept":{"text":"starch"}}]}`, []string{statement("a", "active", elsewhere, on)}, [3]score.Truth{2: score.No}},
		{"by its own code before its ingredients", `{"resourceType":"Medication","id":"x","code":` + hcqCode + `,"ingredient":[{"itemCodeableConcept":` + mmfCode + `}]}`, []string{statement("a", "active", elsewhere, on)}, [3]score.Truth{score.Yes, score.No, score.No}},
		{"by a resource that is not there", "", []string{statement("a", "active", elsewhere, on)}, [3]score.Truth{2: score.No}},
		{"by a resource, given", `{"resourceType":"Medication","id":"x","code":` + mmfCode + `}`, []string{statement("a", "not-taken", other, on), given("completed", elsewhere, "2024-03-20")}, [3]score.Truth{score.No, score.Yes, score.Yes}},
		{"by a code that nobody knows, given", "", []string{statement("a", "not-taken", other, on), given("completed", other, "2024-03-20")}, [3]score.Truth{}},
	} {
		if diff := cmp.Diff(tt.want, free(told(t, tt.medication, append(tt.told, infusion)...))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestWhatAStatusLeavesOpenIsUnknown(t *testing.T) {
	period := func(text string) string { return `"effectivePeriod":{` + text + `}` }
	const on, start = `"effectiveDateTime":"` + visitOfDay + `"`, `"start":"2020-01-01"`
	const yes, no, unknown = score.Yes, score.No, score.Unknown
	hcq := statement("h", "not-taken", `"medicationCodeableConcept":`+hcqCode, on)
	for _, tt := range []struct {
		name, told  string
		free, saved score.Truth // of immunosuppressives, rescue
	}{
		{"taken at the visit", statement("a", "active", mmfTold, on), no, no},
		{"not taken", statement("a", "not-taken", mmfTold, on), yes, no},
		{"nobody knows", statement("a", "unknown", mmfTold, on), unknown, no},
		{"on hold", statement("a", "on-hold", mmfTold, on), unknown, no},
		{"intended", statement("a", "intended", mmfTold, on), yes, no},
		{"taken in the month of the visit", statement("a", "active", mmfTold, `"effectiveDateTime":"2024-04"`), unknown, unknown},
		{"taken in another month", statement("a", "active", mmfTold, `"effectiveDateTime":"2023-11"`), yes, no},
		{"taken since", statement("a", "active", mmfTold, period(start)), no, no},
		{"taken since and on hold", statement("a", "on-hold", mmfTold, period(start)), unknown, no},
		{"taken since, or not", statement("a", "unknown", mmfTold, period(start)), unknown, no},
		{"begun after the cells, or not", statement("a", "unknown", mmfTold, period(`"start":"2024-03-01"`)), unknown, unknown},
		{"stopped on some day", statement("a", "stopped", mmfTold, period(start)), unknown, no},
		{"completed on some day", statement("a", "completed", mmfTold, period(start)), unknown, no},
		{"completed, nobody knows when", statement("a", "completed", mmfTold, `"dateAsserted":"2024-05-01"`), unknown, no},
		{"said to be stopped before the visit", statement("a", "stopped", mmfTold, period(start)+`,"dateAsserted":"2023-10-01"`), yes, no},
		{"said to be stopped after the visit", statement("a", "stopped", mmfTold, period(start)+`,"dateAsserted":"2024-10-01"`), unknown, no},
		{"stopped on a day", statement("a", "stopped", mmfTold, period(start+`,"end":"2024-01-01"`)), yes, no},
		{"given", given("completed", mmfTold, "2024-03-20"), no, yes},
		{"being given", given("in-progress", mmfTold, "2024-03-20"), no, yes},
		{"given in part", given("stopped", mmfTold, "2024-03-20"), no, yes},
		{"not given", given("not-done", mmfTold, "2024-03-20"), yes, no},
		{"given in a month after the cells", given("completed", mmfTold, "2024-03"), unknown, yes}, // from the first of March it counts until April 4
		{"given in the month of the visit", given("completed", mmfTold, "2024-04"), unknown, unknown},
		{"given in the month of the cells", given("completed", mmfTold, "2024-01"), yes, unknown},
		{"given in a month before the cells", given("completed", mmfTold, "2023-12"), yes, no},
	} {
		got := free(told(t, "", hcq, tt.told, infusion))
		if diff := cmp.Diff([3]score.Truth{tt.free, yes, tt.saved}, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// Who says of a drug that it is not taken, on a day or for some time, tells of drugs.
func TestThatADrugIsNotTakenForSomeTimeIsTold(t *testing.T) {
	for name, when := range map[string]string{
		"on a day": `"effectiveDateTime":"` + visitOfDay + `"`, "in a month": `"effectiveDateTime":"2024-04"`,
		"for some time": `"effectivePeriod":{"start":"2024-01-10","end":"2024-12-31"}`, "at any time": `"dateAsserted":"2024-04-09"`,
	} {
		got := free(told(t, "", statement("a", "not-taken", mmfTold, when), infusion))
		if diff := cmp.Diff([3]score.Truth{score.Yes, score.Yes, score.No}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := free(told(t, "", statement("a", "intended", mmfTold, `"effectiveDateTime":"`+visitOfDay+`"`), infusion)); got[0].Known() {
		t.Errorf("what is intended tells nothing: %v", got)
	}
}
