package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"firewolf/fhir"
	"firewolf/registry/term"
)

// windows is the parameter that sets the windows of time points.
func windows() []input {
	return []input{{
		name: "window", typ: "string", many: true,
		doc: "Another window of a time point, in days after the infusion, both ends in it: tp-m03=76..104. The nominal day stays, and must lie within. It must not reach the nominal day of another time point. Where it is left out the windows of the time points hold.",
	}}
}

var windowText = regexp.MustCompile(`^(tp-[a-z0-9]+)=(\d{1,5})\.\.(\d{1,5})$`)

// windowsOf reads the windows of a call, of the time points that it asks for: another one would be left aside in silence.
func windowsOf(l, asked []string) (map[string]term.Timepoint, error) {
	points := map[string]term.Timepoint{}
	var is fhir.Issues
	for _, text := range l {
		m := windowText.FindStringSubmatch(text)
		if m == nil {
			is = append(is, fhir.NewIssue(fhir.Value, fmt.Sprintf("window: %q is not of the form tp-m03=76..104", short(text))))
			continue
		}
		p, ok := term.TimepointOf(m[1])
		if !ok {
			is = append(is, fhir.NewIssue(fhir.Value, fmt.Sprintf("window: there is no time point %s after the infusion", m[1])))
			continue
		}
		if _, ok := points[p.Code]; ok {
			is = append(is, fhir.NewIssue(fhir.Invalid, "window: "+p.Code+" is given more than once"))
		}
		if !slices.Contains(asked, p.Code) {
			is = append(is, fhir.NewIssue(fhir.NotSupported, "window: "+p.Code+" is not asked for"))
			continue
		}
		p.From, _ = strconv.Atoi(m[2])
		p.To, _ = strconv.Atoi(m[3])
		if p.From > p.Nominal || p.To < p.Nominal {
			is = append(is, fhir.NewIssue(fhir.Value, fmt.Sprintf("window: day %d of %s is not within %s..%s", p.Nominal, p.Code, m[2], m[3])))
		}
		for _, other := range term.Timepoints() {
			// Of two windows one must not hold the other: what differs between them may be a single visit.
			if other.Code != p.Code && p.From <= other.Nominal && other.Nominal <= p.To {
				is = append(is, fhir.NewIssue(fhir.Value, fmt.Sprintf("window: day %d of %s lies within %s..%s of %s", other.Nominal, other.Code, m[2], m[3], p.Code)))
			}
		}
		points[p.Code] = p
	}
	return points, is.Err()
}

// timepoint returns a planned time point with the window that holds in this question.
func (q *question) timepoint(code string) (term.Timepoint, bool) {
	if p, ok := q.points[code]; ok {
		return p, true
	}
	return term.TimepointOf(code)
}
