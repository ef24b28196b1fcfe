package interaction

import (
	"context"
	"slices"
	"strings"

	"firewolf/fhir"
)

// The names of interactions, as CapabilityStatement names them.
// https://hl7.org/fhir/R4/valueset-type-restful-interaction.html
const (
	nameRead            = "read"
	nameVRead           = "vread"
	nameUpdate          = "update"
	namePatch           = "patch"
	nameDelete          = "delete"
	nameCreate          = "create"
	nameSearchType      = "search-type"
	nameSearchSystem    = "search-system"
	nameHistoryInstance = "history-instance"
	nameHistoryType     = "history-type"
	nameHistorySystem   = "history-system"
	nameBatch           = "batch"
	nameTransaction     = "transaction"
	nameCapabilities    = "capabilities"
	nameOperation       = "operation"
)

// access is what a caller must be allowed to do.
type access uint8

const (
	accessNone  access = iota // metadata: everyone
	accessRead                // resources are read
	accessWrite               // resources are written
	accessEntry               // decided entry by entry, or by the operation
)

// verb is what one method does at one place.
type verb struct {
	method string
	name   string
	access access
}

// route is a request, understood.
type route struct {
	verb
	key       fhir.Key // Type "" at system level, ID "" at type level
	vid       string
	member    string // the type, or "*", of a compartment search below key
	operation string // the name of an operation, without its dollar sign
}

// The places of https://hl7.org/fhir/R4/http.html#summary. GET stands for HEAD too.
var (
	atBase = []verb{
		{"GET", nameSearchSystem, accessRead},
		{"POST", nameBatch, accessEntry},
	}
	atMetadata      = []verb{{"GET", nameCapabilities, accessNone}}
	atSystemHistory = []verb{{"GET", nameHistorySystem, accessRead}}
	atSystemSearch  = []verb{{"POST", nameSearchSystem, accessRead}}
	atType          = []verb{
		{"GET", nameSearchType, accessRead},
		{"POST", nameCreate, accessWrite},
		{"PUT", nameUpdate, accessWrite},
		{"PATCH", namePatch, accessWrite},
		{"DELETE", nameDelete, accessWrite},
	}
	atTypeHistory = []verb{{"GET", nameHistoryType, accessRead}}
	atTypeSearch  = []verb{{"POST", nameSearchType, accessRead}}
	atInstance    = []verb{
		{"GET", nameRead, accessRead},
		{"PUT", nameUpdate, accessWrite},
		{"PATCH", namePatch, accessWrite},
		{"DELETE", nameDelete, accessWrite},
	}
	atInstanceHistory   = []verb{{"GET", nameHistoryInstance, accessRead}}
	atVersion           = []verb{{"GET", nameVRead, accessRead}}
	atCompartment       = []verb{{"GET", nameSearchType, accessRead}}
	atCompartmentSearch = []verb{{"POST", nameSearchType, accessRead}}
	atOperation         = []verb{
		{"GET", nameOperation, accessEntry},
		{"POST", nameOperation, accessEntry},
	}
)

// place finds what a path names.
func (s *Service) place(path string) (route, []verb, error) {
	var room [6]string // enough for every path that leads somewhere
	segments := split(room[:0], strings.TrimSuffix(path, "/"))
	first := segments[0]
	switch {
	case path == "":
		return route{}, atBase, nil
	case first == "metadata" && len(segments) == 1:
		return route{}, atMetadata, nil
	case first == "_history" && len(segments) == 1:
		return route{}, atSystemHistory, nil
	case first == "_search" && len(segments) == 1:
		return route{}, atSystemSearch, nil
	case first[:min(1, len(first))] == "$" && len(segments) == 1:
		return route{operation: first[1:]}, atOperation, nil
	}
	if err := s.knownType(first); err != nil {
		return route{}, nil, err
	}
	return s.placeInType(fhir.Key{Type: first}, segments[1:])
}

// split cuts a path at its slashes.
func split(into []string, path string) []string {
	for {
		head, rest, more := strings.Cut(path, "/")
		into = append(into, head)
		if !more {
			return into
		}
		path = rest
	}
}

func (s *Service) placeInType(k fhir.Key, rest []string) (route, []verb, error) {
	rt := route{key: k}
	if len(rest) == 0 {
		return rt, atType, nil
	}
	switch {
	case len(rest) == 1 && rest[0] == "_history":
		return rt, atTypeHistory, nil
	case len(rest) == 1 && rest[0] == "_search":
		return rt, atTypeSearch, nil
	case len(rest) == 1 && strings.HasPrefix(rest[0], "$"):
		rt.operation = rest[0][1:]
		return rt, atOperation, nil
	case !fhir.ValidID(rest[0]):
		return rt, nil, noRoute(k.Type + "/" + strings.Join(rest, "/"))
	}
	rt.key.ID = rest[0]
	return s.placeInInstance(rt, rest[1:])
}

