package course

import (
	"cmp"
	"slices"
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// Types are the resource types that a course is read from, each with the search parameter that finds what belongs to a patient.
func Types() [][2]string {
	return [][2]string{
		{"Patient", "_id"},
		{"Consent", "patient"},
		{"ResearchSubject", "individual"},
		{"Condition", "subject"},
		{"AdverseEvent", "subject"},
		{"Procedure", "subject"},
		{"Observation", "subject"},
		{"MedicationStatement", "subject"},
		{"MedicationAdministration", "subject"},
		{"Encounter", "subject"},
	}
}

// Types that are read too, by what refers to them: no search parameter of theirs leads to a patient.
const (
	productType    = "BiologicallyDerivedProduct"
	medicationType = "Medication"
)

// Builder gathers the course of one patient from resources in any order.
type Builder struct {
	c       Course
	sources bool     // facts name the resource that they are from
	bases   []string // of this server, as fhir.PlainBase has them: what is below one is as relative
	manager string   // the organization that has the record
	denied  bool     // by withdrawal from the study
	starts  []Day    // of lymphodepletions
	permits []permit
	ends    []end
	vague   []sometime

	panels          []panel
	members         map[string]itemTold // of panels, by id
	parts           gathered[part]      // of Assessments and of Others
	pga, gc, damage gathered[Reading]
	hemolysis, gut  gathered[Finding]
	grades          gathered[Bilag]
	labs            gathered[Lab]
	stated          gathered[Stated]
	preliminary     []Grade
	syndromes       []string // Conditions that c.Episodes are from, by reference
	events          []event
	takings         gathered[Taking]

	therapies, given []cause         // of Therapies and of Given
	asides           map[string]bool // lymphodepletions and toxicities, by reference: what drugs of no lupus are given for
}

// sometime is an infusion in some month or year.
type sometime struct {
	Infusion
	on Span
}

// NewBuilder returns a Builder of a patient's course. With sources every fact names its resource, which $assess needs and
// a projection of all patients has no room for.
func NewBuilder(patient string, sources bool) *Builder {
	return &Builder{
		c: Course{Patient: patient, Apheresis: Never, Depletion: Never, Death: Never, LastAlive: Never}, sources: sources, asides: map[string]bool{}, members: map[string]itemTold{},
	}
}

// Owner returns the id of the patient that a resource belongs to, "" if it belongs to none of this server, whose base URLs are given.
func Owner(t *tree.Tree, bases []string) string {
	root := t.Root()
	switch t.ResourceType() {
	case "Patient":
		return t.ID()
	case "Consent":
		return patientID(root.Member("patient"), bases)
	case "ResearchSubject":
		return patientID(root.Member("individual"), bases)
	default:
		return patientID(root.Member("subject"), bases)
	}
}

func patientID(reference tree.Node, bases []string) string {
	k := keyOf(reference, bases)
	if k.Type != "Patient" {
		return ""
	}
	return strings.Clone(k.ID)
}

// Add takes a resource of the patient.
func (b *Builder) Add(t *tree.Tree) {
	root := t.Root()
	if status := root.Member("status").Text(); status == "entered-in-error" || status == "cancelled" || status == "registered" { //nolint:misspell // as the code is written
		return
	}
	switch t.ResourceType() {
	case "Patient":
		b.patient(root)
	case "Consent":
		b.consent(root)
	case "ResearchSubject":
		b.denied = b.denied || root.Member("status").Text() == "withdrawn"
	case "Condition":
		b.condition(root)
	case "AdverseEvent":
		b.adverse(root)
	case "Procedure":
		b.procedure(root)
	case "Observation":
		b.observation(root)
	case "MedicationStatement":
		b.statement(root)
	case "MedicationAdministration":
		b.administration(root)
	case "Encounter":
		b.encounter(root)
	}
}

// Products returns the ids of the products that were infused.
func (b *Builder) Products() []string {
	var l []string
	for _, i := range b.c.Infusions {
		if i.ProductID != "" {
			l = append(l, i.ProductID)
		}
	}
	return l
}

// Course returns what was gathered, without the room in which it grew. products are the local codes of products by id.
func (b *Builder) Course(products map[string]string) *Course {
	c := b.c
	if c.Center == "" {
		c.Center = b.manager
	}
	for k := range c.Infusions {
		if id := c.Infusions[k].ProductID; id != "" {
			c.Infusions[k].Product = products[id]
		}
	}
	slices.SortFunc(c.Infusions, Infusion.compare)
	c.Infusions = append(c.Infusions, b.later(c.Infusions)...)
	c.Infusions = slices.Clip(slices.SortedFunc(slices.Values(c.Infusions), Infusion.compare))
	c.Grades, c.Episodes = b.graded(), b.episodes()
	b.assembled(&c)
	b.inTime(&c)
	c.Dosed = slices.Sorted(slices.Values(c.Dosed))
	c.Instruments = inOrder(c.Instruments, func(i Instrument) Day { return i.Days.From })
	c.Stated = b.stated.settled(func(s Stated) Day { return s.Day }, sameOutcome, disagree)
	c.Takings = b.takings.settled(func(t Taking) Day { return t.Day }, func(x, y Taking) bool { return x.Drug == y.Drug }, waver)
	c.tilDeath()
	b.prepare(&c)
	b.setAside(&c)
	b.consents(&c)
	c.Depletions = inOrder(b.starts, func(d Day) Day { return d })
	c.Depletion = depleted(c.Depletions, Never, c.T0())
	return &c
}

// inTime puts what was observed in order of time.
func (b *Builder) inTime(c *Course) {
	c.Assessments, c.Others = b.assessments()
	readings, findings := func(r Reading) Day { return r.Day }, func(f Finding) Day { return f.Day }
	c.PGA, c.GC, c.Damage = b.pga.inOrder(readings, differ), b.gc.inOrder(readings, differ), b.damage.inOrder(readings, differ)
	c.Hemolysis, c.Gut = b.hemolysis.inOrder(findings, contradict), b.gut.inOrder(findings, contradict)
	c.Bilag = b.grades.settled(func(g Bilag) Day { return g.Day }, sameSystem, clash)
	c.Labs = b.labs.inOrder(func(l Lab) Day { return l.Day }, nil)
	slices.SortStableFunc(c.Labs, func(x, y Lab) int { return cmp.Compare(x.Analyte, y.Analyte) })
}

// compare orders by day, and the records of one day by their ids: outcomes name the first of them, whichever was written last.
func (i Infusion) compare(o Infusion) int {
	return cmp.Or(cmp.Compare(i.Day, o.Day), cmp.Compare(i.ID, o.ID))
}

// later are the infusions in some month or year after the first one. One whose month holds another may be that one, told without its day.
func (b *Builder) later(known []Infusion) []Infusion {
	var l []Infusion
	for _, v := range b.vague {
		same := func(i Infusion) bool { return v.on.From <= i.Day && i.Day <= v.on.To }
		if len(known) > 0 && known[0].Day < v.on.From && !slices.ContainsFunc(known, same) {
			l = append(l, v.Infusion)
		}
	}
	return l
}

// inOrder returns a list in order of time, without the room in which it grew.
func inOrder[T any](l []T, day func(T) Day) []T {
	l = slices.Clone(l)
	slices.SortStableFunc(l, func(x, y T) int { return cmp.Compare(day(x), day(y)) })
	return l
}

// from is the reference of a resource, where sources are kept.
func (b *Builder) from(root tree.Node) string {
	if !b.sources {
		return ""
	}
	return root.Member("resourceType").Text() + "/" + root.Member("id").Text()
}

// day returns the day of a date, if it is known to the day.
func (*Builder) day(text string) (Day, bool) {
	d := ParseDay(text).Exact()
	return d, d.Known()
}

// dated is day of a fact of a kind, which is kept as a vague one where it has none.
func (b *Builder) dated(root tree.Node, kind, text string) (Day, bool) {
	span := onOrTimed(root, text)
	if d := span.Exact(); d.Known() {
		return d, true
	}
	b.c.Vague = append(b.c.Vague, Vague{intern(kind), span})
	return Never, false
}

// onOrTimed is when a fact was, as a date tells or else a timing.
func onOrTimed(root tree.Node, text string) Span {
	if span := ParseDay(text); span.There {
		return span
	}
	return timed(root)
}

// timed is the time on some day of which something is that does not say on which: from the first to the last event of a timing, or all time where not
// each of them is told.
func timed(root tree.Node) Span {
	all := Span{Never, Forever, true}
	for e := range root.Member("effectiveTiming").Member("event").Items() {
		on := ParseDay(e.Text())
		if !on.There {
			return Span{Never, Forever, true}
		}
		if all.From == Never || on.From < all.From {
			all.From = on.From
		}
		if all.To == Forever || on.To > all.To {
			all.To = on.To
		}
	}
	return all
}

// codes calls yield for every coding of a CodeableConcept, or of each of a list of them, until it returns false.
func codes(concept tree.Node, yield func(system, code string) bool) {
	for one := range concept.Items() {
		for c := range one.Member("coding").Items() {
			if !yield(c.Member("system").Text(), c.Member("code").Text()) {
				return
			}
		}
	}
}

// local returns the first local code of a concept.
func local(concept tree.Node) string {
	found := ""
	codes(concept, func(system, code string) bool {
		if system == term.Local {
			found = code
		}
		return found == ""
	})
	return found
}

// has reports whether a concept has one of these codings.
func has(concept tree.Node, l ...term.Coding) bool {
	found := false
	codes(concept, func(system, code string) bool {
		found = slices.ContainsFunc(l, func(c term.Coding) bool { return c.System == system && c.Code == code })
		return !found
	})
	return found
}

// patient takes the record of the patient, or one that it replaced, which says only what it leaves open.
func (b *Builder) patient(root tree.Node) {
	own := root.Member("id").Text() == b.c.Patient
	b.center(root, own)
	if at := root.Member("deceasedDateTime").Text(); at != "" && (own || !b.c.Death.Known()) {
		b.c.Dead, b.c.Died = true, ParseDay(at)
		b.c.Death = b.c.Died.Exact()
	}
	if born := ParseDay(root.Member("birthDate").Text()); born.There && (own || !b.c.Born.There) {
		b.c.Born = born
	}
	b.c.Dead = b.c.Dead || root.Member("deceasedBoolean").Text() == "true"
}

func (b *Builder) condition(root tree.Node) {
	if v := root.Member("verificationStatus"); refuted(v) {
		return
	}
	code := root.Member("code")
	codes(code, func(system, c string) bool {
		b.c.Lupus = b.c.Lupus || term.IsLupus(system, c)
		if term.IsNephritis(system, c) {
			b.c.Nephritis.Truth, b.c.Nephritis.From = truth(true), b.from(root)
		}
		return true
	})
	if kind, grade := toxicityOf(code); kind != "" {
		b.episode(root, kind, grade)
		b.asides["Condition/"+root.Member("id").Text()] = true
	}
}

// refuted reports whether a Condition is none of the patient: found not to be, or one of several that it may be.
// https://hl7.org/fhir/R4/valueset-condition-ver-status.html
func refuted(verification tree.Node) bool {
	out := false
	codes(verification, func(_, code string) bool {
		out = code == "refuted" || code == "entered-in-error" || code == "differential"
		return !out
	})
	return out
}

// started is when something was performed, or began, or when only that is told ended.
func started(root tree.Node, choice string) string {
	for _, typ := range []string{"DateTime", "Instant"} {
		if at := root.Member(choice + typ).Text(); at != "" {
			return at
		}
	}
	period, timing := root.Member(choice+"Period"), root.Member(choice+"Timing").Member("event")
	switch start := period.Member("start").Text(); {
	case start != "":
		return start
	case timing.Len() == 1: // of several nobody knows of which the value is
		return timing.Item(0).Text()
	default:
		return period.Member("end").Text()
	}
}

// infusions is term.CARTInfusions, made once.
var infusions = term.CARTInfusions()

func (b *Builder) procedure(root tree.Node) {
	code := root.Member("code")
	kind := local(code)
	infusion := kind == term.Infusion || has(code, infusions...)
	if !infusion && kind != term.Lymphodepletion && kind != term.Leukapheresis {
		return
	}
	if status := root.Member("status").Text(); status != "completed" && (infusion || status == "not-done" || status == "preparation") {
		return
	}
	if kind == term.Lymphodepletion {
		b.asides["Procedure/"+root.Member("id").Text()] = true
	}
	span := ParseDay(started(root, "performed"))
	if !span.There {
		return
	}
	switch day := span.Exact(); {
	case infusion:
		b.infusion(root, span)
	case kind == term.Lymphodepletion:
		b.starts = append(b.starts, span.From) // a baseline is never after it
	case day.Known() && (!b.c.Apheresis.Known() || day < b.c.Apheresis):
		b.c.Apheresis = day
	}
}

func (b *Builder) infusion(root tree.Node, on Span) {
	i := Infusion{Day: on.From, ID: strings.Clone(root.Member("id").Text()), Course: b.procedureOf(root.Member("partOf"))}
	i.ProductID, i.Product = b.usedProduct(root)
	if on.Exact().Known() {
		b.c.Infusions = append(b.c.Infusions, i)
	} else {
		b.vague = append(b.vague, sometime{i, on})
	}
}

// ProductCode returns the local code of a product.
func ProductCode(t *tree.Tree) string { return strings.Clone(local(t.Root().Member("productCode"))) }

// encounter takes a contact: its end, or its beginning where it goes on. What was only planned, or is not known to have been, is none.
// https://hl7.org/fhir/R4/valueset-encounter-status.html
func (b *Builder) encounter(root tree.Node) {
	switch root.Member("status").Text() {
	case "planned", "unknown":
		return
	}
	period := root.Member("period")
	for _, at := range []string{period.Member("start").Text(), period.Member("end").Text()} {
		if day, ok := b.day(at); ok {
			b.c.LastAlive = max(b.c.LastAlive, day)
		}
	}
}
