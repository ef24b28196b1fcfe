package course

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// event is a toxicity as an AdverseEvent tells it.
type event struct {
	Episode
	conditions []string // that resulted, by reference
}

// ncitGrades are the codes of the grades of adverse events in NCI's thesaurus, from grade 1 on.
var ncitGrades = []string{"C41338", "C41339", "C41340", "C41337", "C48275"}

// adverse takes an AdverseEvent that is a toxicity of the cells. One that might have been was none, and one of grade 0 is taken back: the resource has no
// status for it. https://hl7.org/fhir/R4/adverseevent-definitions.html#AdverseEvent.actuality
func (b *Builder) adverse(root tree.Node) {
	kind, grade := toxicityOf(root.Member("event"))
	if told := adverseGrade(root); told >= 0 {
		grade = told
	}
	if kind == "" || grade == 0 || root.Member("actuality").Text() == "potential" {
		return
	}
	e := event{Episode: Episode{Kind: kind, Grade: grade, Began: ParseDay(root.Member("date").Text()), End: Never}}
	e.Onset = e.Began.Exact()
	for r := range root.Member("resultingCondition").Items() {
		e.conditions = append(e.conditions, strings.Clone(b.to(r).String()))
	}
	b.events = append(b.events, e)
}

// adverseGrade is the grade of an AdverseEvent, which R4 has no element for; -1 for none.
func adverseGrade(root tree.Node) int {
	grade := -1
	for x := range root.Member("extension").Items() {
		if x.Member("url").Text() != term.Extension(term.ExtGrade) {
			continue
		}
		codes(x.Member("valueCodeableConcept"), func(system, code string) bool {
			n, err := strconv.Atoi(strings.TrimPrefix(code, "grade-"))
			switch {
			case system == term.Local && err == nil && 0 <= n && n <= 5:
				grade = n
			case system == term.NCIt && slices.Contains(ncitGrades, code):
				grade = slices.Index(ncitGrades, code) + 1
			}
			return grade < 0
		})
	}
	return grade
}

// episodes are the toxicities, each once: that of an AdverseEvent is that of the Condition which resulted, or of one that may have begun on the same
// day, and gives its grade where that has none. Of two such events of one day the graver holds.
func (b *Builder) episodes() []Episode {
	l := slices.Clone(b.c.Episodes)
	slices.SortStableFunc(b.events, func(x, y event) int { return cmp.Compare(x.Began.From, y.Began.From) })
	for _, e := range b.events {
		k := -1
		for n, o := range l {
			if k < 0 && o.Kind == e.Kind && (n < len(b.syndromes) && slices.Contains(e.conditions, b.syndromes[n]) || e.sameTime(o)) {
				k = n
			}
		}
		switch {
		case k < 0:
			l = append(l, e.Episode)
		case l[k].Grade < 0 || k >= len(b.syndromes):
			l[k].Grade = max(l[k].Grade, e.Grade)
		}
	}
	return l
}

// sameTime reports whether two episodes may have begun on one day.
func (e event) sameTime(o Episode) bool {
	return !e.Began.There || !o.Began.There || max(e.Began.From, o.Began.From) <= min(e.Began.To, o.Began.To)
}
