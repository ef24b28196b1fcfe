package registry

import (
	"firewolf/registry/course"
	"firewolf/registry/score"
)

// The endpoints that only a rate has: they are read of an assessment or of the laboratory, and nobody states them.
const (
	gcFreeRemission = "gc-free-remission"
	isFreeRemission = "is-free-remission"
)

// normal is that a value which was beyond the limit of its own laboratory at baseline is within it. Anti-dsDNA so becomes
// negative, which is seroconversion, and complement rises to its lower limit.
type normal struct {
	endpoint, analyte string
	low               bool // the lower limit is meant
}

var normals = []normal{
	{"dsdna-normal", "dsdna", false},
	{"c3-normal", "c3", true},
	{"c4-normal", "c4", true},
}

// rateEndpoints are what $outcome-rate can count.
func rateEndpoints() []string {
	l := append(endpoints(), gcFreeRemission, isFreeRemission)
	for _, n := range normals {
		l = append(l, n.endpoint)
	}
	return l
}

// normalOf returns the normalization of an endpoint, nil for an endpoint that is none.
func normalOf(endpoint string) *normal {
	for k := range normals {
		if normals[k].endpoint == endpoint {
			return &normals[k]
		}
	}
	return nil
}

// limit is the one of the laboratory that a value is compared with.
func (n *normal) limit(l course.Lab) score.Value {
	if n.low {
		return l.Limits().Low
	}
	return l.Limits().High
}

// usable reports whether a value can be compared with the limit of its laboratory.
func (n *normal) usable(l course.Lab) bool { return course.Measured(l) && n.limit(l).Exact() }

// within says whether a value is within the limit of the laboratory that measured it.
func (n *normal) within(l course.Lab) score.Truth {
	limit := n.limit(l)
	switch {
	case !limit.Exact():
		return score.Unknown
	case n.low:
		return l.Value().AtLeast(limit.X)
	default:
		return l.Value().AtMost(limit.X)
	}
}

// abnormal says whether a patient was not normal at baseline, of whom alone it can be asked who became so.
func (n *normal) abnormal(c *course.Course) score.Truth {
	b := c.LabIn(n.of(), c.Baseline(), n.usable)
	if b < 0 {
		return score.Unknown
	}
	return n.within(c.Labs[b]).Not()
}

// judged returns whether the value that stands in a window is normal.
func (n *normal) judged(c *course.Course, w course.Window) (score.Truth, course.Day) {
	k := c.LabIn(n.of(), w, n.usable)
	if k < 0 {
		return score.Unknown, course.Never
	}
	return n.within(c.Labs[k]), c.Labs[k].Day
}

func (n *normal) of() course.Analyte {
	a, _ := course.AnalyteNamed(n.analyte)
	return a
}
