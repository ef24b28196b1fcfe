package registry

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// scored is a score or a grade that is computed of the items that are stored.
type scored struct {
	code   string
	c      *course.Course // as the infusion sees it that it is of; nil for what is of none
	at     string         // a date that may be known to the month or year only
	value  string         // "" where none of what it is computed of is stored
	whole  bool           // nothing is missing
	stated score.Value    // what the center says
	from   string
	result term.Result // of a classification
	items  func() []line
}

// scoreCodes are the scores that $assess computes.
func scoreCodes() []string {
	return []string{term.SLEDAI2K, term.CSLEDAI2K, term.SDI, term.ICEScore, term.CRS, term.ICANS, term.EULARACR2019}
}

// scoresOf computes the scores of each infusion, and the classification, which is of none.
func scoresOf(r *rules, c *course.Course, wanted []string) []scored {
	var l []scored
	for _, own := range c.OfEachInfusion() {
		j := r.of(own)
		for _, a := range own.Assessments {
			if own.Own(a.Day) {
				l = append(l, j.sledai(a, term.SLEDAI2K, a.Score(), a.Total), j.sledai(a, term.CSLEDAI2K, a.ClinicalScore(), a.Clinical))
			}
		}
		for _, i := range own.Instruments {
			if own.Mine(i) {
				l = append(l, j.instrument(i)...)
			}
		}
	}
	if s, ok := classification(c); ok {
		l = append(l, s)
	}
	return slices.DeleteFunc(l, func(s scored) bool { return len(wanted) > 0 && !slices.Contains(wanted, s.code) })
}

// instrument is what a stored instrument gives, if it is of an infusion.
func (j judge) instrument(i course.Instrument) []scored {
	switch i.Kind {
	case term.SDI:
		return []scored{j.damage(i)}
	case term.ICEScore:
		return []scored{j.ice(i)}
	case term.CRSMaxGrade:
		return []scored{j.crs(i)}
	case term.ICANSMaxGrade:
		return []scored{j.neurotoxicity(i)}
	default:
		return nil
	}
}

// scored starts a score of an instrument.
func (j judge) scored(code string, i course.Instrument) scored {
	return scored{code: code, c: j.c, at: i.At, stated: i.Stated, from: i.From}
}

// points are the value of a score.
func (s scored) points(p score.Points) scored {
	s.value, s.whole = p.String(), p.Complete
	return s
}

func (j judge) sledai(a course.Assessment, code string, p score.Points, stated score.Value) scored {
	s := scored{code: code, c: j.c, at: a.Day.String(), stated: stated, from: p.From}
	if !a.Told() {
		return s
	}
	s.items = func() []line {
		var l []line
		for k, i := range term.Sledai() {
			if code == term.SLEDAI2K || !i.Serologic {
				l = append(l, item(i.Code(), a.Items[k], i.Weight, a.From))
			}
		}
		return l
	}
	return s.points(p)
}

// item is the line of an item: whether it is present, and how many points it then gives.
func item(name string, t score.Truth, weight int, from string) line {
	points := 0
	if t == score.Yes {
		points = weight
	}
	return line{name: "item", cells: []cell{
		code("code", name), code("truth", t.String()), integer("points", points).unless(!t.Known()), text("inputs", from).unless(from == ""),
	}}
}

// damage is SDI of its items, or as it is stated where none is told.
func (j judge) damage(i course.Instrument) scored {
	s, harm := j.scored(term.SDI, i), map[string]score.Harm{}
	for _, d := range score.Damage() {
		a := i.Part(d.Code)
		h := score.Harm{Truth: a.Truth, Times: 1}
		if n := a.Number; n.Exact() && n.X >= 0 && n.X == math.Trunc(n.X) {
			h.Truth, h.Times = score.Is(n.X > 0), int(n.X)
		}
		if h.Known() {
			harm[d.Code] = h
		}
	}
	if len(harm) == 0 {
		return s.asStated()
	}
	s.items = func() []line {
		var l []line
		for _, d := range score.Damage() {
			weight := d.Weight
			if harm[d.Code].Times > 1 {
				weight = max(d.Weight, d.Twice)
			}
			l = append(l, item(d.Code, harm[d.Code].Truth, weight, i.From))
		}
		return l
	}
	return s.points(score.SDI(harm))
}

// asStated is a score of which only the total is stored.
func (s scored) asStated() scored {
	if s.stated.Exact() {
		s.value, s.whole = s.stated.String(), true
	}
	return s
}

