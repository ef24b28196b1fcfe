package interaction

import (
	"context"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// criteria is a conditional query and what it found.
type criteria struct {
	query   *search.Query
	plan    search.Plan
	matches []store.Match
	limit   int
}

// match looks for the resources that criteria name, up to a limit. Criteria are always strict: a parameter that is left
// out would widen what is written or deleted.
func (s *Service) match(ctx context.Context, now *sight, typ string, pairs []search.Pair, limit int) (criteria, error) {
	c, err := s.criteria(typ, pairs, limit)
	if err != nil {
		return criteria{}, err
	}
	return c, now.search(ctx, &c)
}

// criteria reads and compiles a conditional query.
func (s *Service) criteria(typ string, pairs []search.Pair, limit int) (criteria, error) {
	q, err := s.o.Search.Parse(typ, pairs, search.Options{Conditional: true})
	if err != nil {
		return criteria{}, err
	}
	p, err := s.o.Search.Compile(q)
	return criteria{query: q, plan: p, limit: limit}, err
}

// assumption is what the criteria found, for the store to check again.
func (c criteria) assumption() store.Assumption {
	keys := make([]fhir.Key, len(c.matches))
	for k, m := range c.matches {
		keys[k] = m.Key
	}
	return store.Assumption{Plan: c.plan, Match: keys, Limit: c.limit}
}

// tooMany is the answer to criteria that are not selective enough.
func (c criteria) tooMany() error {
	return fhir.NewIssue(fhir.MultipleMatches, "the criteria match more than one "+c.plan.Type+", such as "+
		c.matches[0].String()+" and "+c.matches[1].String(), "http.query")
}

// conditionOf reads the criteria of If-None-Exist: what would stand after the "?" of a URL. "?a=b" and "Type?a=b",
// which clients send too, mean the same.
func conditionOf(typ, text string) ([]search.Pair, error) {
	text = strings.TrimPrefix(strings.TrimPrefix(text, typ), "?")
	return ParseQuery(text)
}

// inIfNoneExist says of what is wrong with criteria that they stand in If-None-Exist, and not in the URL, where other criteria are.
func inIfNoneExist(err error) error {
	is, ok := fhir.IssuesOf(err)
	if !ok {
		return err
	}
	out := make(fhir.Issues, len(is))
	for k, i := range is {
		c := *i
		c.Expression = []string{"http.If-None-Exist"}
		out[k] = &c
	}
	return out
}

// precondition reads If-Match and If-None-Match of a write. https://hl7.org/fhir/R4/http.html#concurrency
func (s *Service) precondition(ctx context.Context, now *sight, r *Request, k fhir.Key) (store.Precondition, error) {
	if r.IfNoneMatch != "" && r.IfNoneMatch != "*" {
		return store.Precondition{}, fhir.NewIssue(fhir.NotSupported, "If-None-Match of a write can only be *", "http.If-None-Match")
	}
	p := store.Precondition{Absent: r.IfNoneMatch == "*"}
	if r.IfMatch == "" {
		return p, nil
	}
	var vids []int64
	for tag := range strings.SplitSeq(r.IfMatch, ",") {
		id, ok := tagOf(tag)
		if !ok && r.IfMatch != "*" {
			return p, fhir.NewIssue(fhir.Value, "If-Match needs an entity tag such as W/\"3\", not "+quote(r.IfMatch), "http.If-Match")
		}
		if vid, ok := versionID(id); ok {
			vids = append(vids, vid)
		}
	}
	if len(vids) == 1 && !matchesAny(r) {
		p.Version = vids[0]
		return p, nil
	}
	v, err := now.read(ctx, k)
	switch {
	case err != nil && !fhir.HasCode(err, fhir.NotFound) && !fhir.HasCode(err, fhir.Deleted):
		return p, err
	case err != nil:
		return p, mismatch("there is no " + k.String())
	case r.IfMatch != "*" && !slices.Contains(vids, v.VID):
		return p, mismatch(k.String() + " has version " + v.VersionID())
	}
	p.Version = v.VID
	return p, nil
}

// matchesAny says whether If-Match leaves open which version it means: then the one that was read is pinned.
func matchesAny(r *Request) bool { return r.IfMatch == "*" || strings.Contains(r.IfMatch, ",") }

func mismatch(text string) error {
	return fhir.NewIssue(fhir.Conflict, "If-Match does not hold: "+text, "http.If-Match").Because(fhir.ReasonVersionMismatch)
}
