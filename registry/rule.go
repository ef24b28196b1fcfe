package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir"
	"firewolf/registry/course"
	"firewolf/registry/term"
)

// rule is a number or a choice of the definition of an outcome on which the field does not agree, or that a protocol may set otherwise.
type rule struct {
	name, doc string
	decides   []string // endpoints, of $outcome-rate and of $time-to-event
	low, high float64  // what a number may be

	// One of them says where it stands.
	number func(r *rules) *float64
	whole  func(r *rules) *int
	choice func(r *rules) *bool
}

// remissions are decided by DORIS, relapses by its return and by their own rules.
var (
	remissions = []string{term.DORIS2021, term.DrugFreeRemission, term.DORISOffTreatment, eventFirstRemission, eventRelapseFree, eventDrugFree, term.Relapse, gcFreeRemission, isFreeRemission}
	relapses   = []string{eventRelapseFree, eventDrugFree, term.Relapse}
	responses  = []string{term.SledaiResponse4, term.SRI4}
	kidneys    = []string{term.CRR, term.PRR}
	// What a clinician stated is judged of the same denominators.
	baselines      = append(denominatorsOf(responses), responses...)
	renalBaselines = append(denominatorsOf(kidneys), kidneys...)
	bCells         = []string{eventBCellReturn, term.BCellReturn}
	treated        = slices.Concat(remissions, kidneys, []string{term.SRI4, term.LLDAS})
)

// denominatorOf names whom an endpoint is judged of, apart from who meets it.
func denominatorOf(endpoint string) string { return "denominator of " + endpoint }

func denominatorsOf(endpoints []string) []string {
	l := make([]string, len(endpoints))
	for k, e := range endpoints {
		l[k] = denominatorOf(e)
	}
	return l
}

