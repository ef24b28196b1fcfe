package mapping

import (
	"cmp"
	"slices"
)

// Report is what a run did.
type Report struct {
	Cases    int                       `json:"patients"`
	Rows     int                       `json:"rows"`
	Rejected int                       `json:"rejected"` // rows and files
	Warnings int                       `json:"warnings"`
	Rules    map[string]int            `json:"rules"`     // findings by rule
	Fates    map[string]map[string]int `json:"resources"` // created, changed, left, refused: resources by type
}

func newReport() Report {
	return Report{Rules: map[string]int{}, Fates: map[string]map[string]int{}}
}

// Total returns how many resources had a fate.
func (r Report) Total(f Fate) int {
	n := 0
	for _, of := range r.Fates[f.String()] {
		n += of
	}
	return n
}

// add counts a case that is done.
func (r *Report) add(c *Case, found func(Finding)) {
	if c.Record != "" {
		r.Cases++
	}
	r.Rows += len(c.Rows) + c.Read
	slices.SortStableFunc(c.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	rejected := map[place]bool{}
	for _, f := range c.Findings {
		r.Rules[f.Rule]++
		if f.Severity == Error {
			rejected[place{f.File, f.Line}] = true
		} else {
			r.Warnings++
		}
		if found != nil {
			found(f)
		}
	}
	r.Rejected += len(rejected)
	for _, d := range c.Drafts {
		if d.Fate == Pending {
			continue
		}
		of := r.Fates[d.Fate.String()]
		if of == nil {
			of = map[string]int{}
			r.Fates[d.Fate.String()] = of
		}
		of[d.Key.Type]++
	}
}

// place is a row of a file.
type place struct {
	file string
	line int
}
