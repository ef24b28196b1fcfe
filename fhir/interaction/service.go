package interaction

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// Checker judges the structure of a resource before it is written. Every problem is returned, each with its FHIRPath location.
type Checker interface {
	Structure(t *tree.Tree) fhir.Issues
}

// Options are what a Service is built of. Store, Spec and Search are needed; the rest has defaults.
type Options struct {
	Store   store.Store
	Spec    *spec.Spec
	Search  *search.Engine
	Checker Checker       // nil: what is written is only parsed
	Clock   fhir.Clock    // for Requests without Now; nil means time.Now
	IDs     func() string // the id of a created resource; nil means a UUID whose order is that of time, which keeps indexes dense

	// Bases are base URLs of this server beside Request.Base: an absolute URL below one of them is the same as the relative reference.
	Bases []string
	// References says where a literal local reference must point to something; the zero value is ReferencesTransaction.
	References References
	// ConditionalDeleteMultiple lets a conditional delete remove all matches, up to Limits.DeleteMatches.
	ConditionalDeleteMultiple bool

	Limits     Limits
	Software   Software
	Operations []Operation
}

// References is the policy on literal references to resources of this server.
type References string

// The policies.
const (
	ReferencesTransaction References = "transaction" // enforced inside transactions, deletes included, allowed elsewhere
	ReferencesEnforce     References = "enforce"     // enforced on every write, deletes included
	ReferencesAllow       References = "allow"       // never looked at
)

// Limits bound what one request may ask for. A zero field means its default.
type Limits struct {
	Entries       int // entries of a batch or transaction; default 10,000
	Count         int // the largest page; default 1,000
	DefaultCount  int // the page of a search without _count; default 20
	Includes      int // included resources of one page; default 10,000
	IncludeDepth  int // rounds of :iterate; default 10
	DeleteMatches int // resources that one conditional delete may remove; default 1,000
	Retries       int // attempts of a write whose assumptions fell; default 16
	Depth         int // nesting of a body; default 90
}

// Software is CapabilityStatement.software and .implementation.
type Software struct {
	Name        string
	Version     string
	Released    time.Time // CapabilityStatement.date
	Description string    // of this implementation
	Security    string    // CapabilityStatement.rest.security.description: how a client proves who it is; "" for nothing
}

// Level is where an operation can be called.
type Level uint8

// The levels, to be combined with |.
const (
	LevelSystem Level = 1 << iota
	LevelType
	LevelInstance
)

// Operation is a named operation, such as $everything. https://hl7.org/fhir/R4/operations.html
type Operation struct {
	Name         string   // without the dollar sign
	Levels       Level    // where it can be called
	Types        []string // for LevelType and LevelInstance; empty means every type
	Definition   string   // canonical of its OperationDefinition
	AffectsState bool     // it writes: POST only, and the caller must be allowed to write
	Aggregate    bool     // aggregators may call it
	Handle       func(ctx context.Context, s *Service, c Call) Response
}

// Call is one call of an Operation.
type Call struct {
	Request Request
	Key     fhir.Key // Type "" at system level, ID "" at type level
	VID     string   // of Type/id/_history/vid/$name
}

// Service answers Requests. It is safe for concurrent use.
type Service struct {
	o       Options
	capable statement
}

var _ Interactor = (*Service)(nil)

// New checks the options and returns a Service.
func New(o Options) (*Service, error) {
	if o.Store == nil || o.Spec == nil || o.Search == nil {
		return nil, errors.New("interaction.New needs Store, Spec and Search")
	}
	switch o.References {
	case "":
		o.References = ReferencesTransaction
	case ReferencesTransaction, ReferencesEnforce, ReferencesAllow:
	default:
		return nil, errors.New("interaction.New: references must be transaction, enforce or allow, not " + string(o.References))
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.IDs == nil {
		o.IDs = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Software.Released.IsZero() {
		o.Software.Released = o.Clock().UTC().Truncate(time.Second)
	}
	o.Limits = o.Limits.withDefaults()
	return &Service{o: o}, nil
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.Entries, 10_000},
		{&l.Count, 1000},
		{&l.DefaultCount, 20},
		{&l.Includes, 10_000},
		{&l.IncludeDepth, 10},
		{&l.DeleteMatches, 1000},
		{&l.Retries, 16},
		{&l.Depth, 90},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return l
}

// Interact answers one request. What goes wrong stands in the Response: it never panics.
func (s *Service) Interact(ctx context.Context, r Request) Response {
	resp := s.answer(ctx, &r)
	if resp.Body == nil {
		resp.Body = resp.outcome
	}
	return resp
}

// answer is Interact for a request and for an entry of a Bundle.
func (s *Service) answer(ctx context.Context, r *Request) (resp Response) {
	rt, known, err := s.route(r)
	defer func() {
		if p := recover(); p != nil {
			resp = refuse(Response{}, fmt.Errorf("panic in %s: %s\n%s", known.Interaction, panicText(p), debug.Stack()))
		}
		if r.sub {
			resp.Trace.Resource = traceOf(rt, &resp, r.Base).Resource
		}
		resp.Interaction = cmp.Or(resp.Interaction, known.Interaction)
		resp.Type = cmp.Or(resp.Type, known.Type)
	}()
	if err == nil {
		err = rt.allow(r.Caller)
	}
	if err != nil {
		return refuse(known, err)
	}
	r.Query = withoutPresentation(r.Query)
	resp, err = s.handle(ctx, r, rt)
	if err != nil {
		return refuse(resp, err)
	}
	if r.Method == http.MethodHead { // https://hl7.org/fhir/R4/http.html#head
		resp.Body = nil
	}
	return resp
}

// panicText returns what a log may hold of a panic: what the runtime says. Any other value may quote a resource.
func panicText(p any) string {
	if fault, ok := p.(runtime.Error); ok {
		return fault.Error()
	}
	return fmt.Sprintf("a value of type %T", p)
}

// refuse turns an error into the Response that says it. Headers that were set already stay.
func refuse(resp Response, err error) Response {
	resp.Body, resp.outcome = nil, nil
	is, ok := fhir.IssuesOf(err)
	switch {
	case ok:
		resp.Issues, resp.Status = is, StatusOf(is)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		resp.Issues = fhir.Issues{fhir.NewIssue(fhir.Timeout, "the request took too long, or was given up").CausedBy(err)}
		resp.Status = StatusOf(resp.Issues)
	default:
		resp.Issues, resp.Status = fhir.Issues{fhir.NewIssue(fhir.Exception, "internal error").CausedBy(err)}, http.StatusInternalServerError
	}
	if resp.Status >= http.StatusInternalServerError && resp.Status != http.StatusNotImplemented {
		resp.Err = err
	}
	return resp
}
