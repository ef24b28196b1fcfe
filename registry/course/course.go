package course

import (
	"slices"

	"firewolf/registry/score"
	"firewolf/registry/term"
)

// Course is what is known of one patient. It is immutable. A projection holds one for each patient, about 8 KB of ten visits. Facts without a full date are in none of its
// lists, as they stand for no day; Vague has those that can lie in a window.
type Course struct {
	Patient string // id
	Center  string // code of the center by the patient's security label, or else what names the managing organization
	Consent bool   // there is an active consent that permits and that nothing takes away
	// ConsentBegins and ConsentEnds are the first and the last day on which it permits, if they are told.
	// https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision.period
	ConsentBegins, ConsentEnds Span
	// Withdrawn says that there was a consent, or was asked for one, and that none stands.
	Withdrawn bool
	// Unread says that no consent stands, and that what denies permits by exceptions, which are not read.
	Unread bool
	Lupus  bool

	Infusions []Infusion // that were completed, in order of time
	Apheresis Day        // the first
	Depletion Day        // start of the last lymphodepletion before the first infusion, the first day of a month or year where only that is known
	// Depletions are the starts of all.
	Depletions []Day
	Death      Day
	Died       Span // Death, or in which month or year that was
	Dead       bool // also where the day of death is not known
	LastAlive  Day

	Assessments []Assessment // by SLEDAI-2K, in order of time, as all lists are
	Others      []Assessment // by SELENA-SLEDAI
	PGA, GC     []Reading
	Damage      []Reading
	Hemolysis   []Finding
	Gut         []Finding
	Bilag       []Bilag
	Labs        []Lab // by analyte, and then in order of time
	Therapies   []Therapy
	Takings     []Taking
	Untaken     bool // of some drug it is told that it was not taken, and not on which day
	Grades      []Grade
	Episodes    []Episode
	Given       []Given
	Dosed       []string // ids of the infusions of which the number of cells is told; "" of one that names none
	Stated      []Stated
	Nephritis   score.Fact

	Medications []string // ids of those that drugs are named by
	Born        Span
	Instruments []Instrument // only where sources are kept

	Vague []Vague

	Seen Day // LastSeen of the whole of a course that was cut; 0 of one that is whole
}

// Vague is a fact whose date is not told, or known to the month or the year only, or a number that cannot be used: in a unit of nothing, or beyond its scale.
type Vague struct {
	Kind string // local: sledai-2k; or the name of an analyte; or the endpoint that a clinician stated
	Span
}

// Infusion is an infusion of CAR-T cells.
type Infusion struct {
	Day       Day    // of a later one that is known to the month or year only the first on which it can have been
	ID        string // of the Procedure
	Product   string // local code; "" where it is not known
	Course    string // id of the Procedure that it is part of; "" where none is told
	ProductID string // of the BiologicallyDerivedProduct
}

// Assessment is one by SLEDAI-2K, or by SELENA-SLEDAI.
type Assessment struct {
	Day Day
	score.Sledai
}

// Reading is a number on a day.
type Reading struct {
	Day Day
	score.Value
}

// Finding is a yes or no on a day.
type Finding struct {
	Day Day
	score.Fact
}

// Analyte is the place of an analyte in term.Analytes.
type Analyte uint8

// Therapy is a drug that was taken for some time. To is not There where it goes on.
type Therapy struct {
	Drug     Medicine
	From, To Span
	Unsure   bool // it may have been taken in that time
	Aside    bool // it treated a toxicity of the cells, not lupus
	Source   string
}

// Taking says that a drug was taken, or was not, on one day; it says nothing of other days.
type Taking struct {
	Day    Day
	Drug   Medicine
	Taken  score.Truth
	Source string
}

// Grade is the highest grade of a toxicity; 0 says that it was looked for and was not there.
type Grade struct {
	Kind     string // local: crs
	Grade    int
	Infusion string // id of the Procedure that it is about; "" where none is told
	Days     Span   // of which it is the highest grade; all where it is not told
	From     string
}

// Episode is a toxicity with its onset and end.
type Episode struct {
	Kind       string
	Began      Span
	Onset, End Day // Never where it is not known to the day
	Grade      int // -1 where none is told
}

// Given is a drug that was given, once or for some days on end.
type Given struct {
	Day    Day
	Later  Day // by how many days it may have been later, as only the month or the year is told
	Lasted Day // from its first day to its last
	Drug   Medicine
	Aside  bool // to prepare for cells, or against their toxicity: it is no treatment of lupus after them
	Source string
}

// Stated is an outcome that stands in the store.
type Stated struct {
	Code      string // local: doris-2021
	Day       Day
	Result    term.Result
	Clinician bool // no computation says that it made it, so that a person judged
	Disputed  bool // that it was met is stated, and something else of the same time: the Result is not evaluable
	ID        string
}

// T0 is the day of the first infusion, day 0 of all windows.
func (c *Course) T0() Day {
	if len(c.Infusions) == 0 {
		return Never
	}
	return c.Infusions[0].Day
}

// Analyzed reports whether the patient is in the analysis set on a day: infused, with lupus, with an active consent that permits.
func (c *Course) Analyzed(today Day) bool {
	permitted := c.Consent && (!c.ConsentBegins.There || c.ConsentBegins.From <= today) && (!c.ConsentEnds.There || today <= c.ConsentEnds.To)
	return permitted && c.Lupus && c.T0().Known()
}

// BySELENA returns the course as it is seen by SELENA-SLEDAI: what was assessed by it stands in Assessments, and by SLEDAI-2K in Others. The
// wording of the two differs, so that a course is seen by one of them.
func (c *Course) BySELENA() *Course {
	by := *c
	by.Assessments, by.Others = c.Others, c.Assessments
	return &by
}

// Product is that of the first infusion, by any record of it that tells one.
func (c *Course) Product() string {
	for _, i := range c.first() {
		if i.Product != "" {
			return i.Product
		}
	}
	return ""
}

// first are the records of the first infusion.
func (c *Course) first() []Infusion { return c.Infusions[:len(c.Infusions)-len(c.again())] }

// Reinfused is the day of a second infusion, Never for none.
func (c *Course) Reinfused() Day {
	if l := c.again(); len(l) > 0 {
		return l[0].Day
	}
	return Never
}

// OwnUntil is the last day of what is seen of the first infusion alone: that of a second one, on which it is seen before the cells are
// given; Forever where there is none.
func (c *Course) OwnUntil() Day {
	if d := c.Reinfused(); d.Known() {
		return d
	}
	return Forever
}

// again are the infusions after the first. One of the same day is the same, told by another source, and one of the same course is a part of it: of
// day 0 all are counted from. https://hl7.org/fhir/R4/procedure-definitions.html#Procedure.partOf
func (c *Course) again() []Infusion {
	for k, i := range c.Infusions {
		same := func(o Infusion) bool {
			return i.Day == o.Day && o.Day == c.Infusions[0].Day || i.Course != "" && i.Course == o.Course
		}
		if k > 0 && !slices.ContainsFunc(c.Infusions[:k], same) {
			return c.Infusions[k:]
		}
	}
	return nil
}

// OfFirst reports whether a grade is not about a later infusion. One that names no infusion is about the last before its days.
func (c *Course) OfFirst(g Grade) bool {
	for _, i := range c.again() {
		if g.Infusion == i.ID || g.Infusion == "" && g.Days.From > i.Day {
			return false
		}
	}
	return true
}
