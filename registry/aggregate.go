package registry

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/search"
	"firewolf/registry/course"
	"firewolf/registry/disclose"
	"firewolf/registry/term"
)

// aggregate is an operation that counts patients.
type aggregate struct {
	name, title, doc string
	inputs           []input
	run              func(q *question) error
}

// aggregates are the operations on cohorts.
func aggregates() []aggregate {
	return []aggregate{outcomeRate(), timeToEvent(), toxicity(), biomarker(), completeness()}
}

// common are the parameters that every aggregate takes.
func common() []input {
	return []input{
		{name: "cohort", typ: "string", doc: "A search for patients, such as Patient?_has:Condition:subject:code=http://snomed.info/sct|68815009. All patients where it is left out. Of whom it finds those count who were infused, have lupus and have an active consent."},
		{name: "stratum", typ: "string", many: true, doc: "A group of the cohort to tell apart: its label, an equals sign and a search, such as women=Patient?gender=female. Who is found by several counts in the first, who by none in the group other. Where small groups are hidden at most nine."},
		{name: "as-of", typ: "date", doc: "The day at which follow-up ends, not in the future; today where it is left out."},
		{name: "k", typ: "integer", within: &[2]float64{1, math.Inf(1)}, doc: "Hide counts of 1 to k-1; 1 hides none. A caller can ask for more than its own limit, never for less; an admin has no limit."},
	}
}

// question is a call of an aggregate.
type question struct {
	in         inputs
	taken      []input
	rules      *rules
	points     map[string]term.Timepoint // whose windows are not the usual ones
	today      course.Day
	asOf       course.Day
	k          int
	groups     []group
	all        group
	stays      map[string][]course.Span // on intensive care, by patient, where they are asked for
	answer     answer
	facts      []disclose.Fact
	sheet      disclose.Sheet // the same facts
	near       func(l []disclose.Fact) ([]bool, error)
	failed     error  // of asking what was told
	tables     int    // how many tables it tells
	alone      bool   // only the cohort may be told, none of its groups
	rowsNear   []bool // which groups are too near to a cohort that was told
	groupsTold bool   // that the groups are noted as told
	op         string
}

// group is a part of the cohort.
type group struct {
	name    string
	courses []*course.Course
}

// everyone is the name of the group of the whole cohort, rest that of those who are in no stratum.
const (
	everyone = "all"
	rest     = "other"
)

func (g *Registry) handle(o aggregate) func(context.Context, *interaction.Service, interaction.Call) interaction.Response {
	return func(ctx context.Context, _ *interaction.Service, c interaction.Call) interaction.Response {
		body, kind, err := g.aggregate(ctx, o, c.Request)
		if err != nil {
			return refused(err)
		}
		return interaction.Response{Status: http.StatusOK, Body: body, ContentType: kind, Type: "Patient"}
	}
}

// refused is the Response of an error.
func refused(err error) interaction.Response {
	if is, ok := fhir.IssuesOf(err); ok {
		return interaction.Response{Issues: is, Status: interaction.StatusOf(is)}
	}
	if is, ok := timeout(err); ok {
		return interaction.Response{Issues: is, Status: interaction.StatusOf(is)}
	}
	is := fhir.Issues{fhir.NewIssue(fhir.Exception, "internal error").CausedBy(err)}
	return interaction.Response{Issues: is, Status: http.StatusInternalServerError, Err: err}
}

func (g *Registry) aggregate(ctx context.Context, o aggregate, r interaction.Request) (body []byte, kind string, err error) {
	taken := slices.Concat(common(), o.inputs)
	in, err := readInputs(r, taken)
	if err != nil {
		return nil, "", err
	}
	view, err := g.projection.View(ctx)
	if err != nil {
		return nil, "", err
	}
	q := &question{in: in, taken: taken, k: max(g.kOf(r.Caller), in.number("k")), op: o.name, rules: usual(), today: today(g.now(r)), asOf: today(g.now(r))}
	q.near = func(l []disclose.Fact) ([]bool, error) { return g.ledger.Near(ctx, r.Caller.Name, q.k, l) }
	if q.asOf, err = endOf(in.one("as-of"), q.asOf); err != nil {
		return nil, "", err
	}
	if q.points, err = windowsOf(in["window"], in["timepoint"]); err != nil {
		return nil, "", err
	}
	if err := g.cohort(ctx, view, q); err != nil {
		return nil, "", err
	}
	if q.stays, err = g.stays(ctx, view, in.one("icu")); err != nil {
		return nil, "", err
	}
	q, err = g.answered(ctx, o, view, r.Caller.Name, *q)
	if err != nil {
		return nil, "", err
	}
	if r.RawAccept == "text/csv" {
		return q.answer.csv(), "text/csv; charset=utf-8", nil
	}
	return q.answer.parameters(), "", nil
}

