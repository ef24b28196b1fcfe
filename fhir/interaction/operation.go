package interaction

import (
	"context"
	"net/http"
	"slices"

	"firewolf/fhir"
)

// operate calls an operation. https://hl7.org/fhir/R4/operations.html#executing
func (s *Service) operate(ctx context.Context, r *Request, rt route) (Response, error) {
	op, err := s.operation(rt)
	if err != nil {
		return Response{}, err
	}
	if op.AffectsState && r.Method != http.MethodPost {
		return Response{Allow: []string{"POST"}}, fhir.NewIssue(fhir.NotSupported, "$"+op.Name+" changes resources and must be posted").
			Because(fhir.ReasonMethodNotAllowed)
	}
	if err := op.allow(r.Caller); err != nil {
		return Response{}, err
	}
	resp := op.Handle(ctx, s, Call{Request: *r, Key: rt.key, VID: rt.vid})
	resp.Interaction = nameOperation
	return resp, nil
}

func (o Operation) allow(c fhir.Caller) error {
	switch {
	case o.AffectsState:
		return mayWrite(c, "$"+o.Name)
	case o.Aggregate && c.Role == fhir.RoleAggregator:
		return nil
	default:
		return mayRead(c, "$"+o.Name)
	}
}

// operation finds the operation that a route names.
func (s *Service) operation(rt route) (*Operation, error) {
	level := LevelSystem
	if rt.key.ID != "" {
		level = LevelInstance
	} else if rt.key.Type != "" {
		level = LevelType
	}
	named := false
	for k := range s.o.Operations {
		o := &s.o.Operations[k]
		if o.Name != rt.operation {
			continue
		}
		named = true
		if o.Levels&level != 0 && (level == LevelSystem || o.offers(rt.key.Type)) {
			return o, nil
		}
	}
	if named {
		return nil, fhir.NewIssue(fhir.NotFound, "the operation $"+rt.operation+" is not offered at this place")
	}
	return nil, fhir.NewIssue(fhir.NotSupported, "the operation "+quote("$"+rt.operation)+" is not implemented").Because(fhir.ReasonNotImplemented)
}

// offers says whether the operation can be called on a type.
func (o Operation) offers(typ string) bool { return len(o.Types) == 0 || slices.Contains(o.Types, typ) }
