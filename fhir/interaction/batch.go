package interaction

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// bundle answers POST [base]: a batch or a transaction. https://hl7.org/fhir/R4/http.html#transaction
func (s *Service) bundle(ctx context.Context, r *Request, rt route) (Response, error) {
	if r.sub {
		return Response{}, fhir.NewIssue(fhir.NotSupported, "a batch or transaction cannot be an entry of another")
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
		err = fhir.NewIssue(fhir.Required, "a Bundle needs a type", "Bundle")
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
		return nil, fhir.NewIssue(fhir.TooLong, "the Bundle has "+strconv.Itoa(n)+" entries: this server takes "+strconv.Itoa(s.o.Limits.Entries), "Bundle")
	}
	var out []tree.Node
	for e := range list.Items() {
		if e.Kind() != tree.Object {
			return nil, fhir.NewIssue(fhir.Structure, "an entry is a JSON object", s.o.Spec.Location(e))
		}
		out = append(out, e)
	}
	return out, nil
}

// batch carries out the entries, each as if it came alone and as if they came one after another. Writes that follow one another and are of
// different resources are under way together, so that the store commits them together: what one of them does the others cannot
// see. https://hl7.org/fhir/R4/http.html#brules
func (s *Service) batch(ctx context.Context, r *Request, entries []tree.Node) Response {
	calls := make([]batchCall, len(entries))
	for k, e := range entries {
		calls[k] = s.batchCall(r, e, k)
	}
	answers := make([]Response, len(entries))
	for from := 0; from < len(calls); {
		to := from + s.independent(calls[from:])
		s.together(ctx, calls[from:to], answers[from:to])
		from = to
	}
	w := newBundle("batch-response", r.Base, noTotal, nil, len(entries)*entryOverhead)
	var about patients
	var each traces
	for k := range answers {
		resp := &answers[k]
		about.told(resp)
		each.add(EntryTrace{resp.Interaction, resp.Type, resp.Trace.Resource, resp.Status}, resp)
		w.response(*resp, r.Base)
	}
	resp := Response{Status: 200, Body: w.bytes()}
	about.tell(&resp)
	each.tell(&resp)
	return resp
}

// batchCall is one entry of a batch.
type batchCall struct {
	req Request
	err error    // why it is none
	key fhir.Key // that it writes, of a plain create, update or delete; the id of a create is ""
}

func (s *Service) batchCall(outer *Request, e tree.Node, k int) batchCall {
	var c batchCall
	if c.req, c.err = s.entryRequest(outer, e); c.err != nil {
		c.err = inEntry(c.err, k)
		return c
	}
	if outer.IdempotencyKey != "" {
		c.req.IdempotencyKey = outer.IdempotencyKey + "\x00" + strconv.Itoa(k)
	}
	if rt, _, err := s.route(&c.req); err == nil && len(c.req.Query) == 0 && c.req.IfNoneExist == "" {
		switch rt.name {
		case nameCreate, nameUpdate, nameDelete:
			c.key = rt.key
		}
	}
	return c
}

const (
	// together is how many entries of a batch are under way at a time, fewEntries up to how many they come one after another all the same.
	together   = 32
	fewEntries = 8
)

// independent returns how many of the calls, from the first one on, may be under way together.
func (s *Service) independent(calls []batchCall) int {
	if s.o.References == ReferencesEnforce { // one may refer to what another writes
		return 1
	}
	seen := map[fhir.Key]bool{}
	for n, c := range calls {
		if c.key.Type == "" || seen[c.key] {
			return max(1, n)
		}
		if c.key.ID != "" {
			seen[c.key] = true
		}
	}
	return len(calls)
}

// together answers calls that do not depend on each other.
func (s *Service) together(ctx context.Context, calls []batchCall, answers []Response) {
	if len(calls) <= fewEntries {
		for k := range calls {
			answers[k] = s.answerCall(ctx, &calls[k])
		}
		return
	}
	var next atomic.Int64
	var work sync.WaitGroup
	for range min(together, len(calls)) {
		work.Go(func() {
			for k := next.Add(1) - 1; k < int64(len(calls)); k = next.Add(1) - 1 {
				answers[k] = s.answerCall(ctx, &calls[k])
			}
		})
	}
	work.Wait()
}

func (s *Service) answerCall(ctx context.Context, c *batchCall) Response {
	var resp Response
	if c.err != nil {
		resp = refuse(resp, c.err)
	} else {
		resp = s.answer(ctx, &c.req)
	}
	if resp.Issues != nil {
		resp.outcome = Outcome(resp.Issues)
	}
	return resp
}