// ice is the ICE score of its questions, or as it is stated.
func (j judge) ice(i course.Instrument) scored {
	s := j.scored(term.ICEScore, i)
	answers, objects, told := iceOf(i)
	if !told {
		return s.asStated()
	}
	s.items = func() []line {
		var l []line
		for _, q := range iceQuestions {
			l = append(l, item(q, i.Part(q).Truth, 1, i.From))
		}
		named := line{name: "item", cells: []cell{code("code", "ice-objects"), code("truth", score.Is(objects.X > 0).String()), integer("points", int(objects.X)), text("inputs", i.From)}}
		if !objects.Exact() {
			named = item("ice-objects", score.Unknown, 0, i.From)
		}
		return append(l, named)
	}
	return s.points(answers.Score())
}

// iceQuestions are the questions that are passed or not, in the order of score.ICE; of three objects some are named.
var iceQuestions = []string{"ice-year", "ice-month", "ice-city", "ice-hospital", "ice-command", "ice-sentence", "ice-counting"}

func iceOf(i course.Instrument) (answers score.ICE, objects score.Value, told bool) {
	var t [7]score.Truth
	for k, q := range iceQuestions {
		t[k] = i.Part(q).Truth
		told = told || t[k].Known()
	}
	objects = i.Part("ice-objects").Number
	answers = score.ICE{Year: t[0], Month: t[1], City: t[2], Hospital: t[3], Command: t[4], Sentence: t[5], CountingTen: t[6]}
	if objects.Exact() {
		told = true
		for k := range answers.Objects {
			answers.Objects[k] = score.Is(float64(k) < objects.X)
		}
	}
	return answers, objects, told
}

// The local codes of the steps of a parameter, in their order from the first that is known.
var (
	pressures = []string{"", "hypotension-none", "hypotension-without-vasopressor", "hypotension-one-vasopressor", "hypotension-several-vasopressors"}
	oxygens   = []string{"", "hypoxia-none", "hypoxia-low-flow", "hypoxia-high-flow", "hypoxia-positive-pressure"}
	awakes    = []string{"", "consciousness-alert", "consciousness-spontaneous", "consciousness-voice", "consciousness-touch", "consciousness-unarousable"}
	seizures  = []string{"", "seizure-none", "seizure-brief", "seizure-prolonged"}
	edemas    = []string{"", "edema-none", "edema-focal", "edema-diffuse"}
)

// step is the place of a choice among the steps of a parameter, 0 for one that is not told.
func step[T ~int8](steps []string, a course.Answer) T {
	return T(max(0, slices.Index(steps, a.Choice)))
}

// crs is the grade of CRS by the components of its highest grade.
func (j judge) crs(i course.Instrument) scored {
	fever := i.Part("crs-fever")
	temperature := fever.Number
	switch {
	case temperature.Known:
	case fever.Truth == score.Yes:
		temperature = score.Value{X: score.FeverAt, Sign: score.AtLeastThat, Known: true, From: i.From}
	case fever.Truth == score.No:
		temperature = score.Value{X: score.FeverAt, Sign: score.LessThan, Known: true, From: i.From}
	}
	return j.scored(term.CRS, i).graded(i, score.CRS(score.CRSInput{
		Temperature: temperature, Treated: j.fact(i, "crs-treated"), Death: j.fact(i, "crs-death"),
		Pressure: step[score.Pressure](pressures, i.Part("crs-hypotension")), Oxygen: step[score.Oxygen](oxygens, i.Part("crs-hypoxia")),
	}), slices.ContainsFunc(i.Parts, course.Answer.Told))
}

func (j judge) fact(i course.Instrument, code string) score.Fact {
	f := score.Fact{Truth: i.Part(code).Truth}
	if f.Known() {
		f.From = i.From
	}
	return f
}

// neurotoxicity is the grade of ICANS by the components of its highest grade, and by the lowest ICE score of that time where none of them is one.
func (j judge) neurotoxicity(i course.Instrument) scored {
	in := score.ICANSInput{
		Consciousness: step[score.Consciousness](awakes, i.Part("icans-consciousness")), Seizure: step[score.Seizure](seizures, i.Part("icans-seizure")),
		Weakness: j.fact(i, "icans-weakness"), Edema: step[score.Edema](edemas, i.Part("icans-edema")), Age: j.age(),
	}
	if n := i.Part("icans-ice").Number; n.Exact() {
		in.ICE, in.ICEKnown = score.Points{Min: int(n.X), Max: int(n.X), Complete: true, From: i.From}, true
	} else {
		in.ICE, in.ICEKnown = j.lowestICE(i.Days)
	}
	return j.scored(term.ICANS, i).graded(i, j.icans.Assess(in), in.ICEKnown || slices.ContainsFunc(i.Parts, course.Answer.Told))
}

// age is that at the infusion, as far as it is known on which side of the limit it lies.
func (j judge) age() score.Value {
	low, high, ok := j.c.AgeAt(j.c.T0())
	if !ok || float64(low) < j.icans.Age && float64(high) >= j.icans.Age {
		return score.Value{}
	}
	return score.Num(float64(low))
}

