package course

import (
	"testing"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

func day(n int) Day { return Day(20000 + n) }

func infused(days ...int) *Course {
	c := &Course{Depletion: day(-5), Infusions: []Infusion{{Day: day(0)}}}
	for _, d := range days {
		c.Assessments = append(c.Assessments, Assessment{Day: day(d)})
		c.Labs = append(c.Labs, Lab{Day: day(d), Analyte: 3})
	}
	return c
}

func TestATimePointTakesTheNearestAssessmentOfItsWindow(t *testing.T) {
	month3, _ := term.TimepointOf("tp-m03")
	for _, tt := range []struct {
		name string
		days []int
		want int
	}{
		{"none", nil, -1},
		{"a day before the window", []int{59}, -1},
		{"the first day", []int{59, 60}, 1},
		{"the last day", []int{120, 121}, 0},
		{"a day after the window", []int{121}, -1},
		{"the nearest", []int{70, 92, 100}, 1},
		{"of two that are as near the later", []int{80, 100}, 1},
	} {
		c := infused(tt.days...)
		if got := c.In(month3, Forever); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
		if got := c.LabIn(3, c.Window(month3, Forever), Measured); got != tt.want {
			t.Errorf("%s, laboratory: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestATimePointTakesTheNearestAssessmentUntilADay(t *testing.T) {
	month3, _ := term.TimepointOf("tp-m03")
	for _, tt := range []struct{ until, want int }{{119, 1}, {95, 1}, {92, 1}, {91, 0}, {70, 0}, {69, -1}} {
		c := infused(70, 92, 100)
		if got := []int{c.In(month3, day(tt.until)), c.LabIn(3, c.Window(month3, day(tt.until)), Measured)}; got[0] != tt.want || got[1] != tt.want {
			t.Errorf("until day %d: %v, want %d", tt.until, got, tt.want)
		}
	}
}

func TestABaselineIsTheLastValueBeforeLymphodepletion(t *testing.T) {
	for _, tt := range []struct {
		name string
		days []int
		want int
	}{
		{"none", nil, -1},
		{"61 days before", []int{-66}, -1},
		{"60 days before", []int{-65}, 0},
		{"the last of several", []int{-60, -20, -10}, 2},
		{"the day on which it starts", []int{-10, -5}, 1},
		{"a day after it started", []int{-10, -4}, 0},
	} {
		c := infused(tt.days...)
		if got := c.BaselineAssessment(); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
		if got := c.LabIn(3, c.Baseline(), Measured); got != tt.want {
			t.Errorf("%s, laboratory: %d, want %d", tt.name, got, tt.want)
		}
	}
	c := infused(-1, 0)
	c.Depletion = Never
	if got := c.BaselineAssessment(); got != 0 {
		t.Errorf("without lymphodepletion the baseline ends before the infusion, got %d", got)
	}
	if got := (&Course{}).BaselineAssessment(); got != -1 {
		t.Errorf("without infusion there is no baseline, got %d", got)
	}
}

func TestThePartsOfAVisitLieWithinAWeek(t *testing.T) {
	at := func(days ...int) *Course {
		c := infused()
		for k, d := range days {
			c.PGA = append(c.PGA, Reading{day(d), score.Num(float64(k))})
		}
		return c
	}
	for _, tt := range []struct {
		name string
		days []int
		want string
	}{
		{"the same day", []int{89, 90, 91}, "1"},
		{"seven days off", []int{97}, "0"},
		{"eight days off", []int{98}, "unknown"},
		{"the later of two as near", []int{88, 92}, "1"},
		{"none", nil, "unknown"},
	} {
		if got := at(tt.days...).PGAAt(day(90), VisitDays).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestDaysAreReadAsTheTextSays(t *testing.T) {
	for text, want := range map[string][2]string{
		"2024-02-29": {"2024-02-29", "2024-02-29"}, "2024-02": {"2024-02-01", "2024-02-29"}, "2023": {"2023-01-01", "2023-12-31"},
		"2024-02-29T23:59:59+14:00": {"2024-02-29", "2024-02-29"}, "1969-12-31": {"1969-12-31", "1969-12-31"},
	} {
		if s := ParseDay(text); !s.There || s.From.String() != want[0] || s.To.String() != want[1] {
			t.Errorf("%s is %v to %v", text, s.From, s.To)
		}
	}
	for _, text := range []string{"", "soon", "2024-13", "2024-02-30", "24"} {
		if s := ParseDay(text); s.There || s.Exact() != Never {
			t.Errorf("%q is %v", text, s)
		}
	}
	if Never.String() != "" {
		t.Error("never is no date")
	}
}

func span(text string) Span { return ParseDay(text) }

func mustDrug(name string) Medicine {
	for k := range drugs {
		if drugs[k].Name == name {
			return Medicine{place: uint8(k)}
		}
	}
	panic(name)
}

func TestADrugIsTakenBetweenItsDates(t *testing.T) {
	at := ParseDay("2024-03-10").From
	for _, tt := range []struct {
		name, from, to string
		want           score.Truth
	}{
		{"goes on", "2024-01-01", "", score.Yes},
		{"starts that day", "2024-03-10", "", score.Yes},
		{"starts a day later", "2024-03-11", "", score.No},
		{"ends that day", "2024-01-01", "2024-03-10", score.No},
		{"ends a day later", "2024-01-01", "2024-03-11", score.Yes},
		{"starts in that month", "2024-03", "", score.Unknown},
		{"ends in that month", "2024-01-01", "2024-03", score.Unknown},
		{"ended in another month", "2024-01", "2024-02", score.No},
		{"start unknown", "", "2024-05-01", score.Yes},
	} {
		got := Therapy{From: span(tt.from), To: span(tt.to)}.covers(at)
		if got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestFreedomAndStabilityAreToldByPeriodsAndByDays(t *testing.T) {
	mmf, hcq, strange := mustDrug("mycophenolate"), mustDrug("hydroxychloroquine"), unknownMedicine("atc|X y|Y")
	at := ParseDay("2024-03-10").From
	tests := []struct {
		name                     string
		c                        Course
		is, antimalarial, stable score.Truth
		names                    *Names
	}{
		{"not told at this visit, but before", Course{Takings: []Taking{{Day: at - 90, Drug: hcq, Taken: score.No}}}, score.Yes, score.Unknown, score.Yes, nil},
		{"told the day before", Course{Takings: []Taking{{Day: at - 1, Drug: hcq, Taken: score.Yes}, {Day: at + 60, Drug: hcq, Taken: score.No}}}, score.Yes, score.No, score.Yes, nil},
		{"told a week later", Course{Takings: []Taking{{Day: at + 7, Drug: mmf, Taken: score.Yes}}}, score.No, score.Yes, score.Yes, nil},
		{"told eight days later", Course{Takings: []Taking{{Day: at + 8, Drug: mmf, Taken: score.Yes}}}, score.Unknown, score.Yes, score.Yes, nil},
		{"taken before, and ended since", Course{Takings: []Taking{{Day: at - 90, Drug: mmf, Taken: score.Yes}}, Therapies: []Therapy{{Drug: mmf, From: span("2020"), To: span("2024-01-01")}}}, score.Yes, score.Yes, score.Yes, nil},
		{"taken up again after it ended", Course{Takings: []Taking{{Day: at - 60, Drug: mmf, Taken: score.Yes}}, Therapies: []Therapy{{Drug: mmf, From: span("2020"), To: span("2024-01-01")}}}, score.Unknown, score.Yes, score.Yes, nil},
		{"one that nobody knows", Course{Therapies: []Therapy{{Drug: strange, From: span("2020")}}}, score.Unknown, score.Unknown, score.Yes, nil},
		{"one that nobody knows, which ended", Course{Therapies: []Therapy{{Drug: strange, From: span("2020"), To: span("2023")}}}, score.Yes, score.Yes, score.Yes, nil},
		{"one that nobody knows, that day", Course{Takings: []Taking{{Day: at, Drug: strange, Taken: score.Yes}}}, score.Unknown, score.Unknown, score.Yes, nil},
		{"one that nobody knows, not taken that day", Course{Takings: []Taking{{Day: at, Drug: strange, Taken: score.No}}}, score.Yes, score.Yes, score.Yes, nil},
		{"one that is said to be another drug", Course{Therapies: []Therapy{{Drug: strange, From: span("2020")}}}, score.Yes, score.Yes, score.Yes, &Names{"atc|X": Other}},
		{"one that is said to be an antimalarial", Course{Therapies: []Therapy{{Drug: strange, From: span("2020")}}}, score.Yes, score.No, score.Yes, &Names{"y|Y": term.Antimalarial}},
		{"beside one that nobody knows an immunosuppressive", Course{Therapies: []Therapy{{Drug: strange, From: span("2020")}, {Drug: mmf, From: span("2020")}}}, score.No, score.Unknown, score.Yes, nil},
		{"nothing told", Course{}, score.Unknown, score.Unknown, score.Unknown, nil},
		{"one that ended", Course{Therapies: []Therapy{{Drug: mmf, From: span("2020"), To: span("2024-01-01")}}}, score.Yes, score.Yes, score.Yes, nil},
		{"one that goes on", Course{Therapies: []Therapy{{Drug: mmf, From: span("2020")}}}, score.No, score.Yes, score.Yes, nil},
		{"one that was started 30 days before", Course{Therapies: []Therapy{{Drug: mmf, From: span("2024-02-09")}}}, score.No, score.Yes, score.Yes, nil},
		{"one that was started 29 days before", Course{Therapies: []Therapy{{Drug: mmf, From: span("2024-02-10")}}}, score.No, score.Yes, score.No, nil},
		{"an antimalarial", Course{Therapies: []Therapy{{Drug: hcq, From: span("2024-03-01")}}}, score.Yes, score.No, score.Yes, nil},
		{"not taken that day", Course{Takings: []Taking{{Day: at, Drug: mmf, Taken: score.No}}}, score.Yes, score.Yes, score.Yes, nil},
		{"taken that day", Course{Takings: []Taking{{Day: at, Drug: mmf, Taken: score.Yes}}}, score.No, score.Yes, score.Yes, nil},
		{"taken up since last month", Course{Takings: []Taking{{Day: at - 28, Drug: mmf, Taken: score.No}, {Day: at, Drug: mmf, Taken: score.Yes}}}, score.No, score.Yes, score.No, nil},
		{"taken up at some time since half a year", Course{Takings: []Taking{{Day: at - 180, Drug: mmf, Taken: score.No}, {Day: at, Drug: mmf, Taken: score.Yes}}}, score.No, score.Yes, score.Unknown, nil},
		{"taken then and now", Course{Takings: []Taking{{Day: at - 28, Drug: mmf, Taken: score.Yes}, {Day: at, Drug: mmf, Taken: score.Yes}}}, score.No, score.Yes, score.Yes, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.c.Freedom(at, Formulary{Names: tt.names, VisitDays: VisitDays})
			if got := [3]score.Truth{f.IS.Truth, f.Antimalarial.Truth, tt.c.Stable(at, 30, Formulary{VisitDays: VisitDays}).Truth}; got != [3]score.Truth{tt.is, tt.antimalarial, tt.stable} {
				t.Errorf("%v, want %v %v %v", got, tt.is, tt.antimalarial, tt.stable)
			}
		})
	}
}

func TestAnInfusionOfTheSameDayOrCourseIsNoSecondOne(t *testing.T) {
	for _, tt := range []struct {
		name string
		l    []Infusion
		want Day
	}{
		{"one", []Infusion{{Day: day(0)}}, Never},
		{"the same, told twice", []Infusion{{Day: day(0), ID: "a"}, {Day: day(0), ID: "b"}}, Never},
		{"in two parts", []Infusion{{Day: day(0), Course: "c"}, {Day: day(2), Course: "c"}}, Never},
		{"in two parts, and again", []Infusion{{Day: day(0), Course: "c"}, {Day: day(2), Course: "c"}, {Day: day(90), Course: "d"}}, day(90)},
		{"of no course", []Infusion{{Day: day(0)}, {Day: day(90)}}, day(90)},
	} {
		c := Course{Infusions: tt.l}
		if got := c.Reinfused(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if got := c.Resumed(day(0), Formulary{VisitDays: VisitDays}, true).BCells(day(1000)).Truth; got != score.Is(tt.want.Known()) {
			t.Errorf("%s: retreated is %v", tt.name, got)
		}
	}
}

func TestASecondTherapyAgainstBCellsIsARetreatment(t *testing.T) {
	c := Course{Infusions: []Infusion{{Day: day(0)}, {Day: day(200), ID: "again"}}, Therapies: []Therapy{{Drug: mustDrug("rituximab"), From: Span{day(300), day(300), true}, Source: "MedicationStatement/r"}}}
	for _, tt := range []struct {
		after, until int
		want         score.Fact
	}{
		{0, 199, score.Fact{Truth: score.No}},
		{0, 200, score.Fact{Truth: score.Yes, From: "Procedure/again"}},
		{200, 299, score.Fact{Truth: score.No}},
		{200, 300, score.Fact{Truth: score.Yes, From: "MedicationStatement/r"}},
	} {
		if got := c.Resumed(day(tt.after), Formulary{VisitDays: VisitDays}, true).BCells(day(tt.until)); got != tt.want {
			t.Errorf("from %d to %d: %v", tt.after, tt.until, got)
		}
	}
}

func TestAValueThatIsNotKnownHidesNoOther(t *testing.T) {
	month3, _ := term.TimepointOf("tp-m03")
	lab := func(on int, known bool) Lab {
		return newLab(day(on), 3, score.Value{X: float64(on), Known: known}, Limits{})
	}
	for _, tt := range []struct {
		name string
		labs []Lab
		want string
	}{
		{"the nearer is not known", []Lab{lab(70, true), lab(90, false)}, "70"},
		{"the later is not known", []Lab{lab(85, true), lab(95, false)}, "85"},
		{"the earlier is not known", []Lab{lab(90, false), lab(110, true)}, "110"},
		{"none is known", []Lab{lab(90, false)}, "unknown"},
		{"the one that is known is outside", []Lab{lab(59, true), lab(90, false)}, "unknown"},
	} {
		c := infused()
		c.Labs = tt.labs
		if got, at := c.Value(3, c.Window(month3, Forever)); got.String() != tt.want || !at.Known() {
			t.Errorf("%s: %s of %s, want %s", tt.name, got, at, tt.want)
		}
	}
	c := infused()
	c.Labs = []Lab{lab(-40, true), lab(-10, false), lab(88, true), lab(90, false)}
	base, _ := c.Value(3, c.Baseline())
	near, _ := c.Value(3, Window{day(84), day(91), day(98)})
	if got := []string{base.String(), near.String()}; got[0] != "-40" || got[1] != "88" {
		t.Errorf("at baseline and near a visit: %v", got)
	}
}

func TestAWindowMayHoldWhatCanLieInIt(t *testing.T) {
	month3, _ := term.TimepointOf("tp-m03")
	for _, tt := range []struct {
		name     string
		from, to int
		until    Day
		want     bool
	}{
		{"before it", 29, 59, Forever, false},
		{"to its first day", 30, 60, Forever, true},
		{"within it", 70, 99, Forever, true},
		{"around it", 0, 365, Forever, true},
		{"from its last day on", 120, 150, Forever, true},
		{"after it", 121, 150, Forever, false},
		{"after its end by another day", 100, 130, day(99), false},
		{"around a window that ends before it begins", 0, 365, day(59), false},
	} {
		c := infused()
		c.Vague = []Vague{{term.SLEDAI2K, Span{day(tt.from), day(tt.to), true}}}
		w := c.Window(month3, tt.until)
		if got := c.MayHold(w, term.PGA, term.SLEDAI2K); got != tt.want || c.MayHold(w, term.PGA) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestADeathInSomeMonthIsUnknownWithinIt(t *testing.T) {
	month := &Course{Dead: true, Died: Span{day(30), day(59), true}}
	for k, want := range map[int]score.Truth{29: score.No, 30: score.Unknown, 58: score.Unknown, 59: score.Yes} {
		if got := month.DeadBy(day(k)); got != want {
			t.Errorf("day %d: %v, want %v", k, got, want)
		}
	}
	if (&Course{}).DeadBy(day(0)) != score.No || (&Course{Dead: true}).DeadBy(day(0)) != score.Unknown {
		t.Error("who lives has not died, and a death without date may have been at any time")
	}
}
