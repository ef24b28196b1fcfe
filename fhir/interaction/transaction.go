package interaction

import (
	"context"
	"net/http"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// transaction is one transaction on its way. What was read of the Bundle stays; what was decided about it is decided
// anew whenever the store says that the state has changed meanwhile.
// https://hl7.org/fhir/R4/http.html#trules
type transaction struct {
	s       *Service
	r       *Request
	entries []*entry
	tried   traces // what was asked for
}

// entry is one entry of a transaction.
type entry struct {
	at      int // its place in the Bundle
	req     Request
	rt      route
	fullURL string
	fresh   string // the id that the resource gets if it is created

	decision
}

// decision is what was decided about an entry.
type decision struct {
	key      fhir.Key      // of a write: where it goes
	criteria *criteria     // of a conditional write
	found    *fhir.Version // of a conditional create: the resource that is there
	same     *entry        // of a conditional create: the entry that creates the same resource
	deletes  []fhir.Key    // of a delete
	absent   bool          // nothing may be at key
	version  int64         // the version that is made, where a reference asked for it
	pinned   *store.Precondition
	warnings fhir.Issues
}

// transaction carries out all entries or none. https://hl7.org/fhir/R4/http.html#transaction
func (s *Service) transaction(ctx context.Context, r *Request, nodes []tree.Node) (Response, error) {
	t := &transaction{s: s, r: r}
	var tried Response // of what is refused
	if err := t.read(nodes); err != nil {
		t.tried.tell(&tried)
		return tried, err
	}
	did, err := s.once(ctx, r, func() (plan, error) { return t.look(ctx) })
	if err != nil {
		t.tried.tell(&tried)
		return tried, t.explain(err)
	}
	return t.tell(ctx, did)
}

// read understands every entry. All that is wrong with them is told at once.
func (t *transaction) read(nodes []tree.Node) error {
	var is fhir.Issues
	for k, n := range nodes {
		e, err := t.readEntry(n, k)
		t.try(e, err)
		if err != nil {
			found, ok := fhir.IssuesOf(inEntry(err, k))
			if !ok {
				return err
			}
			is = append(is, found...)
			continue
		}
		t.entries = append(t.entries, e)
	}
	return is.Err()
}

// readEntry understands an entry; beside an error it returns what it understood.
func (t *transaction) readEntry(n tree.Node, k int) (e *entry, err error) {
	e = &entry{at: k, fullURL: n.Member("fullUrl").Text()}
	if e.req, err = t.s.entryRequest(t.r, n); err != nil {
		return e, err
	}
	if e.rt, _, err = t.s.route(&e.req); err != nil {
		return e, err
	}
	e.req.Query = withoutPresentation(e.req.Query)
	if err := e.rt.allow(e.req.Caller); err != nil {
		return e, err
	}
	return e, t.admit(e)
}

// try notes what an entry asks for, and whether it alone is why nothing is done.
func (t *transaction) try(e *entry, err error) {
	resp := Response{}
	if is, ok := fhir.IssuesOf(err); ok {
		resp.Status = StatusOf(is)
	}
	t.tried.add(traceOf(e.rt, &resp, t.r.Base), &resp)
}

// admit refuses what cannot be part of a transaction, and what is wrong with an entry by itself.
func (t *transaction) admit(e *entry) error {
	var err error
	switch e.rt.name {
	case nameCreate:
		e.fresh = t.s.o.IDs()
		if _, err = t.s.resourceBody(&e.req, e.rt.key.Type, ""); err == nil {
			err = noMore(e.req.Query, nameCreate, e.req.Lenient)
		}
	case nameUpdate:
		if e.rt.key.ID == "" {
			e.fresh = t.s.o.IDs()
		}
		if _, err = t.s.resourceBody(&e.req, e.rt.key.Type, ""); err == nil && e.rt.key.ID != "" {
			if err = noMore(e.req.Query, nameUpdate, e.req.Lenient); err == nil {
				err = sameID(e.req.tree, e.rt.key.ID)
			}
		}
	case nameDelete:
		if e.rt.key.ID != "" {
			err = noMore(e.req.Query, nameDelete, e.req.Lenient)
		}
	case namePatch:
		_, err = t.s.patch(context.Background(), &e.req, e.rt)
	case nameBatch:
		err = fhir.NewIssue(fhir.NotSupported, "a batch or transaction cannot be an entry of another", "request.url")
	case nameOperation:
		err = t.admitOperation(e)
	}
	return err
}

// admitOperation lets operations in that only read: they are called once the writes are done.
func (t *transaction) admitOperation(e *entry) error {
	op, err := t.s.operation(e.rt)
	if err == nil && op.AffectsState {
		err = fhir.NewIssue(fhir.NotSupported, "$"+op.Name+" changes resources by itself and cannot be part of a transaction").
			Because(fhir.ReasonNotImplemented)
	}
	return err
}

// tell writes the answer, one entry for each of the request, in its order. https://hl7.org/fhir/R4/http.html#transaction-response
func (t *transaction) tell(ctx context.Context, did done) (Response, error) {
	at := did.commit.T
	if at == store.Now { // nothing was written: all reads see one moment nevertheless
		var err error
		if at, _, err = t.s.o.Store.Head(ctx); err != nil {
			return Response{}, err
		}
	}
	w := newBundle("transaction-response", t.r.Base, noTotal, nil, len(t.entries)*entryOverhead)
	var about patients
	var each traces
	for k, e := range t.entries {
		var resp Response
		if did.fates[k].kind == fateRead {
			resp = t.readNow(ctx, e, at)
		} else {
			var err error
			if resp, err = t.s.tell(ctx, &e.req, did, did.fates[k], e.warnings); err != nil {
				return Response{}, err
			}
		}
		about.told(&resp)
		each.add(traceOf(e.rt, &resp, t.r.Base), &resp)
		w.response(resp, t.r.Base)
	}
	resp := Response{Status: http.StatusOK, Body: w.bytes()}
	about.tell(&resp)
	each.tell(&resp)
	return resp, nil
}

// readNow answers an entry that reads, at the moment that the transaction made. What was there when the transaction
// was checked can only be missing here for a reason that no check foresees, so it is told in the entry.
func (t *transaction) readNow(ctx context.Context, e *entry, at fhir.Moment) Response {
	req := e.req
	req.at = at
	resp := t.s.answer(ctx, &req)
	if resp.Issues != nil {
		resp.outcome = Outcome(resp.Issues)
	}
	return resp
}

// explain says of a refused requirement that stands for a read what a read would have said.
func (t *transaction) explain(err error) error {
	is, ok := fhir.IssuesOf(err)
	if !ok {
		return err
	}
	reads := map[string]fhir.Key{}
	for _, e := range t.entries {
		if e.rt.name == nameRead {
			reads[entryAt(e.at)] = e.rt.key
		}
	}
	out := make(fhir.Issues, len(is))
	for k, i := range is {
		out[k] = i
		if len(i.Expression) != 1 || i.Reason != fhir.ReasonDanglingReference {
			continue
		}
		if read, ok := reads[i.Expression[0]]; ok {
			out[k] = store.NotFound(read)
			out[k].Expression = i.Expression
		}
	}
	return out
}
