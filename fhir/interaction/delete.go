package interaction

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"firewolf/fhir"
	"firewolf/store"
)

// delete answers DELETE [type]/[id]. To delete what is not there is no error.
// https://hl7.org/fhir/R4/http.html#delete
func (s *Service) delete(ctx context.Context, r *Request, rt route) (Response, error) {
	if err := s.plainWrite(r, rt); err != nil {
		return Response{}, err
	}
	did, err := s.once(ctx, r, func() (plan, error) {
		p := plan{tx: store.Tx{Ops: []store.Op{s.deletion(rt.key, "")}}, fates: []fate{{kind: fateOp, ops: 1}}}
		return p, s.guard(ctx, s.glance(), r, &p.tx.Ops[0], &p)
	})
	if err != nil {
		return Response{}, err
	}
	return s.tell(ctx, r, did, did.fates[0], nil)
}

func (s *Service) deletion(k fhir.Key, location string) store.Op {
	return store.Op{
		Action: store.Delete, Key: k, Method: fhir.MethodDelete,
		NoReferrers: s.o.References == ReferencesEnforce, Location: location,
	}
}

// conditionalDelete answers DELETE [type]?[criteria]: of one match, or of all of them where the
// server is set up so.
func (s *Service) conditionalDelete(ctx context.Context, r *Request, rt route) (Response, error) {
	if err := checkReturn(r); err != nil {
		return Response{}, err
	}
	did, err := s.once(ctx, r, func() (plan, error) {
		now := s.sightFor(r)
		c, err := s.matchDeletes(ctx, now, rt.key.Type, r)
		if err != nil {
			return plan{}, err
		}
		if len(c.matches) == 0 {
			return plan{fates: []fate{{kind: fateNone}}}, nil
		}
		p := plan{tx: store.Tx{Assume: []store.Assumption{c.assumption()}}}
		for _, m := range c.matches {
			op := s.deletion(m.Key, "")
			if err := s.guard(ctx, now, r, &op, &p); err != nil {
				return plan{}, err
			}
			p.tx.Ops = append(p.tx.Ops, op)
		}
		p.fates = []fate{{kind: fateOp, ops: len(p.tx.Ops)}}
		return p, nil
	})
	if err != nil {
		return Response{}, err
	}
	return s.tell(ctx, r, did, did.fates[0], nil)
}

// matchDeletes finds what a conditional delete removes, if it may.
func (s *Service) matchDeletes(ctx context.Context, now *sight, typ string, r *Request) (criteria, error) {
	c, err := s.match(ctx, now, r.Base, typ, r.Query, s.deleteLimit())
	if err != nil {
		return criteria{}, err
	}
	return c, s.mayDelete(c)
}

// deleteLimit is how many matches of a conditional delete are looked at.
func (s *Service) deleteLimit() int {
	if s.o.ConditionalDeleteMultiple {
		return s.o.Limits.DeleteMatches + 1
	}
	return 2
}

// mayDelete refuses a conditional delete of too much.
func (s *Service) mayDelete(c criteria) error {
	switch {
	case !s.o.ConditionalDeleteMultiple && len(c.matches) > 1:
		return c.tooMany()
	case len(c.matches) > s.o.Limits.DeleteMatches:
		return fhir.NewIssue(fhir.TooCostly, "the criteria match more than "+strconv.Itoa(s.o.Limits.DeleteMatches)+
			" resources: nothing was deleted").Because(fhir.ReasonPreconditionFailed)
	}
	return nil
}

// tellDelete answers a delete that made operations.
func tellDelete(r *Request, results []store.Result) Response {
	var resp Response
	var about patients // as far as a deletion tells
	var each []EntryTrace
	deleted := 0
	for _, res := range results {
		if res.Effect == store.Deleted {
			deleted++
			each = append(each, EntryTrace{nameDelete, res.Version.Type, res.Version.String(), http.StatusNoContent})
		}
		if res.Version.VID > 0 {
			about.of(res.Version)
		}
	}
	about.tell(&resp)
	if len(results) > 1 {
		(&traces{list: each, total: len(each)}).tell(&resp)
	} else if v := results[0].Version; v.VID > 0 {
		// The ETag is that of the deletion, as the history names it. https://hl7.org/fhir/R4/http.html#delete
		resp.ETag, resp.LastModified, resp.Trace.Resource = v.ETag(), v.At, v.String()
	}
	switch {
	case deleted == 0:
		return told(r, resp, "nothing to delete")
	case len(results) == 1:
		return told(r, resp, "deleted "+results[0].Version.String())
	default:
		return told(r, resp, fmt.Sprintf("deleted %d resources", deleted))
	}
}

// bereft are the patients of whom something was deleted. A deletion does not tell whose the resource was, so the version before it is looked at; where that
// cannot be read now the audit line lacks the patient, and the delete is done all the same.
func (s *Service) bereft(ctx context.Context, results []store.Result) *patients {
	p := &patients{}
	for _, res := range results {
		v := res.Version
		if res.Effect == store.Deleted && v.Type != "Patient" {
			if before, err := s.o.Store.ReadVersion(ctx, v.Key, v.VID-1); err == nil {
				v = before
			}
		}
		if v.VID > 0 {
			p.of(v)
		}
	}
	return p
}

// told is the answer without a resource: 204, or 200 with an OperationOutcome for a client that asked to see something.
func told(r *Request, resp Response, said string) Response {
	resp.Status = http.StatusNoContent
	if r.Return == returnOutcome || r.Return == returnRepresentation {
		resp.Status, resp.outcome = http.StatusOK, Outcome(fhir.Issues{information(said)})
	}
	return resp
}
