package interaction

import (
	"context"
	"strconv"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// bundle answers POST [base]: a batch or a transaction. https://hl7.org/fhir/R4/http.html#transaction
func (s *Service) bundle(ctx context.Context, r *Request, rt route) (Response, error) {
	if r.sub {
		return Response{}, fhir.NewIssue(fhir.NotSupported, "a batch or transaction cannot be an entry of another", "request.url")
	}
	if err := s.plainWrite(r, rt); err != nil {
		return Response{}, err
	}
	t, err := s.resourceBody(r, "Bundle", "")
	if err != nil {
		return Response{}, err
	}
	entries, err := s.entries(t)
	if err != nil {
		return Response{}, err
	}
	var resp Response
	switch kind := t.Root().Member("type").Text(); kind {
	case nameBatch:
		resp, err = s.batch(ctx, r, entries), nil
		resp.Interaction = nameBatch
	case nameTransaction:
		resp, err = s.transaction(ctx, r, entries)
		resp.Interaction = nameTransaction
	case "":
		err = fhir.NewIssue(fhir.Required, "a Bundle needs a type", "Bundle.type")
	default:
		err = fhir.NewIssue(fhir.NotSupported, "a Bundle of type "+quote(kind)+" is not processed: send a batch or a transaction, or post it to Bundle to keep it", "Bundle.type")
	}
	return resp, err
}

// entries returns Bundle.entry as objects.
func (s *Service) entries(t *tree.Tree) ([]tree.Node, error) {
	list := t.Root().Member("entry")
	if list.Exists() && list.Kind() != tree.Array {
		return nil, fhir.NewIssue(fhir.Structure, "Bundle.entry is an array", "Bundle.entry")
	}
	if n := list.Len(); n > s.o.Limits.Entries {
		return nil, fhir.NewIssue(fhir.TooLong, "the Bundle has "+strconv.Itoa(n)+" entries: this server takes "+strconv.Itoa(s.o.Limits.Entries), "Bundle.entry")
	}
	var out []tree.Node
	for e := range list.Items() {
		if e.Kind() != tree.Object {
			return nil, fhir.NewIssue(fhir.Structure, "an entry is a JSON object", entryAt(len(out)))
		}
		out = append(out, e)
	}
	return out, nil
}

// batch carries out the entries one after another, each as if it came alone. https://hl7.org/fhir/R4/http.html#brules
func (s *Service) batch(ctx context.Context, r *Request, entries []tree.Node) Response {
	w := newBundle("batch-response", r.Base, noTotal, nil, len(entries)*entryOverhead)
	var about patients
	for k, e := range entries {
		resp := s.batchEntry(ctx, r, e, k)
		about.add(resp.Patient)
		w.response(resp, r.Base)
	}
	return Response{Status: 200, Body: w.bytes(), Patient: about.text()}
}

func (s *Service) batchEntry(ctx context.Context, outer *Request, e tree.Node, k int) Response {
	r, err := s.entryRequest(outer, e)
	var resp Response
	if err != nil {
		resp = refuse(Response{}, err)
	} else {
		if outer.IdempotencyKey != "" {
			r.IdempotencyKey = outer.IdempotencyKey + "\x00" + strconv.Itoa(k)
		}
		resp = s.answer(ctx, &r)
	}
	if resp.Issues != nil {
		resp.outcome = Outcome(resp.Issues)
	}
	return resp
}
