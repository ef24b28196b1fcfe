package interaction

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// resourceBody returns the resource of a request's body, which must be of a type. id is the id that a raw Binary gets.
func (s *Service) resourceBody(r *Request, typ, id string) (*tree.Tree, error) {
	t := r.tree
	if t == nil {
		if typ == "Binary" {
			return s.binaryBody(r, id)
		}
		if err := isJSON(r.ContentType); err != nil {
			return nil, err
		}
		if len(r.Body) == 0 {
			return nil, noBody(typ)
		}
		var err error
		if t, err = tree.Parse(r.Body, s.limits()); err != nil {
			return nil, err
		}
	}
	return t, s.isOf(t, typ)
}

func noBody(typ string) error {
	return fhir.NewIssue(fhir.Required, "the request has no body: a "+typ+" is needed", typ)
}

// limits are those of a body, whose problems are told of in FHIRPath.
func (s *Service) limits() tree.Limits {
	return tree.Limits{Depth: s.o.Limits.Depth, Locate: s.o.Spec.Location}
}

// isJSON refuses a body in another format. https://hl7.org/fhir/R4/http.html#mime-type
func isJSON(mediaType string) error {
	switch mediaType {
	case "", "application/fhir+json", "application/json", "text/json", "application/json+fhir":
		return nil
	default:
		return fhir.NewIssue(fhir.NotSupported, "a body of type "+quote(mediaType)+" is not read: send application/fhir+json", "http.Content-Type").
			Because(fhir.ReasonUnsupportedMedia)
	}
}

// anyResource is the FHIRPath of a resource whose type is not known: the type that all of them are of.
const anyResource = "Resource"

// isOf checks that a resource is of the type that the URL names.
func (s *Service) isOf(t *tree.Tree, typ string) error {
	switch got := t.ResourceType(); {
	case got == typ:
		return nil
	case got == "":
		return fhir.NewIssue(fhir.Required, "the body names no resourceType: it must be "+typ, anyResource)
	case !s.o.Spec.IsResource(got):
		return fhir.NewIssue(fhir.Value, quote(got)+" is not a resource type of FHIR R4", anyResource)
	default:
		return fhir.NewIssue(fhir.Invalid, "the body is of type "+got+", the URL says "+typ, got)
	}
}

// draft is a resource on its way into the store.
type draft struct {
	op       store.Op
	require  []store.Requirement
	warnings fhir.Issues
}

// draft checks a resource of a single write, gives it its id and prepares its write.
func (s *Service) draft(r *Request, t *tree.Tree, k fhir.Key, m fhir.Method) (draft, error) {
	if err := s.unconditional(t, r.Base); err != nil {
		return draft{}, err
	}
	d, err := s.compose(t, k, m, r.Base)
	if err != nil || s.o.References != ReferencesEnforce {
		return d, err
	}
	seen := map[fhir.Key]bool{k: true}
	s.eachReference(t, func(ref tree.Node) {
		if to, ok := s.local(fhir.ParseRef(ref.Text()), r.Base); ok && !seen[to] {
			seen[to] = true
			d.require = append(d.require, store.Requirement{Key: to, Location: s.o.Spec.Location(ref)})
		}
	})
	return d, nil
}

// unconditional refuses conditional references: they are resolved "in a transaction (and only in a transaction)", and
// kept as they are they would lead nowhere. https://hl7.org/fhir/R4/http.html#trules
func (s *Service) unconditional(t *tree.Tree, base string) error {
	if bytes.IndexByte(t.Bytes(), '?') < 0 {
		return nil
	}
	var is fhir.Issues
	s.eachReference(t, func(ref tree.Node) {
		if _, _, ok := s.conditional(ref.Text(), base); ok {
			is = append(is, fhir.NewIssue(fhir.Invalid, "a conditional reference is resolved in a transaction only", s.o.Spec.Location(ref)))
		}
	})
	return is.Err()
}

// compose checks a resource of a request to a base, gives it its id and prepares its write.
func (s *Service) compose(t *tree.Tree, k fhir.Key, m fhir.Method, base string) (draft, error) {
	if t.ID() != k.ID {
		var err error
		if t, err = t.WithID(k.ID); err != nil {
			return draft{}, err
		}
	}
	var found fhir.Issues
	if s.o.Checker != nil {
		if found = s.o.Checker.Structure(t); found.Failed() {
			return draft{}, found
		}
	}
	if err := s.strange(t, base); err != nil {
		return draft{}, err
	}
	entries, err := s.o.Search.Entries(t)
	if err != nil {
		return draft{}, err
	}
	op := store.Op{Action: store.Put, Key: k, Method: m, Stamp: t.Stamp(), Digest: t.Digest(), Entries: entries}
	return draft{op: op, warnings: found}, nil
}

// plan is a transaction, and what becomes by it of every entry that was asked for.
type plan struct {
	tx     store.Tx
	fates  []fate
	pinned map[string]bool // the Locations of operations on versions that were read, where the client did not name them
}

// pin notes that an operation is made for the version that was read.
func (p *plan) pin(op *store.Op) {
	if p.pinned == nil {
		p.pinned = map[string]bool{}
	}
	p.pinned[op.Location] = true
}