// outcomeRules are the parameters of all outcomes. What they are where nobody says others is in the rules themselves.
var outcomeRules = []rule{
	{name: "doris.pga", doc: "DORIS: the PGA, 0 to 3, is less than this.", decides: remissions, high: 3, number: func(r *rules) *float64 { return &r.doris.PGABelow }},
	{name: "doris.gc", doc: "DORIS: the prednisolone equivalent in mg/d is at most this.", decides: remissions, high: 1000, number: func(r *rules) *float64 { return &r.doris.GC }},
	{name: "doris.gc-below", doc: "DORIS: the prednisolone equivalent is less than doris.gc, as the table of the definition has it, and not at most, as its text says.", decides: remissions, choice: func(r *rules) *bool { return &r.doris.GCBelow }},
	{name: "doris.stable-days", doc: "DORIS: for how many days an immunosuppressive or biologic must have been taken to count as stable, on which the definition has no number; 0 asks for nothing.", decides: remissions, high: 3650, whole: func(r *rules) *int { return &r.doris.StableDays }},
	{name: "lldas.sledai", doc: "LLDAS: SLEDAI-2K is at most this.", decides: []string{term.LLDAS}, high: 105, whole: func(r *rules) *int { return &r.lldas.Sledai }},
	{name: "lldas.pga", doc: "LLDAS: the PGA is at most this.", decides: []string{term.LLDAS}, high: 3, number: func(r *rules) *float64 { return &r.lldas.PGA }},
	{name: "lldas.gc", doc: "LLDAS: the prednisolone equivalent in mg/d is at most this.", decides: []string{term.LLDAS}, high: 1000, number: func(r *rules) *float64 { return &r.lldas.GC }},
	{name: "lldas.product-investigational", doc: "LLDAS: the infused cells count as an investigational drug, so that nobody meets it after them.", decides: []string{term.LLDAS}, choice: func(r *rules) *bool { return &r.lldas.ProductInvestigational }},
	{name: "sledai.selena", doc: "SLEDAI: assessments by SELENA-SLEDAI (their method is instrument-selena-sledai) are taken in place of those by SLEDAI-2K. Their wording differs, so that the two are never mixed: who was assessed by the other one only is not-evaluable.", decides: slices.Concat(remissions, []string{term.LLDAS}, baselines), choice: func(r *rules) *bool { return &r.selena }},
	{name: "response.fall", doc: "Response: SLEDAI-2K falls by this or more.", decides: responses, low: 1, high: 105, whole: func(r *rules) *int { return &r.response.Fall }},
	{name: "response.baseline", doc: "Response: SLEDAI-2K at baseline from which on a fall is judged.", decides: baselines, high: 105, whole: func(r *rules) *int { return &r.response.Baseline }},
	{name: "response.pga-rise", doc: "SRI: the PGA rises by less than this.", decides: []string{term.SRI4}, high: 3, number: func(r *rules) *float64 { return &r.response.PGARise }},
	{name: "response.new-a", doc: "SRI: how many systems may have a new BILAG A, at most.", decides: []string{term.SRI4}, high: 9, whole: func(r *rules) *int { return &r.response.NewA }},
	{name: "response.new-b", doc: "SRI: how many systems may have a new BILAG B, at most.", decides: []string{term.SRI4}, high: 9, whole: func(r *rules) *int { return &r.response.NewB }},
	{name: "upcr.max", doc: "Complete renal response: the urine protein/creatinine ratio in g/g is less than this; trials have used 0.7.", decides: []string{term.CRR}, high: 10, number: func(r *rules) *float64 { return &r.renal.UPCRBelow }},
	{name: "upcr.baseline", doc: "Renal response: the ratio in g/g at baseline from which on a response is judged.", decides: renalBaselines, high: 10, number: func(r *rules) *float64 { return &r.renal.Baseline }},
	{name: "upcr.partial-fall", doc: "Partial renal response: the share of the baseline's ratio that is lost.", decides: []string{term.PRR}, high: 1, number: func(r *rules) *float64 { return &r.renal.PartialFall }},
	{name: "upcr.partial-max", doc: "Partial renal response: the ratio in g/g is less than this.", decides: []string{term.PRR}, high: 20, number: func(r *rules) *float64 { return &r.renal.PartialMax }},
	{name: "egfr.tolerance", doc: "Renal response: the share of the baseline's eGFR that may be lost; EULAR/ERA says 0.1.", decides: kidneys, high: 1, number: func(r *rules) *float64 { return &r.renal.Tolerance }},
	{name: "relapse.csledai", doc: "Relapse: clinical SLEDAI-2K is more than this.", decides: relapses, high: 99, whole: func(r *rules) *int { return &r.relapse.Clinical }},
	{name: "relapse.pga", doc: "Relapse: the PGA is this or more.", decides: relapses, high: 3, number: func(r *rules) *float64 { return &r.relapse.PGA }},
	{name: "relapse.gc", doc: "Relapse: the prednisolone equivalent in mg/d is more than this.", decides: relapses, high: 1000, number: func(r *rules) *float64 { return &r.relapse.GC }},
	{name: "given.days", doc: "Drugs: one that was given once (MedicationAdministration) counts as taken for so many days, its own the first, and what is given again within them goes on. What was given with the cells, to prepare for cells or against their toxicity does not count.", decides: treated, low: 1, high: 400, whole: func(r *rules) *int { return &r.drugs.GivenDays }},
	{name: "visit.days", doc: "Visit: how many days its parts may lie from its SLEDAI-2K (PGA, dose, hemolysis, gut, BILAG, what a visit tells of drugs), from its urine protein/creatinine ratio (eGFR) or from what a clinician stated: each is of that day, or else of the nearest within so many, the later of two that are as near. No definition has a number. In $outcome-rate the values of the kidney are each of the window, and of no visit.", decides: treated, high: 60, whole: func(r *rules) *int { return &r.drugs.VisitDays }},
	{name: "icans.age", doc: "ICANS: the age in years from which on the ICE score can be asked; whom it cannot be asked has no grade here.", decides: []string{term.ICANS}, high: 120, number: func(r *rules) *float64 { return &r.icans.Age }},
	{name: "aplasia.max", doc: "B-cell aplasia: CD19+ cells per microliter are at most this.", decides: bCells, high: 1000, number: func(r *rules) *float64 { return &r.bcells.AplasiaMax }},
	{name: "aplasia.percent", doc: "B-cell aplasia: or CD19+ cells are less than this percentage of lymphocytes.", decides: bCells, high: 100, number: func(r *rules) *float64 { return &r.bcells.AplasiaPercent }},
	{name: "recon.min", doc: "Return of B cells: CD19+ cells per microliter are more than this.", decides: bCells, high: 10000, number: func(r *rules) *float64 { return &r.bcells.ReturnOver }},
	{name: "recon.at-lln", doc: "Return of B cells: they are at the lower limit of the own laboratory or above, in place of recon.min.", decides: bCells, choice: func(r *rules) *bool { return &r.bcells.ReturnAtLLN }},
	{name: "recon.confirmed", doc: "Return of B cells: a second sample in turn must say so too.", decides: bCells, choice: func(r *rules) *bool { return &r.bcells.Confirmed }},
}

// text is the value of a rule.
func (u rule) text(r *rules) string {
	switch {
	case u.number != nil:
		return strconv.FormatFloat(*u.number(r), 'f', -1, 64)
	case u.whole != nil:
		return strconv.Itoa(*u.whole(r))
	default:
		return strconv.FormatBool(*u.choice(r))
	}
}