// answered runs an operation and notes what it tells. Where the groups cannot be told beside what the caller was told before, as some of them together
// are near to that, the cohort is told alone.
func (g *Registry) answered(ctx context.Context, o aggregate, view *course.View, caller string, asked question) (*question, error) {
	q, err := g.tried(ctx, o, view, caller, asked)
	if fhir.HasCode(err, fhir.Suppressed) && len(q.groups) > 1 {
		asked.alone = true
		return g.tried(ctx, o, view, caller, asked)
	}
	return q, err
}

func (g *Registry) tried(ctx context.Context, o aggregate, view *course.View, caller string, q question) (*question, error) {
	q.about(view)
	err := errors.Join(o.run(&q), q.failed)
	if err == nil && q.k > 1 {
		err = g.ledger.Allow(ctx, caller, q.k, q.asked(), q.facts)
	}
	return &q, err
}

// about tells what the answer is of.
func (q *question) about(view *course.View) {
	q.answer.add("about",
		code("operation", q.op),
		moment(view.T),
		text("lastUpdated", view.At.UTC().Format(fhir.InstantLayout)),
		date("as-of", q.asOf.String()),
		text("cohort", firstOf(q.in.one("cohort"), "Patient")),
		integer("k", q.k),
	)
	for _, w := range q.in["window"] {
		q.answer.add("window", text("value", w))
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func today(now time.Time) course.Day { return course.ParseDay(now.UTC().Format(time.DateOnly)).Exact() }

// endOf is the day at which follow-up ends: one that is asked for, or today. Of the future nothing is known: windows that are open would
// count as closed, and everyone in them as a failure.
func endOf(asked string, today course.Day) (course.Day, error) {
	if asked == "" {
		return today, nil
	}
	end := course.ParseDay(asked).Exact()
	if end > today {
		return today, fhir.NewIssue(fhir.Value, "as-of: "+asked+" is in the future, and no window that is open can be closed by asking", "http.as-of")
	}
	return end, nil
}

// cohort finds the analysis set and its groups.
func (g *Registry) cohort(ctx context.Context, view *course.View, q *question) error {
	in, err := g.find(ctx, view, q.in.one("cohort"))
	if err != nil {
		return issueOf("cohort", "", err)
	}
	q.all = group{name: everyone}
	for _, c := range view.Courses {
		if c.Analyzed(q.today) && c.T0() <= q.asOf && (in == nil || in[c.Patient]) {
			q.all.courses = append(q.all.courses, c.Until(q.asOf))
		}
	}
	q.groups, err = g.strata(ctx, view, q)
	return err
}

// stays returns when the Encounters began that the text of a search finds.
func (g *Registry) stays(ctx context.Context, view *course.View, text string) (map[string][]course.Span, error) {
	if text == "" {
		return nil, nil
	}
	query, ok := strings.CutPrefix(text, "Encounter?")
	if !ok || query == "" {
		return nil, fhir.NewIssue(fhir.Value, "icu is a search for Encounters, such as Encounter?type=http://snomed.info/sct|305351004", "http.icu")
	}
	pairs, err := criteriaOf(query)
	if err != nil {
		return nil, issueOf("icu", "", err)
	}
	stays, err := g.source.Stays(ctx, view.T, view.Merges, pairs)
	return stays, issueOf("icu", "", err)
}

// find returns the patients that the text of a search finds, nil for everybody.
func (g *Registry) find(ctx context.Context, view *course.View, text string) (map[string]bool, error) {
	if text == "" || text == "Patient" || text == "Patient?" {
		return nil, nil
	}
	query, ok := strings.CutPrefix(text, "Patient?")
	if !ok {
		return nil, fhir.NewIssue(fhir.Value, "a cohort is a search for patients, such as Patient?gender=female")
	}
	pairs, err := criteriaOf(query)
	if err != nil {
		return nil, err
	}
	ids, err := g.source.Patients(ctx, view.T, view.Merges, pairs)
	if err != nil {
		return nil, err
	}
	in := make(map[string]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	return in, nil
}

// issueOf says of which parameter an issue is: a search within one has parameters of its own, which the request does not have.
func issueOf(parameter, which string, err error) error {
	issues, ok := fhir.IssuesOf(err)
	if !ok {
		return err
	}
	out := slices.Clone(issues)
	for k, i := range issues {
		told := *i
		told.Text, told.Expression = parameter+which+": "+i.Text, []string{"http." + parameter}
		out[k] = &told
	}
	return out
}

// criteriaOf reads the criteria of a search.
func criteriaOf(query string) ([]search.Pair, error) {
	pairs, err := interaction.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	return pairs, onlyCriteria(pairs)
}

// onlyCriteria refuses parameters that are about the result of a search.
func onlyCriteria(pairs []search.Pair) error {
	for _, p := range pairs {
		switch p.Name {
		case "_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total", "_contained", "_format", "_pretty":
			return fhir.NewIssue(fhir.NotSupported, "a cohort takes criteria only, not "+p.Name)
		}
	}
	return nil
}

// mostStrata is how many groups a caller can choose where small ones are hidden: of these it is reckoned what any of them make up together.
const mostStrata = 9

// strata splits the cohort. Without strata it is one group.
func (g *Registry) strata(ctx context.Context, view *course.View, q *question) ([]group, error) {
	wanted := q.in["stratum"]
	if len(wanted) == 0 {
		return []group{q.all}, nil
	}
	if len(wanted) > mostStrata && q.k > 1 {
		return nil, fhir.NewIssue(fhir.TooCostly, fmt.Sprintf("%d strata; where small groups are hidden %d can be told apart at once", len(wanted), mostStrata), "http.stratum")
	}
	of := map[string]int{}
	groups := make([]group, len(wanted), len(wanted)+1)
	for k, w := range wanted {
		label, text, ok := strings.Cut(w, "=")
		if !ok || label == "" || text == "" || label == everyone || label == rest {
			return nil, fhir.NewIssue(fhir.Value, "a stratum is a label, an equals sign and a search; the labels all and other are taken", "http.stratum")
		}
		if slices.ContainsFunc(groups[:k], func(g group) bool { return g.name == label }) {
			return nil, fhir.NewIssue(fhir.Invalid, "stratum: "+short(label)+" is given more than once", "http.stratum")
		}
		in, err := g.find(ctx, view, text)
		if err != nil {
			return nil, issueOf("stratum", " "+short(label), err)
		}
		groups[k].name = label
		for _, c := range q.all.courses {
			if in != nil && !in[c.Patient] {
				continue
			}
			// Who is found by several counts in the first. A refusal would tell that somebody is found by both.
			if _, ok := of[c.Patient]; ok {
				continue
			}
			of[c.Patient] = k
			groups[k].courses = append(groups[k].courses, c)
		}
	}
	other := group{name: rest}
	for _, c := range q.all.courses {
		if _, ok := of[c.Patient]; !ok {
			other.courses = append(other.courses, c)
		}
	}
	// Beside a hidden group the others are told of even if there are none: that there is no one would tell who is in the hidden one.
	hidden := slices.ContainsFunc(groups, func(g group) bool { return len(g.courses) < q.k })
	if len(other.courses) > 0 || q.k > 1 && hidden {
		groups = append(groups, other)
	}
	return groups, nil
}

// by splits the cohort by what each course says, in order of the names; "unknown" for nothing. Strata that the caller asks for go before.
// The names of small groups are not told, as they would say what somebody in the cohort has: they are the others.
func (q *question) by(of func(c *course.Course) string) {
	if len(q.in["stratum"]) > 0 || !q.enough(len(q.all.courses)) {
		return
	}
	split := map[string]*group{}
	var names []string
	for _, c := range q.all.courses {
		name := firstOf(of(c), "unknown")
		if name == everyone || name == rest {
			name = strconv.Quote(name) // a center may be called so
		}
		if split[name] == nil {
			split[name] = &group{name: name}
			names = append(names, name)
		}
		split[name].courses = append(split[name].courses, c)
	}
	slices.Sort(names)
	q.groups = nil
	other := group{name: rest}
	for _, n := range names {
		if g := split[n]; q.enough(len(g.courses)) {
			q.groups = append(q.groups, *g)
		} else {
			other.courses = append(other.courses, g.courses...)
		}
	}
	if len(other.courses) > 0 {
		q.groups = append(q.groups, other)
	}
}

// rows are the groups of an answer: the whole cohort, and then its groups where there are several. Row -1 is the whole.
func (q *question) rows() []int {
	l := []int{-1}
	if len(q.groups) == 1 && q.groups[0].name == everyone {
		return l
	}
	for r := range q.groups {
		l = append(l, r)
	}
	return l
}

// group returns the group of a row.
func (q *question) group(row int) group {
	if row < 0 {
		return q.all
	}
	return q.groups[row]
}

// enough reports whether statistics of so many patients may be told.
func (q *question) enough(n int) bool { return n >= q.k || q.k <= 1 }