// unpinned returns what is left of a refusal beside pinned versions that are no longer the newest: nil where it is best to look again.
func (p *plan) unpinned(err error) error {
	is, ok := fhir.IssuesOf(err)
	if !ok || len(p.pinned) == 0 {
		return err
	}
	var left fhir.Issues
	for _, i := range is {
		location := ""
		if len(i.Expression) > 0 {
			location = i.Expression[0]
		}
		fell := i.Reason == fhir.ReasonVersionMismatch || i.Reason == fhir.ReasonPreconditionFailed
		if !fell || !p.pinned[location] {
			left = append(left, i)
		}
	}
	return left.Err()
}

// done is a plan that was carried out, now or by the first request with the same idempotency key.
type done struct {
	commit store.Commit
	fates  []fate
}

// once carries out what look plans, or refuses, from one moment. If the state that the plan was built on has changed meanwhile, it looks
// again: a bounded number of times. A request with a known idempotency key is answered from its first time, without looking.
func (s *Service) once(ctx context.Context, r *Request, look func() (plan, error)) (done, error) {
	key, err := s.idempotency(r)
	if err != nil {
		return done{}, err
	}
	if key != nil {
		if c, err := s.o.Store.Replay(ctx, *key); err == nil || !fhir.HasCode(err, fhir.NotFound) {
			return replayed(c, err)
		}
	}
	for range s.o.Limits.Retries {
		p, err := look()
		switch {
		case errors.Is(err, store.ErrStale):
			continue
		case err != nil:
			return done{}, err
		}
		if key == nil && len(p.tx.Ops) == 0 && len(p.tx.Assume) == 0 && len(p.tx.Require) == 0 {
			return done{fates: p.fates}, nil
		}
		if key != nil {
			key.Note = encodeFates(p.fates)
			p.tx.Idempotency = key
		}
		c, err := s.o.Store.Write(ctx, p.tx)
		switch {
		case errors.Is(err, store.ErrStale):
			continue
		case err == nil && c.Replayed:
			return replayed(c, nil)
		case err == nil:
			return done{commit: c, fates: p.fates}, nil
		}
		if err = p.unpinned(err); err != nil {
			return done{}, inHeader(r, err)
		}
	}
	return done{}, fhir.NewIssue(fhir.Transient, "other writes kept changing what this one depends on: try again")
}

// inHeader says of a condition that does not hold in which header it stands. (In a Bundle it stands in an entry, which is named already.)
func inHeader(r *Request, err error) error {
	is, ok := fhir.IssuesOf(err)
	if !ok {
		return err
	}
	out := make(fhir.Issues, len(is))
	for k, i := range is {
		c := *i
		switch {
		case len(c.Expression) > 0:
		case c.Reason == fhir.ReasonVersionMismatch && r.IfMatch != "":
			c.Expression = []string{"http.If-Match"}
		case c.Reason == fhir.ReasonPreconditionFailed && r.IfNoneMatch != "":
			c.Expression = []string{"http.If-None-Match"}
		}
		out[k] = &c
	}
	return out
}

func replayed(c store.Commit, err error) (done, error) {
	if err != nil {
		return done{}, err
	}
	fates, err := decodeFates(c.Note)
	return done{commit: c, fates: fates}, err
}

// tell answers one entry of what was done.
func (s *Service) tell(ctx context.Context, r *Request, d done, f fate, warnings fhir.Issues) (Response, error) {
	switch f.kind {
	case fateMatch:
		return s.tellMatch(ctx, r, f)
	case fateNone:
		return told(r, Response{}, "nothing to delete"), nil
	default: // it made operations
	}
	if f.op+f.ops > len(d.commit.Results) {
		return Response{}, fmt.Errorf("answering a write: the commit has %d results, %d are asked for", len(d.commit.Results), f.op+f.ops)
	}
	res := d.commit.Results[f.op]
	if res.Effect == store.Deleted || res.Effect == store.Absent {
		resp := tellDelete(r, d.commit.Results[f.op:f.op+f.ops])
		if len(d.commit.Results) <= mostTold {
			s.bereft(ctx, d.commit.Results[f.op:f.op+f.ops]).tell(&resp)
		}
		return resp, nil
	}
	resp, err := s.tellPut(ctx, r, res, warnings)
	if f.kind == fateSame {
		resp.Status = http.StatusOK
	}
	return resp, err
}

// tellPut answers a create or an update.
func (s *Service) tellPut(ctx context.Context, r *Request, res store.Result, warnings fhir.Issues) (Response, error) {
	v := res.Version
	if v.JSON == nil { // a store may tell of an earlier commit without its documents
		var err error
		if v, err = s.o.Store.ReadVersion(ctx, v.Key, v.VID); err != nil {
			return Response{}, err
		}
	}
	resp := saved(r, v)
	said := "updated "
	switch res.Effect {
	case store.Created, store.Revived:
		resp.Status, said = http.StatusCreated, "created "
	case store.Unchanged:
		said = "nothing to change in "
	default:
	}
	resp.represent(r, v, said+v.Location(), warnings)
	return resp, nil
}

// tellMatch answers a conditional create that found its resource: it is left as it is.
func (s *Service) tellMatch(ctx context.Context, r *Request, f fate) (Response, error) {
	v, err := s.o.Store.ReadVersion(ctx, f.key, f.vid)
	if err != nil {
		return Response{}, err
	}
	resp := saved(r, v)
	resp.represent(r, v, "found "+v.Location(), nil)
	return resp, nil
}

func saved(r *Request, v fhir.Version) Response {
	resp := Response{
		Status: http.StatusOK, ETag: v.ETag(), LastModified: v.At,
		Location: r.Base + "/" + v.Location(), self: v.Key,
	}
	resp.about(v)
	return resp
}
