package storetest

import (
	"fmt"
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

func pick[T any](rt *rapid.T, label string, from []T) T {
	return rapid.SampledFrom(from).Draw(rt, label)
}

// often is true in n of 10 cases.
func often(rt *rapid.T, n int) bool { return rapid.IntRange(0, 9).Draw(rt, "chance") < n }

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
func list(rt *rapid.T, n int, item func() string) string {
	var items []string
	for range rapid.IntRange(0, n).Draw(rt, "items") {
		if s := item(); s != "" && s != "{}" {
			items = append(items, s)
		}
	}
	return "[" + strings.Join(items, ",") + "]"
}

// genResource makes a resource of one of the five types of the random tests.
func genResource(rt *rapid.T) string {
	switch pick(rt, "type", []string{"Patient", "Observation", "Observation", "Condition", "Procedure", "RiskAssessment"}) {
	case "Patient":
		return genPatient(rt)
	case "Observation":
		return genObservation(rt)
	case "Condition":
		return genCondition(rt)
	case "Procedure":
		return genProcedure(rt)
	}
	return genRiskAssessment(rt)
}

func resource(rt *rapid.T, typ string, members ...string) string {
	head := []string{member("resourceType", str(typ)), member("id", str(pick(rt, "id", ids))), member("meta", genMeta(rt))}
	return object(append(head, members...)...)
}

func genMeta(rt *rapid.T) string {
	if !often(rt, 2) {
		return ""
	}
	return object(
		member("source", str(pick(rt, "source", []string{"", "http://example.org/a", "urn:uuid:1"}))),
		member("profile", list(rt, 2, func() string {
			return str(pick(rt, "profile", []string{"http://example.org/p", "http://example.org/p|1"}))
		})),
		member("tag", list(rt, 2, func() string { return genCoding(rt) })),
	)
}

func genPatient(rt *rapid.T) string {
	birth := member("birthDate", str(pick(rt, "birthDate", append([]string{""}, birthDates...))))
	if birth == "" && often(rt, 3) {
		birth = `"_birthDate":{"extension":[{"url":"http://example.org/unknown","valueBoolean":true}]}`
	}
	return resource(rt, "Patient",
		member("identifier", list(rt, 2, func() string { return genIdentifier(rt) })),
		member("active", pick(rt, "active", []string{"", "true", "false"})),
		member("name", list(rt, 2, func() string {
			return object(
				member("text", str(pick(rt, "text", append([]string{"", ""}, families...)))),
				member("family", str(pick(rt, "family", append([]string{""}, families...)))),
				member("given", list(rt, 2, func() string { return str(pick(rt, "given", families)) })),
			)
		})),
		member("telecom", list(rt, 1, func() string {
			return object(member("system", str(pick(rt, "system", []string{"phone", "email"}))), member("value", str(pick(rt, "value", codes))))
		})),
		member("gender", str(pick(rt, "gender", append([]string{""}, genders...)))), birth,
		genDeceased(rt),
		member("generalPractitioner", list(rt, 1, func() string { return genReference(rt, "Practitioner") })),
		member("link", list(rt, 1, func() string { return object(member("other", genReference(rt, "Patient")), `"type":"refer"`) })),
	)
}

func genDeceased(rt *rapid.T) string {
	return pick(rt, "deceased", []string{"", "", `"deceasedBoolean":true`, `"deceasedBoolean":false`, `"deceasedDateTime":"2024-02"`})
}

func genObservation(rt *rapid.T) string {
	return resource(rt, "Observation",
		member("status", str(pick(rt, "status", statuses))), member("code", genConcept(rt)),
		member("category", list(rt, 2, func() string { return genConcept(rt) })),
		member("subject", genReference(rt, "Patient")), genWhen(rt, "effective"), genValue(rt),
		member("component", list(rt, 2, func() string { return object(member("code", genConcept(rt)), genValue(rt)) })),
		member("derivedFrom", list(rt, 2, func() string { return genReference(rt, "Observation") })),
	)
}

func genCondition(rt *rapid.T) string {
	onset := genWhen(rt, "onset")
	if onset == "" {
		onset = pick(rt, "onset", []string{
			"", `"onsetAge":{"value":42,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}`,
			`"onsetRange":{"low":{"value":10},"high":{"value":20}}`, `"onsetString":"In  childhood"`,
		})
	}
	return resource(rt, "Condition",
		member("code", genConcept(rt)), member("subject", genReference(rt, "Patient")), onset,
		member("recordedDate", str(pick(rt, "recordedDate", append([]string{""}, dates...)))),
	)
}

func genProcedure(rt *rapid.T) string {
	return resource(rt, "Procedure",
		member("status", str(pick(rt, "status", []string{"completed", "not-done"}))), member("code", genConcept(rt)),
		member("subject", genReference(rt, "Patient")), genWhen(rt, "performed"),
		member("instantiatesCanonical", list(rt, 2, func() string {
			return str(pick(rt, "canonical", []string{"http://example.org/PlanDefinition/p", "http://example.org/PlanDefinition/p|1.0", "PlanDefinition/p"}))
		})),
		member("reasonReference", list(rt, 1, func() string { return genReference(rt, "Condition") })),
	)
}

func genRiskAssessment(rt *rapid.T) string {
	return resource(rt, "RiskAssessment",
		`"status":"final"`, member("subject", genReference(rt, "Patient")),
		member("prediction", list(rt, 2, func() string {
			if often(rt, 2) {
				return object(member("probabilityRange", genRange(rt)))
			}
			return object(member("probabilityDecimal", pick(rt, "probability", numbers)))
		})),
	)
}

// genWhen makes a dateTime or a period, possibly open on one side.
func genWhen(rt *rapid.T, name string) string {
	switch rapid.IntRange(0, 3).Draw(rt, "when") {
	case 0:
		return ""
	case 1:
		some := append([]string{""}, dates...)
		return member(name+"Period", object(member("start", str(pick(rt, "start", some))), member("end", str(pick(rt, "end", some)))))
	}
	return member(name+"DateTime", str(pick(rt, "date", dates)))
}

func genValue(rt *rapid.T) string {
	switch rapid.IntRange(0, 4).Draw(rt, "value") {
	case 0:
		return ""
	case 1:
		return member("valueString", str(pick(rt, "string", families)))
	case 2:
		return member("valueCodeableConcept", genConcept(rt))
	}
	return member("valueQuantity", genQuantity(rt))
}

func genQuantity(rt *rapid.T) string {
	u := pick(rt, "unit", units)
	human := pick(rt, "human", []string{"", "mg", "tablet", u[1]})
	return object(member("value", pick(rt, "number", append([]string{""}, numbers...))), member("comparator", str(pick(rt, "comparator", comparators))),
		member("unit", str(human)), member("system", str(u[0])), member("code", str(u[1])))
}

func genRange(rt *rapid.T) string {
	side := func() string {
		n := pick(rt, "number", append([]string{""}, numbers...))
		if n == "" {
			return ""
		}
		return object(member("value", n))
	}
	return object(member("low", side()), member("high", side()))
}

func genCoding(rt *rapid.T) string {
	return object(member("system", str(pick(rt, "system", systems))), member("code", str(pick(rt, "code", append([]string{""}, codes...)))))
}

func genConcept(rt *rapid.T) string {
	return object(member("coding", list(rt, 3, func() string { return genCoding(rt) })), member("text", str(pick(rt, "text", []string{"", "some text"}))))
}

func genIdentifier(rt *rapid.T) string {
	return object(member("system", str(pick(rt, "system", systems))), member("value", str(pick(rt, "value", append([]string{""}, codes...)))))
}

// genReference makes a reference to a type, in one of the forms that a reference has.
func genReference(rt *rapid.T, typ string) string {
	to := typ + "/" + pick(rt, "id", ids)
	switch rapid.IntRange(0, 9).Draw(rt, "form") {
	case 0:
		return ""
	case 1:
		return object(member("reference", str(Base+"/"+to)))
	case 2:
		return object(member("reference", str("http://elsewhere.example.org/fhir/"+to)))
	case 3:
		return object(member("reference", str(to+"/_history/"+strconv.Itoa(rapid.IntRange(1, 3).Draw(rt, "vid")))))
	case 4:
		return object(member("type", str(typ)), member("identifier", genIdentifier(rt)))
	case 5:
		return object(member("reference", str("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0")))
	}
	return object(member("reference", str(to)), member("identifier", genIdentifier(rt)))
}

// escaped protects the separators of a query value.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`, "$", `\$`).Replace(s)
}

