package score

import "firewolf/registry/term"

// ICE is the encephalopathy score of immune effector cells: 10 points are normal.
type ICE struct {
	Year, Month, City, Hospital    Truth    // orientation: 4
	Objects                        [3]Truth // naming: 3
	Command, Sentence, CountingTen Truth    // following a command, writing, counting back from 100 by 10: 3
}

// Score adds up what was passed.
func (i ICE) Score() Points {
	p := Points{Complete: true}
	for _, t := range []Truth{
		i.Year, i.Month, i.City, i.Hospital, i.Objects[0], i.Objects[1], i.Objects[2], i.Command, i.Sentence, i.CountingTen,
	} {
		switch t {
		case Yes:
			p.Min++
			p.Max++
		case Unknown:
			p.Max++
			p.Complete = false
		case No:
		}
	}
	return p
}

// Consciousness is how a patient awakens.
type Consciousness int8

// The steps of consciousness.
const (
	ConsciousnessUnknown Consciousness = iota
	Alert                              // never drowsy
	AwakensSpontaneously               // grade 1
	AwakensToVoice
	AwakensToTouch
	Unarousable // or to vigorous stimuli only; stupor, coma
)

// Seizure is the worst seizure.
type Seizure int8

// The steps of seizures.
const (
	SeizureUnknown Seizure = iota
	NoSeizure
	BriefSeizure     // resolves rapidly, or in the EEG only and responding
	ProlongedSeizure // more than 5 minutes, or repeated without return to baseline
)

// Edema is swelling of the brain in imaging.
type Edema int8

// The steps of edema.
const (
	EdemaUnknown Edema = iota
	NoEdema
	FocalEdema
	DiffuseEdema // or posturing, palsy of the sixth nerve, papilledema, Cushing's triad
)

// ICANSInput is what neurotoxicity is graded by.
type ICANSInput struct {
	Age           Value // years
	ICE           Points
	ICEKnown      bool // an ICE score was taken
	Consciousness Consciousness
	Seizure       Seizure
	Weakness      Fact // deep focal motor weakness
	Edema         Edema
}

// ICANSRule are the parameters of the grade of ICANS.
type ICANSRule struct {
	Age float64 // years from which on ICE can be asked. Younger children need CAPD, which is not graded here
}

// ASTCT2019 grades from an age of 12 years on, which is unverified.
func ASTCT2019() ICANSRule { return ICANSRule{Age: 12} }

// Assess grades by the ASTCT consensus: the worst parameter that no other cause explains. Intracranial hemorrhage, tremor
// and myoclonus do not enter. Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638.
// https://doi.org/10.1016/j.bbmt.2018.12.758
func (r ICANSRule) Assess(in ICANSInput) Graded {
	g := Graded{Code: term.ICANS, Parts: []Part{
		{"icans-ice", in.ice(), in.ICE.From},
		{"icans-consciousness", [...]Grade{{0, 4}, {0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}}[in.Consciousness], ""},
		{"icans-seizure", [...]Grade{{0, 4}, {0, 0}, {3, 3}, {4, 4}}[in.Seizure], ""},
		{"icans-weakness", sign(in.Weakness.Truth, 4), in.Weakness.From},
		{"icans-edema", [...]Grade{{0, 4}, {0, 0}, {3, 3}, {4, 4}}[in.Edema], ""},
	}}
	g.Grade = worst(g.Parts)
	if in.Age.AtLeast(r.Age) == No {
		g.Grade = Grade{0, 4}
	}
	return g
}

// ice grades the ICE score: 10 is 0, 7-9 is 1, 3-6 is 2, 0-2 is 3; 0 because the patient cannot be aroused is 4.
func (in ICANSInput) ice() Grade {
	if !in.ICEKnown {
		if in.Consciousness == Unarousable {
			return exactly(4)
		}
		return Grade{0, 4}
	}
	g := Grade{iceGrade(in.ICE.Max), iceGrade(in.ICE.Min)}
	if in.ICE.Max == 0 && in.Consciousness == Unarousable {
		return exactly(4)
	}
	return g
}

func iceGrade(score int) int {
	switch {
	case score >= 10:
		return 0
	case score >= 7:
		return 1
	case score >= 3:
		return 2
	default:
		return 3
	}
}
