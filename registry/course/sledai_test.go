package course

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// The items of a form: seizure weighs 8, arthritis 4, rash 2 and fever 1.
func TestAnItemOfSLEDAIIsReadAsPointsOrAsAFlag(t *testing.T) {
	whole := func(items ...string) string {
		var l []string
		for _, i := range items {
			name, value, _ := strings.Cut(i, " ")
			l = append(l, `{"code":{"coding":[{"system":"`+term.Local+`","code":"sledai-2k-`+name+`"}]},`+value+`}`)
		}
		return seen("a", "final", whole, at(visitOfDay), `"component":[`+strings.Join(l, ",")+`]`)
	}
	n := func(x int) string { return fmt.Sprintf(`"valueInteger":%d`, x) }
	q := func(x, unit string) string { return `"valueQuantity":{"value":` + x + `,"code":"` + unit + `"}` }
	for _, tt := range []struct{ name, told, want string }{
		{"booleans", whole("seizure "+`"valueBoolean":true`, "rash "+`"valueBoolean":false`), "seizure yes, rash no"},
		{"points", whole("seizure "+n(8), "arthritis "+n(0), "rash "+n(2), "fever "+n(1)), "seizure yes, arthritis no, rash yes, fever yes"},
		{"points as quantities", whole("seizure "+q("8", "{score}"), "rash "+q("0", "1")), "seizure yes, rash no"},
		{"flags", whole("seizure "+n(1), "rash "+n(0), "fever "+n(1)), "seizure yes, rash no, fever yes"},
		{"none is there", whole("seizure "+n(0), "rash "+n(0)), "seizure no, rash no"},
		{"of weight 1", whole("fever " + n(1)), "fever yes"},
		{"flags or 1 for no and 2 for yes", whole("seizure "+n(1), "rash "+n(1)), "nothing"},
		{"points but one", whole("seizure "+n(8), "alopecia "+n(1), "fever "+n(0)), "nothing"},
		{"points but one of another unit", whole("seizure "+q("8", "mg"), "fever "+n(0)), "nothing"},
		{"less than a weight", whole("seizure "+`"valueQuantity":{"value":8,"comparator":"<"}`, "fever "+n(0)), "nothing"},
		{"a boolean beside points", whole("seizure "+`"valueBoolean":true`, "rash "+n(2)), "seizure yes, rash yes"},
		{"a boolean beside what is neither", whole("seizure "+`"valueBoolean":true`, "rash "+n(7)), "seizure yes"},
		{"told twice", whole("rash "+n(2), "rash "+n(0), "fever "+n(0)), "fever no"},
		{"a reason beside points", whole("rash "+`"dataAbsentReason":{"text":"?"}`, "fever "+n(0)), "fever no"},
	} {
		if got := itemsOf(told(t, "", infusion, tt.told)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// itemsOf are the items of the only assessment.
func itemsOf(c *Course) string {
	var l []string
	for _, a := range c.Assessments {
		for k, i := range term.Sledai() {
			if is := a.Items[k]; is.Known() {
				l = append(l, i.Name+" "+map[score.Truth]string{score.Yes: "yes", score.No: "no"}[is])
			}
		}
	}
	if len(l) == 0 {
		return "nothing"
	}
	return strings.Join(l, ", ")
}

// Items come in the order of their ids, some before the panel and some after it.
func TestTheItemsOfAPanelMayBeObservationsOfTheirOwn(t *testing.T) {
	one := func(id, status, name, value string) string {
		return seen(id, status, `{"system":"`+term.Local+`","code":"sledai-2k-`+name+`"}`, at("2024-04-08"), value)
	}
	panel := func(when, more string, members ...string) string {
		var l []string
		for _, m := range members {
			l = append(l, `{"reference":"`+m+`"}`)
		}
		return seen("m", "final", whole, when, `"hasMember":[`+strings.Join(l, ",")+`]`+more)
	}
	const there, away = `"valueBoolean":true`, `"valueBoolean":false`
	rash, fever := one("a", "final", "rash", there), one("z", "final", "fever", away)
	for _, tt := range []struct {
		name string
		told []string
		want []string // days, items
	}{
		{"on its day", []string{rash, panel(at(visitOfDay), "", "Observation/a", "Observation/z"), fever}, []string{"assessed 2024-04-09", "rash yes, fever no"}},
		{"points", []string{one("a", "final", "rash", `"valueInteger":2`), panel(at(visitOfDay), "", "Observation/a", "Observation/z"), one("z", "final", "fever", `"valueInteger":0`)}, []string{"assessed 2024-04-09", "rash yes, fever no"}},
		{"beside components", []string{rash, panel(at(visitOfDay), `,"component":[`+item("fever", "false")+`]`, "Observation/a")}, []string{"assessed 2024-04-09", "rash yes, fever no"}},
		{"otherwise than a component", []string{rash, panel(at(visitOfDay), `,"component":[`+item("rash", "false")+`,`+item("fever", "false")+`]`, "Observation/a")}, []string{"assessed 2024-04-09", "fever no"}},
		{"without a panel", []string{rash, fever}, []string{"nothing"}},
		{"of which the panel does not name one", []string{rash, panel(at(visitOfDay), "", "Observation/a"), fever}, []string{"assessed 2024-04-09", "rash yes"}},
		{"entered in error", []string{one("a", "entered-in-error", "rash", there), panel(at(visitOfDay), "", "Observation/a", "Observation/z"), fever}, []string{"assessed 2024-04-09", "fever no"}},
		{"that are not there", []string{panel(at(visitOfDay), "", "Observation/a")}, []string{"nothing"}},
		{"on another server", []string{rash, panel(at(visitOfDay), "", "http://hospital.example/fhir/Observation/a")}, []string{"nothing"}},
		{"in some month", []string{rash, panel(at("2024-04"), "", "Observation/a")}, []string{"vague 2024-04-01 to 2024-04-30", "nothing"}},
	} {
		for range 2 {
			c := told(t, "", append(slices.Clone(tt.told), infusion)...)
			if diff := cmp.Diff(tt.want, append(daysTold(c), itemsOf(c))); diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
			slices.Reverse(tt.told)
		}
	}
}