// encoded protects the separators of a query string.
func encoded(s string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "#", "%23", "=", "%3D", "+", "%2B").Replace(s)
}

// asked is a parameter that random queries ask for, with a value.
type asked struct {
	param string
	value func(*rapid.T) string
}

// genQuery makes a search.
func genQuery(rt *rapid.T) string {
	typ := pick(rt, "type", []string{"Patient", "Observation", "Observation", "Condition", "Procedure", "RiskAssessment"})
	path := typ
	if typ != "Patient" && often(rt, 1) {
		path = "Patient/" + pick(rt, "owner", ids) + "/" + typ
	}
	var parts []string
	for range rapid.IntRange(0, 2).Draw(rt, "clauses") {
		parts = append(parts, genClause(rt, typ, 2))
	}
	if often(rt, 5) {
		parts = append(parts, "_sort="+genSort(rt, typ))
	}
	return path + "?" + strings.Join(parts, "&")
}

// genClause makes one condition; depth bounds its chains.
func genClause(rt *rapid.T, typ string, depth int) string {
	if depth > 0 && often(rt, 2) {
		return genChain(rt, typ, depth)
	}
	a := pick(rt, "param", askedOf(typ))
	name := a.param
	if often(rt, 1) && !strings.Contains(name, "code-value-quantity") && !strings.Contains(name, ":") {
		return name + ":missing=" + pick(rt, "missing", []string{"true", "false"})
	}
	switch {
	case isToken(name) && often(rt, 2):
		name += ":not"
	case isString(name) && often(rt, 4):
		name += pick(rt, "modifier", []string{":exact", ":contains"})
	}
	value := encoded(a.value(rt))
	if often(rt, 2) {
		value += "," + encoded(a.value(rt))
	}
	return name + "=" + value
}