// lowestICE is the lowest ICE score of some days.
func (j judge) lowestICE(in course.Span) (lowest score.Points, ok bool) {
	for _, i := range j.c.Instruments {
		if i.Kind != term.ICEScore || !j.c.Mine(i) || i.Days.From < in.From || i.Days.To > in.To {
			continue
		}
		answers, _, told := iceOf(i)
		p := answers.Score()
		if p.From = i.From; !told {
			if !i.Stated.Exact() {
				continue
			}
			p.Min, p.Max, p.Complete = int(i.Stated.X), int(i.Stated.X), true
		}
		if !ok || p.Min < lowest.Min {
			lowest, ok = p, true
		}
	}
	return lowest, ok
}

// graded is a grade with what each parameter says of it. Where no parameter is stored there is no grade but the stated one.
func (s scored) graded(i course.Instrument, g score.Graded, told bool) scored {
	if !told {
		return s
	}
	s.value, s.whole = g.Grade.String(), g.Grade.Known()
	s.items = func() []line {
		var l []line
		for _, p := range g.Parts {
			from := p.From
			if from == "" && i.Part(p.Code).Told() {
				from = i.From
			}
			l = append(l, line{name: "item", cells: []cell{code("code", p.Code), text("grade", p.Grade.String()), text("inputs", from).unless(from == "")}})
		}
		return l
	}
	return s
}

// classification is EULAR/ACR 2019 of all criteria that were ever found, or of the highest total where none is told, with the highest titer.
func classification(c *course.Course) (scored, bool) {
	s := scored{code: term.EULARACR2019}
	var ana score.Value
	found, told := map[string]bool{}, false
	for _, i := range c.Instruments {
		switch i.Kind {
		case term.ANA:
			if i.Stated.Known && (!ana.Known || aboveTiter(i.Stated, ana)) {
				ana = i.Stated
			}
		case term.EULARACR2019:
			s.at, s.from = i.At, i.From
			if i.Stated.Exact() && (!s.stated.Known || i.Stated.X > s.stated.X) {
				s.stated = i.Stated
			}
			told = findings(i, found) || told
		}
	}
	if s.from == "" {
		return s, false
	}
	o := score.ClassifyTotal(ana, s.stated)
	if told {
		var total int
		o, total = score.Classify(score.ClassificationInput{ANA: ana, Found: found})
		s.value, s.whole = strconv.Itoa(total), true
	} else {
		s = s.asStated()
	}
	s.result = o.Result
	s.items = func() []line { return criterionLines(slices.Concat(o.Criteria, o.Beside)) }
	return s, true
}

// aboveTiter reports whether of two titers the first speaks more for the entry criterion, which a titer has met that was high enough ever: of "<160"
// nobody knows, so that it must not hide 80.
func aboveTiter(a, b score.Value) bool {
	return cmp.Or(cmp.Compare(a.AtLeast(score.ANATiter), b.AtLeast(score.ANATiter)), cmp.Compare(a.X, b.X)) > 0
}

// findings adds the criteria that an instrument says are there, and reports whether it tells any.
func findings(i course.Instrument, found map[string]bool) bool {
	told := false
	for _, d := range score.Domains() {
		for _, k := range d.Criteria {
			a := i.Part(term.EULARACR2019 + "-" + k.Name)
			told = told || a.Truth.Known()
			found[k.Name] = found[k.Name] || a.Truth == score.Yes
		}
	}
	return told
}

// tell is the line of a score, with its items below. What the center states is told beside, and named where it says otherwise.
func (s scored) tell() line {
	l := line{name: "score", cells: []cell{code("score", s.code), date("date", s.at).unless(s.at == "")}}
	if day := course.ParseDay(s.at).Exact(); s.c != nil && day.Known() {
		p, planned := judged{c: s.c, day: day}.timepoint()
		l.cells = append(l.cells, integer("day", int(day-s.c.T0())), code("timepoint", p.Code).unless(!planned))
	}
	l.cells = append(l.cells,
		text("value", s.value).unless(s.value == ""), text("stated", s.stated.String()).unless(!s.stated.Known),
		text("inputs", s.from).unless(s.from == ""), code("method", term.Algorithm(s.code)))
	if s.result != "" {
		l.cells = append(l.cells, code("result", string(s.result)))
	}
	if s.c != nil {
		l.cells = append(l.cells, text("focus", "Procedure/"+s.c.Infusions[0].ID))
	}
	if s.whole && s.stated.Exact() && s.stated.String() != s.value {
		l.cells = append(l.cells, text("disagrees-with", s.from))
	}
	if s.items != nil {
		l.parts = s.items()
	}
	return l
}
