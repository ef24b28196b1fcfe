package course

import (
	"fmt"
	"strings"
	"testing"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
)

func on(text string) Day { return ParseDay(text).Exact() }

// Remission was on 2024-03-10, and it is asked what was taken up by 2024-06-30.
func TestWhatIsTakenUpAfterADayIsNotWhatGoesOn(t *testing.T) {
	mmf, other, ritux := mustDrug("mycophenolate"), mustDrug("azathioprine"), mustDrug("rituximab")
	after, until := on("2024-03-10"), on("2024-06-30")
	from := func(d Medicine, from, to string) Therapy { return Therapy{Drug: d, From: span(from), To: span(to)} }
	says := func(d Medicine, day string, taken score.Truth) Taking {
		return Taking{Day: on(day), Drug: d, Taken: taken}
	}
	gets := func(d Medicine, days ...string) (l []Given) {
		for _, day := range days {
			l = append(l, Given{Day: on(day), Drug: d})
		}
		return l
	}
	cells := []Infusion{{Day: on("2024-01-01")}}
	for _, tt := range []struct {
		name       string
		c          Course
		is, bCells score.Truth
		days       string
	}{
		{"nothing told", Course{}, score.Unknown, score.No, ""},
		{"begun after", Course{Therapies: []Therapy{from(mmf, "2024-03-11", "")}}, score.Yes, score.No, "2024-03-11"},
		{"begun on the day", Course{Therapies: []Therapy{from(mmf, "2024-03-10", "")}}, score.No, score.No, ""},
		{"begun later than asked", Course{Therapies: []Therapy{from(mmf, "2024-07-01", "")}}, score.No, score.No, "2024-07-01"},
		{"begun and ended", Course{Therapies: []Therapy{from(mmf, "2024-04-01", "2024-04-02")}}, score.Yes, score.No, "2024-04-01"},
		{"begun in a month after", Course{Therapies: []Therapy{from(mmf, "2024-04", "")}}, score.Yes, score.No, "2024-04-30"},
		{"begun in the same month", Course{Therapies: []Therapy{from(mmf, "2024-03", "")}}, score.Unknown, score.No, "2024-03-31"},
		{"begun nobody knows when", Course{Therapies: []Therapy{from(mmf, "", "")}}, score.No, score.No, ""},
		{"the next prescription", Course{Therapies: []Therapy{from(mmf, "2024-01-01", "2024-04-01"), from(mmf, "2024-04-02", "")}}, score.No, score.No, ""},
		{"a day was left out", Course{Therapies: []Therapy{from(mmf, "2024-01-01", "2024-04-01"), from(mmf, "2024-04-03", "")}}, score.Yes, score.No, "2024-04-03"},
		{"another drug", Course{Therapies: []Therapy{from(mmf, "2024-01-01", ""), from(other, "2024-04-02", "")}}, score.Yes, score.No, "2024-04-02"},
		{"against a toxicity", Course{Therapies: []Therapy{{Drug: mmf, From: span("2024-04-01"), Aside: true}}}, score.No, score.No, ""},
		{"taken up between two visits", Course{Takings: []Taking{says(mmf, "2024-03-10", score.No), says(mmf, "2024-06-10", score.Yes)}}, score.Yes, score.No, "2024-06-10"},
		{"the visit before was told some days earlier", Course{Takings: []Taking{says(mmf, "2024-03-03", score.No), says(mmf, "2024-06-10", score.Yes)}}, score.Yes, score.No, "2024-06-10"},
		{"the visit before was earlier", Course{Takings: []Taking{says(mmf, "2024-03-02", score.No), says(mmf, "2024-06-10", score.Yes)}}, score.Unknown, score.No, "2024-06-10"},
		{"taken then and now", Course{Takings: []Taking{says(mmf, "2024-03-10", score.Yes), says(mmf, "2024-06-10", score.Yes)}}, score.No, score.No, ""},
		{"taken before, ended, and taken again", Course{Takings: []Taking{says(mmf, "2024-02-10", score.Yes), says(mmf, "2024-06-10", score.Yes)}, Therapies: []Therapy{from(mmf, "2020", "2024-03-20")}}, score.Yes, score.No, "2024-06-10"},
		{"ended some days before", Course{Takings: []Taking{says(mmf, "2024-02-10", score.Yes), says(mmf, "2024-06-10", score.Yes)}, Therapies: []Therapy{from(mmf, "2020", "2024-03-03")}}, score.Yes, score.No, "2024-06-10"},
		{"ended earlier before", Course{Takings: []Taking{says(mmf, "2024-02-10", score.Yes), says(mmf, "2024-06-10", score.Yes)}, Therapies: []Therapy{from(mmf, "2020", "2024-02-20")}}, score.Unknown, score.No, "2024-06-10"},
		{"ended in some month, and taken again", Course{Takings: []Taking{says(mmf, "2024-02-10", score.Yes), says(mmf, "2024-06-10", score.Yes)}, Therapies: []Therapy{from(mmf, "2020", "2024-04")}}, score.Yes, score.No, "2024-06-10"},
		{"ended before it was told to be taken", Course{Takings: []Taking{says(mmf, "2024-02-10", score.Yes), says(mmf, "2024-06-10", score.Yes)}, Therapies: []Therapy{from(mmf, "2020", "2024-02-01")}}, score.No, score.No, ""},
		{"first told of", Course{Takings: []Taking{says(mmf, "2024-06-10", score.Yes)}}, score.No, score.No, ""},
		{"a period after a visit that told of it", Course{Infusions: cells, Takings: []Taking{says(mmf, "2024-03-10", score.Yes)}, Therapies: []Therapy{from(mmf, "2024-04-01", "")}}, score.No, score.No, ""},
		{"a period after a visit before the cells", Course{Infusions: cells, Takings: []Taking{says(mmf, "2023-12-10", score.Yes)}, Therapies: []Therapy{from(mmf, "2024-04-01", "")}}, score.Yes, score.No, "2024-04-01"},
		{"given, and nothing else told", Course{Given: gets(ritux, "2024-04-01")}, score.Yes, score.Yes, "2024-04-01"},
		{"given in a row", Course{Given: gets(ritux, "2024-03-01", "2024-04-05", "2024-05-10")}, score.Unknown, score.No, ""},
		{"given again after a row", Course{Given: gets(ritux, "2024-03-01", "2024-04-06")}, score.Yes, score.Yes, "2024-04-06"},
		{"given in a row that began with the cells", Course{Infusions: []Infusion{{Day: on("2024-03-05")}}, Given: gets(mmf, "2024-03-05", "2024-04-01")}, score.Yes, score.No, "2024-04-01"},
		{"cells again", Course{Infusions: append(cells, Infusion{Day: on("2024-04-01"), ID: "x"})}, score.Unknown, score.Yes, "2024-04-01"},
	} {
		r := tt.c.Resumed(after, Usual(), true)
		var days []string
		for _, d := range r.Days() {
			days = append(days, d.String())
		}
		got := fmt.Sprint(r.Immunosuppressive(until).Truth, r.BCells(until).Truth, days)
		if want := fmt.Sprint(tt.is, tt.bCells, strings.Fields(tt.days)); got != want {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
	}
	c := Course{Infusions: append(cells, Infusion{Day: on("2024-04-01")})}
	if got := c.Resumed(after, Usual(), false).BCells(until).Truth; got != score.No {
		t.Errorf("cells that do not count: %v", got)
	}
}

// A patient was infused on 2024-01-10 and on 2024-09-10, and had ICANS.
func TestDrugsThatTreatNoLupusAreSetAside(t *testing.T) {
	const toci, dexamethasone, mmf = "tocilizumab", "dexamethasone", "mycophenolate"
	reason := func(to string) string { return `,"reasonReference":[{"reference":"` + to + `"}]` }
	for _, tt := range []struct {
		name, drug, from, to, rest string
		given, taken               bool
	}{
		{"against lupus", mmf, "2024-01-11", "2024-01-11", "", false, false},
		{"such as treats toxicities", toci, "2024-01-11", "2024-01-12", "", true, true},
		{"to the end of the time in which they are treated", dexamethasone, "2024-02-09", "2024-02-09", "", true, true},
		{"a day later", dexamethasone, "2024-02-10", "2024-02-10", "", false, false},
		{"after the other cells", toci, "2024-09-12", "2024-09-12", "", true, true},
		{"for lupus", dexamethasone, "2024-01-20", "2024-01-20", reason("Condition/sle"), false, false},
		{"for ICANS, whatever and whenever", mmf, "2024-05-01", "2024-05-01", reason("Condition/icans"), true, true},
		{"by a code of the reason", mmf, "2024-05-01", "2024-05-01", `,"reasonCode":[{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"crs"}]}]`, true, true},
		{"a part of a lymphodepletion", mmf, "2024-05-01", "2024-05-01", `,"partOf":[{"reference":"Procedure/ld"}]`, true, true},
		{"between a lymphodepletion and the cells", mmf, "2024-09-06", "2024-09-06", "", true, false},
		{"before the lymphodepletion", mmf, "2024-09-04", "2024-09-04", "", false, false},
	} {
		b := NewBuilder("p", false)
		for _, r := range []string{
			`{"resourceType":"MedicationAdministration","id":"g","status":"completed","effectiveDateTime":"` + tt.from + `","medicationCodeableConcept":` + codeOf(tt.drug) + tt.rest + `}`,
			`{"resourceType":"MedicationStatement","id":"t","status":"completed","effectivePeriod":{"start":"` + tt.from + `","end":"` + tt.to + `"},"medicationCodeableConcept":` + codeOf(tt.drug) + tt.rest + `}`,
			`{"resourceType":"Condition","id":"icans","code":` + localOf("icans") + `}`,
			`{"resourceType":"Condition","id":"sle","code":{"coding":[{"system":"http://snomed.info/sct","code":"55464009"}]}}`,
			`{"resourceType":"Procedure","id":"ld","status":"completed","performedDateTime":"2024-09-05","code":` + localOf("lymphodepletion") + `}`,
			`{"resourceType":"Procedure","id":"a","status":"completed","performedDateTime":"2024-01-10","code":` + localOf("cart-infusion") + `}`,
			`{"resourceType":"Procedure","id":"b","status":"completed","performedDateTime":"2024-09-10","code":` + localOf("cart-infusion") + `}`,
		} {
			parsed, err := tree.Parse([]byte(r), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			b.Add(parsed)
		}
		c := b.Course(nil)
		if got := [2]bool{c.Given[0].Aside, c.Therapies[0].Aside}; got != [2]bool{tt.given, tt.taken} {
			t.Errorf("%s: given and taken aside %v", tt.name, got)
		}
	}
}

func localOf(code string) string {
	return `{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"` + code + `"}]}`
}

// codeOf is the concept of a drug by its name.
func codeOf(name string) string {
	c := Drug(mustDrug(name)).Code
	return `{"coding":[{"system":"` + c.System + `","code":"` + c.Code + `"}]}`
}