func isToken(param string) bool {
	switch param {
	case "gender", "active", "identifier", "code", "category", "status", "value-concept", "_tag", "component-code", "telecom", "deceased":
		return true
	}
	return false
}

func isString(param string) bool {
	switch param {
	case "name", "family", "given", "value-string", "onset-info":
		return true
	}
	return false
}

// genChain makes a chain or a reverse chain.
func genChain(rt *rapid.T, typ string, depth int) string {
	if typ == "Patient" {
		source := pick(rt, "source", []string{"Observation", "Condition", "Procedure", "RiskAssessment"})
		return "_has:" + source + ":patient:" + genClause(rt, source, depth-1)
	}
	if typ == "Observation" && often(rt, 3) {
		return pick(rt, "derived", []string{"derived-from:Observation.", "_has:Observation:derived-from:"}) + genClause(rt, "Observation", depth-1)
	}
	return pick(rt, "chain", []string{"patient.", "subject:Patient."}) + genClause(rt, "Patient", depth-1)
}

func genSort(rt *rapid.T, typ string) string {
	var keys []string
	for range rapid.IntRange(1, 2).Draw(rt, "keys") {
		keys = append(keys, pick(rt, "direction", []string{"", "-"})+pick(rt, "key", sortKeysOf(typ)))
	}
	return strings.Join(keys, ",")
}

func sortKeysOf(typ string) []string {
	keys := []string{"_id", "_lastUpdated"}
	switch typ {
	case "Patient":
		return append(keys, "family", "given", "birthdate", "gender", "identifier", "active")
	case "Observation":
		return append(keys, "date", "code", "value-quantity", "value-string", "subject", "status")
	case "Condition":
		return append(keys, "onset-date", "recorded-date", "code", "onset-age")
	case "Procedure":
		return append(keys, "date", "code", "instantiates-canonical", "status")
	}
	return append(keys, "probability", "subject")
}

