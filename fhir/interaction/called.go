package interaction

import (
	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
)

// Links are rewritten in resources, not in criteria: https://hl7.org/fhir/R4/http.html#trules. So criteria that name another entry by a fullUrl which only
// the Bundle knows find nothing, whatever is stored: with them a conditional create would create each time anew.

// nameNone refuses criteria that name an entry of the transaction.
func (l *look) nameNone(c criteria) error {
	for k := range c.query.Clauses {
		if value, e := l.named(c.plan.Type, &c.query.Clauses[k]); e != nil {
			return fhir.NewIssue(fhir.NotSupported, "the criteria name "+entryAt(e.at)+" by its fullUrl, "+value+
				": nothing is stored with such a reference", "http.query")
		}
	}
	return nil
}

// named returns the first reference to an entry that a clause asks for, and the entry; nil where there is none.
func (l *look) named(typ string, c *search.Clause) (string, *entry) {
	switch {
	case c.Has != nil:
		return l.named(c.Has.Type, &c.Has.Clause)
	case c.Chain != nil:
		for _, t := range c.Chain.Targets {
			next := c.Chain.Clause[t]
			if value, e := l.named(t, &next); e != nil {
				return value, e
			}
		}
	case c.Param.Type == spec.ParamReference && c.Modifier == "" && len(l.s.o.Search.CanonicalTargets(typ, c.Param.Code)) == 0:
		for _, v := range c.Values {
			if e := l.called(v); e != nil {
				return v, e
			}
		}
	}
	return "", nil
}

// called returns the entry that has a URN, or an address on another server, as its fullUrl.
func (l *look) called(value string) *entry {
	m := &identities{s: l.s, base: l.r.Base}
	if l.callings == nil {
		l.callings = map[string]*entry{}
		for _, e := range l.entries {
			if name := m.normalize(e.fullURL); isURN(name) || fhir.ParseRef(name).Base != "" {
				l.callings[name] = e
			}
		}
	}
	return l.callings[m.normalize(value)]
}
