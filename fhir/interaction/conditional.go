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

// match looks for the resources that criteria of a request to a base name, up to a limit. Criteria are always strict: a parameter that is left
// out would widen what is written or deleted.
func (s *Service) match(ctx context.Context, now *sight, base, typ string, pairs []search.Pair, limit int) (criteria, error) {
	c, err := s.criteria(base, typ, pairs, limit)
	if err != nil {
		return criteria{}, err
	}
	return c, now.search(ctx, &c)
}

// criteria reads and compiles a conditional query.
func (s *Service) criteria(base, typ string, pairs []search.Pair, limit int) (criteria, error) {
	q, err := s.o.Search.Parse(typ, pairs, search.Options{Conditional: true, Base: base})
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

// guard makes an operation depend on what the headers of its request say about the version that is there.
// https://hl7.org/fhir/R4/http.html#concurrency
func (s *Service) guard(ctx context.Context, now *sight, r *Request, op *store.Op, p *plan) error {
	if r.IfNoneMatch != "" && r.IfNoneMatch != "*" {
		return fhir.NewIssue(fhir.NotSupported, "If-None-Match of a write can only be *", "http.If-None-Match")
	}
	op.If.Absent = op.If.Absent || r.IfNoneMatch == "*"
	switch {
	case r.IfMatch != "": // "A recipient MUST ignore If-Unmodified-Since if the request contains an If-Match header field"
		return s.ifMatch(ctx, now, r, op, p)
	case !r.IfUnmodifiedSince.IsZero() && !op.If.Absent:
		return s.ifUnmodifiedSince(ctx, now, r, op, p)
	}
	return nil
}

// ifMatch takes the version that If-Match names; where it leaves open which, the one that is there, if it may be that.
func (s *Service) ifMatch(ctx context.Context, now *sight, r *Request, op *store.Op, p *plan) error {
	var vids []int64
	for tag := range strings.SplitSeq(r.IfMatch, ",") {
		id, ok := tagOf(tag)
		if !ok && r.IfMatch != "*" {
			return fhir.NewIssue(fhir.Value, "If-Match needs an entity tag such as W/\"3\", not "+quote(r.IfMatch), "http.If-Match")
		}
		if vid, ok := versionID(id); ok {
			vids = append(vids, vid)
		}
	}
	if len(vids) == 1 && !leavesOpen(r) {
		op.If.Version = vids[0]
		return nil
	}
	v, err := now.read(ctx, op.Key)
	switch {
	case err != nil && !fhir.HasCode(err, fhir.NotFound) && !fhir.HasCode(err, fhir.Deleted):
		return err
	case err != nil:
		return mismatch("there is no " + op.Key.String())
	case r.IfMatch != "*" && !slices.Contains(vids, v.VID):
		return mismatch(op.Key.String() + " has version " + v.VersionID())
	}
	op.If.Version = v.VID
	if !op.If.Absent { // that does not hold, and looking again will not mend it
		p.pin(op)
	}
	return nil
}

// ifUnmodifiedSince takes the version that is there, if it is the one that a client means who names its Last-Modified. What was never there has no time of
// modification, and no condition then: https://www.rfc-editor.org/rfc/rfc9110#name-if-unmodified-since
func (s *Service) ifUnmodifiedSince(ctx context.Context, now *sight, r *Request, op *store.Op, p *plan) error {
	v, err := now.read(ctx, op.Key)
	if err != nil && !fhir.HasCode(err, fhir.NotFound) && !fhir.HasCode(err, fhir.Deleted) {
		return err
	}
	if v.VID > 0 {
		if err := s.toldBy(ctx, r.IfUnmodifiedSince, v); err != nil {
			return err
		}
	}
	if v.VID > 0 && !v.Deleted {
		op.If.Version = v.VID
	} else {
		op.If.Absent = true
	}
	p.pin(op)
	return nil
}

// leavesOpen says whether the headers leave open which version they mean: then the one that was read is pinned.
func leavesOpen(r *Request) bool {
	if r.IfMatch == "" {
		return !r.IfUnmodifiedSince.IsZero()
	}
	return r.IfMatch == "*" || strings.Contains(r.IfMatch, ",")
}

func mismatch(text string) error {
	return fhir.NewIssue(fhir.Conflict, "If-Match does not hold: "+text, "http.If-Match").Because(fhir.ReasonVersionMismatch)
}
