package course

import (
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/registry/score"
)

// medicine returns the drug of a medication, by the first code that this field knows: of a concept, or of a Medication within the resource. One that
// is referred to is named by its reference until it is read. What has no code is told apart by its text, or else by what tells of it: two drugs must
// not become one.
func (b *Builder) medicine(root tree.Node) Medicine {
	concept := root.Member("medicationCodeableConcept")
	reference := root.Member("medicationReference").Member("reference").Text()
	if r := within(root, reference); r.Exists() {
		return medicineOf(r.Member("code"), r, root)
	} else if k := b.to(root.Member("medicationReference")); k == (fhir.Key{}) && fhir.ParseRef(reference).Base != "" {
		return unknownMedicine(reference) // of another server
	} else if k.Type == medicationType {
		if !slices.Contains(b.c.Medications, k.ID) {
			b.c.Medications = append(b.c.Medications, strings.Clone(k.ID))
		}
		return unknownMedicine(k.String())
	}
	return medicineOf(concept, tree.Node{}, root)
}

// medicineOf is the drug of a concept that some resource tells, or of an ingredient of the Medication that has it: a brand is coded in ways of its own.
// https://hl7.org/fhir/R4/medication-definitions.html#Medication.ingredient
func medicineOf(concept, medication, root tree.Node) Medicine {
	place, ok := uint8(0), false
	var told []string
	codes(concept, func(system, code string) bool {
		place, ok = drugOf(system, code)
		told = append(told, system+"|"+code)
		return !ok
	})
	for i := range medication.Member("ingredient").Items() {
		if ok {
			break
		}
		codes(i.Member("itemCodeableConcept"), func(system, code string) bool {
			place, ok = drugOf(system, code)
			return !ok
		})
	}
	text := strings.TrimSpace(concept.Member("text").Text())
	switch {
	case ok:
		return Medicine{place: place}
	case len(told) > 0:
		return unknownMedicine(strings.Join(told, " "))
	case text != "":
		return unknownMedicine("text: " + text)
	default:
		return unknownMedicine(root.Member("resourceType").Text() + "/" + root.Member("id").Text())
	}
}

// Medication takes a Medication that what was added refers to.
func (b *Builder) Medication(t *tree.Tree) {
	was, is := unknownMedicine(medicationType+"/"+t.ID()), medicineOf(t.Root().Member("code"), t.Root(), t.Root())
	for k := range b.c.Therapies {
		if b.c.Therapies[k].Drug == was {
			b.c.Therapies[k].Drug = is
		}
	}
	for k := range b.takings.facts {
		if b.takings.facts[k].Drug == was {
			b.takings.facts[k].Drug = is
		}
	}
	for k := range b.c.Given {
		if b.c.Given[k].Drug == was {
			b.c.Given[k].Drug = is
		}
	}
}

// statement reads a time in which a drug was taken, or whether it was taken on one day. https://hl7.org/fhir/R4/valueset-medication-statement-status.html
func (b *Builder) statement(root tree.Node) {
	d := b.medicine(root)
	status := root.Member("status").Text()
	if status == "intended" {
		return
	}
	if at := root.Member("effectiveDateTime").Text(); at != "" {
		b.taking(root, d, at, status)
		return
	}
	if status == "not-taken" {
		b.c.Untaken = true
		return
	}
	period := root.Member("effectivePeriod")
	t := Therapy{
		Drug: d, From: ParseDay(period.Member("start").Text()), To: ParseDay(period.Member("end").Text()), Unsure: unsure(status), Source: b.from(root),
	}
	if status == "stopped" || status == "completed" {
		t.To = endedBy(t, ParseDay(root.Member("dateAsserted").Text()))
	}
	b.therapy(root, t)
}

// unsure reports whether a status leaves open whether a drug is taken: nobody knows, or it is on hold since some day.
func unsure(status string) bool { return status == "unknown" || status == "on-hold" }

// endedBy is the end of a therapy that is over: told, or else at some time from its beginning to when it was said to be over.
func endedBy(t Therapy, asserted Span) Span {
	if t.To.There {
		return t.To
	}
	over := Span{From: Never, To: Forever, There: true}
	if t.From.There {
		over.From = t.From.From
	}
	if asserted.There && asserted.To >= over.From {
		over.To = asserted.To
	}
	return over
}

func (b *Builder) therapy(root tree.Node, t Therapy) {
	b.c.Therapies = append(b.c.Therapies, t)
	b.therapies = append(b.therapies, b.causeOf(root))
}

// taking takes what is told of a drug on one day. Of one in some month it is only known that it may have been taken on a day of that month.
func (b *Builder) taking(root tree.Node, d Medicine, at, status string) {
	on := ParseDay(at)
	taken := truth(status != "not-taken")
	if unsure(status) {
		taken = score.Unknown
	}
	switch day := on.Exact(); {
	case day.Known():
		b.takings.add(Taking{Day: day, Drug: d, Taken: taken, Source: b.from(root)}, foundAt(root, at))
	case taken == score.No:
		b.c.Untaken = true
	case on.There:
		b.therapy(root, Therapy{Drug: d, From: on, To: Span{on.To + 1, on.To + 1, true}, Unsure: true, Source: b.from(root)})
	}
}

// administration takes a drug that was given, also if not all of it was: once, or from the first to the last day of a period. https://hl7.org/fhir/R4/valueset-medication-admin-status.html
func (b *Builder) administration(root tree.Node) {
	switch root.Member("status").Text() {
	case "completed", "in-progress", "stopped", "on-hold":
	default:
		return
	}
	if on := ParseDay(started(root, "effective")); on.There {
		g := Given{Day: on.From, Later: on.To - on.From, Drug: b.medicine(root), Source: b.from(root)}
		if end := ParseDay(root.Member("effectivePeriod").Member("end").Text()); end.There {
			g.Lasted = max(0, end.To-on.To)
		}
		b.c.Given = append(b.c.Given, g)
		b.given = append(b.given, b.causeOf(root))
	}
}
