package registry

import (
	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
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

// within says whether a value is within the limit of the laboratory that measured it.
func (n *normal) within(l course.Lab) score.Truth {
	limit := l.Limits().High
	if n.low {
		limit = l.Limits().Low
	}
	switch {
	case !limit.Exact():
		return score.Unknown
	case n.low:
		return l.Value().AtLeast(limit.X)
	default:
		return l.Value().AtMost(limit.X)
	}
}

// judged returns whether the value of a time point, of those not after a day, is normal. It applies to those who were not normal at baseline.
func (n *normal) judged(c *course.Course, p term.Timepoint, until course.Day) (result score.Truth, day course.Day, applicable bool) {
	a, _ := course.AnalyteNamed(n.analyte)
	b := c.BaselineLab(a)
	if b < 0 || n.within(c.Labs[b]) != score.No {
		return score.Unknown, course.Never, false
	}
	k := c.LabIn(a, p, until)
	if k < 0 {
		return score.Unknown, course.Never, true
	}
	return n.within(c.Labs[k]), c.Labs[k].Day, true
}
