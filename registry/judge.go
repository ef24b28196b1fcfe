package registry

import (
	"cmp"
	"slices"

	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// rules are the parameters of the outcomes.
type rules struct {
	doris    score.DORISRule
	lldas    score.LLDASRule
	response score.ResponseRule
	renal    score.RenalRule
	relapse  score.RelapseRule
	bcells   score.BCellRule
	selena   bool // assessments by SELENA-SLEDAI are taken, and not those by SLEDAI-2K
	icans    score.ICANSRule

	drugs       course.Formulary
	censorCells bool // cells that are given again end the follow-up and are no relapse

	upcr, egfr, cd19, percent course.Analyte
}

// usual are the parameters that hold where nobody says others.
func usual() *rules {
	r := &rules{
		doris: score.DORIS2021(), lldas: score.LLDAS(), response: score.SRI4(), renal: score.KDIGO2024(), relapse: score.Relapses(), bcells: score.BCells(), icans: score.ASTCT2019(),
		drugs: course.Usual(),
	}
	for _, a := range []struct {
		name string
		to   *course.Analyte
	}{{"upcr", &r.upcr}, {"egfr", &r.egfr}, {"cd19", &r.cd19}, {"cd19-percent", &r.percent}} {
		*a.to, _ = course.AnalyteNamed(a.name)
	}
	return r
}

// judge computes outcomes at the assessments of a course.
type judge struct {
	*rules
	c *course.Course
}

func (r *rules) of(c *course.Course) judge { return judge{r, c} }

// seen is a course by the instrument of the rules. What is judged of it must be asked of it: the places of assessments are its own.
func (r *rules) seen(c *course.Course) *course.Course {
	if r.selena {
		return c.BySELENA()
	}
	return c
}

// endpoints are the outcomes that are computed at an assessment, and those of the kidney.
func endpoints() []string {
	return []string{term.DORIS2021, term.LLDAS, term.DrugFreeRemission, term.DORISOffTreatment, term.SledaiResponse4, term.SRI4, term.CRR, term.PRR}
}

// outcome computes an endpoint at an assessment, by its place in the course; the kidney is judged on days of its own.
func (j judge) outcome(endpoint string, k int) score.Outcome {
	switch endpoint {
	case term.DORIS2021:
		return j.remission(k)
	case term.LLDAS:
		return j.lowActivity(k)
	case term.DrugFreeRemission:
		return score.DrugFree(j.remission(k), j.c.Freedom(j.day(k), j.drugs))
	case term.DORISOffTreatment:
		return score.OffTreatment(j.remission(k), j.c.Freedom(j.day(k), j.drugs))
	case gcFreeRemission:
		return score.GCFree(j.remission(k), j.c.Freedom(j.day(k), j.drugs))
	case isFreeRemission:
		return score.ISFree(j.remission(k), j.c.Freedom(j.day(k), j.drugs))
	case term.SledaiResponse4:
		return j.response.Sledai(j.responseInput(k))
	default:
		return j.response.Assess(j.responseInput(k))
	}
}

func (j judge) day(k int) course.Day { return j.c.Assessments[k].Day }

func (j judge) remission(k int) score.Outcome {
	day := j.day(k)
	return j.doris.Assess(score.DORISInput{
		Clinical: j.c.Assessments[k].ClinicalScore(), PGA: j.c.PGAAt(day, j.drugs.VisitDays), GC: j.c.GCAt(day, j.drugs.VisitDays), Stable: j.c.Stable(day, j.doris.StableDays, j.drugs),
	})
}

func (j judge) lowActivity(k int) score.Outcome {
	day := j.day(k)
	in := score.LLDASInput{
		Now: j.c.Assessments[k].Sledai, Hemolysis: j.c.HemolysisAt(day, j.drugs.VisitDays), Gut: j.c.GutAt(day, j.drugs.VisitDays), PGA: j.c.PGAAt(day, j.drugs.VisitDays), GC: j.c.GCAt(day, j.drugs.VisitDays),
		Standard: score.Fact{Truth: j.c.Recognized(day, j.drugs)}, AfterProduct: j.c.T0().Known() && day >= j.c.T0(),
	}
	if k > 0 {
		in.Before = j.c.Assessments[k-1].Sledai
	}
	return j.lldas.Assess(in)
}

// rescue says whether an immunosuppressive, a biologic or cells were given again since the infusion.
func (j judge) rescue(day course.Day) score.Fact {
	return j.c.Resumed(j.c.T0(), j.drugs, true).Rescue(day)
}

func (j judge) responseInput(k int) score.ResponseInput {
	day := j.day(k)
	in := score.ResponseInput{
		Baseline: j.responseBaseline(), Now: score.Assessment{Total: j.c.Assessments[k].Score(), PGA: j.c.PGAAt(day, j.drugs.VisitDays)}, Rescue: j.rescue(day),
	}
	if b := j.c.BaselineAssessment(); b >= 0 {
		in.NewA, in.NewB, in.Grades = score.NewBILAG(j.c.BilagAt(j.day(b), j.drugs.VisitDays), j.c.BilagAt(day, j.drugs.VisitDays))
	}
	return in
}

func (j judge) responseBaseline() score.Assessment {
	b := j.c.BaselineAssessment()
	if b < 0 {
		return score.Assessment{Total: score.Sledai{}.Score()}
	}
	return score.Assessment{Total: j.c.Assessments[b].Score(), PGA: j.c.PGAAt(j.day(b), j.drugs.VisitDays)}
}

// relapsed finds the first relapse after the infusion and before another one, of whose cells a later remission is, with the visits that it was
// looked for in. A return to treatment, cells given again (unless they end the follow-up), a dose and a global assessment count on their own
// day, whether or not SLEDAI-2K was assessed on it.
func (j judge) relapsed() (score.Relapse, []score.Visit) {
	visits := j.visits()
	if first := slices.IndexFunc(visits, func(v score.Visit) bool { return v.Remission == score.Yes }); first >= 0 {
		visits = j.since(course.Day(visits[first].Day), visits)
	}
	return j.relapse.Assess(visits), visits
}

// visits are the assessments after the infusion and before another one.
func (j judge) visits() []score.Visit {
	var l []score.Visit
	for k, a := range j.c.Assessments {
		if j.c.Own(a.Day) {
			l = append(l, score.Visit{Day: int(a.Day), Remission: j.remission(k).Truth(), Clinical: a.ClinicalScore(), PGA: j.c.PGAAt(a.Day, j.drugs.VisitDays), GC: j.c.GCAt(a.Day, j.drugs.VisitDays)})
		}
	}
	return l
}

// relapsedAfter is the day of the first relapse after the visit of a remission, Never for none.
func (j judge) relapsedAfter(remission course.Day) course.Day {
	visits := slices.DeleteFunc(j.visits(), func(v score.Visit) bool { return course.Day(v.Day) < remission })
	if r := j.relapse.Assess(j.since(remission, visits)); r.Result == term.Met {
		return course.Day(r.Day)
	}
	return course.Never
}

// since adds to visits what was taken up after a day, and what is told between them.
func (j judge) since(first course.Day, visits []score.Visit) []score.Visit {
	resumed := j.c.Resumed(first, j.drugs, !j.censorCells)
	between := map[course.Day]*score.Visit{}
	on := func(day course.Day) *score.Visit {
		v := between[day]
		if v == nil {
			v = &score.Visit{Day: int(day)}
			between[day] = v
		}
		return v
	}
	for _, d := range resumed.Days() {
		on(d)
	}
	for _, r := range j.c.GC {
		on(r.Day).GC = r.Value
	}
	for _, r := range j.c.PGA {
		on(r.Day).PGA = r.Value
	}
	for _, v := range visits {
		delete(between, course.Day(v.Day))
	}
	for d, v := range between {
		if d > first && d <= j.c.OwnUntil() {
			visits = append(visits, *v)
		}
	}
	slices.SortFunc(visits, func(a, b score.Visit) int { return cmp.Compare(a.Day, b.Day) })
	for k, v := range visits {
		if day := course.Day(v.Day); day > first {
			visits[k].Restarted, visits[k].Retreated = resumed.Immunosuppressive(day), resumed.BCells(day)
		}
	}
	return visits
}

// treatedAgain is the first day after a day on which a drug is taken that ends a freedom from drugs, Never for none: on which one was taken up,
// or a visit tells of one, with or without SLEDAI-2K.
func (j judge) treatedAgain(after course.Day) course.Day {
	resumed := j.c.Resumed(after, j.drugs, false)
	days := resumed.Days()
	for _, r := range j.c.GC {
		days = append(days, r.Day)
	}
	for _, t := range j.c.Takings {
		days = append(days, t.Day)
	}
	slices.Sort(days)
	for _, d := range slices.Compact(days) {
		if d <= after {
			continue
		}
		f := j.c.Freedom(d, j.drugs)
		if resumed.Immunosuppressive(d).Truth == score.Yes || slices.ContainsFunc(f.Criteria(), func(k score.Criterion) bool { return k.Truth == score.No }) {
			return d
		}
	}
	return course.Never
}

// returned finds the return of B cells by what was measured until a day.
func (j judge) returned(until course.Day) score.Return {
	byDay := map[course.Day]*score.Sample{}
	var order []course.Day
	for _, l := range j.c.Labs {
		if l.Analyte != j.cd19 && l.Analyte != j.percent || l.Day > until {
			continue
		}
		v := l.Value()
		s := byDay[l.Day]
		if s == nil {
			s = &score.Sample{Day: int(l.Day - j.c.T0()), From: v.From}
			byDay[l.Day] = s
			order = append(order, l.Day)
		}
		if l.Analyte == j.cd19 {
			s.Count, s.LLN, s.From = v, l.Limits().Low, v.From
		} else {
			s.Percent = v
		}
	}
	samples := make([]score.Sample, len(order))
	for k, d := range order {
		samples[k] = *byDay[d]
	}
	return j.bcells.Assess(samples)
}
