package registry

import (
	"context"
	"iter"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// assessInputs are the parameters of $assess.
func assessInputs() []input {
	return append([]input{
		{name: "endpoint", typ: "code", many: true, choices: assessable(), doc: "The outcomes and scores to compute; all where it is left out."},
		{name: "persist", typ: "boolean", preset: "false", doc: "Write the outcomes, not the scores, as Observations, with a Provenance. What is there already, and equal, is left alone; what no longer follows from the inputs is marked entered-in-error. Needs POST and a caller that may write, and the usual rules: an outcome that is kept is that of its method."},
		drugNames(),
	}, rulesOf(assessable())...)
}

// assessable are the outcomes and scores that $assess computes.
func assessable() []string {
	return slices.Concat(endpoints(), []string{term.Relapse, term.BCellReturn}, scoreCodes())
}

func (g *Registry) assessOperation() interaction.Operation {
	return interaction.Operation{
		Name: "assess", Levels: interaction.LevelInstance | interaction.LevelType, Types: []string{"Patient"}, Definition: canonicalOf("assess"),
		Handle: func(ctx context.Context, s *interaction.Service, c interaction.Call) interaction.Response {
			a, err := g.assess(ctx, s, c)
			if err != nil {
				return refused(err)
			}
			resp := interaction.Response{Status: http.StatusOK, Type: "Patient"}
			if c.Key.ID != "" {
				resp.Patient = c.Key.String()
			}
			if resp.Body = a.parameters(); c.Request.RawAccept == "text/csv" {
				resp.Body, resp.ContentType = a.csv(), "text/csv; charset=utf-8"
			}
			return resp
		},
	}
}

// judged is an outcome of a course at a day. The course is as the infusion sees it that the outcome is of.
type judged struct {
	score.Outcome
	c      *course.Course
	day    course.Day
	number *quantityOf // of the return of B cells
	parts  []component  // beside the criteria
	visits []course.Day // on which outcomes of its kind are judged
	within int          // days that the parts of one visit may lie apart
	sat    *sitting     // of the kidney; nil for an outcome of an assessment
}

type quantityOf struct {
	value float64
	unit  string
}

// component is a part of an Observation that is no criterion.
type component struct {
	code  string
	coded string // a local code
	quantityOf
}

// assess computes the outcomes of one patient or of all.
func (g *Registry) assess(ctx context.Context, s *interaction.Service, c interaction.Call) (*answer, error) {
	in, err := readInputs(c.Request, assessInputs())
	if err != nil {
		return nil, err
	}
	asked := in["endpoint"]
	if len(asked) == 0 {
		asked = assessable()
	}
	r, used, err := ruled(in, asked)
	if err != nil {
		return nil, err
	}
	if r.drugs.Names, err = namesOf(in["drug"]); err != nil {
		return nil, err
	}
	var w *writer
	if in.one("persist") == "true" {
		if err := mayPersist(c.Request, r); err != nil {
			return nil, err
		}
		w = &writer{g: g, service: s, request: c.Request}
		w.request.Now = g.now(c.Request)
	}
	t, at, err := g.o.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	a := &answer{}
	about := []cell{code("operation", "assess"), moment(t), text("lastUpdated", at.UTC().Format(fhir.InstantLayout))}
	if c.Key.ID == "" {
		all := &assessment{asked: in["endpoint"], rules: r, used: used, t: t, w: w, answer: a}
		return a, g.assessAll(ctx, all, about)
	}
	merges, err := g.source.MergesOf(ctx, t, c.Key.ID)
	if err != nil {
		return nil, err
	}
	patient := merges.Of(c.Key.ID)
	read, err := g.source.Read(ctx, t, merges, []string{patient}, true)
	if err != nil {
		return nil, err
	}
	one := read[patient]
	if one == nil {
		return nil, fhir.NewIssue(fhir.NotFound, c.Key.String()+" is not there")
	}
	if one.Withdrawn {
		return nil, fhir.NewIssue(fhir.BusinessRule, c.Key.String()+" has withdrawn: the registry says nothing of this patient any more")
	}
	a.add("about", append(about, text("patient", "Patient/"+patient), date("infusion", one.T0().String()).unless(!one.T0().Known()))...)
	a.tellRules(used)
	outcomes := outcomesOf(r, one, in["endpoint"])
	if w != nil {
		if err := w.write(ctx, t, one, outcomes); err != nil {
			return nil, err
		}
		a.add("written", integer("created-or-changed", w.changed), integer("unchanged", w.unchanged), integer("withdrawn", w.withdrawn))
	}
	for _, o := range outcomes {
		a.lines = append(a.lines, tell(o))
	}
	for _, s := range scoresOf(r, one, in["endpoint"]) {
		a.lines = append(a.lines, s.tell())
	}
	return a, nil
}

// mayPersist refuses to write outcomes for who may not, and those of other rules than the usual: an outcome names its method only.
func mayPersist(r interaction.Request, by *rules) error {
	if *by != *usual() {
		return fhir.NewIssue(fhir.BusinessRule, "outcomes of other rules than the usual are told and not kept: leave out persist or the rules")
	}
	if r.Method != http.MethodPost {
		return fhir.NewIssue(fhir.NotSupported, "$assess with persist=true changes resources and must be posted").Because(fhir.ReasonMethodNotAllowed)
	}
	if !r.Caller.CanWrite() {
		return fhir.NewIssue(fhir.Forbidden, "this caller may not write outcomes")
	}
	return nil
}

// unless leaves a cell without a value.
func (c cell) unless(none bool) cell {
	if none {
		c.state, c.text = absent, ""
	}
	return c
}

// assessBatch is how many patients are read at a time.
const assessBatch = 8

// assessment is a call of $assess for all patients.
type assessment struct {
	asked  []string // endpoints; none for all
	rules  *rules
	used   []cell // rules by which was assessed
	t      fhir.Moment
	w      *writer // nil writes nothing
	answer *answer
}

// assessAll computes the outcomes of every patient of the analysis set and tells how many there are of each.
func (g *Registry) assessAll(ctx context.Context, x *assessment, about []cell) error {
	merges, err := g.source.Merges(ctx, x.t)
	if err != nil {
		return err
	}
	ids, err := g.source.Infused(ctx, x.t, merges, nil)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	a, w, n := x.answer, x.w, newTally()
	for some, err := range g.ahead(ctx, x.t, merges, ids) {
		if err != nil {
			return err
		}
		for _, id := range some.ids {
			c := some.read[id]
			if c == nil || !c.Analyzed() {
				continue
			}
			outcomes := outcomesOf(x.rules, c, x.asked)
			n.add(outcomes, scoresOf(x.rules, c, x.asked))
			if w != nil {
				if err := w.write(ctx, x.t, c, outcomes); err != nil {
					return err
				}
			}
		}
	}
	a.add("about", append(about, integer("patients", n.patients))...)
	a.tellRules(x.used)
	if w != nil {
		a.add("written", integer("created-or-changed", w.changed), integer("unchanged", w.unchanged), integer("withdrawn", w.withdrawn))
	}
	n.tell(a)
	return nil
}

// tally counts outcomes by their results, and scores by whether they are complete.
type tally struct {
	patients int
	outcomes map[string]map[term.Result]int
	scores   map[string]map[bool]int
}

func newTally() *tally {
	return &tally{outcomes: map[string]map[term.Result]int{}, scores: map[string]map[bool]int{}}
}

func (n *tally) add(outcomes []judged, scores []scored) {
	n.patients++
	for _, o := range outcomes {
		if n.outcomes[o.Code] == nil {
			n.outcomes[o.Code] = map[term.Result]int{}
		}
		n.outcomes[o.Code][o.Result]++
	}
	for _, s := range scores {
		if n.scores[s.code] == nil {
			n.scores[s.code] = map[bool]int{}
		}
		n.scores[s.code][s.whole]++
	}
}

func (n *tally) tell(a *answer) {
	for _, e := range assessable() {
		if by := n.outcomes[e]; by != nil {
			a.add("outcomes", code("endpoint", e), integer("met", by[term.Met]), integer("not-met", by[term.NotMet]), integer("not-evaluable", by[term.NotEvaluable]))
		}
		if by := n.scores[e]; by != nil {
			a.add("scores", code("score", e), integer("complete", by[true]), integer("incomplete", by[false]))
		}
	}
}

// portion is some patients who were read.
type portion struct {
	ids  []string
	read map[string]*course.Course
	err  error
}

// ahead reads patients some at a time, in their order, and the next while the caller is busy with the last.
func (g *Registry) ahead(ctx context.Context, t fhir.Moment, m *course.Merges, ids []string) iter.Seq2[portion, error] {
	return func(yield func(portion, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var wait sync.WaitGroup
		defer wait.Wait()
		defer stop()
		under := make(chan chan portion, min(4, runtime.GOMAXPROCS(0)))
		wait.Go(func() {
			defer close(under)
			for some := range slices.Chunk(ids, assessBatch) {
				to := make(chan portion, 1)
				select {
				case under <- to:
				case <-ctx.Done():
					return
				}
				wait.Go(func() {
					read, err := g.source.Read(ctx, t, m, some, true)
					to <- portion{some, read, err}
				})
			}
		})
		for from := range under {
			if p := <-from; !yield(p, p.err) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(portion{}, err)
		}
	}
}

// outcomesOf computes for each infusion the outcomes at every assessment until the next, the relapse and the return of B cells.
func outcomesOf(r *rules, c *course.Course, wanted []string) []judged {
	c = r.seen(c)
	var l []judged
	for _, own := range c.OfEachInfusion() {
		l = append(l, r.of(own).outcomes(wanted)...)
	}
	return l
}

// outcomes are those of the first infusion.
func (j judge) outcomes(wanted []string) []judged {
	want := func(code string) bool { return len(wanted) == 0 || slices.Contains(wanted, code) }
	var l []judged
	days := make([]course.Day, len(j.c.Assessments))
	for k, a := range j.c.Assessments {
		days[k] = a.Day
	}
	for k, a := range j.c.Assessments {
		if !j.c.Own(a.Day) {
			continue
		}
		for _, e := range endpoints() {
			if slices.Contains(kidneys, e) || !want(e) {
				continue
			}
			o := j.outcome(e, k)
			if e == term.DORIS2021 {
				o.Beside = j.c.Freedom(a.Day, j.drugs).Criteria()
			}
			l = append(l, judged{Outcome: o, c: j.c, day: a.Day, visits: days, within: j.drugs.VisitDays})
		}
	}
	l = append(l, j.renalOutcomes(want)...)
	if want(term.Relapse) {
		l = append(l, j.relapseOutcome())
	}
	if want(term.BCellReturn) {
		l = append(l, j.returnOutcome())
	}
	return l
}

// timepoint is the planned assessment for which an outcome stands: that in whose window it is the nearest to the nominal day, of the kidney that
// for which its values are.
func (o judged) timepoint() (term.Timepoint, bool) {
	if o.sat != nil {
		return term.TimepointOf(o.sat.point)
	}
	p, planned := term.TimepointAt(int(o.day - o.c.T0()))
	if !planned {
		return p, false
	}
	k := o.c.In(p, o.c.OwnUntil())
	return p, k >= 0 && o.c.Assessments[k].Day == o.day
}

// tell is the line of an outcome, with its criteria and their inputs below.
func tell(o judged) line {
	p, planned := o.timepoint()
	l := line{name: "outcome", cells: []cell{
		code("endpoint", o.Code), date("date", o.day.String()), integer("day", int(o.day-o.c.T0())),
		code("timepoint", p.Code).unless(!planned), code("result", string(o.Result)), code("method", methodOf(o.Code)),
		text("focus", "Procedure/"+o.c.Infusions[0].ID),
	}}
	if s, ok := o.disagreeing(); ok {
		l.cells = append(l.cells, text("disagrees-with", "Observation/"+s.ID), code("clinician", string(s.Result)), date("clinician-date", s.Day.String()))
	}
	l.parts = criterionLines(slices.Concat(o.Criteria, o.Beside))
	return l
}

// criterionLines are the lines of criteria, each with its inputs.
func criterionLines(criteria []score.Criterion) []line {
	var l []line
	for _, k := range criteria {
		if k.Code == "" {
			continue
		}
		var used []string
		for _, in := range k.Inputs {
			s := in.Name + "=" + in.Value
			if in.From != "" {
				s += " (" + in.From + ")"
			}
			used = append(used, s)
		}
		l = append(l, line{name: "criterion", cells: []cell{
			code("code", k.Code), code("truth", k.Truth.String()), text("inputs", strings.Join(used, ", ")).unless(len(used) == 0),
		}})
	}
	return l
}

// methodOf is the algorithm and its version.
func methodOf(endpoint string) string {
	if endpoint == term.BCellReturn {
		return "algorithm-b-cells-v1"
	}
	return term.Algorithm(endpoint)
}