// askedOf lists the parameters that random queries use on a type.
func askedOf(typ string) []asked {
	list := []asked{{"_id", genIDs}, {"_tag", genToken}, {"_lastUpdated", genUpdated}, {"_profile", genProfile}, {"_source", genSource}}
	switch typ {
	case "Patient":
		return append(list, asked{"family", genText}, asked{"name", genText}, asked{"given", genText}, asked{"gender", oneOf(genders)},
			asked{"active", oneOf([]string{"true", "false"})}, asked{"identifier", genToken}, asked{"birthdate", genDate}, asked{"death-date", genDate},
			asked{"deceased", oneOf([]string{"true", "false"})}, asked{"telecom", oneOf(codes)}, asked{"general-practitioner", refTo("Practitioner")}, asked{"link", refTo("Patient")})
	case "Observation":
		return append(list, asked{"code", genToken}, asked{"category", genToken}, asked{"status", oneOf(statuses)}, asked{"date", genDate},
			asked{"subject", refTo("Patient")}, asked{"patient", refTo("Patient")}, asked{"value-quantity", genQuantityValue}, asked{"value-string", genText},
			asked{"value-concept", genToken}, asked{"component-code", genToken}, asked{"combo-value-quantity", genQuantityValue}, asked{"derived-from", refTo("Observation")},
			asked{"subject:identifier", genToken}, asked{"code-value-quantity", genComposite}, asked{"component-code-value-quantity", genComposite})
	case "Condition":
		return append(list, asked{"code", genToken}, asked{"onset-date", genDate}, asked{"recorded-date", genDate}, asked{"onset-age", genQuantityValue},
			asked{"onset-info", genText}, asked{"patient", refTo("Patient")})
	case "Procedure":
		return append(list, asked{"code", genToken}, asked{"date", genDate}, asked{"patient", refTo("Patient")}, asked{"reason-reference", refTo("Condition")},
			asked{"instantiates-canonical", oneOf([]string{"http://example.org/PlanDefinition/p", `http://example.org/PlanDefinition/p|1.0`, "PlanDefinition/p"})})
	}
	return append(list, asked{"probability", genNumber}, asked{"subject", refTo("Patient")})
}

func oneOf(words []string) func(*rapid.T) string {
	return func(rt *rapid.T) string { return escaped(pick(rt, "word", words)) }
}

func genIDs(rt *rapid.T) string { return pick(rt, "id", ids) }

func genProfile(rt *rapid.T) string {
	return pick(rt, "profile", []string{"http://example.org/p", "http://example.org/p|1", "http://example.org/none"})
}

func genSource(rt *rapid.T) string {
	return pick(rt, "source", []string{"http://example.org/a", "urn:uuid:1"})
}

func genText(rt *rapid.T) string {
	s := []rune(pick(rt, "text", families))
	return escaped(string(s[:rapid.IntRange(min(3, len(s)), len(s)).Draw(rt, "length")]))
}

func genToken(rt *rapid.T) string {
	code, system := escaped(pick(rt, "code", codes)), escaped(pick(rt, "system", systems))
	switch rapid.IntRange(0, 3).Draw(rt, "form") {
	case 0:
		return code
	case 1:
		return "|" + code
	case 2:
		if system != "" {
			return system + "|"
		}
	}
	return system + "|" + code
}

func genPrefix(rt *rapid.T) string {
	return pick(rt, "prefix", []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"})
}

func genDate(rt *rapid.T) string { return genPrefix(rt) + pick(rt, "date", dates) }

func genUpdated(rt *rapid.T) string {
	at := fmt.Sprintf("2026-03-01T11:00:%02d", rapid.IntRange(0, 40).Draw(rt, "second"))
	return genPrefix(rt) + at + pick(rt, "fraction", []string{"Z", ".123Z", ".1Z", ".124Z"})
}

func genNumber(rt *rapid.T) string { return genPrefix(rt) + pick(rt, "number", numbers) }

func genQuantityValue(rt *rapid.T) string {
	u := pick(rt, "unit", units)
	switch rapid.IntRange(0, 3).Draw(rt, "form") {
	case 0:
		return genNumber(rt)
	case 1:
		if u[1] != "" {
			return genNumber(rt) + "||" + escaped(u[1])
		}
	}
	if u[0] == "" || u[1] == "" {
		return genNumber(rt)
	}
	return genNumber(rt) + "|" + escaped(u[0]) + "|" + escaped(u[1])
}

func genComposite(rt *rapid.T) string { return genToken(rt) + "$" + genQuantityValue(rt) }

// refTo makes the value of a reference parameter, in one of its forms.
func refTo(typ string) func(*rapid.T) string {
	return func(rt *rapid.T) string {
		id := pick(rt, "id", ids)
		switch rapid.IntRange(0, 4).Draw(rt, "form") {
		case 0:
			return id
		case 1:
			return Base + "/" + typ + "/" + id
		case 2:
			return "http://elsewhere.example.org/fhir/" + typ + "/" + id
		}
		return typ + "/" + id
	}
}