func (s *Service) placeInInstance(rt route, rest []string) (route, []verb, error) {
	switch {
	case len(rest) == 0:
		return rt, atInstance, nil
	case rest[0] == "_history" && len(rest) == 1:
		return rt, atInstanceHistory, nil
	case rest[0] == "_history" && len(rest) == 2:
		rt.vid = rest[1]
		return rt, atVersion, nil
	case rest[0] == "_history" && len(rest) == 3 && strings.HasPrefix(rest[2], "$"):
		rt.vid, rt.operation = rest[1], rest[2][1:]
		return rt, atOperation, nil
	case len(rest) == 1 && strings.HasPrefix(rest[0], "$"):
		rt.operation = rest[0][1:]
		return rt, atOperation, nil
	}
	return s.placeInCompartment(rt, rest)
}

// placeInCompartment reads the variant searches of https://hl7.org/fhir/R4/http.html#vsearch.
func (s *Service) placeInCompartment(rt route, rest []string) (route, []verb, error) {
	path := rt.key.String() + "/" + strings.Join(rest, "/")
	search := len(rest) == 2 && rest[1] == "_search"
	if len(rest) != 1 && !search || s.o.Spec.Compartment(rt.key.Type) == nil {
		return rt, nil, noRoute(path)
	}
	if rest[0] != "*" {
		if err := s.knownType(rest[0]); err != nil {
			return rt, nil, err
		}
	}
	rt.member = rest[0]
	if search {
		return rt, atCompartmentSearch, nil
	}
	return rt, atCompartment, nil
}

// knownType refuses what is no type with an endpoint. Parameters has none: https://hl7.org/fhir/R4/parameters.html
func (s *Service) knownType(name string) error {
	if !s.o.Spec.IsResource(name) {
		return fhir.NewIssue(fhir.NotSupported, quote(name)+" is not a resource type of FHIR R4").Because(fhir.ReasonUnknownType)
	}
	if name == "Parameters" {
		return fhir.NewIssue(fhir.NotSupported, "Parameters has no endpoint: it is only passed to and from operations").Because(fhir.ReasonUnknownType)
	}
	return nil
}

func noRoute(path string) error {
	return fhir.NewIssue(fhir.NotFound, "there is no endpoint at "+quote(path))
}

// route understands method and path. The Response beside an error holds what is known so far.
func (s *Service) route(r *Request) (route, Response, error) {
	rt, verbs, err := s.place(r.Path)
	resp := Response{Type: rt.key.Type}
	if err != nil {
		return rt, resp, err
	}
	method := r.Method
	if method == "HEAD" {
		method = "GET"
	}
	k := slices.IndexFunc(verbs, func(v verb) bool { return v.method == method })
	if k < 0 {
		resp.Allow = methods(verbs)
		return rt, resp, fhir.NewIssue(fhir.NotSupported, quote(r.Method)+" is not possible at "+quote(r.Path)+
			", only "+strings.Join(resp.Allow, ", ")).Because(fhir.ReasonMethodNotAllowed)
	}
	rt.verb = verbs[k]
	if rt.member == "*" {
		rt.name = nameSearchSystem
	} else if rt.member != "" {
		resp.Type = rt.member
	}
	resp.Interaction = rt.name
	return rt, resp, nil
}

// Names says what a request that is not let in would have been.
func (s *Service) Names(method, path string) (interaction, typ string) {
	_, known, _ := s.route(&Request{Method: method, Path: path})
	return known.Interaction, known.Type
}

func methods(verbs []verb) []string {
	var out []string
	for _, v := range verbs {
		out = append(out, v.method)
		if v.method == "GET" {
			out = append(out, "HEAD")
		}
	}
	return out
}

// handle answers a routed request.
func (s *Service) handle(ctx context.Context, r *Request, rt route) (Response, error) {
	conditional := rt.key.ID == ""
	switch rt.name {
	case nameRead:
		return s.read(ctx, r, rt)
	case nameVRead:
		return s.vread(ctx, r, rt)
	case nameCreate:
		return s.create(ctx, r, rt)
	case nameUpdate:
		if conditional {
			return s.conditionalUpdate(ctx, r, rt)
		}
		return s.update(ctx, r, rt)
	case namePatch:
		return s.patch(ctx, r, rt)
	case nameDelete:
		if conditional {
			return s.conditionalDelete(ctx, r, rt)
		}
		return s.delete(ctx, r, rt)
	case nameSearchType, nameSearchSystem:
		return s.search(ctx, r, rt)
	case nameHistoryInstance, nameHistoryType, nameHistorySystem:
		return s.history(ctx, r, rt)
	case nameBatch:
		return s.bundle(ctx, r, rt)
	case nameCapabilities:
		return s.capabilities(ctx, r, rt)
	default:
		return s.operate(ctx, r, rt)
	}
}

// allow refuses a caller who may not do what the route does.
func (rt route) allow(c fhir.Caller) error {
	switch rt.access {
	case accessRead:
		return mayRead(c, rt.name)
	case accessWrite:
		return mayWrite(c, rt.name)
	default:
		return nil
	}
}

func mayRead(c fhir.Caller, name string) error {
	if c.CanRead() {
		return nil
	}
	return forbidden(c, name)
}

func mayWrite(c fhir.Caller, name string) error {
	if c.CanWrite() {
		return nil
	}
	return forbidden(c, name)
}

func forbidden(c fhir.Caller, name string) error {
	return fhir.NewIssue(fhir.Forbidden, "the role "+quote(string(c.Role))+" does not allow "+name)
}
