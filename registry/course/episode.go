package course

import (
	"strconv"
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// toxicityOf returns which toxicity of the cells a concept is, by its local code or by that of a public system, and the grade that the public code
// tells, -1 for none. The kind of what is no toxicity is "".
func toxicityOf(concept tree.Node) (kind string, grade int) {
	grade = -1
	codes(concept, func(system, code string) bool {
		k, g := term.ToxicityOf(system, code)
		if system == term.Local && isToxicity(code) {
			k = code
		}
		if kind == "" {
			kind = k
		}
		if k == kind {
			grade = max(grade, g)
		}
		return true
	})
	return intern(kind), grade
}

func isToxicity(kind string) bool {
	switch kind {
	case term.CRS, term.ICANS, "licats", "icaht":
		return true
	default:
		return false
	}
}

// episode takes a toxicity with the grade of its stage, or else that of its code.
func (b *Builder) episode(root tree.Node, kind string, grade int) {
	e := Episode{Kind: kind, Grade: -1}
	for stage := range root.Member("stage").Items() {
		codes(stage.Member("summary"), func(_, code string) bool {
			if n, err := strconv.Atoi(strings.TrimPrefix(code, "grade-")); err == nil && 0 <= n && n <= 5 {
				e.Grade = n
			}
			return e.Grade < 0
		})
	}
	if e.Grade < 0 {
		e.Grade = grade
	}
	e.Began = sometimeIn(root, "onset")
	e.Onset, e.End = e.Began.Exact(), sometimeIn(root, "abatement").Exact()
	b.c.Episodes, b.syndromes = append(b.c.Episodes, e), append(b.syndromes, "Condition/"+root.Member("id").Text())
}

// sometimeIn is when a Condition began or ended: a period says that it was on some day of it. https://hl7.org/fhir/R4/condition.html#8.2.3
func sometimeIn(root tree.Node, choice string) Span {
	period := root.Member(choice + "Period")
	start, end := ParseDay(period.Member("start").Text()), ParseDay(period.Member("end").Text())
	switch {
	case !start.There && !end.There:
		return ParseDay(root.Member(choice + "DateTime").Text())
	case !start.There:
		start.From = Never
	case !end.There:
		end.To = Forever
	}
	return Span{From: start.From, To: end.To, There: true}
}
