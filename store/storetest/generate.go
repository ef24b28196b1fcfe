package storetest

import (
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// The words that random resources and queries are made of: few, so that they meet, and awkward.
var (
	families = []string{"Müller", "muller", "MULLIGAN", "O'Brien", "van der Berg", "Åse", "ﬁne", "A,B", "a|b", "a$b", `a\b`, "İz", "Ÿ", "李", "  two  words ", "é", "é"}
	systems  = []string{"", loinc, "urn:oid:1.2.3", "http://a|b", "http://A"}
	codes    = []string{"8867-4", "a", "A", "a,b", "a|b", "a$b", `a\b`, "ä", "a b", strings.Repeat("long", 60)}
	dates    = []string{
		"2024", "2024-02", "2024-02-29", "2024-03-01", "2023-12-31", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00+14:00", "2024-02-29T23:59:59.999Z",
		"2024-02-29T12:00:00.5-12:00", "2024-03-01T00:00:00.000Z", "1815-12-10", "0001", "9999-12-31",
	}
	birthDates = []string{"2024", "2024-02", "2024-02-29", "1815-12-10", "1999-12-31", "2000-01", "0001", "9999-12-31"}
	numbers    = []string{"0", "1", "5", "5.0", "5.4", "5.40", "5.44", "-3", "0.0054", "5400", "1e3", "1000", "0.001", "5.4e-3", "99999999999999999999.5", "-0"}
	units      = [][2]string{
		{ucum, "mg"},
		{ucum, "g"},
		{ucum, "kg"},
		{ucum, "ug"},
		{ucum, "mmol/L"},
		{ucum, "mol/l"},
		{ucum, "Cel"},
		{ucum, "K"},
		{ucum, "[degF]"},
		{ucum, "nonsense"},
		{ucum, ""},
		{"", ""},
		{"http://example.org/units", "mg"},
		{"", "tablet"},
	}
	comparators = []string{"", "", "", "<", "<=", ">=", ">"}
	genders     = []string{"male", "female", "other", "unknown"}
	statuses    = []string{"final", "amended", "registered"}
	ids         = []string{"a", "b", "c", "A", "1", "a-b.c"}
)

// gen draws random resources and queries. Each history has few words of its own, so that its queries find something.
type gen struct {
	*rapid.T
	families, systems, codes, dates, birthDates, numbers, ids []string

	units [][2]string
}

func newGen(rt *rapid.T) *gen {
	return &gen{
		T: rt, families: some(rt, 4, families), systems: some(rt, 2, systems), codes: some(rt, 3, codes), dates: some(rt, 4, dates),
		birthDates: some(rt, 3, birthDates), numbers: some(rt, 4, numbers), ids: some(rt, 4, ids), units: some(rt, 3, units),
	}
}

// some draws n of the words.
func some[T any](rt *rapid.T, n int, from []T) []T {
	return rapid.Permutation(from).Draw(rt, "words")[:n]
}

func pick[T any](g *gen, label string, from []T) T {
	return rapid.SampledFrom(from).Draw(g.T, label)
}

// often is true in n of 10 cases.
func often(g *gen, n int) bool { return rapid.IntRange(0, 9).Draw(g.T, "chance") < n }

// object joins the members that are not empty.
func object(members ...string) string {
	var kept []string
	for _, m := range members {
		if m != "" {
			kept = append(kept, m)
		}
	}
	return "{" + strings.Join(kept, ",") + "}"
}

// member is "name":value, empty where the value is.
func member(name, value string) string {
	if value == "" || value == "{}" || value == "[]" {
		return ""
	}
	return strconv.Quote(name) + ":" + value
}

// str is a JSON string; of an empty one nothing.
func str(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`)
	return `"` + s + `"`
}

// list is a JSON array of up to n things.
func list(g *gen, n int, item func() string) string {
	var items []string
	for range rapid.IntRange(0, n).Draw(g.T, "items") {
		if s := item(); s != "" && s != "{}" {
			items = append(items, s)
		}
	}
	return "[" + strings.Join(items, ",") + "]"
}

// genResource makes a resource of one of the five types of the random tests.
func genResource(g *gen) string {
	switch pick(g, "type", []string{"Patient", "Observation", "Observation", "Condition", "Procedure", "RiskAssessment"}) {
	case "Patient":
		return genPatient(g)
	case "Observation":
		return genObservation(g)
	case "Condition":
		return genCondition(g)
	case "Procedure":
		return genProcedure(g)
	}
	return genRiskAssessment(g)
}

func resource(g *gen, typ string, members ...string) string {
	head := []string{member("resourceType", str(typ)), member("id", str(pick(g, "id", g.ids))), member("meta", genMeta(g))}
	return object(append(head, members...)...)
}

func genMeta(g *gen) string {
	if !often(g, 2) {
		return ""
	}
	return object(
		member("source", str(pick(g, "source", []string{"", "http://example.org/a", "urn:uuid:1"}))),
		member("profile", list(g, 2, func() string {
			return str(pick(g, "profile", []string{"http://example.org/p", "http://example.org/p|1"}))
		})),
		member("tag", list(g, 2, func() string { return genCoding(g) })),
	)
}

func genPatient(g *gen) string {
	birth := member("birthDate", str(pick(g, "birthDate", append([]string{""}, g.birthDates...))))
	if birth == "" && often(g, 3) {
		birth = `"_birthDate":{"extension":[{"url":"http://example.org/unknown","valueBoolean":true}]}`
	}
	return resource(g, "Patient",
		member("identifier", list(g, 2, func() string { return genIdentifier(g) })),
		member("active", pick(g, "active", []string{"", "true", "false"})),
		member("name", list(g, 2, func() string {
			return object(
				member("text", str(pick(g, "text", append([]string{"", ""}, g.families...)))),
				member("family", str(pick(g, "family", append([]string{""}, g.families...)))),
				member("given", list(g, 2, func() string { return str(pick(g, "given", g.families)) })),
			)
		})),
		member("telecom", list(g, 1, func() string {
			return object(member("system", str(pick(g, "system", []string{"phone", "email"}))), member("value", str(pick(g, "value", g.codes))))
		})),
		member("gender", str(pick(g, "gender", append([]string{""}, genders...)))), birth,
		genDeceased(g),
		member("generalPractitioner", list(g, 1, func() string { return genReference(g, "Practitioner") })),
		member("link", list(g, 1, func() string { return object(member("other", genReference(g, "Patient")), `"type":"refer"`) })),
	)
}

func genDeceased(g *gen) string {
	return pick(g, "deceased", []string{"", "", `"deceasedBoolean":true`, `"deceasedBoolean":false`, `"deceasedDateTime":"2024-02"`})
}

func genObservation(g *gen) string {
	return resource(g, "Observation",
		member("status", str(pick(g, "status", statuses))), member("code", genConcept(g)),
		member("category", list(g, 2, func() string { return genConcept(g) })),
		genSubject(g), genWhen(g, "effective"), genValue(g),
		member("component", list(g, 4, func() string { return object(member("code", genConcept(g)), genValue(g)) })),
		member("derivedFrom", list(g, 2, func() string { return genReference(g, "Observation") })),
	)
}

func genCondition(g *gen) string {
	onset := genWhen(g, "onset")
	if onset == "" {
		onset = pick(g, "onset", []string{
			"", `"onsetAge":{"value":42,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}`,
			`"onsetRange":{"low":{"value":10},"high":{"value":20}}`, `"onsetString":"In  childhood"`,
		})
	}
	return resource(g, "Condition",
		member("code", genConcept(g)), genSubject(g), onset,
		member("recordedDate", str(pick(g, "recordedDate", append([]string{""}, g.dates...)))),
	)
}

func genProcedure(g *gen) string {
	return resource(g, "Procedure",
		member("status", str(pick(g, "status", []string{"completed", "not-done"}))), member("code", genConcept(g)),
		member("subject", genReference(g, "Patient")), genWhen(g, "performed"),
		member("instantiatesCanonical", list(g, 2, func() string {
			return str(pick(g, "canonical", []string{"http://example.org/PlanDefinition/p", "http://example.org/PlanDefinition/p|1.0", "PlanDefinition/p"}))
		})),
		member("reasonReference", list(g, 1, func() string { return genReference(g, "Condition") })),
	)
}

func genRiskAssessment(g *gen) string {
	return resource(g, "RiskAssessment",
		`"status":"final"`, member("subject", genReference(g, "Patient")),
		member("prediction", list(g, 2, func() string {
			if often(g, 2) {
				return object(member("probabilityRange", genRange(g)))
			}
			return object(member("probabilityDecimal", pick(g, "probability", g.numbers)))
		})),
	)
}

// genWhen makes a dateTime or a period, possibly open on one side.
func genWhen(g *gen, name string) string {
	switch rapid.IntRange(0, 3).Draw(g.T, "when") {
	case 0:
		return ""
	case 1:
		some := append([]string{""}, g.dates...)
		return member(name+"Period", object(member("start", str(pick(g, "start", some))), member("end", str(pick(g, "end", some)))))
	}
	return member(name+"DateTime", str(pick(g, "date", g.dates)))
}

func genValue(g *gen) string {
	switch rapid.IntRange(0, 4).Draw(g.T, "value") {
	case 0:
		return ""
	case 1:
		return member("valueString", str(pick(g, "string", g.families)))
	case 2:
		return member("valueCodeableConcept", genConcept(g))
	}
	return member("valueQuantity", genQuantity(g))
}

func genQuantity(g *gen) string {
	u := pick(g, "unit", g.units)
	human := pick(g, "human", []string{"", "mg", "tablet", u[1]})
	return object(member("value", pick(g, "number", append([]string{""}, g.numbers...))), member("comparator", str(pick(g, "comparator", comparators))),
		member("unit", str(human)), member("system", str(u[0])), member("code", str(u[1])))
}

func genRange(g *gen) string {
	side := func() string {
		n := pick(g, "number", append([]string{""}, g.numbers...))
		if n == "" {
			return ""
		}
		return object(member("value", n))
	}
	return object(member("low", side()), member("high", side()))
}

func genCoding(g *gen) string {
	return object(member("system", str(pick(g, "system", g.systems))), member("code", str(pick(g, "code", append([]string{""}, g.codes...)))))
}

func genConcept(g *gen) string {
	return object(member("coding", list(g, 3, func() string { return genCoding(g) })), member("text", str(pick(g, "text", []string{"", "some text"}))))
}

func genIdentifier(g *gen) string {
	return object(member("system", str(pick(g, "system", g.systems))), member("value", str(pick(g, "value", append([]string{""}, g.codes...)))))
}

// genSubject makes a subject, sometimes one that is contained, beside another that is not referred to.
func genSubject(g *gen) string {
	if !often(g, 2) {
		return member("subject", genReference(g, "Patient"))
	}
	patient := genPatient(g)
	_, id, _ := strings.Cut(patient, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	return `"contained":[{"resourceType":"Patient","id":"other","gender":"male"},` + patient + `],` + member("subject", object(member("reference", str("#"+id))))
}

// genReference makes a reference to a type, in one of the forms that a reference has.
func genReference(g *gen, typ string) string {
	to := typ + "/" + pick(g, "id", g.ids)
	switch rapid.IntRange(0, 9).Draw(g.T, "form") {
	case 0:
		return ""
	case 1:
		return object(member("reference", str(Base+"/"+to)))
	case 2:
		return object(member("reference", str("http://elsewhere.example.org/fhir/"+to)))
	case 3:
		return object(member("reference", str(to+"/_history/"+strconv.Itoa(rapid.IntRange(1, 3).Draw(g.T, "vid")))))
	case 4:
		return object(member("type", str(typ)), member("identifier", genIdentifier(g)))
	case 5:
		return object(member("reference", str("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0")))
	}
	return object(member("reference", str(to)), member("identifier", genIdentifier(g)))
}
