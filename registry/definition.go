package registry

import (
	"slices"
	"strings"

	"firewolf/fhir/tree"
)

// Definitions are the OperationDefinitions of what the registry offers, by their ids.
// https://hl7.org/fhir/R4/operationdefinition.html
func Definitions() map[string][]byte {
	out := map[string][]byte{}
	for _, a := range aggregates() {
		out[a.name] = definition(a.name, a.title, a.doc, slices.Concat(common(), a.inputs), false)
	}
	out["assess"] = definition("assess", "Outcomes of patients",
		"Computes the outcomes at every assessment after an infusion (crr and prr: on the laboratory's own days, which are those of each urine protein/creatinine ratio with the eGFR of its visit, and for each time point the day of the later of the two values that $outcome-rate takes for it), the first relapse and the return of B cells, each with its criteria and the inputs used, also where it is not met or not evaluable; and SLEDAI-2K, clinical SLEDAI, the damage index, ICE, the grades of CRS and ICANS and the classification by EULAR/ACR 2019 of the items that are stored. Each is of the last infusion before it (focus): its day, its baseline and its time point count from that one; an assessment on the day of a second infusion is of the first. Only the assessment that is nearest to the nominal day of a window stands for its time point. What a clinician stated otherwise is named beside (disagrees-with): of the same visit, which is the nearest assessment (crr and prr: the nearest such day) within visit.days, and of a relapse also where none is computed. Of one patient all are told, unless that one has withdrawn; of all patients who were infused, have lupus and have an active consent how many there are of each.",
		assessInputs(), true)
	return out
}

func definition(name, title, doc string, in []input, assess bool) []byte {
	b := []byte(`{"resourceType":"OperationDefinition","id":"` + name + `"`)
	member := func(name, value string) {
		b = tree.Quote(append(b, `,"`+name+`":`...), value)
	}
	member("url", canonicalOf(name))
	member("name", goName(name))
	member("title", title)
	b = append(b, `,"status":"active","kind":"operation","experimental":false`...)
	member("description", doc)
	if assess {
		b = append(b, `,"affectsState":true`...)
	} else {
		b = append(b, `,"affectsState":false`...)
	}
	b = append(b, `,"code":"`+name+`","resource":["Patient"],"system":false,"type":true,"instance":`...)
	if assess {
		b = append(b, `true`...)
	} else {
		b = append(b, `false`...)
	}
	b = append(b, `,"parameter":[`...)
	for _, i := range in {
		b = append(i.append(b), ',')
	}
	b = append(b, `{"name":"return","use":"out","min":1,"max":"1","documentation":`...)
	b = tree.Quote(b, "Parameters, or by Accept: text/csv a table. The parameter about says of which moment of the store the answer is; every other one is a line whose parts are named values. A value that is hidden has the data-absent-reason masked, one that does not exist not-applicable.")
	return append(b, `,"type":"Parameters"}]}`...)
}

// append writes a parameter.
func (i input) append(b []byte) []byte {
	b = append(b, `{"name":"`+i.name+`","use":"in","min":0,"max":"`...)
	if i.many {
		b = append(b, '*')
	} else {
		b = append(b, '1')
	}
	text := i.doc
	if len(i.choices) > 0 {
		text += " One of: " + strings.Join(i.choices, ", ") + "."
	}
	if i.preset != "" {
		text += " Default: " + i.preset + "."
	}
	b = tree.Quote(append(b, `","documentation":`...), text)
	return append(b, `,"type":"`+i.typ+`"}`...)
}

// goName is a name that a machine can use: OutcomeRate. https://hl7.org/fhir/R4/operationdefinition-definitions.html#OperationDefinition.name
func goName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