// set gives a rule a value that was checked.
func (u rule) set(r *rules, text string) {
	switch {
	case u.number != nil:
		*u.number(r), _ = strconv.ParseFloat(text, 64)
	case u.whole != nil:
		*u.whole(r), _ = strconv.Atoi(text)
	default:
		*u.choice(r) = text == "true"
	}
}

// input is the parameter that sets a rule.
func (u rule) input() input {
	i := input{name: u.name, typ: "boolean", preset: u.text(usual()), doc: u.doc}
	switch {
	case u.number != nil:
		i.typ, i.within = "decimal", &[2]float64{u.low, u.high}
	case u.whole != nil:
		i.typ, i.within = "integer", &[2]float64{u.low, u.high}
	}
	return i
}

// decidesOne reports whether a rule decides one of some endpoints.
func (u rule) decidesOne(of []string) bool {
	return slices.ContainsFunc(of, func(e string) bool { return slices.Contains(u.decides, e) })
}

// rulesOf are the parameters that set the rules of endpoints.
func rulesOf(endpoints []string) []input {
	var l []input
	for _, u := range outcomeRules {
		if u.decidesOne(endpoints) {
			l = append(l, u.input())
		}
	}
	return l
}

// ruled returns the rules of a call, and those that decide the endpoints that are asked for, by name and value. One that decides
// none of them is refused where it is not as usual: it would be left aside in silence.
func ruled(in inputs, asked []string) (*rules, []cell, error) {
	r := usual()
	var used []cell
	var is fhir.Issues
	for _, u := range outcomeRules {
		given, was := in.one(u.name), u.text(r)
		if given == "" {
			given = was
		}
		u.set(r, given)
		switch now := u.text(r); {
		case u.decidesOne(asked):
			used = append(used, cell{name: u.name, text: now})
		case now != was:
			is = append(is, fhir.NewIssue(fhir.NotSupported, fmt.Sprintf("%s does not decide what is asked for", u.name)))
		}
	}
	return r, used, is.Err()
}

// drugNames is the parameter that says what codes mean.
func drugNames() input {
	return input{name: "drug", typ: "string", many: true, doc: "What a code of a medication means that this server does not know (of ATC it knows that what is in the groups of other organs, as A02BC01, is none of these): gc, is (immunosuppressive or biologic), antimalarial or other, an equals sign, and the code: other=http://hospital.example.org/drugs|4711. Who takes a drug that nobody knows is neither drug-free nor not, and LLDAS is not evaluable; of one that was begun nobody knows whether therapy is stable (DORIS) or was a rescue (renal responses, SRI). For a relapse only drugs that are known count."}
}

// namesOf reads what codes mean.
func namesOf(l []string) (*course.Names, error) {
	if len(l) == 0 {
		return nil, nil
	}
	names := course.Names{}
	for _, text := range l {
		class, code, ok := strings.Cut(text, "=")
		if !ok || !strings.Contains(code, "|") || !slices.Contains([]term.Class{term.Glucocorticoid, term.Immunosuppressive, term.Antimalarial, course.Other}, term.Class(class)) {
			return nil, fhir.NewIssue(fhir.Value, fmt.Sprintf("drug: %q is not of the form other=http://hospital.example.org/drugs|4711, with gc, is, antimalarial or other", short(text)))
		}
		names[code] = term.Class(class)
	}
	return &names, nil
}

// rule sets the rules of a question about an endpoint, "" for one that no rule decides, and tells them.
func (q *question) rule(endpoint string) error {
	r, used, err := ruled(q.in, []string{endpoint})
	if err != nil {
		return err
	}
	if r.drugs.Names, err = namesOf(q.in["drug"]); err != nil {
		return err
	}
	for _, d := range q.in["drug"] {
		used = append(used, cell{name: "drug", text: d})
	}
	q.rules = r
	q.see(r)
	q.answer.tellRules(used)
	return nil
}

// see replaces the courses of the cohort and of its groups by those that rules see.
func (q *question) see(r *rules) {
	if !r.selena {
		return
	}
	by := make(map[*course.Course]*course.Course, len(q.all.courses))
	for _, c := range q.all.courses {
		by[c] = r.seen(c)
	}
	of := func(g group) group {
		out := group{name: g.name}
		for _, c := range g.courses {
			out.courses = append(out.courses, by[c])
		}
		return out
	}
	q.all = of(q.all)
	for k, g := range q.groups {
		q.groups[k] = of(g)
	}
}

// tellRules adds the rules that an answer was computed by.
func (a *answer) tellRules(used []cell) {
	for _, c := range used {
		a.add("rule", code("name", c.name), text("value", c.text))
	}
}
