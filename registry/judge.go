package registry

import (
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
	icans    score.ICANSRule

	drugs *course.Names // of codes that this field does not know; nil for none

	upcr, egfr, cd19, percent course.Analyte
}

// usual are the parameters that hold where nobody says others.
func usual() *rules {
	r := &rules{
		doris: score.DORIS2021(), lldas: score.LLDAS(), response: score.SRI4(), renal: score.KDIGO2024(), relapse: score.Relapses(), bcells: score.BCells(), icans: score.ASTCT2019(),
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

// endpoints are the outcomes that are computed at an assessment.
func endpoints() []string {
	return []string{term.DORIS2021, term.LLDAS, term.DrugFreeRemission, term.DORISOffTreatment, term.SledaiResponse4, term.SRI4, term.CRR, term.PRR}
}

// outcome computes an endpoint at an assessment, by its place in the course.
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
	case term.SRI4:
		return j.response.Assess(j.responseInput(k))
	case term.CRR:
		return j.renal.Complete(j.renalInput(k))
	default:
		return j.renal.Partial(j.renalInput(k))
	}
}

func (j judge) day(k int) course.Day { return j.c.Assessments[k].Day }

func (j judge) remission(k int) score.Outcome {
	day := j.day(k)
	return j.doris.Assess(score.DORISInput{
		Clinical: j.c.Assessments[k].ClinicalScore(), PGA: j.c.PGAAt(day), GC: j.c.GCAt(day), Stable: j.c.Stable(day, j.doris.StableDays),
	})
}

func (j judge) lowActivity(k int) score.Outcome {
	day := j.day(k)
	in := score.LLDASInput{
		Now: j.c.Assessments[k].Sledai, Hemolysis: j.c.HemolysisAt(day), Gut: j.c.GutAt(day), PGA: j.c.PGAAt(day), GC: j.c.GCAt(day),
		Standard: score.Fact{Truth: j.c.Recognized(day, j.drugs)}, AfterProduct: j.c.T0().Known() && day >= j.c.T0(),
	}
	if k > 0 {
		in.Before = j.c.Assessments[k-1].Sledai
	}
	return j.lldas.Assess(in)
}

// rescue says whether an immunosuppressive, a biologic or cells were given again since the infusion.
func (j judge) rescue(day course.Day) score.Fact {
	t0 := j.c.T0()
	started, again := j.c.Started(t0, day), j.c.Retreated(t0, day)
	if again.Truth > started.Truth {
		return again
	}
	return started
}

func (j judge) responseInput(k int) score.ResponseInput {
	day := j.day(k)
	in := score.ResponseInput{Now: score.Assessment{Total: j.c.Assessments[k].Score(), PGA: j.c.PGAAt(day)}, Rescue: j.rescue(day)}
	in.Baseline.Total = score.Sledai{}.Score()
	if b := j.c.BaselineAssessment(); b >= 0 {
		in.Baseline = score.Assessment{Total: j.c.Assessments[b].Score(), PGA: j.c.PGAAt(j.day(b))}
		in.NewA, in.NewB, in.Grades = score.NewBILAG(j.c.BilagAt(j.day(b)), j.c.BilagAt(day))
	}
	return in
}

func (j judge) renalInput(k int) score.RenalInput {
	day := j.day(k)
	in := score.RenalInput{
		Nephritis: j.c.Nephritis, Rescue: j.rescue(day),
		Now: score.Kidney{UPCR: j.c.LabNear(j.upcr, day), EGFR: j.c.LabNear(j.egfr, day)},
	}
	if b := j.c.BaselineLab(j.upcr); b >= 0 {
		in.Baseline.UPCR = j.c.Labs[b].Value()
	}
	if b := j.c.BaselineLab(j.egfr); b >= 0 {
		in.Baseline.EGFR = j.c.Labs[b].Value()
	}
	return in
}

// applies reports whether a patient is in the denominator of an outcome at all: without nephritis there is no renal response.
func applies(o score.Outcome) bool {
	for _, c := range o.Criteria {
		if (c.Code == "criterion-nephritis" || c.Code == "criterion-active-baseline") && c.Truth != score.Yes {
			return false
		}
	}
	return true
}

// relapsed finds the first relapse after the infusion, with the visits that it was looked for in.
func (j judge) relapsed() (score.Relapse, []score.Visit) {
	var visits []score.Visit
	before := j.c.T0()
	for k, a := range j.c.Assessments {
		if a.Day <= j.c.T0() {
			continue
		}
		visits = append(visits, score.Visit{
			Day: int(a.Day), Remission: j.remission(k).Truth(), Clinical: a.ClinicalScore(), PGA: j.c.PGAAt(a.Day), GC: j.c.GCAt(a.Day),
			Restarted: j.c.Started(before, a.Day), Retreated: j.c.Retreated(before, a.Day),
		})
		before = a.Day
	}
	return j.relapse.Assess(visits), visits
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
