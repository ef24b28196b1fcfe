package course

import (
	"math"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// scale is what the number of a local code can be. What lies beyond it is a mistake, of which nobody knows what was meant.
type scale struct {
	low, high float64
	whole     bool
}

// scales are those of the numbers with local codes.
var scales = map[string]scale{
	term.SLEDAI2K:      {0, 105, true},
	term.CSLEDAI2K:     {0, 101, true}, // without complement and antibodies, 4 points
	term.PGA:           {0, 3, false},
	term.GCDose:        {0, math.Inf(1), false},
	term.SDI:           {0, 47, true}, // of the revised form
	term.ICEScore:      {0, 10, true},
	term.CRSMaxGrade:   {0, 5, true},
	term.ICANSMaxGrade: {0, 5, true},
	term.EULARACR2019:  {0, 51, true},
	term.ANA:           {0, math.Inf(1), false},
	"crs-fever":        {25, 45, false}, // degrees Celsius
	"icans-ice":        {0, 10, true},
	"ice-objects":      {0, 3, true},
}

// scored reads the number of a local code in the unit of its scale. It is unknown in a unit that cannot be brought there, or beyond the scale.
func scored(n tree.Node, code, from string) score.Value {
	v, unit := number(n, from)
	if unit == oneOf && code != term.ANA {
		return score.Value{}
	}
	v = onScale(code, v, unit)
	if s, ok := scales[code]; ok && v.Known && (v.X < s.low || v.X > s.high || s.whole && v.X != math.Trunc(v.X)) {
		return score.Value{}
	}
	return v
}

// onScale brings a number to the unit of its code. A PGA in millimeters is one of a line of 100, in centimeters of 10.
func onScale(code string, v score.Value, unit string) score.Value {
	switch code {
	case term.PGA:
		switch unit {
		case "mm":
			v.X = v.X * 3 / 100
		case "cm":
			v.X = v.X * 3 / 10
		case "", "1", "{score}":
		default:
			return score.Value{}
		}
	case term.GCDose:
		if unit != "" && unit != "mg/d" && unit != "mg/day" {
			return converted(v, unit, "mg/d")
		}
	case "crs-fever":
		if unit != "" && unit != "Cel" {
			return converted(v, unit, "Cel")
		}
	}
	return v
}
