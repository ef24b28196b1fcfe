package course

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/score"
)

// seen is an Observation: what it is, when, its status and what it tells.
func seen(id, status, code, when, rest string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"` + status + `","code":{"coding":[` + code + `]},` + when + `,` + rest + `}`
}

const (
	ratio = `{"system":"http://loinc.org","code":"2890-2"}`
	pga   = `{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"pga"}`
	whole = `{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"sledai-2k"}`
	gut   = `{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"gi-activity"}`
)

func at(when string) string { return `"effectiveDateTime":"` + when + `"` }

func of(value string) string { return `"valueQuantity":{"value":` + value + `,"code":"g/g"}` }

func plain(value string) string { return `"valueQuantity":{"value":` + value + `}` }

func item(name, value string) string {
	return `{"code":{"coding":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"sledai-2k-` + name + `"}]},"valueBoolean":` + value + `}`
}

// Resources come in the order of their ids, which says nothing of time: each list is added both ways round.
func TestOfTwoValuesOfADayTheLaterStands(t *testing.T) {
	const morning, evening, abroad = "2024-04-09T08:00:00Z", "2024-04-09T20:00:00Z", "2024-04-09T23:30:00-05:00"
	upcr, _ := AnalyteNamed("upcr")
	for _, tt := range []struct {
		name string
		told []string
		want string // the ratio and PGA
	}{
		{"ratios", []string{seen("a", "final", ratio, at(evening), of("0.3")), seen("b", "final", ratio, at(morning), of("1.5"))}, "0.3 unknown"},
		{"ratios in two time zones", []string{seen("a", "final", ratio, at(abroad), of("0.3")), seen("b", "final", ratio, at(evening), of("1.5"))}, "0.3 unknown"},
		{"ratios of a morning in the east and of the day", []string{seen("a", "final", ratio, at("2024-04-09T08:00:00+09:00"), of("0.3")), seen("b", "final", ratio, at(visitOfDay), of("1.5"))}, "0.3 unknown"},
		{"ratios of one time, of which one stands, whichever was written last", []string{seen("a", "final", ratio, at(visitOfDay), of("0.3")), seen("b", "final", ratio, at(visitOfDay), of("1.5"))}, "1.5 unknown"},
		{"a preliminary one that is later", []string{seen("a", "final", ratio, at(morning), of("0.3")), seen("b", "preliminary", ratio, at(evening), of("1.5"))}, "0.3 unknown"},
		{"one that was only registered", []string{seen("b", "registered", ratio, at(evening), of("1.5"))}, "unknown unknown"},
		{"PGA", []string{seen("a", "final", pga, at(evening), plain("0.2")), seen("b", "final", pga, at(morning), plain("0.8"))}, "unknown 0.2"},
		{"PGA, corrected", []string{seen("a", "amended", pga, at(visitOfDay), plain("0.2"))}, "unknown 0.2"},
		{"PGA of one time that says two things", []string{seen("a", "final", pga, at(visitOfDay), plain("0.2")), seen("b", "final", pga, at(visitOfDay), plain("0.8"))}, "unknown unknown"},
		{"PGA of one time from two systems", []string{seen("a", "final", pga, at(visitOfDay), plain("0.2")), seen("b", "final", pga, at(visitOfDay), plain("0.2"))}, "unknown 0.2"},
	} {
		for range 2 {
			c := told(t, "", append(slices.Clone(tt.told), infusion)...)
			day := ParseDay(visitOfDay).From
			protein, _ := c.Value(upcr, Window{day, day, day})
			if got := protein.String() + " " + c.PGAAt(day, 0).String(); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
			slices.Reverse(tt.told)
		}
	}
}

func TestTwoAssessmentsOfADay(t *testing.T) {
	parts := func(l string) string { return `"component":[` + l + `]` }
	rash, none := item("rash", "true")+","+item("fever", "false"), item("rash", "false")
	const yes, no, unknown = score.Yes, score.No, score.Unknown
	for _, tt := range []struct {
		name string
		told []string
		want []score.Truth // rash, fever
	}{
		{"the later holds", []string{seen("a", "final", whole, at("2024-04-09T20:00:00Z"), parts(none)), seen("b", "final", whole, at("2024-04-09T08:00:00Z"), parts(rash))}, []score.Truth{no, no}},
		{"of one time, which say two things", []string{seen("a", "final", whole, at(visitOfDay), parts(none)), seen("b", "final", whole, at(visitOfDay), parts(rash))}, []score.Truth{unknown, no}},
		{"of one time, which say the same", []string{seen("a", "final", whole, at(visitOfDay), parts(rash)), seen("b", "final", whole, at(visitOfDay), parts(rash))}, []score.Truth{yes, no}},
	} {
		for range 2 {
			l := told(t, "", append(slices.Clone(tt.told), infusion)...).Assessments
			if len(l) != 1 {
				t.Fatalf("%s: %d assessments", tt.name, len(l))
			}
			if diff := cmp.Diff(tt.want, []score.Truth{l[0].Items[14], l[0].Items[21]}); diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
			slices.Reverse(tt.told)
		}
	}
	for _, tt := range [][3]string{{"4", "6", ">=0, incomplete"}, {"4", "4", "4"}} {
		l := told(t, "", infusion, seen("a", "final", whole, at(visitOfDay), plain(tt[0])), seen("b", "final", whole, at(visitOfDay), plain(tt[1]))).Assessments
		if got := l[0].Score().String(); got != tt[2] {
			t.Errorf("totals of %s and %s: %s, want %s", tt[0], tt[1], got, tt[2])
		}
	}
	c := told(t, "", infusion, seen("a", "final", gut, at(visitOfDay), `"valueBoolean":true`), seen("b", "final", gut, at(visitOfDay), `"valueBoolean":false`))
	if got := c.GutAt(ParseDay(visitOfDay).From, 0); got.Known() {
		t.Errorf("the gut is active and is not: %v", got)
	}
}

func TestAValueIsReadWhereverAnObservationHasItAndItsTime(t *testing.T) {
	const panel = `{"system":"http://loinc.org","code":"34535-5"}`
	component := `"component":[{"code":{"coding":[` + ratio + `]},"valueQuantity":{"value":300,"code":"mg/g{creat}"}}]`
	upcr, _ := AnalyteNamed("upcr")
	for _, tt := range []struct{ name, told, want string }{
		{"of a day", seen("a", "final", ratio, at(visitOfDay), of("0.3")), "0.3 2024-04-09"},
		{"as an instant", seen("a", "final", ratio, `"effectiveInstant":"2024-04-09T23:30:00-05:00"`, of("0.3")), "0.3 2024-04-09"},
		{"of a period", seen("a", "final", ratio, `"effectivePeriod":{"start":"2024-04-08","end":"2024-04-09"}`, of("0.3")), "0.3 2024-04-08"},
		{"of a period of which only the end is told", seen("a", "final", ratio, `"effectivePeriod":{"end":"2024-04-09"}`, of("0.3")), "0.3 2024-04-09"},
		{"of a timing", seen("a", "final", ratio, `"effectiveTiming":{"event":["2024-04-09"]}`, of("0.3")), "0.3 2024-04-09"},
		{"of a timing of two days", seen("a", "final", ratio, `"effectiveTiming":{"event":["2024-04-09","2024-04-10"]}`, of("0.3")), "unknown "},
		{"in a panel", seen("a", "final", panel, at(visitOfDay), component), "0.3 2024-04-09"},
		{"with a code of the hospital before", seen("a", "final", `{"system":"http://hospital.example","code":"PCR"},`+ratio, at(visitOfDay), of("0.3")), "0.3 2024-04-09"},
		{"with a local code before", seen("a", "final", `{"system":"http://example.org/fhir/sle-cart/CodeSystem/sle-cart","code":"upcr"},`+ratio, at(visitOfDay), of("0.3")), "0.3 2024-04-09"},
		{"with a reason why there is none", seen("a", "final", ratio, at(visitOfDay), `"dataAbsentReason":{"text":"?"}`), "unknown "},
	} {
		day := ParseDay(visitOfDay).From
		v, on := told(t, "", infusion, tt.told).Value(upcr, Window{day - 7, day, day + 7})
		if got := v.String() + " " + on.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
