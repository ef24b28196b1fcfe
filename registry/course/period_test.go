package course

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/term"
)

// An assessment by SLEDAI-2K looks back on 10 or 30 days and is made at their end; a sample is taken, a dose taken and a relapse seen from the first.
func TestAScoreOfAPeriodIsOfItsLastDay(t *testing.T) {
	coded := func(code, when, rest string) string {
		return seen("o", "final", `{"system":"`+term.Local+`","code":"`+code+`"}`, when, rest)
	}
	met := `"valueCodeableConcept":{"coding":[{"system":"` + term.Local + `","code":"criterion-met"}]}`
	const back = `"effectivePeriod":{"start":"2024-03-11","end":"2024-04-09T16:00:00+02:00"}`
	for _, tt := range []struct {
		name, told string
		want       []string
	}{
		{"SLEDAI-2K", coded("sledai-2k", back, plain("4")), []string{"assessed 2024-04-09"}},
		{"by its items", coded("sledai-2k", back, `"component":[`+item("rash", "true")+`]`), []string{"assessed 2024-04-09"}},
		{"by SELENA-SLEDAI", coded("sledai-2k", back, `"method":{"coding":[{"system":"`+term.Local+`","code":"`+term.BySELENA+`"}]},`+plain("4")), []string{"otherwise 2024-04-09"}},
		{"clinical SLEDAI-2K", coded("csledai-2k", back, plain("4")), []string{"assessed 2024-04-09"}},
		{"PGA", coded("pga", back, plain("0.2")), []string{"pga 2024-04-09"}},
		{"the damage index", coded("sdi", back, plain("1")), []string{"damage 2024-04-09", "sdi 2024-04-09 to 2024-04-09"}},
		{"a finding", coded("gi-activity", back, `"valueBoolean":false`), []string{"gut 2024-04-09"}},
		{"BILAG", coded("bilag-renal", back, `"valueString":"A"`), []string{"bilag 2024-04-09"}},
		{"an outcome", coded("doris-2021", back, met), []string{"stated 2024-04-09"}},
		{"alive", coded("last-known-alive", back, `"valueBoolean":true`), []string{"alive 2024-04-09"}},
		{"the end alone", coded("pga", `"effectivePeriod":{"end":"2024-04-09"}`, plain("0.2")), []string{"pga 2024-04-09"}},
		{"the start alone", coded("pga", `"effectivePeriod":{"start":"2024-04-09"}`, plain("0.2")), []string{"pga 2024-04-09"}},
		{"an end in some month", coded("pga", `"effectivePeriod":{"start":"2024-03-11","end":"2024-04"}`, plain("0.2")), []string{"vague 2024-04-01 to 2024-04-30"}},
		{"a relapse", coded("relapse", back, met), []string{"stated 2024-03-11"}},
		{"a dose", coded("gc-dose", back, plain("5")), []string{"dose 2024-03-11"}},
		{"a sample", seen("o", "final", ratio, back, of("0.3")), []string{"lab 2024-03-11"}},
		{"the highest grade", coded("crs-max-grade", back, plain("1")), []string{"grade 2024-03-11 to 2024-04-09", "crs-max-grade 2024-03-11 to 2024-04-09"}},
	} {
		if diff := cmp.Diff(tt.want, daysTold(told(t, "", infusion, tt.told))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// daysTold are the days of what a course has.
func daysTold(c *Course) (l []string) {
	add := func(what string, days ...Day) {
		l = append(l, fmt.Sprint(what, " ", days[0]))
		for _, to := range days[1:] {
			l[len(l)-1] += fmt.Sprint(" to ", to)
		}
	}
	for _, a := range c.Assessments {
		add("assessed", a.Day)
	}
	for _, a := range c.Others {
		add("otherwise", a.Day)
	}
	for what, readings := range map[string][]Reading{"pga": c.PGA, "dose": c.GC, "damage": c.Damage} {
		for _, r := range readings {
			add(what, r.Day)
		}
	}
	for _, f := range c.Gut {
		add("gut", f.Day)
	}
	for _, g := range c.Bilag {
		add("bilag", g.Day)
	}
	for _, m := range c.Labs {
		add("lab", m.Day)
	}
	for _, s := range c.Stated {
		add("stated", s.Day)
	}
	for _, g := range c.Grades {
		add("grade", g.Days.From, g.Days.To)
	}
	for _, i := range c.Instruments {
		add(i.Kind, i.Days.From, i.Days.To)
	}
	for _, v := range c.Vague {
		add("vague", v.From, v.To)
	}
	if c.LastAlive.Known() {
		add("alive", c.LastAlive)
	}
	return l
}
