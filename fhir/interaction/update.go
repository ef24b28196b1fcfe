package interaction

import (
	"context"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// update answers PUT [type]/[id]. A new id is created: https://hl7.org/fhir/R4/http.html#upsert
func (s *Service) update(ctx context.Context, r *Request, rt route) (Response, error) {
	if err := s.plainWrite(r, rt); err != nil {
		return Response{}, err
	}
	t, err := s.resourceBody(r, rt.key.Type, rt.key.ID)
	if err != nil {
		return Response{}, err
	}
	if err := sameID(t, rt.key.ID); err != nil {
		return Response{}, err
	}
	w, err := s.draft(r, t, rt.key, fhir.MethodUpdate)
	if err != nil {
		return Response{}, err
	}
	did, err := s.once(ctx, r, func() (plan, error) {
		p := plan{
			tx:    store.Tx{Ops: []store.Op{w.op}, Require: w.require},
			fates: []fate{{kind: fateOp, ops: 1}},
		}
		return p, s.guard(ctx, s.glance(), r, &p.tx.Ops[0], &p)
	})
	if err != nil {
		return Response{}, err
	}
	return s.tell(ctx, r, did, did.fates[0], w.warnings)
}

// sameID checks that the id in the body is the id in the URL. https://hl7.org/fhir/R4/http.html#update
func sameID(t *tree.Tree, id string) error {
	typ := t.ResourceType()
	switch got := t.ID(); got {
	case id:
		return nil
	case "":
		return fhir.NewIssue(fhir.Required, "an update needs the id of the URL, "+quote(id)+", in the resource", typ)
	default:
		return fhir.NewIssue(fhir.Invalid, "the id in the resource is "+quote(got)+", in the URL it is "+quote(id), typ+".id")
	}
}

// conditionalUpdate answers PUT [type]?[criteria]. https://hl7.org/fhir/R4/http.html#cond-update
func (s *Service) conditionalUpdate(ctx context.Context, r *Request, rt route) (Response, error) {
	if err := checkReturn(r); err != nil {
		return Response{}, err
	}
	t, err := s.resourceBody(r, rt.key.Type, rt.key.ID)
	if err != nil {
		return Response{}, err
	}
	fresh := s.o.IDs()
	var warnings fhir.Issues
	did, err := s.once(ctx, r, func() (plan, error) {
		now := s.sightFor(r)
		c, err := s.match(ctx, now, r.Base, rt.key.Type, r.Query, 2)
		if err != nil {
			return plan{}, err
		}
		goal, err := c.goal(t, fresh)
		if err != nil {
			return plan{}, err
		}
		w, err := s.draft(r, t, goal.key, fhir.MethodUpdate)
		if err != nil {
			return plan{}, err
		}
		warnings = w.warnings
		w.op.If.Absent = goal.absent
		p := plan{
			tx:    store.Tx{Ops: []store.Op{w.op}, Require: w.require, Assume: []store.Assumption{c.assumption()}},
			fates: []fate{{kind: fateOp, ops: 1}},
		}
		return p, s.guard(ctx, now, r, &p.tx.Ops[0], &p)
	})
	if err != nil {
		return Response{}, err
	}
	return s.tell(ctx, r, did, did.fates[0], warnings)
}

// goal is where a conditional update goes.
type goal struct {
	key    fhir.Key
	absent bool // nothing may be there
}

// goal decides where a conditional update goes. The text of R4 leaves open what happens to a resource that has the id
// and does not match: overwriting it would be a surprise, so it is refused, as R5 says.
func (c criteria) goal(t *tree.Tree, fresh string) (goal, error) {
	typ, id := t.ResourceType(), t.ID()
	switch {
	case len(c.matches) > 1:
		return goal{}, c.tooMany()
	case len(c.matches) == 0 && id == "":
		return goal{key: fhir.Key{Type: typ, ID: fresh}, absent: true}, nil
	case len(c.matches) == 0 && !fhir.ValidID(id):
		return goal{}, fhir.NewIssue(fhir.Value, quote(id)+" is not a valid id", typ+".id")
	case len(c.matches) == 0:
		return goal{key: fhir.Key{Type: typ, ID: id}, absent: true}, nil
	case id != "" && id != c.matches[0].ID:
		return goal{}, fhir.NewIssue(fhir.Invalid, "the criteria match "+c.matches[0].String()+", the id in the resource is "+quote(id), typ+".id")
	default:
		return goal{key: c.matches[0].Key}, nil
	}
}
