package interaction

import (
	"context"

	"firewolf/fhir"
	"firewolf/store"
)

// create answers POST [type]. The server gives the id; one that the client sent is ignored.
// https://hl7.org/fhir/R4/http.html#create
func (s *Service) create(ctx context.Context, r *Request, rt route) (Response, error) {
	if err := s.plainWrite(r, rt); err != nil {
		return Response{}, err
	}
	t, err := s.resourceBody(r, rt.key.Type, "")
	if err != nil {
		return Response{}, err
	}
	w, err := s.draft(r, t, fhir.Key{Type: rt.key.Type, ID: s.o.IDs()}, fhir.MethodCreate)
	if err != nil {
		return Response{}, err
	}
	w.op.If.Absent = true
	did, err := s.once(ctx, r, func() (plan, error) {
		p := plan{
			tx:    store.Tx{Ops: []store.Op{w.op}, Require: w.require},
			fates: []fate{{kind: fateOp, ops: 1}},
		}
		if r.IfNoneExist == "" {
			return p, nil
		}
		return s.unlessThere(ctx, r, rt.key.Type, p)
	})
	if err != nil {
		return Response{}, err
	}
	return s.tell(ctx, r, did, did.fates[0], w.warnings)
}

// unlessThere makes a create conditional. https://hl7.org/fhir/R4/http.html#ccreate
func (s *Service) unlessThere(ctx context.Context, r *Request, typ string, p plan) (plan, error) {
	pairs, err := conditionOf(typ, r.IfNoneExist)
	if err != nil {
		return plan{}, inIfNoneExist(err)
	}
	c, err := s.match(ctx, s.glance(), r.Base, typ, pairs, 2)
	if err != nil {
		return plan{}, inIfNoneExist(err)
	}
	switch len(c.matches) {
	case 0:
		p.tx.Assume = append(p.tx.Assume, c.assumption())
		return p, nil
	case 1:
		v := c.matches[0].Version
		return plan{fates: []fate{{kind: fateMatch, key: v.Key, vid: v.VID}}}, nil
	default:
		return plan{}, inIfNoneExist(c.tooMany())
	}
}

// plainWrite checks what every single write has in common.
func (s *Service) plainWrite(r *Request, rt route) error {
	if err := checkReturn(r); err != nil {
		return err
	}
	return noMore(r.Query, rt.name, r.Lenient)
}
