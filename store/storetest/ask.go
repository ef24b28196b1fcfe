package storetest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

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
	value func(*gen) string
}

// genQuery makes a search.
func genQuery(g *gen) string {
	typ := pick(g, "type", []string{"Patient", "Observation", "Observation", "Condition", "Procedure", "RiskAssessment"})
	path := typ
	if typ != "Patient" && often(g, 1) {
		path = "Patient/" + pick(g, "owner", g.ids) + "/" + typ
	}
	var parts []string
	for range rapid.IntRange(0, 2).Draw(g.T, "clauses") {
		parts = append(parts, genClause(g, typ, 2))
	}
	if often(g, 5) {
		parts = append(parts, "_sort="+genSort(g, typ))
	}
	return path + "?" + strings.Join(parts, "&")
}

// genClause makes one condition; depth bounds its chains.
func genClause(g *gen, typ string, depth int) string {
	if depth > 0 && often(g, 2) {
		return genChain(g, typ, depth)
	}
	a := pick(g, "param", askedOf(typ))
	name := a.param
	if often(g, 1) && !strings.Contains(name, "code-value-quantity") && !strings.Contains(name, ":") {
		return name + ":missing=" + pick(g, "missing", []string{"true", "false"})
	}
	switch {
	case isToken(name) && often(g, 2):
		name += ":not"
	case isString(name) && often(g, 4):
		name += pick(g, "modifier", []string{":exact", ":contains"})
	}
	value := encoded(a.value(g))
	if often(g, 2) {
		value += "," + encoded(a.value(g))
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
func genChain(g *gen, typ string, depth int) string {
	if typ == "Patient" {
		source := pick(g, "source", []string{"Observation", "Condition", "Procedure", "RiskAssessment"})
		return "_has:" + source + ":patient:" + genClause(g, source, depth-1)
	}
	if typ == "Observation" && often(g, 3) {
		return pick(g, "derived", []string{"derived-from:Observation.", "_has:Observation:derived-from:"}) + genClause(g, "Observation", depth-1)
	}
	return pick(g, "chain", []string{"patient.", "subject:Patient."}) + genClause(g, "Patient", depth-1)
}

func genSort(g *gen, typ string) string {
	var keys []string
	for range rapid.IntRange(1, 2).Draw(g.T, "keys") {
		keys = append(keys, pick(g, "direction", []string{"", "-"})+pick(g, "key", sortKeysOf(typ)))
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
			asked{"deceased", oneOf([]string{"true", "false"})}, asked{"telecom", genCode}, asked{"general-practitioner", refTo("Practitioner")}, asked{"link", refTo("Patient")})
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

func oneOf(words []string) func(*gen) string {
	return func(g *gen) string { return escaped(pick(g, "word", words)) }
}

func genCode(g *gen) string { return escaped(pick(g, "code", g.codes)) }

func genIDs(g *gen) string { return pick(g, "id", g.ids) }

func genProfile(g *gen) string {
	return pick(g, "profile", []string{"http://example.org/p", "http://example.org/p|1", "http://example.org/none"})
}

func genSource(g *gen) string {
	return pick(g, "source", []string{"http://example.org/a", "urn:uuid:1"})
}

func genText(g *gen) string {
	s := []rune(pick(g, "text", g.families))
	return escaped(string(s[:rapid.IntRange(min(3, len(s)), len(s)).Draw(g.T, "length")]))
}

func genToken(g *gen) string {
	code, system := escaped(pick(g, "code", g.codes)), escaped(pick(g, "system", g.systems))
	switch rapid.IntRange(0, 3).Draw(g.T, "form") {
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

func genPrefix(g *gen) string {
	return pick(g, "prefix", []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"})
}

func genDate(g *gen) string { return genPrefix(g) + pick(g, "date", g.dates) }

func genUpdated(g *gen) string {
	at := fmt.Sprintf("2026-03-01T11:00:%02d", rapid.IntRange(0, 40).Draw(g.T, "second"))
	return genPrefix(g) + at + pick(g, "fraction", []string{"Z", ".123Z", ".1Z", ".124Z"})
}

func genNumber(g *gen) string { return genPrefix(g) + pick(g, "number", g.numbers) }

func genQuantityValue(g *gen) string {
	u := pick(g, "unit", g.units)
	switch rapid.IntRange(0, 3).Draw(g.T, "form") {
	case 0:
		return genNumber(g)
	case 1:
		if u[1] != "" {
			return genNumber(g) + "||" + escaped(u[1])
		}
	}
	if u[0] == "" || u[1] == "" {
		return genNumber(g)
	}
	return genNumber(g) + "|" + escaped(u[0]) + "|" + escaped(u[1])
}

func genComposite(g *gen) string {
	if often(g, 6) {
		return genCode(g) + "$" + pick(g, "prefix", []string{"ne", "gt", "lt"}) + pick(g, "number", g.numbers)
	}
	return genToken(g) + "$" + genQuantityValue(g)
}

// refTo makes the value of a reference parameter, in one of its forms.
func refTo(typ string) func(*gen) string {
	return func(g *gen) string {
		id := pick(g, "id", g.ids)
		switch rapid.IntRange(0, 4).Draw(g.T, "form") {
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
