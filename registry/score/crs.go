package score

import "firewolf/registry/term"

// Pressure is what hypotension needed.
type Pressure int8

// The steps of hypotension. Vasopressin does not count among several vasopressors.
const (
	PressureUnknown Pressure = iota
	NoHypotension
	HypotensionWithoutVasopressor
	OneVasopressor
	SeveralVasopressors
)

// Oxygen is what hypoxia needed.
type Oxygen int8

// The steps of hypoxia.
const (
	OxygenUnknown Oxygen = iota
	NoHypoxia
	LowFlow          // nasal cannula of at most 6 L/min, blow-by
	HighFlow         // more than 6 L/min, face mask, non-rebreather, Venturi
	PositivePressure // CPAP, BiPAP, intubation
)

// CRSInput is what a cytokine release syndrome is graded by. Each is counted only if no other cause explains it.
type CRSInput struct {
	Temperature Value // the highest, degrees Celsius
	// Treated says that antipyretics, tocilizumab or steroids were given: from then on fever is not needed any more.
	Treated  Fact
	Pressure Pressure
	Oxygen   Oxygen
	Death    Fact // due to the syndrome
}

// FeverAt is the temperature of a fever. It is 38.0 here, above 38.0 in SLEDAI-2K, above 38.3 in EULAR/ACR 2019.
const FeverAt = 38.0

// CRS grades by the ASTCT consensus: fever, and the worse of hypotension and hypoxia. Organ toxicity does not enter.
// Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638. https://doi.org/10.1016/j.bbmt.2018.12.758
func CRS(in CRSInput) Graded {
	g := Graded{Code: term.CRS, Parts: []Part{
		{"crs-fever", sign(in.Temperature.AtLeast(FeverAt), 1), in.Temperature.From},
		{"crs-hypotension", in.Pressure.grade(), ""},
		{"crs-hypoxia", in.Oxygen.grade(), ""},
	}}
	if in.Death.Truth == Yes {
		g.Parts = append(g.Parts, Part{"crs-death", exactly(5), in.Death.From})
		g.Grade = exactly(5)
		return g
	}
	g.Grade = worst(g.Parts)
	switch Any(in.Temperature.AtLeast(FeverAt), in.Treated.Truth) {
	case No:
		g.Grade = exactly(0)
	case Yes:
		g.Grade.Min = max(g.Grade.Min, feverFloor(in))
	default:
		g.Grade.Min = 0
	}
	if in.Death.Truth == Unknown && g.Grade.Max > 0 {
		g.Grade.Max = 5
	}
	return g
}

// feverFloor is 1 with a fever: "floor 1". Who was treated and never had one is graded by the rest.
func feverFloor(in CRSInput) int {
	if in.Temperature.AtLeast(FeverAt) == Yes {
		return 1
	}
	return 0
}

func (p Pressure) grade() Grade {
	return [...]Grade{{0, 4}, {0, 0}, {2, 2}, {3, 3}, {4, 4}}[p]
}

func (o Oxygen) grade() Grade {
	return [...]Grade{{0, 4}, {0, 0}, {2, 2}, {3, 3}, {4, 4}}[o]
}
