package registry

import (
	"slices"

	"firewolf/registry/course"
	"firewolf/registry/term"
)

// clinicians are what clinicians stated of an outcome until the next infusion, with a result, in order of time.
func (o judged) clinicians() []course.Stated {
	return slices.DeleteFunc(slices.Clone(o.c.Stated), func(s course.Stated) bool {
		return !s.Clinician || s.Code != o.Code || s.Result == term.NotEvaluable || !o.c.Own(s.Day)
	})
}

// disagreeing returns the outcome that a clinician stated at the same visit and that says something else. What is not evaluable
// disagrees with nothing.
func (o judged) disagreeing() (course.Stated, bool) {
	if o.Result == term.NotEvaluable {
		return course.Stated{}, false
	}
	if o.Code == term.Relapse {
		return o.otherRelapse()
	}
	for _, s := range o.clinicians() {
		if visit, ok := course.VisitOf(o.visits, s.Day, o.within); ok && visit == o.day && s.Result != o.Result {
			return s, true
		}
	}
	return course.Stated{}, false
}

// otherRelapse is what a clinician said otherwise of the relapse: that there was one where none is found, or at another visit, or that there was
// none at the visit where one is.
func (o judged) otherRelapse() (course.Stated, bool) {
	l := o.clinicians()
	relapse := slices.IndexFunc(l, func(s course.Stated) bool { return s.Result == term.Met })
	if relapse >= 0 && (o.Result == term.NotMet || !course.SameVisit(l[relapse].Day, o.day, o.within)) {
		return l[relapse], true
	}
	denied := slices.IndexFunc(l, func(s course.Stated) bool { return s.Result == term.NotMet && course.SameVisit(s.Day, o.day, o.within) })
	if denied < 0 || o.Result == term.NotMet {
		return course.Stated{}, false
	}
	return l[denied], true
}
