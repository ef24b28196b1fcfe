package interaction

import "firewolf/fhir"

// apart refuses conditional writes whose criteria match what another entry writes: which of the two came first would decide whether there is
// one resource of that identity or two. Where criteria ask for more than the other resource itself, as a chain does, nobody can tell, and both are
// written; the same criteria are about one resource in any case. "If any resource identities (including resolved identities from conditional
// update/delete) overlap in steps 1-3, then the transaction SHALL fail." https://hl7.org/fhir/R4/http.html#trules
func (l *look) apart() error {
	var is fhir.Issues
	first, updated := map[string]*entry{}, l.updated()
	for _, e := range l.entries {
		if e.criteria == nil || len(e.targets()) == 0 || e.rt.name == nameCreate && !updated[e.key.Type] {
			continue
		}
		other, why, err := l.twin(e, first)
		if err != nil {
			return err
		}
		if other != nil {
			found, _ := fhir.IssuesOf(l.overlap(e, other, why))
			is = append(is, found...)
		}
	}
	if len(is) == 0 {
		return nil
	}
	return inBundle{is}
}

// updated are the types of which an entry updates a resource.
func (l *look) updated() map[string]bool {
	types := map[string]bool{}
	for _, e := range l.entries {
		if e.rt.name == nameUpdate && len(e.targets()) > 0 {
			types[e.key.Type] = true
		}
	}
	return types
}

// twin returns another entry that a conditional write is about one resource with, and why. first are the entries that had criteria before.
func (l *look) twin(e *entry, first map[string]*entry) (other *entry, why string, err error) {
	if e.rt.name == nameUpdate {
		text := condition{typ: e.key.Type, pairs: e.req.Query}.text()
		if first[text] != nil {
			return first[text], "their criteria are the same", nil
		}
		first[text] = e
	}
	hits, _, err := l.meet(l.writtenOf(e.key.Type), e.criteria.plan)
	if err != nil {
		return nil, "", err
	}
	for _, other := range hits {
		if other != e && (e.rt.name == nameUpdate || other.rt.name == nameUpdate) && !sameCriteria(e, other) {
			return other, "its criteria match what the other writes", nil
		}
	}
	return nil, "", nil
}

// sameCriteria reports whether two entries are conditional updates by the same criteria.
func sameCriteria(a, b *entry) bool {
	if a.rt != b.rt || a.rt.name != nameUpdate || b.criteria == nil {
		return false
	}
	return condition{pairs: a.req.Query}.text() == condition{pairs: b.req.Query}.text()
}
