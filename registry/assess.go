package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

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
	number *quantityOf  // of the return of B cells
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
	x := &assessment{asked: in["endpoint"], rules: r, used: used, today: today(g.now(c.Request)), t: t, at: at, w: w, answer: &answer{}}
	if c.Key.ID == "" {
		return x.answer, g.assessAll(ctx, x)
	}
	return x.answer, g.assessOne(ctx, x, c.Key)
}

// about tells of which moment an answer is.
func (x *assessment) about() []cell {
	return []cell{code("operation", "assess"), moment(x.t), text("lastUpdated", x.at.UTC().Format(fhir.InstantLayout))}
}

// assessOne computes the outcomes of one patient and tells each.
func (g *Registry) assessOne(ctx context.Context, x *assessment, k fhir.Key) error {
	c, err := g.courseOf(ctx, x.t, k.ID)
	if err != nil {
		return err
	}
	c, outcomes, err := g.keep(ctx, x, c)
	if err != nil {
		return err
	}
	a := x.answer
	a.add("about", append(x.about(), text("patient", "Patient/"+c.Patient), date("infusion", c.T0().String()).unless(!c.T0().Known()))...)
	a.tellRules(x.used)
	x.tellWritten()
	for _, o := range outcomes {
		a.lines = append(a.lines, tell(o))
	}
	for _, s := range scoresOf(x.rules, c, x.asked) {
		a.lines = append(a.lines, s.tell())
	}
	return nil
}

// courseOf reads the course of a patient by any record, with the resources that its facts are from. One who has withdrawn is refused.
func (g *Registry) courseOf(ctx context.Context, t fhir.Moment, id string) (*course.Course, error) {
	c, err := g.anyCourse(ctx, t, id)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return nil, fhir.NewIssue(fhir.NotFound, "Patient/"+id+" is not there").CausedBy(errLeft)
	case c.Withdrawn:
		return nil, fhir.NewIssue(fhir.BusinessRule, "Patient/"+id+" has withdrawn: the registry says nothing of this patient any more").CausedBy(errLeft)
	case c.Unread:
		return nil, fhir.NewIssue(fhir.BusinessRule, "Patient/"+id+" has a Consent that denies but for exceptions, which are not read: the registry says nothing of this patient").CausedBy(errUnread)
	default:
		return c, nil
	}
}

// errUnread marks that nobody here knows whether the patient is in the registry: nothing is taken back.
var errUnread = errors.New("the consent of the patient is not read")

// errLeft marks that a patient is not there, or not any more.
var errLeft = errors.New("the patient has left the registry")

// errNotTakenBack marks that outcomes stayed that were written of such a patient.
var errNotTakenBack = errors.New("outcomes of a patient who has withdrawn could not be taken back")

// anyCourse is courseOf also of one who has withdrawn, nil for who is not there.
func (g *Registry) anyCourse(ctx context.Context, t fhir.Moment, id string) (*course.Course, error) {
	merges, err := g.source.MergesOf(ctx, t, id)
	if err != nil {
		return nil, err
	}
	patient := merges.Of(id)
	read, err := g.source.Read(ctx, t, merges, []string{patient}, true)
	return read[patient], err
}

// looks is how often outcomes are computed of a patient whose resources change meanwhile.
const looks = 6

// keep computes the outcomes of a course and writes them, where that is asked for. What was written is looked at again at the newest moment: an
// input may have changed since the moment of the course, or another call may have written, and then what is told and kept is of that moment.
func (g *Registry) keep(ctx context.Context, x *assessment, c *course.Course) (*course.Course, []judged, error) {
	outcomes := x.outcomes(c)
	if x.w == nil {
		return c, outcomes, nil
	}
	var sum written
	for look := 1; ; look++ {
		n, err := x.w.write(ctx, x.t, c, outcomes)
		switch {
		case err == nil && n.changed+n.withdrawn == 0:
			x.w.add(sum.or(n))
			return c, outcomes, nil
		case err == nil:
			changed, withdrawn := sum.changed+n.changed, sum.withdrawn+n.withdrawn
			sum = sum.or(n)
			sum.changed, sum.withdrawn = changed, withdrawn
		case !changedMeanwhile(err):
			return nil, nil, err
		}
		if look == looks {
			return nil, nil, fhir.NewIssue(fhir.Conflict, "Patient/"+c.Patient+" changed while its outcomes were written: ask again").CausedBy(err)
		}
		if x.t, x.at, err = g.o.Store.Head(ctx); err != nil {
			return nil, nil, err
		}
		next, err := g.courseOf(ctx, x.t, c.Patient)
		if errors.Is(err, errLeft) {
			err = errors.Join(g.takeBack(ctx, x, c.Patient), err)
		}
		if err != nil {
			return nil, nil, err
		}
		c, outcomes = next, x.outcomes(next)
	}
}

// takeBack withdraws what was written of a patient who has withdrawn meanwhile.
func (g *Registry) takeBack(ctx context.Context, x *assessment, patient string) error {
	var n written
	c, err := g.anyCourse(ctx, x.t, patient)
	if err == nil && c != nil {
		n, err = x.w.write(ctx, x.t, c, nil)
	}
	if err != nil {
		return errors.Join(errNotTakenBack, fmt.Errorf("taking back outcomes of Patient/%s, who has withdrawn: %w", patient, err))
	}
	x.w.add(n)
	return nil
}

// changedMeanwhile reports whether a write was refused because of what another one did since the moment of the inputs: it wrote the outcome, or
// deleted what it is of.
func changedMeanwhile(err error) bool {
	return fhir.HasReason(err, fhir.ReasonPreconditionFailed) || fhir.HasReason(err, fhir.ReasonVersionMismatch) || fhir.HasCode(err, fhir.NotFound)
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

// assessment is a call of $assess.
type assessment struct {
	asked  []string // endpoints; none for all
	rules  *rules
	used   []cell // rules by which was assessed
	today  course.Day
	t      fhir.Moment
	at     time.Time
	w      *writer // nil writes nothing
	answer *answer
}

// tellWritten tells how many outcomes were written.
func (x *assessment) tellWritten() {
	if w := x.w; w != nil {
		x.answer.add("written", integer("created-or-changed", w.changed), integer("unchanged", w.unchanged), integer("withdrawn", w.withdrawn))
	}
}

// outcomes computes for each infusion the outcomes at every assessment until the next, the relapse and the return of B cells, of what is told up to
// today.
func (x *assessment) outcomes(c *course.Course) []judged {
	c = x.rules.seen(c)
	var l []judged
	for _, own := range c.OfEachInfusion() {
		l = append(l, x.rules.of(own.Until(x.today)).outcomes(x.asked)...)
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
